//! What a section is to the rest of the crate.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use flowql::ConfigError;

use crate::{Reader, SectionInfo};

/// A section of `flowql.toml`. The derive of the same name makes it of a struct with named fields, with its `Default`
/// unless a setting is required.
///
/// The first paragraph of a doc comment is the sentence of the reference. `#[section(…)]` on the struct says
///
/// - `name = "server.limits"`: the name in brackets, with that of the section around it;
/// - `example = "…"`: a piece of a file that uses it;
/// - `check = path`: a function of `&Self` for what no type can check, which returns [`ConfigError`]s;
/// - `list`: it is written as `[[name]]`, any number of times.
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

/// A section of any type.
pub trait AnySection: Any + fmt::Debug + Send + Sync {
    /// What there is to say of it.
    fn info(&self) -> &'static SectionInfo;

    /// The section as it may be shown.
    fn shown(&self) -> toml::Table;

    /// What no type can check.
    fn faults(&self) -> Vec<ConfigError>;
}

impl<T: Section> AnySection for T {
    fn info(&self) -> &'static SectionInfo {
        T::INFO
    }

    fn shown(&self) -> toml::Table {
        self.show()
    }

    fn faults(&self) -> Vec<ConfigError> {
        self.check()
    }
}

/// A list of sections as it may be shown.
pub fn show_sections<T: Section>(sections: &[T]) -> toml::Value {
    toml::Value::Array(sections.iter().map(|section| toml::Value::Table(section.show())).collect())
}

/// Sections of any type, one of each, in the order of the reference.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sections(Vec<Arc<dyn AnySection>>);

impl Sections {
    /// The section of a type, if it is there.
    pub(crate) fn get<T: Section>(&self) -> Option<Arc<T>> {
        self.0.iter().find_map(|section| {
            let section: Arc<dyn Any + Send + Sync> = Arc::clone(section) as _;
            section.downcast().ok()
        })
    }

    /// Puts a section in the place of the one of its type, or at the end.
    pub(crate) fn set(&mut self, section: Arc<dyn AnySection>) {
        match self.0.iter_mut().find(|found| found.info().name == section.info().name) {
            Some(found) => *found = section,
            None => self.0.push(section),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &dyn AnySection> {
        self.0.iter().map(Arc::as_ref)
    }

    /// All of them as they may be shown.
    pub(crate) fn show(&self) -> toml::Table {
        self.iter()
            .map(|section| (section.info().name.to_owned(), toml::Value::Table(section.shown())))
            .collect()
    }
}
