//! What is saved of the writing of a partition.

use super::*;

fn note(stretch: std::ops::Range<u64>, context: &[u8]) -> Note {
    Note {
        stretch: Position::segment(stretch.start)..Position::segment(stretch.end),
        context: context.to_vec(),
    }
}

/// A journal with five closed segments.
fn five(folder: &TempDir) -> Journal {
    let journal = open(folder, quiet());
    for text in [b"a", b"b", b"c", b"d", b"e"] {
        append(&journal, text);
        journal.mark(0).unwrap();
    }
    journal
}

#[test]
fn a_note_and_its_state_come_back() {
    let folder = TempDir::new().unwrap();
    let journal = five(&folder);
    let mut store = journal.store(0).unwrap();
    assert_eq!(*store.saved(), crate::Saved::default());
    assert_eq!(store.state().unwrap(), Vec::<Vec<u8>>::new());
    let steps: [(Note, State<'_>, &[&[u8]]); 5] = [
        (note(1..2, b"first"), State::Full(b"full"), &[b"full"]),
        (note(2..3, b""), State::Change(b"one"), &[b"full", b"one"]),
        (note(3..4, b"third"), State::Change(b""), &[b"full", b"one", b""]),
        (note(4..5, b"fourth"), State::Same, &[b"full", b"one", b""]),
        (note(5..6, b"fifth"), State::Full(b"new"), &[b"new"]),
    ];
    for (note, state, pieces) in steps {
        store.note(note.clone(), state).unwrap();
        let copy = TempDir::new().unwrap();
        copy_all(folder.path(), copy.path());
        let crashed = open(&copy, quiet());
        let again = crashed.store(0).unwrap();
        assert_eq!(again.saved().unacknowledged(), Some(&note));
        assert_eq!(again.state().unwrap(), pieces);
        store.acknowledge(Position::START).unwrap();
    }
    drop((store, journal));
    let journal = open(&folder, quiet());
    let store = journal.store(0).unwrap();
    assert_eq!(store.saved().position, Position::segment(6));
    assert_eq!(store.saved().unacknowledged(), None);
    assert_eq!(store.saved().note.as_ref().unwrap().context, b"fifth");
    assert_eq!(store.state().unwrap(), [b"new"]);
    let states = fs::read_dir(folder.path().join("0")).unwrap();
    let states =
        states.filter(|entry| entry.as_ref().unwrap().file_name().to_str().unwrap().starts_with("state."));
    assert_eq!(states.count(), 1, "states that are not in use are removed");
}

fn copy_all(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            fs::create_dir(&to).unwrap();
            copy_all(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[test]
fn segments_go_when_nothing_needs_them() {
    let folder = TempDir::new().unwrap();
    let journal = five(&folder);
    let mut store = journal.store(0).unwrap();
    store.note(note(1..3, b""), State::Full(b"s")).unwrap();
    assert_eq!(segments(&folder).len(), 5, "a note removes nothing");
    store.acknowledge(Position::segment(9)).unwrap();
    assert_eq!(segments(&folder).len(), 5, "the noted stretch is needed to get at the state behind it");
    store.note(note(3..4, b""), State::Same).unwrap();
    store.acknowledge(Position { segment: 2, offset: 90 }).unwrap();
    assert_eq!(all(&journal), "! b | c | d | e |");
    store.note(note(4..6, b""), State::Same).unwrap();
    store.acknowledge(Position::segment(6)).unwrap();
    assert_eq!(all(&journal), "! d | e |");
    assert_eq!(journal.counters().lost_records, 0);
    drop((store, journal));
    let journal = open(&folder, quiet());
    assert_eq!(all(&journal), "! d | e |");
    append(&journal, b"f");
    journal.mark(0).unwrap();
    let mut store = journal.store(0).unwrap();
    store.note(note(6..7, b""), State::Same).unwrap();
    store.acknowledge(Position::segment(7)).unwrap();
    assert_eq!(all(&journal), "! f |");
}

#[test]
fn what_is_not_acknowledged_is_the_backlog() {
    static CLOCK: AtomicU64 = AtomicU64::new(100);
    let folder = TempDir::new().unwrap();
    let host = Host { now: || CLOCK.load(Relaxed), ..Host::default() };
    let settings = Settings { host, ..quiet() };
    let journal = open(&folder, settings);
    assert_eq!(journal.backlog(0).unwrap(), Backlog::default());
    for time in [100, 200, 300] {
        CLOCK.store(time, Relaxed);
        append(&journal, b"one");
        append(&journal, b"two");
        if time < 300 {
            journal.mark(0).unwrap();
        }
    }
    let segment = 64 + 2 * 51 + 56;
    let all = Backlog { records: 6, bytes: 3 * segment - 56, oldest: Some(100) };
    assert_eq!(journal.backlog(0).unwrap(), all);
    let mut store = journal.store(0).unwrap();
    store.note(note(1..2, b""), State::Same).unwrap();
    assert_eq!(journal.backlog(0).unwrap(), all, "a note is not an acknowledgement");
    store.acknowledge(Position::START).unwrap();
    let rest = Backlog { records: 4, bytes: 2 * segment - 56, oldest: Some(200) };
    assert_eq!(journal.backlog(0).unwrap(), rest);
    drop((store, journal));
    let journal = open(&folder, settings);
    assert_eq!(journal.backlog(0).unwrap(), Backlog { bytes: 2 * segment, ..rest });
    let mut store = journal.store(0).unwrap();
    store.note(note(2..4, b""), State::Same).unwrap();
    store.acknowledge(Position::START).unwrap();
    assert_eq!(journal.backlog(0).unwrap(), Backlog::default());
}

#[test]
fn positions_are_not_used_twice_after_all_segments_are_gone() {
    let folder = TempDir::new().unwrap();
    let journal = five(&folder);
    let mut store = journal.store(0).unwrap();
    store.note(note(1..6, b""), State::Full(b"s")).unwrap();
    store.acknowledge(Position::segment(6)).unwrap();
    drop((store, journal));
    // A loss of power can take files that were not synced.
    for path in segments(&folder) {
        fs::remove_file(path).unwrap();
    }
    let journal = open(&folder, quiet());
    append(&journal, b"next");
    let position = journal.store(0).unwrap().saved().position;
    assert_eq!(position, Position::segment(6));
    assert_eq!(found(&mut *journal.reader(0, position).unwrap()), "next");
}

#[test]
fn what_does_not_follow_is_refused() {
    let folder = TempDir::new().unwrap();
    let journal = five(&folder);
    let mut store = journal.store(0).unwrap();
    let error = store.acknowledge(Position::START).unwrap_err();
    assert_eq!(error.to_string(), "the position 0:0 does not follow 0:0");
    store.note(note(1..3, b""), State::Same).unwrap();
    store.acknowledge(Position::START).unwrap();
    assert!(store.acknowledge(Position::START).is_err(), "it was acknowledged");
    let error = store.note(note(2..4, b""), State::Same).unwrap_err();
    assert_eq!(error.to_string(), "the position 2:0 does not follow 3:0");
    let error = store.note(note(4..4, b""), State::Same).unwrap_err();
    assert_eq!(error.to_string(), "the position 4:0 does not follow 4:0");
    assert_eq!(store.saved().position, Position::segment(3));
}

#[test]
fn only_one_store_has_a_partition() {
    let folder = TempDir::new().unwrap();
    let journal = open(&folder, quiet());
    let store = journal.store(0).unwrap();
    let error = journal.store(0).err().unwrap();
    assert_eq!(error.to_string(), "the positions of partition 0 are in use");
    drop(store);
    journal.store(0).unwrap();
}

#[test]
fn damaged_positions_and_states_are_errors() {
    let folder = TempDir::new().unwrap();
    let journal = five(&folder);
    let mut store = journal.store(0).unwrap();
    store.note(note(1..2, b"context"), State::Full(b"state")).unwrap();
    drop((store, journal));
    let state = folder.path().join("0/state.1");
    fs::write(&state, b"stale").unwrap();
    let journal = open(&folder, quiet());
    let error = journal.store(0).unwrap().state().unwrap_err().to_string();
    assert!(error.ends_with("is damaged: a piece of the state is not what was saved"), "{error}");
    drop(journal);
    let path = folder.path().join("0/position");
    let good = fs::read(&path).unwrap();
    for index in 0..good.len() {
        let mut bytes = good.clone();
        bytes[index] ^= 1;
        fs::write(&path, bytes).unwrap();
        let error = Journal::open(folder.path(), quiet()).unwrap_err().to_string();
        assert!(error.ends_with("is damaged: it is not what was saved"), "{error}");
    }
}

#[test]
fn a_state_that_was_not_saved_is_not_taken() {
    let folder = TempDir::new().unwrap();
    let journal = five(&folder);
    let mut store = journal.store(0).unwrap();
    store.note(note(1..2, b""), State::Full(b"full")).unwrap();
    // Neither the file nor the name can be put in place.
    let new = folder.path().join("0/position.new");
    fs::create_dir(&new).unwrap();
    for state in [State::Full(b"other"), State::Change(b"change")] {
        store.note(note(1..3, b""), state).unwrap_err();
        assert_eq!(store.saved().note, Some(note(1..2, b"")));
        assert_eq!(store.state().unwrap(), [b"full"]);
    }
    fs::remove_dir(&new).unwrap();
    store.note(note(1..3, b""), State::Change(b"again")).unwrap();
    drop((store, journal));
    let journal = open(&folder, quiet());
    assert_eq!(journal.store(0).unwrap().state().unwrap(), [b"full".to_vec(), b"again".to_vec()]);
}
