//! `flowql simulate`: exporters, and what they say of themselves.

use std::net::UdpSocket;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Place, run, snapshot};

/// The sums of what a capture has, as JSON lines of flows say.
fn sums(flows: &str) -> Value {
    let mut sums = [0, 0, 0];
    for line in flows.lines() {
        let flow: Value = serde_json::from_str(line).unwrap();
        let number = |name: &str| flow.get(name).and_then(Value::as_u64).unwrap_or_default();
        sums = [sums[0] + 1, sums[1] + number("Bytes"), sums[2] + number("Packets")];
    }
    json!({"flows": sums[0], "bytes": sums[1], "packets": sums[2]})
}

#[test]
fn a_capture_holds_what_is_said_of_it() {
    let place = Place::new();
    let arguments = ["simulate", "--pcap", "a.pcap", "--rate", "100", "--seconds", "30", "--json"];
    let ran = place.run(&[&arguments[..], &["--start", "2026-01-31"]].concat()).has_status(0);
    let report = ran.json();
    assert_eq!(report["total"]["flows"], 3000);
    let names: Vec<&String> = report["protocols"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["ipfix", "netflow1", "netflow5", "netflow7", "netflow9", "sflow"]);
    let decoded = place.run(&["decode", "--quiet", "a.pcap"]).has_status(0);
    assert_eq!(sums(&decoded.stdout), report["total"]["stored"]);
    // The same again is the same file; another seed is another one.
    let again = |seed| {
        let arguments = ["--pcap", "b.pcap", "--rate", "100", "--seconds", "30", "--seed", seed];
        place.run(&[&["simulate", "--start", "2026-01-31"], &arguments[..]].concat()).has_status(0);
        std::fs::read(place.path("b.pcap")).unwrap()
    };
    let first = std::fs::read(place.path("a.pcap")).unwrap();
    assert!(again("1") == first && again("2") != first);
}

#[test]
fn datagrams_are_sent() {
    let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
    receiver.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let target = receiver.local_addr().unwrap().to_string();
    let arguments = ["--protocol", "netflow5", "--rate", "max", "--flows", "48"];
    let ran = run(&[&["simulate", "--target", &target], &arguments[..]].concat()).has_status(0);
    assert!(ran.stdout.is_empty() && ran.stderr.starts_with("NetFlow v5: 2 datagrams, 48 flows; "), "{ran}");
    let mut buffer = [0; 2048];
    for number in 0..2_u32 {
        let (length, _) = receiver.recv_from(&mut buffer).unwrap();
        assert_eq!((length, &buffer[..4]), (24 + 24 * 48, &[0, 5, 0, 24][..]));
        assert_eq!(buffer[16..20], (number * 24).to_be_bytes());
    }
}

#[test]
fn nobody_who_listens_is_said() {
    let target = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let ran = run(&["simulate", "--target", &target, "--rate", "max", "--flows", "500"]).has_status(0);
    assert!(ran.stderr.contains(&format!("nobody listens on `{target}`")), "{ran}");
}

#[test]
fn scenarios_are_listed() {
    snapshot("simulate-list", &run(&["simulate", "--list"]).has_status(0));
    let listed = run(&["simulate", "--list", "--json"]).has_status(0).json();
    assert!(listed.as_array().unwrap().iter().any(|scenario| scenario["name"] == "nsel"));
}

#[test]
fn bad_usage_is_said() {
    let place = Place::new();
    for (arguments, message) in [
        (
            &["--scenario", "nsel", "--protocol", "sflow"][..],
            "the scenario `nsel` needs an exporter of NetFlow v9",
        ),
        (&["--scenario", "flood"], "invalid value 'flood'"),
        (&["--protocol", "netflow8"], "invalid value 'netflow8'"),
        (&["--pcap", "a.pcap", "--rate", "max"], "a capture has no `--rate max`"),
        (&["--pcap", "a.pcap", "--target", "[::1]:2055"], "are of IPv4"),
        (&["--pcap", "nowhere/a.pcap"], "cannot write `nowhere/a.pcap`"),
        (&["--rate", "0"], "write a number from 1"),
        (&["--start", "tomorrow"], "`tomorrow` is not a time"),
    ] {
        let ran = place.run(&[&["simulate"], arguments].concat()).has_status(2);
        assert!(ran.stderr.contains(message), "{ran}");
    }
}
