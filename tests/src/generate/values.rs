//! Values of every form, in all their spellings.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use flowql::Column;
use flowql::tables::{Arity, Form, Operator, Registries, Rule, Type, words};
use proptest::prelude::*;
use proptest::sample::select;

/// A value as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Without quotes; its case does not matter.
    Word(String),
    /// In quotes: what it stands for.
    Text(String),
}

type Values = BoxedStrategy<Vec<Value>>;
type One = BoxedStrategy<Value>;

/// What a rule's operators may be followed by on a column; `all` are the columns that it may be compared with.
pub(super) fn values(column: &Column, rule: &Rule, all: &[Column]) -> Values {
    let forms = rule.forms.iter().filter(|&&form| form != Form::Column || !same(column, all).is_empty());
    let one = prop::strategy::Union::new(forms.map(|&form| value(column, form, rule, all))).boxed();
    match rule.arity {
        Arity::One => one.prop_map(|value| vec![value]).boxed(),
        Arity::Two => ends(column, rule),
        Arity::List | Arity::OneOrList => prop::collection::vec(one, 1..6).boxed(),
    }
}

/// The two ends of BETWEEN, in order.
fn ends(column: &Column, rule: &Rule) -> Values {
    match rule.forms.first() {
        Some(Form::Address) => {
            let pair = prop_oneof![
                (ipv4(), ipv4()).prop_map(|(a, b)| ordered(a, b).map(|ip| ip.to_string())),
                (ipv6(), ipv6()).prop_map(|(a, b)| ordered(a, b).map(|ip| ip.to_string())),
            ];
            pair.prop_map(|ends| ends.map(Value::Word).to_vec()).boxed()
        }
        Some(Form::Asn) => pair_of(asn_number(), spelled_asn),
        _ => pair_of(number(column, rule), spelled(column)),
    }
}

fn pair_of(numbers: BoxedStrategy<u64>, spelled: fn(u64) -> BoxedStrategy<String>) -> Values {
    (numbers.clone(), numbers)
        .prop_map(|(a, b)| ordered(a, b))
        .prop_flat_map(move |[low, high]| (spelled(low), spelled(high)))
        .prop_map(|(low, high)| vec![Value::Word(low), Value::Word(high)])
        .boxed()
}

fn ordered<T: Ord>(a: T, b: T) -> [T; 2] {
    if a <= b { [a, b] } else { [b, a] }
}

fn value(column: &Column, form: Form, rule: &Rule, all: &[Column]) -> One {
    let word = |strategy: BoxedStrategy<String>| strategy.prop_map(Value::Word).boxed();
    let range = |pair: Values| {
        pair.prop_map(|ends| {
            let ends: Vec<String> = ends.into_iter().map(Value::into_string).collect();
            Value::Word(ends.join("-"))
        })
        .boxed()
    };
    match form {
        Form::Address => word(address()),
        Form::Subnet => word(subnet()),
        Form::AddressRange | Form::IntegerRange | Form::AsnRange => {
            let end = match form {
                Form::AddressRange => Form::Address,
                Form::AsnRange => Form::Asn,
                _ => Form::Integer,
            };
            range(ends(column, &Rule { forms: single(end), ..*rule }))
        }
        Form::Mac => word(mac()),
        Form::MacPrefix => word(mac_prefix()),
        Form::Text if !column.words().is_empty() => {
            let known: Vec<&'static str> = column.words().iter().map(|(word, _)| *word).collect();
            let cases = [str::to_owned, str::to_ascii_uppercase, str::to_ascii_lowercase];
            (select(known), select(cases.to_vec())).prop_map(|(word, cased)| Value::Text(cased(word))).boxed()
        }
        Form::Text => text(column, rule).prop_map(Value::Text).boxed(),
        Form::Pattern => pattern().prop_map(Value::Text).boxed(),
        Form::Regexp => super::regexps::regexp().prop_map(Value::Text).boxed(),
        Form::Integer if column.port => {
            let services: Vec<String> =
                Registries::built_in().services.all().step_by(97).map(|(name, _)| name.to_owned()).collect();
            prop_oneof![
                4 => word(number(column, rule).prop_flat_map(spelled(column)).boxed()),
                1 => select(services).prop_map(Value::Text),
            ]
            .boxed()
        }
        Form::Integer if !column.names.is_empty() => {
            let ordered = !rule.operators.contains(&Operator::Eq) && rule.arity == Arity::One;
            let one = |low: &u64, high: &u64| !ordered || low == high;
            let names: Vec<String> = column
                .names
                .iter()
                .filter(|(_, low, high)| one(low, high))
                .map(|(name, ..)| name.to_ascii_lowercase())
                .collect();
            let numbers = word(number(column, rule).prop_flat_map(spelled(column)).boxed());
            if names.is_empty() {
                numbers
            } else {
                prop_oneof![3 => numbers, 2 => select(names).prop_map(Value::Text)].boxed()
            }
        }
        Form::Integer => word(number(column, rule).prop_flat_map(spelled(column)).boxed()),
        Form::ProtocolNumber => word((0..256_u64).prop_flat_map(spelled_integer).boxed()),
        Form::ProtocolName => {
            let known: Vec<&'static str> = Registries::built_in()
                .protocols
                .all()
                .flat_map(|known| std::iter::once(known.name).chain(known.aliases()))
                .collect();
            prop_oneof![
                4 => select(known).prop_map(|name| Value::Text(name.to_ascii_lowercase())),
                1 => hostile().prop_map(Value::Text),
            ]
            .boxed()
        }
        Form::Asn => word(asn_number().prop_flat_map(spelled_asn).boxed()),
        Form::Community => word(community()),
        Form::Word => {
            let known: Vec<String> = column
                .filter_type
                .map(words)
                .unwrap_or_default()
                .iter()
                .map(|word| word.name.to_owned())
                .collect();
            word(select(known).boxed())
        }
        Form::Bit => {
            let names: Vec<String> = column.bits.iter().map(|(name, _)| (*name).to_owned()).collect();
            word(select(names).boxed())
        }
        Form::Column => word(select(same(column, all)).boxed()),
    }
}

/// The names of the columns that a column can be compared with.
fn same(column: &Column, all: &[Column]) -> Vec<String> {
    let same = |other: &&Column| other.filter_type == column.filter_type && other.words() == column.words();
    all.iter().filter(same).map(|other| other.name.to_string()).collect()
}

const fn single(form: Form) -> &'static [Form] {
    match form {
        Form::Address => &[Form::Address],
        Form::Asn => &[Form::Asn],
        _ => &[Form::Integer],
    }
}

impl Value {
    fn into_string(self) -> String {
        match self {
            Self::Word(text) | Self::Text(text) => text,
        }
    }
}

// --- Numbers ----------------------------------------------------------------------------------

/// Numbers that mostly fit the column, its bounds and those of its type among them.
fn number(column: &Column, rule: &Rule) -> BoxedStrategy<u64> {
    if rule.forms.contains(&Form::ProtocolNumber) {
        return (0..256_u64).boxed();
    }
    let max = u64::MAX >> (64 - column.uint_bits().unwrap_or(32).clamp(1, 64));
    prop_oneof![
        4 => 0..=max,
        4 => 0..2000_u64,
        1 => select(vec![0, 1, max - 1, max, max.saturating_add(1), u64::MAX]),
        1 => any::<u64>(),
    ]
    .boxed()
}

/// How the numbers of a column are spelled.
fn spelled(column: &Column) -> fn(u64) -> BoxedStrategy<String> {
    match (column.filter_type, column.unit) {
        (Some(Type::Uint), Some("Mbit/s")) => spelled_rate,
        (Some(Type::Uint), Some("ms")) => spelled_time,
        (Some(Type::Uint), _) => spelled_amount,
        _ => spelled_integer,
    }
}

fn spelled_amount(number: u64) -> BoxedStrategy<String> {
    let (thousands, rest) = (number / 1000, number % 1000);
    let grouped = if thousands > 0 { format!("{thousands}_{rest:03}") } else { format!("0_{rest}") };
    let point = if rest > 0 { format!(".{rest:03}") } else { String::new() };
    let binary =
        if number.is_multiple_of(1024) { format!("{}Ki", number / 1024) } else { number.to_string() };
    prop_oneof![
        3 => spelled_integer(number),
        1 => Just(grouped),
        1 => Just(format!("{thousands}{point}k")),
        1 => Just(binary),
    ]
    .boxed()
}

fn spelled_rate(number: u64) -> BoxedStrategy<String> {
    let (thousands, rest) = (number / 1000, number % 1000);
    prop_oneof![
        3 => spelled_integer(number),
        1 => Just(format!("{number}M")),
        1 => Just(format!("{thousands}.{rest:03}g")),
        1 => Just(format!("{thousands}_{rest:03}m")),
    ]
    .boxed()
}

fn spelled_time(number: u64) -> BoxedStrategy<String> {
    let (seconds, rest) = (number / 1000, number % 1000);
    prop_oneof![
        3 => spelled_integer(number),
        1 => Just(format!("{number}ms")),
        1 => Just(format!("{seconds}.{rest:03}s")),
    ]
    .boxed()
}

fn spelled_integer(number: u64) -> BoxedStrategy<String> {
    prop_oneof![
        6 => Just(number.to_string()),
        1 => Just(format!("00{number}")),
        1 => Just(format!("0x{number:x}")),
        1 => Just(format!("0X00{number:X}")),
    ]
    .boxed()
}

fn asn_number() -> BoxedStrategy<u64> {
    prop_oneof![
        4 => 64_000..66_000_u64,
        2 => 0..=u64::from(u32::MAX),
        1 => select(vec![0, 1, 65_535, 65_536, u64::from(u32::MAX)]),
    ]
    .boxed()
}

fn spelled_asn(number: u64) -> BoxedStrategy<String> {
    prop_oneof![
        3 => Just(number.to_string()),
        3 => Just(format!("AS{number}")),
        1 => Just(format!("as0{number}")),
        1 => Just(format!("AS{}.{}", number >> 16, number & 0xFFFF)),
    ]
    .boxed()
}

// --- Addresses --------------------------------------------------------------------------------

fn ipv4() -> BoxedStrategy<Ipv4Addr> {
    let networks = vec![0x0A00_0000, 0xC000_0200, 0xCB00_7100, 0, 0xFFFF_FFFF];
    prop_oneof![
        any::<u32>().prop_map(Ipv4Addr::from_bits),
        (select(networks), 0..512_u32).prop_map(|(net, host)| Ipv4Addr::from_bits(net ^ host)),
    ]
    .boxed()
}

fn ipv6() -> BoxedStrategy<Ipv6Addr> {
    let groups = prop::array::uniform8(prop_oneof![3 => Just(0_u16), 1 => 0..16_u16, 1 => any::<u16>()]);
    prop_oneof![
        4 => groups.prop_map(Ipv6Addr::from),
        1 => (0..64_u128).prop_map(|low| Ipv6Addr::from_bits(0x2001_0db8 << 96 | low)),
        1 => ipv4().prop_map(|address| address.to_ipv6_mapped()),
        1 => Just(Ipv6Addr::from_bits(u128::MAX)),
    ]
    .boxed()
}

/// An address in one of its spellings.
fn address() -> BoxedStrategy<String> {
    prop_oneof![
        3 => ipv4().prop_map(|address| address.to_string()),
        2 => ipv6().prop_map(|address| address.to_string()),
        // Every group, with its zeros.
        1 => ipv6().prop_map(|address| address.segments().map(|group| format!("{group:04x}")).join(":")),
        // The last two groups dotted.
        1 => ipv6().prop_map(|address| {
            let [a, b, c, d, e, f, ..] = address.segments();
            let low = Ipv4Addr::from_bits(address.to_bits() as u32);
            format!("{a:x}:{b:x}:{c:x}:{d:x}:{e:x}:{f:x}:{low}")
        }),
    ]
    .boxed()
}

/// A subnet, host bits and all.
fn subnet() -> BoxedStrategy<String> {
    prop_oneof![
        3 => (ipv4(), 0..=32_u32).prop_map(|(address, length)| format!("{address}/{length}")),
        2 => (ipv6(), 0..=128_u32).prop_map(|(address, length)| format!("{address}/{length}")),
        1 => address().prop_map(|address| {
            let v4 = matches!(address.parse(), Ok(IpAddr::V4(_)));
            format!("{address}/{}", if v4 { 24 } else { 48 })
        }),
    ]
    .boxed()
}

fn mac_prefix() -> BoxedStrategy<String> {
    let stars =
        (any::<[u8; 5]>(), 1..6_usize, select(vec![":", "-", "."])).prop_map(|(bytes, count, separator)| {
            let pairs: Vec<String> = bytes.iter().take(count).map(|byte| format!("{byte:02x}")).collect();
            match separator {
                "." => format!("{}*", pairs.chunks(2).map(<[String]>::concat).collect::<Vec<_>>().join(".")),
                _ => format!("{}{separator}*", pairs.join(separator)),
            }
        });
    let lengths = (mac(), 0..49_u8).prop_map(|(mac, length)| format!("{mac}/{length}"));
    prop_oneof![stars, lengths].boxed()
}

fn mac() -> BoxedStrategy<String> {
    let bytes = prop_oneof![any::<[u8; 6]>(), any::<u8>().prop_map(|last| [0, 0, 0x5E, 0, 0x53, last])];
    (bytes, 0..3)
        .prop_map(|(bytes, spelling)| match spelling {
            0 => bytes.map(|byte| format!("{byte:02x}")).join(":"),
            1 => bytes.map(|byte| format!("{byte:02X}")).join("-"),
            _ => {
                let [a, b, c, d, e, f] = bytes;
                format!("{a:02x}{b:02x}.{c:02x}{d:02x}.{e:02x}{f:02x}")
            }
        })
        .boxed()
}

/// A range of the numbers of a part.
fn parts(max: u32) -> BoxedStrategy<String> {
    let number = move || prop_oneof![4 => 0..2000_u32, 1 => 0..=max, 1 => Just(max), 1 => Just(0)];
    (number(), number()).prop_map(|(a, b)| format!("{}-{}", a.min(b), a.max(b))).boxed()
}

fn community() -> BoxedStrategy<String> {
    let small = || part(u32::from(u16::MAX));
    let large = || part(u32::MAX);
    prop_oneof![
        4 => (small(), small()).prop_map(|(a, b)| format!("{a}:{b}")),
        1 => (small(), parts(u32::from(u16::MAX))).prop_map(|(a, b)| format!("{a}:{b}")),
        1 => (parts(u32::from(u16::MAX)), small()).prop_map(|(a, b)| format!("{a}:{b}")),
        1 => (large(), parts(u32::MAX), large()).prop_map(|(a, b, c)| format!("{a}:{b}:{c}")),
        1 => (parts(u32::MAX), large(), parts(u32::MAX)).prop_map(|(a, b, c)| format!("{a}:{b}:{c}")),
        4 => (large(), large(), large()).prop_map(|(a, b, c)| format!("{a}:{b}:{c}")),
        1 => select(Registries::built_in().communities.all().map(|known| known.name.to_owned()).collect::<Vec<_>>()),
    ]
    .boxed()
}

fn part(max: u32) -> BoxedStrategy<String> {
    prop_oneof![
        2 => (0..=max).prop_map(|number| number.to_string()),
        2 => (64_999..65_002_u32).prop_map(|number| format!("0{number}")),
        1 => Just("*".to_owned()),
    ]
    .boxed()
}

// --- Texts ------------------------------------------------------------------------------------

fn text(column: &Column, rule: &Rule) -> BoxedStrategy<String> {
    let known: Vec<&str> = match column.country {
        true => vec!["FR", "DE", "fr", "", "Z", "XX"],
        false => vec!["edge1", "transit", "a b", "100% sure", "customer-42", ""],
    };
    // In a list, a text must not be longer than its column.
    let most = column.fixed_length().filter(|_| rule.arity == Arity::List).unwrap_or(usize::MAX);
    prop_oneof![3 => select(known).prop_map(str::to_owned), 2 => hostile()]
        .prop_map(move |mut text| {
            while text.len() > most {
                text.pop();
            }
            text
        })
        .boxed()
}

/// Texts that try to be anything but a text.
pub fn hostile() -> BoxedStrategy<String> {
    let pieces = vec![
        "'",
        "\"",
        "\\",
        "\\\\",
        "\\'",
        "''",
        "\\n",
        "\\x41",
        "--",
        "/*",
        "*/",
        ";",
        "; DROP TABLE flows",
        "' OR '1'='1",
        "\0",
        "\t",
        "\u{1}",
        "\u{7}",
        "\u{1b}",
        "\u{1f}",
        "\u{7f}",
        "\u{a0}",
        "\u{feff}",
        "\u{2028}",
        "é",
        "\u{1F600}",
        "“",
        "%",
        "_",
        "{p0:String}",
        "`",
        "$1",
        "?",
        "@edge",
        " ",
        "a",
        "x",
        "1",
        "(",
        ")",
        "\u{b}",
        "\u{8}",
        "\u{c}",
    ];
    prop::collection::vec(select(pieces), 0..8).prop_map(|pieces| pieces.concat()).boxed()
}

/// LIKE patterns: no lone backslash at the end.
fn pattern() -> BoxedStrategy<String> {
    let plain = vec!["edge%", "%transit%", "a_c", "%", "100\\%", "x"];
    let pieces =
        vec!["%", "%", "_", "a", "B", "é", "\u{1F600}", "\t", "\\%", "\\_", "\\\\", "\\a", "'", ".", "\0"];
    prop_oneof![
        1 => select(plain).prop_map(str::to_owned),
        2 => prop::collection::vec(select(pieces), 0..7).prop_map(|pieces| pieces.concat()),
        1 => hostile()
    ]
    .prop_map(|mut pattern| {
        let backslashes = pattern.chars().rev().take_while(|&found| found == '\\').count();
        if backslashes % 2 == 1 {
            pattern.push('%');
        }
        pattern
    })
    .boxed()
}
