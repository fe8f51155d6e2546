//! The directory of exporters and interfaces. Nothing in it waits for a source: what is asked for is answered with what is
//! known, and sources put in what they learn whenever they learn it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::configured::Configured;
use super::section::ExporterSection;
use crate::facts::{ExporterFacts, InterfaceFacts};
use crate::rules::{
    ClassifiedExporter, ClassifiedInterface, ExporterRules, ExporterSubject, Given, InterfaceRules,
};

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

/// What is learned of exporters and interfaces, by address and index.
pub(super) type Learned = BTreeMap<IpAddr, LearnedExporter>;

/// What sources say of an exporter.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub(super) struct LearnedExporter {
    options: ExporterFacts,
    snmp: ExporterFacts,
    interfaces: BTreeMap<u32, LearnedInterface>,
}

/// What sources say of an interface.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub(super) struct LearnedInterface {
    options: InterfaceFacts,
    snmp: InterfaceFacts,
}

#[derive(Debug, Default)]
struct State {
    configured: Configured,
    exporter_rules: ExporterRules,
    interface_rules: InterfaceRules,
    learned: Learned,
    /// Counts the configurations. Names of an earlier one are made again when they are asked for, so that a change of the
    /// configuration holds up nobody.
    epoch: u64,
    exporters: HashMap<IpAddr, NamedExporter>,
    interfaces: HashMap<IpAddr, HashMap<u32, NamedInterface>>,
    changes: Changes,
}

#[derive(Debug)]
struct NamedExporter {
    /// The epoch of which the names are; `None` where something was learned since.
    epoch: Option<u64>,
    names: Arc<ExporterNames>,
}

#[derive(Debug)]
struct NamedInterface {
    /// The epoch of which the names are; `None` where something was learned since.
    epoch: Option<u64>,
    /// What the exporter was called then, for which rules may ask.
    of_exporter: Arc<ExporterNames>,
    names: Arc<InterfaceNames>,
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
        let known = state.learned.entry(exporter).or_default();
        let place = match source {
            Source::Options => &mut known.options,
            Source::Snmp => &mut known.snmp,
        };
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
        let known = state.learned.entry(exporter).or_default().interfaces.entry(index).or_default();
        let place = match source {
            Source::Options => &mut known.options,
            Source::Snmp => &mut known.snmp,
        };
        let facts = facts.clipped();
        if *place != facts {
            *place = facts;
            state.name_interface_again(exporter, index, self.limits);
            self.generation.fetch_add(1, Ordering::Release);
        }
        true
    }

    /// Forgets what a source said of the interfaces of an exporter that are not in a list, as after a reboot that gives
    /// them other numbers.
    pub fn keep_interfaces(&self, source: Source, exporter: IpAddr, indexes: &BTreeSet<u32>) {
        let exporter = exporter.to_canonical();
        let mut state = self.write();
        let Some(known) = state.learned.get_mut(&exporter) else { return };
        let mut gone = Vec::new();
        for (&index, known) in known.interfaces.iter_mut().filter(|(index, _)| !indexes.contains(index)) {
            let place = match source {
                Source::Options => &mut known.options,
                Source::Snmp => &mut known.snmp,
            };
            if *place != InterfaceFacts::default() {
                *place = InterfaceFacts::default();
                gone.push(index);
            }
        }
        known.interfaces.retain(|_, known| *known != LearnedInterface::default());
        gone.into_iter().for_each(|index| state.name_interface_again(exporter, index, self.limits));
        self.generation.fetch_add(1, Ordering::Release);
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

impl LearnedExporter {
    fn clipped(self) -> Self {
        let of_interface = |known: LearnedInterface| LearnedInterface {
            options: known.options.clipped(),
            snmp: known.snmp.clipped(),
        };
        let interfaces = self.interfaces.into_iter().map(|(index, known)| (index, of_interface(known)));
        Self { options: self.options.clipped(), snmp: self.snmp.clipped(), interfaces: interfaces.collect() }
    }
}

impl State {
    /// What an exporter is called, if that is not out of date.
    fn current_exporter(&self, exporter: IpAddr) -> Option<&Arc<ExporterNames>> {
        let named = self.exporters.get(&exporter)?;
        (named.epoch == Some(self.epoch)).then_some(&named.names)
    }

    /// What an interface is called, if that is not out of date.
    fn current_interface(&self, exporter: IpAddr, index: u32) -> Option<&Arc<InterfaceNames>> {
        let named = self.interfaces.get(&exporter)?.get(&index)?;
        let is_of_exporter =
            self.current_exporter(exporter).is_some_and(|names| Arc::ptr_eq(names, &named.of_exporter));
        (named.epoch == Some(self.epoch) && is_of_exporter).then_some(&named.names)
    }

    /// What an exporter is called; kept where there is room.
    fn exporter(&mut self, exporter: IpAddr, limits: Limits) -> Arc<ExporterNames> {
        if let Some(known) = self.current_exporter(exporter) {
            return Arc::clone(known);
        }
        let mut names = Arc::new(self.name_exporter(exporter));
        let epoch = Some(self.epoch);
        let has_room = self.exporters.len() < limits.exporters;
        match self.exporters.get_mut(&exporter) {
            Some(named) => {
                // Where nothing has changed, what was made of these names still holds.
                if *named.names == *names {
                    names = Arc::clone(&named.names);
                }
                *named = NamedExporter { epoch, names: Arc::clone(&names) };
            }
            None if has_room => {
                self.exporters.insert(exporter, NamedExporter { epoch, names: Arc::clone(&names) });
            }
            None => {}
        }
        names
    }

    /// What an interface is called; kept where there is room.
    fn interface(&mut self, exporter: IpAddr, index: u32, limits: Limits) -> Arc<InterfaceNames> {
        let of_exporter = self.exporter(exporter, limits);
        if let Some(known) = self.current_interface(exporter, index) {
            return Arc::clone(known);
        }
        let names = Arc::new(self.name_interface(exporter, index, &of_exporter.facts));
        let has_room = self.interfaces.contains_key(&exporter) || self.interfaces.len() < limits.exporters;
        if has_room {
            let interfaces = self.interfaces.entry(exporter).or_default();
            let before = interfaces.get(&index).map(|named| Arc::clone(&named.names));
            if before.is_some() || interfaces.len() < limits.interfaces {
                let named =
                    NamedInterface { epoch: Some(self.epoch), of_exporter, names: Arc::clone(&names) };
                interfaces.insert(index, named);
                if before.is_none_or(|before| *before != *names) {
                    self.changes.note((exporter, index), limits);
                }
            }
        }
        names
    }

    /// The first source that knows a fact wins, then the rules but for facts of the configuration and the exporter.
    fn name_exporter(&self, exporter: IpAddr) -> ExporterNames {
        let mut fixed = self.configured.exporter(exporter);
        let learned = self.learned.get(&exporter);
        learned.iter().for_each(|learned| fixed.fill(&learned.options));
        let mut facts = fixed.clone();
        learned.iter().for_each(|learned| facts.fill(&learned.snmp));
        let placeholder = ExporterFacts { name: exporter.to_string(), ..ExporterFacts::default() };
        facts.fill(&placeholder);
        let mut subject = ClassifiedExporter { address: exporter, facts };
        let given = self.exporter_rules.classify(&mut subject, |key| fixed.has(key));
        Classified { facts: subject.facts, given }
    }

    fn name_interface(&self, exporter: IpAddr, index: u32, of_exporter: &ExporterFacts) -> InterfaceNames {
        let learned = self.learned.get(&exporter).and_then(|known| known.interfaces.get(&index));
        let mut others = InterfaceFacts::default();
        learned.iter().for_each(|learned| others.fill(&learned.options));
        let options = others.clone();
        learned.iter().for_each(|learned| others.fill(&learned.snmp));
        let mut fixed = self.configured.interface(exporter, index, &others);
        fixed.fill(&options);
        let mut facts = fixed.clone();
        facts.fill(&others);
        facts.fill(&InterfaceFacts { name: format!("if{index}"), ..InterfaceFacts::default() });
        let exporter = ExporterSubject { address: exporter, facts: of_exporter };
        let mut subject = ClassifiedInterface { exporter, index, facts };
        let given = self.interface_rules.classify(&mut subject, |key| fixed.has(key));
        Classified { facts: subject.facts, given }
    }

    /// Names an interface that has names again.
    fn name_interface_again(&mut self, exporter: IpAddr, index: u32, limits: Limits) {
        let named = self.interfaces.get_mut(&exporter).and_then(|interfaces| interfaces.get_mut(&index));
        if let Some(named) = named {
            named.epoch = None;
            self.interface(exporter, index, limits);
        }
    }
}

impl Changes {
    fn note(&mut self, key: (IpAddr, u32), limits: Limits) {
        if self.interfaces.len() < limits.changes || self.interfaces.contains(&key) {
            self.interfaces.insert(key);
        } else {
            self.overflown = true;
        }
    }
}
