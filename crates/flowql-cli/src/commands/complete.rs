//! `flowql complete`: what may stand at a place of a filter.

use flowql::ide::Completions;
use flowql_backend::FilterCompletion;
use serde::Serialize;

use super::load;
use crate::args::{Complete, Global};
use crate::console::{self, Output};
use crate::failure::{Failure, Status};
use crate::input;
use crate::values::Completion;

/// The answer as JSON has it.
#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    completions: Completions,
    #[serde(skip_serializing_if = "Option::is_none")]
    incomplete: Option<String>,
}

pub(super) fn run(global: &Global, args: Complete) -> Result<Status, Failure> {
    let config = load(global, Some(&args.columns))?;
    let input = input::filter(args.filter, &config.limits)?;
    let end = u32::try_from(input.text.len()).unwrap_or(u32::MAX);
    let cursor = args.cursor.unwrap_or(end);
    if cursor > end || !input.text.is_char_boundary(cursor as usize) {
        return Err(Failure::new(
            format!("there is no place {cursor} in the filter"),
            format!("--cursor counts bytes, from 0 to {end}, and stands between two characters"),
        ));
    }
    let completion = Completion::new(&args.values, &config)?;
    let FilterCompletion { mut completions, incomplete, .. } =
        completion.complete(&config.compiler(), &input.text, cursor);
    completions.candidates.truncate(args.limit);
    let mut output = Output::new();
    if args.json {
        output.json(&Report { completions, incomplete })?;
    } else {
        if let Some(reason) = incomplete.filter(|_| !global.quiet) {
            console::warning(&format!("values of the network are missing: {reason}"), None);
        }
        let width = completions.candidates.iter().map(|candidate| candidate.label.chars().count()).max();
        for candidate in &completions.candidates {
            let width = width.unwrap_or_default();
            output.line(format!("{:width$}  {}", candidate.label, candidate.detail).trim_end())?;
        }
    }
    output.finish()?;
    Ok(Status::Good)
}
