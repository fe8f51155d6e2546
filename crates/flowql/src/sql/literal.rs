//! Printing literals so that ClickHouse reads back the very same value.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::values::text::find;

/// Appends a string literal: `\` and `'` escaped by a backslash, control characters by ClickHouse's escapes.
pub fn string(out: &mut String, text: &str) {
    out.push('\'');
    let mut plain = 0;
    for (offset, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'\\' => "\\\\",
            b'\'' => "\\'",
            0x00 => "\\0",
            0x07 => "\\a",
            0x08 => "\\b",
            b'\t' => "\\t",
            b'\n' => "\\n",
            0x0B => "\\v",
            0x0C => "\\f",
            b'\r' => "\\r",
            0x01..=0x1F | 0x7F => "",
            _ => continue,
        };
        out.push_str(text.get(plain..offset).unwrap_or_default());
        plain = offset + 1;
        if escape.is_empty() {
            // Writing to a string cannot fail.
            let _ = write!(out, "\\x{byte:02X}");
        } else {
            out.push_str(escape);
        }
    }
    out.push_str(text.get(plain..).unwrap_or_default());
    out.push('\'');
}

/// A LIKE pattern as ClickHouse must be told it. A backslash that escapes nothing is an ordinary character there as
/// it is here; but when ClickHouse turns `LIKE '%…'` into `endsWith`, some versions (26.7) take the wildcard before
/// it for an escaped one. Doubled it says the same, and is read as it should be.
pub(super) fn pattern(text: &str) -> Cow<'_, str> {
    if !(text.starts_with('%') && text.as_bytes().contains(&b'\\')) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len() + 1);
    let mut rest = text.chars().peekable();
    while let Some(found) = rest.next() {
        let escaped = rest.next_if(|next| found == '\\' && matches!(next, '%' | '_' | '\\'));
        let misread = plain.len() > 1 && plain.ends_with(['%', '_', '\\']);
        if found == '\\' && escaped.is_none() && misread {
            plain.push(found);
        }
        plain.push(found);
        plain.extend(escaped);
    }
    Cow::Owned(plain)
}

/// A regular expression as ClickHouse must be told it. Before it asks RE2, it reads the expression on its own for a text
/// that every match must hold, and misreads some (26.7): brackets in a class, what follows a NUL, and a
/// repeated character of several bytes, of which it drops one byte. Where an expression has one of these, a branch that
/// never matches is put before it: behind the `|`, which it reads rightly since nothing misleading comes before it, no
/// text is needed by every match, and RE2 alone answers.
pub(super) fn regexp(expression: &str) -> Cow<'_, str> {
    if is_misread(expression) {
        Cow::Owned(format!("{NEVER}|{expression}"))
    } else {
        Cow::Borrowed(expression)
    }
}

/// A class without a character.
const NEVER: &str = r"[^\s\S]";

/// Whether a reader who takes the first `]` for the end of a class, and characters for bytes, goes wrong.
fn is_misread(expression: &str) -> bool {
    let mut in_class = false;
    let mut rest = expression.chars();
    while let Some(found) = rest.next() {
        let after = rest.as_str();
        match found {
            '\0' => return true,
            '\\' => {
                let escaped = rest.next();
                if escaped == Some('Q') {
                    let Some(end) = find(rest.as_str(), "\\E") else { return false };
                    rest = rest.as_str().get(end + 2..).unwrap_or_default().chars();
                }
            }
            // Classes of POSIX inside a class are read rightly.
            '[' if in_class => match after.strip_prefix(':').and_then(|name| Some((name, find(name, ":]")?)))
            {
                Some((name, end)) => rest = name.get(end + 2..).unwrap_or_default().chars(),
                None => return true,
            },
            '[' => {
                let members = after.strip_prefix('^').unwrap_or(after);
                if members.starts_with(']') {
                    return true;
                }
                rest = members.chars();
                in_class = true;
            }
            ']' => in_class = false,
            _ if !found.is_ascii() && after.starts_with(['*', '?', '{']) => return true,
            _ => {}
        }
    }
    false
}

/// Appends a decimal number.
pub(super) fn number(out: &mut String, mut value: u64) {
    let mut digits = [0_u8; 20];
    let mut count = 0;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
        count += 1;
        if value == 0 {
            break;
        }
    }
    for &digit in digits.iter().skip(digits.len() - count) {
        out.push(char::from(digit));
    }
}

/// Appends an address as RFC 5952 says; IPv4 stays dotted.
pub(super) fn address(out: &mut String, address: IpAddr) {
    match address {
        IpAddr::V4(address) => ipv4(out, address),
        IpAddr::V6(address) => ipv6(out, address),
    }
}

/// In the place of the standard library's, which costs as much as reading the address: lists of prefixes are long.
fn ipv6(out: &mut String, address: Ipv6Addr) {
    if let Some(mapped) = address.to_ipv4_mapped() {
        out.push_str("::ffff:");
        return ipv4(out, mapped);
    }
    let segments = address.segments();
    // The longest run of two zeros or more, the first of them where several are as long.
    let (mut longest, mut run) = (0..0, 0..0);
    for (place, segment) in segments.into_iter().enumerate() {
        run = if segment == 0 { run.start..place + 1 } else { place + 1..place + 1 };
        if run.len() > longest.len().max(1) {
            longest = run.clone();
        }
    }
    for (place, segment) in segments.into_iter().enumerate() {
        if place == longest.start && !longest.is_empty() {
            out.push_str("::");
        }
        if longest.contains(&place) {
            continue;
        }
        if place > 0 && place != longest.end {
            out.push(':');
        }
        hexadecimal(out, segment);
    }
}

/// Appends a number in lower case, without leading zeros.
fn hexadecimal(out: &mut String, value: u16) {
    let mut shift = 12;
    while shift > 0 && value >> shift == 0 {
        shift -= 4;
    }
    for shift in (0..=shift).rev().step_by(4) {
        out.extend(char::from_digit(u32::from(value >> shift & 15), 16));
    }
}

fn ipv4(out: &mut String, address: Ipv4Addr) {
    for (place, octet) in address.octets().into_iter().enumerate() {
        if place > 0 {
            out.push('.');
        }
        number(out, u64::from(octet));
    }
}

/// Appends a MAC address in lower case with colons.
pub(super) fn mac(out: &mut String, address: u64) {
    for (place, byte) in address.to_be_bytes().into_iter().skip(2).enumerate() {
        let separator = if place > 0 { ":" } else { "" };
        let _ = write!(out, "{separator}{byte:02x}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped() {
        let mut out = String::new();
        string(&mut out, "a\\b'c\0\u{7}\u{8}\t\n\u{b}\u{c}\r\u{1b}\u{7f}é\u{1F600}");
        assert_eq!(out, r"'a\\b\'c\0\a\b\t\n\v\f\r\x1B\x7Fé😀'");
    }

    #[test]
    fn expressions_that_would_be_misread_get_a_branch_that_never_matches() {
        for misread in ["abcd[[]|a", "[[:a]", "[]a]", "[^]a]", "abcd\0|a", "\u{1F600}?", "日*", "é{2}"] {
            assert_eq!(regexp(misread), format!(r"[^\s\S]|{misread}"));
        }
        for plain in [
            "",
            "^xe",
            r"\Q[[\E|a",
            r"\Q[[",
            "[[:alpha:]_]+|a",
            "[a-z]+",
            r"[\[]",
            r"[\]]|a",
            r"\[[a]",
            r"\\Q",
            "a]",
            "é",
            "é+",
            "[é]?",
            "(é)*",
            "(a|b)?c",
        ] {
            assert_eq!(regexp(plain), plain);
        }
    }

    #[test]
    fn backslashes_that_would_be_misread_are_doubled() {
        for (text, plain) in [
            (r"%%\a", r"%%\\a"),
            (r"%x_\a", r"%x_\\a"),
            (r"%é%\a\b", r"%é%\\a\b"),
            (r"%\a", r"%\a"),
            (r"\a%\b", r"\a%\b"),
            (r"%%\\a", r"%%\\a"),
            (r"%%\%\a", r"%%\%\\a"),
            (r"%%\\\a", r"%%\\\\a"),
            (r"%a\b%", r"%a\b%"),
            (r"%x\%", r"%x\%"),
        ] {
            assert_eq!(pattern(text), plain, "{text}");
        }
    }

    #[test]
    fn numbers_and_addresses() {
        for value in [0, 7, 10, 4_294_967_295, u64::MAX] {
            let mut out = String::new();
            number(&mut out, value);
            assert_eq!(out, value.to_string());
        }
        for text in ["192.0.2.1", "::", "2001:db8::1", "::ffff:192.0.2.1", "2001:db8:0:1:1:1:1:1"] {
            let mut out = String::new();
            address(&mut out, text.parse().unwrap());
            assert_eq!(out, text);
        }
        let mut out = String::new();
        mac(&mut out, 0x0000_5e00_53ff);
        assert_eq!(out, "00:00:5e:00:53:ff");
    }

    #[test]
    fn addresses_are_those_of_the_standard_library() {
        // Every pattern of zeros, with segments of every length.
        for zeros in 0..=u8::MAX {
            for value in [0x1, 0x20, 0xabc, 0xffff] {
                let mut segments = [value; 8];
                for (place, segment) in segments.iter_mut().enumerate() {
                    if zeros >> place & 1 == 1 {
                        *segment = 0;
                    }
                }
                let mut out = String::new();
                address(&mut out, IpAddr::V6(segments.into()));
                assert_eq!(out, Ipv6Addr::from(segments).to_string());
            }
        }
    }
}
