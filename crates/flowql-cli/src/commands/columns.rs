//! `flowql columns`: the schema as a table.

use flowql::{Column, tables};

use super::load;
use crate::args::{Columns, Global};
use crate::console::{self, Output};
use crate::failure::{Failure, Status};

pub(super) fn run(global: &Global, args: &Columns) -> Result<Status, Failure> {
    let config = load(global, None)?;
    let all = config.schema.columns();
    let columns: Vec<&Column> = all
        .iter()
        .filter(|column| args.all || !column.disabled)
        .filter(|column| args.pattern.as_deref().is_none_or(|pattern| matches(pattern, &column.name)))
        .collect();
    let mut output = Output::new();
    if args.json {
        output.json(&columns)?;
    } else if !columns.is_empty() {
        for line in table(&columns) {
            output.line(&line)?;
        }
    }
    output.finish()?;
    if let (true, Some(pattern)) = (columns.is_empty() && !global.quiet, &args.pattern) {
        let near = tables::closest(pattern, all.iter().map(|column| column.name.as_ref()));
        let disabled = all.iter().any(|column| column.disabled && matches(pattern, &column.name));
        let help = match near.first() {
            _ if disabled => Some("columns that are not enabled match; --all includes them".to_owned()),
            Some(near) => Some(format!("did you mean `{near}`?")),
            None => None,
        };
        console::warning(&format!("no column matches `{pattern}`"), help.as_deref());
    }
    Ok(Status::Good)
}

/// Whether the name has the pattern in it or, with `*` and `?`, is of it as a whole, in any case.
fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.to_lowercase(), name.to_lowercase());
    if !pattern.contains(['*', '?']) {
        return name.contains(&pattern);
    }
    // The places in the name that some way of matching the pattern so far can have reached.
    let name: Vec<char> = name.chars().collect();
    let mut reached = vec![false; name.len() + 1];
    if let Some(first) = reached.first_mut() {
        *first = true;
    }
    for wanted in pattern.chars() {
        let mut next = vec![false; reached.len()];
        let mut before = false;
        for (place, slot) in next.iter_mut().enumerate() {
            let here = reached.get(place).copied().unwrap_or_default();
            let step = place.checked_sub(1).and_then(|last| {
                let fits = wanted == '?' || name.get(last) == Some(&wanted);
                Some(fits && *reached.get(last)?)
            });
            *slot = if wanted == '*' { before || here } else { step.unwrap_or_default() };
            before = *slot;
        }
        reached = next;
    }
    reached.last().copied().unwrap_or_default()
}

/// The lines of the table, the header first.
fn table(columns: &[&Column]) -> Vec<String> {
    let header = ["NAME", "TYPE", "CLICKHOUSE TYPE", "FLAGS", "DESCRIPTION"].map(str::to_owned);
    let rows = columns.iter().map(|column| {
        let kind = column.filter_type.map_or("-", tables::Type::name);
        [
            column.name.to_string(),
            kind.to_owned(),
            column.clickhouse_type.to_string(),
            flags(column),
            column.doc.to_string(),
        ]
    });
    let rows: Vec<[String; 5]> = std::iter::once(header).chain(rows).collect();
    crate::table::lines(&rows)
}

/// What is special about a column, in words.
fn flags(column: &Column) -> String {
    let flags = [
        (column.disabled, "disabled"),
        (column.filter_type.is_none(), "no-filter"),
        (column.main_only, "main-only"),
        (column.materialized, "materialized"),
        (column.custom, "custom"),
        (column.port, "port"),
        (column.country, "country"),
        (!column.bits.is_empty(), "bits"),
    ];
    let set: Vec<&str> = flags.iter().filter(|(set, _)| *set).map(|(_, name)| *name).collect();
    if set.is_empty() { "-".to_owned() } else { set.join(",") }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_match_parts_or_the_whole_in_any_case() {
        for (pattern, name, expected) in [
            ("port", "SrcPort", true),
            ("PORT", "SrcPort", true),
            ("", "SrcPort", true),
            ("port", "SrcAS", false),
            ("src*", "SrcPort", true),
            ("*as", "SrcAS", true),
            ("rc*", "SrcPort", false),
            ("*", "x", true),
            ("s?cas", "SrcAS", true),
            ("s?as", "SrcAS", false),
            ("*a*a*", "DstASPath", true),
            ("***********************************a", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
