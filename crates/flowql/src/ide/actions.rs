//! Code actions: the fixes of diagnostics, and rewrites that keep the meaning.

use crate::syntax::{self, Node};
use crate::{Code, Compiler, Diagnostic, Edit, Fix, Options, Span};

use super::rewrites::{Rewriter, Site};

/// A change that a user may choose.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Action {
    /// What it does, as a menu shows it.
    pub title: String,
    /// Whether it mends a diagnostic or rewrites what is right.
    pub kind: ActionKind,
    /// The changes of the text.
    pub edits: Vec<Edit>,
    /// The diagnostic that it mends.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub diagnostic: Option<Diagnostic>,
    /// A filter that is to be saved beside the edits.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub new_filter: Option<NewFilter>,
}

/// What an action is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum ActionKind {
    /// Mends a diagnostic.
    Fix,
    /// Says the same in another way.
    Rewrite,
    /// Puts a saved filter's text in the place of its name.
    Inline,
    /// Makes a saved filter of a part.
    Extract,
}

/// A filter that an action makes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct NewFilter {
    /// The name, which no saved filter has yet.
    pub name: String,
    /// The text.
    pub text: String,
}

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
        let fix = Fix { title: String::new(), edits: action.edits.clone() };
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
