//! Reading the flows that a query selects, one after the other.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use flowql::{ColumnId, Schema};
use flowql_backend::{Error, FlowQuery, LAYER_2_BYTES, Unit};
use flowql_client::Progress;
use flowql_eval::json::{LONGEST, Reader};
use flowql_eval::{Evaluator, Lines, TooLong, Value};

/// The columns that every query reads.
const ALWAYS: [&str; 4] = ["TimeReceived", "Bytes", "Packets", "SamplingRate"];

/// How far a query is, and whether it is still wanted.
#[derive(Debug)]
pub(super) struct Work {
    rows: AtomicU64,
    bytes: AtomicU64,
    /// All that is to be read.
    total: u64,
    is_stopped: AtomicBool,
}

impl Work {
    pub(super) fn new(total: u64) -> Self {
        let is_stopped = AtomicBool::new(false);
        Self { rows: AtomicU64::new(0), bytes: AtomicU64::new(0), total, is_stopped }
    }

    /// Nobody waits for the query any more.
    pub(super) fn stop(&self) {
        self.is_stopped.store(true, Ordering::Relaxed);
    }

    pub(super) fn progress(&self) -> Progress {
        let (rows, bytes) = (self.rows.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed));
        let total = u128::from(rows) * u128::from(self.total) / u128::from(bytes.max(1));
        let rows_total = u64::try_from(total).unwrap_or(u64::MAX);
        Progress { rows_read: rows, bytes_read: bytes, rows_total }
    }
}

/// What is read of a file.
pub(super) struct Scan {
    path: PathBuf,
    evaluator: Evaluator,
    /// The first second that counts, and the first that does not any more.
    from: u64,
    to: u64,
    work: Arc<Work>,
}

/// A flow that is selected.
pub(super) struct Flow<'a> {
    row: &'a [Value],
    /// The places of the columns that are asked for.
    places: &'a [usize],
    always: &'a [usize; 4],
}

impl Flow<'_> {
    fn always(&self, index: usize) -> u64 {
        let value = self.always.get(index).and_then(|&place| self.row.get(place));
        // No column of them has more than 64 bits.
        value.map_or(0, |value| u64::try_from(value.number()).unwrap_or(u64::MAX))
    }

    /// When it was received, in seconds since 1970.
    pub(super) fn time(&self) -> u64 {
        self.always(0)
    }

    /// What it adds to a sum of the unit: as ClickHouse counts, which wraps.
    pub(super) fn volume(&self, unit: Unit) -> u64 {
        match unit {
            Unit::Bits => self.always(1).wrapping_mul(self.always(3)).wrapping_mul(8),
            Unit::L2Bits | Unit::InSpeed | Unit::OutSpeed => {
                let added = self.always(2).wrapping_mul(LAYER_2_BYTES);
                self.always(1).wrapping_add(added).wrapping_mul(self.always(3)).wrapping_mul(8)
            }
            Unit::Packets => self.always(2).wrapping_mul(self.always(3)),
            Unit::Flows => 1,
        }
    }

    /// The values of the columns that are asked for.
    pub(super) fn values(&self) -> Vec<Value> {
        self.places.iter().filter_map(|&place| self.row.get(place).cloned()).collect()
    }
}

impl Scan {
    pub(super) fn new(
        path: &Path,
        schema: &Schema,
        query: &FlowQuery,
        work: Arc<Work>,
    ) -> Result<Self, Error> {
        let evaluator = match &query.filter.typed {
            Some(filter) => {
                Evaluator::new(schema, filter).map_err(|error| Error::BadQuery(error.to_string()))?
            }
            None => Evaluator::everything(),
        };
        let range = query.seconds()?;
        let secs = |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        Ok(Self { path: path.to_owned(), evaluator, from: secs(range.from), to: secs(range.to), work })
    }

    /// The range in seconds since 1970.
    pub(super) fn range(&self) -> (u64, u64) {
        (self.from, self.to)
    }

    /// Gives each flow that is selected to `take`, with the values of these columns.
    pub(super) fn each(
        &self,
        schema: &Schema,
        columns: &[ColumnId],
        mut take: impl FnMut(&Flow<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let named = |name: &str| schema.find(name);
        let always: Vec<ColumnId> = ALWAYS.into_iter().filter_map(named).collect();
        let wanted: Vec<ColumnId> = columns.iter().chain(&always).copied().collect();
        let mut reader = Reader::with_columns(schema, &self.evaluator, &wanted);
        let place = |id: &ColumnId| reader.place(&schema.column(*id).name).unwrap_or_default();
        let places: Vec<usize> = columns.iter().map(place).collect();
        let always = ALWAYS.map(|name| reader.place(name).unwrap_or_default());
        let [time, ..] = always;

        let file = File::open(&self.path).map_err(|error| self.unreadable(&error))?;
        let (mut lines, mut row, mut number) = (Lines::new(file, LONGEST), Vec::new(), 0_u64);
        while let Some(line) = lines.next().map_err(|error| self.unreadable(&error))? {
            if self.work.is_stopped.load(Ordering::Relaxed) {
                return Err(Error::BadFlows("the query was given up".to_owned()));
            }
            number += 1;
            let bad =
                |message: String| Error::BadFlows(format!("{}:{number}: {message}", self.path.display()));
            let line = line.map_err(|TooLong| bad(format!("the line is longer than {LONGEST} bytes")))?;
            self.work.bytes.fetch_add(line.len() as u64 + 1, Ordering::Relaxed);
            let Some(text) = flowql_eval::json::text(line).map_err(bad)? else { continue };
            reader.read(text, &mut row).map_err(|error| bad(error.to_string()))?;
            self.work.rows.fetch_add(1, Ordering::Relaxed);
            if !reader.is_given(time) {
                return Err(bad("the flow has no `TimeReceived`".to_owned()));
            }
            let flow = Flow { row: &row, places: &places, always: &always };
            if (self.from..self.to).contains(&flow.time()) && self.evaluator.matches(&row) {
                take(&flow)?;
            }
        }
        Ok(())
    }

    fn unreadable(&self, error: &std::io::Error) -> Error {
        Error::BadFlows(format!("cannot read `{}`: {error}", self.path.display()))
    }
}
