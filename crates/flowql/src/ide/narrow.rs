//! Narrowing a filter to a value that a query showed, or to all but that value.

use std::net::IpAddr;

use crate::gather::Gather as _;
use crate::syntax::{self, Node, TokenKind};
use crate::tables::{Operator, Type, words};
use crate::values::text;
use crate::{Column, Compiler, Options};

/// The filter with one more condition: that a column has a value or, with `exclude`, that it has not.
///
/// The value is as the database prints it: a number for AS numbers, protocols and EtherTypes, IPv4 mapped into
/// IPv6 or not. `None` where the filter has an error, where the column is not filterable or not enabled, or where
/// no filter can say the value.
pub fn narrow(
    compiler: &Compiler<'_>,
    filter: &str,
    column: &str,
    value: &str,
    exclude: bool,
) -> Option<String> {
    let column = compiler.schema.column(compiler.schema.find(column)?);
    let operator = if exclude { Operator::Ne } else { Operator::Eq };
    joined(compiler, filter, format!("{} {} {}", column.name, operator.symbol(), literal(column, value)?))
}

/// The filter with one more condition: a saved filter, as `@name`. `None` where the filter has an error, or would have
/// one.
pub fn with_saved(compiler: &Compiler<'_>, filter: &str, name: &str) -> Option<String> {
    joined(compiler, filter, format!("@{name}"))
}

/// The filter and a condition, if both together are valid.
fn joined(compiler: &Compiler<'_>, filter: &str, condition: String) -> Option<String> {
    let joined = match joinable(compiler, filter)? {
        Some(before) => format!("{before} AND {condition}"),
        None => condition,
    };
    compiler.compile(&joined, Options::default()).sql.map(|_| joined)
}

/// The filter as the left side of an AND; `Some(None)` for a blank one, `None` for a bad one.
fn joinable(compiler: &Compiler<'_>, filter: &str) -> Option<Option<String>> {
    let compiled = compiler.compile(filter, Options::default());
    if compiled.sql?.is_empty() {
        return Some(None);
    }
    let parse = syntax::parse(filter, &compiler.limits);
    // An AND behind a comment of the line would be part of it.
    let ends_in_comment = parse
        .tokens
        .last()
        .is_some_and(|last| last.kind == TokenKind::Comment && last.span.of(filter).starts_with("--"));
    let (text, end) = if ends_in_comment { (filter, "\n") } else { (filter.trim_end(), "") };
    Some(Some(match parse.tree? {
        Node::Or(_) => format!("({text}{end})"),
        _ => format!("{text}{end}"),
    }))
}

/// How a filter writes a value of a column.
fn literal(column: &Column, value: &str) -> Option<String> {
    let number = || value.parse::<u64>().ok();
    Some(match column.filter_type? {
        Type::String if value.contains(['\r', '\n']) => return None,
        Type::String => text::quote(value),
        Type::Asn => format!("AS{}", number()?),
        Type::Ip => value.parse::<IpAddr>().ok()?.to_canonical().to_string(),
        Type::Mac => match number() {
            Some(address) => {
                let bytes = address.to_be_bytes().into_iter().skip(2).map(|byte| format!("{byte:02x}"));
                bytes.list().join(":")
            }
            None => value.to_owned(),
        },
        Type::EType => match number() {
            Some(number) => {
                words(Type::EType).iter().find(|word| u64::from(word.number) == number)?.name.to_owned()
            }
            None => value.to_owned(),
        },
        _ => value.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SavedFilters, Schema};

    #[track_caller]
    fn check(filter: &str, column: &str, value: &str, expected: Option<&str>) {
        let (schema, saved) = (Schema::all_columns(), SavedFilters::default());
        let found = narrow(&Compiler::new(&schema, &saved), filter, column, value, false);
        assert_eq!(found.as_deref(), expected, "{filter:?} {column} {value:?}");
    }

    #[test]
    fn values_are_written_as_their_type_wants() {
        for (column, value, expected) in [
            ("SrcAS", "15169", Some("SrcAS = AS15169")),
            ("ExporterName", "edge \"1\"", Some("ExporterName = 'edge \"1\"'")),
            ("ExporterName", "it's \\", Some("ExporterName = \"it's \\\\\"")),
            ("ExporterName", "a\nb", None),
            ("SrcAddr", "::ffff:192.0.2.1", Some("SrcAddr = 192.0.2.1")),
            ("SrcAddr", "2001:db8::1", Some("SrcAddr = 2001:db8::1")),
            ("SrcAddr", "1 OR SrcAS = 1", None),
            ("SrcMAC", "1577058560", Some("SrcMAC = 00:00:5e:00:01:00")),
            ("SrcMAC", "00:00:5e:00:01:00", Some("SrcMAC = 00:00:5e:00:01:00")),
            ("EType", "34525", Some("EType = IPv6")),
            ("EType", "IPv4", Some("EType = IPv4")),
            ("EType", "2054", None),
            ("Proto", "17", Some("Proto = 17")),
            ("SrcPort", "443", Some("SrcPort = 443")),
            ("InIfBoundary", "external", Some("InIfBoundary = external")),
            ("DstNetPrefix", "192.0.2.0/24", Some("DstNetPrefix = 192.0.2.0/24")),
            ("DstNetPrefix", "", None),
            ("Bytes", "1", Some("Bytes = 1")),
            ("TimeReceived", "1", None),
            ("Nothing", "1", None),
        ] {
            check("", column, value, expected);
        }
    }

    #[test]
    fn a_filter_goes_on_as_it_is() {
        check("srcas=1", "DstAS", "2", Some("srcas=1 AND DstAS = AS2"));
        check("SrcAS = 1 OR SrcAS = 3 ", "DstAS", "2", Some("(SrcAS = 1 OR SrcAS = 3) AND DstAS = AS2"));
        check("SrcAS = 1 -- x", "DstAS", "2", Some("SrcAS = 1 -- x\n AND DstAS = AS2"));
        check("-- nothing\n", "DstAS", "2", Some("DstAS = AS2"));
        check("SrcAS = 1 OR", "DstAS", "2", None);
    }

    #[test]
    fn saved_filters_are_joined() {
        let (schema, mut saved) = (Schema::default(), SavedFilters::default());
        saved.insert(crate::Scope::User, "peers", "SrcAS = 2");
        let compiler = Compiler::new(&schema, &saved);
        for (filter, expected) in [
            ("", Some("@peers")),
            ("SrcAS = 1", Some("SrcAS = 1 AND @peers")),
            ("SrcAS = 1 -- ours", Some("SrcAS = 1 -- ours\n AND @peers")),
            ("SrcAS = 1 OR SrcAS = 3", Some("(SrcAS = 1 OR SrcAS = 3) AND @peers")),
            ("SrcAS =", None),
        ] {
            assert_eq!(with_saved(&compiler, filter, "peers").as_deref(), expected, "{filter}");
        }
        assert_eq!(with_saved(&compiler, "", "nothing"), None);
    }

    #[test]
    fn values_are_excluded() {
        let (schema, saved) = (Schema::default(), SavedFilters::default());
        let found = narrow(&Compiler::new(&schema, &saved), "SrcAS = 1", "DstAS", "2", true);
        assert_eq!(found.as_deref(), Some("SrcAS = 1 AND DstAS != AS2"));
    }
}
