//! The guards that look at one candidate.

use ipnet::{IpNet, Ipv6Net};

use crate::guards::refusal::{HIGHEST_LABEL, LONGEST_PACKET, MOST_VALUES};
use crate::guards::{GuardSettings, Refusal, Situation};
use crate::rule::{
    Action, Candidate, Component, Family, Field, FlagTest, Flags, Flowspec, Matcher, Range, fragment,
};

/// TCP and UDP, the protocols with ports.
const TCP: u32 = 6;
const UDP: u32 = 17;

/// The port of BGP.
const BGP: u32 = 179;

/// The lowest port that the side which connects uses.
const LOWEST_CLIENT: u32 = 1024;

/// The bits of the flags of TCP, reserved ones included; the four above are the length of the header.
const TCP_BITS: u16 = 0x0fff;

/// Addresses of IPv4 written as IPv6.
const MAPPED: Ipv6Net = Ipv6Net::new_assert(std::net::Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96);

/// Why a candidate may not be announced, whatever else is.
pub(super) fn refusals(
    settings: &GuardSettings,
    candidate: &Candidate,
    situation: &Situation<'_>,
) -> Vec<Refusal> {
    let mut found = Vec::new();
    if situation.killed {
        found.push(Refusal::Killed);
    }
    destination(settings, &candidate.traffic, &mut found);
    match &candidate.traffic {
        Matcher::Flowspec(rule) => flowspec(rule, &mut found),
        Matcher::Blackhole(prefix) => blackhole(*prefix, candidate, &mut found),
    }
    bgp(settings, &candidate.traffic, &mut found);
    action(settings, candidate, &mut found);
    end(settings, candidate, situation, &mut found);
    found
}

fn destination(settings: &GuardSettings, traffic: &Matcher, found: &mut Vec<Refusal>) {
    let Some(prefix) = traffic.destination() else { return found.push(Refusal::NoDestination) };
    if !settings.protected.iter().any(|protected| protected.contains(&prefix)) {
        found.push(Refusal::NotProtected(prefix));
    }
    if let Some(&never) = settings.never.iter().find(|never| overlaps(**never, prefix)) {
        found.push(Refusal::Never { prefix, never });
    }
    let narrowest = match prefix {
        IpNet::V4(_) => 24,
        IpNet::V6(_) => 48,
    };
    if prefix.prefix_len() < narrowest {
        found.push(Refusal::TooWide { prefix, narrowest });
    }
}

fn flowspec(rule: &Flowspec, found: &mut Vec<Refusal>) {
    let mut seen = 0_u16;
    for component in &rule.components {
        let (code, values) = (component.code(), component.values());
        if seen & 1 << code != 0 {
            found.push(Refusal::Twice(code));
        }
        seen |= 1 << code;
        if values > MOST_VALUES {
            found.push(Refusal::TooManyValues { code, values });
        }
        match component {
            Component::Destination(prefix) | Component::Source(prefix) => {
                family_of_prefix(*prefix, rule.family, found);
            }
            Component::Number(field, ranges) => numbers(rule, *field, ranges, found),
            Component::TcpFlags(groups) => {
                masks(code, groups, TCP_BITS, found);
                if !protocols(rule, |protocol| protocol == TCP) {
                    found.push(Refusal::TcpFlags);
                }
            }
            Component::Fragment(groups) => fragments(rule.family, groups, found),
        }
    }
    if rule.ranges(Field::Port).is_some()
        && (rule.ranges(Field::SourcePort).is_some() || rule.ranges(Field::DestinationPort).is_some())
    {
        found.push(Refusal::PortTwice);
    }
}

fn family_of_prefix(prefix: IpNet, family: Family, found: &mut Vec<Refusal>) {
    prefix_as_written(prefix, found);
    if Family::of(prefix) != family {
        found.push(Refusal::WrongFamily { what: prefix.to_string(), family });
    }
}

fn prefix_as_written(prefix: IpNet, found: &mut Vec<Refusal>) {
    if prefix.trunc() != prefix {
        found.push(Refusal::HostBits(prefix));
    }
    if matches!(prefix, IpNet::V6(prefix) if MAPPED.contains(&prefix)) {
        found.push(Refusal::Mapped(prefix));
    }
}

fn numbers(rule: &Flowspec, field: Field, ranges: &[Range], found: &mut Vec<Refusal>) {
    if ranges.is_empty() {
        found.push(Refusal::NoValues(field.code()));
    }
    for &Range { low, high } in ranges {
        if low > high || high > field.highest() {
            found.push(Refusal::BadRange { field, low, high });
        }
    }
    let values = ranges.iter().flat_map(|range| range.announced(field.highest()));
    match field {
        Field::Length => {
            // Ends that lie beyond what the field holds are announced as what they are, so they count too.
            let ends = ranges.iter().map(|range| range.high).filter(|high| *high > field.highest());
            found.extend(values.chain(ends).filter(|value| *value > LONGEST_PACKET).map(Refusal::Length));
        }
        Field::FlowLabel => {
            found.extend(values.filter(|value| *value > HIGHEST_LABEL).map(Refusal::FlowLabel));
            if rule.family == Family::V4 {
                found.push(Refusal::WrongFamily { what: field.to_string(), family: rule.family });
            }
        }
        Field::IcmpType | Field::IcmpCode => {
            let icmp = rule.family.icmp();
            if !protocols(rule, |protocol| protocol == icmp) {
                found.push(Refusal::Icmp { field, protocol: icmp });
            }
        }
        _ if field.is_port() && !protocols(rule, |protocol| matches!(protocol, TCP | UDP)) => {
            found.push(Refusal::Ports(field));
        }
        _ => {}
    }
}

/// Whether the rule names its protocols and all of them are as wanted.
fn protocols(rule: &Flowspec, is_wanted: impl Fn(u32) -> bool) -> bool {
    let Some(ranges) = rule.ranges(Field::Protocol) else { return false };
    // Wanted protocols are few, so a long range holds another one.
    !ranges.is_empty() && ranges.iter().all(|range| (range.low..=range.high).take(3).all(&is_wanted))
}

fn masks(code: u8, groups: &Flags, bits: u16, found: &mut Vec<Refusal>) {
    if groups.is_empty() || groups.iter().any(Vec::is_empty) {
        found.push(Refusal::NoValues(code));
    }
    for &FlagTest { mask, .. } in groups.iter().flatten() {
        if mask == 0 || mask & !bits != 0 {
            found.push(Refusal::BadMask { code, mask });
        }
    }
}

fn fragments(family: Family, groups: &Flags, found: &mut Vec<Refusal>) {
    masks(12, groups, fragment::ALL, found);
    // One bit at a time: BIRD has no words for several.
    let several = groups.iter().flatten().filter(|test| test.mask.count_ones() > 1);
    found.extend(several.map(|test| Refusal::BadMask { code: 12, mask: test.mask }));
    let names_bit = groups.iter().flatten().any(|test| test.mask & fragment::DONT_FRAGMENT != 0);
    if family == Family::V6 && names_bit {
        found.push(Refusal::WrongFamily { what: "don't fragment".to_owned(), family });
    }
}

fn blackhole(prefix: IpNet, candidate: &Candidate, found: &mut Vec<Refusal>) {
    prefix_as_written(prefix, found);
    if prefix.prefix_len() != prefix.max_prefix_len() {
        found.push(Refusal::WideBlackhole(prefix));
    }
    if candidate.actions.iter().any(|action| *action != Action::Drop) {
        found.push(Refusal::BlackholeAction);
    }
}

fn bgp(settings: &GuardSettings, traffic: &Matcher, found: &mut Vec<Refusal>) {
    let may_match = match traffic {
        Matcher::Flowspec(rule) => may_match_bgp(rule),
        Matcher::Blackhole(_) => true,
    };
    if let Some(prefix) = traffic.destination().filter(|_| may_match) {
        let infrastructure = settings.infrastructure.iter().chain(&settings.never);
        found.extend(infrastructure.copied().find(|own| overlaps(*own, prefix)).map(Refusal::Bgp));
    }
}

/// Whether the rule's protocols and ports let BGP through to its action: a session has port 179 at one side and that of
/// a client at the other. Other components are not looked at, since any value of theirs occurs in a session.
fn may_match_bgp(rule: &Flowspec) -> bool {
    let may_be = |field, low, high| {
        rule.ranges(field).is_none_or(|ranges| ranges.iter().any(|range| touches(*range, low, high)))
    };
    let clients = (LOWEST_CLIENT, Field::Port.highest());
    let to_server =
        may_be(Field::DestinationPort, BGP, BGP) && may_be(Field::SourcePort, clients.0, clients.1);
    let to_client =
        may_be(Field::SourcePort, BGP, BGP) && may_be(Field::DestinationPort, clients.0, clients.1);
    let either = may_be(Field::Port, BGP, BGP) || may_be(Field::Port, clients.0, clients.1);
    may_be(Field::Protocol, TCP, TCP) && either && (to_server || to_client)
}

const fn touches(range: Range, low: u32, high: u32) -> bool {
    range.low <= high && low <= range.high
}

fn action(settings: &GuardSettings, candidate: &Candidate, found: &mut Vec<Refusal>) {
    if candidate.actions.len() != 1 {
        found.push(Refusal::Actions(candidate.actions.len()));
    }
    for action in &candidate.actions {
        match action {
            Action::LimitBytes(0) | Action::LimitPackets(0) => found.push(Refusal::ZeroLimit),
            Action::Redirect(target) if !settings.redirects.contains(target) => {
                found.push(Refusal::Redirect(target.asn, target.value));
            }
            Action::Drop | Action::LimitBytes(_) | Action::LimitPackets(_) | Action::Redirect(_) => {}
        }
    }
}

fn end(settings: &GuardSettings, candidate: &Candidate, situation: &Situation<'_>, found: &mut Vec<Refusal>) {
    let Some(end) = candidate.end else { return found.push(Refusal::NoEnd) };
    match end.checked_sub(situation.now) {
        None | Some(0) => found.push(Refusal::Ended),
        Some(seconds) if seconds > settings.longest => {
            found.push(Refusal::TooLong { seconds, longest: settings.longest });
        }
        Some(_) => {}
    }
}

/// Whether two prefixes have an address in common.
fn overlaps(first: IpNet, second: IpNet) -> bool {
    first.contains(&second.network()) || second.contains(&first.network())
}
