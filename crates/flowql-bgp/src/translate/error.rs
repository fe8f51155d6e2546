//! What BGP cannot carry.

use std::fmt::{self, Display, Formatter};

use flowql::Span;

/// A condition that a Flowspec rule cannot express.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untranslatable {
    /// Where the condition is in the filter's text; none where it is in a saved filter, or where it is missing.
    pub span: Option<Span>,
    /// The saved filter that it is in.
    pub saved: Option<String>,
    /// The column; empty where the filter as a whole is meant.
    pub column: String,
    /// What is wrong with it.
    pub reason: Reason,
}

/// Why a condition cannot be in a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Packets do not carry what the column says.
    Column,
    /// The test is none of numbers, lists and ranges.
    Test,
    /// It is one side of an `OR` over several columns.
    Or,
    /// The addresses are not those of one prefix.
    Prefix,
    /// A test of ports without a test of the protocol.
    Ports,
    /// Flags of TCP without a test of the protocol.
    Flags,
    /// Type or code of ICMP without tests of family and protocol.
    Icmp,
    /// Port, type, code or flags of 0, which later fragments have too.
    Zero,
    /// Values that differ in ECN only.
    Ecn,
    /// An offset of fragments other than "0" and "not 0".
    Offset,
    /// Flow labels of IPv4.
    FlowLabel,
    /// The flags are tested in too many ways.
    TooLong,
    /// The filter does not say whether IPv4 or IPv6 is meant.
    Family,
    /// No packet can match.
    Nothing,
}

impl Reason {
    /// What to do about it.
    pub const fn help(self) -> &'static str {
        match self {
            Self::Column => {
                "a rule can test SrcAddr, DstAddr, EType, Proto, ports, TCPFlags, PacketSize, IPTos, ICMP types and \
                 codes, IPFragmentOffset and IPv6FlowLabel"
            }
            Self::Test => "compare with numbers, lists or ranges",
            Self::Or => "announce a rule for each side",
            Self::Prefix => "announce a rule for each prefix",
            Self::Ports => "add `Proto = \"udp\"` or `Proto = \"tcp\"`",
            Self::Flags => "add `Proto = \"tcp\"`",
            Self::Icmp => {
                "add `Proto = \"icmp\"` and an address of IPv4, or `Proto = \"ipv6-icmp\"` and one of IPv6"
            }
            Self::Zero => "leave 0 out, or add `IPFragmentOffset = 0`",
            Self::Ecn => "test for four values at once, as `IPTos IN (184-187)`",
            Self::Offset => "write `IPFragmentOffset = 0` or `IPFragmentOffset > 0`",
            Self::FlowLabel => "add an address of IPv6",
            Self::TooLong => "test for fewer combinations",
            Self::Family => "add a destination, or `EType = IPv4`",
            Self::Nothing => "look for conditions that exclude each other",
        }
    }
}

impl Display for Reason {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Column => "packets do not carry it",
            Self::Test => "a rule compares with numbers and prefixes alone",
            Self::Or => "a rule cannot have alternatives over several columns",
            Self::Prefix => "a rule has one prefix for it, and these addresses are not those of one prefix",
            Self::Ports => "a rule with ports matches TCP and UDP alone",
            Self::Flags => "a rule with flags matches TCP alone",
            Self::Icmp => "a rule with types or codes matches the ICMP of its family alone",
            Self::Zero => "later fragments have 0 in flows, and a rule that tests this never matches them",
            Self::Ecn => "a rule sees the DSCP, not the two bits of ECN",
            Self::Offset => "a rule sees whether a packet is a later fragment, not its offset",
            Self::FlowLabel => "IPv4 has no flow label",
            Self::TooLong => "a rule cannot hold so many tests of it",
            Self::Family => "the filter does not say whether IPv4 or IPv6 is meant",
            Self::Nothing => "no packet can match the filter",
        })
    }
}

impl Display for Untranslatable {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        if self.column.is_empty() {
            return write!(out, "BGP cannot carry this filter: {}", self.reason);
        }
        write!(out, "BGP cannot carry the condition on `{}`", self.column)?;
        if let Some(saved) = &self.saved {
            write!(out, " in `@{saved}`")?;
        }
        write!(out, ": {}", self.reason)
    }
}

impl std::error::Error for Untranslatable {}
