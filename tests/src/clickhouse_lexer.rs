//! A lexer of ClickHouse's SQL, independent of the core's printer: what the database would read.

/// A token of SQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// A string literal, decoded.
    Text(Vec<u8>),
    /// A number.
    Number(u128),
    /// An identifier, a keyword or the name of a function.
    Word(String),
    /// An operator or bracket.
    Sign(String),
    /// A query parameter: its name and type.
    Parameter(String, String),
}

/// Splits SQL into its tokens.
///
/// # Errors
///
/// What is no token that a filter may hold: comments, separators, unclosed strings, characters beyond ASCII.
pub fn tokens(sql: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let after = |count: usize| rest.get(count..).unwrap_or_default();
        let error = |what: &str| Err(format!("{what} at `{}`", rest.chars().take(40).collect::<String>()));
        if rest.starts_with("--") || rest.starts_with("/*") || rest.starts_with("//") || first == '#' {
            return error("a comment");
        }
        let (token, left) = match first {
            ' ' => {
                rest = after(1);
                continue;
            }
            '\'' => match text(after(1)) {
                Some((decoded, left)) => (Token::Text(decoded), left),
                None => return error("an unclosed string"),
            },
            '0'..='9' => {
                let left = after(1).trim_start_matches(|found: char| found.is_ascii_digit());
                let digits = rest.strip_suffix(left).unwrap_or_default();
                let glued =
                    left.starts_with(|found: char| found.is_alphanumeric() || found == '.' || found == '_');
                match digits.parse() {
                    Ok(number) if !glued => (Token::Number(number), left),
                    _ => return error("a bad number"),
                }
            }
            'A'..='Z' | 'a'..='z' | '_' => {
                let left =
                    after(1).trim_start_matches(|found: char| found.is_ascii_alphanumeric() || found == '_');
                if left.starts_with(|found: char| !found.is_ascii()) {
                    return error("a word that goes on beyond ASCII");
                }
                (Token::Word(rest.strip_suffix(left).unwrap_or_default().to_owned()), left)
            }
            '{' => {
                match after(1).split_once('}').and_then(|(inner, left)| Some((inner.split_once(':')?, left)))
                {
                    Some(((name, kind), left)) if is_plain(name) && is_plain(kind) => {
                        (Token::Parameter(name.to_owned(), kind.to_owned()), left)
                    }
                    _ => return error("a bad parameter"),
                }
            }
            _ => {
                const SIGNS: [&str; 15] =
                    ["!=", "<=", ">=", "->", "::", "=", "<", ">", "(", ")", "[", "]", ",", "+", "-"];
                match SIGNS.iter().find_map(|sign| Some((*sign, rest.strip_prefix(sign)?))) {
                    Some((sign, left)) => (Token::Sign(sign.to_owned()), left),
                    None => return error("a character that no filter has"),
                }
            }
        };
        tokens.push(token);
        rest = left;
    }
    Ok(tokens)
}

fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The string after its opening quote, decoded, and what follows its closing one.
fn text(sql: &str) -> Option<(Vec<u8>, &str)> {
    let mut decoded = Vec::new();
    let mut bytes = sql.bytes().enumerate();
    while let Some((offset, byte)) = bytes.next() {
        match byte {
            b'\'' if sql.as_bytes().get(offset + 1) == Some(&b'\'') => {
                bytes.next();
                decoded.push(b'\'');
            }
            b'\'' => return Some((decoded, sql.get(offset + 1..)?)),
            b'\\' => match bytes.next()?.1 {
                b'a' => decoded.push(0x07),
                b'b' => decoded.push(0x08),
                b'e' => decoded.push(0x1B),
                b'f' => decoded.push(0x0C),
                b'n' => decoded.push(b'\n'),
                b'r' => decoded.push(b'\r'),
                b't' => decoded.push(b'\t'),
                b'v' => decoded.push(0x0B),
                b'0' => decoded.push(0),
                // ClickHouse reads `\N` as nothing at all.
                b'N' => {}
                b'x' => {
                    let digits = [bytes.next()?.1, bytes.next()?.1];
                    let digits = std::str::from_utf8(&digits).ok()?.to_owned();
                    decoded.push(u8::from_str_radix(&digits, 16).ok()?);
                }
                // Before anything else but these the backslash stays.
                other => {
                    if !matches!(other, b'\\' | b'\'' | b'"' | b'`' | b'/' | b'=') {
                        decoded.push(b'\\');
                    }
                    decoded.push(other);
                }
            },
            _ => decoded.push(byte),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_decoded() {
        let read = |sql: &str| match tokens(sql).as_deref() {
            Ok([Token::Text(text)]) => String::from_utf8(text.clone()).ok(),
            _ => None,
        };
        for (sql, text) in [
            ("''", ""),
            (r"'a\'b'", "a'b"),
            ("'a''b'", "a'b"),
            (r"'a\\'", "a\\"),
            (r"'\n\t\0\x41'", "\n\t\0A"),
            (r"'\d%\%'", r"\d%\%"),
            ("'é\u{1F600}--/*;'", "é\u{1F600}--/*;"),
        ] {
            assert_eq!(read(sql).as_deref(), Some(text), "{sql}");
        }
        for sql in ["'", r"'a\'", "'a' 'b", "'a'b"] {
            assert_eq!(read(sql), None, "{sql}");
        }
    }

    #[test]
    fn what_no_filter_may_hold_is_refused() {
        for sql in [
            "a -- b",
            "a /* b */",
            "a; b",
            "a # b",
            "`a`",
            "\"a\"",
            "1a",
            "é",
            "aé",
            "a.b",
            "{p}",
            "1.5",
            "$1",
        ] {
            assert!(tokens(sql).is_err(), "{sql}");
        }
        assert_eq!(tokens("a >= {p0:UInt16}").unwrap().len(), 3);
    }
}
