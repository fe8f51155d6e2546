//! Hints beside values: what a number stands for, where its digits do not say it.

use super::explain::well_known;
use super::references::Scope;
use crate::syntax::{self, TokenKind};
use crate::tables::{Operator, Type};
use crate::{Column, Compiler, Schema, Span, values};

/// What a value stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Hint {
    /// Where the value stands.
    pub span: Span,
    /// What it is.
    pub meaning: Meaning,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Meaning {
    /// An AS number; only a source of values knows its organisation.
    AsNumber(u32),
    /// The name of a protocol or community.
    Name(String),
}

/// The hints for the values of a text, broken or not, in its order.
pub fn hints(compiler: &Compiler<'_>, text: &str) -> Vec<Hint> {
    let mut scope = Scope::default();
    let mut hints = Vec::new();
    for token in syntax::tokens(text) {
        scope.enter(compiler.schema, text, token);
        let in_bits = matches!(scope.operator, Some(Operator::Has | Operator::NotHas));
        let column = scope.column.map(|id| compiler.schema.column(id));
        let in_bits = in_bits && column.is_some_and(|column| !column.bits.is_empty());
        if token.kind != TokenKind::Word || in_bits {
            continue;
        }
        let meaning = column.and_then(|column| meaning(compiler.schema, column, token.span.of(text)));
        hints.extend(meaning.map(|meaning| Hint { span: token.span, meaning }));
    }
    hints
}

fn meaning(schema: &Schema, column: &Column, written: &str) -> Option<Meaning> {
    match column.filter_type? {
        Type::Asn | Type::AsPath => Some(Meaning::AsNumber(values::asn(written).ok()?)),
        Type::Proto => {
            let number = u8::try_from(values::integer(written).ok()?).ok()?;
            Some(Meaning::Name(schema.registries().protocols.by_number(number)?.name.to_owned()))
        }
        Type::Community => {
            let community = schema.community(written)?;
            let configured = schema.communities().find(|(_, other)| *other == community);
            let name =
                configured.map(|(name, _)| name).or(well_known(schema, community).map(|known| known.name))?;
            // A community that is written by its name needs no hint.
            (!name.eq_ignore_ascii_case(written)).then(|| Meaning::Name(name.to_owned()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SavedFilters;

    fn hinted(text: &str) -> Vec<(&str, String)> {
        let communities = [("65000:666".to_owned(), "our-blackhole".to_owned())].into();
        let config = crate::SchemaConfig { communities, ..Default::default() };
        let (schema, saved) = (Schema::configured(&config).unwrap(), SavedFilters::default());
        let found = hints(&Compiler::new(&schema, &saved), text);
        let shown = |meaning| match meaning {
            Meaning::AsNumber(number) => format!("AS{number}"),
            Meaning::Name(name) => name,
        };
        found.into_iter().map(|hint| (hint.span.of(text), shown(hint.meaning))).collect()
    }

    #[test]
    fn numbers_are_named() {
        let text = "SrcAS IN (AS15169, 23456) AND Proto = 6 AND DstCommunities = 65000:666 OR DstASPath = 1";
        let expected = [
            ("AS15169", "AS15169"),
            ("23456", "AS23456"),
            ("6", "TCP"),
            ("65000:666", "our-blackhole"),
            ("1", "AS1"),
        ];
        assert_eq!(hinted(text), expected.map(|(text, shown)| (text, shown.to_owned())));
        assert_eq!(hinted("DstCommunities = 65535:666").len(), 1);
    }

    #[test]
    fn what_says_itself_has_no_hint() {
        for text in [
            "DstCommunities = our-blackhole",
            "Proto = \"tcp\"",
            "SrcAS = DstAS",
            "SrcPort = 6",
            "TCPFlags HAS SYN",
            "-- SrcAS = 1",
            "SrcAS = AS1-AS9",
            "SrcAS",
            "",
            "= 6",
        ] {
            assert_eq!(hinted(text), [], "{text}");
        }
    }
}
