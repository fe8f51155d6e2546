//! Quoted strings: `\\` is a backslash, a backslash before the quote in use is that quote, and a
//! backslash before anything else is a plain backslash.

use std::borrow::Cow;

/// Where a text has another in it. What the standard library has for this takes more room than all of this file.
pub(crate) fn find(text: &str, part: &str) -> Option<usize> {
    text.as_bytes().windows(part.len()).position(|window| window == part.as_bytes())
}

/// Whether a comment to the end of the line may begin in a text.
pub(crate) fn has_hyphens(text: &str) -> bool {
    find(text, "--").is_some()
}

/// Whether a text has another in it, ASCII letters in any case.
pub(crate) fn contains(text: &str, part: &str) -> bool {
    // There are no windows of length 0.
    part.is_empty()
        || text.as_bytes().windows(part.len()).any(|window| window.eq_ignore_ascii_case(part.as_bytes()))
}

/// Whether a quoted string has its closing quote; otherwise what to append to close it.
pub(crate) fn closing(quoted: &str) -> Result<(), String> {
    let Some(quote) = quoted.chars().next() else { return Ok(()) };
    let mut escaped = false;
    let mut rest = quoted.chars().skip(1).peekable();
    while let Some(found) = rest.next() {
        if escaped {
            escaped = false;
        } else if found == quote {
            return Ok(());
        } else if found == '\\' {
            escaped = rest.peek().is_some_and(|&next| next == '\\' || next == quote);
            if rest.peek().is_none() {
                return Err(format!("\\{quote}"));
            }
        }
    }
    Err(quote.to_string())
}

/// The text that a quoted string stands for; a missing closing quote is overlooked.
pub(crate) fn decode(quoted: &str) -> Cow<'_, str> {
    let Some(quote) = quoted.chars().next() else { return Cow::Borrowed("") };
    let inner = quoted.get(quote.len_utf8()..).unwrap_or_default();
    if !quote.is_ascii() {
        return Cow::Borrowed(inner.trim_end_matches(|found| is_typographic(found) || found == '"'));
    }
    if !inner.as_bytes().contains(&b'\\') {
        return Cow::Borrowed(inner.strip_suffix(quote).unwrap_or(inner));
    }
    let mut decoded = String::with_capacity(inner.len());
    let mut rest = inner.chars().peekable();
    while let Some(found) = rest.next() {
        if found == quote {
            break;
        }
        let escape = found == '\\' && rest.peek().is_some_and(|&next| next == '\\' || next == quote);
        decoded.push(if escape { rest.next().unwrap_or(found) } else { found });
    }
    Cow::Owned(decoded)
}

/// The text in quotes as formatted filters have it: double quotes, unless the text holds one.
pub(crate) fn quote(text: &str) -> String {
    let quote = if text.as_bytes().contains(&b'"') { '\'' } else { '"' };
    quote_with(text, quote)
}

/// The text in the given quotes.
pub(crate) fn quote_with(text: &str, quote: char) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push(quote);
    let mut rest = text.chars().peekable();
    while let Some(found) = rest.next() {
        // A backslash is plain unless what follows makes an escape of it.
        let ambiguous = found == '\\' && rest.peek().is_none_or(|&next| next == '\\' || next == quote);
        if found == quote || ambiguous {
            quoted.push('\\');
        }
        quoted.push(found);
    }
    quoted.push(quote);
    quoted
}

/// The pattern of LIKE that matches the text alone.
pub(crate) fn like_escaped(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for found in text.chars() {
        if matches!(found, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(found);
    }
    pattern
}

/// The text that a pattern of LIKE without wildcards matches.
pub(crate) fn like_unescaped(pattern: &str) -> String {
    let mut text = String::with_capacity(pattern.len());
    let mut rest = pattern.chars().peekable();
    while let Some(found) = rest.next() {
        let escaped = rest.next_if(|next| found == '\\' && matches!(next, '%' | '_' | '\\'));
        text.push(escaped.unwrap_or(found));
    }
    text
}

/// A string in typographic quotes with plain ones instead.
pub(crate) fn plain_quotes(typographic: &str) -> String {
    quote(typographic.trim_matches(|found| is_typographic(found) || found == '"'))
}

/// Whether a string in typographic quotes has a closing one.
pub(crate) fn is_closed_typographic(quoted: &str) -> bool {
    let inner = quoted.strip_prefix(is_typographic).unwrap_or_default();
    inner.ends_with(|found| is_typographic(found) || found == '"')
}

/// Whether the character is a quote as word processors make them.
pub(crate) fn is_typographic(found: char) -> bool {
    matches!(found, '“' | '”' | '„' | '‟' | '«' | '»' | '‘' | '’' | '‚' | '‛')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_decoded_as_specified() {
        for (quoted, text) in [
            (r#""x""#, "x"),
            (r#"'it\'s'"#, "it's"),
            (r#""it\'s""#, r"it\'s"),
            (r#""a\\b""#, r"a\b"),
            (r#""a\nb""#, r"a\nb"),
            (r#""\\""#, r"\"),
            (r#""open"#, "open"),
            ("“x”", "x"),
        ] {
            assert_eq!(decode(quoted), text, "{quoted}");
        }
    }

    #[test]
    fn unterminated_strings_are_closed_by_what_is_missing() {
        for (open, missing) in [("\"x", "\""), ("'", "'"), (r#""x\"#, r#"\""#), (r#""x\""#, "\"")] {
            assert_eq!(closing(open), Err(missing.to_owned()), "{open}");
            assert_eq!(closing(&format!("{open}{missing}")), Ok(()));
        }
        assert_eq!(closing(r#""x\\""#), Ok(()));
    }

    #[test]
    fn double_quotes_stand_around_what_holds_none() {
        assert_eq!(quote("it's"), r#""it's""#);
        assert_eq!(quote(r#"say "x""#), r#"'say "x"'"#);
        assert_eq!(quote(r#"it's "x""#), r#"'it\'s "x"'"#);
    }

    #[test]
    fn a_text_as_a_pattern_matches_itself() {
        assert_eq!(like_escaped(r"ae10_core\100%"), r"ae10\_core\\100\%");
        for text in ["", "ae10_core", r"a\b", r"\%", "100%"] {
            assert_eq!(like_unescaped(&like_escaped(text)), text);
        }
    }

    #[test]
    fn quoting_and_decoding_are_inverse() {
        for text in [
            "",
            "x",
            "it's",
            r#"say "x""#,
            r#"both ' and ""#,
            r"a\b",
            r"a\\b",
            r"\",
            r"\\",
            r#"\""#,
            "é\u{1F600}",
        ] {
            assert_eq!(decode(&quote(text)), text, "{}", quote(text));
            assert_eq!(decode(&quote_with(text, '\'')), text);
            assert_eq!(closing(&quote(text)), Ok(()));
        }
    }
}
