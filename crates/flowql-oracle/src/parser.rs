//! Tokens to a tree: recursive descent, its recursion bounded by the nesting limit.
//!
//! The tree is an arena: one vector of nodes, siblings linked, and one of values, so that a filter of any size
//! costs two allocations and its release never recurses.

use std::borrow::Cow;
use std::ops::{Index, Range};

use super::lexer::{Keyword, Kind, Lexer, Token};
use super::{Error, MAX_DEPTH, MAX_LENGTH};

/// A node's place in its tree.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NodeId(u32);

/// An expression, and the next operand of the same `AND` or `OR`.
#[derive(Debug)]
pub(crate) struct Node<'a> {
    pub(crate) expr: Expr<'a>,
    pub(crate) next: Option<NodeId>,
}

/// An expression.
#[derive(Debug)]
pub(crate) enum Expr<'a> {
    /// The first of two operands or more.
    Or(NodeId),
    /// The first of two operands or more.
    And(NodeId),
    Not(NodeId),
    /// The user's parentheses.
    Group(NodeId),
    /// `@name`; the value's text is the name alone.
    Saved(Value<'a>),
    Condition(Condition<'a>),
}

/// `column operator value…`
#[derive(Debug)]
pub(crate) struct Condition<'a> {
    pub(crate) column: &'a str,
    /// Where the column is.
    pub(crate) start: u32,
    pub(crate) op: Op,
    pub(crate) negated: bool,
    values: Range<u32>,
}

/// An operator; its negation is a flag of the condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Equal,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Inside,
    In,
    Like,
    ILike,
    Between,
    Regexp,
    Has,
}

/// A value as written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Value<'a> {
    /// The word, or what stands between the quotes.
    pub(crate) text: &'a str,
    pub(crate) start: u32,
    pub(crate) form: Form,
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A word; `marked` when it holds a `-` or a `/`.
    Word { marked: bool },
    /// A string; `escaped` when its text differs from what it means.
    Text { quote: u8, escaped: bool },
}

impl<'a> Value<'a> {
    /// The word, if it is one.
    pub(crate) fn word(&self) -> Option<&'a str> {
        matches!(self.form, Form::Word { .. }).then_some(self.text)
    }

    /// What the string means, if it is one.
    pub(crate) fn string(&self) -> Option<Cow<'a, str>> {
        match self.form {
            Form::Word { .. } => None,
            Form::Text { escaped: false, .. } => Some(Cow::Borrowed(self.text)),
            Form::Text { escaped: true, quote } => Some(Cow::Owned(unescape(self.text, quote))),
        }
    }

    /// Whether it is a word with a `-` or a `/`: in a list, a range or a subnet.
    pub(crate) fn is_marked(&self) -> bool {
        self.form == Form::Word { marked: true }
    }

    /// An error at this value.
    pub(crate) fn error(&self, reason: &'static str) -> Error {
        Error::at(self.start, reason)
    }
}

/// Replaces the two escape sequences of a string; any other backslash is plain.
fn unescape(text: &str, quote: u8) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let after = &rest[at + 1..];
        let escape = after.bytes().next().is_some_and(|byte| byte == b'\\' || byte == quote);
        decoded.push_str(&rest[..at]);
        decoded.push_str(if escape { &after[..1] } else { "\\" });
        rest = if escape { &after[1..] } else { after };
    }
    decoded.push_str(rest);
    decoded
}

/// A parsed filter.
#[derive(Debug)]
pub(crate) struct Tree<'a> {
    nodes: Vec<Node<'a>>,
    values: Vec<Value<'a>>,
    /// Nothing in an empty filter.
    pub(crate) root: Option<NodeId>,
}

impl<'a> Tree<'a> {
    /// The values of a condition: at least one.
    pub(crate) fn values(&self, condition: &Condition<'a>) -> &[Value<'a>] {
        &self.values[condition.values.start as usize..condition.values.end as usize]
    }

    /// A node and its next siblings.
    pub(crate) fn operands(&self, first: NodeId) -> impl Iterator<Item = NodeId> {
        std::iter::successors(Some(first), |&id| self[id].next)
    }
}

impl<'a> Index<NodeId> for Tree<'a> {
    type Output = Node<'a>;

    fn index(&self, id: NodeId) -> &Node<'a> {
        &self.nodes[id.0 as usize]
    }
}

/// Parses a filter.
pub(crate) fn parse(text: &str) -> Result<Tree<'_>, Error> {
    if text.len() > MAX_LENGTH {
        return Err(Error { offset: MAX_LENGTH, reason: "filter too long" });
    }
    let mut lexer = Lexer::new(text);
    let current = lexer.next()?;
    let mut parser = Parser {
        lexer,
        current,
        depth: 0,
        // What most filters need at once.
        nodes: Vec::with_capacity(text.len() / 24 + 2),
        values: Vec::with_capacity(text.len() / 24 + 2),
    };
    let root = match parser.current.kind {
        Kind::End => None,
        _ => Some(parser.or()?),
    };
    match parser.current.kind {
        Kind::End => Ok(Tree { nodes: parser.nodes, values: parser.values, root }),
        Kind::Close => Err(parser.error("parenthesis without its opening one")),
        _ => Err(parser.error("expecting AND or OR")),
    }
}

/// One token of look-ahead over the lexer, and the tree so far.
struct Parser<'a> {
    lexer: Lexer<'a>,
    current: Token,
    depth: usize,
    nodes: Vec<Node<'a>>,
    values: Vec<Value<'a>>,
}

impl<'a> Parser<'a> {
    /// Operands joined by `OR`.
    fn or(&mut self) -> Result<NodeId, Error> {
        self.chain(Keyword::Or, Self::and, Expr::Or)
    }

    /// Operands joined by `AND`.
    fn and(&mut self) -> Result<NodeId, Error> {
        self.chain(Keyword::And, Self::unary, Expr::And)
    }

    /// An operand, or several joined by one connective.
    fn chain(
        &mut self,
        connective: Keyword,
        operand: fn(&mut Self) -> Result<NodeId, Error>,
        join: fn(NodeId) -> Expr<'a>,
    ) -> Result<NodeId, Error> {
        let first = operand(self)?;
        let mut last = first;
        while self.current.kind == Kind::Keyword(connective) {
            self.bump()?;
            let next = operand(self)?;
            self.nodes[last.0 as usize].next = Some(next);
            last = next;
        }
        Ok(if last.0 == first.0 { first } else { self.push(join(first)) })
    }

    /// `NOT` and its operand, a group, a saved filter or a condition.
    fn unary(&mut self) -> Result<NodeId, Error> {
        let start = self.current;
        let expr = match start.kind {
            Kind::Keyword(Keyword::Not) => {
                self.enter()?;
                Expr::Not(self.unary()?)
            }
            Kind::Open => {
                self.enter()?;
                let inside = self.or()?;
                if self.current.kind != Kind::Close {
                    return Err(self.error("expecting AND, OR or a closing parenthesis"));
                }
                self.bump()?;
                Expr::Group(inside)
            }
            Kind::Word { .. } => {
                let word = self.lexer.slice(start);
                match word.strip_prefix('@') {
                    Some(name) => self.saved(name)?,
                    None => Expr::Condition(self.condition(word)?),
                }
            }
            _ => return Err(self.error("expecting a column name")),
        };
        if matches!(expr, Expr::Not(_) | Expr::Group(_)) {
            self.depth -= 1;
        }
        Ok(self.push(expr))
    }

    /// Goes one level deeper, past the token that opens it.
    fn enter(&mut self) -> Result<(), Error> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error("filter nested too deeply"));
        }
        self.bump()
    }

    /// The rest of a saved filter's reference.
    fn saved(&mut self, name: &'a str) -> Result<Expr<'a>, Error> {
        let valid = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        let starts = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
        if !(name.bytes().next().is_some_and(starts) && name.bytes().all(valid)) {
            return Err(self.error("expecting the name of a saved filter"));
        }
        let start = self.current.start;
        self.bump()?;
        Ok(Expr::Saved(Value { text: name, start, form: Form::Word { marked: false } }))
    }

    /// The condition that begins with a column.
    fn condition(&mut self, column: &'a str) -> Result<Condition<'a>, Error> {
        if !column.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(self.error("expecting a column name"));
        }
        let start = self.current.start;
        self.bump()?;
        let (op, negated) = self.operator()?;
        let first = self.values.len() as u32;
        match op {
            Op::In => self.list()?,
            Op::Has if self.current.kind == Kind::Open => self.list()?,
            Op::Between => {
                self.value()?;
                if self.current.kind != Kind::Keyword(Keyword::And) {
                    return Err(self.error("expecting the AND of BETWEEN"));
                }
                self.bump()?;
                self.value()?;
            }
            _ => self.value()?,
        }
        let values = first..self.values.len() as u32;
        Ok(Condition { column, start, op, negated, values })
    }

    /// An operator of one word or two, and whether it is a negation.
    fn operator(&mut self) -> Result<(Op, bool), Error> {
        let mut negated = false;
        if self.current.kind == Kind::Keyword(Keyword::Not) {
            negated = true;
            self.bump()?;
        }
        let op = match (self.current.kind, negated) {
            (Kind::Keyword(Keyword::In), _) => Op::In,
            (Kind::Keyword(Keyword::Like), _) => Op::Like,
            (Kind::Keyword(Keyword::ILike), _) => Op::ILike,
            (Kind::Keyword(Keyword::Between), _) => Op::Between,
            (Kind::Keyword(Keyword::Regexp), _) => Op::Regexp,
            (Kind::Keyword(Keyword::Has), _) => Op::Has,
            (_, true) => {
                return Err(self.error("expecting IN, LIKE, ILIKE, BETWEEN, REGEXP or HAS after NOT"));
            }
            (Kind::Equal, _) => Op::Equal,
            (Kind::Less, _) => Op::Less,
            (Kind::LessEqual, _) => Op::LessEqual,
            (Kind::Greater, _) => Op::Greater,
            (Kind::GreaterEqual, _) => Op::GreaterEqual,
            (Kind::Inside, _) => Op::Inside,
            (kind, _) => {
                negated = true;
                match kind {
                    Kind::NotEqual => Op::Equal,
                    Kind::Outside => Op::Inside,
                    Kind::Keyword(Keyword::NotIn) => Op::In,
                    Kind::Keyword(Keyword::Unlike) => Op::Like,
                    Kind::Keyword(Keyword::IUnlike) => Op::ILike,
                    _ => return Err(self.error("expecting an operator")),
                }
            }
        };
        self.bump()?;
        Ok((op, negated))
    }

    /// A list of one value or more, in parentheses.
    fn list(&mut self) -> Result<(), Error> {
        if self.current.kind != Kind::Open {
            return Err(self.error("expecting a list in parentheses"));
        }
        loop {
            self.bump()?;
            self.value()?;
            match self.current.kind {
                Kind::Comma => {}
                Kind::Close => return self.bump(),
                _ => return Err(self.error("expecting a comma or a closing parenthesis")),
            }
        }
    }

    /// A word or a string.
    fn value(&mut self) -> Result<(), Error> {
        let form = match self.current.kind {
            Kind::Word { marked } => Form::Word { marked },
            Kind::Text { quote, escaped } => Form::Text { quote, escaped },
            _ => return Err(self.error("expecting a value")),
        };
        let text = self.lexer.slice(self.current);
        self.values.push(Value { text, start: self.current.start, form });
        self.bump()
    }

    /// Goes to the next token.
    fn bump(&mut self) -> Result<(), Error> {
        self.current = self.lexer.next()?;
        Ok(())
    }

    /// Adds a node.
    fn push(&mut self, expr: Expr<'a>) -> NodeId {
        let id = NodeId(self.nodes.len() as u32);
        self.nodes.push(Node { expr, next: None });
        id
    }

    /// An error at the current token.
    fn error(&self, reason: &'static str) -> Error {
        Error::at(self.current.start, reason)
    }
}
