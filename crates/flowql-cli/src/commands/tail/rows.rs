//! Flows on a terminal, or as JSON lines.

use anstream::{AutoStream, ColorChoice};
use anstyle::Style;
use serde_json::{Map, Value};

use crate::args::Tail;
use crate::colours::harmless;
use crate::console::Output;
use crate::failure::Failure;

/// The columns that are shown where none are named.
const USUAL: [&str; 9] =
    ["TimeReceived", "ExporterName", "SrcAddr", "SrcPort", "DstAddr", "DstPort", "Proto", "Bytes", "Packets"];

/// How flows are shown.
pub(super) enum Rows {
    /// As they come, of these columns; all where none are named.
    Json(Vec<String>),
    /// As a table.
    Table(Table),
}

/// A table whose end is not known: its columns grow with what comes.
pub(super) struct Table {
    columns: Vec<String>,
    widths: Vec<usize>,
    has_header: bool,
    is_coloured: bool,
}

impl Rows {
    pub(super) fn new(args: &Tail) -> Self {
        if args.json {
            return Self::Json(args.columns.clone());
        }
        let columns = match args.columns.as_slice() {
            [] => USUAL.map(str::to_owned).to_vec(),
            named => named.iter().map(|name| name.trim().to_owned()).collect(),
        };
        let is_coloured = AutoStream::choice(&std::io::stdout()) != ColorChoice::Never;
        Self::Table(Table::new(columns, is_coloured))
    }

    /// The columns as they are asked for; all where there are none.
    pub(super) fn asked(&self) -> Option<String> {
        match self {
            Self::Json(columns) if columns.is_empty() => None,
            Self::Json(columns) | Self::Table(Table { columns, .. }) => Some(columns.join(",")),
        }
    }

    /// Prints a flow.
    pub(super) fn print(&mut self, output: &mut Output, json: &str) -> Result<(), Failure> {
        match self {
            Self::Json(_) => output.line(json),
            Self::Table(table) => {
                // A collector sends nothing else.
                let flow: Map<String, Value> = serde_json::from_str(json).unwrap_or_default();
                table.lines(&flow).iter().try_for_each(|line| output.line(line))
            }
        }
    }
}

impl Table {
    fn new(columns: Vec<String>, is_coloured: bool) -> Self {
        let widths = columns.iter().map(|column| column.chars().count().max(least(column))).collect();
        Self { columns, widths, has_header: false, is_coloured }
    }

    /// The line of a flow, after the header if it is the first.
    fn lines(&mut self, flow: &Map<String, Value>) -> Vec<String> {
        let cells: Vec<String> = self.columns.iter().map(|column| cell(flow, column)).collect();
        for (width, cell) in self.widths.iter_mut().zip(&cells) {
            *width = (*width).max(cell.chars().count());
        }
        let mut lines = Vec::new();
        if !std::mem::replace(&mut self.has_header, true) {
            let style = if self.is_coloured { Style::new().bold() } else { Style::new() };
            lines.push(format!("{style}{}{style:#}", self.line(&self.columns)));
        }
        lines.push(self.line(&cells));
        lines
    }

    fn line(&self, cells: &[String]) -> String {
        let padded: Vec<String> =
            cells.iter().zip(&self.widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        padded.join("  ").trim_end().to_owned()
    }
}

/// How wide a column is at the start, so that it rarely grows: as most of its values.
fn least(column: &str) -> usize {
    match column.to_ascii_lowercase().as_str() {
        "timereceived" => 19,
        "exportername" => 20,
        column if column.contains("addr") => 15,
        _ => 6,
    }
}

/// A value as it is shown; nothing for what is zero or empty. The name is that of the column in any case.
fn cell(flow: &Map<String, Value>, column: &str) -> String {
    let found = flow.iter().find(|(name, _)| name.eq_ignore_ascii_case(column));
    match found {
        Some((_, Value::String(text))) => harmless(text),
        Some((_, other)) => other.to_string(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_grow_with_what_comes() {
        let flow = |text: &str| serde_json::from_str::<Map<String, Value>>(text).unwrap();
        let columns = ["srcaddr", "DstPort", "Note"].map(str::to_owned).to_vec();
        let mut table = Table::new(columns.clone(), false);
        let first = flow(r#"{"SrcAddr":"192.0.2.1","DstPort":53,"Note":"a\u001bb"}"#);
        assert_eq!(table.lines(&first), ["srcaddr          DstPort  Note", "192.0.2.1        53       a?b"]);
        let second = flow(r#"{"SrcAddr":"2001:db8:1234:5678::1"}"#);
        assert_eq!(table.lines(&second), ["2001:db8:1234:5678::1"]);
        assert_eq!(table.lines(&first), ["192.0.2.1              53       a?b"]);
        let coloured = Table::new(columns, true).lines(&first);
        assert!(coloured.first().unwrap().starts_with("\u{1b}[1msrcaddr"));
    }
}
