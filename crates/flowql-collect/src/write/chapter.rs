//! Several stretches whose rows are summed up together.
//!
//! The sums of a chapter go to the database in one block, under a token of the chapter. It ends with a stretch, whose note
//! says so: after some seconds, when there are many groups, and where an interval of the finest table ends. Until then its
//! segments stay in the queue, with what the decoder remembered at its start, so that a crash leaves all that it takes to
//! make it again. Where nothing is summed up, each stretch is a chapter.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use flowql_decode::LimitState;
use flowql_queue::{Position, State};
use serde::{Deserialize, Serialize};

use super::plan::Plan;
use super::state::{self, Saved};
use super::stretch::Decoding;

/// A chapter with so many groups ends.
pub(crate) const MOST_GROUPS: usize = 200_000;

/// A chapter that ends with a long stretch is stored in parts of so many rows of it.
pub(crate) const PART_ROWS: u64 = 400_000;

/// A chapter that is being made.
#[derive(Debug)]
pub(crate) struct Chapter {
    pub(crate) start: Position,
    /// What the decoder remembered at the start; `None` where the store has it.
    state: Option<Saved>,
    /// The earliest position that is needed to make it again.
    keep: Position,
    /// What rate limits remembered at the start.
    limits: LimitState,
    /// When its first stretch ended, and in which interval that was.
    begun: Option<(Instant, u64)>,
}

impl Chapter {
    /// One that begins here, with what the decoder remembers.
    pub(crate) fn new(start: Position, decoding: &mut Decoding) -> Self {
        let state = Some(decoding.save());
        Self { state, ..Self::noted(start, decoding) }
    }

    /// One that was noted, at the start of which the decoder is.
    pub(crate) fn noted(start: Position, decoding: &Decoding) -> Self {
        let limits = decoding.limit_state();
        let waits = decoding.decoder.waits_from().map(state::unpack);
        let keep = waits.map_or(start, |waits| waits.min(start));
        Self { start, state: None, keep, limits, begun: None }
    }

    /// The earliest position that is needed as long as it is not stored.
    pub(crate) const fn keep(&self) -> Position {
        self.keep
    }

    /// The state at its start, for a note.
    pub(crate) fn state(&self) -> State<'_> {
        self.state.as_ref().map_or(State::Same, Saved::state)
    }

    /// The store has the state.
    pub(crate) fn is_noted(&mut self) {
        self.state = None;
    }

    /// A stretch of it ended.
    pub(crate) fn count(&mut self, plan: &Plan) {
        self.begun.get_or_insert_with(|| (Instant::now(), interval_of_now(plan)));
    }

    /// Whether stretches of it ended, so that there is something to store, or to let go of.
    pub(crate) const fn is_begun(&self) -> bool {
        self.begun.is_some()
    }

    /// Whether it is to end with the stretch that is to be noted.
    pub(crate) fn is_due(&self, plan: &Plan, groups: usize) -> bool {
        let is_old = |(begun, interval): (Instant, u64)| {
            begun.elapsed() >= Duration::from_secs(plan.flush) || interval != interval_of_now(plan)
        };
        plan.sums.is_empty() || groups >= MOST_GROUPS || self.begun.is_some_and(is_old)
    }
}

/// The number of the interval of the finest table.
fn interval_of_now(plan: &Plan) -> u64 {
    let interval = plan.sums.first().map_or(1, |sums| sums.interval);
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / u64::from(interval.max(1))
}

/// What is noted of a stretch, beside its bounds.
#[derive(Serialize)]
struct Noting<'n> {
    #[serde(flatten)]
    plan: &'n Plan,
    /// Where its chapter begins.
    chapter: (u64, u64),
    /// Whether the chapter ends with it.
    ends: bool,
    /// What rate limits remembered at the start of the chapter.
    limits: &'n LimitState,
}

/// The same, as it is read.
#[derive(Debug, Deserialize)]
pub(crate) struct Noted {
    #[serde(flatten)]
    pub(crate) plan: Plan,
    chapter: Option<(u64, u64)>,
    #[serde(default = "yes")]
    pub(crate) ends: bool,
    #[serde(default)]
    pub(crate) limits: LimitState,
}

/// Notes of earlier versions are of chapters of one stretch.
const fn yes() -> bool {
    true
}

impl Noted {
    /// The bytes of a note.
    pub(crate) fn bytes(plan: &Plan, chapter: &Chapter, ends: bool) -> Vec<u8> {
        let (limits, chapter) = (&chapter.limits, (chapter.start.segment, chapter.start.offset));
        serde_json::to_vec(&Noting { plan, chapter, ends, limits }).unwrap_or_default()
    }

    /// What was noted; `None` for what no version of this program wrote that is known to this one.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    /// Where the chapter of a stretch begins that begins here.
    pub(crate) fn chapter(&self, stretch: Position) -> Position {
        let noted = self.chapter.map(|(segment, offset)| Position { segment, offset });
        noted.map_or(stretch, |chapter| chapter.min(stretch))
    }
}
