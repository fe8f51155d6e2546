//! Tests of the flags of TCP, as groups of which one must hold.

use flowql::typed::{Comparison, Condition, Filter, Scalar, Test};

use crate::rule::{FlagTest, Flags};
use crate::translate::Reason;

/// The flags that a packet has, reserved ones included.
const ALL: u16 = 0x0fff;

/// The most groups on the way: what is longer does not get shorter.
const MOST_GROUPS: usize = 16;

/// What a term over the flags alone asks.
pub(super) fn groups(filter: &Filter, negated: bool) -> Result<Flags, Reason> {
    match filter {
        Filter::Condition(condition) => of_condition(condition, negated),
        Filter::Either(_) => Err(Reason::Or),
        Filter::Group(inner) | Filter::Saved { filter: inner, .. } => groups(inner, negated),
        Filter::Not(inner) => groups(inner, !negated),
        Filter::And(terms) | Filter::Or(terms) => {
            let terms = terms.iter().map(|term| groups(term, negated)).collect::<Result<Vec<_>, _>>()?;
            if matches!(filter, Filter::And(_)) == negated { any(terms) } else { all(terms) }
        }
    }
}

fn any(terms: Vec<Flags>) -> Result<Flags, Reason> {
    let found: Flags = terms.into_iter().flatten().collect();
    if found.len() > MOST_GROUPS { Err(Reason::TooLong) } else { Ok(found) }
}

/// All of them at once: each group of the one with each of the other.
pub(super) fn all(terms: Vec<Flags>) -> Result<Flags, Reason> {
    terms.into_iter().try_fold(vec![Vec::new()], |found: Flags, term| {
        let pairs = found.iter().flat_map(|one| term.iter().map(move |two| [one.as_slice(), two].concat()));
        let pairs: Flags = pairs.take(MOST_GROUPS + 1).collect();
        if pairs.len() > MOST_GROUPS { Err(Reason::TooLong) } else { Ok(pairs) }
    })
}

/// Whether a group holds of these flags.
pub(super) fn holds(flags: &Flags, bits: u16) -> bool {
    flags.iter().any(|group| group.iter().all(|test| test.holds(bits)))
}

fn of_condition(condition: &Condition, negated: bool) -> Result<Flags, Reason> {
    match &condition.test {
        Test::HasBits { negated: not, mask } => Ok(has_bits(*mask, *not != negated)),
        Test::Compare(Comparison::Eq, value) => is(value, negated),
        Test::Compare(Comparison::Ne, value) => is(value, !negated),
        Test::OneOf { negated: not, members } => {
            if members.iter().any(|member| member.to.is_some()) {
                return Err(Reason::Test);
            }
            let negated = *not != negated;
            let terms = members.iter().map(|member| is(&member.value, negated)).collect::<Result<_, _>>()?;
            if negated { all(terms) } else { any(terms) }
        }
        _ => Err(Reason::Test),
    }
}

/// All bits of the mask are set, or not all.
fn has_bits(mask: u64, negated: bool) -> Flags {
    match u16::try_from(mask) {
        // Every packet has all of no bits.
        Ok(0) => always(!negated),
        Ok(mask) if mask & !ALL == 0 => vec![vec![FlagTest { negated, all: true, mask }]],
        // No packet has bits that there are not.
        _ => always(negated),
    }
}

/// No group, of which none holds, or one without tests, which holds.
fn always(holds: bool) -> Flags {
    if holds { vec![Vec::new()] } else { Vec::new() }
}

/// The flags are exactly these, or not.
fn is(value: &Scalar, negated: bool) -> Result<Flags, Reason> {
    let Scalar::Integer(bits) = value else { return Err(Reason::Test) };
    let Some(bits) = u16::try_from(*bits).ok().filter(|bits| bits & !ALL == 0) else {
        return Ok(always(negated));
    };
    let set = (bits != 0).then_some(FlagTest { negated, all: true, mask: bits });
    let clear = (bits != ALL).then_some(FlagTest { negated: !negated, all: false, mask: ALL & !bits });
    let tests = set.into_iter().chain(clear);
    // Either of the two is enough for them to be others.
    Ok(if negated { tests.map(|test| vec![test]).collect() } else { vec![tests.collect()] })
}
