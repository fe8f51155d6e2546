//! What the parser that pest derives from `filter.pest` runs on: the interface of pest's own runtime, as far as derived
//! code calls it, for a grammar that is total.
//!
//! A total grammar has no errors to report. Pest's runtime keeps what it expected at each place all the same, for every
//! rule, and brings along what renders that: a third of the time that a parse takes in a browser, and 4 kB of the module.
//! What is left here is the position, the matches and the flags that decide whether a rule is one of them. It stands in
//! for pest under its name, so that the derive and the grammar's language stay pest's; a test holds both runtimes to
//! the same matches.

use std::marker::PhantomData;
use std::ops::Range;

/// Where a rule matched: the bytes from `start` to before `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match<R> {
    /// The rule.
    pub rule: R,
    /// The offset of its first byte.
    pub start: usize,
    /// The offset after its last byte.
    pub end: usize,
}

/// What a step of the parse answers: the state, which has moved on, or which has not.
pub type ParseResult<S> = Result<S, S>;

/// Whether the rules inside a rule are matches of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Atomicity {
    /// They are not.
    Atomic,
    /// They are, without blanks between them.
    CompoundAtomic,
    /// They are; rules of blanks, which pest would put between them, are for other grammars.
    NonAtomic,
}

/// The rules of a grammar.
pub trait RuleType: Copy {}

impl<R: Copy> RuleType for R {}

/// A parser that is derived.
pub trait Parser<R: RuleType> {
    /// The matches of a rule at the beginning of a text.
    ///
    /// # Errors
    ///
    /// The rule does not match there.
    fn parse<'i>(rule: R, input: &'i str) -> Result<iterators::Pairs<'i, R>, error::Error<R>>;
}

/// What a parse gives.
pub mod iterators {
    use super::{Match, PhantomData};

    /// The matches of a parse.
    #[derive(Clone, Debug)]
    pub struct Pairs<'i, R> {
        pub(super) matches: Vec<Match<R>>,
        pub(super) text: PhantomData<&'i str>,
    }

    impl<R> Pairs<'_, R> {
        /// The matches in the order of the text, those that hold others before them.
        pub fn into_matches(self) -> Vec<Match<R>> {
            self.matches
        }
    }
}

/// Why there is no parse.
pub mod error {
    use super::PhantomData;

    /// The text does not match. A total grammar never says more.
    #[derive(Clone, Copy, Debug)]
    pub struct Error<R>(pub(super) PhantomData<R>);
}

/// Parses a text by a function of its rules.
///
/// # Errors
///
/// The rule does not match.
pub fn state<'i, R, F>(input: &'i str, rules: F) -> Result<iterators::Pairs<'i, R>, error::Error<R>>
where
    R: RuleType,
    F: FnOnce(Box<ParserState<'i, R>>) -> ParseResult<Box<ParserState<'i, R>>>,
{
    let state = ParserState {
        input,
        at: 0,
        matches: Vec::with_capacity(8 + input.len() / 4),
        looking: false,
        atomicity: Atomicity::NonAtomic,
    };
    match rules(Box::new(state)) {
        Ok(state) => Ok(iterators::Pairs { matches: state.matches, text: PhantomData }),
        Err(_) => Err(error::Error(PhantomData)),
    }
}

/// A parse that is under way.
#[derive(Debug)]
pub struct ParserState<'i, R> {
    input: &'i str,
    /// The offset of what is read next, always between two characters.
    at: usize,
    matches: Vec<Match<R>>,
    /// Whether what is read now is only looked at.
    looking: bool,
    atomicity: Atomicity,
}

/// Where a state may go back to.
#[derive(Clone, Copy)]
struct Mark {
    at: usize,
    matches: usize,
}

// What takes a closure is called once with each, at the place that it is derived for: there it belongs.
impl<R: RuleType> ParserState<'_, R> {
    fn rest(&self) -> &str {
        self.input.get(self.at..).unwrap_or_default()
    }

    const fn mark(&self) -> Mark {
        Mark { at: self.at, matches: self.matches.len() }
    }

    fn back_to(&mut self, mark: Mark) {
        self.at = mark.at;
        self.matches.truncate(mark.matches);
    }

    /// Passes `length` bytes, where what is there was as wanted.
    fn pass(mut self: Box<Self>, length: Option<usize>) -> ParseResult<Box<Self>> {
        match length {
            Some(length) => {
                self.at += length;
                Ok(self)
            }
            None => Err(self),
        }
    }

    /// Begins a match; answers whether it is one.
    fn begin(&mut self, rule: R) -> bool {
        let counts = !self.looking && self.atomicity != Atomicity::Atomic;
        if counts {
            self.matches.push(Match { rule, start: self.at, end: self.at });
        }
        counts
    }

    /// Ends the match that was begun at `mark`.
    fn end(&mut self, mark: Mark) {
        if let Some(open) = self.matches.get_mut(mark.matches) {
            open.end = self.at;
        }
    }

    /// A rule: a match where its inside matches.
    #[inline(always)]
    pub fn rule<F>(mut self: Box<Self>, rule: R, inside: F) -> ParseResult<Box<Self>>
    where
        F: FnOnce(Box<Self>) -> ParseResult<Box<Self>>,
    {
        let mark = self.mark();
        let counts = self.begin(rule);
        let mut result = inside(self);
        if counts {
            match &mut result {
                Ok(state) => state.end(mark),
                Err(state) => state.matches.truncate(mark.matches),
            }
        }
        result
    }

    /// What is inside with another atomicity.
    #[inline(always)]
    pub fn atomic<F>(mut self: Box<Self>, atomicity: Atomicity, inside: F) -> ParseResult<Box<Self>>
    where
        F: FnOnce(Box<Self>) -> ParseResult<Box<Self>>,
    {
        let outer = std::mem::replace(&mut self.atomicity, atomicity);
        let mut result = inside(self);
        let (Ok(state) | Err(state)) = &mut result;
        state.atomicity = outer;
        result
    }

    /// All of what is inside, or nothing.
    #[inline(always)]
    pub fn sequence<F>(self: Box<Self>, inside: F) -> ParseResult<Box<Self>>
    where
        F: FnOnce(Box<Self>) -> ParseResult<Box<Self>>,
    {
        let mark = self.mark();
        inside(self).map_err(|mut state| {
            state.back_to(mark);
            state
        })
    }

    /// What is inside, or nothing.
    ///
    /// # Errors
    ///
    /// None; a step of a parse has this type.
    #[inline(always)]
    pub fn optional<F>(self: Box<Self>, inside: F) -> ParseResult<Box<Self>>
    where
        F: FnOnce(Box<Self>) -> ParseResult<Box<Self>>,
    {
        let (Ok(state) | Err(state)) = inside(self);
        Ok(state)
    }

    /// What is inside, as often as it matches.
    ///
    /// # Errors
    ///
    /// None; a step of a parse has this type.
    #[inline(always)]
    pub fn repeat<F>(self: Box<Self>, mut inside: F) -> ParseResult<Box<Self>>
    where
        F: FnMut(Box<Self>) -> ParseResult<Box<Self>>,
    {
        let mut state = self;
        loop {
            match inside(state) {
                Ok(moved) => state = moved,
                Err(same) => return Ok(same),
            }
        }
    }

    /// Looks whether what is inside would match, or would not.
    #[inline(always)]
    pub fn lookahead<F>(mut self: Box<Self>, is_positive: bool, inside: F) -> ParseResult<Box<Self>>
    where
        F: FnOnce(Box<Self>) -> ParseResult<Box<Self>>,
    {
        let at = self.at;
        let outer = std::mem::replace(&mut self.looking, true);
        let (matches, mut state) = match inside(self) {
            Ok(state) => (true, state),
            Err(state) => (false, state),
        };
        state.at = at;
        state.looking = outer;
        if matches == is_positive { Ok(state) } else { Err(state) }
    }

    /// Reads a text.
    pub fn match_string(self: Box<Self>, text: &str) -> ParseResult<Box<Self>> {
        let length = self.rest().starts_with(text).then_some(text.len());
        self.pass(length)
    }

    /// Reads a text in any case.
    pub fn match_insensitive(self: Box<Self>, text: &str) -> ParseResult<Box<Self>> {
        let found = self.rest().get(..text.len());
        let length = found.filter(|found| found.eq_ignore_ascii_case(text)).map(str::len);
        self.pass(length)
    }

    /// Reads a character from `range.start` to `range.end`, both included as in pest.
    pub fn match_range(self: Box<Self>, range: Range<char>) -> ParseResult<Box<Self>> {
        let first = self.rest().chars().next();
        let length = first.filter(|found| (range.start..=range.end).contains(found)).map(char::len_utf8);
        self.pass(length)
    }

    /// Reads so many characters.
    pub fn skip(self: Box<Self>, count: usize) -> ParseResult<Box<Self>> {
        let mut chars = self.rest().chars();
        let passed = (0..count).all(|_| chars.next().is_some());
        let length = passed.then(|| self.rest().len() - chars.as_str().len());
        self.pass(length)
    }

    /// Reads up to the next of some texts, or to the end.
    pub fn skip_until(self: Box<Self>, ends: &[&str]) -> ParseResult<Box<Self>> {
        let length = Some(before_any(self.rest(), ends));
        self.pass(length)
    }

    /// Matches at the beginning of the text.
    pub fn start_of_input(self: Box<Self>) -> ParseResult<Box<Self>> {
        let length = (self.at == 0).then_some(0);
        self.pass(length)
    }

    /// Matches at the end of the text.
    pub fn end_of_input(self: Box<Self>) -> ParseResult<Box<Self>> {
        let length = self.rest().is_empty().then_some(0);
        self.pass(length)
    }

    /// Whether blanks would be passed between the parts of a sequence.
    pub const fn atomicity(&self) -> Atomicity {
        self.atomicity
    }

    /// Whether the stack is deep enough: always, since no rule of a flat grammar recurses.
    ///
    /// # Errors
    ///
    /// None; a step of a parse has this type.
    pub const fn check_stack_limit(self: Box<Self>) -> ParseResult<Box<Self>> {
        Ok(self)
    }
}

/// How many bytes come before the first of some texts; all where none is there.
fn before_any(rest: &str, ends: &[&str]) -> usize {
    // Most bytes begin none of them, which one look at a bit says.
    let first = ends.iter().filter_map(|end| end.bytes().next()).fold([0_u64; 4], |mut bits, byte| {
        if let Some(part) = bits.get_mut(usize::from(byte >> 6)) {
            *part |= 1 << (byte & 63);
        }
        bits
    });
    let begins =
        |byte: u8| first.get(usize::from(byte >> 6)).is_some_and(|part| part >> (byte & 63) & 1 == 1);
    let bytes = rest.as_bytes();
    let ends_at = |at: usize| {
        let tail = bytes.get(at..).unwrap_or_default();
        ends.iter().any(|end| tail.starts_with(end.as_bytes()))
    };
    let found = bytes.iter().enumerate().find(|&(at, &byte)| begins(byte) && ends_at(at));
    found.map_or(rest.len(), |(at, _)| at)
}
