//! `protocols.json`: the IP protocols of the IANA registry.

use std::fmt::Write;
use std::path::Path;

use anyhow::{Result, ensure};
use serde::Deserialize;

use super::Generated;
use super::rust::{self, string, strings};

const SOURCE: &str = "protocols.json";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Protocol {
    number: u8,
    name: String,
    description: String,
    aliases: Vec<String>,
}

pub(super) fn generate(root: &Path) -> Result<Generated> {
    let protocols: Vec<Protocol> = super::read(root, SOURCE)?;
    ensure!(protocols.is_sorted_by(|a, b| a.number < b.number), "grammar/{SOURCE} is not in order of number");
    let mut body = String::from(
        "use crate::tables::protocol::Protocol;\n\n\
         /// The IP protocols of the IANA registry that have a keyword, in order of number.\n\
         pub static PROTOCOLS: &[Protocol] = &[\n",
    );
    for protocol in &protocols {
        writeln!(
            body,
            "Protocol {{ number: {}, name: {}, description: {}, aliases: {} }},",
            protocol.number,
            string(&protocol.name),
            string(&protocol.description),
            strings(&protocol.aliases)
        )?;
    }
    body.push_str("];\n");
    rust::file(root, "crates/flowql/src/tables/generated/protocols.rs", SOURCE, &body)
}
