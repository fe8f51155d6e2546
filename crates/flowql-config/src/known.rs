//! The sections that a program knows, whatever their types.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use flowql::ConfigError;

use crate::{Reader, Section, SectionInfo};

/// The sections that a program knows, in the order of the reference.
pub type Registry = &'static [KnownSection];

/// A section that a program knows.
#[derive(Clone, Copy, Debug)]
pub struct KnownSection {
    /// What there is to say of it.
    pub info: &'static SectionInfo,
    /// Reads it.
    pub(crate) read: fn(&mut Reader<'_, '_>) -> Arc<dyn AnySection>,
}

impl KnownSection {
    /// That of a type.
    pub const fn of<T: Section>() -> Self {
        Self { info: T::INFO, read: |reader| Arc::new(T::read(reader)) }
    }
}

/// A section of any type.
pub(crate) trait AnySection: Any + fmt::Debug + Send + Sync {
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
