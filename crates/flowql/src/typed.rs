//! Stage three: the filter checked against a schema, every value read.

use std::cmp::Ordering;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::schema::ColumnId;
use crate::tables::Word;
use crate::values::{Community, CommunityRange};
use crate::{Schema, Span};

/// A boolean expression over the columns of a schema. Parentheses of the user are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// A test of one column.
    Condition(Condition),
    /// A test of either column of a pair.
    Either(Box<Either>),
    /// The negation.
    Not(Box<Self>),
    /// An expression in parentheses.
    Group(Box<Self>),
    /// A saved filter in its place.
    Saved {
        /// Its name.
        name: String,
        /// What it stands for.
        filter: Box<Self>,
    },
    /// Two or more terms that must all hold.
    And(Vec<Self>),
    /// Two or more terms of which one must hold.
    Or(Vec<Self>),
}

/// A test of one column.
#[derive(Clone, Debug)]
pub struct Condition {
    /// Where it stands; within the saved filter's own text for those of a saved filter.
    pub span: Span,
    /// The column.
    pub column: ColumnUse,
    /// What is asked of it.
    pub test: Test,
}

/// A test that one of the two columns of a pair must pass, or that neither may.
#[derive(Clone, Debug)]
pub struct Either {
    /// The name of the pair.
    pub name: Box<str>,
    /// Neither of them passes.
    pub negated: bool,
    /// The test of each, which is not a negated one: `!=`, `NOTIN` and the like are said by [`negated`](Self::negated).
    pub sides: [Condition; 2],
}

/// A column at its place.
#[derive(Clone, Copy, Debug)]
pub struct ColumnUse {
    /// The column.
    pub id: ColumnId,
    /// Where its name stands.
    pub span: Span,
}

/// What is asked of a column.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Test {
    /// Compared with a value. An address equals a subnet when it lies in it; an array equals a value
    /// when it contains it.
    Compare(Comparison, Scalar),
    /// Compared with another column of the same type.
    CompareColumn(Comparison, ColumnUse),
    /// One of several values, ranges and subnets, or none of them.
    OneOf {
        /// None of them.
        negated: bool,
        /// The values; at least one.
        members: Vec<Member>,
    },
    /// Between two values, both included, or not.
    Between {
        /// Not between them.
        negated: bool,
        /// The lower end.
        low: Scalar,
        /// The upper end, not below the lower one.
        high: Scalar,
    },
    /// The address, or the whole prefix, lies in the subnet, or does not.
    Within {
        /// It does not.
        negated: bool,
        /// The subnet, host bits cleared.
        subnet: IpNet,
    },
    /// Matches a LIKE pattern, or does not.
    Like {
        /// It does not.
        negated: bool,
        /// In any case (`ILIKE`).
        ignore_case: bool,
        /// The pattern.
        pattern: String,
    },
    /// Matches a regular expression somewhere, or does not.
    Regexp {
        /// It does not.
        negated: bool,
        /// The expression, in RE2's syntax.
        pattern: String,
    },
    /// Contains all of several values, or does not.
    HasAll {
        /// It does not.
        negated: bool,
        /// The values; at least one.
        members: Vec<Member>,
    },
    /// Has all bits of a mask set, or has not.
    HasBits {
        /// It has not.
        negated: bool,
        /// The mask.
        mask: u64,
    },
}

/// A comparison of two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Comparison {
    /// `=`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

impl Comparison {
    /// The operator, as the language and SQL write it.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Eq => "=",
            Self::Ne => "!=",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
        }
    }

    const fn opposite(self) -> Self {
        match self {
            Self::Eq => Self::Ne,
            Self::Ne => Self::Eq,
            Self::Lt => Self::Ge,
            Self::Le => Self::Gt,
            Self::Gt => Self::Le,
            Self::Ge => Self::Lt,
        }
    }
}

/// An item of a list.
#[derive(Clone, Debug)]
pub struct Member {
    /// Where it stands.
    pub span: Span,
    /// The value, or the lower end of the range.
    pub value: Scalar,
    /// The upper end, where the item is a range.
    pub to: Option<Scalar>,
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scalar {
    /// An integer, AS number or protocol number.
    Integer(u64),
    /// An address.
    Address(IpAddr),
    /// A subnet, or a prefix, host bits cleared.
    Subnet(IpNet),
    /// A MAC address, the first byte in the highest bits.
    Mac(u64),
    /// A text.
    Text(String),
    /// A word of an enumerated column.
    Word(&'static Word),
    /// A protocol that IANA does not know, by name.
    ProtocolName(String),
    /// A community or a wildcard for communities.
    Community(Community),
    /// Communities whose parts lie in ranges.
    CommunityRange(CommunityRange),
}

impl Filter {
    /// Calls `visit` with every condition, those of saved filters included, in the order of the text.
    pub fn for_each_condition<'a>(&'a self, visit: &mut impl FnMut(&'a Condition)) {
        match self {
            Self::Condition(condition) => visit(condition),
            Self::Either(either) => either.sides.iter().for_each(visit),
            Self::Not(inner) | Self::Group(inner) | Self::Saved { filter: inner, .. } => {
                inner.for_each_condition(visit);
            }
            Self::And(terms) | Self::Or(terms) => {
                for term in terms {
                    term.for_each_condition(visit);
                }
            }
        }
    }

    /// The filter for flows in the opposite direction: columns that begin with `Src`, `Dst`, `In`, `Out`, `Ingress` or
    /// `Egress` are swapped for their counterparts. Gives the columns of the filter's own text that have none.
    pub(crate) fn reverse(&mut self, schema: &Schema) -> Vec<ColumnUse> {
        let mut kept = Vec::new();
        self.swap_columns(schema, Some(&mut kept));
        kept
    }

    /// Swaps the columns; those that stay are put into `kept`, which saved filters have none of.
    fn swap_columns(&mut self, schema: &Schema, mut kept: Option<&mut Vec<ColumnUse>>) {
        match self {
            Self::Condition(condition) => {
                swap(schema, &mut condition.column, kept.as_deref_mut());
                if let Test::CompareColumn(_, other) = &mut condition.test {
                    swap(schema, other, kept);
                }
            }
            // Either end stays either end; what both are compared with has a side of its own.
            Self::Either(either) => either.swap_compared(schema, kept),
            Self::Saved { filter, .. } => filter.swap_columns(schema, None),
            Self::Not(inner) | Self::Group(inner) => inner.swap_columns(schema, kept),
            Self::And(terms) | Self::Or(terms) => {
                for term in terms {
                    term.swap_columns(schema, kept.as_deref_mut());
                }
            }
        }
    }
}

impl Either {
    fn swap_compared(&mut self, schema: &Schema, mut kept: Option<&mut Vec<ColumnUse>>) {
        for side in &mut self.sides {
            if let Test::CompareColumn(_, other) = &mut side.test {
                // Both sides are compared with the same column, which is told of once.
                swap(schema, other, kept.take());
            }
        }
    }
}

/// Swaps a column for its counterpart; one that has none is put into `kept`.
fn swap(schema: &Schema, column: &mut ColumnUse, kept: Option<&mut Vec<ColumnUse>>) {
    match (schema.counterpart(column.id), kept) {
        (Some(Ok(other)), _) => column.id = other,
        (Some(Err(())), Some(kept)) => kept.push(*column),
        _ => {}
    }
}

impl Condition {
    /// The condition that selects exactly the other flows.
    pub(crate) fn opposite(&self) -> Self {
        let mut opposite = self.clone();
        match &mut opposite.test {
            Test::Compare(comparison, _) | Test::CompareColumn(comparison, _) => {
                *comparison = comparison.opposite();
            }
            Test::OneOf { negated, .. }
            | Test::Between { negated, .. }
            | Test::Within { negated, .. }
            | Test::Like { negated, .. }
            | Test::Regexp { negated, .. }
            | Test::HasAll { negated, .. }
            | Test::HasBits { negated, .. } => *negated = !*negated,
        }
        opposite
    }
}

/// Two uses of one column are equal wherever they stand.
impl Ord for ColumnUse {
    fn cmp(&self, other: &Self) -> Ordering {
        self.id.cmp(&other.id)
    }
}

/// Two items are equal when they hold the same values, wherever they stand.
impl Ord for Member {
    fn cmp(&self, other: &Self) -> Ordering {
        (&self.value, &self.to).cmp(&(&other.value, &other.to))
    }
}

/// Two conditions are equal when they ask the same, wherever they stand.
impl Ord for Either {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.negated, &self.sides).cmp(&(other.negated, &other.sides))
    }
}

/// Two conditions are equal when they ask the same, wherever they stand.
impl Ord for Condition {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.column, &self.test).cmp(&(other.column, &other.test))
    }
}

macro_rules! equal_by_order {
    ($($kind:ty)*) => {$(
        impl PartialOrd for $kind {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl PartialEq for $kind {
            fn eq(&self, other: &Self) -> bool {
                self.cmp(other).is_eq()
            }
        }

        impl Eq for $kind {}
    )*};
}

equal_by_order!(ColumnUse Member Condition Either);
