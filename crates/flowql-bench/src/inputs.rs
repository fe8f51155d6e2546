//! The filters that the benches run: valid with the default columns, and always the same.

use std::fmt::Write as _;

/// A named filter.
#[derive(Clone, Debug)]
pub struct Input {
    /// What the bench is called.
    pub name: &'static str,
    /// The filter.
    pub text: String,
}

/// Every input, from the smallest to the largest.
#[must_use]
pub fn all() -> Vec<Input> {
    let input = |name, text| Input { name, text };
    vec![
        input("one", one()),
        input("five", five()),
        input("twenty", twenty()),
        input("prefixes-1000", prefixes(1000)),
        input("nested-150", nested(150)),
        input("1-kib", sized(1 << 10)),
        input("4-kib", sized(4 << 10)),
        input("16-kib", sized(16 << 10)),
        input("64-kib", sized(64 << 10)),
    ]
}

/// One condition.
#[must_use]
pub fn one() -> String {
    "SrcAS = AS15169".to_owned()
}

/// The five conditions that open the language's reference.
#[must_use]
pub fn five() -> String {
    r#"InIfBoundary = external AND ExporterRegion = "france" AND InIfConnectivity = "transit"
AND SrcAS = AS15169 AND DstAddr << 2a01:e0f:ffff::/64"#
        .to_owned()
}

/// Twenty conditions of every type, joined by `AND` and `OR`.
#[must_use]
pub fn twenty() -> String {
    let mut text = String::new();
    for i in 0..20 {
        if i > 0 {
            text.push_str(if i % 4 == 0 { " OR " } else { " AND " });
        }
        condition(&mut text, i);
    }
    text
}

/// A list of so many subnets, IPv4 and IPv6 mixed.
#[must_use]
pub fn prefixes(count: u32) -> String {
    let mut text = "SrcAddr IN (".to_owned();
    for i in 0..count {
        let separator = if i > 0 { ", " } else { "" };
        if i % 3 == 2 {
            write(
                &mut text,
                format_args!("{separator}2001:db8:{:x}:{:x}::/64", i * 7 % 0xffff, i * 31 % 0xffff),
            );
        } else {
            write(&mut text, format_args!("{separator}10.{}.{}.0/24", i >> 8 & 255, i & 255));
        }
    }
    text.push(')');
    text
}

/// So many levels: a `NOT` after every two parentheses, a condition in each parenthesis.
#[must_use]
pub fn nested(levels: u32) -> String {
    let mut text = String::new();
    for level in 0..levels {
        if level % 3 == 2 {
            text.push_str("NOT ");
        } else {
            let connective = if level % 2 == 0 { "AND" } else { "OR" };
            write(&mut text, format_args!("(SrcAS = AS{} {connective} ", 64_512 + level));
        }
    }
    text.push_str("DstPort = 443");
    text.extend((0..levels).filter(|level| level % 3 != 2).map(|_| ')'));
    text
}

/// Groups of mixed conditions joined by `AND` and `OR`, just under so many bytes.
#[must_use]
pub fn sized(limit: usize) -> String {
    let mut text = String::with_capacity(limit);
    let mut group = String::new();
    let mut next = 0;
    loop {
        group.clear();
        if next > 0 {
            group.push_str(if next % 3 == 0 { "\n  AND " } else { "\n  OR " });
        }
        group.push('(');
        condition(&mut group, next);
        group.push_str(" AND ");
        condition(&mut group, next + 1);
        group.push_str(" AND (");
        condition(&mut group, next + 2);
        group.push_str(" OR NOT ");
        condition(&mut group, next + 3);
        group.push_str("))");
        if text.len() + group.len() >= limit {
            return text;
        }
        text.push_str(&group);
        next += 4;
    }
}

/// Appends one of twenty kinds of conditions, with values that vary.
fn condition(text: &mut String, i: u32) {
    let n = i * 37 % 251;
    match i % 20 {
        0 => write(text, format_args!("SrcAS = AS{}", 64_512 + n)),
        1 => write(text, format_args!("InIfBoundary = external")),
        2 => write(text, format_args!("ExporterName LIKE \"edge{n}-%\"")),
        3 => write(text, format_args!("DstPort IN (80, 443, 8000-{})", 8000 + n)),
        4 => write(text, format_args!("SrcAddr << 192.0.{n}.0/24")),
        5 => write(text, format_args!("Proto = \"tcp\"")),
        6 => write(text, format_args!("DstAddr = 2001:db8:{n:x}::{n:x}")),
        7 => write(text, format_args!("SrcCountry NOTIN (\"FR\", \"DE\")")),
        8 => write(text, format_args!("DstCommunities = 65000:{n}")),
        9 => write(text, format_args!("InIfSpeed >= {}", n * 1000)),
        10 => write(text, format_args!("DstASPath IN (AS{}, AS15169)", 1 + n)),
        11 => write(text, format_args!("InIfDescription REGEXP \"^transit[0-9]+\"")),
        12 => write(text, format_args!("DstAS BETWEEN AS{} AND AS65534", 64_512 + n)),
        13 => write(text, format_args!("SrcNetPrefix = 192.0.{n}.0/27")),
        14 => write(text, format_args!("EType = IPv6")),
        15 => write(text, format_args!("PacketSize < {}", 64 + n)),
        16 => write(text, format_args!("DstAddr NOT IN (203.0.113.{n}, 198.51.100.0/24)")),
        17 => write(text, format_args!("OutIfProvider != 'acme {n}'")),
        18 => write(text, format_args!("SrcPort = DstPort")),
        _ => write(text, format_args!("DstCommunities = 65000:{n}:*")),
    }
}

/// Appends formatted text; writing to a string cannot fail.
fn write(text: &mut String, args: std::fmt::Arguments<'_>) {
    let _ = text.write_fmt(args);
}

#[cfg(test)]
mod tests {
    use super::*;
    use flowql_oracle::{Options, compile};

    #[test]
    fn inputs_are_valid_and_of_their_size() {
        for Input { name, text } in all() {
            assert!(compile(&text, &Options::default()).is_ok_and(|sql| !sql.is_empty()), "{name}");
        }
        for limit in [1 << 10, 4 << 10, 16 << 10, 64 << 10] {
            let length = sized(limit).len();
            assert!(length < limit && length + 300 > limit, "{length} of {limit}");
        }
        assert!(compile(&nested(151), &Options::default()).is_err());
    }
}
