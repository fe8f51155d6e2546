//! The reference of `flowql.toml`: what there is to say of each section and setting. The derive makes it.

use std::fmt;

/// A section of `flowql.toml`.
#[derive(Clone, Copy, Debug)]
pub struct SectionInfo {
    /// The name, as it is written in brackets.
    pub name: &'static str,
    /// How it is written.
    pub shape: Shape,
    /// What it is for, in a sentence or two.
    pub doc: &'static str,
    /// A piece of a file that uses it.
    pub example: &'static str,
    /// The settings and the sections within it, in the order of their declarations.
    pub entries: &'static [Entry],
}

/// A part of a section.
#[derive(Clone, Copy, Debug)]
pub enum Entry {
    /// A setting.
    Setting(Setting),
    /// A section within the section; its name begins with that of the outer one.
    Section(&'static SectionInfo),
}

/// How a section is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `[name]` with the keys of the reference.
    Table,
    /// `[[name]]` any number of times, each with the keys of the reference.
    Tables,
    /// `[name]` with keys of the user's own; the reference has one row, which represents all of them.
    Names,
}

/// A setting of `flowql.toml`.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The key; a placeholder in a section of shape [`Shape::Names`].
    pub key: &'static str,
    /// What the value must be.
    pub kind: Kind,
    /// The unit of a number; empty where there is none.
    pub unit: &'static str,
    /// Whether it must not be left out.
    pub required: bool,
    /// What it does, in a sentence or two.
    pub doc: &'static str,
    /// Makes the value when it is left out.
    pub default_value: fn() -> Option<toml::Value>,
    /// Makes an example of its own.
    pub example_value: fn() -> Option<toml::Value>,
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
    /// What the words say, for types of their own.
    Other(&'static str),
}

impl SectionInfo {
    /// The name in its brackets.
    pub fn title(&self) -> String {
        match self.shape {
            Shape::Tables => format!("[[{}]]", self.name),
            Shape::Table | Shape::Names => format!("[{}]", self.name),
        }
    }

    /// The settings, without those of the sections within.
    pub fn settings(&self) -> impl Iterator<Item = &'static Setting> {
        self.entries.iter().filter_map(|entry| match entry {
            Entry::Setting(setting) => Some(setting),
            Entry::Section(_) => None,
        })
    }

    /// The sections within.
    pub fn sections(&self) -> impl Iterator<Item = &'static SectionInfo> {
        self.entries.iter().filter_map(|entry| match entry {
            Entry::Section(section) => Some(*section),
            Entry::Setting(_) => None,
        })
    }

    /// The section itself, then those within, the outer ones first.
    pub fn family(&'static self) -> Vec<&'static SectionInfo> {
        std::iter::once(self).chain(self.sections().flat_map(Self::family)).collect()
    }

    /// The first setting of that name, in the section or within, with its section.
    pub fn find(&'static self, key: &str) -> Option<(&'static Self, &'static Setting)> {
        let found =
            |section: &'static Self| Some((section, section.settings().find(|setting| setting.key == key)?));
        self.family().into_iter().find_map(found)
    }

    /// The last part of the name, its key in the section around it.
    pub fn key(&self) -> &'static str {
        self.name.rsplit('.').next().unwrap_or(self.name)
    }
}

impl Setting {
    /// The value when it is left out, as TOML; `None` where there is none.
    pub fn default(&self) -> Option<String> {
        (self.default_value)().map(|value| value.to_string())
    }

    /// Whether it has an example that is not its default.
    pub fn has_own_example(&self) -> bool {
        (self.example_value)().is_some()
    }

    /// A value as an example, as TOML: one of its own, or the default.
    pub fn example(&self) -> Option<String> {
        (self.example_value)().map(|value| value.to_string()).or_else(|| self.default())
    }

    /// What the value must be, with its unit.
    pub fn value(&self) -> String {
        match self.unit {
            "" => self.kind.to_string(),
            unit => format!("{}, in {unit}", self.kind),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => formatter.write_str("a string"),
            Self::Texts => formatter.write_str("a list of strings"),
            Self::Boolean => formatter.write_str("true or false"),
            Self::Other(words) => formatter.write_str(words),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_shown_in_words() {
        assert_eq!(Kind::Choice(&["a", "b", "c"]).to_string(), "\"a\", \"b\" or \"c\"");
        assert_eq!(Kind::Integer(1, 9).to_string(), "an integer from 1 to 9");
    }
}
