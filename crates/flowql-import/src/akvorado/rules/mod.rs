//! Classifiers: expressions that classify become rules, `when` a filter `set` what the expression gives.

mod condition;
mod expression;
mod translate;

use flowql_enrich::rules::{
    ExporterRuleSection, ExporterRules, ExporterSetSection, InterfaceRuleSection, InterfaceRules,
    InterfaceSetSection,
};

use self::expression::Expression;
use self::translate::Rule;
use crate::output::Output;
use crate::tree::Tree;

/// What is classified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Exporter,
    Interface,
}

/// Makes rules of a list of classifiers.
pub(super) fn classifiers(list: Tree, kind: Kind, path: &str, output: &mut Output) {
    for (place, classifier) in list.items().iter().enumerate() {
        let text = classifier.text().unwrap_or_else(|| classifier.line());
        match rules(&text, kind) {
            Ok(rules) => rules.iter().for_each(|rule| write(rule, kind, output)),
            Err(reason) => output.leave(&format!("{path}[{place}]"), &text, &reason),
        }
    }
}

/// The rules of a classifier.
///
/// # Errors
///
/// Why there are none that mean the same.
fn rules(text: &str, kind: Kind) -> Result<Vec<Rule>, String> {
    let rules = translate::rules(&Expression::read(text)?, kind)?;
    for rule in &rules {
        check(rule, kind)?;
    }
    Ok(rules)
}

/// Whether FlowQL takes a rule.
fn check(rule: &Rule, kind: Kind) -> Result<(), String> {
    let set = |name: &str| {
        let found = rule.set.iter().find(|(attribute, _)| *attribute == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let when = rule.when.clone();
    let faults = match kind {
        Kind::Exporter => {
            let set = ExporterSetSection {
                name: set("name"),
                group: set("group"),
                role: set("role"),
                site: set("site"),
                region: set("region"),
                tenant: set("tenant"),
            };
            let rule = ExporterRuleSection { when, set, r#override: false, stop: false };
            ExporterRules::compile_exporters(&[rule]).err()
        }
        Kind::Interface => {
            let set = InterfaceSetSection {
                name: set("name"),
                description: set("description"),
                connectivity: set("connectivity"),
                provider: set("provider"),
                boundary: set("boundary"),
                vrf: set("vrf"),
            };
            let rule = InterfaceRuleSection { when, set, r#override: false, stop: false };
            InterfaceRules::compile_interfaces(&[rule]).err()
        }
    };
    match faults.unwrap_or_default().first() {
        Some(fault) => Err(format!("the rule that it would be is refused: {}", fault.message)),
        None => Ok(()),
    }
}

fn write(rule: &Rule, kind: Kind, output: &mut Output) {
    let section = output.item(match kind {
        Kind::Exporter => "classify.exporter",
        Kind::Interface => "classify.interface",
    });
    if !rule.when.is_empty() {
        section.set("when", rule.when.as_str());
    }
    let pairs = rule.set.iter().map(|(name, value)| ((*name).to_owned(), value.as_str().into()));
    section.set("set", pairs.collect::<toml::Table>());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(kind: Kind, text: &str) -> Vec<String> {
        let line = |rule: &Rule| {
            let set: Vec<_> = rule.set.iter().map(|(name, value)| format!("{name}={value}")).collect();
            format!("{} => {}", rule.when, set.join(" "))
        };
        match rules(text, kind) {
            Ok(rules) => rules.iter().map(line).collect(),
            Err(reason) => vec![reason],
        }
    }

    #[test]
    fn interfaces_are_classified_as_before() {
        let made = |text| made(Kind::Interface, text);
        assert_eq!(
            made(
                r#"ClassifyConnectivityRegex(Interface.Description, "^(?i)(transit|pni|ppni|ix):? ", "$1") &&
                   ClassifyProviderRegex(Interface.Description, "^\\S+?\\s(\\S+)", "$1") &&
                   ClassifyExternal()"#
            ),
            [
                r#"Description REGEXP "^(?i)(?P<connectivity>transit|pni|ppni|ix):? " => connectivity={connectivity:lower}"#,
                r#"Description REGEXP "^(?i)(transit|pni|ppni|ix):? " AND Description REGEXP "^\\S+?\\s(?P<provider>\\S+)" => provider={provider:lower} boundary=external"#,
            ]
        );
        assert_eq!(made("ClassifyInternal()"), [" => boundary=internal"]);
        assert_eq!(
            made(r#"Interface.Name startsWith "Lo_" && ClassifyInternal() || ClassifyExternal()"#),
            [r#"Name LIKE "Lo\\_%" => boundary=internal"#, r#"NOT Name LIKE "Lo\\_%" => boundary=external"#]
        );
        assert_eq!(
            made(
                r#"Interface.Speed >= 10000 and Interface.Index not in [1, 2] ? ClassifyConnectivity("Core-Link") : SetName("x")"#
            ),
            [
                "Speed >= 10000 AND Index NOTIN (1, 2) => connectivity=core-link",
                "NOT (Speed >= 10000 AND Index NOTIN (1, 2)) => name=x"
            ]
        );
    }

    #[test]
    fn exporters_are_classified_as_before() {
        let made = |text| made(Kind::Exporter, text);
        assert_eq!(
            made(r#"ClassifySiteRegex(Exporter.Name, "^([^-]+)-(\\w+)", "${2}_$1")"#),
            [r#"Name REGEXP "^(?P<site1>[^-]+)-(?P<site2>\\w+)" => site={site2:lower}_{site1:lower}"#]
        );
        assert_eq!(
            made(r#"Exporter.IP == "192.0.2.1" && ClassifyRegion("Europe") && ClassifyTenant("ACME")"#),
            ["Address = 192.0.2.1 => region=europe tenant=acme"]
        );
        assert_eq!(
            made(r#"ClassifyGroup(Exporter.Name)"#),
            [r#"Name REGEXP "(?P<group>.*)" => group={group:lower}"#]
        );
    }

    #[test]
    fn what_cannot_be_said_has_its_reason() {
        for (text, reason) in [
            ("Reject()", "`Reject` drops the flows of what is classified: a rule here only classifies"),
            ("Interface.VLAN == 3 && ClassifyInternal()", "`Interface.VLAN` is not known to rules"),
            (
                r#"ClassifyProvider(Format("%s", Interface.Name))"#,
                "the value of `Format` is made by a program",
            ),
            ("Frobnicate()", "there is no `Frobnicate`"),
            (r#"Exporter.IP startsWith "10." && ClassifyInternal()"#, "an address is compared as a text"),
            (r#"ClassifyProviderRegex(Interface.Name, "(", "$1")"#, "the rule that it would be is refused: "),
            ("ClassifySite(\"x\")", "interfaces have no `site`"),
        ] {
            let made = made(Kind::Interface, text);
            assert!(made.len() == 1 && made[0].starts_with(reason), "{text}: {made:?}");
        }
    }
}
