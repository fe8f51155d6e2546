//! What may be announced, said otherwise than the guards say it: by addresses as numbers, by trying packets, by counting.

use std::net::IpAddr;

use flowql_bgp::{
    Action, Candidate, Component, Family, Field, Flags, Flowspec, GuardSettings, Matcher, Packet, Range,
    Situation,
};
use ipnet::IpNet;

/// The first and last address of a prefix, IPv4 below IPv6.
fn ends(prefix: IpNet) -> (bool, u128, u128) {
    let (is_v6, bits, width) = match prefix.addr() {
        IpAddr::V4(address) => (false, u128::from(address.to_bits()), 32),
        IpAddr::V6(address) => (true, address.to_bits(), 128),
    };
    let free = width - u32::from(prefix.prefix_len());
    let mask = 1_u128.checked_shl(free).map_or(u128::MAX, |size| size - 1);
    (is_v6, bits & !mask, bits | mask)
}

fn lies_in(inner: IpNet, outer: IpNet) -> bool {
    let ((first, low, high), (second, from, to)) = (ends(inner), ends(outer));
    first == second && from <= low && high <= to
}

fn share_an_address(one: IpNet, other: IpNet) -> bool {
    let ((first, low, high), (second, from, to)) = (ends(one), ends(other));
    first == second && low <= to && from <= high
}

/// Whether a candidate may be announced while nothing else is.
pub(crate) fn is_sound(settings: &GuardSettings, candidate: &Candidate, situation: &Situation<'_>) -> bool {
    let end = candidate.end.is_some_and(|end| end > situation.now && end - situation.now <= settings.longest);
    let rule = match &candidate.traffic {
        Matcher::Flowspec(rule) => rule_is_sound(rule),
        Matcher::Blackhole(prefix) => {
            is_as_written(*prefix)
                && ends(*prefix).1 == ends(*prefix).2
                && candidate.actions == [Action::Drop]
        }
    };
    !situation.killed
        && end
        && rule
        && destination_is_sound(settings, &candidate.traffic)
        && !hits_bgp(settings, &candidate.traffic)
        && match candidate.actions.as_slice() {
            [Action::Drop] => true,
            [Action::LimitBytes(rate) | Action::LimitPackets(rate)] => *rate > 0,
            [Action::Redirect(target)] => settings.redirects.contains(target),
            _ => false,
        }
}

/// Whether there is room for it after those that are worse.
pub(crate) fn has_room(
    settings: &GuardSettings,
    worse: &[&Candidate],
    candidate: &Candidate,
    situation: &Situation<'_>,
) -> bool {
    let all: Vec<&Candidate> = worse.iter().copied().chain([candidate]).collect();
    let family = candidate.traffic.family();
    let of_family = all.iter().filter(|other| other.traffic.family() == family).count();
    let takers =
        settings.routers.iter().flat_map(|router| &router.budgets).filter(|budget| budget.family == family);
    let takers: Vec<_> = takers.collect();
    let share: Option<u64> = all.iter().map(|other| other.share.map(u64::from)).sum();
    let new = all.iter().filter(|other| !situation.announced.contains(&other.traffic.canonical())).count();
    let is_new = !situation.announced.contains(&candidate.traffic.canonical());
    !worse.iter().any(|other| other.traffic.canonical() == candidate.traffic.canonical())
        && !takers.is_empty()
        && takers.iter().all(|budget| of_family <= budget.most as usize)
        && share.is_some_and(|share| share <= u64::from(settings.most_share))
        && (!is_new || new + situation.fresh as usize <= settings.new_per_minute as usize)
}

fn is_as_written(prefix: IpNet) -> bool {
    let (is_v6, low, _) = ends(prefix);
    let bits = match prefix.addr() {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    };
    bits == low && !(is_v6 && prefix.prefix_len() >= 96 && low >> 32 == 0xffff)
}

fn destination_is_sound(settings: &GuardSettings, traffic: &Matcher) -> bool {
    traffic.destination().is_some_and(|prefix| {
        let shortest = if prefix.addr().is_ipv4() { 24 } else { 48 };
        prefix.prefix_len() >= shortest
            && settings.protected.iter().any(|protected| lies_in(prefix, *protected))
            && !settings.never.iter().any(|never| share_an_address(prefix, *never))
    })
}

/// Tries packets of BGP sessions, of all ports at which something may change, with every component left out that is
/// neither of ports nor of protocols.
fn hits_bgp(settings: &GuardSettings, traffic: &Matcher) -> bool {
    let Some(prefix) = traffic.destination() else { return false };
    let touches = |own: &IpNet| share_an_address(*own, prefix);
    if !settings.infrastructure.iter().chain(&settings.never).any(touches) {
        return false;
    }
    let Matcher::Flowspec(rule) = traffic else { return true };
    let of_ports = |component: &&Component| matches!(component, Component::Number(field, _) if field.is_port() || *field == Field::Protocol);
    // Of a component that is there twice, the guards look at the first; it is refused anyway.
    let bare = Flowspec {
        family: rule.family,
        components: rule.components.iter().filter(of_ports).cloned().collect(),
    };
    let mut ports = vec![1024, 65_535];
    for component in &bare.components {
        if let Component::Number(_, ranges) = component {
            ports.extend(ranges.iter().flat_map(|range| [range.low, range.high]));
        }
    }
    let clients = ports.into_iter().filter(|port| (1024..65_536).contains(port)).map(|port| port as u16);
    let any = bare.family.unspecified();
    clients.into_iter().any(|client| {
        let to_server = Packet { source_port: client, destination_port: 179, ..Packet::new(any, any, 6) };
        let to_client = Packet { source_port: 179, destination_port: client, ..to_server };
        bare.matches(&to_server) || bare.matches(&to_client)
    })
}

fn rule_is_sound(rule: &Flowspec) -> bool {
    let count = |code| rule.components.iter().filter(|component| component.code() == code).count();
    let has = |field: Field| count(field.code()) > 0;
    (1..=13).all(|code| count(code) <= 1)
        && !(has(Field::Port) && (has(Field::SourcePort) || has(Field::DestinationPort)))
        && rule.components.iter().all(|component| component_is_sound(rule, component))
}

fn component_is_sound(rule: &Flowspec, component: &Component) -> bool {
    match component {
        Component::Destination(prefix) | Component::Source(prefix) => {
            is_as_written(*prefix) && prefix.addr().is_ipv4() == (rule.family == Family::V4)
        }
        Component::Number(field, ranges) => {
            let values: usize = ranges.iter().map(|range| wire(*field, *range).len()).sum();
            let ends_fit =
                ranges.iter().all(|range| range.low <= range.high && range.high <= field.highest());
            (1..=5).contains(&values) && ends_fit && number_is_sound(rule, *field, ranges)
        }
        Component::TcpFlags(groups) => has_bits(groups, 0xfff) && only(rule, &[6]),
        Component::Fragment(groups) => {
            let single = groups.iter().flatten().all(|test| [1, 2, 4, 8].contains(&test.mask));
            single && has_bits(groups, if rule.family == Family::V4 { 15 } else { 14 })
        }
    }
}

/// The operators and numbers on the wire.
fn wire(field: Field, Range { low, high }: Range) -> Vec<(&'static str, u32)> {
    match (low == high, low == 0, high >= field.highest()) {
        (true, ..) => vec![("==", low)],
        (_, true, false) => vec![("<=", high)],
        (_, _, true) => vec![(">=", low)],
        _ => vec![(">=", low), ("<=", high)],
    }
}

fn number_is_sound(rule: &Flowspec, field: Field, ranges: &[Range]) -> bool {
    match field {
        Field::Port | Field::SourcePort | Field::DestinationPort => only(rule, &[6, 17]),
        Field::IcmpType | Field::IcmpCode => only(rule, &[if rule.family == Family::V4 { 1 } else { 58 }]),
        Field::Length => ranges.iter().flat_map(|range| wire(field, *range)).all(|(_, value)| value <= 9216),
        Field::FlowLabel => {
            let values = ranges.iter().flat_map(|range| wire(field, *range));
            rule.family == Family::V6 && values.into_iter().all(|(_, value)| value < 1 << 16)
        }
        Field::Protocol | Field::Dscp => true,
    }
}

/// Whether the rule names protocols, and these alone.
fn only(rule: &Flowspec, wanted: &[u32]) -> bool {
    let Some(ranges) = rule.ranges(Field::Protocol) else { return false };
    let named = |number: u32| ranges.iter().any(|range| range.low <= number && number <= range.high);
    !ranges.is_empty() && (0..=255).all(|number| !named(number) || wanted.contains(&number))
}

fn has_bits(groups: &Flags, bits: u16) -> bool {
    let tests: usize = groups.iter().map(Vec::len).sum();
    (1..=5).contains(&tests)
        && groups.iter().all(|group| !group.is_empty())
        && groups.iter().flatten().all(|test| test.mask & bits == test.mask && test.mask != 0)
}
