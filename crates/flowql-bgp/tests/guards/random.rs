//! Candidates that are right, and then changed in a place or two.

use flowql_bgp::{
    Action, Budget, Candidate, Component, Family, Field, FlagTest, Flags, Flowspec, GuardSettings, Matcher,
    Range, RouteFamily, RouteTarget, Router,
};
use ipnet::IpNet;

/// The time of all situations.
pub(crate) const NOW: u64 = 1_800_000_000;

/// Prefixes with which guards are tried: right ones and others.
const PREFIXES: [&str; 24] = [
    "203.0.113.68/32",
    "203.0.113.0/24",
    "203.0.113.128/25",
    "203.0.113.1/32",
    "203.0.112.0/23",
    "198.51.100.0/24",
    "198.51.102.9/32",
    "198.51.104.1/32",
    "198.51.100.7/24",
    "192.0.2.1/32",
    "0.0.0.0/0",
    "203.0.113.254/31",
    "2001:db8:1::5/128",
    "2001:db8:1:2::/64",
    "2001:db8:1::/48",
    "2001:db8:1::53/128",
    "2001:db8::/47",
    "2001:db8:2::/64",
    "2001:db8:1:3::1/64",
    "::ffff:203.0.113.68/128",
    "::ffff:203.0.113.0/120",
    "2001:db8:1:ffff::/64",
    "::/0",
    "2001:db8:1:ffff::179/128",
];

/// Numbers at which something changes.
const NUMBERS: [u32; 22] = [
    0,
    1,
    5,
    6,
    7,
    17,
    53,
    58,
    63,
    64,
    179,
    255,
    256,
    1023,
    1024,
    1500,
    9216,
    9217,
    65_535,
    65_536,
    99_971,
    1 << 20,
];

/// A generator of random numbers: splitmix64.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    pub(crate) fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    fn of<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    pub(crate) fn settings(&mut self) -> GuardSettings {
        let list =
            |texts: &[&str]| -> Vec<IpNet> { texts.iter().map(|text| text.parse().unwrap()).collect() };
        let routers =
            (0..1 + self.below(3)).map(|number| Router { name: number.to_string(), budgets: self.budgets() });
        GuardSettings {
            routers: routers.collect(),
            protected: list(&["203.0.113.0/24", "198.51.100.0/22", "2001:db8:1::/48"]),
            never: list(&["203.0.113.1/32", "2001:db8:1::53/128"]),
            infrastructure: list(&["198.51.102.0/24", "2001:db8:1:ffff::/64"]),
            redirects: vec![RouteTarget { asn: 64500, value: 666 }],
            new_per_minute: self.of(&[0, 2, 5, 20]),
            most_share: self.of(&[10_000, 50_000, 1_000_000]),
            longest: 86_400,
        }
    }

    fn budgets(&mut self) -> Vec<Budget> {
        let mut budgets = Vec::new();
        for family in RouteFamily::ALL {
            if !self.one_in(8) {
                budgets.push(Budget { family, most: self.of(&[0, 1, 3, 10, 100]) });
            }
        }
        budgets
    }

    pub(crate) fn candidate(&mut self) -> Candidate {
        let traffic = if self.one_in(5) { self.blackhole() } else { Matcher::Flowspec(self.flowspec()) };
        let action = match traffic {
            Matcher::Blackhole(_) => Action::Drop,
            Matcher::Flowspec(_) => self.of(&[
                Action::Drop,
                Action::LimitBytes(5_000_000),
                Action::LimitPackets(1000),
                Action::Redirect(RouteTarget { asn: 64500, value: 666 }),
            ]),
        };
        let mut candidate = Candidate {
            incident: self.below(1000) as u32,
            traffic,
            actions: vec![action],
            severity: self.below(50) as u64,
            share: Some(self.below(12_000) as u32),
            end: Some(NOW + 1 + self.below(86_400) as u64),
        };
        for _ in 0..self.of(&[0, 0, 1, 1, 2, 3]) {
            self.change(&mut candidate);
        }
        candidate
    }

    fn blackhole(&mut self) -> Matcher {
        let text = self.of(&["203.0.113.68/32", "203.0.113.9/32", "2001:db8:1::5/128", "198.51.103.2/32"]);
        Matcher::Blackhole(text.parse().unwrap())
    }

    fn flowspec(&mut self) -> Flowspec {
        let family = self.of(&[Family::V4, Family::V6]);
        let (to, from) = match family {
            Family::V4 => (["203.0.113.68/32", "203.0.113.128/25", "198.51.102.9/32"], "192.0.2.0/24"),
            Family::V6 => {
                (["2001:db8:1::5/128", "2001:db8:1:2::/64", "2001:db8:1:ffff::/64"], "2001:db8:9::/48")
            }
        };
        let mut components = vec![Component::Destination(self.of(&to).parse().unwrap())];
        if self.one_in(4) {
            components.push(Component::Source(from.parse().unwrap()));
        }
        let protocol = self.of(&[6, 6, 17, 17, family.icmp(), 47]);
        if !self.one_in(6) {
            components.push(Component::Number(Field::Protocol, vec![Range::single(protocol)]));
            self.transport(protocol, &mut components);
        }
        if self.one_in(3) {
            components.push(Component::Number(Field::Length, vec![Range { low: 400, high: 1500 }]));
        }
        if self.one_in(6) {
            components.push(Component::Number(Field::Dscp, vec![Range { low: 0, high: 8 }]));
        }
        if self.one_in(6) {
            components.push(Component::Fragment(self.flags(2)));
        }
        Flowspec { family, components }
    }

    /// What the header of the protocol has.
    fn transport(&mut self, protocol: u32, components: &mut Vec<Component>) {
        match protocol {
            6 | 17 => {
                for field in [Field::DestinationPort, Field::SourcePort] {
                    if !self.one_in(3) {
                        components.push(Component::Number(field, self.ranges(field)));
                    }
                }
                if protocol == 6 && self.one_in(3) {
                    components.push(Component::TcpFlags(self.flags(18)));
                }
            }
            1 | 58 => components.push(Component::Number(Field::IcmpType, self.ranges(Field::IcmpType))),
            _ => {}
        }
    }

    fn ranges(&mut self, field: Field) -> Vec<Range> {
        (0..self.of(&[1, 1, 2, 3])).map(|_| self.range(field)).collect()
    }

    fn range(&mut self, field: Field) -> Range {
        let (first, second) =
            (self.of(&NUMBERS).min(field.highest()), self.of(&NUMBERS).min(field.highest()));
        if self.one_in(2) {
            Range::single(first)
        } else {
            Range { low: first.min(second), high: first.max(second) }
        }
    }

    fn flags(&mut self, mask: u16) -> Flags {
        let test = FlagTest { negated: self.one_in(2), all: self.one_in(2), mask };
        (0..1 + self.below(2)).map(|_| vec![test; 1 + self.below(2)]).collect()
    }

    /// Changes it in one place.
    fn change(&mut self, candidate: &mut Candidate) {
        let redirect = RouteTarget { asn: self.of(&[64500, 64501]), value: self.of(&[666, 667]) };
        match self.below(12) {
            0 => candidate.end = self.of(&[None, Some(0), Some(NOW), Some(NOW + 86_400), Some(NOW + 86_401)]),
            1 => candidate.share = self.of(&[None, Some(10_001), Some(50_001), Some(u32::MAX)]),
            2 => {
                let any = [
                    Action::Drop,
                    Action::LimitBytes(0),
                    Action::LimitPackets(0),
                    Action::Redirect(redirect),
                ];
                candidate.actions = (0..self.of(&[0, 1, 1, 2])).map(|_| self.of(&any)).collect();
            }
            3 => candidate.traffic = Matcher::Blackhole(self.of(&PREFIXES).parse().unwrap()),
            _ => {
                if let Matcher::Flowspec(rule) = &mut candidate.traffic {
                    self.change_rule(rule);
                }
            }
        }
    }

    fn change_rule(&mut self, rule: &mut Flowspec) {
        let place = self.below(rule.components.len().max(1));
        match self.below(8) {
            0 if place < rule.components.len() => drop(rule.components.remove(place)),
            1 if place < rule.components.len() => rule.components.push(rule.components[place].clone()),
            2 => rule.family = self.of(&[Family::V4, Family::V6]),
            3 => rule.components.push(self.component()),
            4 => {
                rule.components.retain(|component| component.code() != 1);
                rule.components.insert(0, Component::Destination(self.of(&PREFIXES).parse().unwrap()));
            }
            _ => {
                if let Some(component) = rule.components.get_mut(place) {
                    self.change_component(component);
                }
            }
        }
    }

    fn component(&mut self) -> Component {
        match self.below(5) {
            0 => Component::Source(self.of(&PREFIXES).parse().unwrap()),
            1 => Component::Fragment(self.flags(15)),
            2 => Component::TcpFlags(self.flags(0x100)),
            _ => {
                let field = self.of(&Field::ALL);
                Component::Number(field, self.ranges(field))
            }
        }
    }

    fn change_component(&mut self, component: &mut Component) {
        match component {
            Component::Destination(prefix) | Component::Source(prefix) => {
                *prefix = self.of(&PREFIXES).parse().unwrap();
            }
            Component::Number(_, ranges) => match self.below(4) {
                0 => ranges.clear(),
                1 => ranges.extend((0..3).map(|_| Range { low: 10, high: self.of(&[11, 12]) })),
                _ => {
                    let (low, high) = (self.of(&NUMBERS), self.of(&NUMBERS));
                    ranges.push(Range { low, high });
                }
            },
            Component::TcpFlags(groups) | Component::Fragment(groups) => match self.below(4) {
                0 => groups.clear(),
                1 => groups.push(Vec::new()),
                2 => groups.extend(self.flags(2).into_iter().chain(self.flags(8))),
                _ => {
                    let mask = self.below(1 << 16) as u16 & 0xf0ff;
                    groups.extend(self.flags(mask));
                }
            },
        }
    }
}
