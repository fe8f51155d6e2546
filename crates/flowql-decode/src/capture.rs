//! Captures of datagrams: pcap and pcapng, as tcpdump and Wireshark write them.
//!
//! A file is read piece by piece: the caller gives what it has, and is told what was used and what was found. Link types
//! are Ethernet, Linux cooked (v1, v2), loopback and raw IP, with VLAN tags; fragments of IPv4 and IPv6 are put together.
//!
//! ```
//! use flowql_decode::capture::{Reader, Step};
//!
//! let mut reader = Reader::default();
//! assert!(matches!(reader.step(b"not a capture"), Err(_)));
//! assert_eq!(reader.step(b""), Ok(Step::More));
//! ```

mod fragments;
mod packet;

use fragments::Fragments;
pub use packet::Packet;
use packet::{LinkType, datagram};

/// Why a file cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaptureError {
    /// It begins with no known number.
    Unknown,
    /// A record or block has a length that is not possible.
    Length,
}

impl CaptureError {
    /// The error in words.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Unknown => "not a pcap or pcapng file",
            Self::Length => "a record has an impossible length",
        }
    }
}

/// What was found at the beginning of the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// More bytes are needed.
    More,
    /// So many bytes were used.
    Used(usize),
    /// So many bytes were used, and held a UDP datagram, or the last of its fragments.
    Packet(usize, Packet),
}

/// What was met in a capture apart from datagrams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CaptureCounters {
    /// Packets that are not UDP, or cut, or of another link type.
    pub skipped: u64,
    /// Fragments that wait for others of their datagram, or never met them.
    pub fragments: u64,
}

/// Reads a capture.
#[derive(Debug, Default)]
pub struct Reader {
    format: Option<Format>,
    /// Of pcapng, those of the current section.
    interfaces: Vec<Interface>,
    fragments: Fragments,
    counters: CaptureCounters,
}

#[derive(Clone, Copy, Debug)]
enum Format {
    Pcap { little: bool, interface: Interface },
    PcapNg { little: bool },
}

#[derive(Clone, Copy, Debug)]
struct Interface {
    link: u32,
    /// How many units of time a second has.
    units: u64,
}

/// The largest record or block: Wireshark takes no larger packet.
const LARGEST: usize = 1 << 24;
/// The most interfaces of a section.
const INTERFACES: usize = 1 << 12;
const NANOSECONDS: u64 = 1_000_000_000;

/// A number of four bytes at a place.
fn number(bytes: &[u8], place: usize, little: bool) -> Option<u32> {
    let number = bytes.get(place..)?.first_chunk()?;
    Some(if little { u32::from_le_bytes(*number) } else { u32::from_be_bytes(*number) })
}

fn short(bytes: &[u8], place: usize, little: bool) -> Option<u16> {
    let number = bytes.get(place..)?.first_chunk()?;
    Some(if little { u16::from_le_bytes(*number) } else { u16::from_be_bytes(*number) })
}

impl Reader {
    /// Reads one record or block from the beginning of what is left of the file.
    ///
    /// # Errors
    ///
    /// The file is not a capture, or damaged.
    pub fn step(&mut self, bytes: &[u8]) -> Result<Step, CaptureError> {
        match self.format {
            None => self.begin(bytes),
            Some(Format::Pcap { little, interface }) => self.pcap(bytes, little, interface),
            Some(Format::PcapNg { little }) => self.block(bytes, little),
        }
    }

    /// What was met so far apart from datagrams.
    pub fn counters(&self) -> CaptureCounters {
        let CaptureCounters { skipped, .. } = self.counters;
        CaptureCounters { skipped, fragments: self.fragments.lost() }
    }

    fn begin(&mut self, bytes: &[u8]) -> Result<Step, CaptureError> {
        const HEADER: usize = 24;
        const MICROSECONDS: u64 = 1_000_000;
        let Some(magic) = number(bytes, 0, false) else { return Ok(Step::More) };
        let (little, units) = match magic {
            0xA1B2_C3D4 => (false, MICROSECONDS),
            0xD4C3_B2A1 => (true, MICROSECONDS),
            0xA1B2_3C4D => (false, NANOSECONDS),
            0x4D3C_B2A1 => (true, NANOSECONDS),
            0x0A0D_0D0A => {
                self.format = Some(Format::PcapNg { little: true });
                return Ok(Step::Used(0));
            }
            _ => return Err(CaptureError::Unknown),
        };
        let Some(link) = number(bytes, HEADER - 4, little) else { return Ok(Step::More) };
        self.format = Some(Format::Pcap { little, interface: Interface { link: link & 0xFFFF, units } });
        Ok(Step::Used(HEADER))
    }

    fn pcap(&mut self, bytes: &[u8], little: bool, interface: Interface) -> Result<Step, CaptureError> {
        const HEADER: usize = 16;
        let Some(length) = number(bytes, 8, little) else { return Ok(Step::More) };
        let end = length_of(length)? + HEADER;
        let Some(packet) = bytes.get(HEADER..end) else { return Ok(Step::More) };
        let seconds = u64::from(number(bytes, 0, little).unwrap_or_default());
        let fraction = u64::from(number(bytes, 4, little).unwrap_or_default());
        let time = seconds * NANOSECONDS + fraction * (NANOSECONDS / interface.units);
        Ok(self.packet(end, packet, interface.link, time))
    }

    /// A block of pcapng (draft-ietf-opsawg-pcapng).
    fn block(&mut self, bytes: &[u8], little: bool) -> Result<Step, CaptureError> {
        const SECTION: u32 = 0x0A0D_0D0A;
        let Some(kind) = number(bytes, 0, little) else { return Ok(Step::More) };
        // The order of the bytes is said within the block of a section.
        let little = match (kind, number(bytes, 8, false)) {
            (SECTION, None) => return Ok(Step::More),
            (SECTION, Some(0x1A2B_3C4D)) => false,
            (SECTION, Some(0x4D3C_2B1A)) => true,
            (SECTION, _) => return Err(CaptureError::Unknown),
            _ => little,
        };
        let Some(length) = number(bytes, 4, little) else { return Ok(Step::More) };
        let end = length_of(length)?;
        let body = end.checked_sub(12).ok_or(CaptureError::Length)?;
        let Some(body) = bytes.get(8..8 + body) else { return Ok(Step::More) };
        if bytes.len() < end {
            return Ok(Step::More);
        }
        match kind {
            SECTION => {
                self.format = Some(Format::PcapNg { little });
                self.interfaces.clear();
            }
            1 => self.interface(body, little),
            3 => {
                let interface = self.interfaces.first().copied();
                let packet = body.get(4..).unwrap_or_default();
                return Ok(self.packet(
                    end,
                    packet,
                    interface.map_or(u32::MAX, |interface| interface.link),
                    0,
                ));
            }
            6 => return Ok(self.enhanced(end, body, little)),
            _ => {}
        }
        Ok(Step::Used(end))
    }

    /// A description of an interface; of its options only the resolution of times (9) matters.
    fn interface(&mut self, body: &[u8], little: bool) {
        let link = u32::from(short(body, 0, little).unwrap_or_default());
        let mut units = 1_000_000;
        let mut rest = body.get(8..).unwrap_or_default();
        while let (Some(code), Some(length)) = (short(rest, 0, little), short(rest, 2, little)) {
            if let (9, Some(&resolution)) = (code, rest.get(4)) {
                let exponent = u32::from(resolution & 0x7F);
                let base: u64 = if resolution & 0x80 == 0 { 10 } else { 2 };
                units = base.checked_pow(exponent).unwrap_or(units);
            }
            rest = rest.get(4 + usize::from(length).next_multiple_of(4)..).unwrap_or_default();
        }
        if self.interfaces.len() < INTERFACES {
            self.interfaces.push(Interface { link, units });
        }
    }

    fn enhanced(&mut self, end: usize, body: &[u8], little: bool) -> Step {
        let field = |place| number(body, place, little).unwrap_or_default();
        let interface = usize::try_from(field(0)).ok().and_then(|place| self.interfaces.get(place).copied());
        let Some(interface) = interface else {
            self.counters.skipped += 1;
            return Step::Used(end);
        };
        let ticks = u128::from(field(4)) << 32 | u128::from(field(8));
        let time = ticks * u128::from(NANOSECONDS) / u128::from(interface.units.max(1));
        let length = usize::try_from(field(12)).unwrap_or_default();
        let packet = body.get(20..).and_then(|rest| rest.get(..length)).unwrap_or_default();
        self.packet(end, packet, interface.link, u64::try_from(time).unwrap_or(u64::MAX))
    }

    fn packet(&mut self, end: usize, bytes: &[u8], link: u32, time: u64) -> Step {
        let found = LinkType::of(link).and_then(|link| datagram(bytes, link, time, &mut self.fragments));
        match found {
            Some(packet::Found::Packet(packet)) => Step::Packet(end, packet),
            Some(packet::Found::Fragment) => Step::Used(end),
            None => {
                self.counters.skipped += 1;
                Step::Used(end)
            }
        }
    }
}

fn length_of(length: u32) -> Result<usize, CaptureError> {
    usize::try_from(length).ok().filter(|&length| length <= LARGEST).ok_or(CaptureError::Length)
}

#[cfg(test)]
mod tests;
