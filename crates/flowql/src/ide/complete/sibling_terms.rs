//! The rest of the filter: what must hold beside the condition being typed.

use super::context::Context;
use crate::check;
use crate::syntax::{self, Node};
use crate::values::text;
use crate::{Compiler, Span};

/// The longest rest that is handed out; a longer one is left out, which only makes the answer wider.
const LONGEST: usize = 4096;

/// The other terms of the AND chains around an offset, those outside of any NOT, joined by AND.
pub(super) fn of(compiler: &Compiler<'_>, text: &str, context: &Context<'_>) -> String {
    let offset = context.replace.start;
    // At the end of the text its tokens are there already.
    let known = context.cursor == text.len();
    let tokens = || if known { context.typed.clone() } else { syntax::tokenize(text) };
    let parse = syntax::parse_tokens(text, tokens, &compiler.limits, compiler.schema.registries());
    let syntax::Parse { tree: Some(tree), diagnostics, .. } = parse else { return String::new() };
    let mut terms = Vec::new();
    let mut node = &tree;
    loop {
        node = match node {
            Node::And(all) => {
                let Some(inside) = all.iter().find(|term| term.span().touches(offset)).or(all.last()) else {
                    break;
                };
                terms.extend(all.iter().filter(|term| !std::ptr::eq(*term, inside)));
                inside
            }
            Node::Or(all) => match all.iter().find(|term| term.span().touches(offset)).or(all.last()) {
                Some(inside) => inside,
                None => break,
            },
            Node::Group { inner, .. } => inner,
            // Inside a NOT the terms beside the condition need not hold.
            Node::Not { .. } | Node::Condition(_) | Node::Saved(_) => break,
        };
    }
    let malformed =
        |span: Span| diagnostics.iter().any(|found| found.is_error() && span.touches(found.span.start));
    let checked = check::Context { schema: compiler.schema, saved: compiler.saved, limits: &compiler.limits };
    let mut rest = String::new();
    for term in terms {
        let written = term.span().of(text);
        if rest.len() + written.len() > LONGEST || text::has_hyphens(written) || malformed(term.span()) {
            continue;
        }
        if check::check(text, term, checked, &mut Vec::new()).is_none() {
            continue;
        }
        if !rest.is_empty() {
            rest.push_str(" AND ");
        }
        rest.push_str(written);
    }
    rest
}
