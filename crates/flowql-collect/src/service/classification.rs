//! What rules gave to exporters and interfaces, as `GET /api/v1/classification` says it.

use std::net::IpAddr;

use flowql_enrich::exporters::{Directory, Known};
use flowql_enrich::rules::{ClassifySection, Given};
use flowql_enrich::{ExporterFacts, InterfaceFacts};
use serde::{Deserialize, Serialize};

/// What rules gave to exporters and interfaces.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Classification {
    /// The rules.
    pub rules: RuleFilters,
    /// The exporters, by address.
    pub exporters: Vec<ClassifiedExporter>,
    /// The interfaces, by address and index.
    pub interfaces: Vec<ClassifiedInterface>,
}

/// The filters of the rules, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleFilters {
    /// Those for exporters.
    pub exporter: Vec<String>,
    /// Those for interfaces.
    pub interface: Vec<String>,
}

/// An exporter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassifiedExporter {
    /// Its address.
    pub address: IpAddr,
    /// What sources say of it.
    pub known: Known<ExporterFacts>,
    /// What that is with the rules.
    pub facts: ExporterFacts,
    /// What each rule set.
    pub given: Vec<GivenAttribute>,
}

/// An interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassifiedInterface {
    /// The address of its exporter.
    pub exporter: IpAddr,
    /// Its index.
    pub index: u32,
    /// What sources say of it.
    pub known: Known<InterfaceFacts>,
    /// What that is with the rules.
    pub facts: InterfaceFacts,
    /// What each rule set.
    pub given: Vec<GivenAttribute>,
}

/// An attribute that a rule has set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenAttribute {
    /// Which rule, from 0.
    pub rule: usize,
    /// The attribute.
    pub attribute: String,
    /// Its value.
    pub value: String,
}

impl Classification {
    /// What is in a directory, by the rules of a section.
    pub(crate) fn of(directory: &Directory, section: &ClassifySection) -> Self {
        let exporters = directory.explain_exporters().into_iter().map(|(address, explained)| {
            let (facts, given) = (explained.names.facts.clone(), given(&explained.names.given));
            ClassifiedExporter { address, known: explained.known, facts, given }
        });
        let interfaces = directory.explain_interfaces().into_iter().map(|((exporter, index), explained)| {
            let (facts, given) = (explained.names.facts.clone(), given(&explained.names.given));
            ClassifiedInterface { exporter, index, known: explained.known, facts, given }
        });
        let rules = RuleFilters {
            exporter: section.exporter.iter().map(|rule| rule.when.clone()).collect(),
            interface: section.interface.iter().map(|rule| rule.when.clone()).collect(),
        };
        Self { rules, exporters: exporters.collect(), interfaces: interfaces.collect() }
    }
}

fn given(given: &[Given]) -> Vec<GivenAttribute> {
    let one = |given: &Given| GivenAttribute {
        rule: given.rule,
        attribute: given.attribute.to_owned(),
        value: given.value.clone(),
    };
    given.iter().map(one).collect()
}
