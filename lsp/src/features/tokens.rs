//! Semantic tokens: whole, of a range, and as the difference from those before.

use flowql::Span;
use flowql::ide::{self, TokenClass};
use tower_lsp::ls_types::{
    Position, Range, SemanticToken, SemanticTokenModifier, SemanticTokenType, SemanticTokensEdit,
    SemanticTokensLegend,
};

use crate::request::Request;

/// How a class of the core is called in the protocol: a type that every theme knows, and for values a modifier that
/// says what they are.
const fn style(class: TokenClass) -> Option<(u32, u32)> {
    Some(match class {
        TokenClass::Comment => (0, 0),
        TokenClass::Keyword => (1, 0),
        TokenClass::Operator => (2, 0),
        TokenClass::Column => (3, 0),
        TokenClass::String => (4, 0),
        TokenClass::Number => (5, 0),
        TokenClass::AsNumber => (5, 1 << 1),
        TokenClass::Address => (5, 1 << 2),
        TokenClass::Community => (5, 1 << 3),
        TokenClass::Constant => (6, 0),
        TokenClass::SavedFilter => (7, 0),
        // Punctuation is coloured by no one, and the diagnostics show what is invalid.
        TokenClass::Punctuation | TokenClass::Invalid => return None,
    })
}

const COMMENT: (u32, u32) = (0, 0);
const DEFINITION: (u32, u32) = (7, 1);

/// The names of the types and modifiers, in the order of their numbers.
pub(crate) fn legend() -> SemanticTokensLegend {
    SemanticTokensLegend {
        token_types: vec![
            SemanticTokenType::COMMENT,
            SemanticTokenType::KEYWORD,
            SemanticTokenType::OPERATOR,
            SemanticTokenType::PROPERTY,
            SemanticTokenType::STRING,
            SemanticTokenType::NUMBER,
            SemanticTokenType::ENUM_MEMBER,
            SemanticTokenType::FUNCTION,
        ],
        token_modifiers: vec![
            SemanticTokenModifier::DECLARATION,
            SemanticTokenModifier::new("asNumber"),
            SemanticTokenModifier::new("address"),
            SemanticTokenModifier::new("community"),
        ],
    }
}

/// The tokens of the document, or those of the filters that a range touches.
pub(crate) fn tokens(request: &Request, range: Option<Range>) -> Vec<SemanticToken> {
    let lines = request.lines();
    let wanted = range.map(|range| lines.span(range));
    let mut encoder = Encoder { request, tokens: Vec::new(), before: Position::default() };
    let compiler = request.compiler();
    for filter in &request.document.filters {
        let whole = filter.whole();
        if request.cancel.is_cancelled() {
            break;
        }
        if wanted.is_some_and(|wanted| whole.end < wanted.start || wanted.end < whole.start) {
            continue;
        }
        if !filter.header.is_empty() {
            encoder.add(Span { start: filter.header.start, end: filter.name_span.start }, COMMENT, &lines);
            encoder.add(filter.name_span, DEFINITION, &lines);
        }
        for token in ide::tokens(&compiler, &filter.body.text) {
            let span = token.span.shifted(filter.span.start);
            let outside = wanted.is_some_and(|wanted| span.end < wanted.start || wanted.end < span.start);
            if let Some(style) = style(token.class).filter(|_| !outside) {
                encoder.add(span, style, &lines);
            }
        }
    }
    encoder.tokens
}

struct Encoder<'a> {
    request: &'a Request,
    tokens: Vec<SemanticToken>,
    before: Position,
}

impl Encoder<'_> {
    /// Adds a token, one for each line that it covers.
    fn add(&mut self, span: Span, style: (u32, u32), lines: &crate::request::Lines<'_>) {
        let mut start = span.start;
        for line in span.of(&self.request.document.text).split_inclusive('\n') {
            let length = line.trim_end_matches(['\n', '\r']).len();
            let piece = Span::new(0, length).shifted(start);
            start += Span::new(0, line.len()).end;
            if piece.is_empty() {
                continue;
            }
            let Range { start: first, end: last } = lines.range(piece);
            let same_line = first.line == self.before.line;
            self.tokens.push(SemanticToken {
                delta_line: first.line - self.before.line,
                delta_start: if same_line {
                    first.character - self.before.character
                } else {
                    first.character
                },
                length: last.character - first.character,
                token_type: style.0,
                token_modifiers_bitset: style.1,
            });
            self.before = first;
        }
    }
}

/// The edits, at most one, that make the tokens of before those of now.
pub(crate) fn difference(before: &[SemanticToken], now: &[SemanticToken]) -> Vec<SemanticTokensEdit> {
    let same = |(first, second): &(&SemanticToken, &SemanticToken)| first == second;
    let start = before.iter().zip(now).take_while(same).count();
    let (old, new) = (before.get(start..).unwrap_or_default(), now.get(start..).unwrap_or_default());
    let end = old.iter().rev().zip(new.iter().rev()).take_while(same).count();
    let deleted = old.len() - end;
    let inserted = new.get(..new.len() - end).unwrap_or_default();
    if deleted == 0 && inserted.is_empty() {
        return Vec::new();
    }
    // A token is five numbers.
    let numbers = |count: usize| u32::try_from(5 * count).unwrap_or(u32::MAX);
    vec![SemanticTokensEdit {
        start: numbers(start),
        delete_count: numbers(deleted),
        data: (!inserted.is_empty()).then(|| inserted.to_vec()),
    }]
}
