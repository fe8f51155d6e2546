//! `countries.json`: the countries of ISO 3166-1.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use anyhow::{Result, ensure};

use super::Generated;
use super::rust::{self, string};

const SOURCE: &str = "countries.json";

pub(super) fn generate(root: &Path) -> Result<Generated> {
    let countries: BTreeMap<String, String> = super::read(root, SOURCE)?;
    let mut body = String::from(
        "/// The countries of ISO 3166-1, in order of code: the alpha-2 code and the short English name.\n\
         pub static COUNTRIES: &[(&str, &str)] = &[\n",
    );
    for (code, name) in &countries {
        ensure!(
            code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase()),
            "bad country `{code}`"
        );
        writeln!(body, "({}, {}),", string(code), string(name))?;
    }
    body.push_str("];\n");
    rust::file(root, "crates/flowql/src/tables/generated/countries.rs", SOURCE, &body)
}
