//! How records are written: a header with a checksum, then the bytes of the datagram.
//!
//! | bytes | what |
//! |---|---|
//! | 2 | the mark F1 0D |
//! | 1 | the kind: 1 a datagram, 2 a closed connection, 3 the end of a segment |
//! | 1 | the transport |
//! | 4 | the length of what follows the header |
//! | 8 | the time, in nanoseconds since 1970 |
//! | 8 | the connection |
//! | 2 | the listener |
//! | 2 | the source port |
//! | 16 | the source address, IPv4 as a mapped one |
//! | 4 | the CRC-32 of the 44 bytes before and of what follows, started with the seed of the journal |
//!
//! Numbers are little-endian. The seed comes from the random id of the journal, so that what looks like a frame within a
//! datagram, by chance or by intent, is not taken for one when a damaged place is skipped.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crc32fast::Hasher;

use crate::{Content, LONGEST, Record, Transport};

/// The bytes of a frame before the datagram.
pub(crate) const HEADER: usize = CHECKED + 4;
/// The bytes of the header that the checksum covers.
const CHECKED: usize = 44;
/// The longest frame.
pub(crate) const LONGEST_FRAME: usize = HEADER + LONGEST;
/// The frame that ends a segment.
pub(crate) const END_FRAME: usize = HEADER + 8;

/// The first bytes of a frame.
pub(crate) const MARK: [u8; 2] = [0xf1, 0x0d];
const DATAGRAM: u8 = 1;
const CLOSED: u8 = 2;
const END: u8 = 3;

/// What a frame has.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame<'a> {
    /// A record.
    Record(Record<'a>),
    /// The segment ends here, on purpose.
    End {
        /// When it was closed, in nanoseconds since 1970.
        time: u64,
        /// The records in it.
        records: u64,
    },
}

/// Whether a frame begins somewhere.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Check {
    /// It does, and takes so many bytes.
    Good(usize),
    /// It may: more bytes have to tell.
    Incomplete,
    /// It does not.
    Bad,
}

/// Appends a record.
pub(crate) fn push_record(bytes: &mut Vec<u8>, seed: u32, record: &Record<'_>) {
    let (kind, payload) = match record.content {
        Content::Datagram(payload) => (DATAGRAM, payload),
        Content::Closed => (CLOSED, [].as_slice()),
    };
    push(bytes, seed, kind, record, payload);
}

/// Appends the end of a segment.
pub(crate) fn push_end(bytes: &mut Vec<u8>, seed: u32, time: u64, records: u64) {
    let record = Record {
        time,
        source: SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0),
        listener: 0,
        transport: Transport::Udp,
        connection: 0,
        content: Content::Closed,
    };
    push(bytes, seed, END, &record, &records.to_le_bytes());
}

fn push(bytes: &mut Vec<u8>, seed: u32, kind: u8, record: &Record<'_>, payload: &[u8]) {
    let address = match record.source.ip() {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    };
    // `Batch::push` refuses what is longer.
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    let start = bytes.len();
    bytes.reserve(HEADER + payload.len());
    bytes.extend_from_slice(&MARK);
    bytes.extend_from_slice(&[kind, record.transport.number()]);
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&record.time.to_le_bytes());
    bytes.extend_from_slice(&record.connection.to_le_bytes());
    bytes.extend_from_slice(&record.listener.to_le_bytes());
    bytes.extend_from_slice(&record.source.port().to_le_bytes());
    bytes.extend_from_slice(&address.octets());
    let sum = checksum(seed, bytes.get(start..).unwrap_or_default(), payload);
    bytes.extend_from_slice(&sum.to_le_bytes());
    bytes.extend_from_slice(payload);
}

fn checksum(seed: u32, header: &[u8], payload: &[u8]) -> u32 {
    let mut hasher = Hasher::new_with_initial(seed);
    hasher.update(header);
    hasher.update(payload);
    hasher.finalize()
}

/// Says whether a frame begins at the first of the bytes.
pub(crate) fn check(bytes: &[u8], seed: u32) -> Check {
    if !bytes.iter().zip(MARK).all(|(found, mark)| *found == mark) {
        return Check::Bad;
    }
    let Some((header, rest)) = bytes.split_first_chunk::<HEADER>() else { return Check::Incomplete };
    let Some((length, sum)) = length_and_sum(header) else { return Check::Bad };
    if length > LONGEST {
        return Check::Bad;
    }
    let Some(payload) = rest.get(..length) else { return Check::Incomplete };
    let checked = header.first_chunk::<CHECKED>().map_or([].as_slice(), |checked| checked);
    let whole = HEADER + length;
    let good =
        checksum(seed, checked, payload) == sum && decode(bytes.get(..whole).unwrap_or_default()).is_some();
    if good { Check::Good(whole) } else { Check::Bad }
}

fn length_and_sum(header: &[u8; HEADER]) -> Option<(usize, u32)> {
    let length = u32::from_le_bytes(*header.get(4..)?.first_chunk()?);
    let sum = u32::from_le_bytes(*header.last_chunk()?);
    Some((usize::try_from(length).ok()?, sum))
}

/// What a frame has, which was checked before; `None` where it has what no version writes.
pub(crate) fn decode(frame: &[u8]) -> Option<Frame<'_>> {
    let mut rest = frame.strip_prefix(&MARK)?;
    let [kind, transport] = take(&mut rest)?;
    let _length: [u8; 4] = take(&mut rest)?;
    let time = u64::from_le_bytes(take(&mut rest)?);
    let connection = u64::from_le_bytes(take(&mut rest)?);
    let listener = u16::from_le_bytes(take(&mut rest)?);
    let port = u16::from_le_bytes(take(&mut rest)?);
    let address = Ipv6Addr::from(take::<16>(&mut rest)?).to_canonical();
    let _sum: [u8; 4] = take(&mut rest)?;
    let content = match kind {
        DATAGRAM => Content::Datagram(rest),
        CLOSED => Content::Closed,
        END => return Some(Frame::End { time, records: u64::from_le_bytes(take(&mut rest)?) }),
        _ => return None,
    };
    let transport = Transport::numbered(transport)?;
    let source = SocketAddr::new(address, port);
    Some(Frame::Record(Record { time, source, listener, transport, connection, content }))
}

/// The next bytes.
pub(crate) fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(content: Content<'_>) -> Record<'_> {
        let source = "[2001:db8::1]:9995".parse().unwrap();
        Record {
            time: u64::MAX,
            source,
            listener: 7,
            transport: Transport::Tls,
            connection: 1 << 40,
            content,
        }
    }

    fn framed(record: &Record<'_>) -> Vec<u8> {
        let mut bytes = Vec::new();
        push_record(&mut bytes, 1, record);
        bytes
    }

    #[test]
    fn a_frame_gives_back_what_it_was_made_of() {
        let payload = [0xab; LONGEST];
        for content in [Content::Datagram(&payload), Content::Datagram(&[]), Content::Closed] {
            let bytes = framed(&record(content));
            assert_eq!(check(&bytes, 1), Check::Good(bytes.len()));
            assert_eq!(decode(&bytes), Some(Frame::Record(record(content))));
        }
        let mut bytes = Vec::new();
        push_end(&mut bytes, 1, 5, 6);
        assert_eq!((check(&bytes, 1), bytes.len()), (Check::Good(END_FRAME), END_FRAME));
        assert_eq!(decode(&bytes), Some(Frame::End { time: 5, records: 6 }));
    }

    #[test]
    fn a_mapped_address_comes_back_as_an_ipv4_one() {
        let source = "[::ffff:192.0.2.1]:1".parse().unwrap();
        let bytes = framed(&Record { source, ..record(Content::Closed) });
        let Some(Frame::Record(read)) = decode(&bytes) else { panic!("not a record") };
        assert_eq!(read.source, "192.0.2.1:1".parse().unwrap());
    }

    #[test]
    fn each_changed_bit_is_found() {
        let bytes = framed(&record(Content::Datagram(b"payload")));
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(!matches!(check(&changed, 1), Check::Good(_)), "bit {bit}");
        }
        assert_eq!(check(&bytes, 2), Check::Bad, "another journal's");
    }

    #[test]
    fn each_cut_frame_is_incomplete() {
        let bytes = framed(&record(Content::Datagram(b"payload")));
        for length in 0..bytes.len() {
            assert_eq!(check(&bytes[..length], 1), Check::Incomplete, "{length} bytes");
        }
    }

    #[test]
    fn a_checked_frame_of_no_known_kind_is_bad() {
        let mut bytes = Vec::new();
        push(&mut bytes, 1, 9, &record(Content::Closed), &[]);
        assert_eq!(check(&bytes, 1), Check::Bad);
    }
}
