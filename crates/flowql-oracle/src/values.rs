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

/// A number of a uint column: an integer, or digits with `_` between them, a fraction and a suffix.
pub(crate) fn amount(word: &str, unit: &str) -> Option<u64> {
    if let Some(number) = integer(word) {
        return Some(number);
    }
    let end = word.bytes().position(|byte| !matches!(byte, b'0'..=b'9' | b'_' | b'.')).unwrap_or(word.len());
    // A name, such as that of a column.
    if end == 0 {
        return None;
    }
    let (digits, suffix) = (&word[..end], word[end..].to_ascii_lowercase());
    let (whole, fraction) = match split(digits, b'.') {
        Some((_, "")) => return None,
        Some((whole, fraction)) => (whole, fraction),
        None => (digits, ""),
    };
    let mut joined = String::new();
    for group in whole.split('_') {
        decimal(group.as_bytes()).or((!group.is_empty()).then_some(0))?;
        joined.push_str(group);
    }
    // How many of the smallest pieces one is, and how many of them the unit is.
    let (pieces, of) = factor(&suffix, unit)?;
    if fraction.len() > 12 || fraction.bytes().any(|byte| !byte.is_ascii_digit()) {
        return None;
    }
    let whole = u128::from(decimal(joined.as_bytes())?) * pieces;
    let scale = 10_u128.pow(fraction.len() as u32) * of;
    let part = u128::from(decimal(fraction.as_bytes()).unwrap_or(0)) * pieces;
    let total = whole.checked_mul(10_u128.pow(fraction.len() as u32))?.checked_add(part)?;
    if total % scale != 0 { None } else { u64::try_from(total / scale).ok() }
}

fn factor(suffix: &str, unit: &str) -> Option<(u128, u128)> {
    if suffix.is_empty() {
        return Some((1, 1));
    }
    if unit == "ms" {
        let times = match suffix {
            "ms" => 1,
            "s" => 1_000,
            "m" | "min" => 60 * 1_000,
            "h" => 60 * 60 * 1_000,
            "d" => 24 * 60 * 60 * 1_000,
            _ => return None,
        };
        return Some((times, 1));
    }
    let of = if unit == "Mbit/s" { 1_000_000 } else { 1 };
    let bare = if unit == "bytes" { suffix.strip_suffix('b').unwrap_or(suffix) } else { suffix };
    let (letter, base) = match bare.strip_suffix('i') {
        Some(letter) => (letter, 1024_u128),
        None => (bare, 1000),
    };
    let power = match letter {
        "" if bare.is_empty() => 0,
        "k" => 1,
        "m" => 2,
        "g" => 3,
        "t" => 4,
        _ => return None,
    };
    Some((base.pow(power), of))
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

/// The first and the last address of those that begin so: `00:53:00:00:00:00/24`, `00:53:00:*`, `0053.00*`.
pub(crate) fn mac_prefix(word: &str) -> Option<([u8; 6], [u8; 6])> {
    let (address, length) = match split(word, b'/') {
        Some((base, length)) if (1..=2).contains(&length.len()) => {
            (mac(base)?, decimal16(length.as_bytes())?)
        }
        Some(_) => return None,
        None => {
            // The bytes left are made zeros, in the same spelling.
            let head = word.strip_suffix('*')?;
            let zeros = "00:00:00:00:00:00";
            let whole = match head.bytes().find(|byte| !byte.is_ascii_hexdigit()) {
                Some(separator @ (b':' | b'-')) if head.len() % 3 == 0 && head.len() < 18 => {
                    head.to_owned() + &zeros.replace(':', &char::from(separator).to_string())[head.len()..]
                }
                Some(b'.') | None if matches!(head.len(), 2 | 4 | 5 | 7 | 9 | 10 | 12) => {
                    head.to_owned() + &"0000.0000.0000"[head.len()..]
                }
                _ => return None,
            };
            let digits = head.bytes().filter(u8::is_ascii_hexdigit).count();
            (mac(&whole)?, digits as u16 * 4)
        }
    };
    if length > 48 {
        return None;
    }
    let bits = address.iter().fold(0_u64, |bits, &byte| bits << 8 | u64::from(byte));
    let hosts = (1_u64 << (48 - length)) - 1;
    let bytes = |bits: u64| {
        let [_, _, mac @ ..] = bits.to_be_bytes();
        mac
    };
    Some((bits & !hosts, bits | hosts)).map(|(low, high)| (bytes(low), bytes(high)))
}

/// A community; `None` is a wildcard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Community {
    Standard(Option<u16>, Option<u16>),
    Large(Option<u32>, Option<u32>, Option<u32>),
    /// Two parts or three, of which one at least is a range; `None` is a wildcard.
    Ranges([Option<(u32, u32)>; 3], usize),
}

impl Community {
    /// Reads two or three parts, with ranges.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::parse_plain(word).or_else(|| Self::parse_ranges(word))
    }

    fn parse_ranges(word: &str) -> Option<Self> {
        let texts: Vec<&str> = word.split(':').collect();
        let number = match texts.len() {
            2 => |digits: &[u8]| decimal16(digits).map(u32::from),
            3 => decimal32,
            _ => return None,
        };
        let mut parts = [None; 3];
        for (place, text) in texts.iter().enumerate() {
            parts[place] = match split(text, b'-') {
                _ if *text == "*" => None,
                None => Some(number(text.as_bytes()).map(|number| (number, number))?),
                Some((low, high)) => {
                    let (low, high) = (number(low.as_bytes())?, number(high.as_bytes())?);
                    // The whole range is a wildcard.
                    let max = if texts.len() == 2 { u32::from(u16::MAX) } else { u32::MAX };
                    if low > high {
                        return None;
                    }
                    Some((low, high)).filter(|ends| *ends != (0, max))
                }
            };
        }
        Some(Self::Ranges(parts, texts.len()))
    }

    fn parse_plain(word: &str) -> Option<Self> {
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
