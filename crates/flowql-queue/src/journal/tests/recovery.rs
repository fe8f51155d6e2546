//! What a crash leaves, at every byte.

use proptest::prelude::*;

use super::*;

/// A folder as a crash leaves it: the files as they are, but for the lock.
fn crashed(folder: &TempDir) -> TempDir {
    let copy = TempDir::new().unwrap();
    fs::create_dir(copy.path().join("0")).unwrap();
    fs::copy(folder.path().join("journal"), copy.path().join("journal")).unwrap();
    for entry in fs::read_dir(folder.path().join("0")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), copy.path().join("0").join(entry.file_name())).unwrap();
    }
    copy
}

#[test]
fn an_open_segment_is_read_again_and_closed() {
    let folder = TempDir::new().unwrap();
    let journal = open(&folder, quiet());
    append(&journal, b"one");
    append(&journal, b"two");
    let copy = crashed(&folder);
    let again = open(&copy, quiet());
    let expected = Recovery { segments: 1, records: 2, unfinished: 1, ..Recovery::default() };
    assert_eq!(*again.recovery(), expected);
    append(&again, b"three");
    assert_eq!(all(&again), "one two | three");
    drop(again);
    assert_eq!(open(&copy, quiet()).recovery().unfinished, 0);
}

#[test]
fn a_torn_tail_is_cut_wherever_it_is_torn() {
    let folder = TempDir::new().unwrap();
    let journal = open(&folder, quiet());
    let texts = ["one", "two", "three"];
    let mut ends = vec![segment::HEADER];
    for text in texts {
        append(&journal, text.as_bytes());
        ends.push(fs::metadata(&segments(&folder)[0]).unwrap().len());
    }
    let length = ends[3];
    for cut in 0..length {
        let copy = crashed(&folder);
        let path = &segments(&copy)[0];
        fs::File::options().write(true).open(path).unwrap().set_len(cut).unwrap();
        let again = open(&copy, quiet());
        let whole = ends.iter().filter(|end| **end <= cut).count().saturating_sub(1);
        let torn = if cut < segment::HEADER { cut } else { cut - ends[whole] };
        let recovery = again.recovery();
        assert_eq!((recovery.records, recovery.torn), (whole as u64, torn), "cut at {cut}");
        assert_eq!(recovery.damaged, 0);
        append(&again, b"next");
        let expected = [&texts[..whole], &["|", "next"]].concat().join(" ");
        assert_eq!(all(&again), expected, "cut at {cut}");
        drop(again);
        let again = open(&copy, quiet());
        assert_eq!((again.recovery().torn, again.recovery().unfinished), (0, 0), "cut at {cut}");
    }
}

#[test]
fn a_tail_of_zeros_or_rubbish_is_cut() {
    let folder = TempDir::new().unwrap();
    let journal = open(&folder, quiet());
    append(&journal, b"one");
    for tail in [vec![0; 5000], vec![0xf1; 100], [&crate::frame::MARK[..], &[1; 100]].concat()] {
        let copy = crashed(&folder);
        let path = &segments(&copy)[0];
        let bytes = [fs::read(path).unwrap(), tail.clone()].concat();
        fs::write(path, bytes).unwrap();
        let again = open(&copy, quiet());
        assert_eq!(again.recovery().torn, tail.len() as u64);
        assert_eq!(all(&again), "one |");
    }
}

#[test]
fn a_hole_in_an_open_segment_is_not_a_torn_tail() {
    let folder = TempDir::new().unwrap();
    let journal = open(&folder, quiet());
    for text in ["one", "two", "three"] {
        append(&journal, text.as_bytes());
    }
    let copy = crashed(&folder);
    let path = &segments(&copy)[0];
    let mut bytes = fs::read(path).unwrap();
    bytes[64 + 51..64 + 102].fill(0);
    fs::write(path, bytes).unwrap();
    let again = open(&copy, quiet());
    let recovery = again.recovery();
    assert_eq!((recovery.records, recovery.torn, recovery.damaged), (2, 0, 51));
    assert_eq!(all(&again), "one ? three |");
}

#[test]
fn a_closed_segment_without_its_end_is_closed_again() {
    let folder = TempDir::new().unwrap();
    let journal = open(&folder, quiet());
    append(&journal, b"one");
    journal.mark(0).unwrap();
    append(&journal, b"two");
    drop(journal);
    let path = &segments(&folder)[0];
    let length = fs::metadata(path).unwrap().len();
    fs::File::options().write(true).open(path).unwrap().set_len(length - 1).unwrap();
    let journal = open(&folder, quiet());
    assert_eq!(journal.recovery().unfinished, 1);
    assert_eq!(all(&journal), "one | two |");
}

/// A step of a random history.
#[derive(Clone, Debug)]
enum Step {
    Append(Vec<Vec<u8>>),
    Mark,
    /// A crash that leaves so much of the last batch, in thousandths.
    Crash(u64),
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    let datagram = prop_oneof![
        9 => proptest::collection::vec(any::<u8>(), 0..200),
        1 => proptest::collection::vec(any::<u8>(), 60_000..=crate::LONGEST),
    ];
    prop_oneof![
        6 => proptest::collection::vec(datagram, 0..8).prop_map(Step::Append),
        1 => Just(Step::Mark),
        1 => (0..1000_u64).prop_map(Step::Crash),
        1 => Just(Step::Reopen),
    ]
}

/// All datagrams in the journal.
fn datagrams(journal: &Journal) -> Vec<Vec<u8>> {
    let mut reader = journal.reader(0, Position::START).unwrap();
    let mut datagrams = Vec::new();
    let mut last = Position::START;
    while let Some(item) = reader.next(NOW).unwrap() {
        match item {
            Item::Record(position, Record { content: Content::Datagram(bytes), .. }) => {
                assert!(position > last);
                last = position;
                datagrams.push(bytes.to_vec());
            }
            Item::End { .. } => {}
            other => panic!("{other:?}"),
        }
    }
    datagrams
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_history_is_read_again(
        steps in proptest::collection::vec(step(), 1..20),
        segment_bytes in prop_oneof![Just(200_u64), Just(1000), Just(1 << 20)],
    ) {
        let mut folder = TempDir::new().unwrap();
        let settings = Settings { segment_bytes, ..quiet() };
        let mut journal = open(&folder, settings);
        let mut expected: Vec<Vec<u8>> = Vec::new();
        for step in steps {
            match step {
                Step::Append(datagrams) => {
                    let mut batch = journal.batch();
                    datagrams.iter().for_each(|bytes| batch.push(&record(1, bytes)).unwrap());
                    journal.append(&mut batch).unwrap();
                    expected.extend(datagrams);
                }
                Step::Mark => journal.mark(0).unwrap(),
                Step::Reopen => {
                    drop(journal);
                    journal = open(&folder, settings);
                    prop_assert_eq!(journal.recovery().unfinished, 0);
                }
                Step::Crash(thousandths) => {
                    let copy = crashed(&folder);
                    let torn = {
                        let mut frame = Vec::new();
                        crate::frame::push_record(&mut frame, journal.shared.seed, &record(1, &[7; 1000]));
                        frame.truncate(frame.len() * usize::try_from(thousandths).unwrap() / 1000);
                        frame
                    };
                    let open_segment = journal.shared.partitions[0].lock().open.is_some();
                    if let Some(path) = segments(&copy).last().filter(|_| open_segment) {
                        let bytes = [fs::read(path).unwrap(), torn.clone()].concat();
                        fs::write(path, bytes).unwrap();
                    }
                    drop(journal);
                    folder = copy;
                    journal = open(&folder, settings);
                    prop_assert_eq!(journal.recovery().torn, if open_segment { torn.len() as u64 } else { 0 });
                }
            }
            prop_assert_eq!(journal.recovery().damaged, 0);
        }
        prop_assert_eq!(datagrams(&journal), expected);
        let files: u64 = segments(&folder).iter().map(|path| fs::metadata(path).unwrap().len()).sum();
        prop_assert_eq!(journal.counters().used, files);
    }

    #[test]
    fn only_records_that_are_damaged_are_lost(
        lengths in proptest::collection::vec(0..300_usize, 1..40),
        places in proptest::collection::vec((any::<proptest::sample::Index>(), 1..=u8::MAX), 1..6),
    ) {
        let folder = TempDir::new().unwrap();
        let journal = open(&folder, quiet());
        let datagrams: Vec<Vec<u8>> =
            lengths.iter().zip(0_u8..).map(|(length, number)| vec![number; *length]).collect();
        let mut ends = vec![64];
        for datagram in &datagrams {
            append(&journal, datagram);
            ends.push(ends[ends.len() - 1] + 48 + datagram.len());
        }
        journal.mark(0).unwrap();
        let path = &segments(&folder)[0];
        let mut bytes = fs::read(path).unwrap();
        let good = bytes.clone();
        let records = ends[ends.len() - 1] - 64;
        for (place, change) in places {
            bytes[64 + place.index(records)] ^= change;
        }
        fs::write(path, &bytes).unwrap();
        let whole = |number: usize| bytes[ends[number]..ends[number + 1]] == good[ends[number]..ends[number + 1]];
        let expected: Vec<_> =
            datagrams.iter().enumerate().filter(|(number, _)| whole(*number)).map(|(_, bytes)| bytes.clone()).collect();
        let mut reader = journal.reader(0, Position::START).unwrap();
        let (mut found, mut damaged) = (Vec::new(), 0);
        while let Some(item) = reader.next(NOW).unwrap() {
            match item {
                Item::Record(_, Record { content: Content::Datagram(bytes), .. }) => found.push(bytes.to_vec()),
                Item::Damaged(range) => damaged += range.end.offset - range.start.offset,
                _ => {}
            }
        }
        let lost: usize = (0..datagrams.len()).filter(|number| !whole(*number)).map(|number| ends[number + 1] - ends[number]).sum();
        prop_assert_eq!(found, expected);
        prop_assert_eq!(damaged, lost as u64);
    }

    #[test]
    fn rubbish_in_place_of_a_segment_is_never_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let folder = TempDir::new().unwrap();
        append(&open(&folder, quiet()), b"one");
        fs::write(&segments(&folder)[0], &bytes).unwrap();
        let journal = open(&folder, quiet());
        append(&journal, b"two");
        prop_assert!(all(&journal).ends_with("| two"));
    }
}
