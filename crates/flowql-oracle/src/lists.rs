//! Lists: `IN` and `NOTIN` of every type, and what one community or several ask of their columns.

use super::Error;
use super::compile::{Compiler, Scalar, Shape, mac_prefix, range, several};
use super::parser::Value;
use super::schema::{Column, Type};
use super::values::Community;

impl Compiler<'_> {
    /// A column in a list, or not.
    pub(crate) fn list(
        &mut self,
        column: &Column,
        values: &[Value<'_>],
        negated: bool,
    ) -> Result<Shape, Error> {
        match column.kind {
            Type::Ip | Type::Uint { .. } | Type::Asn | Type::Mac => self.ranges(column, values, negated),
            Type::Prefix { address, mask } => self.prefixes((address, mask), values, negated),
            Type::Proto => self.protocols(column, values, negated),
            Type::Community { large } => self.communities(column, large, values, negated),
            Type::AsPath | Type::Array => {
                self.sql.raw(if negated { "NOT hasAny(" } else { "hasAny(" });
                self.sql.raw(column.name);
                self.sql.raw(", [");
                self.literals(column, values.iter())?;
                self.sql.raw("])");
                Ok(if negated { Shape::Open } else { Shape::Closed })
            }
            _ => {
                self.members(column, values.iter(), negated)?;
                Ok(Shape::Open)
            }
        }
    }

    /// `column IN (…)`
    fn members<'v, 'a: 'v>(
        &mut self,
        column: &Column,
        values: impl Iterator<Item = &'v Value<'a>>,
        negated: bool,
    ) -> Result<(), Error> {
        self.sql.raw(column.name);
        self.sql.raw(if negated { " NOT IN (" } else { " IN (" });
        self.literals(column, values)?;
        self.sql.raw(")");
        Ok(())
    }

    /// Literals of a column's type, with commas between.
    fn literals<'v, 'a: 'v>(
        &mut self,
        column: &Column,
        values: impl Iterator<Item = &'v Value<'a>>,
    ) -> Result<(), Error> {
        for (i, value) in values.enumerate() {
            if i > 0 {
                self.sql.raw(", ");
            }
            // ClickHouse refuses a longer one in a list, and only there.
            if let Type::String { fixed: Some(size), .. } = column.kind
                && value.string().is_some_and(|text| text.len() > size)
            {
                return Err(value.error("string longer than the column"));
            }
            self.literal(column, value)?;
        }
        Ok(())
    }

    /// Opens a disjunction of so many terms, or a single term that needs parentheses after `NOT`.
    fn open(&mut self, terms: usize, negated: bool) {
        self.sql.raw(match (terms, negated) {
            (_, true) => "NOT (",
            (1, false) => "",
            (_, false) => "(",
        });
    }

    /// Closes what [`Self::open`] opened.
    fn close(&mut self, terms: usize, negated: bool) -> Shape {
        if terms > 1 || negated {
            self.sql.raw(")");
        }
        if terms > 1 && !negated { Shape::Closed } else { Shape::Open }
    }

    /// Single values in one `IN`, then subnets and ranges in text order.
    fn ranges(&mut self, column: &Column, values: &[Value<'_>], negated: bool) -> Result<Shape, Error> {
        let is_range = |value: &&Value<'_>| match column.kind {
            Type::Mac => mac_prefix(value).is_some(),
            _ => value.is_marked() || several(column, value).is_some(),
        };
        let ranges = values.iter().filter(is_range).count();
        if ranges == 0 {
            self.members(column, values.iter(), negated)?;
            return Ok(Shape::Open);
        }
        let singles = ranges < values.len();
        let terms = ranges + usize::from(singles);
        self.open(terms, negated);
        if singles {
            self.members(column, values.iter().filter(|value| !is_range(value)), false)?;
        }
        for (i, value) in values.iter().filter(is_range).enumerate() {
            if i > 0 || singles {
                self.sql.raw(" OR ");
            }
            if column.kind == Type::Mac {
                self.mac_prefix(column, false, value)?;
                continue;
            }
            let ends = if let Some((from, to)) = several(column, value) {
                (Scalar::Number(from), Scalar::Number(to))
            } else if column.kind == Type::Ip && value.text.bytes().any(|byte| byte == b'/') {
                let subnet = self.subnet(value)?;
                (Scalar::Address(subnet.first), Scalar::Address(subnet.last))
            } else {
                range(column.kind, value.text).ok_or_else(|| value.error("bad range"))?
            };
            self.between(column, false, ends, value)?;
        }
        Ok(self.close(terms, negated))
    }

    /// One term per prefix.
    fn prefixes(&mut self, parts: (&str, &str), values: &[Value<'_>], negated: bool) -> Result<Shape, Error> {
        self.open(values.len(), negated);
        for (i, value) in values.iter().enumerate() {
            if i > 0 {
                self.sql.raw(" OR ");
            }
            self.within(parts, " = ", value)?;
        }
        Ok(self.close(values.len(), negated))
    }

    /// Numbers and known names in one `IN`, the unknown names in another.
    fn protocols(&mut self, column: &Column, values: &[Value<'_>], negated: bool) -> Result<Shape, Error> {
        let mut numbers = Vec::with_capacity(values.len());
        let mut unknown = Vec::new();
        for value in values {
            match value.string() {
                None => numbers.push(self.scalar(column, value)?),
                Some(name) => match (self.options.protocol)(&name) {
                    Some(number) => numbers.push(Scalar::Number(number.into())),
                    None => unknown.push(name),
                },
            }
        }
        let both = !numbers.is_empty() && !unknown.is_empty();
        let opening = if negated && !both { " NOT IN (" } else { " IN (" };
        if both {
            self.open(2, negated);
        }
        if !numbers.is_empty() {
            self.sql.raw(column.name);
            self.sql.raw(opening);
            for (i, &number) in numbers.iter().enumerate() {
                self.sql.raw(if i > 0 { ", " } else { "" });
                self.write(number);
            }
            self.sql.raw(if both { ") OR " } else { ")" });
        }
        if !unknown.is_empty() {
            self.dictionary(column);
            self.sql.raw(opening);
            for (i, name) in unknown.iter().enumerate() {
                self.sql.raw(if i > 0 { ", " } else { "" });
                self.sql.quoted(name);
            }
            self.sql.raw(")");
        }
        Ok(if both { self.close(2, negated) } else { Shape::Open })
    }

    /// Standard communities in one call, large ones in another, then the wildcards.
    fn communities(
        &mut self,
        column: &Column,
        large: &str,
        values: &[Value<'_>],
        negated: bool,
    ) -> Result<Shape, Error> {
        let communities = values.iter().map(|value| self.community(value)).collect::<Result<Vec<_>, _>>()?;
        let of = |kind: Class| communities.iter().copied().filter(move |&c| Class::of(c) == kind);
        let (standard, larges) = (of(Class::Standard).count(), of(Class::Large).count());
        let wildcards = communities.len() - standard - larges;
        let terms = usize::from(standard > 0) + usize::from(larges > 0) + wildcards;
        // A single term is one function call, which needs no parentheses after NOT.
        if terms > 1 {
            self.open(terms, negated);
        } else if negated {
            self.sql.raw("NOT ");
        }
        if standard > 0 {
            self.any(column.name, of(Class::Standard));
        }
        if larges > 0 {
            self.sql.raw(if standard > 0 { " OR " } else { "" });
            self.any(large, of(Class::Large));
        }
        for (i, community) in of(Class::Wildcard).enumerate() {
            self.sql.raw(if i > 0 || standard + larges > 0 { " OR " } else { "" });
            self.contains(column.name, large, community);
        }
        Ok(match (terms > 1, negated) {
            (true, _) => self.close(terms, negated),
            (false, true) => Shape::Open,
            (false, false) => Shape::Closed,
        })
    }

    /// `hasAny(column, […])`
    fn any(&mut self, column: &str, communities: impl Iterator<Item = Community>) {
        self.sql.raw("hasAny(");
        self.sql.raw(column);
        self.sql.raw(", [");
        for (i, community) in communities.enumerate() {
            self.sql.raw(if i > 0 { ", " } else { "" });
            self.exact(community);
        }
        self.sql.raw("])");
    }

    /// The number of a community without wildcard.
    fn exact(&mut self, community: Community) {
        match community {
            Community::Standard(first, second) => {
                let (first, second) = (first.unwrap_or(0), second.unwrap_or(0));
                self.sql.number(u64::from(first) << 16 | u64::from(second));
            }
            Community::Large(first, second, third) => {
                self.sql.raw("bitShiftLeft(");
                self.sql.number(first.unwrap_or(0).into());
                self.sql.raw("::UInt128, 64) + bitShiftLeft(");
                self.sql.number(second.unwrap_or(0).into());
                self.sql.raw("::UInt128, 32) + ");
                self.sql.number(third.unwrap_or(0).into());
                self.sql.raw("::UInt128");
            }
            Community::Ranges(..) => {}
        }
    }

    /// One function call: the standard or the large column contains a community, wildcards included.
    pub(crate) fn contains(&mut self, standard: &str, large: &str, community: Community) {
        let is_standard = matches!(community, Community::Standard(..) | Community::Ranges(_, 2));
        let column = if is_standard { standard } else { large };
        match Class::of(community) {
            Class::Wildcard => self.matches(column, community),
            Class::Standard | Class::Large => {
                self.sql.raw("has(");
                self.sql.raw(column);
                self.sql.raw(", ");
                self.exact(community);
                self.sql.raw(")");
            }
        }
    }

    /// One function call: the column contains a community of which some parts are free.
    fn matches(&mut self, column: &str, community: Community) {
        if let Community::Ranges(parts, count) = community {
            return self.ranges_of_parts(column, &parts, count);
        }
        let joined = |high: u32, low: u32| u64::from(high) << 32 | u64::from(low);
        // The bits that are compared, with what, and the same for the outer parts of `1:*:2`.
        let (bits, value, rest) = match community {
            Community::Standard(Some(first), _) => ("bitShiftRight(c, 16)", first.into(), None),
            Community::Standard(None, Some(second)) => ("bitAnd(c, 65535)", second.into(), None),
            Community::Large(Some(first), Some(second), _) => {
                ("bitShiftRight(c, 32)", joined(first, second), None)
            }
            Community::Large(Some(first), None, third) => ("bitShiftRight(c, 64)", first.into(), third),
            Community::Large(None, Some(second), None) => {
                ("bitAnd(bitShiftRight(c, 32), 4294967295)", second.into(), None)
            }
            Community::Large(None, Some(second), Some(third)) => {
                ("bitAnd(c, 18446744073709551615)", joined(second, third), None)
            }
            Community::Large(None, None, Some(third)) => ("bitAnd(c, 4294967295)", third.into(), None),
            Community::Standard(None, None) | Community::Large(None, None, None) | Community::Ranges(..) => {
                self.sql.raw("notEmpty(");
                self.sql.raw(column);
                self.sql.raw(")");
                return;
            }
        };
        self.sql.raw("arrayExists(c -> ");
        self.sql.raw(bits);
        self.sql.raw(" = ");
        self.sql.number(value);
        if let Some(third) = rest {
            self.sql.raw(" AND bitAnd(c, 4294967295) = ");
            self.sql.number(third.into());
        }
        self.sql.raw(", ");
        self.sql.raw(column);
        self.sql.raw(")");
    }
}

impl Compiler<'_> {
    /// One function call: the column contains a community whose parts lie in ranges.
    fn ranges_of_parts(&mut self, column: &str, parts: &[Option<(u32, u32)>; 3], count: usize) {
        let bits: &[&str] = match count {
            2 => &["bitShiftRight(c, 16)", "bitAnd(c, 65535)"],
            _ => {
                &["bitShiftRight(c, 64)", "bitAnd(bitShiftRight(c, 32), 4294967295)", "bitAnd(c, 4294967295)"]
            }
        };
        let asked: Vec<_> =
            bits.iter().zip(parts).filter_map(|(bits, part)| Some((bits, (*part)?))).collect();
        if asked.is_empty() {
            self.sql.raw("notEmpty(");
            self.sql.raw(column);
            return self.sql.raw(")");
        }
        self.sql.raw("arrayExists(c -> ");
        for (i, (bits, (low, high))) in asked.into_iter().enumerate() {
            self.sql.raw(if i > 0 { " AND " } else { "" });
            self.sql.raw(bits);
            self.sql.raw(if low == high { " = " } else { " BETWEEN " });
            self.sql.number(low.into());
            if low != high {
                self.sql.raw(" AND ");
                self.sql.number(high.into());
            }
        }
        self.sql.raw(", ");
        self.sql.raw(column);
        self.sql.raw(")");
    }
}

/// Which term of a list a community goes to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Standard,
    Large,
    Wildcard,
}

impl Class {
    fn of(community: Community) -> Self {
        match community {
            Community::Standard(Some(_), Some(_)) => Self::Standard,
            Community::Large(Some(_), Some(_), Some(_)) => Self::Large,
            _ => Self::Wildcard,
        }
    }
}
