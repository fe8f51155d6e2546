//! `flowql exporters`, with a real collector and simulated exporters that do things wrong.

use serde_json::Value;

use super::collector::{Collector, free};
use super::{Place, Ran, run, snapshot_of};

impl Collector {
    fn simulate(&self, arguments: &[&str]) {
        self.simulate_more(&[&["--rate", "2k", "--flows", "2000"], arguments].concat());
    }

    /// Lets an exporter do something, and others before it send as always.
    fn simulate_as(&self, number: usize, protocol: &str, scenario: &str) {
        let protocols = [&vec!["netflow5"; number][..], &[protocol]].concat().join(",");
        let exporters = (number + 1).to_string();
        self.simulate(&["--scenario", scenario, "--protocol", &protocols, "--exporters", &exporters]);
    }

    fn simulate_more(&self, arguments: &[&str]) {
        let to = ["simulate", "--target", &self.listen];
        self.place().run(&[&to, arguments].concat()).has_status(0);
    }

    fn exporters(&self, arguments: &[&str]) -> Ran {
        self.place().run(&[&["exporters"], arguments].concat())
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
    let collector = Collector::start(
        &["collect"],
        "[[exporter]]\nmatch = \"127.0.0.1\"\nname = \"edge\"\n[[collect.exporter]]\naddresses = [\"127.0.0.3\"]\nrate_limit = 50\n",
    );
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
    assert_eq!(columns[5], "0", "{well}");
    assert!(well.stdout.contains(" by record ") && well.stdout.contains(" undefined "), "{well}");
    // That interfaces have no names is a note: nothing is wrong.
    assert!(well.stdout.contains("interfaces have no name: "), "{well}");

    // Each of the others has an address and a domain of its own: the options of one would help another.
    collector.simulate_as(4, "netflow9", "no-template");
    collector.simulate_as(10, "sflow", "counters-only");
    collector.simulate_as(6, "ipfix", "unannounced-sampler");
    collector.simulate_as(7, "netflow9", "contradictory-sampling");
    collector.simulate_as(8, "ipfix", "both-directions");
    collector.simulate(&["--scenario", "noise", "--protocol", "netflow5"]);
    collector.simulate(&["--scenario", "loss", "--protocol", "netflow7"]);
    collector.simulate(&["--scenario", "clock-off", "--protocol", "netflow5"]);
    // What takes its time: a template that changes after 10 s, and counters that come every 5 s.
    let protocols = [&["netflow5"; 9][..], &["netflow9"]].concat().join(",");
    let long = |scenario: &str, protocols: &str, exporters: &str| {
        let rest = ["--rate", "400", "--seconds", "16", "--exporters", exporters];
        collector.simulate_more(&[&["--scenario", scenario, "--protocol", protocols], &rest[..]].concat());
    };
    std::thread::scope(|scope| {
        scope.spawn(|| long("template-change", &protocols, "10"));
        scope.spawn(|| long("volume-off", "netflow5,netflow5,netflow5,sflow", "4"));
    });
    // Who is not allowed is in a test of its own.
    let problems = collector.problems(&[
        "no_template",
        "unknown_rate",
        "unknown_kind",
        "loss",
        "clock_off",
        "doubling",
        "contradictory_rate",
        "counters_only",
        "rate_limit",
        "changed_template",
        "volume",
        "unnamed_interfaces",
    ]);
    for (kind, message, advice) in [
        ("no_template", "sets of flows wait for it", "template refresh"),
        ("unknown_rate", "no options announce the sampler", "collect.exporter.sampling"),
        ("unknown_kind", "of no kind that is known", "tcpdump"),
        ("loss", "by the sequence numbers of", "kernel_drops"),
        ("clock_off", " s ahead", "NTP"),
        ("doubling", "at their input and at their output, between interfaces ", "FlowDirection = ingress"),
        ("contradictory_rate", " by the records themselves, which is used, and ", "override"),
        ("counters_only", "no samples of packets", "sampling rate"),
        ("rate_limit", "over its limit of 50 a second", "rate_limit"),
        ("changed_template", "changed under its number", "changed on purpose"),
        ("volume", "times what the interfaces count", "sampling rate"),
        ("unnamed_interfaces", "interfaces have no name: ", "[snmp]"),
    ] {
        let says = |problem: &Value| {
            let says = |field: &str, text: &str| problem[field].as_str().unwrap().contains(text);
            problem["kind"] == kind && says("message", message) && says("advice", advice)
        };
        assert!(problems.iter().any(says), "{kind}: {problems:#?}");
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
    let free = free();
    let place = Place::new()
        .with("flowql.toml", format!("[collect]\nhttp = \"{free}\"\n[server]\nlisten = \"{free}\"\n"));
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

#[test]
fn who_is_not_allowed_is_named() {
    let collector = Collector::start(&["collect"], "");
    let text = std::fs::read_to_string(collector.place().path("flowql.toml")).unwrap();
    let text = text.replace("[collect]\n", "[collect]\nallow = [\"192.0.2.0/24\"]\n");
    std::fs::write(collector.place().path("flowql.toml"), text).unwrap();
    collector.wait("settings", || collector.log().contains("the configuration is read").then_some(()));
    collector.simulate(&["--protocol", "netflow5"]);
    let problems = collector.problems(&["not_allowed"]);
    let message = problems[0]["message"].as_str().unwrap();
    assert!(message.contains(", last from 127.0.0.1: their sender is not allowed"), "{message}");
}
