//! How well a name matches what was typed.

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
    let words: Vec<&str> = words(name).collect();
    if words.iter().any(|word| starts_with(word, typed)) || follows_words(&words, typed) {
        return Some(2);
    }
    let (name, typed) = (name.to_ascii_lowercase(), typed.to_ascii_lowercase());
    name.contains(&typed).then_some(3)
}

fn starts_with(name: &str, typed: &str) -> bool {
    name.get(..typed.len()).is_some_and(|start| start.eq_ignore_ascii_case(typed))
}

/// The tails of a name that begin with one of its words: capitals and digits after small letters, and
/// what follows a blank, hyphen, underscore, dot or colon.
fn words(name: &str) -> impl Iterator<Item = &str> {
    let mut before = ' ';
    name.char_indices().filter_map(move |(offset, found)| {
        let begins = !before.is_alphanumeric() || (before.is_lowercase() && !found.is_lowercase());
        before = found;
        if begins && found.is_alphanumeric() { name.get(offset..) } else { None }
    })
}

/// Whether the letters typed are the beginnings of words in their order: `iib` in `InIfBoundary`.
fn follows_words(words: &[&str], typed: &str) -> bool {
    let initials: String = words.iter().filter_map(|word| word.chars().next()).collect();
    starts_with(&initials, typed)
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
}
