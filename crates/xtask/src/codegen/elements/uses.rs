//! `element-columns.json`: which elements fill which columns, and how.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use super::super::Generated;
use super::super::rust::{self, strings};

const SOURCE: &str = "element-columns.json";

/// A row of the file: elements that fill the same columns in the same way.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    /// Numbers of IANA (`8`), ranges (`70-79`), numbers of an enterprise (`2636/137`).
    elements: Vec<String>,
    columns: Vec<String>,
    rule: String,
    /// What kind of the rule it is: the family of a counter, the form of a time, the part of a packet.
    of: Option<String>,
    /// The elements of option records that give the names.
    #[serde(default)]
    by: Vec<u16>,
    #[serde(default = "first")]
    rank: u8,
}

fn first() -> u8 {
    1
}

pub(crate) fn generate(root: &Path) -> Result<Generated> {
    let rows: Vec<Row> = super::super::read(root, SOURCE)?;
    let columns = super::super::schema::names(root)?;
    let body = body(&rows, &super::numbers(root)?, &columns)?;
    rust::file(root, "crates/flowql-schema/src/elements/generated_uses.rs", SOURCE, &body)
}

fn body(rows: &[Row], known: &[(u32, u16)], columns: &BTreeSet<String>) -> Result<String> {
    let mut uses = Vec::new();
    for row in rows {
        for column in &row.columns {
            ensure!(columns.contains(column), "grammar/{SOURCE} names `{column}`, which is not a column");
        }
        let rule = row.rule()?;
        for key in row.keys()? {
            ensure!(
                known.contains(&key),
                "grammar/{SOURCE} names {}/{}, which is not an element",
                key.0,
                key.1
            );
            uses.push((key, row, rule.clone()));
        }
    }
    // In order of element, so that those of one lie together; the order of the file breaks ties.
    uses.sort_by_key(|(key, row, _)| (*key, row.rank));
    let mut body = String::from(
        "use super::uses::{Counter, Part, Rule, TimeForm, Use};\n\n\
         /// Every use of an element, in order of enterprise, number and rank.\n\
         pub(super) static USES: &[Use] = &[\n",
    );
    for ((enterprise, number), row, rule) in uses {
        let (columns, rank) = (strings(&row.columns), row.rank);
        writeln!(
            body,
            "Use {{ enterprise: {enterprise}, number: {number}, columns: {columns}, rule: {rule}, rank: {rank} }},"
        )?;
    }
    body.push_str("];\n");
    Ok(body)
}

impl Row {
    /// The enterprise and number of each element.
    fn keys(&self) -> Result<Vec<(u32, u16)>> {
        let mut keys = Vec::new();
        for text in &self.elements {
            let (enterprise, numbers) = text.split_once('/').unwrap_or(("0", text));
            let (low, high) = numbers.split_once('-').unwrap_or((numbers, numbers));
            let number =
                |text: &str| text.parse::<u16>().with_context(|| format!("`{text}` is not a number"));
            keys.extend((number(low)?..=number(high)?).map(|number| (enterprise.parse(), number)));
        }
        keys.into_iter().map(|(enterprise, number)| Ok((enterprise?, number))).collect()
    }

    /// The variant of `Rule`, its fields filled.
    fn rule(&self) -> Result<String> {
        let name = camel(&self.rule);
        let inner = match self.rule.as_str() {
            "counter" => Some("Counter"),
            "time" => Some("TimeForm"),
            "packet" => Some("Part"),
            _ => None,
        };
        Ok(match (inner, &self.of, self.by.is_empty()) {
            (Some(inner), Some(of), true) => format!("Rule::{name}({inner}::{})", camel(of)),
            (None, None, false) if self.rule == "named" => format!("Rule::{name} {{ by: &{:?} }}", self.by),
            (None, None, true) => format!("Rule::{name}"),
            _ => bail!("the rule `{}` of grammar/{SOURCE} has too much or too little", self.rule),
        })
    }
}

/// `two_words` as `TwoWords`.
fn camel(words: &str) -> String {
    let mut camel = String::new();
    for word in words.split('_') {
        let mut rest = word.chars();
        camel.extend(rest.next().map(|first| first.to_ascii_uppercase()));
        camel.push_str(rest.as_str());
    }
    camel
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(json: &str) -> Result<String> {
        let columns = ["Bytes".to_owned()].into();
        body(&serde_json::from_str::<Vec<Row>>(json)?, &[(0, 7), (0, 8), (9, 5)], &columns)
    }

    #[test]
    fn each_element_has_its_rows_together() {
        let body = rows(
            r#"[{"elements": ["9/5"], "columns": ["Bytes"], "rule": "counter", "of": "delta"},
                {"elements": ["7-8"], "columns": [], "rule": "named", "by": [3]},
                {"elements": ["7"], "columns": ["Bytes"], "rule": "ip_length", "rank": 2}]"#,
        );
        let body = body.unwrap();
        let lines: Vec<&str> = body.lines().filter(|line| line.starts_with("Use {")).collect();
        assert_eq!(
            lines,
            [
                "Use { enterprise: 0, number: 7, columns: &[], rule: Rule::Named { by: &[3] }, rank: 1 },",
                "Use { enterprise: 0, number: 7, columns: &[\"Bytes\"], rule: Rule::IpLength, rank: 2 },",
                "Use { enterprise: 0, number: 8, columns: &[], rule: Rule::Named { by: &[3] }, rank: 1 },",
                "Use { enterprise: 9, number: 5, columns: &[\"Bytes\"], rule: Rule::Counter(Counter::Delta), rank: 1 },",
            ]
        );
    }

    #[test]
    fn what_is_not_there_is_refused() {
        for (json, error) in [
            (
                r#"[{"elements": ["1"], "columns": [], "rule": "set"}]"#,
                "grammar/element-columns.json names 0/1, which is not an element",
            ),
            (
                r#"[{"elements": ["7"], "columns": ["X"], "rule": "set"}]"#,
                "grammar/element-columns.json names `X`, which is not a column",
            ),
            (
                r#"[{"elements": ["7"], "columns": [], "rule": "counter"}]"#,
                "the rule `counter` of grammar/element-columns.json has too much or too little",
            ),
            (r#"[{"elements": ["a"], "columns": [], "rule": "set"}]"#, "`a` is not a number"),
        ] {
            assert_eq!(rows(json).unwrap_err().to_string(), error);
        }
    }
}
