//! The bodies of the fuzz targets that take bytes as they come from the network or from a disk, with their seeds.

use std::collections::BTreeSet;
use std::time::Duration;

use flowql_decode::capture::{Reader, Step};
use flowql_decode::frame::{self, Link, TunnelMode, Tunnels};
use flowql_decode::{
    Columns, Datagram, Decoder, ExporterSettings, Field, Fields, Kind, Limits, Settings, Source, TotalsAre,
    Transport,
};

use crate::fuzz::{self, Target};
pub use crate::fuzz_bmp::bmp_messages;

/// Every target.
pub const TARGETS: &[Target] = &[
    ("decode_datagrams", decode_datagrams),
    ("decode_state", decode_state),
    ("decode_capture", decode_capture),
    ("decode_frame", decode_frame),
    ("bmp_messages", bmp_messages),
];

/// When the first datagram is received, in nanoseconds since 1970.
const NOW: u64 = 1_700_000_000_000_000_000;
const MILLISECOND: u64 = 1_000_000;

/// Limits that short inputs reach.
fn limits() -> Limits {
    Limits {
        exporters: 3,
        sessions: 3,
        templates: 4,
        fields: 40,
        facts: 6,
        rows: 200,
        waiting_bytes: 2_000,
        waiting: Duration::from_secs(10),
        sampler: Duration::from_secs(3),
        template_life: Duration::from_secs(20),
        idle: Duration::from_secs(8),
        connections: 3,
        ended: Duration::from_secs(5),
        totals: 3,
        texts: 9,
    }
}

fn decoder() -> Decoder {
    let others = ExporterSettings { totals: TotalsAre::Cumulative, ..ExporterSettings::default() };
    Decoder::new(Settings { others, ..Settings::default() }, limits(), Fields::all())
}

/// A decoder that gets what is in the input: for each datagram a byte that says from whom and after how long, two for its
/// length, and its bytes.
struct Run<'d> {
    decoder: Decoder,
    columns: Columns,
    queue: Vec<(u64, Source, &'d [u8])>,
    now: u64,
}

impl<'d> Run<'d> {
    fn new(decoder: Decoder) -> Self {
        Self { decoder, columns: Columns::new(Fields::all()), queue: Vec::new(), now: NOW }
    }

    /// Takes the next datagram of the input; what is left.
    fn step(&mut self, data: &'d [u8]) -> &'d [u8] {
        let Some((&[head, high, low], rest)) = data.split_first_chunk() else { return &[] };
        let length = usize::from(u16::from_be_bytes([high, low])).min(rest.len());
        let (bytes, rest) = rest.split_at(length);
        let transport = if head & 8 == 0 { Transport::Udp } else { Transport::Connection(1) };
        let address = ([192, 0, 2, head >> 1 & 3], u16::from(head & 1)).into();
        let source = Source { address, listener: 0, transport };
        self.now += MILLISECOND << (head >> 4);
        if bytes.is_empty() {
            self.decoder.close(source);
        }
        let position = self.queue.len() as u64;
        self.queue.push((self.now, source, bytes));
        let datagram = Datagram { received: self.now, source, position, bytes };
        self.decoder.decode(&datagram, &mut self.columns, &mut ());
        self.resume();
        rest
    }

    fn resume(&mut self) {
        for ticket in self.decoder.ready() {
            let place = usize::try_from(ticket.position).unwrap_or(usize::MAX);
            let Some(&(received, source, bytes)) = self.queue.get(place) else {
                self.decoder.lose(ticket);
                continue;
            };
            let datagram = Datagram { received, source, position: ticket.position, bytes };
            self.decoder.resume(&datagram, ticket, &mut self.columns, &mut ());
        }
    }

    fn all(&mut self, mut data: &'d [u8]) {
        while !data.is_empty() {
            data = self.step(data);
        }
    }

    /// Ends all waiting.
    fn finish(&mut self) {
        self.decoder.finish();
        self.resume();
        assert_eq!(self.decoder.waiting(), 0);
    }

    /// Columns have as many values as there are rows, and lists end within their items.
    fn check_columns(&mut self) {
        self.columns.settle();
        let rows = self.columns.rows();
        for &field in Field::ALL {
            let fixed = self.columns.fixed(field);
            if field.kind() == Kind::Numbers {
                let ends = self.columns.list(field).ends;
                assert!(ends.is_empty() || ends.len() == rows, "{field:?}");
                assert!(ends.is_sorted(), "{field:?}");
                assert_eq!(ends.last().map_or(0, |&end| end as usize * 4), fixed.len(), "{field:?}");
            } else {
                assert!(fixed.is_empty() || fixed.len() == rows * field.width(), "{field:?}");
            }
        }
    }
}

/// Every set and every record is counted once.
fn check_sums(decoder: &Decoder) {
    let counters = decoder.counters();
    let sets = counters.template_sets + counters.option_sets + counters.data_sets;
    let sets = sets + counters.expired_sets + counters.malformed_sets + decoder.waiting() as u64;
    assert_eq!(counters.sets, sets, "{counters:?}");
    assert_eq!(counters.records + counters.second_rows, counters.rows + counters.dropped(), "{counters:?}");
}

/// Datagrams of any protocol: the counters add up, the columns fit together, limits hold, and a decoder that takes over the
/// state in the middle does the same.
pub fn decode_datagrams(data: &[u8]) {
    let mut run = Run::new(decoder());
    let mut rest = data;
    while rest.len() > data.len() / 2 {
        rest = run.step(rest);
        check_sums(&run.decoder);
    }
    let mut restored = decoder();
    restored.restore(&run.decoder.save()).expect("its own state is taken");
    let mut other =
        Run { decoder: restored, columns: run.columns.clone(), queue: run.queue.clone(), now: run.now };
    for run in [&mut run, &mut other] {
        run.all(rest);
        run.finish();
        check_sums(&run.decoder);
        run.check_columns();
    }
    assert_eq!(run.decoder.save(), other.decoder.save());
    assert_eq!(run.columns.rows(), other.columns.rows());
    let sessions: Vec<_> = run.decoder.sessions().collect();
    assert!(sessions.iter().all(|session| session.templates <= 4));
    // Every byte can make a row and the one the other way, and what waited once more.
    assert!(run.columns.rows() <= 4 * data.len(), "{} rows of {} bytes", run.columns.rows(), data.len());
}

/// A saved state, of which half is the state and half are datagrams after it: an error, or a state that is saved the same.
pub fn decode_state(data: &[u8]) {
    let mut decoder = decoder();
    let states = [data, data.split_at(data.len() / 2).0];
    for state in states {
        if decoder.restore(state).is_ok() {
            let saved = decoder.save();
            let mut other = self::decoder();
            other.restore(&saved).expect("its own state is taken");
            assert_eq!(other.save(), saved);
        } else {
            assert_eq!(decoder.save(), self::decoder().save());
        }
    }
    let mut run = Run::new(decoder);
    run.all(data.split_at(data.len() / 2).1);
    run.finish();
    run.check_columns();
}

/// A capture file: every step goes forward, and its packets lie in the file.
pub fn decode_capture(data: &[u8]) {
    let mut reader = Reader::default();
    let (mut rest, mut payload, mut idle) = (data, 0, 0);
    loop {
        let used = match reader.step(rest) {
            Ok(Step::Used(length)) => length,
            Ok(Step::Packet(length, packet)) => {
                payload += packet.payload.len();
                length
            }
            Ok(Step::More) | Err(_) => break,
        };
        // That it is pcapng is known before its first block is read.
        idle += usize::from(used == 0);
        assert!(idle < 2, "a step that takes nothing");
        rest = &rest[used..];
    }
    assert!(payload <= data.len(), "{payload} bytes of packets in {} bytes", data.len());
}

/// The header of a packet, with any link, tunnels read both ways.
pub fn decode_frame(data: &[u8]) {
    let Some((&head, header)) = data.split_first() else { return };
    let link = [Link::Ethernet, Link::Ip, Link::Mpls][usize::from(head % 3)];
    for mode in [TunnelMode::Outer, TunnelMode::Inner] {
        let tunnels = Tunnels { mode, ..Tunnels::default() };
        let frame = frame::decode(header, u64::from(head) * 16, link, &tunnels);
        assert_eq!(
            format!("{frame:?}"),
            format!("{:?}", frame::decode(header, u64::from(head) * 16, link, &tunnels))
        );
    }
}

/// The bytes that a target starts from: those that were found with it, and what follows from the sequences of datagrams
/// `tests/corpus/fuzz/decode_datagrams.jsonl`.
///
/// # Errors
///
/// A file that cannot be read, or a line that is no hexadecimal text.
pub fn seeds(target: &str) -> Result<Vec<Vec<u8>>, String> {
    let sequences = found("decode_datagrams")?;
    let mut seeds: BTreeSet<Vec<u8>> = found(target)?.into_iter().collect();
    for sequence in sequences {
        match target {
            "decode_state" => {
                let mut run = Run::new(decoder());
                run.all(&sequence);
                seeds.insert([run.decoder.save(), sequence].concat());
            }
            // Those of its own are enough.
            "bmp_messages" => {}
            "decode_capture" => drop(seeds.insert(capture(&sequence))),
            "decode_frame" => {
                seeds.extend(datagrams(&sequence).map(|bytes| [vec![0], packet(bytes)].concat()))
            }
            _ => drop(seeds.insert(sequence)),
        }
    }
    Ok(seeds.into_iter().collect())
}

/// What the fuzzer found with a target.
fn found(target: &str) -> Result<Vec<Vec<u8>>, String> {
    let bytes = |text: &String| {
        let digits = text.as_bytes().chunks(2).map(|digits| {
            let digits = std::str::from_utf8(digits).map_err(|error| error.to_string())?;
            u8::from_str_radix(digits, 16).map_err(|error| format!("{target}: `{digits}`: {error}"))
        });
        digits.collect()
    };
    fuzz::found(target)?.iter().map(bytes).collect()
}

/// The datagrams of a sequence.
fn datagrams(sequence: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = sequence;
    std::iter::from_fn(move || {
        let (&[_, high, low], after) = rest.split_first_chunk()?;
        let (bytes, after) = after.split_at_checked(u16::from_be_bytes([high, low]).into())?;
        rest = after;
        Some(bytes)
    })
}

/// A packet of Ethernet, IPv4 and UDP.
fn packet(bytes: &[u8]) -> Vec<u8> {
    let length = |more: usize| u16::try_from(bytes.len() + more).unwrap_or(u16::MAX).to_be_bytes();
    let ethernet = [&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2][..], &[8, 0]].concat();
    let ip = [&[0x45, 0][..], &length(28), &[0, 1, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2]].concat();
    let udp = [&[8, 7, 18, 131][..], &length(8), &[0, 0]].concat();
    [&ethernet, &ip, &udp, bytes].concat()
}

/// A capture file of a sequence.
fn capture(sequence: &[u8]) -> Vec<u8> {
    let mut file = [0xa1b2_c3d4_u32, 0x0002_0004, 0, 0, 65_535, 1].map(u32::to_be_bytes).concat();
    for packet in datagrams(sequence).map(packet) {
        let length = u32::try_from(packet.len()).unwrap_or(u32::MAX);
        file.extend([1_700_000_000, 0, length, length].map(u32::to_be_bytes).concat());
        file.extend(packet);
    }
    file
}
