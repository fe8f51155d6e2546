//! What is announced: the traffic, and what is to happen to it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::prefix_text;

/// The version of IP that a rule is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

/// An address family of BGP, by which routers are limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RouteFamily {
    /// Blackholes of IPv4: unicast routes.
    Blackhole4,
    /// Blackholes of IPv6: unicast routes.
    Blackhole6,
    /// Flowspec of IPv4 (RFC 8955).
    Flowspec4,
    /// Flowspec of IPv6 (RFC 8956).
    Flowspec6,
}

/// A field of a packet that is compared with numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Field {
    /// The IP protocol; in IPv6 that of the upper layer.
    Protocol,
    /// The source port or the destination port.
    Port,
    /// The destination port.
    DestinationPort,
    /// The source port.
    SourcePort,
    /// The type of an ICMP message.
    IcmpType,
    /// The code of an ICMP message.
    IcmpCode,
    /// The length of the whole IP packet, in bytes.
    Length,
    /// The DSCP.
    Dscp,
    /// The flow label of IPv6.
    FlowLabel,
}

/// Numbers from one to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Range {
    /// The lowest.
    pub low: u32,
    /// The highest.
    pub high: u32,
}

/// A test of a field of bits: whether all of some bits are set, or any of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FlagTest {
    /// The test is whether this is not so.
    pub negated: bool,
    /// All of them must be set, not just one.
    pub all: bool,
    /// The bits.
    pub mask: u16,
}

/// Tests of a field of bits: one group must hold, and all tests of it.
pub type Flags = Vec<Vec<FlagTest>>;

/// The bits of the field for fragments.
pub mod fragment {
    /// The packet must not be fragmented. IPv4 only.
    pub const DONT_FRAGMENT: u16 = 1;
    /// A fragment other than the first.
    pub const LATER: u16 = 2;
    /// The first fragment.
    pub const FIRST: u16 = 4;
    /// The last fragment.
    pub const LAST: u16 = 8;
    /// All of them.
    pub const ALL: u16 = 15;
}

/// A component of a Flowspec rule. Every component of a rule must match.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Component {
    /// The destination lies in a prefix.
    Destination(#[serde(with = "prefix_text")] IpNet),
    /// The source lies in a prefix.
    Source(#[serde(with = "prefix_text")] IpNet),
    /// A field is one of these numbers.
    Number(Field, Vec<Range>),
    /// The flags of TCP.
    TcpFlags(Flags),
    /// The bits of [`fragment`].
    Fragment(Flags),
}

/// A Flowspec rule, as a candidate: it may be anything until the guards have passed it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Flowspec {
    /// The version of IP.
    pub family: Family,
    /// What must match.
    pub components: Vec<Component>,
}

/// Which traffic is meant.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Matcher {
    /// Packets that a rule matches.
    Flowspec(Flowspec),
    /// All packets to an address.
    Blackhole(#[serde(with = "prefix_text")] IpNet),
}

/// The route target of the VRF that traffic is redirected to, in its form with an AS number of two bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RouteTarget {
    /// The AS number.
    pub asn: u16,
    /// The number within it.
    pub value: u32,
}

/// What happens to the traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// It is dropped.
    Drop,
    /// What is over so many bytes a second is dropped.
    LimitBytes(u32),
    /// What is over so many packets a second is dropped. Not every router knows it.
    LimitPackets(u32),
    /// It is looked up in another VRF.
    Redirect(RouteTarget),
}

/// What somebody would like to be announced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// The incident; it is the last part of the route's large community.
    pub incident: u32,
    /// The traffic.
    pub traffic: Matcher,
    /// What happens to it; the guards pass exactly one.
    pub actions: Vec<Action>,
    /// How bad the attack is, in a unit of the caller's: the worst go first where there is not room for all.
    pub severity: u64,
    /// The share of the usual traffic of the network that it would hit, in millionths, by the last day without the
    /// incident; none where that is not known.
    pub share: Option<u32>,
    /// When it ends, in seconds since 1970.
    pub end: Option<u64>,
}

impl Field {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 9] = [
        Self::Protocol,
        Self::Port,
        Self::DestinationPort,
        Self::SourcePort,
        Self::IcmpType,
        Self::IcmpCode,
        Self::Length,
        Self::Dscp,
        Self::FlowLabel,
    ];

    /// The type of the component (RFC 8955, 4.2.2; RFC 8956, 3.7).
    pub const fn code(self) -> u8 {
        match self {
            Self::Protocol => 3,
            Self::Port => 4,
            Self::DestinationPort => 5,
            Self::SourcePort => 6,
            Self::IcmpType => 7,
            Self::IcmpCode => 8,
            Self::Length => 10,
            Self::Dscp => 11,
            Self::FlowLabel => 13,
        }
    }

    /// The highest number that the field holds.
    pub const fn highest(self) -> u32 {
        match self {
            Self::Protocol | Self::IcmpType | Self::IcmpCode => 0xff,
            Self::Port | Self::DestinationPort | Self::SourcePort | Self::Length => 0xffff,
            Self::Dscp => 0x3f,
            Self::FlowLabel => 0xf_ffff,
        }
    }

    /// Whether it is one of the three for ports.
    pub const fn is_port(self) -> bool {
        matches!(self, Self::Port | Self::DestinationPort | Self::SourcePort)
    }
}

impl Range {
    /// One number.
    pub const fn single(number: u32) -> Self {
        Self { low: number, high: number }
    }

    /// Whether a number is among them.
    pub const fn contains(self, number: u32) -> bool {
        self.low <= number && number <= self.high
    }

    /// The numbers that it takes to announce it, where the field holds numbers up to `max`: one for `= N`, `<= N` and
    /// `>= N`, else two.
    pub fn announced(self, max: u32) -> impl Iterator<Item = u32> {
        let low = (self.low != 0 || self.high == 0 || self.high >= max).then_some(self.low);
        let high = (self.low != self.high && self.high < max).then_some(self.high);
        low.into_iter().chain(high)
    }
}

impl FlagTest {
    /// Whether it holds of these bits.
    pub const fn holds(self, bits: u16) -> bool {
        let found = if self.all { bits & self.mask == self.mask } else { bits & self.mask != 0 };
        found != self.negated
    }
}

impl Component {
    /// The type of the component (RFC 8955, 4.2.2).
    pub const fn code(&self) -> u8 {
        match self {
            Self::Destination(_) => 1,
            Self::Source(_) => 2,
            Self::Number(field, _) => field.code(),
            Self::TcpFlags(_) => 9,
            Self::Fragment(_) => 12,
        }
    }

    fn canonical(&self) -> Self {
        match self {
            Self::Destination(_) | Self::Source(_) => self.clone(),
            Self::Number(field, ranges) => Self::Number(*field, merged(ranges)),
            Self::TcpFlags(groups) => Self::TcpFlags(single_bits(groups)),
            Self::Fragment(groups) => Self::Fragment(single_bits(groups)),
        }
    }

    /// How many values it takes to announce it.
    pub fn values(&self) -> usize {
        match self {
            Self::Destination(_) | Self::Source(_) => 1,
            Self::Number(field, ranges) => {
                ranges.iter().map(|range| range.announced(field.highest()).count()).sum()
            }
            Self::TcpFlags(groups) | Self::Fragment(groups) => groups.iter().map(Vec::len).sum(),
        }
    }
}

impl Flowspec {
    /// The prefix of the destination, where there is one.
    pub fn destination(&self) -> Option<IpNet> {
        self.components.iter().find_map(|component| match component {
            Component::Destination(prefix) => Some(*prefix),
            _ => None,
        })
    }

    /// The ranges of a field; none where any number matches.
    pub fn ranges(&self, wanted: Field) -> Option<&[Range]> {
        self.components.iter().find_map(|component| match component {
            Component::Number(field, ranges) if *field == wanted => Some(ranges.as_slice()),
            _ => None,
        })
    }
}

impl Matcher {
    /// The prefix of the destination, where there is one.
    pub fn destination(&self) -> Option<IpNet> {
        match self {
            Self::Flowspec(rule) => rule.destination(),
            Self::Blackhole(prefix) => Some(*prefix),
        }
    }

    /// The one form of all that have the same routes: components in order, numbers in order and without overlaps, tests
    /// of a single bit spelled one way.
    #[must_use]
    pub fn canonical(&self) -> Self {
        match self {
            Self::Blackhole(prefix) => Self::Blackhole(*prefix),
            Self::Flowspec(rule) => {
                let mut components: Vec<Component> =
                    rule.components.iter().map(Component::canonical).collect();
                components.sort_by_key(Component::code);
                Self::Flowspec(Flowspec { family: rule.family, components })
            }
        }
    }

    /// The address family that it is announced in.
    pub const fn family(&self) -> RouteFamily {
        match self {
            Self::Flowspec(Flowspec { family: Family::V4, .. }) => RouteFamily::Flowspec4,
            Self::Flowspec(Flowspec { family: Family::V6, .. }) => RouteFamily::Flowspec6,
            Self::Blackhole(IpNet::V4(_)) => RouteFamily::Blackhole4,
            Self::Blackhole(IpNet::V6(_)) => RouteFamily::Blackhole6,
        }
    }
}

impl RouteFamily {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Blackhole4, Self::Blackhole6, Self::Flowspec4, Self::Flowspec6];
}

impl Family {
    /// The family of a prefix.
    pub const fn of(prefix: IpNet) -> Self {
        match prefix {
            IpNet::V4(_) => Self::V4,
            IpNet::V6(_) => Self::V6,
        }
    }

    /// The family of an address.
    pub const fn of_address(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Self::V4,
            IpAddr::V6(_) => Self::V6,
        }
    }

    /// The number of ICMP in this family.
    pub const fn icmp(self) -> u32 {
        match self {
            Self::V4 => 1,
            Self::V6 => 58,
        }
    }

    /// The address of which all bits are zero.
    pub const fn unspecified(self) -> IpAddr {
        match self {
            Self::V4 => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            Self::V6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        }
    }
}

/// The same numbers in order, without overlaps.
fn merged(ranges: &[Range]) -> Vec<Range> {
    let mut sorted = ranges.to_vec();
    sorted.sort_unstable();
    let mut found: Vec<Range> = Vec::with_capacity(sorted.len());
    for range in sorted {
        match found.last_mut() {
            Some(last) if range.low <= last.high.saturating_add(1) => last.high = last.high.max(range.high),
            _ => found.push(range),
        }
    }
    found
}

/// Of a single bit, all and any are the same: set is `all`, and not set is `not any`.
fn single_bits(groups: &Flags) -> Flags {
    let one = |test: &FlagTest| {
        let all = if test.mask.count_ones() == 1 { !test.negated } else { test.all };
        FlagTest { all, ..*test }
    };
    groups.iter().map(|group| group.iter().map(one).collect()).collect()
}
