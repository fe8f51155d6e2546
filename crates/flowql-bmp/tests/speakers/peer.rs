//! A peer of BGP (RFC 4271) that announces what a test wants.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ipnet::IpNet;
use socket2::{Domain, Socket, Type};

use super::LONG;
use super::support::{attribute, attributes, bgp, reach};

const OPEN: u8 = 1;
const UPDATE: u8 = 2;
const NOTIFICATION: u8 = 3;
const KEEPALIVE: u8 = 4;

/// A session. It keeps itself alive until it is dropped.
pub(crate) struct Peer {
    /// Each message is written whole, by one of the two threads at a time.
    stream: Arc<Mutex<TcpStream>>,
    has_paths: bool,
}

impl Peer {
    /// A session with a router: tried until the router is there.
    pub(crate) fn connect(from: Ipv4Addr, router: SocketAddr, asn: u16, has_paths: bool) -> Self {
        let end = Instant::now() + LONG;
        loop {
            match open(from, router, asn, has_paths) {
                Ok(stream) => return Self { stream, has_paths },
                Err(error) => assert!(Instant::now() < end, "no session with {router}: {error}"),
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Announces prefixes of one family, with a path and the next hop 198.51.100.`hop`.
    pub(crate) fn announce(&mut self, prefixes: &[IpNet], path: &[u32], hop: u8, identifier: u32) {
        for prefixes in prefixes.chunks(200) {
            let nlri = self.nlri(prefixes, identifier);
            let mut list = attributes(path, hop);
            list.extend(attribute(8, &[0xfb, 0xf5, 0, hop]));
            match prefixes.first() {
                Some(IpNet::V6(_)) => {
                    list.extend(reach([0, 2, 1], &next_hop6(hop).octets(), &nlri));
                    self.update(&[], &list, &[]);
                }
                _ => self.update(&[], &list, &nlri),
            }
        }
    }

    /// Withdraws prefixes of one family.
    pub(crate) fn withdraw(&mut self, prefixes: &[IpNet], identifier: u32) {
        for prefixes in prefixes.chunks(200) {
            let nlri = self.nlri(prefixes, identifier);
            match prefixes.first() {
                Some(IpNet::V6(_)) => {
                    self.update(&[], &attribute(15, &[&[0, 2, 1][..], &nlri].concat()), &[]);
                }
                _ => self.update(&nlri, &[], &[]),
            }
        }
    }

    /// Announces 203.0.113.0/24 in the VRF of a distinguisher.
    pub(crate) fn announce_vpn(&mut self, distinguisher: u64, path: &[u32], hop: u8) {
        let next_hop = [&[0; 8][..], &[198, 51, 100, hop]].concat();
        let prefix = [&[112][..], &[0, 0x01, 0x01], &distinguisher.to_be_bytes(), &[203, 0, 113]].concat();
        let mut list = attributes(path, hop);
        list.extend(reach([0, 1, 128], &next_hop, &prefix));
        // The route target of the same numbers.
        list.extend(attribute(16, &[&[0, 2][..], &distinguisher.to_be_bytes()[2..]].concat()));
        self.update(&[], &list, &[]);
    }

    fn nlri(&self, prefixes: &[IpNet], identifier: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        for prefix in prefixes {
            if self.has_paths && prefix.addr().is_ipv4() {
                bytes.extend(identifier.to_be_bytes());
            }
            bytes.push(prefix.prefix_len());
            let octets = match prefix.addr() {
                IpAddr::V4(address) => address.octets().to_vec(),
                IpAddr::V6(address) => address.octets().to_vec(),
            };
            bytes.extend(&octets[..usize::from(prefix.prefix_len().div_ceil(8))]);
        }
        bytes
    }

    fn update(&mut self, withdrawn: &[u8], list: &[u8], announced: &[u8]) {
        let mut body = (withdrawn.len() as u16).to_be_bytes().to_vec();
        body.extend(withdrawn);
        body.extend((list.len() as u16).to_be_bytes());
        body.extend(list);
        body.extend(announced);
        // A router that was killed in the middle takes nothing.
        let _ = self.stream.lock().unwrap().write_all(&bgp(UPDATE, &body));
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // Ceasing, so that the router does not wait for it to come back.
        let mut stream = self.stream.lock().unwrap();
        let _ = stream.write_all(&bgp(NOTIFICATION, &[6, 2]));
        let _ = stream.shutdown(std::net::Shutdown::Both);
    }
}

/// The next hop of IPv6 that goes with 198.51.100.`hop`.
fn next_hop6(hop: u8) -> Ipv6Addr {
    Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, u16::from(hop))
}

fn open(
    from: Ipv4Addr,
    router: SocketAddr,
    asn: u16,
    has_paths: bool,
) -> std::io::Result<Arc<Mutex<TcpStream>>> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from((from, 0)).into())?;
    socket.connect(&router.into())?;
    let mut stream = TcpStream::from(socket);
    stream.write_all(&opening(asn, has_paths))?;
    // The router's opening, whatever it can do, and that it takes ours.
    let mut seen = Vec::new();
    while !(seen.contains(&OPEN) && seen.contains(&KEEPALIVE)) {
        let kind = message(&mut stream)?;
        if kind == OPEN {
            stream.write_all(&bgp(KEEPALIVE, &[]))?;
        }
        seen.push(kind);
    }
    let mut reader = stream.try_clone()?;
    let stream = Arc::new(Mutex::new(stream));
    let writer = Arc::clone(&stream);
    // What the router says is not of interest, but it must be read, and answered now and then.
    std::thread::spawn(move || {
        while let Ok(kind) = message(&mut reader) {
            if kind == KEEPALIVE && writer.lock().unwrap().write_all(&bgp(KEEPALIVE, &[])).is_err() {
                return;
            }
        }
    });
    Ok(stream)
}

/// The kind of the next message; that of a refusal is an error.
fn message(stream: &mut TcpStream) -> std::io::Result<u8> {
    let mut header = [0; 19];
    stream.read_exact(&mut header)?;
    let mut body = vec![0; usize::from(u16::from_be_bytes([header[16], header[17]])) - 19];
    stream.read_exact(&mut body)?;
    if header[18] == NOTIFICATION {
        return Err(std::io::Error::other(format!("the router refuses: {body:?}")));
    }
    Ok(header[18])
}

/// IPv4 and IPv6, VPN routes of IPv4, AS numbers of four bytes and, where wanted, several paths for a prefix of IPv4.
fn opening(asn: u16, has_paths: bool) -> Vec<u8> {
    let mut capabilities = vec![1, 4, 0, 1, 0, 1, 1, 4, 0, 2, 0, 1, 1, 4, 0, 1, 0, 128, 65, 4];
    capabilities.extend(u32::from(asn).to_be_bytes());
    if has_paths {
        capabilities.extend([69, 4, 0, 1, 1, 2]);
    }
    let mut body = vec![4];
    body.extend(asn.to_be_bytes());
    body.extend([0, 90, 10, 0, (asn >> 8) as u8, asn as u8]);
    body.extend([capabilities.len() as u8 + 2, 2, capabilities.len() as u8]);
    body.extend(capabilities);
    bgp(OPEN, &body)
}
