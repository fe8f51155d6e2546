//! What the client said of itself in its first message.

use flowql::Encoding;
use tower_lsp::ls_types::{ClientCapabilities, MarkupKind, PositionEncodingKind};

/// What the client can do, as far as answers depend on it.
#[derive(Clone, Debug)]
pub(crate) struct ClientFacts {
    /// The unit of its columns.
    pub(crate) encoding: Encoding,
    pub(crate) snippets: bool,
    pub(crate) insert_and_replace: bool,
    pub(crate) commit_characters: bool,
    /// It asks for the documentation of a candidate when it shows it.
    pub(crate) resolves_documentation: bool,
    pub(crate) markdown: bool,
    pub(crate) nested_symbols: bool,
    pub(crate) versioned_edits: bool,
    /// It asks for diagnostics itself.
    pub(crate) pulls_diagnostics: bool,
    pub(crate) literal_actions: bool,
    pub(crate) folds_lines_only: bool,
    /// It tells of files that change on disk.
    pub(crate) watches_files: bool,
    pub(crate) work_done_progress: bool,
    pub(crate) refreshes_diagnostics: bool,
    pub(crate) refreshes_tokens: bool,
    pub(crate) refreshes_hints: bool,
}

impl Default for ClientFacts {
    fn default() -> Self {
        Self::new(&ClientCapabilities::default())
    }
}

impl ClientFacts {
    pub(crate) fn new(capabilities: &ClientCapabilities) -> Self {
        let text = capabilities.text_document.as_ref();
        let workspace = capabilities.workspace.as_ref();
        let window = capabilities.window.as_ref();
        let completion = text.and_then(|text| text.completion.as_ref());
        let item = completion.and_then(|completion| completion.completion_item.as_ref());
        let resolves = item.and_then(|item| item.resolve_support.as_ref());
        let hover = text.and_then(|text| text.hover.as_ref());
        let formats = hover.and_then(|hover| hover.content_format.as_deref()).unwrap_or(&[]);
        let yes = |known: Option<Option<bool>>| known.flatten().unwrap_or(false);
        Self {
            encoding: encoding(capabilities),
            snippets: yes(item.map(|item| item.snippet_support)),
            insert_and_replace: yes(item.map(|item| item.insert_replace_support)),
            commit_characters: yes(item.map(|item| item.commit_characters_support)),
            resolves_documentation: resolves
                .is_some_and(|resolves| resolves.properties.iter().any(|name| name == "documentation")),
            markdown: formats.is_empty() || formats.contains(&MarkupKind::Markdown),
            nested_symbols: yes(text
                .and_then(|text| text.document_symbol.as_ref())
                .map(|symbols| symbols.hierarchical_document_symbol_support)),
            versioned_edits: yes(workspace
                .and_then(|workspace| workspace.workspace_edit.as_ref())
                .map(|edit| edit.document_changes)),
            pulls_diagnostics: text.is_some_and(|text| text.diagnostic.is_some()),
            literal_actions: text
                .and_then(|text| text.code_action.as_ref())
                .is_some_and(|action| action.code_action_literal_support.is_some()),
            folds_lines_only: yes(text
                .and_then(|text| text.folding_range.as_ref())
                .map(|folding| folding.line_folding_only)),
            watches_files: yes(workspace
                .and_then(|workspace| workspace.did_change_watched_files.as_ref())
                .map(|watched| watched.dynamic_registration)),
            work_done_progress: yes(window.map(|window| window.work_done_progress)),
            refreshes_diagnostics: yes(workspace
                .and_then(|workspace| workspace.diagnostics.as_ref())
                .map(|diagnostics| diagnostics.refresh_support)),
            refreshes_tokens: yes(workspace
                .and_then(|workspace| workspace.semantic_tokens.as_ref())
                .map(|tokens| tokens.refresh_support)),
            refreshes_hints: yes(workspace
                .and_then(|workspace| workspace.inlay_hint.as_ref())
                .map(|hints| hints.refresh_support)),
        }
    }

    /// How texts in Markdown are called: plain for a client that does not know it.
    pub(crate) fn markup(&self) -> MarkupKind {
        if self.markdown { MarkupKind::Markdown } else { MarkupKind::PlainText }
    }

    /// The encoding as the protocol names it.
    pub(crate) fn encoding_kind(&self) -> PositionEncodingKind {
        match self.encoding {
            Encoding::Utf8 => PositionEncodingKind::UTF8,
            Encoding::Utf16 => PositionEncodingKind::UTF16,
            Encoding::Utf32 => PositionEncodingKind::UTF32,
        }
    }
}

/// The first encoding of the client's list that we know, which is all of them; UTF-16 where it says nothing.
fn encoding(capabilities: &ClientCapabilities) -> Encoding {
    let general = capabilities.general.as_ref();
    let offered = general.and_then(|general| general.position_encodings.as_deref()).unwrap_or(&[]);
    let known = offered.iter().find_map(|kind| match kind.as_str() {
        "utf-8" => Some(Encoding::Utf8),
        "utf-16" => Some(Encoding::Utf16),
        "utf-32" => Some(Encoding::Utf32),
        _ => None,
    });
    known.unwrap_or(Encoding::Utf16)
}
