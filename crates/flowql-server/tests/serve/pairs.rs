//! The routes of Akvorado's console, by pairs of request and answer that were written by hand before the code.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::service::Service;

const CONFIG: &str =
    "[schema]\nenable = [\"L2\", \"L3L4\", \"NAT\", \"MPLSLabels\"]\ndisable = [\"SrcVlan\"]\n";

const VALUES: &str = r#"
[columns]
ExporterName = ["edge1.example.net", "edge2.example.net", "core \"1\""]
InIfName = [{ value = "Ethernet1/1", detail = "Transit: Example" }]
InIfDescription = ["Transit: Example"]
InIfConnectivity = ["transit", "ix"]
InIfProvider = ["example"]
SrcNetName = ["customers"]
SrcAddr = ["192.0.2.1", "2001:db8::1"]
SrcMAC = ["00:00:5e:00:53:01"]
DstCommunities = ["65000:100", "65000:100:200"]
SrcCountry = ["FR"]

[types]
asn = [{ value = "AS15169", detail = "Google" }, { value = "AS64500", detail = "Example" }]
"#;

/// A request and its answer.
struct Pair {
    line: usize,
    method: String,
    path: String,
    body: String,
    status: u16,
    answer: Value,
}

/// The pairs of a file: the request line, the body, the status, the answer, a blank line.
fn pairs(name: &str) -> Vec<Pair> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/serve/pairs").join(name);
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<(usize, &str)> =
        (1..).zip(text.lines()).filter(|(_, line)| !line.starts_with('#')).collect();
    let blocks = lines.split(|(_, line)| line.is_empty()).filter(|block| !block.is_empty());
    let pair = |block: &[(usize, &str)]| {
        let [(line, request), (_, body), (_, status), (_, answer)] = block else {
            panic!("{name}: a pair has four lines: {block:?}");
        };
        let (method, path) = request.split_once(' ').unwrap();
        Pair {
            line: *line,
            method: method.to_owned(),
            path: path.to_owned(),
            body: if *body == "-" { String::new() } else { (*body).to_owned() },
            status: status.parse().unwrap(),
            answer: serde_json::from_str(answer).unwrap_or_else(|error| panic!("{name}:{line}: {error}")),
        }
    };
    blocks.map(pair).collect()
}

/// The members of the answers that clients of the peer know. A pair says which of them there are; others may be added.
const KNOWN: [&str; 4] = ["parsed", "errors", "completions", "filters"];

/// What is not as it was expected.
fn difference(expected: &Value, found: &Value, path: &str) -> Option<String> {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            let missing = expected.iter().find_map(|(key, value)| match found.get(key) {
                Some(there) => difference(value, there, &format!("{path}.{key}")),
                None => Some(format!("{path}.{key} is missing")),
            });
            missing.or_else(|| {
                let odd =
                    KNOWN.iter().find(|key| found.contains_key(**key) && !expected.contains_key(**key))?;
                Some(format!("{path}.{odd} is there"))
            })
        }
        (Value::Array(expected), Value::Array(found)) => {
            let open = expected.last().is_some_and(|last| last == "…");
            let expected = if open { &expected[..expected.len() - 1] } else { &expected[..] };
            if found.len() < expected.len() || (!open && found.len() > expected.len()) {
                return Some(format!("{path} has {} items, not {}", found.len(), expected.len()));
            }
            let mut items = expected.iter().zip(found).enumerate();
            items.find_map(|(index, (expected, found))| {
                difference(expected, found, &format!("{path}[{index}]"))
            })
        }
        _ if expected == found => None,
        _ => Some(format!("{path} is {found}, not {expected}")),
    }
}

#[track_caller]
fn check(service: &Service, name: &str) {
    let pairs = pairs(name);
    assert!(!pairs.is_empty());
    let mut wrong = Vec::new();
    for pair in pairs {
        // The console declares no type of its body.
        let answer = service.send(&pair.method, &pair.path, &[], pair.body.as_bytes());
        let found = if answer.body.is_empty() { Value::Null } else { answer.json() };
        let different = if answer.status == pair.status {
            difference(&pair.answer, &found, "")
        } else {
            Some(format!("the status is {}, not {}", answer.status, pair.status))
        };
        if let Some(different) = different {
            wrong.push(format!("{name}:{}: {}: {different}\n  {found}", pair.line, pair.body));
        }
        if pair.status == 400 {
            assert!(found["message"].is_string(), "{found}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_console_validates() {
    check(&Service::start(CONFIG, &[]), "validate.pairs");
}

#[test]
fn the_console_completes() {
    let service = Service::start(CONFIG, &[]);
    check(&service, "complete.pairs");
}

#[test]
fn the_console_completes_values() {
    let folder = std::sync::Arc::new(tempfile::tempdir().unwrap());
    std::fs::write(folder.path().join("flowql.toml"), CONFIG).unwrap();
    std::fs::write(folder.path().join("values.toml"), VALUES).unwrap();
    let service = Service::start_in(folder, &["--values", "values.toml"]);
    check(&service, "values.pairs");
}

#[test]
fn the_console_saves() {
    check(&Service::start(CONFIG, &[]), "saved.pairs");
}

#[test]
fn the_pairs_have_every_type_valid_and_invalid() {
    let schema = flowql::Schema::all_columns();
    let mut seen = [BTreeSet::new(), BTreeSet::new()];
    for pair in pairs("validate.pairs").into_iter().filter(|pair| pair.status == 200) {
        let body: Value = serde_json::from_str(&pair.body).unwrap();
        let filter = body["filter"].as_str().unwrap();
        let word = filter.split(|found: char| !found.is_ascii_alphanumeric()).next().unwrap();
        if let Some(id) = schema.find(word) {
            let valid = pair.answer.get("errors").is_none();
            seen[usize::from(valid)].extend(schema.column(id).filter_type);
        }
    }
    let all: BTreeSet<_> = flowql::tables::Type::ALL.into_iter().collect();
    assert_eq!(seen, [all.clone(), all]);
}
