//! The rest of the filter: what must hold beside the condition being typed.

use crate::syntax::{self, Node};
use crate::{Compiler, Options};

/// The longest rest that is handed out; a longer one is left out, which only makes the answer wider.
const LONGEST: usize = 4096;

/// The other terms of the AND chains around an offset, those outside of any NOT, joined by AND.
pub(super) fn of(compiler: &Compiler<'_>, text: &str, offset: u32) -> String {
    let Some(tree) = syntax::parse(text, &compiler.limits).tree else { return String::new() };
    let mut terms = Vec::new();
    let mut node = &tree;
    loop {
        node = match node {
            Node::And(all) => {
                let Some(inside) = all.iter().find(|term| term.span().touches(offset)).or(all.last()) else {
                    break;
                };
                terms.extend(all.iter().filter(|term| !std::ptr::eq(*term, inside)).map(Node::span));
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
    let mut rest = String::new();
    for term in terms.into_iter().map(|span| span.of(text)) {
        let valid = compiler.compile(term, Options::default()).sql.is_some();
        if !valid || rest.len() + term.len() > LONGEST || term.contains("--") {
            continue;
        }
        if !rest.is_empty() {
            rest.push_str(" AND ");
        }
        rest.push_str(term);
    }
    rest
}
