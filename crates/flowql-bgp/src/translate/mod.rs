//! From a filter to the Flowspec rule that means the same.
//!
//! The same of flows of one packet each: of those with more, flows have the flags of all packets and their average size.
//! Flows have 0 where a packet has no such field. A rule never matches such a packet, so a filter that lets 0 through must
//! say what keeps these flows out.

mod error;
mod flags;
mod set;
mod terms;

use std::net::{Ipv4Addr, Ipv6Addr};

use flowql::Schema;
use flowql::typed::Filter;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::rule::{Component, Family, Field, FlagTest, Flags, Flowspec, Range, fragment};
use set::Set;
use terms::{Column, Place, Term};

pub use error::{Reason, Untranslatable};

/// The first and last address of IPv4 as flows have them.
const MAPPED: (u128, u128) = (0xffff_0000_0000, 0xffff_ffff_ffff);

const TCP: u128 = 6;
const UDP: u128 = 17;

/// Makes the Flowspec rule that matches the same traffic as a filter.
///
/// The rule may still be one that the guards refuse: it may have no destination, or too many values.
///
/// # Errors
///
/// The first condition that a rule cannot express.
pub fn translate(schema: &Schema, filter: &Filter) -> Result<Flowspec, Untranslatable> {
    Translation::of(schema, &without_pairs(filter))?.rule()
}

/// The filter with a test of either column of a pair as the tests of both: `Port = 53` is `SrcPort = 53 OR DstPort = 53`.
fn without_pairs(filter: &Filter) -> Filter {
    let all = |terms: &[Filter]| terms.iter().map(without_pairs).collect();
    match filter {
        Filter::Condition(_) => filter.clone(),
        Filter::Either(either) => {
            let sides = either.sides.iter().cloned().map(Filter::Condition);
            let any = Filter::Group(Box::new(Filter::Or(sides.collect())));
            if either.negated { Filter::Not(Box::new(any)) } else { any }
        }
        Filter::Not(inner) => Filter::Not(Box::new(without_pairs(inner))),
        Filter::Group(inner) => Filter::Group(Box::new(without_pairs(inner))),
        Filter::Saved { name, filter } => {
            Filter::Saved { name: name.clone(), filter: Box::new(without_pairs(filter)) }
        }
        Filter::And(terms) => Filter::And(all(terms)),
        Filter::Or(terms) => Filter::Or(all(terms)),
    }
}

/// What the filter asks of a column.
struct Asked<'a> {
    column: Column,
    place: Place<'a>,
    set: Set,
}

struct Translation<'a> {
    schema: &'a Schema,
    asked: Vec<Asked<'a>>,
    /// Source or destination port, where an alternative of the filter is of both.
    either_port: Option<(Set, Place<'a>)>,
    flags: Option<(Flags, Place<'a>)>,
}

impl<'a> Translation<'a> {
    fn of(schema: &'a Schema, filter: &'a Filter) -> Result<Self, Untranslatable> {
        let mut found = Self { schema, asked: Vec::new(), either_port: None, flags: None };
        for term in Term::all(filter) {
            match term.columns(schema)?.as_slice() {
                [(Column::TcpFlags, place)] => found.add_flags(term, *place)?,
                [(column, place)] => {
                    let set = term.set(*column).map_err(|reason| place.error(schema, reason))?;
                    found.add(*column, set, *place);
                }
                [
                    (Column::SourcePort | Column::DestinationPort, place),
                    (Column::SourcePort | Column::DestinationPort, _),
                ] => {
                    found.add_either_port(term, *place)?;
                }
                [_, (_, place), ..] => return Err(place.error(schema, Reason::Or)),
                [] => {}
            }
        }
        Ok(found)
    }

    fn add(&mut self, column: Column, set: Set, place: Place<'a>) {
        match self.asked.iter_mut().find(|asked| asked.column == column) {
            Some(asked) => asked.set = asked.set.intersection(&set),
            None => self.asked.push(Asked { column, place, set }),
        }
    }

    fn add_flags(&mut self, term: Term<'a>, place: Place<'a>) -> Result<(), Untranslatable> {
        let error = |reason| place.error(self.schema, reason);
        let flags = term.flags().map_err(error)?;
        self.flags = Some(match self.flags.take() {
            Some((before, place)) => (flags::all(vec![before, flags]).map_err(error)?, place),
            None => (flags, place),
        });
        Ok(())
    }

    /// `SrcPort = 53 OR DstPort = 53`: the same numbers at either side.
    fn add_either_port(&mut self, term: Term<'a>, place: Place<'a>) -> Result<(), Untranslatable> {
        let error = |reason| place.error(self.schema, reason);
        let mut sides = [Set::union([]), Set::union([])];
        for part in term.alternatives() {
            let [(column, _)] = part.columns(self.schema)?[..] else { return Err(error(Reason::Or)) };
            let [source, destination] = &mut sides;
            let side = if column == Column::SourcePort { source } else { destination };
            *side = side.with(&part.set(column).map_err(error)?);
        }
        let [source, destination] = sides;
        if source != destination || self.either_port.is_some() {
            return Err(error(Reason::Or));
        }
        self.either_port = Some((source, place));
        Ok(())
    }

    fn asked(&self, column: Column) -> Option<&Asked<'a>> {
        self.asked.iter().find(|asked| asked.column == column)
    }

    /// What a column lets through: everything where nothing is asked of it.
    fn set(&self, column: Column) -> Set {
        self.asked(column).map_or_else(|| Set::range(0, column.max()), |asked| asked.set.clone())
    }

    fn rule(&self) -> Result<Flowspec, Untranslatable> {
        let nothing = self.asked.iter().find(|asked| asked.set.is_empty());
        if let Some(asked) = nothing {
            return Err(asked.place.error(self.schema, Reason::Nothing));
        }
        let family = self.family()?;
        let mut components = Vec::new();
        components.extend(self.prefix(Column::Destination, family)?.map(Component::Destination));
        components.extend(self.prefix(Column::Source, family)?.map(Component::Source));
        components.extend(self.number(Column::Protocol, Field::Protocol));
        self.ports(&mut components)?;
        self.icmp(family, &mut components)?;
        components.extend(self.tcp_flags()?);
        components.extend(self.number(Column::Size, Field::Length));
        components.extend(self.dscp()?);
        let tests_header = components.iter().any(|component| match component {
            Component::Number(field, _) => {
                field.is_port() || matches!(field, Field::IcmpType | Field::IcmpCode)
            }
            Component::TcpFlags(_) => true,
            _ => false,
        });
        // Later fragments have no such header, so a rule that tests it needs no test for them.
        components.extend(self.fragment()?.filter(|component| !(tests_header && *component == not_later())));
        if let Some(asked) = self.asked(Column::FlowLabel).filter(|_| family == Family::V4) {
            return Err(asked.place.error(self.schema, Reason::FlowLabel));
        }
        components.extend(self.number(Column::FlowLabel, Field::FlowLabel));
        components.sort_by_key(Component::code);
        Ok(Flowspec { family, components })
    }

    /// The family that all addresses, and the type of the frame, leave.
    fn family(&self) -> Result<Family, Untranslatable> {
        let mapped = Set::range(MAPPED.0, MAPPED.1);
        let others = mapped.complement(u128::MAX);
        let ether_type = self.set(Column::EtherType);
        let addresses = [self.set(Column::Destination), self.set(Column::Source)];
        let may_be = |number, range: &Set| {
            ether_type.contains(number)
                && addresses.iter().all(|addresses| !addresses.intersection(range).is_empty())
        };
        let whole = |reason| Untranslatable { span: None, saved: None, column: String::new(), reason };
        match (may_be(0x0800, &mapped), may_be(0x86dd, &others)) {
            (true, false) => Ok(Family::V4),
            (false, true) => Ok(Family::V6),
            (true, true) => Err(whole(Reason::Family)),
            (false, false) => Err(whole(Reason::Nothing)),
        }
    }

    fn prefix(&self, column: Column, family: Family) -> Result<Option<IpNet>, Untranslatable> {
        let Some(asked) = self.asked(column) else { return Ok(None) };
        let mapped = Set::range(MAPPED.0, MAPPED.1);
        let found = match family {
            Family::V4 => prefix_of(&asked.set.intersection(&mapped)),
            // No packet of IPv6 has a mapped address, so it does not matter on which side these are.
            Family::V6 => prefix_of(&asked.set).or_else(|| prefix_of(&asked.set.with(&mapped))),
        };
        let Some((address, length)) = found else {
            return Err(asked.place.error(self.schema, Reason::Prefix));
        };
        let prefix = match family {
            Family::V4 => address
                .checked_sub(MAPPED.0)
                .and_then(|bits| u32::try_from(bits).ok())
                .zip(length.checked_sub(96))
                .and_then(|(bits, length)| Ipv4Net::new(Ipv4Addr::from_bits(bits), length).ok())
                .map(IpNet::V4),
            Family::V6 => Ipv6Net::new(Ipv6Addr::from_bits(address), length).ok().map(IpNet::V6),
        };
        Ok(prefix.filter(|prefix| prefix.prefix_len() > 0))
    }

    /// The component of a column that is as the packet has it.
    fn number(&self, column: Column, field: Field) -> Option<Component> {
        let asked = self.asked(column)?;
        (!asked.set.is_all(column.max())).then(|| Component::Number(field, ranges(&asked.set)))
    }

    fn ports(&self, components: &mut Vec<Component>) -> Result<(), Untranslatable> {
        let sides =
            [(Column::DestinationPort, Field::DestinationPort), (Column::SourcePort, Field::SourcePort)];
        let sides = sides.into_iter().filter_map(|(column, field)| {
            let asked = self.asked(column)?;
            Some((field, &asked.set, asked.place))
        });
        let either = self.either_port.as_ref().map(|(set, place)| (Field::Port, set, *place));
        for (field, set, place) in either.into_iter().chain(sides) {
            if set.is_all(field.highest().into()) {
                continue;
            }
            self.header(set.contains(0), place, &Set::union([(TCP, TCP), (UDP, UDP)]), Reason::Ports)?;
            components.push(Component::Number(field, ranges(set)));
        }
        Ok(())
    }

    fn icmp(&self, family: Family, components: &mut Vec<Component>) -> Result<(), Untranslatable> {
        for (column, field, of) in [
            (Column::Icmp4Type, Field::IcmpType, Family::V4),
            (Column::Icmp4Code, Field::IcmpCode, Family::V4),
            (Column::Icmp6Type, Field::IcmpType, Family::V6),
            (Column::Icmp6Code, Field::IcmpCode, Family::V6),
        ] {
            let Some(asked) = self.asked(column).filter(|asked| !asked.set.is_all(column.max())) else {
                continue;
            };
            if family != of {
                return Err(asked.place.error(self.schema, Reason::Icmp));
            }
            let protocol = u128::from(family.icmp());
            self.header(asked.set.contains(0), asked.place, &Set::range(protocol, protocol), Reason::Icmp)?;
            components.push(Component::Number(field, ranges(&asked.set)));
        }
        Ok(())
    }

    fn tcp_flags(&self) -> Result<Option<Component>, Untranslatable> {
        let Some((flags, place)) = &self.flags else { return Ok(None) };
        if flags.iter().any(Vec::is_empty) {
            return Ok(None);
        }
        if flags.is_empty() {
            return Err(place.error(self.schema, Reason::Nothing));
        }
        self.header(flags::holds(flags, 0), *place, &Set::range(TCP, TCP), Reason::Flags)?;
        Ok(Some(Component::TcpFlags(flags.clone())))
    }

    /// Whether a test of the transport layer's header means the same in a rule: the protocols must be those of which
    /// rules see it, and 0 must not stand for packets without it.
    fn header(
        &self,
        lets_zero_through: bool,
        place: Place<'a>,
        wanted: &Set,
        otherwise: Reason,
    ) -> Result<(), Untranslatable> {
        if !self.set(Column::Protocol).is_within(wanted) {
            return Err(place.error(self.schema, otherwise));
        }
        let has_later_fragments = self.set(Column::FragmentOffset) != Set::range(0, 0);
        if lets_zero_through && has_later_fragments {
            return Err(place.error(self.schema, Reason::Zero));
        }
        Ok(())
    }

    fn dscp(&self) -> Result<Option<Component>, Untranslatable> {
        let column = Column::TypeOfService;
        let Some(asked) = self.asked(column).filter(|asked| !asked.set.is_all(column.max())) else {
            return Ok(None);
        };
        let intervals = asked.set.intervals();
        if intervals.iter().any(|(low, high)| low % 4 != 0 || high % 4 != 3) {
            return Err(asked.place.error(self.schema, Reason::Ecn));
        }
        let dscp = Set::union(intervals.iter().map(|(low, high)| (low / 4, high / 4)));
        Ok(Some(Component::Number(Field::Dscp, ranges(&dscp))))
    }

    fn fragment(&self) -> Result<Option<Component>, Untranslatable> {
        let column = Column::FragmentOffset;
        let Some(asked) = self.asked(column).filter(|asked| !asked.set.is_all(column.max())) else {
            return Ok(None);
        };
        if asked.set == Set::range(0, 0) {
            return Ok(Some(not_later()));
        }
        if asked.set != Set::range(1, column.max()) {
            return Err(asked.place.error(self.schema, Reason::Offset));
        }
        Ok(Some(Component::Fragment(vec![vec![FlagTest {
            negated: false,
            all: true,
            mask: fragment::LATER,
        }]])))
    }
}

/// Packets that are not fragments other than the first.
fn not_later() -> Component {
    Component::Fragment(vec![vec![FlagTest { negated: true, all: true, mask: fragment::LATER }]])
}

/// The prefix whose addresses these are.
fn prefix_of(addresses: &Set) -> Option<(u128, u8)> {
    let [(low, high)] = *addresses.intervals() else { return None };
    let free = (low ^ high).count_ones();
    let length = u8::try_from(128 - free).ok()?;
    let is_prefix = free == 128 || (low ^ high) == (1 << free) - 1;
    (is_prefix && low & (low ^ high) == 0).then_some((low, length))
}

fn ranges(set: &Set) -> Vec<Range> {
    let number = |number: u128| u32::try_from(number).unwrap_or(u32::MAX);
    set.intervals().iter().map(|&(low, high)| Range { low: number(low), high: number(high) }).collect()
}
