//! The values that a condition selects, as a set, to find conditions that always or never hold.

use crate::gather::Gather as _;
use crate::tables::Type;
use crate::typed::{Comparison, Condition, Scalar, Test};
use crate::values::intervals::{Interval, merged, of_address, of_subnet};
use crate::{Column, Schema};

/// The values of a column that a condition selects.
pub(super) enum Set {
    /// Disjoint intervals in their order, both ends included, of the numbers up to `max`.
    Numbers { intervals: Vec<Interval>, max: u128 },
    /// The texts, in order, or all texts but these.
    Texts { all_but: bool, texts: Vec<String> },
}

/// The set of a condition; `None` where it is none of one column's values (most patterns, arrays, columns).
pub(super) fn of(schema: &Schema, condition: &Condition) -> Option<Set> {
    let column = schema.column(condition.column.id);
    if let Test::CompareColumn(comparison, other) = &condition.test {
        // Only with itself a column always compares the same way.
        let holds = matches!(comparison, Comparison::Eq | Comparison::Le | Comparison::Ge);
        return (other.id == condition.column.id).then(|| Set::all_or_nothing(holds));
    }
    match column.filter_type? {
        Type::String | Type::Prefix => texts(column, &condition.test),
        Type::UintArray => beyond_elements(&condition.test),
        kind => numbers(column, kind, &condition.test),
    }
}

/// The set of a test for numbers that no element of an array can be; `None` where one of them can.
fn beyond_elements(test: &Test) -> Option<Set> {
    let beyond = |value: &Scalar| matches!(value, Scalar::Integer(number) if *number > u64::from(u32::MAX));
    let negated = match test {
        Test::Compare(comparison, value) if beyond(value) => *comparison == Comparison::Ne,
        Test::OneOf { negated, members } if members.iter().all(|member| beyond(&member.value)) => *negated,
        _ => return None,
    };
    Some(Set::all_or_nothing(negated))
}

fn largest(column: &Column, kind: Type) -> Option<u128> {
    Some(match kind {
        Type::Uint => (1 << column.uint_bits()?) - 1,
        Type::Asn | Type::EType => u128::from(u32::MAX),
        Type::Proto => u128::from(u8::MAX),
        Type::Mac => (1 << 48) - 1,
        Type::Ip => u128::MAX,
        Type::Boundary | Type::Direction => 2,
        _ => return None,
    })
}

fn numbers(column: &Column, kind: Type, test: &Test) -> Option<Set> {
    let max = largest(column, kind)?;
    let (negated, intervals) = match test {
        Test::Compare(comparison, value) => {
            let (low, high) = interval(value, None)?;
            match comparison {
                Comparison::Eq => (false, vec![(low, high)]),
                Comparison::Ne => (true, vec![(low, high)]),
                Comparison::Ge => (false, vec![(low, u128::MAX)]),
                Comparison::Lt => (true, vec![(low, u128::MAX)]),
                Comparison::Le => (false, vec![(0, high)]),
                Comparison::Gt => (true, vec![(0, high)]),
            }
        }
        Test::OneOf { negated, members } => {
            let intervals: Option<Vec<_>> =
                members.iter().map(|member| interval(&member.value, member.to.as_ref())).list_all();
            (*negated, intervals?)
        }
        Test::Between { negated, low, high } => (*negated, vec![interval(low, Some(high))?]),
        Test::Within { negated, subnet } => (*negated, vec![interval(&Scalar::Subnet(*subnet), None)?]),
        _ => return None,
    };
    let intervals = union(intervals, max);
    let intervals = if negated { complement(&intervals, max) } else { intervals };
    Some(Set::Numbers { intervals, max })
}

fn interval(value: &Scalar, to: Option<&Scalar>) -> Option<Interval> {
    let (low, high) = match value {
        Scalar::Integer(number) | Scalar::Mac(number) => (u128::from(*number), u128::from(*number)),
        Scalar::Word(word) => (u128::from(word.number), u128::from(word.number)),
        Scalar::Address(address) => (of_address(*address), of_address(*address)),
        Scalar::Subnet(net) => of_subnet(*net),
        Scalar::Text(_) | Scalar::ProtocolName(_) | Scalar::Community(_) | Scalar::CommunityRange(_) => {
            return None;
        }
    };
    match to {
        Some(to) => Some((low, interval(to, None)?.1)),
        None => Some((low, high)),
    }
}

fn texts(column: &Column, test: &Test) -> Option<Set> {
    let (all_but, scalars): (bool, Vec<&Scalar>) = match test {
        Test::Compare(Comparison::Eq, value) => (false, vec![value]),
        Test::Compare(Comparison::Ne, value) => (true, vec![value]),
        Test::OneOf { negated, members } => (*negated, members.iter().map(|member| &member.value).list()),
        // Every prefix lies in the subnet that holds all addresses, and every text matches `%`.
        Test::Within { negated, subnet } if of_subnet(*subnet) == (0, u128::MAX) => {
            return Some(Set::all_or_nothing(!negated));
        }
        Test::Like { negated, pattern, .. }
            if !pattern.is_empty() && pattern.bytes().all(|byte| byte == b'%') =>
        {
            return Some(Set::all_or_nothing(!negated));
        }
        _ => return None,
    };
    let mut texts = Vec::with_capacity(scalars.len());
    for scalar in scalars {
        let text = match scalar {
            Scalar::Text(text) => text.clone(),
            Scalar::Subnet(net) => net.to_string(),
            _ => return None,
        };
        // A text longer than the column can never be there.
        if column.fixed_length().is_none_or(|length| text.len() <= length) {
            texts.push(text);
        }
    }
    texts.sort_unstable();
    Some(Set::Texts { all_but, texts })
}

impl Set {
    /// Every value, or none.
    const fn all_or_nothing(all: bool) -> Self {
        Self::Texts { all_but: all, texts: Vec::new() }
    }

    /// Whether no value is in it.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Numbers { intervals, .. } => intervals.is_empty(),
            Self::Texts { all_but, texts } => !all_but && texts.is_empty(),
        }
    }

    /// Whether every value is in it.
    pub(super) fn is_everything(&self) -> bool {
        match self {
            Self::Numbers { intervals, max } => intervals.first() == Some(&(0, *max)),
            Self::Texts { all_but, texts } => *all_but && texts.is_empty(),
        }
    }

    /// The values that are not in it.
    pub(super) fn complement(self) -> Self {
        match self {
            Self::Numbers { intervals, max } => Self::Numbers { intervals: complement(&intervals, max), max },
            Self::Texts { all_but, texts } => Self::Texts { all_but: !all_but, texts },
        }
    }
}

/// Whether the sets of one column together hold every value. In n log n.
pub(super) fn cover_everything(sets: Vec<Set>) -> bool {
    let mut all_intervals = Vec::new();
    let mut largest = 0;
    let mut listed: Vec<String> = Vec::new();
    let mut left_out: Option<Vec<String>> = None;
    for set in sets {
        match set {
            Set::Numbers { intervals, max } => {
                all_intervals.extend(intervals);
                largest = max;
            }
            Set::Texts { all_but: false, texts } => listed.extend(texts),
            Set::Texts { all_but: true, texts } => {
                left_out = Some(match left_out {
                    None => texts,
                    Some(mut before) => {
                        before.retain(|text| holds(&texts, text));
                        before
                    }
                });
            }
        }
    }
    match left_out {
        Some(left_out) => {
            listed.sort_unstable();
            left_out.iter().all(|text| holds(&listed, text))
        }
        None => union(all_intervals, largest).first() == Some(&(0, largest)),
    }
}

/// Whether a text is among texts in order.
fn holds(sorted: &[String], text: &String) -> bool {
    sorted.binary_search(text).is_ok()
}

/// The intervals merged, put in order and cut at `max`.
fn union(mut intervals: Vec<Interval>, max: u128) -> Vec<Interval> {
    intervals.retain(|(low, _)| *low <= max);
    for (_, high) in &mut intervals {
        *high = max.min(*high);
    }
    merged(intervals)
}

/// What lies between merged intervals, from 0 to `max`.
fn complement(intervals: &[Interval], max: u128) -> Vec<Interval> {
    let mut gaps = Vec::with_capacity(intervals.len() + 1);
    let mut next = Some(0);
    for &(low, high) in intervals {
        if let Some(start) = next
            && start < low
        {
            gaps.push((start, low - 1));
        }
        next = if high < max { Some(high + 1) } else { None };
    }
    gaps.extend(next.map(|start| (start, max)));
    gaps
}
