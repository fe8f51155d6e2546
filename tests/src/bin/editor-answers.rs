//! Writes what the core answers for every filter of the corpus, and the hostile texts, to standard output, a JSON
//! object a line: the tests of the front ends that run the core as WebAssembly compare their answers with these.
//! Offsets are in UTF-16 code units.

use std::process::ExitCode;

use flowql::sql::ParameterValue;
use flowql::{Compiler, Limits, Options, Positions, Report, Utf16, ide};
use flowql_tests::corpus::{self, CorpusFile, Entry};
use serde_json::{Value, json};

#[path = "../../tests/hostile/inputs.rs"]
#[expect(dead_code, reason = "the saved filters of the hostile texts are of no use here")]
mod inputs;

/// The length of the hostile texts.
const HOSTILE: usize = 16 * 1024;

fn main() -> ExitCode {
    match write(&mut std::io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn write(out: &mut impl std::io::Write) -> Result<(), String> {
    let shown = |error: std::io::Error| error.to_string();
    for file in corpus::read_all()? {
        for (number, entry) in file.entries.iter().enumerate() {
            writeln!(out, "{}", answers(&file, entry, number)?).map_err(shown)?;
        }
    }
    for input in inputs::all() {
        writeln!(out, "{}", json!({"place": input.name(), "hostile": input.text(HOSTILE)})).map_err(shown)?;
    }
    Ok(())
}

fn answers(file: &CorpusFile, entry: &Entry, number: usize) -> Result<Value, String> {
    let compiler = Compiler::new(&file.schema, &file.saved);
    let text = entry.text.as_str();
    let reverse = file.options.reverse;
    let positions = Positions::new(text);
    let diagnostics = |found: &[flowql::Diagnostic]| -> Vec<Value> {
        found
            .iter()
            .map(|found| serde_json::to_value(Report::new(found, &positions)).unwrap_or_default())
            .collect()
    };
    let compile = |bound| {
        let compilation = compiler.compile(text, Options { reverse, bound, database: None });
        let parameters = compilation.parameters.iter().map(|found| (found.name.clone(), raw(&found.value)));
        json!({
            "sql": compilation.sql,
            "parameters": parameters.collect::<serde_json::Map<_, _>>(),
            "columns": compilation.columns.iter().map(|&id| file.schema.column(id).name.clone()).collect::<Vec<_>>(),
            "main_table_required": compilation.main_table_required,
            "diagnostics": diagnostics(&compilation.diagnostics),
        })
    };
    let tokens = ide::tokens(&compiler, text);
    // The end, and another place in every filter.
    let end = u32::try_from(text.len()).map_err(|error| error.to_string())?;
    let place = tokens.get(number % tokens.len().max(1)).map_or(0, |token| token.span.end);
    let at_cursor = |cursor: u32| {
        json!({
            "cursor": positions.utf16(cursor),
            "complete": ide::complete(&compiler, text, cursor),
            "hover": ide::hover(&compiler, text, cursor)
                .map(|hover| json!({"start": hover.span.start, "end": hover.span.end, "markdown": hover.markdown})),
            "actions": ide::code_actions(&compiler, text, flowql::Span::at(cursor)),
        })
    };
    let explained = ide::explain(&compiler, text, Options { reverse, ..Options::default() });
    let mut value = json!({
        "place": entry.place,
        "text": text,
        "valid": file.valid,
        "direction": if reverse { "reverse" } else { "forward" },
        "configuration": configuration(file),
        "inline": compile(false),
        "bound": compile(true),
        "diagnostics": diagnostics(&compiler.diagnostics(text)),
        "tokens": tokens,
        "places": [at_cursor(place), at_cursor(end)],
        "format": compiler.format(text).ok(),
        "explain": explained.ok().map(|explanation| explanation.lines),
    });
    to_utf16(&mut value, positions.offsets());
    Ok(value)
}

/// The configuration that gives a page the schema and the saved filters of a file.
fn configuration(file: &CorpusFile) -> Value {
    let names = |wanted: fn(&flowql::Column) -> bool| -> Vec<_> {
        file.schema
            .columns()
            .iter()
            .filter(|column| wanted(column))
            .map(|column| column.name.clone())
            .collect()
    };
    let materialized = names(|column| column.materialized);
    // As `flowql::files` has it: a name that is there twice stands for neither.
    let filters =
        file.saved.names().filter_map(|name| Some((name.to_owned(), json!(file.saved.text(name)?))));
    json!({
        "schema": {
            "enable": names(|column| !column.disabled),
            "materialize": materialized,
            "every_table": materialized,
        },
        "filters": filters.collect::<serde_json::Map<_, _>>(),
        "limits": { "length": Limits::DEFAULT.length },
    })
}

/// A raw value as JSON has it: integers that some reader would round are strings.
fn raw(value: &ParameterValue) -> Value {
    match value {
        ParameterValue::Integer(number) if *number <= 1 << 53 => json!(number),
        other => json!(other.to_string()),
    }
}

/// Converts the ranges of a value from bytes.
fn to_utf16(value: &mut Value, offsets: &Utf16) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| to_utf16(item, offsets)),
        Value::Object(members) => {
            for (name, member) in members {
                match member.as_u64().and_then(|offset| u32::try_from(offset).ok()) {
                    Some(offset) if name == "start" || name == "end" => *member = json!(offsets.of(offset)),
                    _ => to_utf16(member, offsets),
                }
            }
        }
        _ => {}
    }
}
