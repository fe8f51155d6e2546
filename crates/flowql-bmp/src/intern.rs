//! Attributes, stored once for all routes that have the same.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use crate::route::Attributes;

/// They are kept in so many parts, so that those that no route has are forgotten part by part: a part of a full table has
/// some thousands.
const PARTS: usize = 256;

/// So many are kept in any case before it is looked for those that no route has.
const FEW: usize = 1024;

/// Attributes, each once.
pub(crate) struct Interner {
    parts: Vec<HashSet<Arc<Attributes>>>,
    /// Tells the part of attributes.
    hasher: RandomState,
    count: usize,
    /// How many had a route when all parts were last gone through.
    used: usize,
    /// The parts that are still to be gone through.
    left: usize,
}

impl Default for Interner {
    fn default() -> Self {
        let parts = (0..PARTS).map(|_| HashSet::new()).collect();
        Self { parts, hasher: RandomState::new(), count: 0, used: 0, left: 0 }
    }
}

impl Interner {
    /// The stored equal of `attributes`.
    pub(crate) fn intern(&mut self, attributes: Attributes) -> Arc<Attributes> {
        let part = (self.hasher.hash_one(&attributes) % PARTS as u64) as usize;
        if let Some(found) = self.parts.get(part).and_then(|part| part.get(&attributes)) {
            return Arc::clone(found);
        }
        if self.count > 2 * self.used.max(FEW) && self.left == 0 {
            self.begin_purge();
        }
        // What is new pays for going through one part.
        self.purge_step();
        let new = Arc::new(attributes);
        if let Some(part) = self.parts.get_mut(part) {
            part.insert(Arc::clone(&new));
            self.count += 1;
        }
        new
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
            part.retain(|entry| Arc::strong_count(entry) > 1);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes(med: u32) -> Attributes {
        Attributes { med: Some(med), ..Attributes::default() }
    }

    #[test]
    fn equal_attributes_are_stored_once_and_forgotten_in_steps() {
        let mut interner = Interner::default();
        let kept: Vec<_> = (0..500).map(|med| interner.intern(attributes(med))).collect();
        (500..1000).for_each(|med| drop(interner.intern(attributes(med))));
        assert!(Arc::ptr_eq(&kept[7], &interner.intern(attributes(7))));
        assert_eq!(interner.len(), 1000);
        assert!(!interner.purge_step(), "nothing was begun");
        interner.begin_purge();
        let steps = std::iter::from_fn(|| interner.purge_step().then_some(())).count();
        assert_eq!((steps, interner.len()), (PARTS - 1, 500));
        assert!(Arc::ptr_eq(&kept[499], &interner.intern(attributes(499))));
    }

    #[test]
    fn what_comes_and_goes_does_not_pile_up() {
        let mut interner = Interner::default();
        let most = (0..100_000).map(|med| {
            interner.intern(attributes(med));
            interner.len()
        });
        assert!(most.max().unwrap() <= 2 * FEW + 2 * PARTS + 1);
    }
}
