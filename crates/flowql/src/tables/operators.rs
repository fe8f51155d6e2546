//! The operators of the language.

/// What a condition asks of its column. Each negated operator is one of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(into = "&'static str"))]
pub enum Operator {
    /// `=`: equal; an address lies in the subnet; an array contains the value.
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `<<`: the address, or the whole prefix, lies in the subnet.
    Within,
    /// `!<<`
    NotWithin,
    /// `IN`: one of a list.
    In,
    /// `NOTIN`, `NOT IN`
    NotIn,
    /// `LIKE`: a pattern with `%` for any text and `_` for one character.
    Like,
    /// `UNLIKE`, `NOT LIKE`
    NotLike,
    /// `ILIKE`: `LIKE` in any case.
    ILike,
    /// `IUNLIKE`, `NOT ILIKE`
    NotILike,
    /// `BETWEEN`: from one value to another, both included.
    Between,
    /// `NOT BETWEEN`
    NotBetween,
    /// `REGEXP`: a regular expression (RE2) matches somewhere in the text.
    Regexp,
    /// `NOT REGEXP`
    NotRegexp,
    /// `HAS`: all the named bits are set.
    Has,
    /// `NOT HAS`
    NotHas,
}

/// How an operator is written. What it asks is for [`Schema::doc_of_operator`](crate::Schema::doc_of_operator) to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct OperatorInfo {
    /// The operator.
    pub operator: Operator,
    /// The canonical spelling.
    pub symbol: &'static str,
    /// The other spellings; two words may have blanks and comments between them.
    pub aliases: &'static [&'static str],
}

/// Every operator, in the order of the reference.
pub static OPERATORS: &[OperatorInfo] = &[
    info(Operator::Eq, "=", &[]),
    info(Operator::Ne, "!=", &[]),
    info(Operator::Lt, "<", &[]),
    info(Operator::Le, "<=", &[]),
    info(Operator::Gt, ">", &[]),
    info(Operator::Ge, ">=", &[]),
    info(Operator::Within, "<<", &[]),
    info(Operator::NotWithin, "!<<", &[]),
    info(Operator::In, "IN", &[]),
    info(Operator::NotIn, "NOTIN", &["NOT IN"]),
    info(Operator::Like, "LIKE", &[]),
    info(Operator::NotLike, "UNLIKE", &["NOT LIKE"]),
    info(Operator::ILike, "ILIKE", &[]),
    info(Operator::NotILike, "IUNLIKE", &["NOT ILIKE"]),
    info(Operator::Between, "BETWEEN", &[]),
    info(Operator::NotBetween, "NOT BETWEEN", &[]),
    info(Operator::Regexp, "REGEXP", &[]),
    info(Operator::NotRegexp, "NOT REGEXP", &[]),
    info(Operator::Has, "HAS", &[]),
    info(Operator::NotHas, "NOT HAS", &[]),
];

const fn info(operator: Operator, symbol: &'static str, aliases: &'static [&'static str]) -> OperatorInfo {
    OperatorInfo { operator, symbol, aliases }
}

impl Operator {
    /// The canonical spelling.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Eq => "=",
            Self::Ne => "!=",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
            Self::Within => "<<",
            Self::NotWithin => "!<<",
            Self::In => "IN",
            Self::NotIn => "NOTIN",
            Self::Like => "LIKE",
            Self::NotLike => "UNLIKE",
            Self::ILike => "ILIKE",
            Self::NotILike => "IUNLIKE",
            Self::Between => "BETWEEN",
            Self::NotBetween => "NOT BETWEEN",
            Self::Regexp => "REGEXP",
            Self::NotRegexp => "NOT REGEXP",
            Self::Has => "HAS",
            Self::NotHas => "NOT HAS",
        }
    }

    /// The row of the table; `None` never occurs, since a test checks that the table is complete.
    pub fn info(self) -> Option<&'static OperatorInfo> {
        OPERATORS.iter().find(|row| row.operator == self)
    }

    /// The operator that `NOT` before this one gives; `None` for those that have no such form.
    pub const fn with_not(self) -> Option<Self> {
        match self {
            Self::In => Some(Self::NotIn),
            Self::Like => Some(Self::NotLike),
            Self::ILike => Some(Self::NotILike),
            Self::Between => Some(Self::NotBetween),
            Self::Regexp => Some(Self::NotRegexp),
            Self::Has => Some(Self::NotHas),
            _ => None,
        }
    }

    /// The operator that selects exactly the other flows.
    pub const fn opposite(self) -> Self {
        match self {
            Self::Eq => Self::Ne,
            Self::Ne => Self::Eq,
            Self::Lt => Self::Ge,
            Self::Le => Self::Gt,
            Self::Gt => Self::Le,
            Self::Ge => Self::Lt,
            Self::Within => Self::NotWithin,
            Self::NotWithin => Self::Within,
            Self::In => Self::NotIn,
            Self::NotIn => Self::In,
            Self::Like => Self::NotLike,
            Self::NotLike => Self::Like,
            Self::ILike => Self::NotILike,
            Self::NotILike => Self::ILike,
            Self::Between => Self::NotBetween,
            Self::NotBetween => Self::Between,
            Self::Regexp => Self::NotRegexp,
            Self::NotRegexp => Self::Regexp,
            Self::Has => Self::NotHas,
            Self::NotHas => Self::Has,
        }
    }

    /// The operator for the two sides of a comparison in the other order.
    pub const fn mirrored(self) -> Self {
        match self {
            Self::Lt => Self::Gt,
            Self::Le => Self::Ge,
            Self::Gt => Self::Lt,
            Self::Ge => Self::Le,
            other => other,
        }
    }

    /// Whether the operator is the negation of another: `!=`, `NOTIN` and so on.
    pub const fn is_negated(self) -> bool {
        matches!(
            self,
            Self::Ne
                | Self::NotWithin
                | Self::NotIn
                | Self::NotLike
                | Self::NotILike
                | Self::NotBetween
                | Self::NotRegexp
                | Self::NotHas
        )
    }
}

impl From<Operator> for &'static str {
    fn from(operator: Operator) -> Self {
        operator.symbol()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operator_has_its_row() {
        for row in OPERATORS {
            assert_eq!(row.symbol, row.operator.symbol());
            assert_eq!(row.operator.info(), Some(row));
            assert_eq!(row.operator.opposite().opposite(), row.operator);
        }
        assert_eq!(OPERATORS.len(), 20);
    }
}
