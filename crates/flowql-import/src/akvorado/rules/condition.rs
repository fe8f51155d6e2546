//! Conditions of rules, as filters.

use super::expression::Comparison;

/// A condition on an exporter or an interface.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Condition {
    Truth(bool),
    /// A test, as a filter has it.
    Test(String),
    /// A column has an expression, of which rules use groups.
    Matches(Match),
    Not(Box<Condition>),
    All(Vec<Condition>),
    Any(Vec<Condition>),
}

/// A column has an expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Match {
    pub(super) column: &'static str,
    pub(super) expression: String,
    /// The groups that are used, by their number from 1, and what they are called.
    pub(super) groups: Vec<(usize, String)>,
}

impl Condition {
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Truth(true), other) | (other, Self::Truth(true)) => other,
            (Self::Truth(false), _) | (_, Self::Truth(false)) => Self::Truth(false),
            (Self::All(mut parts), Self::All(others)) => {
                parts.extend(others);
                Self::All(parts)
            }
            (Self::All(mut parts), other) => {
                parts.push(other);
                Self::All(parts)
            }
            (one, other) => Self::All(vec![one, other]),
        }
    }

    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Truth(false), other) | (other, Self::Truth(false)) => other,
            (Self::Truth(true), _) | (_, Self::Truth(true)) => Self::Truth(true),
            (Self::Any(mut parts), other) => {
                parts.push(other);
                Self::Any(parts)
            }
            (one, other) => Self::Any(vec![one, other]),
        }
    }

    pub(super) fn not(self) -> Self {
        match self {
            Self::Truth(value) => Self::Truth(!value),
            Self::Not(inner) => *inner,
            other => Self::Not(Box::new(other)),
        }
    }

    /// The filter, in which expressions name the groups that `is_used` wants.
    pub(super) fn filter(&self, is_used: &dyn Fn(&str) -> bool) -> String {
        let inner = |part: &Self| match part {
            Self::All(_) | Self::Any(_) => format!("({})", part.filter(is_used)),
            _ => part.filter(is_used),
        };
        let joined = |parts: &[Self], word: &str| parts.iter().map(inner).collect::<Vec<_>>().join(word);
        match self {
            Self::Truth(_) => String::new(),
            Self::Test(text) => text.clone(),
            Self::Matches(found) => {
                let groups: Vec<_> = found.groups.iter().filter(|(_, name)| is_used(name)).collect();
                let name = |place| groups.iter().find(|(other, _)| *other == place).map(|(_, name)| &**name);
                let expression = with_groups(&found.expression, name);
                format!("{} REGEXP {}", found.column, quoted(&expression))
            }
            Self::Not(part) => format!("NOT {}", inner(part)),
            Self::All(parts) => joined(parts, " AND "),
            Self::Any(parts) => joined(parts, " OR "),
        }
    }
}

/// A text as filters have it.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            '"' | '\\' => quoted.extend(['\\', character]),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// The operator of a filter, where there is one for two plain values.
pub(super) fn operator(comparison: Comparison) -> Option<&'static str> {
    Some(match comparison {
        Comparison::Equal => "=",
        Comparison::Different => "!=",
        Comparison::AtMost => "<=",
        Comparison::AtLeast => ">=",
        Comparison::Below => "<",
        Comparison::Above => ">",
        _ => return None,
    })
}

/// What is literal in a pattern of LIKE.
pub(super) fn like(text: &str) -> String {
    let mut pattern = String::new();
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}

/// The groups of an expression, in the order of their brackets: their names, where they have any.
pub(super) fn groups(expression: &str) -> Vec<Option<String>> {
    let mut found = Vec::new();
    walk(expression, |part| {
        if let Part::Group(name) = part {
            found.push(name.map(str::to_owned));
        }
    });
    found
}

/// The expression with these names of groups, and no others.
fn with_groups<'a>(expression: &str, name: impl Fn(usize) -> Option<&'a str>) -> String {
    let (mut text, mut place) = (String::new(), 0);
    walk(expression, |part| match part {
        Part::Text(other) => text.push_str(other),
        Part::Group(_) => {
            place += 1;
            match name(place) {
                Some(name) => text.extend(["(?P<", name, ">"]),
                None => text.push('('),
            }
        }
    });
    text
}

enum Part<'a> {
    Text(&'a str),
    /// The bracket that begins a group, with the name.
    Group(Option<&'a str>),
}

/// Goes through an expression of RE2.
fn walk<'a>(expression: &'a str, mut take: impl FnMut(Part<'a>)) {
    let mut rest = expression;
    let mut is_in_class = false;
    while let Some(first) = rest.chars().next() {
        let mut length = first.len_utf8();
        match first {
            '\\' => length += rest.chars().nth(1).map_or(0, char::len_utf8),
            '[' if !is_in_class => {
                is_in_class = true;
                // A bracket right after the beginning is a member.
                length += ["^]", "]", "^"]
                    .iter()
                    .find(|begin| rest.get(1..).is_some_and(|rest| rest.starts_with(**begin)))
                    .map_or(0, |begin| begin.len());
            }
            ']' => is_in_class = false,
            '(' if !is_in_class => {
                let (name, group) = group(rest);
                if let Some(length) = group {
                    take(Part::Group(name));
                    rest = rest.get(length..).unwrap_or_default();
                    continue;
                }
            }
            _ => {}
        }
        let (part, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        take(Part::Text(part));
        rest = after;
    }
}

/// The name of the group that begins here, and the bytes of its beginning; no bytes where it is a group without a place.
fn group(rest: &str) -> (Option<&str>, Option<usize>) {
    let Some(marked) = rest.strip_prefix("(?") else { return (None, Some(1)) };
    let named = marked.strip_prefix("P<").or_else(|| marked.strip_prefix('<'));
    let Some((name, after)) = named.and_then(|named| named.split_once('>')) else { return (None, None) };
    (Some(name), Some(rest.len() - after.len()))
}
