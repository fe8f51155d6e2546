//! `communities.json`: the well-known BGP communities of the IANA registry.

use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

const SOURCE: &str = "communities.json";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Community {
    name: String,
    value: String,
    source: String,
    description: String,
}

pub(super) fn lines(root: &Path) -> Result<String> {
    let communities: Vec<Community> = crate::codegen::read(root, SOURCE)?;
    let mut lines = String::new();
    let mut last = None;
    for Community { name, value: written, source, description } in &communities {
        let value = value(written).with_context(|| format!("bad value of `{name}`"))?;
        ensure!(last < Some(value), "`{name}` is not in order of value");
        last = Some(value);
        let fields = [written, name, source, description];
        ensure!(!fields.iter().any(|field| field.contains(['\t', '\n'])), "`{name}` has a tabulator");
        writeln!(lines, "{written}\t{name}\t{source}\t{description}")?;
    }
    Ok(lines)
}

fn value(text: &str) -> Result<(u16, u16)> {
    let (first, second) = text.split_once(':').context("no colon")?;
    Ok((first.parse()?, second.parse()?))
}
