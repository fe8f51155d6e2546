//! The table of `codes.rs`.

use super::{Row, With, row};

/// The saved filters that the rows refer to.
pub(super) const SAVED: &[(&str, &str)] = &[
    ("edge", "InIfBoundary = external"),
    ("empty", "-- nothing"),
    ("bad", "SrcAS = x"),
    ("worse", "@bad"),
    ("deep", "((SrcAS=1))"),
    ("itself", "SrcAS = 1 OR @itself"),
    ("first", "@second"),
    ("second", "NOT @first"),
    ("twice", "SrcAS = 1"),
    ("twice", "SrcAS = 2"),
];

/// The code of a bug in the core: a filter that was accepted has no SQL. No filter is known to show it.
pub(super) const OUT_OF_REACH: &[&str] = &["E902"];

/// The codes whose `example()` is empty, with what one filter alone lacks.
pub(super) const WITHOUT_EXAMPLE: &[&str] = &[
    "E001", // more than 64 KiB of text
    "E002", // more than 150 levels
    "E302", "E303", "E304", "E305", // saved filters
    "E307", "E308", // a file of filters
    "W509", // the same
    "H603", // a compilation for the opposite direction
    "E901", // more than 100 diagnostics
    "E902", // a bug
];

pub(super) const ROWS: &[&[Row]] = &[
    TEXT,
    STRUCTURE,
    LISTS,
    SPELLING,
    COLUMNS,
    VALUES,
    NUMBERS,
    NAMES,
    RANGES,
    SAVED_FILTERS,
    FILES,
    REMARKS,
];

const TEXT: &[Row] = &[
    row("E001", "SrcAS = 1 AND DstAS = 2", "the filter is longer than 20 bytes", "= 2")
        .with(With::SmallLimits),
    row("E001", "@edge OR @edge", "with `@edge` put in, the filter is longer than 20 bytes", "@edge")
        .with(With::SmallLimits),
    row("E002", "NOT (NOT SrcAS = 1)", "the filter is nested deeper than 2 levels", "NOT")
        .with(With::SmallLimits),
    row("E002", "NOT(NOT @bad)", "the filter is nested deeper than 2 levels", "NOT").with(With::SmallLimits),
    row("E002", "((@bad))", "with `@bad` put in, the filter is nested deeper than 2 levels", "@bad")
        .with(With::SmallLimits),
    row("E002", "@deep", "with `@deep` put in, the filter is nested deeper than 2 levels", "@deep")
        .with(With::SmallLimits),
    row("E010", "SrcAS\u{a0}= 1", "the blank U+00A0 has no place outside strings and comments", "\u{a0}"),
    row(
        "E010",
        "SrcAS = 1\u{feff}",
        "the blank U+FEFF has no place outside strings and comments",
        "\u{feff}",
    ),
    row("E010", "SrcAS IN (1,\u{c}2)", "the blank U+000C has no place outside strings and comments", "\u{c}"),
    row("E011", "ExporterName = \"edge", "string literal not terminated", "\"edge"),
    row("E011", "ExporterName IN ('a', 'b)\nAND SrcAS = 1", "string literal not terminated", "'b)")
        .also(&["E036"]),
    row("E011", "\"ExporterName", "string literal not terminated", "\"ExporterName").also(&["E022"]),
    row("E012", "SrcAS = 1 /* note", "the comment is not closed", "/* note"),
    row("E012", "/*/", "the comment is not closed", "/*/"),
    row("E013", "ExporterName = “edge”", "strings stand in plain quotes", "“edge”"),
    row("E013", "ExporterName IN («a», 'b')", "strings stand in plain quotes", "«a»"),
    row(
        "E014",
        "ExporterName = 'it''s'",
        "a quote inside a string is escaped by a backslash, not doubled",
        "'it''s'",
    ),
    row(
        "E014",
        "ExporterName IN (\"a\"\"b\")",
        "a quote inside a string is escaped by a backslash, not doubled",
        "\"a\"\"b\"",
    ),
];

const STRUCTURE: &[Row] = &[
    row("E020", "SrcAS = 1 AND", "expecting a column name", ""),
    row("E020", "AND SrcAS = 1", "expecting a column name", "AND"),
    row("E020", "SrcAS = 1 AND OR DstAS = 2", "expecting a column name", "OR"),
    row("E020", "= 1", "expecting a column name", "="),
    row("E020", "()", "expecting a column name", ")"),
    row("E020", "NOT", "expecting a column name", ""),
    row("E021", "SrcAS = 1 DstAS = 2", "expecting AND or OR", "DstAS"),
    row("E021", "SrcAS = 1 NOT DstAS = 2", "expecting AND or OR", "NOT"),
    row("E021", "SrcAS = 1 (DstAS = 2)", "expecting AND or OR", "("),
    row("E021", "@edge @edge", "expecting AND or OR", "@edge").with(With::Saved),
    row("E021", "SrcAS = 1 = 2", "expecting AND or OR", "="),
    row("E022", "SrcAS", "expecting an operator", ""),
    row("E022", "SrcAS 1", "expecting an operator", "1"),
    row("E022", "SrcAS NOT", "expecting IN, LIKE, ILIKE, BETWEEN, REGEXP or HAS after NOT", ""),
    row("E023", "SrcAS =", "expecting a value", ""),
    row("E023", "SrcAS = AND DstAS = 2", "expecting a value, found the keyword `AND`", "AND"),
    row("E023", "InIfBoundary = like", "expecting a value, found the keyword `like`", "like"),
    row(
        "E023",
        "SrcAS = @edge",
        "expecting an AS number; a saved filter is a condition, not a value",
        "@edge",
    )
    .with(With::Saved),
    row("E024", "(SrcAS = 1", "the parenthesis is not closed", "("),
    row("E024", "((SrcAS = 1", "2 parentheses are not closed, this one and those before it", "("),
    row("E025", "SrcAS = 1)", "the parenthesis was never opened", ")"),
    row("E034", "SrcPort BETWEEN 1", "expecting AND and the upper end of BETWEEN", ""),
    row("E034", "SrcPort BETWEEN 1 OR SrcAS = 1", "expecting AND and the upper end of BETWEEN", "OR"),
];

const LISTS: &[Row] = &[
    row("E026", "SrcAS IN 1, 2", "the values of the list stand in parentheses", "1, 2"),
    row("E026", "SrcAS IN", "expecting `(` and the values of the list", ""),
    row("E026", "SrcAS NOTIN AND SrcAS = 1", "expecting `(` and the values of the list", "AND"),
    row("E027", "SrcAS IN ()", "the list is empty", "()"),
    row("E027", "TCPFlags HAS (/* none */)", "the list is empty", "(/* none */)"),
    row("E028", "SrcAS IN (1, )", "expecting a value after `,`", ","),
    row("E028", "SrcAS IN (, 1)", "expecting a value before `,`", ","),
    row("E028", "SrcAS IN (1,", "expecting a value after `,`", "").also(&["E036"]),
    row("E029", "SrcAS IN (1 2)", "expecting `,` or `)`", "2"),
    row("E029", "SrcAS IN (1 OR 2)", "the values of a list are separated by `,`, not by `OR`", "OR"),
    row("E030", "SrcAS IN (1; 2)", "unexpected `;` in a list", ";"),
    row("E030", "SrcAS IN ((1))", "unexpected `(` in a list", "("),
    row("E035", "SrcAS = (1, 2)", "`=` takes one value, not a list", "(1, 2)"),
    row("E035", "SrcAS = 1 OR 2", "`=` takes one value, not several", "1 OR 2")
        .help("repeat the column, or write IN (…)"),
    row("E035", "ExporterName NOT LIKE ('a%')", "`UNLIKE` takes one value, not a list", "('a%')"),
    row(
        "E035",
        "SrcPort BETWEEN 1 AND (2, 3)",
        "`BETWEEN` takes two values joined by AND, not a list",
        "(2, 3)",
    ),
    row(
        "E035",
        "SrcPort NOT BETWEEN (1) AND 2",
        "`NOT BETWEEN` takes two values joined by AND, not a list",
        "(1)",
    ),
    row("E036", "SrcAS IN (1, 2", "the parenthesis of the list is not closed", "("),
];

const SPELLING: &[Row] = &[
    row("E030", "SrcAS = 1;", "unexpected `;`", ";"),
    row("E030", "SrcAS = 1, DstAS = 2", "conditions are not joined by `,`", ","),
    row("E031", "SrcAS == 1", "`==` is written `=` here", "=="),
    row("E031", "SrcAS <> 1", "`<>` is written `!=` here", "<>"),
    row("E031", "SrcAS !== 1", "`!==` is written `!=` here", "!=="),
    row("E031", "SrcPort =< 1", "`=<` is written `<=` here", "=<"),
    row("E031", "SrcPort => 1", "`=>` is written `>=` here", "=>"),
    row("E031", "ExporterName =~ \"^a\"", "`=~` is written `REGEXP` here", "=~"),
    row("E031", "ExporterName !~ \"^a\"", "`!~` is written `NOT REGEXP` here", "!~"),
    row("E031", "SrcAddr >> 192.0.2.0/24", "`>>` is no operator", ">>")
        .help("`<<` asks whether the column lies in the subnet"),
    row("E031", "SrcAddr !>> 192.0.2.0/24", "`!>>` is no operator", "!>>")
        .help("`!<<` asks whether the column lies in the subnet"),
    row("E031", "SrcAS = 1 && DstAS = 2", "`&&` is written `AND` here", "&&"),
    row("E031", "SrcAS = 1 | DstAS = 2", "`|` is written `OR` here", "|"),
    row("E031", "!SrcAS = 1", "`!` is written `NOT` here", "!"),
    row("E032", "SrcAS equals 1", "`equals` is no operator", "equals").help("did you mean `=`?"),
    row("E032", "ExporterName lik 'a%'", "`lik` is no operator", "lik").help("did you mean `LIKE`?"),
    row("E032", "SrcAS foo 1", "`foo` is no operator", "foo"),
    row("E032", "SrcAS NOT = 1", "`NOT` does not go with `=`", "NOT ="),
    row("E033", "SrcPort IN (8000 - 8100)", "a range has no blanks inside", "8000 - 8100"),
    row("E033", "SrcAS IN (AS1 -AS9)", "a range has no blanks inside", "AS1 -AS9"),
    row("E033", "SrcPort = 8000- 8100", "a range has no blanks inside", "8000- 8100"),
];

const COLUMNS: &[Row] = &[
    row("E101", "Foo = 1", "unknown column `Foo`", "Foo"),
    row("E101", "SrcASN = 1", "unknown column `SrcASN`", "SrcASN").with(With::DefaultColumns).help("close to it: `SrcAS` and `SrcAddr`"),
    row("E102", "SrcVlan = 10", "the column `SrcVlan` is disabled", "SrcVlan").with(With::DefaultColumns).help("add \"SrcVlan\", or the group \"L2\" it belongs to, to `enable` in the section [schema] of flowql.toml"),
    row("E102", "SrcGeoCity = 'x'", "the column `SrcGeoCity` is disabled", "SrcGeoCity").with(With::ShapedColumns).help("remove \"SrcGeoCity\" from `disable` in the section [schema] of flowql.toml"),
    row("E102", "NextHop = ::1", "the column `NextHop` is disabled", "NextHop").with(With::DefaultColumns).help("add \"NextHop\" to `enable` in the section [schema] of flowql.toml"),
    row("E102", "SrcPort = dstvlan", "the column `DstVlan` is disabled", "dstvlan").with(With::DefaultColumns).help("add \"DstVlan\", or the group \"L2\" it belongs to, to `enable` in the section [schema] of flowql.toml"),
    row("E102", "vlan = 10", "`Vlan` is either `SrcVlan` or `DstVlan`, which are both disabled", "vlan").with(With::DefaultColumns).help("add \"SrcVlan\", or the group \"L2\" it belongs to, to `enable` in the section [schema] of flowql.toml and add \"DstVlan\", or the group \"L2\" it belongs to, to `enable` in the section [schema] of flowql.toml"),
    row("E103", "samplingrate > 1000", "`SamplingRate` cannot be used in a filter", "samplingrate"),
    row("E103", "SrcPort = SamplingRate", "`SamplingRate` cannot be used in a filter", "SamplingRate"),
    row("E103", "FlowStart > 1", "`FlowStart` cannot be used in a filter", "FlowStart").help("the time range of a query selects flows by the time received"),
    row("E104", "\"SrcAS\" = 1", "expecting a column name, found a string", "\"SrcAS\""),
    row("E104", "'edge 1' = 1", "expecting a column name, found a string", "'edge 1'"),
    row("E105", "SrcAS LIKE \"AS%\"", "`SrcAS` has no operator `LIKE`", "LIKE").help("it has `=`, `!=`, `IN`, `NOTIN`, `BETWEEN` and `NOT BETWEEN`"),
    row("E105", "SrcMAC not  between 1 AND 2", "`SrcMAC` has no operator `NOT BETWEEN`", "not  between").help("it has `=`, `!=`, `<<`, `!<<`, `IN` and `NOTIN`"),
    row("E105", "SrcPort HAS SYN", "`SrcPort` has no operator `HAS`", "HAS").help("it has `=`, `!=`, `<`, `<=`, `>`, `>=`, `IN`, `NOTIN`, `BETWEEN` and `NOT BETWEEN`"),
    row("E106", "SrcAS = DstPort", "`SrcAS` is of type asn and cannot be compared with `DstPort` of type uint", "DstPort"),
    row("E106", "NATEvent = FirewallEvent", "`NATEvent` and `FirewallEvent` have different words", "FirewallEvent"),
    row("E106", "AppName != TunnelType", "`AppName` and `TunnelType` have different words", "TunnelType"),
    row("E107", "SrcAS IN (DstAS)", "expecting an AS number or a range of AS numbers, found the column `DstAS`", "DstAS"),
    row("E107", "SrcPort BETWEEN dstport AND 9", "expecting an unsigned integer, found the column `DstPort`", "dstport"),
    row("E107", "DstASPath = SrcAS", "expecting an AS number, found the column `SrcAS`", "SrcAS"),
    row("E107", "SrcPort < port", "`Port` is either end of a flow, and can only begin a condition", "port").help("write `Port > SrcPort`"),
    row("E107", "Addr = addr", "`Addr` is either end of a flow, and can only begin a condition", "addr").help("write `SrcAddr` or `DstAddr`"),
    row("E107", "Port != DstPort", "`Port` is `SrcPort` or `DstPort` and cannot be compared with them", "DstPort").help("the two are compared with each other by `SrcPort = DstPort`"),
];

const STRINGS_HELP: &str = "strings stand in double or single quotes";

const MAC_HELP: &str = "six bytes, as 00:11:22:33:44:55, 00-11-22-33-44-55 or 0011.2233.4455; the first of them and a `*`, or a prefix length, for all that begin so";

const VALUES: &[Row] = &[
    row("E201", "ExporterName = edge", "expecting a string", "edge").help(STRINGS_HELP),
    row("E201", "ExporterName LIKE edge", "expecting a pattern in quotes", "edge").help(STRINGS_HELP),
    row("E201", "ExporterName REGEXP edge", "expecting a regular expression in quotes", "edge").help(STRINGS_HELP),
    row("E201", "DstPort = https", "a service name stands in quotes", "https"),
    row("E201", "Proto = tcp", "expecting an unsigned 8-bit integer or a protocol name in quotes", "tcp"),
    row("E202", "SrcAS = \"AS1\"", "expecting an AS number, without quotes", "\"AS1\""),
    row("E202", "SrcAddr = 'x'", "expecting an IP address or a subnet, without quotes", "'x'"),
    row("E202", "InIfBoundary = 'external'", "expecting a word of the column, without quotes", "'external'"),
    row("E202", "TCPFlags HAS 'SYN'", "expecting the name of a flag, without quotes", "'SYN'"),
    row("E202", "SrcAddr IN ('::1')", "expecting an IP address, a subnet or a range of addresses, without quotes", "'::1'"),
    row("E202", "Proto < 'tcp'", "expecting an unsigned 8-bit integer, without quotes", "'tcp'"),
    row("E205", "SrcAddr = 192.0.2.300", "expecting an IP address or a subnet", "192.0.2.300"),
    row("E205", "SrcAddr BETWEEN 192.0.2.1 AND fe80::1%eth0", "expecting an IP address", "fe80::1%eth0"),
    row("E206", "SrcAddr << 192.0.2.0/33", "expecting a prefix length from 0 to 32, found `33`", "192.0.2.0/33"),
    row("E206", "SrcAddr = ::/129", "expecting a prefix length from 0 to 128, found `129`", "::/129"),
    row("E206", "SrcAddr << 192.0.2/24", "expecting a subnet", "192.0.2/24"),
    row("E206", "SrcAddr << x/24", "expecting a subnet; `x` is no IP address", "x/24"),
    row("E206", "SrcAddr << x", "expecting a subnet", "x"),
    row("E207", "SrcAddr << 192.0.2.1", "expecting a subnet, found an address without a prefix length", "192.0.2.1"),
    row("E207", "DstNetPrefix IN (::1)", "expecting a subnet, found an address without a prefix length", "::1"),
    row("E208", "SrcMAC = 00:11:22", "expecting a MAC address or a MAC prefix", "00:11:22").help(MAC_HELP),
    row("E208", "SrcMAC << 00:53:00:00:00:00/49", "expecting a MAC prefix", "00:53:00:00:00:00/49").help(MAC_HELP),
    row("E210", "DstCommunities = 65536:1", "expecting a community", "65536:1").help("two parts up to 65535 (65000:100), three parts of 32 bits (65000:1:2), `*` or a range for a part, or a well-known name"),
    row("E210", "DstCommunities = no-exprt", "expecting a community", "no-exprt").help("close to it: `no-export`, `no-export-subconfed` and `no-advertise`"),
];

const NUMBERS: &[Row] = &[
    row("E203", "SrcPort = http2", "expecting an unsigned integer", "http2"),
    row("E203", "SrcPort IN (80, -1)", "expecting an unsigned integer", "-1"),
    row("E203", "MPLSLabels = 0x", "expecting an unsigned integer", "0x"),
    row(
        "E204",
        "SrcPort = 18446744073709551616",
        "integers have 64 bits, and this one is above 18446744073709551615",
        "18446744073709551616",
    ),
    row(
        "E204",
        "IPTTL < 0x10000000000000000",
        "integers have 64 bits, and this one is above 18446744073709551615",
        "0x10000000000000000",
    ),
    row("E209", "SrcAS = AS4294967296", "AS numbers have 32 bits, and this one is larger", "AS4294967296"),
    row("E209", "SrcAS = google", "expecting an AS number", "google")
        .help("an AS is written by its number, as in `SrcAS = AS15169`"),
    row("E209", "DstASPath IN (1.10)", "expecting an AS number", "1.10")
        .help("an AS is written by its number, as in `DstASPath = AS15169`"),
    row("E212", "Proto = 256", "expecting an unsigned 8-bit integer or a protocol name in quotes", "256"),
    row("E212", "Proto > 0x100", "expecting an unsigned 8-bit integer", "0x100"),
];

const NAMES: &[Row] = &[
    row("E211", "InIfBoundary = outside", "expecting `external`, `internal` or `undefined`", "outside"),
    row("E211", "InIfBoundary IN (extrnal)", "expecting `external`, `internal` or `undefined`", "extrnal")
        .help("close to it: `external` and `internal`"),
    row("E211", "FlowDirection = up", "expecting `ingress`, `egress` or `undefined`", "up"),
    row("E211", "EType = 2048", "expecting `IPv4` or `IPv6`", "2048"),
    row(
        "E211",
        "NATEvent = \"nat44 session creat\"",
        "`NATEvent` has no word `nat44 session creat`",
        "\"nat44 session creat\"",
    )
    .help("close to it: `NAT44 session create`, `NAT64 session create` and `NAT44 session delete`"),
    row("E211", "SrcRPKI IN ('valid', 'unknown')", "`SrcRPKI` has no word `unknown`", "'unknown'")
        .help("expecting `undefined`, `valid`, `invalid` and `not-found`"),
    row("E213", "DstPort = \"htps\"", "unknown service `htps`", "\"htps\"")
        .help("close to it: `https`, `htcp` and `http`"),
    row("E213", "SrcPortNAT IN ('zzzzzz')", "unknown service `zzzzzz`", "'zzzzzz'"),
    row(
        "E214",
        "TCPFlags HAS SIN",
        "expecting `FIN`, `SYN`, `RST`, `PSH`, `ACK`, `URG`, `ECE`, `CWR` or `NS`",
        "SIN",
    ),
    row(
        "E218",
        "ICMPv4 IN ('x') AND SrcCountry IN (\"FR\", \"\u{e9}\u{e9}\")",
        "`SrcCountry` holds 2 bytes, and this string is longer",
        "\"\u{e9}\u{e9}\"",
    ),
    row(
        "E219",
        "ExporterName LIKE \"edge\\\\\"",
        "the pattern ends in a backslash that escapes nothing",
        "\"edge\\\\\"",
    ),
    row("E220", "ExporterName REGEXP \"edge(\"", "missing `)` in the regular expression", "("),
    row(
        "E220",
        "ExporterName NOT REGEXP 'a**'",
        "a repeat cannot follow a repeat in the regular expression",
        "**",
    ),
    row("E220", "ExporterName REGEXP '\\\\(('", "missing `)` in the regular expression", "'\\\\(('"),
];

const RANGES: &[Row] = &[
    row(
        "E215",
        "SrcAddr IN (192.0.2.1-2001:db8::1)",
        "the two ends of the range are addresses of different families",
        "192.0.2.1-2001:db8::1",
    ),
    row(
        "E215",
        "SrcAddr BETWEEN 192.0.2.1 AND ::1",
        "the two ends of the range are addresses of different families",
        "192.0.2.1 AND ::1",
    ),
    row(
        "E215",
        "SrcAddr IN (192.0.2.1-x)",
        "expecting two addresses of one family, joined by `-`",
        "192.0.2.1-x",
    ),
    row("E216", "SrcPort IN (90-80)", "the second end of the range is lower than the first", "90-80"),
    row(
        "E216",
        "SrcAddr BETWEEN ::2 AND ::1",
        "the second end of the range is lower than the first",
        "::2 AND ::1",
    ),
    row("E217", "SrcPort = 80-90", "expecting an unsigned integer, not a range", "80-90"),
    row(
        "E217",
        "Proto IN (6-17)",
        "expecting an unsigned 8-bit integer or a protocol name in quotes, not a range",
        "6-17",
    ),
    row("E217", "DstASPath IN (AS1-9)", "expecting an AS number, not a range", "AS1-9"),
];

const SAVED_FILTERS: &[Row] = &[
    row("E301", "@egde", "unknown saved filter `@egde`", "@egde").with(With::Saved).help("close to it: `edge`"),
    row("E301", "@zz", "unknown saved filter `@zz`", "@zz").with(With::Saved),
    row("E302", "@itself", "the saved filter `@itself` has an error: the saved filter `@itself` refers to itself", "@itself").with(With::Saved),
    row("E302", "NOT @first", "the saved filter `@first` has an error: the saved filter `@second` has an error: the saved filter `@first` refers to itself", "@first").with(With::Saved),
    row("E303", "@empty AND SrcAS = 1", "the saved filter `@empty` is empty", "@empty").with(With::Saved),
    row("E304", "@twice", "several saved filters are named `twice`", "@twice").with(With::Saved),
    row("E305", "SrcAS = 1 OR @bad", "the saved filter `@bad` has an error: expecting an AS number", "@bad").with(With::Saved),
    row("E305", "@worse", "the saved filter `@worse` has an error: the saved filter `@bad` has an error: expecting an AS number", "@worse").with(With::Saved),
    row("E306", "@1x", "expecting the name of a saved filter after `@`", "@1x"),
    row("E306", "@", "expecting the name of a saved filter after `@`", "@"),
];

const FILES: &[Row] = &[
    row(
        "E306",
        "-- name: a b\nSrcAS = 1",
        "expecting a name: a letter or `_`, then letters, digits, `_` and `-`",
        "a b",
    )
    .with(With::File),
    row(
        "E306",
        "-- name:\nSrcAS = 1",
        "expecting a name: a letter or `_`, then letters, digits, `_` and `-`",
        "-- name:",
    )
    .with(With::File),
    row("E307", "-- name: a\nSrcAS = 1\n-- name: a\nSrcAS = 2", "the file has another filter named `a`", "a")
        .with(With::File),
    row("E308", "SrcAS = 1 AND SrcAS = 2 OR SrcAS = 3", "the file is longer than 30 bytes", "AS = 3")
        .with(With::SmallFile),
    row("W509", "-- name: a\n/* nothing */\n-- name: b\nSrcAS = 2", "the filter is empty", "-- name: a")
        .with(With::File),
];

const REMARKS: &[Row] = &[
    row("W501", "SrcPort <= 65535", "`SrcPort <= 65535` is always true", "SrcPort <= 65535"),
    row(
        "W501",
        "SrcAS = 1 OR SrcAS != 1",
        "one of the conditions on `SrcAS` joined by OR is always true",
        "SrcAS = 1 OR SrcAS != 1",
    ),
    row("W501", "SrcAS = srcas", "`SrcAS = srcas` is always true", "SrcAS = srcas"),
    row("W501", "SrcNetPrefix << ::/0", "`SrcNetPrefix << ::/0` is always true", "SrcNetPrefix << ::/0"),
    row("W501", "InIfName LIKE '%'", "`InIfName LIKE '%'` is always true", "InIfName LIKE '%'"),
    row(
        "W501",
        "MPLSLabels NOTIN (4294967296)",
        "`MPLSLabels NOTIN (4294967296)` is always true",
        "MPLSLabels NOTIN (4294967296)",
    ),
    row("W502", "SrcPort != SrcPort", "`SrcPort != SrcPort` is never true", "SrcPort != SrcPort"),
    row("W502", "SrcNetPrefix !<< ::/0", "`SrcNetPrefix !<< ::/0` is never true", "SrcNetPrefix !<< ::/0"),
    row("W502", "InIfName UNLIKE '%%'", "`InIfName UNLIKE '%%'` is never true", "InIfName UNLIKE '%%'"),
    row(
        "W502",
        "MPLSLabels = 4294967296",
        "`MPLSLabels = 4294967296` is never true",
        "MPLSLabels = 4294967296",
    ),
    row("W502", "SrcPort > 70000", "`SrcPort > 70000` is never true", "SrcPort > 70000"),
    row(
        "W502",
        "SrcAS = 1 AND SrcAS = 2",
        "the conditions on `SrcAS` joined by AND are never true together",
        "SrcAS = 1 AND SrcAS = 2",
    ),
    row("W503", "SrcAS = 1 AND SrcAS = AS1", "`SrcAS = AS1` is said twice", "SrcAS = AS1"),
    row(
        "W504",
        "SrcAddr IN (10.1.0.0/16, 10.0.0.0/8)",
        "`10.1.0.0/16` lies inside `10.0.0.0/8` of the same list",
        "10.1.0.0/16",
    ),
    row("W505", "SrcAddr << 192.0.2.1/24", "host bits are set; the subnet is 192.0.2.0/24", "192.0.2.1/24"),
    row(
        "W506",
        "ExporterName LIKE 'edge'",
        "the pattern has no wildcard, so it matches only this very text",
        "'edge'",
    )
    .help("`%` stands for any text, `_` for one character"),
    row("W507", "SrcCountry = 'fr'", "countries are two capital letters", "'fr'"),
    row("W507", "SrcCountry = 'UK'", "no country has the code `UK`", "'UK'"),
    row("W508", "Proto = 'tpc'", "unknown protocol `tpc`", "'tpc'"),
    row("W508", "Proto = 'ipv6icmp'", "unknown protocol `ipv6icmp`", "'ipv6icmp'")
        .help("close to it: `IPv6-ICMP`, `IPv6` and `IPComp`"),
    row(
        "H601",
        "SrcAS = 1 OR SrcAS = 2 AND DstAS = 3",
        "AND and OR are mixed; AND binds tighter",
        "SrcAS = 2 AND DstAS = 3",
    ),
    row(
        "H602",
        "SrcAS = 1 AND srcport = 80",
        "`SrcPort` is only in the raw table, which is slower and reaches less far back",
        "srcport",
    ),
    row(
        "H603",
        "DstAS = 2 AND DstASPath = 1",
        "`DstASPath` has no enabled counterpart and stays as it is in the reversed filter",
        "DstASPath",
    )
    .with(With::Reverse),
    row(
        "H604",
        "Communities = 65000:1",
        "`Communities` is `DstCommunities` alone: `SrcCommunities` is disabled",
        "Communities",
    )
    .with(With::DefaultColumns)
    .help("add \"SrcCommunities\" to `enable` in the section [schema] of flowql.toml"),
    row("E901", "a=1 b=1 c=1 d=1", "1 more diagnostics are not shown", "d")
        .with(With::SmallLimits)
        .also(&["E101", "E021", "E021"]),
];
