//! Reading values: what a word or a string means, apart from any schema. Every reader is total.

mod amount;
mod community;
pub(crate) mod intervals;
pub(crate) mod regexp;
pub(crate) mod text;

pub(crate) use amount::{AmountError, amount, suffixes};
pub use community::{Community, CommunityRange};

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use crate::gather::Gather as _;

/// Why a number is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NumberError {
    /// It is not written as one.
    Malformed,
    /// It has more bits than fit.
    TooLarge,
}

/// An unsigned integer: decimal (leading zeros are decimal), or hexadecimal after `0x`.
pub(crate) fn integer(word: &str) -> Result<u64, NumberError> {
    match word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) {
        Some(digits) => number(digits, 16),
        None => number(word, 10),
    }
}

fn number(digits: &str, radix: u32) -> Result<u64, NumberError> {
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return Err(NumberError::Malformed);
    }
    u64::from_str_radix(digits, radix).map_err(|_| NumberError::TooLarge)
}

/// An AS number of 32 bits: `65000`, `AS65000`, or asdot `AS1.10` (RFC 5396).
pub(crate) fn asn(word: &str) -> Result<u32, NumberError> {
    let prefixed = word.get(..2).is_some_and(|prefix| prefix.eq_ignore_ascii_case("as"));
    let digits = if prefixed { word.get(2..).unwrap_or_default() } else { word };
    if let Some((high, low)) = digits.split_once('.').filter(|_| prefixed) {
        let half = |digits| u16::try_from(number(digits, 10)?).map_err(|_| NumberError::TooLarge);
        return Ok(u32::from(half(high)?) << 16 | u32::from(half(low)?));
    }
    u32::try_from(number(digits, 10)?).map_err(|_| NumberError::TooLarge)
}

/// An IPv4 or IPv6 address without zone.
pub(crate) fn address(word: &str) -> Option<IpAddr> {
    // Quick refusal of what cannot be an address, since most words are not.
    let first = word.bytes().next()?;
    if !(first.is_ascii_hexdigit() || first == b':') || word.len() > 45 || word.as_bytes().contains(&b'/') {
        return None;
    }
    word.parse().ok()
}

/// A subnet as it is written: the address, with its host bits, and the prefix length.
pub(crate) fn subnet(word: &str) -> Option<(IpAddr, IpNet)> {
    let (base, length) = word.split_once('/')?;
    let address = address(base)?;
    if length.is_empty() || length.len() > 3 || !length.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let net = IpNet::new(address, length.parse().ok()?).ok()?;
    Some((address, net.trunc()))
}

/// A MAC address of six bytes: `00:11:22:33:44:55`, `00-11-22-33-44-55` or `0011.2233.4455`.
pub(crate) fn mac(word: &str) -> Option<u64> {
    let (separator, groups, digits) = match word.len() {
        17 if word.as_bytes().contains(&b':') => (':', 6, 2),
        17 => ('-', 6, 2),
        14 => ('.', 3, 4),
        _ => return None,
    };
    let mut value = 0;
    let mut count = 0;
    for group in word.split(separator) {
        if group.len() != digits || !group.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        value = value << (4 * digits) | u64::from_str_radix(group, 16).ok()?;
        count += 1;
    }
    (count == groups).then_some(value)
}

/// The addresses that begin with the same bits: `00:53:00:00:00:00/24`, or with whole bytes and a `*` for the others, in
/// each of the spellings: `00:53:00:*`, `00-53-00-*`, `0053.00*`. Gives the address as it is written, and the first and
/// the last of those that begin so.
pub(crate) fn mac_prefix(word: &str) -> Option<(u64, u64, u64)> {
    let (written, length) = match word.split_once('/') {
        Some((base, length)) => {
            let is_short = (1..=2).contains(&length.len());
            let is_number = is_short && length.bytes().all(|digit| digit.is_ascii_digit());
            (mac(base)?, length.parse::<u32>().ok().filter(|&length| is_number && length <= 48)?)
        }
        None => mac_bytes(word.strip_suffix('*')?)?,
    };
    let hosts = (1_u64 << (48 - length)) - 1;
    Some((written, written & !hosts, written | hosts))
}

/// A MAC prefix as it is printed, from its first and its last address.
pub(crate) fn mac_prefix_text(low: u64, high: u64) -> String {
    format!("{}/{}", mac_text(low), 48 - (low ^ high).count_ones())
}

/// A MAC address in lower case with colons.
pub(crate) fn mac_text(address: u64) -> String {
    let bytes = address.to_be_bytes();
    let pairs: Vec<String> = bytes.iter().skip(2).map(|byte| format!("{byte:02x}")).list();
    pairs.join(":")
}

/// The first bytes of an address as they stand before a `*`, with zeros for the others, and the number of their bits.
fn mac_bytes(head: &str) -> Option<(u64, u32)> {
    let separator = head.chars().find(|found| !found.is_ascii_hexdigit()).unwrap_or('.');
    let digits = match separator {
        ':' | '-' => 2,
        '.' => 4,
        _ => return None,
    };
    let mut value = 0;
    let mut count = 0_u32;
    let mut groups = head.split(separator);
    // What comes after the last separator: nothing or, with dots, half a group or a whole one.
    let last = groups.next_back()?;
    let rest = Some(last).filter(|last| digits == 4 && matches!(last.len(), 2 | 4));
    if rest.is_none() && !last.is_empty() {
        return None;
    }
    for (group, digits) in groups.map(|group| (group, digits)).chain(rest.map(|rest| (rest, rest.len()))) {
        if group.len() != digits || !group.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        value = value << (4 * digits) | u64::from_str_radix(group, 16).ok()?;
        count += u32::try_from(4 * digits).ok()?;
    }
    // A `*` stands for one byte at least, and something comes before it.
    (8..=40).contains(&count).then(|| (value << (48 - count), count))
}

/// The two ends of a range, as they are written; `None` where the word is no range.
pub(crate) fn range(word: &str) -> Option<(&str, &str)> {
    word.split_once('-').filter(|(low, high)| !low.is_empty() && !high.is_empty())
}

/// Whether a word has only what numbers, addresses, subnets and communities are written with.
pub(crate) fn is_numeric(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':' | b'/' | b'*'))
}

/// The prefix length that an IPv4 mask in dots says, or one with its bits reversed as access lists have it.
pub(crate) fn mask_length(word: &str) -> Option<u32> {
    let bits = word.parse::<Ipv4Addr>().ok()?.to_bits();
    let is_mask = |bits: u32| bits.leading_ones() + bits.trailing_zeros() == u32::BITS;
    match (is_mask(bits), is_mask(!bits)) {
        (true, _) => Some(bits.leading_ones()),
        (false, true) => Some((!bits).leading_ones()),
        (false, false) => None,
    }
}

/// The subnet that `192.0.2.*` and `10/8` stand for; `None` for what is written otherwise.
pub(crate) fn short_subnet(word: &str) -> Option<IpNet> {
    let (base, length) = match word.split_once('/') {
        Some((base, length)) => (base, Some(length.parse().ok()?)),
        None => (word, None),
    };
    let mut octets = Vec::with_capacity(4);
    let mut stars = 0;
    for part in base.split('.') {
        if part == "*" && length.is_none() {
            stars += 1;
        } else if stars > 0 {
            return None;
        } else {
            octets.push(part.parse::<u8>().ok()?);
        }
    }
    let given = octets.len();
    let written = (1..4).contains(&given) && (length.is_some() || given + stars == 4);
    octets.resize(4, 0);
    let address = Ipv4Addr::from(<[u8; 4]>::try_from(octets).ok()?);
    let length = length.unwrap_or(u8::try_from(given * 8).ok()?);
    IpNet::new(address.into(), length).ok().filter(|_| written)
}

/// The address as the database stores it: IPv4 mapped into IPv6 (RFC 4291, section 2.5.5.2).
pub(crate) fn mapped(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    }
}

/// The lowest and the highest address of a subnet, in the family it is written in.
pub(crate) fn bounds(subnet: IpNet) -> (IpAddr, IpAddr) {
    (subnet.network(), subnet.broadcast())
}

/// The two ends of a range as other languages and word processors join them.
pub(crate) fn foreign_range(word: &str) -> Option<(&str, &str)> {
    ["..", "–", ":"]
        .into_iter()
        .filter_map(|joint| {
            let at = text::find(word, joint)?;
            Some((word.get(..at)?, word.get(at + joint.len()..)?))
        })
        .find(|(low, high)| !low.is_empty() && !high.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_and_short_subnets() {
        for (word, length) in [
            ("255.255.255.0", Some(24)),
            ("255.255.255.255", Some(32)),
            ("0.0.0.0", Some(0)),
            ("128.0.0.0", Some(1)),
            ("0.0.0.255", Some(24)),
            ("0.0.255.255", Some(16)),
            ("255.0.255.0", None),
            ("192.0.2.1", None),
        ] {
            assert_eq!(mask_length(word), length, "{word}");
        }
        for (word, net) in [
            ("192.0.2.*", Some("192.0.2.0/24")),
            ("10.*.*.*", Some("10.0.0.0/8")),
            ("10/8", Some("10.0.0.0/8")),
            ("172.16/12", Some("172.16.0.0/12")),
            ("10.*", None),
            ("10.*.0.1", None),
            ("*.*.*.*", None),
            ("192.0.2.0/24", None),
            ("10", None),
        ] {
            assert_eq!(short_subnet(word).map(|net| net.to_string()).as_deref(), net, "{word}");
        }
    }

    #[test]
    fn integers() {
        assert_eq!(integer("0080"), Ok(80));
        assert_eq!(integer("0x50"), Ok(80));
        assert_eq!(integer("0XfF"), Ok(255));
        assert_eq!(integer("18446744073709551615"), Ok(u64::MAX));
        assert_eq!(integer("18446744073709551616"), Err(NumberError::TooLarge));
        for bad in ["", "0x", "-1", "+1", "1_0", "1.0", "ten", "٣"] {
            assert_eq!(integer(bad), Err(NumberError::Malformed), "{bad}");
        }
    }

    #[test]
    fn as_numbers() {
        for (word, value) in [
            ("12322", 12322),
            ("AS12322", 12322),
            ("as12322", 12322),
            ("AS1.10", 65546),
            ("AS4294967295", u32::MAX),
        ] {
            assert_eq!(asn(word), Ok(value), "{word}");
        }
        for bad in ["1.10", "AS", "AS0x1", "0x1", "AS1.65536", "AS1.2.3", "AS.1", "4294967296"] {
            assert!(asn(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn addresses_and_subnets() {
        assert!(address("fe80::1%eth0").is_none());
        assert!(address("192.0.2.300").is_none());
        assert_eq!(subnet("192.0.2.1/24").map(|(_, net)| net.to_string()), Some("192.0.2.0/24".to_owned()));
        for bad in ["192.0.2.0/33", "::/129", "192.0.2.0/", "192.0.2.0/+8", "192.0.2.0/255.255.255.0", "/8"] {
            assert!(subnet(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn mac_prefixes() {
        let oui = Some((0x0053_0000_0000, 0x0053_0000_0000, 0x0053_00FF_FFFF));
        for word in ["00:53:00:*", "00-53-00-*", "0053.00*", "00:53:00:00:00:00/24", "0053.0000.0000/24"] {
            assert_eq!(mac_prefix(word), oui, "{word}");
        }
        let written = Some((0x0053_0011_2233, 0x0053_0000_0000, 0x0053_00FF_FFFF));
        assert_eq!(mac_prefix("00:53:00:11:22:33/24"), written);
        assert_eq!(mac_prefix("0053*"), mac_prefix("0053.*"));
        assert_eq!(mac_prefix("0053.*"), Some((0x0053_0000_0000, 0x0053_0000_0000, 0x0053_FFFF_FFFF)));
        assert_eq!(mac_prefix("ff*"), Some((0xFF00_0000_0000, 0xFF00_0000_0000, 0xFFFF_FFFF_FFFF)));
        assert_eq!(
            mac_prefix("00:53:00:00:00:01/48"),
            Some((0x0053_0000_0001, 0x0053_0000_0001, 0x0053_0000_0001))
        );
        assert_eq!(mac_prefix("00:53:00:00:00:01/0"), Some((0x0053_0000_0001, 0, 0xFFFF_FFFF_FFFF)));
        for bad in [
            "*",
            ":*",
            "00:53:00*",
            "00:53:0:*",
            "00:53:*:*",
            "00:*:00",
            "0053.00.*",
            "005*",
            "0053.0*",
            "0053.00:*",
            "00:53-00:*",
            "00:53:00:00:00:00:*",
            "0053.0000.0000*",
            "00:53:00/24",
            "00:53:00:00:00:00/49",
            "00:53:00:00:00:00/",
            "00:53:00:00:00:00/+8",
            "00:53:00:00:00:00/024",
            "é*",
            "00:53:00:00:00:00",
        ] {
            assert_eq!(mac_prefix(bad), None, "{bad}");
        }
    }

    #[test]
    fn mac_addresses() {
        for word in ["00:11:22:33:44:55", "00-11-22-33-44-55", "0011.2233.4455"] {
            assert_eq!(mac(word), Some(0x0011_2233_4455), "{word}");
        }
        for bad in
            ["00:11:22:33:44", "00:11:22:33:44:5g", "00:11:22-33:44:55", "001122334455", "0011:2233:4455"]
        {
            assert_eq!(mac(bad), None, "{bad}");
        }
    }
}
