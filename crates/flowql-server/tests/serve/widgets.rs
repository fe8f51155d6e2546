//! What the first page of Akvorado's console shows, on the embedded engine with flows of the last hour.

use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::service::Service;
use crate::store::Store;

const DATABASE: &str = "recent";

fn serve(config: &str) -> Service {
    static FILLED: OnceLock<()> = OnceLock::new();
    FILLED.get_or_init(|| Store::filled().make_recent(DATABASE));
    Store::filled().serve(config, &["--database", DATABASE])
}

fn get(service: &Service, path: &str) -> Value {
    let answer = service.get(&format!("/api/v0/console{path}")).has(200);
    assert!(answer.header("x-sql-query").unwrap().starts_with("SELECT "), "{answer:?}");
    answer.json()
}

#[test]
fn the_newest_flow_is_a_flat_object() {
    let service = serve("");
    let flow = get(&service, "/widget/flow-last");
    let flow = flow.as_object().unwrap();
    assert!(flow.len() > 30, "{flow:?}");
    assert!(flow.values().all(|value| !value.is_object()), "{flow:?}");
    let text = |name: &str| flow[name].as_str().unwrap();
    let time: jiff::Timestamp = text("TimeReceived").parse().unwrap();
    let newest =
        Store::filled().ask(&format!("SELECT toUnixTimestamp(max(TimeReceived)) FROM {DATABASE}.flows"));
    assert_eq!(time.as_second().to_string(), newest);
    assert!(!text("SrcAddr").starts_with("::ffff:"), "{flow:?}");
    assert!(!flow.contains_key("SrcASName") && flow["SrcAS"].is_u64(), "{flow:?}");
    assert!(text("ExporterName").contains("-edge"), "{flow:?}");

    let empty = Store::filled().serve("", &["--database", "nothing_recent"]);
    assert!(empty.get("/api/v0/console/widget/flow-last").json()["message"].is_string());
}

#[test]
fn a_store_without_flows_has_no_newest_one() {
    let folder = std::sync::Arc::new(tempfile::tempdir().unwrap());
    std::fs::write(folder.path().join("flowql.toml"), "").unwrap();
    std::fs::write(folder.path().join("flows.jsonl"), "").unwrap();
    let service = Service::start_in(folder, &["--backend", "file", "--flows-from", "flows.jsonl"]);
    let problem = service.get("/api/v0/console/widget/flow-last").has(404).json();
    assert_eq!(problem["message"], "there is no such flow");
}

#[test]
fn the_rate_the_exporters_and_the_graph_are_those_of_the_store() {
    let service = serve("");
    let rate = get(&service, "/widget/flow-rate");
    assert_eq!(rate["period"], "second");
    // Of 20,000 flows in an hour, some lie in the last five minutes, or were there a moment ago.
    let value = rate["rate"].as_f64().unwrap();
    assert!(value > 0.5 && value < 40.0, "{rate}");
    let exporters = get(&service, "/widget/exporters");
    let stored = Store::filled()
        .ask(&format!("SELECT DISTINCT ExporterName FROM {DATABASE}.flows ORDER BY ExporterName"));
    assert_eq!(exporters, json!({"exporters": stored.lines().collect::<Vec<_>>()}));
    let graph = get(&service, "/widget/graph");
    let data = graph["data"].as_array().unwrap();
    // Of a store that is an hour old, only the coarsest table goes back to the hour in which it begins.
    assert!((24..=290).contains(&data.len()), "{}", data.len());
    assert!(data.iter().all(|point| point["t"].as_str().unwrap().ends_with('Z')), "{graph}");
    assert!(data.iter().any(|point| point["gbps"].as_f64().unwrap() > 0.001), "{graph}");
    let fewer = get(&service, "/widget/graph?points=24");
    assert!((24..=26).contains(&fewer["data"].as_array().unwrap().len()), "{fewer}");
    for bad in ["points=1", "points=many", "points=9999"] {
        let problem = service.get(&format!("/api/v0/console/widget/graph?{bad}")).has(400).json();
        assert!(problem["message"].as_str().unwrap().contains("`points` must be"), "{problem}");
    }
}

#[test]
fn each_top_has_five_values_with_their_percentage() {
    let service = serve("");
    for (name, first) in [
        ("src-as", ": "),
        ("dst-as", ": "),
        ("src-country", ""),
        ("dst-country", ""),
        ("src-port", ""),
        ("dst-port", ""),
        ("exporter", "-edge"),
        ("protocol", ""),
        ("etype", "IPv"),
    ] {
        let answer = get(&service, &format!("/widget/top/{name}"));
        let top = answer["top"].as_array().unwrap();
        assert!(!top.is_empty() && top.len() <= 5, "{name}: {answer}");
        let percents: Vec<f64> = top.iter().map(|value| value["percent"].as_f64().unwrap()).collect();
        assert!(percents.is_sorted_by(|one, other| one >= other), "{name}: {answer}");
        assert!(percents.iter().sum::<f64>() <= 100.1 && percents[0] > 0.0, "{name}: {answer}");
        assert!(top[0]["name"].as_str().unwrap().contains(first), "{name}: {answer}");
    }
    let ports = get(&service, "/widget/top/src-port");
    assert!(ports["top"].as_array().unwrap().iter().any(|value| value["name"] == "443/https"), "{ports}");
    let problem = service.get("/api/v0/console/widget/top/src-mac").has(404).json();
    assert_eq!(problem["message"], "there is no such widget");
}

#[test]
fn the_configuration_names_columns_and_limits() {
    let service = Service::start("[schema]\ndisable = [\"SrcVlan\", \"InIfBoundary\"]\n", &[]);
    let answer = service.get("/api/v0/console/configuration").has(200).json();
    let options = json!({
        "graphType": "stacked", "start": "6 hours ago", "end": "now", "filter": "", "dimensions": ["SrcAS"],
        "limit": 10, "limitType": "avg", "bidirectional": false, "previousPeriod": false,
    });
    assert_eq!(answer["defaultVisualizeOptions"], options);
    assert_eq!(
        (&answer["version"], &answer["dimensionsLimit"]),
        (&json!(env!("CARGO_PKG_VERSION")), &json!(50))
    );
    let names = |list: &str| -> Vec<String> { serde_json::from_value(answer[list].clone()).unwrap() };
    let dimensions = names("dimensions");
    let has = |name: &str| dimensions.iter().any(|found| found == name);
    assert!(has("SrcAS") && has("SrcAddr") && !has("SrcVlan") && !has("Bytes"), "{dimensions:?}");
    assert!(names("truncatable").iter().all(|name| dimensions.contains(name)), "{answer}");
    assert!(names("truncatable").contains(&"SrcAddr".to_owned()), "{answer}");
    assert_eq!(
        names("homepageTopWidgets"),
        ["src-as", "src-country", "src-port", "exporter", "protocol", "etype"]
    );
    let usual = Service::start("", &[]).get("/api/v0/console/configuration").has(200).json();
    assert_eq!(usual["defaultVisualizeOptions"]["filter"], "InIfBoundary = external");
}

#[test]
fn who_calls_is_told_by_a_trusted_proxy_alone() {
    const INFO: &str = "/api/v0/console/user/info";
    let said = [
        ("Remote-User", "alice"),
        ("Remote-Name", "Alice Liddell"),
        ("Remote-Email", "alice@example.net"),
        ("X-Logout-URL", "https://login.example.net/out"),
        ("X-Avatar-URL", "javascript:alert(1)"),
    ];
    let behind = Service::start("[server]\ntrusted_proxies = [\"127.0.0.1\"]\n", &[]);
    assert_eq!(
        behind.send("GET", INFO, &said, b"").has(200).json(),
        json!({
            "login": "alice", "name": "Alice Liddell", "email": "alice@example.net",
            "logout-url": "https://login.example.net/out", "avatar-url": "",
        })
    );
    let nobody = json!({"login": "default", "name": "", "email": "", "logout-url": "", "avatar-url": ""});
    assert_eq!(behind.send("GET", INFO, &said[1..], b"").has(200).json(), nobody);
    let alone = Service::start("", &[]);
    assert_eq!(alone.send("GET", INFO, &said, b"").has(200).json(), nobody);
    let none = Service::start("[server]\ndefault_user = \"\"\n", &[]);
    assert!(none.get(INFO).has(401).json()["message"].is_string());
}
