//! Events of Cisco's firewalls (NSEL): connections whose updates and ends repeat each other.
//!
//! The counters of an update (event 5) are what came since the last one, those of a teardown (event 2) are the totals of
//! the connection. So a teardown counts for what its updates did not: nothing twice, and short connections not missing.

use std::collections::{BTreeSet, HashMap, VecDeque};

use crate::element::{Cursor, Element, Records, Slot};
use crate::state::{Log, Saved, saved};

/// Where the records of a firewall say what happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct NselPlan {
    event: [Option<Slot>; 2],
    connection: Option<Slot>,
    /// Bytes and packets of the initiator, then of the responder.
    counters: [Option<Slot>; 4],
    created: Option<Slot>,
    time: Option<Slot>,
}

/// What a record of a firewall is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// It carries these bytes and packets, there and back, in a flow of this time, in milliseconds since 1970.
    Flow { counters: [u64; 4], start: u64, end: u64 },
    /// It counts nothing.
    Empty,
    /// It repeats what was stored: a late update, or another end of the same connection.
    Repeated,
    /// It ends a connection that began before anything of it was heard, so that nobody knows what was stored of it.
    Unknown,
}

const TEARDOWN: u64 = 2;
const UPDATE: u64 = 5;

impl NselPlan {
    /// The plan of a template of NetFlow v9 with 233 or 40005, 33002, and counters of both ways; `None` for any other.
    /// Templates with 85, those before ASA 8.4(5), have no updates, and are flows as others are.
    pub(crate) fn new(elements: &[(Element, Slot)]) -> Option<Self> {
        let find = |id: u16| {
            let found = elements.iter().find(|(element, _)| (element.enterprise, element.id) == (0, id));
            found.map(|&(_, slot)| slot)
        };
        let event = [find(233), find(40_005)];
        let counters = [231, 298, 232, 299].map(find);
        let is_nsel = event.iter().any(Option::is_some) && find(33_002).is_some();
        let counts = counters.iter().any(Option::is_some) && find(85).is_none();
        (is_nsel && counts).then(|| Self {
            event,
            connection: find(148),
            counters,
            created: find(152),
            time: find(323),
        })
    }
}

/// A connection of a session.
type Key = (u64, u64);

/// The connections of all firewalls.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    open: HashMap<Key, Open>,
    /// By when they began.
    began: BTreeSet<(u64, Key)>,
    /// Those that ended, and when that was received.
    ended: HashMap<Key, u64>,
    /// The same, the first first.
    order: VecDeque<(u64, Key)>,
    /// From which time on all updates were heard, by session: connections that left raise it.
    floors: HashMap<u64, u64>,
    /// The same for all sessions, once too many have one of their own.
    floor: u64,
    /// What changed since the last save.
    log: Log,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    /// What its updates carried.
    counters: [u64; 4],
    began: u64,
    /// When the last update was, in milliseconds since 1970.
    last: u64,
}

saved!(Open { counters, began, last });

/// What changes the connections.
#[derive(Clone, Copy, Debug)]
enum Change {
    /// An update of a connection: what it carried, when the connection began, and when it was.
    Update { key: Key, counters: [u64; 4], times: (u64, u64) },
    /// The end of a connection, when that was received.
    Close { key: Key, received: u64 },
    /// The one that ended first is remembered no longer.
    Forget,
}

impl Saved for Change {
    fn save(&self, to: &mut Vec<u8>) {
        match *self {
            Self::Update { key, counters, times } => (0_u8, key, counters, times).save(to),
            Self::Close { key, received } => (1_u8, key, received).save(to),
            Self::Forget => 2_u8.save(to),
        }
    }

    fn load(from: &mut Cursor<'_>) -> Option<Self> {
        Some(match u8::load(from)? {
            0 => {
                let (key, counters, times) = Saved::load(from)?;
                Self::Update { key, counters, times }
            }
            1 => {
                let (key, received) = Saved::load(from)?;
                Self::Close { key, received }
            }
            2 => Self::Forget,
            _ => return None,
        })
    }
}

/// What bounds the memory of connections.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) connections: usize,
    /// How long an ended one is remembered, in nanoseconds.
    pub(crate) ended: u64,
}

impl Connections {
    /// What a record is, received at a time in nanoseconds. `session` is a number that no other session has; `first` is
    /// the time of its first datagram, in milliseconds since 1970 by the clock of the exporter.
    pub(crate) fn take(
        &mut self,
        plan: &NselPlan,
        record: Records<'_>,
        (session, first): (u64, u64),
        received: u64,
        bounds: Bounds,
    ) -> Event {
        let read = |slot: Option<Slot>| slot.map_or(0, |slot| record.first(slot));
        let event = plan.event.iter().map(|&slot| read(slot)).find(|&event| event != 0).unwrap_or_default();
        let counters = plan.counters.map(read);
        let (created, time) = (read(plan.created), read(plan.time));
        let key = (session, read(plan.connection));
        self.forget(received, bounds.ended);
        match event {
            UPDATE | TEARDOWN if self.ended.contains_key(&key) => Event::Repeated,
            UPDATE => {
                let start = self.update(key, counters, (created, time), bounds.connections);
                flow(counters, start, time)
            }
            TEARDOWN => {
                let open = self.close(key, received, bounds.connections);
                let floor = self.floors.get(&session).copied().unwrap_or_default();
                let floor = floor.max(self.floor).max(first);
                if created == 0 || created < floor {
                    return Event::Unknown;
                }
                let stored = open.map_or([0; 4], |open| open.counters);
                let mut rest = [0; 4];
                for ((rest, slot), (total, stored)) in
                    rest.iter_mut().zip(plan.counters).zip(counters.into_iter().zip(stored))
                {
                    *rest = difference(total, stored, slot.map_or(0, |slot| record.length(slot)));
                }
                flow(rest, open.map_or(created, |open| open.last), time)
            }
            _ => Event::Empty,
        }
    }

    /// Adds an update; when the flow that it tells of began.
    fn update(&mut self, key: Key, counters: [u64; 4], times: (u64, u64), most: usize) -> u64 {
        self.log.note(|log| Change::Update { key, counters, times }.save(log));
        let (created, time) = times;
        if let Some(open) = self.open.get_mut(&key) {
            let start = open.last;
            open.last = time;
            for (sum, more) in open.counters.iter_mut().zip(counters) {
                *sum = sum.wrapping_add(more);
            }
            return start;
        }
        if self.open.len() >= most
            && let Some((began, oldest)) = self.began.pop_first()
        {
            self.open.remove(&oldest);
            self.raise(oldest.0, began.saturating_add(1), most);
        }
        self.open.insert(key, Open { counters, began: created, last: time });
        self.began.insert((created, key));
        created
    }

    /// Raises the floor of a session.
    fn raise(&mut self, session: u64, floor: u64, most: usize) {
        let has_room = self.floors.len() < most || self.floors.contains_key(&session);
        let known = if has_room { self.floors.entry(session).or_default() } else { &mut self.floor };
        *known = floor.max(*known);
    }

    fn close(&mut self, key: Key, received: u64, most: usize) -> Option<Open> {
        self.log.note(|log| Change::Close { key, received }.save(log));
        let open = self.open.remove(&key);
        if let Some(open) = &open {
            self.began.remove(&(open.began, key));
        }
        if self.ended.len() >= most
            && let Some((_, oldest)) = self.order.pop_front()
        {
            self.ended.remove(&oldest);
        }
        self.ended.insert(key, received);
        self.order.push_back((received, key));
        open
    }

    /// Forgets the connections that ended long ago.
    fn forget(&mut self, now: u64, time: u64) {
        while let Some(&(ended, _)) = self.order.front() {
            if ended.saturating_add(time) > now {
                break;
            }
            self.forget_first();
        }
    }

    fn forget_first(&mut self) {
        self.log.note(|log| Change::Forget.save(log));
        if let Some((_, key)) = self.order.pop_front() {
            self.ended.remove(&key);
        }
    }

    /// Saves what changed since the last save, or all of it.
    pub(crate) fn save(&mut self, whole: bool, to: &mut Vec<u8>) {
        if !self.log.save(whole, to) {
            return;
        }
        let Self { open, began: _, ended: _, order, floors, floor, log: _ } = self;
        open.save(to);
        order.save(to);
        floors.save(to);
        floor.save(to);
    }

    /// Begins to remember what changes.
    pub(crate) fn record(&mut self) {
        self.log.begin();
    }

    /// Takes what was saved.
    pub(crate) fn load(&mut self, from: &mut Cursor<'_>, most: usize) -> Option<()> {
        if !Log::load(from, |change| self.apply(change, most))? {
            return Some(());
        }
        self.open = Saved::load(from)?;
        self.order = Saved::load(from)?;
        self.floors = Saved::load(from)?;
        self.floor = Saved::load(from)?;
        self.began = self.open.iter().map(|(&key, open)| (open.began, key)).collect();
        self.ended = self.order.iter().map(|&(received, key)| (key, received)).collect();
        (self.ended.len() == self.order.len()).then_some(())
    }

    /// Changes what was changed before the save.
    fn apply(&mut self, change: Change, most: usize) {
        match change {
            Change::Update { key, counters, times } => {
                self.update(key, counters, times, most);
            }
            Change::Close { key, received } => {
                self.close(key, received, most);
            }
            Change::Forget => self.forget_first(),
        }
    }
}

fn flow(counters: [u64; 4], start: u64, end: u64) -> Event {
    if counters == [0; 4] { Event::Empty } else { Event::Flow { counters, start, end } }
}

/// What a total has above what was stored of it, in a field of so many bytes that may have run over; 0 where less is in
/// the total than was stored.
fn difference(total: u64, stored: u64, length: usize) -> u64 {
    let bits = u32::try_from(length.min(8) * 8).unwrap_or(64);
    let mask = if bits == 0 { 0 } else { u64::MAX >> (64 - bits) };
    let rest = total.wrapping_sub(stored) & mask;
    if rest > mask / 2 { 0 } else { rest }
}
