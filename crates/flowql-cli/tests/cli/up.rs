//! `flowql up`: routers send, and the page shows it, in one process.

use std::fs::read_to_string;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use super::Ran;
use super::collector::Collector;

#[test]
fn what_routers_send_is_shown() {
    let mut collector = Collector::start(&["up"], "");
    let url = format!("http://{}", collector.http);
    let said = read_to_string(collector.place().path("said")).unwrap();
    assert!(said.contains(&format!("  {} UDP\n", collector.listen)), "{said}");
    assert!(said.contains(&format!("The page: {url}/\n")), "{said}");

    let simulate = ["simulate", "--target", &collector.listen, "--rate", "2k", "--flows", "3000"];
    collector.place().run(&simulate).has_status(0);
    let ask = |path: &str, body: Option<&str>| -> (u16, String) { request(&collector.http, path, body) };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let query = json!({
        "filter": "", "kind": "flows", "columns": ["ExporterName", "DstAddr"], "limit": 10,
        "from": now - 600, "to": now + 3600,
    });
    let shown = collector.wait("flows", || {
        let (status, text) = ask("/api/v1/query", Some(&query.to_string()));
        let rows: Vec<String> =
            text.lines().filter(|line| line.starts_with("[\"")).map(str::to_owned).collect();
        (status == 200 && !rows.is_empty()).then_some(rows)
    });
    assert!(shown.len() == 10 && shown[0].starts_with("[\"127.0.0."), "{shown:?}");

    // One address answers for both.
    let (status, ready) = ask("/readyz", None);
    assert_eq!(status, 200, "{ready}");
    assert!(ready.contains("\"collector\":[]"), "{ready}");
    assert_eq!(ask("/healthz", None).0, 200);
    let (_, metrics) = ask("/metrics", None);
    for name in ["flowql_build_info", "flowql_http_requests_total", "flowql_collect_rows_written_total"] {
        assert!(metrics.contains(name), "{name}: {metrics}");
    }
    let (status, exporters) = ask("/api/v1/exporters", None);
    assert!(status == 200 && exporters.contains("127.0.0.1"), "{exporters}");
    let run = |arguments: &[&str]| -> Ran { collector.place().run(arguments) };
    assert!(run(&["exporters", "--url", &url]).stdout.contains("127.0.0."));
    assert!(ask("/openapi.json", None).1.contains("/api/v1/tail"));

    // It ends soon, though somebody watches.
    let mut watching = collector.place().command(&["tail", "--url", &url, ""]);
    let null = std::process::Stdio::null;
    let mut watching = watching.stdin(null()).stdout(null()).stderr(null()).spawn().unwrap();
    collector.wait("watcher", || collector.log().contains("/api/v1/tail").then_some(()));
    let begun = Instant::now();
    kill_process(Pid::from_child(&collector.child), Signal::TERM).unwrap();
    let status = collector.child.wait().unwrap();
    assert!(status.success(), "{}", collector.log());
    assert!(begun.elapsed() < Duration::from_secs(60), "{}", collector.log());
    assert!(
        collector.log().contains("unwritten=0") || collector.log().contains("\"unwritten\":0"),
        "{}",
        collector.log()
    );
    assert_eq!(watching.wait().unwrap().code(), Some(2), "who watches is said that it has ended");
}

#[test]
fn an_address_that_is_taken_is_said() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let http = taken.local_addr().unwrap().to_string();
    let place = super::Place::new();
    let engine = super::engine::Engine(place);
    let arguments =
        ["up", "--http", &http, "--listen", "127.0.0.1:0", "--data", "journal", "--folder", "data"];
    let ran = engine.0.run(&arguments).has_status(2);
    assert!(ran.stderr.contains(&format!("cannot listen on {http}")), "{ran}");
}

/// The status and the body of an answer: to a `POST` where there is a body.
fn request(address: &str, path: &str, body: Option<&str>) -> (u16, String) {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(super::collector::LONG)).unwrap();
    let (method, body) = (if body.is_some() { "POST" } else { "GET" }, body.unwrap_or_default());
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut text = Vec::new();
    stream.read_to_end(&mut text).unwrap();
    let text = String::from_utf8_lossy(&text).into_owned();
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap();
    let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body).to_owned();
    (status, body)
}
