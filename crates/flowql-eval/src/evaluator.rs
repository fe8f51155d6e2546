//! A filter made ready for evaluation.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::net::IpAddr;

use flowql::tables::{Registries, Type};
use flowql::typed::{Comparison, Condition, Either, Filter, Member, Scalar, Test};
use flowql::{ColumnId, Community, CommunityRange, Schema};
use ipnet::IpNet;
use regex::bytes::Regex;

use crate::intervals::Intervals;
use crate::like::Pattern;
use crate::regexp;
use crate::value::{Kind, Value};

/// Why a filter cannot be evaluated.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The engine does not take a regular expression: an unknown Unicode class, or a pattern that is too large.
    #[error("the regular expression `{pattern}` cannot be used: {reason}")]
    Regexp {
        /// The expression.
        pattern: String,
        /// What the engine says.
        reason: String,
    },
    /// The filter was checked against another schema.
    #[error("the filter is not one of this schema")]
    OtherSchema,
}

/// A filter made ready for evaluation: it says of flows whether they are selected, as the database would.
#[derive(Clone, Debug)]
pub struct Evaluator {
    node: Node,
    columns: Vec<ColumnId>,
    kinds: Vec<Kind>,
}

/// Whether zeros at the end of a text count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Padding {
    Counts,
    Ignored,
}

/// The place of a column among those that a filter reads.
pub(crate) type Slot = usize;

/// A filter over slots. Two are equal where they test the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Node {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    /// A number, or an address, in a set.
    Number(Slot, Intervals),
    /// All bits of a mask are set.
    Bits(Slot, u128),
    /// Some number of a list lies in a set.
    AnyNumber(Slot, Intervals),
    /// Some number of a list has these bits where the mask has ones.
    AnyMasked(Slot, u128, u128),
    /// The parts of some number of a list lie in ranges.
    AnyParts(Slot, Vec<Part>),
    /// A text is one of these.
    Text(Slot, Vec<String>),
    Like(Slot, Pattern),
    Matches(Slot, Matcher),
    /// Two columns that hold numbers compared.
    Columns(Slot, Comparison, Slot),
    /// Two columns hold the same text; zeros at the end do not count where one is a `FixedString`.
    SameText(Slot, Slot, Padding),
}

/// Some bits of a number, with the least and the greatest number that they may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Part {
    shift: u32,
    mask: u128,
    ends: (u128, u128),
}

impl Part {
    pub(crate) fn holds(self, number: u128) -> bool {
        let cut = number >> self.shift & self.mask;
        self.ends.0 <= cut && cut <= self.ends.1
    }
}

/// A regular expression.
#[derive(Clone, Debug)]
pub(crate) struct Matcher(Regex);

impl Matcher {
    pub(crate) fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text.as_bytes())
    }
}

impl Ord for Matcher {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.as_str().cmp(other.0.as_str())
    }
}

impl PartialOrd for Matcher {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Matcher {}

impl Evaluator {
    /// Prepares a filter that was checked against this schema.
    ///
    /// # Errors
    ///
    /// A regular expression that the engine does not take, or a filter of another schema.
    pub fn new(schema: &Schema, filter: &Filter) -> Result<Self, Error> {
        let mut preparer = Preparer::new(schema);
        let node = preparer.filter(filter)?;
        let columns = preparer.columns;
        let kinds = columns.iter().map(|&id| Kind::of(schema.column(id))).collect();
        Ok(Self { node, columns, kinds })
    }

    /// What an empty filter stands for: it selects every flow.
    pub fn everything() -> Self {
        Self { node: Node::All(Vec::new()), columns: Vec::new(), kinds: Vec::new() }
    }

    /// The columns that the filter reads, once each: a flow has their values, in this order.
    pub fn columns(&self) -> &[ColumnId] {
        &self.columns
    }

    /// What kinds of value the columns hold, in the order of [`Self::columns`].
    pub fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    /// A flow of which nothing is known: the values that the database stores then.
    pub fn default_row(&self) -> Vec<Value> {
        self.kinds.iter().map(Kind::default_value).collect()
    }

    /// Whether the filter selects a flow. A value that is missing or of another kind counts as zero or empty.
    pub fn matches(&self, row: &[Value]) -> bool {
        self.node.holds(row)
    }
}

/// Whether two numbers compare so.
pub(crate) fn compares(comparison: Comparison, left: u128, right: u128) -> bool {
    let ordering = left.cmp(&right);
    match comparison {
        Comparison::Eq => ordering.is_eq(),
        Comparison::Ne => ordering.is_ne(),
        Comparison::Lt => ordering.is_lt(),
        Comparison::Le => ordering.is_le(),
        Comparison::Gt => ordering.is_gt(),
        Comparison::Ge => ordering.is_ge(),
    }
}

impl Padding {
    /// Whether two texts are the same.
    pub(crate) fn is_same(self, left: &str, right: &str) -> bool {
        match self {
            Self::Counts => left == right,
            Self::Ignored => unpadded(left) == unpadded(right),
        }
    }
}

impl Node {
    pub(crate) fn holds(&self, row: &[Value]) -> bool {
        let number = |slot: Slot| row.get(slot).map_or(0, Value::number);
        let numbers = |slot: Slot| row.get(slot).map_or(&[][..], Value::numbers);
        let text = |slot: Slot| row.get(slot).map_or("", Value::text);
        match self {
            Self::All(terms) => terms.iter().all(|term| term.holds(row)),
            Self::Any(terms) => terms.iter().any(|term| term.holds(row)),
            Self::Not(inner) => !inner.holds(row),
            Self::Number(slot, set) => set.contains(number(*slot)),
            Self::Bits(slot, mask) => number(*slot) & mask == *mask,
            Self::AnyNumber(slot, set) => numbers(*slot).iter().any(|&item| set.contains(item)),
            Self::AnyMasked(slot, mask, bits) => numbers(*slot).iter().any(|item| item & mask == *bits),
            Self::AnyParts(slot, parts) => {
                numbers(*slot).iter().any(|&item| parts.iter().all(|part| part.holds(item)))
            }
            Self::Text(slot, texts) => texts.iter().any(|wanted| wanted == text(*slot)),
            Self::Like(slot, pattern) => pattern.matches(text(*slot)),
            Self::Matches(slot, matcher) => matcher.is_match(text(*slot)),
            Self::Columns(left, comparison, right) => compares(*comparison, number(*left), number(*right)),
            Self::SameText(left, right, padding) => padding.is_same(text(*left), text(*right)),
        }
    }

    fn not_if(self, negated: bool) -> Self {
        if negated { Self::Not(Box::new(self)) } else { self }
    }
}

/// The text without the zeros that fill a `FixedString`.
fn unpadded(text: &str) -> &str {
    text.trim_end_matches('\0')
}

/// Makes nodes of filters, which share their slots.
pub(crate) struct Preparer<'a> {
    schema: &'a Schema,
    pub(crate) columns: Vec<ColumnId>,
    slots: HashMap<ColumnId, Slot>,
}

impl<'a> Preparer<'a> {
    pub(crate) fn new(schema: &'a Schema) -> Self {
        Self { schema, columns: Vec::new(), slots: HashMap::new() }
    }
}

impl Preparer<'_> {
    pub(crate) fn filter(&mut self, filter: &Filter) -> Result<Node, Error> {
        Ok(match filter {
            Filter::Condition(condition) => self.condition(condition)?,
            Filter::Either(either) => self.either(either)?,
            Filter::Not(inner) => Node::Not(Box::new(self.filter(inner)?)),
            Filter::Group(inner) | Filter::Saved { filter: inner, .. } => self.filter(inner)?,
            Filter::And(terms) => Node::All(self.filters(terms)?),
            Filter::Or(terms) => Node::Any(self.filters(terms)?),
        })
    }

    // Not a part of the frames of `filter`, which calls itself for each level.
    #[inline(never)]
    fn either(&mut self, either: &Either) -> Result<Node, Error> {
        let sides: Result<_, _> = either.sides.iter().map(|side| self.condition(side)).collect();
        Ok(Node::Any(sides?).not_if(either.negated))
    }

    fn filters(&mut self, filters: &[Filter]) -> Result<Vec<Node>, Error> {
        filters.iter().map(|filter| self.filter(filter)).collect()
    }

    fn slot(&mut self, id: ColumnId) -> Slot {
        *self.slots.entry(id).or_insert_with(|| {
            self.columns.push(id);
            self.columns.len() - 1
        })
    }

    fn is_text(&self, id: ColumnId) -> bool {
        matches!(Kind::of(self.schema.column(id)), Kind::Text | Kind::FixedText(_) | Kind::Word(_))
    }

    fn condition(&mut self, condition: &Condition) -> Result<Node, Error> {
        let id = condition.column.id;
        let negated = match &condition.test {
            Test::Compare(comparison, _) => *comparison == Comparison::Ne,
            Test::OneOf { negated, .. }
            | Test::Between { negated, .. }
            | Test::Within { negated, .. }
            | Test::Like { negated, .. }
            | Test::Regexp { negated, .. }
            | Test::HasAll { negated, .. }
            | Test::HasBits { negated, .. } => *negated,
            Test::CompareColumn(comparison, _) => self.is_text(id) && *comparison == Comparison::Ne,
        };
        let found = match &condition.test {
            Test::CompareColumn(_, other) if self.is_text(id) => {
                let fixed = |id| self.schema.column(id).fixed_length().is_some();
                let padding = if fixed(id) || fixed(other.id) { Padding::Ignored } else { Padding::Counts };
                Node::SameText(self.slot(id), self.slot(other.id), padding)
            }
            Test::CompareColumn(comparison, other) => {
                Node::Columns(self.slot(id), *comparison, self.slot(other.id))
            }
            Test::Like { ignore_case, pattern, .. } => {
                Node::Like(self.slot(id), Pattern::new(pattern, *ignore_case))
            }
            Test::Regexp { pattern, .. } => {
                let regex = regexp::compile(pattern);
                let error = |reason| Error::Regexp { pattern: pattern.clone(), reason };
                Node::Matches(self.slot(id), Matcher(regex.map_err(error)?))
            }
            Test::HasAll { members, .. } => {
                let slot = self.slot(id);
                let one =
                    |member: &Member| Some(Node::AnyNumber(slot, Intervals::single(number(&member.value)?)));
                let all: Option<Vec<Node>> = members.iter().map(one).collect();
                Node::All(all.ok_or(Error::OtherSchema)?)
            }
            Test::HasBits { mask, .. } => Node::Bits(self.slot(id), u128::from(*mask)),
            Test::Within { subnet, .. } => self.within(id, *subnet).ok_or(Error::OtherSchema)?,
            Test::Between { low, high, .. } => {
                let (low, high) = (number(low), number(high));
                let ends = low.zip(high).ok_or(Error::OtherSchema)?;
                Node::Number(self.slot(id), Intervals::range(ends.0, ends.1))
            }
            Test::Compare(comparison, value) => {
                self.compare(id, *comparison, value).ok_or(Error::OtherSchema)?
            }
            Test::OneOf { members, .. } => self.one_of(id, members).ok_or(Error::OtherSchema)?,
        };
        Ok(found.not_if(negated))
    }

    /// A comparison, `!=` as `=`.
    fn compare(&mut self, id: ColumnId, comparison: Comparison, value: &Scalar) -> Option<Node> {
        let only =
            |value: &Scalar| vec![Member { span: flowql::Span::new(0, 0), value: value.clone(), to: None }];
        if matches!(comparison, Comparison::Eq | Comparison::Ne) {
            return self.one_of(id, &only(value));
        }
        let number = number(value)?;
        Some(Node::Number(
            self.slot(id),
            match comparison {
                Comparison::Lt => {
                    number.checked_sub(1).map_or_else(Intervals::default, |last| Intervals::range(0, last))
                }
                Comparison::Le => Intervals::range(0, number),
                Comparison::Gt => Intervals::range(number.saturating_add(1), u128::MAX),
                _ => Intervals::range(number, u128::MAX),
            },
        ))
    }

    /// A list, as if it were not negated.
    fn one_of(&mut self, id: ColumnId, members: &[Member]) -> Option<Node> {
        match self.schema.column(id).filter_type? {
            Type::Prefix => self.prefixes(id, members),
            Type::Community => self.communities(id, members),
            Type::String | Type::Boundary | Type::Direction => {
                let texts: Option<Vec<String>> =
                    members.iter().map(|member| self.text(id, &member.value)).collect();
                Some(Node::Text(self.slot(id), texts?))
            }
            Type::AsPath | Type::UintArray => Some(Node::AnyNumber(self.slot(id), intervals(members)?)),
            Type::Ip | Type::Mac | Type::Uint | Type::Asn | Type::EType | Type::Proto => {
                Some(Node::Number(self.slot(id), intervals(members)?))
            }
        }
    }

    /// A text as the column stores it; one that is longer than the column equals none of its values.
    fn text(&self, id: ColumnId, value: &Scalar) -> Option<String> {
        let text = match value {
            Scalar::Text(text) => text.as_str(),
            Scalar::Word(word) => word.name,
            _ => return None,
        };
        Some(match self.schema.column(id).fixed_length() {
            Some(length) => {
                let text = unpadded(text);
                format!("{text}{}", "\0".repeat(length.saturating_sub(text.len())))
            }
            None => text.to_owned(),
        })
    }

    fn prefixes(&mut self, id: ColumnId, members: &[Member]) -> Option<Node> {
        let nets = members.iter().map(|member| match member.value {
            Scalar::Subnet(net) => Some(net),
            _ => None,
        });
        let nets: Vec<IpNet> = nets.collect::<Option<_>>()?;
        if self.schema.column(id).materialized {
            return Some(Node::Text(self.slot(id), nets.iter().map(IpNet::to_string).collect()));
        }
        let terms: Option<Vec<Node>> = nets
            .iter()
            .map(|net| {
                let length = u128::from(net.prefix_len());
                let prefix = self.prefix(id, *net, Intervals::single(length))?;
                Some(match self.schema.prefix_ether_type(*net) {
                    Some((column, value)) => {
                        let value = Intervals::single(u128::from(value));
                        Node::All(vec![prefix, Node::Number(self.slot(column), value)])
                    }
                    None => prefix,
                })
            })
            .collect();
        terms.map(Node::Any)
    }

    /// The address of a prefix lies in a subnet and its length is one of these.
    fn prefix(&mut self, id: ColumnId, net: IpNet, lengths: Intervals) -> Option<Node> {
        let (address, mask) = self.schema.prefix_parts(id)?;
        let address = Node::Number(self.slot(address), bounds(net));
        Some(Node::All(vec![address, Node::Number(self.slot(mask), lengths)]))
    }

    fn within(&mut self, id: ColumnId, net: IpNet) -> Option<Node> {
        if self.schema.column(id).filter_type == Some(Type::Prefix) {
            return self.prefix(id, net, Intervals::range(u128::from(net.prefix_len()), u128::MAX));
        }
        Some(Node::Number(self.slot(id), bounds(net)))
    }

    fn community_range(&mut self, id: ColumnId, range: CommunityRange) -> Option<Node> {
        let (column, width) = if range.large { (self.schema.large_communities(id)?, 32) } else { (id, 16) };
        let parts = range.parts().iter().rev().zip(0..).map(|(&(low, high), place)| Part {
            shift: place * width,
            mask: (1 << width) - 1,
            ends: (u128::from(low), u128::from(high)),
        });
        Some(Node::AnyParts(self.slot(column), parts.collect()))
    }

    fn communities(&mut self, id: ColumnId, members: &[Member]) -> Option<Node> {
        let terms: Option<Vec<Node>> = members
            .iter()
            .map(|member| {
                let community = match member.value {
                    Scalar::Community(community) => community,
                    Scalar::CommunityRange(range) => return self.community_range(id, range),
                    _ => return None,
                };
                let (column, (mask, bits)) = match community {
                    Community::Standard(parts) => (id, masked(16, &parts.map(|part| part.map(u128::from)))),
                    Community::Large(parts) => (
                        self.schema.large_communities(id)?,
                        masked(32, &parts.map(|part| part.map(u128::from))),
                    ),
                };
                Some(Node::AnyMasked(self.slot(column), mask, bits))
            })
            .collect();
        terms.map(Node::Any)
    }
}

/// Parts of a community, each of so many bits, as a mask and what must stand under it.
fn masked(width: u32, parts: &[Option<u128>]) -> (u128, u128) {
    parts.iter().fold((0, 0), |(mask, bits), part| {
        let ones = if part.is_some() { (1 << width) - 1 } else { 0 };
        (mask << width | ones, bits << width | part.unwrap_or(0))
    })
}

/// Numbers, addresses, ranges and subnets as one set.
fn intervals(members: &[Member]) -> Option<Intervals> {
    let mut all = Vec::with_capacity(members.len());
    for member in members {
        match &member.value {
            Scalar::Subnet(net) => all.push(ends(*net)),
            Scalar::ProtocolName(name) => all.extend(numbers_of_protocol(name)),
            low => {
                let low = number(low)?;
                all.push((low, member.to.as_ref().map_or(Some(low), number)?));
            }
        }
    }
    Some(all.into_iter().collect())
}

fn number(value: &Scalar) -> Option<u128> {
    match value {
        Scalar::Integer(number) | Scalar::Mac(number) => Some(u128::from(*number)),
        Scalar::Word(word) => Some(u128::from(word.number)),
        Scalar::Address(address) => Some(bits(*address)),
        _ => None,
    }
}

/// The address as the database stores it: IPv4 mapped into IPv6.
pub(crate) fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

fn ends(net: IpNet) -> (u128, u128) {
    (bits(net.network()), bits(net.broadcast()))
}

fn bounds(net: IpNet) -> Intervals {
    let (low, high) = ends(net);
    Intervals::range(low, high)
}

/// The protocols that the database's dictionary has under a name that is none of IANA's: only `???`, which it gives
/// for every number without a name.
fn numbers_of_protocol(name: &str) -> Vec<(u128, u128)> {
    if name != "???" {
        return Vec::new();
    }
    let unnamed =
        (0..=u8::MAX).filter(|&number| Registries::built_in().protocols.by_number(number).is_none());
    let beyond = (u128::from(u8::MAX) + 1, u128::MAX);
    unnamed.map(|number| (u128::from(number), u128::from(number))).chain([beyond]).collect()
}
