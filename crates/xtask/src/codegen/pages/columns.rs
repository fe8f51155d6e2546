//! `columns.md`: the columns of the default schema.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use anyhow::Result;
use flowql::{Column, Schema};

use super::{code, head, row};
use crate::codegen::schema::sections;

/// A remark on a column, and what the page says of it.
struct Flag {
    name: &'static str,
    doc: &'static str,
    holds: fn(&Column) -> bool,
}

static FLAGS: &[Flag] = &[
    Flag {
        name: "raw",
        doc: "exists only in the raw table, which is slower and reaches less far back",
        holds: |column| column.main_only,
    },
    Flag {
        name: "off",
        doc: "is off until `enable` of `flowql.toml` has its name, or its group, which follows",
        holds: |column| column.disabled,
    },
    Flag { name: "always on", doc: "cannot be disabled", holds: |column| column.always_enabled },
    Flag { name: "port", doc: "takes the names of services too", holds: |column| column.port },
    Flag { name: "country", doc: "holds two capital letters", holds: |column| column.country },
    Flag {
        name: "words",
        doc: "holds no text but [its words](words.md#words-of-text-columns)",
        holds: |column| !column.words().is_empty(),
    },
    Flag {
        name: "names",
        doc: "takes [names of its numbers](words.md#names-of-numbers) too, in quotes",
        holds: |column| !column.names.is_empty(),
    },
    Flag {
        name: "bits",
        doc: "has the operator `HAS` for its [named bits](words.md#named-bits)",
        holds: |column| !column.bits.is_empty(),
    },
    Flag {
        name: "no grouping",
        doc: "cannot group the flows of a graph",
        holds: |column| column.not_a_dimension,
    },
    Flag {
        name: "any value",
        doc: "is outside the sorting key: the aggregated tables keep any one of the values that they merge",
        holds: |column| column.not_in_sorting_key,
    },
    Flag {
        name: "may be cut",
        doc: "is an address that a deployment may truncate for privacy",
        holds: |column| column.truncatable_address,
    },
];

pub(super) fn body(root: &Path) -> Result<String> {
    let schema = Schema::default();
    let section_of: BTreeMap<String, String> = sections(root)?.into_iter().collect();
    let columns = schema.columns();
    let filterable = columns.iter().filter(|column| column.filter_type.is_some()).count();
    let mut body = format!(
        "# The columns\n\n\
         The default schema has {} columns, of which a filter can use {filterable}: those with a type, which \
         [the reference](reference.md#types) explains. Names are written in any case.\n\n\
         The remarks of the tables:\n\n",
        columns.len()
    );
    for flag in FLAGS {
        writeln!(body, "- *{}*: {}.", flag.name, flag.doc)?;
    }
    body.push_str(
        "- *needs*: has no value without the columns that follow.\n\n\
         Columns of one's own come from the section `[schema]` of `flowql.toml`, with the type `string`, \
         `uint` or `ip`.\n",
    );
    let mut titles: Vec<&str> = Vec::new();
    for column in columns {
        let title = section_of.get(column.name.as_ref()).map_or("", String::as_str);
        if !titles.contains(&title) {
            titles.push(title);
        }
    }
    for title in titles {
        write!(body, "\n## {title}\n\n")?;
        body.push_str(&head(&[
            "Column",
            "Type",
            "In ClickHouse",
            "Unit",
            "Remarks",
            "What it holds",
            "Example",
        ]));
        let is_in = |column: &&Column| section_of.get(column.name.as_ref()).is_some_and(|of| of == title);
        for column in columns.iter().filter(is_in) {
            body.push_str(&of_column(column));
        }
    }
    body.push_str(
        "\n## Either end\n\n\
         These names stand for either of two columns: [the reference](reference.md#either-end) says how. Columns of one's \
         own make such names too.\n\n",
    );
    body.push_str(&head(&["Name", "Columns", "Example"]));
    for pair in schema.pairs() {
        let [first, second] = pair.columns.map(|id| schema.column(id));
        let example = code(&format!("{} = {}", pair.name, first.example));
        let columns = super::codes([first.name.as_ref(), second.name.as_ref()]);
        body.push_str(&row([code(&pair.name).as_str(), &columns, &example]));
    }
    Ok(body)
}

fn of_column(column: &Column) -> String {
    let kind = column.filter_type.map(|kind| link_to_type(kind.name())).unwrap_or_default();
    let example = match column.filter_type {
        Some(_) => code(&format!("{} = {}", column.name, column.example)),
        None => String::new(),
    };
    row([
        code(&column.name).as_str(),
        &kind,
        &clickhouse_type(column),
        column.unit.unwrap_or_default(),
        &remarks(column),
        &doc(column),
        &example,
    ])
}

fn link_to_type(name: &str) -> String {
    let anchor: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("[`{name}`](reference.md#{anchor})")
}

fn clickhouse_type(column: &Column) -> String {
    let stored = column.materialized_type.map(|kind| format!("; `{kind}` when stored"));
    format!("`{}`{}", column.clickhouse_type, stored.unwrap_or_default())
}

fn remarks(column: &Column) -> String {
    let mut remarks: Vec<String> = Vec::new();
    for flag in FLAGS.iter().filter(|flag| (flag.holds)(column)) {
        remarks.push(match (flag.name, column.group) {
            ("off", Some(group)) => format!("off ({group})"),
            (name, _) => name.to_owned(),
        });
    }
    if !column.depends.is_empty() {
        remarks.push(format!("needs {}", super::codes(column.depends.iter().copied())));
    }
    remarks.join(", ")
}

fn doc(column: &Column) -> String {
    match column.computation() {
        Some(computation) => format!("{} *{}*", column.doc, sentence(&computation)),
        None => column.doc.to_string(),
    }
}

/// The text with a capital and a full stop.
fn sentence(text: &str) -> String {
    let mut rest = text.chars();
    let first = rest.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(rest).chain(['.']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_has_one_row() {
        let body = body(&crate::root().unwrap()).unwrap();
        for column in Schema::default().columns() {
            assert_eq!(body.matches(&format!("\n| `{}` |", column.name)).count(), 1, "{}", column.name);
        }
    }

    #[test]
    fn remarks_say_what_is_special() {
        let schema = Schema::default();
        let find = |name: &str| schema.column(schema.find(name).unwrap());
        assert_eq!(remarks(find("SrcAS")), "");
        assert_eq!(remarks(find("SrcPort")), "raw, port");
        assert_eq!(remarks(find("TCPFlags")), "off (L3L4), bits");
        assert_eq!(remarks(find("MPLS1stLabel")), "raw, off, needs `MPLSLabels`");
    }
}
