//! How computed columns are computed, as SQL.

use flowql::Column;
use flowql_schema::{Expression, Storage};

use super::layout::{Layout, literal};

/// The expression of a column that is computed, when a flow is stored or when it is read; `None` for a column that
/// comes with the flows. It is written as ClickHouse itself prints it, so that the two can be compared.
pub(crate) fn expression(layout: &Layout, column: &Column) -> Option<String> {
    if let Some(lookup) = &column.lookup {
        let name = dictionary(layout, &lookup.dictionary);
        let default = match column.filter_type {
            Some(flowql::tables::Type::Uint) => "0",
            Some(flowql::tables::Type::Ip) => "toIPv6('::')",
            _ => "''",
        };
        let (attribute, key) = (literal(&lookup.attribute), &lookup.key);
        return Some(format!("dictGetOrDefault({name}, {attribute}, {key}, {default})"));
    }
    Some(match column.storage().expression? {
        Expression::PathHop { place, path } => format!("arrayCompact({path})[{place}]"),
        Expression::Prefix { address, mask, etype } => prefix(address, mask, etype),
        Expression::PacketSize { bytes, packets } => packet_size(bytes, packets),
        Expression::PacketSizeBucket { bytes, packets } => buckets(&packet_size(bytes, packets)),
        Expression::IcmpName { protocol, proto, kind, code } => icmp(layout, protocol, proto, kind, code),
        Expression::Element { place, array } => format!("{array}[{place}]"),
    })
}

/// A flow without packets has no size; it must not fail the query of all others.
fn packet_size(bytes: &str, packets: &str) -> String {
    format!("intDivOrZero({bytes}, {packets})")
}

/// The name of a dictionary, as a literal.
pub(crate) fn dictionary(layout: &Layout, name: &str) -> String {
    literal(&format!("{}.{name}", layout.database))
}

/// The routed prefix as text. IPv4 is stored mapped, so its mask begins at bit 96.
fn prefix(address: &str, mask: &str, etype: &str) -> String {
    let start = |length: &str| {
        format!("IPv6NumToString(tupleElement(IPv6CIDRToRange({address}, toUInt8({length})), 1))")
    };
    let (v4, v6) = (start(&format!("96 + least({mask}, 32)")), start(&format!("least({mask}, 128)")));
    let mask = format!("toString({mask})");
    format!(
        "multiIf({etype} = 2048, concat(replaceOne({v4}, '::ffff:', ''), '/', {mask}), \
         {etype} = 34525, concat({v6}, '/', {mask}), '')"
    )
}

/// The range that a size is in: `64-127`, `65536-Inf`.
fn buckets(size: &str) -> String {
    let mut cases = String::new();
    let mut start = 0;
    for bound in Expression::PACKET_SIZE_BOUNDS {
        cases.push_str(&format!("{size} < {bound}, '{start}-{}', ", bound - 1));
        start = bound;
    }
    format!("multiIf({cases}'{start}-Inf')")
}

/// The name of an ICMP message, or its numbers.
fn icmp(layout: &Layout, protocol: u8, proto: &str, kind: &str, code: &str) -> String {
    let name = dictionary(layout, "icmp");
    format!(
        "if({proto} = {protocol}, dictGetOrDefault({name}, 'name', tuple(toUInt8({protocol}), {kind}, {code}), \
         concat(toString({kind}), '/', toString({code}))), '')"
    )
}

#[cfg(test)]
mod tests {
    use flowql::Schema;

    use super::*;

    #[test]
    fn every_computed_column_has_an_expression() {
        let (layout, schema) = (Layout::default(), Schema::all_columns());
        let mut computed = 0;
        for column in schema.columns() {
            let expression = expression(&layout, column);
            assert_eq!(expression.is_some(), column.computed.is_some(), "{}", column.name);
            for input in column.storage().expression.iter().flat_map(|expression| expression.inputs()) {
                let text = expression.as_deref().unwrap();
                assert!(text.contains(input), "{} does not read {input}: {text}", column.name);
            }
            computed += usize::from(expression.is_some());
        }
        assert!(computed >= 13, "{computed}");
    }

    #[test]
    fn buckets_follow_each_other() {
        let text = buckets("size");
        assert!(text.starts_with("multiIf(size < 64, '0-63', size < 128, '64-127', "), "{text}");
        assert!(text.ends_with("size < 65536, '32768-65535', '65536-Inf')"), "{text}");
    }
}
