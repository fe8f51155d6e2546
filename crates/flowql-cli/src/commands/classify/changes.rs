//! What other rules would change.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::Path;

use flowql::Severity;
use flowql_collect::service::classification::Classification;
use flowql_config::Config;
use flowql_enrich::ExporterFacts;
use flowql_enrich::rules::{
    ClassifySection, ExporterRules, ExporterSubject, Given, InterfaceRules, RuleFault,
};
use serde::Serialize;

use super::super::report;
use super::{because, known};
use crate::console::{self, Output};
use crate::failure::Failure;
use crate::sections::SECTIONS;

/// An attribute that would be another one.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct AttributeChange {
    exporter: IpAddr,
    /// The interface; none for the exporter itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<u32>,
    /// What it is called now.
    name: String,
    attribute: String,
    before: Option<String>,
    after: Option<String>,
    /// The rule that sets it, from 1.
    rule: Option<usize>,
}

/// Other rules.
struct Rules {
    section: ClassifySection,
    exporters: ExporterRules,
    interfaces: InterfaceRules,
}

/// Prints what the rules of a file would change.
pub(super) fn print(
    found: &Classification,
    file: &Path,
    json: bool,
    quiet: bool,
    output: &mut Output,
) -> Result<(), Failure> {
    let rules = read(file)?;
    if !quiet {
        rules.exporters.warnings().iter().for_each(|fault| warn("classify.exporter", fault));
        rules.interfaces.warnings().iter().for_each(|fault| warn("classify.interface", fault));
    }
    let changes = changes(found, &rules);
    if json {
        return output.json(&changes);
    }
    changes.iter().try_for_each(|change| output.line(&line(change, &rules.section)))?;
    if changes.is_empty() && !quiet {
        console::message("nothing would change");
    }
    Ok(())
}

fn read(file: &Path) -> Result<Rules, Failure> {
    let config = Config::load(file, SECTIONS).map_err(|errors| report(&errors))?;
    let section = ClassifySection::clone(&config.section());
    // A configuration with faulty rules is refused before.
    let exporters = ExporterRules::compile_exporters(&section.exporter).unwrap_or_default();
    let interfaces = InterfaceRules::compile_interfaces(&section.interface).unwrap_or_default();
    Ok(Rules { section, exporters, interfaces })
}

fn warn(list: &str, fault: &RuleFault) {
    if fault.severity == Severity::Warning {
        let setting = if fault.setting.is_empty() { String::new() } else { format!(", `{}`", fault.setting) };
        let message = format!("rule {} of [[{list}]]{setting}: {}", fault.rule + 1, fault.message);
        console::warning(&message, fault.help.as_deref());
    }
}

fn changes(found: &Classification, rules: &Rules) -> Vec<AttributeChange> {
    let mut changes = Vec::new();
    let mut names: HashMap<IpAddr, ExporterFacts> = HashMap::new();
    for exporter in &found.exporters {
        let after = exporter.known.classify(exporter.address, &rules.exporters);
        let name = (exporter.address, None, exporter.facts.name.as_str());
        changes.extend(differences(name, &exporter.facts, &after.facts, &after.given));
        names.insert(exporter.address, after.facts);
    }
    for interface in &found.interfaces {
        let unknown = ExporterFacts::default();
        let facts = names.get(&interface.exporter).unwrap_or(&unknown);
        let subject = ExporterSubject { address: interface.exporter, facts };
        let after = interface.known.classify(subject, interface.index, &rules.interfaces);
        let name = (interface.exporter, Some(interface.index), interface.facts.name.as_str());
        changes.extend(differences(name, &interface.facts, &after.facts, &after.given));
    }
    changes
}

fn differences(
    (exporter, index, name): (IpAddr, Option<u32>, &str),
    before: &impl Serialize,
    after: &impl Serialize,
    given: &[Given],
) -> Vec<AttributeChange> {
    let (before, after) = (known(before), known(after));
    let keys: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let changed = keys.into_iter().filter(|key| before.get(*key) != after.get(*key));
    changed
        .map(|key| AttributeChange {
            exporter,
            index,
            name: name.to_owned(),
            attribute: key.clone(),
            before: before.get(key).cloned(),
            after: after.get(key).cloned(),
            rule: given.iter().rfind(|given| given.attribute == key).map(|given| given.rule + 1),
        })
        .collect()
}

fn line(change: &AttributeChange, section: &ClassifySection) -> String {
    let AttributeChange { exporter, index, name, attribute, before, after, rule } = change;
    let what = match index {
        Some(index) => format!("{exporter} interface {index} ({})", crate::colours::harmless(name)),
        None => format!("{exporter} ({})", crate::colours::harmless(name)),
    };
    let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
    let filter = |rule: usize| match index {
        Some(_) => section.interface.get(rule - 1).map(|rule| &rule.when),
        None => section.exporter.get(rule - 1).map(|rule| &rule.when),
    };
    let why = rule.map_or_else(String::new, |rule| format!(", by rule {rule}{}", because(filter(rule))));
    format!("{what}: {attribute} {} -> {}{why}", value(before), value(after))
}

#[cfg(test)]
mod tests {
    use flowql_collect::service::classification::ClassifiedInterface;
    use flowql_enrich::exporters::Known;
    use flowql_enrich::{Boundary, InterfaceFacts};

    use super::*;

    #[test]
    fn each_attribute_that_differs_is_a_change() {
        let file = tempfile::NamedTempFile::with_suffix(".toml").unwrap();
        let text = "[[classify.interface]]\nwhen = 'Description LIKE \"Transit%\"'\n\
                    set = { boundary = \"external\", name = \"x\" }\n";
        std::fs::write(&file, text).unwrap();
        let rules = read(file.path()).unwrap();
        let facts = InterfaceFacts {
            name: "et1".to_owned(),
            description: "Transit A".to_owned(),
            ..InterfaceFacts::default()
        };
        let fixed = InterfaceFacts { name: "et1".to_owned(), ..InterfaceFacts::default() };
        let now = InterfaceFacts { boundary: Boundary::Internal, ..facts.clone() };
        let interface = ClassifiedInterface {
            exporter: "192.0.2.1".parse().unwrap(),
            index: 7,
            known: Known { facts, fixed },
            facts: now,
            given: Vec::new(),
        };
        let found = Classification { interfaces: vec![interface], ..Classification::default() };
        let changes = changes(&found, &rules);
        let lines: Vec<String> = changes.iter().map(|change| line(change, &rules.section)).collect();
        assert_eq!(
            lines,
            [
                "192.0.2.1 interface 7 (et1): boundary internal -> external, by rule 1, because Description LIKE \"Transit%\""
            ]
        );
    }
}
