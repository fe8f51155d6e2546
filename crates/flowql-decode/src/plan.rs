//! A template as a list of operations, each of which fills a column for all records of a set.

use std::collections::HashMap;

use flowql_schema::elements::{Counter, Part, REVERSE};

use crate::element::{Element, Records, Slot};
use crate::frame::Link;
use crate::mapping::{Change, Family, Icmp, Length, Meaning, Merge, Sampling, Unit};
use crate::nsel::NselPlan;
use crate::times::TimePlan;
use crate::totals::TotalsPlan;
use crate::{Field, Fields};

/// What is done for the records of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    /// A number in a column.
    Number(Field, Slot, Change, Keep),
    /// An address in a column; `true` where it says the family of the flow, in `EType`, too.
    Address(Field, Slot, Family, Keep, bool),
    /// The same number in every row.
    Constant(Field, u32),
    /// Bytes and packets after the device changed them, where a row has neither.
    PostCounters(Option<Slot>, Option<Slot>),
    /// Type and code by the protocol of each row.
    Icmp(IcmpPlan),
    /// The labels of an MPLS stack, from the top.
    Labels(Vec<Slot>),
    /// The first bytes of a packet, which fill what the record does not.
    Packet(PacketPlan),
    /// A route distinguisher as text.
    RouteDistinguisher(Slot),
    /// A text as it was sent.
    Text(Field, Slot),
    /// The name of an application, by its identifier.
    Application(Slot),
    /// The type and the number of a layer-2 segment.
    Segment(Slot),
    /// The name of the VRF of a number.
    VrfName(Field, Slot),
    /// The times of the flow.
    Times(TimePlan),
}

/// When an operation overwrites what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// Always: it is the first of its column.
    Nothing,
    /// What is not zero.
    Value,
    /// Unless the new value is zero.
    UnlessZero,
}

/// Where the types and codes of ICMP messages come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct IcmpPlan {
    pub(crate) both: Vec<Slot>,
    pub(crate) kind: Vec<Slot>,
    pub(crate) code: Vec<Slot>,
}

/// Where the first bytes of a packet lie, and what is said of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PacketPlan {
    pub(crate) bytes: Slot,
    pub(crate) link: Link,
    /// The length of the IP packet.
    pub(crate) ip_length: Option<Slot>,
    /// The length of the frame.
    pub(crate) frame_length: Option<Slot>,
    /// How many of the bytes count.
    pub(crate) section: Option<Slot>,
}

impl IcmpPlan {
    /// Whether the template says nothing of ICMP.
    pub(crate) const fn is_empty(&self) -> bool {
        self.both.is_empty() && self.kind.is_empty() && self.code.is_empty()
    }
}

/// Where a record says how it was sampled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SamplingPlan {
    /// Of elements 34 and 50: both may be there.
    pub(crate) interval: [Option<Slot>; 2],
    pub(crate) packet_interval: Option<Slot>,
    pub(crate) packet_space: Option<Slot>,
    pub(crate) size: Option<Slot>,
    pub(crate) population: Option<Slot>,
    pub(crate) probability: Option<Slot>,
    pub(crate) sampler: Option<Slot>,
    pub(crate) line_card: Option<Slot>,
}

impl SamplingPlan {
    /// Whether records say it themselves.
    pub(crate) const fn is_own(&self) -> bool {
        self.interval[0].is_some()
            || self.packet_interval.is_some()
            || self.population.is_some()
            || self.probability.is_some()
    }

    pub(crate) fn add(&mut self, sampling: Sampling, slot: Slot) {
        let place = match sampling {
            Sampling::Interval if self.interval[0].is_none() => &mut self.interval[0],
            Sampling::Interval => &mut self.interval[1],
            Sampling::PacketInterval => &mut self.packet_interval,
            Sampling::PacketSpace => &mut self.packet_space,
            Sampling::Size => &mut self.size,
            Sampling::Population => &mut self.population,
            Sampling::Probability => &mut self.probability,
            Sampling::Sampler => &mut self.sampler,
        };
        *place = Some(slot);
    }
}

/// A template for flows, compiled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// For the flow of each record.
    pub(crate) forward: Vec<Op>,
    /// For the flow the other way, of records that have counters of it.
    pub(crate) reverse: Option<Reverse>,
    pub(crate) sampling: SamplingPlan,
    /// Where records tell of a firewall's connections.
    pub(crate) nsel: Option<NselPlan>,
    /// Where the counters are those since the flow began.
    pub(crate) totals: Option<TotalsPlan>,
    /// Whether records tell of events and count nothing.
    events: bool,
}

/// The flow that goes the other way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reverse {
    pub(crate) ops: Vec<Op>,
    counters: Vec<Slot>,
}

impl Reverse {
    /// Whether a record has a flow the other way: its bytes or packets are not 0.
    pub(crate) fn exists(&self, record: Records<'_>) -> bool {
        self.counters.iter().any(|&slot| record.first(slot) != 0)
    }
}

/// The fields that a flow needs for others, whether they are wanted or not.
pub(crate) const NEEDED: [Field; 11] = [
    Field::SamplingRate,
    Field::Bytes,
    Field::Packets,
    Field::SrcAddr,
    Field::DstAddr,
    Field::SrcPort,
    Field::DstPort,
    Field::Proto,
    Field::EType,
    Field::InIfIndex,
    Field::OutIfIndex,
];

impl Plan {
    /// The plan of a template's fields, for what is needed of them.
    pub(crate) fn new(elements: &[(Element, Slot)], v9: bool, needs: &Needs) -> Self {
        let needed = needs.fields;
        let meanings = elements.iter().filter_map(|&(element, slot)| {
            Some((element.enterprise == REVERSE, needs.meaning(element, v9)?, slot))
        });
        let meanings: Vec<(bool, Meaning, Slot)> = meanings.collect();
        let forward = meanings.iter().filter(|(reverse, ..)| !reverse);
        let forward: Vec<(Meaning, Slot)> = forward.map(|&(_, meaning, slot)| (meaning, slot)).collect();
        let counters = CounterPlan::new(&meanings);
        let mut sampling = SamplingPlan::default();
        for &(meaning, slot) in &forward {
            if let Meaning::Sampling(found) = meaning {
                sampling.add(found, slot);
            }
        }
        let line_card = elements.iter().find(|(element, _)| (element.enterprise, element.id) == (0, 141));
        sampling.line_card = line_card.map(|&(_, slot)| slot);
        let totals = (counters.family == Some(Counter::Total)).then(|| TotalsPlan::new(elements));
        let nsel = NselPlan::new(elements).filter(|_| v9);
        let reverse = counters.reverse(&meanings, needed);
        let is_event = |meaning: &Meaning| {
            matches!(meaning, Meaning::Number(Field::NATEvent | Field::FirewallEvent, ..))
        };
        let counts = counters.forward();
        let events =
            counts.is_empty() && reverse.is_none() && forward.iter().any(|(meaning, _)| is_event(meaning));
        Self {
            forward: Compiler::compile(&forward, &counts, needed),
            reverse,
            sampling,
            nsel,
            totals,
            events,
        }
    }

    /// Whether records tell of events and count nothing.
    pub(crate) const fn is_event(&self) -> bool {
        self.events
    }
}

/// Which counters a flow takes.
#[derive(Debug, Default)]
struct CounterPlan {
    family: Option<Counter>,
    bytes: Option<Slot>,
    packets: Option<Slot>,
    post: (Option<Slot>, Option<Slot>),
    /// Of the flow the other way.
    back: (Option<Slot>, Option<Slot>),
}

impl CounterPlan {
    /// The family is the first of which the template has a counter: never are two of them added up, or mixed.
    fn new(meanings: &[(bool, Meaning, Slot)]) -> Self {
        let find = |back: bool, counter, unit| {
            let found = meanings.iter().find(|(reverse, meaning, _)| {
                *reverse == back && *meaning == Meaning::Counter(counter, unit)
            });
            found.map(|&(_, _, slot)| slot)
        };
        let pair = |back, counter| (find(back, counter, Unit::Bytes), find(back, counter, Unit::Packets));
        let is_there = |(bytes, packets): (Option<Slot>, Option<Slot>)| bytes.or(packets).is_some();
        let families = [Counter::Delta, Counter::Total, Counter::Initiator];
        let family = families.into_iter().find(|&family| is_there(pair(false, family)));
        let (bytes, packets) = family.map(|family| pair(false, family)).unwrap_or_default();
        let reverse = families.into_iter().map(|family| pair(true, family)).find(|&found| is_there(found));
        let back = match family {
            Some(Counter::Initiator) | None => {
                Some(pair(false, Counter::Responder)).filter(|&found| is_there(found)).or(reverse)
            }
            _ => reverse,
        };
        Self { family, bytes, packets, post: pair(false, Counter::Post), back: back.unwrap_or_default() }
    }

    fn forward(&self) -> Vec<Op> {
        let mut ops = Self::numbers(self.bytes, self.packets);
        if self.post.0.or(self.post.1).is_some() {
            ops.push(Op::PostCounters(self.post.0, self.post.1));
        }
        ops
    }

    fn numbers(bytes: Option<Slot>, packets: Option<Slot>) -> Vec<Op> {
        let ops = [(Field::Bytes, bytes), (Field::Packets, packets)];
        let ops = ops.into_iter().filter_map(|(field, slot)| {
            slot.map(|slot| Op::Number(field, slot, Change::None, Keep::Nothing))
        });
        ops.collect()
    }

    /// The flow the other way: the sides are swapped, and what only one way can have comes from reverse elements alone
    /// (RFC 5103).
    fn reverse(&self, meanings: &[(bool, Meaning, Slot)], needed: Fields) -> Option<Reverse> {
        let counters: Vec<Slot> = self.back.0.into_iter().chain(self.back.1).collect();
        if counters.is_empty() {
            return None;
        }
        let own = meanings.iter().filter(|(reverse, ..)| *reverse).map(|&(_, meaning, slot)| (meaning, slot));
        let shared = meanings.iter().filter(|(reverse, ..)| !reverse);
        let shared = shared.filter_map(|&(_, meaning, slot)| Some((swapped(meaning)?, slot)));
        let meanings: Vec<(Meaning, Slot)> = own.chain(shared).collect();
        let ops = Compiler::compile(&meanings, &Self::numbers(self.back.0, self.back.1), needed);
        Some(Reverse { ops, counters })
    }
}

/// What a field means for the flow the other way.
fn swapped(meaning: Meaning) -> Option<Meaning> {
    Some(match meaning {
        Meaning::Number(Field::TCPFlags | Field::ForwardingStatus, ..) => return None,
        Meaning::Address(Field::NextHop, _) | Meaning::Packet(_) | Meaning::Length(_) => return None,
        Meaning::Number(field, Change::Direction, merge) => {
            Meaning::Number(field, Change::OtherDirection, merge)
        }
        Meaning::Number(field, change, merge) => Meaning::Number(field.swapped(), change, merge),
        Meaning::Address(field, merge) => Meaning::Address(field.swapped(), merge),
        Meaning::Prefix(field) => Meaning::Prefix(field.swapped()),
        other => other,
    })
}

/// What plans are made for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Needs {
    pub(crate) fields: Fields,
    /// The columns of elements that the configuration says, by enterprise and number.
    pub(crate) elements: HashMap<(u32, u16), Field>,
}

impl Needs {
    /// What a field of a template means: first what the configuration says.
    pub(crate) fn meaning(&self, element: Element, v9: bool) -> Option<Meaning> {
        let configured = self.elements.get(&(element.enterprise, element.id)).copied();
        configured.and_then(Meaning::configured).or_else(|| Meaning::of(element, v9))
    }
}

/// Makes the operations of one direction.
struct Compiler {
    needed: Fields,
    written: Fields,
    ops: Vec<Op>,
}

impl Compiler {
    fn compile(meanings: &[(Meaning, Slot)], counters: &[Op], needed: Fields) -> Vec<Op> {
        let mut compiler = Self { needed, written: Fields::default(), ops: counters.to_vec() };
        compiler.addresses(meanings);
        compiler.numbers(meanings);
        compiler.rest(meanings);
        compiler.ops
    }

    /// The addresses of the flow, and its family.
    fn addresses(&mut self, meanings: &[(Meaning, Slot)]) {
        let ends = [Field::SrcAddr, Field::DstAddr].map(|end| {
            let addresses = meanings.iter().filter_map(|&(meaning, slot)| match meaning {
                Meaning::Address(field, _) if field == end => Some((field, Family::of(slot)?, slot)),
                _ => None,
            });
            let addresses: Vec<_> = addresses.collect();
            let prefixes = meanings.iter().filter_map(|&(meaning, slot)| match meaning {
                Meaning::Prefix(field) if field == end => Some((field, Family::of(slot)?, slot)),
                _ => None,
            });
            if addresses.is_empty() { prefixes.collect() } else { addresses }
        });
        let ends: Vec<(Field, Family, Slot)> = ends.concat();
        let Some(&(_, first, _)) = ends.first() else { return };
        let mixed = ends.iter().any(|&(_, family, _)| family != first);
        if !mixed {
            self.ops.push(Op::Constant(Field::EType, first.etype()));
        }
        self.written = self.written.with(Field::EType);
        for (field, family, slot) in ends {
            // An address of zeros stays only where there is no other: templates often have both families.
            let keep = if self.written.has(field) { Keep::UnlessZero } else { Keep::Nothing };
            self.written = self.written.with(field);
            self.ops.push(Op::Address(field, slot, family, keep, mixed));
        }
    }

    /// Numbers and the other addresses, those that serve only where others are zero after them.
    fn numbers(&mut self, meanings: &[(Meaning, Slot)]) {
        let has_addresses = self.written.has(Field::EType);
        for rank in 0..=2 {
            for &(meaning, slot) in meanings {
                match meaning {
                    Meaning::Number(Field::EType, ..) if has_addresses => {}
                    Meaning::Number(field, change, merge) if merge.rank() == rank => {
                        if let Some(keep) = self.keep(field, merge) {
                            self.ops.push(Op::Number(field, slot, change, keep));
                        }
                    }
                    Meaning::Address(Field::SrcAddr | Field::DstAddr, ..) => {}
                    Meaning::Address(field, merge) if merge.rank() == rank => {
                        if let Some(family) = Family::of(slot)
                            && let Some(keep) = self.keep(field, merge)
                        {
                            // No address at all is all zeros, not the mapped 0.0.0.0.
                            let keep = if keep == Keep::Nothing { Keep::UnlessZero } else { keep };
                            self.ops.push(Op::Address(field, slot, family, keep, false));
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    /// What a field of the template keeps of its column; `None` where the column is not needed.
    fn keep(&mut self, field: Field, merge: Merge) -> Option<Keep> {
        if !self.needed.has(field) {
            return None;
        }
        let written = self.written.has(field);
        self.written = self.written.with(field);
        Some(match merge {
            _ if !written => Keep::Nothing,
            Merge::First | Merge::Else | Merge::Least => Keep::Value,
            Merge::Last => Keep::UnlessZero,
        })
    }

    /// What needs more than one field of the template, or more than one column.
    fn rest(&mut self, meanings: &[(Meaning, Slot)]) {
        let mut icmp = IcmpPlan::default();
        let mut labels = Vec::new();
        let mut times = TimePlan::default();
        let mut packet = None;
        let (mut ip_length, mut frame_length, mut section) = (None, None, None);
        for &(meaning, slot) in meanings {
            match meaning {
                Meaning::Icmp(part) => match part {
                    Icmp::Both => icmp.both.push(slot),
                    Icmp::Type => icmp.kind.push(slot),
                    Icmp::Code => icmp.code.push(slot),
                },
                Meaning::Label => labels.push(slot),
                Meaning::Packet(part) => packet = packet.or(Some((part, slot))),
                Meaning::Length(Length::Ip) => ip_length = Some(slot),
                Meaning::Length(Length::Frame) => frame_length = Some(slot),
                Meaning::Length(Length::Section) => section = Some(slot),
                Meaning::RouteDistinguisher => {
                    self.wanted(Field::MPLSVPNRD, Op::RouteDistinguisher(slot));
                }
                Meaning::Text(field) => self.wanted(field, Op::Text(field, slot)),
                Meaning::Application => self.wanted(Field::AppName, Op::Application(slot)),
                Meaning::Segment => self.wanted(Field::TunnelId, Op::Segment(slot)),
                Meaning::Number(Field::IngressVRFID, ..) => {
                    self.wanted(Field::InVRF, Op::VrfName(Field::InVRF, slot));
                }
                Meaning::Number(Field::EgressVRFID, ..) => {
                    self.wanted(Field::OutVRF, Op::VrfName(Field::OutVRF, slot));
                }
                Meaning::Time(time) => times.add(time, slot),
                _ => {}
            }
        }
        if !labels.is_empty() {
            self.wanted(Field::MPLSLabels, Op::Labels(labels));
        }
        if [Field::ICMPv4Type, Field::ICMPv4Code, Field::ICMPv6Type, Field::ICMPv6Code]
            .into_iter()
            .any(|field| self.needed.has(field))
        {
            self.ops.push(Op::Icmp(icmp));
        }
        if let Some((part, bytes)) = packet {
            let link = match part {
                Part::Ip => Link::Ip,
                Part::Frame => Link::Ethernet,
                Part::Mpls => Link::Mpls,
            };
            self.ops.push(Op::Packet(PacketPlan { bytes, link, ip_length, frame_length, section }));
        }
        if times != TimePlan::default()
            && (self.needed.has(Field::FlowStart) || self.needed.has(Field::FlowEnd))
        {
            self.ops.push(Op::Times(times));
        }
    }

    fn wanted(&mut self, field: Field, op: Op) {
        if self.needed.has(field) {
            self.ops.push(op);
        }
    }
}

impl Merge {
    /// Those of a lower rank come first.
    const fn rank(self) -> u8 {
        match self {
            Self::First | Self::Last => 0,
            Self::Else => 1,
            Self::Least => 2,
        }
    }
}

impl Family {
    /// That of an address of a field's length; `None` where it is of neither.
    const fn of(slot: Slot) -> Option<Self> {
        match slot.length {
            4 => Some(Self::V4),
            16 => Some(Self::V6),
            _ => None,
        }
    }

    /// The Ethernet type.
    pub(crate) const fn etype(self) -> u32 {
        match self {
            Self::V4 => 0x0800,
            Self::V6 => 0x86DD,
        }
    }
}
