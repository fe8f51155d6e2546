//! What is known of exporters and interfaces. A text that is empty, and a number that is 0, are not known.

use flowql_config::Choice;
use serde::{Deserialize, Serialize};

/// The longest text that is kept, in bytes.
const LONGEST_TEXT: usize = 1024;

/// What is known of an exporter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExporterFacts {
    /// Its name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The group that it belongs to.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub group: String,
    /// What it is for.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub role: String,
    /// The site that it is at.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub site: String,
    /// The region.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub region: String,
    /// Whose it is.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tenant: String,
}

/// What is known of an interface.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct InterfaceFacts {
    /// Its name, as `Gi0/0/1`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// What the operator wrote about it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Its speed in Mbit/s.
    #[serde(skip_serializing_if = "is_zero")]
    pub speed: u32,
    /// What it connects to: `transit`, `ix`, …
    #[serde(skip_serializing_if = "String::is_empty")]
    pub connectivity: String,
    /// The provider that it connects to.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub provider: String,
    /// Whether it leads out of the network.
    #[serde(skip_serializing_if = "Boundary::is_undefined")]
    pub boundary: Boundary,
    /// The VRF that it is in.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub vrf: String,
}

/// Whether an interface leads out of the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Choice, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Boundary {
    /// It is not known.
    #[default]
    Undefined,
    /// It does.
    External,
    /// It does not.
    Internal,
}

impl Boundary {
    /// Whether it is not known.
    pub const fn is_undefined(&self) -> bool {
        matches!(self, Self::Undefined)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl ExporterFacts {
    /// The texts with their keys in `flowql.toml`.
    pub(crate) fn texts(&mut self) -> [(&'static str, &mut String); 6] {
        [
            ("name", &mut self.name),
            ("group", &mut self.group),
            ("role", &mut self.role),
            ("site", &mut self.site),
            ("region", &mut self.region),
            ("tenant", &mut self.tenant),
        ]
    }

    /// Takes from others what is not known yet.
    pub fn fill(&mut self, others: &Self) {
        let mut others = others.clone();
        fill_texts(self.texts().map(|(_, text)| text), others.texts().map(|(_, text)| text));
    }

    /// Whether the fact of a key is known.
    pub(crate) fn has(&self, key: &str) -> bool {
        has_text(&self.clone().texts(), key)
    }

    /// The same with the beginnings of texts that are too long.
    #[must_use]
    pub(crate) fn clipped(mut self) -> Self {
        self.texts().into_iter().for_each(|(_, text)| clip(text));
        self
    }
}

impl InterfaceFacts {
    /// The texts with their keys in `flowql.toml`.
    pub(crate) fn texts(&mut self) -> [(&'static str, &mut String); 5] {
        [
            ("name", &mut self.name),
            ("description", &mut self.description),
            ("connectivity", &mut self.connectivity),
            ("provider", &mut self.provider),
            ("vrf", &mut self.vrf),
        ]
    }

    /// Takes from others what is not known yet.
    pub fn fill(&mut self, others: &Self) {
        let mut others = others.clone();
        fill_texts(self.texts().map(|(_, text)| text), others.texts().map(|(_, text)| text));
        self.speed = if self.speed == 0 { others.speed } else { self.speed };
        self.boundary = if self.boundary.is_undefined() { others.boundary } else { self.boundary };
    }

    /// Whether the fact of a key is known.
    pub(crate) fn has(&self, key: &str) -> bool {
        match key {
            "boundary" => !self.boundary.is_undefined(),
            "speed" => self.speed != 0,
            key => has_text(&self.clone().texts(), key),
        }
    }

    /// The same with the beginnings of texts that are too long.
    #[must_use]
    pub(crate) fn clipped(mut self) -> Self {
        self.texts().into_iter().for_each(|(_, text)| clip(text));
        self
    }
}

fn fill_texts<const N: usize>(texts: [&mut String; N], others: [&mut String; N]) {
    for (text, other) in texts.into_iter().zip(others) {
        if text.is_empty() {
            std::mem::swap(text, other);
        }
    }
}

fn has_text(texts: &[(&'static str, &mut String)], key: &str) -> bool {
    texts.iter().any(|(known, text)| *known == key && !text.is_empty())
}

fn clip(text: &mut String) {
    text.truncate(crate::text::clipped(text, LONGEST_TEXT).len());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fact_is_filled_on_its_own() {
        let mut facts = InterfaceFacts { name: "Gi1".to_owned(), speed: 10, ..InterfaceFacts::default() };
        let others = InterfaceFacts {
            name: "x".to_owned(),
            description: "to b".to_owned(),
            speed: 20,
            boundary: Boundary::External,
            ..InterfaceFacts::default()
        };
        facts.fill(&others);
        let expected = InterfaceFacts { name: "Gi1".to_owned(), speed: 10, ..others };
        assert_eq!(facts, expected);
        let long = ExporterFacts { name: "é".repeat(600), ..ExporterFacts::default() };
        assert_eq!(long.clipped().name.len(), 1024);
    }
}
