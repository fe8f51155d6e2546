//! The one canonical layout of a filter.
//!
//! A part that fits the line stays on it; a longer one is broken before AND and OR, groups and lists are
//! indented by two blanks. Comments stay beside the token that they stand before or after.

mod comments;
mod writer;

use crate::compile::{Compiler, Options};
use crate::gather::Gather as _;
use crate::syntax::{self, Condition, Node, Operand, Token, TokenKind, Value, ValueKind};
use crate::tables::{Operator, Type, words};
use crate::values::{self, text};
use crate::{Column, Diagnostic, Schema, Scope, Span, files};

use writer::Writer;

/// How far a part that does not fit its line is indented.
const INDENT: usize = 2;

impl Compiler<'_> {
    /// The filter in its canonical layout: the same SQL, every comment kept, and formatting it again
    /// changes nothing.
    ///
    /// # Errors
    ///
    /// The diagnostics of a bad filter, which is to be left as it is.
    pub fn format(&self, text: &str) -> Result<String, Vec<Diagnostic>> {
        let before = self.compile(text, Options::default());
        if before.sql.is_none() {
            return Err(before.diagnostics);
        }
        let parse = syntax::parse(text, &self.limits);
        let formatted = layout(text, &parse, self.schema);
        // The promise is checked, not trusted: should the layout ever change the meaning, nothing changes.
        let after = self.compile(&formatted, Options::default());
        Ok(if after.sql == before.sql { formatted } else { text.to_owned() })
    }

    /// A file of filters, each in its canonical layout, headers kept.
    ///
    /// # Errors
    ///
    /// The diagnostics of the bad filters, with ranges in the file.
    pub fn format_file(&self, text: &str) -> Result<String, Vec<Diagnostic>> {
        let file = files::split(text, &self.limits);
        // The filters of a file may refer to each other.
        let mut saved = self.saved.clone();
        file.save_into(&mut saved, Scope::File);
        let compiler = Compiler { saved: &saved, ..*self };
        let mut diagnostics: Vec<Diagnostic> =
            file.diagnostics.into_iter().filter(Diagnostic::is_error).list();
        let mut formatted = String::with_capacity(text.len());
        for filter in &file.filters {
            if !filter.header.is_empty() {
                if !formatted.is_empty() {
                    formatted.push('\n');
                }
                formatted.push_str("-- name: ");
                formatted.push_str(filter.name_span.of(text));
                formatted.push('\n');
            }
            match compiler.format(filter.text) {
                Ok(body) if body.is_empty() => {}
                Ok(body) => {
                    formatted.push_str(&body);
                    formatted.push('\n');
                }
                Err(found) => {
                    diagnostics.extend(found.into_iter().map(|found| found.shifted(filter.body.start)));
                }
            }
        }
        if diagnostics.iter().any(Diagnostic::is_error) { Err(diagnostics) } else { Ok(formatted) }
    }
}

fn layout(text: &str, parse: &syntax::Parse, schema: &Schema) -> String {
    let mut layout = Layout {
        text,
        schema,
        tokens: parse.significant().copied().list(),
        next: 0,
        writer: Writer::new(comments::of(text, &parse.tokens)),
    };
    if let Some(tree) = &parse.tree {
        layout.node(tree, 0);
    }
    layout.writer.finish(text)
}

struct Layout<'a> {
    text: &'a str,
    schema: &'a Schema,
    /// The tokens without the comments, which the tree is walked along with.
    tokens: Vec<Token>,
    next: usize,
    writer: Writer,
}

impl Layout<'_> {
    /// Writes a node on what is left of the line, or broken over several.
    fn node(&mut self, node: &Node, indent: usize) {
        self.fitting(indent, |layout| layout.parts(node, indent));
    }

    /// Writes on one line if that fits, else as the writer's breaks allow.
    fn fitting(&mut self, indent: usize, write: impl Fn(&mut Self)) {
        self.writer.continue_at(indent + INDENT);
        if self.writer.is_flat() {
            return write(self);
        }
        let (next, mark) = (self.next, self.writer.begin_flat());
        write(self);
        if !self.writer.end_flat(mark) {
            self.next = next;
            // The attempt has left that of the parts within.
            self.writer.continue_at(indent + INDENT);
            write(self);
        }
    }

    fn parts(&mut self, node: &Node, indent: usize) {
        if self.writer.has_failed() {
            return;
        }
        match node {
            Node::Condition(condition) => self.condition(condition, indent),
            Node::Saved(_) => self.as_typed(),
            Node::Not { operand, .. } => {
                self.leaf("NOT");
                self.node(operand, indent);
            }
            Node::Group { inner, .. } => {
                self.leaf("(");
                self.writer.glue();
                self.break_line(indent + INDENT);
                self.node(inner, indent + INDENT);
                self.break_line(indent);
                self.writer.glue();
                self.leaf(")");
            }
            Node::And(terms) => self.terms(terms, "AND", indent),
            Node::Or(terms) => self.terms(terms, "OR", indent),
        }
    }

    fn terms(&mut self, terms: &[Node], connective: &str, indent: usize) {
        for (place, term) in terms.iter().enumerate() {
            if place > 0 {
                self.break_line(indent);
                self.leaf(connective);
            }
            // Terms of AND under an OR without parentheses stand further in than the OR.
            let deeper = if matches!(term, Node::And(_)) { INDENT } else { 0 };
            self.node(term, indent + deeper);
        }
    }

    fn condition(&mut self, condition: &Condition, indent: usize) {
        let Some(name) = condition.column else { return };
        let schema = self.schema;
        let Some(subject) = schema.subject(name.of(self.text)) else { return };
        let column = schema.column(subject.id).clone();
        self.leaf(subject.pair.map_or(&*column.name, |pair| &pair.name));
        let Some(usage) = condition.operator else { return };
        if self.peek() == Some(TokenKind::Not) {
            self.leaf("NOT");
            let operator =
                if usage.operator.is_negated() { usage.operator.opposite() } else { usage.operator };
            self.leaf(operator.symbol());
        } else {
            self.leaf(usage.operator.symbol());
        }
        match &condition.operand {
            Operand::Missing => {}
            Operand::One(value) => self.value(&column, usage.operator, value),
            Operand::Between(low, high) => {
                self.value(&column, usage.operator, low);
                self.leaf("AND");
                self.value(&column, usage.operator, high);
            }
            Operand::List(list) => {
                self.fitting(indent, |layout| layout.list(&column, usage.operator, &list.items, indent));
            }
        }
    }

    fn list(&mut self, column: &Column, operator: Operator, items: &[Value], indent: usize) {
        self.leaf("(");
        self.writer.glue();
        self.break_line(indent + INDENT);
        for (place, item) in items.iter().enumerate() {
            if place > 0 {
                self.writer.glue();
                self.leaf(",");
            }
            let rendered = self.render(column, operator, item);
            if !self.writer.fits(&rendered) {
                self.break_line(indent + INDENT);
            }
            self.leaf(&rendered);
        }
        self.break_line(indent);
        self.writer.glue();
        self.leaf(")");
    }

    fn value(&mut self, column: &Column, operator: Operator, value: &Value) {
        let rendered = self.render(column, operator, value);
        self.leaf(&rendered);
    }

    /// The canonical spelling of a value.
    fn render(&self, column: &Column, operator: Operator, value: &Value) -> String {
        let written = value.span.of(self.text);
        if value.kind == ValueKind::String {
            return text::quote(&text::decode(written));
        }
        if matches!(operator, Operator::Has | Operator::NotHas) && !column.bits.is_empty() {
            let bit = column.bits.iter().find(|(name, _)| name.eq_ignore_ascii_case(written));
            return bit.map_or(written, |(name, _)| name).to_owned();
        }
        let kind = column.filter_type.unwrap_or(Type::Uint);
        if let Some(word) = words(kind).iter().find(|word| word.name.eq_ignore_ascii_case(written)) {
            return word.name.to_owned();
        }
        if matches!(kind, Type::Asn | Type::AsPath) && is_as_number(written) {
            return written.to_ascii_uppercase();
        }
        match self.schema.find(written) {
            Some(other) => self.schema.column(other).name.to_string(),
            None => written.to_owned(),
        }
    }

    fn peek(&self) -> Option<TokenKind> {
        self.tokens.get(self.next).map(|token| token.kind)
    }

    /// Writes the next token in a spelling of its own, after the comments that stand before it.
    fn leaf(&mut self, rendered: &str) {
        let Some(token) = self.tokens.get(self.next).copied() else { return };
        self.next += 1;
        self.writer.token(self.text, token.span, rendered);
    }

    /// Writes the next token as it was typed.
    fn as_typed(&mut self) {
        let Some(token) = self.tokens.get(self.next).copied() else { return };
        self.leaf(token.span.of(self.text));
    }

    /// Ends the line before the next token, where the part is broken.
    fn break_line(&mut self, indent: usize) {
        let Some(token) = self.tokens.get(self.next).copied() else { return };
        self.writer.break_before(self.text, token.span, indent);
    }
}

/// Whether the word is an AS number, or a range of them.
fn is_as_number(word: &str) -> bool {
    match values::range(word) {
        Some((low, high)) => values::asn(low).is_ok() && values::asn(high).is_ok(),
        None => values::asn(word).is_ok(),
    }
}

impl Diagnostic {
    /// The same diagnostic in a text that has `offset` bytes more before it.
    #[must_use]
    pub fn shifted(mut self, offset: u32) -> Self {
        let shift = |span: &mut Span| *span = span.shifted(offset);
        shift(&mut self.span);
        for edit in self.fixes.iter_mut().flat_map(|fix| &mut fix.edits) {
            shift(&mut edit.span);
        }
        self
    }
}
