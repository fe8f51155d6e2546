//! What waits as bytes: its templates, each once, then the sets with the places of theirs in that list.

use std::collections::HashMap;
use std::sync::Arc;

use super::{ENTRY, Need, Set, Ticket, Waiting, What};
use crate::Protocol;
use crate::element::Cursor;
use crate::session::Loading;
use crate::state::{Saved, load_bytes, save_bytes, saved};
use crate::template::Template;

saved!(Need { address, protocol, domain, what });

impl Saved for What {
    fn save(&self, to: &mut Vec<u8>) {
        match self {
            Self::Template(id) => (false, *id).save(to),
            Self::Sampler(id) => (true, *id).save(to),
        }
    }

    fn load(from: &mut Cursor<'_>) -> Option<Self> {
        match bool::load(from)? {
            false => u16::load(from).map(Self::Template),
            true => u64::load(from).map(Self::Sampler),
        }
    }
}

/// The position and the offset of a ticket, and the place of its template.
type SavedTicket = (u64, usize, Option<usize>);
/// A ticket, the deadline and the bytes of its set.
type SavedSet = (SavedTicket, u64, usize);

/// What no two templates have in common unless they mean the same.
type Words<'t> = (Protocol, u16, &'t [u8]);

fn words(template: &Template) -> Words<'_> {
    (template.protocol(), template.id(), template.raw())
}

impl Waiting {
    pub(crate) fn save(&self, to: &mut Vec<u8>) {
        let Self { sets, next, bytes: _, count: _, ready, changed: _ } = self;
        let tickets = sets.values().flatten().map(|set| &set.ticket).chain(ready);
        let mut templates: Vec<Words<'_>> =
            tickets.filter_map(|ticket| ticket.template.as_deref()).map(words).collect();
        templates.sort_unstable();
        templates.dedup();
        let place = |template: &Arc<Template>| templates.binary_search(&words(template)).ok();
        let ticket = |ticket: &Ticket| -> SavedTicket {
            (ticket.position, ticket.offset, ticket.template.as_ref().and_then(place))
        };
        let set = |set: &Set| -> SavedSet { (ticket(&set.ticket), set.deadline, set.bytes) };
        templates.len().save(to);
        for &(protocol, id, raw) in &templates {
            (protocol, id).save(to);
            save_bytes(raw, to);
        }
        let sets: HashMap<Need, Vec<SavedSet>> =
            sets.iter().map(|(need, sets)| (*need, sets.iter().map(set).collect())).collect();
        sets.save(to);
        next.save(to);
        ready.iter().map(ticket).collect::<Vec<_>>().save(to);
    }

    pub(crate) fn load(from: &mut Cursor<'_>, loading: &Loading<'_>) -> Option<Self> {
        let mut templates = Vec::new();
        for _ in 0..usize::load(from)? {
            let (protocol, id) = Saved::load(from)?;
            templates.push(Arc::new(loading.template(protocol, id, false, load_bytes(from)?)?));
        }
        let ticket = |(position, offset, place): SavedTicket| {
            let template = match place {
                Some(place) => Some(templates.get(place)?.clone()),
                None => None,
            };
            Some(Ticket { position, offset, template })
        };
        let set = |(saved, deadline, bytes): SavedSet| {
            // No set is longer than its datagram, and neither is a template.
            let is_possible = (ENTRY..=2 * usize::from(u16::MAX)).contains(&bytes);
            Some(Set { ticket: ticket(saved)?, deadline, bytes }).filter(|_| is_possible)
        };
        let saved: HashMap<Need, Vec<SavedSet>> = Saved::load(from)?;
        let sets = saved
            .into_iter()
            .map(|(need, sets)| Some((need, sets.into_iter().map(set).collect::<Option<_>>()?)));
        let sets: HashMap<Need, Vec<Set>> = sets.collect::<Option<_>>()?;
        let (next, ready): (u64, Vec<SavedTicket>) = Saved::load(from)?;
        let ready = ready.into_iter().map(ticket).collect::<Option<_>>()?;
        let bytes = sets.values().flatten().map(|set| set.bytes).sum();
        let count = sets.values().map(Vec::len).sum();
        Some(Self { sets, next, bytes, count, ready, changed: false })
    }
}
