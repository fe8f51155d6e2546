//! Rules that classify: FlowQL filters over small schemas of exporters and interfaces, and what they set.

mod compile;
mod section;
mod subject;
mod suggest;
mod template;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::marker::PhantomData;

use flowql::{ColumnId, Severity, Span};
use flowql_eval::{Evaluator, Value};
use regex::bytes::Regex;

pub use section::{
    ClassifySection, ExporterRuleSection, ExporterSetSection, InterfaceRuleSection, InterfaceSetSection,
};
pub use subject::{
    ClassifiedExporter, ClassifiedInterface, ExporterSubject, Exporters, Interfaces, Subject,
    exporter_schema, interface_schema,
};
pub use suggest::{SuggestionSubject, suggest};
use template::{Groups, Template};

/// Rules in their order, ready to classify one sort of subject.
#[derive(Clone, Debug)]
pub struct Rules<S> {
    rules: Vec<Rule>,
    /// What is doubtful about them.
    warnings: Vec<RuleFault>,
    sort: PhantomData<fn(S)>,
}

/// Rules for exporters.
pub type ExporterRules = Rules<Exporters>;
/// Rules for interfaces.
pub type InterfaceRules = Rules<Interfaces>;

#[derive(Clone, Debug)]
struct Rule {
    evaluator: Evaluator,
    /// The expressions whose groups the values use, each with the column that it is matched against.
    expressions: Vec<(ColumnId, Regex)>,
    set: Vec<(&'static str, Template)>,
    overrides: bool,
    stop: bool,
}

/// Something to say of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleFault {
    /// Which rule, from 0.
    pub rule: usize,
    /// The setting: `when`, `set.boundary`; empty for the rule as a whole.
    pub setting: String,
    /// The part of the setting's text, where it is not all of it.
    pub span: Option<Span>,
    /// Whether the rules can be used.
    pub severity: Severity,
    /// What is wrong or doubtful.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

/// An attribute that a rule has set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// Which rule, from 0.
    pub rule: usize,
    /// The key of the attribute.
    pub attribute: &'static str,
    /// The value.
    pub value: String,
}

impl<S> Default for Rules<S> {
    fn default() -> Self {
        Self { rules: Vec::new(), warnings: Vec::new(), sort: PhantomData }
    }
}

impl<S> Rules<S> {
    /// What is doubtful about the rules: a filter that selects nothing, a rule that comes to nothing because of an earlier one.
    pub fn warnings(&self) -> &[RuleFault] {
        &self.warnings
    }

    /// Sets the attributes of a subject by the rules, but those that `is_fixed` says must stay. What each rule set, in order.
    pub fn classify<T: Subject<Sort = S>>(
        &self,
        subject: &mut T,
        is_fixed: impl Fn(&str) -> bool,
    ) -> Vec<Given> {
        let mut given: Vec<Given> = Vec::new();
        let mut set: HashSet<&'static str> = HashSet::new();
        for (number, rule) in self.rules.iter().enumerate() {
            if !rule.selects(subject) {
                continue;
            }
            let groups = rule.groups(subject);
            for (attribute, template) in &rule.set {
                if is_fixed(attribute) || (set.contains(attribute) && !rule.overrides) {
                    continue;
                }
                // A group that matched nothing leaves the attribute to a later rule.
                let value = template.fill(&groups).trim().to_owned();
                if !value.is_empty() && subject.set(attribute, &value) {
                    set.insert(attribute);
                    given.push(Given { rule: number, attribute, value });
                }
            }
            if rule.stop {
                break;
            }
        }
        given
    }
}

impl Rule {
    fn selects<T: Subject>(&self, subject: &T) -> bool {
        let schema = T::schema();
        let value = |&id: &ColumnId| subject.value(&schema.column(id).name);
        let row: Vec<Value> = self.evaluator.columns().iter().map(value).collect();
        self.evaluator.matches(&row)
    }

    /// What the groups matched; of a name that several expressions have, what the first matched.
    fn groups<T: Subject>(&self, subject: &T) -> Groups {
        let mut groups = Groups::new();
        for (column, expression) in &self.expressions {
            let value = subject.value(&T::schema().column(*column).name);
            let Some(captures) = expression.captures(value.text().as_bytes()) else { continue };
            for name in expression.capture_names().flatten() {
                if let Some(matched) = captures.name(name) {
                    let text = String::from_utf8_lossy(matched.as_bytes()).into_owned();
                    groups.entry(name.to_owned()).or_insert(text);
                }
            }
        }
        groups
    }
}
