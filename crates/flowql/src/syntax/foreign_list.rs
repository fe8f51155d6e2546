//! Lists as other languages write them: in brackets, with blanks for commas, or values joined behind one operator.

use super::build::{Builder, value_kind};
use super::{Condition, List, Operand, OperatorUse, Token, TokenKind, Value, ValueKind};
use crate::gather::Gather as _;
use crate::tables::{Operator, words};
use crate::{Code, Diagnostic, Edit, Fix, Span};

/// How several values are asked for.
pub(super) const REPEAT: &str = "repeat the column, or write IN (…)";

/// What joins two values.
#[derive(Clone, Copy, PartialEq)]
enum Joint {
    Blank,
    Comma,
    And,
    Or,
}

impl Builder<'_> {
    /// Reads a list in square or curly brackets, if one is next; gives the operator that takes it too.
    pub(super) fn bracketed(&mut self, usage: OperatorUse) -> Option<(Operator, Operand)> {
        let operator = list_operator(usage.operator)?;
        let mut tokens = self.upcoming().filter(|token| token.kind != TokenKind::Comment).peekable();
        let open = tokens.peek().filter(|token| token.kind == TokenKind::Word)?.span;
        let closer = match open.of(self.text).as_bytes().first()? {
            b'[' => ']',
            b'{' => '}',
            _ => return None,
        };
        let mut edits = vec![Edit::replace(Span { end: open.start + 1, ..open }, "(")];
        let mut items = Vec::new();
        let mut joint = Joint::Comma;
        let close = loop {
            let token = tokens.next()?;
            let Some(kind) = value_kind(token.kind) else {
                joint = self.joint(token)?;
                match joint {
                    // A blank before the comma would not hurt, but two edits must not touch.
                    Joint::And | Joint::Or => edits.push(Edit::replace(token.span, ",")),
                    Joint::Comma | Joint::Blank => {}
                }
                continue;
            };
            let mut span = token.span;
            span.start += u32::from(span == open);
            let closes = kind == ValueKind::Word && span.of(self.text).ends_with(closer);
            span.end -= u32::from(closes);
            if !span.is_empty() {
                if joint == Joint::Blank {
                    edits.extend(items.last().map(|last: &Value| Edit::insert(last.span.end, ",")));
                }
                items.push(Value { span, kind });
                joint = Joint::Blank;
            }
            if closes {
                break Span { start: span.end, end: token.span.end };
            }
        };
        edits.push(Edit::replace(close, ")"));
        let span = open.to(close);
        if operator != usage.operator {
            // Around one value they are part of it.
            if items.len() < 2 {
                return None;
            }
            edits.insert(0, self.replace_by_word(usage.span, operator.symbol()));
        }
        let fix = Fix::of_edits("replace the brackets by parentheses", edits);
        let message = "the values of the list stand in parentheses";
        self.report(Diagnostic::new(Code::ExpectedList, span, message).with_fix(fix));
        self.skip_to(span.end);
        Some((operator, Operand::List(List { span, items })))
    }

    /// Reads the values that follow the one of a condition without a column and an operator of their own:
    /// `DstPort = 80, 443`, `SrcAS = AS1 OR AS2`, `TCPFlags HAS SYN, ACK`.
    pub(super) fn further_values(&mut self, condition: &mut Condition) {
        let (Some(usage), Operand::One(first)) = (condition.operator, &condition.operand) else { return };
        let first = *first;
        let has = matches!(usage.operator, Operator::Has | Operator::NotHas);
        // Two columns may be compared: what follows then belongs to no list.
        let may_be_column = first.kind == ValueKind::Word && may_name_column(first.span.of(self.text));
        if may_be_column && !has {
            return;
        }
        let Some((joint, items)) = self.joined_values(first) else { return };
        let span = items.last().map_or(first.span, |last| first.span.to(last.span));
        let alone = !self.is_bound_before();
        self.skip_to(span.end);
        self.accept(TokenKind::MissingOperator);
        let alone = alone && self.peek() != Some(TokenKind::And);
        let operator = list_operator(usage.operator);
        let message = format!("`{}` takes one value, not several", usage.operator.symbol());
        let mut diagnostic = Diagnostic::new(Code::UnexpectedList, span, message);
        // One of several values is asked for by OR, none of them, or all flags, by AND.
        let is_list = match joint {
            Joint::Comma => true,
            Joint::And => usage.operator == Operator::Ne || has,
            Joint::Or => usage.operator == Operator::Eq,
            Joint::Blank => false,
        };
        let list = match operator.filter(|_| is_list) {
            Some(operator) => {
                // As a group of thousands the comma says something else.
                let thousands = self.without_commas(joint, &items);
                let sure = thousands.is_none() && (joint != Joint::Or || alone);
                let fix = self.as_list(usage, operator, &items).map(|fix| Fix { sure, ..fix });
                diagnostic = diagnostic.with_fixes(thousands).with_fixes(fix);
                Some(operator)
            }
            None => {
                let repeated = matches!(joint, Joint::And | Joint::Or) && operator != Some(usage.operator);
                if let Some(column) = condition.column.filter(|_| repeated) {
                    let repeat = format!("{} ", column.to(usage.span).of(self.text));
                    let edits =
                        items.iter().skip(1).map(|item| Edit::insert(item.span.start, repeat.clone()));
                    diagnostic = diagnostic
                        .with_fix(Fix { sure: false, ..Fix::of_edits("repeat the column", edits.list()) });
                }
                None
            }
        };
        if !has {
            diagnostic = diagnostic.with_help(REPEAT);
        }
        self.report(diagnostic);
        if let Some(operator) = list {
            condition.operator = Some(OperatorUse { operator, ..usage });
            condition.operand = Operand::List(List { span, items });
        }
    }

    /// The values that are joined to one in one way; `None` where there are none.
    fn joined_values(&self, first: Value) -> Option<(Joint, Vec<Value>)> {
        let mut items = vec![first];
        let mut way = None;
        let mut tokens = self
            .upcoming()
            .filter(|token| !matches!(token.kind, TokenKind::Comment | TokenKind::MissingOperator));
        let mut next = tokens.next();
        while let Some(token) = next {
            let Some(joint) = self.joint(token) else { break };
            let token = tokens.next();
            let Some((token, kind)) = token.and_then(|token| Some((token, value_kind(token.kind)?))) else {
                break;
            };
            next = tokens.next();
            let begins_condition = next.is_some_and(|next| {
                use TokenKind as T;
                matches!(next.kind, T::Operator(_) | T::ForeignOperator(_) | T::UnknownOperator | T::Not)
            });
            let word = token.span.of(self.text);
            let is_value = joint == Joint::Comma || kind == ValueKind::String || !may_name_column(word);
            if begins_condition || !is_value || way.is_some_and(|way| way != joint) {
                break;
            }
            way = Some(joint);
            items.push(Value { span: token.span, kind });
        }
        Some((way?, items))
    }

    /// What a token joins values by; `None` for a token that does not.
    fn joint(&self, token: &Token) -> Option<Joint> {
        Some(match token.kind {
            TokenKind::And => Joint::And,
            TokenKind::Or => Joint::Or,
            TokenKind::Comma => Joint::Comma,
            TokenKind::Stray if token.span.of(self.text) == "," => Joint::Comma,
            TokenKind::MissingOperator => Joint::Blank,
            _ => return None,
        })
    }

    /// The fix that makes a list of the values behind `usage`; `None` where it would lose a comment.
    fn as_list(&self, usage: OperatorUse, operator: Operator, items: &[Value]) -> Option<Fix> {
        let mut edits = Vec::with_capacity(items.len() + 2);
        if operator != usage.operator {
            edits.push(self.replace_by_word(usage.span, operator.symbol()));
        }
        let mut end = None;
        for item in items {
            match end {
                None => edits.push(Edit::insert(item.span.start, "(")),
                Some(end) => {
                    let between = Span { start: end, end: item.span.start };
                    if between.of(self.text).contains(['-', '/']) {
                        return None;
                    }
                    edits.push(Edit::replace(between, ", "));
                }
            }
            end = Some(item.span.end);
        }
        edits.extend(end.map(|end| Edit::insert(end, ")")));
        let title = match operator {
            Operator::Has | Operator::NotHas => "add the parentheses".to_owned(),
            _ => format!("write `{} (…)`", operator.symbol()),
        };
        Some(Fix::of_edits(title, edits))
    }

    /// One number for groups of three digits with commas between them; `None` where they are not that.
    fn without_commas(&self, joint: Joint, items: &[Value]) -> Option<Fix> {
        let mut whole = String::new();
        let mut end = None;
        for item in items {
            let digits = item.span.of(self.text);
            let is_group = end.is_none_or(|end| digits.len() == 3 && end + 1 == item.span.start);
            if joint != Joint::Comma || !is_group || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
                return None;
            }
            whole.push_str(digits);
            end = Some(item.span.end);
        }
        let span = items.first()?.span.to(items.last()?.span);
        Some(Fix::guess(format!("write `{whole}`"), Edit::replace(span, whole)))
    }
}

/// The operator that asks of a list what this one asks of a value; `None` where no list says it.
const fn list_operator(operator: Operator) -> Option<Operator> {
    Some(match operator {
        Operator::Eq | Operator::In => Operator::In,
        Operator::Ne | Operator::NotIn => Operator::NotIn,
        Operator::Has | Operator::NotHas => operator,
        _ => return None,
    })
}

/// Whether a word may be the name of a column: no number, AS number or word of an enumeration.
pub(super) fn may_name_column(word: &str) -> bool {
    use crate::tables::Type;
    let is_name = word.starts_with(|first: char| first.is_ascii_alphabetic())
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let is_word = || {
        [Type::Boundary, Type::Direction, Type::EType]
            .into_iter()
            .flat_map(words)
            .any(|known| known.name.eq_ignore_ascii_case(word))
    };
    is_name && crate::values::asn(word).is_err() && !is_word()
}
