//! Rewrites: the same filter said in another way.

use ipnet::IpNet;

use super::action::{Action, ActionKind, NewFilter};
use crate::gather::{Gather as _, add_all};
use crate::syntax::{self, Condition, List, Node, Operand, OperatorUse, TokenKind, Value, ValueKind};
use crate::tables::{Operator, Type};
use crate::values::intervals::{merged, of_address, of_subnet, subnets};
use crate::values::{self, text};
use crate::{Column, Compiler, Edit, Span};

/// A node and what it stands in.
#[derive(Clone, Copy)]
pub(super) struct Site<'a> {
    pub(super) node: &'a Node,
    pub(super) parent: Option<&'a Node>,
}

pub(super) struct Rewriter<'a> {
    pub(super) compiler: &'a Compiler<'a>,
    pub(super) text: &'a str,
}

impl Rewriter<'_> {
    /// The rewrites of one node.
    pub(super) fn rewrites(&self, site: Site<'_>, range: Span) -> Vec<Action> {
        let mut actions = Vec::new();
        match site.node {
            Node::Condition(condition) => {
                let Some(column) = self.column(condition) else { return actions };
                add_all(&mut actions, self.condition(condition, column));
                add_all(&mut actions, self.quotes(condition, range));
                add_all(&mut actions, self.both_ends(condition));
            }
            Node::Not { operand, .. } => add_all(&mut actions, self.negation(site.node.span(), operand)),
            Node::Saved(span) => add_all(&mut actions, self.inline(*span)),
            Node::And(terms) => add_all(&mut actions, self.either_end(terms, true, range)),
            Node::Or(terms) => add_all(&mut actions, self.either_end(terms, false, range)),
            Node::Group { .. } => {}
        }
        add_all(&mut actions, self.extract(site, range));
        actions
    }

    fn column(&self, condition: &Condition) -> Option<&Column> {
        let subject = self.compiler.schema.subject(condition.column?.of(self.text))?;
        Some(self.compiler.schema.column(subject.id))
    }

    fn condition(&self, condition: &Condition, column: &Column) -> Vec<Action> {
        let Some(usage) = condition.operator else { return Vec::new() };
        let mut actions = Vec::new();
        match &condition.operand {
            Operand::One(value) => add_all(&mut actions, self.as_list_of_one(usage, value, column)),
            Operand::Between(low, high) => {
                add_all(&mut actions, self.between_as_list(usage, low, high, column));
            }
            Operand::List(list) => {
                add_all(&mut actions, self.out_of_list(usage, list, column));
                add_all(&mut actions, self.aggregate(list, column));
            }
            Operand::Missing => {}
        }
        actions
    }

    /// `a = b` → `a IN (b)`.
    fn as_list_of_one(&self, usage: OperatorUse, value: &Value, column: &Column) -> Option<Action> {
        let listed = match usage.operator {
            Operator::Eq => Operator::In,
            Operator::Ne => Operator::NotIn,
            _ => return None,
        };
        let written = value.span.of(self.text);
        let is_column = value.kind == ValueKind::Word && self.compiler.schema.find(written).is_some();
        if is_column || !has(column, listed) {
            return None;
        }
        let after = format!("{} ({written})", listed.symbol());
        self.rewrite(format!("write `{after}`"), usage.span.to(value.span), &after)
    }

    /// `a IN (b)` → `a = b`, and `a IN (1-9)` → `a BETWEEN 1 AND 9`.
    fn out_of_list(&self, usage: OperatorUse, list: &List, column: &Column) -> Option<Action> {
        let negated = match usage.operator {
            Operator::In => false,
            Operator::NotIn => true,
            _ => return None,
        };
        let [item] = list.items.as_slice() else { return None };
        let written = item.span.of(self.text);
        let range = values::range(written).filter(|_| {
            item.kind == ValueKind::Word
                && matches!(column.filter_type, Some(Type::Ip | Type::Uint | Type::Asn))
        });
        let after = match range {
            Some((low, high)) => {
                let operator = if negated { Operator::NotBetween } else { Operator::Between };
                format!("{} {low} AND {high}", operator.symbol())
            }
            None => format!("{} {written}", if negated { "!=" } else { "=" }),
        };
        self.rewrite(format!("write `{after}`"), usage.span.to(list.span), &after)
    }

    /// `a BETWEEN 1 AND 9` → `a IN (1-9)`.
    fn between_as_list(
        &self,
        usage: OperatorUse,
        low: &Value,
        high: &Value,
        column: &Column,
    ) -> Option<Action> {
        let listed = if usage.operator.is_negated() { Operator::NotIn } else { Operator::In };
        let ranges = matches!(column.filter_type, Some(Type::Ip | Type::Uint | Type::Asn));
        let both_words = low.kind == ValueKind::Word && high.kind == ValueKind::Word;
        if !ranges || !both_words || !has(column, listed) {
            return None;
        }
        let after = format!("{} ({}-{})", listed.symbol(), low.span.of(self.text), high.span.of(self.text));
        self.rewrite(format!("write `{after}`"), usage.span.to(high.span), &after)
    }

    /// A list of addresses and subnets with those that lie in others left out and neighbours joined.
    fn aggregate(&self, list: &List, column: &Column) -> Option<Action> {
        if column.filter_type != Some(Type::Ip) {
            return None;
        }
        let mut nets = Vec::new();
        let mut others = Vec::new();
        for item in &list.items {
            let written = item.span.of(self.text);
            match (values::subnet(written), values::address(written)) {
                (Some((_, net)), _) => nets.push(of_subnet(net)),
                (None, Some(address)) => nets.push((of_address(address), of_address(address))),
                (None, None) => others.push(written.to_owned()),
            }
        }
        let before = nets.len();
        let aggregated: Vec<IpNet> = subnets(&merged(nets)).list();
        if aggregated.len() >= before {
            return None;
        }
        let single = |net: &IpNet| net.prefix_len() == net.max_prefix_len();
        let print = |net: &IpNet| if single(net) { net.addr().to_string() } else { net.to_string() };
        let items: Vec<String> = aggregated.iter().map(print).chain(others).list();
        let title = format!("aggregate {before} addresses and subnets into {}", aggregated.len());
        self.rewrite(title, list.span, &format!("({})", items.join(", ")))
    }

    /// `NOT a = b` → `a != b`, also where the condition stands in parentheses.
    fn negation(&self, span: Span, operand: &Node) -> Option<Action> {
        let condition = match operand {
            Node::Condition(condition) => condition,
            Node::Group { inner, .. } => match inner.as_ref() {
                Node::Condition(condition) => condition,
                _ => return None,
            },
            _ => return None,
        };
        let (column, usage) = (self.column(condition)?, condition.operator?);
        let opposite = usage.operator.opposite();
        // Not above is at most for one column, and not for either of two.
        let name = condition.column?.of(self.text);
        let ordered = !usage.operator.is_negated() && !opposite.is_negated();
        if !has(column, opposite) || ordered && self.compiler.schema.find(name).is_none() {
            return None;
        }
        let before = Span { start: condition.span.start, end: usage.span.start }.of(self.text);
        let after = Span { start: usage.span.end, end: condition.span.end }.of(self.text);
        if [before, after].iter().any(|part| text::has_hyphens(part)) {
            return None;
        }
        let blank = |part: &str, at_end: bool| {
            let touching = if at_end { part.chars().next_back() } else { part.chars().next() };
            if touching.is_some_and(char::is_whitespace) { "" } else { " " }
        };
        let rewritten =
            format!("{before}{}{}{}{after}", blank(before, true), opposite.symbol(), blank(after, false));
        self.rewrite(format!("write `{}`", rewritten.trim()), span, &rewritten)
    }

    /// A string in the other kind of quotes.
    fn quotes(&self, condition: &Condition, range: Span) -> Option<Action> {
        let under = |value: &&Value| {
            value.kind == ValueKind::String
                && value.span.touches(range.start)
                && value.span.touches(range.end)
        };
        let value = condition.operand.values().find(under)?;
        let written = value.span.of(self.text);
        let (other, title) = match written.chars().next()? {
            '"' => ('\'', "use single quotes"),
            _ => ('"', "use double quotes"),
        };
        let quoted = text::quote_with(&text::decode(written), other);
        self.rewrite(title.to_owned(), value.span, &quoted)
    }

    /// `@name` → its text in parentheses.
    fn inline(&self, span: Span) -> Option<Action> {
        let name = span.of(self.text).get(1..)?;
        let saved = self.compiler.saved.text(name)?;
        // A comment to the end of the line would swallow the parenthesis.
        let body = saved.trim();
        let closer = if text::has_hyphens(body) { "\n)" } else { ")" };
        let title = format!("put the text of `@{name}` here");
        let edit = Edit::replace(span, format!("({body}{closer}"));
        Some(Action {
            title,
            kind: ActionKind::Inline,
            edits: vec![edit],
            diagnostic: None,
            new_filter: None,
        })
    }

    /// A part that is selected, or a group, as a saved filter of its own.
    fn extract(&self, site: Site<'_>, range: Span) -> Option<Action> {
        let span = site.node.span();
        let selected = !range.is_empty() && range.covers(span);
        let is_group = matches!(site.node, Node::Group { .. });
        if matches!(site.node, Node::Saved(_)) || !(selected || is_group) {
            return None;
        }
        // Half of an AND under an OR, or of a chain, cannot be cut out by its tree node alone.
        let body = match site.node {
            // All that stands in the parentheses, comments too; the closing one may be missing.
            Node::Group { inner, .. } => {
                let end = inner.span().end.max(span.end.saturating_sub(1));
                Span { start: span.start + 1, end }.of(self.text).trim()
            }
            _ => span.of(self.text),
        };
        if site.parent.is_none() && !selected {
            return None;
        }
        let name = self.free_name();
        Some(Action {
            title: format!("make a saved filter `@{name}` of it"),
            kind: ActionKind::Extract,
            edits: vec![self.apart(span, &format!("@{name}"))],
            diagnostic: None,
            new_filter: Some(NewFilter { name, text: body.to_owned() }),
        })
    }

    fn free_name(&self) -> String {
        let taken: Vec<&str> = self.compiler.saved.names().list();
        let mut number = 0_usize;
        loop {
            let name = if number == 0 { "extracted".to_owned() } else { format!("extracted{number}") };
            if !taken.contains(&name.as_str()) {
                return name;
            }
            number += 1;
        }
    }

    /// The replacement of a range; `None` where a comment would get lost by it.
    pub(super) fn rewrite(&self, title: String, span: Span, after: &str) -> Option<Action> {
        if comments(span.of(self.text)) != comments(after) {
            return None;
        }
        Some(Action {
            title,
            kind: ActionKind::Rewrite,
            edits: vec![self.apart(span, after)],
            diagnostic: None,
            new_filter: None,
        })
    }

    /// The replacement of a range, with blanks where a word would run into what stands beside it.
    fn apart(&self, span: Span, after: &str) -> Edit {
        let is_word = |found: char| found.is_ascii_alphanumeric() || found == '@' || found == '_';
        let before = self.text.get(..span.start as usize).and_then(|text| text.chars().next_back());
        let behind = self.text.get(span.end as usize..).and_then(|text| text.chars().next());
        let blank = |needed: bool| if needed { " " } else { "" };
        let first = blank(after.starts_with(is_word) && before.is_some_and(is_word));
        let last = blank(after.ends_with(is_word) && behind.is_some_and(is_word));
        Edit::replace(span, format!("{first}{after}{last}"))
    }
}

/// How many comments a text has.
fn comments(text: &str) -> usize {
    syntax::tokens(text).iter().filter(|token| token.kind == TokenKind::Comment).count()
}

fn has(column: &Column, operator: Operator) -> bool {
    column.operators().any(|available| available == operator)
}
