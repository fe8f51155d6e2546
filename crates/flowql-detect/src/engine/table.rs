//! The targets and their cells, no more than there is room for.

use std::collections::HashMap;

use super::cell::{Cell, NONE};
use super::hash::Seeds;
use crate::target::Key;

/// How many targets are looked at for one that may leave.
const CANDIDATES: u32 = 32;

/// A target.
#[derive(Clone, Copy, Debug)]
struct Slot {
    key: Key,
    /// Its first cell; [`NONE`] for a slot that is free.
    first: u32,
}

/// The targets and their cells.
#[derive(Debug)]
pub(super) struct Table {
    places: HashMap<Key, u32, Seeds>,
    slots: Vec<Slot>,
    cells: Vec<Cell>,
    free_slots: Vec<u32>,
    free_cells: Vec<u32>,
    most: usize,
    /// Where the next one is looked for that may leave.
    hand: u32,
    /// How many left before they were quiet.
    pub(super) evicted: u64,
    /// Cells whose targets left, with a detail that is to be freed.
    pub(super) orphans: Vec<u32>,
}

impl Table {
    pub(super) fn new(most: usize) -> Self {
        Self {
            places: HashMap::with_hasher(Seeds::default()),
            slots: Vec::new(),
            cells: Vec::new(),
            free_slots: Vec::new(),
            free_cells: Vec::new(),
            most,
            hand: 0,
            evicted: 0,
            orphans: Vec::new(),
        }
    }

    /// How many targets there are.
    pub(super) fn targets(&self) -> usize {
        self.places.len()
    }

    pub(super) fn cell(&self, place: u32) -> Option<&Cell> {
        self.cells.get(place as usize)
    }

    pub(super) fn cell_mut(&mut self, place: u32) -> Option<&mut Cell> {
        self.cells.get_mut(place as usize)
    }

    /// The key of the target of a cell.
    pub(super) fn key(&self, cell: &Cell) -> Option<Key> {
        self.slots.get(cell.target as usize).map(|slot| slot.key)
    }

    /// The place of a target, which is made where it is missing. `is_quiet` says of a cell whether it may leave.
    #[inline]
    pub(super) fn target(&mut self, key: Key, is_quiet: impl Fn(&Cell) -> bool) -> u32 {
        match self.places.get(&key) {
            Some(&place) => place,
            None => self.insert(key, is_quiet),
        }
    }

    #[cold]
    fn insert(&mut self, key: Key, is_quiet: impl Fn(&Cell) -> bool) -> u32 {
        if self.places.len() >= self.most {
            self.make_room(is_quiet);
        }
        let slot = Slot { key, first: NONE };
        let place = match self.free_slots.pop() {
            Some(place) => {
                self.slots.get_mut(place as usize).into_iter().for_each(|free| *free = slot);
                place
            }
            None => {
                self.slots.push(slot);
                (self.slots.len() - 1) as u32
            }
        };
        self.places.insert(key, place);
        place
    }

    /// Lets a target leave: the first quiet one, or of several the one with the least traffic.
    fn make_room(&mut self, is_quiet: impl Fn(&Cell) -> bool) {
        let mut least: Option<(f64, u32)> = None;
        for _ in 0..CANDIDATES.max(1) {
            let place = self.step();
            let Some(slot) = self.slots.get(place as usize) else { break };
            let (mut traffic, mut quiet) = (0.0, true);
            for cell in self.chain(slot.first) {
                quiet &= is_quiet(cell);
                let weight = if cell.is_hot { f64::INFINITY } else { cell.now.bits + cell.before.bits };
                traffic += weight;
            }
            if quiet {
                self.remove(place);
                return;
            }
            if least.is_none_or(|(other, _)| traffic < other) {
                least = Some((traffic, place));
            }
        }
        if let Some((_, place)) = least {
            self.evicted += 1;
            self.remove(place);
        }
    }

    /// Frees the quiet ones among so many targets, the next in turn.
    pub(super) fn sweep(&mut self, many: usize, is_quiet: impl Fn(&Cell) -> bool) {
        for _ in 0..many.min(self.slots.len()) {
            let place = self.step();
            let Some(slot) = self.slots.get(place as usize).copied() else { return };
            let is_used = self.places.get(&slot.key) == Some(&place);
            if is_used && self.chain(slot.first).all(&is_quiet) {
                self.remove(place);
            }
        }
    }

    fn step(&mut self) -> u32 {
        self.hand = if (self.hand as usize) + 1 < self.slots.len() { self.hand + 1 } else { 0 };
        self.hand
    }

    fn chain(&self, first: u32) -> impl Iterator<Item = &Cell> {
        let mut next = first;
        std::iter::from_fn(move || {
            let cell = self.cells.get(next as usize)?;
            next = cell.next;
            Some(cell)
        })
    }

    fn remove(&mut self, place: u32) {
        let Some(slot) = self.slots.get_mut(place as usize) else { return };
        if self.places.get(&slot.key) != Some(&place) {
            return;
        }
        self.places.remove(&slot.key);
        let mut next = std::mem::replace(&mut slot.first, NONE);
        self.free_slots.push(place);
        while let Some(cell) = self.cells.get_mut(next as usize) {
            if cell.detail != NONE {
                self.orphans.push(cell.detail);
                cell.detail = NONE;
            }
            cell.is_hot = false;
            cell.target = NONE;
            self.free_cells.push(next);
            next = std::mem::replace(&mut cell.next, NONE);
        }
    }

    /// The place of the cell of a target for a rule, which is made where it is missing.
    #[inline]
    pub(super) fn place(&mut self, target: u32, rule: u8, window: u32) -> u32 {
        let Some(slot) = self.slots.get_mut(target as usize) else { return NONE };
        let mut next = slot.first;
        while let Some(cell) = self.cells.get(next as usize) {
            if cell.rule == rule {
                return next;
            }
            next = cell.next;
        }
        let mut cell = Cell::new(rule, target, window);
        cell.next = slot.first;
        slot.first = match self.free_cells.pop() {
            Some(place) => {
                self.cells.get_mut(place as usize).into_iter().for_each(|free| *free = cell);
                place
            }
            None => {
                self.cells.push(cell);
                (self.cells.len() - 1) as u32
            }
        };
        slot.first
    }

    /// The bytes that it takes, about.
    pub(super) fn memory(&self) -> usize {
        let per_place = size_of::<(Key, u32)>() + 1;
        self.places.capacity() * 8 / 7 * per_place
            + self.slots.capacity() * size_of::<Slot>()
            + self.cells.capacity() * size_of::<Cell>()
            + (self.free_slots.capacity() + self.free_cells.capacity()) * size_of::<u32>()
    }
}
