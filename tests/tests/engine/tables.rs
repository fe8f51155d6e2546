//! Flows of the real tables: what the tables compute, and what ClickHouse writes as JSON, against the reader of JSON
//! lines and the evaluator, as `flowql grep` has them.

use std::time::{SystemTime, UNIX_EPOCH};

use flowql::{Compiler, Options, SavedFilters};
use flowql_eval::Evaluator;
use flowql_eval::json::Reader;
use flowql_tests::random::Random;

use crate::{ENGINE, SCHEMA};

const FLOWS: usize = 400;

/// A flow with few different values, so that filters on them select some.
fn flow(random: &mut Random, now: u64) -> String {
    let v4 = random.one_in(2);
    let (etype, addresses, longest) = match (random.one_in(9), v4) {
        (true, _) => (0x0806, V4, 33),
        (_, true) => (0x0800, V4, 33),
        (_, false) => (0x86DD, V6, 129),
    };
    let numbers = |random: &mut Random, most: usize, end: usize| {
        let items: Vec<String> =
            (0..random.below(most)).map(|_| (1 + random.below(end)).to_string()).collect();
        format!("[{}]", items.join(","))
    };
    let mut fields = vec![
        format!("\"TimeReceived\":{}", now - random.below(1000) as u64),
        "\"SamplingRate\":1000".to_owned(),
        format!("\"EType\":{etype}"),
        format!("\"Proto\":{}", [1, 6, 17, 58][random.below(4)]),
        format!("\"Bytes\":{}", random.below(5000)),
        format!("\"Packets\":{}", random.below(4)),
        format!("\"InIfBoundary\":\"{}\"", random.pick(&["undefined", "external", "internal"])),
        format!("\"SrcCountry\":\"{}\"", random.pick(&["FR", "DE", ""])),
        format!("\"InIfName\":\"{}\"", random.pick(&["Gi0/0/1", "it's", "a\\\\b", "\\u0001é\\n"])),
    ];
    for side in ["Src", "Dst"] {
        fields.push(format!("\"{side}Addr\":\"{}\"", random.pick(addresses)));
        fields.push(format!("\"{side}NetMask\":{}", [24, 16, 32, 0, random.below(longest)][random.below(5)]));
        fields.push(format!("\"{side}LargeCommunities\":{}", numbers(random, 3, 3)));
        fields.push(format!("\"{side}Communities\":{}", numbers(random, 3, 70_000)));
    }
    fields.push(format!("\"DstASPath\":{}", numbers(random, 6, 3)));
    fields.push(format!("\"MPLSLabels\":{}", numbers(random, 6, 4)));
    format!("{{{}}}", fields.join(","))
}

const V4: &[&str] = &["192.0.2.1", "192.0.2.200", "10.1.2.3", "10.1.77.1", "0.0.0.0"];
const V6: &[&str] = &["2001:db8::1", "2001:db8:0:1::1", "::", "fe80::1", "2001:db9::"];

/// Filters on what the tables compute or store in a way of their own.
fn filters(random: &mut Random) -> Vec<String> {
    let mut filters = Vec::new();
    for side in ["Src", "Dst"] {
        for length in [0, 8, 15, 16, 24, 31, 32] {
            let address = random.pick(V4);
            filters.push(format!("{side}NetPrefix = {address}/{length}"));
            filters.push(format!("{side}NetPrefix !<< {address}/{length}"));
        }
        for length in [0, 16, 31, 32, 48, 64, 127, 128] {
            let address = random.pick(V6);
            filters.push(format!("{side}NetPrefix IN ({address}/{length}, 192.0.2.0/24)"));
            filters.push(format!("{side}NetPrefix << {address}/{length}"));
        }
    }
    for number in 0..5 {
        for nth in ["1st", "2nd", "3rd"] {
            filters.push(format!("Dst{nth}AS = {number}"));
            filters.push(format!("MPLS{nth}Label >= {number}"));
        }
        filters.push(format!("MPLS4thLabel = {number} OR MPLSLabels = {number}"));
        filters.push(format!("PacketSize BETWEEN {} AND {}", 500 * number, 500 * number + 700));
        filters.push(format!("DstCommunities = 0:0:{number} OR SrcCommunities = 1:{number}"));
    }
    filters.extend(
        [
            "SrcNetPrefix = DstNetPrefix",
            "PacketSize = 0",
            "Dst1stAS = Dst3rdAS",
            "MPLS1stLabel != MPLS2ndLabel",
            "InIfBoundary != external",
            "SrcCountry IN (\"\", \"DE\")",
            "InIfName IN (\"it's\", \"a\\\\b\")",
            "InIfName LIKE \"_é_\"",
            "SrcCommunities = *:*:1 OR DstCommunities = 0:*",
            "EType = ipv6 AND Proto = \"icmp6\"",
        ]
        .map(str::to_owned),
    );
    filters
}

#[test]
fn flows_of_the_tables_are_selected_as_their_json_is() {
    let mut random = Random::new(4);
    // The tables forget what is old.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let flows: Vec<String> = (0..FLOWS).map(|_| flow(&mut random, now)).collect();
    ENGINE.execute(&format!("INSERT INTO flows_raw FORMAT JSONEachRow\n{}", flows.join("\n"))).unwrap();
    let settings =
        "output_format_json_quote_64bit_integers = 0, output_format_json_named_tuples_as_objects = 1";
    let stored = ENGINE.execute(&format!(
        "SELECT *, rowNumberInAllBlocks() AS Row FROM flows ORDER BY ALL FORMAT JSONEachRow SETTINGS {settings}"
    ));
    let stored = stored.unwrap();
    assert_eq!(stored.lines().count(), FLOWS);
    assert!(
        !stored.contains("PacketSize") && !stored.contains("SrcNetPrefix"),
        "they are computed: {stored}"
    );

    let saved = SavedFilters::default();
    let compiler = Compiler::new(&SCHEMA, &saved);
    let (mut some, filters) = (0, filters(&mut random));
    for filter in &filters {
        let checked = compiler.check(filter, Options::default());
        let typed = checked.filter.unwrap_or_else(|| panic!("{filter}: {:?}", checked.diagnostics));
        let evaluator = Evaluator::new(&SCHEMA, &typed).unwrap();
        let (mut reader, mut row) = (Reader::new(&SCHEMA, &evaluator), Vec::new());
        let selected = stored.lines().filter(|line| {
            reader.read(line, &mut row).unwrap_or_else(|error| panic!("{filter}: {error}\n{line}"));
            evaluator.matches(&row)
        });
        let selected = selected.count();
        assert_eq!(reader.never_given(), [""; 0], "{filter}");
        let sql = compiler.compile(filter, Options::default()).sql.unwrap();
        let counted = ENGINE.execute(&format!("SELECT count() FROM flows WHERE {sql}")).unwrap();
        assert_eq!(counted.trim(), selected.to_string(), "{filter}: {sql}");
        some += usize::from(selected > 0 && selected < FLOWS);
    }
    assert!(2 * some > filters.len(), "only {some} of {} select some flows and not all", filters.len());
}
