//! Why a rule may not be announced.

use ipnet::IpNet;
use serde::{Serialize, Serializer};

use crate::rule::{Candidate, Family, Field, RouteFamily};

/// The longest packet that a rule may speak of, in bytes: what jumbo frames carry.
pub(super) const LONGEST_PACKET: u32 = 9216;

/// The highest flow label: BIRD 2.0.12 announces the lower 16 bits of one with more.
pub(super) const HIGHEST_LABEL: u32 = 0xffff;

/// The most values of a component. FRR ends the session at the sixth.
pub(super) const MOST_VALUES: usize = 5;

/// A candidate that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// It.
    pub candidate: Candidate,
    /// Why; at least one reason.
    pub reasons: Vec<Refusal>,
}

/// Why a rule may not be announced.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The kill switch is on.
    #[error("the kill switch is on")]
    Killed,
    /// It would match traffic to anywhere.
    #[error("it has no destination")]
    NoDestination,
    /// The destination lies outside the protected prefixes.
    #[error("{0} is not inside a protected prefix")]
    NotProtected(IpNet),
    /// The destination holds what must never be touched.
    #[error("{prefix} touches {never}, which must never be acted upon")]
    Never {
        /// The destination.
        prefix: IpNet,
        /// What it touches.
        never: IpNet,
    },
    /// The destination is too wide.
    #[error("{prefix} is wider than /{narrowest}")]
    TooWide {
        /// The destination.
        prefix: IpNet,
        /// The shortest length that may be.
        narrowest: u8,
    },
    /// The prefix has bits set beyond its length.
    #[error("{0} has bits set beyond its length")]
    HostBits(IpNet),
    /// The prefix holds addresses of IPv4 written as IPv6.
    #[error("{0} is IPv4 written as IPv6")]
    Mapped(IpNet),
    /// The prefix, or what is asked, is of another family than the rule.
    #[error("{what} is not part of {family}")]
    WrongFamily {
        /// The prefix or the field.
        what: String,
        /// The rule's family.
        family: Family,
    },
    /// A component is there twice.
    #[error("the component of type {0} is there twice")]
    Twice(u8),
    /// A component has no values.
    #[error("the component of type {0} has no values")]
    NoValues(u8),
    /// A component has more values than routers take.
    #[error("the component of type {code} has {values} values; routers take {MOST_VALUES}")]
    TooManyValues {
        /// The type of the component.
        code: u8,
        /// How many it has.
        values: usize,
    },
    /// A value is higher than its field holds, or a range ends before it begins.
    #[error("{field} cannot be {low}-{high}")]
    BadRange {
        /// The field.
        field: Field,
        /// The lower end.
        low: u32,
        /// The upper end.
        high: u32,
    },
    /// A packet length that no network carries.
    #[error("a packet length of {0} is over {LONGEST_PACKET} bytes")]
    Length(u32),
    /// A flow label that BIRD would cut.
    #[error("a flow label of {0} is over {HIGHEST_LABEL}, which BIRD cuts to 16 bits")]
    FlowLabel(u32),
    /// A test of no bits, or of bits that do not exist.
    #[error("the component of type {code} cannot test the bits {mask:#x}")]
    BadMask {
        /// The type of the component.
        code: u8,
        /// The bits.
        mask: u16,
    },
    /// Ports with protocols other than TCP and UDP.
    #[error("{0} without the protocols TCP or UDP alone")]
    Ports(Field),
    /// `port` together with the source or destination port.
    #[error("`port` together with source or destination port")]
    PortTwice,
    /// Flags of TCP with another protocol.
    #[error("TCP flags without the protocol TCP alone")]
    TcpFlags,
    /// Types or codes of ICMP with another protocol.
    #[error("{field} without the protocol {protocol} alone")]
    Icmp {
        /// The type or the code.
        field: Field,
        /// The number of ICMP in the family.
        protocol: u32,
    },
    /// It may hit the BGP sessions of a router.
    #[error("it may match BGP, TCP port 179, to the infrastructure {0}")]
    Bgp(IpNet),
    /// A blackhole of more than one address.
    #[error("a blackhole of {0}, which is not a single address")]
    WideBlackhole(IpNet),
    /// A blackhole that should do anything other than drop.
    #[error("a blackhole can only drop")]
    BlackholeAction,
    /// Not exactly one action.
    #[error("{0} actions instead of one")]
    Actions(usize),
    /// A limit of zero, which is another word for drop.
    #[error("a limit of 0")]
    ZeroLimit,
    /// Traffic may not be redirected there.
    #[error("the route target {0}:{1} is not one that traffic may be redirected to")]
    Redirect(u16, u32),
    /// It has no end.
    #[error("it has no end")]
    NoEnd,
    /// Its end is past.
    #[error("its end is past")]
    Ended,
    /// Its end is too far away.
    #[error("it ends in {seconds} s; the longest is {longest} s")]
    TooLong {
        /// How long it would be.
        seconds: u64,
        /// How long it may be.
        longest: u64,
    },
    /// Another candidate is for the same traffic.
    #[error("another rule is for the same traffic")]
    Repeated,
    /// No router takes the family.
    #[error("no router takes {0}")]
    NoRouter(RouteFamily),
    /// Worse attacks have used the budget.
    #[error("worse attacks use all {most} rules of {family}")]
    Budget {
        /// The family.
        family: RouteFamily,
        /// The budget.
        most: u32,
    },
    /// Nobody knows how much of the usual traffic it would hit.
    #[error("the share of the usual traffic that it would hit is not known")]
    UnknownShare,
    /// All rules together would hit too much of the usual traffic.
    #[error("with it, the rules would hit over {} % of the usual traffic", f64::from(*.most) / 10_000.0)]
    Share {
        /// What they may hit, in millionths.
        most: u32,
    },
    /// Too many rules became new within a minute.
    #[error("{most} rules are new within the last minute, which is the most")]
    TooManyNew {
        /// The most.
        most: u32,
    },
}

impl Serialize for Refusal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
