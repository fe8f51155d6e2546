//! Bytes to tokens, on demand and without knowing any type.

use super::Error;

/// The words that are never a value, a column or a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keyword {
    And,
    Or,
    Not,
    In,
    NotIn,
    Like,
    ILike,
    Unlike,
    IUnlike,
    Between,
    Regexp,
    Has,
}

impl Keyword {
    /// The keyword that a word is, in any case.
    fn of(word: &[u8]) -> Option<Self> {
        let is = |keyword: &str| word.eq_ignore_ascii_case(keyword.as_bytes());
        let (keyword, found) = match (word.len(), word.first()? | 0x20) {
            (2, b'i') => (Self::In, is("IN")),
            (2, b'o') => (Self::Or, is("OR")),
            (3, b'a') => (Self::And, is("AND")),
            (3, b'n') => (Self::Not, is("NOT")),
            (3, b'h') => (Self::Has, is("HAS")),
            (4, b'l') => (Self::Like, is("LIKE")),
            (5, b'n') => (Self::NotIn, is("NOTIN")),
            (5, b'i') => (Self::ILike, is("ILIKE")),
            (6, b'u') => (Self::Unlike, is("UNLIKE")),
            (6, b'r') => (Self::Regexp, is("REGEXP")),
            (7, b'i') => (Self::IUnlike, is("IUNLIKE")),
            (7, b'b') => (Self::Between, is("BETWEEN")),
            _ => return None,
        };
        found.then_some(keyword)
    }
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A word; `marked` when it holds a `-` or a `/`, as a range or a subnet does.
    Word { marked: bool },
    /// A word equal to a keyword.
    Keyword(Keyword),
    /// A quoted string, its quotes outside the token's text; `escaped` when it holds an escape sequence.
    Text { quote: u8, escaped: bool },
    /// `(`
    Open,
    /// `)`
    Close,
    /// `,`
    Comma,
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `<<`
    Inside,
    /// `!<<`
    Outside,
    /// The end of the text.
    End,
}

/// A token and where its text is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// What a byte may be part of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Word,
    /// Part of a word, unless it is a blank beyond ASCII.
    Foreign,
    /// Part of a word, unless two of them start a comment.
    Dash,
    /// Part of a word, unless a star follows and they start a comment.
    Slash,
    Blank,
    Delimiter,
}

/// The class of every byte.
static CLASSES: [Class; 256] = {
    let mut classes = [Class::Word; 256];
    let mut byte = 0x80;
    while byte < 256 {
        classes[byte] = Class::Foreign;
        byte += 1;
    }
    let (blanks, delimiters) = (b" \t\r\n", b"\"'(),=<>!&|;");
    let mut i = 0;
    while i < blanks.len() {
        classes[blanks[i] as usize] = Class::Blank;
        i += 1;
    }
    i = 0;
    while i < delimiters.len() {
        classes[delimiters[i] as usize] = Class::Delimiter;
        i += 1;
    }
    classes[b'-' as usize] = Class::Dash;
    classes[b'/' as usize] = Class::Slash;
    classes
};

/// A position in a text of at most 64 KiB.
pub(crate) struct Lexer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Lexer<'a> {
    /// Starts after the byte-order mark, if any.
    pub(crate) fn new(text: &'a str) -> Self {
        let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Self { text, bytes: text.as_bytes(), at }
    }

    /// The text of a token.
    pub(crate) fn slice(&self, token: Token) -> &'a str {
        &self.text[token.start as usize..token.end as usize]
    }

    /// The next token; after the last one, [`Kind::End`] for ever.
    pub(crate) fn next(&mut self) -> Result<Token, Error> {
        self.skip_blanks()?;
        let start = self.at;
        let Some(&first) = self.bytes.get(start) else { return Ok(token(Kind::End, start, start)) };
        if CLASSES[first as usize] != Class::Delimiter {
            return self.word();
        }
        let (kind, length) = match first {
            b'"' | b'\'' => return self.string(first),
            b'(' => (Kind::Open, 1),
            b')' => (Kind::Close, 1),
            b',' => (Kind::Comma, 1),
            b'=' => (Kind::Equal, 1),
            b'<' => match self.peek(1) {
                Some(b'<') => (Kind::Inside, 2),
                Some(b'=') => (Kind::LessEqual, 2),
                _ => (Kind::Less, 1),
            },
            b'>' if self.peek(1) == Some(b'=') => (Kind::GreaterEqual, 2),
            b'>' => (Kind::Greater, 1),
            b'!' if self.peek(1) == Some(b'=') => (Kind::NotEqual, 2),
            b'!' if self.peek(1) == Some(b'<') && self.peek(2) == Some(b'<') => (Kind::Outside, 3),
            _ => return Err(Error { offset: start, reason: "unknown operator" }),
        };
        self.at += length;
        Ok(token(kind, start, self.at))
    }

    /// The byte some way ahead.
    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    /// Skips blanks and comments.
    fn skip_blanks(&mut self) -> Result<(), Error> {
        while let Some(&byte) = self.bytes.get(self.at) {
            match CLASSES[byte as usize] {
                Class::Blank => self.at += 1,
                Class::Dash if self.peek(1) == Some(b'-') => {
                    let rest = &self.bytes[self.at..];
                    self.at += rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len());
                }
                Class::Slash if self.peek(1) == Some(b'*') => {
                    let inside = &self.bytes[self.at + 2..];
                    let Some(length) = inside.windows(2).position(|pair| pair == b"*/") else {
                        return Err(Error { offset: self.at, reason: "comment not terminated" });
                    };
                    self.at += length + 4;
                }
                _ => break,
            }
        }
        Ok(())
    }

    /// Reads the word that starts here: at least its first byte.
    fn word(&mut self) -> Result<Token, Error> {
        let start = self.at;
        let (mut marked, mut foreign) = (false, false);
        let mut at = start;
        loop {
            // Nearly every byte of nearly every word.
            at += self.bytes[at..].iter().take_while(|&&byte| CLASSES[byte as usize] == Class::Word).count();
            let next = self.bytes.get(at + 1);
            match self.bytes.get(at).map(|&byte| CLASSES[byte as usize]) {
                Some(Class::Foreign) => foreign = true,
                Some(Class::Dash) if next != Some(&b'-') => marked = true,
                Some(Class::Slash) if next != Some(&b'*') => marked = true,
                _ => break,
            }
            at += 1;
        }
        self.at = at;
        let word = &self.bytes[start..at];
        if foreign {
            // Only blanks are looked for: which other characters a word may hold is for its type to say.
            let invisible = ['\u{feff}', '\u{200b}', '\u{2060}', '\u{180e}'];
            let blank =
                |(_, c): &(usize, char)| !c.is_ascii() && (c.is_whitespace() || invisible.contains(c));
            if let Some((inside, _)) = self.text[start..at].char_indices().find(blank) {
                return Err(Error { offset: start + inside, reason: "blank that is not an ASCII one" });
            }
        }
        let kind = Keyword::of(word).map_or(Kind::Word { marked }, Kind::Keyword);
        Ok(token(kind, start, at))
    }

    /// Reads the string that starts here.
    fn string(&mut self, quote: u8) -> Result<Token, Error> {
        let open = self.at;
        let mut escaped = false;
        let mut at = open + 1;
        while let Some(&byte) = self.bytes.get(at) {
            match byte {
                b'\\' if self.bytes.get(at + 1).is_some_and(|&next| next == b'\\' || next == quote) => {
                    escaped = true;
                    at += 1;
                }
                b'\r' | b'\n' => break,
                _ if byte == quote => {
                    self.at = at + 1;
                    return Ok(token(Kind::Text { quote, escaped }, open + 1, at));
                }
                _ => {}
            }
            at += 1;
        }
        Err(Error { offset: open, reason: "string literal not terminated" })
    }
}

/// A token of a text whose length was checked.
fn token(kind: Kind, start: usize, end: usize) -> Token {
    Token { kind, start: start as u32, end: end as u32 }
}
