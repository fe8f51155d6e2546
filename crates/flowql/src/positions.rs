//! Positions: bytes inside, lines and columns or UTF-16 at the borders. The one place that converts.

use crate::Span;

/// Converts the byte offsets of one text. Making it costs one pass over the text.
///
/// Offsets beyond the text count as its end; an offset inside a character counts as the character's start.
#[derive(Clone, Debug)]
pub struct Positions<'a> {
    text: &'a str,
    /// Where each line begins, in bytes.
    lines: Vec<u32>,
    utf16: Utf16,
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
        let after = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(end, _)| end + 1);
        let lines = std::iter::once(0).chain(after).map(|start| Span::new(start, start).start).collect();
        Self { text, lines, utf16: Utf16::new(text) }
    }

    /// The line and column, from 1, of a byte offset.
    pub fn of(&self, offset: u32) -> Position {
        let (line, column) = self.line_column(offset, Encoding::Utf32);
        Position { line: line + 1, column: column + 1 }
    }

    /// The line and column, from 0, of a byte offset, in an editor's unit.
    pub fn line_column(&self, offset: u32, encoding: Encoding) -> (u32, u32) {
        let offset = self.clamp(offset);
        // The first line begins at 0, so there always is one.
        let line = self.lines.partition_point(|start| *start <= offset).saturating_sub(1);
        let start = self.lines.get(line).copied().unwrap_or_default();
        // Counting the characters of a line would take the longer the more of them are not ASCII.
        let column = match encoding {
            Encoding::Utf8 => offset - start,
            Encoding::Utf16 => self.utf16.of(offset) - self.utf16.of(start),
            Encoding::Utf32 => self.utf16.characters(offset) - self.utf16.characters(start),
        };
        (Span::new(line, line).start, column)
    }

    /// The byte offset of a line and column, from 0, in an editor's unit; beyond a line's end is its end.
    pub fn offset(&self, line: u32, column: u32, encoding: Encoding) -> u32 {
        let line = line as usize;
        let Some(&start) = self.lines.get(line) else { return self.end() };
        let end = self.lines.get(line + 1).copied().unwrap_or_else(|| self.end());
        let line = Span { start, end }.of(self.text);
        // A CR is part of the line's end only right before the LF: elsewhere it is a character like others.
        let content = line.strip_suffix('\n').map_or(line, |line| line.strip_suffix('\r').unwrap_or(line));
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
        self.utf16.of(offset)
    }

    /// The byte offset of an offset in UTF-16 code units from the start of the text.
    pub fn of_utf16(&self, units: u32) -> u32 {
        self.utf16.bytes(units)
    }

    /// The same without the lines.
    pub const fn offsets(&self) -> &Utf16 {
        &self.utf16
    }

    fn end(&self) -> u32 {
        Span::new(0, self.text.len()).end
    }

    fn clamp(&self, offset: u32) -> u32 {
        let offset = self.text.floor_char_boundary(offset as usize);
        Span::new(offset, offset).start
    }
}

/// Converts offsets of one text between bytes and UTF-16 code units, both from the start of the text.
///
/// It remembers the characters outside ASCII, so that an offset costs a search among those and nothing in a
/// text without any. Offsets beyond the text count as its end; one inside a character as the character's start.
#[derive(Clone, Debug, Default)]
pub struct Utf16 {
    /// The characters outside ASCII.
    wide: Vec<Wide>,
    /// The ends of the text, in bytes and in units.
    end: (u32, u32),
}

/// A character outside ASCII.
#[derive(Clone, Copy, Debug)]
struct Wide {
    /// Where it stands, in bytes.
    bytes: Span,
    /// Where it stands, in units.
    units: Span,
    /// How many characters are before it.
    characters: u32,
}

impl Utf16 {
    /// The offsets of a text.
    pub fn new(text: &str) -> Self {
        let mut offsets = Self { wide: Vec::new(), end: (0, 0) };
        let mut units = 0;
        if text.is_ascii() {
            units = text.len();
        } else {
            for (characters, (offset, found)) in (0..).zip(text.char_indices()) {
                if !found.is_ascii() {
                    let bytes = Span::new(offset, offset + found.len_utf8());
                    let units = Span::new(units, units + found.len_utf16());
                    offsets.wide.push(Wide { bytes, units, characters });
                }
                units += found.len_utf16();
            }
        }
        offsets.end = (Span::new(0, text.len()).end, Span::new(0, units).end);
        offsets
    }

    /// The offset in UTF-16 code units of a byte offset.
    pub fn of(&self, offset: u32) -> u32 {
        let end = self.end.0;
        self.convert(offset.min(end), |wide| (wide.bytes, wide.units))
    }

    /// The byte offset of an offset in UTF-16 code units.
    pub fn bytes(&self, units: u32) -> u32 {
        let end = self.end.1;
        self.convert(units.min(end), |wide| (wide.units, wide.bytes))
    }

    /// How many characters are before a byte offset, which is the start of one.
    fn characters(&self, offset: u32) -> u32 {
        let passed = self.wide.partition_point(|wide| wide.bytes.end <= offset);
        let before = passed.checked_sub(1).and_then(|last| self.wide.get(last));
        before.map_or(offset, |wide| wide.characters + 1 + (offset - wide.bytes.end))
    }

    /// The other side of an offset; `sides` gives a character's range on its own side and on the other.
    fn convert(&self, offset: u32, sides: impl Fn(&Wide) -> (Span, Span)) -> u32 {
        let passed = self.wide.partition_point(|wide| sides(wide).0.end <= offset);
        let inside = self.wide.get(passed).map(&sides).filter(|(own, _)| own.start < offset);
        if let Some((_, other)) = inside {
            return other.start;
        }
        let before = passed.checked_sub(1).and_then(|last| self.wide.get(last)).map(&sides);
        before.map_or(offset, |(own, other)| other.end + (offset - own.end))
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
        let text = "\u{FEFF}x = \"\u{1F600}\" -- é\r\n\r\nAND\r y\r\r\n\nOR z\r";
        let positions = Positions::new(text);
        let offsets = text.char_indices().map(|(offset, _)| offset).chain([text.len()]);
        for offset in offsets {
            let offset = u32::try_from(offset).unwrap();
            assert_eq!(positions.of_utf16(positions.utf16(offset)), offset);
            let units = text[..offset as usize].encode_utf16().count();
            assert_eq!(positions.utf16(offset) as usize, units);
            let (before, after) = text.split_at(offset as usize);
            if before.ends_with('\r') && after.starts_with('\n') {
                continue; // Between CR and LF an editor has no position.
            }
            for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32] {
                let (line, column) = positions.line_column(offset, encoding);
                assert_eq!(positions.offset(line, column, encoding), offset, "{encoding:?}");
            }
        }
    }

    #[test]
    fn columns_count_from_the_start_of_their_line() {
        let text = "é\u{1F600}x\r\n\u{1F600}é\u{1F600}a\u{7FF}b\n\nlast é";
        let positions = Positions::new(text);
        for (offset, _) in text.char_indices() {
            let before = &text[..offset];
            let line = before.rsplit('\n').next().unwrap();
            let column =
                |encoding| positions.line_column(u32::try_from(offset).unwrap(), encoding).1 as usize;
            assert_eq!(column(Encoding::Utf8), line.len(), "{offset}");
            assert_eq!(column(Encoding::Utf16), line.encode_utf16().count(), "{offset}");
            assert_eq!(column(Encoding::Utf32), line.chars().count(), "{offset}");
        }
    }

    #[test]
    fn utf16_offsets_inside_characters_and_beyond_the_text() {
        let offsets = Utf16::new("a\u{1F600}é");
        let of: Vec<u32> = (0..9).map(|offset| offsets.of(offset)).collect();
        assert_eq!(of, [0, 1, 1, 1, 1, 3, 3, 4, 4]);
        let bytes: Vec<u32> = (0..7).map(|units| offsets.bytes(units)).collect();
        assert_eq!(bytes, [0, 1, 1, 5, 7, 7, 7]);
        assert_eq!((Utf16::new("ab").of(1), Utf16::new("ab").of(9), Utf16::new("").bytes(3)), (1, 2, 0));
    }
}
