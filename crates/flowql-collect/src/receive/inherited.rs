//! Sockets that the service manager made and keeps, so that what arrives during a restart waits in the kernel:
//! `LISTEN_FDS` of [sd_listen_fds(3)](https://www.freedesktop.org/software/systemd/man/latest/sd_listen_fds.html).

use std::net::{Ipv4Addr, SocketAddr};

use listenfd::ListenFd;
use socket2::Socket;

use crate::ListenTransport;

/// The sockets that the process was started with, and that no listener has yet.
#[derive(Debug, Default)]
pub struct Inherited(Vec<Given>);

#[derive(Debug)]
struct Given {
    socket: Socket,
    address: SocketAddr,
    transport: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Datagrams,
    Connections,
}

impl Inherited {
    /// Takes the sockets from the environment, which no longer names them then. What is neither a UDP socket nor a TCP
    /// listener is left alone, with a warning in the log.
    #[must_use]
    pub fn from_env() -> Self {
        let mut given = ListenFd::from_env();
        let sockets = (0..given.len()).filter_map(|index| {
            let taken = take(&mut given, index);
            if taken.is_none() {
                tracing::warn!(
                    index,
                    "the service manager gave what is neither a UDP socket nor a TCP listener"
                );
            }
            taken
        });
        Self(sockets.collect())
    }

    /// The sockets for a listener. `[::]` and `0.0.0.0` serve each other, as `[::]` takes IPv4 too.
    pub(crate) fn take(&mut self, address: SocketAddr, transport: ListenTransport) -> Vec<Socket> {
        let kind = match transport {
            ListenTransport::Udp => Kind::Datagrams,
            ListenTransport::Tcp | ListenTransport::Tls => Kind::Connections,
        };
        let serves = |given: &mut Given| given.transport == kind && same(given.address, address);
        self.0.extract_if(.., serves).map(|given| given.socket).collect()
    }

    /// The addresses that no listener asked for.
    pub(crate) fn rest(&self) -> impl Iterator<Item = SocketAddr> {
        self.0.iter().map(|given| given.address)
    }
}

fn take(given: &mut ListenFd, index: usize) -> Option<Given> {
    let (socket, transport) = match given.take_udp_socket(index) {
        Ok(socket) => (Socket::from(socket?), Kind::Datagrams),
        Err(_) => (Socket::from(given.take_tcp_listener(index).ok()??), Kind::Connections),
    };
    let address = socket.local_addr().ok()?.as_socket()?;
    Some(Given { socket, address, transport })
}

fn same(given: SocketAddr, asked: SocketAddr) -> bool {
    let any = |address: SocketAddr| {
        let ip = address.ip().to_canonical();
        let ip = if ip.is_unspecified() { Ipv4Addr::UNSPECIFIED.into() } else { ip };
        (ip, address.port())
    };
    any(given) == any(asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(address: &str, transport: Kind) -> Given {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        Given { socket: socket.into(), address: address.parse().unwrap(), transport }
    }

    #[test]
    fn a_listener_gets_the_sockets_of_its_address_and_transport() {
        let mut inherited = Inherited(vec![
            given("[::]:2055", Kind::Datagrams),
            given("[::]:4739", Kind::Connections),
            given("[::]:2055", Kind::Datagrams),
            given("192.0.2.1:2055", Kind::Datagrams),
        ]);
        let mut count = |address: &str, transport| inherited.take(address.parse().unwrap(), transport).len();
        assert_eq!(count("[::]:4739", ListenTransport::Udp), 0);
        assert_eq!(count("0.0.0.0:2055", ListenTransport::Udp), 2);
        assert_eq!(count("0.0.0.0:2055", ListenTransport::Udp), 0, "nothing is given twice");
        assert_eq!(count("[::]:4739", ListenTransport::Tls), 1);
        assert_eq!(inherited.rest().collect::<Vec<_>>(), ["192.0.2.1:2055".parse().unwrap()]);
    }
}
