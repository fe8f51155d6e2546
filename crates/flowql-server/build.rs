//! Puts the page into the service: the files that `npm run build` wrote to `page/dist`. Without them the service is
//! built all the same, and says at `/` how to get the page.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let built = root.join("page/dist");
    println!("cargo::rerun-if-changed={}", built.display());
    let mut table = String::from("pub(super) static FILES: &[(&str, &[u8])] = &[\n");
    for (address, path) in files(&built)? {
        println!("cargo::rerun-if-changed={}", path.display());
        // Writing to a string cannot fail.
        let _ = writeln!(table, "    ({address:?}, include_bytes!({:?})),", path.display().to_string());
    }
    table.push_str("];\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("page.rs"), table)
}

/// The page's files with their addresses: `index.html` and what lies in `assets`.
fn files(built: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let index = built.join("index.html");
    let assets = built.join("assets");
    let mut files = Vec::new();
    if index.is_file() {
        files.push(("index.html".to_owned(), index));
    }
    if assets.is_dir() {
        for entry in fs::read_dir(assets)? {
            let entry = entry?;
            files.push((format!("assets/{}", entry.file_name().to_string_lossy()), entry.path()));
        }
    }
    files.sort();
    Ok(files)
}
