//! One question about one document, with the snapshot as it was when the question came.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use flowql::{Compiler, Edit, Encoding, Positions, Span};
use tower_lsp::ls_types::{
    DocumentChangeOperation, DocumentChanges, OneOf, OptionalVersionedTextDocumentIdentifier, Position,
    Range, TextDocumentEdit, TextEdit, WorkspaceEdit,
};

use crate::document::{Document, Filter};
use crate::snapshot::{Environment, Snapshot};

/// A document and its surroundings.
pub(crate) struct Request {
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) document: Arc<Document>,
    pub(crate) environment: Arc<Environment>,
    pub(crate) cancel: Cancel,
}

/// Whether anyone still waits for the answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cancel(Arc<AtomicBool>);

impl Cancel {
    pub(crate) fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Request {
    pub(crate) fn new(snapshot: &Arc<Snapshot>, document: &Arc<Document>, cancel: Cancel) -> Self {
        Self {
            snapshot: Arc::clone(snapshot),
            document: Arc::clone(document),
            environment: snapshot.environment(document),
            cancel,
        }
    }

    pub(crate) fn compiler(&self) -> Compiler<'_> {
        self.snapshot.compiler(&self.environment)
    }

    pub(crate) fn lines(&self) -> Lines<'_> {
        Lines::new(&self.document, self.snapshot.client.encoding)
    }

    /// The filter at an offset whose own text touches it, and the offset in that text.
    pub(crate) fn own_text_at(&self, offset: u32) -> Option<(&Filter, u32)> {
        let filter = self.document.filter_at(offset)?;
        Some((filter, filter.own_offset(offset)?))
    }
}

/// The places of a document, in the units of the client.
pub(crate) struct Lines<'a> {
    positions: Positions<'a>,
    encoding: Encoding,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(document: &'a Document, encoding: Encoding) -> Self {
        Self::of_text(&document.text, encoding)
    }

    pub(crate) fn of_text(text: &'a str, encoding: Encoding) -> Self {
        Self { positions: Positions::new(text), encoding }
    }

    pub(crate) fn position(&self, offset: u32) -> Position {
        let (line, character) = self.positions.line_column(offset, self.encoding);
        Position { line, character }
    }

    pub(crate) fn range(&self, span: Span) -> Range {
        Range { start: self.position(span.start), end: self.position(span.end) }
    }

    pub(crate) fn offset(&self, position: Position) -> u32 {
        self.positions.offset(position.line, position.character, self.encoding)
    }

    pub(crate) fn span(&self, range: Range) -> Span {
        Span { start: self.offset(range.start), end: self.offset(range.end) }
    }

    /// An edit whose range lies `shift` bytes further on in the document.
    pub(crate) fn edit(&self, edit: &Edit, shift: u32) -> TextEdit {
        TextEdit { range: self.range(edit.span.shifted(shift)), new_text: edit.new_text.clone() }
    }
}

/// Edits of documents, as the client takes them.
pub(crate) fn workspace_edit(
    snapshot: &Snapshot,
    edits: Vec<(Arc<Document>, Vec<TextEdit>)>,
) -> WorkspaceEdit {
    if !snapshot.client.versioned_edits {
        let changes = edits.into_iter().map(|(document, edits)| (document.uri.clone(), edits));
        return WorkspaceEdit { changes: Some(changes.collect()), ..WorkspaceEdit::default() };
    }
    let changes = edits.into_iter().map(|(document, edits)| {
        let text_document =
            OptionalVersionedTextDocumentIdentifier { uri: document.uri.clone(), version: document.version };
        let edits = edits.into_iter().map(OneOf::Left).collect();
        DocumentChangeOperation::Edit(TextDocumentEdit { text_document, edits })
    });
    let changes = DocumentChanges::Operations(changes.collect());
    WorkspaceEdit { document_changes: Some(changes), ..WorkspaceEdit::default() }
}
