//! `configuration.md`: the reference of `flowql.toml`. Its sections belong to the crates that read them, and only the
//! command knows all of these; so the command writes it.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

pub(super) fn body(root: &Path) -> Result<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "run",
            "--quiet",
            "--locked",
            "--package",
            "flowql-cli",
            "--",
            "config",
            "--reference",
            "--markdown",
        ])
        .current_dir(root)
        .output()
        .context("cannot run cargo")?;
    if !output.status.success() {
        bail!("`flowql config --reference` failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    let sections = String::from_utf8(output.stdout).context("the reference is not UTF-8")?;
    Ok(format!(
        "# The configuration\n\n\
         `flowql.toml` is looked for in the working directory and its parents, or given by `--config`. An unknown \
         key is an error. `flowql config` prints the configuration in effect.\n\n{sections}"
    ))
}
