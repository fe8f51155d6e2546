//! Inlay hints.

use flowql::ide::{self, Meaning};
use tower_lsp::ls_types::{InlayHint, InlayHintLabel, Range};

use crate::names::AsNames;
use crate::request::Request;

/// The hints of the filters that a range touches; of AS numbers, those whose name is known.
pub(crate) fn hints(request: &Request, range: Range, names: &AsNames) -> Vec<InlayHint> {
    let found = found(request, range);
    let lines = request.lines();
    let hints = found.into_iter().filter_map(|(end, meaning)| {
        let label = match meaning {
            Meaning::AsNumber(number) => names.get(number)?,
            Meaning::Name(name) => name,
        };
        Some(InlayHint {
            position: lines.position(end),
            label: InlayHintLabel::String(label),
            kind: None,
            text_edits: None,
            tooltip: None,
            padding_left: Some(true),
            padding_right: None,
            data: None,
        })
    });
    hints.collect()
}

/// The AS numbers for which hints need a name.
pub(crate) fn as_numbers(request: &Request, range: Range) -> Vec<u32> {
    let numbers = found(request, range).into_iter().filter_map(|(_, meaning)| match meaning {
        Meaning::AsNumber(number) => Some(number),
        Meaning::Name(_) => None,
    });
    numbers.collect()
}

/// What there is to hint at in a range, each with the end of its value.
fn found(request: &Request, range: Range) -> Vec<(u32, Meaning)> {
    let wanted = request.lines().span(range);
    let compiler = request.compiler();
    let mut found = Vec::new();
    for filter in &request.document.filters {
        if filter.span.end < wanted.start || wanted.end < filter.span.start || request.cancel.is_cancelled() {
            continue;
        }
        let own = ide::hints(&compiler, &filter.body.text).into_iter();
        let own = own.map(|hint| (hint.span.shifted(filter.span.start), hint.meaning));
        found.extend(
            own.filter(|(span, _)| span.start <= wanted.end && wanted.start <= span.end)
                .map(|(span, meaning)| (span.end, meaning)),
        );
    }
    found
}
