//! What a directory holds: what was learned, and the names that were made of it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use super::configured::Configured;
use super::directory::{Changes, ExporterNames, InterfaceNames, Limits, Source};
use super::known::Known;
use crate::facts::{ExporterFacts, InterfaceFacts};
use crate::rules::{ExporterRules, ExporterSubject, InterfaceRules};

/// What is learned of exporters and interfaces, by address and index.
pub(super) type Learned = BTreeMap<IpAddr, LearnedExporter>;

/// What sources say of an exporter.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub(super) struct LearnedExporter {
    pub(super) options: ExporterFacts,
    pub(super) snmp: ExporterFacts,
    pub(super) interfaces: BTreeMap<u32, LearnedInterface>,
}

/// What sources say of an interface.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub(super) struct LearnedInterface {
    pub(super) options: InterfaceFacts,
    pub(super) snmp: InterfaceFacts,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) configured: Configured,
    pub(super) exporter_rules: ExporterRules,
    pub(super) interface_rules: InterfaceRules,
    pub(super) learned: Learned,
    /// Counts the configurations. Names of an earlier one are made again when they are asked for, so that a change of the
    /// configuration holds up nobody.
    pub(super) epoch: u64,
    pub(super) exporters: HashMap<IpAddr, NamedExporter>,
    pub(super) interfaces: HashMap<IpAddr, HashMap<u32, NamedInterface>>,
    pub(super) changes: Changes,
    /// Exporters of which SNMP may know more.
    pub(super) wanted: BTreeSet<IpAddr>,
}

#[derive(Debug)]
pub(super) struct NamedExporter {
    /// The epoch of which the names are; `None` where something was learned since.
    pub(super) epoch: Option<u64>,
    pub(super) names: Arc<ExporterNames>,
}

#[derive(Debug)]
pub(super) struct NamedInterface {
    /// The epoch of which the names are; `None` where something was learned since.
    pub(super) epoch: Option<u64>,
    /// What the exporter was called then, for which rules may ask.
    pub(super) of_exporter: Arc<ExporterNames>,
    pub(super) names: Arc<InterfaceNames>,
}

impl LearnedExporter {
    /// What a source says.
    pub(super) const fn of(&mut self, source: Source) -> &mut ExporterFacts {
        match source {
            Source::Options => &mut self.options,
            Source::Snmp => &mut self.snmp,
        }
    }

    /// Takes all interfaces of a source in the place of those before. Gives the ones of which it says something else now,
    /// and whether there was room for all.
    pub(super) fn take_interfaces(
        &mut self,
        source: Source,
        mut interfaces: BTreeMap<u32, InterfaceFacts>,
        limits: Limits,
    ) -> (Vec<u32>, bool) {
        let mut changed = Vec::new();
        for (&index, known) in &mut self.interfaces {
            let facts = interfaces.remove(&index).unwrap_or_default().clipped();
            if *known.of(source) != facts {
                *known.of(source) = facts;
                changed.push(index);
            }
        }
        self.interfaces.retain(|_, known| *known != LearnedInterface::default());
        interfaces.retain(|_, facts| *facts != InterfaceFacts::default());
        let room = limits.interfaces.saturating_sub(self.interfaces.len());
        let has_room = interfaces.len() <= room;
        for (index, facts) in interfaces.into_iter().take(room) {
            *self.interfaces.entry(index).or_default().of(source) = facts.clipped();
            changed.push(index);
        }
        (changed, has_room)
    }

    pub(super) fn clipped(self) -> Self {
        let of_interface = |known: LearnedInterface| LearnedInterface {
            options: known.options.clipped(),
            snmp: known.snmp.clipped(),
        };
        let interfaces = self.interfaces.into_iter().map(|(index, known)| (index, of_interface(known)));
        Self { options: self.options.clipped(), snmp: self.snmp.clipped(), interfaces: interfaces.collect() }
    }
}

impl LearnedInterface {
    /// What a source says.
    pub(super) const fn of(&mut self, source: Source) -> &mut InterfaceFacts {
        match source {
            Source::Options => &mut self.options,
            Source::Snmp => &mut self.snmp,
        }
    }
}

impl State {
    /// Notes that SNMP may know more of an exporter.
    pub(super) fn want(&mut self, exporter: IpAddr, limits: Limits) {
        if self.wanted.len() < limits.exporters {
            self.wanted.insert(exporter);
        }
    }

    /// Whether SNMP said something of an interface.
    fn is_known_by_snmp(&self, exporter: IpAddr, index: u32) -> bool {
        let known = self.learned.get(&exporter).and_then(|known| known.interfaces.get(&index));
        known.is_some_and(|known| known.snmp != InterfaceFacts::default())
    }

    /// What an exporter is called, if that is not out of date.
    pub(super) fn current_exporter(&self, exporter: IpAddr) -> Option<&Arc<ExporterNames>> {
        let named = self.exporters.get(&exporter)?;
        (named.epoch == Some(self.epoch)).then_some(&named.names)
    }

    /// What an interface is called, if that is not out of date.
    pub(super) fn current_interface(&self, exporter: IpAddr, index: u32) -> Option<&Arc<InterfaceNames>> {
        let named = self.interfaces.get(&exporter)?.get(&index)?;
        let is_of_exporter =
            self.current_exporter(exporter).is_some_and(|names| Arc::ptr_eq(names, &named.of_exporter));
        (named.epoch == Some(self.epoch) && is_of_exporter).then_some(&named.names)
    }

    /// What an exporter is called; kept where there is room.
    pub(super) fn exporter(&mut self, exporter: IpAddr, limits: Limits) -> Arc<ExporterNames> {
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
                self.want(exporter, limits);
                self.exporters.insert(exporter, NamedExporter { epoch, names: Arc::clone(&names) });
            }
            None => {}
        }
        names
    }

    /// What an interface is called; kept where there is room.
    pub(super) fn interface(&mut self, exporter: IpAddr, index: u32, limits: Limits) -> Arc<InterfaceNames> {
        let of_exporter = self.exporter(exporter, limits);
        if let Some(known) = self.current_interface(exporter, index) {
            return Arc::clone(known);
        }
        let is_new = self.interfaces.get(&exporter).is_none_or(|known| !known.contains_key(&index));
        if is_new && !self.is_known_by_snmp(exporter, index) {
            self.want(exporter, limits);
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

    /// What sources say of an exporter: the first that knows a fact wins.
    pub(super) fn known_exporter(&self, exporter: IpAddr) -> Known<ExporterFacts> {
        let mut fixed = self.configured.exporter(exporter);
        let learned = self.learned.get(&exporter);
        learned.iter().for_each(|learned| fixed.fill(&learned.options));
        let mut facts = fixed.clone();
        learned.iter().for_each(|learned| facts.fill(&learned.snmp));
        facts.fill(&ExporterFacts { name: exporter.to_string(), ..ExporterFacts::default() });
        Known { facts, fixed }
    }

    /// What sources say of an interface: the first that knows a fact wins.
    pub(super) fn known_interface(&self, exporter: IpAddr, index: u32) -> Known<InterfaceFacts> {
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
        Known { facts, fixed }
    }

    fn name_exporter(&self, exporter: IpAddr) -> ExporterNames {
        self.known_exporter(exporter).classify(exporter, &self.exporter_rules)
    }

    fn name_interface(&self, exporter: IpAddr, index: u32, of_exporter: &ExporterFacts) -> InterfaceNames {
        let subject = ExporterSubject { address: exporter, facts: of_exporter };
        self.known_interface(exporter, index).classify(subject, index, &self.interface_rules)
    }

    /// Names an interface that has names again.
    pub(super) fn name_interface_again(&mut self, exporter: IpAddr, index: u32, limits: Limits) {
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
