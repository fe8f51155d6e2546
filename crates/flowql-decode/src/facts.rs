//! What an exporter said in option records: names, and how it samples.

use std::collections::{HashMap, HashSet};

use crate::TextId;
use crate::element::Cursor;
use crate::state::{Saved, saved};

/// The name and the description of an interface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Interface {
    /// Its short name, as `Gi0/0/1`.
    pub name: TextId,
    /// What the operator wrote about it.
    pub description: TextId,
}

/// What is known of a session from option records.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    interfaces: HashMap<u32, Interface>,
    vrfs: HashMap<u64, TextId>,
    applications: HashMap<u64, TextId>,
    pub(crate) rates: Rates,
    /// How many of them there may be.
    most: usize,
    /// Whether something was learned since the last save.
    changed: bool,
}

/// Sampling rates by what they hold for.
#[derive(Debug, Default)]
pub(crate) struct Rates {
    samplers: HashMap<u64, u64>,
    interfaces: HashMap<u32, u64>,
    line_cards: HashMap<u64, u64>,
    domain: Option<u64>,
    /// Samplers whose options did not come in time: their records wait no longer.
    silent: HashSet<u64>,
}

/// What a sampling rate holds for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// What the sampler, or selector, of this number takes.
    Sampler(u64),
    /// An interface, by index.
    Interface(u32),
    /// A line card.
    LineCard(u64),
    /// The whole observation domain.
    Domain,
}

saved!(Interface { name, description });
saved!(Rates { samplers, interfaces, line_cards, domain, silent });

impl Facts {
    pub(crate) fn save(&self, to: &mut Vec<u8>) {
        let Self { interfaces, vrfs, applications, rates, most: _, changed: _ } = self;
        interfaces.save(to);
        vrfs.save(to);
        applications.save(to);
        rates.save(to);
    }

    /// Takes what was saved; no name may have a number beyond those of the texts.
    pub(crate) fn load(from: &mut Cursor<'_>, most: usize, texts: u32) -> Option<Self> {
        let interfaces: HashMap<u32, Interface> = Saved::load(from)?;
        let [vrfs, applications]: [HashMap<u64, TextId>; 2] = [Saved::load(from)?, Saved::load(from)?];
        let names = interfaces.values().flat_map(|interface| [interface.name, interface.description]);
        let mut names = names.chain(vrfs.values().copied()).chain(applications.values().copied());
        if names.any(|name| name.0 >= texts) {
            return None;
        }
        Some(Self { interfaces, vrfs, applications, rates: Saved::load(from)?, most, changed: false })
    }

    /// Whether something was learned since the last time.
    pub(crate) fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    pub(crate) fn new(most: usize) -> Self {
        Self { most, ..Self::default() }
    }

    pub(crate) fn application(&self, id: u64) -> Option<TextId> {
        self.applications.get(&id).copied()
    }

    pub(crate) fn has_vrfs(&self) -> bool {
        !self.vrfs.is_empty()
    }

    pub(crate) fn vrf(&self, id: u64) -> Option<TextId> {
        self.vrfs.get(&id).copied()
    }

    pub(crate) fn has_interfaces(&self) -> bool {
        !self.interfaces.is_empty()
    }

    /// How many interfaces have names.
    pub(crate) fn named_interfaces(&self) -> usize {
        self.interfaces.len()
    }

    pub(crate) fn interface(&self, index: u32) -> Option<Interface> {
        self.interfaces.get(&index).copied()
    }

    /// Whether one more may be kept.
    fn has_room(&self) -> bool {
        let rates = &self.rates;
        let names = self.interfaces.len() + self.vrfs.len() + self.applications.len();
        let rates =
            rates.samplers.len() + rates.interfaces.len() + rates.line_cards.len() + rates.silent.len();
        names + rates < self.most
    }

    /// Learns names of an interface: those that are not empty.
    pub(crate) fn name_interface(&mut self, index: u32, names: Interface) -> bool {
        if !self.interfaces.contains_key(&index) && !self.has_room() {
            return false;
        }
        let known = self.interfaces.entry(index).or_default();
        for (known, name) in [(&mut known.name, names.name), (&mut known.description, names.description)] {
            if name != TextId::default() && *known != name {
                *known = name;
                self.changed = true;
            }
        }
        true
    }

    pub(crate) fn name_vrf(&mut self, id: u64, name: TextId) -> bool {
        let has_room = self.has_room();
        learn(&mut self.vrfs, id, name, has_room, &mut self.changed)
    }

    pub(crate) fn name_application(&mut self, id: u64, name: TextId) -> bool {
        let has_room = self.has_room();
        learn(&mut self.applications, id, name, has_room, &mut self.changed)
    }

    /// Learns a sampling rate.
    pub(crate) fn sample(&mut self, scope: Scope, rate: u64) -> bool {
        let has_room = self.has_room();
        let Self { rates, changed, .. } = self;
        match scope {
            Scope::Sampler(id) => {
                *changed |= rates.silent.remove(&id);
                learn(&mut rates.samplers, id, rate, has_room, changed)
            }
            Scope::Interface(index) => learn(&mut rates.interfaces, index, rate, has_room, changed),
            Scope::LineCard(id) => learn(&mut rates.line_cards, id, rate, has_room, changed),
            Scope::Domain => {
                *changed |= rates.domain.replace(rate) != Some(rate);
                true
            }
        }
    }

    /// Notes that the options of a sampler did not come in time.
    pub(crate) fn give_up(&mut self, sampler: u64) {
        if self.has_room() {
            self.changed |= self.rates.silent.insert(sampler);
        }
    }
}

/// Keeps a value, where it is known already or there is room.
fn learn<K: std::hash::Hash + Eq, V: Copy + PartialEq>(
    known: &mut HashMap<K, V>,
    key: K,
    value: V,
    has_room: bool,
    changed: &mut bool,
) -> bool {
    if !has_room && !known.contains_key(&key) {
        return false;
    }
    *changed |= known.insert(key, value) != Some(value);
    true
}

impl Rates {
    /// Whether records that name the sampler wait for its options.
    pub(crate) fn waits_for(&self, sampler: u64) -> bool {
        sampler != 0 && !self.samplers.contains_key(&sampler) && !self.silent.contains(&sampler)
    }

    pub(crate) fn of_sampler(&self, sampler: u64) -> Option<u64> {
        self.samplers.get(&sampler).copied()
    }

    /// Whether rates differ by interface.
    pub(crate) fn by_interface(&self) -> bool {
        !self.interfaces.is_empty()
    }

    pub(crate) fn of_interface(&self, index: u32) -> Option<u64> {
        self.interfaces.get(&index).copied()
    }

    pub(crate) fn of_line_card(&self, id: u64) -> Option<u64> {
        self.line_cards.get(&id).copied()
    }

    pub(crate) const fn of_domain(&self) -> Option<u64> {
        self.domain
    }
}
