//! `flowql classify`: what rules gave to exporters and interfaces, and what others would.

mod changes;
mod traffic;

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use flowql_collect::service::classification::{Classification, ClassifiedInterface, GivenAttribute};
use flowql_connect::Service;
use flowql_enrich::rules::{SuggestionSubject, suggest};
use serde::Serialize;

use super::exporters::{DEADLINE, collector, unasked};
use super::{load, runtime};
use crate::args::{Classify, Global};
use crate::colours::harmless;
use crate::console::{self, Output};
use crate::failure::{Failure, Status};

pub(super) fn run(global: &Global, args: &Classify) -> Result<Status, Failure> {
    let url = match &args.url {
        Some(url) => url.clone(),
        None => collector(&load(global, None)?)?,
    };
    let service = Service::new(&url).map_err(Failure::from)?;
    let found = runtime()?.block_on(service.get::<Classification>("api/v1/classification", DEADLINE));
    let found = match found {
        Ok(found) => found,
        Err(error) => {
            unasked(&url, &error);
            return Ok(Status::Unusable);
        }
    };
    let mut output = Output::new();
    if let Some(file) = &args.rules {
        changes::print(&found, file, args.json, global.quiet, &mut output)?;
    } else if args.suggest {
        suggestions(global, args, &found, &mut output)?;
    } else if args.json {
        output.json(&found)?;
    } else {
        text(&found).iter().try_for_each(|line| output.line(line))?;
    }
    output.finish()?;
    if found.exporters.is_empty() && !global.quiet {
        console::warning("no flow came yet: no exporter is known", None);
    }
    Ok(Status::Good)
}

/// Prints rules for what has no boundary.
fn suggestions(
    global: &Global,
    args: &Classify,
    found: &Classification,
    output: &mut Output,
) -> Result<(), Failure> {
    let traffic = match traffic::networks(global, &args.target) {
        Ok(traffic) => traffic,
        Err(failure) => {
            super::check::told(failure)?;
            console::warning("without the tables, only descriptions are looked at", None);
            HashMap::new()
        }
    };
    let names = exporter_names(found);
    let subject = |interface: &ClassifiedInterface| {
        let exporter = names.get(&interface.exporter).copied().unwrap_or_default().to_owned();
        let networks = traffic.get(&(exporter.clone(), interface.facts.name.clone())).copied();
        SuggestionSubject { exporter, facts: interface.facts.clone(), networks }
    };
    let subjects: Vec<SuggestionSubject> = found.interfaces.iter().map(subject).collect();
    let rules = suggest(&subjects);
    if rules.is_empty() && !global.quiet {
        console::warning("nothing is suggested: all interfaces have a boundary, or say nothing of it", None);
    }
    output.text(&rules)
}

fn exporter_names(found: &Classification) -> BTreeMap<IpAddr, &str> {
    found.exporters.iter().map(|exporter| (exporter.address, exporter.facts.name.as_str())).collect()
}

/// Each exporter with its interfaces, and below each what rules gave to it.
fn text(found: &Classification) -> Vec<String> {
    let mut lines = Vec::new();
    for exporter in &found.exporters {
        lines.push(format!("{} {}", exporter.address, attributes(&exporter.facts)));
        lines.extend(why(&exporter.given, &found.rules.exporter, "  "));
        for interface in found.interfaces.iter().filter(|interface| interface.exporter == exporter.address) {
            lines.push(format!("  {} {}", interface.index, attributes(&interface.facts)));
            lines.extend(why(&interface.given, &found.rules.interface, "    "));
        }
    }
    lines
}

/// The facts that are known, as `name=edge1 site=paris`.
fn attributes(facts: &impl Serialize) -> String {
    let known = known(facts).into_iter().map(|(key, value)| format!("{key}={value}"));
    known.collect::<Vec<_>>().join(" ")
}

/// The facts that are known, by key.
fn known(facts: &impl Serialize) -> BTreeMap<String, String> {
    // A fact that is not known is left out.
    let Ok(serde_json::Value::Object(facts)) = serde_json::to_value(facts) else { return BTreeMap::new() };
    let word = |value: serde_json::Value| match value {
        serde_json::Value::String(text) if text.contains(' ') => format!("{:?}", harmless(&text)),
        serde_json::Value::String(text) => harmless(&text),
        other => other.to_string(),
    };
    facts.into_iter().map(|(key, value)| (key, word(value))).collect()
}

/// What each rule set, with its filter.
fn why(given: &[GivenAttribute], filters: &[String], indent: &str) -> Vec<String> {
    let mut by_rule: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for given in given {
        by_rule.entry(given.rule).or_default().push(format!(
            "{}={}",
            given.attribute,
            harmless(&given.value)
        ));
    }
    let line = |(rule, set): (usize, Vec<String>)| {
        format!("{indent}  rule {} set {}{}", rule + 1, set.join(", "), because(filters.get(rule)))
    };
    by_rule.into_iter().map(line).collect()
}

/// The filter of a rule, as a reason.
fn because(filter: Option<&String>) -> String {
    match filter.map(|filter| filter.trim()) {
        None | Some("") => ", for all".to_owned(),
        Some(filter) => format!(", because {}", harmless(filter)),
    }
}
