//! Flows near the edges of a filter: values just inside and just outside of what its conditions ask, put together so
//! that the filter selects some of the flows and not the others.

use std::collections::BTreeMap;
use std::net::IpAddr;

use flowql::typed::{Condition, Filter, Scalar, Test};
use flowql::{ColumnId, Community, Schema};
use flowql_eval::{Error, Evaluator, Kind, Value};
use ipnet::IpNet;

use super::texts;
use crate::random::Random;

/// The values of some columns.
pub type Row = BTreeMap<ColumnId, Value>;

/// How many assignments are tried for each condition.
const CANDIDATES: usize = 100;

/// Flows near the edges of a filter.
///
/// # Errors
///
/// That the filter cannot be evaluated.
pub fn near(schema: &Schema, filter: &Filter, count: usize, random: &mut Random) -> Result<Vec<Row>, Error> {
    let plan = Plan::new(schema, filter, random)?;
    let rows = (0..count).map(|_| {
        let mut row = Row::new();
        plan.scatter(&mut row, random);
        // One in five stays as it is: whatever the values of the conditions make together.
        if !random.one_in(5) {
            plan.make(random.one_in(2), &mut row, random);
        }
        row
    });
    Ok(rows.collect())
}

/// A filter with assignments for each of its conditions.
enum Plan {
    /// Those for which the condition does not hold, and those for which it does.
    Condition([Vec<Row>; 2]),
    Not(Box<Plan>),
    All(Vec<Plan>),
    Any(Vec<Plan>),
}

impl Plan {
    fn new(schema: &Schema, filter: &Filter, random: &mut Random) -> Result<Self, Error> {
        let mut plans = |filters: &[Filter]| -> Result<Vec<Self>, Error> {
            filters.iter().map(|filter| Self::new(schema, filter, random)).collect()
        };
        Ok(match filter {
            Filter::And(terms) => Self::All(plans(terms)?),
            Filter::Or(terms) => Self::Any(plans(terms)?),
            Filter::Not(inner) => Self::Not(Box::new(Self::new(schema, inner, random)?)),
            Filter::Group(inner) | Filter::Saved { filter: inner, .. } => Self::new(schema, inner, random)?,
            Filter::Either(either) => {
                let sides = either.sides.iter().map(|side| Filter::Condition(side.clone()));
                let any = Self::Any(plans(&sides.collect::<Vec<_>>())?);
                if either.negated { Self::Not(Box::new(any)) } else { any }
            }
            Filter::Condition(condition) => {
                let evaluator = Evaluator::new(schema, filter)?;
                let mut assignments = [Vec::new(), Vec::new()];
                for _ in 0..CANDIDATES {
                    let values: Vec<Value> =
                        evaluator.columns().iter().map(|&id| value(schema, condition, id, random)).collect();
                    let holds = usize::from(evaluator.matches(&values));
                    assignments[holds].push(evaluator.columns().iter().copied().zip(values).collect());
                }
                Self::Condition(assignments)
            }
        })
    }

    /// Gives every column of the filter some value.
    fn scatter(&self, row: &mut Row, random: &mut Random) {
        match self {
            Self::Condition(assignments) => {
                let found = &assignments[random.below(2)];
                let found = if found.is_empty() {
                    &assignments[usize::from(assignments[0].is_empty())]
                } else {
                    found
                };
                row.extend(found[random.below(found.len())].clone());
            }
            Self::Not(inner) => inner.scatter(row, random),
            Self::All(terms) | Self::Any(terms) => terms.iter().for_each(|term| term.scatter(row, random)),
        }
    }

    /// Changes columns so that the filter selects the flow, or does not, unless two conditions are at odds.
    fn make(&self, wanted: bool, row: &mut Row, random: &mut Random) {
        match self {
            Self::Condition(assignments) => {
                let found = &assignments[usize::from(wanted)];
                if !found.is_empty() {
                    row.extend(found[random.below(found.len())].clone());
                }
            }
            Self::Not(inner) => inner.make(!wanted, row, random),
            Self::All(terms) | Self::Any(terms) => {
                if matches!(self, Self::All(_)) == wanted {
                    terms.iter().for_each(|term| term.make(wanted, row, random));
                } else {
                    terms[random.below(terms.len())].make(wanted, row, random);
                }
            }
        }
    }
}

/// A value for a column that a condition reads.
fn value(schema: &Schema, condition: &Condition, id: ColumnId, random: &mut Random) -> Value {
    let kind = Kind::of(schema.column(id));
    match &kind {
        Kind::Number(_) | Kind::Address | Kind::Time => {
            let found = number(schema, condition, id, random);
            Value::Number(fit(found, &kind))
        }
        Kind::Numbers(bits) => {
            let count = random.below(4);
            // A large community has 96 bits, also where it is stored with 128.
            let items = (0..count).map(|_| item(condition, *bits, random) & ones((*bits).min(96)));
            Value::Numbers(items.collect())
        }
        Kind::Word(words) => Value::Text(words[random.below(words.len())].clone()),
        Kind::Text => Value::Text(text(condition, random)),
        Kind::FixedText(length) => {
            let mut text = text(condition, random);
            while text.len() > *length {
                text.pop();
            }
            text.push_str(&"\0".repeat(length - text.len()));
            Value::Text(text)
        }
    }
}

fn ones(bits: u32) -> u128 {
    u128::MAX >> (128 - bits.clamp(1, 128))
}

/// The number within its column's width: cut, as ClickHouse would cut it.
fn fit(number: u128, kind: &Kind) -> u128 {
    match kind {
        Kind::Number(bits) => number & ones(*bits),
        _ => number,
    }
}

/// A number near one of these.
fn near_number(numbers: &[u128], random: &mut Random) -> u128 {
    let chosen = numbers.get(random.below(numbers.len())).copied().unwrap_or(0);
    match random.below(12) {
        0 | 1 => chosen.wrapping_sub(1),
        2 | 3 => chosen.wrapping_add(1),
        4 => u128::from(random.below(300) as u64),
        5 => u128::MAX >> random.below(128),
        6 => chosen ^ 1 << random.below(128),
        _ => chosen,
    }
}

/// A number for a column of numbers or addresses, or for the length of a prefix.
fn number(schema: &Schema, condition: &Condition, id: ColumnId, random: &mut Random) -> u128 {
    let is_length = schema.prefix_parts(condition.column.id).is_some_and(|(_, mask)| mask == id);
    let mut numbers = Vec::new();
    for value in scalars(&condition.test) {
        match value {
            Scalar::Subnet(net) if is_length => numbers.push(u128::from(net.prefix_len())),
            Scalar::Subnet(net) => {
                let (low, high) = ends(net);
                // Somewhere inside: the host bits, some of them.
                let inside = low | (high ^ low) & (u128::MAX >> random.below(128));
                numbers.extend([low, high, inside]);
            }
            Scalar::Address(address) => numbers.push(bits(address)),
            Scalar::Integer(number) | Scalar::Mac(number) => numbers.push(u128::from(number)),
            Scalar::Word(word) => numbers.push(u128::from(word.number)),
            Scalar::ProtocolName(_) => numbers.extend([0, 6, 17, 200, 252, 255, 256, 262]),
            Scalar::Text(_) | Scalar::Community(_) | Scalar::CommunityRange(_) => {}
        }
    }
    if let Test::HasBits { mask, .. } = condition.test {
        numbers.extend([u128::from(mask), u128::from(mask) | 1 << random.below(16), 0]);
    }
    if matches!(condition.test, Test::CompareColumn(..)) {
        // Few values, so that two columns are often equal.
        numbers.extend([0, 1, 7, 0xFFFF_0A00_0001, 0x2001_0db8 << 96 | 1]);
        return numbers[random.below(numbers.len())];
    }
    // The same bits as IPv4 and as the lowest of an IPv6 address.
    if numbers.iter().any(|number| number >> 32 == 0xFFFF) && random.one_in(12) {
        return near_number(&numbers, random) & 0xFFFF_FFFF;
    }
    near_number(&numbers, random)
}

/// An item of an array.
fn item(condition: &Condition, width: u32, random: &mut Random) -> u128 {
    let mut numbers = Vec::new();
    for value in scalars(&condition.test) {
        match value {
            Scalar::Integer(number) => numbers.push(u128::from(number)),
            Scalar::CommunityRange(range) if width == if range.large { 128 } else { 32 } => {
                // A number in each range, at an end of it or somewhere between.
                let mut parts = [None; 3];
                for (&(low, high), part) in range.parts().iter().zip(&mut parts) {
                    let between = low + random.below((high - low) as usize / 2 + 1) as u32;
                    *part = Some(u128::from([low, high, between][random.below(3)]));
                }
                numbers.push(community(width.min(64) / 2, &parts[..range.parts().len()], random));
            }
            Scalar::Community(Community::Standard(parts)) => {
                numbers.push(community(16, &parts.map(|part| part.map(u128::from)), random));
            }
            Scalar::Community(Community::Large(parts)) if width == 128 => {
                numbers.push(community(32, &parts.map(|part| part.map(u128::from)), random));
            }
            _ => {}
        }
    }
    near_number(&numbers, random)
}

/// A community, with numbers for the wildcards, now and then one part changed.
fn community(width: u32, parts: &[Option<u128>], random: &mut Random) -> u128 {
    let changed = if random.one_in(4) { random.below(parts.len()) } else { parts.len() };
    parts.iter().enumerate().fold(0, |number, (place, part)| {
        let other = u128::from(random.below(1 << 17) as u64);
        let part = if place == changed { other } else { part.unwrap_or(other) };
        number << width | part & ones(width)
    })
}

fn text(condition: &Condition, random: &mut Random) -> String {
    let mut found = match &condition.test {
        Test::Like { pattern, .. } => texts::like(pattern, random),
        Test::Regexp { pattern, .. } => texts::regexp(pattern, random),
        Test::CompareColumn(..) => {
            return random.pick(&["", "a", "A", "a\0", "FR", "a'", "192.0.2.0/24"]).to_owned();
        }
        test => {
            let values: Vec<String> = scalars(test)
                .into_iter()
                .map(|value| match value {
                    Scalar::Text(text) => text,
                    Scalar::Subnet(net) => net.to_string(),
                    _ => String::new(),
                })
                .collect();
            values.get(random.below(values.len())).cloned().unwrap_or_default()
        }
    };
    if random.one_in(2) {
        found = texts::near(&found, random);
    }
    found
}

/// The values of a test.
fn scalars(test: &Test) -> Vec<Scalar> {
    match test {
        Test::Compare(_, value) => vec![value.clone()],
        Test::OneOf { members, .. } | Test::HasAll { members, .. } => members
            .iter()
            .flat_map(|member| std::iter::once(&member.value).chain(&member.to))
            .cloned()
            .collect(),
        Test::Between { low, high, .. } => vec![low.clone(), high.clone()],
        Test::Within { subnet, .. } => vec![Scalar::Subnet(*subnet)],
        Test::CompareColumn(..) | Test::Like { .. } | Test::Regexp { .. } | Test::HasBits { .. } => {
            Vec::new()
        }
    }
}

fn ends(net: IpNet) -> (u128, u128) {
    (bits(net.network()), bits(net.broadcast()))
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}
