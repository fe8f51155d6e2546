//! `flowql explain`: a filter in plain English.

use flowql::{Options, ide};

use super::{compile, load};
use crate::args::{Explain, Global};
use crate::console::Output;
use crate::failure::{Failure, Status};
use crate::input;

pub(super) fn run(global: &Global, args: Explain) -> Result<Status, Failure> {
    let config = load(global, Some(&args.columns))?;
    let input = input::filter(args.filter, &config.limits)?;
    let options = Options { reverse: args.reverse, ..Options::default() };
    match ide::explain(&config.compiler(), &input.text, options) {
        Ok(explanation) => {
            let mut output = Output::new();
            if args.json {
                output.json(&explanation)?;
            } else {
                output.line(&explanation.to_string())?;
            }
            output.finish()?;
            Ok(Status::Good)
        }
        Err(diagnostics) => Ok(compile::report(global, input, diagnostics)),
    }
}
