//! A filter taken apart: which numbers it lets through for each column.

use std::net::IpAddr;

use flowql::Schema;
use flowql::typed::{Comparison, Condition, Filter, Member, Scalar, Test};
use ipnet::IpNet;

use crate::translate::set::Set;
use crate::translate::{Reason, Untranslatable, flags};

/// A column that a rule can test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Destination,
    Source,
    EtherType,
    Protocol,
    DestinationPort,
    SourcePort,
    TcpFlags,
    Size,
    TypeOfService,
    FragmentOffset,
    FlowLabel,
    Icmp4Type,
    Icmp4Code,
    Icmp6Type,
    Icmp6Code,
}

/// A part of the filter that must hold.
#[derive(Clone, Copy)]
pub(super) struct Term<'a> {
    pub(super) filter: &'a Filter,
    pub(super) negated: bool,
    pub(super) saved: Option<&'a str>,
}

/// Where a column is tested first, for messages.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) condition: &'a Condition,
    pub(super) saved: Option<&'a str>,
}

impl Column {
    pub(super) fn of(name: &str) -> Option<Self> {
        Some(match name {
            "DstAddr" => Self::Destination,
            "SrcAddr" => Self::Source,
            "EType" => Self::EtherType,
            "Proto" => Self::Protocol,
            "DstPort" => Self::DestinationPort,
            "SrcPort" => Self::SourcePort,
            "TCPFlags" => Self::TcpFlags,
            "PacketSize" => Self::Size,
            "IPTos" => Self::TypeOfService,
            "IPFragmentOffset" => Self::FragmentOffset,
            "IPv6FlowLabel" => Self::FlowLabel,
            "ICMPv4Type" => Self::Icmp4Type,
            "ICMPv4Code" => Self::Icmp4Code,
            "ICMPv6Type" => Self::Icmp6Type,
            "ICMPv6Code" => Self::Icmp6Code,
            _ => return None,
        })
    }

    /// The highest number that packets have there.
    pub(super) const fn max(self) -> u128 {
        match self {
            Self::Destination | Self::Source => u128::MAX,
            Self::EtherType | Self::DestinationPort | Self::SourcePort | Self::TcpFlags | Self::Size => {
                0xffff
            }
            Self::Protocol
            | Self::TypeOfService
            | Self::Icmp4Type
            | Self::Icmp4Code
            | Self::Icmp6Type
            | Self::Icmp6Code => 0xff,
            Self::FragmentOffset => 0x1fff,
            Self::FlowLabel => 0xf_ffff,
        }
    }
}

impl<'a> Term<'a> {
    /// The parts of a filter that must all hold.
    pub(super) fn all(filter: &'a Filter) -> Vec<Self> {
        let mut found = Vec::new();
        Self { filter, negated: false, saved: None }.split(&mut found);
        found
    }

    fn split(self, found: &mut Vec<Self>) {
        let Self { negated, saved, .. } = self;
        match self.filter {
            Filter::Not(inner) => Self { filter: inner, negated: !negated, saved }.split(found),
            Filter::Group(filter) => Self { filter, ..self }.split(found),
            Filter::Saved { name, filter } => Self { filter, negated, saved: Some(name) }.split(found),
            Filter::And(terms) if !negated => {
                terms.iter().for_each(|filter| Self { filter, ..self }.split(found));
            }
            Filter::Or(terms) if negated => {
                terms.iter().for_each(|filter| Self { filter, ..self }.split(found));
            }
            Filter::Condition(_) | Filter::Either(_) | Filter::And(_) | Filter::Or(_) => found.push(self),
        }
    }

    /// The parts of which one must hold, where there are several.
    pub(super) fn alternatives(self) -> Vec<Self> {
        let mut found = Vec::new();
        // What must hold of the opposite are the alternatives.
        Self { negated: !self.negated, ..self }.split(&mut found);
        for term in &mut found {
            term.negated = !term.negated;
        }
        found
    }

    /// The columns that it tests, each once, where it does so first.
    pub(super) fn columns(self, schema: &Schema) -> Result<Vec<(Column, Place<'a>)>, Untranslatable> {
        let mut places = Vec::new();
        places_in(self.filter, self.saved, &mut places);
        let mut found: Vec<(Column, Place<'a>)> = Vec::new();
        for place in places {
            let name = &schema.column(place.condition.column.id).name;
            let Some(column) = Column::of(name) else { return Err(place.error(schema, Reason::Column)) };
            if found.iter().all(|(other, _)| *other != column) {
                found.push((column, place));
            }
        }
        Ok(found)
    }

    /// The numbers that it lets through, where it tests that column alone.
    pub(super) fn set(self, column: Column) -> Result<Set, Reason> {
        let max = column.max();
        match self.filter {
            Filter::Condition(condition) => {
                let (set, negated) = of_condition(condition)?;
                let set = set.intersection(&Set::range(0, max));
                Ok(if negated == self.negated { set } else { set.complement(max) })
            }
            Filter::Either(_) => Err(Reason::Or),
            Filter::Group(filter) | Filter::Saved { filter, .. } => Self { filter, ..self }.set(column),
            Filter::Not(filter) => Self { filter, negated: !self.negated, ..self }.set(column),
            Filter::And(terms) | Filter::Or(terms) => {
                let sets = terms.iter().map(|filter| Self { filter, ..self }.set(column));
                let is_any = matches!(self.filter, Filter::Or(_)) != self.negated;
                let first = if is_any { Set::union([]) } else { Set::range(0, max) };
                sets.into_iter().try_fold(first, |found, set| {
                    let set = set?;
                    Ok(if is_any { found.with(&set) } else { found.intersection(&set) })
                })
            }
        }
    }

    pub(super) fn flags(self) -> Result<crate::rule::Flags, Reason> {
        flags::groups(self.filter, self.negated)
    }
}

/// Every condition, with the saved filter that it is in.
fn places_in<'a>(filter: &'a Filter, saved: Option<&'a str>, found: &mut Vec<Place<'a>>) {
    match filter {
        Filter::Condition(condition) => found.push(Place { condition, saved }),
        Filter::Either(either) => {
            found.extend(either.sides.iter().map(|condition| Place { condition, saved }));
        }
        Filter::Saved { name, filter } => places_in(filter, Some(name), found),
        Filter::Not(inner) | Filter::Group(inner) => places_in(inner, saved, found),
        Filter::And(terms) | Filter::Or(terms) => terms.iter().for_each(|term| places_in(term, saved, found)),
    }
}

impl Place<'_> {
    pub(super) fn error(self, schema: &Schema, reason: Reason) -> Untranslatable {
        Untranslatable {
            span: self.saved.is_none().then_some(self.condition.span),
            saved: self.saved.map(str::to_owned),
            column: schema.column(self.condition.column.id).name.to_string(),
            reason,
        }
    }
}

/// The numbers of a condition, and whether it asks for all others.
fn of_condition(condition: &Condition) -> Result<(Set, bool), Reason> {
    Ok(match &condition.test {
        Test::Compare(comparison, value) => {
            let (low, high) = ends(value).ok_or(Reason::Test)?;
            match comparison {
                Comparison::Eq => (Set::range(low, high), false),
                Comparison::Ne => (Set::range(low, high), true),
                Comparison::Lt => {
                    (low.checked_sub(1).map_or(Set::union([]), |last| Set::range(0, last)), false)
                }
                Comparison::Le => (Set::range(0, high), false),
                Comparison::Gt => (Set::range(0, high), true),
                Comparison::Ge => {
                    (low.checked_sub(1).map_or(Set::union([]), |last| Set::range(0, last)), true)
                }
            }
        }
        Test::OneOf { negated, members } => {
            let members: Option<Vec<_>> = members.iter().map(of_member).collect();
            (Set::union(members.ok_or(Reason::Test)?), *negated)
        }
        Test::Between { negated, low, high } => {
            let (low, high) = ends(low).zip(ends(high)).ok_or(Reason::Test)?;
            (Set::range(low.0, high.1), *negated)
        }
        Test::Within { negated, subnet } => {
            let (low, high) = of_subnet(*subnet);
            (Set::range(low, high), *negated)
        }
        Test::HasBits { .. }
        | Test::HasAll { .. }
        | Test::CompareColumn(..)
        | Test::Like { .. }
        | Test::Regexp { .. } => {
            return Err(Reason::Test);
        }
    })
}

fn of_member(member: &Member) -> Option<(u128, u128)> {
    let (low, high) = ends(&member.value)?;
    match &member.to {
        Some(to) => Some((low, ends(to)?.1)),
        None => Some((low, high)),
    }
}

/// The first and last number of a value.
fn ends(value: &Scalar) -> Option<(u128, u128)> {
    match value {
        Scalar::Integer(number) => Some((u128::from(*number), u128::from(*number))),
        Scalar::Word(word) => Some((u128::from(word.number), u128::from(word.number))),
        Scalar::Address(address) => Some((bits(*address), bits(*address))),
        Scalar::Subnet(subnet) => Some(of_subnet(*subnet)),
        Scalar::Mac(_)
        | Scalar::Text(_)
        | Scalar::ProtocolName(_)
        | Scalar::Community(_)
        | Scalar::CommunityRange(_) => None,
    }
}

fn of_subnet(subnet: IpNet) -> (u128, u128) {
    (bits(subnet.network()), bits(subnet.broadcast()))
}

/// An address as flows have it: IPv4 mapped into IPv6.
const fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}
