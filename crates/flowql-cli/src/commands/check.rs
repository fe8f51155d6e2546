//! `flowql check`: what is wrong, or doubtful, in filters.

use std::path::PathBuf;

use flowql_config::Config;

use super::{detect, load};
use crate::args::{Check, Format, Global};
use crate::console::{self, Output};
use crate::failure::{Failure, Status};
use crate::render::json::Findings;
use crate::render::{github, sarif, text};
use crate::sources::{self, Checked, Summary};
use crate::{atomic_write, fixes, input};

pub(super) fn run(global: &Global, args: Check) -> Result<Status, Failure> {
    let config = load(global, Some(&args.columns))?;
    let (sources, unusable) = if args.files.is_empty() {
        (vec![sources::check(input::filter(args.filter, &config.limits)?, &config)], false)
    } else {
        check_files(global, &args.files, &config, args.fix)?
    };
    let format = if args.json { Format::Json } else { args.format };
    let mut output = Output::new();
    match format {
        Format::Text => report(global, &sources),
        Format::Json => output.json(&Findings::new(&sources))?,
        Format::Github => output.text(&github::render(&sources))?,
        Format::Sarif => output.json(&sarif::log(&sources))?,
    }
    output.finish()?;
    let has_bad_rules = detect::report_rules(&config);
    Ok(match unusable {
        true => Status::Unusable,
        false => Status::bad_if(has_bad_rules || sources.iter().any(Checked::is_bad)),
    })
}

/// Checks the files, and mends them first where that is asked for. Gives whether one could not be used as well.
fn check_files(
    global: &Global,
    paths: &[PathBuf],
    config: &Config,
    fix: bool,
) -> Result<(Vec<Checked>, bool), Failure> {
    let mut sources = Vec::new();
    let mut unusable = false;
    for path in input::files_and_boards(paths) {
        let checked = path.and_then(|path| {
            if let Some(kind) = input::board_kind(&path) {
                return sources::check_board(input::file(&path, &config.limits)?, kind, config);
            }
            let source = sources::check(input::file(&path, &config.limits)?, config);
            if !fix {
                return Ok(source);
            }
            let (mended, count) = fixes::mend(source, config);
            if count > 0 {
                atomic_write::replace(&path, &mended.text)?;
                if !global.quiet {
                    console::message(&format!(
                        "fixed {} in {}",
                        sources::plural(count, "error"),
                        mended.origin
                    ));
                }
            }
            Ok(mended)
        });
        match checked {
            Ok(checked) => sources.push(checked),
            Err(failure) => unusable |= told(failure)?,
        }
    }
    Ok((sources, unusable))
}

/// Reports a failure with one file of several; what stops the whole command goes on.
pub(super) fn told(failure: Failure) -> Result<bool, Failure> {
    match failure {
        Failure::Message { message, help } => {
            console::error(&message, help.as_deref());
            Ok(true)
        }
        other => Err(other),
    }
}

/// Reports the diagnostics of the sources, and a summary.
pub(super) fn report(global: &Global, sources: &[Checked]) {
    for diagnostic in sources.iter().flat_map(|source| text::render(source, global.quiet)) {
        console::message(&diagnostic);
    }
    if !global.quiet {
        console::message(&Summary::of(sources).to_string());
    }
}
