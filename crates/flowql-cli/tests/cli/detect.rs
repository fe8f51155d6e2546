//! `flowql detect`: attacks that a collector sees, and what a person says to them.

use serde_json::Value;

use super::collector::Collector;
use super::{Place, Ran};

const CONFIG: &str = "[detect]\nenabled = true\nmode = \"manual\"\nprotected = [\"203.0.113.0/24\"]\n\
                      [[detect.rule]]\nname = \"ntp\"\nwhen = 'Proto = \"udp\" AND SrcPort = 123'\n\
                      above = [{ bits = \"1M\" }]\nrespond = [{ flowspec = \"drop\", hold = \"1h\" }]\n\
                      [[console.user]]\nname = \"default\"\nrole = \"operate\"\n";

#[test]
fn an_attack_is_found_approved_and_withdrawn() {
    // The collector by itself, and with the service in its process.
    for command in ["collect", "up"] {
        let collector = Collector::start(&[command], CONFIG);
        let url = format!("http://{}", collector.http);
        let run = |arguments: &[&str]| -> Ran {
            let arguments: Vec<&str> =
                ["detect"].iter().chain(arguments).copied().chain(["--url", &url]).collect();
            collector.place().run(&arguments)
        };
        assert!(run(&["status"]).has_status(0).stdout.contains("no attack"));
        let target = collector.listen.clone();
        let simulate = ["simulate", "--target", &target, "--attack", "ntp", "--protocol", "sflow"];
        let simulate: Vec<&str> = simulate.into_iter().chain(["--rate", "1k", "--flows", "4000"]).collect();
        collector.place().run(&simulate).has_status(0);
        let status: Value = collector.wait("attack", || {
            let ran = run(&["status", "--json"]);
            let status: Value = serde_json::from_str(&ran.stdout).unwrap_or_default();
            (status["incidents"][0]["action"]["approval"] == "awaited").then_some(status)
        });
        assert_eq!(status["incidents"][0]["target"], "203.0.113.77", "{status:#}");
        assert!(status["left_out"][0]["reason"].as_str().unwrap().contains("disabled"), "{status:#}");
        let shown = run(&["show", "1"]).has_status(0);
        assert!(
            shown.stdout.contains("signature: DstAddr = 203.0.113.77 AND Proto = \"udp\" AND SrcPort = 123"),
            "{shown}"
        );
        assert!(run(&["status"]).has_status(1).stdout.contains("attack 1 on 203.0.113.77: ntp, active"));
        let refused = run(&["extend", "1"]).has_status(2);
        assert!(refused.stderr.contains("nothing is done about it"), "{refused}");
        assert!(
            run(&["approve", "1"]).has_status(0).stderr.contains("attack 1 is mitigated: drop for 3600 s")
        );
        assert!(run(&["extend", "1", "--by", "60"]).has_status(0).stderr.contains("extended by 60 s"));
        assert!(run(&["off"]).has_status(0).stderr.contains("nothing is done about attacks"));
        assert!(run(&["status"]).stdout.contains("switched off"));
        run(&["on"]).has_status(0);
        assert!(run(&["withdraw", "1"]).has_status(0).stderr.contains("attack 1 is active: withdrawn"));
        let unknown = run(&["show", "9"]).has_status(2);
        assert!(unknown.stderr.contains("there is no incident 9"), "{unknown}");
    }
}

#[test]
fn rules_are_shown_and_checked() {
    let place = Place::new();
    let shown = place.run(&["detect", "rules"]).has_status(0);
    assert!(
        shown.stdout.contains("ntp-amplification") && shown.stderr.contains("the rule syn-flood is left out"),
        "{shown}"
    );
    let place = place.with("flowql.toml", "[[detect.rule]]\nname = \"syn\"\nwhen = 'TCPFlags = 2'\n");
    for command in [&["detect", "rules"][..], &["check", "SrcPort = 1"]] {
        let wrong = place.run(command).has_status(1);
        assert!(wrong.stderr.contains("detect.rule[0].when: the column `TCPFlags` is disabled"), "{wrong}");
    }
}
