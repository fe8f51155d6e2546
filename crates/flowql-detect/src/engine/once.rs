//! Each packet once: of a pair of interfaces for which an exporter sends both directions, only what came in counts.

use std::collections::HashMap;

use super::hash::Seeds;

/// How long a direction is remembered, in seconds.
const REMEMBERED: u32 = 600;

/// The most pairs.
const MOST: usize = 100_000;

/// The values of the column FlowDirection.
pub(super) const INGRESS: u8 = 1;
pub(super) const EGRESS: u8 = 2;

/// A pair of interfaces of an exporter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Pair {
    pub(super) exporter: u128,
    pub(super) input: u32,
    pub(super) output: u32,
}

/// Which directions come for which pairs.
#[derive(Debug, Default)]
pub(super) struct Once {
    pairs: HashMap<Pair, Seen, Seeds>,
}

/// When the directions of a pair came last; 0 where one never did.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    ingress: u32,
    egress: u32,
}

impl Once {
    /// Whether a flow counts, which is noted.
    pub(super) fn counts(&mut self, pair: Pair, direction: u8, time: u32) -> bool {
        if direction != INGRESS && direction != EGRESS {
            return true;
        }
        if self.pairs.len() >= MOST && !self.pairs.contains_key(&pair) {
            self.pairs.retain(|_, seen| time.saturating_sub(seen.ingress.max(seen.egress)) < REMEMBERED);
            if self.pairs.len() >= MOST {
                return true;
            }
        }
        let seen = self.pairs.entry(pair).or_default();
        if direction == INGRESS {
            seen.ingress = time.max(1);
            return true;
        }
        seen.egress = time.max(1);
        seen.ingress == 0 || time.saturating_sub(seen.ingress) >= REMEMBERED
    }

    /// The pairs for which both directions come: the exporter and the interfaces.
    pub(super) fn doubled(&self) -> Vec<Pair> {
        let is_doubled = |seen: &Seen| {
            seen.ingress > 0 && seen.egress > 0 && seen.ingress.abs_diff(seen.egress) < REMEMBERED
        };
        self.pairs.iter().filter(|(_, seen)| is_doubled(seen)).map(|(pair, _)| *pair).collect()
    }
}
