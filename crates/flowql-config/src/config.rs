//! The configuration as the rest of the project uses it.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flowql::{
    Compiler, Diagnostic, Limits, Position, Positions, SavedFilters, Schema, SchemaConfig, Scope, Span,
    is_filter_name,
};

use crate::document::Document;
use crate::error::Finding;
use crate::known::{AnySection, KnownSection, List, Sections};
use crate::sections::OWN;
use crate::{
    CommunitiesSection, ConfigErrors, ConfigFileError, FiltersSection, LimitsSection, Registry,
    SchemaSection, Section, SectionInfo,
};

/// The name of the configuration file.
pub const FILE_NAME: &str = "flowql.toml";

/// A configuration: the file, or the defaults where there is none.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The file; `None` for the defaults.
    pub path: Option<PathBuf>,
    /// The columns, as `[schema]` and `[communities]` shape them.
    pub schema: Schema,
    /// The filters of `[filters]`, in the scope of the configuration.
    pub saved: SavedFilters,
    /// What a filter may cost, as `[limits]` has it.
    pub limits: Limits,
    /// Configured columns that replace one of the default schema, each at its line.
    pub taken_names: Vec<ConfigFileError>,
    /// The sections that the program knows in addition to those of this crate.
    registry: Registry,
    /// The sections as they are written.
    sections: Sections,
    /// Where the filters of `[filters]` are written.
    filter_places: BTreeMap<String, Position>,
}

impl Config {
    /// The nearest `flowql.toml`: of the directory or of the first of its parents that has one.
    pub fn find(start: &Path) -> Option<PathBuf> {
        start.ancestors().map(|directory| directory.join(FILE_NAME)).find(|path| path.is_file())
    }

    /// The defaults, with the sections of a program.
    pub fn defaults(registry: Registry) -> Self {
        let document = Document::empty(known(registry));
        let sections = document.sections().unwrap_or_default();
        Self { registry, sections, ..Self::default() }
    }

    /// Reads a file. The registry has the sections of the program; those of this crate, which shape the language, are
    /// always known.
    ///
    /// # Errors
    ///
    /// That it cannot be read, or everything that is wrong with it.
    pub fn load(path: impl AsRef<Path>, registry: Registry) -> Result<Self, ConfigErrors> {
        let path = path.as_ref();
        let unreadable = |source| ConfigErrors::Unreadable { path: path.to_path_buf(), source };
        let bytes = std::fs::read(path).map_err(unreadable)?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let offset = error.utf8_error().valid_up_to();
            unreadable(io::Error::other(format!("it is not valid UTF-8 (at byte {offset})")))
        })?;
        Self::parse(&text, path, registry)
    }

    /// Reads its file again, with the same sections; the defaults where there is no file.
    ///
    /// # Errors
    ///
    /// As of [`load`](Self::load).
    pub fn reload(&self) -> Result<Self, ConfigErrors> {
        match &self.path {
            Some(path) => Self::load(path, self.registry),
            None => Ok(Self::defaults(self.registry)),
        }
    }

    /// Reads a text; `path` is for the messages.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it.
    pub fn parse(text: &str, path: impl Into<PathBuf>, registry: Registry) -> Result<Self, ConfigErrors> {
        let path = path.into();
        let positions = Positions::new(text);
        let placed = |Finding { span, message, help }| {
            let Position { line, column } = position(&positions, &span);
            ConfigFileError { path: path.clone(), line, column, message, help }
        };
        let invalid =
            |findings: Vec<Finding>| ConfigErrors::Invalid(findings.into_iter().map(placed).collect());
        let (config, taken) = Self::read(text, &positions, registry).map_err(invalid)?;
        let taken_names = taken.into_iter().map(placed).collect();
        Ok(Self { path: Some(path.clone()), taken_names, registry, ..config })
    }

    /// The configuration, and the names that its columns take.
    fn read(
        text: &str,
        positions: &Positions<'_>,
        registry: Registry,
    ) -> Result<(Self, Vec<Finding>), Vec<Finding>> {
        let document = Document::parse(text, known(registry)).map_err(|error| vec![error])?;
        let sections = document.sections()?;
        let faults = sections.iter().flat_map(AnySection::faults);
        let mut findings: Vec<_> = faults.map(|fault| document.place_fault(fault)).collect();
        let mut config = Self { sections, ..Self::default() };
        let shape = config.schema_config();
        match Schema::configured(&shape) {
            Ok(schema) => config.schema = schema,
            Err(faults) => findings.extend(faults.into_iter().map(|fault| document.place_fault(fault))),
        }
        config.read_filters(&document, positions, &mut findings);
        if !findings.is_empty() {
            findings.sort_by_key(|found| found.span.start);
            return Err(findings);
        }
        config.limits = Limits::from(&*config.section::<LimitsSection>());
        let taken = shape.taken_names().into_iter().map(|taken| document.place_fault(taken)).collect();
        Ok((config, taken))
    }

    fn read_filters(
        &mut self,
        document: &Document<'_>,
        positions: &Positions<'_>,
        findings: &mut Vec<Finding>,
    ) {
        for (name, text) in &self.section::<FiltersSection>().0 {
            let span = document.place(&format!("filters.{name}"));
            if is_filter_name(name) {
                self.saved.insert(Scope::Configuration, name, text);
                self.filter_places.insert(name.clone(), position(positions, &span));
            } else {
                findings.push(Finding {
                    span,
                    message: format!("`{name}` cannot name a filter"),
                    help: Some("a name is a letter or `_`, then letters, digits, `_` and `-`".to_owned()),
                });
            }
        }
    }

    /// A section as it is written, or its defaults where it is not.
    pub fn section<T: Section + Default>(&self) -> Arc<T> {
        self.sections.get().unwrap_or_default()
    }

    /// The sections of a list at the top of the file, `[[name]]`, in the order of the file.
    pub fn sections<T: Section + Clone>(&self) -> Vec<T> {
        self.sections.get::<List<T>>().map(|list| list.0.clone()).unwrap_or_default()
    }

    /// Puts a section in the place of the one that was read, as a command line does that comes before the file.
    pub fn set_section<T: Section>(&mut self, section: T) {
        self.sections.set(Arc::new(section));
    }

    /// The sections as they may be shown, the defaults written out, without their secrets.
    pub fn shown(&self) -> toml::Table {
        self.sections.show()
    }

    /// `[schema]` and `[communities]` as the core takes them.
    pub fn schema_config(&self) -> SchemaConfig {
        let communities = self.section::<CommunitiesSection>().0.clone().into_iter().collect();
        SchemaConfig { communities, ..SchemaConfig::from(&*self.section::<SchemaSection>()) }
    }

    /// The same with every column of the schema enabled.
    #[must_use]
    pub fn with_all_columns(mut self) -> Self {
        self.schema = self.schema.with_all_columns();
        self
    }

    /// The same with the saved filters of another.
    #[must_use]
    pub fn with_filters_of(mut self, other: &Self) -> Self {
        self.saved.clone_from(&other.saved);
        self.sections.set(other.section::<FiltersSection>());
        self.filter_places.clone_from(&other.filter_places);
        self
    }

    /// A compiler with the schema, saved filters and limits of this configuration.
    pub fn compiler(&self) -> Compiler<'_> {
        Compiler { limits: self.limits, ..Compiler::new(&self.schema, &self.saved) }
    }

    /// What is wrong with the filters of `[filters]`, at the lines of their names. Such a filter hurts only the
    /// filters that refer to it, so that it does not make the configuration bad.
    pub fn bad_filters(&self) -> Vec<ConfigFileError> {
        let compiler = self.compiler();
        let filters = self.section::<FiltersSection>();
        let bad = filters.0.iter().filter_map(|(name, text)| {
            let error = compiler.diagnostics(text).into_iter().find(Diagnostic::is_error)?;
            let Position { line, column } = *self.filter_places.get(name)?;
            Some(ConfigFileError {
                path: self.path.clone().unwrap_or_else(|| PathBuf::from(FILE_NAME)),
                line,
                column,
                message: format!("the filter `{name}` has an error: {}", error.message),
                help: error.help,
            })
        });
        let mut bad: Vec<_> = bad.collect();
        bad.sort_by_key(|error| (error.line, error.column));
        bad
    }

    /// Where the filter of a name is written in the file.
    pub fn filter_place(&self, name: &str) -> Option<Position> {
        self.filter_places.get(name).copied()
    }

    /// The whole configuration as a `flowql.toml`, the defaults written out, without its secrets.
    pub fn to_toml(&self) -> String {
        // Strings, lists and bounded integers: nothing that TOML lacks.
        toml::to_string_pretty(&self.shown()).unwrap_or_else(|error| format!("# {error}\n"))
    }

    /// The sections of `flowql.toml`, those of this crate first. [`SectionInfo::family`] has those within each.
    pub fn reference(registry: Registry) -> Vec<&'static SectionInfo> {
        known(registry).iter().map(|known| known.info).collect()
    }
}

/// The sections of this crate, and those of a program.
fn known(registry: Registry) -> Vec<KnownSection> {
    OWN.iter().chain(registry).copied().collect()
}

fn position(positions: &Positions<'_>, span: &Range<usize>) -> Position {
    positions.of(Span::new(span.start, span.end).start)
}

#[cfg(test)]
mod tests;
