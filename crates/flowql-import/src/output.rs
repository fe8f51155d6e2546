//! The `flowql.toml` that is made: sections, and as comments what could not be taken over.

use std::fmt::Write as _;

/// What became of a configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// The text of a `flowql.toml`. What is left out is in it as comments.
    pub toml: String,
    /// What is left out, in the order of the configuration.
    pub left_out: Vec<LeftOut>,
}

/// A setting that has no counterpart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The setting, as `inlet.flow.inputs[0].type`.
    pub path: String,
    /// What it says, in one line.
    pub value: String,
    /// Why it is left out.
    pub reason: String,
}

/// What is made so far.
#[derive(Debug, Default)]
pub(crate) struct Output {
    sections: Vec<Section>,
    left_out: Vec<LeftOut>,
}

/// A table of TOML.
#[derive(Debug)]
pub(crate) struct Section {
    heading: &'static str,
    /// Whether there may be several of the heading.
    list: bool,
    lines: Vec<String>,
}

impl Output {
    /// One more table of a list, `[[name]]`.
    pub(crate) fn item(&mut self, heading: &'static str) -> &mut Section {
        self.sections.push(Section { heading, list: true, lines: Vec::new() });
        self.last()
    }

    /// The table `[name]`, the same at each call.
    pub(crate) fn table(&mut self, heading: &'static str) -> &mut Section {
        let known = self.sections.iter().position(|section| !section.list && section.heading == heading);
        let place = known.unwrap_or_else(|| {
            self.sections.push(Section { heading, list: false, lines: Vec::new() });
            self.sections.len() - 1
        });
        // A table that is written once more must be the last.
        let section = self.sections.remove(place);
        self.sections.push(section);
        self.last()
    }

    #[expect(clippy::expect_used, reason = "a section was pushed just before")]
    fn last(&mut self) -> &mut Section {
        self.sections.last_mut().expect("a section")
    }

    /// Notes what is left out.
    pub(crate) fn leave(&mut self, path: &str, value: &str, reason: &str) {
        let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
        self.left_out.push(LeftOut { path: path.to_owned(), value, reason: reason.to_owned() });
    }

    /// The text, in the order of the sections' headings as the reference has them.
    pub(crate) fn finish(mut self) -> Imported {
        // A table comes before the lists in it; what was written first stays first otherwise.
        let order = |heading: &str| ORDER.iter().position(|known| *known == heading).unwrap_or(ORDER.len());
        self.sections.sort_by_key(|section| (order(root(section.heading)), section.list));
        let mut toml = String::new();
        for section in self.sections.iter().filter(|section| section.list || !section.lines.is_empty()) {
            let heading = section.heading;
            let heading = if section.list { format!("[[{heading}]]") } else { format!("[{heading}]") };
            let before = if toml.is_empty() { "" } else { "\n" };
            let _ = writeln!(toml, "{before}{heading}");
            section.lines.iter().for_each(|line| toml.extend([line, "\n"]));
        }
        if !self.left_out.is_empty() {
            toml.push_str("\n# Not taken over:\n");
        }
        for LeftOut { path, value, reason } in &self.left_out {
            let _ = writeln!(toml, "# {path}: {value}\n#   {reason}");
        }
        Imported { toml, left_out: self.left_out }
    }
}

/// The sections in the order of the file.
const ORDER: &[&str] = &[
    "schema",
    "filters",
    "backend",
    "clickhouse",
    "tables",
    "collect",
    "exporter",
    "snmp",
    "classify",
    "network",
    "geoip",
    "bmp",
];

/// The first part of a heading.
fn root(heading: &str) -> &str {
    heading.split('.').next().unwrap_or(heading)
}

impl Section {
    /// Sets a key.
    pub(crate) fn set(&mut self, key: &str, value: impl Into<toml::Value>) -> &mut Self {
        self.lines.push(format!("{} = {}", quoted(key), value.into()));
        self
    }

    /// Sets a text, where there is one.
    pub(crate) fn set_some(&mut self, key: &str, value: Option<impl Into<toml::Value>>) -> &mut Self {
        if let Some(value) = value {
            self.set(key, value);
        }
        self
    }

    /// Sets a key that is not set yet.
    pub(crate) fn set_once(&mut self, key: &str, value: impl Into<toml::Value>) -> &mut Self {
        let begin = format!("{} = ", quoted(key));
        if self.lines.iter().any(|line| line.starts_with(&begin)) {
            return self;
        }
        self.set(key, value)
    }

    /// A comment before what follows.
    pub(crate) fn comment(&mut self, text: &str) -> &mut Self {
        self.lines.extend(text.lines().map(|line| format!("# {line}")));
        self
    }
}

/// A key as TOML has it.
fn quoted(key: &str) -> String {
    let is_bare = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-');
    if !key.is_empty() && key.chars().all(is_bare) {
        key.to_owned()
    } else {
        toml::Value::from(key).to_string()
    }
}
