//! Words to values: numbers, AS numbers, MAC addresses, communities, enumerations.

/// A decimal number up to 2^64−1; leading zeros are harmless, a sign is not one of the digits.
pub(crate) fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    let mut number = 0_u64;
    for &byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    Some(number)
}

/// A decimal number of 16 bits.
fn decimal16(digits: &[u8]) -> Option<u16> {
    u16::try_from(decimal(digits)?).ok()
}

/// A decimal number of 32 bits.
fn decimal32(digits: &[u8]) -> Option<u32> {
    u32::try_from(decimal(digits)?).ok()
}

/// A hexadecimal digit.
pub(crate) fn nibble(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// What stands before and after the first of an ASCII separator; for a few bytes quicker than a search of `str`.
pub(crate) fn split(word: &str, separator: u8) -> Option<(&str, &str)> {
    let at = word.bytes().position(|byte| byte == separator)?;
    Some((&word[..at], &word[at + 1..]))
}

/// An unsigned integer, decimal or hexadecimal.
pub(crate) fn integer(word: &str) -> Option<u64> {
    let digits = match word.as_bytes() {
        [b'0', b'x' | b'X', digits @ ..] => digits,
        digits => return decimal(digits),
    };
    if digits.is_empty() {
        return None;
    }
    let mut number = 0_u64;
    for &byte in digits {
        if number >> 60 != 0 {
            return None;
        }
        number = number << 4 | u64::from(nibble(byte)?);
    }
    Some(number)
}

/// An AS number: decimal, with `AS` or without, or asdot with it.
pub(crate) fn as_number(word: &str) -> Option<u32> {
    let bytes = word.as_bytes();
    let [b'a' | b'A', b's' | b'S', digits @ ..] = bytes else { return decimal32(bytes) };
    match digits.iter().position(|&byte| byte == b'.') {
        None => decimal32(digits),
        Some(dot) => {
            let (high, low) = (decimal16(&digits[..dot])?, decimal16(&digits[dot + 1..])?);
            Some(u32::from(high) << 16 | u32::from(low))
        }
    }
}

/// A MAC address in one of its three spellings.
pub(crate) fn mac(word: &str) -> Option<[u8; 6]> {
    let bytes = word.as_bytes();
    // How many digits stand between separators.
    let (step, separator) = match (bytes.len(), bytes.get(2), bytes.get(4)) {
        (17, Some(&separator @ (b':' | b'-')), _) => (2, separator),
        (14, _, Some(b'.')) => (4, b'.'),
        _ => return None,
    };
    let mut mac = 0_u64;
    for (i, &byte) in bytes.iter().enumerate() {
        if i % (step + 1) < step {
            mac = mac << 4 | u64::from(nibble(byte)?);
        } else if byte != separator {
            return None;
        }
    }
    let [_, _, mac @ ..] = mac.to_be_bytes();
    Some(mac)
}

/// A community; `None` is a wildcard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Community {
    Standard(Option<u16>, Option<u16>),
    Large(Option<u32>, Option<u32>, Option<u32>),
}

impl Community {
    /// Reads two or three parts.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        fn part<T>(text: &str, number: fn(&[u8]) -> Option<T>) -> Option<Option<T>> {
            if text == "*" { Some(None) } else { number(text.as_bytes()).map(Some) }
        }
        let (first, rest) = split(word, b':')?;
        Some(match split(rest, b':') {
            None => Self::Standard(part(first, decimal16)?, part(rest, decimal16)?),
            Some((second, third)) => {
                Self::Large(part(first, decimal32)?, part(second, decimal32)?, part(third, decimal32)?)
            }
        })
    }
}

/// The words of an interface boundary.
pub(crate) static BOUNDARIES: [&str; 3] = ["external", "internal", "undefined"];

/// The words of a flow's direction.
pub(crate) static DIRECTIONS: [&str; 3] = ["ingress", "egress", "undefined"];

/// The canonical spelling of a word of an enumeration.
pub(crate) fn member(words: &[&'static str], word: &str) -> Option<&'static str> {
    words.iter().find(|known| known.eq_ignore_ascii_case(word)).copied()
}

/// The number of an Ethernet type.
pub(crate) fn ether_type(word: &str) -> Option<u64> {
    match word {
        _ if word.eq_ignore_ascii_case("IPv4") => Some(0x0800),
        _ if word.eq_ignore_ascii_case("IPv6") => Some(0x86dd),
        _ => None,
    }
}

/// The bit of a TCP flag.
pub(crate) fn tcp_flag(word: &str) -> Option<u64> {
    const FLAGS: [&str; 9] = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR", "NS"];
    FLAGS.iter().position(|flag| flag.eq_ignore_ascii_case(word)).map(|bit| 1 << bit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers() {
        for (word, value) in [
            ("0", 0),
            ("80", 80),
            ("0080", 80),
            ("0x50", 80),
            ("0X5a", 90),
            ("0x00000000000000000000005A", 90),
            ("18446744073709551615", u64::MAX),
            ("0xffffffffffffffff", u64::MAX),
        ] {
            assert_eq!(integer(word), Some(value), "{word}");
        }
        for word in [
            "",
            "0x",
            "x50",
            "+1",
            "-1",
            "1_000",
            "1e3",
            "18446744073709551616",
            "0x10000000000000000",
            "5a",
            "1.0",
        ] {
            assert_eq!(integer(word), None, "{word}");
        }
    }

    #[test]
    fn as_numbers() {
        for (word, value) in [
            ("12322", 12_322),
            ("AS12322", 12_322),
            ("as012322", 12_322),
            ("AS1.10", 65_546),
            ("AS65535.65535", u32::MAX),
            ("4294967295", u32::MAX),
        ] {
            assert_eq!(as_number(word), Some(value), "{word}");
        }
        for word in [
            "",
            "AS",
            "A1",
            "1.10",
            "AS1.",
            "AS.1",
            "AS1.65536",
            "AS65536.1",
            "AS1.1.1",
            "0x10",
            "AS0x10",
            "4294967296",
        ] {
            assert_eq!(as_number(word), None, "{word}");
        }
    }

    #[test]
    fn macs() {
        for word in ["00:11:22:aa:BB:cc", "00-11-22-AA-bb-cc", "0011.22aa.bbcc"] {
            assert_eq!(mac(word), Some([0x00, 0x11, 0x22, 0xaa, 0xbb, 0xcc]), "{word}");
        }
        for word in [
            "",
            "0:11:22:33:44:55",
            "00:11:22:33:44",
            "00:11:22:33:44:55:66",
            "00:11-22:33:44:55",
            "001122334455",
            "00.11.22.33.44.55",
            "0011:2233:4455",
            "0011.2233.445",
            "00:11:22:33:44:5g",
            "0011-2233-4455",
            "00:11:22:33:44:5\u{e9}",
        ] {
            assert_eq!(mac(word), None, "{word}");
        }
    }

    #[test]
    fn communities() {
        use Community::{Large, Standard};
        for (word, value) in [
            ("65000:100", Standard(Some(65_000), Some(100))),
            ("65535:65535", Standard(Some(u16::MAX), Some(u16::MAX))),
            ("*:0", Standard(None, Some(0))),
            ("1:*", Standard(Some(1), None)),
            ("4294967295:0:4294967295", Large(Some(u32::MAX), Some(0), Some(u32::MAX))),
            ("*:*:2", Large(None, None, Some(2))),
        ] {
            assert_eq!(Community::parse(word), Some(value), "{word}");
        }
        for word in [
            "",
            "1",
            "*",
            "1:",
            ":1",
            "65536:1",
            "1:65536",
            "1:2:3:4",
            "1:2:",
            "4294967296:1:1",
            "1*:2",
            "**:1",
            "0x1:2",
            "AS1:2",
            "+1:2",
        ] {
            assert_eq!(Community::parse(word), None, "{word}");
        }
    }
}
