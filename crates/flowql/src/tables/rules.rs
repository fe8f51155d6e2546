//! What each type accepts: the table from which checks, messages, completion and documentation derive.

use super::{Operator, Type};

/// A way to write a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Form {
    /// An IPv4 or IPv6 address.
    Address,
    /// An address, a slash and a prefix length.
    Subnet,
    /// Two addresses of one family joined by a hyphen.
    AddressRange,
    /// A MAC address.
    Mac,
    /// A MAC address, a slash and a prefix length, or its first bytes and a `*`.
    MacPrefix,
    /// A string in quotes.
    Text,
    /// A LIKE pattern in quotes.
    Pattern,
    /// A regular expression in quotes.
    Regexp,
    /// An unsigned integer; on a port column a quoted service name too.
    Integer,
    /// Two integers joined by a hyphen.
    IntegerRange,
    /// An AS number.
    Asn,
    /// Two AS numbers joined by a hyphen.
    AsnRange,
    /// A community, large community, wildcard or well-known name.
    Community,
    /// A word of the type.
    Word,
    /// A protocol number.
    ProtocolNumber,
    /// A protocol name in quotes.
    ProtocolName,
    /// The name of a bit.
    Bit,
    /// Another column of the same type.
    Column,
}

/// How many values an operator takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Arity {
    /// One value.
    One,
    /// Two values joined by AND.
    Two,
    /// A list in parentheses.
    List,
    /// One value or a list.
    OneOrList,
}

/// Operators of a type that take the same values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The operators.
    pub operators: &'static [Operator],
    /// How many values they take.
    pub arity: Arity,
    /// The ways to write each value.
    pub forms: &'static [Form],
}

const EQUALITY: &[Operator] = &[Operator::Eq, Operator::Ne];
const ORDER: &[Operator] = &[Operator::Lt, Operator::Le, Operator::Gt, Operator::Ge];
const MEMBERSHIP: &[Operator] = &[Operator::In, Operator::NotIn];
const CONTAINMENT: &[Operator] = &[Operator::Within, Operator::NotWithin];
const INTERVAL: &[Operator] = &[Operator::Between, Operator::NotBetween];
const PATTERNS: &[Operator] = &[Operator::Like, Operator::ILike, Operator::NotLike, Operator::NotILike];
const REGEXPS: &[Operator] = &[Operator::Regexp, Operator::NotRegexp];

const fn one(operators: &'static [Operator], forms: &'static [Form]) -> Rule {
    Rule { operators, arity: Arity::One, forms }
}

const fn list(forms: &'static [Form]) -> Rule {
    Rule { operators: MEMBERSHIP, arity: Arity::List, forms }
}

const fn between(forms: &'static [Form]) -> Rule {
    Rule { operators: INTERVAL, arity: Arity::Two, forms }
}

/// The rule of `HAS` on a column of any integer type with named bits.
pub const BITS_RULE: Rule =
    Rule { operators: &[Operator::Has, Operator::NotHas], arity: Arity::OneOrList, forms: &[Form::Bit] };

const IP_RULES: &[Rule] = &[
    one(EQUALITY, &[Form::Address, Form::Subnet, Form::Column]),
    one(CONTAINMENT, &[Form::Subnet]),
    list(&[Form::Address, Form::Subnet, Form::AddressRange]),
    between(&[Form::Address]),
];
const PREFIX_RULES: &[Rule] =
    &[one(EQUALITY, &[Form::Subnet, Form::Column]), one(CONTAINMENT, &[Form::Subnet]), list(&[Form::Subnet])];
const MAC_RULES: &[Rule] = &[
    one(EQUALITY, &[Form::Mac, Form::MacPrefix, Form::Column]),
    one(CONTAINMENT, &[Form::MacPrefix]),
    list(&[Form::Mac, Form::MacPrefix]),
];
const STRING_RULES: &[Rule] = &[
    one(EQUALITY, &[Form::Text, Form::Column]),
    list(&[Form::Text]),
    one(PATTERNS, &[Form::Pattern]),
    one(REGEXPS, &[Form::Regexp]),
];
const UINT_RULES: &[Rule] = &[
    one(EQUALITY, &[Form::Integer, Form::Column]),
    one(ORDER, &[Form::Integer, Form::Column]),
    list(&[Form::Integer, Form::IntegerRange]),
    between(&[Form::Integer]),
];
const ASN_RULES: &[Rule] =
    &[one(EQUALITY, &[Form::Asn, Form::Column]), list(&[Form::Asn, Form::AsnRange]), between(&[Form::Asn])];
const AS_PATH_RULES: &[Rule] = &[
    one(EQUALITY, &[Form::Asn]),
    list(&[Form::Asn]),
    Rule { operators: BITS_RULE.operators, arity: Arity::OneOrList, forms: &[Form::Asn] },
];
const COMMUNITY_RULES: &[Rule] = &[one(EQUALITY, &[Form::Community]), list(&[Form::Community])];
const UINT_ARRAY_RULES: &[Rule] = &[one(EQUALITY, &[Form::Integer]), list(&[Form::Integer])];
const WORD_RULES: &[Rule] = &[one(EQUALITY, &[Form::Word, Form::Column]), list(&[Form::Word])];
const PROTO_RULES: &[Rule] = &[
    one(EQUALITY, &[Form::ProtocolNumber, Form::ProtocolName, Form::Column]),
    one(ORDER, &[Form::ProtocolNumber]),
    list(&[Form::ProtocolNumber, Form::ProtocolName]),
    between(&[Form::ProtocolNumber]),
];

/// What a type accepts, `HAS` aside.
pub const fn rules(kind: Type) -> &'static [Rule] {
    match kind {
        Type::Ip => IP_RULES,
        Type::Prefix => PREFIX_RULES,
        Type::Mac => MAC_RULES,
        Type::String => STRING_RULES,
        Type::Uint => UINT_RULES,
        Type::Asn => ASN_RULES,
        Type::AsPath => AS_PATH_RULES,
        Type::Community => COMMUNITY_RULES,
        Type::UintArray => UINT_ARRAY_RULES,
        Type::Boundary | Type::Direction | Type::EType => WORD_RULES,
        Type::Proto => PROTO_RULES,
    }
}

impl Form {
    /// What a message calls it, with its article.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Address => "an IP address",
            Self::Subnet => "a subnet",
            Self::AddressRange => "a range of addresses",
            Self::Mac => "a MAC address",
            Self::MacPrefix => "a MAC prefix",
            Self::Text => "a string",
            Self::Pattern => "a pattern in quotes",
            Self::Regexp => "a regular expression in quotes",
            Self::Integer => "an unsigned integer",
            Self::IntegerRange => "a range of integers",
            Self::Asn => "an AS number",
            Self::AsnRange => "a range of AS numbers",
            Self::Community => "a community",
            Self::Word => "a word of the column",
            Self::ProtocolNumber => "an unsigned 8-bit integer",
            Self::ProtocolName => "a protocol name in quotes",
            Self::Bit => "the name of a flag",
            Self::Column => "a column of the same type",
        }
    }

    /// Whether the value stands in quotes.
    pub const fn is_quoted(self) -> bool {
        matches!(self, Self::Text | Self::Pattern | Self::Regexp | Self::ProtocolName)
    }

    /// Whether it is two values joined by a hyphen.
    pub const fn is_range(self) -> bool {
        matches!(self, Self::AddressRange | Self::IntegerRange | Self::AsnRange)
    }
}
