//! No SQL is put together from text but by the builder, `flowql_client::Sql`, and by the printer of filters in the core.

use std::fs;
use std::path::{Path, PathBuf};

/// Where text becomes SQL: the builder, the printer, and the command line of the embedded engine, which starts with a
/// statement that names its own pipe and knows no client.
const BUILDERS: [&str; 3] = [
    "crates/flowql-client/src/sql.rs",
    "crates/flowql/src/sql/print.rs",
    "crates/flowql-embedded/src/process/engine.rs",
];

/// What puts text together.
const GLUE: [&str; 8] =
    ["format!(", "format_args!(", "concat!(", "write!(", "writeln!(", ".push_str(", ".join(", ".concat("];

/// Words that only SQL has, in the case that the project writes them in.
const KEYWORDS: [&str; 22] = [
    "SELECT ",
    "INSERT INTO",
    "CREATE TABLE",
    "CREATE DATABASE",
    "CREATE MATERIALIZED",
    "CREATE DICTIONARY",
    "ALTER TABLE",
    "MODIFY COLUMN",
    "ADD COLUMN",
    "DROP TABLE",
    "DROP COLUMN",
    "TRUNCATE TABLE",
    "RENAME TABLE",
    "EXCHANGE TABLES",
    "KILL QUERY",
    "EXPLAIN ",
    "OPTIMIZE TABLE",
    " FROM ",
    "WHERE ",
    "GROUP BY",
    "ORDER BY",
    "DEFAULT (",
];

/// The statements of a source that glue SQL from text, each with its line. Tests at the end of a file are left out.
fn glued(source: &str) -> Vec<(usize, String)> {
    let code = source.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let mut found = Vec::new();
    for glue in GLUE {
        for (place, _) in code.match_indices(glue) {
            let call = arguments(&code[place + glue.len()..]);
            if KEYWORDS.iter().any(|keyword| call.contains(keyword)) {
                let line = code[..place].matches('\n').count() + 1;
                found.push((line, format!("{glue}{}", call.lines().next().unwrap_or_default())));
            }
        }
    }
    found
}

/// The text up to the parenthesis that closes a call.
fn arguments(text: &str) -> &str {
    let (mut depth, mut in_text, mut escaped) = (1, false, false);
    for (place, found) in text.char_indices() {
        match found {
            _ if escaped => escaped = false,
            '\\' if in_text => escaped = true,
            '"' => in_text = !in_text,
            '(' if !in_text => depth += 1,
            ')' if !in_text => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &text[..place];
        }
    }
    text
}

fn sources(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        // Tests write statements of their own, and the second implementation is to differ.
        if path.is_dir()
            && !["tests", "target", "node_modules", "flowql-oracle", "flowql-bench"].contains(&name)
        {
            sources(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") && name != "tests.rs" {
            files.push(path);
        }
    }
}

#[test]
fn sql_is_put_together_by_the_builder_alone() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    for folder in ["crates", "lsp", "wasm/src"] {
        sources(&root.join(folder), &mut files);
    }
    assert!(files.len() > 250, "{}", files.len());
    let mut all = Vec::new();
    for file in files {
        let name = file.strip_prefix(&root).unwrap().display().to_string();
        if !BUILDERS.contains(&name.as_str()) {
            let found = glued(&fs::read_to_string(&file).unwrap());
            all.extend(found.into_iter().map(|(line, text)| format!("{name}:{line}: {text}")));
        }
    }
    assert!(all.is_empty(), "SQL from text; use `flowql_client::sql!`:\n{}", all.join("\n"));
}

#[test]
fn glue_is_found() {
    for planted in [
        "let sql = format!(\"SELECT {} FROM {table}\", items.join(\", \"));",
        "sql.push_str(&format!(\"{start}\\n  WHERE x = {value}\"));",
        "let sql = [\"ALTER TABLE \", name].concat();\nlet both = [a, b].join(\" GROUP BY \");",
        "write!(out, \"a (b) \\\"(\\\" ORDER BY {column}\")",
    ] {
        assert!(!glued(planted).is_empty(), "{planted}");
    }
    for fine in [
        "sql!(\"SELECT {items} FROM {table}\", items, table)",
        "format!(\"create the table {name}\"); let text = \"SELECT 1 FROM x\";",
        "let a = 1;\n#[cfg(test)]\nmod tests {\n format!(\"SELECT {x} FROM y\")\n}",
    ] {
        assert_eq!(glued(fine), [], "{fine}");
    }
}
