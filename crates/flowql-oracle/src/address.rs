//! Addresses: parsed, masked and printed.

use super::values::{decimal, nibble, split};

/// An address of the family that it is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
pub(crate) enum Address {
    V4(u32),
    V6(u128),
}

impl Address {
    /// Length of the longest address as text.
    pub(crate) const MAX_LENGTH: usize = 39;

    /// Reads an address without zone.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match v4(text.as_bytes()) {
            Some(address) => Some(Self::V4(address)),
            None => v6(text.as_bytes()).map(Self::V6),
        }
    }

    /// Writes the address as RFC 5952 says, and gives its length.
    pub(crate) fn print(self, buffer: &mut [u8; Self::MAX_LENGTH]) -> usize {
        let mut out = Cursor { buffer, at: 0 };
        match self {
            Self::V4(address) => out.v4(address),
            Self::V6(address) if address >> 32 == 0xffff => {
                out.bytes(b"::ffff:");
                out.v4(address as u32);
            }
            Self::V6(address) => out.v6(address),
        }
        out.at
    }
}

/// A subnet without its host bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Subnet {
    pub(crate) first: Address,
    pub(crate) last: Address,
    pub(crate) length: u32,
}

impl Subnet {
    /// Reads an address and the length of its mask.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (address, length) = split(text, b'/')?;
        let length = u32::try_from(decimal(length.as_bytes())?).ok()?;
        let (first, last) = match Address::parse(address)? {
            Address::V4(address) => {
                let host = u32::MAX.checked_shr(length).unwrap_or(0);
                (length <= 32).then_some((Address::V4(address & !host), Address::V4(address | host)))
            }
            Address::V6(address) => {
                let host = u128::MAX.checked_shr(length).unwrap_or(0);
                (length <= 128).then_some((Address::V6(address & !host), Address::V6(address | host)))
            }
        }?;
        Some(Self { first, last, length })
    }

    /// The subnet of IPv4 that one of `::ffff:0:0/96` stands for; any other one as it is.
    pub(crate) fn unmapped(self) -> Self {
        match (self.first, self.last) {
            (Address::V6(first), Address::V6(last)) if self.length >= 96 && first >> 32 == 0xFFFF => Self {
                first: Address::V4((first & 0xFFFF_FFFF) as u32),
                last: Address::V4((last & 0xFFFF_FFFF) as u32),
                length: self.length - 96,
            },
            _ => self,
        }
    }
}

/// Four decimal numbers up to 255 without leading zeros.
fn v4(bytes: &[u8]) -> Option<u32> {
    if bytes.len() > 15 {
        return None;
    }
    let mut address = 0;
    let (mut dots, mut digits, mut part) = (0, 0, 0_u32);
    for &byte in bytes {
        match byte {
            // A second digit after a zero would be a leading zero.
            b'0'..=b'9' if digits == 0 || part != 0 => {
                part = part * 10 + u32::from(byte - b'0');
                digits += 1;
                if part > 255 {
                    return None;
                }
            }
            b'.' if digits > 0 && dots < 3 => {
                address = address << 8 | part;
                (part, digits) = (0, 0);
                dots += 1;
            }
            _ => return None,
        }
    }
    (dots == 3 && digits > 0).then_some(address << 8 | part)
}

/// Up to eight groups of one to four hexadecimal digits, one gap, and perhaps an IPv4 address at the end.
fn v6(bytes: &[u8]) -> Option<u128> {
    let mut groups = [0_u16; 8];
    let mut count = 0;
    let mut gap = None;
    let mut rest = bytes;
    if let Some(after) = rest.strip_prefix(b"::") {
        gap = Some(0);
        rest = after;
    }
    while !rest.is_empty() {
        let digits = rest.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        if rest.get(digits) == Some(&b'.') {
            let v4 = v4(rest)?;
            for half in [(v4 >> 16) as u16, v4 as u16] {
                *groups.get_mut(count)? = half;
                count += 1;
            }
            break;
        }
        if digits == 0 || digits > 4 {
            return None;
        }
        let group =
            rest[..digits].iter().try_fold(0, |group, &byte| Some(group << 4 | u16::from(nibble(byte)?)));
        *groups.get_mut(count)? = group?;
        count += 1;
        rest = match &rest[digits..] {
            [] => break,
            [b':', b':', after @ ..] if gap.is_none() => {
                gap = Some(count);
                after
            }
            // A group must follow a colon.
            [b':', after @ ..] if !after.is_empty() => after,
            _ => return None,
        };
    }
    match gap {
        // It stands for one group at least.
        Some(gap) if count < 8 => {
            groups[gap..].rotate_right(8 - count);
        }
        None if count == 8 => {}
        _ => return None,
    }
    Some(groups.into_iter().fold(0, |address, group| address << 16 | u128::from(group)))
}

/// Text being written to a buffer that is long enough.
struct Cursor<'a> {
    buffer: &'a mut [u8; Address::MAX_LENGTH],
    at: usize,
}

impl Cursor<'_> {
    fn byte(&mut self, byte: u8) {
        self.buffer[self.at] = byte;
        self.at += 1;
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.buffer[self.at..self.at + bytes.len()].copy_from_slice(bytes);
        self.at += bytes.len();
    }

    fn v4(&mut self, address: u32) {
        for (i, octet) in address.to_be_bytes().into_iter().enumerate() {
            if i > 0 {
                self.byte(b'.');
            }
            if octet >= 100 {
                self.byte(b'0' + octet / 100);
            }
            if octet >= 10 {
                self.byte(b'0' + octet / 10 % 10);
            }
            self.byte(b'0' + octet % 10);
        }
    }

    fn v6(&mut self, address: u128) {
        let bytes = address.to_be_bytes();
        let groups: [u16; 8] = std::array::from_fn(|i| u16::from_be_bytes([bytes[2 * i], bytes[2 * i + 1]]));
        let (gap, length) = longest_zeros(groups);
        let mut i = 0;
        while i < 8 {
            if i == gap {
                self.bytes(b"::");
                i += length;
                continue;
            }
            if i > 0 && i != gap + length {
                self.byte(b':');
            }
            self.hex(groups[i]);
            i += 1;
        }
    }

    fn hex(&mut self, group: u16) {
        let significant = (4 - group.leading_zeros() / 4).max(1);
        for shift in (0..significant).rev() {
            self.byte(b"0123456789abcdef"[usize::from(group >> (4 * shift) & 15)]);
        }
    }
}

/// The first of the longest runs of two zero groups or more: where, and of how many. Without one, beyond the end.
fn longest_zeros(groups: [u16; 8]) -> (usize, usize) {
    let mut best = (8, 1);
    let mut run = 0;
    for (i, group) in groups.into_iter().enumerate() {
        run = if group == 0 { run + 1 } else { 0 };
        if run > best.1 {
            best = (i + 1 - run, run);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;

    fn print(address: Address) -> String {
        let mut buffer = [0; Address::MAX_LENGTH];
        let length = address.print(&mut buffer);
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    }

    #[test]
    fn addresses_print_as_std_does() {
        let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed
        };
        for _ in 0..20_000 {
            let v4 = next() as u32 & next() as u32;
            assert_eq!(print(Address::V4(v4)), Ipv4Addr::from_bits(v4).to_string());
            // Few bits and whole zero groups, so that the runs vary.
            let mut groups = [0_u16; 8];
            for group in &mut groups {
                let bits = next();
                *group = if bits & 1 == 0 { 0 } else { (bits >> 16) as u16 >> (bits >> 8 & 15) };
            }
            let v6 = Ipv6Addr::from(groups);
            assert_eq!(print(Address::V6(v6.to_bits())), v6.to_string());
            let mapped = Ipv4Addr::from_bits(v4).to_ipv6_mapped();
            assert_eq!(print(Address::V6(mapped.to_bits())), mapped.to_string());
        }
    }

    #[test]
    fn v4_is_read_as_std_does() {
        let texts = [
            "0.0.0.0",
            "1.2.3.4",
            "255.255.255.255",
            "256.1.1.1",
            "01.2.3.4",
            "00.1.1.1",
            "1.2.3",
            "1.2.3.4.5",
            "1..2.3",
            ".1.2.3",
            "1.2.3.",
            "",
            "1.2.3.4 ",
            "+1.2.3.4",
            "1.2.3.a",
            "1.2.3.0",
            "1.2.3.00",
            "192.168.100.200",
            "1.2.3.1000",
        ];
        for text in texts {
            assert_eq!(v4(text.as_bytes()), text.parse::<Ipv4Addr>().ok().map(Ipv4Addr::to_bits), "{text}");
        }
    }

    #[test]
    fn v6_is_read_as_std_does() {
        let pieces = [
            ":",
            ":",
            ":",
            "::",
            "0",
            "1",
            "f",
            "ffff",
            "0001",
            "1.2.3.4",
            "10.0.0.255",
            "12345",
            "g",
            ".",
            "256.1.1.1",
        ];
        let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
        let mut valid = 0;
        for round in 0..200_000 {
            let mut text = String::new();
            for i in 0..round % 18 {
                seed ^= seed << 13;
                seed ^= seed >> 7;
                seed ^= seed << 17;
                // Mostly a group and a colon by turns, so that many texts are valid.
                let orderly = seed >> 60 != 0;
                let pick = (seed >> 33) as usize;
                text.push_str(match (orderly, i % 2) {
                    (true, 0) => pieces[4 + pick % 5],
                    (true, _) => {
                        if pick.is_multiple_of(6) {
                            "::"
                        } else {
                            ":"
                        }
                    }
                    _ => pieces[pick % pieces.len()],
                });
            }
            let std = text.parse::<Ipv6Addr>().ok().map(Ipv6Addr::to_bits);
            assert_eq!(v6(text.as_bytes()), std, "{text}");
            valid += usize::from(std.is_some());
        }
        assert!(valid > 10_000, "{valid}");
    }

    #[test]
    fn host_bits_are_cleared() {
        let subnet = |text| Subnet::parse(text).map(|s| (print(s.first), print(s.last), s.length));
        let is = |first: &str, last: &str, length| Some((first.to_owned(), last.to_owned(), length));
        assert_eq!(subnet("10.1.2.3/8"), is("10.0.0.0", "10.255.255.255", 8));
        assert_eq!(subnet("10.1.2.3/32"), is("10.1.2.3", "10.1.2.3", 32));
        assert_eq!(subnet("10.1.2.3/0"), is("0.0.0.0", "255.255.255.255", 0));
        assert_eq!(subnet("2001:db8::1/32"), is("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", 32));
        assert_eq!(subnet("::1/128"), is("::1", "::1", 128));
        assert_eq!(subnet("::/0"), is("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 0));
        for text in
            ["10.0.0.0/33", "::/129", "10.0.0.0/", "/8", "10.0.0.0/+8", "10.0.0.0/8/8", "10.0.0.0/4294967304"]
        {
            assert_eq!(subnet(text), None, "{text}");
        }
    }
}
