//! `protocols.json`: the IP protocols of the IANA registry.

use std::fmt::Write;
use std::path::Path;

use anyhow::{Result, ensure};
use serde::Deserialize;

const SOURCE: &str = "protocols.json";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Protocol {
    number: u8,
    name: String,
    description: String,
    aliases: Vec<String>,
}

pub(super) fn lines(root: &Path) -> Result<String> {
    let protocols: Vec<Protocol> = crate::codegen::read(root, SOURCE)?;
    ensure!(protocols.is_sorted_by(|a, b| a.number < b.number), "grammar/{SOURCE} is not in order of number");
    let mut lines = String::new();
    for Protocol { number, name, description, aliases } in &protocols {
        let fields = [&[number.to_string(), name.clone(), description.clone()], aliases.as_slice()].concat();
        ensure!(
            !fields.iter().any(|field| field.contains(['\t', '\n'])),
            "protocol {number} has a tabulator"
        );
        writeln!(lines, "{}", fields.join("\t"))?;
    }
    Ok(lines)
}
