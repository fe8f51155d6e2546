//! `countries.json`: the countries of ISO 3166-1.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use anyhow::{Result, ensure};

use super::Generated;
use super::rust;

const SOURCE: &str = "countries.json";

pub(super) fn generate(root: &Path) -> Result<Generated> {
    let countries: BTreeMap<String, String> = super::read(root, SOURCE)?;
    let mut lines = String::new();
    for (code, name) in &countries {
        ensure!(
            code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase()),
            "bad country `{code}`"
        );
        writeln!(lines, "{code} {name}")?;
    }
    let doc = "The countries of ISO 3166-1, one a line, in order of code: the alpha-2 code and the short English name.";
    let body = rust::lines("COUNTRIES", doc, &lines)?;
    rust::file(root, "crates/flowql/src/tables/generated/countries.rs", SOURCE, &body)
}
