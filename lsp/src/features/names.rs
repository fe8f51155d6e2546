//! Named filters across files: definition, references, rename; and the places in one document that mean the same.

use std::sync::Arc;

use flowql::ide::{self, Reference};
use flowql::{Edit, Span, is_filter_name};
use tower_lsp::ls_types::{
    DocumentHighlight, DocumentHighlightKind, Location, Position, PrepareRenameResponse, TextEdit,
    WorkspaceEdit,
};

use crate::document::{Document, Filter};
use crate::request::{Lines, Request, workspace_edit};
use crate::snapshot::{Definition, Snapshot};

/// A name under the cursor.
struct Named {
    name: String,
    /// Where the name stands, without `@`.
    span: Span,
    /// It stands in a header.
    is_definition: bool,
}

fn named_at(document: &Document, offset: u32) -> Option<Named> {
    let filter = document.filter_at(offset)?;
    if let Some(name) = filter.name.clone().filter(|_| filter.name_span.touches(offset)) {
        return Some(Named { name, span: filter.name_span, is_definition: true });
    }
    let own = filter.own_offset(offset)?;
    let Reference { name, name_span, .. } = ide::reference_at(&filter.body.text, own)?;
    Some(Named { name, span: name_span.shifted(filter.span.start), is_definition: false })
}

/// Where the filter under the cursor is defined; all the places where several files define it.
pub(crate) fn definition(request: &Request, position: Position) -> Vec<Location> {
    let Some(named) = named_at(&request.document, request.lines().offset(position)) else {
        return Vec::new();
    };
    let snapshot = &request.snapshot;
    match snapshot.definition(&request.document, &named.name) {
        Some(Definition::Filter(document, filter)) => vec![location(snapshot, document, filter.name_span)],
        Some(Definition::Configuration) => in_configuration(snapshot, &named.name).into_iter().collect(),
        None => snapshot
            .definitions(&named.name)
            .map(|(document, filter)| location(snapshot, document, filter.name_span))
            .collect(),
    }
}

fn location(snapshot: &Snapshot, document: &Document, span: Span) -> Location {
    Location { uri: document.uri.clone(), range: Lines::new(document, snapshot.client.encoding).range(span) }
}

fn in_configuration(snapshot: &Snapshot, name: &str) -> Option<Location> {
    let config = &snapshot.config.config;
    let place = config.filter_place(name)?;
    let uri = tower_lsp::ls_types::Uri::from_file_path(config.path.as_ref()?)?;
    // Positions of the configuration count characters from 1, which are units too: its keys are ASCII.
    let at = |column: u32| Position { line: place.line.saturating_sub(1), character: column };
    let range = tower_lsp::ls_types::Range {
        start: at(place.column.saturating_sub(1)),
        end: at(place.column.saturating_sub(1)),
    };
    Some(Location { uri, range })
}

/// A place where a name stands.
struct Occurrence {
    document: Arc<Document>,
    span: Span,
}

/// Every place that means the filter that `name` means in a document: its definition, if asked for, and the references.
fn occurrences(request: &Request, name: &str, with_definition: bool) -> Vec<Occurrence> {
    let snapshot = &request.snapshot;
    let target = snapshot.definition(&request.document, name).map(|definition| identity(&definition));
    let mut found = Vec::new();
    for document in snapshot.documents() {
        if request.cancel.is_cancelled() {
            break;
        }
        let mentions = document.filters.iter().any(|filter| {
            filter.name.as_deref() == Some(name)
                || filter.body.references().iter().any(|reference| reference.name == name)
        });
        if !mentions || snapshot.definition(document, name).map(|definition| identity(&definition)) != target
        {
            continue;
        }
        let mut add = |span| found.push(Occurrence { document: Arc::clone(document), span });
        for filter in &document.filters {
            if with_definition && filter.name.as_deref() == Some(name) {
                add(filter.name_span);
            }
            let references = filter.body.references().iter().filter(|reference| reference.name == name);
            references.for_each(|reference| add(reference.name_span.shifted(filter.span.start)));
        }
    }
    found
}

/// What tells one definition from another.
fn identity(definition: &Definition<'_>) -> Option<String> {
    match definition {
        Definition::Filter(document, _) => Some(document.uri.as_str().to_owned()),
        Definition::Configuration => None,
    }
}

/// The references to the filter under the cursor.
pub(crate) fn references(request: &Request, position: Position, with_definition: bool) -> Vec<Location> {
    let Some(named) = named_at(&request.document, request.lines().offset(position)) else {
        return Vec::new();
    };
    let found = occurrences(request, &named.name, with_definition);
    found.iter().map(|place| location(&request.snapshot, &place.document, place.span)).collect()
}

/// The name that a rename at a place would change.
pub(crate) fn prepare_rename(request: &Request, position: Position) -> Option<PrepareRenameResponse> {
    let lines = request.lines();
    let named = named_at(&request.document, lines.offset(position))?;
    renamable(request, &named).ok()?;
    Some(PrepareRenameResponse::RangeWithPlaceholder {
        range: lines.range(named.span),
        placeholder: named.name,
    })
}

fn renamable(request: &Request, named: &Named) -> Result<(), String> {
    match request.snapshot.definition(&request.document, &named.name) {
        Some(Definition::Configuration) => {
            Err(format!("`{}` is a filter of flowql.toml: rename it there", named.name))
        }
        None if !named.is_definition => Err(format!("`@{}` is not defined in one place", named.name)),
        Some(Definition::Filter(..)) | None => Ok(()),
    }
}

/// The edits that give the filter under the cursor another name, everywhere.
pub(crate) fn rename(
    request: &Request,
    position: Position,
    to: &str,
) -> Result<Option<WorkspaceEdit>, String> {
    let Some(named) = named_at(&request.document, request.lines().offset(position)) else { return Ok(None) };
    renamable(request, &named)?;
    let to = to.strip_prefix('@').unwrap_or(to);
    if !is_filter_name(to) {
        return Err(format!("`{to}` is no name: a letter or `_`, then letters, digits, `_` and `-`"));
    }
    let found = occurrences(request, &named.name, true);
    // No reference may come to mean another filter than before.
    let taken = |place: &Occurrence| request.snapshot.definition(&place.document, to).is_some();
    if to != named.name && found.iter().any(taken) {
        return Err(format!("there is a filter named `{to}` already"));
    }
    let mut edits: Vec<(Arc<Document>, Vec<TextEdit>)> = Vec::new();
    for place in found {
        let lines = Lines::new(&place.document, request.snapshot.client.encoding);
        let edit = lines.edit(&Edit::replace(place.span, to), 0);
        match edits.last_mut() {
            Some((document, edits)) if Arc::ptr_eq(document, &place.document) => edits.push(edit),
            _ => edits.push((place.document, vec![edit])),
        }
    }
    Ok(Some(workspace_edit(&request.snapshot, edits)))
}

/// The places in the document that mean the same as the one under the cursor: a column, or a filter.
pub(crate) fn highlights(request: &Request, position: Position) -> Vec<DocumentHighlight> {
    let lines = request.lines();
    let offset = lines.offset(position);
    if let Some(named) = named_at(&request.document, offset) {
        let highlight = |span: Span, kind| DocumentHighlight { range: lines.range(span), kind: Some(kind) };
        let mut found = Vec::new();
        for filter in &request.document.filters {
            if filter.name.as_deref() == Some(named.name.as_str()) {
                found.push(highlight(filter.name_span, DocumentHighlightKind::WRITE));
            }
            let references = filter.body.references().iter().filter(|reference| reference.name == named.name);
            found.extend(references.map(|reference| {
                highlight(reference.span.shifted(filter.span.start), DocumentHighlightKind::READ)
            }));
        }
        return found;
    }
    // A column means the same in every filter of the document.
    let Some((filter, own)) = request.own_text_at(offset) else { return Vec::new() };
    let compiler = request.compiler();
    let here = ide::highlights(&compiler, &filter.body.text, own);
    let Some(name) = here.first().map(|span| span.of(&filter.body.text).to_owned()) else {
        return Vec::new();
    };
    let in_filter = |filter: &Filter| ide::column_uses(&compiler, &filter.body.text, &name);
    let spans = request
        .document
        .filters
        .iter()
        .flat_map(|filter| in_filter(filter).into_iter().map(|span| span.shifted(filter.span.start)));
    spans
        .map(|span| DocumentHighlight { range: lines.range(span), kind: Some(DocumentHighlightKind::TEXT) })
        .collect()
}
