//! Regular expressions of RE2, as ClickHouse's `match()` takes them, for the engine of the crate `regex`.
//!
//! The two are alike, but not in everything: here `.` takes a line break, `\w \d \s \b` know ASCII only, `\C` is one
//! byte, `{` and `[` may be plain characters, a flag may be said twice. So the pattern is read by RE2's rules and
//! written again, every character that could mean something as its code. Groups lose their names where nothing is
//! captured.

use std::fmt::Write as _;

use regex::bytes::{Regex, RegexBuilder};

/// How much memory a compiled pattern may take.
const SIZE_LIMIT: usize = 64 << 20;

/// Compiles a pattern that the core has checked; says why where the engine does not take it.
pub(crate) fn compile(pattern: &str) -> Result<Regex, String> {
    build(translate(pattern))
}

/// Compiles a pattern that the core has checked so that its groups keep their names.
///
/// # Errors
///
/// Why the engine does not take it: a name that begins with a digit or comes twice, or what [`Evaluator`] refuses too.
///
/// [`Evaluator`]: crate::Evaluator
pub fn compile_named(pattern: &str) -> Result<Regex, String> {
    build(translated(pattern, true))
}

fn build(translated: Option<String>) -> Result<Regex, String> {
    let translated = translated.ok_or("it is not one of RE2")?;
    let builder = RegexBuilder::new(&translated).dot_matches_new_line(true).size_limit(SIZE_LIMIT).build();
    builder.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "it takes too much memory".to_owned(),
        // The message shows the translated pattern on several lines; the last one says what is wrong.
        error => {
            let text = error.to_string();
            text.lines().next_back().unwrap_or_default().trim_start_matches("error: ").to_owned()
        }
    })
}

/// The pattern in the syntax of the crate `regex`; `None` for one that RE2 would not take.
pub fn translate(pattern: &str) -> Option<String> {
    translated(pattern, false)
}

fn translated(pattern: &str, named: bool) -> Option<String> {
    let mut translator = Translator { rest: pattern, out: String::new(), flags: String::new(), named };
    while !translator.rest.is_empty() {
        translator.piece()?;
    }
    Some(translator.out)
}

/// `\d`, `\s` and `\w`: the letter and what stands between brackets for it.
const PERL_CLASSES: [(char, &str); 3] = [('d', "0-9"), ('s', r"\t\n\x0C\r "), ('w', "0-9A-Za-z_")];

/// The categories that RE2 has under `C`: the other engine adds the characters that are not assigned.
const OTHER: &str = r"\p{Cc}\p{Cf}\p{Co}";

struct Translator<'p> {
    rest: &'p str,
    out: String,
    /// Flags that were read and not written yet: a repeat behind them belongs to what is before them.
    flags: String,
    /// Whether groups keep their names.
    named: bool,
}

impl<'p> Translator<'p> {
    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let next = chars.next()?;
        self.rest = chars.as_str();
        Some(next)
    }

    fn eat(&mut self, prefix: &str) -> bool {
        let found = self.rest.strip_prefix(prefix);
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    /// What is before the first `end`, which is passed over.
    fn until(&mut self, end: &str) -> Option<&'p str> {
        let (found, rest) = self.rest.split_once(end)?;
        self.rest = rest;
        Some(found)
    }

    fn piece(&mut self) -> Option<()> {
        let counts = self.counts();
        if counts.is_none() && !self.rest.starts_with(['*', '+', '?']) {
            self.out.push_str(&std::mem::take(&mut self.flags));
        }
        if let Some(counts) = counts {
            self.out.push_str(counts);
            return Some(());
        }
        match self.next()? {
            '(' if self.eat("?P<") || self.eat("?<") => {
                let name = self.until(">")?;
                // Writing to a string cannot fail.
                let _ = if self.named { write!(self.out, "(?P<{name}>") } else { self.out.write_str("(?:") };
            }
            '(' if self.eat("?") => self.group()?,
            '[' => self.class()?,
            '\\' => self.escape()?,
            sign @ ('(' | ')' | '|' | '*' | '+' | '?' | '.' | '^' | '$') => self.out.push(sign),
            plain => push_char(&mut self.out, u32::from(plain)),
        }
        Some(())
    }

    /// `{2}`, `{2,}` or `{2,5}` as it is written; anything else is no repeat.
    fn counts(&mut self) -> Option<&'p str> {
        let (inner, rest) = self.rest.strip_prefix('{')?.split_once('}')?;
        let (low, high) = inner.split_once(',').unwrap_or((inner, inner));
        let is_count = |text: &str| {
            let digits = text.len() <= 9 && text.bytes().all(|digit| digit.is_ascii_digit());
            digits && (text == "0" || !text.starts_with('0'))
        };
        if low.is_empty() || !is_count(low) || !is_count(high) {
            return None;
        }
        let counts = self.rest.strip_suffix(rest);
        self.rest = rest;
        counts
    }

    /// Flags after `(?`, for the rest of the group they stand in or for one of their own.
    fn group(&mut self) -> Option<()> {
        let mut on = true;
        let mut set: Vec<(char, bool)> = Vec::new();
        let own = loop {
            match self.next()? {
                '-' => on = false,
                ':' => break true,
                ')' => break false,
                flag @ ('i' | 'm' | 's' | 'U') => {
                    set.retain(|&(known, _)| known != flag);
                    set.push((flag, on));
                }
                _ => return None,
            }
        };
        let of = |wanted: bool| set.iter().filter(move |&&(_, on)| on == wanted).map(|&(flag, _)| flag);
        let mut flags: String = of(true).collect();
        if of(false).next().is_some() {
            flags.push('-');
            flags.extend(of(false));
        }
        match (own, flags.is_empty()) {
            (true, _) => self.out.push_str(&format!("(?{flags}:")),
            (false, true) => {}
            (false, false) => self.flags.push_str(&format!("(?{flags})")),
        }
        Some(())
    }

    /// What follows a `\` outside a class.
    fn escape(&mut self) -> Option<()> {
        match self.rest.chars().next()? {
            'Q' => {
                self.next();
                let literal = self.until("\\E").unwrap_or_else(|| std::mem::take(&mut self.rest));
                for plain in literal.chars() {
                    push_char(&mut self.out, u32::from(plain));
                }
                return Some(());
            }
            'A' => self.out.push_str(r"\A"),
            'z' => self.out.push_str(r"\z"),
            'b' => self.out.push_str(r"(?-u:\b)"),
            'B' => self.out.push_str(r"(?-u:\B)"),
            'C' => self.out.push_str("(?s-u:.)"),
            _ => {
                match self.named_class()? {
                    Some(class) => self.out.push_str(&class),
                    None => {
                        let code = self.code()?;
                        push_char(&mut self.out, code);
                    }
                }
                return Some(());
            }
        }
        self.next();
        Some(())
    }

    /// `d`, `pL` or `p{Greek}` after a `\`, as a class in brackets.
    fn named_class(&mut self) -> Option<Option<String>> {
        let letter = self.rest.chars().next()?;
        let negated = letter.is_ascii_uppercase();
        let caret = if negated { "^" } else { "" };
        if let Some((_, inner)) = PERL_CLASSES.iter().find(|(known, _)| letter.eq_ignore_ascii_case(known)) {
            self.next();
            return Some(Some(format!("[{caret}{inner}]")));
        }
        if !letter.eq_ignore_ascii_case(&'p') {
            return Some(None);
        }
        self.next();
        let name = match self.next()? {
            '{' => self.until("}")?.to_owned(),
            letter => letter.to_string(),
        };
        let (name, negated) = match name.strip_prefix('^') {
            Some(name) => (name, !negated),
            None => (name.as_str(), negated),
        };
        let caret = if negated { "^" } else { "" };
        Some(Some(match name {
            "C" => format!("[{caret}{OTHER}]"),
            _ => format!(r"[{caret}\p{{{name}}}]"),
        }))
    }

    /// The code of the character after a `\`.
    fn code(&mut self) -> Option<u32> {
        Some(match self.next()? {
            'a' => 0x07,
            'f' => 0x0C,
            'n' => 0x0A,
            'r' => 0x0D,
            't' => 0x09,
            'v' => 0x0B,
            'x' if self.eat("{") => u32::from_str_radix(self.until("}")?, 16).ok()?,
            'x' => self.digits(2, 16)?,
            first @ '0'..='7' => {
                let first = first.to_digit(8)?;
                let count =
                    self.rest.bytes().take(2).take_while(|digit| (b'0'..=b'7').contains(digit)).count();
                first << (3 * count) | if count > 0 { self.digits(count, 8)? } else { 0 }
            }
            plain => u32::from(plain),
        })
    }

    fn digits(&mut self, count: usize, radix: u32) -> Option<u32> {
        let (digits, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        u32::from_str_radix(digits, radix).ok()
    }

    /// A class, after its `[`.
    fn class(&mut self) -> Option<()> {
        self.out.push('[');
        if self.eat("^") {
            self.out.push('^');
        }
        let mut first = true;
        while first || !self.eat("]") {
            first = false;
            if self.rest.starts_with("[:")
                && let Some((name, rest)) = self.rest.split_once(":]")
            {
                let _ = write!(self.out, "{name}:]");
                self.rest = rest;
                continue;
            }
            if let Some(after) = self.rest.strip_prefix('\\') {
                let before = std::mem::replace(&mut self.rest, after);
                if let Some(class) = self.named_class()? {
                    self.out.push_str(&class);
                    continue;
                }
                self.rest = before;
            }
            let low = self.class_code()?;
            let is_range = self.rest.starts_with('-') && !self.rest.starts_with("-]") && self.rest.len() > 1;
            let high = if is_range {
                self.next();
                self.class_code()?
            } else {
                low
            };
            push_range(&mut self.out, low, high);
        }
        self.out.push(']');
        Some(())
    }

    fn class_code(&mut self) -> Option<u32> {
        match self.next()? {
            '\\' => self.code(),
            plain => Some(u32::from(plain)),
        }
    }
}

/// Appends a character that means itself.
fn push_char(out: &mut String, code: u32) {
    match char::from_u32(code) {
        Some(plain) if plain.is_ascii_alphanumeric() => out.push(plain),
        Some(_) => push_code(out, code),
        // A surrogate, which is in no text.
        None => out.push_str(r"[^\x{0}-\x{10FFFF}]"),
    }
}

/// Appends a range of a class, without the surrogates at its ends.
fn push_range(out: &mut String, low: u32, high: u32) {
    let surrogates = 0xD800..=0xDFFF;
    let low = if surrogates.contains(&low) { 0xE000 } else { low };
    let high = if surrogates.contains(&high) { 0xD7FF } else { high };
    if low <= high {
        push_code(out, low);
        out.push('-');
        push_code(out, high);
    }
}

fn push_code(out: &mut String, code: u32) {
    // Writing to a string cannot fail.
    let _ = write!(out, r"\x{{{code:X}}}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_keep_their_names_where_they_are_captured() {
        let regex = compile_named(r"^(?P<site>[a-z]{3})(?<number>\d)-(x)").unwrap();
        let captures = regex.captures(b"par1-x").unwrap();
        assert_eq!((&captures["site"], &captures["number"]), (&b"par"[..], &b"1"[..]));
        assert_eq!(compile("(?P<a>.)").unwrap().capture_names().flatten().count(), 0);
        assert!(compile_named("(?P<a>.)(?P<a>.)").is_err());
    }

    #[test]
    fn patterns_mean_what_re2_means() {
        for (pattern, text, matches) in [
            ("a.b", "a\nb", true),
            ("(?-s)a.b", "a\nb", false),
            ("a$", "a\n", false),
            ("(?m)a$", "a\nb", true),
            (r"^\w$", "é", false),
            (r"^\W$", "é", true),
            (r"\s", "\u{b}", false),
            (r"^\C\C$", "é", true),
            (r"é\b", "é", false),
            (r"\Ba", "éa", false),
            ("a{,2}", "a{,2}", true),
            ("a{2", "a{2", true),
            ("^a{2}$", "aa", true),
            ("^a{02}$", "aa", false),
            ("[[]", "[", true),
            ("[]a]", "]", true),
            ("[^]a]", "]", false),
            ("[a&&b]", "&", true),
            ("[+--]", ",", true),
            (r"[\d-z]", "-", true),
            ("[[:^alpha:]x]", "a", false),
            (r"\Qa+\E+", "a++", true),
            (r"\Qa+", "a+", true),
            ("(?P<n>a)(?<m>b)", "ab", true),
            ("(?i-i)A", "a", false),
            ("(?ii)A", "a", true),
            ("a(?i)*B", "b", true),
            (r"\x41\x{42}\103\07", "ABC\u{7}", true),
            (r"\p{^Greek}", "α", false),
            (r"\pC", "\u{378}", false),
            ("(?i)k", "\u{212a}", true),
            (r"\x{D800}|a", "a", true),
            (r"[\x{D800}-\x{E000}]", "\u{e000}", true),
            ("^*a", "a", true),
        ] {
            let regex = compile(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
            assert_eq!(regex.is_match(text.as_bytes()), matches, "{pattern} {text}");
        }
    }
}
