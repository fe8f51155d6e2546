//! Positions: bytes inside, lines and columns or UTF-16 at the borders. The one place that converts.

use line_index::{LineCol, LineIndex, TextSize, WideEncoding};

use crate::Span;

/// Converts the byte offsets of one text. Making it costs one pass over the text.
///
/// Offsets beyond the text count as its end; an offset inside a character counts as the character's start.
#[derive(Clone, Debug)]
pub struct Positions<'a> {
    text: &'a str,
    lines: LineIndex,
}

/// A place as people count it: both numbers from 1, columns in Unicode scalar values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line; only LF ends one.
    pub line: u32,
    /// The column.
    pub column: u32,
}

/// The unit in which an editor counts the columns of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Bytes.
    Utf8,
    /// UTF-16 code units.
    Utf16,
    /// Unicode scalar values.
    Utf32,
}

impl<'a> Positions<'a> {
    /// The positions of a text.
    pub fn new(text: &'a str) -> Self {
        Self { text, lines: LineIndex::new(text) }
    }

    /// The line and column, from 1, of a byte offset.
    pub fn of(&self, offset: u32) -> Position {
        let (line, column) = self.line_column(offset, Encoding::Utf32);
        Position { line: line + 1, column: column + 1 }
    }

    /// The line and column, from 0, of a byte offset, in an editor's unit.
    pub fn line_column(&self, offset: u32, encoding: Encoding) -> (u32, u32) {
        let offset = self.clamp(offset);
        let place = self.lines.line_col(TextSize::new(offset));
        let column = match encoding {
            Encoding::Utf8 => place.col,
            Encoding::Utf16 => self.wide_column(WideEncoding::Utf16, place),
            Encoding::Utf32 => self.wide_column(WideEncoding::Utf32, place),
        };
        (place.line, column)
    }

    fn wide_column(&self, encoding: WideEncoding, place: LineCol) -> u32 {
        self.lines.to_wide(encoding, place).map_or(place.col, |wide| wide.col)
    }

    /// The byte offset of a line and column, from 0, in an editor's unit; beyond a line's end is its end.
    pub fn offset(&self, line: u32, column: u32, encoding: Encoding) -> u32 {
        let Some(range) = self.lines.line(line) else { return self.end() };
        let (start, end) = (u32::from(range.start()), u32::from(range.end()));
        let content = Span { start, end }.of(self.text).trim_end_matches(['\n', '\r']);
        let mut left = column;
        for (offset, found) in content.char_indices() {
            let width = match encoding {
                Encoding::Utf8 => Span::new(0, found.len_utf8()).end,
                Encoding::Utf16 => Span::new(0, found.len_utf16()).end,
                Encoding::Utf32 => 1,
            };
            if left < width {
                return start + Span::new(offset, offset).start;
            }
            left -= width;
        }
        start + Span::new(content.len(), content.len()).start
    }

    /// The offset in UTF-16 code units, from the start of the text, of a byte offset.
    pub fn utf16(&self, offset: u32) -> u32 {
        let before = self.text.get(..self.clamp(offset) as usize).unwrap_or_default();
        before.chars().map(|found| Span::new(0, found.len_utf16()).end).sum()
    }

    /// The byte offset of an offset in UTF-16 code units from the start of the text.
    pub fn of_utf16(&self, units: u32) -> u32 {
        let mut left = units;
        for (offset, found) in self.text.char_indices() {
            let width = Span::new(0, found.len_utf16()).end;
            if left < width {
                return Span::new(offset, offset).start;
            }
            left -= width;
        }
        self.end()
    }

    fn end(&self) -> u32 {
        Span::new(0, self.text.len()).end
    }

    fn clamp(&self, offset: u32) -> u32 {
        let offset = self.text.floor_char_boundary(offset as usize);
        Span::new(offset, offset).start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_characters_from_one() {
        let text = "a = \"\u{1F600}é\"\r\nAND b";
        let positions = Positions::new(text);
        let offset = |needle: &str| u32::try_from(text.find(needle).unwrap()).unwrap();
        assert_eq!(positions.of(offset("é")), Position { line: 1, column: 7 });
        assert_eq!(positions.of(offset("b")), Position { line: 2, column: 5 });
        assert_eq!(positions.line_column(offset("é"), Encoding::Utf16), (0, 7));
        assert_eq!(positions.line_column(offset("é"), Encoding::Utf8), (0, 9));
        assert_eq!(positions.of(9999), Position { line: 2, column: 6 });
    }

    #[test]
    fn every_boundary_survives_the_round_trip() {
        let text = "\u{FEFF}x = \"\u{1F600}\" -- é\r\n\r\nAND y\n";
        let positions = Positions::new(text);
        for (offset, _) in text.char_indices() {
            let offset = u32::try_from(offset).unwrap();
            assert_eq!(positions.of_utf16(positions.utf16(offset)), offset);
            let before = &text.as_bytes()[..offset as usize];
            if before.ends_with(b"\r") {
                continue; // Between CR and LF an editor has no position.
            }
            for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32] {
                let (line, column) = positions.line_column(offset, encoding);
                assert_eq!(positions.offset(line, column, encoding), offset, "{encoding:?}");
            }
        }
    }
}
