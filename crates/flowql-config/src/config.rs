//! The configuration as the rest of the project uses it.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use flowql::{
    Compiler, ConfigError, Diagnostic, Limits, Position, Positions, SavedFilters, Schema, Scope, Span,
    is_filter_name,
};
use serde::Deserialize as _;
use toml::Spanned;
use toml::de::{DeTable, Deserializer};

use crate::document::{self, Finding};
use crate::reference::{SECTIONS, SETTINGS};
use crate::{ConfigErrors, ConfigFileError, Section, Sections, Setting};

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
    /// The sections as they are written.
    pub sections: Sections,
    /// Configured columns that replace one of the default schema, each at its line.
    pub taken_names: Vec<ConfigFileError>,
    /// Where the filters of `[filters]` stand.
    filter_places: BTreeMap<String, Position>,
}

impl Config {
    /// The nearest `flowql.toml`: of the directory or of the first of its parents that has one.
    pub fn find(start: &Path) -> Option<PathBuf> {
        start.ancestors().map(|directory| directory.join(FILE_NAME)).find(|path| path.is_file())
    }

    /// Reads a file.
    ///
    /// # Errors
    ///
    /// That it cannot be read, or everything that is wrong with it.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, ConfigErrors> {
        let path = path.as_ref();
        let unreadable = |source| ConfigErrors::Unreadable { path: path.to_path_buf(), source };
        let bytes = std::fs::read(path).map_err(unreadable)?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let offset = error.utf8_error().valid_up_to();
            unreadable(io::Error::other(format!("it is not valid UTF-8 (at byte {offset})")))
        })?;
        Self::parse(&text, path)
    }

    /// Reads a text; `path` is for the messages.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it.
    pub fn parse(text: &str, path: impl Into<PathBuf>) -> Result<Self, ConfigErrors> {
        let path = path.into();
        let positions = Positions::new(text);
        let placed = |Finding { span, message, help }| {
            let Position { line, column } = position(&positions, &span);
            ConfigFileError { path: path.clone(), line, column, message, help }
        };
        let invalid =
            |findings: Vec<Finding>| ConfigErrors::Invalid(findings.into_iter().map(placed).collect());
        let (config, taken) = Self::read(text, &positions).map_err(invalid)?;
        let taken_names = taken.into_iter().map(placed).collect();
        Ok(Self { path: Some(path.clone()), taken_names, ..config })
    }

    /// The configuration, and the names that its columns take.
    fn read(text: &str, positions: &Positions<'_>) -> Result<(Self, Vec<Finding>), Vec<Finding>> {
        let document = DeTable::parse(text).map_err(|error| vec![of_toml(&error)])?;
        let findings = document::check(&document);
        if !findings.is_empty() {
            return Err(findings);
        }
        let sections = Sections::deserialize(Deserializer::from(document.clone()))
            .map_err(|error| vec![of_toml(&error)])?;
        Self::build(sections, &document, positions)
    }

    fn build(
        sections: Sections,
        document: &Spanned<DeTable<'_>>,
        positions: &Positions<'_>,
    ) -> Result<(Self, Vec<Finding>), Vec<Finding>> {
        let mut findings = Vec::new();
        let mut shape = sections.schema.clone();
        shape.communities = sections.communities.clone().into_iter().collect();
        let found = |ConfigError { path, message, help }| {
            let span = document::place(document, &path);
            Finding { span, message, help }
        };
        let schema = Schema::configured(&shape).unwrap_or_else(|errors| {
            findings.extend(errors.into_iter().map(found));
            Schema::default()
        });
        findings.extend(sections.server.check().into_iter().map(found));
        findings.extend(sections.tables.check().into_iter().map(found));
        let mut saved = SavedFilters::default();
        let mut filter_places = BTreeMap::new();
        for (name, text) in &sections.filters {
            let span = document::place(document, &format!("filters.{name}"));
            if is_filter_name(name) {
                saved.insert(Scope::Configuration, name, text);
                filter_places.insert(name.clone(), position(positions, &span));
            } else {
                findings.push(Finding {
                    span,
                    message: format!("`{name}` cannot name a filter"),
                    help: Some("a name is a letter or `_`, then letters, digits, `_` and `-`".to_owned()),
                });
            }
        }
        if !findings.is_empty() {
            findings.sort_by_key(|found| found.span.start);
            return Err(findings);
        }
        let limits = Limits::from(&sections.limits);
        let taken = shape.taken_names().into_iter().map(found).collect();
        let config =
            Self { path: None, schema, saved, limits, sections, taken_names: Vec::new(), filter_places };
        Ok((config, taken))
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
        self.sections.filters.clone_from(&other.sections.filters);
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
        let bad = self.sections.filters.iter().filter_map(|(name, text)| {
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

    /// Where the filter of a name stands in the file.
    pub fn filter_place(&self, name: &str) -> Option<Position> {
        self.filter_places.get(name).copied()
    }

    /// The whole configuration as a `flowql.toml`, the defaults written out, without its secrets.
    pub fn to_toml(&self) -> String {
        // Strings, lists and bounded integers: nothing that TOML lacks.
        toml::to_string_pretty(&self.sections).unwrap_or_else(|error| format!("# {error}\n"))
    }

    /// Every setting of `flowql.toml`.
    pub fn reference() -> &'static [Setting] {
        SETTINGS
    }

    /// Every section of `flowql.toml`.
    pub fn section_reference() -> &'static [Section] {
        SECTIONS
    }
}

fn of_toml(error: &toml::de::Error) -> Finding {
    Finding {
        span: error.span().unwrap_or_default(),
        message: error.message().replace('\n', ", "),
        help: None,
    }
}

fn position(positions: &Positions<'_>, span: &Range<usize>) -> Position {
    positions.of(Span::new(span.start, span.end).start)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The errors of a text, each as `line:column message: help`.
    fn errors(text: &str) -> Vec<String> {
        let errors = Config::parse(text, "f").unwrap_err();
        let lines = errors.errors().iter().map(|error| error.to_string().trim_start_matches("f:").to_owned());
        lines.collect()
    }

    const FULL: &str = r#"
[schema]
enable = ["SrcVlan", "NAT"]
materialize = ["SrcNetPrefix"]
every_table = ["SrcNetPrefix"]

[[schema.column]]
name = "DstAddrRole"
type = "string"
description = "role of the destination"
dictionary = "inventory"
attribute = "role"
key = "DstAddr"

[filters]
customers = 'DstNetRole = "customers"'
nested = "@customers AND SrcAS = 1"

[communities]
"65000:666" = "our-blackhole"

[limits]
length = 0x1000
nesting = 20
"#;

    #[test]
    fn a_configuration_shapes_schema_filters_and_limits() {
        let config = Config::parse(FULL, "flowql.toml").unwrap();
        let compiler = config.compiler();
        let sql = |text| compiler.compile(text, flowql::Options::default()).sql;
        assert!(sql("SrcVlan = 10 AND DstAddrRole = 'x' AND DstCommunities = our-blackhole").is_some());
        assert_eq!(sql("@nested").as_deref(), Some("((DstNetRole = 'customers') AND SrcAS = 1)"));
        assert_eq!((config.limits.length, config.limits.nesting), (4096, 20));
        assert_eq!(config.limits.diagnostics, Limits::DEFAULT.diagnostics);
        assert!(config.bad_filters().is_empty());
    }

    #[test]
    fn an_empty_file_is_the_default() {
        let config = Config::parse("# nothing\n", "f").unwrap();
        assert_eq!(config.sections, Config::default().sections);
        assert_eq!(config.limits, Limits::DEFAULT);
    }

    #[test]
    fn the_printed_configuration_reads_as_the_same() {
        for text in ["", FULL] {
            let config = Config::parse(text, "f").unwrap();
            let printed = config.to_toml();
            assert_eq!(Config::parse(&printed, "f").unwrap().sections, config.sections, "{printed}");
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let text = "[backend]\nurl = \"https://me:word@flows\"\n[clickhouse]\nservers = [\"https://me:word@h\"]\npassword = \"word\"\n";
        let config = Config::parse(text, "f").unwrap();
        assert_eq!(config.sections.clickhouse.password.reveal(), "word");
        let printed = config.to_toml();
        assert!(printed.contains("password = \"(hidden)\"") && !printed.contains("word\""), "{printed}");
        assert!(!printed.contains("word@"), "{printed}");
        assert!(!format!("{:?}", config.sections.clickhouse.password).contains("word"));
    }

    #[test]
    fn unknown_keys_have_their_line_and_the_closest_name() {
        assert_eq!(
            errors(
                "[schema]\nenable = []\nenabel = []\n[[schema.column]]\nname = \"X1\"\ntype = \"ip\"\nkeys = 'SrcAddr'\n[shcema]\n"
            ),
            [
                "3:1: unknown key `enabel` in [schema]: did you mean `enable`?",
                "7:1: unknown key `keys` in [schema.column]: did you mean `key`?",
                "8:2: unknown section [shcema]: did you mean `schema`?",
            ]
        );
        assert_eq!(
            errors("enable = []\nzzz = 1\n"),
            [
                "1:1: unknown key `enable` outside of any section: it belongs to [schema]",
                "2:1: unknown key `zzz` outside of any section"
            ]
        );
        assert_eq!(
            errors("schema.enabel = []"),
            ["1:8: unknown key `enabel` in [schema]: did you mean `enable`?"]
        );
    }

    #[test]
    fn values_of_another_kind_are_errors() {
        assert_eq!(
            errors(
                "schema = 1\nfilters = { a = 1 }\n[limits]\nlength = \"x\"\nnesting = 151\ndiagnostics = -1\nfile_length = 0\n"
            ),
            [
                "1:10: `schema` must be a section, [schema]",
                "2:17: `a` must be a string",
                "4:10: `length` must be an integer from 1 to 67108864",
                "5:11: `nesting` must be an integer from 1 to 150",
                "6:15: `diagnostics` must be an integer from 1 to 10000",
                "7:15: `file_length` must be an integer from 1 to 1073741824",
            ]
        );
        assert_eq!(
            errors("[schema]\nenable = [\"NAT\", 1]\ndisable = \"NAT\"\ncolumn = 1\n"),
            [
                "2:18: `enable` must be a list of strings",
                "3:11: `disable` must be a list of strings",
                "4:10: `schema.column` must be a list of sections, each [[schema.column]]",
            ]
        );
        assert_eq!(
            errors(
                "[[schema.column]]\nname = \"A1x\"\ntype = \"text\"\nmain_only = 1\n[[schema.column]]\ndescription = \"x\"\n"
            ),
            [
                "3:8: `type` must be \"string\", \"uint\" or \"ip\"",
                "4:13: `main_only` must be true or false",
                "5:1: [[schema.column]] lacks the key `name`",
                "5:1: [[schema.column]] lacks the key `type`",
            ]
        );
    }

    #[test]
    fn errors_of_the_schema_are_at_their_lines() {
        assert_eq!(
            errors(
                "[schema]\nenable = [\n  \"SrcVlan\",\n  \"DstVlam\",\n]\nevery_table = [\"DstNetPrefix\"]\n[[schema.column]]\nname = \"Role\"\ntype = \"string\"\n[[schema.column]]\nname = \"SrcAS\"\ntype = \"uint\"\n[communities]\n\"65000.1\" = \"x\"\n\"65000:1\" = \"1x\"\n[filters]\n\"1x\" = \"SrcAS = 1\"\n"
            ),
            [
                "4:3: `DstVlam` is no column or group: did you mean `DstVlan`?",
                "6:16: `DstNetPrefix` is computed; it must be in `materialize` too",
                "11:8: there is a column `SrcAS` already",
                "14:1: `65000.1` is no community",
                "15:1: `1x` is no name: a letter, then letters, digits, `-` and `_`",
                "17:1: `1x` cannot name a filter: a name is a letter or `_`, then letters, digits, `_` and `-`",
            ]
        );
    }

    #[test]
    fn what_a_column_is_looked_up_by_must_be_whole_and_known() {
        let column = |keys: &str| format!("[[schema.column]]\nname = \"Role\"\ntype = \"string\"\n{keys}\n");
        let found = errors(&column("dictionary = \"inventory\"\nkey = \"DstAddr\""));
        assert_eq!(found, ["1:1: `dictionary`, `attribute` and `key` go together: give all three, or none"]);
        let found = errors(&column("dictionary = \"a\"\nattribute = \"r\"\nkey = \"DstAdr\""));
        assert_eq!(found, ["6:7: `DstAdr` is no column: did you mean `DstAddr`?"]);
        let found = errors(&column("dictionary = \"a'b\"\nattribute = \"r\"\nkey = \"DstAddr\""));
        assert_eq!(found, ["4:14: `a'b` is no name: a letter or `_`, then letters, digits and `_`"]);
    }

    #[test]
    fn errors_of_the_server_are_at_their_lines() {
        assert_eq!(
            errors(
                "[server]\nlisten = \"localhost\"\ntrusted_proxies = [\n  \"10.0.0.0/8\",\n  \"proxy\",\n]\nuser_header = \"\"\ncors_origins = [\"*\"]\n[server.limits]\nburst = 0\n"
            ),
            ["10:9: `burst` must be an integer from 1 to 1000000"]
        );
        assert_eq!(
            errors(
                "[server]\nlisten = \"localhost\"\ntrusted_proxies = [\n  \"10.0.0.0/8\",\n  \"proxy\",\n]\nuser_header = \"\"\ncors_origins = [\"*\"]\n"
            ),
            [
                "2:10: `localhost` is no address and port: write it as `127.0.0.1:8080` or `[::1]:8080`",
                "5:3: `proxy` is no address or subnet: write it as `192.0.2.1` or `10.0.0.0/8`",
                "7:15: `user_header` cannot be ``: it is made of letters, digits, `-`, `_`, `.` and `@`",
                "8:17: `*` is no origin: write it as `https://console.example.net`, without a path",
            ]
        );
    }

    #[test]
    fn tables_of_sums_are_whole_and_each_is_named_once() {
        let text = "[tables]\nkeep_days = 0\n[[tables.aggregated]]\ninterval = 10\nkeep_days = 1\n";
        let tables = Config::parse(text, "f").unwrap().sections.tables;
        assert_eq!((tables.keep_days, tables.aggregated.len()), (0, 1));
        assert_eq!(Config::parse("[tables]\naggregated = []\n", "f").unwrap().sections.tables.aggregated, []);
        assert_eq!(
            errors("[[tables.aggregated]]\ninterval = 0\n"),
            [
                "1:1: [[tables.aggregated]] lacks the key `keep_days`",
                "2:12: `interval` must be an integer from 1 to 86400",
            ]
        );
        assert_eq!(
            errors(&format!("{text}[[tables.aggregated]]\nkeep_days = 2\ninterval = 10\n")),
            ["8:12: there are two tables of sums over 10 seconds",]
        );
    }

    #[test]
    fn bad_syntax_has_its_line() {
        let found = errors("[schema]\nenable = [\"a\"\n");
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("2:") || found[0].starts_with("3:"), "{found:?}");
        let found = errors("# é\n[filters]\na = 'x'\na = 'y'\n");
        assert_eq!(found, ["4:1: duplicate key"]);
    }

    #[test]
    fn a_configured_column_keeps_a_name_that_the_default_schema_got_later() {
        let text = "[[schema.column]]\nname = \"InIfIndex\"\ntype = \"string\"\n";
        let config = Config::parse(text, "f").unwrap();
        let sql = config.compiler().compile("InIfIndex = \"x\"", flowql::Options::default()).sql;
        assert_eq!(sql.as_deref(), Some("InIfIndex = 'x'"));
        assert_eq!(config.schema.columns().iter().filter(|column| column.name == "InIfIndex").count(), 1);
        let [taken] = config.taken_names.as_slice() else { panic!("{:?}", config.taken_names) };
        assert_eq!((taken.line, taken.column), (2, 8));
        assert!(taken.message.starts_with("`InIfIndex` replaces"), "{taken}");
        assert!(Config::parse("[schema]\nenable = [\"InIfIndex\"]", "f").unwrap().taken_names.is_empty());
    }

    #[test]
    fn bad_filters_are_found_but_do_not_make_the_configuration_bad() {
        let config = Config::parse("[filters]\nb = 'SrcASN = 1'\na = '@a'\nok = 'SrcAS = 1'\n", "f").unwrap();
        let found: Vec<_> =
            config.bad_filters().iter().map(|error| (error.line, error.message.clone())).collect();
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].0, 2);
        assert!(found[0].1.starts_with("the filter `b` has an error: "), "{found:?}");
        assert_eq!(found[1].0, 3);
    }

    #[test]
    fn the_file_of_a_parent_is_found() {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = std::env::temp_dir().join(format!("flowql-config-{}", std::process::id()));
        let deep = root.join("a/b");
        std::fs::create_dir_all(&deep).unwrap();
        std::fs::write(root.join(FILE_NAME), "").unwrap();
        assert_eq!(Config::find(&deep), Some(root.join(FILE_NAME)));
        assert!(Config::load(root.join(FILE_NAME)).is_ok());
        std::fs::write(root.join(FILE_NAME), b"# \xFF").unwrap();
        let message = Config::load(root.join(FILE_NAME)).unwrap_err().to_string();
        assert!(message.ends_with("it is not valid UTF-8 (at byte 2)"), "{message}");
        std::fs::remove_dir_all(&root).unwrap();
        let missing = Config::load(manifest.join("no-such.toml")).unwrap_err();
        assert!(missing.errors().is_empty());
        assert!(missing.to_string().starts_with("cannot read "));
    }
}
