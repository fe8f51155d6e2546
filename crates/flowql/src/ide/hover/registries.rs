//! The parts of the numbering spaces that are set aside: addresses and AS numbers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::values::mapped;

/// A part of the address space that is set aside: its first address, its prefix length, what it is for.
struct Special<A> {
    base: A,
    length: u8,
    purpose: &'static str,
}

const fn v4(octets: [u8; 4], length: u8, purpose: &'static str) -> Special<Ipv4Addr> {
    let [a, b, c, d] = octets;
    Special { base: Ipv4Addr::new(a, b, c, d), length, purpose }
}

const fn v6(start: [u16; 4], length: u8, purpose: &'static str) -> Special<Ipv6Addr> {
    let [a, b, c, d] = start;
    Special { base: Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0), length, purpose }
}

/// The IPv4 addresses of IANA's special-purpose registry, and the multicast space.
const IPV4: &[Special<Ipv4Addr>] = &[
    v4([0, 0, 0, 0], 8, "this network (RFC 791)"),
    v4([0, 0, 0, 0], 32, "this host (RFC 1122)"),
    v4([10, 0, 0, 0], 8, "private use (RFC 1918)"),
    v4([100, 64, 0, 0], 10, "shared address space of carrier-grade NAT (RFC 6598)"),
    v4([127, 0, 0, 0], 8, "loopback (RFC 1122)"),
    v4([169, 254, 0, 0], 16, "link-local (RFC 3927)"),
    v4([172, 16, 0, 0], 12, "private use (RFC 1918)"),
    v4([192, 0, 0, 0], 24, "IETF protocol assignments (RFC 6890)"),
    v4([192, 0, 2, 0], 24, "documentation, TEST-NET-1 (RFC 5737)"),
    v4([192, 31, 196, 0], 24, "AS112 (RFC 7535)"),
    v4([192, 52, 193, 0], 24, "automatic multicast tunnelling (RFC 7450)"),
    v4([192, 88, 99, 0], 24, "6to4 relay anycast, deprecated (RFC 7526)"),
    v4([192, 168, 0, 0], 16, "private use (RFC 1918)"),
    v4([192, 175, 48, 0], 24, "AS112 direct delegation (RFC 7534)"),
    v4([198, 18, 0, 0], 15, "benchmarking (RFC 2544)"),
    v4([198, 51, 100, 0], 24, "documentation, TEST-NET-2 (RFC 5737)"),
    v4([203, 0, 113, 0], 24, "documentation, TEST-NET-3 (RFC 5737)"),
    v4([224, 0, 0, 0], 4, "multicast (RFC 5771)"),
    v4([224, 0, 0, 0], 24, "multicast of the local network (RFC 5771)"),
    v4([232, 0, 0, 0], 8, "source-specific multicast (RFC 4607)"),
    v4([233, 252, 0, 0], 24, "documentation of multicast, MCAST-TEST-NET (RFC 6676)"),
    v4([239, 0, 0, 0], 8, "administratively scoped multicast (RFC 2365)"),
    v4([240, 0, 0, 0], 4, "reserved (RFC 1112)"),
    v4([255, 255, 255, 255], 32, "limited broadcast (RFC 919)"),
];

/// The IPv6 addresses of IANA's special-purpose registry, and the multicast space.
const IPV6: &[Special<Ipv6Addr>] = &[
    v6([0, 0, 0, 0], 128, "unspecified (RFC 4291)"),
    Special { base: Ipv6Addr::LOCALHOST, length: 128, purpose: "loopback (RFC 4291)" },
    v6([0x64, 0xff9b, 0, 0], 96, "IPv4/IPv6 translation (RFC 6052)"),
    v6([0x64, 0xff9b, 1, 0], 48, "local IPv4/IPv6 translation (RFC 8215)"),
    v6([0x100, 0, 0, 0], 64, "discard-only (RFC 6666)"),
    v6([0x100, 0, 0, 1], 64, "dummy prefix (RFC 9780)"),
    v6([0x2001, 0, 0, 0], 23, "IETF protocol assignments (RFC 2928)"),
    v6([0x2001, 0, 0, 0], 32, "Teredo (RFC 4380)"),
    v6([0x2001, 2, 0, 0], 48, "benchmarking (RFC 5180)"),
    v6([0x2001, 3, 0, 0], 32, "automatic multicast tunnelling (RFC 7450)"),
    v6([0x2001, 4, 0x112, 0], 48, "AS112 (RFC 7535)"),
    v6([0x2001, 0x10, 0, 0], 28, "ORCHID, deprecated (RFC 4843)"),
    v6([0x2001, 0x20, 0, 0], 28, "ORCHIDv2 (RFC 7343)"),
    v6([0x2001, 0x30, 0, 0], 28, "drone remote identification (RFC 9374)"),
    v6([0x2001, 0xdb8, 0, 0], 32, "documentation (RFC 3849)"),
    v6([0x2002, 0, 0, 0], 16, "6to4 (RFC 3056)"),
    v6([0x2620, 0x4f, 0x8000, 0], 48, "AS112 direct delegation (RFC 7534)"),
    v6([0x3fff, 0, 0, 0], 20, "documentation (RFC 9637)"),
    v6([0x5f00, 0, 0, 0], 16, "segment routing identifiers (RFC 9602)"),
    v6([0xfc00, 0, 0, 0], 7, "unique local (RFC 4193)"),
    v6([0xfe80, 0, 0, 0], 10, "link-local (RFC 4291)"),
    v6([0xfec0, 0, 0, 0], 10, "site-local, deprecated (RFC 3879)"),
    v6([0xff00, 0, 0, 0], 8, "multicast (RFC 4291)"),
];

/// What the addresses from `low` to `high` are set aside for: the narrowest entry that covers them all.
pub(super) fn address_purpose(low: IpAddr, high: IpAddr) -> Option<&'static str> {
    let v4 = IPV4.iter().map(|special| (special.base.to_ipv6_mapped(), 96 + special.length, special.purpose));
    let v6 = IPV6.iter().map(|special| (special.base, special.length, special.purpose));
    let (low, high) = (mapped(low).to_bits(), mapped(high).to_bits());
    let covers = |base: Ipv6Addr, length: u8| {
        let prefix = |bits: u128| bits.checked_shr(128 - u32::from(length)).unwrap_or_default();
        prefix(low) == prefix(base.to_bits()) && prefix(high) == prefix(base.to_bits())
    };
    let covering = v4.chain(v6).filter(|&(base, length, _)| covers(base, length));
    covering.max_by_key(|&(_, length, _)| length).map(|(_, _, purpose)| purpose)
}

/// The AS numbers that are set aside, as first and last of each block.
const AS_NUMBERS: &[(u32, u32, &str)] = &[
    (0, 0, "reserved: it stands for no AS (RFC 7607)"),
    (112, 112, "AS112, which answers for private address space (RFC 7534)"),
    (23456, 23456, "AS_TRANS: it stands for numbers above 65535 towards old routers (RFC 6793)"),
    (64496, 64511, "reserved for documentation (RFC 5398)"),
    (64512, 65534, "reserved for private use (RFC 6996)"),
    (65535, 65535, "reserved (RFC 7300)"),
    (65536, 65551, "reserved for documentation (RFC 5398)"),
    (65552, 131_071, "reserved by IANA"),
    (4_200_000_000, 4_294_967_294, "reserved for private use (RFC 6996)"),
    (4_294_967_295, 4_294_967_295, "reserved (RFC 7300)"),
];

/// What the AS numbers from `low` to `high` are set aside for.
pub(super) fn asn_purpose(low: u32, high: u32) -> Option<&'static str> {
    let mut blocks = AS_NUMBERS.iter();
    blocks.find(|(first, last, _)| *first <= low && high <= *last).map(|(_, _, purpose)| *purpose)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn purpose(address: &str) -> &'static str {
        let address = address.parse().unwrap();
        address_purpose(address, address).unwrap_or("")
    }

    #[test]
    fn addresses_are_classed_by_the_narrowest_entry() {
        for (address, part) in [
            ("10.1.2.3", "RFC 1918"),
            ("172.31.255.255", "RFC 1918"),
            ("172.32.0.0", ""),
            ("100.127.0.1", "RFC 6598"),
            ("192.0.2.1", "TEST-NET-1"),
            ("0.0.0.0", "this host"),
            ("0.0.0.1", "this network"),
            ("255.255.255.255", "broadcast"),
            ("239.1.1.1", "scoped"),
            ("8.8.8.8", ""),
            ("::ffff:127.0.0.1", "loopback"),
            ("::", "unspecified"),
            ("::1", "loopback"),
            ("::2", ""),
            ("2001:db8::1", "RFC 3849"),
            ("2001:1::1", "RFC 2928"),
            ("2001::1", "Teredo"),
            ("fdff::1", "RFC 4193"),
            ("fe80::1", "link-local"),
            ("ff02::1", "multicast"),
            ("2a00::1", ""),
        ] {
            let found = purpose(address);
            assert!(
                if part.is_empty() { found.is_empty() } else { found.contains(part) },
                "{address}: {found}"
            );
        }
        let range = |low: &str, high: &str| address_purpose(low.parse().unwrap(), high.parse().unwrap());
        assert_eq!(range("10.0.0.0", "11.0.0.0"), None);
        assert_eq!(range("0.0.0.0", "0.0.0.9"), Some("this network (RFC 791)"));
        assert_eq!(range("::", "ffff::"), None);
    }

    #[test]
    fn the_entries_are_sound() {
        for special in IPV4 {
            let host = special.base.to_bits().checked_shl(u32::from(special.length)).unwrap_or_default();
            assert!(host == 0 && special.purpose.contains("RFC"), "{}", special.purpose);
        }
        for special in IPV6 {
            let host = special.base.to_bits().checked_shl(u32::from(special.length)).unwrap_or_default();
            assert!(host == 0 && special.purpose.contains("RFC"), "{}", special.purpose);
        }
        assert!(AS_NUMBERS.is_sorted_by(|first, second| first.0 <= first.1 && first.1 < second.0));
    }

    #[test]
    fn as_numbers_are_classed() {
        for (asn, part) in [
            (0, "RFC 7607"),
            (23456, "RFC 6793"),
            (64496, "RFC 5398"),
            (64511, "RFC 5398"),
            (64512, "RFC 6996"),
            (65534, "RFC 6996"),
            (65535, "RFC 7300"),
            (65536, "RFC 5398"),
            (65552, "IANA"),
            (4_200_000_000, "RFC 6996"),
            (u32::MAX, "RFC 7300"),
        ] {
            assert!(asn_purpose(asn, asn).is_some_and(|found| found.contains(part)), "{asn}");
        }
        for free in [1, 15169, 64495, 131_072, 4_199_999_999] {
            assert_eq!(asn_purpose(free, free), None, "{free}");
        }
        assert_eq!(asn_purpose(64512, 65535), None);
        assert!(asn_purpose(64512, 65534).is_some());
    }
}
