//! What information elements mean: the columns that they fill, and by which rule.

use crate::Field;
use crate::element::{Element, REVERSE};

/// What a field of a template means for a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// A number in a column.
    Number(Field, Change, Merge),
    /// An address in a column. Where it is that of an end of the flow, it says the family of the flow too.
    Address(Field, Family, Merge),
    /// The address of a prefix, which serves where the template has no address.
    Prefix(Field, Family),
    /// A counter of a flow.
    Counter(Counter, Unit),
    /// Type, code, or both of an ICMP message.
    Icmp(Icmp),
    /// A time of the flow.
    Time(Time),
    /// A label of an MPLS stack.
    Label,
    /// A stack of MPLS labels.
    Labels,
    /// A route distinguisher (RFC 4364, section 4.2).
    RouteDistinguisher,
    /// The identifier of an application (RFC 6759).
    Application,
    /// What the record says of the sampling.
    Sampling(Sampling),
    /// A layer-2 segment id (RFC 7133, element 351).
    Segment,
}

/// How a number is changed on its way to the column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    None,
    /// The number of a DSCP, in the place that it has in the byte of the service.
    Dscp,
    /// 0xFFFFFFFF says that there is no AS.
    As,
    /// Ingress and egress, 0 and 1, as the column numbers them; 0 for other values.
    Direction,
    /// The same, of the flow the other way.
    OtherDirection,
    /// The Ethernet type of an IP version.
    Version,
    /// Juniper's status: 64, forwarded, where the low 10 bits are zero, else 128, dropped.
    JuniperStatus,
}

/// Which value a column has where several fields fill it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Merge {
    /// The first that is not zero.
    First,
    /// The last that is not zero.
    Last,
    /// This one only where those above are zero, whatever their order.
    Else,
}

/// A family of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    V4,
    V6,
}

/// The families of counters, in the order in which they are preferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counter {
    /// Since the last record of the flow.
    Delta,
    /// Since the flow began.
    Total,
    /// From the initiator to the responder.
    Initiator,
    /// From the responder to the initiator.
    Responder,
    /// After the device changed the packets.
    Post,
}

/// What a counter counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Bytes,
    Packets,
}

/// Parts of an ICMP message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Icmp {
    /// Type and code, in two bytes.
    Both,
    Type,
    Code,
}

/// Times of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Time {
    Start(Clock),
    End(Clock),
    /// The flow was seen at one time.
    At(Clock),
    /// How long the flow lasted.
    DurationMilliseconds,
    DurationMicroseconds,
    /// When the clock of `Clock::Uptime` was zero.
    Init,
}

/// How a time is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clock {
    /// Milliseconds since the device started.
    Uptime,
    Seconds,
    Milliseconds,
    /// Seconds since 1900, and fractions of 2^-32.
    Ntp,
    /// Microseconds before the time in the header.
    Before,
}

/// What is said of sampling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sampling {
    /// One of so many packets.
    Interval,
    /// So many packets in a row are taken,
    PacketInterval,
    /// and then so many are not.
    PacketSpace,
    /// So many packets are taken,
    Size,
    /// of so many.
    Population,
    /// A packet is taken with this probability.
    Probability,
    /// The sampler or selector whose options say the rate.
    Sampler,
}

impl Meaning {
    /// What an element means; `None` for one that fills no column. `v9` says that it is a field of NetFlow v9, whose
    /// numbers have no enterprise.
    pub(crate) fn of(element: Element, v9: bool) -> Option<Self> {
        match (element.enterprise, element.id) {
            (0, id) => standard(id).or_else(|| cisco(id).filter(|_| v9)),
            (2636, 137) => Some(Self::Number(Field::ForwardingStatus, Change::JuniperStatus, Merge::First)),
            (REVERSE, id) => standard(id),
            _ => None,
        }
    }
}

/// The elements of IANA's registry.
fn standard(id: u16) -> Option<Meaning> {
    use Change::None as Plain;
    use Clock::{Before, Milliseconds, Ntp, Seconds, Uptime};
    use Family::{V4, V6};
    use Meaning::{Address, Counter as Count, Number, Prefix, Time as At};
    use Merge::{Else, First, Last};
    Some(match id {
        1 => Count(Counter::Delta, Unit::Bytes),
        2 => Count(Counter::Delta, Unit::Packets),
        4 => Number(Field::Proto, Plain, First),
        5 => Number(Field::IPTos, Plain, First),
        6 => Number(Field::TCPFlags, Plain, First),
        7 | 180 | 182 => Number(Field::SrcPort, Plain, First),
        8 => Address(Field::SrcAddr, V4, Last),
        9 | 29 => Number(Field::SrcNetMask, Plain, Last),
        10 => Number(Field::InIfIndex, Plain, First),
        11 | 181 | 183 => Number(Field::DstPort, Plain, First),
        12 => Address(Field::DstAddr, V4, Last),
        13 | 30 => Number(Field::DstNetMask, Plain, Last),
        14 => Number(Field::OutIfIndex, Plain, First),
        15 => Address(Field::NextHop, V4, Last),
        16 => Number(Field::SrcAS, Change::As, First),
        17 => Number(Field::DstAS, Change::As, First),
        18 => Address(Field::NextHop, V4, Else),
        21 => At(Time::End(Uptime)),
        22 => At(Time::Start(Uptime)),
        23 => Count(Counter::Post, Unit::Bytes),
        24 => Count(Counter::Post, Unit::Packets),
        27 => Address(Field::SrcAddr, V6, Last),
        28 => Address(Field::DstAddr, V6, Last),
        31 => Number(Field::IPv6FlowLabel, Plain, First),
        32 | 139 => Meaning::Icmp(Icmp::Both),
        34 | 50 => Meaning::Sampling(Sampling::Interval),
        44 => Prefix(Field::SrcAddr, V4),
        45 => Prefix(Field::DstAddr, V4),
        48 | 302 => Meaning::Sampling(Sampling::Sampler),
        52 | 53 | 192 => Number(Field::IPTTL, Plain, First),
        54 => Number(Field::IPFragmentID, Plain, First),
        56 | 81 => Number(Field::SrcMAC, Plain, First),
        57 | 80 => Number(Field::DstMAC, Plain, First),
        58 | 243 => Number(Field::SrcVlan, Plain, First),
        59 | 254 => Number(Field::DstVlan, Plain, First),
        60 => Number(Field::EType, Change::Version, Else),
        61 => Number(Field::FlowDirection, Change::Direction, First),
        62 => Address(Field::NextHop, V6, Last),
        63 => Address(Field::NextHop, V6, Else),
        70..=79 => Meaning::Label,
        85 => Count(Counter::Total, Unit::Bytes),
        86 => Count(Counter::Total, Unit::Packets),
        88 => Number(Field::IPFragmentOffset, Plain, First),
        89 => Number(Field::ForwardingStatus, Plain, First),
        90 => Meaning::RouteDistinguisher,
        95 => Meaning::Application,
        128 => Number(Field::DstPeerAS, Change::As, First),
        129 => Number(Field::SrcPeerAS, Change::As, First),
        136 => Number(Field::FlowEndReason, Plain, First),
        150 => At(Time::Start(Seconds)),
        151 => At(Time::End(Seconds)),
        152 => At(Time::Start(Milliseconds)),
        153 => At(Time::End(Milliseconds)),
        154 | 156 => At(Time::Start(Ntp)),
        155 | 157 => At(Time::End(Ntp)),
        158 => At(Time::Start(Before)),
        159 => At(Time::End(Before)),
        160 => At(Time::Init),
        161 => At(Time::DurationMilliseconds),
        162 => At(Time::DurationMicroseconds),
        169 => Prefix(Field::DstAddr, V6),
        170 => Prefix(Field::SrcAddr, V6),
        176 | 178 => Meaning::Icmp(Icmp::Type),
        177 | 179 => Meaning::Icmp(Icmp::Code),
        195 => Number(Field::IPTos, Change::Dscp, First),
        225 => Address(Field::SrcAddrNAT, V4, Last),
        226 => Address(Field::DstAddrNAT, V4, Last),
        227 => Number(Field::SrcPortNAT, Plain, First),
        228 => Number(Field::DstPortNAT, Plain, First),
        230 => Number(Field::NATEvent, Plain, First),
        231 => Count(Counter::Initiator, Unit::Bytes),
        232 => Count(Counter::Responder, Unit::Bytes),
        233 => Number(Field::FirewallEvent, Plain, First),
        234 => Number(Field::IngressVRFID, Plain, First),
        235 => Number(Field::EgressVRFID, Plain, First),
        245 => Number(Field::SrcVlan, Plain, Else),
        255 => Number(Field::DstVlan, Plain, Else),
        252 => Number(Field::InIfIndex, Plain, Else),
        253 => Number(Field::OutIfIndex, Plain, Else),
        256 => Number(Field::EType, Plain, First),
        281 => Address(Field::SrcAddrNAT, V6, Last),
        282 => Address(Field::DstAddrNAT, V6, Last),
        298 => Count(Counter::Initiator, Unit::Packets),
        299 => Count(Counter::Responder, Unit::Packets),
        305 => Meaning::Sampling(Sampling::PacketInterval),
        306 => Meaning::Sampling(Sampling::PacketSpace),
        309 => Meaning::Sampling(Sampling::Size),
        310 => Meaning::Sampling(Sampling::Population),
        311 => Meaning::Sampling(Sampling::Probability),
        316 => Meaning::Labels,
        322 => At(Time::At(Seconds)),
        323 => At(Time::At(Milliseconds)),
        324 | 325 => At(Time::At(Ntp)),
        351 => Meaning::Segment,
        _ => return None,
    })
}

/// The fields that Cisco's firewalls number in NetFlow v9, which has no enterprises.
fn cisco(id: u16) -> Option<Meaning> {
    Some(match id {
        40_001 => Meaning::Address(Field::SrcAddrNAT, Family::V4, Merge::Last),
        40_002 => Meaning::Address(Field::DstAddrNAT, Family::V4, Merge::Last),
        40_003 => Meaning::Number(Field::SrcPortNAT, Change::None, Merge::First),
        40_004 => Meaning::Number(Field::DstPortNAT, Change::None, Merge::First),
        40_005 => Meaning::Number(Field::FirewallEvent, Change::None, Merge::First),
        _ => return None,
    })
}
