//! A collector for tests, and what it keeps.

use std::collections::HashSet;
use std::net::{SocketAddr, UdpSocket};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use flowql_collect::receive::{Counters, Inherited, ListenerStatus, Receiver};
use flowql_collect::{CollectSection, ListenSection, ListenTransport};
use flowql_queue::{
    Backlog, Batch, Content, Error, Item, Journal, Position, Queue, QueueId, Reader, Refused, Settings,
    Store, Transport,
};
use tempfile::TempDir;

/// Longer than anything takes that a test waits for.
const LONG: Duration = Duration::from_secs(60);

/// A record as a test compares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) time: u64,
    pub(crate) source: SocketAddr,
    pub(crate) listener: u16,
    pub(crate) transport: Transport,
    pub(crate) connection: u64,
    /// `None` for the end of a connection.
    pub(crate) bytes: Option<Vec<u8>>,
}

/// A collector that receives into a journal.
pub(crate) struct Collector {
    pub(crate) receiver: Receiver,
    pub(crate) queue: Arc<Gate>,
    _folder: TempDir,
}

/// A journal that can be held up, or refuse.
pub(crate) struct Gate {
    journal: Journal,
    held: Mutex<bool>,
    changed: Condvar,
    /// The batches that wait.
    waiting: Mutex<usize>,
}

impl Collector {
    /// Listens at free ports, with settings that a test changes.
    pub(crate) fn start(change: impl FnOnce(&mut CollectSection)) -> Self {
        Self::with(Settings { keep_free_percent: 0, ..Settings::default() }, change)
    }

    pub(crate) fn with(settings: Settings, change: impl FnOnce(&mut CollectSection)) -> Self {
        let folder = TempDir::new().unwrap();
        let journal = Journal::open(folder.path(), settings).unwrap();
        let queue = Arc::new(Gate {
            journal,
            held: Mutex::new(false),
            changed: Condvar::new(),
            waiting: Mutex::new(0),
        });
        let mut section =
            CollectSection { listen: vec![ListenSection::at("127.0.0.1:0")], ..CollectSection::default() };
        change(&mut section);
        let shared: Arc<dyn Queue> = Arc::<Gate>::clone(&queue);
        let receiver = Receiver::start(&section, Inherited::default(), HashSet::new(), shared).unwrap();
        Self { receiver, queue, _folder: folder }
    }

    pub(crate) fn listener(&self, index: usize) -> ListenerStatus {
        self.receiver.listeners().get(index).copied().unwrap()
    }

    /// The address of a listener, for a sender on this machine.
    pub(crate) fn address(&self, index: usize) -> SocketAddr {
        self.listener(index).address
    }

    pub(crate) fn counters(&self) -> Counters {
        self.listener(0).counters
    }

    /// Waits until so many datagrams were received.
    pub(crate) fn wait_received(&self, datagrams: u64) {
        wait_for(&format!("{datagrams} datagrams"), || self.counters().received >= datagrams);
    }

    /// Stops, and gives what was counted and what was kept.
    pub(crate) fn stop(self) -> (Vec<ListenerStatus>, Vec<Kept>) {
        let listeners = self.receiver.stop();
        (listeners, self.queue.kept())
    }
}

impl Gate {
    /// Holds up what is appended from now on.
    pub(crate) fn hold(&self) {
        *self.held.lock().unwrap() = true;
    }

    pub(crate) fn release(&self) {
        *self.held.lock().unwrap() = false;
        self.changed.notify_all();
    }

    /// Waits until so many batches are held up.
    pub(crate) fn wait_held(&self, batches: usize) {
        wait_for("a held batch", || *self.waiting.lock().unwrap() >= batches);
    }

    /// All records of the first partition.
    pub(crate) fn kept(&self) -> Vec<Kept> {
        let mut reader = self.journal.reader(0, Position::START).unwrap();
        let mut kept = Vec::new();
        while let Some(item) = reader.next(Duration::ZERO).unwrap() {
            let Item::Record(_, record) = item else { continue };
            kept.push(Kept {
                time: record.time,
                source: record.source,
                listener: record.listener,
                transport: record.transport,
                connection: record.connection,
                bytes: match record.content {
                    Content::Datagram(bytes) => Some(bytes.to_vec()),
                    Content::Closed => None,
                },
            });
        }
        kept
    }
}

impl Queue for Gate {
    fn id(&self) -> QueueId {
        self.journal.id()
    }

    fn assigned(&self) -> Vec<u16> {
        self.journal.assigned()
    }

    fn batch(&self) -> Batch {
        self.journal.batch()
    }

    fn append(&self, batch: &mut Batch) -> Result<(), Refused> {
        *self.waiting.lock().unwrap() += 1;
        let held = self.held.lock().unwrap();
        drop(self.changed.wait_while(held, |held| *held).unwrap());
        *self.waiting.lock().unwrap() -= 1;
        self.journal.append(batch)
    }

    fn reader(&self, partition: u16, from: Position) -> Result<Box<dyn Reader>, Error> {
        self.journal.reader(partition, from)
    }

    fn store(&self, partition: u16) -> Result<Box<dyn Store>, Error> {
        self.journal.store(partition)
    }

    fn mark(&self, partition: u16) -> Result<(), Error> {
        self.journal.mark(partition)
    }

    fn backlog(&self, partition: u16) -> Result<Backlog, Error> {
        self.journal.backlog(partition)
    }
}

/// Waits until something is so.
pub(crate) fn wait_for(what: &str, so: impl Fn() -> bool) {
    let until = Instant::now() + LONG;
    while !so() {
        assert!(Instant::now() < until, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// A socket that sends to an address.
pub(crate) fn sender(to: SocketAddr) -> UdpSocket {
    let from = if to.is_ipv4() { "127.0.0.1:0" } else { "[::1]:0" };
    let socket = UdpSocket::bind(from).unwrap();
    socket.connect(to).unwrap();
    socket
}

/// A listener for TCP at a free port.
pub(crate) fn tcp() -> ListenSection {
    ListenSection { transport: ListenTransport::Tcp, ..ListenSection::at("127.0.0.1:0") }
}

/// A datagram of NetFlow v9 with its sequence number, of so many bytes.
pub(crate) fn v9(number: u32, length: usize) -> Vec<u8> {
    v9_of(0, number, length)
}

/// A datagram of NetFlow v9 of a source id.
pub(crate) fn v9_of(domain: u32, number: u32, length: usize) -> Vec<u8> {
    let mut datagram = vec![0, 9, 0, 1];
    datagram.resize(12, 0);
    datagram.extend([number, domain].map(u32::to_be_bytes).concat());
    datagram.resize(length.max(20), 0x5a);
    datagram
}

/// A message of IPFIX, of so many bytes.
pub(crate) fn ipfix(length: u16) -> Vec<u8> {
    let mut message = [10_u16.to_be_bytes(), length.to_be_bytes()].concat();
    message.resize(usize::from(length), 0xa5);
    message
}
