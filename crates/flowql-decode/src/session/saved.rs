//! Sessions as bytes: what is new, what was learned, and what each datagram changes, each on its own.

use std::sync::Arc;

use super::{Key, Known, Session, Sessions};
use crate::element::Cursor;
use crate::facts::Facts;
use crate::plan::Needs;
use crate::state::{Counts, Saved, load_bytes, save_bytes, saved};
use crate::template::{Announcement, Template};
use crate::{Limits, Protocol};

saved!(Key { source, protocol, domain });

/// What of a session is other than at the last save.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    /// It began.
    pub(super) is_new: bool,
    /// A template or a fact came, changed or went.
    pub(super) is_taught: bool,
    /// A datagram of it came.
    pub(super) is_touched: bool,
}

impl Changes {
    /// A session that was not there.
    pub(super) const ALL: Self = Self { is_new: true, is_taught: true, is_touched: true };
}

saved!(Changes { is_new, is_taught, is_touched });

/// What loading needs to know of the decoder.
pub(crate) struct Loading<'d> {
    pub(crate) needs: &'d Needs,
    pub(crate) limits: &'d Limits,
    /// How many texts there are.
    pub(crate) texts: u32,
}

impl Loading<'_> {
    /// Compiles a template once more, of its number and the words after it.
    pub(crate) fn template(
        &self,
        protocol: Protocol,
        id: u16,
        options: bool,
        raw: &[u8],
    ) -> Option<Template> {
        let sent = [&id.to_be_bytes(), raw].concat();
        let mut cursor = Cursor(&sent);
        let Announcement::Layout(layout) = protocol.announcement(options, &mut cursor)?.ok()? else {
            return None;
        };
        let is_whole = cursor.0.is_empty();
        Template::new(layout, protocol, self.needs, self.limits).ok().filter(|_| is_whole)
    }
}

impl Sessions {
    /// Saves what changed since the last save, or all of it.
    pub(crate) fn save(&mut self, whole: bool, to: &mut Vec<u8>) {
        let Self { slots, free, places: _, exporters: _, last: _, serial, swept } = self;
        (*serial, *swept).save(to);
        free.save(to);
        let changed = slots.iter_mut().enumerate().filter_map(|(place, slot)| {
            let session = slot.as_mut()?;
            let changes = session.take_changes();
            let changes = if whole { Changes::ALL } else { changes };
            (changes != Changes::default()).then_some((place, changes, &*session))
        });
        let changed: Vec<(usize, Changes, &Session)> = changed.collect();
        changed.len().save(to);
        for (place, changes, session) in changed {
            (place, changes).save(to);
            session.save(changes, to);
        }
    }

    /// Takes what was saved.
    pub(crate) fn load(&mut self, from: &mut Cursor<'_>, loading: &Loading<'_>) -> Option<()> {
        self.serial = Counts::load_counts(from)?;
        self.swept = Saved::load(from)?;
        self.free = Saved::load(from)?;
        for &place in &self.free {
            if let Some(slot) = self.slots.get_mut(place) {
                *slot = None;
            }
        }
        for _ in 0..usize::load(from)? {
            let (place, changes) = Saved::load(from)?;
            self.load_session(place, changes, from, loading)?;
        }
        self.find_places()
    }

    fn load_session(
        &mut self,
        place: usize,
        changes: Changes,
        from: &mut Cursor<'_>,
        loading: &Loading<'_>,
    ) -> Option<()> {
        if changes.is_new {
            let serial = u64::load_counts(from).filter(|&serial| serial <= self.serial)?;
            let session = Session { serial, ..Session::new(Saved::load(from)?, loading.limits, 0) };
            // Places that are free lie between those that are not.
            if place > self.slots.len() + self.free.len() {
                return None;
            }
            if self.slots.len() <= place {
                self.slots.resize_with(place + 1, || None);
            }
            *self.slots.get_mut(place)? = Some(session);
        }
        self.at(place)?.load(changes, from, loading)
    }

    /// Finds again which sessions there are; `None` unless every place is either free or taken, and no session is there
    /// twice.
    fn find_places(&mut self) -> Option<()> {
        let all = self.slots.iter().enumerate();
        let mut taken: Vec<(u64, Key, usize)> = all
            .filter_map(|(place, slot)| slot.as_ref().map(|slot| (slot.serial, slot.key, place)))
            .collect();
        let count = taken.len() + self.free.len();
        if count < self.slots.len() {
            return None;
        }
        self.slots.resize_with(count, || None);
        let mut free = self.free.clone();
        free.sort_unstable();
        free.dedup();
        let are_free = free.iter().all(|&place| self.slots.get(place).is_some_and(Option::is_none));
        // Those of an exporter are in the order in which they came.
        taken.sort_unstable_by_key(|(serial, ..)| *serial);
        self.last = None;
        self.places = taken.iter().map(|&(_, key, place)| (key, place)).collect();
        self.exporters.clear();
        for &(_, key, place) in &taken {
            self.exporters.entry(key.source.address.ip()).or_default().push(place);
        }
        (are_free && free.len() == self.free.len() && self.places.len() == taken.len()).then_some(())
    }
}

impl Session {
    /// What is other than the last time.
    fn take_changes(&mut self) -> Changes {
        let changes = std::mem::take(&mut self.changes);
        let is_taught = self.facts.take_changed() || changes.is_taught;
        Changes { is_taught, ..changes }
    }

    fn save(&self, changes: Changes, to: &mut Vec<u8>) {
        let Self {
            key,
            templates,
            last: _,
            facts,
            sequence,
            agent,
            borrowed,
            tally: _,
            serial,
            first,
            samples,
            seen,
            ..
        } = self;
        let mut known: Vec<(&u16, &Known)> = templates.iter().collect();
        known.sort_unstable_by_key(|(id, _)| **id);
        if changes.is_new {
            serial.save(to);
            key.save(to);
        }
        if changes.is_taught {
            known.len().save(to);
            for (id, known) in &known {
                (**id, known.template.scopes().is_some()).save(to);
                save_bytes(known.template.raw(), to);
            }
            facts.save(to);
        }
        if changes.is_touched || changes.is_taught {
            (*seen, *first, *agent, *borrowed).save(to);
            sequence.save(to);
            samples.save(to);
            known.iter().for_each(|(_, known)| (known.seen, known.refresh, known.order).save(to));
        }
    }

    fn load(&mut self, changes: Changes, from: &mut Cursor<'_>, loading: &Loading<'_>) -> Option<()> {
        if changes.is_taught {
            self.templates.clear();
            self.last = None;
            for _ in 0..usize::load(from)? {
                let template = Arc::new(self.load_template(from, loading)?);
                self.announce(template, 0, 0);
            }
            self.facts = Facts::load(from, loading.limits.facts, loading.texts)?;
        }
        if changes.is_touched || changes.is_taught {
            (self.seen, self.first, self.agent, self.borrowed) = Saved::load(from)?;
            self.sequence = Saved::load(from)?;
            self.samples = Saved::load(from)?;
            self.last = None;
            let mut known: Vec<(&u16, &mut Known)> = self.templates.iter_mut().collect();
            known.sort_unstable_by_key(|(id, _)| **id);
            for (_, known) in known {
                (known.seen, known.refresh) = Saved::load(from)?;
                known.order = Counts::load_counts(from)?;
            }
        }
        self.changes = Changes::default();
        Some(())
    }

    fn load_template(&self, from: &mut Cursor<'_>, loading: &Loading<'_>) -> Option<Template> {
        let (id, options): (u16, bool) = Saved::load(from)?;
        let raw = load_bytes(from)?;
        let template = loading.template(self.key.protocol, id, options, raw)?;
        (!self.templates.contains_key(&id)).then_some(template)
    }
}
