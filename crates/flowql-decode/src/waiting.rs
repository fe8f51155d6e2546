//! Sets that wait, for their template or for the options of a sampler, as positions in the caller's queue.

mod saved;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use crate::Protocol;
use crate::template::Template;

/// A set that no longer waits: the caller gives its datagram to [`Decoder::resume`](crate::Decoder::resume).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// The position of the datagram, as the caller gave it.
    pub position: u64,
    /// Where the set begins in it.
    pub(crate) offset: usize,
    /// The template that it was received with, where it had one: another may have its number by now.
    pub(crate) template: Option<Arc<Template>>,
}

/// What a set waits for: any port of the exporter may bring it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Need {
    pub(crate) address: IpAddr,
    pub(crate) protocol: Protocol,
    pub(crate) domain: u32,
    pub(crate) what: What,
}

/// What can be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum What {
    Template(u16),
    Sampler(u64),
}

/// The sets that wait.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    sets: HashMap<Need, Vec<Set>>,
    /// Before this time nothing has waited enough.
    next: u64,
    bytes: usize,
    count: usize,
    ready: Vec<Ticket>,
    /// Whether anything of it is other than at the last save.
    changed: bool,
}

#[derive(Clone, Debug)]
struct Set {
    ticket: Ticket,
    deadline: u64,
    bytes: usize,
}

/// What the entry of a set takes, however short the set is.
const ENTRY: usize = 192;

/// Deadlines are looked at this often, in nanoseconds.
const PRECISION: u64 = 1_000_000_000;

impl Waiting {
    /// Whether anything of it is other than the last time.
    pub(crate) fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// The lowest position of what waits, or is ready.
    pub(crate) fn first(&self) -> Option<u64> {
        let waiting = self.sets.values().flatten().map(|set| &set.ticket);
        waiting.chain(&self.ready).map(|ticket| ticket.position).min()
    }

    /// Lets a set wait; `false` where no more may. Its template counts too, since it is kept as long.
    pub(crate) fn wait(
        &mut self,
        need: Need,
        ticket: Ticket,
        bytes: usize,
        deadline: u64,
        most: usize,
    ) -> bool {
        let template = ticket.template.as_ref().map_or(0, |template| template.raw().len());
        let bytes = bytes.max(ENTRY) + template;
        if self.bytes + bytes > most {
            return false;
        }
        self.changed = true;
        self.bytes += bytes;
        self.count += 1;
        self.next = if self.count == 1 { deadline } else { self.next.min(deadline) };
        self.sets.entry(need).or_default().push(Set { ticket, deadline, bytes });
        true
    }

    /// How many wait, or are ready.
    pub(crate) const fn all(&self) -> usize {
        self.count + self.ready.len()
    }

    /// What is waited for, and by how many sets.
    pub(crate) fn needs(&self) -> impl Iterator<Item = (Need, usize)> + '_ {
        self.sets.iter().map(|(need, sets)| (*need, sets.len()))
    }

    /// Whether none waits.
    pub(crate) const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Ends the waiting for something that came.
    pub(crate) fn came(&mut self, need: &Need) {
        if let Some(sets) = self.sets.remove(need) {
            self.release(sets, true);
        }
    }

    fn release(&mut self, sets: Vec<Set>, are_ready: bool) {
        self.changed = true;
        self.count -= sets.len();
        self.bytes -= sets.iter().map(|set| set.bytes).sum::<usize>();
        if are_ready {
            self.ready.extend(sets.into_iter().map(|set| set.ticket));
        }
    }

    /// Ends the waiting of those whose time is over: records go on without the options of a sampler, sets without a
    /// template do not. The samplers, and how many sets had no template.
    pub(crate) fn expire(&mut self, now: u64) -> (Vec<Need>, usize) {
        if self.count == 0 || now < self.next {
            return (Vec::new(), 0);
        }
        let late = self.sets.iter().filter(|(_, sets)| is_late(sets, now));
        let mut late: Vec<Need> = late.map(|(need, _)| *need).collect();
        // A map has them in an order of its own, which no state may depend on.
        late.sort_unstable();
        let (mut samplers, mut lost) = (Vec::new(), 0);
        for need in late {
            let sets = self.sets.remove(&need).unwrap_or_default();
            if matches!(need.what, What::Sampler(_)) {
                self.release(sets, true);
                samplers.push(need);
                continue;
            }
            let (over, rest): (Vec<Set>, Vec<Set>) = sets.into_iter().partition(|set| set.deadline <= now);
            if !rest.is_empty() {
                self.sets.insert(need, rest);
            }
            lost += over.len();
            self.release(over, false);
        }
        let earliest = self.sets.values().flatten().map(|set| set.deadline).min().unwrap_or_default();
        self.next = earliest.max(now.saturating_add(PRECISION));
        self.changed = true;
        (samplers, lost)
    }

    /// The sets that wait no longer, in the order in which they came.
    pub(crate) fn ready(&mut self) -> Vec<Ticket> {
        self.changed = true;
        let mut ready = std::mem::take(&mut self.ready);
        ready.sort_unstable_by_key(|ticket| (ticket.position, ticket.offset));
        ready
    }

    /// Whether some wait no longer.
    pub(crate) const fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }
}

fn is_late(sets: &[Set], now: u64) -> bool {
    sets.iter().any(|set| set.deadline <= now)
}
