//! A session with a router: opened again and again until the speaker stops.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::route::Route;
use crate::rule::{Matcher, RouteFamily};
use crate::speaker::wire::{self, Dialect, Fault, Incoming, Opened, Opening};
use crate::speaker::{Peer, SpeakerSettings};

/// How long a connection may take to be made, and the router to open the session.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long until the next attempt: doubled each time a session could not be opened.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(4);

/// How many messages of the router may wait.
const QUEUE: usize = 64;

/// What is to be announced.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    /// Counts the changes.
    pub(super) generation: u64,
    pub(super) routes: Arc<HashMap<Matcher, Route>>,
    /// Whether everything is to be withdrawn and sessions are to end.
    pub(super) is_over: bool,
}

/// What is known of a session.
#[derive(Clone, Debug, Default)]
pub(super) struct Status {
    pub(super) is_up: bool,
    pub(super) state: String,
    /// The generation of what was sent last.
    pub(super) generation: u64,
    pub(super) sent: Arc<HashMap<Matcher, Route>>,
    pub(super) is_over: bool,
}

/// The sessions with a router, one after the other.
pub(super) struct Sessions {
    pub(super) settings: Arc<SpeakerSettings>,
    pub(super) peer: Peer,
    pub(super) wanted: watch::Receiver<Wanted>,
    pub(super) status: watch::Sender<Status>,
}

impl Sessions {
    /// Runs until what is wanted is over.
    pub(super) async fn run(mut self) {
        let mut wait = FIRST_WAIT;
        let mut is_first = true;
        loop {
            let is_restart = is_first && self.settings.is_restart;
            let (why, was_up) = match self.attempt(is_restart).await {
                Ok(()) => break,
                Err(ended) => ended,
            };
            is_first = is_first && !was_up;
            wait = if was_up { FIRST_WAIT } else { (wait * 2).min(LONGEST_WAIT) };
            tracing::warn!(router = %self.peer.name, "{why}");
            self.status.send_modify(|status| {
                *status = Status { state: why, generation: status.generation, ..Status::default() };
            });
            tokio::select! {
                () = sleep(wait) => {}
                () = over(&mut self.wanted) => break,
            }
        }
        self.status.send_modify(|status| {
            *status = Status { is_over: true, state: "stopped".to_owned(), ..Status::default() };
        });
    }

    /// One session. An error says why it ended, and whether it was up.
    async fn attempt(&mut self, is_restart: bool) -> Result<(), (String, bool)> {
        let connected = tokio::select! {
            connected = timeout(PATIENCE, connect(&self.peer)) => connected,
            () = over(&mut self.wanted) => return Ok(()),
        };
        let stream = match connected {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => {
                return Err((format!("cannot connect to {}: {error}", self.peer.address), false));
            }
            Err(_) => return Err((format!("{} does not answer", self.peer.address), false)),
        };
        let (reader, writer) = stream.into_split();
        let (sender, incoming) = mpsc::channel(QUEUE);
        let reading = tokio::spawn(read(reader, sender));
        let mut session = Session { peer: &self.peer, settings: &self.settings, writer, incoming };
        let result = match timeout(PATIENCE, session.open(is_restart)).await {
            Ok(Ok(opened)) => {
                let ended = session.established(&opened, &mut self.wanted, &self.status).await;
                ended.map_err(|ended| (ended, true))
            }
            Ok(Err(ended)) => Err((ended, false)),
            Err(_) => Err((Ended::Fault(Fault::new(4, 0, "the session was not opened in time")), false)),
        };
        let result = match result {
            Ok(()) => Ok(()),
            Err((Ended::Fault(fault), was_up)) => {
                session.say(&fault).await;
                Err((fault.why, was_up))
            }
            Err((Ended::Gone(why), was_up)) => Err((why, was_up)),
        };
        reading.abort();
        result
    }
}

async fn connect(peer: &Peer) -> io::Result<TcpStream> {
    let Peer { address, local, password, .. } = peer;
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if let Some(local) = local {
        socket.bind(SocketAddr::new(*local, 0))?;
    }
    if let Some(password) = password {
        flowql_tcp_md5::set_key(&socket, address.ip(), password)?;
    }
    let stream = socket.connect(*address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Why a session ended.
enum Ended {
    /// The router must be told.
    Fault(Fault),
    /// The router ended it, or the connection is lost.
    Gone(String),
}

impl From<Fault> for Ended {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// A connection.
struct Session<'a> {
    peer: &'a Peer,
    settings: &'a SpeakerSettings,
    writer: OwnedWriteHalf,
    incoming: mpsc::Receiver<Result<Incoming, Fault>>,
}

impl Session<'_> {
    /// Exchanges the first two messages of each side (RFC 4271, 8).
    async fn open(&mut self, is_restart: bool) -> Result<Opened, Ended> {
        let opening = Opening {
            asn: self.settings.routes.local_as,
            id: self.settings.id,
            hold_time: self.settings.hold_time,
            families: self.peer.families.clone(),
            is_restart,
            restart_time: self.settings.restart_time,
            stale_time: self.settings.stale_time,
        };
        self.write(&encoded(wire::open(&opening))?, PATIENCE).await?;
        let opened = match self.next().await? {
            Incoming::Open(opened) => opened,
            Incoming::Notification(said) => return Err(Ended::Gone(format!("the router refuses: {said}"))),
            _ => return Err(Fault::new(5, 1, "the router's first message is not OPEN").into()),
        };
        if opened.asn != self.peer.asn {
            let why = format!("the router is of AS {}, not of AS {}", opened.asn, self.peer.asn);
            return Err(Fault::new(2, 2, why).into());
        }
        if matches!(opened.hold_time, 1 | 2) {
            return Err(Fault::new(2, 6, format!("a hold time of {} s", opened.hold_time)).into());
        }
        if opened.id == self.settings.id || opened.id.is_unspecified() {
            return Err(Fault::new(2, 3, format!("the router's identifier is {}", opened.id)).into());
        }
        self.write(&encoded(wire::keepalive())?, PATIENCE).await?;
        match self.next().await? {
            Incoming::Keepalive => Ok(opened),
            Incoming::Notification(said) => Err(Ended::Gone(format!("the router refuses: {said}"))),
            _ => Err(Fault::new(5, 2, "the router's second message is not KEEPALIVE").into()),
        }
    }

    /// Announces what is wanted until the session ends, or everything is over.
    async fn established(
        &mut self,
        opened: &Opened,
        wanted: &mut watch::Receiver<Wanted>,
        status: &watch::Sender<Status>,
    ) -> Result<(), Ended> {
        let hold = Duration::from_secs(u64::from(opened.hold_time.min(self.settings.hold_time)));
        let families: Vec<RouteFamily> =
            self.peer.families.iter().copied().filter(|family| opened.families.contains(family)).collect();
        let missing: Vec<String> = self
            .peer
            .families
            .iter()
            .filter(|family| !families.contains(family))
            .map(ToString::to_string)
            .collect();
        let state = if missing.is_empty() {
            "established".to_owned()
        } else {
            format!("established without {}", missing.join(", "))
        };
        let mut sent = HashMap::new();
        let is_internal = self.peer.asn == self.settings.routes.local_as;
        let dialect =
            Dialect { routes: &self.settings.routes, is_internal, has_long_asns: opened.has_long_asns };
        let mut is_whole = false;
        let (mut heard, mut spoke) = (Instant::now(), Instant::now());
        loop {
            let now = wanted.borrow_and_update().clone();
            if now.is_over {
                self.say(&Fault::new(6, 2, "stopped")).await;
                return Ok(());
            }
            let mut messages = changes(&dialect, &families, &mut sent, &now.routes)?;
            if !is_whole {
                for family in &families {
                    messages.extend(encoded(dialect.end_of_rib(*family))?);
                }
                is_whole = true;
            }
            if !messages.is_empty() {
                self.write(&messages, patience(hold)).await?;
                spoke = Instant::now();
            }
            let published = Arc::new(sent.clone());
            status.send_modify(|status| {
                let state = state.clone();
                *status = Status {
                    is_up: true,
                    state,
                    generation: now.generation,
                    sent: published,
                    is_over: false,
                };
            });
            // Until there is a change.
            loop {
                let deadline = heard + hold;
                tokio::select! {
                    changed = wanted.changed() => {
                        if changed.is_err() {
                            return Err(Ended::Gone("the speaker is gone".to_owned()));
                        }
                        break;
                    }
                    incoming = self.incoming.recv() => {
                        heard = Instant::now();
                        match incoming {
                            Some(Ok(Incoming::Keepalive | Incoming::Update | Incoming::Refresh(None))) => {}
                            Some(Ok(Incoming::Refresh(Some(family)))) => {
                                let mut known = HashMap::new();
                                let mut again = changes(&dialect, &[family], &mut known, &sent)?;
                                again.extend(encoded(dialect.end_of_rib(family))?);
                                self.write(&again, patience(hold)).await?;
                                spoke = Instant::now();
                            }
                            Some(Ok(Incoming::Notification(said))) => {
                                return Err(Ended::Gone(format!("the router ended the session: {said}")));
                            }
                            Some(Ok(Incoming::Open(_))) => return Err(Fault::new(5, 3, "OPEN within a session").into()),
                            Some(Err(fault)) => return Err(fault.into()),
                            None => return Err(Ended::Gone("the connection is lost".to_owned())),
                        }
                    }
                    () = sleep_until(spoke + hold / 3), if !hold.is_zero() => {
                        self.write(&encoded(wire::keepalive())?, patience(hold)).await?;
                        spoke = Instant::now();
                    }
                    () = sleep_until(deadline), if !hold.is_zero() => {
                        return Err(Fault::new(4, 0, "the router was silent for its hold time").into());
                    }
                }
            }
        }
    }

    async fn next(&mut self) -> Result<Incoming, Ended> {
        match self.incoming.recv().await {
            Some(Ok(incoming)) => Ok(incoming),
            Some(Err(fault)) => Err(fault.into()),
            None => Err(Ended::Gone("the router closed the connection".to_owned())),
        }
    }

    /// Writes, or gives up where the router takes nothing for its hold time (RFC 9687).
    async fn write(&mut self, bytes: &[u8], patience: Duration) -> Result<(), Ended> {
        match timeout(patience, self.writer.write_all(bytes)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Ended::Gone(format!("the connection is lost: {error}"))),
            Err(_) => Err(Ended::Gone("the router takes nothing".to_owned())),
        }
    }

    /// Tells the router why the session ends, where it still listens.
    async fn say(&mut self, fault: &Fault) {
        if let Ok(bytes) = wire::notification(fault) {
            let _ = timeout(Duration::from_secs(1), self.writer.write_all(&bytes)).await;
            let _ = timeout(Duration::from_secs(1), self.writer.shutdown()).await;
        }
    }
}

/// How long a router that takes nothing is waited for.
fn patience(hold: Duration) -> Duration {
    if hold.is_zero() { PATIENCE } else { hold }
}

/// The messages that make what was sent into what is wanted: withdrawals first, since they make room.
fn changes(
    dialect: &Dialect<'_>,
    families: &[RouteFamily],
    sent: &mut HashMap<Matcher, Route>,
    wanted: &HashMap<Matcher, Route>,
) -> Result<Vec<u8>, Ended> {
    let mut messages = Vec::new();
    let gone: Vec<Matcher> = sent.keys().filter(|traffic| !wanted.contains_key(*traffic)).cloned().collect();
    for traffic in gone {
        messages.extend(encoded(dialect.withdrawal(&traffic))?);
        sent.remove(&traffic);
    }
    let of_family = wanted.values().filter(|route| families.contains(&route.traffic.family()));
    for route in of_family {
        if sent.get(&route.traffic) != Some(route) {
            messages.extend(encoded(dialect.announcement(route))?);
            sent.insert(route.traffic.clone(), route.clone());
        }
    }
    Ok(messages)
}

/// What the guards pass can be encoded; if not, nothing is sent rather than a part.
fn encoded<E: std::fmt::Display>(message: Result<Vec<u8>, E>) -> Result<Vec<u8>, Ended> {
    message.map_err(|error| Ended::Gone(format!("a message cannot be encoded: {error}")))
}

/// Reads messages until the connection ends or one is wrong.
async fn read(mut reader: OwnedReadHalf, messages: mpsc::Sender<Result<Incoming, Fault>>) {
    loop {
        let mut header = [0; wire::HEADER];
        if reader.read_exact(&mut header).await.is_err() {
            return;
        }
        let message = match wire::length(&header) {
            Ok(length) => {
                let mut message = header.to_vec();
                message.resize(length, 0);
                let body = message.get_mut(wire::HEADER..).unwrap_or_default();
                if reader.read_exact(body).await.is_err() {
                    return;
                }
                wire::read(message)
            }
            Err(fault) => Err(fault),
        };
        let is_fault = message.is_err();
        if messages.send(message).await.is_err() || is_fault {
            return;
        }
    }
}

/// Waits until what is wanted is over, or nobody wants anything.
async fn over(wanted: &mut watch::Receiver<Wanted>) {
    let _ = wanted.wait_for(|wanted| wanted.is_over).await;
}
