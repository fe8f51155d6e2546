//! Lists of which one item covers another.

use std::cmp::Reverse;

use crate::gather::add_all;
use crate::tables::Type;
use crate::typed::{Member, Scalar};
use crate::values::intervals::{of_address, of_subnet};
use crate::{Code, Diagnostic, Edit, Fix, Span};

/// A number, address, range or subnet as an interval.
struct Interval {
    low: u128,
    high: u128,
    place: usize,
}

/// Warns of values that are there twice, and of those that lie inside a range or subnet of the same list. In n log n.
pub(super) fn redundant(
    text: &str,
    kind: Option<Type>,
    members: &[Option<Member>],
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut intervals = Vec::new();
    let mut others = Vec::new();
    for (place, member) in members.iter().enumerate() {
        let Some(member) = member else { continue };
        // A prefix is not selected by one that it lies in.
        match interval(&member.value, member.to.as_ref()).filter(|_| kind != Some(Type::Prefix)) {
            Some((low, high)) => intervals.push(Interval { low, high, place }),
            None => others.push((place, member)),
        }
    }
    let mut covered = Vec::new();
    intervals.sort_unstable_by_key(|interval| (interval.low, Reverse(interval.high), interval.place));
    let mut widest: Option<&Interval> = None;
    for interval in &intervals {
        match widest {
            Some(cover) if interval.high <= cover.high => covered.push((interval.place, cover.place)),
            _ => widest = Some(interval),
        }
    }
    // Of equal ones the first in the text stays the first.
    others.sort_unstable_by(|first, second| first.1.cmp(second.1).then(first.0.cmp(&second.0)));
    for same in others.chunk_by(|first, second| first.1 == second.1) {
        let Some((first, rest)) = same.split_first() else { continue };
        add_all(&mut covered, rest.iter().map(|again| (again.0, first.0)));
    }
    add_all(
        diagnostics,
        covered.into_iter().filter_map(|(place, cover)| report(text, members, place, cover)),
    );
}

fn interval(value: &Scalar, to: Option<&Scalar>) -> Option<(u128, u128)> {
    let (low, high) = match value {
        Scalar::Address(address) => (of_address(*address), of_address(*address)),
        Scalar::Subnet(net) => of_subnet(*net),
        Scalar::Integer(number) => (u128::from(*number), u128::from(*number)),
        _ => return None,
    };
    Some((low, to.and_then(|to| interval(to, None)).map_or(high, |(_, high)| high)))
}

fn report(text: &str, members: &[Option<Member>], place: usize, cover: usize) -> Option<Diagnostic> {
    let of_place = |place: usize| members.get(place)?.as_ref();
    let span_of = |place: usize| Some(of_place(place)?.span);
    let (inner, outer) = (span_of(place)?, span_of(cover)?);
    let message = if of_place(place) == of_place(cover) {
        format!("`{}` is there twice in the list", inner.of(text))
    } else {
        format!("`{}` lies inside `{}` of the same list", inner.of(text), outer.of(text))
    };
    // The item goes with the comma before it, or after it where it is the first one.
    let gone = match place.checked_sub(1).and_then(span_of) {
        Some(before) => Some(Span { start: before.end, end: inner.end }),
        None => span_of(place + 1).map(|after| Span { start: inner.start, end: after.start }),
    };
    let fix = gone.map(|gone| Fix::new("remove it", Edit::delete(gone)));
    Some(Diagnostic::new(Code::RedundantSubnet, inner, message).with_fixes(fix))
}
