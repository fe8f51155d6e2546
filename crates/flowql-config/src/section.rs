//! What a section is, and how its table is read, with everything that is wrong in it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use flowql::ConfigError;
use flowql::tables::closest;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::Finding;
use crate::value::integer;
use crate::{Kind, SectionInfo, Shape, Value};

/// A section of `flowql.toml`. The derive of the same name makes it of a struct with named fields, with its `Default`
/// unless a setting is required.
///
/// The first paragraph of a doc comment is the sentence of the reference. `#[section(…)]` on the struct says
///
/// - `name = "server.limits"`: the name in brackets, with that of the section around it;
/// - `example = "…"`: a piece of a file that uses it;
/// - `check = path`: a function of `&Self` for what no type can check, which returns [`ConfigError`]s;
/// - `list`: it is written as `[[name]]`, any number of times; at the top of the file, its `check` calls itself by the
///   name alone, and the place in the list is put in.
///
/// `#[setting(…)]` on a field, all of it optional, says
///
/// - `default = …`: the value when it is left out; else that of the type's `Default`;
/// - `required`: it must not be left out;
/// - `range = 1..=100`: the smallest and the largest number;
/// - `unit = "seconds"`: the unit of a number;
/// - `example = …`: an example, where the default does not serve as one;
/// - `key = "type"`: the key, where it differs from the name of the field;
/// - `hide_login`: an address, shown without the login that it may hold.
///
/// Texts and lists are literals in `default` and `example`, whatever holds them. A field with `#[section]` is a section
/// within the section, or a list of them in a `Vec`, with `#[section(default = …)]` if it is not empty. A tuple struct of
/// a `BTreeMap<String, …>` is a section with keys of the user's own; its field says by `key` what the reference calls them.
pub trait Section: fmt::Debug + Send + Sync + Sized + 'static {
    /// What there is to say of it.
    const INFO: &'static SectionInfo;

    /// Reads it; what is wrong is reported to the reader.
    fn read(reader: &mut Reader<'_, '_>) -> Self;

    /// The section as it may be shown, the defaults written out.
    fn show(&self) -> toml::Table;

    /// What no type can check, each with the path of its setting.
    fn check(&self) -> Vec<ConfigError> {
        Vec::new()
    }
}

/// A list of sections as it may be shown.
pub fn show_sections<T: Section>(sections: &[T]) -> toml::Value {
    toml::Value::Array(sections.iter().map(|section| toml::Value::Table(section.show())).collect())
}

/// Reads the values of a section, and collects what is wrong with them.
#[derive(Debug)]
pub struct Reader<'a, 'i> {
    info: &'static SectionInfo,
    table: &'a DeTable<'i>,
    /// The table as a whole.
    span: Range<usize>,
    findings: &'a mut Vec<Finding>,
}

impl<'a, 'i> Reader<'a, 'i> {
    /// The reader of a section's table. Its unknown keys are reported at once.
    pub(crate) fn new(
        info: &'static SectionInfo,
        table: &'a DeTable<'i>,
        span: Range<usize>,
        findings: &'a mut Vec<Finding>,
    ) -> Self {
        let mut reader = Self { info, table, span, findings };
        if info.shape != Shape::Names {
            reader.unknown_keys();
        }
        reader
    }

    fn report(&mut self, span: Range<usize>, message: String) {
        self.findings.push(Finding { span, message, help: None });
    }

    fn find(&self, key: &str) -> Option<&'a Spanned<DeValue<'i>>> {
        self.table.iter().find(|(found, _)| found.get_ref().as_ref() == key).map(|(_, value)| value)
    }

    /// The value of a setting, or its default where it is left out or wrong.
    pub fn setting<T: Value>(&mut self, key: &str, default: impl FnOnce() -> T) -> T {
        self.written(key).unwrap_or_else(default)
    }

    /// The value of a setting that must not be left out. Where it is missing or wrong, that is reported.
    pub fn required<T: Value + Default>(&mut self, key: &str) -> T {
        if self.find(key).is_none() {
            self.report(self.span.clone(), format!("{} lacks the key `{key}`", self.info.title()));
        }
        self.written(key).unwrap_or_default()
    }

    fn written<T: Value>(&mut self, key: &str) -> Option<T> {
        let value = self.find(key)?;
        let kind =
            self.info.settings().find(|setting| setting.key == key).map_or(T::KIND, |setting| setting.kind);
        self.value(kind, key, value)
    }

    /// The values of the user's own keys.
    pub fn names<T: Value>(&mut self) -> BTreeMap<String, T> {
        let kind = self.info.settings().next().map_or(T::KIND, |setting| setting.kind);
        let mut names = BTreeMap::new();
        for (key, value) in self.table {
            if let Some(value) = self.value(kind, key.get_ref(), value) {
                names.insert(key.get_ref().to_string(), value);
            }
        }
        names
    }

    fn value<T: Value>(&mut self, kind: Kind, key: &str, value: &Spanned<DeValue<'_>>) -> Option<T> {
        let in_range = match kind {
            Kind::Integer(least, most) => {
                integer(value.get_ref()).is_some_and(|number| (least..=most).contains(&number))
            }
            _ => true,
        };
        let read = if in_range { T::read(value) } else { Err(value.span()) };
        read.map_err(|span| self.report(span, format!("`{key}` must be {kind}"))).ok()
    }

    /// A section within this one.
    pub fn section<T: Section + Default>(&mut self, key: &str) -> T {
        let Some(value) = self.find(key) else { return T::default() };
        match within(T::INFO, value, self.findings) {
            Some(mut reader) => T::read(&mut reader),
            None => T::default(),
        }
    }

    /// A list of sections within this one, or the default where it is left out.
    pub fn sections<T: Section>(&mut self, key: &str, default: impl FnOnce() -> Vec<T>) -> Vec<T> {
        let Some(value) = self.find(key) else { return default() };
        list(value, self.findings).unwrap_or_else(default)
    }

    fn unknown_keys(&mut self) {
        let info = self.info;
        let keys = || info.settings().map(|setting| setting.key).chain(info.sections().map(SectionInfo::key));
        for (key, _) in self.table {
            let word: &Cow<'_, str> = key.get_ref();
            if keys().any(|known| known == word) {
                continue;
            }
            self.findings.push(Finding {
                span: key.span(),
                message: format!("unknown key `{word}` in [{}]", info.name),
                help: closest(word, keys()).first().map(|near| format!("did you mean `{near}`?")),
            });
        }
    }
}

/// The reader of a section's value, which must be a table.
pub(crate) fn within<'a, 'i>(
    info: &'static SectionInfo,
    value: &'a Spanned<DeValue<'i>>,
    findings: &'a mut Vec<Finding>,
) -> Option<Reader<'a, 'i>> {
    match value.get_ref() {
        DeValue::Table(table) => Some(Reader::new(info, table, value.span(), findings)),
        _ => {
            findings.push(misshapen(info, value.span()));
            None
        }
    }
}

/// The sections of a list; `None` where the value is not one, which is reported.
pub(crate) fn list<T: Section>(value: &Spanned<DeValue<'_>>, findings: &mut Vec<Finding>) -> Option<Vec<T>> {
    let Some(items) = value.get_ref().as_array() else {
        findings.push(misshapen(T::INFO, value.span()));
        return None;
    };
    let read = items.iter().filter_map(|item| {
        let mut reader = within(T::INFO, item, findings)?;
        Some(T::read(&mut reader))
    });
    Some(read.collect())
}

fn misshapen(info: &SectionInfo, span: Range<usize>) -> Finding {
    let (name, title) = (info.name, info.title());
    let message = match info.shape {
        Shape::Table | Shape::Names => format!("`{name}` must be a section, {title}"),
        Shape::Tables => format!("`{name}` must be a list of sections, each {title}"),
    };
    Finding { span, message, help: None }
}
