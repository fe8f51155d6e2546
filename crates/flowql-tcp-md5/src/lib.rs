//! TCP MD5 (RFC 2385), by which routers know their peers: segments without the signature by the key are dropped.
//!
//! ```no_run
//! # fn main() -> std::io::Result<()> {
//! let listener = std::net::TcpListener::bind("0.0.0.0:10179")?;
//! flowql_tcp_md5::set_key(&listener, "192.0.2.1".parse().unwrap(), "a secret")?;
//! # Ok(())
//! # }
//! ```
//!
//! The option of sockets has no safe wrapper in `std`, `socket2` or `nix`. `nix` offers a macro for options that it does
//! not know; the unsafe call is the macro's, and what makes it sound is that the kernel reads as many bytes as the type
//! has: `Md5Key` has the layout of the kernel's `tcp_md5sig`, all of it initialised.

use std::io;
use std::net::IpAddr;
use std::os::fd::AsFd;

/// The longest key, in bytes.
pub const LONGEST_KEY: usize = 80;

/// Sets the key for connections with an address, on the socket that makes or takes them. On a socket of IPv6 an address of
/// IPv4 is given as a mapped one.
///
/// # Errors
///
/// That the key is empty or too long, or that the system has no TCP MD5.
pub fn set_key(socket: &impl AsFd, peer: IpAddr, key: &str) -> io::Result<()> {
    if key.is_empty() || key.len() > LONGEST_KEY {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "a password has 1 to 80 bytes"));
    }
    system::set(socket, peer, key)
}

#[cfg(target_os = "linux")]
mod system {
    use std::io;
    use std::net::IpAddr;
    use std::os::fd::AsFd;

    use nix::libc;
    use nix::sys::socket::SetSockOpt as _;
    use nix::sys::socket::sockopt::SetStruct;

    use super::LONGEST_KEY;

    /// `struct tcp_md5sig` of Linux.
    #[derive(Clone)]
    #[repr(C, align(8))]
    pub(super) struct Md5Key {
        /// A `sockaddr_storage`.
        address: [u8; 128],
        flags: u8,
        prefix_length: u8,
        key_length: u16,
        interface: i32,
        key: [u8; LONGEST_KEY],
    }

    #[derive(Clone)]
    struct Md5Signature;

    nix::setsockopt_impl!(Md5Signature, libc::IPPROTO_TCP, libc::TCP_MD5SIG, Md5Key, SetStruct<'_, Md5Key>);

    pub(super) fn set(socket: &impl AsFd, peer: IpAddr, key: &str) -> io::Result<()> {
        let mut address = [0; 128];
        // The family, the port of two bytes, and for IPv6 four bytes of flow information before the address.
        let (family, offset, octets) = match peer {
            IpAddr::V4(peer) => (libc::AF_INET, 4, peer.octets().to_vec()),
            IpAddr::V6(peer) => (libc::AF_INET6, 8, peer.octets().to_vec()),
        };
        copy(&mut address, 0, &u16::try_from(family).unwrap_or_default().to_ne_bytes());
        copy(&mut address, offset, &octets);
        let mut padded = [0; LONGEST_KEY];
        copy(&mut padded, 0, key.as_bytes());
        let option = Md5Key {
            address,
            flags: 0,
            prefix_length: 0,
            key_length: u16::try_from(key.len()).unwrap_or_default(),
            interface: 0,
            key: padded,
        };
        Md5Signature.set(socket, &option).map_err(io::Error::from)
    }

    fn copy(to: &mut [u8], offset: usize, from: &[u8]) {
        for (place, byte) in to.iter_mut().skip(offset).zip(from) {
            *place = *byte;
        }
    }

    #[cfg(test)]
    mod tests {
        use std::net::TcpListener;
        use std::time::Duration;

        use socket2::{Domain, Socket, Type};

        use super::Md5Key;

        #[test]
        fn the_layout_is_that_of_the_kernel() {
            assert_eq!(size_of::<Md5Key>(), 216);
            assert_eq!(std::mem::offset_of!(Md5Key, key_length), 130);
            assert_eq!(std::mem::offset_of!(Md5Key, key), 136);
        }

        #[test]
        fn connections_need_the_key() {
            for address in ["127.0.0.1:0", "[::1]:0"] {
                let listener = TcpListener::bind(address).unwrap();
                let to = listener.local_addr().unwrap();
                crate::set_key(&listener, to.ip(), "right").unwrap();
                let connect = |key: &str| {
                    let socket = Socket::new(Domain::for_address(to), Type::STREAM, None).unwrap();
                    if !key.is_empty() {
                        crate::set_key(&socket, to.ip(), key).unwrap();
                    }
                    socket.connect_timeout(&to.into(), Duration::from_millis(300))
                };
                connect("right").unwrap();
                // Segments without the key, or with another, are as if they had never come.
                for key in ["", "wrong"] {
                    assert_eq!(connect(key).unwrap_err().kind(), std::io::ErrorKind::TimedOut, "{key}");
                }
            }
            assert!(
                crate::set_key(&TcpListener::bind("127.0.0.1:0").unwrap(), [127, 0, 0, 1].into(), "")
                    .is_err()
            );
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::io;
    use std::net::IpAddr;
    use std::os::fd::AsFd;

    pub(super) fn set(_: &impl AsFd, _: IpAddr, _: &str) -> io::Result<()> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "TCP MD5 needs Linux"))
    }
}
