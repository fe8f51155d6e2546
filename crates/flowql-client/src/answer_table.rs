//! The rows of an answer, and how people read them: a table, JSON, CSV or Markdown.

use serde_json::{Map, Value};

use crate::{AnswerColumn, iso_time};

/// The rows of an answer, collected.
#[derive(Debug)]
pub struct AnswerTable {
    /// What stands in each place of a row.
    pub columns: Vec<AnswerColumn>,
    /// The rows.
    pub rows: Vec<Vec<Value>>,
}

impl AnswerTable {
    /// The rows as objects, times as ISO has them.
    pub fn objects(&self) -> Vec<Map<String, Value>> {
        let object = |row: &Vec<Value>| {
            let named = self.columns.iter().zip(row);
            named.map(|(column, value)| (column.name.clone(), iso(column, value))).collect()
        };
        self.rows.iter().map(object).collect()
    }

    /// As CSV, values as they come. The group of all others is `others`, a value that reads so `"others"`.
    pub fn csv(&self) -> String {
        let mut text = line(self.columns.iter().map(|column| quoted(&column.name)), ",");
        for row in &self.rows {
            let others = others_of(row);
            let cells = self.columns.iter().zip(row).enumerate().map(|(place, (column, value))| {
                if others == Some(place) { OTHERS.to_owned() } else { csv_cell(&iso(column, value)) }
            });
            text.push_str(&line(cells, ","));
        }
        text
    }

    /// As a table of Markdown, values as people read them.
    pub fn markdown(&self) -> String {
        let cell = |text: String| text.replace('\\', "\\\\").replace('|', "\\|").replace(['\n', '\r'], " ");
        let framed = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let mut text = framed(self.columns.iter().map(|column| cell(column.name.clone())).collect());
        text.push_str(&framed(
            self.columns
                .iter()
                .map(|column| if is_number(column) { "---:" } else { "---" }.to_owned())
                .collect(),
        ));
        for (row, texts) in self.rows.iter().zip(self.cells()) {
            let mut cells: Vec<String> = texts.into_iter().map(cell).collect();
            if let Some(others) = others_of(row).and_then(|place| cells.get_mut(place)) {
                *others = format!("*{OTHERS}*");
            }
            text.push_str(&framed(cells));
        }
        text
    }

    /// As a table for the terminal; the share as a bar too.
    pub fn lines(&self) -> Vec<String> {
        let header: Vec<String> = self.columns.iter().map(|column| column.name.to_uppercase()).collect();
        let rows: Vec<Vec<String>> = std::iter::once(header).chain(self.cells()).collect();
        let widths: Vec<usize> = (0..self.columns.len())
            .map(|place| {
                rows.iter().filter_map(|row| row.get(place)).map(|cell| width(cell)).max().unwrap_or_default()
            })
            .collect();
        let share = self.columns.iter().position(|column| column.name == "share");
        let mut lines = Vec::new();
        for (number, row) in rows.iter().enumerate() {
            let mut text = String::new();
            for ((cell, width_of_column), column) in row.iter().zip(&widths).zip(&self.columns) {
                let padding = " ".repeat(width_of_column.saturating_sub(width(cell)));
                let (before, after) =
                    if is_number(column) { (padding.as_str(), "") } else { ("", padding.as_str()) };
                text.push_str(before);
                text.push_str(cell);
                text.push_str(after);
                text.push_str("  ");
            }
            let value = number.checked_sub(1).and_then(|row| self.rows.get(row)?.get(share?)?.as_f64());
            text.push_str(&value.map(bar).unwrap_or_default());
            lines.push(text.trim_end().to_owned());
        }
        lines
    }

    /// The values as people read them.
    fn cells(&self) -> Vec<Vec<String>> {
        let cells = |row: &Vec<Value>| {
            self.columns.iter().zip(row).map(|(column, value)| readable(column, value)).collect()
        };
        self.rows.iter().map(cells).collect()
    }
}

/// What the group of all others is called.
const OTHERS: &str = "others";

/// Where a row says that it is of all others: the first of its columns that is null.
fn others_of(row: &[Value]) -> Option<usize> {
    row.iter().position(Value::is_null)
}

/// A value as a cell of CSV. A text that could be taken for another thing stands in quotes.
fn csv_cell(value: &Value) -> String {
    match value {
        Value::String(text) if text == OTHERS => format!("\"{text}\""),
        other => quoted(&plain(other)),
    }
}

/// A value as people read it: times by the clock, rates with their units.
fn readable(column: &AnswerColumn, value: &Value) -> String {
    let number = value.as_f64();
    let measured = number.and_then(|number| amount(number, &column.name));
    measured.unwrap_or_else(|| one_line(&plain(&iso(column, value))))
}

/// An amount as people read it, by the column that holds it (`bits`, `l2bits_p95`, `share`): with its unit, or as a
/// percentage. `None` for a column that holds something else.
pub fn amount(number: f64, column: &str) -> Option<String> {
    let unit = column.split_once('_').map_or(column, |(unit, _)| unit);
    match unit {
        "bits" | "l2bits" => Some(scaled(number, "b/s")),
        "packets" => Some(scaled(number, "p/s")),
        "share" | "inspeed" | "outspeed" => Some(format!("{:.1} %", number * 100.0)),
        _ => None,
    }
}

/// A number with the prefix of its size: `1.25 Gb/s`.
pub fn scaled(number: f64, unit: &str) -> String {
    let mut number = number;
    for prefix in ["", "k", "M", "G", "T"] {
        if number < 999.5 {
            let digits = if prefix.is_empty() || number >= 99.95 {
                0
            } else if number >= 9.995 {
                1
            } else {
                2
            };
            return format!("{number:.digits$} {prefix}{unit}");
        }
        number /= 1000.0;
    }
    format!("{number:.0} P{unit}")
}

/// Times are seconds since 1970 in the answer.
fn iso(column: &AnswerColumn, value: &Value) -> Value {
    let is_time = matches!(column.name.as_str(), "time" | "TimeReceived");
    match value.as_u64() {
        Some(seconds) if is_time => Value::String(iso_time(seconds)),
        _ => value.clone(),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Control characters of foreign names must not reach the terminal.
fn one_line(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}

fn is_number(column: &AnswerColumn) -> bool {
    let kind = column.kind.trim_start_matches("Nullable(").trim_start_matches("LowCardinality(");
    (kind.starts_with("UInt") || kind.starts_with("Float"))
        && !matches!(column.name.as_str(), "time" | "TimeReceived")
}

fn width(text: &str) -> usize {
    text.chars().count()
}

fn bar(share: f64) -> String {
    const WIDTH: f64 = 20.0;
    let eighths = (share.clamp(0.0, 1.0) * WIDTH * 8.0).round() as usize;
    let part = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"].get(eighths % 8).copied().unwrap_or_default();
    format!("{}{part}", "█".repeat(eighths / 8))
}

fn quoted(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

fn line(cells: impl Iterator<Item = String>, separator: &str) -> String {
    let mut text = cells.collect::<Vec<_>>().join(separator);
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn table() -> AnswerTable {
        let column = |name: &str, kind: &str| AnswerColumn { name: name.to_owned(), kind: kind.to_owned() };
        AnswerTable {
            columns: vec![
                column("SrcAS", "UInt32"),
                column("SrcASName", "String"),
                column("bits", "Float64"),
                column("share", "Float64"),
            ],
            rows: vec![
                vec![json!(15_169), json!("Google, \"LLC\""), json!(1_234_567_890.0), json!(0.5)],
                vec![json!(1), json!("a|b\u{1b}"), json!(12.0), json!(0.0625)],
            ],
        }
    }

    #[test]
    fn tables_are_aligned() {
        let expected = [
            "SRCAS  SRCASNAME           BITS   SHARE",
            "15169  Google, \"LLC\"  1.23 Gb/s  50.0 %  ██████████",
            "    1  a|b\u{fffd}              12 b/s   6.2 %  █▎",
        ];
        assert_eq!(table().lines(), expected);
    }

    #[test]
    fn csv_and_markdown_are_escaped() {
        assert_eq!(
            table().csv(),
            "SrcAS,SrcASName,bits,share\n15169,\"Google, \"\"LLC\"\"\",1234567890.0,0.5\n1,a|b\u{1b},12.0,0.0625\n"
        );
        let markdown = table().markdown();
        assert!(
            markdown.starts_with("| SrcAS | SrcASName | bits | share |\n| ---: | --- | ---: | ---: |\n"),
            "{markdown}"
        );
        assert!(markdown.contains("| 1 | a\\|b\u{fffd} | 12 b/s | 6.2 % |"), "{markdown}");
        assert_eq!(table().objects()[0]["SrcASName"], "Google, \"LLC\"");
    }

    #[test]
    fn the_group_of_others_is_told_from_names() {
        let names = [json!(null), json!(""), json!("others")];
        let rows = names.map(|name| vec![name.clone(), name, json!(1.0), json!(0.5)]).to_vec();
        let table = AnswerTable { rows, ..table() };
        let csv: Vec<String> = table.csv().lines().skip(1).map(str::to_owned).collect();
        assert_eq!(csv, ["others,,1.0,0.5", ",,1.0,0.5", "\"others\",\"others\",1.0,0.5"]);
        assert!(table.markdown().contains("| *others* |  |"), "{}", table.markdown());
        assert_eq!(table.objects()[0]["SrcAS"], Value::Null);
    }

    #[test]
    fn times_are_written_as_iso_has_them() {
        let time = AnswerColumn { name: "time".to_owned(), kind: "UInt32".to_owned() };
        let table = AnswerTable { columns: vec![time], rows: vec![vec![json!(1_700_000_000)]] };
        assert_eq!(table.csv(), "time\n2023-11-14T22:13:20Z\n");
    }

    #[test]
    fn numbers_have_prefixes() {
        for (number, text) in [
            (0.0, "0 b/s"),
            (999.0, "999 b/s"),
            (1000.0, "1.00 kb/s"),
            (12_345.0, "12.3 kb/s"),
            (123_456.0, "123 kb/s"),
            (999_999.0, "1.00 Mb/s"),
            (1.5e12, "1.50 Tb/s"),
            (2e15, "2 Pb/s"),
        ] {
            assert_eq!(scaled(number, "b/s"), text);
        }
    }
}
