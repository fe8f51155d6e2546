//! The document with the place of everything in it: checked against the reference, searched for a setting.

use std::ops::Range;

use flowql::tables::closest;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::reference::{self, Kind, Section, Setting, Shape};

/// Something to say of a range of the document.
#[derive(Debug)]
pub(crate) struct Finding {
    pub(crate) span: Range<usize>,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

/// Everything that does not follow the reference, in the order of the text.
pub(crate) fn check(document: &Spanned<DeTable<'_>>) -> Vec<Finding> {
    let mut checker = Checker { findings: Vec::new() };
    checker.table("", document.get_ref());
    checker.findings.sort_by_key(|found| found.span.start);
    checker.findings
}

struct Checker {
    findings: Vec<Finding>,
}

impl Checker {
    fn report(&mut self, span: Range<usize>, message: String) {
        self.findings.push(Finding { span, message, help: None });
    }

    /// A table with the keys of the reference; the document itself when `name` is empty.
    fn table(&mut self, name: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let path = join(name, key.get_ref());
            if let Some(section) = reference::section(&path) {
                self.section(section, value);
            } else if let Some(setting) =
                reference::settings(name).find(|setting| setting.key == key.get_ref().as_ref())
            {
                self.value(setting.kind, key.get_ref(), value);
            } else {
                self.unknown(name, key, value.get_ref());
            }
        }
    }

    fn section(&mut self, section: &Section, value: &Spanned<DeValue<'_>>) {
        match (section.shape, value.get_ref()) {
            (Shape::Table, DeValue::Table(table)) => self.table(section.name, table),
            (Shape::Tables, DeValue::Array(items)) => {
                for item in items {
                    match item.get_ref() {
                        DeValue::Table(table) => {
                            self.table(section.name, table);
                            self.required(section, table, item.span());
                        }
                        _ => self.misshapen(section, item.span()),
                    }
                }
            }
            (Shape::Names, DeValue::Table(table)) => {
                let kind =
                    reference::settings(section.name).next().map_or(Kind::Text, |setting| setting.kind);
                for (key, value) in table {
                    self.value(kind, key.get_ref(), value);
                }
            }
            _ => self.misshapen(section, value.span()),
        }
    }

    fn misshapen(&mut self, section: &Section, span: Range<usize>) {
        let name = section.name;
        let message = match section.shape {
            Shape::Table | Shape::Names => format!("`{name}` must be a section, [{name}]"),
            Shape::Tables => format!("`{name}` must be a list of sections, each [[{name}]]"),
        };
        self.report(span, message);
    }

    fn required(&mut self, section: &Section, table: &DeTable<'_>, span: Range<usize>) {
        for Setting { key, .. } in reference::settings(section.name).filter(|setting| setting.required) {
            if entry(table, key).is_none() {
                self.report(span.clone(), format!("[[{}]] lacks the key `{key}`", section.name));
            }
        }
    }

    fn value(&mut self, kind: Kind, key: &str, value: &Spanned<DeValue<'_>>) {
        let fits = match (kind, value.get_ref()) {
            (Kind::Text, DeValue::String(_)) | (Kind::Boolean, DeValue::Boolean(_)) => true,
            (Kind::Choice(choices), DeValue::String(text)) => choices.contains(&text.as_ref()),
            (Kind::Integer(least, most), DeValue::Integer(number)) => {
                u64::from_str_radix(number.as_str(), number.radix())
                    .is_ok_and(|number| (least..=most).contains(&number))
            }
            (Kind::Texts, DeValue::Array(items)) => {
                let strange = items.iter().find(|item| !matches!(item.get_ref(), DeValue::String(_)));
                if let Some(strange) = strange {
                    return self.report(strange.span(), format!("`{key}` must be {kind}"));
                }
                true
            }
            _ => false,
        };
        if !fits {
            self.report(value.span(), format!("`{key}` must be {kind}"));
        }
    }

    fn unknown(&mut self, name: &str, key: &Spanned<std::borrow::Cow<'_, str>>, value: &DeValue<'_>) {
        let word = key.get_ref();
        let sections: Vec<&str> = reference::SECTIONS
            .iter()
            .filter_map(|section| match name {
                "" => Some(section.name).filter(|found| !found.contains('.')),
                _ => section.name.strip_prefix(name)?.strip_prefix('.'),
            })
            .collect();
        let keys = reference::settings(name).map(|setting| setting.key);
        let near = closest(word, keys.chain(sections.iter().copied()));
        let message = match (name, value) {
            ("", DeValue::Table(_)) => format!("unknown section [{word}]"),
            ("", _) => format!("unknown key `{word}` outside of any section"),
            _ => format!("unknown key `{word}` in [{name}]"),
        };
        let help = match near.first() {
            Some(near) => Some(format!("did you mean `{near}`?")),
            // A key of some section that stands before any section header.
            None if name.is_empty() => reference::SETTINGS
                .iter()
                .find(|setting| setting.key == word.as_ref())
                .map(|setting| format!("it belongs to [{}]", setting.section)),
            None => None,
        };
        self.findings.push(Finding { span: key.span(), message, help });
    }
}

fn join(section: &str, key: &str) -> String {
    if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") }
}

type Entry<'a, 'i> = (&'a Spanned<std::borrow::Cow<'i, str>>, &'a Spanned<DeValue<'i>>);

fn entry<'a, 'i>(table: &'a DeTable<'i>, key: &str) -> Option<Entry<'a, 'i>> {
    table.iter().find(|(found, _)| found.get_ref().as_ref() == key)
}

/// Where a setting stands, by a path such as `schema.enable[0]`, `schema.column[1].name` or
/// `communities.65000:1`; where it does not stand in the document, what is nearest above it.
pub(crate) fn place(document: &Spanned<DeTable<'_>>, path: &str) -> Range<usize> {
    let (head, rest) = path.split_once('.').unwrap_or((path, ""));
    let names = reference::section(head).is_some_and(|section| section.shape == Shape::Names);
    let mut steps: Vec<Step<'_>> = vec![Step::Key(head)];
    if names && !rest.is_empty() {
        steps.push(Step::Key(rest));
    } else {
        rest.split('.').filter(|step| !step.is_empty()).for_each(|step| push_steps(step, &mut steps));
    }
    let mut span = 0..0;
    let mut table = Some(document.get_ref());
    let mut value: Option<&Spanned<DeValue<'_>>> = None;
    for step in steps {
        value = match step {
            Step::Key(key) => {
                let Some((key, found)) = table.and_then(|table| entry(table, key)) else { return span };
                // A name of the user's is what an error is about; of a known key, its value.
                let of_key = names || matches!(found.get_ref(), DeValue::Table(_));
                span = if of_key { key.span() } else { found.span() };
                Some(found)
            }
            Step::Index(index) => {
                let items = value.and_then(|value| value.get_ref().as_array());
                let Some(found) = items.and_then(|items| items.get(index)) else { return span };
                span = found.span();
                Some(found)
            }
        };
        table = value.and_then(|value| value.get_ref().as_table());
    }
    span
}

enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

/// The steps of `name` or `name[0]`.
fn push_steps<'a>(step: &'a str, steps: &mut Vec<Step<'a>>) {
    let (name, index) = step.split_once('[').unwrap_or((step, ""));
    steps.push(Step::Key(name));
    steps.extend(index.strip_suffix(']').and_then(|index| index.parse().ok()).map(Step::Index));
}
