//! A checker of RE2 regular expressions, as ClickHouse's `match()` takes them.
//!
//! One pass over the pattern, no tree: it says whether RE2 would take the pattern and, if not, what to look at.
//! RE2's flags (`(?i)` and the rest) change what a pattern matches, never whether it is well formed, so the only
//! state is the stack of open groups. The time is linear in the length of the pattern.
//!
//! It agrees with the RE2 of ClickHouse 23.9 and later (earlier ones do not know `(?<name>…)`), except that:
//!
//! - `\p{Name}` passes for every name of letters and `_`: the scripts of Unicode are not known here.
//! - A group name passes with any character outside ASCII that is neither a blank nor a control character; RE2
//!   takes only those of the categories L, M (without Me), Nd, Nl and Pc.
//! - Groups nest [`MAX_NESTING`] deep at most. RE2 has no such limit, but no pattern of use comes near it.
//! - The size of the compiled program is not estimated.

use super::text::find;

/// Checks that `pattern` is a regular expression that RE2 accepts; gives the first error otherwise.
pub(crate) fn check(pattern: &str) -> Result<(), RegexpError> {
    Checker { text: pattern, at: 0, outer: Vec::new(), level: Level::new(0), no_posix_end: false }.run()
}

/// What is wrong with a regular expression, and where: the bytes `start..end` of the pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RegexpError {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) kind: RegexpErrorKind,
}

/// The ways in which a regular expression can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum RegexpErrorKind {
    UnclosedGroup,
    UnopenedGroup,
    TooDeep,
    UnknownGroup,
    BadGroupName,
    UnknownFlag,
    MissingFlag,
    LookAround,
    BackReference,
    NothingToRepeat,
    RepeatOfRepeat,
    RepeatReversed,
    RepeatTooLarge,
    NestedRepeatTooLarge,
    UnclosedClass,
    BadClassRange,
    BadClassName,
    UnknownEscape,
    BadHexEscape,
    BadUnicodeClass,
    TrailingBackslash,
}

impl RegexpErrorKind {
    /// The message for the user.
    pub(crate) const fn message(self) -> &'static str {
        match self {
            Self::UnclosedGroup => "missing `)` in the regular expression",
            Self::UnopenedGroup => "`)` without `(` in the regular expression",
            Self::TooDeep => "groups nested too deep in the regular expression",
            Self::UnknownGroup => "this kind of group is not supported in a regular expression",
            Self::BadGroupName => "a group name takes letters, digits and `_`, as in `(?P<name>…)`",
            Self::UnknownFlag => "unknown regular expression flag (they are `i`, `m`, `s` and `U`)",
            Self::MissingFlag => "no flag after `-` in the regular expression",
            Self::LookAround => "look-ahead and look-behind are not supported in a regular expression",
            Self::BackReference => "back-references are not supported in a regular expression",
            Self::NothingToRepeat => "nothing to repeat in the regular expression",
            Self::RepeatOfRepeat => "a repeat cannot follow a repeat in the regular expression",
            Self::RepeatReversed => "the smaller repeat count must come first",
            Self::RepeatTooLarge => "a repeat count cannot be above 1000",
            Self::NestedRepeatTooLarge => "nested repeats cannot multiply to more than 1000",
            Self::UnclosedClass => "missing `]` in the regular expression",
            Self::BadClassRange => "the range of characters ends before it starts",
            Self::BadClassName => "unknown character class name (they are like `[:alpha:]` or `[:digit:]`)",
            Self::UnknownEscape => "unknown escape in the regular expression",
            Self::BadHexEscape => "bad character code (write two digits, `\\x41`, or up to `\\x{10FFFF}`)",
            Self::BadUnicodeClass => "bad Unicode class (write `\\pL` or `\\p{Greek}`)",
            Self::TrailingBackslash => "nothing after the `\\` at the end of the regular expression",
        }
    }
}

/// The largest repeat count, and the largest product of the counts of nested repeats.
const MAX_REPEAT: u32 = 1000;

/// How deep groups may nest.
const MAX_NESTING: usize = 1000;

/// From this value on, RE2 takes no more digits into a repeat count: the `{` is then an ordinary character.
const MAX_BEFORE_DIGIT: u32 = 100_000_000;

/// The names in `[:…:]`, which may follow a `^`.
const CLASS_NAMES: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space",
    "upper", "word", "xdigit",
];

type Checked<T = ()> = Result<T, RegexpError>;

const fn error<T>(start: usize, end: usize, kind: RegexpErrorKind) -> Checked<T> {
    Err(RegexpError { start, end, kind })
}

/// What is known of the innermost open group, or of the whole pattern.
///
/// The weight of an expression is the largest product of repeat counts on a way down into it: `(a{2}b{5}){3}`
/// weighs 15. No weight is above [`MAX_REPEAT`].
struct Level {
    /// Where the group opens.
    open: usize,
    /// The weight of the expression that a repeat here would repeat, if there is one.
    last: Option<u32>,
    /// The weight of the group so far.
    weight: u32,
}

impl Level {
    const fn new(open: usize) -> Self {
        Self { open, last: None, weight: 1 }
    }

    fn push(&mut self, weight: u32) {
        self.last = Some(weight);
        self.weight = self.weight.max(weight);
    }
}

struct Checker<'p> {
    text: &'p str,
    /// The byte to read next; always between two characters.
    at: usize,
    /// The levels around `level`, outermost first.
    outer: Vec<Level>,
    level: Level,
    /// No `:]` is left in the pattern (so that the search for it is done once).
    no_posix_end: bool,
}

impl<'p> Checker<'p> {
    fn run(mut self) -> Checked {
        let mut previous_repeat = None;
        while let Some(byte) = self.peek() {
            let start = self.at;
            let mut repeat = None;
            match byte {
                b'(' if self.rest().starts_with("(?") => self.extended_group()?,
                b'(' => self.open_group(start, 1)?,
                b')' => self.close_group()?,
                b'|' => {
                    self.at += 1;
                    self.level.last = None;
                }
                b'[' => self.class()?,
                b'*' | b'+' | b'?' => {
                    self.at += 1;
                    self.repeat(start, previous_repeat, None)?;
                    repeat = Some(start);
                }
                b'{' => {
                    if let Some(counts) = self.counts() {
                        self.repeat(start, previous_repeat, Some(counts))?;
                        repeat = Some(start);
                    } else {
                        self.at += 1;
                        self.level.push(1);
                    }
                }
                b'\\' => self.escape()?,
                _ => {
                    self.bump();
                    self.level.push(1);
                }
            }
            previous_repeat = repeat;
        }
        if self.outer.is_empty() {
            Ok(())
        } else {
            error(self.level.open, self.level.open + 1, RegexpErrorKind::UnclosedGroup)
        }
    }

    // The cursor.

    fn rest(&self) -> &'p str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn bump(&mut self) -> Option<char> {
        let char = self.rest().chars().next()?;
        self.at += char.len_utf8();
        Some(char)
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        if found {
            self.at += 1;
        }
        found
    }

    // Groups.

    /// Opens a group: its opening is `len` bytes long.
    fn open_group(&mut self, start: usize, len: usize) -> Checked {
        self.at = start + len;
        if self.outer.len() >= MAX_NESTING {
            return error(start, start + 1, RegexpErrorKind::TooDeep);
        }
        self.outer.push(std::mem::replace(&mut self.level, Level::new(start)));
        Ok(())
    }

    fn close_group(&mut self) -> Checked {
        let Some(outer) = self.outer.pop() else {
            return error(self.at, self.at + 1, RegexpErrorKind::UnopenedGroup);
        };
        self.at += 1;
        let weight = self.level.weight;
        self.level = outer;
        self.level.push(weight);
        Ok(())
    }

    /// A `(?`: a named group, or flags with or without a group.
    fn extended_group(&mut self) -> Checked {
        let (start, rest) = (self.at, self.rest());
        for (prefix, kind) in [
            ("(?=", RegexpErrorKind::LookAround),
            ("(?!", RegexpErrorKind::LookAround),
            ("(?<=", RegexpErrorKind::LookAround),
            ("(?<!", RegexpErrorKind::LookAround),
            ("(?P=", RegexpErrorKind::BackReference),
            ("(?P>", RegexpErrorKind::UnknownGroup),
        ] {
            if rest.starts_with(prefix) {
                return error(start, start + prefix.len(), kind);
            }
        }
        for prefix in ["(?P<", "(?<"] {
            if let Some(tail) = rest.strip_prefix(prefix) {
                let Some((name, _)) = tail.split_once('>') else {
                    return error(start, start + prefix.len(), RegexpErrorKind::BadGroupName);
                };
                let len = prefix.len() + name.len() + 1;
                if name.is_empty() || !name.chars().all(is_name_char) {
                    return error(start + prefix.len() - 1, start + len, RegexpErrorKind::BadGroupName);
                }
                return self.open_group(start, len);
            }
        }
        self.flags(start)
    }

    /// The flags of the `(?` at `start`: `(?i)`, `(?i-s:`, `(?:`.
    fn flags(&mut self, start: usize) -> Checked {
        self.at += 2;
        let mut minus = None;
        let mut flagged = false;
        loop {
            let at = self.at;
            match self.bump() {
                Some('i' | 'm' | 's' | 'U') => flagged = true,
                Some('-') if minus.is_none() => {
                    minus = Some(at);
                    flagged = false;
                }
                Some(close @ (':' | ')')) => {
                    if let Some(minus) = minus
                        && !flagged
                    {
                        return error(minus, minus + 1, RegexpErrorKind::MissingFlag);
                    }
                    return if close == ':' { self.open_group(start, self.at - start) } else { Ok(()) };
                }
                Some(char) if at == start + 2 && !char.is_ascii_alphanumeric() => {
                    return error(start, self.at, RegexpErrorKind::UnknownGroup);
                }
                Some(_) => return error(at, self.at, RegexpErrorKind::UnknownFlag),
                None => return error(start, start + 1, RegexpErrorKind::UnclosedGroup),
            }
        }
    }

    // Repeats.

    /// Reads `{2}`, `{2,}` or `{2,5}`. Anything else is no repeat, and the cursor stays.
    fn counts(&mut self) -> Option<(u32, Option<u32>)> {
        let start = self.at;
        let counts = self.counts_from(start + 1);
        if counts.is_none() {
            self.at = start;
        }
        counts
    }

    fn counts_from(&mut self, at: usize) -> Option<(u32, Option<u32>)> {
        self.at = at;
        let min = self.count()?;
        let max = if !self.eat(b',') {
            Some(min)
        } else if self.peek() == Some(b'}') {
            None
        } else {
            Some(self.count()?)
        };
        self.eat(b'}').then_some((min, max))
    }

    /// A decimal number without leading zeros.
    fn count(&mut self) -> Option<u32> {
        let start = self.at;
        let mut count: u32 = 0;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            if count >= MAX_BEFORE_DIGIT || (count == 0 && self.at > start) {
                return None;
            }
            count = count * 10 + u32::from(digit - b'0');
            self.at += 1;
        }
        (self.at > start).then_some(count)
    }

    /// A repeat from `start` to the cursor, to which a `?` may still belong.
    fn repeat(
        &mut self,
        start: usize,
        previous: Option<usize>,
        counts: Option<(u32, Option<u32>)>,
    ) -> Checked {
        self.eat(b'?');
        let end = self.at;
        if let Some(previous) = previous {
            return error(previous, end, RegexpErrorKind::RepeatOfRepeat);
        }
        if let Some((min, max)) = counts {
            if min > MAX_REPEAT || max.is_some_and(|max| max > MAX_REPEAT) {
                return error(start, end, RegexpErrorKind::RepeatTooLarge);
            }
            if max.is_some_and(|max| max < min) {
                return error(start, end, RegexpErrorKind::RepeatReversed);
            }
        }
        let Some(last) = self.level.last else {
            return error(start, end, RegexpErrorKind::NothingToRepeat);
        };
        // The count that the copies of the expression come from; one of 0 makes none, and does not weigh.
        let factor = counts.map_or(1, |(min, max)| max.unwrap_or(min)).max(1);
        let weight = last.saturating_mul(factor);
        if weight > MAX_REPEAT {
            return error(start, end, RegexpErrorKind::NestedRepeatTooLarge);
        }
        self.level.push(weight);
        Ok(())
    }

    // Classes.

    /// A class in brackets, from its `[`.
    fn class(&mut self) -> Checked {
        let open = self.at;
        self.at += 1;
        self.eat(b'^');
        let mut first = true;
        while let Some(byte) = self.peek() {
            if byte == b']' && !first {
                self.at += 1;
                self.level.push(1);
                return Ok(());
            }
            first = false;
            if !(byte == b'[' && self.posix_class()? || byte == b'\\' && self.named_class()?) {
                self.class_range()?;
            }
        }
        error(open, open + 1, RegexpErrorKind::UnclosedClass)
    }

    /// Reads `[:alpha:]`, if there is something like it here.
    fn posix_class(&mut self) -> Checked<bool> {
        let Some(tail) = self.rest().strip_prefix("[:").filter(|_| !self.no_posix_end) else {
            return Ok(false);
        };
        let Some(name) = find(tail, ":]").and_then(|end| tail.get(..end)) else {
            self.no_posix_end = true;
            return Ok(false);
        };
        let end = self.at + name.len() + 4;
        if !CLASS_NAMES.contains(&name.strip_prefix('^').unwrap_or(name)) {
            return error(self.at, end, RegexpErrorKind::BadClassName);
        }
        self.at = end;
        Ok(true)
    }

    /// One character or a range of them.
    fn class_range(&mut self) -> Checked {
        let start = self.at;
        let low = self.class_char()?;
        // A `-` before the `]` is a character.
        let rest = self.rest();
        if rest.len() < 2 || !rest.starts_with('-') || rest.starts_with("-]") {
            return Ok(());
        }
        self.at += 1;
        if self.class_char()? < low {
            return error(start, self.at, RegexpErrorKind::BadClassRange);
        }
        Ok(())
    }

    /// The code of one character of a class.
    fn class_char(&mut self) -> Checked<u32> {
        if self.peek() == Some(b'\\') {
            return self.char_escape(true);
        }
        Ok(self.bump().map_or(0, u32::from))
    }

    // Escapes.

    /// An escape outside a class, from its `\`.
    fn escape(&mut self) -> Checked {
        match self.rest().as_bytes() {
            [_, b'A' | b'b' | b'B' | b'C' | b'z', ..] => self.at += 2,
            [_, b'Q', ..] => {
                self.at += 2;
                self.quoted();
                return Ok(());
            }
            _ => {
                if !self.named_class()? {
                    self.char_escape(false)?;
                }
            }
        }
        self.level.push(1);
        Ok(())
    }

    /// Literal text up to `\E` or to the end of the pattern.
    fn quoted(&mut self) {
        let rest = self.rest();
        let (length, end) = find(rest, "\\E").map_or((rest.len(), 0), |length| (length, 2));
        self.at += length + end;
        if length > 0 {
            self.level.push(1);
        }
    }

    /// Reads `\d` and the like, `\pL` and `\p{Greek}`, if one is here.
    fn named_class(&mut self) -> Checked<bool> {
        let start = self.at;
        match self.rest().as_bytes() {
            [_, b'd' | b'D' | b's' | b'S' | b'w' | b'W', ..] => {
                self.at += 2;
                return Ok(true);
            }
            [_, b'p' | b'P', ..] => self.at += 2,
            _ => return Ok(false),
        }
        let known = match self.bump() {
            Some('{') => {
                let Some((name, _)) = self.rest().split_once('}') else {
                    return error(start, self.at, RegexpErrorKind::BadUnicodeClass);
                };
                self.at += name.len() + 1;
                let name = name.strip_prefix('^').unwrap_or(name);
                !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_')
            }
            char => matches!(char, Some('C' | 'L' | 'M' | 'N' | 'P' | 'S' | 'Z')),
        };
        if known { Ok(true) } else { error(start, self.at, RegexpErrorKind::BadUnicodeClass) }
    }

    /// The code of an escaped character, inside a class or not.
    fn char_escape(&mut self, in_class: bool) -> Checked<u32> {
        let start = self.at;
        self.at += 1;
        let Some(char) = self.bump() else {
            return error(start, self.at, RegexpErrorKind::TrailingBackslash);
        };
        let code = match char {
            'a' => 0x07,
            'f' => 0x0C,
            'n' => 0x0A,
            'r' => 0x0D,
            't' => 0x09,
            'v' => 0x0B,
            'x' => return self.hexadecimal(start),
            '0' => self.octal(0),
            // One octal digit alone is a back-reference.
            '1'..='7' if matches!(self.peek(), Some(b'0'..=b'7')) => self.octal(u32::from(char) - 0x30),
            '1'..='9' | 'k' | 'g' if !in_class => {
                return error(start, self.at, RegexpErrorKind::BackReference);
            }
            _ if char.is_ascii() && !char.is_ascii_alphanumeric() => u32::from(char),
            _ => return error(start, self.at, RegexpErrorKind::UnknownEscape),
        };
        Ok(code)
    }

    /// Up to two more octal digits.
    fn octal(&mut self, first: u32) -> u32 {
        let mut code = first;
        for _ in 0..2 {
            let Some(digit @ b'0'..=b'7') = self.peek() else { break };
            code = code * 8 + u32::from(digit - b'0');
            self.at += 1;
        }
        code
    }

    /// What follows the `\x` at `start`: two digits, or any number of them in braces.
    fn hexadecimal(&mut self, start: usize) -> Checked<u32> {
        let braces = self.eat(b'{');
        let digits = self.at;
        let mut code: u32 = 0;
        while braces || self.at < digits + 2 {
            let char = self.bump();
            if let Some(digit) = char.and_then(|char| char.to_digit(16))
                && code * 16 + digit <= u32::from(char::MAX)
            {
                code = code * 16 + digit;
            } else if char == Some('}') && braces && self.at > digits + 1 {
                break;
            } else {
                return error(start, self.at, RegexpErrorKind::BadHexEscape);
            }
        }
        Ok(code)
    }
}

fn is_name_char(char: char) -> bool {
    match char {
        '_' => true,
        _ if char.is_ascii() => char.is_ascii_alphanumeric(),
        _ => !char.is_whitespace() && !char.is_control(),
    }
}

#[cfg(test)]
mod tests;
