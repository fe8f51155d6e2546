use super::*;
use flowql_backend::{SourceOptions, ValueSource, complete, suggest};
use std::sync::Arc;

const TOML: &str = r#"
[columns]
ExporterName = ["edge1", "edge2", "core \"1\""]
InIfName = [{ value = "Ethernet1/1", detail = "Transit: Example" }, "Ethernet1/2"]
dstport = [8443, 53]
SrcAddr = ["192.0.2.1", "198.51.100.0/24"]
SrcVlan = [100]

[types]
asn = [{ value = "AS15169", detail = "Google" }, { value = "AS64500", detail = "Example" }, "64501"]
community = ["65000:100", "65000:1:2"]
"#;

const JSON: &str = r#"{"columns": {"ExporterName": ["edge1", {"value": "edge2", "detail": "Paris"}], "DstPort": [{"value": 443}]}}"#;

async fn ask(backend: &StaticValues, column: &str, operator: Operator, prefix: &str) -> Vec<String> {
    let query = ValueQuery::of(column, Some(operator), prefix, 10);
    let values = backend.values(&query).await.unwrap();
    assert_eq!(values.incomplete, None);
    values.suggestions.into_iter().map(|suggestion| suggestion.value).collect()
}

#[tokio::test]
async fn values_come_from_the_lists_of_the_file() {
    let backend = StaticValues::from_toml(TOML, &Schema::default()).unwrap();
    for (column, operator, prefix, expected) in [
        ("ExporterName", Operator::Eq, "", &["edge1", "edge2", "core \"1\""][..]),
        ("ExporterName", Operator::Eq, "2", &["edge2"]),
        ("InIfName", Operator::Eq, "trans", &["Ethernet1/1"]),
        // Of the counterpart.
        ("OutIfName", Operator::Eq, "eth", &["Ethernet1/1", "Ethernet1/2"]),
        ("SrcPort", Operator::Eq, "", &["8443", "53"]),
        // Of the type, by number or organisation.
        ("SrcAS", Operator::Eq, "645", &["AS64500", "64501"]),
        ("Dst2ndAS", Operator::Eq, "goo", &["AS15169"]),
        ("DstASPath", Operator::In, "as6", &["AS64500"]),
        ("DstCommunities", Operator::Eq, "65000:1", &["65000:100", "65000:1:2"]),
        ("SrcAddr", Operator::Within, "", &["198.51.100.0/24"]),
        ("DstAddr", Operator::Between, "", &["192.0.2.1"]),
        ("DstVlan", Operator::Eq, "", &["100"]),
        ("Proto", Operator::Eq, "", &[]),
        ("Nothing", Operator::Eq, "", &[]),
    ] {
        assert_eq!(ask(&backend, column, operator, prefix).await, expected, "{column} {prefix}");
    }
    let backend = StaticValues::from_json(JSON, &Schema::default()).unwrap();
    assert_eq!(ask(&backend, "ExporterName", Operator::Eq, "par").await, ["edge2"]);
    assert_eq!(ask(&backend, "DstPort", Operator::Eq, "").await, ["443"]);
}

#[test]
fn a_bad_file_says_what_is_wrong() {
    let problem = |text: &str| StaticValues::from_toml(text, &Schema::default()).unwrap_err();
    assert_eq!(
        problem(
            "[columns]\nSrcASN = []\nTimeReceived = [1]\nSrcAS = [\"x\"]\nSrcAddr = [\"1.2.3\"]\n[types]\nasm = []\nboundary = [\"inside\"]\n"
        ),
        "`x` is no value of `SrcAS`: expecting an AS number; \
         there is no column `SrcASN`: did you mean `SrcAS`?; `1.2.3` is no value of `SrcAddr`: expecting an IP address or \
         a subnet; there is no column `TimeReceived` that a filter can use; there is no type `asm`: did you mean `asn`?; `inside` is no value of `InIfBoundary`: expecting \
         `external`, `internal` or `undefined`"
    );
    assert!(problem("[columns]\nSrcAS = 1\n").contains("line 2"));
    assert!(
        problem("[columns]\nSrcAS = [{ value = 1, name = \"x\" }]\n").contains("expected a string, a number")
    );
    assert!(problem("[column]\n").contains("unknown field `column`"));
    let many = format!("[columns]\nSrcAS = [{}]", "\"x\", ".repeat(20));
    assert!(problem(&many).ends_with("; and 10 more"));
    let missing = StaticValues::load(Path::new("no/such.toml"), &Schema::default()).unwrap_err();
    assert!(missing.to_string().starts_with("cannot read `no/such.toml`: "), "{missing}");
}

fn source(schema: &Schema) -> ValueSource {
    ValueSource::new(Arc::new(StaticValues::from_toml(TOML, schema).unwrap()), SourceOptions::default())
}

#[tokio::test]
async fn a_completion_has_the_values_that_fit() {
    let (schema, saved) = (Schema::default(), SavedFilters::default());
    let compiler = Compiler::new(&schema, &saved);
    let source = source(&schema);
    for (text, expected) in [
        ("SrcAS = ", &["AS15169", "AS64500", "64501"][..]),
        ("SrcAS = goo", &["AS15169"]),
        ("SrcAS IN (15169, ", &["AS64500", "64501"]),
        ("ExporterName = \"core", &["\"core \\\"1\\\"\""]),
        ("ExporterName = edg", &["\"edge1\"", "\"edge2\""]),
        // The second end of BETWEEN is not below the first.
        ("SrcAS BETWEEN AS50000 AND ", &["AS64500", "64501"]),
        ("DstPort BETWEEN ", &["8443", "53"]),
        ("DstAddr << ", &["198.51.100.0/24"]),
    ] {
        let completed =
            complete(&compiler, Some(&source), text, u32::try_from(text.len()).unwrap(), 50).await;
        let values = completed.completions.candidates.iter();
        let values: Vec<_> = values
            .filter(|candidate| candidate.kind == ide::CandidateKind::Value)
            .map(|candidate| candidate.insert.as_str())
            .collect();
        assert_eq!(values, expected, "{text}");
        assert_eq!(completed.incomplete, None);
    }
    // Of equal matches, those of the network come first; the same value does not come twice.
    let completed = complete(&compiler, Some(&source), "DstPort = ", 10, 50).await;
    let labels: Vec<_> =
        completed.completions.candidates.iter().take(4).map(|candidate| candidate.label.as_str()).collect();
    assert_eq!(labels, ["8443", "53", "443", "80"]);
    let completed = complete(&compiler, Some(&source), "DstPort = 80", 12, 50).await;
    assert_eq!(completed.completions.candidates[0].label, "80");
}

#[tokio::test]
async fn a_column_alone_has_its_values() {
    let (schema, saved) = (Schema::default(), SavedFilters::default());
    let compiler = Compiler::new(&schema, &saved);
    let source = source(&schema);
    for (column, operator, prefix, kind, quoted, expected) in [
        ("srcas", None, "15", "AS number", false, ("AS15169", "Google")),
        ("DstPort", None, "844", "port", false, ("8443", "pcsync-https")),
        ("DstPort", None, "http", "port", false, ("80", "http")),
        ("ExporterName", Some(Operator::Eq), "", "exporter name", true, ("edge1", "")),
        ("InIfName", Some(Operator::In), "", "interface name", true, ("Ethernet1/1", "Transit: Example")),
        ("InIfBoundary", None, "ext", "network boundary", false, ("external", "")),
        ("Proto", None, "tc", "protocol", true, ("tcp", "protocol 6")),
        (
            "SrcCountry",
            None,
            "fran",
            "The country of the source address, as a two-letter code (ISO 3166-1 alpha-2)",
            true,
            ("FR", "France"),
        ),
        ("DstCommunities", None, "no-exp", "community", false, ("no-export", "65535:65281 (RFC 1997)")),
        ("InIfConnectivity", None, "", "connectivity type", true, ("", "")),
        ("SrcNetRole", None, "", "network role", true, ("", "")),
    ] {
        let suggested = suggest(&compiler, Some(&source), None, column, operator, prefix, 20).await.unwrap();
        assert_eq!(suggested.kind, kind, "{column}");
        match suggested.values.first() {
            Some(first) => {
                assert_eq!((first.value.as_str(), first.detail.as_str()), expected, "{column}");
                assert_eq!(first.quoted, quoted, "{column}");
            }
            None => assert_eq!(expected, ("", ""), "{column}"),
        }
    }
    assert_eq!(suggest(&compiler, Some(&source), None, "TimeReceived", None, "", 20).await, None);
    assert_eq!(suggest(&compiler, Some(&source), None, "SrcVlan", None, "", 20).await, None);
    assert_eq!(suggest(&compiler, Some(&source), None, "SrcAS", Some(Operator::Like), "", 20).await, None);
    assert_eq!(suggest(&compiler, None, None, "SrcAS", None, "", 2).await.unwrap().values, []);
    assert_eq!(suggest(&compiler, None, None, "DstPort", None, "", 2).await.unwrap().values.len(), 2);
}
