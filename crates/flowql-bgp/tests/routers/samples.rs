//! Candidates of all kinds, with what BIRD shows of them as a router.

use std::time::{SystemTime, UNIX_EPOCH};

use flowql_bgp::{
    Action, Candidate, Component, Family, Field, FlagTest, Flowspec, Matcher, Range, RouteTarget, fragment,
};

/// A candidate, and the router's words for it: the route, and its communities in order of kind.
#[derive(Clone)]
pub(crate) struct Sample {
    pub(crate) candidate: Candidate,
    pub(crate) shown: String,
}

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// A field that is one of some numbers.
pub(crate) fn numbers(field: Field, numbers: &[u32]) -> Component {
    Component::Number(field, numbers.iter().map(|number| Range::single(*number)).collect())
}

fn range(field: Field, low: u32, high: u32) -> Component {
    Component::Number(field, vec![Range { low, high }])
}

fn sample(incident: u32, traffic: Matcher, action: Action, shown: &str) -> Sample {
    let large = format!("large (64666, 1, {incident})");
    let what = match traffic {
        Matcher::Blackhole(_) => format!("{shown} communities (65535,7) (65535,666) (65535,65281) {large}"),
        Matcher::Flowspec(_) => format!("{shown} {large}"),
    };
    let candidate = Candidate {
        incident,
        traffic,
        actions: vec![action],
        severity: 1,
        share: Some(10),
        end: Some(now() + 3600),
    };
    Sample { candidate, shown: what }
}

pub(crate) fn flow(family: Family, to: &str, rest: Vec<Component>) -> Matcher {
    let destination = Component::Destination(to.parse().unwrap());
    Matcher::Flowspec(Flowspec { family, components: std::iter::once(destination).chain(rest).collect() })
}

pub(crate) fn blackhole(incident: u32, address: &str) -> Sample {
    sample(incident, Matcher::Blackhole(address.parse().unwrap()), Action::Drop, address)
}

/// A drop of UDP from a port, of which there may be many.
pub(crate) fn amplification(incident: u32, host: u8, port: u32) -> Sample {
    let to = format!("203.0.113.{host}/32");
    let rest = vec![numbers(Field::Protocol, &[17]), numbers(Field::SourcePort, &[port])];
    let shown = format!("flow4 {{ dst {to}; proto 17; sport {port}; }} extended (generic, 0x80060000, 0x0)");
    sample(incident, flow(Family::V4, &to, rest), Action::Drop, &shown)
}

/// One of each kind of component, of action and of family.
pub(crate) fn all() -> Vec<Sample> {
    let test = |negated, all, mask| FlagTest { negated, all, mask };
    let redirect = Action::Redirect(RouteTarget { asn: 64500, value: 666 });
    vec![
        sample(
            1,
            flow(
                Family::V4,
                "203.0.113.68/32",
                vec![
                    numbers(Field::Protocol, &[17]),
                    numbers(Field::SourcePort, &[53]),
                    range(Field::Length, 1476, 1500),
                ],
            ),
            Action::Drop,
            "flow4 { dst 203.0.113.68/32; proto 17; sport 53; length 1476..1500; } extended (generic, 0x80060000, 0x0)",
        ),
        sample(
            2,
            flow(
                Family::V4,
                "203.0.113.1/32",
                vec![
                    numbers(Field::Protocol, &[6]),
                    numbers(Field::DestinationPort, &[443]),
                    Component::TcpFlags(vec![vec![test(false, true, 2), test(true, false, 16)]]),
                ],
            ),
            Action::LimitBytes(5_000_000),
            "flow4 { dst 203.0.113.1/32; proto 6; dport 443; tcp flags 0x2/0x2 && 0x0/0x10; } extended (generic, \
             0x80060000, 0x4a989680)",
        ),
        sample(
            3,
            flow(
                Family::V6,
                "2001:db8:1::5/128",
                vec![
                    numbers(Field::Protocol, &[17]),
                    numbers(Field::SourcePort, &[19, 53, 123, 389, 1900]),
                    numbers(Field::Length, &[468]),
                    range(Field::FlowLabel, 9, 20),
                ],
            ),
            Action::LimitPackets(1000),
            "flow6 { dst 2001:db8:1::5/128; next header 17; sport 19,53,123,389,1900; length 468; label 9..20; } \
             extended (generic, 0x800c0000, 0x447a0000)",
        ),
        sample(
            4,
            flow(
                Family::V4,
                "203.0.113.128/25",
                vec![
                    Component::Source("192.0.2.0/24".parse().unwrap()),
                    numbers(Field::Protocol, &[1]),
                    numbers(Field::IcmpType, &[3, 8]),
                    range(Field::IcmpCode, 0, 4),
                    range(Field::Length, 1001, 65_535),
                    numbers(Field::Dscp, &[46]),
                    Component::Fragment(vec![
                        vec![test(true, true, fragment::LATER)],
                        vec![test(false, true, fragment::FIRST)],
                    ]),
                ],
            ),
            redirect,
            "flow4 { dst 203.0.113.128/25; src 192.0.2.0/24; proto 1; icmp type 3,8; icmp code <= 4; length >= 1001; dscp \
             46; fragment !is_fragment || first_fragment; } extended (generic, 0x8008fbf4, 0x29a)",
        ),
        sample(
            5,
            flow(
                Family::V6,
                "2001:db8:1:2::/64",
                vec![
                    numbers(Field::Protocol, &[6, 17]),
                    range(Field::Port, 1000, 2000),
                    Component::Fragment(vec![vec![test(false, true, fragment::LATER)]]),
                ],
            ),
            Action::Drop,
            "flow6 { dst 2001:db8:1:2::/64; next header 6,17; port 1000..2000; fragment is_fragment; } extended (generic, \
             0x80060000, 0x0)",
        ),
        sample(
            6,
            flow(
                Family::V4,
                "203.0.113.2/32",
                vec![
                    numbers(Field::Protocol, &[6]),
                    Component::TcpFlags(vec![vec![test(true, true, 0x12)], vec![test(false, false, 0x3)]]),
                ],
            ),
            Action::Drop,
            "flow4 { dst 203.0.113.2/32; proto 6; tcp flags !0x12/0x12 || !0x0/0x3; } extended (generic, 0x80060000, 0x0)",
        ),
        blackhole(7, "203.0.113.206/32"),
        blackhole(8, "2001:db8:1::9/128"),
    ]
}
