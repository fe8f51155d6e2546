//! Addresses as ClickHouse writes them.

use std::net::{Ipv4Addr, Ipv6Addr};

/// An address as ClickHouse writes an IPv6 one: IPv4 mapped, as `::ffff:192.0.2.1`; of those that begin with 96 zeros the
/// end as IPv4, as `::192.0.2.1`, but for the shortest.
pub fn address_text(bits: u128) -> String {
    match u32::try_from(bits) {
        Ok(end) if end > 0xFFFF => format!("::{}", Ipv4Addr::from_bits(end)),
        _ => Ipv6Addr::from_bits(bits).to_string(),
    }
}

/// The first address of a network of so many bits.
pub(crate) const fn network(bits: u128, length: u32) -> u128 {
    match u128::MAX.checked_shl(u128::BITS.saturating_sub(length)) {
        Some(mask) => bits & mask,
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_written_as_clickhouse_does() {
        for (address, text) in [
            ("::ffff:192.0.2.1", "::ffff:192.0.2.1"),
            ("::1.2.3.4", "::1.2.3.4"),
            ("::1", "::1"),
            ("::", "::"),
            ("::ffff", "::ffff"),
            ("2001:db8:0:0:1::", "2001:db8:0:0:1::"),
        ] {
            assert_eq!(address_text(address.parse::<Ipv6Addr>().unwrap().to_bits()), text);
        }
    }

    #[test]
    fn networks_keep_their_first_bits() {
        assert_eq!(network(u128::MAX, 0), 0);
        assert_eq!(network(u128::MAX, 8), 0xFF << 120);
        assert_eq!(network(5, 128), 5);
    }
}
