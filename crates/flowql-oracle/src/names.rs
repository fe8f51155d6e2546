//! The few names that the default [`Options`](super::Options) know: enough for the benches' inputs.

/// Port number of a common service.
pub(crate) fn service(name: &str) -> Option<u16> {
    find(&[("ssh", 22), ("domain", 53), ("http", 80), ("ntp", 123), ("https", 443)], name)
}

/// Number of a common protocol.
pub(crate) fn protocol(name: &str) -> Option<u8> {
    find(
        &[("icmp", 1), ("tcp", 6), ("udp", 17), ("gre", 47), ("esp", 50), ("icmpv6", 58), ("icmp6", 58)],
        name,
    )
}

/// The two halves of a common well-known community.
pub(crate) fn community(name: &str) -> Option<(u16, u16)> {
    let low = find(
        &[
            ("graceful-shutdown", 0),
            ("blackhole", 666),
            ("no-export", 0xff01),
            ("no-advertise", 0xff02),
            ("no-export-subconfed", 0xff03),
            ("nopeer", 0xff04),
        ],
        name,
    )?;
    Some((0xffff, low))
}

/// The value of a name in any case.
fn find<T: Copy>(table: &[(&str, T)], name: &str) -> Option<T> {
    table.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|&(_, value)| value)
}
