//! Prefix columns that are computed select the flows that those stored in the table select.

use flowql::{Compiler, Options, SavedFilters, Schema, SchemaConfig};

use crate::{ENGINE, SCHEMA};

/// Flows whose EtherType, family of the address and length of the mask go together, and the prefix as the tables store it.
const FLOWS: &str = "SELECT *, multiIf(
    EType = 2048, concat(replaceOne(toString(tupleElement(IPv6CIDRToRange(SrcAddr, toUInt8(96 + SrcNetMask)), 1)), '::ffff:', ''), '/', toString(SrcNetMask)),
    concat(toString(tupleElement(IPv6CIDRToRange(SrcAddr, SrcNetMask), 1)), '/', toString(SrcNetMask))) AS SrcNetPrefix
FROM (SELECT
    toUInt32(if(number % 2 = 0, 2048, 34525)) AS EType,
    toUInt8(intDiv(number, 48) % if(EType = 2048, 33, 129)) AS SrcNetMask,
    if(EType = 2048,
        toIPv6(['0.0.0.0', '10.0.0.1', '10.128.0.9', '192.0.2.1', '255.255.255.255', '0.0.0.1'][intDiv(number, 2) % 6 + 1]),
        toIPv6(['::', '::1', '::1:0:0:0', '0:1::', '2001:db8::1', 'ffff::1', '::fffe:0:1', '7fff::'][intDiv(number, 2) % 8 + 1])) AS SrcAddr
    FROM numbers(20000))";

const PREFIXES: &[&str] = &[
    "::/0",
    "::/1",
    "::/8",
    "::/16",
    "::/31",
    "::/32",
    "::/33",
    "::/64",
    "::/80",
    "::/96",
    "::/128",
    "::1/128",
    "2001:db8::/32",
    "ffff::/16",
    "0.0.0.0/0",
    "0.0.0.0/8",
    "10.0.0.0/8",
    "10.0.0.1/32",
    "192.0.2.9/24",
    "::ffff:10.0.0.0/104",
    "::ffff:0:0/96",
    "::fffe:0:0/96",
];

#[test]
fn computed_prefixes_select_what_stored_ones_do() {
    let names = || vec!["SrcNetPrefix".to_owned()];
    let config = SchemaConfig { materialize: names(), every_table: names(), ..SchemaConfig::default() };
    let stored = Schema::configured(&config).unwrap();
    let saved = SavedFilters::default();
    let sql = |schema: &Schema, filter: &str| {
        Compiler::new(schema, &saved).compile(filter, Options::default()).sql.unwrap()
    };
    let mut filters: Vec<String> = Vec::new();
    for prefix in PREFIXES {
        filters.push(format!("SrcNetPrefix = {prefix}"));
        filters.push(format!("SrcNetPrefix != {prefix}"));
        filters.push(format!("SrcNetPrefix IN ({prefix}, 192.0.2.0/24, ::/3)"));
        filters.push(format!("SrcNetPrefix NOTIN ({prefix}, ::/24)"));
    }
    let pairs: Vec<String> = filters
        .iter()
        .map(|filter| {
            let (computed, stored) = (sql(&SCHEMA, filter), sql(&stored, filter));
            assert_ne!(computed, stored);
            format!("(countIf(({computed}) != ({stored})), countIf({stored}))")
        })
        .collect();
    let counted =
        ENGINE.execute(&format!("SELECT arrayJoin([{}]) FROM ({FLOWS})", pairs.join(", "))).unwrap();
    let counts: Vec<&str> = counted.lines().collect();
    assert_eq!(counts.len(), filters.len());
    let mut some = 0;
    for (filter, count) in filters.iter().zip(counts) {
        assert!(count.starts_with("(0,"), "{filter}: {count}");
        some += usize::from(count != "(0,0)");
    }
    assert!(some > 70, "only {some} of {} select a flow", filters.len());
}
