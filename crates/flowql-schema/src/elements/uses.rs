//! Which elements fill which columns, and how.

use super::REVERSE;
use super::generated_uses::USES;

/// One use of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    /// The enterprise of the element; 0 for IANA and NetFlow v9.
    pub enterprise: u32,
    /// The number of the element.
    pub number: u16,
    /// The columns that it fills; empty for one that only helps to read others.
    pub columns: &'static [&'static str],
    /// How it fills them.
    pub rule: Rule,
    /// A use with a higher number counts only where none with a lower one gave the column a value.
    pub rank: u8,
}

/// How an element fills its columns. Numbers are big-endian, of 1 to 8 bytes; addresses have 4 or 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The first value of the record that is not 0.
    First,
    /// The last value of the record.
    Set,
    /// The last value of the record that is not 0.
    NotZero,
    /// A counter: Bytes and Packets come from the same family.
    Counter(Counter),
    /// The last address that is not zero, IPv4 mapped into IPv6; a zero address where there are no others.
    Address,
    /// The EtherType of the family of the address.
    AddressFamily,
    /// The EtherType of a version of IP: 4 or 6.
    IpVersion,
    /// The number of an AS: 4294967295 is 0.
    AsNumber,
    /// 0 is `ingress`, 1 is `egress`.
    Direction,
    /// Juniper's code: forwarded (64) where its last ten bits are 0, else dropped (128).
    ExceptionCode,
    /// The first DSCP that is not 0, as the upper six bits of the byte.
    Dscp,
    /// Type and code of an ICMP message, a byte each; its protocol says of which version.
    Icmp,
    /// The type of an ICMP message; its protocol says of which version.
    IcmpType,
    /// The code of an ICMP message; its protocol says of which version.
    IcmpCode,
    /// The destination port of an ICMP flow whose source port is 0, which holds type and code.
    IcmpPort,
    /// The upper 20 bits are a label of the stack: 70 the top, 79 the tenth.
    MplsLabel,
    /// A route distinguisher (RFC 4364, section 4.2), as text.
    RouteDistinguisher,
    /// The name that option records gave to this number, by one of these elements.
    Named {
        /// The elements with the name, the better one first.
        by: &'static [u16],
    },
    /// The word of the column's enumeration with this number.
    Word,
    /// A time of the flow's start, end or both.
    Time(TimeForm),
    /// The headers of a packet, which fill these columns.
    Packet(Part),
    /// The total length of the packet at layer 3.
    IpLength,
    /// The length of the frame, less its header at layer 2.
    FrameLength,
    /// How many bytes of the packet were sent: the end of the [`Rule::Packet`] of the record.
    SectionLength,
    /// The segment of layer 2: the type of the tunnel in the first byte, its identifier in the others.
    Segment,
    /// One of the numbers that the sampling rate is made of.
    Sampling,
    /// In option records: a name of an interface, a sampler, a VRF or an application.
    Name,
    /// In option records: the address of the exporter.
    Agent,
    /// In option records: statistics of the exporter.
    Statistics,
}

/// The families of counters, of which a record's Bytes and Packets come from the first that its template has: the
/// order of the variants, without [`Counter::Responder`], which belongs to [`Counter::Initiator`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Counter {
    /// Since the last record.
    Delta,
    /// Since the flow began.
    Total,
    /// From the initiator of a connection.
    Initiator,
    /// From the responder of a connection: the second flow of the record.
    Responder,
    /// After the exporter changed the packets: only where both counters of the family before are 0, or not sent.
    Post,
}

/// How a time is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimeForm {
    /// Milliseconds since the exporter started.
    Uptime,
    /// The time when the exporter started, in milliseconds since 1970, which [`TimeForm::Uptime`] counts from.
    Base,
    /// Seconds since 1970.
    Seconds,
    /// Milliseconds since 1970.
    Milliseconds,
    /// An NTP timestamp.
    Microseconds,
    /// An NTP timestamp.
    Nanoseconds,
    /// Microseconds before the time in the header of the message.
    BeforeExport,
    /// Milliseconds between start and end.
    DurationMilliseconds,
    /// Microseconds between start and end.
    DurationMicroseconds,
}

/// Where the bytes of a packet begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// At the header of IP.
    Ip,
    /// At the header of the frame.
    Frame,
    /// At the stack of MPLS labels.
    Mpls,
}

impl Use {
    /// Every use, in order of enterprise, number and rank.
    pub const fn all() -> &'static [Self] {
        USES
    }
}

/// The uses of an element, by rank; empty for one that fills nothing. For [`REVERSE`], those of the element whose other
/// direction is meant: they are for the second flow of the record.
pub fn uses(enterprise: u32, number: u16) -> &'static [Use] {
    if enterprise == REVERSE {
        return if super::element(REVERSE, number).is_some() { uses(0, number) } else { &[] };
    }
    let wanted = (enterprise, number);
    let start = USES.partition_point(|usage| (usage.enterprise, usage.number) < wanted);
    let end = USES.partition_point(|usage| (usage.enterprise, usage.number) <= wanted);
    USES.get(start..end).unwrap_or_default()
}

/// The columns that an element fills.
pub fn columns(enterprise: u32, number: u16) -> impl Iterator<Item = &'static str> {
    uses(enterprise, number).iter().flat_map(|usage| usage.columns).copied()
}

/// The uses that fill a column, by rank.
pub fn sources(column: &str) -> Vec<&'static Use> {
    let mut sources: Vec<_> = USES.iter().filter(|usage| usage.columns.contains(&column)).collect();
    sources.sort_by_key(|usage| usage.rank);
    sources
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(column: &str) -> Vec<(u16, u8)> {
        sources(column).iter().map(|usage| (usage.number, usage.rank)).collect()
    }

    #[test]
    fn the_uses_of_an_element_are_found() {
        assert_eq!(columns(0, 58).collect::<Vec<_>>(), ["SrcVlan"]);
        assert_eq!(
            uses(0, 234).iter().map(|usage| usage.columns).collect::<Vec<_>>(),
            [["IngressVRFID"], ["InVRF"]]
        );
        assert_eq!(uses(0, 245).first().map(|usage| usage.rank), Some(2));
        assert!(uses(0, 148).is_empty());
        assert_eq!(uses(REVERSE, 2), uses(0, 2));
        assert!(uses(REVERSE, 40).is_empty());
        assert!(uses(u32::MAX, u16::MAX).is_empty());
    }

    #[test]
    fn the_sources_of_a_column_are_in_order_of_rank() {
        assert_eq!(numbers("NextHop"), [(15, 1), (62, 1), (18, 2), (63, 2)]);
        assert_eq!(numbers("SrcAddrNAT"), [(225, 1), (281, 1), (40001, 1)]);
        assert_eq!(numbers("ForwardingStatus"), [(89, 1), (137, 2)]);
        assert!(numbers("SrcNetName").is_empty());
    }

    #[test]
    fn bytes_and_packets_have_the_same_families() {
        let families = |column: &str| {
            let mut families: Vec<_> = sources(column)
                .iter()
                .filter_map(|usage| match usage.rule {
                    Rule::Counter(family) => Some(family),
                    _ => None,
                })
                .collect();
            families.sort_unstable();
            families
        };
        let all = [Counter::Delta, Counter::Total, Counter::Initiator, Counter::Responder, Counter::Post];
        assert_eq!(families("Bytes"), all);
        assert_eq!(families("Packets"), all);
    }
}
