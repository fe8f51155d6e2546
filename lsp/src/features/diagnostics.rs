//! Diagnostics, as the protocol has them.

use std::sync::Arc;

use flowql::{Diagnostic, Severity};
use tower_lsp::ls_types::{
    self as lsp, CodeDescription, DiagnosticSeverity, DocumentDiagnosticReport, FullDocumentDiagnosticReport,
    NumberOrString, RelatedFullDocumentDiagnosticReport, RelatedUnchangedDocumentDiagnosticReport,
    UnchangedDocumentDiagnosticReport, WorkspaceDocumentDiagnosticReport,
    WorkspaceFullDocumentDiagnosticReport, WorkspaceUnchangedDocumentDiagnosticReport,
};

use crate::document::{Document, hash_of};
use crate::request::{Lines, Request};

/// The page of the diagnostics, to which a code leads.
const PAGE: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/grammar/diagnostics.md");

/// The diagnostics of one document, with a number that tells them from others.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    pub(crate) items: Vec<lsp::Diagnostic>,
    pub(crate) id: u64,
}

/// Everything to say of a document.
pub(crate) fn all(request: &Request) -> Found {
    let lines = request.lines();
    let mut items: Vec<(u32, lsp::Diagnostic)> = Vec::new();
    for found in &request.document.header_diagnostics {
        items.push((found.span.start, diagnostic(found, 0, &lines)));
    }
    let compiler = request.compiler();
    for filter in &request.document.filters {
        if request.cancel.is_cancelled() {
            break;
        }
        let shift = filter.span.start;
        let found: Arc<[Diagnostic]> =
            filter.body.diagnostics(&compiler, request.environment.fingerprint(&filter.body));
        items.extend(found.iter().map(|found| (found.span.start + shift, diagnostic(found, shift, &lines))));
    }
    items.sort_by_key(|(start, _)| *start);
    let items: Vec<lsp::Diagnostic> = items.into_iter().map(|(_, item)| item).collect();
    let id =
        hash_of(items.iter().map(|item| (place(item.range), &item.message, code(item))).collect::<Vec<_>>());
    Found { items, id }
}

fn place(range: lsp::Range) -> [u32; 4] {
    [range.start.line, range.start.character, range.end.line, range.end.character]
}

fn code(item: &lsp::Diagnostic) -> &str {
    match &item.code {
        Some(NumberOrString::String(code)) => code,
        _ => "",
    }
}

/// A diagnostic of a text that begins `shift` bytes into the document.
pub(crate) fn diagnostic(found: &Diagnostic, shift: u32, lines: &Lines<'_>) -> lsp::Diagnostic {
    let message = match &found.help {
        Some(help) => format!("{}\nhelp: {help}", found.message),
        None => found.message.clone(),
    };
    let page = format!("{PAGE}#{}-{}", found.code.number().to_ascii_lowercase(), found.code.name());
    lsp::Diagnostic {
        range: lines.range(found.span.shifted(shift)),
        severity: Some(match found.severity {
            Severity::Error => DiagnosticSeverity::ERROR,
            Severity::Warning => DiagnosticSeverity::WARNING,
            Severity::Hint => DiagnosticSeverity::HINT,
        }),
        code: Some(NumberOrString::String(found.code.number().to_owned())),
        code_description: page.parse().ok().map(|href| CodeDescription { href }),
        source: Some("flowql".to_owned()),
        message,
        ..lsp::Diagnostic::default()
    }
}

/// The answer to a client that asks for the diagnostics of a document and has those of `old`.
pub(crate) fn report(found: Found, old: Option<&str>) -> DocumentDiagnosticReport {
    let id = found.id.to_string();
    if old == Some(id.as_str()) {
        let unchanged = UnchangedDocumentDiagnosticReport { result_id: id };
        return RelatedUnchangedDocumentDiagnosticReport {
            related_documents: None,
            unchanged_document_diagnostic_report: unchanged,
        }
        .into();
    }
    RelatedFullDocumentDiagnosticReport {
        related_documents: None,
        full_document_diagnostic_report: FullDocumentDiagnosticReport {
            result_id: Some(id),
            items: found.items,
        },
    }
    .into()
}

/// The same for one document of many.
pub(crate) fn workspace_report(
    document: &Document,
    found: Found,
    old: Option<&str>,
) -> WorkspaceDocumentDiagnosticReport {
    let (uri, version) = (document.uri.clone(), document.version.map(i64::from));
    let id = found.id.to_string();
    if old == Some(id.as_str()) {
        return WorkspaceDocumentDiagnosticReport::Unchanged(WorkspaceUnchangedDocumentDiagnosticReport {
            uri,
            version,
            unchanged_document_diagnostic_report: UnchangedDocumentDiagnosticReport { result_id: id },
        });
    }
    WorkspaceDocumentDiagnosticReport::Full(WorkspaceFullDocumentDiagnosticReport {
        uri,
        version,
        full_document_diagnostic_report: FullDocumentDiagnosticReport {
            result_id: Some(id),
            items: found.items,
        },
    })
}
