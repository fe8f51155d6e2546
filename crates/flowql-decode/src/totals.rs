//! Counters that count since a flow began, as differences between its records.

use std::collections::{HashMap, VecDeque};

use crate::element::{Cursor, Element, Records, Slot};
use crate::state::{Log, Saved};

/// Which fields of a template say which flow a record is of: all but counters, and what changes from record to record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TotalsPlan {
    key: Vec<Slot>,
}

impl TotalsPlan {
    pub(crate) fn new(elements: &[(Element, Slot)]) -> Self {
        // Counters (1, 2, 23, 24, 85, 86), ends (21, 151, 153, 155, 157, 159), durations (161, 162), times of observation
        // (322 to 325), the reason of the end (136), and what packets had: flags (6) and lengths (25, 26, 52, 53).
        const CHANGING: [u16; 25] = [
            1, 2, 6, 21, 23, 24, 25, 26, 52, 53, 85, 86, 136, 151, 153, 155, 157, 159, 161, 162, 322, 323,
            324, 325, 160,
        ];
        let stays = |element: &Element| element.enterprise != 0 || !CHANGING.contains(&element.id);
        let key = elements.iter().filter(|(element, _)| stays(element)).map(|&(_, slot)| slot);
        Self { key: key.collect() }
    }

    /// A number of the flow that a record is of: a hash that never changes (FNV-1a), because it is part of saved states.
    fn flow(&self, record: Records<'_>) -> u64 {
        const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
        const PRIME: u64 = 0x100_0000_01b3;
        let add = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(PRIME);
        self.key.iter().fold(BASIS, |hash, &slot| {
            let bytes = record.values(slot).next().unwrap_or_default();
            let hash = (bytes.len() as u16).to_be_bytes().into_iter().fold(hash, add);
            bytes.iter().copied().fold(hash, add)
        })
    }
}

/// What the last record of each flow said.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    flows: HashMap<(u64, u64), [u64; 2]>,
    /// The flows, the first that was met first.
    order: VecDeque<(u64, u64)>,
    /// What was said since the last save.
    log: Log,
}

impl Totals {
    /// The bytes and packets that a record has above the last one of its flow: all, where it is the first, or where the
    /// flow began again. At most so many flows are remembered.
    pub(crate) fn difference(
        &mut self,
        plan: &TotalsPlan,
        record: Records<'_>,
        session: u64,
        totals: [u64; 2],
        most: usize,
    ) -> [u64; 2] {
        self.said((session, plan.flow(record)), totals, most)
    }

    fn said(&mut self, key: (u64, u64), totals: [u64; 2], most: usize) -> [u64; 2] {
        self.log.note(|log| (key, totals).save(log));
        if let Some(last) = self.flows.get_mut(&key) {
            let before = std::mem::replace(last, totals);
            let [bytes, packets] = totals;
            return match (bytes.checked_sub(before[0]), packets.checked_sub(before[1])) {
                (Some(bytes), Some(packets)) => [bytes, packets],
                _ => totals,
            };
        }
        if self.flows.len() >= most
            && let Some(oldest) = self.order.pop_front()
        {
            self.flows.remove(&oldest);
        }
        self.flows.insert(key, totals);
        self.order.push_back(key);
        totals
    }

    /// Saves what was said since the last save, or all of it.
    pub(crate) fn save(&mut self, whole: bool, to: &mut Vec<u8>) {
        if !self.log.save(whole, to) {
            return;
        }
        self.order.len().save(to);
        for key in &self.order {
            (*key, self.flows.get(key).copied().unwrap_or_default()).save(to);
        }
    }

    /// Begins to remember what changes.
    pub(crate) fn record(&mut self) {
        self.log.begin();
    }

    /// Takes what was saved.
    pub(crate) fn load(&mut self, from: &mut Cursor<'_>, most: usize) -> Option<()> {
        let is_whole = Log::load(from, |(key, totals)| {
            self.said(key, totals, most);
        })?;
        if !is_whole {
            return Some(());
        }
        let flows: Vec<((u64, u64), [u64; 2])> = Saved::load(from)?;
        self.order = flows.iter().map(|(key, _)| *key).collect();
        self.flows = flows.into_iter().collect();
        (self.flows.len() == self.order.len()).then_some(())
    }
}
