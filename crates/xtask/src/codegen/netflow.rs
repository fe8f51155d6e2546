//! `netflow.json`: the records of the NetFlow versions that need no template.

use std::fmt::Write;
use std::path::Path;

use anyhow::{Result, ensure};
use serde::Deserialize;

use super::Generated;
use super::rust;

const SOURCE: &str = "netflow.json";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Version {
    version: u16,
    header: u16,
    record: u16,
    most: u16,
    fields: Vec<Field>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Field {
    element: u16,
    offset: u16,
    length: u16,
}

pub(super) fn generate(root: &Path) -> Result<Generated> {
    let versions: Vec<Version> = super::read(root, SOURCE)?;
    let mut body = String::from(
        "use super::{Field, Layout};\n\n\
         /// The versions, in order.\n\
         pub(super) static LAYOUTS: &[Layout] = &[\n",
    );
    for version in &versions {
        body.push_str(&version.row()?);
    }
    body.push_str("];\n");
    rust::file(root, "crates/flowql-schema/src/netflow/generated.rs", SOURCE, &body)
}

impl Version {
    fn row(&self) -> Result<String> {
        let Self { version, header, record, most, fields } = self;
        let mut row = format!(
            "Layout {{ version: {version}, header: {header}, record: {record}, most: {most}, fields: &[\n"
        );
        let mut end = 0;
        for Field { element, offset, length } in fields {
            ensure!(*offset >= end, "the fields of version {version} in grammar/{SOURCE} overlap");
            end = offset + length;
            writeln!(row, "Field {{ element: {element}, offset: {offset}, length: {length} }},")?;
        }
        ensure!(
            end <= *record,
            "the fields of version {version} in grammar/{SOURCE} are longer than a record"
        );
        Ok(row + "] },\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_lie_in_the_record_one_after_the_other() {
        let row = |second: u16, record: u16| {
            let fields = [(8, 0, 4), (12, second, 4)];
            let fields = fields.map(|(element, offset, length)| Field { element, offset, length }).into();
            Version { version: 5, header: 24, record, most: 30, fields }
                .row()
                .map_err(|error| error.to_string())
        };
        assert!(row(4, 8).is_ok_and(|row| row.contains("Field { element: 12, offset: 4, length: 4 },")));
        assert_eq!(row(3, 8).unwrap_err(), "the fields of version 5 in grammar/netflow.json overlap");
        assert!(row(5, 8).unwrap_err().ends_with("are longer than a record"));
    }
}
