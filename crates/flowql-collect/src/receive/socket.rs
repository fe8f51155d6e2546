//! The sockets of a listener.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use nix::sys::socket::{setsockopt, sockopt};
use socket2::{Domain, Protocol, Socket, Type};

use super::Error;
use crate::ListenTransport;

/// How long a system call waits, so that a stop is seen.
pub(crate) const WAIT: Duration = Duration::from_millis(100);

/// The sockets of a listener, all at the same address.
#[derive(Debug)]
pub(crate) struct Sockets {
    /// The address, with the port that was given where none was asked for.
    pub(crate) address: SocketAddr,
    pub(crate) sockets: Vec<Socket>,
    /// The receive buffer of each, in bytes; 0 for TCP.
    pub(crate) buffer: usize,
}

/// Binds UDP sockets that share an address, after it was found that nobody else has it.
pub(crate) fn udp(address: SocketAddr, workers: usize, buffer: usize) -> Result<Sockets, Error> {
    with_fallback(address, |address| {
        // A plain bind fails where another process has the address, even if that one would share it.
        let probe = new(address, Type::DGRAM, Protocol::UDP)?;
        probe.bind(&address.into())?;
        let address = bound(&probe, address)?;
        drop(probe);
        let sockets = (0..workers).map(|_| udp_socket(address, buffer)).collect::<io::Result<Vec<_>>>()?;
        let got = sockets.first().map_or(Ok(0), Socket::recv_buffer_size)?;
        // The kernel doubles what it was asked for, and says so.
        Ok(Sockets { address, sockets, buffer: got / 2 })
    })
}

/// Takes over sockets that the service manager bound, which stay open there when this process ends.
pub(crate) fn inherited(
    address: SocketAddr,
    sockets: Vec<Socket>,
    transport: ListenTransport,
    buffer: usize,
) -> Result<Sockets, Error> {
    let prepare = || -> io::Result<Sockets> {
        let first = sockets.first().map_or(Ok(address), |socket| bound(socket, address))?;
        let mut got = 0;
        for socket in &sockets {
            // The service manager may have asked for more than this process may.
            if transport == ListenTransport::Udp {
                if socket.recv_buffer_size()? / 2 < buffer {
                    widen(socket, buffer)?;
                }
                setsockopt(socket, sockopt::ReceiveTimestampns, &true)?;
                got = socket.recv_buffer_size()? / 2;
            }
            socket.set_nonblocking(false)?;
            socket.set_read_timeout(Some(WAIT))?;
        }
        Ok(Sockets { address: first, sockets: Vec::new(), buffer: got })
    };
    let prepared = prepare().map_err(|source| Error::Bind { address, source })?;
    Ok(Sockets { sockets, ..prepared })
}

/// Listens for TCP connections.
pub(crate) fn tcp(address: SocketAddr) -> Result<Sockets, Error> {
    with_fallback(address, |address| {
        let socket = new(address, Type::STREAM, Protocol::TCP)?;
        // For an address whose connections ended a moment ago.
        socket.set_reuse_address(true)?;
        socket.bind(&address.into())?;
        socket.listen(128)?;
        socket.set_read_timeout(Some(WAIT))?;
        Ok(Sockets { address: bound(&socket, address)?, sockets: vec![socket], buffer: 0 })
    })
}

fn udp_socket(address: SocketAddr, buffer: usize) -> io::Result<Socket> {
    let socket = new(address, Type::DGRAM, Protocol::UDP)?;
    socket.set_reuse_port(true)?;
    widen(&socket, buffer)?;
    // Before it is bound, so that no datagram is without its time.
    setsockopt(&socket, sockopt::ReceiveTimestampns, &true)?;
    socket.set_read_timeout(Some(WAIT))?;
    socket.bind(&address.into())?;
    Ok(socket)
}

/// Asks for a receive buffer. With the privilege there is no limit; without it there is.
fn widen(socket: &Socket, buffer: usize) -> io::Result<()> {
    match setsockopt(socket, sockopt::RcvBufForce, &buffer) {
        Ok(()) => Ok(()),
        Err(_) => socket.set_recv_buffer_size(buffer),
    }
}

fn new(address: SocketAddr, kind: Type, protocol: Protocol) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
    if address.is_ipv6() {
        // `[::]` takes IPv4 too, whatever the system's default.
        socket.set_only_v6(false)?;
    }
    Ok(socket)
}

/// The address of a bound socket.
fn bound(socket: &Socket, asked: SocketAddr) -> io::Result<SocketAddr> {
    Ok(socket.local_addr()?.as_socket().unwrap_or(asked))
}

/// Binds to an address, and for `[::]` where there is no IPv6 to `0.0.0.0`.
fn with_fallback<T>(address: SocketAddr, bind: impl Fn(SocketAddr) -> io::Result<T>) -> Result<T, Error> {
    let first = bind(address);
    let (address, outcome) = match first {
        Err(error) if address.ip() == IpAddr::V6(Ipv6Addr::UNSPECIFIED) && lacks_ipv6(&error) => {
            let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), address.port());
            (address, bind(address))
        }
        outcome => (address, outcome),
    };
    outcome.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => Error::InUse { address },
        _ => Error::Bind { address, source },
    })
}

fn lacks_ipv6(error: &io::Error) -> bool {
    use nix::errno::Errno;
    let missing = [Errno::EAFNOSUPPORT, Errno::EADDRNOTAVAIL].map(|errno| errno as i32);
    error.raw_os_error().is_some_and(|code| missing.contains(&code))
}

/// The number by which `/proc/self/net/udp` knows a socket.
pub(crate) fn inode(socket: &Socket) -> io::Result<u64> {
    Ok(std::fs::metadata(format!("/proc/self/fd/{}", socket.as_raw_fd()))?.ino())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn any() -> SocketAddr {
        "127.0.0.1:0".parse().unwrap()
    }

    #[test]
    fn sockets_share_an_address() {
        let sockets = udp(any(), 3, 65_536).unwrap();
        assert_eq!(sockets.sockets.len(), 3);
        for socket in &sockets.sockets {
            assert_eq!(socket.local_addr().unwrap().as_socket(), Some(sockets.address));
        }
        assert_eq!(sockets.buffer, 65_536);
    }

    #[test]
    fn a_second_collector_is_refused() {
        let first = udp(any(), 1, 65_536).unwrap();
        let error = udp(first.address, 1, 65_536).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "cannot listen at {}: another process does, and it would get a part of what arrives",
                first.address
            )
        );
        let listening = tcp(any()).unwrap();
        assert!(matches!(tcp(listening.address), Err(Error::InUse { .. })));
    }

    #[test]
    fn an_address_that_is_not_of_this_machine_is_an_error() {
        let error = udp("192.0.2.1:0".parse().unwrap(), 1, 65_536).unwrap_err().to_string();
        assert_eq!(error, "cannot listen at 192.0.2.1:0: Cannot assign requested address (os error 99)");
    }

    #[test]
    fn without_ipv6_any_address_is_an_ipv4_one() {
        let bind = |address: SocketAddr| {
            if address.is_ipv6() { Err(io::Error::from_raw_os_error(97)) } else { Ok(address) }
        };
        let tried = |address: &str| with_fallback(address.parse().unwrap(), bind);
        assert_eq!(tried("[::]:2055").unwrap(), "0.0.0.0:2055".parse().unwrap());
        assert!(matches!(tried("[::1]:2055"), Err(Error::Bind { .. })));
        let other = |_| Err::<(), _>(io::Error::from_raw_os_error(13));
        let error = with_fallback("[::]:1".parse().unwrap(), other).unwrap_err();
        assert_eq!(error.to_string(), "cannot listen at [::]:1: Permission denied (os error 13)");
    }
}
