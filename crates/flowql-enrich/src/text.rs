//! Texts that come from elsewhere, kept within bounds.

/// The beginning of a text that has at most so many bytes.
pub(crate) fn clipped(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|&end| text.is_char_boundary(end)).unwrap_or_default();
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_ends_at_a_character() {
        assert_eq!(
            (clipped("aé", 2), clipped("aé", 3), clipped("aé", 9), clipped("é", 1)),
            ("a", "aé", "aé", "")
        );
    }
}
