//! The document with the place of everything in it: read into sections, searched for a setting.

use std::borrow::Cow;
use std::ops::Range;

use flowql::ConfigError;
use flowql::tables::closest;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::Finding;
use crate::known::{KnownSection, Sections};
use crate::{SectionInfo, Shape};

/// A `flowql.toml`, parsed, and the sections that it may have.
pub(crate) struct Document<'i> {
    root: Spanned<DeTable<'i>>,
    known: Vec<KnownSection>,
}

impl<'i> Document<'i> {
    /// Parses a text.
    pub(crate) fn parse(text: &'i str, known: Vec<KnownSection>) -> Result<Self, Finding> {
        let root = DeTable::parse(text).map_err(|error| Finding {
            span: error.span().unwrap_or_default(),
            message: error.message().replace('\n', ", "),
            help: None,
        })?;
        Ok(Self { root, known })
    }

    /// One without a word.
    pub(crate) fn empty(known: Vec<KnownSection>) -> Self {
        Self { root: Spanned::new(0..0, DeTable::new()), known }
    }

    /// Every known section, with the defaults for what is left out.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with them, in the order of the text.
    pub(crate) fn sections(&self) -> Result<Sections, Vec<Finding>> {
        let mut findings = Vec::new();
        let mut sections = Sections::default();
        for &KnownSection { info, read } in &self.known {
            let value = entry(self.root.get_ref(), info.name).map(|(_, value)| value);
            if let Some(section) = read(value, &mut findings) {
                sections.set(section);
            }
        }
        let unknown = self.root.get_ref().iter().filter(|(key, _)| self.known(key.get_ref()).is_none());
        findings.extend(unknown.map(|(key, value)| self.unknown(key, value.get_ref())));
        if findings.is_empty() {
            return Ok(sections);
        }
        findings.sort_by_key(|found| found.span.start);
        Err(findings)
    }

    fn infos(&self) -> impl Iterator<Item = &'static SectionInfo> {
        self.known.iter().map(|known| known.info)
    }

    fn known(&self, name: &str) -> Option<&'static SectionInfo> {
        self.infos().find(|info| info.name == name)
    }

    fn unknown(&self, key: &Spanned<Cow<'_, str>>, value: &DeValue<'_>) -> Finding {
        let word = key.get_ref();
        let message = match value {
            DeValue::Table(_) => format!("unknown section [{word}]"),
            _ => format!("unknown key `{word}` outside of any section"),
        };
        let help = match closest(word, self.infos().map(|info| info.name)).first() {
            Some(near) => Some(format!("did you mean `{near}`?")),
            // A key of some section that is written before any section header.
            None => {
                let section = self.infos().find_map(|info| info.find(word)).map(|(section, _)| section);
                section.map(|section| format!("it belongs to {}", section.title()))
            }
        };
        Finding { span: key.span(), message, help }
    }

    /// A fault of a setting, at the place of the setting.
    pub(crate) fn place_fault(&self, fault: ConfigError) -> Finding {
        let ConfigError { path, message, help } = fault;
        Finding { span: self.place(&path), message, help }
    }

    /// Where a setting is written, by a path such as `schema.enable[0]`, `schema.column[1].name`, `network[2].prefix`
    /// or `communities.65000:1`; where it is not in the document, what is nearest above it.
    pub(crate) fn place(&self, path: &str) -> Range<usize> {
        let (head, rest) = path.split_once('.').unwrap_or((path, ""));
        let names = self.known(head).is_some_and(|section| section.shape == Shape::Names);
        let mut steps: Vec<Step<'_>> = Vec::new();
        push_steps(head, &mut steps);
        if names && !rest.is_empty() {
            steps.push(Step::Key(rest));
        } else {
            rest.split('.').filter(|step| !step.is_empty()).for_each(|step| push_steps(step, &mut steps));
        }
        let mut span = 0..0;
        let mut table = Some(self.root.get_ref());
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
}

type Entry<'a, 'i> = (&'a Spanned<Cow<'i, str>>, &'a Spanned<DeValue<'i>>);

fn entry<'a, 'i>(table: &'a DeTable<'i>, key: &str) -> Option<Entry<'a, 'i>> {
    table.iter().find(|(found, _)| found.get_ref().as_ref() == key)
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
