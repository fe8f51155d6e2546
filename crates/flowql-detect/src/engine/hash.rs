//! Hashes of addresses: quick, and seeded, so that nobody outside can make many of them equal.

use std::hash::{BuildHasher, Hasher, RandomState};

/// Makes hashers with the same seeds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seeds(u64, u64);

/// Folds each number into the hash by a multiplication of 128 bits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fold {
    state: u64,
    seed: u64,
}

impl Default for Seeds {
    fn default() -> Self {
        let random = RandomState::new();
        Self(random.hash_one(1_u8), random.hash_one(2_u8) | 1)
    }
}

impl BuildHasher for Seeds {
    type Hasher = Fold;

    fn build_hasher(&self) -> Fold {
        Fold { state: self.0, seed: self.1 }
    }
}

impl Fold {
    const fn fold(&mut self, number: u64) {
        let product = (self.state ^ number) as u128 * (self.seed ^ 0x9e37_79b9_7f4a_7c15) as u128;
        self.state = (product as u64) ^ (product >> 64) as u64;
        self.seed = self.seed.rotate_left(23);
    }
}

impl Hasher for Fold {
    fn finish(&self) -> u64 {
        self.state ^ self.state.rotate_right(29)
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.fold(byte.into()));
    }

    fn write_u8(&mut self, number: u8) {
        self.fold(number.into());
    }

    fn write_u32(&mut self, number: u32) {
        self.fold(number.into());
    }

    fn write_u64(&mut self, number: u64) {
        self.fold(number);
    }

    fn write_u128(&mut self, number: u128) {
        self.fold(number as u64);
        self.fold((number >> 64) as u64);
    }
}
