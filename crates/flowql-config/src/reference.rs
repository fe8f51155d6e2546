//! The reference of `flowql.toml`: every section and every setting. The document is checked against it, and the
//! documentation is generated from it.

mod table;

use std::fmt;

pub(crate) use table::{SECTIONS, SETTINGS};

/// A section of `flowql.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
    /// The name, as it stands in brackets.
    pub name: &'static str,
    /// How it is written.
    pub shape: Shape,
    /// What it is for, in a sentence.
    pub doc: &'static str,
    /// A piece of a file that uses it.
    pub example: &'static str,
}

/// How a section is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `[name]` with the keys of the reference.
    Table,
    /// `[[name]]` any number of times, each with the keys of the reference.
    Tables,
    /// `[name]` with keys of the user's own; the reference has one row, which stands for all of them.
    Names,
}

/// A setting of `flowql.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The section.
    pub section: &'static str,
    /// The key; a placeholder in a section of shape [`Shape::Names`].
    pub key: &'static str,
    /// What the value must be.
    pub kind: Kind,
    /// The value when it is left out, as TOML; empty where there is none.
    pub default: &'static str,
    /// Whether it must not be left out.
    pub required: bool,
    /// What it does, in a sentence or two.
    pub doc: &'static str,
}

/// What the value of a setting must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A string.
    Text,
    /// A list of strings.
    Texts,
    /// `true` or `false`.
    Boolean,
    /// An integer from the first number to the second.
    Integer(u64, u64),
    /// One of a few strings.
    Choice(&'static [&'static str]),
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => formatter.write_str("a string"),
            Self::Texts => formatter.write_str("a list of strings"),
            Self::Boolean => formatter.write_str("true or false"),
            Self::Integer(least, most) => write!(formatter, "an integer from {least} to {most}"),
            Self::Choice(choices) => {
                for (index, choice) in choices.iter().enumerate() {
                    let before = match index {
                        0 => "",
                        _ if index + 1 == choices.len() => " or ",
                        _ => ", ",
                    };
                    write!(formatter, "{before}\"{choice}\"")?;
                }
                Ok(())
            }
        }
    }
}

/// The section of that name.
pub(crate) fn section(name: &str) -> Option<&'static Section> {
    SECTIONS.iter().find(|section| section.name == name)
}

/// The settings of a section.
pub(crate) fn settings(section: &str) -> impl Iterator<Item = &'static Setting> {
    SETTINGS.iter().filter(move |setting| setting.section == section)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fmt::Write as _;

    use flowql::{CustomColumn, SchemaConfig};

    use super::*;
    use crate::{Config, Sections, ServerSection};

    /// The keys of a document by section, those of `Names` sections as their placeholders.
    fn keys(prefix: &str, table: &toml::Table, found: &mut BTreeSet<(String, String)>) {
        for (key, value) in table {
            let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
            match (section(&path).map(|section| section.shape), value) {
                (Some(Shape::Table), toml::Value::Table(inner)) => keys(&path, inner, found),
                (Some(Shape::Tables), toml::Value::Array(items)) => {
                    for item in items {
                        keys(&path, item.as_table().unwrap(), found);
                    }
                }
                (Some(Shape::Names), toml::Value::Table(_)) => {
                    let placeholder = settings(&path).next().unwrap().key;
                    found.insert((path, placeholder.to_owned()));
                }
                (None, _) => {
                    found.insert((prefix.to_owned(), key.clone()));
                }
                (shape, value) => panic!("{path} is {value:?} in a section of shape {shape:?}"),
            }
        }
    }

    #[test]
    fn the_reference_has_exactly_the_keys_that_the_parser_accepts() {
        let some = || Some("x".to_owned());
        let column = CustomColumn {
            clickhouse_type: some(),
            dictionary: some(),
            attribute: some(),
            key: some(),
            ..CustomColumn::default()
        };
        let schema = SchemaConfig { column: vec![column], ..SchemaConfig::default() };
        let server = ServerSection { data: some(), ..ServerSection::default() };
        let backend = crate::BackendSection { values: some(), url: some(), ..Default::default() };
        let filled = Sections { schema, server, backend, ..Sections::default() };
        let mut accepted = BTreeSet::new();
        keys("", &toml::Table::try_from(filled).unwrap(), &mut accepted);
        let documented: BTreeSet<_> =
            SETTINGS.iter().map(|row| (row.section.to_owned(), row.key.to_owned())).collect();
        assert_eq!(documented, accepted);
        assert_eq!(documented.len(), SETTINGS.len(), "a setting is documented twice");
        let sections: BTreeSet<_> = SETTINGS.iter().map(|row| row.section).collect();
        assert_eq!(sections, SECTIONS.iter().map(|row| row.name).collect());
    }

    #[test]
    fn the_defaults_of_the_reference_are_the_defaults() {
        let mut text = String::new();
        for section in SECTIONS.iter().filter(|section| section.shape == Shape::Table) {
            writeln!(text, "[{}]", section.name).unwrap();
            for row in settings(section.name).filter(|row| !row.default.is_empty()) {
                writeln!(text, "{} = {}", row.key, row.default).unwrap();
            }
        }
        let config = Config::parse(&text, "flowql.toml").unwrap();
        assert_eq!(config.sections, Sections::default());
    }

    #[test]
    fn every_example_is_a_valid_configuration() {
        for section in SECTIONS {
            if let Err(errors) = Config::parse(section.example, "flowql.toml") {
                panic!("[{}]: {errors}", section.name);
            }
            assert!(section.example.contains(&format!("[{}]", section.name)), "{}", section.name);
        }
    }

    #[test]
    fn every_row_is_documented_in_sentences() {
        let docs = SECTIONS.iter().map(|row| row.doc).chain(SETTINGS.iter().map(|row| row.doc));
        for doc in docs {
            assert!(doc.ends_with('.') && doc.starts_with(char::is_uppercase), "{doc}");
        }
    }

    #[test]
    fn kinds_are_shown_in_words() {
        assert_eq!(Kind::Choice(&["a", "b", "c"]).to_string(), "\"a\", \"b\" or \"c\"");
        assert_eq!(Kind::Integer(1, 9).to_string(), "an integer from 1 to 9");
    }
}
