//! YAML as a tree that its readers take apart: what they have taken is gone, and the rest was not understood.

use saphyr::{LoadableYamlNode as _, Scalar, Yaml};

use crate::ImportError;

/// How deep files include each other.
const DEEPEST: usize = 8;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Tree {
    Null,
    Bool(bool),
    Int(i64),
    Text(String),
    List(Vec<Tree>),
    Map(Map),
}

/// A mapping, in the order of its text.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Map(pub(crate) Vec<(String, Tree)>);

/// Reads the files that others include: by the including file and the name; gives the name and the text.
pub type Include<'a> = &'a dyn Fn(&str, &str) -> Result<(String, String), String>;

impl Tree {
    /// The value of a file, those that it includes in their places.
    pub(crate) fn read(file: &str, text: &str, include: Include<'_>) -> Result<Self, ImportError> {
        Self::read_within(file, text, include, DEEPEST)
    }

    fn read_within(file: &str, text: &str, include: Include<'_>, deep: usize) -> Result<Self, ImportError> {
        let documents = Yaml::load_from_str(text)
            .map_err(|error| ImportError::Syntax { file: file.to_owned(), message: error.to_string() })?;
        let first = documents.first().unwrap_or(&Yaml::Value(Scalar::Null));
        Self::of(first, &|name| {
            let fault =
                |message| ImportError::Include { file: name.to_owned(), by: file.to_owned(), message };
            let deep = deep.checked_sub(1).ok_or_else(|| fault("it includes too many others".to_owned()))?;
            let (file, text) = include(file, name).map_err(fault)?;
            Self::read_within(&file, &text, include, deep)
        })
    }

    fn of(yaml: &Yaml<'_>, include: &dyn Fn(&str) -> Result<Self, ImportError>) -> Result<Self, ImportError> {
        Ok(match yaml {
            Yaml::Value(Scalar::Boolean(value)) => Self::Bool(*value),
            Yaml::Value(Scalar::Integer(value)) => Self::Int(*value),
            Yaml::Value(Scalar::FloatingPoint(value)) => Self::Text(value.to_string()),
            Yaml::Value(Scalar::String(value)) => Self::Text(value.to_string()),
            Yaml::Representation(text, ..) => Self::Text(text.to_string()),
            Yaml::Sequence(items) => {
                Self::List(items.iter().map(|item| Self::of(item, include)).collect::<Result<_, _>>()?)
            }
            Yaml::Mapping(pairs) => {
                let pair = |(key, value)| Ok((Self::of(key, include)?.line(), Self::of(value, include)?));
                Self::Map(Map(pairs.iter().map(pair).collect::<Result<_, ImportError>>()?))
            }
            Yaml::Tagged(tag, value) if tag.suffix == "include" => {
                include(&Self::of(value, include)?.line())?
            }
            Yaml::Tagged(_, value) => Self::of(value, include)?,
            Yaml::Value(Scalar::Null) | Yaml::Alias(_) | Yaml::BadValue => Self::Null,
        })
    }

    /// A text, or a number or a word as its text.
    pub(crate) fn text(&self) -> Option<String> {
        match self {
            Self::Bool(value) => Some(value.to_string()),
            Self::Int(value) => Some(value.to_string()),
            Self::Text(value) => Some(value.clone()),
            Self::Null | Self::List(_) | Self::Map(_) => None,
        }
    }

    /// A number.
    pub(crate) fn int(&self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(*value),
            Self::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The items of a list; one that is no list is its only item.
    pub(crate) fn items(self) -> Vec<Self> {
        match self {
            Self::Null => Vec::new(),
            Self::List(items) => items,
            other => vec![other],
        }
    }

    /// The texts of a list.
    pub(crate) fn texts(self) -> Vec<String> {
        self.items().iter().filter_map(Self::text).collect()
    }

    /// The pairs; none of what is no mapping.
    pub(crate) fn map(self) -> Map {
        match self {
            Self::Map(map) => map,
            _ => Map::default(),
        }
    }

    /// All of it in one line, as YAML has it in brackets.
    pub(crate) fn line(&self) -> String {
        match self {
            Self::List(items) => format!("[{}]", items.iter().map(Self::line).collect::<Vec<_>>().join(", ")),
            Self::Map(Map(pairs)) => {
                let pairs = pairs.iter().map(|(key, value)| format!("{key}: {}", value.line()));
                format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
            }
            other => other.text().unwrap_or_else(|| "null".to_owned()),
        }
    }
}

impl Map {
    /// Takes a setting out. Case and hyphens do not matter in the names of settings.
    pub(crate) fn take(&mut self, name: &str) -> Option<Tree> {
        let place = self.0.iter().position(|(key, _)| plain(key) == plain(name))?;
        Some(self.0.remove(place).1)
    }

    /// Takes a text.
    pub(crate) fn take_text(&mut self, name: &str) -> Option<String> {
        let text = self.take(name)?;
        text.text().filter(|text| !text.is_empty())
    }

    /// Takes a mapping, empty where there is none.
    pub(crate) fn take_map(&mut self, name: &str) -> Self {
        self.take(name).map(Tree::map).unwrap_or_default()
    }

    /// Whether there is such a setting.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| plain(key) == plain(name))
    }

    /// The other's settings too: mappings of both become one, lists follow each other.
    pub(crate) fn merge(&mut self, other: Self) {
        for (key, value) in other.0 {
            match self.0.iter_mut().find(|(known, _)| plain(known) == plain(&key)) {
                Some((_, Tree::Map(known))) if matches!(value, Tree::Map(_)) => known.merge(value.map()),
                Some((_, Tree::List(known))) if matches!(value, Tree::List(_)) => known.extend(value.items()),
                Some((_, known)) => *known = value,
                None => self.0.push((key, value)),
            }
        }
    }
}

/// A name without what does not matter.
fn plain(name: &str) -> String {
    name.chars().filter(|character| !matches!(character, '-' | '_')).flat_map(char::to_lowercase).collect()
}
