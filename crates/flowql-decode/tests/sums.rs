//! What is counted: every set and every record once, whatever comes.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its helpers too"
)]

mod support;

use flowql_decode::{Counters, Field, Fields, Limits};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use support::add_up;
use support::traffic::{Run, Step, steps, tight};

/// Whether rows of events are wanted, how many rows a datagram may have, and what happens to the bytes.
type Case = (bool, usize, Vec<Step>, Vec<(prop::sample::Index, prop::sample::Index, u8)>);

fn case() -> impl Strategy<Value = Case> {
    let damage = any::<(prop::sample::Index, prop::sample::Index, u8)>();
    (any::<bool>(), prop_oneof![1..4_usize, Just(1_000)], steps(40), prop::collection::vec(damage, 0..20))
}

/// Counts, and checks the sums after each step.
fn count((events, rows, mut steps, damages): Case) -> Counters {
    for (step, place, byte) in damages {
        let step = step.index(steps.len());
        if let Step::Datagram(_, _, bytes) = &mut steps[step]
            && !bytes.is_empty()
        {
            // Half of the damages are cuts.
            let place = place.index(bytes.len());
            if byte % 2 == 0 { bytes.truncate(place) } else { bytes[place] = byte }
        }
    }
    let wanted = Fields::all();
    let without = wanted.without(Field::NATEvent).without(Field::FirewallEvent);
    let mut run = Run::of(Limits { rows, ..tight() }, if events { wanted } else { without });
    for step in &steps {
        run.step(step);
        add_up(&run.decoder);
    }
    run.finish();
    add_up(&run.decoder);
    assert_eq!(run.decoder.waiting(), 0);
    assert_eq!(run.decoder.counters().rows, run.columns.rows() as u64);
    run.decoder.counters().clone()
}

proptest! {
    #[test]
    fn everything_is_counted_once(case in case()) {
        count(case);
    }
}

#[test]
fn such_traffic_meets_every_counter() {
    let mut runner = TestRunner::deterministic();
    let mut met = [0; 16];
    for _ in 0..300 {
        let counters = count(case().new_tree(&mut runner).unwrap().current());
        let counts = [
            counters.malformed_datagrams,
            counters.template_sets,
            counters.option_sets,
            counters.data_sets,
            counters.waiting_sets,
            counters.expired_sets,
            counters.malformed_sets,
            counters.rows,
            counters.second_rows,
            counters.events,
            counters.repeated,
            counters.unknown_connections,
            counters.excess,
            counters.empty,
            counters.unknown_rates,
            counters.unusable_times,
        ];
        met.iter_mut().zip(counts).for_each(|(met, count)| *met += count);
    }
    // The time of rows is that of reception.
    assert_eq!(met.iter().position(|&count| count == 0), Some(15), "{met:?}");
}
