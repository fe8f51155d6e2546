//! How the values of a column are printed and matched: the types that only ClickHouse can print, and what a person types
//! of each.

use std::net::{Ipv4Addr, Ipv6Addr};

use flowql::Column;
use flowql::tables::{Operator, Type, service};
use flowql_schema::Storage;

use crate::ValueQuery;

/// How the values of a column are had from a table, as SQL over the subquery that gathers them: `item_` is the stored
/// value, `about_` what stands beside it. No column of a schema can have these names.
#[derive(Clone, Debug)]
pub(super) struct Form {
    /// How the stored values are gathered.
    pub(super) item: Item,
    /// The text of the value.
    pub(super) value: &'static str,
    /// What is compared with `typed`.
    pub(super) key: &'static str,
    /// Whether there is a value at all.
    pub(super) present: &'static str,
    /// How `typed` is found in `key`.
    pub(super) by: By,
    /// What was typed, as `key` has it; `None` where no key can match.
    pub(super) typed: Option<String>,
    /// What was typed, as it is looked for in what a value means.
    pub(super) meaning: String,
    /// What a value means.
    pub(super) about: About,
    /// The addresses that can match.
    pub(super) range: Option<(Ipv6Addr, Ipv6Addr)>,
    /// The numbers that begin with what was typed; empty for all.
    pub(super) numbers: Vec<(u64, u64)>,
    /// The ports whose services match.
    pub(super) ports: Vec<u16>,
}

/// How the stored values are gathered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// The column holds one.
    Column,
    /// The column holds a list of them.
    Array,
    /// The column holds communities, the one beside it the large ones.
    Communities,
}

/// How what was typed is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// At the start.
    Start,
    /// In any part, in any case.
    Part,
    /// Not by the database: all values are few, and are matched where more is known of them.
    Later,
}

/// What a value means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    /// Nothing that the database knows.
    Nothing,
    /// Another column, a text.
    Text(&'static str),
    /// Another column, an address.
    Address(&'static str),
    /// The name in a dictionary by the number.
    Named(Naming),
}

/// The dictionaries that name numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Naming {
    /// `asns`.
    Asns,
    /// `tcp` and `udp`.
    Services,
}

/// An address as filters write it: IPv4 is stored mapped.
macro_rules! address_text {
    ($item:literal) => {
        concat!(
            "if(startsWith(toString(",
            $item,
            "), '::ffff:') AND position(toString(",
            $item,
            "), '.') > 0, substring(toString(",
            $item,
            "), 8), toString(",
            $item,
            "))"
        )
    };
}

/// The text of an address in `item_`.
const ADDRESS: &str = address_text!("item_");
/// The text of an address in `about_`.
pub(super) const ADDRESS_ABOUT: &str = address_text!("about_");
/// The subnet of an address in `item_`, of the usual size.
const SUBNET: &str = "if(startsWith(toString(item_), '::ffff:') AND position(toString(item_), '.') > 0, \
     concat(substring(toString(tupleElement(IPv6CIDRToRange(CAST(item_, 'IPv6'), toUInt8(120)), 1)), 8), '/24'), \
     concat(toString(tupleElement(IPv6CIDRToRange(CAST(item_, 'IPv6'), toUInt8(64)), 1)), '/64'))";

const NOT_EMPTY: &str = "value_ != ''";

impl Form {
    /// A column of texts.
    fn text(query: &ValueQuery) -> Self {
        let pattern = matches!(
            query.operator,
            Some(Operator::Like | Operator::NotLike | Operator::ILike | Operator::NotILike)
        );
        // Of a pattern, the text between its wildcards.
        let typed = if pattern { query.prefix.trim_matches('%') } else { query.prefix.as_str() };
        Self {
            item: Item::Column,
            value: "toString(item_)",
            key: "value_",
            present: NOT_EMPTY,
            by: By::Part,
            typed: Some(typed.to_owned()),
            meaning: typed.to_owned(),
            about: About::Nothing,
            range: None,
            numbers: Vec::new(),
            ports: Vec::new(),
        }
    }

    /// The form of a column's values.
    pub(super) fn of(column: &Column, query: &ValueQuery) -> Self {
        let text = Self::text(query);
        let typed = query.prefix.as_str();
        match column.filter_type {
            Some(Type::Ip) => Self::address(column, query),
            Some(Type::Prefix) => {
                Self { by: By::Start, typed: address_like(typed), about: About::Nothing, ..text }
            }
            Some(Type::Mac) => Self {
                value: "lower(MACNumToString(item_))",
                key: "replaceAll(value_, ':', '')",
                present: "item_ != 0",
                by: By::Start,
                typed: mac_digits(typed),
                ..text
            },
            Some(Type::UintArray) => {
                Self { item: Item::Array, by: By::Start, typed: digits(typed), about: About::Nothing, ..text }
            }
            Some(Type::Uint) => Self {
                by: By::Start,
                typed: digits(typed),
                numbers: numbers(typed, column.uint_bits().unwrap_or(u64::BITS)),
                about: if column.port { About::Named(Naming::Services) } else { About::Nothing },
                ports: if column.port { ports(typed) } else { Vec::new() },
                ..text
            },
            Some(kind @ (Type::Asn | Type::AsPath)) => Self {
                item: if kind == Type::AsPath { Item::Array } else { Item::Column },
                value: "concat('AS', toString(item_))",
                key: "toString(item_)",
                present: "item_ != 0",
                by: By::Start,
                typed: asn_digits(typed),
                about: About::Named(Naming::Asns),
                ..text
            },
            Some(Type::Community) => Self {
                item: Item::Communities,
                by: By::Start,
                // A wildcard is found by what stands before it.
                typed: digits_and(typed.split('*').next().unwrap_or_default(), ':'),
                ..text
            },
            Some(Type::EType) => Self {
                value: "multiIf(item_ = 2048, 'IPv4', item_ = 34525, 'IPv6', '')",
                by: By::Later,
                ..text
            },
            Some(Type::Proto | Type::Boundary | Type::Direction) => Self { by: By::Later, ..text },
            Some(Type::String) if !column.words().is_empty() => Self { by: By::Later, ..text },
            _ if column.country => Self { value: "toStringCutToZero(item_)", by: By::Later, ..text },
            _ if column.fixed_length().is_some() => Self { value: "toStringCutToZero(item_)", ..text },
            _ => Self { about: about(column), ..text },
        }
    }

    fn address(column: &Column, query: &ValueQuery) -> Self {
        let subnets = takes_subnets(query.operator);
        let typed = address_like(&query.prefix);
        Self {
            value: if subnets { SUBNET } else { ADDRESS },
            present: "toString(item_) NOT IN ('::', '::ffff:0.0.0.0')",
            by: By::Start,
            range: typed.as_deref().and_then(range),
            typed,
            about: if subnets { About::Nothing } else { about(column) },
            ..Self::text(query)
        }
    }

    /// Whether anything can match what was typed.
    pub(super) fn is_possible(&self) -> bool {
        self.by == By::Later || self.typed.is_some() || self.about != About::Nothing || !self.ports.is_empty()
    }

    /// Whether everything matches.
    pub(super) fn is_open(&self) -> bool {
        self.by == By::Later || self.typed.as_deref() == Some("")
    }
}

/// Whether an operator takes subnets only.
pub(super) fn takes_subnets(operator: Option<Operator>) -> bool {
    matches!(operator, Some(Operator::Within | Operator::NotWithin))
}

/// The column that says what a value of this one means.
fn about(column: &Column) -> About {
    match column.storage().about {
        None => About::Nothing,
        // An exporter's name is explained by its address.
        Some(name) if column.name == "ExporterName" => About::Address(name),
        Some(name) => About::Text(name),
    }
}

fn digits(typed: &str) -> Option<String> {
    typed.bytes().all(|byte| byte.is_ascii_digit()).then(|| typed.to_owned())
}

fn digits_and(typed: &str, mark: char) -> Option<String> {
    typed.chars().all(|found| found.is_ascii_digit() || found == mark).then(|| typed.to_owned())
}

/// The digits of an AS number, with or without its `AS`, or of what is typed of that.
fn asn_digits(typed: &str) -> Option<String> {
    if "as".starts_with(&typed.to_ascii_lowercase()) {
        return Some(String::new());
    }
    let prefixed = typed.get(..2).is_some_and(|prefix| prefix.eq_ignore_ascii_case("as"));
    digits(if prefixed { typed.get(2..).unwrap_or_default() } else { typed })
}

/// The digits of a MAC address, however they are parted.
fn mac_digits(typed: &str) -> Option<String> {
    let digits: String = typed.chars().filter(|found| !":-.".contains(*found)).collect();
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| digits.to_ascii_lowercase())
}

/// What an address or a subnet may begin with.
fn address_like(typed: &str) -> Option<String> {
    let fits = typed.bytes().all(|byte| byte.is_ascii_hexdigit() || b":./".contains(&byte));
    fits.then(|| typed.to_ascii_lowercase())
}

/// How many ports are looked for by their services.
const MOST_PORTS: usize = 300;

/// The ports whose service contains what was typed.
fn ports(typed: &str) -> Vec<u16> {
    if typed.is_empty() || typed.bytes().all(|byte| byte.is_ascii_digit()) {
        return Vec::new();
    }
    let wanted = typed.to_ascii_lowercase();
    let mut ports: Vec<u16> = service::services()
        .filter(|(name, _)| name.contains(&wanted))
        .map(|(_, port)| port)
        .take(MOST_PORTS)
        .collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}

/// The numbers of so many bits that begin with these digits, as ranges; none where there are no digits.
fn numbers(typed: &str, bits: u32) -> Vec<(u64, u64)> {
    let most = u64::MAX.checked_shr(u64::BITS.saturating_sub(bits)).unwrap_or(u64::MAX);
    let Ok(number) = typed.parse::<u64>() else { return Vec::new() };
    if number == 0 {
        return vec![(0, 0)];
    }
    let scale = (0..20).map_while(|power| 10_u64.checked_pow(power));
    let ranges = scale.map_while(|scale| {
        let low = number.checked_mul(scale).filter(|low| *low <= most)?;
        Some((low, low.saturating_add(scale - 1).min(most)))
    });
    let ranges: Vec<_> = ranges.collect();
    // A number that is too large for the column is none of it.
    if ranges.is_empty() { vec![(number, number)] } else { ranges }
}

/// The addresses that can begin with what was typed, as far as its whole groups tell: an index finds these.
fn range(typed: &str) -> Option<(Ipv6Addr, Ipv6Addr)> {
    let address = typed.split('/').next().unwrap_or_default();
    if address.contains('.') && !address.contains(':') {
        // The last group may go on.
        let (whole, _) = address.rsplit_once('.')?;
        let groups: Vec<u8> = whole.split('.').map(str::parse).collect::<Result<_, _>>().ok()?;
        let (mut low, mut high) = ([0; 4], [u8::MAX; 4]);
        for (place, group) in groups.iter().enumerate() {
            *low.get_mut(place)? = *group;
            *high.get_mut(place)? = *group;
        }
        return Some((Ipv4Addr::from(low).to_ipv6_mapped(), Ipv4Addr::from(high).to_ipv6_mapped()));
    }
    // What follows `::` stands nobody knows where.
    let whole = match address.split_once("::") {
        Some((whole, _)) => whole,
        None => address.rsplit_once(':')?.0,
    };
    if whole.is_empty() {
        return None;
    }
    let groups: Vec<u16> =
        whole.split(':').map(|group| u16::from_str_radix(group, 16)).collect::<Result<_, _>>().ok()?;
    let (mut low, mut high) = ([0; 8], [u16::MAX; 8]);
    for (place, group) in groups.iter().enumerate() {
        *low.get_mut(place)? = *group;
        *high.get_mut(place)? = *group;
    }
    Some((Ipv6Addr::from(low), Ipv6Addr::from(high)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_groups_of_an_address_are_a_range() {
        for (typed, expected) in [
            ("192.0.2.", Some(("::ffff:192.0.2.0", "::ffff:192.0.2.255"))),
            ("192.0.2.1", Some(("::ffff:192.0.2.0", "::ffff:192.0.2.255"))),
            ("192.0", Some(("::ffff:192.0.0.0", "::ffff:192.255.255.255"))),
            ("192", None),
            ("300.1", None),
            ("1.2.3.4.5.6", None),
            ("2001:db8:", Some(("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"))),
            ("2001:db8::1", Some(("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"))),
            ("2001:d", Some(("2001::", "2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff"))),
            ("2001", None),
            ("::1", None),
            ("1:2:3:4:5:6:7:8:9:", None),
            ("12345:", None),
            ("", None),
        ] {
            let expected = expected.map(|(low, high)| (low.parse().unwrap(), high.parse().unwrap()));
            assert_eq!(range(typed), expected, "{typed}");
        }
    }

    #[test]
    fn digits_are_ranges_of_numbers() {
        assert_eq!(numbers("8", 8), [(8, 8), (80, 89)]);
        assert_eq!(numbers("25", 8), [(25, 25), (250, 255)]);
        assert_eq!(numbers("443", 16), [(443, 443), (4430, 4439), (44_300, 44_399)]);
        assert_eq!(numbers("70000", 16), [(70_000, 70_000)]);
        assert_eq!(numbers("0", 16), [(0, 0)]);
        assert_eq!(numbers("1", 64).len(), 20);
        assert_eq!(numbers("18446744073709551615", 64), [(u64::MAX, u64::MAX)]);
        for other in ["", "x", "-1", "18446744073709551616"] {
            assert_eq!(numbers(other, 16), [], "{other}");
        }
    }

    #[test]
    fn what_is_typed_becomes_what_is_stored() {
        assert_eq!(asn_digits("as151").as_deref(), Some("151"));
        assert_eq!(asn_digits("A").as_deref(), Some(""));
        assert_eq!(asn_digits("15").as_deref(), Some("15"));
        assert_eq!(asn_digits("asia"), None);
        assert_eq!(mac_digits("00-1A.f").as_deref(), Some("001af"));
        assert_eq!(mac_digits("x"), None);
        assert_eq!(digits("0x"), None);
        assert_eq!(address_like("2001:DB8").as_deref(), Some("2001:db8"));
        assert_eq!(address_like("' OR 1"), None);
        assert!(ports("https").contains(&443));
        assert!(ports("4").is_empty());
    }
}
