//! The directory of exporters and interfaces. Nothing in it waits for a source: what is asked for is answered with what is
//! known, and sources put in what they learn whenever they learn it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::configured::Configured;
use super::known::Explained;
use super::section::ExporterSection;
use super::state::{Learned, State};
use crate::facts::{ExporterFacts, InterfaceFacts};
use crate::rules::{ExporterRules, Given, InterfaceRules};

/// Where facts are learned from, in the order in which they win; the configuration comes before them, the rules are between
/// the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// Option records of the exporter itself.
    Options,
    /// SNMP.
    Snmp,
}

/// What is kept at most, whatever is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Exporters.
    pub exporters: usize,
    /// Interfaces of an exporter.
    pub interfaces: usize,
    /// Changes until they are taken.
    pub changes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { exporters: 10_000, interfaces: 16_384, changes: 65_536 }
    }
}

/// What an exporter is called, all sources merged.
pub type ExporterNames = Classified<ExporterFacts>;
/// What an interface is called, all sources merged.
pub type InterfaceNames = Classified<InterfaceFacts>;

/// Facts of all sources, with a name in any case, and what rules gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Classified<F> {
    /// The facts.
    pub facts: F,
    /// What each rule set, in their order.
    pub given: Vec<Given>,
}

/// What changed since it was last asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Interfaces that are new or are called something else now.
    pub interfaces: BTreeSet<(IpAddr, u32)>,
    /// Whether there was more than is kept: then any interface may have changed.
    pub overflown: bool,
}

/// Exporters and interfaces with their names.
#[derive(Debug)]
pub struct Directory {
    state: RwLock<State>,
    /// Counts what may have changed names, so that a reader knows when its copies are old.
    generation: AtomicU64,
    limits: Limits,
}

impl Default for Directory {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

impl Directory {
    /// An empty one.
    pub fn new(limits: Limits) -> Self {
        Self { state: RwLock::default(), generation: AtomicU64::new(0), limits }
    }

    /// What is kept at most.
    pub const fn limits(&self) -> Limits {
        self.limits
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state, to be changed in a way that may change names.
    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number that grows whenever something may be called otherwise than before.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Takes a configuration in the place of the one before.
    pub fn configure(
        &self,
        exporters: &[ExporterSection],
        of_exporters: ExporterRules,
        of_interfaces: InterfaceRules,
    ) {
        let mut state = self.write();
        state.configured = Configured::new(exporters);
        (state.exporter_rules, state.interface_rules) = (of_exporters, of_interfaces);
        state.epoch += 1;
        self.generation.fetch_add(1, Ordering::Release);
    }

    /// Takes what a source says of an exporter, in the place of what it said before. Whether there was room.
    pub fn learn_exporter(&self, source: Source, exporter: IpAddr, facts: ExporterFacts) -> bool {
        let exporter = exporter.to_canonical();
        let mut state = self.write();
        let has_room = state.learned.len() < self.limits.exporters || state.learned.contains_key(&exporter);
        if !has_room {
            return false;
        }
        let place = state.learned.entry(exporter).or_default().of(source);
        let facts = facts.clipped();
        if *place != facts {
            *place = facts;
            if let Some(named) = state.exporters.get_mut(&exporter) {
                named.epoch = None;
            }
            self.generation.fetch_add(1, Ordering::Release);
        }
        true
    }

    /// Takes what a source says of an interface, in the place of what it said before. Whether there was room.
    pub fn learn_interface(
        &self,
        source: Source,
        exporter: IpAddr,
        index: u32,
        facts: InterfaceFacts,
    ) -> bool {
        let exporter = exporter.to_canonical();
        let mut state = self.write();
        let has_room = match state.learned.get(&exporter) {
            Some(known) => {
                known.interfaces.len() < self.limits.interfaces || known.interfaces.contains_key(&index)
            }
            None => state.learned.len() < self.limits.exporters,
        };
        if !has_room {
            return false;
        }
        let known = state.learned.entry(exporter).or_default();
        let place = known.interfaces.entry(index).or_default().of(source);
        let facts = facts.clipped();
        if *place != facts {
            *place = facts;
            state.name_interface_again(exporter, index, self.limits);
            self.generation.fetch_add(1, Ordering::Release);
        }
        true
    }

    /// Takes all that a source says of an exporter and its interfaces, in the place of all that it said before: a reboot
    /// may have given the interfaces other numbers. Nobody sees a part of it. Whether there was room for all.
    pub fn learn_all(
        &self,
        source: Source,
        exporter: IpAddr,
        facts: ExporterFacts,
        interfaces: BTreeMap<u32, InterfaceFacts>,
    ) -> bool {
        let exporter = exporter.to_canonical();
        let mut state = self.write();
        if state.learned.len() >= self.limits.exporters && !state.learned.contains_key(&exporter) {
            return false;
        }
        let known = state.learned.entry(exporter).or_default();
        let facts = facts.clipped();
        let is_renamed = *known.of(source) != facts;
        *known.of(source) = facts;
        let (changed, has_room) = known.take_interfaces(source, interfaces, self.limits);
        if is_renamed && let Some(named) = state.exporters.get_mut(&exporter) {
            named.epoch = None;
        }
        let is_changed = is_renamed || !changed.is_empty();
        changed.into_iter().for_each(|index| state.name_interface_again(exporter, index, self.limits));
        if is_changed {
            self.generation.fetch_add(1, Ordering::Release);
        }
        has_room
    }

    /// The exporters that were asked for the first time since the last call, or for an interface of which SNMP said
    /// nothing.
    pub fn take_wanted(&self) -> BTreeSet<IpAddr> {
        // Most calls find none: the lock of the writers is not taken for them.
        if self.read().wanted.is_empty() { BTreeSet::new() } else { std::mem::take(&mut self.write().wanted) }
    }

    /// What an exporter is called.
    pub fn exporter(&self, exporter: IpAddr) -> Arc<ExporterNames> {
        let exporter = exporter.to_canonical();
        let found = self.read().current_exporter(exporter).cloned();
        found.unwrap_or_else(|| self.write().exporter(exporter, self.limits))
    }

    /// What an interface of an exporter is called.
    pub fn interface(&self, exporter: IpAddr, index: u32) -> Arc<InterfaceNames> {
        let exporter = exporter.to_canonical();
        let found = self.read().current_interface(exporter, index).cloned();
        found.unwrap_or_else(|| self.write().interface(exporter, index, self.limits))
    }

    /// The exporters that were asked for, with what they are called, in the order of their addresses.
    pub fn exporters(&self) -> BTreeMap<IpAddr, Arc<ExporterNames>> {
        let known: Vec<IpAddr> = self.read().exporters.keys().copied().collect();
        known.into_iter().map(|address| (address, self.exporter(address))).collect()
    }

    /// The interfaces that were asked for, with what they are called, in the order of addresses and indexes.
    pub fn interfaces(&self) -> BTreeMap<(IpAddr, u32), Arc<InterfaceNames>> {
        let known: Vec<(IpAddr, u32)> = {
            let state = self.read();
            let of_exporter = |(&exporter, interfaces): (&IpAddr, &HashMap<u32, _>)| {
                interfaces.keys().map(move |&index| (exporter, index)).collect::<Vec<_>>()
            };
            state.interfaces.iter().flat_map(of_exporter).collect()
        };
        known
            .into_iter()
            .map(|(exporter, index)| ((exporter, index), self.interface(exporter, index)))
            .collect()
    }

    /// The exporters that were asked for, in the order of their addresses: what sources say, and what became of it.
    pub fn explain_exporters(&self) -> BTreeMap<IpAddr, Explained<ExporterFacts>> {
        let explained = |(address, names): (IpAddr, Arc<ExporterNames>)| {
            let known = self.read().known_exporter(address);
            (address, Explained { known, names })
        };
        self.exporters().into_iter().map(explained).collect()
    }

    /// The interfaces that were asked for, in the order of addresses and indexes: what sources say, and what became of it.
    pub fn explain_interfaces(&self) -> BTreeMap<(IpAddr, u32), Explained<InterfaceFacts>> {
        let explained = |((address, index), names): ((IpAddr, u32), Arc<InterfaceNames>)| {
            let known = self.read().known_interface(address, index);
            ((address, index), Explained { known, names })
        };
        self.interfaces().into_iter().map(explained).collect()
    }

    /// What has changed since the last call. What a change of the configuration or of an exporter means for an interface is
    /// noticed when the interface is asked for.
    pub fn take_changes(&self) -> Changes {
        std::mem::take(&mut self.write().changes)
    }

    pub(super) fn learned(&self) -> Learned {
        self.read().learned.clone()
    }

    /// Takes what was learned before, within the limits; what was learned since stays.
    pub(super) fn restore(&self, learned: Learned) {
        let mut state = self.write();
        for (address, mut exporter) in learned.into_iter().take(self.limits.exporters) {
            if state.learned.len() >= self.limits.exporters {
                break;
            }
            while exporter.interfaces.len() > self.limits.interfaces {
                exporter.interfaces.pop_last();
            }
            state.learned.entry(address.to_canonical()).or_insert_with(|| exporter.clipped());
        }
        state.epoch += 1;
        self.generation.fetch_add(1, Ordering::Release);
    }
}
