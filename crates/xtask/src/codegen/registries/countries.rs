//! `countries.json`: the countries of ISO 3166-1.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use anyhow::{Result, ensure};

const SOURCE: &str = "countries.json";

pub(super) fn lines(root: &Path) -> Result<String> {
    let countries: BTreeMap<String, String> = crate::codegen::read(root, SOURCE)?;
    let mut lines = String::new();
    for (code, name) in &countries {
        ensure!(
            code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase()),
            "bad country `{code}`"
        );
        writeln!(lines, "{code} {name}")?;
    }
    Ok(lines)
}
