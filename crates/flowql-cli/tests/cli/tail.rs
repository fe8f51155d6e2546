//! `flowql tail`, with a real collector and simulated exporters.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::collector::{Collector, LONG, free};
use super::{Place, Ran, run};

/// Simulated exporters that are ended with their test.
struct Sending(Child);

impl Drop for Sending {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn send(collector: &Collector, rate: &str) -> Sending {
    let mut command =
        collector.place().command(&["simulate", "--quiet", "--rate", rate, "--target", &collector.listen]);
    let null = Stdio::null;
    Sending(command.stdin(null()).stdout(null()).stderr(null()).spawn().unwrap())
}

fn tail(collector: &Collector, arguments: &[&str]) -> Ran {
    collector.place().run(&[&["tail"], arguments].concat())
}

fn flows(ran: &Ran) -> Vec<Value> {
    ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The answer to a request, as far as it comes within a time.
fn answer(address: &str, target: &str, time: Duration) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let (mut text, mut piece, end) = (Vec::new(), [0; 4096], Instant::now() + time);
    while let Some(left) = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
        stream.set_read_timeout(Some(left)).unwrap();
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => break,
            Ok(length) => text.extend_from_slice(piece.get(..length).unwrap()),
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

#[test]
fn flows_are_shown_as_they_are_written() {
    let collector = Collector::start(&["collect"], "");
    let sending = send(&collector, "2k");

    // Every flow that is shown is one that the filter selects.
    let ran = tail(
        &collector,
        &["--json", "--max-count", "30", "--rate", "1000", "Proto = \"tcp\" AND PacketSize > 100"],
    );
    let ran = ran.has_status(0);
    let shown = flows(&ran);
    assert_eq!(shown.len(), 30);
    let size = |flow: &Value| flow["Bytes"].as_u64().unwrap() / flow["Packets"].as_u64().unwrap();
    for flow in &shown {
        assert!(flow["Proto"] == 6 && size(flow) > 100, "{flow}");
        assert!(flow["TimeReceived"].is_string() && flow["SrcAddr"].is_string(), "{flow}");
        assert!(flow["ExporterName"].is_string() && flow["InIfName"].is_string(), "{flow}");
    }
    let columns = ["--columns", "SrcAddr,PacketSize,dstport", "--json", "--max-count", "5", "DstPort > 0"];
    for flow in flows(&tail(&collector, &columns).has_status(0)) {
        let names: Vec<&String> = flow.as_object().unwrap().keys().collect();
        assert!(
            names.iter().all(|name| ["SrcAddr", "PacketSize", "DstPort"].contains(&name.as_str())),
            "{flow}"
        );
        assert!(flow["DstPort"].as_u64().unwrap() > 0, "{flow}");
    }

    // A table, in colours only where they are wanted; what is left out is said.
    let table = tail(&collector, &["--max-count", "8", "--rate", "1", ""]).has_status(0);
    assert_eq!(table.stdout.lines().count(), 9, "{table}");
    assert!(table.stdout.starts_with("TimeReceived") && !table.stdout.contains('\u{1b}'), "{table}");
    assert!(
        table.stderr.contains("shown of") && table.stderr.contains("at most 1 a second are shown"),
        "{table}"
    );
    let quiet = tail(&collector, &["--quiet", "--color", "always", "--max-count", "1", ""]).has_status(0);
    assert!(quiet.stdout.starts_with("\u{1b}[1mTimeReceived") && quiet.stderr.is_empty(), "{quiet}");

    // Two collectors at once, one of which is not there.
    let url = format!("http://{}", collector.http);
    let both =
        tail(&collector, &["--url", &url, "--url", "http://127.0.0.1:1", "--json", "--max-count", "3", ""]);
    assert!(both.stdout.lines().count() == 3 && both.stderr.contains("127.0.0.1:1"), "{both}");
    assert!([Some(0), Some(2)].contains(&both.status), "{both}");

    // What is selected of nothing is nothing, until it is interrupted.
    let (log, said) = (collector.place().path("tail-log"), collector.place().path("tail-said"));
    let mut command = collector.place().command(&["tail", "SrcPort = 1 AND SrcPort = 2"]);
    command.stdin(Stdio::null()).stdout(File::create(&said).unwrap()).stderr(File::create(&log).unwrap());
    let mut idle = command.spawn().unwrap();
    std::thread::sleep(Duration::from_secs(3));
    kill_process(Pid::from_child(&idle), Signal::INT).unwrap();
    let status = idle.wait().unwrap();
    let text = std::fs::read_to_string(&log).unwrap();
    assert_eq!(status.code(), Some(0), "{text}");
    assert!(std::fs::read_to_string(&said).unwrap().is_empty());

    // Who does not read does not hold up the writing.
    let mut asleep = TcpStream::connect(&collector.http).unwrap();
    write!(asleep, "GET /api/v1/tail?rate=1000 HTTP/1.1\r\nHost: {}\r\n\r\n", collector.http).unwrap();
    let rows = || {
        let metrics = answer(&collector.http, "/metrics", LONG);
        let line =
            metrics.lines().find(|line| line.starts_with("flowql_collect_rows_written_total")).unwrap();
        line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()
    };
    let before = rows();
    collector.wait("rows", || (rows() > before + 10_000).then_some(()));
    drop((asleep, sending));
}

#[test]
fn what_cannot_be_watched_is_refused() {
    let collector = Collector::start(&["collect"], "[schema]\nenable = [\"DstRPKI\"]\n");
    let bad = tail(&collector, &["SrcAS == 1"]).has_status(1);
    assert!(bad.stderr.contains("error[E031]"), "{bad}");
    let unknown = tail(&collector, &["DstRPKI = \"valid\""]).has_status(2);
    assert!(unknown.stderr.contains("`DstRPKI` is known when a flow is in the database"), "{unknown}");
    let column = tail(&collector, &["--columns", "Nothing", ""]).has_status(2);
    assert!(column.stderr.contains("there is no column `Nothing`"), "{column}");
    let refused = answer(&collector.http, "/api/v1/tail?filter=SrcAS+%3D%3D+1", LONG);
    assert!(refused.starts_with("HTTP/1.1 400") && refused.contains("\"E031\""), "{refused}");
    // What one watches begins at once, and counts each second.
    let events = answer(&collector.http, "/api/v1/tail", Duration::from_secs(3));
    assert!(
        events.contains("content-type: text/event-stream") && events.contains("event: counts"),
        "{events}"
    );
}

#[test]
fn a_collector_that_is_not_there_is_said() {
    let free = free();
    let text = format!("[collect]\nhttp = \"{free}\"\n[server]\nlisten = \"{free}\"\n");
    let place = Place::new().with("flowql.toml", text);
    let ran = place.run(&["tail", ""]).has_status(2);
    assert!(ran.stderr.contains("`flowql collect` is not running at http://127.0.0.1:"), "{ran}");
    assert!(run(&["tail", "--rate", "0", ""]).has_status(2).stderr.contains("--rate"));
}
