//! Code actions: the fixes of diagnostics, and rewrites that keep the meaning.

use crate::syntax::{self, Node};
use crate::{Code, Compiler, Diagnostic, Edit, Fix, Options, Span};

use super::action::{Action, ActionKind};
use super::rewrites::{Rewriter, Site};

/// The actions for a range of the text, an empty one for a cursor: the fixes of the diagnostics that it
/// touches, then the rewrites of what it lies in.
pub fn code_actions(compiler: &Compiler<'_>, text: &str, range: Span) -> Vec<Action> {
    let mut actions = Vec::new();
    let diagnostics = compiler.diagnostics(text);
    for diagnostic in &diagnostics {
        if !touch(diagnostic.span, range) {
            continue;
        }
        for fix in &diagnostic.fixes {
            actions.push(Action {
                title: fix.title.clone(),
                kind: ActionKind::Fix,
                edits: fix.edits.clone(),
                diagnostic: Some(diagnostic.clone()),
                new_filter: None,
            });
        }
    }
    let Some(tree) = syntax::parse(text, &compiler.limits).tree else { return actions };
    let rewriter = Rewriter { compiler, text };
    // Rewrites of a condition with an error would build on sand.
    let broken = |span: Span| {
        diagnostics
            .iter()
            .any(|found| found.is_error() && found.code != Code::NestingTooDeep && touch(found.span, span))
    };
    // What a rewrite makes of a valid filter is valid: a string may fit a comparison and no list.
    let is_valid = !diagnostics.iter().any(Diagnostic::is_error);
    let keeps_valid = |action: &Action| {
        let fix = Fix::of_edits("", action.edits.clone());
        !is_valid
            || action.new_filter.is_some()
            || compiler.compile(&fix.apply(text), Options::default()).sql.is_some()
    };
    for site in sites(&tree, range) {
        if !broken(site.node.span()) {
            actions.extend(rewriter.rewrites(site, range).into_iter().filter(keeps_valid));
        }
    }
    actions
}

/// Mending one error can bring another to light; more rounds than this are not worth it.
const ROUNDS: usize = 10;

/// The text after the sure fixes of all errors, in rounds until none is left: what one error hid can have its own.
pub fn fix_all(compiler: &Compiler<'_>, text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..ROUNDS {
        let (edits, count) = sure_fixes(&compiler.diagnostics(&text));
        if count == 0 {
            break;
        }
        text = Fix::of_edits("", edits).apply(&text);
    }
    text
}

/// The edits of the sure fixes of all errors, in the order of the text, and the number of these fixes. Of two that
/// overlap, the first is taken.
pub fn sure_fixes<'a>(diagnostics: impl IntoIterator<Item = &'a Diagnostic>) -> (Vec<Edit>, usize) {
    let mut edits: Vec<Edit> = Vec::new();
    let mut count = 0;
    let mut end = 0;
    for found in diagnostics {
        let Some(fix) = found.fixes.iter().find(|fix| fix.sure) else { continue };
        let first = fix.edits.first().map(|edit| edit.span.start);
        if !found.is_error() || first.is_none_or(|start| count > 0 && start < end) {
            continue;
        }
        end = fix.edits.last().map_or(end, |edit| edit.span.end);
        edits.extend(fix.edits.iter().cloned());
        count += 1;
    }
    (edits, count)
}

/// The nodes that a range lies in, the outermost first.
fn sites(tree: &Node, range: Span) -> Vec<Site<'_>> {
    let mut sites = Vec::new();
    let mut next = Some(Site { node: tree, parent: None });
    while let Some(site) = next {
        sites.push(site);
        let inside = |child: &&Node| child.span().touches(range.start) && child.span().touches(range.end);
        let child = match site.node {
            Node::Not { operand, .. } => Some(operand.as_ref()),
            Node::Group { inner, .. } => Some(inner.as_ref()),
            Node::And(terms) | Node::Or(terms) => terms.iter().find(inside),
            Node::Condition(_) | Node::Saved(_) => None,
        };
        next = child.filter(inside).map(|node| Site { node, parent: Some(site.node) });
    }
    sites.retain(|site| site.node.span().touches(range.start) && site.node.span().touches(range.end));
    sites
}

fn touch(first: Span, second: Span) -> bool {
    first.start <= second.end && second.start <= first.end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SavedFilters, Schema};

    #[test]
    fn errors_with_one_fix_are_mended_in_rounds() {
        let (schema, saved) = (Schema::default(), SavedFilters::default());
        let mended = |text| fix_all(&Compiler::new(&schema, &saved), text);
        assert_eq!(mended("SrcAS == 1 && DstAddr << 192.0.2.1"), "SrcAS = 1 AND DstAddr << 192.0.2.1/32");
        assert_eq!(mended("SrcAS = 1"), "SrcAS = 1");
        assert_eq!(mended("SrcAS = "), "SrcAS = ");
    }

    #[test]
    fn guesses_are_for_a_person_to_choose() {
        let (schema, mut saved) = (Schema::default(), SavedFilters::default());
        saved.insert(crate::Scope::Configuration, "web", "DstPort = 443");
        let compiler = Compiler::new(&schema, &saved);
        for text in [
            "SrcMask = 24",
            "DstPort = \"httpz\"",
            "@wev",
            "DstPort IN (>1024)",
            "DstAddr >> 192.0.2.0/26",
            "SrcAddr << 10.0.0.0",
            "SrcAddr << 2001:db8::",
        ] {
            assert_eq!(fix_all(&compiler, text), text);
            assert!(compiler.diagnostics(text).iter().any(Diagnostic::is_error), "{text}");
        }
    }
}
