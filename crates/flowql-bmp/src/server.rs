//! Sessions of routers over TCP.

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use socket2::{SockRef, TcpKeepalive};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::counters::Counters;
use crate::frame::Framer;
use crate::lock;
use crate::message::{Message, MessageParser};
use crate::netgauze::NetgauzeParser;
use crate::router::{Router, RouterStatus};
use crate::routes::Routes;
use crate::settings::Settings;

/// How many bytes are read at once.
const READ: usize = 64 << 10;

/// How many prefixes are looked at in one step in the background, so that updates of the router wait for it briefly.
const STEP: usize = 512;

/// How often the background looks for sessions that were lost for too long.
const TICK: Duration = Duration::from_secs(1);

/// A session.
#[derive(Clone, Debug)]
pub struct SessionStatus {
    /// Where it came from.
    pub from: SocketAddr,
    /// When it began.
    pub since: Instant,
    /// When the last message came.
    pub last_message: Option<Instant>,
    /// What arrived.
    pub counters: Counters,
}

/// What is known of routers and their sessions.
#[derive(Clone, Debug)]
pub struct Status {
    /// The routers.
    pub routers: Vec<RouterStatus>,
    /// The sessions at the moment.
    pub sessions: Vec<SessionStatus>,
    /// What arrived in the sessions that ended.
    pub ended: Counters,
    /// How many ended.
    pub ended_sessions: u64,
    /// Why the last one ended.
    pub last_end: Option<(SocketAddr, String)>,
    /// Connections refused: their addresses are not allowed.
    pub not_allowed: u64,
    /// Connections refused: there were as many sessions or routers as there may be.
    pub too_many: u64,
}

#[derive(Default)]
struct Sessions {
    current: BTreeMap<u64, SessionStatus>,
    next: u64,
    ended: Counters,
    ended_sessions: u64,
    last_end: Option<(SocketAddr, String)>,
}

struct Shared {
    routes: Arc<Routes>,
    sessions: Mutex<Sessions>,
    not_allowed: AtomicU64,
    too_many: AtomicU64,
    /// There is something to take out.
    work: Notify,
}

/// Tells the status of a [`Server`] while it runs.
#[derive(Clone)]
pub struct Observer(Arc<Shared>);

/// Takes BMP from routers.
pub struct Server {
    listener: TcpListener,
    shared: Arc<Shared>,
}

impl Server {
    /// Listens at an address.
    ///
    /// # Errors
    /// The address cannot be used, or a password.
    pub async fn bind(address: SocketAddr, settings: Settings) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        for (router, password) in &settings.passwords {
            // A socket of IPv6 has the routers of IPv4 as mapped addresses.
            let router = match router.to_canonical() {
                IpAddr::V4(router) if address.is_ipv6() => router.to_ipv6_mapped().into(),
                router => router,
            };
            flowql_tcp_md5::set_key(&listener, router, password).map_err(|error| {
                io::Error::new(error.kind(), format!("the password of the router {router}: {error}"))
            })?;
        }
        let shared = Shared {
            routes: Arc::new(Routes::new(Arc::new(settings))),
            sessions: Mutex::default(),
            not_allowed: AtomicU64::new(0),
            too_many: AtomicU64::new(0),
            work: Notify::new(),
        };
        Ok(Self { listener, shared: Arc::new(shared) })
    }

    /// The address it listens at.
    ///
    /// # Errors
    /// The system does not say.
    pub fn local_address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// The routes, for lookups.
    pub fn routes(&self) -> Arc<Routes> {
        Arc::clone(&self.shared.routes)
    }

    /// What tells the status.
    pub fn observer(&self) -> Observer {
        Observer(Arc::clone(&self.shared))
    }

    /// Runs until `stop` is ready; sessions end then.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let mut tasks = JoinSet::new();
        let background = background(Arc::clone(&self.shared));
        tokio::pin!(stop, background);
        loop {
            tokio::select! {
                () = &mut stop => return,
                () = &mut background => return,
                Some(_) = tasks.join_next() => {}
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, from)) => self.accept(stream, from, &mut tasks),
                    // No descriptor is free, or the router hung up already.
                    Err(error) => {
                        tracing::warn!(%error, "a BMP connection could not be accepted");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                },
            }
        }
    }

    fn accept(&self, stream: TcpStream, from: SocketAddr, tasks: &mut JoinSet<()>) {
        let from = SocketAddr::new(from.ip().to_canonical(), from.port());
        if !self.allows(from.ip()) {
            self.shared.not_allowed.fetch_add(1, Ordering::Relaxed);
            return;
        }
        match Session::open(&self.shared, from) {
            Some(session) => {
                tasks.spawn(session.run(stream));
            }
            None => {
                self.shared.too_many.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn allows(&self, address: IpAddr) -> bool {
        let allow = &self.shared.routes.settings().allow;
        allow.is_empty() || allow.iter().any(|net| net.contains(&address))
    }
}

impl Observer {
    /// The status.
    pub fn status(&self) -> Status {
        let routers = self.0.routes.routers().iter().map(|router| router.status()).collect();
        let sessions = lock(&self.0.sessions);
        Status {
            routers,
            sessions: sessions.current.values().cloned().collect(),
            ended: sessions.ended,
            ended_sessions: sessions.ended_sessions,
            last_end: sessions.last_end.clone(),
            not_allowed: self.0.not_allowed.load(Ordering::Relaxed),
            too_many: self.0.too_many.load(Ordering::Relaxed),
        }
    }
}

/// Takes out what left, in steps between which others run.
async fn background(shared: Arc<Shared>) {
    let keep = shared.routes.settings().keep;
    loop {
        for router in shared.routes.routers() {
            while router.step(Instant::now(), keep, STEP) {
                tokio::task::yield_now().await;
            }
        }
        shared.routes.forget_idle();
        let _ = tokio::time::timeout(TICK.min(keep), shared.work.notified()).await;
    }
}

/// A session. When it is dropped, its routes are marked as those of a lost one.
struct Session {
    shared: Arc<Shared>,
    router: Arc<Router>,
    number: u64,
    id: u64,
    from: SocketAddr,
    end: String,
}

impl Session {
    fn open(shared: &Arc<Shared>, from: SocketAddr) -> Option<Self> {
        let mut sessions = lock(&shared.sessions);
        if sessions.current.len() >= shared.routes.settings().limits.sessions {
            return None;
        }
        let (router, number) = shared.routes.open(from.ip())?;
        sessions.next += 1;
        let id = sessions.next;
        let status =
            SessionStatus { from, since: Instant::now(), last_message: None, counters: Counters::default() };
        sessions.current.insert(id, status);
        drop(sessions);
        Some(Self { shared: Arc::clone(shared), router, number, id, from, end: "stopped".to_owned() })
    }

    async fn run(mut self, mut stream: TcpStream) {
        let settings = Arc::clone(self.shared.routes.settings());
        // A router that vanished is noticed: BMP itself sends nothing while nothing changes.
        let probes = TcpKeepalive::new().with_time(settings.probe);
        if let Err(error) = SockRef::from(&stream).set_tcp_keepalive(&probes) {
            tracing::debug!(%error, "the connection is not probed");
        }
        let mut parser = NetgauzeParser::default();
        let mut framer = Framer::new(settings.limits.message);
        let mut buffer = vec![0; READ];
        self.end = loop {
            match stream.read(&mut buffer).await {
                Ok(0) => break "closed by the router".to_owned(),
                Ok(count) => framer.push(buffer.get(..count).unwrap_or_default()),
                Err(error) => break error.to_string(),
            }
            if let Some(end) = self.take(&mut framer, &mut parser, settings.adj_rib_out) {
                break end;
            }
            tokio::task::yield_now().await;
        };
        tracing::info!(router = %self.from, reason = self.end, "a BMP session ended");
    }

    /// Takes the messages that are whole. Returns why the session ends, where it does.
    fn take(&self, framer: &mut Framer, parser: &mut dyn MessageParser, adj_rib_out: bool) -> Option<String> {
        let mut counters = Counters::default();
        let mut end = None;
        while end.is_none() {
            match framer.next_message() {
                Ok(Some(bytes)) => match parser.parse(bytes) {
                    Ok(message) => {
                        counters.read(&message);
                        end = self.handle(message, &mut counters, adj_rib_out);
                    }
                    Err(refusal) => counters.refuse(refusal),
                },
                Ok(None) => break,
                Err(error) => end = Some(error.to_string()),
            }
        }
        if let Some(status) = lock(&self.shared.sessions).current.get_mut(&self.id) {
            status.counters += counters;
            if counters.messages > 0 {
                status.last_message = Some(Instant::now());
            }
        }
        end
    }

    fn handle(&self, message: Message, counters: &mut Counters, adj_rib_out: bool) -> Option<String> {
        match message {
            Message::Initiation { name, description } => self.router.describe(name, description),
            Message::PeerUp { peer, rib, vrf, .. } => {
                self.router.peer_up(self.number, peer, rib, vrf);
                self.shared.work.notify_one();
            }
            Message::PeerDown { peer } => {
                self.router.peer_down(self.number, peer);
                self.shared.work.notify_one();
            }
            Message::Update(update) if update.rib.is_out() && !adj_rib_out => counters.ignore(&update),
            Message::Update(update) => {
                counters.applied += self.router.apply(self.number, &update, Instant::now());
                if update.end_of_rib.is_some() {
                    self.shared.work.notify_one();
                }
            }
            Message::Termination { reason } => {
                return Some(format!(
                    "the router ended it: {}",
                    reason.as_deref().unwrap_or("without a reason")
                ));
            }
            Message::Statistics { .. } | Message::Other => {}
        }
        None
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.router.close(self.number, Instant::now());
        let mut sessions = lock(&self.shared.sessions);
        if let Some(status) = sessions.current.remove(&self.id) {
            sessions.ended += status.counters;
        }
        sessions.ended_sessions += 1;
        sessions.last_end = Some((self.from, std::mem::take(&mut self.end)));
    }
}
