//! LIKE patterns, as ClickHouse reads them.

/// A pattern: `%` stands for any text, `_` for one character, a backslash takes their meaning from these two and
/// from itself, and is plain before anything else.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pattern {
    pieces: Vec<Piece>,
    ignore_case: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Piece {
    Any,
    One,
    Char(char),
}

impl Pattern {
    pub(crate) fn new(pattern: &str, ignore_case: bool) -> Self {
        let mut pieces = Vec::with_capacity(pattern.len());
        let mut rest = pattern.chars().peekable();
        while let Some(found) = rest.next() {
            pieces.push(match found {
                '%' => Piece::Any,
                '_' => Piece::One,
                '\\' => Piece::Char(rest.next_if(|next| matches!(next, '%' | '_' | '\\')).unwrap_or(found)),
                _ if ignore_case => Piece::Char(folded(found)),
                _ => Piece::Char(found),
            });
        }
        Self { pieces, ignore_case }
    }

    /// Whether the whole text matches. After a mismatch only the last `%` has to be tried anew, one character
    /// further: the time is at most the product of the two lengths.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let mut rest = text.chars();
        let mut place = 0;
        let mut retry = None;
        loop {
            let before = rest.clone();
            match (self.pieces.get(place), rest.next()) {
                (Some(Piece::Any), _) => {
                    place += 1;
                    rest = before;
                    retry = Some((place, rest.clone()));
                    continue;
                }
                (Some(Piece::One), Some(_)) => {
                    place += 1;
                    continue;
                }
                (Some(Piece::Char(wanted)), Some(found)) if *wanted == self.fold(found) => {
                    place += 1;
                    continue;
                }
                (None, None) => return true,
                _ => {}
            }
            let Some((after, from)) = &mut retry else { return false };
            if from.next().is_none() {
                return false;
            }
            (place, rest) = (*after, from.clone());
        }
    }

    fn fold(&self, found: char) -> char {
        if self.ignore_case { folded(found) } else { found }
    }
}

/// The character in lower case, where that is one character.
fn folded(found: char) -> char {
    let mut lower = found.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(lower), None) => lower,
        _ => found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, text, matches) in [
            ("", "", true),
            ("", "a", false),
            ("%", "", true),
            ("%", "a\nb", true),
            ("_", "é", true),
            ("_", "\n", true),
            ("_", "", false),
            ("a%b%c", "a1b2b3c", true),
            ("a%b%c", "a1b2b3", false),
            ("%%ab%", "aab", true),
            ("%_%_", "a", false),
            (r"100\%", "100%", true),
            (r"100\%", "1000", false),
            (r"a\_b", "a_b", true),
            (r"a\_b", "axb", false),
            (r"a\\%", r"a\x", true),
            (r"a\xb", r"a\xb", true),
            ("A%", "ab", false),
        ] {
            assert_eq!(Pattern::new(pattern, false).matches(text), matches, "{pattern} {text}");
        }
        assert!(Pattern::new("É%A_", true).matches("éxaB"));
        assert!(Pattern::new(r"%\É", true).matches(r"a\é"));
    }

    #[test]
    fn long_texts_take_no_exponential_time() {
        let text = "a".repeat(2000);
        assert!(!Pattern::new(&format!("{}b", "%a".repeat(50)), false).matches(&text));
    }
}
