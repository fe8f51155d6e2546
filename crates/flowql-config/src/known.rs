//! The sections that a program knows, whatever their types.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use flowql::ConfigError;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::Finding;
use crate::section::{self, within};
use crate::{Reader, Section, SectionInfo, Shape};

/// The sections that a program knows, in the order of the reference.
pub type Registry = &'static [KnownSection];

/// A section that a program knows.
#[derive(Clone, Copy, Debug)]
pub struct KnownSection {
    /// What there is to say of it.
    pub info: &'static SectionInfo,
    /// Reads what the document has under its name.
    pub(crate) read: ReadSection,
}

/// Reads a section, or a list of sections; `None` where it has the wrong shape, which is reported.
type ReadSection = fn(Option<&Spanned<DeValue<'_>>>, &mut Vec<Finding>) -> Option<Arc<dyn AnySection>>;

impl KnownSection {
    /// That of a type.
    pub const fn of<T: Section>() -> Self {
        Self {
            info: T::INFO,
            read: |value, findings| {
                let nothing = DeTable::new();
                let mut reader = match value {
                    Some(value) => within(T::INFO, value, findings)?,
                    None => Reader::new(T::INFO, &nothing, 0..0, findings),
                };
                Some(Arc::new(T::read(&mut reader)))
            },
        }
    }

    /// That of a type which is written as `[[name]]`, any number of times; [`Config::sections`](crate::Config::sections)
    /// has them.
    pub const fn list_of<T: Section>() -> Self {
        assert!(matches!(T::INFO.shape, Shape::Tables), "a list of sections is `#[section(…, list)]`");
        Self {
            info: T::INFO,
            read: |value, findings| match value {
                Some(value) => Some(Arc::new(List::<T>(section::list(value, findings)?))),
                None => Some(Arc::new(List::<T>(Vec::new()))),
            },
        }
    }
}

/// The sections of one name, `[[name]]`.
#[derive(Debug)]
pub(crate) struct List<T>(pub(crate) Vec<T>);

/// A section of any type.
pub(crate) trait AnySection: Any + fmt::Debug + Send + Sync {
    /// What there is to say of it.
    fn info(&self) -> &'static SectionInfo;

    /// The section as it may be shown.
    fn shown(&self) -> toml::Value;

    /// What no type can check.
    fn faults(&self) -> Vec<ConfigError>;
}

impl<T: Section> AnySection for T {
    fn info(&self) -> &'static SectionInfo {
        T::INFO
    }

    fn shown(&self) -> toml::Value {
        toml::Value::Table(self.show())
    }

    fn faults(&self) -> Vec<ConfigError> {
        self.check()
    }
}

impl<T: Section> AnySection for List<T> {
    fn info(&self) -> &'static SectionInfo {
        T::INFO
    }

    fn shown(&self) -> toml::Value {
        section::show_sections(&self.0)
    }

    /// Those of each section, which calls itself by the name alone, with its place in the list.
    fn faults(&self) -> Vec<ConfigError> {
        let of_one = |(index, section): (usize, &T)| {
            let place = move |fault: ConfigError| match fault.path.strip_prefix(T::INFO.name) {
                Some(rest) => ConfigError { path: format!("{}[{index}]{rest}", T::INFO.name), ..fault },
                None => fault,
            };
            section.check().into_iter().map(place)
        };
        self.0.iter().enumerate().flat_map(of_one).collect()
    }
}

/// Sections of any type, one of each, in the order of the reference.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sections(Vec<Arc<dyn AnySection>>);

impl Sections {
    /// The section, or list, of a type, if it is there.
    pub(crate) fn get<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
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
        self.iter().map(|section| (section.info().name.to_owned(), section.shown())).collect()
    }
}
