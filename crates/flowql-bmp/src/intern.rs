//! Attributes, stored once for all routes that have the same.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::mem::size_of;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::route::Attributes;

/// They are kept in so many parts, so that those that no route has are forgotten part by part: a part of a full table has
/// some thousands.
const PARTS: usize = 256;

/// So many are kept in any case before it is looked for those that no route has.
const FEW: usize = 1024;

/// The bytes that attributes may take, of all routers together.
#[derive(Debug)]
pub(crate) struct Room {
    limit: usize,
    taken: Arc<AtomicUsize>,
}

impl Room {
    /// `taken` counts the bytes of all who share the limit.
    pub(crate) fn new(limit: usize, taken: Arc<AtomicUsize>) -> Self {
        Self { limit, taken }
    }

    /// Takes so many bytes, where there are as many.
    fn take(&self, bytes: usize) -> bool {
        let more = |taken: usize| taken.checked_add(bytes).filter(|taken| *taken <= self.limit);
        self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }

    fn give(&self, bytes: usize) {
        self.taken.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// Attributes, each once.
pub(crate) struct Interner {
    parts: Vec<HashSet<Arc<Attributes>>>,
    room: Room,
    /// Tells the part of attributes.
    hasher: RandomState,
    count: usize,
    /// How many had a route when all parts were last gone through.
    used: usize,
    /// The parts that are still to be gone through.
    left: usize,
}

impl Interner {
    /// One that takes no more than the room.
    pub(crate) fn new(room: Room) -> Self {
        let parts = (0..PARTS).map(|_| HashSet::new()).collect();
        Self { parts, room, hasher: RandomState::new(), count: 0, used: 0, left: 0 }
    }

    /// The stored equal of `attributes`; none where there is no room for new ones.
    pub(crate) fn intern(&mut self, attributes: Attributes) -> Option<Arc<Attributes>> {
        let part = (self.hasher.hash_one(&attributes) % PARTS as u64) as usize;
        if let Some(found) = self.parts.get(part).and_then(|part| part.get(&attributes)) {
            return Some(Arc::clone(found));
        }
        let has_room = self.room.take(bytes(&attributes));
        if (self.count > 2 * self.used.max(FEW) || !has_room) && self.left == 0 {
            self.begin_purge();
        }
        // What is new pays for going through one part.
        self.purge_step();
        if !has_room {
            return None;
        }
        let new = Arc::new(attributes);
        if let Some(part) = self.parts.get_mut(part) {
            part.insert(Arc::clone(&new));
            self.count += 1;
        }
        Some(new)
    }

    /// Has those forgotten that no route has, in steps.
    pub(crate) fn begin_purge(&mut self) {
        self.left = PARTS;
    }

    /// Goes through one part, where it was begun. Whether there are more.
    pub(crate) fn purge_step(&mut self) -> bool {
        let Some(left) = self.left.checked_sub(1) else { return false };
        self.left = left;
        if let Some(part) = self.parts.get_mut(left) {
            let before = part.len();
            let room = &self.room;
            part.retain(|entry| {
                let is_used = Arc::strong_count(entry) > 1;
                if !is_used {
                    room.give(bytes(entry));
                }
                is_used
            });
            self.count = self.count.saturating_sub(before - part.len());
            part.shrink_to(2 * part.len());
        }
        if left == 0 {
            self.used = self.count;
        }
        left > 0
    }

    pub(crate) fn len(&self) -> usize {
        self.count
    }
}

impl Drop for Interner {
    fn drop(&mut self) {
        self.room.give(self.parts.iter().flatten().map(|entry| bytes(entry)).sum());
    }
}

/// What attributes take, their place in the table included.
fn bytes(attributes: &Attributes) -> usize {
    // Two counters come before what is shared; the table has a pointer and a byte for each, and room to spare.
    let own = size_of::<Attributes>() + 2 * size_of::<usize>() + 2 * size_of::<usize>();
    own + size_of_val(&*attributes.as_path)
        + size_of_val(&*attributes.communities)
        + size_of_val(&*attributes.large_communities)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes(med: u32) -> Attributes {
        Attributes { med: Some(med), ..Attributes::default() }
    }

    fn without_limit() -> Interner {
        Interner::new(Room::new(usize::MAX, Arc::default()))
    }

    #[test]
    fn equal_attributes_are_stored_once_and_forgotten_in_steps() {
        let mut interner = without_limit();
        let kept: Vec<_> = (0..500).map(|med| interner.intern(attributes(med)).unwrap()).collect();
        (500..1000).for_each(|med| drop(interner.intern(attributes(med))));
        assert!(Arc::ptr_eq(&kept[7], &interner.intern(attributes(7)).unwrap()));
        assert_eq!(interner.len(), 1000);
        assert!(!interner.purge_step(), "nothing was begun");
        interner.begin_purge();
        let steps = std::iter::from_fn(|| interner.purge_step().then_some(())).count();
        assert_eq!((steps, interner.len()), (PARTS - 1, 500));
        assert!(Arc::ptr_eq(&kept[499], &interner.intern(attributes(499)).unwrap()));
    }

    #[test]
    fn what_comes_and_goes_does_not_pile_up() {
        let mut interner = without_limit();
        let most = (0..100_000).map(|med| {
            interner.intern(attributes(med));
            interner.len()
        });
        assert!(most.max().unwrap() <= 2 * FEW + 2 * PARTS + 1);
    }

    #[test]
    fn what_is_shared_has_a_limit_and_what_goes_makes_room() {
        let path = |first: u32| Attributes { as_path: (first..first + 1000).collect(), ..attributes(0) };
        let (taken, limit) = (Arc::<AtomicUsize>::default(), 10 * bytes(&path(0)));
        let mut interners = [0, 1].map(|_| Interner::new(Room::new(limit, Arc::clone(&taken))));
        let mut kept: Vec<_> =
            (0..10).map(|first| interners[first % 2].intern(path(first as u32)).unwrap()).collect();
        assert_eq!(interners[0].intern(path(10)), None);
        assert!(interners[1].intern(path(1)).is_some(), "what is there already takes nothing");
        kept.truncate(9);
        let found = (0..=PARTS).find_map(|_| interners[1].intern(path(10)));
        assert!(found.is_some(), "what no route has is forgotten");
        drop((kept, found, interners));
        assert_eq!(taken.load(Ordering::Relaxed), 0);
    }
}
