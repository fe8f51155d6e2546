//! A single test on a column.

use super::selection::Selection;
use super::values::{Numbers, TextTable, Values, items_of};
use crate::evaluator::{Node, Part, Slot, compares};
use crate::intervals::Intervals;

/// What is asked of a number.
#[derive(Clone, Copy)]
enum Ask<'a> {
    /// It lies in a set.
    In(&'a Intervals),
    /// It has these bits where the mask has ones.
    Masked(u128, u128),
    /// Its parts lie in ranges.
    Parts(&'a [Part]),
}

/// The rows of which a node that is no connective holds.
pub(crate) fn select<'v, 'f: 'v>(
    node: &Node,
    rows: usize,
    values: impl Fn(Slot) -> &'v Values<'f>,
) -> Selection {
    match node {
        Node::Number(slot, set) => numbers(rows, values(*slot), Ask::In(set)),
        Node::Bits(slot, mask) => numbers(rows, values(*slot), Ask::Masked(*mask, *mask)),
        Node::AnyNumber(slot, set) => items(rows, values(*slot), Ask::In(set)),
        Node::AnyMasked(slot, mask, bits) => items(rows, values(*slot), Ask::Masked(*mask, *bits)),
        Node::AnyParts(slot, parts) => items(rows, values(*slot), Ask::Parts(parts)),
        Node::Text(slot, wanted) => {
            texts(rows, values(*slot), |text| wanted.iter().any(|wanted| wanted == text))
        }
        Node::Like(slot, pattern) => texts(rows, values(*slot), |text| pattern.matches(text)),
        Node::Matches(slot, matcher) => texts(rows, values(*slot), |text| matcher.is_match(text)),
        Node::Columns(left, comparison, right) => {
            let (left, right) = (values(*left), values(*right));
            Selection::of_rows(rows, |row| compares(*comparison, left.number(row), right.number(row)))
        }
        Node::SameText(left, right, padding) => {
            let (left, right) = (values(*left), values(*right));
            Selection::of_rows(rows, |row| padding.is_same(left.text(row), right.text(row)))
        }
        // A connective is a step of its own.
        Node::All(_) | Node::Any(_) | Node::Not(_) => Selection::same(rows, false),
    }
}

impl Ask<'_> {
    fn of(self, number: u128) -> bool {
        match self {
            Self::In(set) => set.contains(number),
            Self::Masked(mask, bits) => number & mask == bits,
            Self::Parts(parts) => parts.iter().all(|part| part.holds(number)),
        }
    }
}

fn numbers(rows: usize, values: &Values<'_>, ask: Ask<'_>) -> Selection {
    match values {
        Values::Numbers(numbers) => asked(rows, numbers, ask),
        Values::Same(value) => Selection::same(rows, ask.of(value.number())),
        Values::Texts(..) | Values::Lists(..) => Selection::same(rows, ask.of(0)),
    }
}

/// The rows some item of whose lists is so.
fn items(rows: usize, values: &Values<'_>, ask: Ask<'_>) -> Selection {
    match values {
        Values::Lists(ends, items) => {
            let found = asked(items.count(), items, ask);
            if found.is_empty() {
                return Selection::same(rows, false);
            }
            Selection::of_rows(rows, |row| items_of(ends, row).any(|item| found.contains(item)))
        }
        Values::Same(value) => Selection::same(rows, value.numbers().iter().any(|&item| ask.of(item))),
        Values::Numbers(_) | Values::Texts(..) => Selection::same(rows, false),
    }
}

/// The rows whose texts pass a test, which each text is put to once.
fn texts(rows: usize, values: &Values<'_>, test: impl Fn(&str) -> bool) -> Selection {
    match values {
        Values::Texts(numbers, texts) => {
            let mut verdicts = Verdicts { texts: &**texts, test, known: Vec::new() };
            numbers.select(rows, |number| verdicts.of(number))
        }
        Values::Same(value) => Selection::same(rows, test(value.text())),
        Values::Numbers(_) | Values::Lists(..) => Selection::same(rows, test("")),
    }
}

/// What is known of texts, by their numbers.
struct Verdicts<'a, T> {
    texts: &'a dyn TextTable,
    test: T,
    known: Vec<Option<bool>>,
}

/// The verdicts on numbers beyond are not kept.
const MOST_KEPT: usize = 1 << 20;

impl<T: Fn(&str) -> bool> Verdicts<'_, T> {
    fn of(&mut self, number: u128) -> bool {
        let (Ok(number), Ok(place)) = (u32::try_from(number), usize::try_from(number)) else {
            return (self.test)("");
        };
        if let Some(Some(known)) = self.known.get(place) {
            return *known;
        }
        let verdict = (self.test)(self.texts.text(number));
        if place < MOST_KEPT {
            self.known.resize(self.known.len().max(place + 1), None);
            self.known.get_mut(place).into_iter().for_each(|known| *known = Some(verdict));
        }
        verdict
    }
}

/// A number of so many bytes.
trait Unsigned: Copy + Ord + TryFrom<u128> + Into<u128> {
    const MAX: Self;

    /// Its lowest bits.
    fn lowest(number: u128) -> Self;
    /// How far it is above another one, around the end.
    fn above(self, other: Self) -> Self;
    fn and(self, mask: Self) -> Self;
}

macro_rules! unsigned {
    ($($kind:ty)*) => {$(
        impl Unsigned for $kind {
            const MAX: Self = <$kind>::MAX;

            fn lowest(number: u128) -> Self {
                number as Self
            }

            fn above(self, other: Self) -> Self {
                self.wrapping_sub(other)
            }

            fn and(self, mask: Self) -> Self {
                self & mask
            }
        }
    )*};
}

unsigned!(u8 u16 u32 u64 u128);

/// The rows whose numbers are as is asked.
fn asked(rows: usize, numbers: &Numbers<'_>, ask: Ask<'_>) -> Selection {
    let bytes = numbers.bytes();
    match (numbers.width(), numbers.is_highest_first()) {
        (1, _) => of_width(rows, bytes.as_chunks().0, u8::from_le_bytes, ask),
        (2, false) => of_width(rows, bytes.as_chunks().0, u16::from_le_bytes, ask),
        (4, false) => of_width(rows, bytes.as_chunks().0, u32::from_le_bytes, ask),
        (8, false) => of_width(rows, bytes.as_chunks().0, u64::from_le_bytes, ask),
        (16, false) => of_width(rows, bytes.as_chunks().0, u128::from_le_bytes, ask),
        (16, true) => of_width(rows, bytes.as_chunks().0, u128::from_be_bytes, ask),
        _ => numbers.select(rows, |number| ask.of(number)),
    }
}

fn of_width<const N: usize, T: Unsigned>(
    rows: usize,
    values: &[[u8; N]],
    read: impl Fn([u8; N]) -> T,
    ask: Ask<'_>,
) -> Selection {
    let beyond = ask.of(0);
    match ask {
        Ask::In(set) => {
            let narrowed: Vec<(T, T)> = narrowed(set);
            match narrowed.as_slice() {
                [] => Selection::of(rows, values, beyond, |_| false),
                &[(low, high)] => {
                    let reach = high.above(low);
                    Selection::of(rows, values, beyond, |&value| read(value).above(low) <= reach)
                }
                few if few.len() <= FEW => Selection::of(rows, values, beyond, |&value| {
                    let value = read(value);
                    few.iter().fold(false, |found, &(low, high)| found | (low <= value && value <= high))
                }),
                many => Selection::of(rows, values, beyond, |&value| {
                    let value = read(value);
                    let after = many.partition_point(|&(low, _)| low <= value);
                    let last = after.checked_sub(1).and_then(|place| many.get(place));
                    last.is_some_and(|&(_, high)| value <= high)
                }),
            }
        }
        Ask::Parts(_) => Selection::of(rows, values, beyond, |&value| ask.of(read(value).into())),
        Ask::Masked(mask, bits) => {
            let mask = T::lowest(mask);
            match T::try_from(bits) {
                Ok(bits) => Selection::of(rows, values, beyond, |&value| read(value).and(mask) == bits),
                Err(_) => Selection::of(rows, values, beyond, |_| false),
            }
        }
    }
}

/// So many intervals are compared one after the other, more are searched.
const FEW: usize = 8;

/// The intervals as far as numbers of a type can lie in them.
fn narrowed<T: Unsigned>(set: &Intervals) -> Vec<(T, T)> {
    let narrow =
        |&(low, high): &(u128, u128)| Some((T::try_from(low).ok()?, T::try_from(high).unwrap_or(T::MAX)));
    set.all().iter().map_while(narrow).collect()
}
