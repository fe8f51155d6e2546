//! The tree to inline SQL: columns are resolved, values read and SQL written in one walk.

use std::borrow::Cow;

use super::address::{Address, Subnet};
use super::parser::{Condition, Expr, NodeId, Op, Tree, Value};
use super::schema::{self, Column, Type};
use super::sql::Sql;
use super::values::{self, BOUNDARIES, Community, DIRECTIONS};
use super::{Error, Options};

/// What SQL looks like to a `NOT` put before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One function call, or wholly in one pair of parentheses: `NOT` needs no more.
    Closed,
    /// Anything else.
    Open,
}

/// A value that has an order.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(crate) enum Scalar {
    Number(u64),
    Address(Address),
}

/// Compiles a tree that was parsed from so many bytes.
pub(crate) fn compile(tree: &Tree<'_>, length: usize, options: &Options<'_>) -> Result<String, Error> {
    let Some(root) = tree.root else { return Ok(String::new()) };
    let mut compiler = Compiler { tree, options, sql: Sql::with_capacity(2 * length) };
    compiler.expr(root)?;
    compiler.sql.finish()
}

/// A compilation under way.
pub(crate) struct Compiler<'t> {
    pub(crate) tree: &'t Tree<'t>,
    pub(crate) options: &'t Options<'t>,
    pub(crate) sql: Sql,
}

impl Compiler<'_> {
    fn expr(&mut self, id: NodeId) -> Result<Shape, Error> {
        let tree = self.tree;
        match &tree[id].expr {
            Expr::Or(first) => self.join(*first, " OR "),
            Expr::And(first) => self.join(*first, " AND "),
            Expr::Not(operand) => self.not(*operand),
            Expr::Group(inside) => {
                self.sql.raw("(");
                self.expr(*inside)?;
                self.sql.raw(")");
                Ok(Shape::Closed)
            }
            Expr::Saved(name) => Err(name.error("unknown saved filter")),
            Expr::Condition(condition) => self.condition(condition),
        }
    }

    fn join(&mut self, first: NodeId, connective: &str) -> Result<Shape, Error> {
        for (i, operand) in self.tree.operands(first).enumerate() {
            if i > 0 {
                self.sql.raw(connective);
            }
            self.expr(operand)?;
        }
        Ok(Shape::Open)
    }

    fn not(&mut self, operand: NodeId) -> Result<Shape, Error> {
        // A NOT's SQL is never closed: its parenthesis is written at once, so that a chain of them moves no text.
        if matches!(self.tree[operand].expr, Expr::Not(_)) {
            self.sql.raw("NOT (");
            self.expr(operand)?;
            self.sql.raw(")");
            return Ok(Shape::Open);
        }
        self.sql.raw("NOT ");
        let start = self.sql.len();
        if self.expr(operand)? == Shape::Open {
            self.sql.open_at(start);
            self.sql.raw(")");
        }
        Ok(Shape::Open)
    }

    fn condition(&mut self, condition: &Condition<'_>) -> Result<Shape, Error> {
        let name = condition.column;
        let ends = if schema::find(name).is_none() { schema::ends(name) } else { None };
        let Some((first, second)) = ends else {
            let column = self.column(name, condition.start)?;
            return self.on(column, condition, condition.negated);
        };
        let usable = |column: &Column| column.enabled || self.options.all_columns;
        match (usable(first), usable(second)) {
            (true, true) => self.either((first, second), condition),
            (true, false) => self.on(first, condition, condition.negated),
            (false, true) => self.on(second, condition, condition.negated),
            (false, false) => Err(Error::at(condition.start, "disabled columns")),
        }
    }

    /// A condition on one column.
    pub(crate) fn on(
        &mut self,
        column: &Column,
        condition: &Condition<'_>,
        negated: bool,
    ) -> Result<Shape, Error> {
        let values = self.tree.values(condition);
        let Some((value, others)) = values.split_first() else {
            return Err(Error::at(condition.start, "expecting a value"));
        };
        let op = condition.op;
        match (column.kind, op) {
            (Type::Other, _) => Err(Error::at(condition.start, "column that cannot be used in a filter")),
            (_, Op::In) => self.list(column, values, negated),
            (Type::Prefix { address, mask }, Op::Equal | Op::Inside) => {
                self.prefix(column, (address, mask), op, negated, value)
            }
            (Type::AsPath | Type::Array, Op::Equal) => {
                self.sql.raw(if negated { "NOT has(" } else { "has(" });
                self.sql.raw(column.name);
                self.sql.raw(", ");
                self.literal(column, value)?;
                self.sql.raw(")");
                Ok(if negated { Shape::Open } else { Shape::Closed })
            }
            (Type::Community { large }, Op::Equal) => {
                let community = self.community(value)?;
                if negated {
                    self.sql.raw("NOT ");
                }
                self.contains(column.name, large, community);
                Ok(if negated { Shape::Open } else { Shape::Closed })
            }
            (Type::Ip, Op::Equal) if value.is_marked() => self.inside(column, negated, value),
            (Type::Ip, Op::Inside) => self.inside(column, negated, value),
            (Type::Proto, Op::Equal) if value.word().is_none() => self.protocol(column, negated, value),
            (Type::Mac, Op::Equal) if mac_prefix(value).is_some() => self.mac_prefix(column, negated, value),
            (Type::Mac, Op::Inside) => self.mac_prefix(column, negated, value),
            (Type::Uint { .. }, Op::Equal) if several(column, value).is_some() => {
                let Some((from, to)) = several(column, value) else {
                    return Err(value.error("expecting a name"));
                };
                self.between(column, negated, (Scalar::Number(from), Scalar::Number(to)), value)
            }
            (_, Op::Equal) => self.compare(column, if negated { " != " } else { " = " }, value, true),
            (Type::Uint { .. }, Op::Less | Op::LessEqual | Op::Greater | Op::GreaterEqual) => {
                self.compare(column, symbol(op), value, true)
            }
            (Type::Proto, Op::Less | Op::LessEqual | Op::Greater | Op::GreaterEqual) => {
                self.compare(column, symbol(op), value, false)
            }
            (Type::Ip | Type::Uint { .. } | Type::Asn | Type::Proto, Op::Between) => {
                let Some(last) = others.first() else { return Err(value.error("expecting a second value")) };
                let ends = (self.scalar(column, value)?, self.scalar(column, last)?);
                self.between(column, negated, ends, last)
            }
            (Type::String { .. }, Op::Like | Op::ILike | Op::Regexp) => {
                self.pattern(column, op, negated, value)
            }
            (Type::AsPath, Op::Has) => {
                self.sql.raw(if negated { "NOT " } else { "" });
                self.sql.raw(if others.is_empty() { "has(" } else { "hasAll(" });
                self.sql.raw(column.name);
                self.sql.raw(if others.is_empty() { ", " } else { ", [" });
                self.literal(column, value)?;
                for other in others {
                    self.sql.raw(", ");
                    self.literal(column, other)?;
                }
                self.sql.raw(if others.is_empty() { ")" } else { "])" });
                Ok(if negated { Shape::Open } else { Shape::Closed })
            }
            (Type::Uint { bits: true, .. }, Op::Has) => self.bits(column, negated, values),
            _ => Err(Error::at(condition.start, "operator that this column does not have")),
        }
    }

    /// A column that filters may use.
    fn column(&self, name: &str, start: u32) -> Result<&'static Column, Error> {
        match schema::find(name) {
            None => Err(Error::at(start, "unknown column")),
            Some(column) if column.enabled || self.options.all_columns => Ok(column),
            Some(_) => Err(Error::at(start, "disabled column")),
        }
    }

    /// `column operator value`, where the value is read as one of the column's type first, then as a column.
    fn compare(
        &mut self,
        column: &Column,
        symbol: &str,
        value: &Value<'_>,
        columns: bool,
    ) -> Result<Shape, Error> {
        self.sql.raw(column.name);
        self.sql.raw(symbol);
        let start = self.sql.len();
        if let Err(error) = self.literal(column, value) {
            let Some(name) = value.word().filter(|_| columns) else { return Err(error) };
            if schema::find(name).is_none() {
                return Err(error);
            }
            let other = self.column(name, value.start)?;
            if !other.kind.compares_with(column.kind) {
                return Err(value.error("columns of different types"));
            }
            self.sql.truncate(start);
            self.sql.raw(other.name);
        }
        Ok(Shape::Open)
    }

    /// A value of a column's type as a literal.
    pub(crate) fn literal(&mut self, column: &Column, value: &Value<'_>) -> Result<(), Error> {
        let (word, sql) = (value.word(), &mut self.sql);
        let (written, expected) = match column.kind {
            Type::Ip | Type::Uint { .. } | Type::Asn | Type::AsPath | Type::Array | Type::Proto => {
                let scalar = self.scalar(column, value)?;
                self.write(scalar);
                return Ok(());
            }
            Type::Mac => (word.and_then(values::mac).map(|mac| sql.mac(mac)), "expecting a MAC address"),
            Type::String { words: [], .. } => {
                (value.string().map(|text| sql.quoted(&text)), "expecting a string")
            }
            Type::String { words, .. } => (
                value.string().and_then(|text| values::member(words, &text)).map(|word| sql.quoted(word)),
                "expecting a word of the column",
            ),
            Type::Boundary => (
                word.and_then(|word| values::member(&BOUNDARIES, word)).map(|word| sql.quoted(word)),
                "expecting external, internal or undefined",
            ),
            Type::Direction => (
                word.and_then(|word| values::member(&DIRECTIONS, word)).map(|word| sql.quoted(word)),
                "expecting ingress, egress or undefined",
            ),
            Type::Ethernet => {
                (word.and_then(values::ether_type).map(|number| sql.number(number)), "expecting IPv4 or IPv6")
            }
            Type::Prefix { .. } => (None, "expecting a prefix"),
            Type::Community { .. } => (None, "expecting a community"),
            Type::Other => (None, "column that cannot be used in a filter"),
        };
        written.ok_or_else(|| value.error(expected))
    }

    /// A value of a column's type that has an order.
    pub(crate) fn scalar(&self, column: &Column, value: &Value<'_>) -> Result<Scalar, Error> {
        let scalar = match (column.kind, value.word()) {
            (Type::Uint { port: true, .. }, None) => {
                let port = value.string().and_then(|name| (self.options.service)(&name));
                return match port {
                    Some(port) => Ok(Scalar::Number(port.into())),
                    None => Err(value.error("unknown service")),
                };
            }
            (Type::Uint { .. }, None) => {
                named(column, value).filter(|(from, to)| from == to).map(|(from, _)| Scalar::Number(from))
            }
            (kind, Some(word)) => scalar(kind, word),
            _ => None,
        };
        scalar.ok_or_else(|| {
            value.error(match column.kind {
                Type::Ip => "expecting an IP address",
                Type::Asn | Type::AsPath => "expecting an AS number",
                Type::Proto => "expecting an unsigned 8-bit integer",
                _ => "expecting an unsigned integer",
            })
        })
    }

    /// Writes a literal.
    pub(crate) fn write(&mut self, scalar: Scalar) {
        match scalar {
            Scalar::Number(number) => self.sql.number(number),
            Scalar::Address(address) => self.sql.address(address),
        }
    }

    /// `column BETWEEN first AND last`, the ends being of one family and in order.
    pub(crate) fn between(
        &mut self,
        column: &Column,
        negated: bool,
        (first, last): (Scalar, Scalar),
        value: &Value<'_>,
    ) -> Result<Shape, Error> {
        if let (Scalar::Address(first), Scalar::Address(last)) = (first, last)
            && std::mem::discriminant(&first) != std::mem::discriminant(&last)
        {
            return Err(value.error("addresses of two families"));
        }
        if last < first {
            return Err(value.error("second end lower than the first"));
        }
        self.sql.raw(column.name);
        self.sql.raw(if negated { " NOT BETWEEN " } else { " BETWEEN " });
        self.write(first);
        self.sql.raw(" AND ");
        self.write(last);
        Ok(Shape::Open)
    }

    /// An address column inside a subnet or not.
    fn inside(&mut self, column: &Column, negated: bool, value: &Value<'_>) -> Result<Shape, Error> {
        let subnet = self.subnet(value)?;
        let ends = (Scalar::Address(subnet.first), Scalar::Address(subnet.last));
        self.between(column, negated, ends, value)
    }

    /// A MAC address that begins so or not.
    pub(crate) fn mac_prefix(
        &mut self,
        column: &Column,
        negated: bool,
        value: &Value<'_>,
    ) -> Result<Shape, Error> {
        let Some((low, high)) = mac_prefix(value) else { return Err(value.error("expecting a MAC prefix")) };
        self.sql.raw(column.name);
        self.sql.raw(if negated { " NOT BETWEEN " } else { " BETWEEN " });
        self.sql.mac(low);
        self.sql.raw(" AND ");
        self.sql.mac(high);
        Ok(Shape::Open)
    }

    /// A subnet.
    pub(crate) fn subnet(&self, value: &Value<'_>) -> Result<Subnet, Error> {
        value.word().and_then(Subnet::parse).ok_or_else(|| value.error("expecting a subnet"))
    }

    /// A prefix column compared with a prefix or a column, or inside a prefix.
    fn prefix(
        &mut self,
        column: &Column,
        parts: (&str, &str),
        op: Op,
        negated: bool,
        value: &Value<'_>,
    ) -> Result<Shape, Error> {
        if op == Op::Equal && !value.is_marked() {
            return self.compare(column, if negated { " != " } else { " = " }, value, true);
        }
        self.sql.raw(if negated { "NOT (" } else { "" });
        self.within(parts, if op == Op::Equal { " = " } else { " >= " }, value)?;
        self.sql.raw(if negated { ")" } else { "" });
        Ok(Shape::Open)
    }

    /// The address in a prefix's range and the mask compared with its length.
    pub(crate) fn within(
        &mut self,
        parts: (&str, &str),
        symbol: &str,
        value: &Value<'_>,
    ) -> Result<(), Error> {
        let (address, mask) = parts;
        let subnet = self.subnet(value)?.unmapped();
        self.sql.raw(address);
        self.sql.raw(" BETWEEN ");
        self.sql.address(subnet.first);
        self.sql.raw(" AND ");
        self.sql.address(subnet.last);
        self.sql.raw(" AND ");
        self.sql.raw(mask);
        self.sql.raw(symbol);
        self.sql.number(subnet.length.into());
        // IPv4 is stored in `::/80`, and its masks have up to 32 bits.
        if symbol == " = " && subnet.first == Address::V6(0) && subnet.length <= 32 {
            self.sql.raw(" AND EType = 34525");
        }
        Ok(())
    }

    /// `LIKE`, `ILIKE` and `REGEXP`.
    fn pattern(&mut self, column: &Column, op: Op, negated: bool, value: &Value<'_>) -> Result<Shape, Error> {
        let Some(pattern) = value.string() else { return Err(value.error("expecting a string")) };
        if op == Op::Regexp {
            if !(self.options.regexp)(&pattern) {
                return Err(value.error("bad regular expression"));
            }
            self.sql.raw(if negated { "NOT match(" } else { "match(" });
            self.sql.raw(column.name);
            self.sql.raw(", ");
            // A branch without a match keeps the engine's own search for text from going wrong.
            if is_misread_by_the_engine(&pattern) {
                self.sql.quoted(&format!(r"[^\s\S]|{pattern}"));
            } else {
                self.sql.quoted(&pattern);
            }
            self.sql.raw(")");
            return Ok(if negated { Shape::Open } else { Shape::Closed });
        }
        let backslashes = pattern.bytes().rev().take_while(|&byte| byte == b'\\').count();
        if backslashes % 2 == 1 {
            return Err(value.error("pattern that ends in a lone backslash"));
        }
        self.sql.raw(column.name);
        self.sql.raw(if negated { " NOT" } else { "" });
        if op == Op::Like {
            self.sql.raw(" LIKE ");
            self.sql.quoted(&without_misread_backslashes(&pattern));
        } else {
            self.sql.raw(" ILIKE ");
            self.sql.quoted(&pattern);
        }
        Ok(Shape::Open)
    }

    /// All of some named bits.
    fn bits(&mut self, column: &Column, negated: bool, values: &[Value<'_>]) -> Result<Shape, Error> {
        let mut bits = 0;
        for value in values {
            let bit = value.word().and_then(values::tcp_flag);
            bits |= bit.ok_or_else(|| value.error("expecting the name of a bit"))?;
        }
        self.sql.raw(if negated { "NOT (bitAnd(" } else { "bitAnd(" });
        self.sql.raw(column.name);
        self.sql.raw(", ");
        self.sql.number(bits);
        self.sql.raw(") = ");
        self.sql.number(bits);
        self.sql.raw(if negated { ")" } else { "" });
        Ok(Shape::Open)
    }

    /// A protocol by its name.
    fn protocol(&mut self, column: &Column, negated: bool, value: &Value<'_>) -> Result<Shape, Error> {
        let Some(name) = value.string() else { return Err(value.error("expecting a protocol")) };
        let known = (self.options.protocol)(&name);
        match known {
            Some(_) => self.sql.raw(column.name),
            None => self.dictionary(column),
        }
        self.sql.raw(if negated { " != " } else { " = " });
        match known {
            Some(number) => self.sql.number(number.into()),
            None => self.sql.quoted(&name),
        }
        Ok(Shape::Open)
    }

    /// The name that the dictionary gives to a protocol.
    pub(crate) fn dictionary(&mut self, column: &Column) {
        self.sql.raw("dictGetOrDefault(");
        match self.options.database {
            Some(database) => self.sql.quoted(&format!("{database}.protocols")),
            None => self.sql.raw("'protocols'"),
        }
        self.sql.raw(", 'name', ");
        self.sql.raw(column.name);
        self.sql.raw(", '???')");
    }

    /// A community, by its parts or its name.
    pub(crate) fn community(&self, value: &Value<'_>) -> Result<Community, Error> {
        let named = |word: &str| {
            let (high, low) = (self.options.community)(word)?;
            Some(Community::Standard(Some(high), Some(low)))
        };
        let community = value.word().and_then(|word| Community::parse(word).or_else(|| named(word)));
        community.ok_or_else(|| value.error("expecting a community"))
    }
}

/// The addresses that a word is the beginning of.
pub(crate) fn mac_prefix(value: &Value<'_>) -> Option<([u8; 6], [u8; 6])> {
    value.word().and_then(values::mac_prefix)
}

/// The numbers that a string names.
fn named(column: &Column, value: &Value<'_>) -> Option<(u64, u64)> {
    let Type::Uint { names, .. } = column.kind else { return None };
    let text = value.string()?;
    let found = names.iter().find(|(name, ..)| name.eq_ignore_ascii_case(&text));
    found.map(|&(_, from, to)| (from, to))
}

/// The numbers that a string names, where they are several.
pub(crate) fn several(column: &Column, value: &Value<'_>) -> Option<(u64, u64)> {
    named(column, value).filter(|(from, to)| from < to)
}

/// An ordered value of a type.
fn scalar(kind: Type, word: &str) -> Option<Scalar> {
    match kind {
        Type::Ip => Address::parse(word).map(Scalar::Address),
        Type::Uint { unit, .. } => values::amount(word, unit).map(Scalar::Number),
        Type::Array => values::integer(word).map(Scalar::Number),
        Type::Asn | Type::AsPath => values::as_number(word).map(|number| Scalar::Number(number.into())),
        Type::Proto => values::integer(word).filter(|&number| number <= 255).map(Scalar::Number),
        _ => None,
    }
}

/// A range as a list holds it: two ends around a dash.
pub(crate) fn range(kind: Type, word: &str) -> Option<(Scalar, Scalar)> {
    let (first, last) = values::split(word, b'-')?;
    Some((scalar(kind, first)?, scalar(kind, last)?))
}

/// The SQL of an order, with its blanks.
fn symbol(op: Op) -> &'static str {
    match op {
        Op::Less => " < ",
        Op::LessEqual => " <= ",
        Op::Greater => " > ",
        _ => " >= ",
    }
}

/// Whether an expression has a `[` inside a class, a class that begins with `]`, a NUL, or a repeat behind a
/// character of several bytes.
fn is_misread_by_the_engine(expression: &str) -> bool {
    let bytes = expression.as_bytes();
    let (mut at, mut class) = (0, false);
    while let Some(&byte) = bytes.get(at) {
        let next = bytes.get(at + 1).copied();
        match (byte, next) {
            (0, _) => return true,
            (b'\\', Some(b'Q')) => {
                let Some(end) = expression[at + 2..].find("\\E") else { return false };
                at += end + 3;
            }
            (b'\\', Some(first)) => at += char_length(first),
            (b'[', _) => {
                if class && next == Some(b':') {
                    // A class of POSIX is read rightly.
                    let Some(end) = expression[at + 2..].find(":]") else { return true };
                    at += end + 4;
                    continue;
                }
                let caret = usize::from(next == Some(b'^'));
                if class || bytes.get(at + 1 + caret) == Some(&b']') {
                    return true;
                }
                class = true;
                at += caret;
            }
            (b']', _) => class = false,
            (0x80.., Some(b'*' | b'?' | b'{')) => return true,
            _ => {}
        }
        at += 1;
    }
    false
}

/// The bytes of the character that begins with this one.
fn char_length(first: u8) -> usize {
    match first {
        0xF0.. => 4,
        0xE0.. => 3,
        0xC0.. => 2,
        _ => 1,
    }
}

/// Doubles each backslash that ClickHouse could misread: one that escapes nothing, in a pattern that begins with `%`,
/// at the third byte or later, after a `%`, a `_` or a backslash.
fn without_misread_backslashes(pattern: &str) -> Cow<'_, str> {
    if !pattern.starts_with('%') || !pattern.contains('\\') {
        return Cow::Borrowed(pattern);
    }
    let bytes = pattern.as_bytes();
    let mut doubled = Vec::new();
    let mut place = 0;
    while place < bytes.len() {
        let is_pair = bytes[place] == b'\\' && matches!(bytes.get(place + 1), Some(b'%' | b'_' | b'\\'));
        if is_pair {
            doubled.extend_from_slice(&bytes[place..place + 2]);
            place += 2;
            continue;
        }
        if bytes[place] == b'\\' && bytes[0] == b'%' && place > 1 && b"%_\\".contains(&bytes[place - 1]) {
            doubled.push(b'\\');
        }
        doubled.push(bytes[place]);
        place += 1;
    }
    Cow::Owned(String::from_utf8(doubled).unwrap_or_default())
}
