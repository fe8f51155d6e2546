//! Columns that the tables compute from others, for flows that only have those others.

use flowql::Column;
use flowql_schema::{Expression, Storage};

use crate::address::{address_text, network};
use crate::value::Value;

/// How a column is computed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recipe(Expression);

impl Recipe {
    /// How the column is computed; `None` for a column that comes with the flows, and for one that needs a dictionary.
    pub(crate) fn of(column: &Column) -> Option<Self> {
        let without_dictionary = |expression: &Expression| !matches!(expression, Expression::IcmpName { .. });
        column.storage().expression.filter(without_dictionary).map(Self)
    }

    /// What it is computed from.
    pub(crate) fn inputs(self) -> Vec<&'static str> {
        self.0.inputs()
    }

    /// The value, of those of the inputs.
    pub(crate) fn value(self, inputs: &[&Value]) -> Value {
        match self.0 {
            Expression::Prefix { .. } => prefix(inputs),
            Expression::PacketSize { .. } => Value::Number(packet_size(inputs)),
            Expression::PacketSizeBucket { .. } => Value::Text(bucket(packet_size(inputs))),
            Expression::Duration { .. } => Value::Number(duration(inputs)),
            Expression::PathHop { place, .. } => hop(inputs, place),
            Expression::Element { place, .. } => {
                element(inputs.first().map_or(&[], |value| value.numbers()), place)
            }
            Expression::IcmpName { .. } => Value::Text(String::new()),
        }
    }
}

fn number(inputs: &[&Value], place: usize) -> u128 {
    inputs.get(place).map_or(0, |value| value.number())
}

fn packet_size(inputs: &[&Value]) -> u128 {
    number(inputs, 0).checked_div(number(inputs, 1)).unwrap_or(0)
}

/// The milliseconds between two times, 0 where the first is not known or the second is before it.
fn duration(inputs: &[&Value]) -> u128 {
    let (start, end) = (number(inputs, 0), number(inputs, 1));
    if start == 0 { 0 } else { end.saturating_sub(start) }
}

/// The range that a size is in: `64-127`, `65536-Inf`.
fn bucket(size: u128) -> String {
    let mut start = 0;
    for bound in Expression::PACKET_SIZE_BOUNDS {
        if size < u128::from(bound) {
            return format!("{start}-{}", bound - 1);
        }
        start = bound;
    }
    format!("{start}-Inf")
}

/// The number at a place, from 1; 0 beyond the end.
fn element(numbers: &[u128], place: u8) -> Value {
    let index = usize::from(place).checked_sub(1);
    Value::Number(index.and_then(|index| numbers.get(index)).copied().unwrap_or(0))
}

/// An AS of the path, repeats left out.
fn hop(inputs: &[&Value], place: u8) -> Value {
    let mut path = inputs.first().map_or(Vec::new(), |value| value.numbers().to_vec());
    path.dedup();
    element(&path, place)
}

/// The prefix as text; empty where the flow is neither IPv4 nor IPv6. A length that is too long for its family is that of
/// the whole address, and stands in the text as it is.
fn prefix(inputs: &[&Value]) -> Value {
    let (address, length) = (number(inputs, 0), number(inputs, 1));
    let start = |longest: u32| u32::try_from(length).unwrap_or(u32::MAX).min(longest);
    let text = match number(inputs, 2) {
        // IPv4 is stored mapped.
        0x0800 => address_text(network(address, 96 + start(32))).replacen("::ffff:", "", 1),
        0x86DD => address_text(network(address, start(128))),
        _ => return Value::Text(String::new()),
    };
    Value::Text(format!("{text}/{length}"))
}
