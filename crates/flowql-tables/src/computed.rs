//! How computed columns are computed, as SQL.

use flowql::Column;
use flowql_client::{Sql, sql};
use flowql_schema::{Expression, Storage};

use super::layout::Layout;

/// The expression of a column that is computed, when a flow is stored or when it is read; `None` for a column that
/// comes with the flows. It is written as ClickHouse itself prints it, so that the two can be compared.
pub(crate) fn expression(layout: &Layout, column: &Column) -> Option<Sql> {
    if let Some(lookup) = &column.lookup {
        let name = dictionary(layout, &lookup.dictionary);
        let default = match column.filter_type {
            Some(flowql::tables::Type::Uint) => "0",
            Some(flowql::tables::Type::Ip) => "toIPv6('::')",
            _ => "''",
        };
        let (attribute, key) = (Sql::string(&lookup.attribute), Sql::name(&lookup.key));
        return Some(sql!(
            "dictGetOrDefault({name}, {attribute}, {key}, {default})",
            name,
            attribute,
            key,
            default
        ));
    }
    Some(match column.storage().expression? {
        Expression::PathHop { place, path } => sql!("arrayCompact({path})[{place}]", path, place),
        Expression::Prefix { address, mask, etype } => prefix(address, mask, etype),
        Expression::PacketSize { bytes, packets } => packet_size(bytes, packets),
        Expression::PacketSizeBucket { bytes, packets } => buckets(&packet_size(bytes, packets)),
        Expression::Duration { start, end } => duration(start, end),
        Expression::IcmpName { protocol, proto, kind, code } => icmp(layout, protocol, proto, kind, code),
        Expression::Element { place, array } => sql!("{array}[{place}]", array, place),
    })
}

/// A flow without packets has no size; it must not fail the query of all others.
fn packet_size(bytes: &'static str, packets: &'static str) -> Sql {
    sql!("intDivOrZero({bytes}, {packets})", bytes, packets)
}

/// A time that is not known is stored as 0, and no flow ends before it begins.
fn duration(start: &'static str, end: &'static str) -> Sql {
    sql!(
        "toUInt64(if(toUnixTimestamp64Milli({start}) > 0, \
         greatest(toUnixTimestamp64Milli({end}) - toUnixTimestamp64Milli({start}), 0), 0))",
        start,
        end
    )
}

/// The name of a dictionary, as a literal.
pub(crate) fn dictionary(layout: &Layout, name: &str) -> Sql {
    Sql::string(&format!("{}.{name}", layout.database))
}

/// The routed prefix as text. IPv4 is stored mapped, so its mask begins at bit 96.
fn prefix(address: &'static str, mask: &'static str, etype: &'static str) -> Sql {
    let start = |length: Sql| {
        sql!(
            "IPv6NumToString(tupleElement(IPv6CIDRToRange({address}, toUInt8({length})), 1))",
            address,
            length
        )
    };
    sql!(
        "multiIf({etype} = 2048, concat(replaceOne({v4}, '::ffff:', ''), '/', toString({mask})), \
         {etype} = 34525, concat({v6}, '/', toString({mask})), '')",
        etype,
        v4 = start(sql!("96 + least({mask}, 32)", mask)),
        v6 = start(sql!("least({mask}, 128)", mask)),
        mask
    )
}

/// The range that a size is in: `64-127`, `65536-Inf`.
fn buckets(size: &Sql) -> Sql {
    let mut start = 0;
    let cases = Expression::PACKET_SIZE_BOUNDS.into_iter().map(|bound| {
        let name = Sql::string(&format!("{start}-{}", bound - 1));
        start = bound;
        sql!("{size} < {bound}, {name}, ", size, bound, name)
    });
    let cases = Sql::list(cases, "");
    sql!("multiIf({cases}{rest})", cases, rest = Sql::string(&format!("{start}-Inf")))
}

/// The name of an ICMP message, or its numbers.
fn icmp(layout: &Layout, protocol: u8, proto: &'static str, kind: &'static str, code: &'static str) -> Sql {
    sql!(
        "if({proto} = {protocol}, dictGetOrDefault({name}, 'name', tuple(toUInt8({protocol}), {kind}, {code}), \
         concat(toString({kind}), '/', toString({code}))), '')",
        proto,
        protocol,
        name = dictionary(layout, "icmp"),
        kind,
        code
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
                let text = expression.as_ref().unwrap().to_string();
                assert!(text.contains(input), "{} does not read {input}: {text}", column.name);
            }
            computed += usize::from(expression.is_some());
        }
        assert!(computed >= 14, "{computed}");
    }

    #[test]
    fn buckets_follow_each_other() {
        let text = buckets(&"size".into()).to_string();
        assert!(text.starts_with("multiIf(size < 64, '0-63', size < 128, '64-127', "), "{text}");
        assert!(text.ends_with("size < 65536, '32768-65535', '65536-Inf')"), "{text}");
    }
}
