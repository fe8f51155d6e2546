//! From an expression to rules.
//!
//! An expression is a test and an act in one: `A && B` does B where A is true, `A || B` where it is not. So each act becomes
//! a rule whose filter is all that has to be true before it.

use super::Kind;
use super::condition::{Condition, Match, groups, like, operator, quoted};
use super::expression::{Comparison, Expression};

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    /// A filter; empty for all.
    pub(super) when: String,
    /// What is set: attributes and their values.
    pub(super) set: Vec<(&'static str, String)>,
}

/// An act that was met, with all that has to be true before it.
struct Act {
    guard: Condition,
    attribute: &'static str,
    value: String,
}

struct Translation {
    kind: Kind,
    acts: Vec<Act>,
}

/// The rules of an expression.
///
/// # Errors
///
/// Why there are none that mean the same.
pub(super) fn rules(expression: &Expression, kind: Kind) -> Result<Vec<Rule>, String> {
    let mut translation = Translation { kind, acts: Vec::new() };
    translation.of(expression, &Condition::Truth(true))?;
    let mut rules: Vec<(Condition, Rule)> = Vec::new();
    for Act { guard, attribute, value } in translation.acts {
        match rules.last_mut() {
            Some((known, rule)) if *known == guard && !sets(rule, attribute) => {
                rule.set.push((attribute, value));
            }
            _ => rules.push((guard, Rule { when: String::new(), set: vec![(attribute, value)] })),
        }
    }
    let finished = rules.into_iter().map(|(guard, mut rule)| {
        let uses = |name: &str| rule.set.iter().any(|(_, value)| value.contains(&format!("{{{name}")));
        rule.when = guard.filter(&uses);
        rule
    });
    Ok(finished.collect())
}

fn sets(rule: &Rule, attribute: &str) -> bool {
    rule.set.iter().any(|(other, _)| *other == attribute)
}

/// What a field of the expressions is among the columns of rules.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    Text(&'static str),
    Number(&'static str),
    Address(&'static str),
}

impl Translation {
    /// Translates an expression that is met where the guard is true, and returns when the expression itself is.
    fn of(&mut self, expression: &Expression, guard: &Condition) -> Result<Condition, String> {
        match expression {
            Expression::Truth(value) => Ok(Condition::Truth(*value)),
            Expression::Not(inner) => Ok(self.of(inner, guard)?.not()),
            Expression::All(parts) => {
                let mut all = Condition::Truth(true);
                for part in parts {
                    let part = self.of(part, &guard.clone().and(all.clone()))?;
                    all = all.and(part);
                }
                Ok(all)
            }
            Expression::Any(parts) => {
                let mut any = Condition::Truth(false);
                for part in parts {
                    let part = self.of(part, &guard.clone().and(any.clone().not()))?;
                    any = any.or(part);
                }
                Ok(any)
            }
            Expression::Choice(parts) => {
                let [condition, yes, no] = &**parts;
                let condition = self.of(condition, guard)?;
                let yes = self.of(yes, &guard.clone().and(condition.clone()))?;
                let no = self.of(no, &guard.clone().and(condition.clone().not()))?;
                Ok(condition.clone().and(yes).or(condition.not().and(no)))
            }
            Expression::Test(left, comparison, right) => self.test(left, *comparison, right),
            Expression::Call(name, arguments) => self.call(name, arguments, guard),
            Expression::Field(_) | Expression::Text(_) | Expression::Number(_) | Expression::List(_) => {
                Err("a value is used as a condition".to_owned())
            }
        }
    }

    fn column(&self, expression: &Expression) -> Result<Column, String> {
        let Expression::Field(field) = expression else {
            return Err("only fields are compared, with values".to_owned());
        };
        Ok(match (field.as_str(), self.kind) {
            ("Exporter.Name", Kind::Exporter) => Column::Text("Name"),
            ("Exporter.Name", Kind::Interface) => Column::Text("Exporter"),
            ("Exporter.IP", Kind::Exporter) => Column::Address("Address"),
            ("Exporter.IP", Kind::Interface) => Column::Address("ExporterAddress"),
            ("Interface.Name", Kind::Interface) => Column::Text("Name"),
            ("Interface.Description", Kind::Interface) => Column::Text("Description"),
            ("Interface.Index", Kind::Interface) => Column::Number("Index"),
            ("Interface.Speed", Kind::Interface) => Column::Number("Speed"),
            _ => return Err(format!("`{field}` is not known to rules")),
        })
    }

    fn test(
        &self,
        left: &Expression,
        comparison: Comparison,
        right: &Expression,
    ) -> Result<Condition, String> {
        let column = self.column(left)?;
        let (Column::Text(name) | Column::Number(name) | Column::Address(name)) = column;
        if let (Comparison::In | Comparison::NotIn, Expression::List(items)) = (comparison, right) {
            let items = items.iter().map(|item| value(column, item)).collect::<Result<Vec<_>, _>>()?;
            if items.is_empty() {
                return Ok(Condition::Truth(comparison == Comparison::NotIn));
            }
            let word = if comparison == Comparison::In { "IN" } else { "NOTIN" };
            return Ok(Condition::Test(format!("{name} {word} ({})", items.join(", "))));
        }
        if let Some(operator) = operator(comparison) {
            let is_ordered = !matches!(comparison, Comparison::Equal | Comparison::Different);
            if is_ordered && !matches!(column, Column::Number(_)) {
                return Err("texts and addresses have no order in filters".to_owned());
            }
            return Ok(Condition::Test(format!("{name} {operator} {}", value(column, right)?)));
        }
        let Expression::Text(text) = right else {
            return Err("what it is compared with is not a text".to_owned());
        };
        let column = text_column(column)?;
        let pattern = match comparison {
            Comparison::Contains => format!("%{}%", like(text)),
            Comparison::Starts => format!("{}%", like(text)),
            Comparison::Ends => format!("%{}", like(text)),
            _ => {
                let found = Match { column, expression: text.clone(), groups: Vec::new() };
                return Ok(Condition::Matches(found));
            }
        };
        Ok(Condition::Test(format!("{column} LIKE {}", quoted(&pattern))))
    }

    fn call(&mut self, name: &str, arguments: &[Expression], guard: &Condition) -> Result<Condition, String> {
        match (name, arguments) {
            ("Reject", _) => {
                return Err(
                    "`Reject` drops the flows of what is classified: a rule here only classifies".to_owned()
                );
            }
            ("ClassifyExternal" | "ClassifyInternal", []) => {
                let attribute = self.attribute("Boundary")?;
                let value = if name == "ClassifyExternal" { "external" } else { "internal" };
                self.act(guard, attribute, value.to_owned());
                return Ok(Condition::Truth(true));
            }
            _ => {}
        }
        let (is_regex, what) = match name.strip_suffix("Regex") {
            Some(name) => (true, name),
            None => (false, name),
        };
        // Names and descriptions are set as they are, classes in lower case.
        let (lower, what) = match (what.strip_prefix("Classify"), what.strip_prefix("Set")) {
            (Some(what), _) => (true, what),
            (_, Some(what @ ("Name" | "Description"))) => (false, what),
            _ => return Err(format!("there is no `{name}`")),
        };
        let attribute = self.attribute(if what.is_empty() { "Group" } else { what })?;
        match (is_regex, arguments) {
            (false, [Expression::Text(text)]) => {
                let text = if lower { text.to_lowercase() } else { text.clone() };
                self.act(guard, attribute, text.replace('{', "{{").replace('}', "}}"));
                Ok(Condition::Truth(true))
            }
            (false, [field @ Expression::Field(_)]) => {
                let column = text_column(self.column(field)?)?;
                let found =
                    Match { column, expression: "(.*)".to_owned(), groups: vec![(1, attribute.to_owned())] };
                let value = group(attribute, lower);
                self.act(&guard.clone().and(Condition::Matches(found)), attribute, value);
                Ok(Condition::Truth(true))
            }
            (true, [field, Expression::Text(expression), Expression::Text(template)]) => {
                let column = text_column(self.column(field)?)?;
                if parts(template).contains(&Err("0".to_owned())) {
                    return Err(
                        "`$0` is all that matched: put the expression in brackets and write `$1`".to_owned()
                    );
                }
                let (value, groups) = filled(expression, template, attribute, lower);
                let found = Condition::Matches(Match { column, expression: expression.clone(), groups });
                self.act(&guard.clone().and(found.clone()), attribute, value);
                Ok(found)
            }
            (_, arguments) => Err(match arguments.iter().find(|one| matches!(one, Expression::Call(..))) {
                Some(Expression::Call(inner, _)) => format!("the value of `{inner}` is made by a program"),
                _ => format!("the arguments of `{name}` are not understood"),
            }),
        }
    }

    fn act(&mut self, guard: &Condition, attribute: &'static str, value: String) {
        if *guard != Condition::Truth(false) {
            self.acts.push(Act { guard: guard.clone(), attribute, value });
        }
    }

    fn attribute(&self, name: &str) -> Result<&'static str, String> {
        const EXPORTERS: &[&str] = &["name", "group", "role", "site", "region", "tenant"];
        const INTERFACES: &[&str] = &["name", "description", "connectivity", "provider", "boundary", "vrf"];
        let (what, known) = match self.kind {
            Kind::Exporter => ("exporters", EXPORTERS),
            Kind::Interface => ("interfaces", INTERFACES),
        };
        let name = name.to_lowercase();
        let found = known.iter().find(|known| **known == name);
        found.copied().ok_or_else(|| format!("{what} have no `{name}`"))
    }
}

fn text_column(column: Column) -> Result<&'static str, String> {
    match column {
        Column::Text(column) => Ok(column),
        Column::Number(_) => Err("a number is compared as a text".to_owned()),
        Column::Address(_) => Err("an address is compared as a text".to_owned()),
    }
}

/// A value as filters have it.
fn value(column: Column, expression: &Expression) -> Result<String, String> {
    match (column, expression) {
        (Column::Text(_), Expression::Text(text)) => Ok(quoted(text)),
        (Column::Number(_), Expression::Number(number)) => Ok(number.clone()),
        (Column::Address(_), Expression::Text(text)) => match text.parse::<std::net::IpAddr>() {
            Ok(address) => Ok(address.to_string()),
            Err(_) => Err(format!("`{text}` is not an address")),
        },
        _ => Err("a field is compared with what it cannot be".to_owned()),
    }
}

/// A group in the value of a rule.
fn group(name: &str, lower: bool) -> String {
    if lower { format!("{{{name}:lower}}") } else { format!("{{{name}}}") }
}

/// The value that a template gives (`$1`, `${name}`, `$$`), and the groups that are in it.
fn filled(expression: &str, template: &str, attribute: &str, lower: bool) -> (String, Vec<(usize, String)>) {
    let known = groups(expression);
    let place_of = |name: &str| match name.parse::<usize>() {
        Ok(place) => (1..=known.len()).contains(&place).then_some(place),
        Err(_) => known.iter().position(|group| group.as_deref() == Some(name)).map(|place| place + 1),
    };
    let parts = parts(template);
    let mut used: Vec<usize> = parts.iter().filter_map(|part| place_of(part.as_ref().err()?)).collect();
    used.sort_unstable();
    used.dedup();
    let name_of = |place: usize| match &used[..] {
        [_] => attribute.to_owned(),
        _ => format!("{attribute}{place}"),
    };
    let mut value = String::new();
    for part in &parts {
        match part {
            Ok(text) => {
                let text = if lower { text.to_lowercase() } else { text.clone() };
                value.push_str(&text.replace('{', "{{").replace('}', "}}"));
            }
            // A group that the expression does not have is empty.
            Err(name) => value.extend(place_of(name).map(|place| group(&name_of(place), lower))),
        }
    }
    (value, used.iter().map(|place| (*place, name_of(*place))).collect())
}

/// The texts of a template, and the names of its groups as errors.
fn parts(template: &str) -> Vec<Result<String, String>> {
    let is_name = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('$') {
        parts.push(Ok(before.to_owned()));
        let braced = after.strip_prefix('{').and_then(|after| after.split_once('}'));
        rest = match braced {
            Some((name, after)) => {
                parts.push(Err(name.to_owned()));
                after
            }
            None => match after.strip_prefix('$') {
                Some(after) => {
                    parts.push(Ok("$".to_owned()));
                    after
                }
                None => {
                    let end = after.find(|character| !is_name(character)).unwrap_or(after.len());
                    let (name, after) = after.split_at_checked(end).unwrap_or((after, ""));
                    parts.push(Err(name.to_owned()));
                    after
                }
            },
        };
    }
    parts.push(Ok(rest.to_owned()));
    parts
}
