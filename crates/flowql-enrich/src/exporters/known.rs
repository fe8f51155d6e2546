//! What sources say of exporters and interfaces, before the rules, and what other rules would make of it.

use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::directory::{Classified, ExporterNames, InterfaceNames};
use crate::facts::{ExporterFacts, InterfaceFacts};
use crate::rules::{ClassifiedExporter, ClassifiedInterface, ExporterRules, ExporterSubject, InterfaceRules};

/// What sources say, before the rules.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known<F> {
    /// What all sources say together, with a name in any case.
    pub facts: F,
    /// Of that, what rules may not touch: it is of the configuration or of the exporter itself.
    pub fixed: F,
}

/// What sources say of something, and what the rules made of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained<F> {
    /// What sources say.
    pub known: Known<F>,
    /// What it is called.
    pub names: Arc<Classified<F>>,
}

impl Known<ExporterFacts> {
    /// What rules make of an exporter.
    pub fn classify(&self, address: IpAddr, rules: &ExporterRules) -> ExporterNames {
        let mut subject = ClassifiedExporter { address, facts: self.facts.clone() };
        let given = rules.classify(&mut subject, |key| self.fixed.has(key));
        Classified { facts: subject.facts, given }
    }
}

impl Known<InterfaceFacts> {
    /// What rules make of an interface of an exporter, which is classified already.
    pub fn classify(
        &self,
        exporter: ExporterSubject<'_>,
        index: u32,
        rules: &InterfaceRules,
    ) -> InterfaceNames {
        let mut subject = ClassifiedInterface { exporter, index, facts: self.facts.clone() };
        let given = rules.classify(&mut subject, |key| self.fixed.has(key));
        Classified { facts: subject.facts, given }
    }
}
