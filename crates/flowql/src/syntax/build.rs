//! The builder: from the flat leaves to the tree, on an explicit stack.

use super::foreign_list::{REPEAT, may_name_column};
use super::{Node, Token, TokenKind, Value, ValueKind};
use crate::tables::Services;
use crate::values::text;
use crate::{Code, Diagnostic, Edit, Fix, Limits, Span};

/// Builds the tree of a text from its leaves. `None` where there is no condition, or too deep a nesting.
pub(super) fn build(
    text: &str,
    tokens: &[Token],
    limits: &Limits,
    services: &Services,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Node> {
    let mut builder = Builder {
        text,
        tokens,
        next: 0,
        end: 0,
        levels: vec![Level::default()],
        depth: 0,
        surplus_closers: 0,
        services,
        diagnostics,
    };
    if builder.run(limits) { builder.finish() } else { None }
}

pub(super) struct Builder<'a> {
    pub(super) text: &'a str,
    tokens: &'a [Token],
    /// The index of the next token to read.
    next: usize,
    /// The end of the last token that was read, comments left out.
    end: u32,
    levels: Vec<Level>,
    /// The parentheses and NOTs that are open.
    depth: usize,
    /// Closing parentheses that belong to a list which was reported already.
    pub(super) surplus_closers: usize,
    /// The names of ports.
    pub(super) services: &'a Services,
    diagnostics: &'a mut Vec<Diagnostic>,
}

/// What is known of one pair of parentheses, or of the whole text.
#[derive(Default)]
struct Level {
    open: Span,
    /// The terms of OR that are done.
    alternatives: Vec<Node>,
    /// The terms of the AND being read.
    terms: Vec<Node>,
    /// The NOTs that wait for their operand.
    nots: Vec<Span>,
    last: Last,
}

/// What was read last on a level.
#[derive(Clone, Copy, Default, PartialEq)]
enum Last {
    #[default]
    Nothing,
    Connective(Span),
    Not,
    Operand,
}

/// How an operand stands to what was read before it.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Place {
    /// Where one is due.
    Due,
    /// Right after another operand, which was reported.
    SideBySide,
    /// It is no operand but the rest of the value before it, which was reported and read.
    Continued,
}

#[derive(Clone, Copy, PartialEq)]
enum Connective {
    And,
    Or,
}

impl Level {
    /// The operand of the connectives of this level; `None` where nothing stands on it.
    fn into_node(mut self) -> Option<Node> {
        if let Some(term) = join(self.terms, Node::And) {
            self.alternatives.push(term);
        }
        join(self.alternatives, Node::Or)
    }

    /// Whether one condition stands on it, without NOT.
    fn is_one(&self) -> bool {
        self.alternatives.is_empty()
            && self.terms.len() == 1
            && !matches!(self.terms.first(), Some(Node::Not { .. }))
    }

    fn end_alternative(&mut self) {
        if let Some(term) = join(std::mem::take(&mut self.terms), Node::And) {
            self.alternatives.push(term);
        }
    }
}

/// One node alone is itself; several are joined.
fn join(mut nodes: Vec<Node>, make: fn(Vec<Node>) -> Node) -> Option<Node> {
    if nodes.len() > 1 { Some(make(nodes)) } else { nodes.pop() }
}

impl<'a> Builder<'a> {
    /// Reads all tokens; false when the nesting went beyond the limit.
    fn run(&mut self, limits: &Limits) -> bool {
        while let Some(token) = self.advance() {
            match token.kind {
                TokenKind::And => self.connective(Connective::And, token.span),
                TokenKind::Or => self.connective(Connective::Or, token.span),
                TokenKind::Not => self.negate(token.span),
                TokenKind::Open => self.open(token.span),
                TokenKind::Close => self.close(token.span),
                TokenKind::Saved => {
                    self.expect_operand_place(token);
                    self.operand(Node::Saved(token.span));
                }
                TokenKind::Column | TokenKind::QuotedColumn | TokenKind::MissingColumn => {
                    let place = self.expect_operand_place(token);
                    if place != Place::Continued {
                        let condition = self.condition(token, place);
                        self.operand(Node::Condition(Box::new(condition)));
                    }
                }
                _ => self.stray(token),
            }
            if self.depth > limits.nesting {
                let message = format!("the filter is nested deeper than {} levels", limits.nesting);
                self.report(Diagnostic::new(Code::NestingTooDeep, token.span, message));
                return false;
            }
        }
        true
    }

    /// Closes what is open at the end of the text.
    fn finish(mut self) -> Option<Node> {
        self.expect_operand_before_end();
        let unclosed = self.levels.len().saturating_sub(1);
        if unclosed > 0 {
            self.report_unclosed(unclosed);
        }
        while self.levels.len() > 1 {
            let end = self.end;
            self.end_group(end);
        }
        self.levels.pop()?.into_node()
    }

    fn report_unclosed(&mut self, unclosed: usize) {
        let Some(open) = self.levels.last().map(|level| level.open) else { return };
        let message = match unclosed {
            1 => "the parenthesis is not closed".to_owned(),
            several => format!("{several} parentheses are not closed, this one and those before it"),
        };
        let mut diagnostic = Diagnostic::new(Code::UnclosedParenthesis, open, message);
        let is_empty = self.levels.last().is_some_and(|level| level.last != Last::Operand);
        if !self.ends_in_open_string() && !is_empty {
            // A list that is open at the end takes the first of them.
            let last = self.tokens.iter().rev().find(|token| token.kind != TokenKind::Comment);
            let in_list = last.is_some_and(|token| token.kind == TokenKind::MissingClose);
            let edit = Edit::insert(self.end, ")".repeat(unclosed + usize::from(in_list)));
            // Around several conditions it might close earlier.
            let sure = self.levels.iter().skip(1).all(Level::is_one);
            diagnostic = diagnostic.with_fix(Fix { sure, ..Fix::new("close it at the end", edit) });
        }
        self.report(diagnostic);
    }

    fn connective(&mut self, connective: Connective, span: Span) {
        let Some(level) = self.levels.last_mut() else { return };
        let last = level.last;
        if last == Last::Operand {
            if connective == Connective::Or {
                level.end_alternative();
            }
            level.last = Last::Connective(span);
            return;
        }
        let mut diagnostic = expecting_column(span);
        if let Last::Connective(before) = last {
            let same = span.of(self.text).eq_ignore_ascii_case(before.of(self.text));
            diagnostic = diagnostic.with_fix(Fix { sure: same, ..self.remove_word(span) });
        }
        self.report(diagnostic);
    }

    fn negate(&mut self, span: Span) {
        self.expect_operand_place(Token { kind: TokenKind::Not, span });
        self.depth += 1;
        if let Some(level) = self.levels.last_mut() {
            level.nots.push(span);
            level.last = Last::Not;
        }
    }

    fn open(&mut self, span: Span) {
        self.expect_operand_place(Token { kind: TokenKind::Open, span });
        self.depth += 1;
        self.levels.push(Level { open: span, ..Level::default() });
    }

    fn close(&mut self, span: Span) {
        if self.levels.len() > 1 {
            if self.levels.last().is_some_and(|level| level.last != Last::Operand) {
                self.report(expecting_column(span));
            }
            self.end_group(span.end);
        } else if self.surplus_closers > 0 {
            self.surplus_closers -= 1;
        } else {
            let message = "the parenthesis was never opened";
            let mut diagnostic = Diagnostic::new(Code::UnopenedParenthesis, span, message);
            if let Some(level) = self.levels.last().filter(|level| level.last == Last::Operand) {
                // Behind several conditions it might lack the one that opens.
                let sure = level.is_one();
                diagnostic = diagnostic.with_fix(Fix { sure, ..self.remove_sign(span) });
            }
            self.report(diagnostic);
        }
    }

    /// Makes the innermost group an operand of the level around it.
    fn end_group(&mut self, end: u32) {
        let Some(level) = self.levels.pop() else { return };
        self.depth = self.depth.saturating_sub(1 + level.nots.len());
        let span = Span { start: level.open.start, end };
        match level.into_node() {
            Some(inner) => self.operand(Node::Group { span, inner: Box::new(inner) }),
            // An empty group was reported; it still counts as an operand.
            None => {
                if let Some(level) = self.levels.last_mut() {
                    self.depth = self.depth.saturating_sub(level.nots.len());
                    level.nots.clear();
                    level.last = Last::Operand;
                }
            }
        }
    }

    fn operand(&mut self, mut node: Node) {
        let Some(level) = self.levels.last_mut() else { return };
        while let Some(keyword) = level.nots.pop() {
            self.depth = self.depth.saturating_sub(1);
            node = Node::Not { keyword, operand: Box::new(node) };
        }
        level.terms.push(node);
        level.last = Last::Operand;
    }

    /// Reports an operand that stands right after another one.
    fn expect_operand_place(&mut self, token: Token) -> Place {
        if self.levels.last().is_none_or(|level| level.last != Last::Operand) {
            return Place::Due;
        }
        if self.continued_value(token) {
            return Place::Continued;
        }
        if token.kind != TokenKind::MissingColumn {
            let mut diagnostic = Diagnostic::new(Code::ExpectedConnective, token.span, "expecting AND or OR");
            if self.begins_condition(token) {
                let insert = |word| {
                    Fix::guess(
                        format!("insert {word}"),
                        self.replace_by_word(Span::at(token.span.start), word),
                    )
                };
                diagnostic = diagnostic.with_fixes(["AND", "OR"].map(insert));
            } else if !may_name_column(token.span.of(self.text)) {
                diagnostic = diagnostic.with_help(REPEAT);
            }
            self.report(diagnostic);
        }
        Place::SideBySide
    }

    /// Whether the token that was just read begins a condition: what has no operator is none.
    fn begins_condition(&self, token: Token) -> bool {
        match token.kind {
            TokenKind::Not | TokenKind::Open => self.peek().is_some(),
            TokenKind::Saved => true,
            TokenKind::Column => may_name_column(token.span.of(self.text)) && self.is_operator_next(),
            _ => false,
        }
    }

    /// Whether the next word may be a column's name.
    pub(super) fn names_column(&self) -> bool {
        may_name_column(self.here().of(self.text))
    }

    /// Whether an operator follows, of this or another language.
    pub(super) fn is_operator_next(&self) -> bool {
        let significant = |token: &&Token| token.kind != TokenKind::Comment;
        let next = self.upcoming().filter(significant).find(|token| token.kind != TokenKind::Not);
        next.is_some_and(|next| matches!(next.kind, TokenKind::Operator(_) | TokenKind::ForeignOperator(_)))
    }

    /// Whether a parenthesis closes later that nothing opens.
    pub(super) fn closes_later(&self) -> bool {
        let mut open = self.levels.len().saturating_sub(1);
        self.upcoming().any(|token| {
            match token.kind {
                TokenKind::Open => open += 1,
                TokenKind::Close if open == 0 => return true,
                TokenKind::Close => open -= 1,
                _ => {}
            }
            false
        })
    }

    /// Whether NOT or AND before the condition being read binds it.
    pub(super) fn is_bound_before(&self) -> bool {
        self.levels.last().is_some_and(|level| !(level.terms.is_empty() && level.nots.is_empty()))
    }

    /// Reports and reads the rest of a value that goes on after its end: a blank inside a range, a
    /// doubled quote. Gives whether there is one.
    fn continued_value(&mut self, token: Token) -> bool {
        let Some(before) = self.previous_value() else { return false };
        let Some(kind) = value_kind(token.kind) else { return false };
        // With an operator of its own it is a condition, whatever the value before it ends in.
        let has_operator = matches!(
            self.peek(),
            Some(TokenKind::Operator(_) | TokenKind::ForeignOperator(_) | TokenKind::Not)
        );
        if before.kind == ValueKind::Word && has_operator {
            return false;
        }
        let first = Value { span: token.span, kind };
        let further = self
            .upcoming()
            .filter(|token| token.kind != TokenKind::MissingOperator)
            .map_while(|token| Some(Value { span: token.span, kind: value_kind(token.kind)? }));
        let after = std::iter::once(first).chain(further);
        let Some((diagnostic, end)) = super::list::continued(self.services, self.text, before, after) else {
            return false;
        };
        self.report(diagnostic);
        let is_rest = |token: &Token| token.span.end <= end || token.kind == TokenKind::MissingOperator;
        while self.upcoming().next().is_some_and(is_rest) {
            self.next += 1;
        }
        self.end = end;
        true
    }

    /// The value that was read just before the token being looked at.
    fn previous_value(&self) -> Option<Value> {
        let earlier = self.tokens.get(..self.next.saturating_sub(1))?;
        let token = earlier.iter().rev().find(|token| token.kind != TokenKind::Comment)?;
        let kind = match token.kind {
            TokenKind::Word => ValueKind::Word,
            TokenKind::String => ValueKind::String,
            _ => return None,
        };
        Some(Value { span: token.span, kind })
    }

    fn expect_operand_before_end(&mut self) {
        let Some(level) = self.levels.last() else { return };
        let diagnostic = match level.last {
            Last::Operand => return,
            // A blank text selects everything; an empty pair of parentheses is reported as unclosed.
            Last::Nothing => return,
            Last::Not => expecting_column(Span::at(self.end)),
            Last::Connective(span) => {
                let fix = Fix { sure: false, ..self.remove_word(span) };
                expecting_column(Span::at(self.end)).with_fix(fix)
            }
        };
        self.report(diagnostic);
    }

    /// A character between conditions that is none of the language.
    fn stray(&mut self, token: Token) {
        if token.kind.is_missing() {
            // It belongs to a value that was read as the rest of the one before it.
            return;
        }
        let found = token.span.of(self.text);
        let after_operand = self.levels.last().is_some_and(|level| level.last == Last::Operand);
        let replacement = match found {
            "&&" | "&" => Some((Connective::And, "AND")),
            "||" | "|" => Some((Connective::Or, "OR")),
            "," if after_operand => Some((Connective::And, "AND")),
            _ => None,
        };
        let sure = found != ",";
        if let Some((connective, word)) = replacement {
            let (code, message) = match found {
                "," => (Code::UnexpectedText, "conditions are not joined by `,`".to_owned()),
                _ => (Code::ForeignSpelling, format!("`{found}` is written `{word}` here")),
            };
            let fix = Fix::new(format!("write `{word}`"), self.replace_by_word(token.span, word));
            self.report(Diagnostic::new(code, token.span, message).with_fix(Fix { sure, ..fix }));
            if after_operand {
                self.connective(connective, token.span);
            }
        } else if found == "!" {
            let fix = Fix::new("write `NOT`", self.replace_by_word(token.span, "NOT"));
            let message = "`!` is written `NOT` here";
            let diagnostic = Diagnostic::new(Code::ForeignSpelling, token.span, message);
            // Behind a condition, NOT has no place either.
            self.report(if after_operand { diagnostic } else { diagnostic.with_fix(fix) });
            if !after_operand {
                self.negate(token.span);
            }
        } else {
            let message = format!("unexpected `{found}`");
            let mut diagnostic = Diagnostic::new(Code::UnexpectedText, token.span, message);
            let next = self.peek();
            if matches!(next, None | Some(TokenKind::And | TokenKind::Or | TokenKind::Close)) {
                // A semicolon ends statements in other languages.
                let sure = found == ";" && next.is_none();
                diagnostic = diagnostic.with_fix(Fix { sure, ..self.remove_sign(token.span) });
            }
            self.report(diagnostic);
        }
    }
}

/// Reading tokens, and the edits of fixes.
impl<'a> Builder<'a> {
    /// The next token, comments passed over (an unclosed one is reported).
    pub(super) fn advance(&mut self) -> Option<Token> {
        loop {
            let token = *self.tokens.get(self.next)?;
            self.next += 1;
            if token.kind != TokenKind::Comment {
                if !token.kind.is_missing() {
                    self.end = token.span.end;
                }
                self.check_string(token);
                return Some(token);
            }
            self.check_comment(token.span);
        }
    }

    /// The kind of the next token, comments passed over.
    pub(super) fn peek(&self) -> Option<TokenKind> {
        self.upcoming().map(|token| token.kind).find(|&kind| kind != TokenKind::Comment)
    }

    /// The next token if it is of that kind.
    pub(super) fn accept(&mut self, kind: TokenKind) -> Option<Token> {
        if self.peek() == Some(kind) { self.advance() } else { None }
    }

    /// The tokens that are still to be read, comments among them.
    pub(super) fn upcoming(&self) -> impl Iterator<Item = &'a Token> + use<'a> {
        self.tokens.get(self.next..).unwrap_or_default().iter()
    }

    /// The next text that is there, or the end of what was read: where something is missing.
    pub(super) fn here(&self) -> Span {
        self.upcoming()
            .find(|token| token.kind != TokenKind::Comment && !token.kind.is_missing())
            .map_or(Span::at(self.end), |token| token.span)
    }

    /// The end of the last token that was read.
    pub(super) const fn end(&self) -> u32 {
        self.end
    }

    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    fn check_comment(&mut self, span: Span) {
        let comment = span.of(self.text);
        if comment.starts_with("/*") && (comment.len() < 4 || !comment.ends_with("*/")) {
            let fix = Fix::guess("close it at the end", Edit::insert(span.end, "*/"));
            let message = "the comment is not closed";
            self.report(Diagnostic::new(Code::UnterminatedComment, span, message).with_fix(fix));
        }
    }

    fn check_string(&mut self, token: Token) {
        if matches!(token.kind, TokenKind::String | TokenKind::QuotedColumn) {
            let quoted = token.span.of(self.text);
            if let Err(closing) = text::closing(quoted) {
                // A string of several words may have swallowed what was meant to follow it.
                let one_word = !quoted.contains([' ', '\t', ')', ',', '=', '<']);
                let fix = Fix { sure: one_word, ..self.closing_fix(token.span, closing) };
                let message = "string literal not terminated";
                self.report(Diagnostic::new(Code::UnterminatedString, token.span, message).with_fix(fix));
            }
        } else if token.kind == TokenKind::TypographicString {
            let quoted = text::plain_quotes(token.span.of(self.text));
            let fix = Fix::new("use plain quotes", Edit::replace(token.span, quoted));
            let message = "strings stand in plain quotes";
            self.report(Diagnostic::new(Code::TypographicQuotes, token.span, message).with_fix(fix));
        }
    }

    /// How to close a string: where a typographic quote closes it already, or at its end.
    fn closing_fix(&self, span: Span, closing: String) -> Fix {
        let quoted = span.of(self.text);
        let typographic = quoted.char_indices().find(|&(_, found)| text::is_typographic(found));
        let edit = match (typographic, quoted.get(..1)) {
            (Some((offset, found)), Some(quote)) => {
                let place = Span::new(offset, offset + found.len_utf8()).shifted(span.start);
                Edit::replace(place, quote)
            }
            _ => Edit::insert(span.end, closing),
        };
        Fix::new("close it", edit)
    }

    /// Whether the last text is a string without its end, so that nothing can be appended.
    pub(super) fn ends_in_open_string(&self) -> bool {
        let read = self.tokens.get(..self.next).unwrap_or_default();
        read.iter()
            .rev()
            .find(|token| token.kind != TokenKind::Comment && !token.kind.is_missing())
            .is_some_and(|token| {
                let quoted = token.span.of(self.text);
                match token.kind {
                    TokenKind::String | TokenKind::QuotedColumn => text::closing(quoted).is_err(),
                    TokenKind::TypographicString => !text::is_closed_typographic(quoted),
                    _ => false,
                }
            })
    }

    /// The replacement of a range by a word, with the blanks that keep it a word.
    pub(super) fn replace_by_word(&self, span: Span, word: &str) -> Edit {
        let before = self.text.get(..span.start as usize).and_then(|text| text.chars().next_back());
        let after = self.text.get(span.end as usize..).and_then(|text| text.chars().next());
        let apart = |found: Option<char>, bracket| {
            found.is_none_or(|found| matches!(found, ' ' | '\t' | '\r' | '\n') || found == bracket)
        };
        let mut padded = String::with_capacity(word.len() + 2);
        if !apart(before, '(') {
            padded.push(' ');
        }
        padded.push_str(word);
        if !apart(after, ')') {
            padded.push(' ');
        }
        Edit::replace(span, padded)
    }

    /// The fix that takes a sign away; a blank stays between words.
    fn remove_sign(&self, span: Span) -> Fix {
        let word = |found: &u8| !matches!(found, b' ' | b'\t' | b'\r' | b'\n' | b'(' | b')');
        let bytes = self.text.as_bytes();
        let before = (span.start as usize).checked_sub(1).and_then(|at| bytes.get(at)).is_some_and(word);
        let glued = before && bytes.get(span.end as usize).is_some_and(word);
        Fix::new("remove it", Edit::replace(span, if glued { " " } else { "" }))
    }

    /// The fix that takes a word away, with one blank before it.
    fn remove_word(&self, span: Span) -> Fix {
        let before = self.text.get(..span.start as usize).unwrap_or_default();
        let blank = before.ends_with([' ', '\t']);
        let edit = Edit::delete(Span { start: span.start - u32::from(blank), end: span.end });
        Fix::new(format!("remove `{}`", span.of(self.text)), edit)
    }
}

fn expecting_column(span: Span) -> Diagnostic {
    Diagnostic::new(Code::ExpectedCondition, span, "expecting a column name")
}

/// How a token would be written as a value; `None` for what cannot go on a value.
pub(super) fn value_kind(kind: TokenKind) -> Option<ValueKind> {
    match kind {
        TokenKind::Column | TokenKind::Word | TokenKind::UnknownOperator => Some(ValueKind::Word),
        TokenKind::QuotedColumn | TokenKind::String => Some(ValueKind::String),
        _ => None,
    }
}
