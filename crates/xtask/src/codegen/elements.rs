//! `elements.json`: the information elements of IPFIX, with NetFlow v9's own fields, and the names of enterprises.

use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::Generated;
use super::rust::{self, string};

mod uses;

pub(super) use uses::generate as generate_uses;

const SOURCE: &str = "elements.json";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Registry {
    /// The day of the IANA registry.
    updated: String,
    elements: Vec<Element>,
    enterprises: Vec<Enterprise>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Element {
    #[serde(default)]
    enterprise: u32,
    number: u16,
    name: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default = "no_semantics")]
    semantics: String,
    #[serde(default)]
    one_way: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Enterprise {
    number: u32,
    name: String,
}

fn no_semantics() -> String {
    "default".to_owned()
}

pub(super) fn generate(root: &Path) -> Result<Generated> {
    let registry: Registry = super::read(root, SOURCE)?;
    rust::file(root, "crates/flowql-schema/src/elements/generated.rs", SOURCE, &registry.body()?)
}

/// The number of each element, by enterprise.
fn numbers(root: &Path) -> Result<Vec<(u32, u16)>> {
    let registry: Registry = super::read(root, SOURCE)?;
    Ok(registry.elements.iter().map(Element::key).collect())
}

impl Element {
    fn key(&self) -> (u32, u16) {
        (self.enterprise, self.number)
    }
}

impl Registry {
    fn body(&self) -> Result<String> {
        ensure!(
            self.elements.is_sorted_by(|a, b| a.key() < b.key()),
            "grammar/{SOURCE} is not in order of enterprise and number"
        );
        ensure!(
            self.enterprises.is_sorted_by(|a, b| a.number < b.number),
            "grammar/{SOURCE} is not in order of enterprise"
        );
        let mut body = String::from(
            "use super::DataType::*;\nuse super::{Element, Semantics};\n\n\
             /// The day of the IANA registry that the elements are from.\n",
        );
        writeln!(body, "pub(super) static UPDATED: &str = {};\n", string(&self.updated))?;
        body.push_str(
            "/// Every element, in order of enterprise and number.\n\
             pub(super) static ELEMENTS: &[Element] = &[\n",
        );
        for element in &self.elements {
            body.push_str(&element.row()?);
        }
        body.push_str("];\n\n/// The names of enterprises, in order of number.\npub(super) static ENTERPRISES: &[(u32, &str)] = &[\n");
        for Enterprise { number, name } in &self.enterprises {
            writeln!(body, "({number}, {}),", string(name))?;
        }
        body.push_str("];\n");
        Ok(body)
    }
}

impl Element {
    fn row(&self) -> Result<String> {
        let Self { enterprise, number, name, kind, semantics, one_way } = self;
        let mut row = format!("Element::new({enterprise}, {number}, {}, {})", string(name), variant(kind)?);
        if semantics != "default" {
            write!(row, ".with(Semantics::{})", variant(semantics)?)?;
        }
        if *one_way {
            row.push_str(".one_way()");
        }
        Ok(row + ",\n")
    }
}

/// The variant of an enum whose words IANA writes with a small letter first.
fn variant(word: &str) -> Result<String> {
    let mut rest = word.chars();
    let first = rest.next().context("an empty word")?;
    Ok(first.to_ascii_uppercase().to_string() + rest.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(json: &str) -> Result<String> {
        serde_json::from_str::<Registry>(json)?.body()
    }

    #[test]
    fn elements_become_rows() {
        let body = body(
            r#"{"updated": "2026-01-01", "enterprises": [{"number": 9, "name": "Cisco"}], "elements": [
                {"number": 1, "name": "a", "type": "unsigned64", "semantics": "deltaCounter"},
                {"enterprise": 9, "number": 1, "name": "b", "type": "string", "one_way": true}]}"#,
        );
        let body = body.unwrap();
        assert!(body.contains("Element::new(0, 1, \"a\", Unsigned64).with(Semantics::DeltaCounter),\n"));
        assert!(body.contains("Element::new(9, 1, \"b\", String).one_way(),\n"));
        assert!(body.contains("(9, \"Cisco\"),\n"));
    }

    #[test]
    fn elements_are_in_order() {
        let error = body(
            r#"{"updated": "", "enterprises": [], "elements": [
                {"number": 2, "name": "a", "type": "string"}, {"number": 2, "name": "b", "type": "string"}]}"#,
        );
        assert_eq!(
            error.unwrap_err().to_string(),
            "grammar/elements.json is not in order of enterprise and number"
        );
    }
}
