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

/// How sources and interfaces are written.
#[derive(Clone, Copy)]
enum Form {
    /// A number of four bytes that has the class or the format in its top bits.
    Compact,
    /// Two numbers of four bytes.
    Expanded,
}

impl Form {
    /// The class and the index of a data source.
    fn source(self, reader: &mut Reader<'_>) -> Option<(u32, u32)> {
        let first = reader.u32()?;
        match self {
            Self::Compact => Some((first >> 24, first & 0x00ff_ffff)),
            Self::Expanded => Some((first, reader.u32()?)),
        }
    }

    fn interface(self, reader: &mut Reader<'_>) -> Option<Interface> {
        let first = reader.u32()?;
        match self {
            Self::Compact => Some(Interface::compact(first)),
            Self::Expanded => Some(Interface::expanded(first, reader.u32()?)),
        }
    }
}

/// What a sample says before its records.
struct Start {
    /// Its class and index.
    source: (u32, u32),
    sampling_rate: u32,
    drops: u32,
    input: Interface,
    output: Interface,
    forwarding_status: u32,
}

/// What reads the samples of a datagram.
pub(super) struct Samples<'s, S> {
    pub(super) agent: [u8; 16],
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
    pub(super) fn read(&mut self, format: u32, sample: Reader<'_>) {
        let read = match format {
            FLOW => self.flow(format, sample, |sample| flow_start(sample, Form::Compact)),
            EXPANDED_FLOW => self.flow(format, sample, |sample| flow_start(sample, Form::Expanded)),
            DISCARDED => self.flow(format, sample, discarded_start),
            COUNTERS => self.counters(sample, Form::Compact),
            EXPANDED_COUNTERS => self.counters(sample, Form::Expanded),
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
            self.session.drops((agent, format, start.source), start.drops);
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
        self.row.exporter_address = self.agent;
        self.row.sampling_rate = start.sampling_rate.into();
        self.row.packets = 1;
        self.row.in_if_index = start.input.index();
        self.row.out_if_index = start.output.index();
        self.row.forwarding_status = start.forwarding_status;
        self.sink.flow(self.row);
        Some(())
    }

    /// Reads the records of a sample of counters, of which those of interfaces are given away.
    fn counters(&mut self, mut sample: Reader<'_>, form: Form) -> Option<()> {
        const GENERIC_INTERFACE: u32 = 1;
        let _sequence = sample.u32()?;
        form.source(&mut sample)?;
        for _ in 0..sample.u32()? {
            let (format, mut record) = sample.record()?;
            if format != GENERIC_INTERFACE {
                continue;
            }
            match interface_counters(self.agent, &mut record) {
                Some(counters) => self.sink.counters(&counters),
                None => self.session.counters.refuse(Reason::Record),
            }
        }
        self.session.tally.counters += 1;
        Some(())
    }
}

fn flow_start(reader: &mut Reader<'_>, form: Form) -> Option<Start> {
    let _sequence = reader.u32()?;
    let source = form.source(reader)?;
    let sampling_rate = reader.u32()?;
    let _pool = reader.u32()?;
    let drops = reader.u32()?;
    let input = form.interface(reader)?;
    let output = form.interface(reader)?;
    Some(Start { source, sampling_rate, drops, input, output, forwarding_status: output.forwarding_status() })
}

/// Every discarded packet is reported, but for those that are counted as drops.
fn discarded_start(reader: &mut Reader<'_>) -> Option<Start> {
    let _sequence = reader.u32()?;
    let source = Form::Expanded.source(reader)?;
    let drops = reader.u32()?;
    let input = Interface::expanded(0, reader.u32()?);
    let output = Interface::expanded(0, reader.u32()?);
    let forwarding_status = interface::discarded(reader.u32()?);
    Some(Start { source, sampling_rate: 1, drops, input, output, forwarding_status })
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
