//! Flows as JSON, read for a filter.

use flowql::{Compiler, Options, SavedFilters, Schema};

use super::*;

/// Whether a filter selects the flow of a line.
fn selects(filter: &str, line: &str) -> Result<bool, String> {
    let (schema, saved) = (Schema::all_columns(), SavedFilters::default());
    let checked = Compiler::new(&schema, &saved).check(filter, Options::default());
    let filter = checked.filter.unwrap_or_else(|| panic!("{filter}: {:?}", checked.diagnostics));
    let evaluator = Evaluator::new(&schema, &filter).unwrap();
    let (mut reader, mut row) = (Reader::new(&schema, &evaluator), Vec::new());
    reader.read(line, &mut row).map_err(|error| error.to_string())?;
    Ok(evaluator.matches(&row))
}

#[test]
fn times_are_seconds_however_they_are_written() {
    let schema = Schema::default();
    let time = schema.find("TimeReceived").unwrap();
    let mut reader = Reader::with_columns(&schema, &Evaluator::everything(), &[time, time]);
    let place = reader.place("TimeReceived").unwrap();
    let mut row = Vec::new();
    for written in ["1769853600", "\"1769853600\"", "\"2026-01-31 10:00:00\"", "\"2026-01-31T10:00:00Z\""] {
        reader.read(&format!("{{\"TimeReceived\":{written}}}"), &mut row).unwrap();
        assert_eq!(row[place], Value::Number(1_769_853_600), "{written}");
        assert!(reader.is_given(place));
    }
    for bad in ["\"yesterday\"", "-1", "true", "\"2026-13-01 00:00:00\""] {
        assert!(reader.read(&format!("{{\"TimeReceived\":{bad}}}"), &mut row).is_err(), "{bad}");
    }
    reader.read("{}", &mut row).unwrap();
    assert!(!reader.is_given(place));
}

#[test]
fn values_of_every_kind() {
    for (filter, line, selected) in [
        ("SrcAS = 15169", r#"{"SrcAS":15169}"#, true),
        ("SrcAS = 15169", r#"{"SrcAS":"15169"}"#, true),
        ("SrcAS = 15169", r#"{"DstAS":15169,"SrcAS":1}"#, false),
        ("SrcAddr = 192.0.2.1", r#"{"SrcAddr":"192.0.2.1"}"#, true),
        ("SrcAddr << 192.0.2.0/24", r#"{"SrcAddr":"::ffff:192.0.2.7"}"#, true),
        ("SrcCountry = \"FR\"", r#"{"SrcCountry":"FR"}"#, true),
        ("SrcCountry = \"\"", r#"{"SrcCountry":""}"#, true),
        ("ExporterName = \"a'b\"", r#"{"ExporterName":"a\u0027b"}"#, true),
        ("InIfBoundary = external", r#"{"InIfBoundary":"external"}"#, true),
        ("InIfBoundary = external", r#"{"InIfBoundary":1}"#, true),
        ("InIfBoundary = undefined", "{}", true),
        ("NATEvent = \"NAT44 session create\"", r#"{"NATEvent":"nat44 session CREATE"}"#, true),
        ("NATEvent = \"nat44 session create\"", r#"{"NATEvent":4}"#, true),
        ("TunnelType != \"none\"", r#"{"FlowStart":"2026-11-30 10:00:00.123"}"#, false),
        ("EType = IPv6", r#"{"EType":34525}"#, true),
        ("EType = IPv6", r#"{"EType":"ipv6"}"#, true),
        ("Proto = \"tcp\"", r#"{"Proto":"TCP"}"#, true),
        ("SrcMAC = 00:00:5e:00:53:01", r#"{"SrcMAC":"00:00:5e:00:53:01"}"#, true),
        ("SrcMAC = 00:00:5e:00:53:01", r#"{"SrcMAC":1577079553}"#, true),
        ("DstASPath = AS3", r#"{"DstASPath":[1, 2, 3]}"#, true),
        ("DstCommunities = *:1:2", r#"{"DstLargeCommunities":[4294967298]}"#, true),
        ("SrcPort = 0", r#"{"SrcPort":null}"#, true),
        ("SrcPort = 80", r#"{"SrcPort":443,"SrcPort":80}"#, true),
    ] {
        assert_eq!(selects(filter, line), Ok(selected), "{filter} {line}");
    }
    // More digits than a number of JSON has elsewhere.
    let number = (65000_u128 << 64) + (1 << 32) + 2;
    let line = format!(r#"{{"DstLargeCommunities":[7,{number},"{}"]}}"#, number + 1);
    for (filter, selected) in [("65000:1:2", true), ("65000:1:3", true), ("65000:1:4", false)] {
        assert_eq!(selects(&format!("DstCommunities = {filter}"), &line), Ok(selected), "{filter}");
    }
}

#[test]
fn columns_that_are_missing_are_computed() {
    let path = r#"{"DstASPath":[1,1,2,2,3]}"#;
    let v4 = r#"{"EType":2048,"SrcAddr":"10.1.2.3","SrcNetMask":16,"DstAddr":"10.1.9.9","DstNetMask":16}"#;
    let v6 =
        r#"{"EType":34525,"SrcAddr":"2001:db8::1","SrcNetMask":32,"DstAddr":"2001:db9::","DstNetMask":32}"#;
    for (filter, line, selected) in [
        (
            "FlowDuration = 1.25s",
            r#"{"FlowStart":"2026-01-31 10:00:00.500","FlowEnd":"2026-01-31 10:00:01.750"}"#,
            true,
        ),
        ("FlowDuration = 0", r#"{"FlowStart":0,"FlowEnd":1769853601}"#, true),
        ("FlowDuration = 0", r#"{"FlowStart":1769853601,"FlowEnd":1769853600}"#, true),
        ("FlowDuration > 60s", r#"{"FlowDuration":60001}"#, true),
        ("Bytes >= 1.5k AND Packets = 1", r#"{"Bytes":1500,"Packets":1}"#, true),
        ("PacketSize = 100", r#"{"Bytes":1099,"Packets":10}"#, false),
        ("PacketSize = 109", r#"{"Bytes":1099,"Packets":10}"#, true),
        ("PacketSize = 0", r#"{"Bytes":1099,"Packets":0}"#, true),
        ("PacketSize = 5", r#"{"Bytes":1000,"Packets":10,"PacketSize":5}"#, true),
        ("Dst1stAS = 1 AND Dst2ndAS = 2 AND Dst3rdAS = 3", path, true),
        ("MPLS2ndLabel = 17 AND MPLS3rdLabel = 0", r#"{"MPLSLabels":[16,17]}"#, true),
        ("SrcNetPrefix = DstNetPrefix", v4, true),
        ("SrcNetPrefix = DstNetPrefix", v6, false),
        ("SrcNetPrefix = 10.1.0.0/16", v4, true),
        ("SrcNetPrefix << 2001:db8::/24", v6, true),
    ] {
        assert_eq!(selects(filter, line), Ok(selected), "{filter} {line}");
    }
}

#[test]
fn what_is_no_flow_is_refused() {
    for (filter, line, message) in [
        ("SrcAS = 1", "SrcAS", "not a JSON object: expected value at column 1"),
        (
            "SrcAS = 1",
            "[1]",
            "not a JSON object: invalid type: sequence, expected an object with the columns of a flow at column 0",
        ),
        ("SrcAS = 1", r#"{"SrcAS":1"#, "not a JSON object: EOF while parsing an object at column 10"),
        ("SrcAS = 1", r#"{"SrcAS":1} {}"#, "not a JSON object: trailing characters at column 13"),
        ("SrcAS = 1", r#"{"SrcAS":-1}"#, "`SrcAS` takes an unsigned integer of at most 32 bits, not `-1`"),
        ("SrcAS = 1", r#"{"SrcAS":1.5}"#, "`SrcAS` takes an unsigned integer of at most 32 bits, not `1.5`"),
        (
            "SrcPort = 1",
            r#"{"SrcPort":65536}"#,
            "`SrcPort` takes an unsigned integer of at most 16 bits, not `65536`",
        ),
        (
            "SrcAddr = ::",
            r#"{"SrcAddr":"192.0.2"}"#,
            "`SrcAddr` takes an IP address in quotes, not `\"192.0.2\"`",
        ),
        ("ExporterName = \"\"", r#"{"ExporterName":7}"#, "`ExporterName` takes a string, not `7`"),
        (
            "SrcCountry = \"\"",
            r#"{"SrcCountry":"FRA"}"#,
            "`SrcCountry` takes a string of at most 2 bytes, not `\"FRA\"`",
        ),
        (
            "InIfBoundary = external",
            r#"{"InIfBoundary":"outside"}"#,
            "`InIfBoundary` takes one of `undefined`, `external`, `internal`, not `\"outside\"`",
        ),
        (
            "DstASPath = 1",
            r#"{"DstASPath":[1,2,"a long text that is none of them, by far"]}"#,
            "`DstASPath` takes an array of unsigned integers of at most 32 bits, not `[1,2,\"a long text that is none of them, …`",
        ),
        (
            "SrcMAC = 00:00:5e:00:53:01",
            r#"{"SrcMAC":"00:00:5e"}"#,
            "`SrcMAC` takes an unsigned integer of at most 64 bits, not `\"00:00:5e\"`",
        ),
    ] {
        assert_eq!(selects(filter, line), Err(message.to_owned()), "{filter} {line}");
    }
    // What the filter does not read may be anything.
    assert_eq!(selects("SrcAS = 1", r#"{"SrcAS":1,"SrcPort":-1,"x":{"y":[]}}"#), Ok(true));
}

#[test]
fn columns_that_no_line_has_are_told() {
    let (schema, saved) = (Schema::all_columns(), SavedFilters::default());
    let checked = Compiler::new(&schema, &saved)
        .check("SrcAS = 1 OR DstAS = 2 OR PacketSize = 3 OR MPLS1stLabel = 4", Options::default());
    let evaluator = Evaluator::new(&schema, &checked.filter.unwrap()).unwrap();
    let (mut reader, mut row) = (Reader::new(&schema, &evaluator), Vec::new());
    assert_eq!(reader.never_given(), ["SrcAS", "DstAS", "PacketSize", "MPLS1stLabel"]);
    reader.read(r#"{"SrcAS":1}"#, &mut row).unwrap();
    reader.read(r#"{"Bytes":1,"srcas":1}"#, &mut row).unwrap();
    assert_eq!(reader.never_given(), ["DstAS", "MPLS1stLabel"]);
}
