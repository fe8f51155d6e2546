//! A document: its text, split into filters.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher as _};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use flowql::ide::{self, Reference};
use flowql::{Compiler, Diagnostic, Limits, Span, files};
use tower_lsp::ls_types::Uri;

/// A text of the editor, or a file of the workspace. It never changes: an edit makes another one.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) uri: Uri,
    pub(crate) kind: Kind,
    /// The version that the editor gives; `None` for a file that is not open.
    pub(crate) version: Option<i32>,
    pub(crate) text: String,
    /// The filters, in the order of the text.
    pub(crate) filters: Vec<Filter>,
    /// What is wrong with the headers.
    pub(crate) header_diagnostics: Vec<Diagnostic>,
}

/// How filters stand in a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The whole text is filters.
    Filters,
    /// The filters stand in the fences of a Markdown document.
    Markdown,
}

impl Kind {
    /// The kind of a document, by the language that the editor says, or else by its name.
    pub(crate) fn of(language: &str, uri: &Uri) -> Self {
        let path = uri.path().as_str();
        let is_markdown = match language {
            "flowql" => false,
            "markdown" | "rmd" | "quarto" => true,
            _ => path.ends_with(".md") || path.ends_with(".markdown"),
        };
        if is_markdown { Self::Markdown } else { Self::Filters }
    }
}

/// A filter of a document.
#[derive(Debug)]
pub(crate) struct Filter {
    /// The name; `None` for a text without a header, or with a bad one.
    pub(crate) name: Option<String>,
    /// Where the name stands in the header.
    pub(crate) name_span: Span,
    /// The header; empty where there is none.
    pub(crate) header: Span,
    /// The text after the header.
    pub(crate) span: Span,
    pub(crate) body: Arc<Body>,
}

impl Filter {
    /// The header and the text.
    pub(crate) fn whole(&self) -> Span {
        if self.header.is_empty() { self.span } else { self.header.to(self.span) }
    }

    /// The offset in the filter's own text of an offset in the document.
    pub(crate) fn own_offset(&self, offset: u32) -> Option<u32> {
        self.span.touches(offset).then(|| offset - self.span.start)
    }

    /// The part of a range that lies in the filter's own text, with offsets in that text.
    pub(crate) fn own_range(&self, range: Span) -> Option<Span> {
        let (start, end) = (range.start.max(self.span.start), range.end.min(self.span.end));
        (start <= end).then(|| Span { start: start - self.span.start, end: end - self.span.start })
    }
}

/// The text of a filter, with what is known of it. An edit elsewhere in the document keeps it.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) text: Box<str>,
    references: OnceLock<Box<[Reference]>>,
    checked: Mutex<Option<(u64, Arc<[Diagnostic]>)>>,
}

impl Body {
    pub(crate) fn new(text: &str) -> Arc<Self> {
        Arc::new(Self { text: text.into(), references: OnceLock::new(), checked: Mutex::default() })
    }

    /// The saved filters that the text refers to.
    pub(crate) fn references(&self) -> &[Reference] {
        self.references.get_or_init(|| ide::references(&self.text).into())
    }

    /// The diagnostics of the text; those of the last time where what they depend on is the same.
    pub(crate) fn diagnostics(&self, compiler: &Compiler<'_>, depends_on: u64) -> Arc<[Diagnostic]> {
        let mut checked = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        match &*checked {
            Some((known, diagnostics)) if *known == depends_on => Arc::clone(diagnostics),
            _ => {
                let diagnostics: Arc<[Diagnostic]> = compiler.diagnostics(&self.text).into();
                *checked = Some((depends_on, Arc::clone(&diagnostics)));
                diagnostics
            }
        }
    }
}

impl Document {
    /// Splits a text; the filters that `old` has as well keep what is known of them.
    pub(crate) fn new(
        uri: Uri,
        kind: Kind,
        version: Option<i32>,
        text: String,
        limits: &Limits,
        old: Option<&Self>,
    ) -> Self {
        let old = old.map(|old| old.filters.as_slice()).unwrap_or_default();
        let known: HashMap<&str, &Arc<Body>> =
            old.iter().map(|filter| (&*filter.body.text, &filter.body)).collect();
        let (mut filters, mut header_diagnostics) = (Vec::new(), Vec::new());
        let texts = match kind {
            Kind::Filters => vec![Span::new(0, text.len())],
            Kind::Markdown => files::fences(&text),
        };
        for span in texts {
            let file = files::split(span.of(&text), limits);
            filters.extend(file.filters.into_iter().map(|filter| Filter {
                name: filter.name.map(str::to_owned),
                name_span: filter.name_span.shifted(span.start),
                header: filter.header.shifted(span.start),
                span: filter.body.shifted(span.start),
                body: known.get(filter.text).copied().cloned().unwrap_or_else(|| Body::new(filter.text)),
            }));
            header_diagnostics.extend(file.diagnostics.into_iter().map(|found| found.shifted(span.start)));
        }
        Self { uri, kind, version, text, filters, header_diagnostics }
    }

    /// The filter at an offset: the one whose text touches it, else the one whose header does.
    pub(crate) fn filter_at(&self, offset: u32) -> Option<&Filter> {
        let mut filters = self.filters.iter();
        filters.rfind(|filter| filter.whole().touches(offset))
    }

    /// The filter of a name; the last one where there are several, as for `@name`.
    pub(crate) fn named(&self, name: &str) -> Option<&Filter> {
        self.filters.iter().find(|filter| filter.name.as_deref() == Some(name))
    }

    /// Whether the document may define filters for others.
    pub(crate) fn is_filter_file(&self) -> bool {
        self.kind == Kind::Filters
    }
}

/// A hash, for telling apart what is compared often.
pub(crate) fn hash_of(value: impl std::hash::Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
