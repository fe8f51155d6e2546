//! Code actions.

use std::sync::Arc;

use flowql::ide::{self, Action, ActionKind, NewFilter};
use flowql::{Edit, Span};
use tower_lsp::ls_types::{
    CodeAction, CodeActionKind, CodeActionOrCommand, CodeActionParams, CodeActionResponse, TextEdit,
};

use super::diagnostics::diagnostic;
use crate::document::Filter;
use crate::request::{Request, workspace_edit};

/// Mends everything in a document that can be mended in one way.
pub(crate) const FIX_ALL: CodeActionKind = CodeActionKind::SOURCE_FIX_ALL;

/// The kinds of the actions.
pub(crate) fn kinds() -> Vec<CodeActionKind> {
    vec![
        CodeActionKind::QUICKFIX,
        CodeActionKind::REFACTOR_REWRITE,
        CodeActionKind::REFACTOR_INLINE,
        CodeActionKind::REFACTOR_EXTRACT,
        FIX_ALL,
    ]
}

/// The actions for a range.
pub(crate) fn actions(request: &Request, params: &CodeActionParams) -> CodeActionResponse {
    if !request.snapshot.client.literal_actions {
        return Vec::new();
    }
    let lines = request.lines();
    let range = lines.span(params.range);
    let compiler = request.compiler();
    let only = params.context.only.as_deref();
    let wanted =
        |kind: &CodeActionKind| only.is_none_or(|only| only.iter().any(|only| is_within(kind, only)));
    let mut found: Vec<CodeAction> = Vec::new();
    for filter in &request.document.filters {
        let Some(own) = filter.own_range(range) else { continue };
        // Only what is selected on purpose concerns several filters.
        if request.document.filter_at(range.start).is_some_and(|first| !std::ptr::eq(first, filter))
            && range.is_empty()
        {
            continue;
        }
        for action in ide::code_actions(&compiler, &filter.body.text, own) {
            if wanted(&kind(action.kind)) {
                found.push(code_action(request, filter, action));
            }
        }
    }
    for diagnostic in &request.document.header_diagnostics {
        if !(diagnostic.span.touches(range.start) || range.touches(diagnostic.span.start))
            || !wanted(&CodeActionKind::QUICKFIX)
        {
            continue;
        }
        found.extend(diagnostic.fixes.iter().map(|fix| {
            let edits = fix.edits.iter().map(|edit| lines.edit(edit, 0)).collect();
            let mut action = action(request, fix.title.clone(), CodeActionKind::QUICKFIX, edits);
            action.is_preferred = fix.sure.then_some(true);
            action.diagnostics = Some(vec![super::diagnostics::diagnostic(diagnostic, 0, &lines)]);
            action
        }));
    }
    // What changes the whole document is offered on demand only.
    let asked = only.is_some_and(|only| only.iter().any(|only| is_within(&FIX_ALL, only)));
    if asked {
        found.extend(fix_all(request));
    }
    found.into_iter().map(CodeActionOrCommand::CodeAction).collect()
}

/// Whether a kind is the wanted one or one below it.
fn is_within(kind: &CodeActionKind, wanted: &CodeActionKind) -> bool {
    let (kind, wanted) = (kind.as_str(), wanted.as_str());
    wanted.is_empty()
        || kind.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn kind(kind: ActionKind) -> CodeActionKind {
    match kind {
        ActionKind::Fix => CodeActionKind::QUICKFIX,
        ActionKind::Rewrite => CodeActionKind::REFACTOR_REWRITE,
        ActionKind::Inline => CodeActionKind::REFACTOR_INLINE,
        ActionKind::Extract => CodeActionKind::REFACTOR_EXTRACT,
    }
}

fn action(request: &Request, title: String, kind: CodeActionKind, edits: Vec<TextEdit>) -> CodeAction {
    CodeAction {
        title,
        kind: Some(kind),
        edit: Some(workspace_edit(&request.snapshot, vec![(Arc::clone(&request.document), edits)])),
        ..CodeAction::default()
    }
}

fn code_action(request: &Request, filter: &Filter, found: Action) -> CodeAction {
    let lines = request.lines();
    let shift = filter.span.start;
    let mut edits: Vec<TextEdit> = found.edits.iter().map(|edit| lines.edit(edit, shift)).collect();
    edits.extend(found.new_filter.as_ref().map(|new| lines.edit(&definition_of(request, filter, new), 0)));
    let mut action = action(request, found.title, kind(found.kind), edits);
    if let Some(diagnosed) = found.diagnostic {
        // Editors apply a preferred fix without showing the others.
        let sure = diagnosed.fixes.iter().any(|fix| fix.sure && fix.edits == found.edits);
        action.is_preferred = sure.then_some(true);
        action.diagnostics = Some(vec![diagnostic(&diagnosed, shift, &lines)]);
    }
    action
}

/// The edit that defines a new filter after the one that it was taken out of.
fn definition_of(request: &Request, filter: &Filter, new: &NewFilter) -> Edit {
    let text = &request.document.text;
    let written = filter.span.of(text);
    let end = filter.span.start + Span::new(0, written.trim_end().len()).end;
    // What follows the filter stays as far from it as it was.
    let after = if written.trim_end().len() == written.len() { "\n" } else { "" };
    Edit::insert(end, format!("\n\n-- name: {}\n{}{after}", new.name, new.text.trim()))
}

/// The one action that applies the sure fix of every error that has one.
fn fix_all(request: &Request) -> Option<CodeAction> {
    let lines = request.lines();
    let compiler = request.compiler();
    let mut edits = Vec::new();
    for filter in &request.document.filters {
        let mended = ide::fix_all(&compiler, &filter.body.text);
        let edit = super::format::difference(&filter.body.text, &mended, filter.span.start);
        edits.extend(edit.map(|edit| lines.edit(&edit, 0)));
    }
    (!edits.is_empty()).then(|| action(request, "apply every sure fix".to_owned(), FIX_ALL, edits))
}
