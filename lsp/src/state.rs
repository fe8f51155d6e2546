//! The one owner of the snapshot.

use std::sync::{Arc, Mutex, PoisonError};

use flowql::Limits;
use tokio::sync::watch;
use tower_lsp::ls_types::{TextDocumentContentChangeEvent, TextDocumentItem, Uri};

use crate::document::{Document, Kind};
use crate::request::Lines;
use crate::snapshot::Snapshot;

/// Holds the snapshot. Only the handlers of notifications change it, in the order in which these came; all others work on
/// the snapshot as it was when they began, which stays as it is.
pub(crate) struct State {
    snapshot: Mutex<Arc<Snapshot>>,
    changes: watch::Sender<u64>,
}

/// Why an edit of the client could not be applied.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum EditError {
    /// The document is not open.
    NotOpen,
    /// The text is at this version already, or beyond.
    OldVersion(i32),
}

impl State {
    pub(crate) fn new() -> Self {
        Self { snapshot: Mutex::default(), changes: watch::Sender::new(0) }
    }

    /// The snapshot as it is now.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the snapshot, and tells those who wait for changes.
    pub(crate) fn update<T>(&self, change: impl FnOnce(&mut Snapshot) -> T) -> T {
        let mut snapshot = self.snapshot.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = Snapshot::clone(&snapshot);
        let result = change(&mut next);
        *snapshot = Arc::new(next);
        drop(snapshot);
        self.changes.send_modify(|count| *count += 1);
        result
    }

    /// Hears of every change.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Whether the document is still the same text, at the same version.
    pub(crate) fn is_current(&self, document: &Arc<Document>) -> bool {
        self.snapshot().document(&document.uri).is_some_and(|now| Arc::ptr_eq(now, document))
    }

    /// Takes a document that the client opened.
    pub(crate) fn open(&self, item: TextDocumentItem) {
        let kind = Kind::of(&item.language_id, &item.uri);
        self.update(|snapshot| {
            let old = snapshot.document(&item.uri).cloned();
            let limits = snapshot.config.config.limits;
            let (version, text) = (Some(item.version), item.text);
            snapshot.set_open(Document::new(item.uri, kind, version, text, &limits, old.as_deref()));
        });
    }

    /// Applies edits of the client, each to the text that the one before it left.
    pub(crate) fn edit(
        &self,
        uri: &Uri,
        version: i32,
        edits: Vec<TextDocumentContentChangeEvent>,
    ) -> Result<(), EditError> {
        let snapshot = self.snapshot();
        let old = snapshot.opened(uri).ok_or(EditError::NotOpen)?;
        if let Some(known) = old.version.filter(|&known| version <= known) {
            return Err(EditError::OldVersion(known));
        }
        let mut text = old.text.clone();
        for edit in edits {
            apply(&mut text, edit, snapshot.client.encoding);
        }
        let limits = snapshot.config.config.limits;
        let next = Document::new(old.uri.clone(), old.kind, Some(version), text, &limits, Some(old));
        self.update(|snapshot| snapshot.set_open(next));
        Ok(())
    }

    /// Splits all documents again, as for other limits.
    pub(crate) fn split_again(snapshot: &mut Snapshot, limits: &Limits) {
        let documents: Vec<Arc<Document>> = snapshot.open().cloned().collect();
        for old in documents {
            let (uri, text) = (old.uri.clone(), old.text.clone());
            snapshot.set_open(Document::new(uri, old.kind, old.version, text, limits, Some(&old)));
        }
    }
}

fn apply(text: &mut String, edit: TextDocumentContentChangeEvent, encoding: flowql::Encoding) {
    let Some(range) = edit.range else {
        *text = edit.text;
        return;
    };
    let span = Lines::of_text(text, encoding).span(range);
    // A client that says the end first means the same range.
    let (start, end) = (span.start.min(span.end) as usize, span.start.max(span.end) as usize);
    text.replace_range(start..end, &edit.text);
}

#[cfg(test)]
mod tests {
    use tower_lsp::ls_types::{Position, Range};

    use super::*;

    fn edited(text: &str, (start, end): ((u32, u32), (u32, u32)), new: &str) -> String {
        let position = |(line, character)| Position { line, character };
        let range = Some(Range { start: position(start), end: position(end) });
        let mut text = text.to_owned();
        let edit = TextDocumentContentChangeEvent { range, range_length: None, text: new.to_owned() };
        apply(&mut text, edit, flowql::Encoding::Utf16);
        text
    }

    #[test]
    fn edits_count_in_the_units_of_the_client() {
        assert_eq!(edited("a\u{1F600}b", ((0, 3), (0, 4)), "c"), "a\u{1F600}c");
        assert_eq!(edited("a\nb\r\nc", ((1, 0), (2, 1)), "x"), "a\nx");
        assert_eq!(edited("a", ((0, 1), (0, 0)), "x"), "x");
        assert_eq!(edited("a", ((9, 9), (10, 0)), "x"), "ax");
        // A CR ends no line without an LF: editors that show it as a character type after it.
        assert_eq!(edited("a\r", ((0, 2), (0, 2)), "x"), "a\rx");
        assert_eq!(edited("a\r\r\nb", ((0, 2), (0, 2)), "x"), "a\rx\r\nb");
        // Inside of a character counts as its start.
        assert_eq!(edited("\u{1F600}", ((0, 1), (0, 1)), "x"), "x\u{1F600}");
    }

    #[test]
    fn old_versions_and_unknown_documents_change_nothing() {
        let state = State::new();
        let uri: Uri = "file:///a.flowql".parse().unwrap();
        let edit = |text: &str| {
            vec![TextDocumentContentChangeEvent { range: None, range_length: None, text: text.to_owned() }]
        };
        assert_eq!(state.edit(&uri, 2, edit("x")), Err(EditError::NotOpen));
        state.open(TextDocumentItem::new(uri.clone(), "flowql".to_owned(), 3, "SrcAS = 1".to_owned()));
        let opened = state.snapshot().document(&uri).cloned().unwrap();
        assert_eq!(state.edit(&uri, 3, edit("x")), Err(EditError::OldVersion(3)));
        assert!(state.is_current(&opened));
        assert_eq!(state.edit(&uri, 5, edit("SrcAS = 2")), Ok(()));
        assert!(!state.is_current(&opened));
        assert_eq!(state.snapshot().document(&uri).unwrap().text, "SrcAS = 2");
    }
}
