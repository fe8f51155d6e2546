//! The state of a decoder as bytes, whole or as what changed since the last time.
//!
//! All that rows, counters and later states depend on is in it: a decoder that restored it does what the one that saved
//! it would have done. The settings, the limits and the wanted fields are not: the new decoder has its own, and templates
//! are compiled for them. A state begins with four bytes that say the version of the form. Its numbers are in the order
//! in which they are written here; [`Saved`] says how.

mod codec;
mod log;

pub(crate) use codec::{Counts, Saved, load_bytes, save_bytes, saved, saved_counts};
pub(crate) use log::Log;

use crate::element::Cursor;
use crate::session::Loading;
use crate::waiting::Waiting;
use crate::{Counters, Decoder};

/// The name of the form and, in the last byte, its version.
const FORM: [u8; 4] = *b"FDS\x03";

/// What was saved last.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    age: u64,
    texts: usize,
}

/// Why a state is not restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateError {
    /// It is not a state of the version that this decoder writes.
    Version,
    /// It has the changes of another state than the one that the decoder has.
    Order,
    /// It is cut, contradicts itself, or does not fit the limits.
    Malformed,
}

impl std::fmt::Display for StateError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Version => "not a decoder state of this version",
            Self::Order => "the changes do not follow the state before them",
            Self::Malformed => "the decoder state is malformed",
        })
    }
}

impl std::error::Error for StateError {}

impl Decoder {
    /// The whole state. The same state has the same bytes.
    ///
    /// From the first save on the decoder remembers what changes, in 32 MiB at most, for [`Decoder::save_changes`].
    pub fn save(&mut self) -> Vec<u8> {
        self.write(None)
    }

    /// What changed since the last save, whole or of changes; the whole state where there was none.
    ///
    /// Sequence numbers and times are in it for the sessions that sent something, templates, names and sampling rates for
    /// those where they changed, texts that are new, what waits where that changed, and the events of firewalls and of
    /// cumulative counters, unless they are too many: then all their connections and flows.
    ///
    /// ```
    /// # use flowql_decode::{Decoder, Fields, Limits, Settings, StateError};
    /// # let new = || Decoder::new(Settings::default(), Limits::default(), Fields::all());
    /// let mut decoder = new();
    /// let mut states = vec![decoder.save()];
    /// decoder.tick(1_700_000_000_000_000_000);
    /// states.push(decoder.save_changes());
    /// let mut restored = new();
    /// for state in &states {
    ///     restored.restore(state)?;
    /// }
    /// assert_eq!(restored.save(), decoder.save());
    /// # Ok::<(), StateError>(())
    /// ```
    pub fn save_changes(&mut self) -> Vec<u8> {
        self.write(self.saved)
    }

    /// Takes over a whole state, in place of the decoder's own, or the changes that follow the state that it has: the whole
    /// first, then all changes in their order.
    ///
    /// # Errors
    ///
    /// The bytes are of another version, malformed, or changes of another state. The decoder is a new one then.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<(), StateError> {
        let restored = self.read(bytes);
        if restored.is_err() {
            self.reset();
        }
        restored
    }

    fn reset(&mut self) {
        *self = Self::new(self.settings.clone(), self.limits.clone(), self.needs.fields);
    }

    fn write(&mut self, since: Option<Mark>) -> Vec<u8> {
        let whole = since.is_none();
        let mut to = FORM.to_vec();
        (since.map(|mark| mark.age), self.age).save(&mut to);
        (self.clock, self.announced).save(&mut to);
        self.counters.save(&mut to);
        // Text 0 is always there.
        self.texts.save(since.map_or(1, |mark| mark.texts), &mut to);
        self.sessions.save(whole, &mut to);
        let waits = self.waiting.take_changed() || whole;
        waits.save(&mut to);
        if waits {
            self.waiting.save(&mut to);
        }
        self.connections.save(whole, &mut to);
        self.totals.save(whole, &mut to);
        self.saved = Some(Mark { age: self.age, texts: self.texts.count() });
        to
    }

    fn read(&mut self, bytes: &[u8]) -> Result<(), StateError> {
        let mut from = Cursor(bytes);
        if from.array() != Some(FORM) {
            return Err(StateError::Version);
        }
        let since: Option<u64> = Saved::load(&mut from).ok_or(StateError::Malformed)?;
        match since {
            None => self.reset(),
            Some(age) if age == self.age && self.saved.is_some_and(|mark| mark.age == age) => {}
            Some(_) => return Err(StateError::Order),
        }
        self.load(&mut from).filter(|()| from.0.is_empty()).ok_or(StateError::Malformed)
    }

    fn load(&mut self, from: &mut Cursor<'_>) -> Option<()> {
        self.age = Counts::load_counts(from)?;
        self.clock = Saved::load(from)?;
        self.announced = Counts::load_counts(from)?;
        self.counters = Counters::load(from)?;
        self.texts.load(from)?;
        let texts = u32::try_from(self.texts.count()).ok()?;
        let loading = Loading { needs: &self.needs, limits: &self.limits, texts };
        self.sessions.load(from, &loading)?;
        if bool::load(from)? {
            self.waiting = Waiting::load(from, &loading)?;
        }
        self.connections.load(from, self.limits.connections)?;
        self.totals.load(from, self.limits.totals)?;
        self.connections.record();
        self.totals.record();
        self.saved = Some(Mark { age: self.age, texts: self.texts.count() });
        Some(())
    }
}
