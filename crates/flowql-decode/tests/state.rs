//! The state of a decoder: one that restored it does what the one that saved it would have done.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its helpers too"
)]

mod support;

use flowql_decode::{Decoder, SessionStatus, StateError, Tally};
use proptest::prelude::*;
use support::traffic::{Run, Step, steps};
use support::{Message, plain, source, values};

/// The sessions, without what was counted of them: that begins with the decoder, and no row depends on it.
fn statuses(decoder: &Decoder) -> Vec<SessionStatus> {
    decoder.sessions().map(|session| SessionStatus { tally: Tally::default(), ..session }).collect()
}

/// What a decoder shows of its state.
fn shown(run: &mut Run) -> (Vec<String>, Vec<SessionStatus>, flowql_decode::Counters, usize, Option<u64>) {
    let decoder = &run.decoder;
    let (statuses, counters) = (statuses(decoder), decoder.counters().clone());
    let (waiting, from) = (decoder.waiting(), decoder.waits_from());
    (run.rows(), statuses, counters, waiting, from)
}

fn step_all(run: &mut Run, steps: &[Step]) {
    steps.iter().for_each(|step| run.step(step));
}

fn restore(states: &[Vec<u8>]) -> Decoder {
    let mut decoder = Run::decoder();
    states.iter().for_each(|state| decoder.restore(state).unwrap());
    decoder
}

proptest! {
    #[test]
    fn a_cut_changes_nothing(steps in steps(60), cut: prop::sample::Index) {
        let (mut whole, mut parts) = (Run::new(), Run::new());
        let (before, after) = steps.split_at(cut.index(steps.len() + 1));
        step_all(&mut whole, before);
        step_all(&mut parts, before);
        parts.decoder = restore(&[parts.decoder.save()]);
        step_all(&mut whole, after);
        step_all(&mut parts, after);
        whole.finish();
        parts.finish();
        prop_assert_eq!(shown(&mut parts), shown(&mut whole));
        prop_assert_eq!(parts.decoder.save(), whole.decoder.save());
    }

    #[test]
    fn changes_add_up(steps in steps(60), cuts in prop::collection::vec(any::<bool>(), 60)) {
        let mut run = Run::new();
        let mut states = vec![run.decoder.save_changes()];
        for (step, cut) in steps.iter().zip(cuts) {
            run.step(step);
            if cut {
                states.push(run.decoder.save_changes());
            }
        }
        states.push(run.decoder.save_changes());
        // What continues after the changes has changes of its own.
        let mut restored = restore(&states);
        prop_assert_eq!(statuses(&restored), statuses(&run.decoder));
        states.push(restored.save_changes());
        run.decoder = restored;
        step_all(&mut run, &steps);
        states.push(run.decoder.save_changes());
        prop_assert_eq!(restore(&states).save(), run.decoder.save());
    }

    #[test]
    fn a_saved_state_can_be_anything(
        steps in steps(40),
        changed in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        is_whole: bool,
    ) {
        let (before, after) = steps.split_at(steps.len() / 2);
        let mut run = Run::new();
        step_all(&mut run, before);
        let mut states = vec![run.decoder.save()];
        if !is_whole {
            step_all(&mut run, after);
            states.push(run.decoder.save_changes());
        }
        let last = states.last_mut().unwrap();
        for (place, byte) in changed {
            let place = place.index(last.len());
            last[place] = byte;
        }
        run.decoder = Run::decoder();
        let outcome = states.iter().try_for_each(|state| run.decoder.restore(state));
        if outcome.is_err() {
            prop_assert_eq!(run.decoder.save(), Run::decoder().save());
        }
        // Whatever was restored, it decodes and is saved.
        run.rows();
        step_all(&mut run, after);
        let saved = run.decoder.save();
        prop_assert_eq!(restore(std::slice::from_ref(&saved)).save(), saved);
    }
}

#[test]
fn a_cut_state_is_refused_at_every_byte() {
    let mut run = Run::new();
    let fields = plain(&[(7, 2), (11, 2)]);
    let message = Message::ipfix().template(300, &fields).set(300, &values(&[(1, 2), (2, 2)]));
    run.step(&Step::Datagram(0, source(1), message.bytes()));
    let state = run.decoder.save();
    for cut in 0..state.len() {
        let mut decoder = Run::decoder();
        let expected = if cut < 4 { StateError::Version } else { StateError::Malformed };
        assert_eq!(decoder.restore(&state[..cut]), Err(expected), "cut at {cut}");
        assert_eq!(decoder.save(), Run::decoder().save());
    }
    let longer = [&state[..], &[0]].concat();
    assert_eq!(Run::decoder().restore(&longer), Err(StateError::Malformed));
}

#[test]
fn changes_belong_to_their_state() {
    let mut run = Run::new();
    let first = run.decoder.save();
    run.step(&Step::Tick(1));
    let second = run.decoder.save_changes();
    run.step(&Step::Tick(1));
    let third = run.decoder.save_changes();
    let error = |states: &[&Vec<u8>]| {
        let mut decoder = Run::decoder();
        states.iter().try_for_each(|state| decoder.restore(state)).unwrap_err()
    };
    assert_eq!(error(&[&second]), StateError::Order);
    assert_eq!(error(&[&first, &third]), StateError::Order);
    assert_eq!(error(&[&first, &second, &second]), StateError::Order);
    let mut other = first.clone();
    other[3] += 1;
    assert_eq!(error(&[&other]), StateError::Version);
    assert_eq!(restore(&[first, second, third]).age(), 2);
}

#[test]
fn what_a_datagram_changes_is_little() {
    let mut run = Run::new();
    let fields = plain(&[(7, 2), (11, 2), (1, 4)]);
    let names = plain(&[(10, 4), (82, 16)]);
    let named = [&[0, 0, 0, 3][..], b"TenGigE0/0/0/1\0\0"].concat();
    let templates = Message::ipfix().template(300, &fields).options(400, 1, &names).set(400, &named).bytes();
    run.step(&Step::Datagram(0, source(1), templates.clone()));
    let whole = run.decoder.save();
    let has = |state: &[u8], part: &[u8]| state.windows(part.len()).any(|bytes| bytes == part);
    let layout: Vec<u8> = [7_u16, 2, 11, 2, 1, 4].map(u16::to_be_bytes).concat();
    assert!(has(&whole, &layout) && has(&whole, b"TenGigE0/0/0/1"));
    // Flows, and the same templates and names once more.
    let mut flows = Message::ipfix().set(300, &values(&[(1, 2), (2, 2), (3, 4)]));
    flows.sequence = 2;
    for bytes in [flows.bytes(), templates] {
        run.step(&Step::Datagram(1, source(1), bytes));
        let changes = run.decoder.save_changes();
        assert!(!has(&changes, &layout) && !has(&changes, b"TenGigE0/0/0/1"));
        assert!(changes.len() < 120, "{}", changes.len());
    }
    // Nothing happened.
    assert!(run.decoder.save_changes().len() < 80);
    // Another template.
    run.step(&Step::Datagram(1, source(1), Message::ipfix().template(301, &fields).bytes()));
    assert!(has(&run.decoder.save_changes(), &layout));
}

/// Where this fails the form has changed: it needs another version.
#[test]
fn the_form_has_a_version() {
    let mut decoder = Run::decoder();
    // The first text is 1, and what waits, connections and flows are whole.
    let zeros = |count| vec![0; count];
    let expected =
        [b"FDS\x03".to_vec(), zeros(36), vec![1], zeros(6), vec![1], zeros(4), vec![1], zeros(4), vec![1, 0]];
    assert_eq!(decoder.save(), expected.concat());
}
