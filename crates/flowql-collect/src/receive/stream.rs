//! IPFIX over TCP, and over TLS: a thread that accepts, and one for each connection.

use std::io::{ErrorKind, Read};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use flowql_queue::{Batch, Content, LONGEST, Record, Transport};
use rustls::ServerConfig;
use socket2::{SockRef, Socket, TcpKeepalive};

use super::admission::Arrival;
use super::counters::{Refusal, Tally};
use super::framing::{Astray, Framer};
use super::socket::WAIT;
use super::tls::Stream;
use super::{Listener, Shared, now};

/// How long a connection may say nothing before it is asked whether it is still there.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// Accepts connections.
#[derive(Debug)]
pub(crate) struct Acceptor {
    pub(crate) socket: Socket,
    pub(crate) most: usize,
    pub(crate) tls: Option<Arc<ServerConfig>>,
    pub(crate) listener: Arc<Listener>,
    pub(crate) shared: Arc<Shared>,
}

impl Acceptor {
    /// Accepts until it is stopped, then waits for the connections to end.
    pub(crate) fn run(self) {
        let mut threads: Vec<std::thread::JoinHandle<()>> = Vec::new();
        while self.listener.stopped(&self.shared).is_none() {
            let accepted = self.socket.accept();
            threads.retain(|thread| !thread.is_finished());
            match accepted {
                Ok((socket, address)) => {
                    let thread = self.connect(socket, address.as_socket(), threads.len());
                    threads.extend(thread);
                }
                Err(error) if is_pause(&error) => {}
                Err(error) => {
                    self.listener.totals.errors.fetch_add(1, Relaxed);
                    tracing::warn!(address = %self.listener.address, %error, "a connection was not accepted");
                    std::thread::sleep(WAIT);
                }
            }
        }
        for thread in threads {
            // It has nothing to give; a panic in it has been printed.
            drop(thread.join());
        }
    }

    /// Starts the thread of a connection, unless it is refused.
    fn connect(
        &self,
        socket: Socket,
        source: Option<SocketAddr>,
        open: usize,
    ) -> Option<std::thread::JoinHandle<()>> {
        let from = source.map_or_else(|| "?".to_owned(), |source| source.to_string());
        let refuse = |why: &'static str, detail: &str| {
            self.listener.totals.connections_refused.fetch_add(1, Relaxed);
            self.listener.note(why, format!("{from}: {why}{detail}"));
        };
        let source = source.map(|source| SocketAddr::new(source.ip().to_canonical(), source.port()))?;
        if !self.shared.admission().is_allowed(source.ip()) {
            refuse("its address is not allowed", "");
            return None;
        }
        if open >= self.most {
            refuse("too many connections", "");
            return None;
        }
        let stream = Stream::new(TcpStream::from(socket), self.tls.as_ref());
        let stream = stream.inspect_err(|error| refuse("it failed: ", &error.to_string())).ok()?;
        let connection = Connection {
            stream,
            source,
            number: self.shared.next_connection(),
            transport: if self.tls.is_some() { Transport::Tls } else { Transport::Tcp },
            used: false,
            listener: Arc::clone(&self.listener),
            shared: Arc::clone(&self.shared),
        };
        let thread = std::thread::Builder::new().name(format!("ipfix {source}")).spawn(|| connection.run());
        thread.inspect_err(|error| refuse("no thread: ", &error.to_string())).ok()
    }
}

/// A connection.
#[derive(Debug)]
struct Connection {
    stream: Stream,
    source: SocketAddr,
    number: u64,
    transport: Transport,
    /// Whether any message came: the end of a connection without matters to nobody.
    used: bool,
    listener: Arc<Listener>,
    shared: Arc<Shared>,
}

impl Connection {
    fn run(mut self) {
        self.listener.totals.connections.fetch_add(1, Relaxed);
        let mut batch = self.shared.queue.batch();
        let mut framer = Framer::default();
        if let Err(error) = self.read(&mut framer, &mut batch) {
            self.listener.totals.errors.fetch_add(1, Relaxed);
            tracing::info!(source = %self.source, %error, "a connection failed");
        }
        if framer.left() > 0 {
            let mut tally = Tally::default();
            tally.receive(framer.left());
            tally.refuse_of(Refusal::Framing, self.source.ip());
            self.listener.totals.add(&tally);
            let what = format!("{}: {} bytes of a message that did not end", self.source, framer.left());
            self.listener.note("it ended within a message", what);
        }
        // The templates of the connection end with it: the decoder must know.
        let closed = |batch: &mut Batch| {
            batch.push(&self.record(Content::Closed)).is_ok() && self.shared.queue.append(batch).is_ok()
        };
        if self.used && !closed(&mut batch) {
            tracing::error!(source = %self.source, "the end of a connection is not in the queue");
        }
        self.listener.totals.connections.fetch_sub(1, Relaxed);
    }

    /// Reads until the other side ends, what comes is not IPFIX, or the collector is stopped.
    fn read(&mut self, framer: &mut Framer, batch: &mut Batch) -> std::io::Result<()> {
        let connection = self.stream.connection();
        connection.set_read_timeout(Some(WAIT))?;
        SockRef::from(connection).set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE))?;
        let mut buffer = vec![0; LONGEST];
        loop {
            // What came before the stop is read, what comes after it stays with the sender.
            let stopped = self.listener.stopped(&self.shared).is_some();
            match self.stream.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(read) => {
                    framer.push(buffer.get(..read).unwrap_or_default());
                    if self.take(framer, batch).is_err() {
                        return Ok(());
                    }
                }
                Err(error) if is_pause(&error) => {}
                Err(error) => return Err(error),
            }
            if stopped {
                return Ok(());
            }
        }
    }

    /// Takes the messages that are whole.
    fn take(&mut self, framer: &mut Framer, batch: &mut Batch) -> Result<(), Astray> {
        let mut tally = Tally::default();
        let mut admission = self.shared.admission();
        let arrived = Instant::now();
        let outcome = loop {
            let message = match framer.next() {
                Ok(Some(message)) => message,
                Ok(None) => break Ok(()),
                Err(astray) => break Err(astray),
            };
            tally.receive(message.len());
            let (listener, protocol) = (self.listener.number, self.listener.protocol);
            let arrival = Arrival { listener, protocol, source: self.source };
            if let Err(refusal) = admission.judge(arrival, message, arrived) {
                tally.refuse_of(refusal, self.source.ip());
            } else if batch.push(&self.record(Content::Datagram(message))).is_err() {
                tally.refuse(Refusal::Queue, 1);
            }
        };
        drop(admission);
        self.used |= !batch.is_empty();
        self.shared.append(batch, &mut tally);
        self.listener.totals.add(&tally);
        outcome
    }

    fn record<'a>(&self, content: Content<'a>) -> Record<'a> {
        Record {
            time: now(),
            source: self.source,
            listener: self.listener.number,
            transport: self.transport,
            connection: self.number,
            content,
        }
    }
}

/// Whether an error only says that nothing came.
fn is_pause(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}
