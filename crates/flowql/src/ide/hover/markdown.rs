//! Markdown in which no text of the user's means anything but itself.

use crate::gather::Gather as _;
use std::fmt::Write as _;

/// The most characters of a user's word that are shown.
const LONGEST: usize = 80;

/// A text as a code span: short, on one line, whatever backticks it holds.
pub(super) fn code(text: &str) -> String {
    if text.trim().is_empty() {
        return if text.is_empty() { "(empty)".to_owned() } else { "(blank)".to_owned() };
    }
    let mut short: String =
        text.chars().take(LONGEST).map(|found| if found.is_control() { ' ' } else { found }).collect();
    if text.chars().nth(LONGEST).is_some() {
        short.push('…');
    }
    let fence = "`".repeat(longest_run(&short) + 1);
    let padded = short.starts_with(['`', ' ']) || short.ends_with(['`', ' ']);
    let pad = if padded { " " } else { "" };
    format!("{fence}{pad}{short}{pad}{fence}")
}

/// Several texts as code spans with commas between them.
pub(super) fn codes<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    texts.into_iter().map(code).list().join(", ")
}

/// A text as plain text: on one line, without any mark-up.
pub fn plain(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for found in text.chars() {
        if matches!(found, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '&' | '~' | '|' | '!') {
            escaped.push('\\');
        }
        escaped.push(if found.is_control() { ' ' } else { found });
    }
    escaped
}

/// A filter as a block of code, cut where it is long.
pub(super) fn block(filter: &str) -> String {
    const LONGEST_BLOCK: usize = 2000;
    let mut short: String = filter.trim_end().chars().take(LONGEST_BLOCK).collect();
    if short.len() < filter.trim_end().len() {
        short.push('…');
    }
    let fence = "`".repeat(longest_run(&short).max(2) + 1);
    format!("{fence}flowql\n{short}\n{fence}")
}

fn longest_run(text: &str) -> usize {
    text.split(|found| found != '`').map(str::len).max().unwrap_or_default()
}

/// What a hover says: a heading, and facts below it.
#[derive(Debug, Default)]
pub(super) struct Card {
    text: String,
    in_list: bool,
}

impl Card {
    /// A card with its first paragraph.
    pub(super) fn new(heading: impl Into<String>) -> Self {
        Self { text: heading.into(), in_list: false }
    }

    /// A further paragraph.
    pub(super) fn paragraph(&mut self, text: &str) {
        // Writing to a string cannot fail.
        let _ = write!(self.text, "\n\n{text}");
        self.in_list = false;
    }

    /// A further item of the list of facts.
    pub(super) fn fact(&mut self, text: &str) {
        let gap = if self.in_list { "\n" } else { "\n\n" };
        let _ = write!(self.text, "{gap}- {text}");
        self.in_list = true;
    }

    /// The same with a fact, where there is one.
    pub(super) fn facts(&mut self, texts: impl IntoIterator<Item = String>) {
        for text in texts {
            self.fact(&text);
        }
    }

    pub(super) fn into_markdown(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_spans_hold_any_text() {
        for (text, span) in [
            ("SrcAS", "`SrcAS`"),
            ("a`b", "``a`b``"),
            ("``", "``` `` ```"),
            ("`x", "`` `x ``"),
            (" x ", "`  x  `"),
            ("", "(empty)"),
            (" ", "(blank)"),
            ("a\tb", "`a b`"),
        ] {
            assert_eq!(code(text), span, "{text:?}");
        }
        assert_eq!(code(&"é".repeat(100)).chars().count(), LONGEST + 3);
    }

    #[test]
    fn plain_text_has_no_mark_up() {
        assert_eq!(plain("a *b* <i> `c`\n- d"), "a \\*b\\* \\<i\\> \\`c\\` - d");
    }

    #[test]
    fn blocks_are_fenced_longer_than_what_they_hold() {
        assert_eq!(block("SrcAS = 1\n"), "```flowql\nSrcAS = 1\n```");
        assert_eq!(block("-- ```\na"), "````flowql\n-- ```\na\n````");
        assert!(block(&"x".repeat(9000)).len() < 2100);
    }
}
