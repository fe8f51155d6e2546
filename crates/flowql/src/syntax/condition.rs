//! Reading one condition from the leaves.

use super::build::{Builder, Place, value_kind};
use super::{Condition, List, Operand, OperatorUse, Token, TokenKind, Value, ValueKind};
use crate::tables::{Operator, closest};
use crate::{Code, Diagnostic, Edit, Fix, Span};

impl Builder<'_> {
    /// Reads the condition whose first token was just read.
    pub(super) fn condition(&mut self, first: Token, place: Place) -> Condition {
        let column = match first.kind {
            TokenKind::Column => Some(first.span),
            TokenKind::QuotedColumn => {
                self.report_quoted_column(first.span, place);
                None
            }
            _ => {
                self.report_missing_column(place);
                None
            }
        };
        let mut condition =
            Condition { span: first.span, column, operator: None, operand: Operand::Missing, complete: true };
        self.operation(&mut condition, place);
        condition.span.end = self.end();
        condition
    }

    fn report_missing_column(&mut self, place: Place) {
        let (code, message) = match place {
            Place::SideBySide => (Code::ExpectedConnective, "expecting AND or OR"),
            _ => (Code::ExpectedCondition, "expecting a column name"),
        };
        let span = self.here();
        self.report(Diagnostic::new(code, span, message));
    }

    fn report_quoted_column(&mut self, span: Span, place: Place) {
        if place == Place::SideBySide {
            return;
        }
        let mut diagnostic =
            Diagnostic::new(Code::QuotedColumn, span, "expecting a column name, found a string");
        let name = crate::values::text::decode(span.of(self.text));
        let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if is_name && self.is_operator_next() {
            let edit = self.replace_by_word(span, &name);
            diagnostic = diagnostic.with_fix(Fix::new("remove the quotes", edit));
        }
        self.report(diagnostic);
    }

    /// Reads the operator and what follows it.
    fn operation(&mut self, condition: &mut Condition, place: Place) {
        let not = self.accept(TokenKind::Not);
        let Some(token) = self.advance() else {
            condition.complete = false;
            return;
        };
        let operator = match token.kind {
            TokenKind::Operator(operator) => operator,
            TokenKind::ForeignOperator(operator) => {
                self.report_slip(token.span, operator);
                operator
            }
            TokenKind::UnknownOperator => {
                condition.complete = false;
                if self.part_of_text(token.span).is_none() {
                    self.report_unknown_operator(token.span);
                    condition.operand = self.operand_of(None);
                }
                return;
            }
            _ => {
                self.report_missing_operator(not, place);
                condition.complete = false;
                self.skip_stray_value();
                return;
            }
        };
        let usage = self.with_not(not, OperatorUse { operator, span: token.span });
        condition.complete = usage.is_some();
        let usage = usage.unwrap_or(OperatorUse { operator, span: token.span });
        condition.operator = Some(usage);
        if let Some((operator, operand)) = self.bracketed(usage) {
            condition.operator = Some(OperatorUse { operator, ..usage });
            condition.operand = operand;
        } else {
            condition.operand = self.operand_of(Some(usage));
            self.further_values(condition);
        }
        condition.complete &= self.fits(condition.operator.unwrap_or(usage), &condition.operand);
    }

    /// The operator that NOT and another one make; `None`, reported, where they make none.
    fn with_not(&mut self, not: Option<Token>, usage: OperatorUse) -> Option<OperatorUse> {
        let Some(not) = not else { return Some(usage) };
        let span = not.span.to(usage.span);
        if let Some(operator) = usage.operator.with_not() {
            return Some(OperatorUse { operator, span });
        }
        let opposite = usage.operator.opposite().symbol();
        let message = format!("`NOT` does not go with `{}`", usage.span.of(self.text));
        self.report(
            Diagnostic::new(Code::UnknownOperator, span, message)
                .with_fix(Fix::new(format!("write `{opposite}`"), self.replace_by_word(span, opposite))),
        );
        None
    }

    fn report_slip(&mut self, span: Span, operator: Operator) {
        let found = span.of(self.text);
        let symbol = operator.symbol();
        let edit = if symbol.starts_with(|first: char| first.is_ascii_alphabetic()) {
            self.replace_by_word(span, symbol)
        } else {
            Edit::replace(span, symbol)
        };
        let message = format!("`{found}` is written `{symbol}` here");
        let mut diagnostic = Diagnostic::new(Code::ForeignSpelling, span, message);
        // `>>` contains what is on its right, where it comes from: here it would ask the opposite.
        if found.ends_with(">>") {
            diagnostic.message = format!("`{found}` is no operator");
            diagnostic =
                diagnostic.with_help(format!("`{symbol}` asks whether the column lies in the subnet"));
        } else {
            diagnostic = diagnostic.with_fix(Fix::new(format!("write `{symbol}`"), edit));
        }
        self.report(diagnostic);
    }

    fn report_unknown_operator(&mut self, span: Span) {
        let found = span.of(self.text);
        let mut diagnostic =
            Diagnostic::new(Code::UnknownOperator, span, format!("`{found}` is no operator"));
        if let Some((symbol, sure)) = meant_operator(found, self.peek() == Some(TokenKind::ListOpen)) {
            let fix = Fix::new(format!("write `{symbol}`"), self.replace_by_word(span, symbol));
            let fix = Fix { sure, ..fix };
            diagnostic = diagnostic.with_help(format!("did you mean `{symbol}`?")).with_fix(fix);
        }
        self.report(diagnostic);
    }

    fn report_missing_operator(&mut self, not: Option<Token>, place: Place) {
        if place == Place::SideBySide && not.is_none() {
            return;
        }
        let message = match not {
            None => "expecting an operator",
            Some(_) => "expecting IN, LIKE, ILIKE, BETWEEN, REGEXP or HAS after NOT",
        };
        let span = self.here();
        let diagnostic = Diagnostic::new(Code::ExpectedOperator, span, message);
        if span.of(self.text) != "&" {
            self.report(diagnostic);
            return;
        }
        self.report(diagnostic.with_help("bits are asked for by their names, as in `TCPFlags HAS SYN`"));
        // The mask and what it is compared with belong to that error.
        for _ in ["&", "mask"] {
            self.advance();
        }
        if matches!(self.peek(), Some(TokenKind::Operator(_) | TokenKind::ForeignOperator(_))) {
            self.advance();
            self.skip_stray_value();
        }
    }

    /// A value that stands where the operator is missing belongs to that error.
    fn skip_stray_value(&mut self) {
        if matches!(self.peek(), Some(TokenKind::Word | TokenKind::String | TokenKind::TypographicString)) {
            self.advance();
        }
    }

    fn operand_of(&mut self, usage: Option<OperatorUse>) -> Operand {
        match usage.map(|usage| usage.operator) {
            Some(Operator::In | Operator::NotIn) => self.list_operand(),
            Some(Operator::Between | Operator::NotBetween) => self.between_operand(),
            operator => self.single_operand(operator),
        }
    }

    fn single_operand(&mut self, operator: Option<Operator>) -> Operand {
        let Some(token) = self.advance() else { return Operand::Missing };
        match token.kind {
            TokenKind::ListOpen => Operand::List(self.list(token.span, operator)),
            _ => match value(token) {
                Some(value) => Operand::One(value),
                None => {
                    if operator.is_some() {
                        self.report_missing_value();
                    }
                    Operand::Missing
                }
            },
        }
    }

    fn report_missing_value(&mut self) {
        let here = self.here();
        let found = here.of(self.text);
        let message = match crate::tables::is_keyword(found) {
            true => format!("expecting a value, found the keyword `{found}`"),
            false => "expecting a value".to_owned(),
        };
        self.report(Diagnostic::new(Code::ExpectedValue, here, message));
    }

    fn between_operand(&mut self) -> Operand {
        let low = self.single_operand(Some(Operator::Between));
        match self.advance().map(|token| token.kind) {
            Some(TokenKind::BetweenAnd) => {}
            _ => {
                if low != Operand::Missing {
                    let here = self.here();
                    let message = "expecting AND and the upper end of BETWEEN";
                    self.report(Diagnostic::new(Code::BetweenWithoutAnd, here, message));
                }
                return low;
            }
        }
        let high = self.single_operand(Some(Operator::Between));
        match (low, high) {
            (Operand::One(low), Operand::One(high)) => Operand::Between(low, high),
            // A list is none of its ends, and is reported as such.
            (Operand::Missing, end)
            | (end @ Operand::List(_), _)
            | (_, end @ Operand::List(_))
            | (end, _) => end,
        }
    }

    fn list_operand(&mut self) -> Operand {
        let Some(token) = self.advance() else { return Operand::Missing };
        if token.kind == TokenKind::ListOpen {
            return Operand::List(self.list(token.span, Some(Operator::In)));
        }
        let Some(first) = value(token) else {
            let here = self.here();
            let message = "expecting `(` and the values of the list";
            self.report(Diagnostic::new(Code::ExpectedList, here, message));
            return Operand::Missing;
        };
        let mut items = vec![first];
        while self.accept(TokenKind::Comma).is_some() {
            items.extend(self.advance().and_then(value));
        }
        let span = Span { start: first.span.start, end: self.end() };
        let mut diagnostic =
            Diagnostic::new(Code::ExpectedList, span, "the values of the list stand in parentheses");
        // Where an opening bracket has no closing one, or further values follow, the list may end anywhere.
        let goes_on = self.peek().is_some_and(|next| value_kind(next).is_some()) && !self.names_column();
        if !self.ends_in_open_string() && !goes_on && !span.of(self.text).starts_with(['[', '{']) {
            let edits = vec![Edit::insert(span.start, "("), Edit::insert(span.end, ")")];
            diagnostic = diagnostic.with_fix(Fix::of_edits("add the parentheses", edits));
        }
        self.report(diagnostic);
        Operand::List(List { span, items })
    }

    /// Whether the operand has the form that the operator takes; reports where it has not.
    fn fits(&mut self, usage: OperatorUse, operand: &Operand) -> bool {
        use Operator as O;
        match (usage.operator, operand) {
            (_, Operand::Missing) => false,
            (O::In | O::NotIn, Operand::List(list)) => !list.items.is_empty(),
            (O::Has | O::NotHas, Operand::One(_)) => true,
            (O::Has | O::NotHas, Operand::List(list)) => !list.items.is_empty(),
            (O::Between | O::NotBetween, Operand::Between(..)) => true,
            (O::Between | O::NotBetween, Operand::One(_)) => false,
            (_, Operand::One(_)) => true,
            (operator, Operand::List(list)) => {
                let wanted = match operator {
                    O::Between | O::NotBetween => "two values joined by AND",
                    _ => "one value",
                };
                let mut diagnostic = Diagnostic::new(
                    Code::UnexpectedList,
                    list.span,
                    format!("`{}` takes {wanted}, not a list", operator.symbol()),
                );
                let listed = match operator {
                    O::Eq => Some(O::In),
                    O::Ne => Some(O::NotIn),
                    _ => None,
                };
                if let Some(symbol) = listed.map(O::symbol) {
                    let edit = self.replace_by_word(usage.span, symbol);
                    diagnostic = diagnostic.with_fix(Fix::new(format!("write `{symbol}`"), edit));
                }
                self.report(diagnostic);
                false
            }
            _ => false,
        }
    }
}

/// The token as a value; `None` for any other token.
pub(super) fn value(token: Token) -> Option<Value> {
    let kind = match token.kind {
        TokenKind::Word => ValueKind::Word,
        // Typographic quotes were reported; the value is read as the string that was meant.
        TokenKind::String | TokenKind::TypographicString => ValueKind::String,
        _ => return None,
    };
    Some(Value { span: token.span, kind })
}

/// The operator that a word of another language, or a misspelt one, means, and whether that is sure.
fn meant_operator(word: &str, before_list: bool) -> Option<(&'static str, bool)> {
    let lower = word.to_ascii_lowercase();
    let known = match lower.as_str() {
        "eq" | "equals" | "equal" | "is" => "=",
        // Where `:` comes from, its values may have wildcards; paths and lists contain what they equal.
        ":" | "contains" => return Some(("=", false)),
        "ne" | "neq" | "isnt" => "!=",
        "lt" => "<",
        "le" | "lte" => "<=",
        "gt" => ">",
        "ge" | "gte" => ">=",
        "net" | "within" | "inside" => "<<",
        "matches" | "match" | "rlike" | "~" => "REGEXP",
        "notlike" => "UNLIKE",
        "notilike" => "IUNLIKE",
        _ => {
            let symbols = crate::tables::OPERATORS.iter().map(|row| row.symbol);
            let takes_it = |symbol: &&str| symbol.len() > 2 && !(before_list && *symbol == "BETWEEN");
            let near = closest(word, symbols.filter(takes_it));
            return near.into_iter().next().map(|near| (near, false));
        }
    };
    Some((known, true))
}
