//! Finds groups by their keys: a table with open places, since the keys of all groups lie in one row of bytes.

use std::hash::{BuildHasher as _, RandomState};

/// The places at the start, a power of two.
const FIRST: usize = 1024;

/// Finds groups by their keys.
#[derive(Debug)]
pub(super) struct Index {
    /// A power of two of them, at most half of them taken.
    places: Vec<Place>,
    groups: u32,
    /// Nobody who sends flows knows it, and so which keys meet.
    seed: u64,
}

/// A group, counted from 1, and a part of the hash of its key; 0 where none is.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    group: u32,
    hash: u32,
}

impl Default for Index {
    fn default() -> Self {
        Self { places: vec![Place::default(); FIRST], groups: 0, seed: RandomState::new().hash_one(0_u8) }
    }
}

impl Index {
    /// The number of the group of a key, from 0. A new one gets the next number, and its key is added to the keys.
    pub(super) fn group(&mut self, key: &[u8], keys: &mut Vec<u8>) -> usize {
        let hash = self.hash(key);
        let mask = self.places.len().wrapping_sub(1);
        let mut at = hash as usize & mask;
        loop {
            let Some(place) = self.places.get_mut(at) else { return 0 };
            if place.group == 0 {
                keys.extend_from_slice(key);
                self.groups += 1;
                *place = Place { group: self.groups, hash };
                let group = self.groups as usize - 1;
                if self.groups as usize * 2 > mask {
                    self.grow();
                }
                return group;
            }
            let group = place.group as usize - 1;
            if place.hash == hash && keys.get(group * key.len()..(group + 1) * key.len()) == Some(key) {
                return group;
            }
            at = (at + 1) & mask;
        }
    }

    fn grow(&mut self) {
        let size = self.places.len() * 2;
        let old = std::mem::replace(&mut self.places, vec![Place::default(); size]);
        for taken in old.into_iter().filter(|place| place.group > 0) {
            let mut at = taken.hash as usize & (size - 1);
            while let Some(place) = self.places.get_mut(at) {
                if place.group == 0 {
                    *place = taken;
                    break;
                }
                at = (at + 1) & (size - 1);
            }
        }
    }

    /// Multiplies and folds, eight bytes at once: keys are whole eights.
    fn hash(&self, key: &[u8]) -> u32 {
        const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
        let (words, _) = key.as_chunks::<8>();
        let fold = |hash: u64, word: u64| {
            let product = u128::from(hash ^ word) * u128::from(FACTOR);
            product as u64 ^ (product >> 64) as u64
        };
        let hash = words.iter().fold(self.seed, |hash, word| fold(hash, u64::from_le_bytes(*word)));
        (hash ^ hash >> 32) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_one_group_however_many_there_are() {
        let (mut index, mut keys) = (Index::default(), Vec::new());
        for round in 0..2 {
            for number in 0..20_000_u64 {
                let key: Vec<u8> = [number, number % 7].into_iter().flat_map(u64::to_le_bytes).collect();
                assert_eq!(index.group(&key, &mut keys), number as usize, "{round}");
            }
        }
        assert_eq!(keys.len(), 20_000 * 16);
    }
}
