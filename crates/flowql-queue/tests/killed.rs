//! A process that receives and writes is killed at random moments, many times: all that it said to be in the journal must
//! be in the database, once, and rows that were inserted twice must have been the same both times.
//!
//! `FLOWQL_KILL_ROUNDS` says how often (10 when left out), `FLOWQL_KILL_SEED` repeats a run.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use flowql_queue::{
    Content, Item, Journal, Note, Position, Queue, Record, Settings, State, Store, Transport,
};

const FOLDER: &str = "FLOWQL_KILL_FOLDER";
const FIRST: &str = "FLOWQL_KILL_FIRST";
const SEED: &str = "FLOWQL_KILL_SEED";
const PARTITIONS: u16 = 2;
/// The most records of a batch: what can be in the journal without having been said to be.
const BATCH: u64 = 100;
/// The bytes of a block beyond which a stretch ends.
const MOST: usize = 16 << 10;
const NAME: &str = "what_was_journalled_is_written_once_whenever_the_process_is_killed";

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

#[test]
fn what_was_journalled_is_written_once_whenever_the_process_is_killed() {
    if let Ok(folder) = std::env::var(FOLDER) {
        // This is the process that is killed.
        victim(Path::new(&folder)).unwrap();
        return;
    }
    let rounds = std::env::var("FLOWQL_KILL_ROUNDS").map_or(10, |rounds| rounds.parse().unwrap());
    let seed =
        std::env::var(SEED).map_or_else(|_| u64::from(std::process::id()), |seed| seed.parse().unwrap());
    println!("{SEED}={seed}");
    let mut random = Random(seed);
    let folder = tempfile::TempDir::new().unwrap();
    let mut said = Vec::new();
    let mut first = 0;
    for _ in 0..rounds {
        let life = Duration::from_micros(random.below(150_000));
        let numbers = live(folder.path(), first, random.next(), life);
        first = numbers.end + BATCH;
        said.push(numbers);
    }
    settle(folder.path()).unwrap();
    let written = written(folder.path());
    for number in said.iter().cloned().flatten() {
        assert_eq!(written.get(&number), Some(&1), "the times that {number} was written, of {said:?}");
    }
    let twice: Vec<_> = written.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
    let said = said.iter().map(|numbers| numbers.end - numbers.start).sum::<u64>();
    let unsaid = written.len() as u64 - said;
    assert!(unsaid <= rounds * BATCH, "{unsaid} more than was said");
    assert!(said > 0, "no process lived long enough to receive");
    println!("{rounds} rounds, {said} datagrams said to be in the journal, {unsaid} more in it");
}

/// Runs a process from its first datagram on, and kills it after a time. Gives what it said to be in the journal.
fn live(folder: &Path, first: u64, seed: u64, life: Duration) -> std::ops::Range<u64> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([NAME, "--exact", "--nocapture"])
        .env(FOLDER, folder)
        .env(FIRST, first.to_string())
        .env(SEED, seed.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = lines(&mut child);
    // The first line says that the journal is open: that it can be killed before is another moment to try.
    let ready = lines.recv_timeout(life).is_ok();
    if ready {
        let second = Journal::open(&folder.join("journal"), settings()).map(drop).unwrap_err().to_string();
        assert!(second.ends_with(&format!("is in use by process {}", child.id())), "{second}");
    }
    let until = Instant::now() + if ready { life } else { Duration::ZERO };
    let mut end = first;
    while let Ok(line) = lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
        end = line.parse().unwrap_or_else(|_| panic!("the process said {line}"));
    }
    child.kill().unwrap();
    let status = child.wait().unwrap();
    assert_eq!(status.code(), None, "it ended by itself");
    // What it said before it died.
    for line in lines {
        end = line.parse().unwrap_or(end);
    }
    first..end
}

fn lines(child: &mut Child) -> mpsc::Receiver<String> {
    let (send, lines) = mpsc::channel();
    let output = BufReader::new(child.stderr.take().unwrap());
    std::thread::spawn(move || {
        for line in output.lines().map_while(Result::ok) {
            if send.send(line).is_err() {
                break;
            }
        }
    });
    lines
}

fn settings() -> Settings {
    Settings {
        partitions: PARTITIONS,
        segment_bytes: 20_000,
        segment_age: Duration::from_millis(3),
        sync: Duration::from_millis(10),
        ..Settings::default()
    }
}

/// Receives numbered datagrams and writes them, until it is killed.
fn victim(folder: &Path) -> Outcome {
    let journal = Journal::open(&folder.join("journal"), settings())?;
    // 0 is not beyond what is known already.
    eprintln!("{}", std::env::var(FIRST)?);
    std::thread::scope(|scope| {
        for partition in 0..PARTITIONS {
            let journal = &journal;
            scope.spawn(move || {
                let mut writer = Writer::open(journal, folder, partition)?;
                loop {
                    writer.write(Duration::from_secs(1))?;
                }
                #[expect(unreachable_code, reason = "it says what `?` gives")]
                Outcome::Ok(())
            });
        }
        receive(&journal, std::env::var(FIRST)?.parse()?, std::env::var(SEED)?.parse()?)
    })
}

fn receive(journal: &Journal, mut next: u64, seed: u64) -> Outcome {
    let mut random = Random(seed);
    let mut batch = journal.batch();
    loop {
        for _ in 0..1 + random.below(BATCH) {
            let mut bytes = next.to_le_bytes().to_vec();
            bytes.resize(8 + usize::try_from(random.below(1400))?, 0xf1);
            let source = format!("192.0.2.{}:2055", random.below(256)).parse()?;
            let content = Content::Datagram(&bytes);
            let transport = Transport::Udp;
            batch.push(&Record { time: next, source, listener: 0, transport, connection: 0, content })?;
            next += 1;
        }
        journal.append(&mut batch)?;
        eprintln!("{next}");
    }
}

/// Writes what is left in the journal.
fn settle(folder: &Path) -> Outcome {
    let journal = Journal::open(&folder.join("journal"), settings())?;
    assert_eq!(journal.recovery().damaged + journal.recovery().missing, 0, "{:?}", journal.recovery());
    for partition in 0..PARTITIONS {
        journal.mark(partition)?;
        let mut writer = Writer::open(&journal, folder, partition)?;
        while writer.write(Duration::ZERO)? {}
    }
    Ok(())
}

/// The numbers in the database, and how often each is.
fn written(folder: &Path) -> HashMap<u64, usize> {
    let mut written = HashMap::new();
    for partition in 0..PARTITIONS {
        let mut rows = Vec::new();
        for entry in fs::read_dir(database(folder, partition)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none() {
                let bytes = fs::read(&path).unwrap();
                rows.extend(bytes.chunks_exact(16).map(|row| {
                    let (ordinal, number) = row.split_at(8);
                    (number_of(ordinal), number_of(number))
                }));
            }
        }
        rows.sort_unstable();
        for ((ordinal, number), expected) in rows.into_iter().zip(0..) {
            assert_eq!(ordinal, expected, "the state of the decoder went astray at {number}");
            *written.entry(number).or_default() += 1;
        }
    }
    written
}

fn number_of(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes.first_chunk().copied().unwrap())
}

fn database(folder: &Path, partition: u16) -> PathBuf {
    folder.join(format!("database-{partition}"))
}

/// Writes a partition as a collector does. Its database stores a block once for each token; the state of its decoder is
/// the number of rows so far.
struct Writer<'a> {
    journal: &'a Journal,
    partition: u16,
    database: PathBuf,
    store: Box<dyn Store>,
    rows: u64,
}

impl<'a> Writer<'a> {
    fn open(
        journal: &'a Journal,
        folder: &Path,
        partition: u16,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let database = database(folder, partition);
        fs::create_dir_all(&database)?;
        let store = journal.store(partition)?;
        let mut writer = Self { journal, partition, database, store, rows: 0 };
        let Some(note) = writer.store.saved().note.clone() else { return Ok(writer) };
        // What was noted last is decoded again: for its rows, if they may be missing, and for the state behind it.
        let state = writer.store.state()?;
        writer.rows = state.iter().map(|piece| number_of(piece)).sum();
        assert_eq!(note.context, writer.rows.to_le_bytes(), "the state is that of another note");
        let acknowledged = writer.store.saved().unacknowledged().is_none();
        let (end, block) = writer.decode(note.stretch.start, Some(note.stretch.end), Duration::ZERO)?;
        assert_eq!(end, note.stretch.end);
        writer.insert(&note, &block)?;
        if !acknowledged {
            writer.store.acknowledge(end)?;
        }
        Ok(writer)
    }

    /// Writes the next stretch. Gives whether there was one within the time.
    fn write(&mut self, wait: Duration) -> Result<bool, Box<dyn Error + Send + Sync>> {
        let start = self.store.saved().position;
        let before = self.rows;
        let (end, block) = self.decode(start, None, wait)?;
        if end <= start {
            self.rows = before;
            return Ok(false);
        }
        let note = Note { stretch: start..end, context: before.to_le_bytes().to_vec() };
        let saved: u64 = self.store.state()?.iter().map(|piece| number_of(piece)).sum();
        let change = (before - saved).to_le_bytes();
        let state = match before % 3 {
            0 => State::Full(&before.to_le_bytes()),
            _ if change == [0; 8] => State::Same,
            _ => State::Change(&change),
        };
        self.store.note(note.clone(), state)?;
        self.insert(&note, &block)?;
        self.store.acknowledge(end)?;
        Ok(true)
    }

    /// The rows from a position on, to an end, or of whole segments as long as there are more. Gives the end and the
    /// rows.
    fn decode(
        &mut self,
        start: Position,
        end: Option<Position>,
        wait: Duration,
    ) -> Result<(Position, Vec<u8>), Box<dyn Error + Send + Sync>> {
        let mut reader = self.journal.reader(self.partition, start)?;
        let mut block = Vec::new();
        let mut whole = (start, block.len());
        let mut wait = wait;
        while let Some(item) = reader.next(wait)? {
            match item {
                Item::Record(_, Record { content: Content::Datagram(bytes), .. }) => {
                    block.extend(self.rows.to_le_bytes());
                    block.extend(&bytes[..8]);
                    self.rows += 1;
                }
                Item::End { next, .. } => {
                    whole = (next, block.len());
                    wait = Duration::ZERO;
                    if end.is_some_and(|end| next >= end) || block.len() > MOST {
                        break;
                    }
                }
                Item::Missing(range) if range.start == Position::START => {}
                other => return Err(format!("found {other:?}").into()),
            }
        }
        let (end, length) = whole;
        self.rows -= (block.len() - length) as u64 / 16;
        block.truncate(length);
        Ok((end, block))
    }

    fn insert(&self, note: &Note, block: &[u8]) -> Outcome {
        let token = format!("{}-{}-{}", self.journal.id(), note.stretch.start, note.stretch.end);
        let path = self.database.join(&token);
        if path.exists() {
            assert_eq!(fs::read(path)?, block, "another block under the token {token}");
            return Ok(());
        }
        let new = path.with_extension("new");
        fs::write(&new, block)?;
        Ok(fs::rename(new, path)?)
    }
}

/// Numbers that look random (xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.max(1);
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}
