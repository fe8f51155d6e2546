//! How well a name or a value matches what was typed.

use crate::values::text::contains;

/// The rank of a match, the lower the better; `None` for no match. Nothing typed matches everything.
///
/// A name matches by its beginning, by the beginnings of its words (`sa`, `src a` in `SrcAddr`), by the
/// beginning of one of them, and by any part.
pub(super) fn rank(name: &str, typed: &str) -> Option<u8> {
    if typed.is_empty() {
        return Some(0);
    }
    if starts_with(name, typed) {
        return Some(if name.len() == typed.len() { 0 } else { 1 });
    }
    if words(name).any(|word| starts_with(word, typed)) || follows_words(name, typed) {
        return Some(2);
    }
    contains(name, typed).then_some(3)
}

/// The rank of a value, the lower the better; `None` for no match.
///
/// A value matches as a name does, by itself or by its detail, an AS number with or without its `AS`.
pub fn match_rank(value: &str, detail: &str, typed: &str) -> Option<u8> {
    let by_number = if typed.starts_with(|first: char| first.is_ascii_digit()) {
        rank(number(value), typed)
    } else {
        None
    };
    let by_detail = rank(detail, typed);
    rank(value, typed).into_iter().chain(by_number).chain(by_detail).min()
}

/// An AS number without its `AS`; any other word as it is.
pub(super) fn number(word: &str) -> &str {
    let digits = word.get(2..).filter(|digits| digits.starts_with(|first: char| first.is_ascii_digit()));
    digits.filter(|_| starts_with(word, "as")).unwrap_or(word)
}

fn starts_with(name: &str, typed: &str) -> bool {
    name.get(..typed.len()).is_some_and(|start| start.eq_ignore_ascii_case(typed))
}

/// The tails of a name that begin with one of its words: capitals and digits after small letters, and
/// what follows a blank, hyphen, underscore, dot or colon.
fn words(name: &str) -> impl Iterator<Item = &str> {
    let mut before = ' ';
    name.char_indices().filter_map(move |(offset, found)| {
        let begins = !is_letter(before) || (is_small(before) && !is_small(found));
        before = found;
        if begins && is_letter(found) { name.get(offset..) } else { None }
    })
}

/// Whether a word may hold it. What is not ASCII counts as a small letter: the tables of Unicode, which know
/// better, take more room than all of completion.
const fn is_letter(found: char) -> bool {
    found.is_ascii_alphanumeric() || !found.is_ascii()
}

const fn is_small(found: char) -> bool {
    found.is_ascii_lowercase() || !found.is_ascii()
}

/// Whether the letters typed are the beginnings of words in their order: `iib` in `InIfBoundary`.
fn follows_words(name: &str, typed: &str) -> bool {
    let mut initials = words(name).filter_map(|word| word.chars().next());
    typed.chars().all(|letter| initials.next().is_some_and(|initial| initial.eq_ignore_ascii_case(&letter)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_by_their_words() {
        for (name, typed, expected) in [
            ("SrcAS", "", Some(0)),
            ("SrcAS", "srcas", Some(0)),
            ("SrcAddr", "src", Some(1)),
            ("SrcPort", "port", Some(2)),
            ("InIfBoundary", "iib", Some(2)),
            ("InIfBoundary", "bound", Some(2)),
            ("ExporterName", "porter", Some(3)),
            ("SrcAS", "x", None),
            ("é", "é", Some(0)),
            ("é", "\u{301}", None),
        ] {
            assert_eq!(rank(name, typed), expected, "{name} {typed}");
        }
    }

    #[test]
    fn values_match_by_number_and_by_detail() {
        for (value, detail, typed, expected) in [
            ("AS15169", "Google", "151", Some(1)),
            ("AS15169", "Google", "15169", Some(0)),
            ("AS15169", "Google", "as151", Some(1)),
            ("AS15169", "Google", "goo", Some(1)),
            ("AS15169", "Google", "oogl", Some(3)),
            ("AS15169", "Google", "516", Some(3)),
            ("443", "https", "http", Some(1)),
            ("80", "http", "http", Some(0)),
            ("ash1", "", "1", Some(2)),
            ("AS15169", "Google", "amazon", None),
        ] {
            assert_eq!(match_rank(value, detail, typed), expected, "{value} {typed}");
        }
    }
}
