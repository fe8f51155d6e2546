//! Sends datagrams on to other collectors, as they were received.
//!
//! Where the process may, a datagram leaves with the address and port that it came from, so that the other collector
//! tells exporters apart as it did before. Where it may not, it leaves from this machine.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU64};

use ipnet::IpNet;
use socket2::{Domain, Protocol, Socket, Type};

use super::Error;
use crate::ForwardSection;

/// The most sources that a thread keeps a socket for. Beyond it all are closed, and made again when they are needed.
const SOURCES: usize = 256;

/// Another collector, for all threads.
#[derive(Debug)]
pub(crate) struct Target {
    to: SocketAddr,
    /// The sources whose datagrams are sent on; all where there are none.
    exporters: Vec<IpNet>,
    sent: AtomicU64,
    failed: AtomicU64,
    source_lost: AtomicBool,
}

/// What there is to know of another collector that datagrams are sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForwardStatus {
    /// Its address.
    pub to: SocketAddr,
    /// The datagrams that were sent to it.
    pub sent: u64,
    /// Those that could not be sent.
    pub failed: u64,
    /// Whether some left with an address of this machine instead of their source's.
    pub source_lost: bool,
}

impl Target {
    pub(crate) fn new(section: &ForwardSection) -> Result<Self, Error> {
        let to = section.to.parse().map_err(|_| Error::Address(section.to.clone()))?;
        Ok(Self {
            to,
            exporters: section.networks(),
            sent: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            source_lost: AtomicBool::new(false),
        })
    }

    pub(crate) fn status(&self) -> ForwardStatus {
        ForwardStatus {
            to: self.to,
            sent: self.sent.load(Relaxed),
            failed: self.failed.load(Relaxed),
            source_lost: self.source_lost.load(Relaxed),
        }
    }

    fn takes(&self, source: SocketAddr) -> bool {
        self.exporters.is_empty() || self.exporters.iter().any(|network| network.contains(&source.ip()))
    }
}

/// The sockets of a thread, for one target.
#[derive(Debug)]
pub(crate) struct Forwarder {
    target: Arc<Target>,
    /// A socket of this machine.
    plain: Socket,
    /// Those with the addresses of sources; `None` for a source whose address cannot be taken.
    kept: HashMap<SocketAddr, Option<Socket>>,
}

impl Forwarder {
    pub(crate) fn new(target: Arc<Target>) -> Result<Self, Error> {
        let any = match target.to {
            SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
            SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
        };
        let bind = || {
            let plain = new(any)?;
            plain.bind(&any.into())?;
            Ok(plain)
        };
        let plain = bind().map_err(|source| Error::Bind { address: any, source })?;
        Ok(Self { target, plain, kept: HashMap::new() })
    }

    /// Sends a datagram on, without waiting.
    pub(crate) fn send(&mut self, source: SocketAddr, datagram: &[u8]) {
        if !self.target.takes(source) {
            return;
        }
        if self.kept.len() >= SOURCES && !self.kept.contains_key(&source) {
            self.kept.clear();
        }
        let to = self.target.to;
        let kept = self.kept.entry(source).or_insert_with(|| {
            let kept = transparent(source, to);
            if let Err(error) = &kept
                && !self.target.source_lost.swap(true, Relaxed)
            {
                tracing::warn!(%source, %to, %error, "forwarded without the source's address");
            }
            kept.ok()
        });
        let socket = kept.as_ref().unwrap_or(&self.plain);
        match socket.send_to(datagram, &to.into()) {
            Ok(_) => self.target.sent.fetch_add(1, Relaxed),
            Err(_) => self.target.failed.fetch_add(1, Relaxed),
        };
    }
}

/// A socket with the address of a source, which another machine has.
fn transparent(source: SocketAddr, to: SocketAddr) -> io::Result<Socket> {
    if source.is_ipv4() != to.is_ipv4() {
        return Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "the other collector is of another address family",
        ));
    }
    let socket = new(source)?;
    match source {
        SocketAddr::V4(_) => socket.set_ip_transparent_v4(true)?,
        SocketAddr::V6(_) => socket.set_ip_transparent_v6(true)?,
    }
    // Another thread, or the socket for another target, may have the same source.
    socket.set_reuse_address(true)?;
    socket.bind(&source.into())?;
    Ok(socket)
}

fn new(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}
