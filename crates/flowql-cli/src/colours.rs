//! Filters in colours.

use anstyle::{AnsiColor, Style};
use flowql::ide::{ClassifiedToken, TokenClass};

/// The style of a class; the colours are those of the terminal's own palette.
const fn style(class: TokenClass) -> Style {
    let color = match class {
        TokenClass::Comment => AnsiColor::BrightBlack,
        TokenClass::Keyword => AnsiColor::Magenta,
        TokenClass::Operator => AnsiColor::Cyan,
        TokenClass::Column => AnsiColor::Blue,
        TokenClass::String => AnsiColor::Green,
        TokenClass::Number | TokenClass::AsNumber | TokenClass::Address | TokenClass::Community => {
            AnsiColor::Yellow
        }
        TokenClass::Constant | TokenClass::SavedFilter => AnsiColor::BrightCyan,
        TokenClass::Punctuation => return Style::new(),
        TokenClass::Invalid => AnsiColor::Red,
    };
    color.on_default()
}

/// The text with its tokens in colours, as ANSI escapes; control characters of the text are shown as `?`, so
/// that none reaches the terminal.
pub(crate) fn paint(text: &str, tokens: &[ClassifiedToken]) -> String {
    let mut painted = String::with_capacity(text.len() * 2);
    let mut end = 0;
    for token in tokens {
        painted.push_str(&harmless(text.get(end..token.span.start as usize).unwrap_or_default()));
        let style = style(token.class);
        painted.push_str(&format!("{style}{}{style:#}", harmless(token.span.of(text))));
        end = token.span.end as usize;
    }
    painted.push_str(&harmless(text.get(end..).unwrap_or_default()));
    painted
}

/// A text without control characters, which are shown as `?`.
pub(crate) fn harmless(text: &str) -> String {
    let shown = |found: char| if found.is_control() && !matches!(found, '\n' | '\t') { '?' } else { found };
    text.chars().map(shown).collect()
}

/// A text that is only a suggestion.
pub(crate) fn faint(text: &str) -> String {
    let style = Style::new().dimmed();
    format!("{style}{}{style:#}", harmless(text))
}
