//! What valid filters compile to: every row and paragraph of section 4 of the specification.

use flowql_oracle::{Options, compile};

fn options() -> Options<'static> {
    Options { all_columns: true, ..Options::default() }
}

#[track_caller]
fn check(cases: &[(&str, &str)]) {
    for (filter, sql) in cases {
        assert_eq!(compile(filter, &options()).as_deref(), Ok(*sql), "{filter}");
    }
}

#[test]
fn table_strings() {
    check(&[
        (r#"exportername="x""#, "ExporterName = 'x'"),
        (r#"ExporterName="something'""#, r"ExporterName = 'something\''"),
        (r#"ExporterName UNLIKE "a%""#, "ExporterName NOT LIKE 'a%'"),
        (r#"ExporterName IUNLIKE "a%""#, "ExporterName NOT ILIKE 'a%'"),
        (r#"ExporterName NOT LIKE "a%""#, "ExporterName NOT LIKE 'a%'"),
        (r#"ExporterName not ilike "a%""#, "ExporterName NOT ILIKE 'a%'"),
        (r#"ExporterName LIKE "a%""#, "ExporterName LIKE 'a%'"),
        (r#"ExporterName ILIKE'a%'"#, "ExporterName ILIKE 'a%'"),
        (r#"ExporterName IN ("a","b")"#, "ExporterName IN ('a', 'b')"),
        (r#"ExporterName NOTIN ("a","b")"#, "ExporterName NOT IN ('a', 'b')"),
        (r#"ExporterName NOT/**/IN("a")"#, "ExporterName NOT IN ('a')"),
        (r#"InIfDescription REGEXP "^x""#, "match(InIfDescription, '^x')"),
        (r#"InIfDescription NOT REGEXP "^x""#, "NOT match(InIfDescription, '^x')"),
        (r#"ExporterName != "x""#, "ExporterName != 'x'"),
        ("ExporterName = InIfName", "ExporterName = InIfName"),
        ("SrcCountry != exportername", "SrcCountry != ExporterName"),
        (r#"SrcCountry IN ("FR", "D", "")"#, "SrcCountry IN ('FR', 'D', '')"),
        (r#"SrcCountry = "FRA""#, "SrcCountry = 'FRA'"),
    ]);
}

#[test]
fn string_escapes() {
    check(&[
        (r#"ExporterName = "a\\b""#, r"ExporterName = 'a\\b'"),
        (r#"ExporterName = "a\"b""#, r#"ExporterName = 'a"b'"#),
        (r#"ExporterName = "a\'b""#, r"ExporterName = 'a\\\'b'"),
        (r"ExporterName = 'a\'b'", r"ExporterName = 'a\'b'"),
        (r#"ExporterName = 'a\"b'"#, r#"ExporterName = 'a\\"b'"#),
        (r#"ExporterName = "a\n\x41""#, r"ExporterName = 'a\\n\\x41'"),
        (r#"ExporterName = "a\\\"""#, r#"ExporterName = 'a\\"'"#),
        (r#"ExporterName = "\\""#, r"ExporterName = '\\'"),
        (r#"ExporterName LIKE "a\\\\""#, r"ExporterName LIKE 'a\\\\'"),
        (r#"ExporterName LIKE "100\%""#, r"ExporterName LIKE '100\\%'"),
        ("ExporterName = \"a\tb\0c\"", r"ExporterName = 'a\tb\0c'"),
        ("ExporterName = '\u{7}\u{8}\u{b}\u{c}\u{1b}'", r"ExporterName = '\a\b\v\f\x1B'"),
        ("ExporterName = '\u{1}\u{1f}\u{7f}'", r"ExporterName = '\x01\x1F\x7F'"),
        ("ExporterName = 'é\u{a0}\u{85}€'", "ExporterName = 'é\u{a0}\u{85}€'"),
        ("ExporterName = '-- /* \" ( AND'", "ExporterName = '-- /* \" ( AND'"),
        ("ExporterName = ''", "ExporterName = ''"),
    ]);
}

#[test]
fn table_addresses() {
    check(&[
        ("ExporterAddress = 203.0.113.1", "ExporterAddress = toIPv6('203.0.113.1')"),
        ("SrcAddr != 2001:DB8:0:0::1", "SrcAddr != toIPv6('2001:db8::1')"),
        ("SrcAddr = ::ffff:1.2.3.4", "SrcAddr = toIPv6('::ffff:1.2.3.4')"),
        ("SrcAddr = ::FFFF:102:304", "SrcAddr = toIPv6('::ffff:1.2.3.4')"),
        ("SrcAddr = 1:0:0:2:0:0:0:3", "SrcAddr = toIPv6('1:0:0:2::3')"),
        ("SrcAddr = 1:0:0:2:3:0:0:4", "SrcAddr = toIPv6('1::2:3:0:0:4')"),
        ("SrcAddr = 1:0:2:3:4:5:6:7", "SrcAddr = toIPv6('1:0:2:3:4:5:6:7')"),
        ("SrcAddr=::", "SrcAddr = toIPv6('::')"),
        ("SrcAddr = dstaddr", "SrcAddr = DstAddr"),
        ("DstAddr << 192.168.0.0/24", "DstAddr BETWEEN toIPv6('192.168.0.0') AND toIPv6('192.168.0.255')"),
        ("DstAddr = 192.168.0.77/24", "DstAddr BETWEEN toIPv6('192.168.0.0') AND toIPv6('192.168.0.255')"),
        (
            "DstAddr !<< 192.168.0.0/24",
            "DstAddr NOT BETWEEN toIPv6('192.168.0.0') AND toIPv6('192.168.0.255')",
        ),
        ("DstAddr!=192.168.0.0/24", "DstAddr NOT BETWEEN toIPv6('192.168.0.0') AND toIPv6('192.168.0.255')"),
        ("DstAddr = 192.0.2.1/32", "DstAddr BETWEEN toIPv6('192.0.2.1') AND toIPv6('192.0.2.1')"),
        (
            "DstAddr << ::/0",
            "DstAddr BETWEEN toIPv6('::') AND toIPv6('ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff')",
        ),
        ("DstAddr << 0.0.0.0/0", "DstAddr BETWEEN toIPv6('0.0.0.0') AND toIPv6('255.255.255.255')"),
        (
            "SrcAddr BETWEEN 192.0.2.1 AND 192.0.2.9",
            "SrcAddr BETWEEN toIPv6('192.0.2.1') AND toIPv6('192.0.2.9')",
        ),
        ("SrcAddr NOT BETWEEN ::1 AND ::2", "SrcAddr NOT BETWEEN toIPv6('::1') AND toIPv6('::2')"),
        (
            "SrcAddr IN (192.0.2.1, 10.0.0.0/8, 2001:db8::5)",
            "(SrcAddr IN (toIPv6('192.0.2.1'), toIPv6('2001:db8::5')) OR \
             SrcAddr BETWEEN toIPv6('10.0.0.0') AND toIPv6('10.255.255.255'))",
        ),
        (
            "SrcAddr NOTIN (192.0.2.1, 10.0.0.0/8, 2001:db8::5)",
            "NOT (SrcAddr IN (toIPv6('192.0.2.1'), toIPv6('2001:db8::5')) OR \
             SrcAddr BETWEEN toIPv6('10.0.0.0') AND toIPv6('10.255.255.255'))",
        ),
        ("SrcAddr IN (::1,2001:db8::)", "SrcAddr IN (toIPv6('::1'), toIPv6('2001:db8::'))"),
        ("SrcAddr NOT IN (::1)", "SrcAddr NOT IN (toIPv6('::1'))"),
        (
            "SrcAddr IN (192.0.2.10-192.0.2.20)",
            "SrcAddr BETWEEN toIPv6('192.0.2.10') AND toIPv6('192.0.2.20')",
        ),
        (
            "SrcAddr NOT IN (10.0.0.0/8)",
            "NOT (SrcAddr BETWEEN toIPv6('10.0.0.0') AND toIPv6('10.255.255.255'))",
        ),
        (
            "SrcAddr IN (::1-::2, 10.0.0.0/31)",
            "(SrcAddr BETWEEN toIPv6('::1') AND toIPv6('::2') OR \
             SrcAddr BETWEEN toIPv6('10.0.0.0') AND toIPv6('10.0.0.1'))",
        ),
    ]);
}

#[test]
fn table_prefixes() {
    let range = "DstAddr BETWEEN toIPv6('192.0.2.0') AND toIPv6('192.0.2.31') AND DstNetMask = 27";
    check(&[
        ("DstNetPrefix = 192.0.2.0/27", range),
        ("DstNetPrefix = 192.0.2.30/27", range),
        ("DstNetPrefix != 192.0.2.0/27", &format!("NOT ({range})")),
        ("NOT DstNetPrefix = 192.0.2.0/27", &format!("NOT ({range})")),
        ("NOT DstNetPrefix != 192.0.2.0/27", &format!("NOT (NOT ({range}))")),
        ("DstNetPrefix IN (192.0.2.0/27)", range),
        ("DstNetPrefix NOTIN (192.0.2.0/27)", &format!("NOT ({range})")),
        ("DstNetPrefix = 192.0.2.0/27 OR SrcAS = 1", &format!("{range} OR SrcAS = 1")),
        (
            "SrcNetPrefix IN (192.0.2.0/24, 10.0.0.0/8)",
            "(SrcAddr BETWEEN toIPv6('192.0.2.0') AND toIPv6('192.0.2.255') AND SrcNetMask = 24 OR \
             SrcAddr BETWEEN toIPv6('10.0.0.0') AND toIPv6('10.255.255.255') AND SrcNetMask = 8)",
        ),
        (
            "SrcNetPrefix NOTIN (192.0.2.0/24, 10.0.0.0/8)",
            "NOT (SrcAddr BETWEEN toIPv6('192.0.2.0') AND toIPv6('192.0.2.255') AND SrcNetMask = 24 OR \
             SrcAddr BETWEEN toIPv6('10.0.0.0') AND toIPv6('10.255.255.255') AND SrcNetMask = 8)",
        ),
        (
            "SrcNetPrefix << 10.0.0.0/8",
            "SrcAddr BETWEEN toIPv6('10.0.0.0') AND toIPv6('10.255.255.255') AND SrcNetMask >= 8",
        ),
        (
            "SrcNetPrefix !<< 10.0.0.0/8",
            "NOT (SrcAddr BETWEEN toIPv6('10.0.0.0') AND toIPv6('10.255.255.255') AND SrcNetMask >= 8)",
        ),
        ("SrcNetPrefix = DstNetPrefix", "SrcNetPrefix = DstNetPrefix"),
        ("SrcNetPrefix != DstNetPrefix", "SrcNetPrefix != DstNetPrefix"),
    ]);
}

#[test]
fn table_numbers() {
    check(&[
        ("SrcAS IN (AS12322, 29447)", "SrcAS IN (12322, 29447)"),
        ("SrcAS = as12322", "SrcAS = 12322"),
        ("SrcAS != AS1.10", "SrcAS != 65546"),
        ("SrcAS = DstAS", "SrcAS = DstAS"),
        ("SrcAS BETWEEN AS1 AND AS9", "SrcAS BETWEEN 1 AND 9"),
        ("SrcAS NOT BETWEEN 1 AND 9", "SrcAS NOT BETWEEN 1 AND 9"),
        ("SrcAS IN (AS1-9, AS1.0-AS1.1)", "(SrcAS BETWEEN 1 AND 9 OR SrcAS BETWEEN 65536 AND 65537)"),
        ("SrcPort IN (80, 8000-8100)", "(SrcPort IN (80) OR SrcPort BETWEEN 8000 AND 8100)"),
        (
            "SrcPort IN (1-2, 80, 3-3, 80)",
            "(SrcPort IN (80, 80) OR SrcPort BETWEEN 1 AND 2 OR SrcPort BETWEEN 3 AND 3)",
        ),
        ("SrcPort IN (0x50-90)", "SrcPort BETWEEN 80 AND 90"),
        ("SrcPort NOT IN (1-1023)", "NOT (SrcPort BETWEEN 1 AND 1023)"),
        ("SrcPort NOTIN (80)", "SrcPort NOT IN (80)"),
        ("SrcPort NOTIN (80, 1-2)", "NOT (SrcPort IN (80) OR SrcPort BETWEEN 1 AND 2)"),
        ("SrcPort = 0x1BB", "SrcPort = 443"),
        ("SrcPort = 0080", "SrcPort = 80"),
        ("SrcPort = 70000", "SrcPort = 70000"),
        ("SrcPort=18446744073709551615", "SrcPort = 18446744073709551615"),
        ("SrcPort<80", "SrcPort < 80"),
        ("SrcPort<=80", "SrcPort <= 80"),
        ("SrcPort>80", "SrcPort > 80"),
        ("SrcPort>=80", "SrcPort >= 80"),
        ("SrcPort < DSTPORT", "SrcPort < DstPort"),
        ("SrcPort != InIfSpeed", "SrcPort != InIfSpeed"),
        (r#"DstPort = "https""#, "DstPort = 443"),
        (
            r#"DstPort IN ('http', 8000-8100, "https")"#,
            "(DstPort IN (80, 443) OR DstPort BETWEEN 8000 AND 8100)",
        ),
        (r#"DstPort BETWEEN "http" AND 443"#, "DstPort BETWEEN 80 AND 443"),
        ("PacketSize > 1500", "PacketSize > 1500"),
        ("TCPFlags HAS (SYN, ACK)", "bitAnd(TCPFlags, 18) = 18"),
        ("TCPFlags HAS (syn, SYN)", "bitAnd(TCPFlags, 2) = 2"),
        ("TCPFlags HAS ack", "bitAnd(TCPFlags, 16) = 16"),
        ("TCPFlags HAS ns", "bitAnd(TCPFlags, 256) = 256"),
        ("TCPFlags NOT HAS ack", "NOT (bitAnd(TCPFlags, 16) = 16)"),
        ("TCPFlags = 18", "TCPFlags = 18"),
        ("SrcMAC = 0000.5e00.5301", "SrcMAC = MACStringToNum('00:00:5e:00:53:01')"),
        (
            "SrcMAC IN (00-00-5E-00-53-01,00:11:22:33:44:55)",
            "SrcMAC IN (MACStringToNum('00:00:5e:00:53:01'), MACStringToNum('00:11:22:33:44:55'))",
        ),
        ("SrcMAC != DstMAC", "SrcMAC != DstMAC"),
    ]);
}

#[test]
fn table_arrays() {
    check(&[
        ("DstASPath = 65000", "has(DstASPath, 65000)"),
        ("DstASPath != AS65000", "NOT has(DstASPath, 65000)"),
        ("DstASPath IN (AS1, AS2)", "hasAny(DstASPath, [1, 2])"),
        ("DstASPath NOTIN (AS1)", "NOT hasAny(DstASPath, [1])"),
        ("MPLSLabels = 0x10", "has(MPLSLabels, 16)"),
        ("MPLSLabels != 7", "NOT has(MPLSLabels, 7)"),
        ("MPLSLabels IN (1,2)", "hasAny(MPLSLabels, [1, 2])"),
        ("DstCommunities = 65000:100", "has(DstCommunities, 4259840100)"),
        ("DstCommunities != 65000:100", "NOT has(DstCommunities, 4259840100)"),
        (
            "DstCommunities = 65000:100:200",
            "has(DstLargeCommunities, bitShiftLeft(65000::UInt128, 64) + bitShiftLeft(100::UInt128, 32) + 200::UInt128)",
        ),
        (
            "DstCommunities = 4294967295:0:1",
            "has(DstLargeCommunities, bitShiftLeft(4294967295::UInt128, 64) + bitShiftLeft(0::UInt128, 32) + 1::UInt128)",
        ),
        ("DstCommunities = no-export", "has(DstCommunities, 4294967041)"),
        ("SrcCommunities = blackhole", "has(SrcCommunities, 4294902426)"),
        (
            "DstCommunities IN (65000:1, 65000:1:2)",
            "(hasAny(DstCommunities, [4259840001]) OR hasAny(DstLargeCommunities, \
             [bitShiftLeft(65000::UInt128, 64) + bitShiftLeft(1::UInt128, 32) + 2::UInt128]))",
        ),
        ("DstCommunities IN (65000:1, 65000:2)", "hasAny(DstCommunities, [4259840001, 4259840002])"),
        ("DstCommunities NOT IN (65000:1)", "NOT hasAny(DstCommunities, [4259840001])"),
        (
            "DstCommunities NOTIN (*:1, 65000:1, *:*:*)",
            "NOT (hasAny(DstCommunities, [4259840001]) OR arrayExists(c -> bitAnd(c, 65535) = 1, DstCommunities) \
             OR notEmpty(DstLargeCommunities))",
        ),
        ("SrcCommunities IN (*:*)", "notEmpty(SrcCommunities)"),
        ("SrcCommunities NOTIN (*:*)", "NOT notEmpty(SrcCommunities)"),
    ]);
}

#[test]
fn community_wildcards() {
    check(&[
        ("DstCommunities = 65000:*", "arrayExists(c -> bitShiftRight(c, 16) = 65000, DstCommunities)"),
        ("DstCommunities != 65000:*", "NOT arrayExists(c -> bitShiftRight(c, 16) = 65000, DstCommunities)"),
        ("DstCommunities = *:100", "arrayExists(c -> bitAnd(c, 65535) = 100, DstCommunities)"),
        ("DstCommunities = 65000:*:*", "arrayExists(c -> bitShiftRight(c, 64) = 65000, DstLargeCommunities)"),
        (
            "DstCommunities = 65000:1:*",
            "arrayExists(c -> bitShiftRight(c, 32) = 279172874240001, DstLargeCommunities)",
        ),
        (
            "DstCommunities = 65000:*:2",
            "arrayExists(c -> bitShiftRight(c, 64) = 65000 AND bitAnd(c, 4294967295) = 2, DstLargeCommunities)",
        ),
        (
            "DstCommunities = *:1:*",
            "arrayExists(c -> bitAnd(bitShiftRight(c, 32), 4294967295) = 1, DstLargeCommunities)",
        ),
        (
            "DstCommunities = *:1:2",
            "arrayExists(c -> bitAnd(c, 18446744073709551615) = 4294967298, DstLargeCommunities)",
        ),
        ("DstCommunities = *:*:2", "arrayExists(c -> bitAnd(c, 4294967295) = 2, DstLargeCommunities)"),
        ("DstCommunities = *:*", "notEmpty(DstCommunities)"),
        ("DstCommunities != *:*:*", "NOT notEmpty(DstLargeCommunities)"),
    ]);
}

#[test]
fn table_words() {
    check(&[
        ("InIfBoundary = EXTERNAL", "InIfBoundary = 'external'"),
        ("InIfBoundary NOTIN (Internal, undefined)", "InIfBoundary NOT IN ('internal', 'undefined')"),
        ("InIfBoundary != OutIfBoundary", "InIfBoundary != OutIfBoundary"),
        ("FlowDirection = Ingress", "FlowDirection = 'ingress'"),
        ("EType = ipv6", "EType = 34525"),
        ("EType != IPv4", "EType != 2048"),
        ("EType IN (IPV4, ipv6)", "EType IN (2048, 34525)"),
    ]);
}

#[test]
fn protocols() {
    check(&[
        (r#"Proto = "tcp""#, "Proto = 6"),
        (r#"Proto != "TCP""#, "Proto != 6"),
        ("Proto = 6", "Proto = 6"),
        ("Proto = 0x11", "Proto = 17"),
        ("Proto >= 6", "Proto >= 6"),
        ("Proto = proto", "Proto = Proto"),
        ("Proto BETWEEN 6 AND 17", "Proto BETWEEN 6 AND 17"),
        (r#"Proto = "foo""#, "dictGetOrDefault('protocols', 'name', Proto, '???') = 'foo'"),
        (r#"Proto != "foo""#, "dictGetOrDefault('protocols', 'name', Proto, '???') != 'foo'"),
        (r#"Proto IN ("tcp", 17)"#, "Proto IN (6, 17)"),
        (r#"Proto NOTIN ("tcp", 17)"#, "Proto NOT IN (6, 17)"),
        (
            r#"Proto IN ("foo", "tcp", "bar", 17)"#,
            "(Proto IN (6, 17) OR dictGetOrDefault('protocols', 'name', Proto, '???') IN ('foo', 'bar'))",
        ),
        (
            r#"Proto NOTIN (6, "foo")"#,
            "NOT (Proto IN (6) OR dictGetOrDefault('protocols', 'name', Proto, '???') IN ('foo'))",
        ),
        (r#"Proto IN ("foo")"#, "dictGetOrDefault('protocols', 'name', Proto, '???') IN ('foo')"),
        (r#"Proto NOT IN ("foo")"#, "dictGetOrDefault('protocols', 'name', Proto, '???') NOT IN ('foo')"),
    ]);
    let in_database =
        |database| compile(r#"Proto = "foo""#, &Options { database: Some(database), ..options() });
    assert_eq!(
        in_database("a-b").as_deref(),
        Ok("dictGetOrDefault('a-b.protocols', 'name', Proto, '???') = 'foo'")
    );
    assert_eq!(
        in_database("a'b").as_deref(),
        Ok(r"dictGetOrDefault('a\'b.protocols', 'name', Proto, '???') = 'foo'")
    );
}

#[test]
fn structure_and_not() {
    check(&[
        ("NOT SrcAS = 1 AND DstAS = 2", "NOT (SrcAS = 1) AND DstAS = 2"),
        ("NOT NOT SrcAS = 1", "NOT (NOT (SrcAS = 1))"),
        ("NOT NOT NOT SrcAS = 1", "NOT (NOT (NOT (SrcAS = 1)))"),
        ("NOT NOT (SrcAS = 1)", "NOT (NOT (SrcAS = 1))"),
        ("NOT (SrcAS = 1)", "NOT (SrcAS = 1)"),
        ("NOT ((SrcAS = 1))", "NOT ((SrcAS = 1))"),
        ("NOT DstASPath != 1", "NOT (NOT has(DstASPath, 1))"),
        ("NOT DstASPath = 1", "NOT has(DstASPath, 1)"),
        ("NOT DstASPath IN (1)", "NOT hasAny(DstASPath, [1])"),
        ("NOT DstASPath NOTIN (1)", "NOT (NOT hasAny(DstASPath, [1]))"),
        ("NOT DstCommunities = *:*", "NOT notEmpty(DstCommunities)"),
        ("NOT DstCommunities IN (1:*)", "NOT arrayExists(c -> bitShiftRight(c, 16) = 1, DstCommunities)"),
        (
            "NOT DstCommunities IN (*:*, *:*:*)",
            "NOT (notEmpty(DstCommunities) OR notEmpty(DstLargeCommunities))",
        ),
        (r#"NOT InIfName REGEXP "x""#, "NOT match(InIfName, 'x')"),
        (r#"NOT InIfName NOT REGEXP "x""#, "NOT (NOT match(InIfName, 'x'))"),
        ("NOT SrcPort IN (80)", "NOT (SrcPort IN (80))"),
        ("NOT SrcPort IN (80, 1-2)", "NOT (SrcPort IN (80) OR SrcPort BETWEEN 1 AND 2)"),
        ("NOT SrcPort NOTIN (80, 1-2)", "NOT (NOT (SrcPort IN (80) OR SrcPort BETWEEN 1 AND 2))"),
        ("NOT (SrcPort IN (80, 1-2))", "NOT ((SrcPort IN (80) OR SrcPort BETWEEN 1 AND 2))"),
        ("NOT SrcPort BETWEEN 1 AND 2", "NOT (SrcPort BETWEEN 1 AND 2)"),
        ("NOT TCPFlags HAS SYN", "NOT (bitAnd(TCPFlags, 2) = 2)"),
        (r#"NOT Proto IN ("foo")"#, "NOT (dictGetOrDefault('protocols', 'name', Proto, '???') IN ('foo'))"),
        ("SrcAS = 1 AND (NOT SrcAS = 2)", "SrcAS = 1 AND (NOT (SrcAS = 2))"),
        ("((SrcAS=1)or srcas=2)And not(SRCAS=3)", "((SrcAS = 1) OR SrcAS = 2) AND NOT (SrcAS = 3)"),
        ("SrcAS=1 OR SrcAS=2 AND SrcAS=3", "SrcAS = 1 OR SrcAS = 2 AND SrcAS = 3"),
        (
            "SrcPort BETWEEN 1 AND 2 AND SrcAS = 3 OR SrcPort NOT BETWEEN 4 AND 5",
            "SrcPort BETWEEN 1 AND 2 AND SrcAS = 3 OR SrcPort NOT BETWEEN 4 AND 5",
        ),
        (r#"ExporterName="x"AND SrcAS=1"#, "ExporterName = 'x' AND SrcAS = 1"),
    ]);
}

#[test]
fn text() {
    check(&[
        ("", ""),
        (" \t\r\n", ""),
        ("-- nothing", ""),
        ("/* nothing */ -- at all\n", ""),
        ("\u{feff}", ""),
        ("\u{feff}SrcAS = 1", "SrcAS = 1"),
        ("SrcAS-- x\n=/* y */1-- z", "SrcAS = 1"),
        ("SrcAS = 1--2", "SrcAS = 1"),
        ("SrcPort = 80/**/AND SrcAS = 1", "SrcPort = 80 AND SrcAS = 1"),
        ("SrcPort = 80 /*/ * /*/ AND SrcAS = 1", "SrcPort = 80 AND SrcAS = 1"),
        ("-- a\rSrcAS = 1\nDstAS = 2", "DstAS = 2"),
        ("DstCommunities = 1:*/**/", "arrayExists(c -> bitShiftRight(c, 16) = 1, DstCommunities)"),
        ("SrcPort NOT--\nBETWEEN/**/1--\nAND/**/2", "SrcPort NOT BETWEEN 1 AND 2"),
    ]);
}

#[test]
fn limits() {
    let deep = |levels| format!("{}SrcAS = 1{}", "(".repeat(levels), ")".repeat(levels));
    assert!(compile(&deep(150), &options()).is_ok());
    assert!(compile(&deep(151), &options()).is_err());
    assert!(compile(&format!("{}SrcAS = 1", "NOT ".repeat(150)), &options()).is_ok());
    assert!(compile(&format!("{}SrcAS = 1", "NOT ".repeat(151)), &options()).is_err());
    assert!(compile(&format!("NOT {}", deep(149)), &options()).is_ok());
    assert!(compile(&format!("NOT {}", deep(150)), &options()).is_err());
    // Levels beside each other do not add up, and a list's parentheses are not one.
    assert!(compile(&format!("{} AND {}", deep(150), deep(150)), &options()).is_ok());
    assert!(compile(&deep(150).replace("= 1", "IN (1)"), &options()).is_ok());
    assert!(compile(&"(".repeat(60_000), &options()).is_err());

    let long = |length: usize| format!("SrcAS = 1{}", " ".repeat(length - 9));
    assert!(compile(&long(65_536), &options()).is_ok());
    assert!(compile(&long(65_537), &options()).is_err());
}
