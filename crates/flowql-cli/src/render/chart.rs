//! A series in the terminal.

use flowql_client::{AnswerTable, amount, iso_time, scaled};
use serde_json::Value;

/// The height of a chart of one line.
const HEIGHT: usize = 8;
const BLOCKS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// One line of a series.
struct Line {
    /// What it is of, as the answer has it; empty for all traffic.
    names: Vec<Value>,
    points: Vec<f64>,
}

/// The series as a chart, where it is of all traffic, else as a spark line for each group.
pub(crate) fn lines(table: &AnswerTable) -> Vec<String> {
    let (times, lines) = series(table);
    let unit = table.columns.last().map(|column| column.name.as_str()).unwrap_or_default();
    match lines.as_slice() {
        [] => Vec::new(),
        [line] if line.names.is_empty() => chart(&times, line, unit),
        lines => sparks(&times, lines, unit),
    }
}

/// The times, and the lines in their order.
fn series(table: &AnswerTable) -> (Vec<u64>, Vec<Line>) {
    let mut times: Vec<u64> = Vec::new();
    let mut lines: Vec<Line> = Vec::new();
    let place = table.columns.iter().position(|column| column.name == "time").unwrap_or_default();
    for row in &table.rows {
        let mut names = row.clone();
        let Some(value) = names.pop() else { continue };
        if place >= names.len() {
            continue;
        }
        let time = names.remove(place).as_u64().unwrap_or_default();
        // The lines of the other direction have the same times.
        if times.last().is_none_or(|last| *last < time) {
            times.push(time);
        }
        let point = value.as_f64().unwrap_or_default();
        match lines.iter_mut().find(|line| line.names == names) {
            Some(line) => line.points.push(point),
            None => lines.push(Line { names, points: vec![point] }),
        }
    }
    (times, lines)
}

/// What a line is called. The group of all others is told from names that are empty, or that read like it.
fn label(names: &[Value]) -> String {
    let text = |name: &Value| match name {
        Value::String(text) if text == "others" => "\"others\"".to_owned(),
        Value::String(text) => text.chars().filter(|character| !character.is_control()).collect(),
        other => other.to_string(),
    };
    let mut texts: Vec<String> = names.iter().filter(|name| !name.is_null()).map(text).collect();
    texts.retain(|text| !text.is_empty());
    if names.iter().any(Value::is_null) {
        texts.push("others".to_owned());
    }
    if texts.is_empty() { "\"\"".to_owned() } else { texts.join(" ") }
}

/// An amount of a unit, as its column is called.
fn shown(number: f64, unit: &str) -> String {
    amount(number, unit).unwrap_or_else(|| scaled(number, "flows"))
}

fn chart(times: &[u64], line: &Line, unit: &str) -> Vec<String> {
    let most = line.points.iter().copied().fold(0.0, f64::max);
    let top = shown(most, unit);
    let width = top.chars().count();
    let mut lines: Vec<String> = (0..HEIGHT)
        .rev()
        .map(|row| {
            let axis = if row + 1 == HEIGHT {
                top.clone()
            } else if row == 0 {
                "0".to_owned()
            } else {
                String::new()
            };
            let cells: String = line.points.iter().map(|point| block(*point, most, row)).collect();
            format!("{axis:>width$} ┤{cells}").trim_end().to_owned()
        })
        .collect();
    let (first, last) = ends(times);
    let gap = (line.points.len() + 1).saturating_sub(first.len() + last.len());
    lines.push(format!("{:width$}  {first}{}{last}", "", " ".repeat(gap.max(1))));
    lines
}

/// The part of a column of the chart that lies in a row of it.
fn block(point: f64, most: f64, row: usize) -> char {
    let eighths = if most > 0.0 { (point / most * (HEIGHT * 8) as f64).round() as usize } else { 0 };
    BLOCKS.get(eighths.saturating_sub(row * 8).min(8)).copied().unwrap_or(' ')
}

fn sparks(times: &[u64], lines: &[Line], unit: &str) -> Vec<String> {
    let width = lines.iter().map(|line| label(&line.names).chars().count()).max().unwrap_or_default();
    let mut rows: Vec<String> = lines
        .iter()
        .map(|line| {
            let most = line.points.iter().copied().fold(0.0, f64::max);
            let mean = line.points.iter().sum::<f64>() / line.points.len().max(1) as f64;
            let spark: String = line.points.iter().map(|point| spark(*point, most)).collect();
            let label = label(&line.names);
            let padding = " ".repeat(width.saturating_sub(label.chars().count()));
            format!(
                "{label}{padding}  {spark}  mean {:>10}  most {:>10}",
                shown(mean, unit),
                shown(most, unit)
            )
        })
        .collect();
    let (first, last) = ends(times);
    let gap = times.len().saturating_sub(first.len() + last.len()).max(1);
    rows.push(format!("{:width$}  {first}{}{last}", "", " ".repeat(gap)));
    rows
}

fn spark(point: f64, most: f64) -> char {
    let eighths = if most > 0.0 { (point / most * 7.0).round() as usize + 1 } else { 1 };
    BLOCKS.get(eighths.min(8)).copied().unwrap_or(' ')
}

/// The first and the last time, to the minute.
fn ends(times: &[u64]) -> (String, String) {
    let text = |time: Option<&u64>| {
        let text = time.map(|time| iso_time(*time)).unwrap_or_default();
        text.get(..16).map(|text| text.replace('T', " ")).unwrap_or_default()
    };
    (text(times.first()), text(times.last()))
}

#[cfg(test)]
mod tests {
    use flowql_client::AnswerColumn;
    use serde_json::json;

    use super::*;

    fn table(columns: &[&str], rows: Vec<Vec<Value>>) -> AnswerTable {
        let column = |name: &&str| AnswerColumn { name: (*name).to_owned(), kind: String::new() };
        AnswerTable { columns: columns.iter().map(column).collect(), rows }
    }

    #[test]
    fn one_line_is_a_chart() {
        let rows = (0..40).map(|step| vec![json!(step * 60), json!(f64::from(step) * 100.0)]).collect();
        let lines = lines(&table(&["time", "bits"], rows));
        assert_eq!(lines.len(), HEIGHT + 1);
        assert!(lines[0].starts_with("3.90 kb/s ┤"), "{lines:?}");
        assert!(lines[0].ends_with('█'), "{lines:?}");
        assert!(
            lines[HEIGHT].contains("1970-01-01 00:00") && lines[HEIGHT].ends_with("1970-01-01 00:39"),
            "{lines:?}"
        );
    }

    #[test]
    fn several_lines_are_sparks() {
        let row =
            |time: u64, number: Value, name: Value, bits: f64| vec![json!(time), number, name, json!(bits)];
        let rows = vec![
            row(0, json!(15_169), json!("Google"), 0.0),
            row(0, Value::Null, Value::Null, 8.0),
            row(60, json!(15_169), json!("Google"), 14.0),
            row(60, Value::Null, Value::Null, 4.0),
        ];
        let lines = lines(&table(&["time", "SrcAS", "SrcASName", "bits"], rows));
        assert!(lines[0].starts_with("15169 Google  ▁█  mean      7 b/s  most     14 b/s"), "{lines:?}");
        assert!(lines[1].starts_with("others        █▅  "), "{lines:?}");
    }

    #[test]
    fn directions_empty_names_and_others_are_told_apart() {
        let row =
            |direction: &str, time: u64, name: Value| vec![json!(direction), json!(time), name, json!(1.0)];
        let mut rows = Vec::new();
        for direction in ["forward", "reverse"] {
            for time in [0, 60] {
                rows.extend([json!(""), json!("others"), Value::Null].map(|name| row(direction, time, name)));
            }
        }
        let lines = lines(&table(&["direction", "time", "ExporterName", "bits"], rows));
        let labels: Vec<&str> =
            lines.iter().filter_map(|line| Some(line.split_once("  ")?.0.trim())).collect();
        let expected = [
            "forward",
            "forward \"others\"",
            "forward others",
            "reverse",
            "reverse \"others\"",
            "reverse others",
            "",
        ];
        assert_eq!(labels, expected);
        let all = lines_of_one(&[json!("")]);
        assert!(all[0].starts_with("\"\"  "), "{all:?}");
    }

    fn lines_of_one(names: &[Value]) -> Vec<String> {
        let rows = names.iter().map(|name| vec![json!(0), name.clone(), json!(0.5)]).collect();
        lines(&table(&["time", "ExporterName", "inspeed"], rows))
    }

    #[test]
    fn no_traffic_is_no_trouble() {
        assert!(lines(&table(&["time", "bits"], Vec::new())).is_empty());
        let lines = lines(&table(&["time", "bits"], vec![vec![json!(0), json!(0.0)]]));
        assert!(lines[0].starts_with("0 b/s ┤"), "{lines:?}");
    }
}
