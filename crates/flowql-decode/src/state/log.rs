//! What happened to a large part of the state since it was saved, so that not all of it is written again.

use super::{Saved, load_bytes, save_bytes};
use crate::element::Cursor;

/// Events in the order in which they happened, as bytes.
#[derive(Debug, Default)]
pub(crate) struct Log {
    kept: Kept,
}

#[derive(Debug, Default)]
enum Kept {
    /// Nothing was saved yet, so that nothing is told apart.
    #[default]
    Nothing,
    /// All events since.
    Events(Vec<u8>),
    /// There were too many: the whole is written again.
    TooMany,
}

/// Beyond so many bytes the whole is written again.
const MOST: usize = 16 << 20;

impl Log {
    /// Appends an event.
    pub(crate) fn note(&mut self, event: impl FnOnce(&mut Vec<u8>)) {
        if let Kept::Events(events) = &mut self.kept {
            event(events);
            if events.len() > MOST {
                self.kept = Kept::TooMany;
            }
        }
    }

    /// Saves the events since the last save, unless the whole is wanted or they are not known: then it gives `true`, and
    /// the whole is to follow.
    pub(crate) fn save(&mut self, whole: bool, to: &mut Vec<u8>) -> bool {
        let events = self.take().filter(|_| !whole);
        events.is_none().save(to);
        match events {
            Some(events) => save_bytes(&events, to),
            None => return true,
        }
        false
    }

    /// Takes saved events one by one; `true` where the whole follows instead.
    pub(crate) fn load<T: Saved>(from: &mut Cursor<'_>, mut take: impl FnMut(T)) -> Option<bool> {
        if bool::load(from)? {
            return Some(true);
        }
        let mut events = Cursor(load_bytes(from)?);
        while !events.0.is_empty() {
            take(T::load(&mut events)?);
        }
        Some(false)
    }

    /// Begins a new log.
    pub(crate) fn begin(&mut self) {
        self.kept = Kept::Events(Vec::new());
    }

    /// The events since the last time; `None` where they are not known. A new log begins.
    fn take(&mut self) -> Option<Vec<u8>> {
        match std::mem::replace(&mut self.kept, Kept::Events(Vec::new())) {
            Kept::Events(events) => Some(events),
            Kept::Nothing | Kept::TooMany => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_events_are_not_kept() {
        let mut log = Log::default();
        log.note(|events| events.push(1));
        assert_eq!(log.take(), None, "nothing was saved before");
        log.note(|events| events.push(2));
        log.note(|events| events.push(3));
        assert_eq!(log.take(), Some(vec![2, 3]));
        log.note(|events| events.resize(MOST + 1, 0));
        log.note(|events| events.push(4));
        assert_eq!(log.take(), None);
        assert_eq!(log.take(), Some(Vec::new()));
    }
}
