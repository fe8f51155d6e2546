//! Attributes, stored once for all routes that have the same.

use std::collections::HashSet;
use std::sync::Arc;

use crate::route::Attributes;

/// Below this many entries it is not worth looking for unused ones.
const FEW: usize = 1024;

/// The attributes of a router's routes.
#[derive(Default)]
pub(crate) struct Interner {
    entries: HashSet<Arc<Attributes>>,
    /// How many were used when they were last looked through.
    used: usize,
}

impl Interner {
    /// The stored equal of `attributes`.
    pub(crate) fn intern(&mut self, attributes: Attributes) -> Arc<Attributes> {
        if let Some(found) = self.entries.get(&attributes) {
            return Arc::clone(found);
        }
        if self.entries.len() > 2 * self.used.max(FEW) {
            self.purge();
        }
        let new = Arc::new(attributes);
        self.entries.insert(Arc::clone(&new));
        new
    }

    /// Forgets those that no route has.
    pub(crate) fn purge(&mut self) {
        self.entries.retain(|entry| Arc::strong_count(entry) > 1);
        self.used = self.entries.len();
        self.entries.shrink_to(2 * self.used.max(FEW));
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }
}
