//! Counters that count since a flow began, as differences between its records.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hasher as _};

use crate::element::{Element, Records, Slot};

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

    /// A number of the flow that a record is of.
    fn flow(&self, record: Records<'_>) -> u64 {
        let mut hasher = DefaultHasher::new();
        for &slot in &self.key {
            let bytes = record.values(slot).next().unwrap_or_default();
            hasher.write_usize(bytes.len());
            hasher.write(bytes);
        }
        hasher.finish()
    }
}

/// What the last record of each flow said.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    flows: HashMap<(u64, u64), [u64; 2]>,
    /// The flows, the first that was met first.
    order: VecDeque<(u64, u64)>,
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
        let key = (session, plan.flow(record));
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
}
