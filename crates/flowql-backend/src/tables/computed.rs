//! How computed columns are computed, as SQL.

use flowql::{Column, Schema};

use super::layout::{Layout, literal};

/// A flow without packets has no size; it must not fail the query of all others.
const PACKET_SIZE: &str = "intDivOrZero(Bytes, Packets)";

/// The upper bounds of the buckets of `PacketSizeBucket`, each excluded.
const BUCKETS: [u32; 16] =
    [64, 128, 256, 512, 768, 1024, 1280, 1501, 2048, 3072, 4096, 8192, 10_240, 16_384, 32_768, 65_536];

/// The expression of a column that is computed, when a flow is stored or when it is read; `None` for a column that
/// comes with the flows. It is written as ClickHouse itself prints it, so that the two can be compared.
pub(super) fn expression(layout: &Layout, schema: &Schema, column: &Column) -> Option<String> {
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
    column.computed?;
    let name = column.name.as_ref();
    Some(match name {
        "Dst1stAS" => nth_as(1),
        "Dst2ndAS" => nth_as(2),
        "Dst3rdAS" => nth_as(3),
        "SrcNetPrefix" => prefix("Src"),
        "DstNetPrefix" => prefix("Dst"),
        "PacketSize" => PACKET_SIZE.to_owned(),
        "PacketSizeBucket" => buckets(),
        "ICMPv4" => icmp(layout, 1, "ICMPv4"),
        "ICMPv6" => icmp(layout, 58, "ICMPv6"),
        "MPLS1stLabel" => "MPLSLabels[1]".to_owned(),
        "MPLS2ndLabel" => "MPLSLabels[2]".to_owned(),
        "MPLS3rdLabel" => "MPLSLabels[3]".to_owned(),
        "MPLS4thLabel" => "MPLSLabels[4]".to_owned(),
        _ => {
            debug_assert!(schema.find(name).is_none(), "{name} is computed, but not said how");
            return None;
        }
    })
}

/// The name of a dictionary, as a literal.
pub(super) fn dictionary(layout: &Layout, name: &str) -> String {
    literal(&format!("{}.{name}", layout.database))
}

/// An AS of the path without its consecutive repeats; zero beyond its end.
fn nth_as(place: u32) -> String {
    format!("arrayCompact(DstASPath)[{place}]")
}

/// The routed prefix as text. IPv4 is stored mapped, so its mask begins at bit 96.
fn prefix(side: &str) -> String {
    let start = |mask: &str| {
        format!("IPv6NumToString(tupleElement(IPv6CIDRToRange({side}Addr, toUInt8({mask})), 1))")
    };
    let (v4, v6) =
        (start(&format!("96 + least({side}NetMask, 32)")), start(&format!("least({side}NetMask, 128)")));
    let mask = format!("toString({side}NetMask)");
    format!(
        "multiIf(EType = 2048, concat(replaceOne({v4}, '::ffff:', ''), '/', {mask}), \
         EType = 34525, concat({v6}, '/', {mask}), '')"
    )
}

/// The range of sizes that the average packet of the flow is in: `64-127`, `65536-Inf`.
fn buckets() -> String {
    let mut cases = String::new();
    let mut start = 0;
    for bound in BUCKETS {
        cases.push_str(&format!("{PACKET_SIZE} < {bound}, '{start}-{}', ", bound - 1));
        start = bound;
    }
    format!("multiIf({cases}'{start}-Inf')")
}

/// The name of an ICMP message, or its numbers.
fn icmp(layout: &Layout, protocol: u8, column: &str) -> String {
    let name = dictionary(layout, "icmp");
    let (kind, code) = (format!("{column}Type"), format!("{column}Code"));
    format!(
        "if(Proto = {protocol}, dictGetOrDefault({name}, 'name', tuple(toUInt8({protocol}), {kind}, {code}), \
         concat(toString({kind}), '/', toString({code}))), '')"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_computed_column_has_an_expression() {
        let (layout, schema) = (Layout::default(), Schema::all_columns());
        let mut computed = 0;
        for column in schema.columns() {
            let expression = expression(&layout, &schema, column);
            assert_eq!(expression.is_some(), column.computed.is_some(), "{}", column.name);
            for needed in column.depends.iter().filter(|_| expression.is_some()) {
                let text = expression.as_deref().unwrap();
                let reads = text.contains(needed) || *needed == "PacketSize" && text.contains(PACKET_SIZE);
                assert!(reads, "{} does not read {needed}: {text}", column.name);
            }
            computed += usize::from(expression.is_some());
        }
        assert!(computed >= 13, "{computed}");
    }

    #[test]
    fn buckets_follow_each_other() {
        let text = buckets();
        let text = text.replace(PACKET_SIZE, "size");
        assert!(text.starts_with("multiIf(size < 64, '0-63', size < 128, '64-127', "), "{text}");
        assert!(text.ends_with("size < 65536, '32768-65535', '65536-Inf')"), "{text}");
    }
}
