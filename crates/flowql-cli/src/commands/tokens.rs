//! `flowql tokens`: the tokens of a filter with their classes, or the filter in colours.

use flowql::ide;

use super::load;
use crate::args::{Global, Tokens};
use crate::console::Output;
use crate::failure::{Failure, Status};
use crate::{colours, input};

pub(super) fn run(global: &Global, args: Tokens) -> Result<Status, Failure> {
    let config = load(global, Some(&args.columns))?;
    let input = input::filter(args.filter, &config.limits)?;
    let tokens = ide::tokens(&config.compiler(), &input.text);
    let mut output = Output::new();
    if args.json {
        output.json(&tokens)?;
    } else if args.paint {
        output.line(&colours::paint(&input.text, &tokens))?;
    } else {
        for token in tokens {
            let text = token.span.of(&input.text);
            output.line(&format!(
                "{}..{} {} {text:?}",
                token.span.start,
                token.span.end,
                token.class.name()
            ))?;
        }
    }
    output.finish()?;
    Ok(Status::Good)
}
