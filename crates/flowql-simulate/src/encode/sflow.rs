//! sFlow v5: samples of packets with what switch, router and BGP know of them, and counters of interfaces.

use super::packet::{self, ETHERNET, SNAP, length};
use super::{Flow, Header, v4};

/// A datagram that is being written. It is whole once [`Datagram::end`] was called.
#[derive(Debug)]
pub struct Datagram<'o> {
    out: &'o mut Vec<u8>,
    start: usize,
    header: Header,
    samples: u32,
}

/// The counters of an interface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters<'n> {
    /// The interface.
    pub index: u32,
    /// Its name; none is sent where it is empty.
    pub name: &'n str,
    /// Its speed, in bits a second.
    pub speed: u64,
    /// The bytes that came in since the agent started.
    pub in_octets: u64,
    /// The packets that came in.
    pub in_packets: u32,
    /// The bytes that went out.
    pub out_octets: u64,
    /// The packets that went out.
    pub out_packets: u32,
}

/// The numbers of a sample that grow with each one of its source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sequence {
    /// How many samples there were before.
    pub number: u32,
    /// How many packets could have been sampled.
    pub pool: u32,
}

/// The VLANs of the sampled packets: an edge router sees none.
const NO_VLAN: u32 = 0;
/// Which tag of a record is of Ethernet.
const ETHERNET_PROTOCOL: u32 = 1;
/// The type of an interface, ethernetCsmacd (RFC 2863).
const ETHERNET_TYPE: u32 = 6;
const FRAME_CHECK: u32 = 4;
/// The bytes of a frame around a packet: its header and its check sum.
pub const FRAME: u64 = ETHERNET as u64 + FRAME_CHECK as u64;
const IPV4: u32 = 1;
const IPV6: u32 = 2;
const AS_SEQUENCE: u32 = 2;
/// What is not counted, as the specification says it.
const UNCOUNTED: u32 = u32::MAX;

impl<'o> Datagram<'o> {
    /// Begins a datagram.
    pub fn new(out: &'o mut Vec<u8>, header: &Header) -> Self {
        let start = out.len();
        words(out, &[5, IPV4]);
        out.extend(header.agent);
        words(out, &[header.domain, header.sequence, header.uptime(header.time), 0]);
        Self { out, start, header: *header, samples: 0 }
    }

    /// The bytes so far.
    pub fn length(&self) -> usize {
        self.out.len() - self.start
    }

    /// Adds a sample of one packet of a flow, whose length is the mean of the flow's.
    pub fn flow(&mut self, sequence: Sequence, flow: &Flow<'_>) {
        let rate = self.header.sampling;
        self.sample(1, |out| {
            words(out, &[sequence.number, flow.input, rate, sequence.pool, 0, flow.input]);
            // The upper two bits say that it was discarded, the others why.
            let output = if flow.forwarding_status < 128 { flow.output } else { 1 << 30 | FILTERED };
            let records = if flow.path.is_empty() { 3 } else { 4 };
            words(out, &[output, records]);
            header(out, flow);
            record(out, 1001, |out| words(out, &[NO_VLAN, 0, NO_VLAN, 0]));
            record(out, 1002, |out| {
                address(out, flow);
                words(out, &[flow.source_mask.into(), flow.destination_mask.into()]);
            });
            if !flow.path.is_empty() {
                record(out, 1003, |out| gateway(out, flow));
            }
        });
    }

    /// Adds the counters of an interface.
    pub fn counters(&mut self, number: u32, counters: &Counters<'_>) {
        self.sample(2, |out| {
            let records = if counters.name.is_empty() { 1 } else { 2 };
            words(out, &[number, counters.index, records]);
            record(out, 1, |out| generic(out, counters));
            if !counters.name.is_empty() {
                record(out, 1005, |out| opaque(out, counters.name.as_bytes()));
            }
        });
    }

    fn sample(&mut self, format: u32, write: impl FnOnce(&mut Vec<u8>)) {
        self.samples += 1;
        record(self.out, format, write);
    }

    /// Ends the datagram: its header says how many samples it has. How many.
    pub fn end(self) -> u32 {
        if let Some(count) = self.out.get_mut(self.start + 24..self.start + 28) {
            count.copy_from_slice(&self.samples.to_be_bytes());
        }
        self.samples
    }
}

/// The bytes that a sample of the flow takes in a datagram, at most.
pub fn size(flow: &Flow<'_>) -> usize {
    const FIXED: usize = 40 + 24 + SNAP + 24 + 36 + 64;
    FIXED + 4 * (flow.path.len() + flow.communities.len())
}

/// The length at layer 3 of the packet that a sample has, which is what it counts for.
pub fn sampled_length(flow: &Flow<'_>) -> u64 {
    length(flow).into()
}

/// Why a packet was discarded, as a code of ICMP's "destination unreachable": administratively prohibited, by a filter.
const FILTERED: u32 = 10;

fn words(out: &mut Vec<u8>, words: &[u32]) {
    words.iter().for_each(|word| out.extend(word.to_be_bytes()));
}

/// Appends a format, the length of what is written, and that.
fn record(out: &mut Vec<u8>, format: u32, write: impl FnOnce(&mut Vec<u8>)) {
    words(out, &[format, 0]);
    let start = out.len();
    write(out);
    let length = (out.len() - start) as u32;
    if let Some(place) = out.get_mut(start - 4..start) {
        place.copy_from_slice(&length.to_be_bytes());
    }
}

/// Appends bytes with their length before them, filled up to four.
fn opaque(out: &mut Vec<u8>, bytes: &[u8]) {
    words(out, &[bytes.len() as u32]);
    out.extend(bytes);
    out.extend(std::iter::repeat_n(0, bytes.len().next_multiple_of(4) - bytes.len()));
}

/// The first bytes of the packet.
fn header(out: &mut Vec<u8>, flow: &Flow<'_>) {
    record(out, 1, |out| {
        let frame = u32::from(length(flow)) + ETHERNET as u32 + FRAME_CHECK;
        words(out, &[ETHERNET_PROTOCOL, frame, FRAME_CHECK, 0]);
        let start = out.len();
        let bytes = packet::header(out, flow);
        if let Some(place) = out.get_mut(start - 4..start) {
            place.copy_from_slice(&(bytes as u32).to_be_bytes());
        }
        out.extend(std::iter::repeat_n(0, bytes.next_multiple_of(4) - bytes));
    });
}

/// The next hop.
fn address(out: &mut Vec<u8>, flow: &Flow<'_>) {
    if flow.is_v4 {
        words(out, &[IPV4]);
        out.extend(v4(flow.next_hop));
    } else {
        words(out, &[IPV6]);
        out.extend(flow.next_hop);
    }
}

/// What BGP knows of the destination. The numbers of the source are those of the flow.
fn gateway(out: &mut Vec<u8>, flow: &Flow<'_>) {
    address(out, flow);
    words(out, &[flow.source_as, flow.source_as, 0]);
    words(out, &[1, AS_SEQUENCE, flow.path.len() as u32]);
    words(out, flow.path);
    words(out, &[flow.communities.len() as u32]);
    words(out, flow.communities);
    const LOCAL_PREFERENCE: u32 = 100;
    words(out, &[LOCAL_PREFERENCE]);
}

/// The counters that every interface has.
fn generic(out: &mut Vec<u8>, counters: &Counters<'_>) {
    const FULL_DUPLEX: u32 = 1;
    const ENABLED_AND_UP: u32 = 3;
    let wide = |out: &mut Vec<u8>, number: u64| out.extend(number.to_be_bytes());
    words(out, &[counters.index, ETHERNET_TYPE]);
    wide(out, counters.speed);
    words(out, &[FULL_DUPLEX, ENABLED_AND_UP]);
    wide(out, counters.in_octets);
    words(out, &[counters.in_packets, UNCOUNTED, UNCOUNTED, 0, 0, UNCOUNTED]);
    wide(out, counters.out_octets);
    words(out, &[counters.out_packets, UNCOUNTED, UNCOUNTED, 0, 0, 0]);
}
