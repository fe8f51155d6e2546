//! Datagrams as a capture file, of packets of IPv4 on Ethernet.

use std::io::{self, Write};
use std::net::SocketAddrV4;

use crate::encode::checksum;

/// Writes a capture file.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
    packet: Vec<u8>,
}

/// Both ends have MAC addresses of the range for documentation (RFC 7042).
const ETHERNET: [u8; 14] = [0, 0, 0x5E, 0, 0x53, 2, 0, 0, 0x5E, 0, 0x53, 1, 0x08, 0x00];

impl<W: Write> Writer<W> {
    /// Begins a file: the classic format, with times in nanoseconds.
    ///
    /// # Errors
    ///
    /// That it cannot be written.
    pub fn new(mut out: W) -> io::Result<Self> {
        const NANOSECONDS: u32 = 0xA1B2_3C4D;
        const SNAP: u32 = 65_535;
        const LINK_ETHERNET: u32 = 1;
        for word in [NANOSECONDS, 0x0004_0002, 0, 0, SNAP, LINK_ETHERNET] {
            out.write_all(&word.to_le_bytes())?;
        }
        Ok(Self { out, packet: Vec::new() })
    }

    /// Adds a datagram of UDP, sent at a time in nanoseconds since 1970.
    ///
    /// # Errors
    ///
    /// That it cannot be written.
    pub fn write(
        &mut self,
        time: u64,
        source: SocketAddrV4,
        destination: SocketAddrV4,
        payload: &[u8],
    ) -> io::Result<()> {
        const SECOND: u64 = 1_000_000_000;
        let packet = &mut self.packet;
        packet.clear();
        packet.extend(ETHERNET);
        let length = payload.len() as u16 + 28;
        packet.extend([0x45, 0]);
        packet.extend(length.to_be_bytes());
        packet.extend([0, 0, 0x40, 0, 64, 17, 0, 0]);
        packet.extend(source.ip().octets());
        packet.extend(destination.ip().octets());
        let sum = checksum(packet.get(ETHERNET.len()..).unwrap_or_default());
        if let Some(place) = packet.get_mut(ETHERNET.len() + 10..ETHERNET.len() + 12) {
            place.copy_from_slice(&sum.to_be_bytes());
        }
        packet.extend(source.port().to_be_bytes());
        packet.extend(destination.port().to_be_bytes());
        packet.extend((length - 20).to_be_bytes());
        // None, as IPv4 allows.
        packet.extend([0, 0]);
        packet.extend(payload);
        let size = packet.len() as u32;
        for word in [(time / SECOND) as u32, (time % SECOND) as u32, size, size] {
            self.out.write_all(&word.to_le_bytes())?;
        }
        self.out.write_all(packet)
    }

    /// Ends the file.
    ///
    /// # Errors
    ///
    /// That it cannot be written.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }
}

/// The port that an exporter sends from in its so many-th life, in a capture: of the range for such ports.
pub const fn port(exporter: u16, life: u32) -> u16 {
    49_152 + (exporter as u32 * 64 + life * 17) as u16 % 16_384
}
