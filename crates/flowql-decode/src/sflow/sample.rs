//! Samples of a datagram.

use super::Sink;
use super::interface::{self, Interface};
use super::reader::Reader;
use super::record::Packet;
use super::session::Session;
use crate::frame::Tunnels;
use crate::{Fields, Reason, Row};

const FLOW: u32 = 1;
const COUNTERS: u32 = 2;
const EXPANDED_FLOW: u32 = 3;
const EXPANDED_COUNTERS: u32 = 4;
const DISCARDED: u32 = 5;

/// The counters of an interface, as its agent has them since it began. What it does not count has all bits set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the interfaces group of SNMP (RFC 2863) says what each counts")]
pub struct InterfaceCounters {
    /// The address of the agent; IPv4 is mapped.
    pub agent: [u8; 16],
    pub index: u32,
    pub kind: u32,
    /// In bits a second.
    pub speed: u64,
    /// 0 unknown, 1 full duplex, 2 half duplex, 3 in, 4 out.
    pub direction: u32,
    /// Bit 0: enabled; bit 1: up.
    pub status: u32,
    pub in_octets: u64,
    pub in_unicast: u32,
    pub in_multicast: u32,
    pub in_broadcast: u32,
    pub in_discards: u32,
    pub in_errors: u32,
    pub in_unknown_protocols: u32,
    pub out_octets: u64,
    pub out_unicast: u32,
    pub out_multicast: u32,
    pub out_broadcast: u32,
    pub out_discards: u32,
    pub out_errors: u32,
}

/// What a sample says before its records.
struct Start {
    /// Its class and index.
    source: (u32, u32),
    sampling_rate: u32,
    drops: u32,
    input: u32,
    output: u32,
    forwarding_status: u32,
}

/// What reads the samples of a datagram.
pub(super) struct Samples<'s, S> {
    pub(super) agent: &'s [u8; 16],
    /// The number of the agent in the session, if it is followed.
    pub(super) agent_number: Option<usize>,
    pub(super) wanted: Fields,
    pub(super) row: &'s mut Row,
    pub(super) tunnels: &'s Tunnels,
    pub(super) session: &'s mut Session,
    pub(super) sink: &'s mut S,
}

impl<S: Sink> Samples<'_, S> {
    /// Counts a sample that cannot be read.
    pub(super) fn refuse(&mut self, reason: Reason) {
        self.session.tally.samples += 1;
        self.session.tally.malformed += 1;
        self.session.counters.refuse(reason);
    }

    /// Reads a sample.
    pub(super) fn read(&mut self, format: u32, mut sample: Reader<'_>) {
        let read = match format {
            FLOW => self.flow(format, sample, flow_start),
            EXPANDED_FLOW => self.flow(format, sample, expanded_start),
            DISCARDED => self.flow(format, sample, discarded_start),
            // The number of the sample, and its source.
            COUNTERS => sample.words::<2>().and_then(|_| self.counters(sample)),
            EXPANDED_COUNTERS => sample.words::<3>().and_then(|_| self.counters(sample)),
            _ => {
                self.session.tally.unknown += 1;
                Some(())
            }
        };
        match read {
            Some(()) => self.session.tally.samples += 1,
            None => self.refuse(Reason::Record),
        }
    }

    /// Reads the records of a sample of a packet, and gives its row away.
    fn flow(
        &mut self,
        format: u32,
        mut sample: Reader<'_>,
        start: impl Fn(&mut Reader<'_>) -> Option<Start>,
    ) -> Option<()> {
        let start = start(&mut sample)?;
        self.row.clear();
        let mut packet = Packet::default();
        for _ in 0..sample.u32()? {
            let (format, mut record) = sample.record()?;
            if packet.read(self.row, self.wanted, format, &mut record).is_none() {
                self.session.counters.refuse(Reason::Record);
            }
        }
        if let Some(agent) = self.agent_number {
            self.session.follow_source(
                (agent, format, start.source),
                start.drops,
                start.sampling_rate.into(),
            );
        }
        let tally = &mut self.session.tally;
        if !packet.fill(self.row, self.tunnels) {
            tally.empty += 1;
            return Some(());
        }
        match format {
            DISCARDED => tally.discards += 1,
            _ => tally.flows += 1,
        }
        self.row.exporter_address = *self.agent;
        self.row.sampling_rate = start.sampling_rate.into();
        self.row.packets = 1;
        self.row.in_if_index = start.input;
        self.row.out_if_index = start.output;
        self.row.forwarding_status = start.forwarding_status;
        self.sink.flow(self.row);
        Some(())
    }

    /// Reads the records of a sample of counters, of which those of interfaces are given away.
    fn counters(&mut self, mut sample: Reader<'_>) -> Option<()> {
        const GENERIC_INTERFACE: u32 = 1;
        for _ in 0..sample.u32()? {
            let (format, mut record) = sample.record()?;
            if format != GENERIC_INTERFACE {
                continue;
            }
            match interface_counters(*self.agent, &mut record) {
                Some(counters) => self.sink.counters(&counters),
                None => self.session.counters.refuse(Reason::Record),
            }
        }
        self.session.tally.counters += 1;
        Some(())
    }
}

/// Source and interfaces have their class and format in the top bits.
#[inline]
fn flow_start(reader: &mut Reader<'_>) -> Option<Start> {
    let [_sequence, source, sampling_rate, _pool, drops, input, output] = reader.words()?;
    let output = Interface::compact(output);
    Some(Start {
        source: compact_source(source),
        sampling_rate,
        drops,
        input: Interface::compact(input).index(),
        output: output.index(),
        forwarding_status: output.forwarding_status(),
    })
}

/// Source and interfaces are two numbers each.
#[inline]
fn expanded_start(reader: &mut Reader<'_>) -> Option<Start> {
    let [_sequence, class, source, sampling_rate, _pool, drops] = reader.words()?;
    let [input_format, input, output_format, output] = reader.words()?;
    let output = Interface::expanded(output_format, output);
    Some(Start {
        source: (class, source),
        sampling_rate,
        drops,
        input: Interface::expanded(input_format, input).index(),
        output: output.index(),
        forwarding_status: output.forwarding_status(),
    })
}

/// Every discarded packet is reported, but for those that are counted as drops.
fn discarded_start(reader: &mut Reader<'_>) -> Option<Start> {
    let [_sequence, class, source, drops, input, output, reason] = reader.words()?;
    Some(Start {
        source: (class, source),
        sampling_rate: 1,
        drops,
        input: Interface::expanded(0, input).index(),
        output: Interface::expanded(0, output).index(),
        forwarding_status: interface::discarded(reason),
    })
}

fn compact_source(word: u32) -> (u32, u32) {
    (word >> 24, word & 0x00ff_ffff)
}

fn interface_counters(agent: [u8; 16], reader: &mut Reader<'_>) -> Option<InterfaceCounters> {
    Some(InterfaceCounters {
        agent,
        index: reader.u32()?,
        kind: reader.u32()?,
        speed: reader.u64()?,
        direction: reader.u32()?,
        status: reader.u32()?,
        in_octets: reader.u64()?,
        in_unicast: reader.u32()?,
        in_multicast: reader.u32()?,
        in_broadcast: reader.u32()?,
        in_discards: reader.u32()?,
        in_errors: reader.u32()?,
        in_unknown_protocols: reader.u32()?,
        out_octets: reader.u64()?,
        out_unicast: reader.u32()?,
        out_multicast: reader.u32()?,
        out_broadcast: reader.u32()?,
        out_discards: reader.u32()?,
        out_errors: reader.u32()?,
    })
}
