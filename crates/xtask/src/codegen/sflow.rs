//! `sflow.json`: the formats of sFlow, the columns that they fill, and what a reason to discard a packet means.

use std::fmt::Write;
use std::path::Path;

use anyhow::{Result, ensure};
use serde::Deserialize;

use super::Generated;
use super::rust::{self, string, strings};

const SOURCE: &str = "sflow.json";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sflow {
    formats: Vec<Format>,
    discards: Vec<Discard>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Format {
    kind: Kind,
    #[serde(default)]
    enterprise: u32,
    format: u32,
    name: String,
    #[serde(default)]
    columns: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Sample,
    Flow,
    Counter,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Discard {
    reason: u32,
    forwarding_status: u8,
}

pub(super) fn generate(root: &Path) -> Result<Generated> {
    let sflow: Sflow = super::read(root, SOURCE)?;
    let columns = super::schema::names(root)?;
    let key = |format: &Format| (format.kind, format.enterprise, format.format);
    ensure!(
        sflow.formats.is_sorted_by(|a, b| key(a) < key(b))
            && sflow.discards.is_sorted_by(|a, b| a.reason < b.reason),
        "grammar/{SOURCE} is not in order of kind, enterprise and format, or of reason"
    );
    let mut body = String::from(
        "use super::{Format, Kind};\n\n\
         /// Every format, in order of kind, enterprise and number.\n\
         pub(super) static FORMATS: &[Format] = &[\n",
    );
    for format in &sflow.formats {
        if let Some(column) = format.columns.iter().find(|column| !columns.contains(*column)) {
            anyhow::bail!("grammar/{SOURCE} names `{column}`, which is not a column");
        }
        writeln!(
            body,
            "Format {{ kind: Kind::{:?}, enterprise: {}, number: {}, name: {}, columns: {} }},",
            format.kind,
            format.enterprise,
            format.format,
            string(&format.name),
            strings(&format.columns)
        )?;
    }
    body.push_str(
        "];\n\n/// Reasons to discard a packet with the forwarding status of each, in order of reason.\n\
         pub(super) static DISCARDS: &[(u32, u8)] = &[\n",
    );
    for Discard { reason, forwarding_status } in &sflow.discards {
        writeln!(body, "({reason}, {forwarding_status}),")?;
    }
    body.push_str("];\n");
    rust::file(root, "crates/flowql-schema/src/sflow/generated.rs", SOURCE, &body)
}
