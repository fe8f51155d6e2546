//! Lists of addresses whose items cover each other.

use std::cmp::Reverse;

use crate::typed::{Member, Scalar};
use crate::values::{bounds, mapped};
use crate::{Code, Diagnostic, Edit, Fix, Span};

/// An address or subnet as an interval.
struct Interval {
    low: u128,
    high: u128,
    is_subnet: bool,
    place: usize,
}

/// Warns of addresses and subnets that lie inside a subnet of the same list. In n log n.
pub(super) fn redundant(text: &str, members: &[Option<Member>], diagnostics: &mut Vec<Diagnostic>) {
    let mut intervals: Vec<Interval> =
        members.iter().enumerate().filter_map(|(place, member)| interval(place, member.as_ref()?)).collect();
    intervals.sort_by_key(|interval| (interval.low, Reverse(interval.high), interval.place));
    let mut widest: Option<&Interval> = None;
    for interval in &intervals {
        match widest {
            Some(cover) if interval.high <= cover.high => {
                diagnostics.extend(report(text, members, interval.place, cover.place));
            }
            _ if interval.is_subnet => widest = Some(interval),
            _ => {}
        }
    }
}

fn interval(place: usize, member: &Member) -> Option<Interval> {
    let (low, high, is_subnet) = match (&member.value, &member.to) {
        (Scalar::Address(address), None) => (*address, *address, false),
        (Scalar::Subnet(net), None) => {
            let (low, high) = bounds(*net);
            (low, high, true)
        }
        _ => return None,
    };
    Some(Interval { low: mapped(low).to_bits(), high: mapped(high).to_bits(), is_subnet, place })
}

fn report(text: &str, members: &[Option<Member>], place: usize, cover: usize) -> Option<Diagnostic> {
    let span_of = |place: usize| Some(members.get(place)?.as_ref()?.span);
    let (inner, outer) = (span_of(place)?, span_of(cover)?);
    let message = format!("`{}` lies inside `{}` of the same list", inner.of(text), outer.of(text));
    // The item goes with the comma before it, or after it where it is the first one.
    let gone = match place.checked_sub(1).and_then(span_of) {
        Some(before) => Some(Span { start: before.end, end: inner.end }),
        None => span_of(place + 1).map(|after| Span { start: inner.start, end: after.start }),
    };
    let fix = gone.map(|gone| Fix::new("remove it", Edit::delete(gone)));
    Some(Diagnostic::new(Code::RedundantSubnet, inner, message).with_fixes(fix))
}
