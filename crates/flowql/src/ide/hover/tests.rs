use super::*;
use crate::{SavedFilters, Schema, SchemaConfig, Scope as Source};

fn config() -> SchemaConfig {
    SchemaConfig {
        enable: vec!["TCPFlags".to_owned()],
        communities: [("65000:666".to_owned(), "our-blackhole".to_owned())].into(),
        column: vec![crate::CustomColumn {
            name: "DstRole".to_owned(),
            kind: "string".to_owned(),
            description: "The *role* of <b>it</b>.".to_owned(),
            ..Default::default()
        }],
        ..SchemaConfig::default()
    }
}

/// The hovered text and the Markdown at the cursor `|`.
fn hovered(marked: &str) -> Option<(String, String)> {
    let offset = u32::try_from(marked.find('|').unwrap()).unwrap();
    let text = marked.replacen('|', "", 1);
    let schema = Schema::configured(&config()).unwrap();
    let mut saved = SavedFilters::default();
    saved.insert(Source::User, "own", "SrcAS = 1 -- ``` x\n");
    saved.insert(Source::User, "bad", "SrcASN = 1");
    saved.insert(Source::User, "twice", "SrcAS = 1");
    saved.insert(Source::User, "twice", "SrcAS = 2");
    let found = hover(&Compiler::new(&schema, &saved), &text, offset)?;
    Some((found.span.of(&text).to_owned(), found.markdown))
}

/// Checks the hovered text, and that the Markdown holds the parts in their order.
fn check(marked: &str, hovered_text: &str, parts: &[&str]) {
    let (span, markdown) = hovered(marked).unwrap_or_else(|| panic!("{marked}: nothing"));
    assert_eq!(span, hovered_text, "{marked}");
    let mut rest = markdown.as_str();
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else {
            panic!("{marked}: no {part:?} in its place in\n{markdown}")
        };
        rest = after;
    }
}

#[test]
fn either_end_says_what_its_negation_means() {
    check(
        "po|rt != 53",
        "port",
        &["**Port** — either end", "`SrcPort` or `DstPort`", "neither", "operators: `=`", "`Port = "],
    );
    check("Vl|an = 1", "Vlan", &["**Vlan** — either end", "disabled: add `\"SrcVlan\"`"]);
    check("Port = |53", "53", &["`53` — port", "service `\"domain\"`"]);
    check("Port |NOTIN (53)", "NOTIN", &["`NOTIN` — operator"]);
}

#[test]
fn numbers_and_names_as_people_write_them() {
    check("InIfSpeed >= 1|0G", "10G", &["`10000 Mbit/s`"]);
    check(
        "ForwardingStatus = \"drop|ped\"",
        "\"dropped\"",
        &["`\"dropped\"` — value of `ForwardingStatus`", "128 to 191"],
    );
    check("ForwardingStatus = 1|30", "130", &["named `dropped`, `acl-drop`"]);
    check("ForwardingSt|atus = 1", "ForwardingStatus", &["names, in quotes: `unknown`, `forwarded`"]);
    check(
        "SrcMAC << 00:53:0|0:*",
        "00:53:00:*",
        &["`00:53:00:00:00:00/24` — MAC prefix", "`00:53:00:ff:ff:ff`"],
    );
    check("DstCommunities = 65000:1|-9", "65000:1-9", &["`65000:1-9` — communities (RFC 1997)"]);
    check("DstASPath HAS (AS|174)", "AS174", &["AS174"]);
}

#[test]
fn columns() {
    assert_eq!(
        hovered("src|port = 80").unwrap().1,
        "**SrcPort** — column of type `uint`\n\nThe source port, of TCP, UDP and the like.\n\n\
         - ClickHouse type: `UInt16`\n\
         - operators: `=`, `!=`, `<`, `<=`, `>`, `>=`, `IN`, `NOTIN`, `BETWEEN`, `NOT BETWEEN`\n\
         - example: `SrcPort = \"https\"`\n\
         - only in the raw table, which is slower and reaches less far back\n\nTHE REFERENCE"
            .replace("The source port, of TCP, UDP and the like.", &doc("SrcPort"))
            .replace("\"https\"", &example("SrcPort"))
            .replace(
                "THE REFERENCE",
                Schema::default().reference_of_type(crate::tables::Type::Uint).unwrap()
            )
    );
    check(
        "SrcAS i|n (1)",
        "in",
        &["a list in parentheses", "joined by a hyphen", "```flowql\nSrcPort IN (80, 443"],
    );
    check("InIf|Speed > 1", "InIfSpeed", &["unit: Mbit/s"]);
    check("|TCPFlags", "TCPFlags", &["`HAS`", "named bits: `FIN`, `SYN`"]);
    check("InIfBoundary| = external", "InIfBoundary", &["values: `external`, `internal`, `undefined`"]);
    check("SrcVlan|", "SrcVlan", &["disabled: add `\"SrcVlan\"`, or its group `\"L2\"`, to `enable`"]);
    check("Time|Received > 1", "TimeReceived", &["cannot be used in a filter"]);
    check("DstNetPrefix|", "DstNetPrefix", &["computed at query time", "raw table"]);
    check("Dst1stAS|", "Dst1stAS", &["made from `DstASPath`"]);
    check("DstRo|le", "DstRole", &["The \\*role\\* of \\<b\\>it\\</b\\>.", "added by the configuration"]);
    check("SrcAS = dst|as", "dstas", &["**DstAS**"]);
    check("SrcASN| = 1", "SrcASN", &["No column is named `SrcASN`.", "close to it: `SrcAS`"]);
    check("a`b| = 1", "a`b", &["No column is named ``a`b``."]);
    check("\"Src|AS\" = 1", "\"SrcAS\"", &["**SrcAS**"]);
}

fn doc(name: &str) -> String {
    let schema = Schema::default();
    schema.column(schema.find(name).unwrap()).doc.to_string()
}

fn example(name: &str) -> String {
    let schema = Schema::default();
    schema.column(schema.find(name).unwrap()).example.to_string()
}

#[test]
fn operators_and_keywords() {
    check(
        "SrcAS |!= 1",
        "!=",
        &["`!=` — operator", "the opposite of `=`", "on `SrcAS` it takes an AS number or a column"],
    );
    check(
        "SrcPort |= 1",
        "=",
        &["an unsigned integer, a column of the same type or a service name in quotes"],
    );
    check(
        "SrcAS NO|T /* x */ IN (1)",
        "NOT /* x */ IN",
        &["`NOTIN` — operator", "also written `NOT IN`", "a list in parentheses"],
    );
    check("SrcAS not  |in (1)", "not  in", &["`NOTIN`"]);
    check("SrcAddr NOTI|N (::1)", "NOTIN", &["`NOTIN`", "A list of 1 value", "it covers 1 address"]);
    check("SrcPort BETWE|EN 1 AND 2", "BETWEEN", &["two values joined by `AND`"]);
    check("TCPFlags H|AS x", "HAS", &["the name of a flag, or a list of them"]);
    check("SrcAS LI|KE \"x\"", "LIKE", &["not for this column: `SrcAS` has `=`, `!=`, `IN`"]);
    check("SrcAS =|= 1", "==", &["`=` — operator", "`==` is written `=` here"]);
    check("SrcAS equ|als 1", "equals", &["`equals` is no operator.", "`SrcAS` has `=`"]);
    check("Nothing |= 1", "=", &["Equal to the value"]);
    check("SrcAS BETWEEN 1 AN|D 2", "AND", &["joins the two ends"]);
    check("SrcAS = 1 a|nd DstAS = 2", "and", &["both sides hold"]);
    check("SrcAS = 1 O|R DstAS = 2", "OR", &["at least one side"]);
    check("NO|T SrcAS = 1", "NOT", &["does not hold"]);
    check("SrcAS NO|T = 1", "NOT", &["does not hold"]);
}

#[test]
fn numbers_ports_and_protocols() {
    check("Proto = |6", "6", &["`TCP` — IP protocol 6", "Transmission Control"]);
    check("Proto = \"ud|p\"", "\"udp\"", &["`UDP` — IP protocol 17"]);
    check("Proto = \"f`o|o\"", "\"f`oo\"", &["knows no protocol ``f`oo``"]);
    check("Proto = |253", "253", &["IP protocol 253"]);
    check("DstPort = 44|3", "443", &["`443` — port", "service `\"https\"`"]);
    check("DstPort = \"DOM|AIN\"", "\"DOMAIN\"", &["`\"domain\"` — service", "port 53"]);
    check("DstPort = 0x5|0", "0x50", &["`80` — port", "`0x50` in decimal is 80", "http"]);
    check("DstPort = 7000|0", "70000", &["more than the 16 bits"]);
    check("DstPort IN (8000-|8100)", "8000-8100", &["range of ports", "101 values, from 8000 to 8100"]);
    check("InIfSpeed = 100|00", "10000", &["`10000 Mbit/s` — integer"]);
    check("TCPFlags = 1|8", "18", &["bits: `SYN`, `ACK`"]);
    check(
        "TCPFlags HAS (syn|, ACK)",
        "syn",
        &["`SYN` — bit of `TCPFlags`", "mask 2 (`0x2`)", "`FIN`, `SYN`"],
    );
    check(
        "TCPFlags HAS |(syn, ACK, x)",
        "(syn, ACK, x)",
        &["A list of 3 values", "mask 18 (`0x12`): `SYN`, `ACK`"],
    );
    check(
        "SrcAS = AS1.1|0",
        "AS1.10",
        &["`AS65546` — AS number", "asplain `65546`, asdot `1.10`", "RFC 5398"],
    );
    check("SrcAS = |15169", "15169", &["`AS15169`", "asdot `15169`"]);
    check("DstASPath IN (|23456)", "23456", &["RFC 6793"]);
    check("SrcAS IN (AS64512|-65534)", "AS64512-65534", &["1023 values", "RFC 6996"]);
}

#[test]
fn addresses_and_macs() {
    check("SrcAddr = 10.|1.2.3", "10.1.2.3", &["`10.1.2.3` — IPv4 address", "RFC 1918"]);
    check(
        "SrcAddr = ::ffff:192.|0.2.1",
        "::ffff:192.0.2.1",
        &["IPv6 address", "IPv4-mapped", "`192.0.2.1`", "RFC 5737"],
    );
    check("SrcAddr = 2001:DB8:0::1|", "2001:DB8:0::1", &["`2001:db8::1` — IPv6", "RFC 3849"]);
    check(
        "SrcAddr << 192.0.2.9/2|4",
        "192.0.2.9/24",
        &[
            "`192.0.2.0/24` — IPv4 subnet",
            "from `192.0.2.0` to `192.0.2.255`",
            "256 addresses",
            "netmask `255.255.255.0`",
            "host bits of `192.0.2.9`",
            "RFC 5737",
        ],
    );
    check("SrcAddr << 2a00::|/48", "2a00::/48", &["IPv6 subnet", "2^80 addresses"]);
    check("DstNetPrefix = 192.0.2.1/32|", "192.0.2.1/32", &["1 address\n"]);
    check("SrcAddr << |::/0", "::/0", &["2^128 addresses"]);
    check("SrcAddr IN (192.0.2.10-192.0.2|.20)", "192.0.2.10-192.0.2.20", &["range of IPv4", "11 addresses"]);
    check("SrcMAC = 0000.5E00.|53FF", "0000.5E00.53FF", &["`00:00:5e:00:53:ff`", "unicast", "universally"]);
    check("SrcMAC = 33:33:00:00:00:0|1", "33:33:00:00:00:01", &["multicast", "locally"]);
    check("SrcMAC = ff-ff-ff-ff-ff-f|f", "ff-ff-ff-ff-ff-ff", &["broadcast"]);
}

#[test]
fn lists_taken_together() {
    check(
        "SrcAddr IN |(10.0.0.0/24, 10.0.1.0/24, 10.0.0.7, x)",
        "(10.0.0.0/24, 10.0.1.0/24, 10.0.0.7, x)",
        &["A list of 4 values", "covers 512 addresses", "aggregated: `10.0.0.0/23`", "no addresses: `x`"],
    );
    check(
        "SrcAddr I|N (2001:db8::/64, ::1)",
        "IN",
        &["`IN`", "more than 2^64 addresses", "`::1/128`, `2001:db8::/64`"],
    );
    check("SrcPort IN (80, 1-100, \"https\"|)", "\"https\"", &["port 443"]);
    check(
        "SrcPort IN (80, 1-100, \"https\" |)",
        "(80, 1-100, \"https\" )",
        &["A list of 3 values", "different values that it covers: 101"],
    );
    check("ExporterName IN (\"a\", \"b\" |)", "(\"a\", \"b\" )", &["A list of 2 values"]);
    check("SrcAS IN |(1, 2", "(1, 2", &["different values that it covers: 2"]);
    let singles: Vec<String> = (0..20).map(|place| format!("192.0.2.{}", 2 * place)).collect();
    let text = format!("SrcAddr IN |({})", singles.join(","));
    assert!(hovered(&text).unwrap().1.ends_with("`192.0.2.14/32` and 12 more"));
}

#[test]
fn communities_words_and_strings() {
    check("DstCommunities = 65000:|100", "65000:100", &["community (RFC 1997)", "AS 65000, value 100"]);
    check(
        "DstCommunities = No-|Export",
        "No-Export",
        &["`65535:65281`", "well known as `no-export` (RFC 1997)"],
    );
    check("DstCommunities = 65000:66|6", "65000:666", &["named `our-blackhole` by the configuration"]);
    check("DstCommunities = our|-blackhole", "our-blackhole", &["`65000:666`"]);
    check("DstCommunities = 65000|:*", "65000:*", &["every such community with AS 65000"]);
    check("DstCommunities = *:*:|*", "*:*:*", &["large community (RFC 8092)", "any such community"]);
    check(
        "DstCommunities = 65000:*:|2",
        "65000:*:2",
        &["global administrator 65000 and second local part 2"],
    );
    check("InIfBoundary = EXTER|NAL", "EXTERNAL", &["`external` — value of type `boundary`", "leads out"]);
    check("EType = ipv6|", "ipv6", &["`IPv6`", "0x86DD"]);
    check("SrcCountry = \"F|R\"", "\"FR\"", &["`FR` — string of 2 characters", "France"]);
    check("SrcCountry = \"X|X\"", "\"XX\"", &["no country"]);
    check(
        "ExporterName LIKE \"edge|%\"",
        "\"edge%\"",
        &["the text begins with `edge`", "`%` stands for any text", "differ"],
    );
    check("ExporterName IUNLIKE '%e|dge'", "'%edge'", &["ends with `edge`", "in any case"]);
    check("ExporterName LIKE '%a|b%'", "'%ab%'", &["contains `ab`"]);
    check(
        "ExporterName REGEXP '^|e('",
        "'^e('",
        &["regular expression (RE2)", "anywhere", "missing \\`)\\`"],
    );
    check("ExporterName = \"it`s| \\\\ x\"", "\"it`s \\\\ x\"", &["``it`s \\ x``"]);
    check("ExporterName = “ed|ge”", "“edge”", &["`edge`"]);
    check("SrcAS = fo|o", "foo", &["`foo` is no value that fits here: on `SrcAS` it takes an AS number"]);
}

#[test]
fn values_of_unknown_columns_are_read_by_their_looks() {
    check("x = 192.0.|2.1", "192.0.2.1", &["IPv4 address"]);
    check("x = 0x1|0", "0x10", &["`16` — integer"]);
    check("x = AS|1", "AS1", &["AS number"]);
    check("x = 65000:|1", "65000:1", &["community"]);
    check("x = 00:11:22:33:44:5|5", "00:11:22:33:44:55", &["MAC address"]);
    check("x = \"a|b\"", "\"ab\"", &["string of 2 characters"]);
    assert_eq!(hovered("x = fo|o"), None);
}

#[test]
fn saved_filters() {
    check("@o|wn", "@own", &["`@own` — saved filter", "````flowql\nSrcAS = 1 -- ``` x\n````"]);
    check("NOT @ba|d", "@bad", &["```flowql\nSrcASN = 1\n```", "has an error: unknown column"]);
    check("@twi|ce", "@twice", &["several saved filters"]);
    check("@ow|m", "@owm", &["unknown saved filter", "close to it: \\`own\\`"]);
    check("@1|x", "@1x", &["begins with a letter"]);
    check("SrcAS = @o|wn", "@own", &["```flowql"]);
}

#[test]
fn nothing_where_there_is_nothing_to_say() {
    for text in ["|", "SrcAS = 1 | AND", "-- com|ment", "|(SrcAS = 1)", "SrcAS IN (1 |, 2)", "SrcAS = 1 |; x"]
    {
        assert_eq!(hovered(text), None, "{text}");
    }
}

#[test]
fn every_text_and_offset_is_answered() {
    let (schema, saved) = (Schema::default(), SavedFilters::default());
    let compiler = Compiler::new(&schema, &saved);
    let texts = [
        "",
        "é",
        "a = \"é x",
        "SrcAddr IN (::/0, 255.255.255.255, 9-1, ::-::1, é",
        ")) IN \"\" ''",
        "\u{FEFF}@a /* é",
        "TCPFlags HAS (é) NOT IN NOT",
        "SrcPort IN (9-1, 18446744073709551615-0, 0-18446744073709551615)",
        "@é = 1 ` ``",
    ];
    for text in texts {
        let end = u32::try_from(text.len()).unwrap();
        for offset in (0..=end + 2).chain([u32::MAX]) {
            if let Some(found) = hover(&compiler, text, offset) {
                assert!(text.get(found.span.range()).is_some_and(|part| !part.is_empty()), "{text:?}");
                assert!(!found.markdown.is_empty());
            }
        }
    }
}

#[test]
fn every_column_operator_and_example_has_its_card() {
    let (schema, saved) = (Schema::all_columns(), SavedFilters::default());
    let compiler = Compiler::new(&schema, &saved);
    for id in schema.ids() {
        let column = schema.column(id);
        let card = hover(&compiler, &column.name, 0).unwrap();
        assert!(card.markdown.contains(&plain(&column.doc)) && card.markdown.contains("ClickHouse"));
        for operator in column.operators() {
            let text = format!("{} {} {}", column.name, operator.symbol(), column.example);
            let at = u32::try_from(column.name.len() + 1).unwrap();
            let card = hover(&compiler, &text, at).unwrap();
            assert_eq!(card.span.of(&text), operator.symbol());
            assert!(card.markdown.contains(schema.doc_of_operator(operator)), "{text}");
            assert!(card.markdown.contains("it takes"), "{text}");
        }
        if column.filter_type.is_some() {
            let text = format!("{} = {}", column.name, column.example);
            assert!(compiler.diagnostics(&text).iter().all(|found| !found.is_error()), "{text}");
            let card = hover(&compiler, &text, u32::try_from(text.len()).unwrap()).unwrap();
            assert!(!card.markdown.contains("no value"), "{text}: {}", card.markdown);
        }
    }
}
