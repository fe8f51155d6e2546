//! What is remembered of exporters: sessions and their templates.

mod saved;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use crate::facts::Facts;
use crate::sampling::Alternation;
use crate::sequence::Sequence;
use crate::skipped::Extras;
use crate::template::Template;
use crate::{Limits, Protocol, Source, Tally, sflow};
use saved::Changes;
pub(crate) use saved::Loading;

/// Who sends a session: the source address, port, listener and connection, the protocol and the observation domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) source: Source,
    pub(crate) protocol: Protocol,
    pub(crate) domain: u32,
}

/// What is remembered of a session.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) key: Key,
    templates: HashMap<u16, Known>,
    /// The template of the last set: most sets have the same.
    last: Option<(u16, Arc<Template>, u64)>,
    pub(crate) facts: Facts,
    /// What it sends that becomes no column.
    pub(crate) extras: Extras,
    pub(crate) sequence: Sequence,
    /// The address that the exporter gives itself (elements 130 and 131).
    pub(crate) agent: Option<[u8; 16]>,
    /// Whether a template of another port was used.
    pub(crate) borrowed: bool,
    /// A number that no other session has.
    pub(crate) serial: u64,
    /// When its first datagram was sent, in milliseconds since 1970 by its own clock.
    pub(crate) first: Option<u64>,
    /// What an sFlow agent is remembered by.
    pub(crate) samples: Option<Box<sflow::Session>>,
    /// What became of it, for its status.
    pub(crate) tally: Tally,
    /// The sampling rates of its headers.
    pub(crate) headers: Alternation,
    /// When its last valid datagram was received.
    seen: u64,
    /// What of it is other than at the last save.
    changes: Changes,
}

#[derive(Debug)]
struct Known {
    template: Arc<Template>,
    seen: u64,
    /// The longest time between two announcements.
    refresh: u64,
    /// Which of all announcements it was: later ones have higher numbers.
    order: u64,
}

impl Session {
    fn new(key: Key, limits: &Limits, now: u64) -> Self {
        Self {
            key,
            templates: HashMap::new(),
            last: None,
            facts: Facts::new(limits.facts),
            extras: Extras::default(),
            sequence: Sequence::default(),
            agent: None,
            borrowed: false,
            samples: None,
            tally: Tally::default(),
            headers: Alternation::default(),
            serial: 0,
            first: None,
            seen: now,
            changes: Changes::ALL,
        }
    }

    /// The template of a number, unless it expired.
    pub(crate) fn template(&mut self, id: u16, now: u64, limits: &Limits) -> Option<Arc<Template>> {
        if let Some((last, template, until)) = &self.last
            && *last == id
            && now < *until
        {
            return Some(template.clone());
        }
        let known = self.templates.get(&id)?;
        let until = known.until(&self.key, limits);
        if now >= until {
            return None;
        }
        self.last = Some((id, known.template.clone(), until));
        Some(known.template.clone())
    }

    /// Whether a template was announced with the same words before; that it was announced again is noted.
    pub(crate) fn refresh(
        &mut self,
        id: u16,
        now: u64,
        order: u64,
        is_same: impl Fn(&Template) -> bool,
    ) -> bool {
        self.last = None;
        let Some(known) = self.templates.get_mut(&id).filter(|known| is_same(&known.template)) else {
            return false;
        };
        known.refresh = known.refresh.max(now.saturating_sub(known.seen));
        (known.seen, known.order) = (known.seen.max(now), order);
        true
    }

    /// Whether a template of a number was announced before.
    pub(crate) fn has_template(&self, id: u16) -> bool {
        self.templates.contains_key(&id)
    }

    /// Whether one more template may be kept.
    pub(crate) fn has_room(&self, id: u16, limits: &Limits) -> bool {
        self.templates.len() < limits.templates || self.templates.contains_key(&id)
    }

    /// Keeps a template that is new or changed.
    pub(crate) fn announce(&mut self, template: Arc<Template>, now: u64, order: u64) {
        let refresh = self.templates.get(&template.id()).map_or(0, |known| known.refresh);
        self.last = None;
        self.changes.is_taught = true;
        self.extras.announce(&template);
        self.templates.insert(template.id(), Known { template, seen: now, refresh, order });
    }

    /// Forgets a template, or all of a kind.
    pub(crate) fn withdraw(&mut self, id: u16, options: bool) {
        self.last = None;
        self.changes.is_taught = true;
        if id < 256 {
            self.templates.retain(|_, known| known.template.scopes().is_some() != options);
        } else {
            self.templates.remove(&id);
        }
    }

    /// What its sequence numbers say.
    pub(crate) fn sequence(&self) -> Sequence {
        match &self.samples {
            None => self.sequence,
            Some(samples) => {
                Sequence::counted(samples.loss.datagrams, samples.loss.restarts, samples.loss.late)
            }
        }
    }

    /// How many templates it has.
    pub(crate) fn templates(&self) -> usize {
        self.templates.len()
    }
}

impl Known {
    /// When it expires: after three times its longest refresh. Templates of connections live as long as these do.
    fn until(&self, key: &Key, limits: &Limits) -> u64 {
        match key.source.transport {
            crate::Transport::Udp => {
                let least = u64::try_from(limits.template_life.as_nanos()).unwrap_or(u64::MAX);
                self.seen.saturating_add(self.refresh.saturating_mul(3).max(least))
            }
            crate::Transport::Connection(_) => u64::MAX,
        }
    }
}

/// The sessions of all exporters.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    slots: Vec<Option<Session>>,
    free: Vec<usize>,
    places: HashMap<Key, usize>,
    /// The places of the sessions of each exporter.
    exporters: HashMap<IpAddr, Vec<usize>>,
    /// The last session that was asked for.
    last: Option<(Key, usize)>,
    /// How many there ever were.
    serial: u64,
    /// When exporters were last looked through for idle ones.
    swept: u64,
}

/// Exporters are looked through for idle ones at most this often, in nanoseconds.
const SWEEP: u64 = 1_000_000_000;

impl Sessions {
    /// The place of a session, made where there is none yet; `None` where there may be no more.
    pub(crate) fn open(&mut self, key: Key, is_configured: bool, limits: &Limits, now: u64) -> Option<usize> {
        let found = match self.last {
            Some((last, place)) if last == key => Some(place),
            _ => self.places.get(&key).copied(),
        };
        let place = match found {
            Some(place) => place,
            None => self.insert(key, is_configured, limits, now)?,
        };
        self.last = Some((key, place));
        if let Some(session) = self.at(place) {
            session.seen = session.seen.max(now);
            session.changes.is_touched = true;
        }
        Some(place)
    }

    /// The session at a place.
    pub(crate) fn at(&mut self, place: usize) -> Option<&mut Session> {
        self.slots.get_mut(place)?.as_mut()
    }

    fn insert(&mut self, key: Key, is_configured: bool, limits: &Limits, now: u64) -> Option<usize> {
        let address = key.source.address.ip();
        let sessions = self.exporters.get(&address).map(Vec::len);
        if sessions.is_none() && self.exporters.len() >= limits.exporters && !is_configured {
            self.sweep(limits, now);
            if self.exporters.len() >= limits.exporters {
                return None;
            }
        }
        if sessions.is_some_and(|sessions| sessions >= limits.sessions) {
            self.evict(address, limits, now)?;
        }
        self.serial += 1;
        let session = Some(Session { serial: self.serial, ..Session::new(key, limits, now) });
        let place = match self.free.pop() {
            Some(place) => place,
            None => {
                self.slots.push(None);
                self.slots.len() - 1
            }
        };
        if let Some(slot) = self.slots.get_mut(place) {
            *slot = session;
        }
        self.places.insert(key, place);
        self.exporters.entry(address).or_default().push(place);
        Some(place)
    }

    /// Removes an idle session of an exporter, to make room for another.
    fn evict(&mut self, address: IpAddr, limits: &Limits, now: u64) -> Option<()> {
        let places = self.exporters.get(&address)?;
        let idle = places.iter().copied().filter(|&place| self.is_idle(place, limits, now));
        let oldest = idle.min_by_key(|&place| self.seen(place))?;
        self.remove(oldest);
        Some(())
    }

    /// Removes the exporters all of whose sessions are idle.
    fn sweep(&mut self, limits: &Limits, now: u64) {
        if now < self.swept.saturating_add(SWEEP) {
            return;
        }
        self.swept = now;
        let idle = |places: &Vec<usize>| places.iter().all(|&place| self.is_idle(place, limits, now));
        let idle = self.exporters.values().filter(|places| idle(places)).flatten();
        let mut idle: Vec<usize> = idle.copied().collect();
        // A map has them in an order of its own, which no state may depend on.
        idle.sort_unstable();
        idle.into_iter().for_each(|place| self.remove(place));
    }

    /// Forgets the sessions of a connection that was closed.
    pub(crate) fn close(&mut self, source: Source) {
        let Some(places) = self.exporters.get(&source.address.ip()) else { return };
        let of_connection = |place: &usize| {
            self.slots
                .get(*place)
                .and_then(Option::as_ref)
                .is_some_and(|session| session.key.source == source)
        };
        let places: Vec<usize> = places.iter().copied().filter(of_connection).collect();
        places.into_iter().for_each(|place| self.remove(place));
    }

    fn remove(&mut self, place: usize) {
        self.last = None;
        let Some(session) = self.slots.get_mut(place).and_then(Option::take) else { return };
        self.free.push(place);
        self.places.remove(&session.key);
        let address = session.key.source.address.ip();
        if let Some(places) = self.exporters.get_mut(&address) {
            places.retain(|&other| other != place);
            if places.is_empty() {
                self.exporters.remove(&address);
            }
        }
    }

    fn seen(&self, place: usize) -> u64 {
        self.slots.get(place).and_then(Option::as_ref).map_or(0, |session| session.seen)
    }

    fn is_idle(&self, place: usize, limits: &Limits, now: u64) -> bool {
        let idle = u64::try_from(limits.idle.as_nanos()).unwrap_or(u64::MAX);
        self.seen(place).saturating_add(idle) <= now
    }

    /// The newest template of a number that the same exporter and domain announced from another port.
    pub(crate) fn borrow(&self, key: &Key, id: u16, now: u64, limits: &Limits) -> Option<Arc<Template>> {
        let places = self.exporters.get(&key.source.address.ip())?;
        let others = places.iter().filter_map(|&place| self.slots.get(place)?.as_ref());
        let same =
            others.filter(|other| other.key.protocol == key.protocol && other.key.domain == key.domain);
        let known = same.filter_map(|other| {
            let known = other.templates.get(&id)?;
            (now < known.until(&other.key, limits)).then_some(known)
        });
        known.max_by_key(|known| known.order).map(|known| known.template.clone())
    }

    /// Every session.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Session> {
        self.slots.iter().flatten()
    }

    /// Notes, for all ports of an exporter's domain, that the options of a sampler did not come in time.
    pub(crate) fn give_up(&mut self, address: IpAddr, protocol: Protocol, domain: u32, sampler: u64) {
        for place in self.exporters.get(&address).cloned().unwrap_or_default() {
            let session = self
                .at(place)
                .filter(|session| (session.key.protocol, session.key.domain) == (protocol, domain));
            if let Some(session) = session {
                session.facts.give_up(sampler);
            }
        }
    }
}
