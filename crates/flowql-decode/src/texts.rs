//! Texts by number, so that a column has four bytes for each.

use std::collections::HashMap;
use std::sync::Arc;

/// A text of [`Texts`], by number; 0 is the empty text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TextId(pub u32);

/// The different texts that were met. They never change their numbers.
#[derive(Debug)]
pub struct Texts {
    numbers: HashMap<Arc<str>, u32>,
    texts: Vec<Arc<str>>,
    most: usize,
    refused: u64,
}

impl Texts {
    /// No text but the empty one; at most so many are kept.
    pub fn new(most: usize) -> Self {
        let empty: Arc<str> = "".into();
        Self { numbers: HashMap::from([(empty.clone(), 0)]), texts: vec![empty], most, refused: 0 }
    }

    /// The number of a text. It is that of the empty text, and is counted, where no more are kept.
    pub fn id(&mut self, text: &str) -> TextId {
        if let Some(&number) = self.numbers.get(text) {
            return TextId(number);
        }
        let Some(number) = u32::try_from(self.texts.len()).ok().filter(|_| self.texts.len() < self.most)
        else {
            self.refused += 1;
            return TextId(0);
        };
        let text: Arc<str> = text.into();
        self.numbers.insert(text.clone(), number);
        self.texts.push(text);
        TextId(number)
    }

    /// The number of a text as it was sent, without the zeros and blanks that fill it up.
    pub(crate) fn sent(&mut self, bytes: &[u8]) -> TextId {
        let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
        let bytes = bytes.get(..end).unwrap_or_default().trim_ascii();
        match std::str::from_utf8(bytes) {
            Ok(text) => self.id(text),
            Err(_) => self.id(&String::from_utf8_lossy(bytes)),
        }
    }

    /// The text of a number; empty for one that was never given.
    pub fn text(&self, id: TextId) -> &str {
        usize::try_from(id.0).ok().and_then(|place| self.texts.get(place)).map_or("", |text| text)
    }

    /// How often a text was not kept.
    pub const fn refused(&self) -> u64 {
        self.refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_its_number() {
        let mut texts = Texts::new(3);
        let (first, second) = (texts.id("eth0"), texts.id("eth1"));
        assert_ne!(first, second);
        assert_eq!((texts.id("eth0"), texts.id("")), (first, TextId(0)));
        assert_eq!((texts.text(second), texts.text(TextId(9))), ("eth1", ""));
        assert_eq!((texts.id("eth2"), texts.refused()), (TextId(0), 1));
    }
}
