//! `flowql complete`: what may stand at a place of a filter.

use flowql::ide;

use super::load;
use crate::args::{Complete, Global};
use crate::console::Output;
use crate::failure::{Failure, Status};
use crate::input;

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
    let mut completions = ide::complete(&config.compiler(), &input.text, cursor);
    completions.candidates.truncate(args.limit);
    let mut output = Output::new();
    if args.json {
        output.json(&completions)?;
    } else {
        let width = completions.candidates.iter().map(|candidate| candidate.label.chars().count()).max();
        for candidate in &completions.candidates {
            let width = width.unwrap_or_default();
            output.line(format!("{:width$}  {}", candidate.label, candidate.detail).trim_end())?;
        }
    }
    output.finish()?;
    Ok(Status::Good)
}
