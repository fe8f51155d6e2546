//! Routes in BIRD's language, and as BIRD prints them.

use std::fmt::Write as _;

use ipnet::IpNet;

use crate::route::Route;
use crate::rule::{Component, Family, Field, FlagTest, Flags, Flowspec, Matcher, Range, fragment};

/// The statement that announces a route.
pub(crate) fn statement(route: &Route) -> String {
    let mut text = match &route.traffic {
        Matcher::Blackhole(prefix) => format!("route {prefix} blackhole"),
        Matcher::Flowspec(rule) => format!("route {}", flow(rule)),
    };
    text.push_str(" {");
    for community in &route.communities {
        push(&mut text, format_args!(" bgp_community.add(({}, {}));", community >> 16, community & 0xffff));
    }
    for community in &route.extended {
        let (high, low) = (community >> 32, community & 0xffff_ffff);
        push(&mut text, format_args!(" bgp_ext_community.add((generic, {high:#x}, {low:#x}));"));
    }
    for [one, two, three] in &route.large {
        push(&mut text, format_args!(" bgp_large_community.add(({one}, {two}, {three}));"));
    }
    text.push_str(" };\n");
    text
}

/// Formatting into a text cannot fail.
fn push(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    let _ = text.write_fmt(arguments);
}

fn flow(rule: &Flowspec) -> String {
    let mut components: Vec<&Component> = rule.components.iter().collect();
    components.sort_by_key(|component| component.code());
    let mut text = match rule.family {
        Family::V4 => "flow4 {".to_owned(),
        Family::V6 => "flow6 {".to_owned(),
    };
    for component in components {
        match component {
            Component::Destination(prefix) => push(&mut text, format_args!(" dst {prefix};")),
            Component::Source(prefix) => push(&mut text, format_args!(" src {prefix};")),
            Component::Number(field, ranges) => {
                push(
                    &mut text,
                    format_args!(" {} {};", keyword(*field, rule.family), numbers(*field, ranges)),
                );
            }
            Component::TcpFlags(groups) => {
                push(&mut text, format_args!(" tcp flags {};", tests(groups, tcp_flag)));
            }
            Component::Fragment(groups) => {
                push(&mut text, format_args!(" fragment {};", tests(groups, fragment_bit)));
            }
        }
    }
    text.push_str(" }");
    text
}

const fn keyword(field: Field, family: Family) -> &'static str {
    match (field, family) {
        (Field::Protocol, Family::V4) => "proto",
        (Field::Protocol, Family::V6) => "next header",
        (Field::Port, _) => "port",
        (Field::DestinationPort, _) => "dport",
        (Field::SourcePort, _) => "sport",
        (Field::IcmpType, _) => "icmp type",
        (Field::IcmpCode, _) => "icmp code",
        (Field::Length, _) => "length",
        (Field::Dscp, _) => "dscp",
        (Field::FlowLabel, _) => "label",
    }
}

fn numbers(field: Field, ranges: &[Range]) -> String {
    let max = field.highest();
    let texts = ranges.iter().map(|&Range { low, high }| match (low, high) {
        (low, high) if low == high => format!("= {low}"),
        (low, high) if high >= max => format!(">= {low}"),
        (0, high) => format!("<= {high}"),
        (low, high) => format!(">= {low} && <= {high}"),
    });
    texts.collect::<Vec<_>>().join(" || ")
}

fn tests(groups: &Flags, write: impl Fn(FlagTest) -> String) -> String {
    let groups = groups.iter().map(|group| {
        let tests: Vec<String> = group.iter().map(|test| write(*test)).collect();
        tests.join(" && ")
    });
    groups.collect::<Vec<_>>().join(" || ")
}

/// A value and a mask: all bits of it are `M/M`, none of them `0/M`.
fn tcp_flag(test: FlagTest) -> String {
    let mask = test.mask;
    match (test.all, test.negated) {
        (true, true) => format!("!{mask:#x}/{mask:#x}"),
        (true, false) => format!("{mask:#x}/{mask:#x}"),
        (false, true) => format!("0x0/{mask:#x}"),
        (false, false) => format!("!0x0/{mask:#x}"),
    }
}

fn fragment_bit(test: FlagTest) -> String {
    let name = match test.mask {
        fragment::DONT_FRAGMENT => "dont_fragment",
        fragment::LATER => "is_fragment",
        fragment::FIRST => "first_fragment",
        _ => "last_fragment",
    };
    format!("{}{name}", if test.negated { "!" } else { "" })
}

/// What `show route … all` prints, each route as one text that says all of it.
pub(crate) fn printed(output: &[String]) -> Vec<String> {
    let mut routes: Vec<Printed> = Vec::new();
    for line in output {
        let line = line.trim_end();
        if let Some(attribute) = line.strip_prefix('\t') {
            if let Some(route) = routes.last_mut() {
                route.attribute(attribute.trim());
            }
        } else if let Some((what, _)) = line.split_once(" [") {
            routes.push(Printed::new(what));
        }
    }
    routes.into_iter().map(Printed::text).collect()
}

/// The text that [`printed`] makes of a route.
pub(crate) fn expected(route: &Route) -> String {
    let what = match &route.traffic {
        Matcher::Blackhole(IpNet::V4(prefix)) => prefix.to_string(),
        Matcher::Blackhole(IpNet::V6(prefix)) => prefix.to_string(),
        Matcher::Flowspec(rule) => flow(rule),
    };
    let mut printed = Printed::new(&what);
    let mut communities: Vec<String> = Vec::new();
    communities
        .extend(route.communities.iter().map(|number| format!("({},{})", number >> 16, number & 0xffff)));
    communities.extend(
        route
            .extended
            .iter()
            .map(|number| format!("(generic,{:#x},{:#x})", number >> 32, number & 0xffff_ffff)),
    );
    communities.extend(route.large.iter().map(|[one, two, three]| format!("({one},{two},{three})")));
    printed.communities = communities;
    printed.text()
}

/// A route, its spelling made one.
struct Printed {
    what: String,
    communities: Vec<String>,
}

impl Printed {
    fn new(what: &str) -> Self {
        let what = what.trim();
        let what = if what.starts_with("flow") {
            one_spelling(what)
        } else {
            what.split_whitespace().next().unwrap_or_default().to_owned()
        };
        Self { what, communities: Vec::new() }
    }

    fn attribute(&mut self, line: &str) {
        let lists = ["BGP.community: ", "BGP.ext_community: ", "BGP.large_community: "];
        if let Some(list) = lists.iter().find_map(|name| line.strip_prefix(name)) {
            let items = list.split_inclusive(')').map(|item| item.replace(' ', ""));
            self.communities.extend(items.filter(|item| !item.is_empty()));
        }
    }

    fn text(mut self) -> String {
        self.communities.sort_unstable();
        format!("{} {}", self.what, self.communities.join(" "))
    }
}

/// BIRD takes `= 5 || >= 7 && <= 9` and prints `5,7..9`.
fn one_spelling(flow: &str) -> String {
    let text = flow.replace(" || ", ",").replace(" = ", " ").replace(",= ", ",");
    let parts = text.split(';').map(|part| {
        let alternatives = part.split(',').map(|one| {
            match one.split_once(">= ").map(|(head, rest)| (head, rest.split_once(" && <= "))) {
                Some((head, Some((low, high)))) => format!("{head}{low}..{high}"),
                _ => one.to_owned(),
            }
        });
        alternatives.collect::<Vec<_>>().join(",")
    });
    parts.collect::<Vec<_>>().join(";")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_bird_prints_is_what_was_written() {
        let rule = Flowspec {
            family: Family::V4,
            components: vec![
                Component::Number(
                    Field::Length,
                    vec![Range { low: 1476, high: 1500 }, Range { low: 9000, high: 65_535 }],
                ),
                Component::Destination("203.0.113.68/32".parse().unwrap()),
                Component::Number(Field::Protocol, vec![Range::single(6), Range::single(17)]),
                Component::Fragment(vec![vec![FlagTest { negated: true, all: true, mask: 2 }]]),
                Component::TcpFlags(vec![
                    vec![
                        FlagTest { negated: false, all: true, mask: 2 },
                        FlagTest { negated: true, all: false, mask: 0x12 },
                    ],
                    vec![FlagTest { negated: true, all: true, mask: 0x12 }],
                ]),
            ],
        };
        let route = Route {
            traffic: Matcher::Flowspec(rule),
            communities: Vec::new(),
            extended: vec![0x8006_0000_4a98_9680],
            large: vec![[64_666, 1, 42]],
        };
        assert_eq!(
            statement(&route),
            "route flow4 { dst 203.0.113.68/32; proto = 6 || = 17; tcp flags 0x2/0x2 && 0x0/0x12 || !0x12/0x12; \
             length >= 1476 && <= 1500 || >= 9000; fragment !is_fragment; } { bgp_ext_community.add((generic, \
             0x80060000, 0x4a989680)); bgp_large_community.add((64666, 1, 42)); };\n"
        );
        let printed_by_bird = [
            "Table flowtab4:",
            "flow4 { dst 203.0.113.68/32; proto 6,17; tcp flags 0x2/0x2 && 0x0/0x12 || !0x12/0x12; length \
             1476..1500,>= 9000; fragment !is_fragment; }  [flow_v4 19:53:20.373] * (200)",
            "\tType: static univ",
            "\tBGP.ext_community: (generic, 0x80060000, 0x4a989680)",
            "\tBGP.large_community: (64666, 1, 42)",
        ];
        assert_eq!(printed(&printed_by_bird.map(str::to_owned)), [expected(&route)]);
    }

    #[test]
    fn blackholes_are_compared_with_their_communities() {
        let route = Route {
            traffic: Matcher::Blackhole("2001:db8:1::9/128".parse().unwrap()),
            communities: vec![0xffff_029a, 0xffff_ff01],
            extended: Vec::new(),
            large: Vec::new(),
        };
        let lines = [
            "2001:db8:1::9/128    blackhole [rtbh_v6 20:04:51.653] * (200)",
            "\tBGP.community: (65535,666) (65535,65281)",
        ];
        assert_eq!(printed(&lines.map(str::to_owned)), [expected(&route)]);
        let others = ["2001:db8:1::9/128    blackhole [x 20:04:51.653]", "\tBGP.community: (65535,666)"];
        assert_ne!(printed(&others.map(str::to_owned)), [expected(&route)]);
    }
}
