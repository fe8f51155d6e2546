//! A thread that receives datagrams.

use std::io::IoSliceMut;
use std::net::{SocketAddr, SocketAddrV6};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use flowql_queue::{Batch, Content, LONGEST, Record, Transport};
use nix::cmsg_space;
use nix::errno::Errno;
use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, MultiHeaders, MultiResults, RecvMsg, SockaddrStorage, recvmmsg,
};
use nix::sys::time::TimeSpec;
use socket2::Socket;

use super::admission::Arrival;
use super::counters::{Refusal, Tally};
use super::forward::Forwarder;
use super::{Listener, Shared, now};

/// The most datagrams that one system call gives.
const AT_ONCE: usize = 64;
/// How long a thread rests after its socket failed.
const REST: Duration = Duration::from_millis(100);

/// A socket, and what becomes of its datagrams.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) socket: Socket,
    pub(crate) listener: Arc<Listener>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) forwarders: Vec<Forwarder>,
    /// Which targets these are for.
    pub(crate) generation: u64,
}

impl Worker {
    /// Receives until it is stopped, and then what the kernel has until that time.
    pub(crate) fn run(mut self) {
        // Of the pages of a place only those are ever touched that a datagram fills.
        let mut places = vec![0; AT_ONCE * LONGEST];
        let mut headers = headers();
        let mut batch = self.shared.queue.batch();
        loop {
            let stop = self.listener.stopped(&self.shared);
            let flags = if stop.is_some() { MsgFlags::MSG_DONTWAIT } else { MsgFlags::MSG_WAITFORONE };
            let mut places: Vec<_> =
                places.chunks_exact_mut(LONGEST).map(|place| [IoSliceMut::new(place)]).collect();
            let received = recvmmsg(self.socket.as_raw_fd(), &mut headers, &mut places, flags, None);
            let intact = match received {
                Ok(datagrams) => {
                    let seen = self.take(datagrams, &mut batch);
                    if stop.is_some_and(|stop| stop.is_over(seen.newest)) {
                        return;
                    }
                    seen.intact
                }
                Err(Errno::EAGAIN) if stop.is_some() => return,
                Err(Errno::EAGAIN | Errno::EINTR) => true,
                Err(error) => {
                    self.failed(error);
                    false
                }
            };
            if !intact {
                // The kernel shortens what it finds in them to what it filled, and the next datagram may need more.
                headers = self::headers();
            }
        }
    }

    /// Sends to other targets, where these are other ones.
    fn follow_targets(&mut self) {
        let generation = self.shared.generation();
        if generation == self.generation {
            return;
        }
        self.generation = generation;
        let forwarders = self.shared.targets().into_iter().map(Forwarder::new);
        match forwarders.collect() {
            Ok(forwarders) => self.forwarders = forwarders,
            Err(error) => tracing::error!(%error, "datagrams are sent on as before"),
        }
    }

    fn failed(&self, error: Errno) {
        self.listener.totals.errors.fetch_add(1, Relaxed);
        tracing::warn!(address = %self.listener.address, %error, "a socket failed");
        std::thread::sleep(REST);
    }

    /// Takes the datagrams of a system call.
    fn take(&mut self, datagrams: MultiResults<'_, SockaddrStorage>, batch: &mut Batch) -> Seen {
        self.follow_targets();
        let mut taken = Vec::new();
        let mut tally = Tally::default();
        let mut seen = Seen { newest: 0, intact: true };
        let mut admission = self.shared.admission();
        let arrived = Instant::now();
        for datagram in datagrams {
            tally.receive(datagram.bytes);
            let time = kernel_time(&datagram);
            seen.intact &= time.is_some();
            let time = time.unwrap_or_else(now);
            seen.newest = seen.newest.max(time);
            let source = datagram.address.as_ref().and_then(source);
            let bytes = datagram.iovs().next().unwrap_or_default();
            let Some(source) = source else {
                // Nothing that comes by these sockets lacks it.
                tally.refuse(Refusal::NotAllowed, 1);
                continue;
            };
            let arrival =
                Arrival { listener: self.listener.number, protocol: self.listener.protocol, source };
            if let Err(refusal) = admission.judge(arrival, bytes, arrived) {
                tally.refuse_of(refusal, source.ip());
                continue;
            }
            let record = Record {
                time,
                source,
                listener: self.listener.number,
                transport: Transport::Udp,
                connection: 0,
                content: Content::Datagram(bytes),
            };
            if batch.push(&record).is_err() {
                tally.refuse(Refusal::Queue, 1);
            }
            if !self.forwarders.is_empty() {
                taken.push((source, bytes));
            }
        }
        drop(admission);
        self.shared.append(batch, &mut tally);
        self.listener.totals.add(&tally);
        for forwarder in &mut self.forwarders {
            taken.iter().for_each(|(source, bytes)| forwarder.send(*source, bytes));
        }
        seen
    }
}

/// What was seen of the datagrams of a system call.
struct Seen {
    /// The time of the newest.
    newest: u64,
    /// Whether all had their times.
    intact: bool,
}

fn headers() -> MultiHeaders<SockaddrStorage> {
    MultiHeaders::preallocate(AT_ONCE, Some(cmsg_space!(TimeSpec)))
}

/// When the kernel received a datagram, in nanoseconds since 1970.
fn kernel_time(datagram: &RecvMsg<'_, '_, SockaddrStorage>) -> Option<u64> {
    datagram.cmsgs().ok()?.find_map(|message| match message {
        ControlMessageOwned::ScmTimestampns(time) => {
            let seconds = u64::try_from(time.tv_sec()).ok()?;
            seconds.checked_mul(1_000_000_000)?.checked_add(u64::try_from(time.tv_nsec()).ok()?)
        }
        _ => None,
    })
}

/// The source of a datagram. An IPv4 address that came to an IPv6 socket is an IPv4 one.
fn source(address: &SockaddrStorage) -> Option<SocketAddr> {
    if let Some(address) = address.as_sockaddr_in() {
        return Some(SocketAddr::from((address.ip(), address.port())));
    }
    let address = SocketAddrV6::from(*address.as_sockaddr_in6()?);
    Some(SocketAddr::new(address.ip().to_canonical(), address.port()))
}
