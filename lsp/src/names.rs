//! The names of AS numbers, which only a backend knows.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// More names than these are not kept.
const MOST: usize = 10_000;

/// The names that were asked for, with those that have none.
#[derive(Debug, Default)]
pub(crate) struct AsNames(Mutex<HashMap<u32, Option<String>>>);

impl AsNames {
    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<u32, Option<String>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The name of a number, where it is known.
    pub(crate) fn get(&self, number: u32) -> Option<String> {
        self.known().get(&number).cloned().flatten()
    }

    /// The numbers that were not asked for yet, each once.
    pub(crate) fn unknown(&self, numbers: &[u32]) -> Vec<u32> {
        let known = self.known();
        let mut unknown: Vec<u32> =
            numbers.iter().copied().filter(|number| !known.contains_key(number)).collect();
        unknown.sort_unstable();
        unknown.dedup();
        unknown
    }

    pub(crate) fn set(&self, number: u32, name: Option<String>) {
        let mut known = self.known();
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(number, name);
    }

    /// Forgets everything, as for another backend.
    pub(crate) fn clear(&self) {
        self.known().clear();
    }
}
