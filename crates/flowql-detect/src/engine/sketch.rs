//! How many different sources there are, and which are the largest, in bounded memory.

use std::hash::BuildHasher as _;

use super::hash::Seeds;

/// The registers of a sketch, a power of two: it errs by 3 %.
const REGISTERS: usize = 1024;
const INDEX_BITS: u32 = REGISTERS.trailing_zeros();

/// The sources of which the bits are kept.
const TOP: usize = 32;

/// Counts different numbers (HyperLogLog; linear counting where there are few).
#[derive(Clone, Debug)]
pub(super) struct Sketch(Box<[u8; REGISTERS]>);

impl Default for Sketch {
    fn default() -> Self {
        Self(Box::new([0; REGISTERS]))
    }
}

impl Sketch {
    pub(super) fn add(&mut self, hash: u64) {
        let place = (hash >> (64 - INDEX_BITS)) as usize;
        let rank = ((hash << INDEX_BITS) | 1 << (INDEX_BITS - 1)).leading_zeros() + 1;
        if let Some(register) = self.0.get_mut(place) {
            *register = (*register).max(rank as u8);
        }
    }

    pub(super) fn count(&self) -> u64 {
        let registers = REGISTERS as f64;
        let sum: f64 = self.0.iter().map(|&rank| (-f64::from(rank)).exp2()).sum();
        let estimate = 0.7213 / (1.0 + 1.079 / registers) * registers * registers / sum;
        let zeros = self.0.iter().filter(|&&rank| rank == 0).count();
        if zeros > 0 && estimate <= 2.5 * registers {
            return (registers * (registers / zeros as f64).ln()).round() as u64;
        }
        estimate.round() as u64
    }

    pub(super) fn clear(&mut self) {
        self.0.fill(0);
    }
}

/// The largest sources (space saving).
#[derive(Clone, Debug, Default)]
pub(super) struct Top(Vec<(u128, f64)>);

impl Top {
    pub(super) fn add(&mut self, source: u128, bits: f64) {
        if let Some((_, sum)) = self.0.iter_mut().find(|(known, _)| *known == source) {
            *sum += bits;
            return;
        }
        if self.0.len() < TOP {
            self.0.push((source, bits));
            return;
        }
        let least = self.0.iter_mut().min_by(|(_, a), (_, b)| a.total_cmp(b));
        if let Some(least) = least {
            *least = (source, least.1 + bits);
        }
    }

    /// The largest first.
    pub(super) fn largest(&self) -> Vec<(u128, f64)> {
        let mut all = self.0.clone();
        all.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        all
    }

    /// What was before counts half.
    pub(super) fn fade(&mut self) {
        self.0.iter_mut().for_each(|(_, sum)| *sum /= 2.0);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

/// The hash of a source: an IPv4 address, or an IPv6 /64.
pub(super) fn source_hash(seeds: &Seeds, source: u128) -> u64 {
    let source = if crate::target::is_v4(source) { source } else { source >> 64 };
    // The fold leaves patterns in the lowest bits, which the multiplication spreads.
    seeds.hash_one(source).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_sources_are_counted() {
        let seeds = Seeds::default();
        for many in [0_u64, 1, 19, 200, 3_000, 100_000] {
            let mut sketch = Sketch::default();
            for _ in 0..3 {
                (0..many).for_each(|n| sketch.add(source_hash(&seeds, 0xffff_0a00_0000 + u128::from(n))));
            }
            let error = sketch.count() as f64 - many as f64;
            assert!(error.abs() <= 1.0 + many as f64 * 0.15, "{many}: {}", sketch.count());
        }
    }

    #[test]
    fn the_largest_sources_are_kept() {
        let mut top = Top::default();
        for round in 0..1000_u32 {
            top.add(1, 100.0);
            top.add(2, 50.0);
            top.add(u128::from(round) + 10, 1.0);
        }
        let largest = top.largest();
        assert_eq!((largest[0].0, largest[1].0, largest.len()), (1, 2, TOP));
        assert_eq!(largest[0].1, 100_000.0);
    }
}
