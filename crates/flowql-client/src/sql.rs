//! SQL, put together so that nothing of a user gets into its text.
//!
//! ```
//! use flowql_client::{Sql, sql};
//!
//! let table = Sql::name("flows");
//! let statement = sql!(
//!     "SELECT {column} FROM {table} WHERE ExporterName = {exporter} LIMIT {most}",
//!     column = Sql::name("SrcAS"),
//!     table,
//!     exporter = Sql::value("String", "edge1"),
//!     most = 10_u32,
//! );
//! assert_eq!(statement.to_string(), "SELECT SrcAS FROM flows WHERE ExporterName = {v0:String} LIMIT 10");
//! ```
//!
//! Text that is not part of the program does not compile:
//!
//! ```compile_fail
//! let typed = String::from("SELECT 1; DROP TABLE flows");
//! let statement = flowql_client::sql!("{typed}", typed = typed.as_str());
//! ```

use std::borrow::Cow;
use std::fmt::{self, Display};

use flowql::sql::{Parameter, ParameterValue, string_literal};
use flowql::{ClickhouseType, Compilation};

/// A piece of SQL, or a whole statement, with the values that go beside its text.
///
/// INVARIANT: the text has only these sources, each a method or a conversion: text of the program, names, numbers,
/// string literals, types of columns, what ClickHouse printed itself, and the SQL of a compiled filter. Values are
/// parameters. No other module puts SQL together; `tests/tests/sql_text.rs` sees to it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sql {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Text(Cow<'static, str>),
    /// A value; its parameter gets a name when the text is printed.
    Value {
        kind: &'static str,
        value: String,
    },
    /// A number as a parameter of a name of its own, where the text refers to it.
    Number {
        name: String,
        kind: &'static str,
        number: u64,
    },
    /// A parameter that the text refers to by its name.
    Parameter(Parameter),
}

/// Fills a template: each `{name}` is the [`Sql`] of that name, or what turns into it. A brace is written twice, as for
/// `format!`, and the compiler checks the names as it does there.
#[macro_export]
macro_rules! sql {
    ($template:literal $(, $name:ident $(= $part:expr)?)* $(,)?) => {{
        let _ = ::std::format_args!($template $(, $name = "")*);
        $crate::Sql::fill($template, [$((stringify!($name), $crate::sql!(@part $name $(= $part)?))),*])
    }};
    (@part $name:ident = $part:expr) => { $crate::Sql::from($part) };
    (@part $name:ident) => { $crate::Sql::from($name) };
}

impl Sql {
    /// A name of a column, a table or a database, in backticks where it must be.
    pub fn name(name: &str) -> Self {
        let is_plain = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if is_plain {
            return Self::text(name.to_owned());
        }
        Self::text(format!("`{}`", name.replace('\\', "\\\\").replace('`', "\\`")))
    }

    /// Names with commas between them.
    pub fn names<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Self::list(names.into_iter().map(Self::name), ", ")
    }

    /// A text as a literal, for statements that take no parameters, such as those that make tables.
    pub fn string(text: &str) -> Self {
        let mut literal = String::new();
        string_literal(&mut literal, text);
        Self::text(literal)
    }

    /// A value of a ClickHouse type, as a parameter.
    pub fn value(kind: &'static str, value: impl Display) -> Self {
        Self { parts: vec![Part::Value { kind, value: value.to_string() }] }
    }

    /// A number as a parameter of this name, which a statement may refer to more than once.
    pub fn parameter(name: &str, kind: &'static str, number: u64) -> Self {
        Self { parts: vec![Part::Number { name: name.to_owned(), kind, number }] }
    }

    /// The condition of a compiled filter, in parentheses, with its parameters.
    pub fn filter(filter: &Compilation) -> Self {
        let text = filter.sql.as_deref().filter(|text| !text.is_empty()).unwrap_or("1");
        let mut parts = vec![Part::Text(format!("({text})").into())];
        parts.extend(filter.parameters.iter().cloned().map(Part::Parameter));
        Self { parts }
    }

    /// An expression as ClickHouse itself prints it in its system tables.
    pub fn printed(expression: &str) -> Self {
        Self::text(expression.to_owned())
    }

    /// Pieces with a separator between them.
    pub fn list<T: Into<Self>>(items: impl IntoIterator<Item = T>, separator: &'static str) -> Self {
        let mut list = Self::default();
        for (place, item) in items.into_iter().enumerate() {
            if place > 0 {
                list.parts.push(Part::Text(separator.into()));
            }
            list.parts.append(&mut item.into().parts);
        }
        list
    }

    /// What [`sql!`](crate::sql!) makes.
    #[doc(hidden)]
    pub fn fill<const N: usize>(template: &'static str, parts: [(&str, Self); N]) -> Self {
        let mut filled = Self::default();
        let mut rest = template;
        while let Some((text, tail)) = rest.find(['{', '}']).and_then(|place| rest.split_at_checked(place)) {
            filled.parts.push(Part::Text(text.into()));
            if let Some(after) = tail.strip_prefix("{{").or_else(|| tail.strip_prefix("}}")) {
                filled.parts.push(Part::Text(tail.get(..1).unwrap_or_default().into()));
                rest = after;
                continue;
            }
            // The macro has checked that each brace has its end, and each name its part.
            let (name, after) = tail.trim_start_matches('{').split_once('}').unwrap_or((tail, ""));
            if let Some((_, part)) = parts.iter().find(|(other, _)| *other == name) {
                filled.parts.extend(part.parts.iter().cloned());
            }
            rest = after;
        }
        filled.parts.push(Part::Text(rest.into()));
        filled
    }

    /// The same with its values as literals in the text; the parameters of a filter stay.
    #[must_use]
    pub fn inlined(&self) -> Self {
        let inlined = |part: &Part| match part {
            Part::Number { number, .. } => Part::Text(number.to_string().into()),
            Part::Value { kind, value } => {
                let mut literal = String::new();
                string_literal(&mut literal, value);
                Part::Text(
                    if *kind == "String" { literal } else { format!("CAST({literal}, '{kind}')") }.into(),
                )
            }
            part => part.clone(),
        };
        Self { parts: self.parts.iter().map(inlined).collect() }
    }

    /// Whether there is no text at all.
    pub fn is_empty(&self) -> bool {
        self.parts.iter().all(|part| matches!(part, Part::Text(text) if text.is_empty()))
    }

    /// The parameters that the text refers to, each once, not escaped in any way.
    pub fn parameters(&self) -> Vec<Parameter> {
        let mut found: Vec<Parameter> = Vec::new();
        let mut own = 0..;
        for part in &self.parts {
            let parameter = match part {
                Part::Text(_) => continue,
                Part::Value { kind, value } => Parameter {
                    name: value_name(own.next().unwrap_or_default()),
                    kind,
                    value: ParameterValue::Text(value.clone()),
                },
                Part::Number { name, kind, number } => {
                    Parameter { name: name.clone(), kind, value: ParameterValue::Integer(*number) }
                }
                Part::Parameter(parameter) => parameter.clone(),
            };
            if found.iter().all(|other| other.name != parameter.name) {
                found.push(parameter);
            }
        }
        found
    }

    fn text(text: impl Into<Cow<'static, str>>) -> Self {
        Self { parts: vec![Part::Text(text.into())] }
    }

    /// Any text, for a test that writes its statements itself.
    #[cfg(feature = "testing")]
    pub fn of_test(text: impl Into<String>) -> Self {
        Self::text(text.into())
    }
}

/// The name of a value's parameter. Those of a filter are named p0, p1, …
fn value_name(number: usize) -> String {
    format!("v{number}")
}

/// The text, with the parameters as `{name:Type}`.
impl Display for Sql {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut own = 0..;
        for part in &self.parts {
            match part {
                Part::Text(text) => formatter.write_str(text)?,
                Part::Value { kind, .. } => {
                    write!(formatter, "{{{}:{kind}}}", value_name(own.next().unwrap_or_default()))?;
                }
                Part::Number { name, kind, .. } => write!(formatter, "{{{name}:{kind}}}")?,
                Part::Parameter(_) => {}
            }
        }
        Ok(())
    }
}

/// As its text.
impl serde::Serialize for Sql {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl From<&'static str> for Sql {
    fn from(text: &'static str) -> Self {
        Self::text(text)
    }
}

impl From<&Self> for Sql {
    fn from(sql: &Self) -> Self {
        sql.clone()
    }
}

impl From<&ClickhouseType> for Sql {
    fn from(kind: &ClickhouseType) -> Self {
        Self::text(kind.to_string())
    }
}

macro_rules! from_numbers {
    ($($kind:ty),*) => { $(impl From<$kind> for Sql {
        fn from(number: $kind) -> Self {
            Self::text(number.to_string())
        }
    })* };
}
from_numbers!(u8, u32, u64, usize);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_end_its_quotes() {
        let statement = sql!("SELECT {name} AS x", name = Sql::name("a`; DROP\\"));
        assert_eq!(statement.to_string(), "SELECT `a\\`; DROP\\\\` AS x");
        assert_eq!(Sql::names(["a", "my-b", "1c", ""]).to_string(), "a, `my-b`, `1c`, ``");
    }

    #[test]
    fn a_literal_cannot_end_its_quotes() {
        assert_eq!(Sql::string("a'b\\c\n").to_string(), r"'a\'b\\c\n'");
    }

    #[test]
    fn values_are_parameters() {
        let values = Sql::list(["a'", "b"].map(|text| Sql::value("String", text)), ", ");
        let statement = sql!("{values} {number} {{}} {values}", values, number = 7_u8);
        assert_eq!(statement.to_string(), "{v0:String}, {v1:String} 7 {} {v2:String}, {v3:String}");
        let given: Vec<_> =
            statement.parameters().into_iter().map(|found| (found.name, found.value.to_string())).collect();
        let expected = [("v0", "a'"), ("v1", "b"), ("v2", "a'"), ("v3", "b")];
        assert_eq!(given, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn a_named_parameter_is_given_once() {
        let from = Sql::parameter("from", "UInt32", 5);
        let statement = sql!("{from} + {from}", from);
        assert_eq!(statement.to_string(), "{from:UInt32} + {from:UInt32}");
        assert_eq!(statement.parameters().len(), 1);
        assert!(!statement.is_empty() && Sql::default().is_empty());
    }

    #[test]
    fn values_become_literals_where_they_are_inlined() {
        let (from, name) = (Sql::parameter("from", "UInt32", 5), Sql::value("String", "it's"));
        let address = Sql::value("IPv6", "::1");
        let statement = sql!("{from} {name} {address}", from, name, address).inlined();
        assert_eq!(statement.to_string(), r"5 'it\'s' CAST('::1', 'IPv6')");
        assert_eq!(statement.parameters(), []);
    }
}
