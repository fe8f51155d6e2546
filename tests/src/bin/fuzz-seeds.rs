//! Writes the seeds of every fuzz target and the dictionary into a folder, as libFuzzer reads them:
//! `cargo run -p flowql-tests --bin fuzz-seeds -- tests/fuzz`.

use std::path::PathBuf;
use std::process::ExitCode;

use flowql_tests::{fuzz, fuzz_decode};

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: fuzz-seeds FOLDER");
        return ExitCode::FAILURE;
    };
    match write(&folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn write(folder: &std::path::Path) -> Result<(), String> {
    let shown = |error: std::io::Error| error.to_string();
    let mut targets: Vec<(&str, Vec<Vec<u8>>)> = Vec::new();
    for (target, _) in fuzz::TARGETS {
        targets.push((target, fuzz::seeds(target)?.into_iter().map(String::into_bytes).collect()));
    }
    for (target, _) in fuzz_decode::TARGETS {
        targets.push((target, fuzz_decode::seeds(target)?));
    }
    for (target, seeds) in targets {
        let corpus = folder.join("corpus").join(target);
        std::fs::create_dir_all(&corpus).map_err(shown)?;
        for (number, seed) in seeds.iter().enumerate() {
            std::fs::write(corpus.join(format!("seed-{number:04}")), seed).map_err(shown)?;
        }
    }
    std::fs::write(folder.join("filter.dict"), fuzz::dictionary()).map_err(shown)
}
