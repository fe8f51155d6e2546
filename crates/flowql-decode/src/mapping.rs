//! What information elements mean: the columns that they fill, and by which rule.

use flowql_schema::elements::{self, Counter, Part, Rule, TimeForm, Use};

use crate::element::Element;
use crate::{Field, Kind};

/// What a field of a template means for a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// A number in a column.
    Number(Field, Change, Merge),
    /// An address in a column; its length says the family. Where it is that of an end of the flow, it says the family of
    /// the flow too.
    Address(Field, Merge),
    /// The address of a prefix, which serves where the template has no address.
    Prefix(Field),
    /// A counter of a flow.
    Counter(Counter, Unit),
    /// Type, code, or both of an ICMP message.
    Icmp(Icmp),
    /// A time of the flow.
    Time(Time),
    /// A label of an MPLS stack.
    Label,
    /// The first bytes of a packet.
    Packet(Part),
    /// A length that says how much of a packet's bytes counts.
    Length(Length),
    /// A route distinguisher (RFC 4364, section 4.2).
    RouteDistinguisher,
    /// A text in a column.
    Text(Field),
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
    /// The number of a word; 0 for one that the column does not have.
    Word(u8),
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
    /// This one only where even those above are zero.
    Least,
}

/// A family of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    V4,
    V6,
}

/// What a counter counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Bytes,
    Packets,
}

/// Lengths of a packet whose first bytes were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    /// That of the IP packet.
    Ip,
    /// That of the frame.
    Frame,
    /// That of what was sent of it.
    Section,
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
    /// numbers have no enterprise, and reach beyond those of IPFIX.
    pub(crate) fn of(element: Element, v9: bool) -> Option<Self> {
        const IPFIX_ENDS: u16 = 32_767;
        if element.enterprise == 0 && element.id > IPFIX_ENDS && !v9 {
            return None;
        }
        // What follows from another use of the same element is not an operation of its own.
        elements::uses(element.enterprise, element.id).iter().find_map(Self::of_use)
    }

    /// What an element means that the configuration gives a column; `None` for a column of lists, and for those that all
    /// rows have by rules of their own.
    pub(crate) const fn configured(field: Field) -> Option<Self> {
        let change = match field {
            Field::TimeReceived | Field::SamplingRate | Field::ExporterAddress => return None,
            Field::Bytes | Field::Packets | Field::EType | Field::TunnelType => return None,
            // These columns have words, and no others.
            Field::NATEvent | Field::FirewallEvent | Field::FlowEndReason => Change::Word(words(field)),
            Field::FlowDirection => Change::Direction,
            _ => Change::None,
        };
        Some(match field.kind() {
            Kind::Number(_) => Self::Number(field, change, Merge::First),
            Kind::Address => Self::Address(field, Merge::Last),
            Kind::Text => Self::Text(field),
            Kind::Numbers => return None,
        })
    }

    fn of_use(usage: &Use) -> Option<Self> {
        let field = || Field::by_name(usage.columns.first()?);
        let ranked = |merge| match usage.rank {
            0 | 1 => merge,
            2 => Merge::Else,
            _ => Merge::Least,
        };
        let (first, last) = (ranked(Merge::First), ranked(Merge::Last));
        let number = |change, merge| Some(Self::Number(field()?, change, merge));
        match usage.rule {
            Rule::First => number(Change::None, first),
            Rule::NotZero if matches!(field()?, Field::NextHop) => Some(Self::Address(field()?, last)),
            Rule::Set | Rule::NotZero => number(Change::None, last),
            Rule::AsNumber => number(Change::As, first),
            Rule::Direction => number(Change::Direction, first),
            Rule::ExceptionCode => number(Change::JuniperStatus, first),
            Rule::Dscp => number(Change::Dscp, first),
            Rule::IpVersion => number(Change::Version, first),
            Rule::Word => number(Change::Word(words(field()?)), first),
            Rule::Counter(family) => match field()? {
                Field::Bytes => Some(Self::Counter(family, Unit::Bytes)),
                _ => Some(Self::Counter(family, Unit::Packets)),
            },
            Rule::Address if usage.rank > 1 => Some(Self::Prefix(field()?)),
            Rule::Address => Some(Self::Address(field()?, Merge::Last)),
            Rule::Icmp => Some(Self::Icmp(Icmp::Both)),
            Rule::IcmpType => Some(Self::Icmp(Icmp::Type)),
            Rule::IcmpCode => Some(Self::Icmp(Icmp::Code)),
            Rule::MplsLabel => Some(Self::Label),
            Rule::RouteDistinguisher => Some(Self::RouteDistinguisher),
            Rule::Named { .. } if field()? == Field::AppName => Some(Self::Application),
            Rule::Time(form) => Time::of(usage.columns, form).map(Self::Time),
            Rule::Packet(part) => Some(Self::Packet(part)),
            Rule::IpLength => Some(Self::Length(Length::Ip)),
            Rule::FrameLength => Some(Self::Length(Length::Frame)),
            Rule::SectionLength => Some(Self::Length(Length::Section)),
            Rule::Segment => Some(Self::Segment),
            Rule::Sampling => Sampling::of(usage.number).map(Self::Sampling),
            // The family follows from the address, ICMP in the port from the plan, a name from the number; the rest is
            // for records of options.
            Rule::AddressFamily
            | Rule::IcmpPort
            | Rule::Named { .. }
            | Rule::Name
            | Rule::Agent
            | Rule::Statistics => None,
        }
    }
}

/// The highest number of a word of a column.
pub(crate) const fn words(field: Field) -> u8 {
    match field {
        Field::NATEvent => 18,
        _ => 5,
    }
}

impl Time {
    fn of(columns: &[&str], form: TimeForm) -> Option<Self> {
        let clock = match form {
            TimeForm::Uptime => Clock::Uptime,
            TimeForm::Seconds => Clock::Seconds,
            TimeForm::Milliseconds => Clock::Milliseconds,
            TimeForm::Microseconds | TimeForm::Nanoseconds => Clock::Ntp,
            TimeForm::BeforeExport => Clock::Before,
            TimeForm::Base => return Some(Self::Init),
            TimeForm::DurationMilliseconds => return Some(Self::DurationMilliseconds),
            TimeForm::DurationMicroseconds => return Some(Self::DurationMicroseconds),
        };
        Some(match columns {
            ["FlowStart"] => Self::Start(clock),
            ["FlowEnd"] => Self::End(clock),
            ["FlowStart", "FlowEnd"] => Self::At(clock),
            _ => return None,
        })
    }
}

impl Sampling {
    const fn of(number: u16) -> Option<Self> {
        Some(match number {
            34 | 50 => Self::Interval,
            48 | 302 => Self::Sampler,
            305 => Self::PacketInterval,
            306 => Self::PacketSpace,
            309 => Self::Size,
            310 => Self::Population,
            311 => Self::Probability,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use flowql::{ClickhouseType, ScalarType, Schema};

    use super::*;

    #[test]
    fn every_use_has_its_field() {
        let mut known = 0;
        for usage in Use::all() {
            for column in usage.columns {
                assert!(Field::by_name(column).is_some(), "{column}");
                known += 1;
            }
        }
        assert!(known > 150, "{known}");
    }

    #[test]
    fn words_are_those_of_the_columns() {
        let schema = Schema::default();
        for field in [Field::NATEvent, Field::FirewallEvent, Field::FlowEndReason] {
            let column = schema.column(schema.find(field.name()).unwrap());
            let ClickhouseType::Scalar(ScalarType::Enum8(known)) = column.clickhouse_type else {
                panic!("{} has no words", column.name)
            };
            assert!(known.iter().map(|&(_, number)| number as u8).eq(0..=words(field)), "{}", column.name);
        }
    }
}
