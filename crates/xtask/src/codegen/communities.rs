//! `communities.json`: the well-known BGP communities of the IANA registry.

use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::Generated;
use super::rust::{self, string};

const SOURCE: &str = "communities.json";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Community {
    name: String,
    value: String,
    source: String,
    description: String,
}

pub(super) fn generate(root: &Path) -> Result<Generated> {
    let communities: Vec<Community> = super::read(root, SOURCE)?;
    let mut body = String::from(
        "use crate::tables::well_known::WellKnown;\n\n\
         /// The well-known communities of the IANA registry, in order of value.\n\
         pub static COMMUNITIES: &[WellKnown] = &[\n",
    );
    let mut last = None;
    for community in &communities {
        let value = value(&community.value).with_context(|| format!("bad value of `{}`", community.name))?;
        ensure!(last < Some(value), "`{}` is not in order of value", community.name);
        last = Some(value);
        writeln!(
            body,
            "WellKnown {{ name: {}, value: {value:?}, source: {}, description: {} }},",
            string(&community.name),
            string(&community.source),
            string(&community.description)
        )?;
    }
    body.push_str("];\n");
    rust::file(root, "crates/flowql/src/tables/generated/communities.rs", SOURCE, &body)
}

fn value(text: &str) -> Result<(u16, u16)> {
    let (first, second) = text.split_once(':').context("no colon")?;
    Ok((first.parse()?, second.parse()?))
}
