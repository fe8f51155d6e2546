//! A speaker of BGP that only announces. It connects to the routers; they need not connect to it.

mod session;
mod wire;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::runtime::Handle;
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::announcer::{AnnounceError, Announcer, RouterReport};
use crate::guards::Approved;
use crate::route::RouteSettings;
use crate::rule::RouteFamily;
use session::{Sessions, Status, Wanted};

/// How long routers with a session may take to be sent a change.
const PATIENCE: Duration = Duration::from_secs(10);

/// Settings of the speaker.
#[derive(Clone, Debug)]
pub struct SpeakerSettings {
    /// What routes carry.
    pub routes: RouteSettings,
    /// The identifier of the speaker, unique within its AS.
    pub id: Ipv4Addr,
    /// How long a router may be silent, and the speaker, in seconds; 0, or 3 and more.
    pub hold_time: u16,
    /// How long routers keep the routes of a lost session before they are stale, in seconds (RFC 4724). Blackholes
    /// outlive their speaker for that long.
    pub restart_time: u16,
    /// How long they then keep stale ones, in seconds (RFC 9494); 0 for not at all.
    pub stale_time: u32,
    /// Whether a speaker before this one may have left routes at the routers.
    pub is_restart: bool,
    /// The routers.
    pub peers: Vec<Peer>,
}

/// A router.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Its name.
    pub name: String,
    /// Its address and port.
    pub address: SocketAddr,
    /// The address to connect from; when left out, the system's choice.
    pub local: Option<IpAddr>,
    /// Its AS.
    pub asn: u32,
    /// The password of TCP MD5.
    pub password: Option<String>,
    /// The families that it takes.
    pub families: Vec<RouteFamily>,
}

impl SpeakerSettings {
    /// Settings without routers: a hold time of 90 s, stale routes kept for an hour.
    pub const fn new(routes: RouteSettings, id: Ipv4Addr) -> Self {
        Self {
            routes,
            id,
            hold_time: 90,
            restart_time: 0,
            stale_time: 3600,
            is_restart: false,
            peers: Vec::new(),
        }
    }
}

/// Announces by sessions of its own. Without [`Announcer::stop`], the end of the program looks to routers like a lost
/// session.
#[derive(Debug)]
pub struct Speaker {
    settings: Arc<SpeakerSettings>,
    wanted: watch::Sender<Wanted>,
    sessions: Vec<Running>,
    /// One change at a time.
    change: Mutex<()>,
}

/// The sessions with a router, as a task.
#[derive(Debug)]
struct Running {
    name: String,
    status: watch::Receiver<Status>,
    task: JoinHandle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Speaker {
    /// Starts the sessions with these rules to announce first: a session that starts with fewer would have a router
    /// that kept the others drop them.
    pub fn start(settings: SpeakerSettings, rules: &[Approved], runtime: &Handle) -> Self {
        let settings = Arc::new(settings);
        let (wanted, receiver) = watch::channel(Wanted::default());
        wanted.send_replace(wanted_of(&settings, rules, 0));
        let sessions = settings.peers.iter().map(|peer| {
            let (sender, status) = watch::channel(Status::default());
            let sessions = Sessions {
                settings: Arc::clone(&settings),
                peer: peer.clone(),
                wanted: receiver.clone(),
                status: sender,
            };
            Running { name: peer.name.clone(), status, task: runtime.spawn(sessions.run()) }
        });
        let sessions = sessions.collect();
        Self { settings, wanted, sessions, change: Mutex::new(()) }
    }

    /// Waits until the sessions that are up have done what is wanted.
    async fn settled(&self, is_so: impl Fn(&Status) -> bool + Copy) -> Result<(), AnnounceError> {
        for session in &self.sessions {
            let mut status = session.status.clone();
            match timeout(PATIENCE, status.wait_for(|status| is_so(status))).await {
                Ok(_) => {}
                Err(_) => return Err(AnnounceError::Timeout("a router")),
            }
        }
        Ok(())
    }
}

fn wanted_of(settings: &SpeakerSettings, rules: &[Approved], generation: u64) -> Wanted {
    let routes = rules.iter().map(|rule| (rule.traffic().clone(), settings.routes.route(rule)));
    Wanted { generation, routes: Arc::new(routes.collect()), is_over: false }
}

#[async_trait]
impl Announcer for Speaker {
    async fn announce(&self, rules: &[Approved]) -> Result<(), AnnounceError> {
        let _one = self.change.lock().await;
        let generation = self.wanted.borrow().generation + 1;
        self.wanted.send_replace(wanted_of(&self.settings, rules, generation));
        self.settled(|status| !status.is_up || status.generation >= generation).await
    }

    async fn routers(&self) -> Result<Vec<RouterReport>, AnnounceError> {
        let reports = self.sessions.iter().map(|session| {
            let Status { is_up, state, sent, .. } = session.status.borrow().clone();
            RouterReport {
                name: session.name.clone(),
                is_up,
                state,
                sent: sent.values().cloned().collect(),
                others: Vec::new(),
            }
        });
        Ok(reports.collect())
    }

    async fn stop(&self) -> Result<(), AnnounceError> {
        let _one = self.change.lock().await;
        self.wanted.send_modify(|wanted| wanted.is_over = true);
        self.settled(|status| status.is_over).await
    }
}
