//! The facts of storage, which the language does not need.

use std::fmt::Write;

use anyhow::{Result, ensure};

use super::{Column, Computed, Index, Kind, check, string};

pub(super) fn body(columns: &[Column]) -> Result<String> {
    check(columns)?;
    let mut body = String::from(
        "use crate::{ColumnStorage, Expression, Index};\n\n\
         /// The columns of the default schema, in its order.\n\
         pub(crate) static STORAGE: &[ColumnStorage] = &[\n",
    );
    for column in columns {
        write(column, &mut body)?;
    }
    body.push_str("];\n");
    Ok(body)
}

fn write(column: &Column, body: &mut String) -> Result<()> {
    writeln!(body, "ColumnStorage {{ name: {},", string(&column.name))?;
    for (field, text) in
        [("codec", &column.codec), ("exporters", &column.exporters), ("about", &column.about)]
    {
        if let Some(text) = text {
            writeln!(body, "{field}: Some({}),", string(text))?;
        }
    }
    if let Some(index) = column.index {
        let index = match index {
            Index::Bloom => "Bloom",
            Index::Set => "Set",
            Index::MinMax => "MinMax",
        };
        writeln!(body, "index: Some(Index::{index}),")?;
    }
    if let Some(computed) = &column.computed {
        writeln!(body, "expression: Some({}),", expression(&column.name, computed)?)?;
    }
    for (field, place) in
        [("raw_key", column.raw_key), ("aggregated_key", column.aggregated_key), ("usual", column.usual)]
    {
        if let Some(place) = place {
            writeln!(body, "{field}: Some({place}),")?;
        }
    }
    writeln!(body, "protobuf: Some({}), ..ColumnStorage::CONFIGURED }},", column.protobuf)?;
    Ok(())
}

/// The variant of `Expression`, its fields filled in their order.
fn expression(name: &str, computed: &Computed) -> Result<String> {
    let (variant, mut fields, inputs): (_, Vec<String>, &[&str]) = match computed.kind {
        Kind::Prefix => ("Prefix", Vec::new(), &["address", "mask", "etype"]),
        Kind::PacketSize => ("PacketSize", Vec::new(), &["bytes", "packets"]),
        Kind::PacketSizeBucket => ("PacketSizeBucket", Vec::new(), &["bytes", "packets"]),
        Kind::Duration => ("Duration", Vec::new(), &["start", "end"]),
        Kind::IcmpName => {
            ("IcmpName", vec![format!("protocol: {}", computed.protocol)], &["proto", "kind", "code"])
        }
        Kind::PathHop => ("PathHop", vec![format!("place: {}", computed.place)], &["path"]),
        Kind::Element => ("Element", vec![format!("place: {}", computed.place)], &["array"]),
    };
    ensure!(computed.from.len() == inputs.len(), "{name} needs {} columns in `from`", inputs.len());
    fields.extend(
        inputs.iter().zip(&computed.from).map(|(field, column)| format!("{field}: {}", string(column))),
    );
    Ok(format!("Expression::{variant} {{ {} }}", fields.join(", ")))
}
