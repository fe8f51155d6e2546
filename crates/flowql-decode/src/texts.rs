//! Texts by number, so that a column has four bytes for each.

use std::collections::HashMap;
use std::sync::Arc;

use crate::element::Cursor;
use crate::state::{Counts, Saved, load_bytes, save_bytes};

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

impl Saved for TextId {
    fn save(&self, to: &mut Vec<u8>) {
        self.0.save(to);
    }

    fn load(from: &mut Cursor<'_>) -> Option<Self> {
        u32::load(from).map(Self)
    }
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

    /// How many there are, the empty one included: their numbers are below.
    pub(crate) const fn count(&self) -> usize {
        self.texts.len()
    }

    /// Saves the texts from a number on.
    pub(crate) fn save(&self, first: usize, to: &mut Vec<u8>) {
        let texts = self.texts.get(first..).unwrap_or_default();
        (first, self.refused, texts.len()).save(to);
        texts.iter().for_each(|text| save_bytes(text.as_bytes(), to));
    }

    /// Takes saved texts, which follow those that are there. Another bound than before may keep fewer: those that are
    /// numbered stay.
    pub(crate) fn load(&mut self, from: &mut Cursor<'_>) -> Option<()> {
        let first = usize::load(from)?;
        let refused = u64::load_counts(from)?;
        let count = usize::load(from)?;
        if first != self.texts.len() {
            return None;
        }
        for _ in 0..count {
            let text: Arc<str> = std::str::from_utf8(load_bytes(from)?).ok()?.into();
            let number = u32::try_from(self.texts.len()).ok()?;
            self.texts.push(text.clone());
            // Every text has one number.
            if self.numbers.insert(text, number).is_some() {
                return None;
            }
        }
        self.refused = refused;
        Some(())
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
