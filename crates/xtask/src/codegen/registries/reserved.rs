//! `reserved.json`: the addresses and AS numbers that the registries of the IANA set aside.

use std::fmt::Write;
use std::path::Path;

use anyhow::{Result, ensure};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reserved {
    addresses: Vec<Addresses>,
    as_numbers: Vec<AsNumbers>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Addresses {
    subnet: String,
    purpose: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AsNumbers {
    first: u32,
    last: u32,
    purpose: String,
}

/// The lines of the addresses, and those of the AS numbers.
pub(super) fn lines(root: &Path) -> Result<(String, String)> {
    let Reserved { addresses, as_numbers } = crate::codegen::read(root, "reserved.json")?;
    let (mut subnets, mut blocks) = (String::new(), String::new());
    for Addresses { subnet, purpose } in &addresses {
        writeln!(subnets, "{subnet} {purpose}")?;
    }
    for AsNumbers { first, last, purpose } in &as_numbers {
        ensure!(first <= last, "AS numbers {first} to {last} are not in order");
        writeln!(blocks, "{first}-{last} {purpose}")?;
    }
    Ok((subnets, blocks))
}
