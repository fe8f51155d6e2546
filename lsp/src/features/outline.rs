//! The shape of a document: symbols, folding, selection.

use flowql::Span;
use flowql::ide::{self, SymbolKind as Kind};
use tower_lsp::ls_types::{
    DocumentSymbol, DocumentSymbolResponse, FoldingRange, FoldingRangeKind, Location, Position,
    SelectionRange, SymbolInformation, SymbolKind,
};

use crate::request::{Lines, Request};
use crate::snapshot::Snapshot;

/// The filters of a document, with their conditions.
#[expect(deprecated, reason = "the protocol's own types must be filled in")]
pub(crate) fn symbols(request: &Request) -> DocumentSymbolResponse {
    let lines = request.lines();
    let limits = request.snapshot.config.config.limits;
    let mut symbols = Vec::new();
    for filter in &request.document.filters {
        let own = ide::symbols(&filter.body.text, &limits);
        let own: Vec<DocumentSymbol> =
            own.iter().map(|symbol| nested(symbol, filter.span.start, &lines)).collect();
        match &filter.name {
            Some(name) => symbols.push(DocumentSymbol {
                name: name.clone(),
                detail: None,
                kind: SymbolKind::FUNCTION,
                tags: None,
                deprecated: None,
                range: lines.range(filter.whole()),
                selection_range: lines.range(filter.name_span),
                children: Some(own),
            }),
            None => symbols.extend(own),
        }
    }
    if request.snapshot.client.nested_symbols {
        return DocumentSymbolResponse::Nested(symbols);
    }
    let mut flat = Vec::new();
    flatten(request, symbols, None, &mut flat);
    DocumentSymbolResponse::Flat(flat)
}

#[expect(deprecated, reason = "the protocol's own types must be filled in")]
fn nested(symbol: &ide::Symbol, shift: u32, lines: &Lines<'_>) -> DocumentSymbol {
    DocumentSymbol {
        name: symbol.name.clone(),
        detail: (!symbol.detail.is_empty()).then(|| symbol.detail.clone()),
        kind: match symbol.kind {
            Kind::Condition => SymbolKind::FIELD,
            Kind::Group | Kind::Chain => SymbolKind::ARRAY,
            Kind::Negation => SymbolKind::OPERATOR,
            Kind::SavedFilter => SymbolKind::FUNCTION,
        },
        tags: None,
        deprecated: None,
        range: lines.range(symbol.span.shifted(shift)),
        selection_range: lines.range(symbol.selection.shifted(shift)),
        children: (!symbol.children.is_empty())
            .then(|| symbol.children.iter().map(|child| nested(child, shift, lines)).collect()),
    }
}

#[expect(deprecated, reason = "the protocol's own types must be filled in")]
fn flatten(
    request: &Request,
    symbols: Vec<DocumentSymbol>,
    container: Option<&str>,
    flat: &mut Vec<SymbolInformation>,
) {
    for symbol in symbols {
        let name = symbol.name;
        flat.push(SymbolInformation {
            name: name.clone(),
            kind: symbol.kind,
            tags: None,
            deprecated: None,
            location: Location { uri: request.document.uri.clone(), range: symbol.range },
            container_name: container.map(str::to_owned),
        });
        flatten(request, symbol.children.unwrap_or_default(), Some(&name), flat);
    }
}

/// How many symbols of the workspace are answered at most.
const MOST_SYMBOLS: usize = 1000;

/// The named filters of the workspace whose name has the letters of the request in their order.
#[expect(deprecated, reason = "the protocol's own types must be filled in")]
pub(crate) fn workspace_symbols(snapshot: &Snapshot, wanted: &str) -> Vec<SymbolInformation> {
    let wanted = wanted.trim_start_matches('@').to_lowercase();
    let mut symbols = Vec::new();
    for document in snapshot.documents() {
        let lines = Lines::new(document, snapshot.client.encoding);
        for filter in &document.filters {
            let Some(name) = filter.name.as_deref().filter(|name| has_letters(name, &wanted)) else {
                continue;
            };
            symbols.push(SymbolInformation {
                name: name.to_owned(),
                kind: SymbolKind::FUNCTION,
                tags: None,
                deprecated: None,
                location: Location { uri: document.uri.clone(), range: lines.range(filter.name_span) },
                container_name: None,
            });
        }
    }
    symbols.truncate(MOST_SYMBOLS);
    symbols
}

fn has_letters(name: &str, wanted: &str) -> bool {
    let mut name = name.chars().flat_map(char::to_lowercase);
    wanted.chars().all(|letter| name.any(|found| found == letter))
}

/// What can be folded: filters, groups, lists and comments that span lines.
pub(crate) fn folding(request: &Request) -> Vec<FoldingRange> {
    let lines = request.lines();
    let text = &request.document.text;
    let mut folds = Vec::new();
    for filter in &request.document.filters {
        if !filter.header.is_empty() {
            // Blank lines before the next filter stay in sight.
            let end = filter.whole().of(text).trim_end().len();
            folds.push(Span::new(0, end).shifted(filter.header.start));
        }
        let own = ide::folding(&filter.body.text);
        folds.extend(own.into_iter().map(|span| span.shifted(filter.span.start)));
    }
    let folds = folds.into_iter().filter_map(|span| {
        let shown = span.of(text).trim_end_matches(['\r', '\n']);
        let range = lines.range(Span { start: span.start, end: span.start + Span::new(0, shown.len()).end });
        let is_comment = shown.starts_with("/*") || (shown.starts_with("--") && !is_header(request, span));
        let whole_lines = request.snapshot.client.folds_lines_only;
        (range.start.line < range.end.line).then(|| FoldingRange {
            start_line: range.start.line,
            start_character: (!whole_lines).then_some(range.start.character),
            end_line: range.end.line,
            end_character: (!whole_lines).then_some(range.end.character),
            kind: is_comment.then_some(FoldingRangeKind::Comment),
            collapsed_text: None,
        })
    });
    folds.collect()
}

fn is_header(request: &Request, span: Span) -> bool {
    request
        .document
        .filters
        .iter()
        .any(|filter| !filter.header.is_empty() && filter.header.start == span.start)
}

/// What a selection grows to, for each place.
pub(crate) fn selection(request: &Request, positions: &[Position]) -> Vec<SelectionRange> {
    let lines = request.lines();
    let limits = request.snapshot.config.config.limits;
    let ranges = positions.iter().map(|&position| {
        let offset = lines.offset(position);
        let mut spans: Vec<Span> = Vec::new();
        if let Some(filter) = request.document.filter_at(offset) {
            if let Some(own) = filter.own_offset(offset) {
                let grown = ide::selection(&filter.body.text, own, &limits);
                spans.extend(grown.into_iter().map(|span| span.shifted(filter.span.start)));
            } else if filter.name_span.touches(offset) {
                spans.push(filter.name_span);
            }
            spans.push(filter.whole());
        }
        spans.push(Span::new(0, request.document.text.len()));
        spans.sort_by_key(|span| span.len());
        spans.dedup();
        let mut range: Option<Box<SelectionRange>> = None;
        for span in spans.into_iter().rev() {
            range = Some(Box::new(SelectionRange { range: lines.range(span), parent: range }));
        }
        range.map_or_else(
            || SelectionRange { range: lines.range(Span::at(offset)), parent: None },
            |range| *range,
        )
    });
    ranges.collect()
}
