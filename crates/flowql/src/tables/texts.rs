//! What hover says of columns, types and operators: part of the program with the feature `texts`, else given to it.

/// The text of `generated/texts.txt`: sections below headings, which are lines that begin with `= `.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Texts(&'static str);

impl Texts {
    /// No texts.
    pub const EMPTY: Self = Self("");

    /// The texts that the program contains; none without the feature `texts`.
    pub const BUILT_IN: Self = Self(BUILT_IN);

    /// Texts that come from a file beside the program.
    pub const fn new(text: &'static str) -> Self {
        Self(text)
    }

    /// Each column with what it holds and how it is computed.
    pub(crate) fn columns(self) -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
        let mut sections = sections(self.0).peekable();
        std::iter::from_fn(move || {
            let (heading, doc) = sections.next()?;
            let name = heading.strip_prefix("column ")?;
            let how = sections.next_if(|(heading, _)| heading.strip_prefix("computed ") == Some(name));
            Some((name, doc, how.map_or("", |(_, how)| how)))
        })
    }

    /// The section of a name among those of a kind; several names share one, with commas between them.
    pub(crate) fn section(self, kind: &str, name: &str) -> Option<&'static str> {
        let has = |heading: &str| {
            heading
                .strip_prefix(kind)
                .is_some_and(|names| names.split(',').any(|other| other.trim_start() == name))
        };
        sections(self.0).find(|(heading, _)| has(heading)).map(|(_, text)| text)
    }
}

#[cfg(feature = "texts")]
const BUILT_IN: &str = include_str!("generated/texts.txt");
#[cfg(not(feature = "texts"))]
const BUILT_IN: &str = "";

/// The headings of a text with what follows them: a heading is a line that begins with `= `.
pub(super) fn sections(text: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (heading, below) = first_heading(rest)?.split_once('\n')?;
        let (text, after) = below.split_at_checked(next_heading(below))?;
        rest = after;
        Some((heading, text.trim_end()))
    })
}

/// What follows the mark of the first heading.
fn first_heading(text: &'static str) -> Option<&'static str> {
    text.strip_prefix("= ").or_else(|| text.get(next_heading(text)..)?.strip_prefix("= "))
}

/// Where the next line begins that is a heading; the end where there is none.
fn next_heading(text: &str) -> usize {
    text.as_bytes().windows(3).position(|bytes| bytes == b"\n= ").map_or(text.len(), |place| place + 1)
}

#[cfg(all(test, feature = "texts"))]
mod tests {
    use super::*;
    use crate::Schema;
    use crate::tables::{OPERATORS, Type};

    #[test]
    fn every_column_type_and_operator_is_described() {
        let schema = Schema::default();
        for column in schema.columns() {
            assert!(column.doc.ends_with('.'), "{}: {}", column.name, column.doc);
            assert_eq!(column.computed.is_some(), !column.how.is_empty(), "{}", column.name);
        }
        assert_eq!(Texts::BUILT_IN.columns().count(), schema.columns().len());
        for kind in Type::ALL {
            assert!(schema.reference_of_type(kind).is_some_and(|text| !text.is_empty()), "{}", kind.name());
        }
        for operator in OPERATORS {
            let text = schema.reference_of_operator(operator.operator);
            assert!(text.is_some_and(|text| !text.is_empty()), "{}", operator.operator.symbol());
            assert!(schema.doc_of_operator(operator.operator).ends_with('.'), "{}", operator.symbol);
        }
    }

    #[test]
    fn sections_end_at_the_next_heading() {
        let texts = Texts::new(
            "// x\n= column A\nOne.\n= computed A\nhow\n= column B\nTwo.\n= operator x, y\na\n\nb = c\n",
        );
        let columns: Vec<_> = texts.columns().collect();
        assert_eq!(columns, [("A", "One.", "how"), ("B", "Two.", "")]);
        assert_eq!(texts.section("operator ", "y"), Some("a\n\nb = c"));
        assert_eq!(texts.section("operator ", "z"), None);
        assert_eq!(Texts::EMPTY.columns().count(), 0);
        assert_eq!(Texts::new("= column A").columns().count(), 0);
    }
}
