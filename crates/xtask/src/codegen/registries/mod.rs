//! The columns and the registries that name values, in one text: a section for each, below a heading.

mod communities;
mod countries;
mod protocols;
mod reserved;
mod services;

use std::path::Path;

use anyhow::Result;

use super::Generated;

const SOURCES: &str = "{schema,value-names,services,protocols,countries,communities,reserved}.json";

pub(super) fn generate(root: &Path) -> Result<Generated> {
    let (addresses, as_numbers) = reserved::lines(root)?;
    let sections = [
        ("columns", super::schema::lines(root)?),
        ("services", services::lines(root)?),
        ("protocols", protocols::lines(root)?),
        ("countries", countries::lines(root)?),
        ("communities", communities::lines(root)?),
        ("addresses", addresses),
        ("AS numbers", as_numbers),
    ];
    let mut contents = super::preamble(SOURCES);
    for (heading, lines) in sections {
        contents.push_str(&format!("= {heading}\n{lines}"));
    }
    Ok(Generated { path: "crates/flowql/src/tables/generated/registries.txt".into(), contents })
}
