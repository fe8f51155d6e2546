//! The first stage: what arrives at the sockets is judged and put into the queue, as it was received.
//!
//! Each UDP socket has a plain thread, which takes up to 64 datagrams from the kernel at once, with the times of the
//! kernel, and appends those that are taken to the queue as one batch. Every datagram ends in one counter.

mod admission;
mod configure;
mod counters;
mod drops;
mod forward;
mod framing;
mod inherited;
mod protocol;
mod repeats;
mod socket;
mod stream;
mod tls;
mod udp;

use std::collections::HashSet;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::mem::Discriminant;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use flowql_queue::{Batch, Queue, Refused};

pub use counters::{Counters, Refusal, Senders};
pub use forward::ForwardStatus;
pub use inherited::Inherited;
pub use protocol::Protocol;

use self::admission::Admission;
use self::counters::{Tally, Totals};
use self::forward::{Forwarder, Target};
use self::repeats::Repeats;
use self::socket::Sockets;
use self::stream::Acceptor;
use self::udp::Worker;
use crate::{CollectSection, ForwardSection, ListenProtocol, ListenSection, ListenTransport};

/// How often the drops of the kernel are read.
const LOOK: Duration = Duration::from_secs(1);

/// Why receiving cannot start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process listens at the address.
    #[error("cannot listen at {address}: another process does, and it would get a part of what arrives")]
    InUse {
        /// The address.
        address: SocketAddr,
    },
    /// The address cannot be listened at.
    #[error("cannot listen at {address}: {source}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// The address is not one.
    #[error("invalid address and port `{0}`")]
    Address(String),
    /// A file of TLS cannot be used.
    #[error("cannot use `{path}` for TLS: {reason}")]
    Tls {
        /// The file.
        path: String,
        /// Why not.
        reason: String,
    },
    /// A thread cannot be started.
    #[error("cannot start a thread: {0}")]
    Thread(std::io::Error),
}

/// Receives until it is stopped or dropped.
#[derive(Debug)]
pub struct Receiver {
    shared: Arc<Shared>,
    /// In the order of the settings.
    listeners: Vec<Listening>,
    /// What the targets were made of.
    forward: Vec<ForwardSection>,
    monitor: Option<(Sender<()>, JoinHandle<()>)>,
    stop: Duration,
}

/// A listener with its threads.
#[derive(Debug)]
struct Listening {
    listen: ListenSection,
    listener: Arc<Listener>,
    threads: Vec<JoinHandle<()>>,
}

/// What there is to know of a listener.
#[derive(Clone, Copy, Debug)]
pub struct ListenerStatus {
    /// Its number, which the records in the queue have.
    pub number: u16,
    /// Its address.
    pub address: SocketAddr,
    /// What comes by it.
    pub transport: ListenTransport,
    /// The receive buffer of each of its sockets, in bytes: what the kernel gave of what it was asked for. 0 for TCP.
    pub receive_buffer: usize,
    /// What was counted.
    pub counters: Counters,
    /// Who sent what was refused.
    pub senders: Senders,
}

/// What the threads of a listener share.
#[derive(Debug)]
struct Listener {
    number: u16,
    address: SocketAddr,
    protocol: ListenProtocol,
    transport: ListenTransport,
    receive_buffer: usize,
    /// Its UDP sockets, as the kernel numbers them.
    inodes: Vec<u64>,
    totals: Totals,
    /// What the kernel dropped, for the log.
    drops: Repeats<()>,
    /// The connections that were refused, or ended within a message, by why, for the log.
    connections: Repeats<&'static str>,
    /// When it was stopped by itself.
    stop: OnceLock<Stop>,
}

/// What all threads share.
struct Shared {
    queue: Arc<dyn Queue>,
    admission: Mutex<Admission>,
    /// The listeners, for who looks at all.
    listeners: Mutex<Vec<Arc<Listener>>>,
    /// Where datagrams are sent on to, and how often that was another list.
    targets: Mutex<Vec<Arc<Target>>>,
    generation: AtomicU64,
    connections: AtomicU64,
    /// What the queue did not take, by why, for the log.
    lost: Repeats<Discriminant<flowql_queue::Error>>,
    stop: OnceLock<Stop>,
}

/// When it was stopped.
#[derive(Clone, Copy, Debug)]
struct Stop {
    /// In nanoseconds since 1970, as the kernel times datagrams.
    at: u64,
    /// When the threads must end.
    until: Instant,
}

impl Receiver {
    /// Listens where the settings say, by the `inherited` sockets where they are at these addresses, and puts what
    /// arrives into the queue. The `configured` exporters have a place whatever others send.
    ///
    /// # Errors
    ///
    /// An address cannot be listened at, or another process does so.
    pub fn start(
        section: &CollectSection,
        mut inherited: Inherited,
        configured: HashSet<IpAddr>,
        queue: Arc<dyn Queue>,
    ) -> Result<Self, Error> {
        let targets = section.forward.iter().map(|forward| Target::new(forward).map(Arc::new));
        let targets = targets.collect::<Result<_, _>>()?;
        let shared = Arc::new(Shared {
            queue,
            admission: Mutex::new(Admission::new(section, configured)),
            listeners: Mutex::default(),
            targets: Mutex::new(targets),
            generation: AtomicU64::new(0),
            // No other process that filled the same queue had these numbers.
            connections: AtomicU64::new(RandomState::new().build_hasher().finish()),
            lost: Repeats::default(),
            stop: OnceLock::new(),
        });
        let stop = Duration::from_millis(section.stop_ms);
        let forward = section.forward.clone();
        let mut receiver = Self { shared, listeners: Vec::new(), forward, monitor: None, stop };
        let bound = section.listen.iter().map(|listen| bind(section, listen, &mut inherited));
        let bound: Vec<_> = bound.collect::<Result<_, _>>()?;
        for address in inherited.rest() {
            tracing::warn!(%address, "nothing is received by this socket of the service manager: no listener has its address");
        }
        for ((number, listen), sockets) in (0..).zip(&section.listen).zip(bound) {
            receiver.listen(number, listen, sockets, section.receive_buffer)?;
        }
        receiver.publish();
        receiver.monitor()?;
        Ok(receiver)
    }

    fn listen(
        &mut self,
        number: u16,
        listen: &ListenSection,
        sockets: Sockets,
        asked: usize,
    ) -> Result<(), Error> {
        let inodes = sockets.sockets.iter().filter_map(|socket| socket::inode(socket).ok()).collect();
        let listener = Arc::new(Listener {
            number,
            address: sockets.address,
            protocol: listen.protocol,
            transport: listen.transport,
            receive_buffer: sockets.buffer,
            inodes,
            totals: Totals::default(),
            drops: Repeats::default(),
            connections: Repeats::default(),
            stop: OnceLock::new(),
        });
        listener.report(asked);
        let mut threads = Vec::new();
        for socket in sockets.sockets {
            let (listener, shared) = (Arc::clone(&listener), Arc::clone(&self.shared));
            let name = format!("receive {}", listener.address.port());
            match listen.transport {
                ListenTransport::Udp => {
                    let generation = shared.generation();
                    let targets = shared.targets();
                    let forwarders = targets.iter().map(|target| Forwarder::new(Arc::clone(target)));
                    let forwarders = forwarders.collect::<Result<_, _>>()?;
                    let worker = Worker { socket, listener, shared, forwarders, generation };
                    threads.push(spawn(name, || worker.run())?);
                }
                ListenTransport::Tcp | ListenTransport::Tls => {
                    let (most, tls) = (listen.connections, tls::config(listen)?);
                    let acceptor = Acceptor { socket, most, tls, listener, shared };
                    threads.push(spawn(name, move || acceptor.run())?);
                }
            }
        }
        self.listeners.push(Listening { listen: listen.clone(), listener, threads });
        Ok(())
    }

    /// Lets those who look at all listeners see the ones of now.
    fn publish(&self) {
        *self.shared.listeners() = self.listeners.iter().map(|known| Arc::clone(&known.listener)).collect();
    }

    /// Starts the thread that reads the drops of the kernel, and logs what there was no line about yet.
    fn monitor(&mut self) -> Result<(), Error> {
        let (stop, stopped) = mpsc::channel();
        let shared = Arc::clone(&self.shared);
        let body = move || {
            while stopped.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                let listeners = shared.listeners().clone();
                listeners.iter().for_each(|listener| listener.look());
                log(&listeners, &shared, repeats::PAUSE);
            }
        };
        let thread = spawn("drops".to_owned(), body)?;
        self.monitor = Some((stop, thread));
        Ok(())
    }

    /// What there is to know of the listeners, in the order of the settings.
    #[must_use]
    pub fn listeners(&self) -> Vec<ListenerStatus> {
        self.listeners.iter().map(|known| known.listener.status()).collect()
    }

    /// What there is to know of the collectors that datagrams are sent on to, in the order of the settings.
    #[must_use]
    pub fn forwards(&self) -> Vec<ForwardStatus> {
        self.shared.targets().iter().map(|target| target.status()).collect()
    }

    /// How many exporters have a place.
    #[must_use]
    pub fn exporters(&self) -> usize {
        self.shared.admission().exporters()
    }

    /// Stops receiving: what the kernel has by now is put into the queue, within `stop_ms`. Gives what was counted.
    #[must_use]
    pub fn stop(mut self) -> Vec<ListenerStatus> {
        self.end();
        self.listeners()
    }

    fn end(&mut self) {
        self.shared.stop.get_or_init(|| Stop { at: now(), until: Instant::now() + self.stop });
        if let Some((stop, thread)) = self.monitor.take() {
            drop(stop);
            // It has nothing to give; a panic in it has been printed.
            drop(thread.join());
            self.listeners.iter().for_each(|known| known.listener.look());
        }
        let threads = self.listeners.iter_mut().flat_map(|known| known.threads.drain(..));
        threads.for_each(|thread| drop(thread.join()));
        let listeners = self.shared.listeners().clone();
        log(&listeners, &self.shared, Duration::ZERO);
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.end();
    }
}

fn spawn(name: String, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, Error> {
    std::thread::Builder::new().name(name).spawn(body).map_err(Error::Thread)
}

fn bind(
    section: &CollectSection,
    listen: &ListenSection,
    inherited: &mut Inherited,
) -> Result<Sockets, Error> {
    let address = listen.address.parse().map_err(|_| Error::Address(listen.address.clone()))?;
    let sockets = inherited.take(address, listen.transport);
    if !sockets.is_empty() {
        return socket::inherited(address, sockets, listen.transport, section.receive_buffer);
    }
    match listen.transport {
        ListenTransport::Udp => socket::udp(address, listen.workers, section.receive_buffer),
        ListenTransport::Tcp | ListenTransport::Tls => socket::tcp(address),
    }
}

impl Listener {
    /// When it, or all, was stopped.
    fn stopped(&self, shared: &Shared) -> Option<Stop> {
        self.stop.get().copied().or_else(|| shared.stopped())
    }

    fn status(&self) -> ListenerStatus {
        ListenerStatus {
            number: self.number,
            address: self.address,
            transport: self.transport,
            receive_buffer: self.receive_buffer,
            counters: self.totals.counters(),
            senders: self.totals.senders(),
        }
    }

    /// Says in the log what it listens at, and what to do about a small buffer.
    fn report(&self, asked: usize) {
        let transport = self.transport.name();
        tracing::info!(address = %self.address, transport, receive_buffer = self.receive_buffer, "listening");
        if self.transport == ListenTransport::Udp && self.receive_buffer < asked {
            tracing::warn!(
                address = %self.address,
                asked,
                got = self.receive_buffer,
                "the receive buffer is smaller than asked for, so that bursts may be lost; \
                 raise it by `sysctl -w net.core.rmem_max={asked}`"
            );
        }
    }

    /// Reads the drops of the kernel.
    fn look(&self) {
        if !self.inodes.is_empty() && self.transport == ListenTransport::Udp {
            let before = self.totals.kernel_drops.swap(drops::of(&self.inodes), Relaxed);
            let dropped = self.totals.kernel_drops.load(Relaxed).saturating_sub(before);
            if dropped > 0
                && let Some(dropped) = self.drops.note((), dropped, "")
            {
                self.log_drops(dropped);
            }
        }
    }

    fn log_drops(&self, dropped: u64) {
        tracing::warn!(address = %self.address, dropped, "the kernel dropped datagrams: the buffer was full");
    }

    /// Notes what happened to a connection.
    fn note(&self, why: &'static str, what: String) {
        if let Some(count) = self.connections.note(why, 1, &what) {
            self.log_connections(count, &what);
        }
    }

    fn log_connections(&self, count: u64, last: &str) {
        tracing::warn!(address = %self.address, count, last, "connections were refused or cut");
    }

    /// Logs what there was no line about.
    fn log(&self, pause: Duration) {
        self.drops.due(pause).iter().for_each(|(dropped, _)| self.log_drops(*dropped));
        self.connections.due(pause).iter().for_each(|(count, last)| self.log_connections(*count, last));
    }
}

impl Shared {
    fn admission(&self) -> MutexGuard<'_, Admission> {
        self.admission.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn listeners(&self) -> MutexGuard<'_, Vec<Arc<Listener>>> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where datagrams are sent on to.
    fn targets(&self) -> Vec<Arc<Target>> {
        self.targets_mut().clone()
    }

    fn targets_mut(&self) -> MutexGuard<'_, Vec<Arc<Target>>> {
        self.targets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How often the targets were other ones.
    fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    fn stopped(&self) -> Option<Stop> {
        self.stop.get().copied()
    }

    fn next_connection(&self) -> u64 {
        self.connections.fetch_add(1, Ordering::Relaxed).max(1)
    }

    /// Puts the records of a batch into the queue; those that it does not take are counted.
    fn append(&self, batch: &mut Batch, tally: &mut Tally) {
        if batch.is_empty() {
            return;
        }
        if let Err(refused) = self.queue.append(batch) {
            tally.refuse(Refusal::Queue, refused.records);
            let Refused { records, error } = &refused;
            if let Some(records) = self.lost.note(std::mem::discriminant(error), *records, error) {
                log_lost(records, &error.to_string());
            }
        }
    }
}

/// Logs what there was no line about for so long.
fn log(listeners: &[Arc<Listener>], shared: &Shared, pause: Duration) {
    listeners.iter().for_each(|listener| listener.log(pause));
    shared.lost.due(pause).iter().for_each(|(records, error)| log_lost(*records, error));
}

fn log_lost(records: u64, error: &str) {
    tracing::error!(records, error, "received and lost");
}

impl Stop {
    /// Whether all that came before the stop was received, where this is the time of the newest datagram.
    fn is_over(self, newest: u64) -> bool {
        newest > self.at || Instant::now() >= self.until
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("stop", &self.stop).finish_non_exhaustive()
    }
}

/// The time, in nanoseconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
