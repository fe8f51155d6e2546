//! From the settings of rules to rules, with everything that is wrong or doubtful.

use std::collections::{HashMap, HashSet};
use std::marker::PhantomData;

use flowql::typed::{Filter, Test};
use flowql::{ColumnId, Compiler, Options, SavedFilters, Schema, Severity, Span};
use flowql_eval::{Evaluator, regexp};
use regex::bytes::Regex;

use super::section::{ExporterRuleSection, InterfaceRuleSection};
use super::template::Template;
use super::{ExporterRules, InterfaceRules, Rule, RuleFault, Rules, exporter_schema, interface_schema};
use crate::facts::Boundary;

/// The settings of a rule, of either sort.
struct Settings<'a> {
    when: &'a str,
    set: Vec<(&'static str, &'a str)>,
    overrides: bool,
    stop: bool,
}

impl ExporterRules {
    /// Makes rules of their settings.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with them.
    pub fn compile_exporters(sections: &[ExporterRuleSection]) -> Result<Self, Vec<RuleFault>> {
        let settings = sections.iter().map(|rule| Settings {
            when: &rule.when,
            set: rule.set.values(),
            overrides: rule.r#override,
            stop: rule.stop,
        });
        compile(exporter_schema(), settings)
    }
}

impl InterfaceRules {
    /// Makes rules of their settings.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with them.
    pub fn compile_interfaces(sections: &[InterfaceRuleSection]) -> Result<Self, Vec<RuleFault>> {
        let settings = sections.iter().map(|rule| Settings {
            when: &rule.when,
            set: rule.set.values(),
            overrides: rule.r#override,
            stop: rule.stop,
        });
        compile(interface_schema(), settings)
    }
}

fn compile<'a, S>(
    schema: &Schema,
    settings: impl Iterator<Item = Settings<'a>>,
) -> Result<Rules<S>, Vec<RuleFault>> {
    let mut checker = RuleChecker { schema, rule: 0, faults: Vec::new(), earlier: Earlier::default() };
    let mut rules = Vec::new();
    for (number, settings) in settings.enumerate() {
        checker.rule = number;
        rules.extend(checker.rule(&settings));
    }
    let warnings = checker.faults;
    if warnings.iter().any(|fault| fault.severity == Severity::Error) {
        return Err(warnings.into_iter().filter(|fault| fault.severity == Severity::Error).collect());
    }
    Ok(Rules { rules, warnings, sort: PhantomData })
}

/// What earlier rules leave for later ones.
#[derive(Default)]
struct Earlier<'a> {
    /// By filter, the attributes that are set whenever it selects, with the rule that does it.
    set: HashMap<&'a str, HashMap<&'static str, usize>>,
    /// The rule at which all others end.
    stopped: Option<usize>,
}

struct RuleChecker<'a, 's> {
    schema: &'s Schema,
    rule: usize,
    faults: Vec<RuleFault>,
    earlier: Earlier<'a>,
}

impl<'a> RuleChecker<'a, '_> {
    fn say(&mut self, severity: Severity, setting: &str, message: String, help: Option<String>) {
        let (rule, setting) = (self.rule, setting.to_owned());
        self.faults.push(RuleFault { rule, setting, span: None, severity, message, help });
    }

    fn error(&mut self, setting: &str, message: String, help: &str) {
        self.say(Severity::Error, setting, message, Some(help.to_owned()));
    }

    /// The rule; `None` where something is wrong with it.
    fn rule(&mut self, settings: &Settings<'a>) -> Option<Rule> {
        let set = self.templates(settings);
        if settings.set.is_empty() && !settings.stop {
            self.error("", "the rule sets nothing".to_owned(), "give it a `set`, or `stop = true`");
        }
        let (evaluator, expressions) = self.filter(settings.when)?;
        self.check_groups(settings, &set, &expressions);
        self.compare_with_earlier(settings, &set);
        let Settings { overrides, stop, .. } = *settings;
        Some(Rule { evaluator, expressions, set, overrides, stop })
    }

    fn templates(&mut self, settings: &Settings<'a>) -> Vec<(&'static str, Template)> {
        let mut templates = Vec::new();
        for &(key, text) in &settings.set {
            let setting = format!("set.{key}");
            match Template::parse(text) {
                Ok(template) => {
                    let literal = template.literal().filter(|_| key == "boundary");
                    let is_unknown =
                        |word: &String| Boundary::named(&word.trim().to_ascii_lowercase()).is_none();
                    if let Some(word) = literal.filter(is_unknown) {
                        let message = format!("`{word}` is not a boundary");
                        self.error(&setting, message, "write `external`, `internal` or `undefined`");
                    }
                    templates.push((key, template));
                }
                Err((message, help)) => self.error(&setting, message, help),
            }
        }
        templates
    }

    /// The filter, and its expressions with groups that match whenever it selects.
    fn filter(&mut self, when: &str) -> Option<(Evaluator, Vec<(ColumnId, Regex)>)> {
        let saved = SavedFilters::default();
        let checked = Compiler::new(self.schema, &saved).check(when, Options::default());
        for found in &checked.diagnostics {
            let column = when.get(..found.span.start as usize).map_or(0, |before| before.chars().count()) + 1;
            let message = format!("at column {column} of the filter: {}", found.message);
            let fault = RuleFault {
                rule: self.rule,
                setting: "when".to_owned(),
                span: Some(found.span),
                severity: found.severity,
                message,
                help: found.help.clone(),
            };
            self.faults.push(fault);
        }
        let Some(filter) = &checked.filter else {
            // A blank filter selects everything; what is wrong with a bad one is said.
            return checked.is_valid().then(|| (Evaluator::everything(), Vec::new()));
        };
        let mut expressions = Vec::new();
        self.expressions(filter, false, &mut expressions);
        match Evaluator::new(self.schema, filter) {
            Ok(evaluator) => Some((evaluator, expressions)),
            Err(error) => {
                self.say(Severity::Error, "when", error.to_string(), None);
                None
            }
        }
    }

    /// The expressions that the filter wants to match; those that it wants not to match have no groups.
    fn expressions(&mut self, filter: &Filter, negated: bool, found: &mut Vec<(ColumnId, Regex)>) {
        match filter {
            Filter::Not(inner) => self.expressions(inner, !negated, found),
            Filter::Group(inner) | Filter::Saved { filter: inner, .. } => {
                self.expressions(inner, negated, found);
            }
            Filter::And(terms) | Filter::Or(terms) => {
                terms.iter().for_each(|term| self.expressions(term, negated, found));
            }
            // No column of a rule has a side, so that there are no pairs.
            Filter::Either(_) => {}
            Filter::Condition(condition) => {
                let Test::Regexp { negated: not, pattern } = &condition.test else { return };
                if *not != negated {
                    return;
                }
                match regexp::compile_named(pattern) {
                    Ok(regex) if regex.capture_names().flatten().next().is_some() => {
                        found.push((condition.column.id, regex));
                    }
                    Ok(_) => {}
                    Err(reason) => self.bad_expression(pattern, &reason, condition.span),
                }
            }
        }
    }

    fn bad_expression(&mut self, pattern: &str, reason: &str, span: Span) {
        self.faults.push(RuleFault {
            rule: self.rule,
            setting: "when".to_owned(),
            span: Some(span),
            severity: Severity::Error,
            message: format!("the groups of `{pattern}` cannot be used: {reason}"),
            help: Some("give each group a name of its own, a letter first".to_owned()),
        });
    }

    /// Values use groups that there are.
    fn check_groups(
        &mut self,
        settings: &Settings<'a>,
        set: &[(&'static str, Template)],
        expressions: &[(ColumnId, Regex)],
    ) {
        let known: HashSet<&str> =
            expressions.iter().flat_map(|(_, regex)| regex.capture_names().flatten()).collect();
        for (key, template) in set {
            for group in template.groups().filter(|group| !known.contains(group)) {
                let message = match settings.when {
                    "" => format!("there is no group `{group}`: the rule has no `when`"),
                    _ => format!("no expression of the filter has the group `{group}`"),
                };
                let help = format!("write it as `REGEXP \"(?P<{group}>…)\"`");
                self.error(&format!("set.{key}"), message, &help);
            }
        }
    }

    /// Whether earlier rules leave something for this one: rules with the same filter, and those without any.
    fn compare_with_earlier(&mut self, settings: &Settings<'a>, set: &[(&'static str, Template)]) {
        let when = settings.when.trim();
        if let Some(earlier) = self.earlier.stopped {
            let message = format!("the rule is never asked: rule {} ends them for all", earlier + 1);
            self.say(Severity::Warning, "when", message, Some("put it before that one".to_owned()));
        }
        let of_filter = |filter: &str, key: &str| self.earlier.set.get(filter)?.get(key).copied();
        let done: Vec<(&'static str, usize)> = set
            .iter()
            .filter(|_| !settings.overrides)
            .filter_map(|(key, _)| Some((*key, of_filter("", key).or_else(|| of_filter(when, key))?)))
            .collect();
        for (key, earlier) in done {
            let message = format!("rule {} sets `{key}` already, and it stays", earlier + 1);
            let help = "set `override = true`, or put the rule before that one".to_owned();
            self.say(Severity::Warning, &format!("set.{key}"), message, Some(help));
        }
        // A value with groups may come to nothing, and then leaves the attribute open.
        let certain = set.iter().filter(|(_, template)| template.literal().is_some());
        let places = self.earlier.set.entry(when).or_default();
        certain.for_each(|(key, _)| {
            places.entry(key).or_insert(self.rule);
        });
        if when.is_empty() && settings.stop {
            self.earlier.stopped.get_or_insert(self.rule);
        }
    }
}
