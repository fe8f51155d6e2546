//! `flowql exporters`, with a real collector and simulated exporters that do things wrong.

use std::fs::{File, read_to_string};
use std::net::{TcpListener, UdpSocket};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::engine::Engine;
use super::{Place, Ran, run, snapshot_of};

/// Longer than anything takes that the test waits for.
pub(super) const LONG: Duration = Duration::from_secs(300);

/// A collector that is ended with its test.
pub(super) struct Collector {
    child: Child,
    pub(super) engine: Engine,
    listen: String,
    http: String,
    pub(super) bmp: String,
}

impl Drop for Collector {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Collector {
    /// Starts one at ports that are free, with its tables in an engine of its own, and waits until it writes.
    pub(super) fn start() -> Self {
        let listen = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let (http, bmp) = (free(), free());
        let place = Place::new().with(
            "flowql.toml",
            format!(
                "[collect]\nhttp = \"{http}\"\ndata = \"journal\"\n[embedded]\nfolder = \"data\"\n\
                 [[collect.listen]]\naddress = \"{listen}\"\n\
                 [bmp]\nlisten = \"{bmp}\"\n\
                 [[exporter]]\nmatch = \"127.0.0.1\"\nname = \"edge\"\n",
            ),
        );
        let log = File::create(place.path("log")).unwrap();
        let mut command = place.command(&["collect"]);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let collector = Self { child, engine: Engine(place), listen, http, bmp };
        collector.wait("writing", || {
            let log = read_to_string(collector.engine.0.path("log")).unwrap();
            log.contains("writing").then_some(())
        });
        collector
    }

    pub(super) fn wait<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let until = Instant::now() + LONG;
        loop {
            if let Some(found) = look() {
                return found;
            }
            let log = || read_to_string(self.engine.0.path("log")).unwrap();
            assert!(Instant::now() < until, "no {what} within {LONG:?}: {}", log());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    pub(super) fn simulate(&self, arguments: &[&str]) {
        let to = ["simulate", "--target", &self.listen, "--rate", "2k", "--flows", "2000"];
        self.engine.0.run(&[&to, arguments].concat()).has_status(0);
    }

    fn exporters(&self, arguments: &[&str]) -> Ran {
        self.engine.0.run(&[&["exporters"], arguments].concat())
    }

    /// The problems of exporters and of what comes in, once all of these kinds are among them.
    fn problems(&self, kinds: &[&str]) -> Vec<Value> {
        self.wait(&format!("{kinds:?}"), || {
            let found = self.exporters(&["--json"]).json();
            let list =
                |of: &Value, key: &str| of.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
            let exporters = list(&found, "exporters");
            let lists = exporters.iter().chain([&found]).map(|of| list(of, "problems"));
            let problems: Vec<Value> = lists.flatten().collect();
            let is_there =
                |kind: &&str| problems.iter().any(|problem| problem.get("kind") == Some(&(*kind).into()));
            kinds.iter().all(is_there).then_some(problems)
        })
    }
}

#[test]
fn each_problem_is_named_with_what_to_do() {
    let collector = Collector::start();
    let none = collector.exporters(&[]).has_status(0);
    assert!(none.stdout.is_empty() && none.stderr.contains("no exporter sent anything"), "{none}");

    // Nothing is wrong with an exporter that announces all.
    collector.simulate(&["--protocol", "sflow"]);
    let well = collector.wait("exporter", || {
        let ran = collector.exporters(&[]).has_status(0);
        (!ran.stdout.is_empty()).then_some(ran)
    });
    let columns: Vec<&str> = well.stdout.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(columns[..3], ["edge", "127.0.0.1", "sflow"], "{well}");
    assert!(columns[3].parse::<f64>().is_ok() || columns[3] == "-", "{well}");
    assert_eq!(columns[4..7], ["0", "0", "-"], "{well}");

    collector.simulate(&["--scenario", "no-template", "--protocol", "netflow9"]);
    collector.simulate(&["--scenario", "unannounced-sampler", "--protocol", "ipfix"]);
    collector.simulate(&["--scenario", "noise", "--protocol", "netflow5"]);
    collector.simulate(&["--scenario", "loss", "--protocol", "netflow7"]);
    collector.simulate(&["--scenario", "clock-off", "--protocol", "netflow5"]);
    let problems = collector.problems(&["no_template", "unknown_rate", "unknown_kind", "loss", "clock_off"]);
    for (kind, message, advice) in [
        ("no_template", "sets of flows wait for it", "template refresh"),
        ("unknown_rate", "no options announce the sampler", "collect.exporter.sampling"),
        ("unknown_kind", "of no kind that is known", "tcpdump"),
        ("loss", "by the sequence numbers of", "kernel_drops"),
        ("clock_off", " s ahead", "NTP"),
    ] {
        let found = problems.iter().find(|problem| problem["kind"] == kind).unwrap();
        let says = |field: &str, text: &str| found[field].as_str().unwrap().contains(text);
        assert!(says("message", message) && says("advice", advice), "{found}");
    }
    assert_eq!(problems[0]["severity"], "error", "the worst comes first");

    // The table says the same, in colours only where they are wanted.
    let table = collector.exporters(&[]).has_status(1);
    for problem in &problems {
        assert!(table.stdout.contains(problem["advice"].as_str().unwrap()), "{table}");
    }
    assert!(!table.stdout.contains('\u{1b}'), "{table}");
    let coloured = collector.exporters(&["--color", "always"]).has_status(1);
    assert!(coloured.stdout.contains("\u{1b}[1m\u{1b}[31merror\u{1b}[0m"), "{coloured}");

    // Two collectors are merged, and one that is not there does not hide the other.
    let url = format!("http://{}", collector.http);
    let twice = collector.exporters(&["--json", "--url", &url, "--url", &url]).has_status(1).json();
    let once = collector.exporters(&["--json", "--url", &url]).has_status(1).json();
    assert_eq!(twice["exporters"].as_array().unwrap().len(), once["exporters"].as_array().unwrap().len());
    assert_eq!(twice["sessions"].as_u64().unwrap(), 2 * once["sessions"].as_u64().unwrap());
    let half = collector.exporters(&["--url", "http://127.0.0.1:1", "--url", &url]).has_status(2);
    assert!(half.stdout.contains("edge") && half.stderr.contains("http://127.0.0.1:1"), "{half}");
}

#[test]
fn a_collector_that_does_not_run_is_said() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let place = Place::new().with("flowql.toml", format!("[collect]\nhttp = \"{free}\"\n"));
    let ran = place.run(&["exporters"]).has_status(2);
    // What the system says of it is another text on another one.
    let said = ran.to_string().replace(&free, "127.0.0.1:8081");
    let lines: Vec<&str> = said.lines().map(|line| line.split(" reached: ").next().unwrap()).collect();
    snapshot_of("exporters-nobody", &ran.line, &lines.join("\n"));
    let off = Place::new().with("flowql.toml", "[collect]\nhttp = \"\"\n").run(&["exporters"]).has_status(2);
    assert!(off.stderr.contains("answers nobody"), "{off}");
    assert!(
        run(&["exporters", "--url", "ftp://host"]).has_status(2).stderr.contains("its scheme is not http")
    );
}
