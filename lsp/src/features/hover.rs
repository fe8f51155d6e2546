//! Hover.

use flowql::ide::{self, Meaning};
use tower_lsp::ls_types::{Hover, HoverContents, MarkupContent, Position};

use crate::request::Request;

/// What there is to say of a place, and the AS number that it is, whose name a backend may know.
pub(crate) fn hover(request: &Request, position: Position) -> Option<(Hover, Option<u32>)> {
    let lines = request.lines();
    let (filter, offset) = request.own_text_at(lines.offset(position))?;
    let (compiler, text) = (request.compiler(), &filter.body.text);
    let found = ide::hover(&compiler, text, offset)?;
    let hint = ide::hints(&compiler, text).into_iter().find(|hint| hint.span == found.span);
    let number = hint.and_then(|hint| match hint.meaning {
        Meaning::AsNumber(number) => Some(number),
        Meaning::Name(_) => None,
    });
    let hover = Hover {
        range: Some(lines.range(found.span.shifted(filter.span.start))),
        contents: HoverContents::Markup(markup(request, found.markdown)),
    };
    Some((hover, number))
}

/// Puts the name of an AS below what is said of its number.
pub(crate) fn add_name(hover: &mut Hover, name: Option<String>) {
    if let (HoverContents::Markup(markup), Some(name)) = (&mut hover.contents, name) {
        markup.value =
            format!("{}\n- organisation: {}\n", markup.value.trim_end(), ide::escape_markdown(&name));
    }
}

/// A text in Markdown, named plain for a client that does not know it.
pub(crate) fn markup(request: &Request, value: String) -> MarkupContent {
    MarkupContent { kind: request.snapshot.client.markup(), value }
}
