//! Rules as people read them.

use std::fmt::{self, Display, Formatter};

use crate::rule::{
    Action, Candidate, Component, Family, Field, FlagTest, Flags, Flowspec, Matcher, Range, RouteFamily,
    fragment,
};

/// The flags of TCP by their names, the first of the header last.
const TCP_FLAGS: [(u16, &str); 9] = [
    (1, "FIN"),
    (2, "SYN"),
    (4, "RST"),
    (8, "PSH"),
    (16, "ACK"),
    (32, "URG"),
    (64, "ECE"),
    (128, "CWR"),
    (256, "NS"),
];

const FRAGMENTS: [(u16, &str); 4] = [
    (fragment::DONT_FRAGMENT, "don't-fragment"),
    (fragment::LATER, "later-fragment"),
    (fragment::FIRST, "first-fragment"),
    (fragment::LAST, "last-fragment"),
];

impl Display for Family {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        })
    }
}

impl Display for RouteFamily {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Blackhole4 => "IPv4 unicast",
            Self::Blackhole6 => "IPv6 unicast",
            Self::Flowspec4 => "IPv4 Flowspec",
            Self::Flowspec6 => "IPv6 Flowspec",
        })
    }
}

impl Display for Field {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Protocol => "protocol",
            Self::Port => "port",
            Self::DestinationPort => "destination port",
            Self::SourcePort => "source port",
            Self::IcmpType => "ICMP type",
            Self::IcmpCode => "ICMP code",
            Self::Length => "packet length",
            Self::Dscp => "DSCP",
            Self::FlowLabel => "flow label",
        })
    }
}

impl Display for Range {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        if self.low == self.high {
            write!(out, "{}", self.low)
        } else {
            write!(out, "{}-{}", self.low, self.high)
        }
    }
}

impl Display for Component {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Destination(prefix) => write!(out, "destination {prefix}"),
            Self::Source(prefix) => write!(out, "source {prefix}"),
            Self::Number(field, ranges) => {
                write!(out, "{field} ")?;
                joined(out, ranges, ", ", |out, range| write!(out, "{range}"))
            }
            Self::TcpFlags(groups) => flags(out, "TCP flags", groups, &TCP_FLAGS),
            Self::Fragment(groups) => flags(out, "fragment", groups, &FRAGMENTS),
        }
    }
}

impl Display for Flowspec {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "{}: ", self.family)?;
        joined(out, &self.components, "; ", |out, component| write!(out, "{component}"))
    }
}

impl Display for Matcher {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flowspec(rule) => write!(out, "{rule}"),
            Self::Blackhole(prefix) => write!(out, "everything to {prefix}"),
        }
    }
}

impl Display for Action {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Drop => out.write_str("drop"),
            Self::LimitBytes(rate) => write!(out, "limit to {rate} bytes a second"),
            Self::LimitPackets(rate) => write!(out, "limit to {rate} packets a second"),
            Self::Redirect(target) => write!(out, "redirect to {}:{}", target.asn, target.value),
        }
    }
}

impl Display for Candidate {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "{} → ", self.traffic)?;
        joined(out, &self.actions, ", ", |out, action| write!(out, "{action}"))
    }
}

fn joined<T>(
    out: &mut Formatter<'_>,
    items: &[T],
    between: &str,
    write: impl Fn(&mut Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            out.write_str(between)?;
        }
        write(out, item)?;
    }
    Ok(())
}

fn flags(out: &mut Formatter<'_>, what: &str, groups: &Flags, names: &[(u16, &str)]) -> fmt::Result {
    write!(out, "{what} ")?;
    joined(out, groups, " or ", |out, group| joined(out, group, " and ", |out, test| flag(out, *test, names)))
}

fn flag(out: &mut Formatter<'_>, test: FlagTest, names: &[(u16, &str)]) -> fmt::Result {
    let found: Vec<&str> =
        names.iter().filter(|(bit, _)| test.mask & bit != 0).map(|(_, name)| *name).collect();
    let named = names.iter().fold(0, |all, (bit, _)| all | bit);
    let mut names = found.join("+");
    if test.mask & !named != 0 {
        names.push_str(&format!("+{:#x}", test.mask & !named));
    }
    let (how, one) = (if test.negated { "not " } else { "" }, test.mask.count_ones() == 1);
    match (test.all, one) {
        (true, _) | (false, true) => write!(out, "{how}{names}"),
        (false, false) => write!(out, "{how}any of {names}"),
    }
}
