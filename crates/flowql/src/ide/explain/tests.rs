use super::*;
use crate::{SavedFilters, Schema, SchemaConfig, Scope};

fn explained(text: &str) -> String {
    explained_with(text, Options::default())
}

fn explained_with(text: &str, options: Options<'_>) -> String {
    let config = SchemaConfig {
        communities: [("65000:666".to_owned(), "our-blackhole".to_owned())].into(),
        ..SchemaConfig::default()
    };
    let schema = Schema::configured(&config).unwrap().with_all_columns();
    let mut saved = SavedFilters::default();
    saved.insert(Scope::User, "own", "-- ours\nSrcAS IN (AS1, 10) OR @inner");
    saved.insert(Scope::User, "inner", "DstPort = \"www\"");
    match explain(&Compiler::new(&schema, &saved), text, options) {
        Ok(explanation) => explanation.to_string(),
        Err(diagnostics) => panic!("{text}: {diagnostics:?}"),
    }
}

fn check(cases: &[(&str, &str)]) {
    for (text, words) in cases {
        assert_eq!(explained(text), *words, "{text}");
    }
}

#[test]
fn comparisons() {
    check(&[
        ("srcas = as15169", "SrcAS is AS15169"),
        ("SrcAS != 15169", "SrcAS is not AS15169"),
        ("SrcAS = AS1.10", "SrcAS is AS65546 (written AS1.10)"),
        ("SrcAS = dstas", "SrcAS is the same as DstAS"),
        ("SrcPort != dstport", "SrcPort differs from DstPort"),
        ("SrcPort <= dstport", "SrcPort is at most DstPort"),
        ("SrcPort < 0x50", "SrcPort is below 80 (http, written 0x50)"),
        ("SrcPort >= 00443", "SrcPort is at least 443 (https, written 00443)"),
        ("DstPort = \"HTTPS\"", "DstPort is 443 (https)"),
        ("DstPort = 'www'", "DstPort is 80 (http, written \"www\")"),
        ("DstPort > 49151", "DstPort is above 49151"),
        ("InIfSpeed >= 10000", "InIfSpeed is at least 10000 Mbit/s"),
        ("Proto = 6", "Proto is TCP (6)"),
        ("Proto = \"tcp\"", "Proto is TCP (6)"),
        ("Proto = \"icmp6\"", "Proto is IPv6-ICMP (58, written \"icmp6\")"),
        ("Proto = 253", "Proto is 253"),
        ("Proto != \"foo\"", "Proto is not \"foo\""),
        ("SrcCountry = \"FR\"", "SrcCountry is \"FR\" (France)"),
        ("ExporterName = 'it\\'s \"x\"'", "ExporterName is 'it\\'s \"x\"'"),
        ("InIfBoundary = EXTERNAL", "InIfBoundary is external"),
        ("EType != ipv6", "EType is not IPv6"),
        ("SrcMAC = 0000.5E00.53FF", "SrcMAC is 00:00:5e:00:53:ff (written 0000.5E00.53FF)"),
        ("TCPFlags = 0x12", "TCPFlags is 18 (SYN and ACK, written 0x12)"),
    ]);
}

#[test]
fn either_end_and_what_people_write() {
    check(&[
        ("Port = 53", "SrcPort or DstPort is 53 (domain)"),
        ("AS != AS1", "neither SrcAS nor DstAS is AS1"),
        ("Addr !<< 10.0.0.0/8", "neither SrcAddr nor DstAddr lies in 10.0.0.0/8"),
        ("Port IN (1, 5-9)", "SrcPort or DstPort is 1 (tcpmux) or lies between 5 and 9"),
        ("InIfSpeed >= 10G", "InIfSpeed is at least 10000 Mbit/s (written 10G)"),
        ("FlowDuration > 60s", "FlowDuration is above 60000 ms (written 60s)"),
        ("IPTos = 'ef'", "IPTos is EF (184 to 187)"),
        ("IPTos NOT IN (\"EF\", 3)", "IPTos is not 3 and is not EF (184 to 187)"),
        ("ICMPv4Type = 8", "ICMPv4Type is 8 (echo-request)"),
        ("SrcMAC != 00:53:00:*", "SrcMAC does not lie in 00:53:00:00:00:00/24"),
        ("DstCommunities = 65000:100-199", "DstCommunities contains 65000:100-199"),
        ("DstASPath HAS (AS1, 2)", "DstASPath contains all of AS1, AS2"),
        ("DstASPath NOT HAS AS1", "DstASPath does not contain AS1"),
    ]);
}

#[test]
fn addresses_and_prefixes() {
    check(&[
        ("DstAddr << 2a01:e0f:ffff::/64", "DstAddr lies in 2a01:e0f:ffff::/64"),
        ("DstAddr = 192.0.2.9/24", "DstAddr lies in 192.0.2.0/24 (written 192.0.2.9/24)"),
        ("DstAddr !<< 10.0.0.0/8", "DstAddr does not lie in 10.0.0.0/8"),
        ("DstAddr != 10.0.0.0/8", "DstAddr does not lie in 10.0.0.0/8"),
        ("DstAddr = 2001:DB8::1", "DstAddr is 2001:db8::1"),
        ("DstAddr = 2001:db8:0::1", "DstAddr is 2001:db8::1 (written 2001:db8:0::1)"),
        ("SrcNetPrefix = 192.0.2.0/27", "SrcNetPrefix is 192.0.2.0/27"),
        ("SrcNetPrefix << 192.0.2.0/24", "SrcNetPrefix lies in 192.0.2.0/24"),
        ("DstAddr BETWEEN 192.0.2.1 AND 192.0.2.9", "DstAddr lies between 192.0.2.1 and 192.0.2.9"),
        (
            "DstAddr IN (10.0.0.0/8, ::1, 192.0.2.1-192.0.2.9, 192.0.2.77, 172.16.0.0/12)",
            "DstAddr is one of ::1, 192.0.2.77 or lies in one of 10.0.0.0/8, 172.16.0.0/12 \
             or lies between 192.0.2.1 and 192.0.2.9",
        ),
        ("DstAddr NOT IN (10.0.0.0/8, ::1)", "DstAddr is not ::1 and does not lie in 10.0.0.0/8"),
        ("DstAddr NOTIN (10.0.0.0/8, 127.0.0.0/8)", "DstAddr lies in none of 10.0.0.0/8, 127.0.0.0/8"),
        ("DstNetPrefix IN (10.0.0.0/8, 127.0.0.0/8)", "DstNetPrefix is one of 10.0.0.0/8, 127.0.0.0/8"),
    ]);
}

#[test]
fn lists_ranges_and_arrays() {
    check(&[
        ("SrcPort IN (80, 8000-8100)", "SrcPort is 80 (http) or lies between 8000 and 8100"),
        ("SrcVlan IN (80, 443, 8000-8100)", "SrcVlan is one of 80, 443 or lies between 8000 and 8100"),
        ("SrcVlan NOT IN (80, 81, 1-9)", "SrcVlan is none of 80, 81 and does not lie between 1 and 9"),
        ("SrcVlan NOT BETWEEN 1 AND 0x9", "SrcVlan does not lie between 1 and 9 (written 0x9)"),
        ("SrcPort BETWEEN \"http\" AND 443", "SrcPort lies between 80 (written \"http\") and 443"),
        ("Proto BETWEEN 1 AND 6", "Proto lies between 1 and 6"),
        ("SrcAS IN (AS1-9)", "SrcAS lies between AS1 and AS9"),
        ("DstASPath = AS65000", "DstASPath contains AS65000"),
        ("DstASPath != 65000", "DstASPath does not contain AS65000"),
        ("DstASPath IN (AS1, 2)", "DstASPath contains one of AS1, AS2"),
        ("DstASPath NOTIN (AS1, 2)", "DstASPath contains none of AS1, AS2"),
        ("MPLSLabels NOTIN (7)", "MPLSLabels does not contain 7"),
        ("DstCommunities = 65000:*", "DstCommunities contains 65000:*"),
        ("DstCommunities = No-Export", "DstCommunities contains 65535:65281 (no-export)"),
        (
            "DstCommunities IN (our-blackhole, 065535:00666, 1:2:3)",
            "DstCommunities contains one of 65000:666 (our-blackhole), 65535:666 (blackhole, written 065535:00666), 1:2:3",
        ),
        ("Proto IN (17, \"foo\")", "Proto is one of UDP (17), \"foo\""),
        ("ExporterName IN (\"a, b\")", "ExporterName is \"a, b\""),
    ]);
}

#[test]
fn patterns_and_bits() {
    check(&[
        ("ExporterName LIKE 'edge%'", "ExporterName matches the pattern \"edge%\""),
        ("ExporterName IUNLIKE \"e%\"", "ExporterName does not match the pattern \"e%\" in any case"),
        ("ExporterName REGEXP \"^e\\d\"", "ExporterName matches the regular expression \"^e\\d\""),
        ("ExporterName NOT REGEXP \"x\"", "ExporterName does not match the regular expression \"x\""),
        ("TCPFlags HAS (ack, syn)", "TCPFlags has SYN and ACK set"),
        ("TCPFlags NOT HAS syn", "TCPFlags does not have SYN set"),
        ("TCPFlags NOT HAS (syn, rst, ack)", "TCPFlags does not have all of SYN, RST and ACK set"),
    ]);
}

#[test]
fn the_structure() {
    check(&[("", "every flow"), (" -- nothing\n", "every flow")]);
    let text = "SrcAS = 1 AND NOT (DstAS = 2 OR (SrcPort = 7 AND DstVlan = 8)) AND @own";
    assert_eq!(
        explained(text),
        "all of these hold:\n\
         \u{20} SrcAS is AS1\n\
         \u{20} this does not hold:\n\
         \u{20}   any of these holds:\n\
         \u{20}     DstAS is AS2\n\
         \u{20}     all of these hold:\n\
         \u{20}       SrcPort is 7 (echo)\n\
         \u{20}       DstVlan is 8\n\
         \u{20} the saved filter @own holds:\n\
         \u{20}   any of these holds:\n\
         \u{20}     SrcAS is one of AS1, AS10\n\
         \u{20}     the saved filter @inner holds:\n\
         \u{20}       DstPort is 80 (http, written \"www\")"
    );
    let reversed = explained_with("SrcAS = DstAS", Options { reverse: true, ..Options::default() });
    assert_eq!(reversed, "DstAS is the same as SrcAS");
}

#[test]
fn bad_filters_give_their_diagnostics() {
    let (schema, saved) = (Schema::default(), SavedFilters::default());
    let compiler = Compiler::new(&schema, &saved);
    let found = explain(&compiler, "SrcAS = AND x = 1", Options::default()).unwrap_err();
    assert!(found.len() > 1);
    assert!(explain(&compiler, &"(".repeat(1000), Options::default()).is_err());
    let deep = format!("{}SrcAS = 1{}", "(".repeat(150), ")".repeat(150));
    assert_eq!(explain(&compiler, &deep, Options::default()).unwrap().to_string(), "SrcAS is AS1");
}

/// Every value of a condition is named in its line, whatever the column and the operator.
#[test]
fn every_column_is_explained_by_its_example() {
    let schema = Schema::all_columns();
    let saved = SavedFilters::default();
    let compiler = Compiler::new(&schema, &saved);
    for id in schema.filterable() {
        let column = schema.column(id);
        let text = format!("{} != {}", column.name, column.example);
        let explanation = explain(&compiler, &text, Options::default()).unwrap();
        let [line] = explanation.lines.as_slice() else { panic!("{text}") };
        assert!(line.text.starts_with(&*column.name) && line.text.contains("not"), "{}", line.text);
        let literal = column.example.trim_matches('"');
        assert!(crate::values::text::contains(&line.text, literal), "{} does not name {literal}", line.text);
    }
}
