//! The parts of the numbering spaces that are set aside: addresses and AS numbers.

use std::net::IpAddr;

use crate::values::{mapped, subnet};

/// The special-purpose registries of the IANA, a part a line.
#[derive(Debug, Default)]
pub struct Reserved {
    /// A subnet, a blank and its purpose.
    pub(super) addresses: &'static str,
    /// The first AS number, `-`, the last one, a blank and the purpose.
    pub(super) as_numbers: &'static str,
}

impl Reserved {
    /// What the addresses from `low` to `high` are set aside for: the narrowest part that covers them all.
    pub fn address_purpose(&self, low: IpAddr, high: IpAddr) -> Option<&'static str> {
        let (low, high) = (mapped(low).to_bits(), mapped(high).to_bits());
        let covering = self.addresses.lines().filter_map(|line| {
            let (written, purpose) = line.split_once(' ')?;
            let (base, net) = subnet(written)?;
            let length = if base.is_ipv4() { 96 + net.prefix_len() } else { net.prefix_len() };
            let prefix = |bits: u128| bits.checked_shr(128 - u32::from(length)).unwrap_or_default();
            let base = prefix(mapped(base).to_bits());
            (prefix(low) == base && prefix(high) == base).then_some((length, purpose))
        });
        covering.max_by_key(|&(length, _)| length).map(|(_, purpose)| purpose)
    }

    /// What the AS numbers from `low` to `high` are set aside for.
    pub fn asn_purpose(&self, low: u32, high: u32) -> Option<&'static str> {
        self.as_numbers.lines().find_map(|line| {
            let (written, purpose) = line.split_once(' ')?;
            let (first, last) = written.split_once('-')?;
            (first.parse::<u32>().ok()? <= low && high <= last.parse().ok()?).then_some(purpose)
        })
    }
}

#[cfg(all(test, feature = "registries"))]
mod tests {
    use super::*;
    use crate::tables::Registries;

    fn reserved() -> &'static Reserved {
        &Registries::built_in().reserved
    }

    fn purpose(address: &str) -> &'static str {
        let address = address.parse().ok();
        address.and_then(|address| reserved().address_purpose(address, address)).unwrap_or("")
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
        let range =
            |low: &str, high: &str| reserved().address_purpose(low.parse().unwrap(), high.parse().unwrap());
        assert_eq!(range("10.0.0.0", "11.0.0.0"), None);
        assert_eq!(range("0.0.0.0", "0.0.0.9"), Some("this network (RFC 791)"));
        assert_eq!(range("::", "ffff::"), None);
    }

    #[test]
    fn every_line_is_read() {
        for line in reserved().addresses.lines() {
            let (written, purpose) = line.split_once(' ').unwrap();
            let (base, net) = subnet(written).unwrap();
            assert_eq!(base, net.network(), "{line}");
            assert!(purpose.contains("RFC"), "{line}");
            let found = reserved().address_purpose(net.network(), net.broadcast());
            assert!(found.is_some(), "{line}");
        }
        for line in reserved().as_numbers.lines() {
            let (written, purpose) = line.split_once(' ').unwrap();
            let (first, last) = written.split_once('-').unwrap();
            assert_eq!(reserved().asn_purpose(first.parse().unwrap(), last.parse().unwrap()), Some(purpose));
        }
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
            assert!(reserved().asn_purpose(asn, asn).is_some_and(|found| found.contains(part)), "{asn}");
        }
        for free in [1, 15169, 64495, 131_072, 4_199_999_999] {
            assert_eq!(reserved().asn_purpose(free, free), None, "{free}");
        }
        assert_eq!(reserved().asn_purpose(64512, 65535), None);
        assert!(reserved().asn_purpose(64512, 65534).is_some());
    }
}
