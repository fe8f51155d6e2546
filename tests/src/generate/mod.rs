//! Random filters that are valid by construction: a column, an operator that its type allows, values in all
//! their spellings. Each comes as a tree, in canonical text and in any number of random layouts.

mod layout;
pub mod regexps;
mod values;

use std::collections::BTreeMap;
use std::sync::Arc;

use flowql::tables::{Arity, Operator, Rule, Type, rules};
use flowql::{Column, Pair, Schema};
use proptest::prelude::*;
use proptest::sample::select;

pub use values::Value;

/// How deep generated filters nest.
const DEPTH: u32 = 4;

/// A filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// A test of one column.
    Condition(Condition),
    /// The negation of a condition or a group.
    Not(Box<Self>),
    /// A filter in parentheses.
    Group(Box<Self>),
    /// Two or more that must all hold; none is an `And` or an `Or`.
    And(Vec<Self>),
    /// Two or more of which one must hold; none is an `Or`.
    Or(Vec<Self>),
}

/// A test of one column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The column, in the case of the schema.
    pub column: String,
    /// The operator.
    pub operator: Operator,
    /// How many values it takes.
    pub arity: Arity,
    /// The values.
    pub values: Vec<Value>,
}

impl Filter {
    /// The filter on one line, with single blanks, keywords in upper case and double quotes.
    pub fn canonical(&self) -> String {
        layout::canonical(self)
    }

    /// The same filter with other blanks, comments, case and quotes; the seed says which.
    pub fn laid_out(&self, seed: u64) -> String {
        layout::random(self, seed)
    }

    /// Calls `visit` with every condition, in the order of the text.
    pub fn for_each_condition<'a>(&'a self, visit: &mut impl FnMut(&'a Condition)) {
        match self {
            Self::Condition(condition) => visit(condition),
            Self::Not(inner) | Self::Group(inner) => inner.for_each_condition(visit),
            Self::And(terms) | Self::Or(terms) => {
                terms.iter().for_each(|term| term.for_each_condition(visit));
            }
        }
    }
}

/// Filters over the enabled, filterable columns of a schema.
pub fn filter(schema: &Schema) -> impl Strategy<Value = Filter> + use<> {
    let leaf = condition(schema).prop_map(Filter::Condition);
    leaf.prop_recursive(DEPTH, 12, 4, |inner| {
        let several = || prop::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            inner.clone().prop_map(|found| Filter::Not(Box::new(grouped(found, true)))),
            inner.clone().prop_map(|found| Filter::Group(Box::new(found))),
            several()
                .prop_map(|terms| Filter::And(terms.into_iter().map(|term| grouped(term, true)).collect())),
            several()
                .prop_map(|terms| Filter::Or(terms.into_iter().map(|term| grouped(term, false)).collect())),
        ]
    })
}

/// The filter as an operand: in parentheses where it would bind otherwise than it stands in the tree.
fn grouped(found: Filter, and_too: bool) -> Filter {
    match found {
        Filter::Or(_) => Filter::Group(Box::new(found)),
        Filter::And(_) if and_too => Filter::Group(Box::new(found)),
        _ => found,
    }
}

/// Conditions on the enabled, filterable columns of a schema: every kind of column equally often, however many
/// columns are of that kind.
pub fn condition(schema: &Schema) -> impl Strategy<Value = Condition> + use<> {
    let all: Arc<[Column]> = schema.filterable().map(|id| schema.column(id).clone()).collect();
    let mut kinds: BTreeMap<Kind, Vec<Column>> = BTreeMap::new();
    let mut ends: BTreeMap<String, [String; 2]> = BTreeMap::new();
    for column in all.iter() {
        kinds.entry(kind(column)).or_default().push(column.clone());
    }
    // A name of either end is as good as a column, but for what it can be compared with.
    let is_on = |pair: &&Pair| pair.columns.iter().all(|&id| !schema.column(id).disabled);
    for pair in schema.pairs().iter().filter(is_on) {
        let [first, second] = pair.columns.map(|id| schema.column(id));
        let named = Column { name: pair.name.to_string().into(), ..first.clone() };
        ends.insert(pair.name.to_string(), [first.name.to_string(), second.name.to_string()]);
        kinds.entry(kind(first)).or_default().push(named);
    }
    let ends = Arc::new(ends);
    let kinds: Vec<Arc<[Column]>> = kinds.into_values().map(Arc::from).collect();
    select(kinds).prop_flat_map(move |columns| {
        let (all, ends) = (Arc::clone(&all), Arc::clone(&ends));
        (0..columns.len()).prop_flat_map(move |place| {
            let column = columns[place].clone();
            let own = ends.get(column.name.as_ref()).cloned().unwrap_or_default();
            let all: Vec<Column> =
                all.iter().filter(|other| !own.contains(&other.name.to_string())).cloned().collect();
            select(rules_of(&column)).prop_flat_map(move |rule| {
                let (name, arity) = (column.name.to_string(), rule.arity);
                let values = values::values(&column, &rule, &all);
                (select(rule.operators), values).prop_map(move |(operator, values)| Condition {
                    column: name.clone(),
                    operator,
                    arity,
                    values,
                })
            })
        })
    })
}

/// What makes the filters on columns alike: how they are stored, and what they take beside the values of their type.
type Kind = (Option<Type>, String, [bool; 5]);

fn kind(column: &Column) -> Kind {
    let named = !column.names.is_empty();
    let special = [column.port, column.country, !column.bits.is_empty(), column.materialized, named];
    (column.filter_type, column.clickhouse_type.to_string(), special)
}

fn rules_of(column: &Column) -> Vec<Rule> {
    let of_type = column.filter_type.map(rules).unwrap_or_default();
    let bits = (!column.bits.is_empty()).then_some(flowql::tables::BITS_RULE);
    of_type.iter().copied().chain(bits).collect()
}
