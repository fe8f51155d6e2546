//! Disks that fill up, folders that cannot be written, two at once, files that are damaged or gone.

use super::*;

#[test]
fn without_room_the_oldest_segment_goes_and_is_counted() {
    let folder = TempDir::new().unwrap();
    let journal = open(&folder, Settings { segment_bytes: 200, size: 600, ..quiet() });
    for number in 0..20_u8 {
        append(&journal, format!("{number:030}").as_bytes());
    }
    let counters = journal.counters();
    assert!(counters.used <= 600, "{counters:?}");
    let files: u64 = segments(&folder).iter().map(|path| fs::metadata(path).unwrap().len()).sum();
    assert_eq!(files, counters.used);
    let left = all(&journal);
    let kept = left.split(' ').filter(|word| word.len() == 30).count() as u64;
    assert!(left.starts_with("! ") && left.ends_with(&format!("{:030}", 19)), "{left}");
    assert_eq!((counters.records, counters.lost_records), (20, 20 - kept));
    assert!(kept >= 2 && counters.lost_segments > 0);
}

#[test]
fn the_oldest_segment_of_all_partitions_goes() {
    let folder = TempDir::new().unwrap();
    let journal = open(&folder, Settings { partitions: 2, segment_bytes: 200, size: 1000, ..quiet() });
    let mut batch = journal.batch();
    for source in 0..8 {
        batch.push(&record(source, &[b'a'; 30])).unwrap();
        journal.append(&mut batch).unwrap();
        [0, 1].into_iter().for_each(|partition| journal.mark(partition).unwrap());
    }
    let first = |partition| {
        let mut reader = journal.reader(partition, Position::START).unwrap();
        assert!(matches!(reader.next(NOW).unwrap(), None | Some(Item::Missing(_))));
        reader.position().segment
    };
    assert!(first(0).abs_diff(first(1)) <= 1, "{} and {}", first(0), first(1));
    assert!(journal.counters().lost_records > 0);
}

#[test]
fn many_threads_keep_to_the_room() {
    let folder = TempDir::new().unwrap();
    let journal = open(&folder, Settings { partitions: 3, segment_bytes: 2000, size: 20_000, ..quiet() });
    std::thread::scope(|scope| {
        for thread in 0..4_u8 {
            let journal = &journal;
            scope.spawn(move || {
                let mut batch = journal.batch();
                for number in 0..200_u8 {
                    batch.push(&record(number ^ thread, &[thread; 100])).unwrap();
                    batch.push(&record(number, &[thread; 300])).unwrap();
                    journal.append(&mut batch).unwrap();
                }
            });
        }
    });
    let mut kept = 0;
    for partition in journal.assigned() {
        let mut reader = journal.reader(partition, Position::START).unwrap();
        while let Some(item) = reader.next(NOW).unwrap() {
            assert!(!matches!(item, Item::Damaged(_)));
            kept += u64::from(matches!(item, Item::Record(..)));
        }
    }
    let counters = journal.counters();
    assert_eq!((counters.records, counters.lost_records), (1600, 1600 - kept));
    let folders = journal.assigned().into_iter().map(|partition| folder.path().join(partition.to_string()));
    let files = folders.flat_map(|folder| fs::read_dir(folder).unwrap());
    let bytes: u64 = files.map(|file| file.unwrap().metadata().unwrap().len()).sum();
    assert_eq!(bytes, counters.used);
    assert!(bytes <= 20_000);
}

#[test]
fn what_is_acknowledged_goes_without_loss() {
    let folder = TempDir::new().unwrap();
    let journal = open(&folder, Settings { segment_bytes: 200, size: 600, ..quiet() });
    let mut store = journal.store(0).unwrap();
    for number in 1..20 {
        append(&journal, &[b'a'; 30]);
        journal.mark(0).unwrap();
        let stretch = Position::segment(number)..Position::segment(number + 1);
        store.note(Note { stretch, context: Vec::new() }, State::Same).unwrap();
        // The writer still needs everything: only the lack of room takes it.
        store.acknowledge(Position::START).unwrap();
    }
    let counters = journal.counters();
    assert_eq!((counters.lost_records, counters.lost_segments, counters.refused), (0, 0, 0));
    assert!(counters.used <= 600);
}

#[test]
fn a_part_of_the_disk_stays_free() {
    static FREE: AtomicU64 = AtomicU64::new(1000);
    let folder = TempDir::new().unwrap();
    let host = Host { disk: |_| Ok(Disk { total: 10_000, free: FREE.load(Relaxed) }), ..Host::default() };
    let settings = Settings { host, keep_free_percent: 5, ..quiet() };
    let journal = open(&folder, settings);
    assert_eq!(journal.counters().allowed, 500, "1000 are free, of which 500 must be");
    append(&journal, &[b'a'; 100]);
    journal.mark(0).unwrap();
    append(&journal, &[b'b'; 100]);
    journal.mark(0).unwrap();
    assert_eq!(journal.counters().lost_records, 1);
    drop(journal);

    // Others filled the disk: what the journal has must go, and then nothing is let in.
    FREE.store(0, Relaxed);
    let journal = open(&folder, settings);
    let mut batch = journal.batch();
    batch.push(&record(1, b"a")).unwrap();
    batch.push(&record(2, b"b")).unwrap();
    let refused = journal.append(&mut batch).unwrap_err();
    assert_eq!(refused.records, 2);
    assert!(refused.to_string().contains("no room in"), "{refused}");
    assert!(batch.is_empty());
    assert_eq!((journal.counters().refused, journal.counters().records), (2, 0));

    // The room comes back.
    FREE.store(5000, Relaxed);
    let until = Instant::now() + LONG;
    while journal.counters().allowed < 1000 && Instant::now() < until {
        std::thread::yield_now();
    }
    append(&journal, b"c");
}

#[test]
fn a_folder_that_cannot_be_written_is_an_error() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Journal::open(&file, quiet()).unwrap_err();
    assert_eq!(error.to_string(), format!("cannot make `{}`: File exists (os error 17)", file.display()));
    // Not even root can write there.
    let error = Journal::open(Path::new("/proc/self/journal"), quiet()).unwrap_err();
    assert!(error.to_string().starts_with("cannot make `/proc/self/journal`: "), "{error}");
}

#[test]
fn a_folder_that_is_read_only_is_an_error() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().unwrap();
    drop(open(&folder, quiet()));
    let partition = folder.path().join("0");
    // Root may write where nobody may, but not where there is no folder.
    fs::remove_dir_all(&partition).unwrap();
    fs::write(&partition, "").unwrap();
    fs::set_permissions(&partition, fs::Permissions::from_mode(0o444)).unwrap();
    let error = Journal::open(folder.path(), quiet()).unwrap_err();
    assert!(error.to_string().starts_with(&format!("cannot make `{}`: ", partition.display())), "{error}");
}

#[test]
fn a_second_opening_is_refused() {
    let folder = TempDir::new().unwrap();
    let journal = open(&folder, quiet());
    let error = Journal::open(folder.path(), quiet()).unwrap_err();
    let expected =
        format!("the journal `{}` is in use by process {}", folder.path().display(), std::process::id());
    assert_eq!(error.to_string(), expected);
    append(&journal, b"one");
    // What still reads or writes positions has it too.
    let store = journal.store(0).unwrap();
    drop(journal);
    assert!(matches!(Journal::open(folder.path(), quiet()), Err(Error::InUse { .. })));
    drop(store);
    assert_eq!(all(&open(&folder, quiet())), "one |");
}

#[test]
fn another_number_of_partitions_is_refused() {
    let folder = TempDir::new().unwrap();
    drop(open(&folder, quiet()));
    let error = Journal::open(folder.path(), Settings { partitions: 2, ..quiet() }).unwrap_err();
    assert!(
        error.to_string().ends_with("has 1 partitions, not 2: only an empty folder can get another number")
    );
}

#[test]
fn a_journal_keeps_its_id_and_no_other_has_it() {
    let (folder, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let id = open(&folder, quiet()).id();
    assert_eq!(open(&folder, quiet()).id(), id);
    assert_ne!(open(&other, quiet()).id(), id);
    assert_eq!(id.to_string().len(), 32);
}

#[test]
fn a_damaged_or_missing_id_is_an_error() {
    let folder = TempDir::new().unwrap();
    drop(open(&folder, quiet()));
    let path = folder.path().join("journal");
    let mut bytes = fs::read(&path).unwrap();
    bytes[20] ^= 1;
    fs::write(&path, bytes).unwrap();
    let error = Journal::open(folder.path(), quiet()).unwrap_err().to_string();
    assert!(error.ends_with("is damaged: it is not what a journal says of itself"), "{error}");
    fs::remove_file(path).unwrap();
    let error = Journal::open(folder.path(), quiet()).unwrap_err().to_string();
    assert!(error.ends_with("is damaged: it is missing, and there are segments of a journal"), "{error}");
}

#[test]
fn a_segment_of_another_journal_is_an_error() {
    let (folder, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    for folder in [&folder, &other] {
        append(&open(folder, quiet()), b"one");
    }
    fs::copy(&segments(&other)[0], &segments(&folder)[0]).unwrap();
    let error = Journal::open(folder.path(), quiet()).unwrap_err().to_string();
    assert!(error.ends_with("is damaged: it is of another journal"), "{error}");
}

#[test]
fn a_damaged_record_is_reported_and_those_behind_it_are_read() {
    let folder = TempDir::new().unwrap();
    let journal = open(&folder, quiet());
    for text in ["one", "two", "three", "four"] {
        append(&journal, text.as_bytes());
    }
    journal.mark(0).unwrap();
    append(&journal, b"five");
    let path = &segments(&folder)[0];
    let good = fs::read(path).unwrap();
    let first = 64 + 48 + 3;
    for index in first..first + 51 {
        let mut bytes = good.clone();
        bytes[index] ^= 0x10;
        fs::write(path, bytes).unwrap();
        assert_eq!(all(&journal), "one ? three four | five", "byte {index}");
    }
    let mut reader = journal.reader(0, Position::segment(1)).unwrap();
    reader.next(NOW).unwrap();
    let second = reader.position();
    let end = Position { offset: second.offset + 51, ..second };
    assert_eq!(reader.next(NOW).unwrap(), Some(Item::Damaged(second..end)));
}

#[test]
fn what_looks_like_a_record_within_a_damaged_one_is_not_taken_for_one() {
    let (folder, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    // What a sender can know of a journal is how one looks, not the id of this one.
    append(&open(&other, quiet()), b"forged");
    let forged = fs::read(&segments(&other)[0]).unwrap()[64..].to_vec();
    let journal = open(&folder, quiet());
    append(&journal, &forged);
    append(&journal, b"two");
    journal.mark(0).unwrap();
    let path = &segments(&folder)[0];
    let mut bytes = fs::read(path).unwrap();
    bytes[64] ^= 1;
    fs::write(path, bytes).unwrap();
    assert_eq!(all(&journal), "? two |");
}

#[test]
fn a_segment_that_someone_removed_is_missing_and_counted() {
    let folder = TempDir::new().unwrap();
    let journal = open(&folder, quiet());
    for text in [b"a", b"b", b"c"] {
        append(&journal, text);
        journal.mark(0).unwrap();
    }
    fs::remove_file(&segments(&folder)[1]).unwrap();
    assert_eq!(all(&journal), "a | ! c |");
    assert_eq!((journal.counters().lost_segments, journal.counters().lost_records), (1, 1));
    drop(journal);
    let journal = open(&folder, quiet());
    assert_eq!(journal.recovery().missing, 1);
    assert_eq!(all(&journal), "a | ! c |");
}
