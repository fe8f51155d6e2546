//! The licences of the dependencies.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use spdx::{Expression, LicenseReq, ParseMode};

/// The licences that the project accepts, by their SPDX identifiers.
const ACCEPTED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    // The MIT licence without the duty to name the authors.
    "MIT-0",
    "MPL-2.0",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "Zlib",
];

/// The exceptions that give more rights than the licence alone.
const EXCEPTIONS: &[&str] = &["LLVM-exception"];

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
}

/// Prints how many packages there are by licence, and fails when one cannot be accepted.
pub(crate) fn run(root: &Path) -> Result<()> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(root)
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run cargo")?;
    ensure!(output.status.success(), "cargo metadata failed");
    print!("{}", report(&serde_json::from_slice(&output.stdout)?)?);
    Ok(())
}

fn report(metadata: &Metadata) -> Result<String> {
    let resolved: BTreeSet<_> = metadata.resolve.nodes.iter().map(|node| node.id.as_str()).collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut refused = Vec::new();
    for package in metadata.packages.iter().filter(|package| resolved.contains(package.id.as_str())) {
        let licence = package.license.as_deref().unwrap_or("none");
        *counts.entry(licence).or_default() += 1;
        if !accepts(licence) {
            refused.push(format!("  {} {}: {licence}", package.name, package.version));
        }
    }
    if !refused.is_empty() {
        bail!("these packages have no licence that the project accepts:\n{}", refused.join("\n"));
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let total: usize = counts.iter().map(|(_, count)| count).sum();
    let lines: String = counts.iter().map(|(licence, count)| format!("{count:5}  {licence}\n")).collect();
    Ok(format!("{lines}{total:5}  packages, all accepted\n"))
}

/// Whether the expression can be met by accepted licences alone.
fn accepts(expression: &str) -> bool {
    // The old way to write a choice is `MIT/Apache-2.0`, which the lax mode reads as OR.
    Expression::parse_mode(expression, ParseMode::LAX).is_ok_and(|expression| expression.evaluate(accepted))
}

fn accepted(requirement: &LicenseReq) -> bool {
    let licence = requirement.license.id().is_some_and(|id| ACCEPTED.contains(&id.name));
    let exception = match &requirement.addition {
        None => true,
        Some(addition) => addition.id().is_some_and(|id| EXCEPTIONS.contains(&id.name)),
    };
    licence && exception
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_evaluated() {
        for expression in [
            "MIT",
            "MIT OR Apache-2.0",
            "MIT/Apache-2.0",
            "Apache-2.0 / MIT",
            "MIT OR GPL-3.0-only",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception",
            "Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT",
            "GPL-2.0-only OR (BSD-2-Clause AND ISC)",
            "Unlicense OR MIT",
        ] {
            assert!(accepts(expression), "{expression}");
        }
        for expression in [
            "",
            "none",
            "GPL-3.0-only",
            "AGPL-3.0-only",
            "MIT AND GPL-3.0-only",
            "(MIT OR Apache-2.0) AND LGPL-2.1-only",
            "Unlicense",
            "MIT OR",
            "Apache-2.0 WITH Classpath-exception-2.0",
            "LicenseRef-Proprietary",
        ] {
            assert!(!accepts(expression), "{expression}");
        }
    }

    #[test]
    fn every_accepted_identifier_exists() {
        for name in ACCEPTED {
            assert_eq!(spdx::license_id(name).map(|id| id.name), Some(*name));
        }
        for name in EXCEPTIONS {
            assert!(spdx::exception_id(name).is_some(), "{name}");
        }
    }

    fn metadata(licences: &[(&str, Option<&str>)], resolved: &[&str]) -> Metadata {
        Metadata {
            packages: licences
                .iter()
                .map(|(name, license)| Package {
                    id: (*name).into(),
                    name: (*name).into(),
                    version: "1.0.0".into(),
                    license: license.map(Into::into),
                })
                .collect(),
            resolve: Resolve { nodes: resolved.iter().map(|id| Node { id: (*id).into() }).collect() },
        }
    }

    #[test]
    fn the_report_counts_by_licence() {
        let packages = [("a", Some("MIT")), ("b", Some("ISC")), ("c", Some("MIT"))];
        let report = report(&metadata(&packages, &["a", "b", "c"])).unwrap();
        assert_eq!(report, "    2  MIT\n    1  ISC\n    3  packages, all accepted\n");
    }

    #[test]
    fn the_report_names_what_is_refused() {
        let packages =
            [("a", Some("MIT")), ("b", None), ("c", Some("GPL-3.0-only")), ("d", Some("GPL-2.0-only"))];
        let error = report(&metadata(&packages, &["a", "b", "c"])).unwrap_err().to_string();
        assert!(error.ends_with("\n  b 1.0.0: none\n  c 1.0.0: GPL-3.0-only"), "{error}");
    }
}
