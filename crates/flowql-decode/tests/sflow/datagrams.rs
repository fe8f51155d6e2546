//! Builds sFlow datagrams.

#![allow(dead_code, reason = "each test uses those that it needs")]

/// The agent of the datagrams.
pub(crate) const AGENT: [u8; 4] = [192, 0, 2, 200];

/// Numbers of four bytes.
pub(crate) fn words(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}

/// Bytes with their length before them, and padding.
pub(crate) fn opaque(bytes: &[u8]) -> Vec<u8> {
    let padding = bytes.len().next_multiple_of(4) - bytes.len();
    [&words(&[bytes.len() as u32]), bytes, &vec![0; padding]].concat()
}

/// A record, or a sample.
pub(crate) fn record(format: u32, body: &[u8]) -> Vec<u8> {
    [words(&[format]), opaque(body)].concat()
}

/// A list of records, or of samples, with their count.
pub(crate) fn list(items: &[Vec<u8>]) -> Vec<u8> {
    [words(&[items.len() as u32]), items.concat()].concat()
}

/// An address with its kind.
pub(crate) fn address(bytes: &[u8]) -> Vec<u8> {
    [words(&[if bytes.len() == 4 { 1 } else { 2 }]), bytes.to_vec()].concat()
}

/// A datagram of an agent, sub-agent 3.
pub(crate) fn datagram_of(agent: &[u8], sequence: u32, samples: &[Vec<u8>]) -> Vec<u8> {
    [words(&[5]), address(agent), words(&[3, sequence, 60_000]), list(samples)].concat()
}

/// A datagram of the agent.
pub(crate) fn datagram(sequence: u32, samples: &[Vec<u8>]) -> Vec<u8> {
    datagram_of(&AGENT, sequence, samples)
}

/// A flow sample: source 7, one of 512, so many drops, both interfaces.
pub(crate) fn flow_with(drops: u32, interfaces: [u32; 2], records: &[Vec<u8>]) -> Vec<u8> {
    let start = words(&[9, 7, 512, 5120, drops, interfaces[0], interfaces[1]]);
    record(1, &[start, list(records)].concat())
}

/// A flow sample from interface 7 to interface 8.
pub(crate) fn flow(records: &[Vec<u8>]) -> Vec<u8> {
    flow_with(0, [7, 8], records)
}

/// An expanded flow sample: each interface a format and a value.
pub(crate) fn expanded_flow(interfaces: [[u32; 2]; 2], records: &[Vec<u8>]) -> Vec<u8> {
    let start = words(&[9, 0, 7, 512, 5120, 0]);
    record(3, &[start, words(interfaces.as_flattened()), list(records)].concat())
}

/// A sample of a discarded packet.
pub(crate) fn discard(drops: u32, interfaces: [u32; 2], reason: u32, records: &[Vec<u8>]) -> Vec<u8> {
    let start = words(&[9, 0, 7, drops, interfaces[0], interfaces[1], reason]);
    record(5, &[start, list(records)].concat())
}

/// A counter sample.
pub(crate) fn counters(records: &[Vec<u8>]) -> Vec<u8> {
    record(2, &[words(&[9, 7]), list(records)].concat())
}

/// An expanded counter sample.
pub(crate) fn expanded_counters(records: &[Vec<u8>]) -> Vec<u8> {
    record(4, &[words(&[9, 0, 7]), list(records)].concat())
}

/// The generic counters of an interface, counted up from the number.
pub(crate) fn interface(index: u32) -> Vec<u8> {
    let body =
        words(&[index, 6, 0, 100, 1, 3, 0, 1000, 11, 12, 13, 14, 15, 16, 1, 2000, 21, 22, 23, 24, 25, 0]);
    record(1, &body)
}

/// The first bytes of a packet, of a protocol, with the length of the frame and what was stripped of it.
pub(crate) fn header(protocol: u32, length: u32, stripped: u32, bytes: &[u8]) -> Vec<u8> {
    record(1, &[words(&[protocol, length, stripped]), opaque(bytes)].concat())
}

/// An Ethernet frame, whole, with its frame check sequence stripped.
pub(crate) fn ethernet_header(bytes: &[u8]) -> Vec<u8> {
    header(1, bytes.len() as u32 + 4, 4, bytes)
}
