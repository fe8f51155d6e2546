//! `cargo xtask bench`: runs the benchmarks and prints one table.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

/// The functions of the bench, as the columns of the table.
const FUNCTIONS: [&str; 9] = [
    "hand-syntax",
    "hand-compile",
    "tokens",
    "parse",
    "check",
    "compile",
    "complete",
    "format",
    "diagnostics",
];

/// Runs the benches of `crates/flowql-bench` and prints their means beside the yardstick's.
pub(crate) fn run(root: &Path) -> Result<()> {
    cargo(root, &["bench", "--locked", "--package", "flowql-bench", "--bench", "filters"])?;
    let allocations = allocations(root)?;
    let results = root.join("target/criterion");
    println!(
        "\nMean time in nanoseconds; `ratio` is compile to hand-compile; allocations are of one compile.\n"
    );
    println!("| input | bytes | {} | ratio | ns/byte | allocations | by hand |", FUNCTIONS.join(" | "));
    println!("|---|{}", "---:|".repeat(FUNCTIONS.len() + 5));
    for input in
        ["one", "five", "twenty", "prefixes-1000", "nested-150", "1-kib", "4-kib", "16-kib", "64-kib"]
    {
        let mut means = BTreeMap::new();
        for function in FUNCTIONS {
            means.insert(function, mean(&results.join(input).join(function))?);
        }
        let bytes = bytes(&results.join(input).join("compile"))?;
        let cells: Vec<String> =
            FUNCTIONS.iter().map(|function| format!("{:.0}", means.get(function).unwrap_or(&0.0))).collect();
        let (compile, hand) =
            (means.get("compile").unwrap_or(&0.0), means.get("hand-compile").unwrap_or(&1.0));
        let counts = allocations.get(input).map_or("", String::as_str);
        println!(
            "| {input} | {bytes:.0} | {} | {:.1} | {:.1} | {counts} |",
            cells.join(" | "),
            compile / hand,
            compile / bytes
        );
    }
    Ok(())
}

/// The allocations by input, as two cells of the table.
fn allocations(root: &Path) -> Result<BTreeMap<String, String>> {
    let arguments = [
        "run",
        "--quiet",
        "--release",
        "--locked",
        "--package",
        "flowql-bench",
        "--bin",
        "flowql-allocations",
    ];
    let output = Command::new("cargo").args(arguments).current_dir(root).output()?;
    if !output.status.success() {
        bail!("cargo {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
    }
    let text = String::from_utf8(output.stdout)?;
    let row = |line: &str| {
        let mut fields = line.split(' ');
        let (name, core) = (fields.next()?, fields.next()?);
        Some((name.to_owned(), format!("{core} | {}", fields.nth(1)?)))
    };
    Ok(text.lines().filter_map(row).collect())
}

fn cargo(root: &Path, arguments: &[&str]) -> Result<()> {
    let status = Command::new("cargo").args(arguments).current_dir(root).status()?;
    if !status.success() {
        bail!("cargo {} failed", arguments.join(" "));
    }
    Ok(())
}

/// The mean of a benchmark in nanoseconds, as criterion stored it.
fn mean(folder: &Path) -> Result<f64> {
    number(&folder.join("new/estimates.json"), "/mean/point_estimate")
}

/// The bytes of a benchmark's input.
fn bytes(folder: &Path) -> Result<f64> {
    number(&folder.join("new/benchmark.json"), "/throughput/Bytes")
}

fn number(path: &Path, pointer: &str) -> Result<f64> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let value: serde_json::Value = serde_json::from_str(&text)?;
    let found = value.pointer(pointer).and_then(serde_json::Value::as_f64);
    found.with_context(|| format!("{}: no number at {pointer}", path.display()))
}
