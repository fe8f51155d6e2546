//! The SQL tree. An expression carries its type; only the constructors here make one, and none of them
//! makes an expression that ClickHouse would read with other types.

use std::marker::PhantomData;
use std::net::IpAddr;

use crate::gather::Gather as _;
use crate::typed::Comparison;
use crate::{ClickhouseType, Column, ColumnId, ScalarType, Schema};

/// A truth value.
#[derive(Clone, Copy, Debug)]
pub enum Bool {}
/// An unsigned integer of at most 64 bits.
#[derive(Clone, Copy, Debug)]
pub enum Uint {}
/// An unsigned integer of 128 bits: a large community.
#[derive(Clone, Copy, Debug)]
pub enum Large {}
/// An IPv6 address.
#[derive(Clone, Copy, Debug)]
pub enum Ip {}
/// A text, or a word of an enumeration.
#[derive(Clone, Copy, Debug)]
pub enum Text {}
/// An array of values of one type.
#[derive(Clone, Copy, Debug)]
pub struct Array<T>(PhantomData<T>);

/// The types that a column can have.
pub trait Stored {
    /// Whether the column is stored as this type.
    fn holds(column: &Column) -> bool;
}

impl Stored for Uint {
    fn holds(column: &Column) -> bool {
        column.uint_bits().is_some_and(|bits| bits <= 64)
    }
}

impl Stored for Ip {
    fn holds(column: &Column) -> bool {
        column.clickhouse_type.scalar() == Some(ScalarType::Ipv6)
    }
}

impl Stored for Text {
    fn holds(column: &Column) -> bool {
        let scalar = column.clickhouse_type.scalar();
        matches!(scalar, Some(ScalarType::String | ScalarType::FixedString(_) | ScalarType::Enum8(_)))
    }
}

impl Stored for Array<Uint> {
    fn holds(column: &Column) -> bool {
        column.clickhouse_type == ClickhouseType::Array(ScalarType::UInt(32))
    }
}

impl Stored for Array<Large> {
    fn holds(column: &Column) -> bool {
        column.clickhouse_type == ClickhouseType::Array(ScalarType::UInt(128))
    }
}

/// The integer types, whose bits can be shifted and masked.
pub trait Integer {}
impl Integer for Uint {}
impl Integer for Large {}

/// An SQL expression of type `T` over the columns of a schema.
#[derive(Clone, Debug)]
pub struct Expr<'a, T> {
    pub(super) node: Node<'a>,
    kind: PhantomData<T>,
}

/// The functions that filters use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Has,
    HasAny,
    HasAll,
    NotEmpty,
    ArrayExists,
    Match,
    BitAnd,
    BitShiftRight,
    MacStringToNum,
}

impl Function {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Has => "has",
            Self::HasAny => "hasAny",
            Self::HasAll => "hasAll",
            Self::NotEmpty => "notEmpty",
            Self::ArrayExists => "arrayExists",
            Self::Match => "match",
            Self::BitAnd => "bitAnd",
            Self::BitShiftRight => "bitShiftRight",
            Self::MacStringToNum => "MACStringToNum",
        }
    }
}

/// What an expression is made of. Its parts are private to this folder: only the constructors build it.
#[derive(Clone, Debug)]
pub(super) enum Node<'a> {
    Column(ColumnId),
    /// The variable of a lambda.
    Item,
    /// A value of the filter: a literal inline, a parameter when bound.
    Literal(Literal<'a>),
    /// A number that belongs to the translation, never a parameter.
    Fixed(u64),
    Compare(Comparison, Box<(Node<'a>, Node<'a>)>),
    Between {
        negated: bool,
        parts: Box<(Node<'a>, Node<'a>, Node<'a>)>,
    },
    In {
        negated: bool,
        subject: Box<Node<'a>>,
        items: Vec<Node<'a>>,
    },
    Like {
        negated: bool,
        ignore_case: bool,
        parts: Box<(Node<'a>, Node<'a>)>,
    },
    Call(Function, Vec<Node<'a>>),
    /// The name of a protocol, by the dictionary.
    ProtocolName {
        dictionary: &'a str,
        number: Box<Node<'a>>,
    },
    Array(Vec<Node<'a>>),
    Lambda(Box<Node<'a>>),
    Not(Box<Node<'a>>),
    All(Vec<Node<'a>>),
    Any(Vec<Node<'a>>),
    Parens(Box<Node<'a>>),
}

/// A value that comes from the filter.
#[derive(Clone, Copy, Debug)]
pub(super) enum Literal<'a> {
    /// An integer, with the width of the column that it is compared with.
    Integer {
        value: u64,
        bits: u32,
    },
    /// The integer that was printed last, once more.
    SameInteger {
        value: u64,
        bits: u32,
    },
    /// A large community.
    Large([u32; 3]),
    Address(IpAddr),
    Text(&'a str),
    /// A pattern for LIKE; one for ILIKE is a text.
    Pattern(&'a str),
    /// A regular expression.
    Regexp(&'a str),
    /// A text that is printed from something else: a MAC address.
    Mac(u64),
    /// A prefix, as its column holds it.
    Prefix(ipnet::IpNet),
}

impl<'a, T> Expr<'a, T> {
    const fn new(node: Node<'a>) -> Self {
        Self { node, kind: PhantomData }
    }

    fn nodes(exprs: Vec<Self>) -> Vec<Node<'a>> {
        exprs.into_iter().map(|expr| expr.node).list()
    }
}

impl<T: Stored> Expr<'_, T> {
    /// A column; `None` where it is not stored as `T`.
    pub(super) fn column(schema: &Schema, id: ColumnId) -> Option<Self> {
        T::holds(schema.column(id)).then(|| Self::new(Node::Column(id)))
    }
}

impl<'a> Expr<'a, Uint> {
    pub(super) const fn integer(value: u64, bits: u32) -> Self {
        Self::new(Node::Literal(Literal::Integer { value, bits }))
    }

    /// The integer that was made last, once more: one parameter serves both.
    pub(super) const fn same_integer(value: u64, bits: u32) -> Self {
        Self::new(Node::Literal(Literal::SameInteger { value, bits }))
    }

    pub(super) fn mac(address: u64) -> Self {
        Self::new(Node::Call(Function::MacStringToNum, vec![Node::Literal(Literal::Mac(address))]))
    }
}

impl Expr<'_, Large> {
    pub(super) const fn large_community(parts: [u32; 3]) -> Self {
        Self::new(Node::Literal(Literal::Large(parts)))
    }

    /// One or two parts of a large community, to compare a piece of one with.
    pub(super) const fn large_part(value: u64, bits: u32) -> Self {
        Self::new(Node::Literal(Literal::Integer { value, bits }))
    }
}

impl Expr<'_, Ip> {
    pub(super) const fn address(address: IpAddr) -> Self {
        Self::new(Node::Literal(Literal::Address(address)))
    }
}

impl<'a> Expr<'a, Text> {
    pub(super) const fn text(text: &'a str) -> Self {
        Self::new(Node::Literal(Literal::Text(text)))
    }

    pub(super) const fn pattern(pattern: &'a str) -> Self {
        Self::new(Node::Literal(Literal::Pattern(pattern)))
    }

    pub(super) const fn regexp(expression: &'a str) -> Self {
        Self::new(Node::Literal(Literal::Regexp(expression)))
    }

    pub(super) const fn prefix(prefix: ipnet::IpNet) -> Self {
        Self::new(Node::Literal(Literal::Prefix(prefix)))
    }

    /// The name of a protocol number, by the dictionary.
    pub(super) fn protocol_name(dictionary: &'a str, number: Expr<'a, Uint>) -> Self {
        Self::new(Node::ProtocolName { dictionary, number: Box::new(number.node) })
    }
}

impl<'a, T: Integer> Expr<'a, T> {
    /// The variable of a lambda over an array of integers.
    pub(super) const fn item() -> Self {
        Self::new(Node::Item)
    }

    pub(super) fn bit_and(self, mask: Expr<'a, T>) -> Self {
        Self::new(Node::Call(Function::BitAnd, vec![self.node, mask.node]))
    }

    /// The lowest 16, 32 or 64 bits.
    pub(super) fn low_bits(self, bits: u32) -> Self {
        let mask = u64::MAX >> (64 - bits.clamp(1, 64));
        Self::new(Node::Call(Function::BitAnd, vec![self.node, Node::Fixed(mask)]))
    }

    pub(super) fn shift_right(self, bits: u32) -> Self {
        Self::new(Node::Call(Function::BitShiftRight, vec![self.node, Node::Fixed(u64::from(bits))]))
    }
}

impl<'a, T> Expr<'a, T> {
    pub(super) fn compare(self, comparison: Comparison, other: Self) -> Expr<'a, Bool> {
        Expr::new(Node::Compare(comparison, Box::new((self.node, other.node))))
    }

    pub(super) fn between(self, negated: bool, low: Self, high: Self) -> Expr<'a, Bool> {
        Expr::new(Node::Between { negated, parts: Box::new((self.node, low.node, high.node)) })
    }

    pub(super) fn one_of(self, negated: bool, items: Vec<Self>) -> Expr<'a, Bool> {
        Expr::new(Node::In { negated, subject: Box::new(self.node), items: Self::nodes(items) })
    }
}

impl<'a> Expr<'a, Text> {
    pub(super) fn like(self, negated: bool, ignore_case: bool, pattern: Self) -> Expr<'a, Bool> {
        Expr::new(Node::Like { negated, ignore_case, parts: Box::new((self.node, pattern.node)) })
    }

    pub(super) fn matches(self, pattern: Self) -> Expr<'a, Bool> {
        Expr::new(Node::Call(Function::Match, vec![self.node, pattern.node]))
    }
}

impl<'a, T> Expr<'a, Array<T>> {
    pub(super) fn has(self, item: Expr<'a, T>) -> Expr<'a, Bool> {
        Expr::new(Node::Call(Function::Has, vec![self.node, item.node]))
    }

    pub(super) fn has_any(self, items: Vec<Expr<'a, T>>) -> Expr<'a, Bool> {
        Expr::new(Node::Call(Function::HasAny, vec![self.node, Node::Array(Expr::nodes(items))]))
    }

    pub(super) fn has_all(self, items: Vec<Expr<'a, T>>) -> Expr<'a, Bool> {
        Expr::new(Node::Call(Function::HasAll, vec![self.node, Node::Array(Expr::nodes(items))]))
    }

    pub(super) fn not_empty(self) -> Expr<'a, Bool> {
        Expr::new(Node::Call(Function::NotEmpty, vec![self.node]))
    }

    /// Whether a condition on `Expr::item` holds for an item.
    pub(super) fn exists(self, condition: Expr<'a, Bool>) -> Expr<'a, Bool> {
        let lambda = Node::Lambda(Box::new(condition.node));
        Expr::new(Node::Call(Function::ArrayExists, vec![lambda, self.node]))
    }
}

impl<'a> Expr<'a, Bool> {
    /// The negation.
    pub(super) fn not(self) -> Self {
        Self::new(Node::Not(Box::new(self.node)))
    }

    /// The negation if `negated`, else the expression itself.
    pub(super) fn negated_if(self, negated: bool) -> Self {
        if negated { self.not() } else { self }
    }

    /// The expression in parentheses.
    pub(super) fn parens(self) -> Self {
        Self::new(Node::Parens(Box::new(self.node)))
    }

    /// All of the terms.
    pub(super) fn all(terms: Vec<Self>) -> Self {
        Self::new(Node::All(Self::nodes(terms)))
    }

    /// Any of the terms, joined as the user joined them.
    pub(super) fn any(terms: Vec<Self>) -> Self {
        Self::new(Node::Any(Self::nodes(terms)))
    }

    /// Any of the terms of one condition: in parentheses where there are several; `None` for none.
    pub(super) fn any_of(mut terms: Vec<Self>) -> Option<Self> {
        if terms.len() > 1 { Some(Self::any(terms).parens()) } else { terms.pop() }
    }
}
