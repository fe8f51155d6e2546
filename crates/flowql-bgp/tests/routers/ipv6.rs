//! A session over IPv6 with a password, in a network of its own, where the test may make one.

use std::process::Command;

use serde_json::json;
use tempfile::TempDir;

use crate::daemons;
use crate::samples::blackhole;

const CONFIGURATION: &str = r#"
router id 192.0.2.2;
log "/dev/null" all;
protocol device { }
protocol bgp controller {
  local 2001:db8:ffff::2 port 1179 as 64500;
  neighbor 2001:db8:ffff::1 port 1179 as 64666;
  password "geheim";
  strict bind; multihop; connect delay time 1; connect retry time 2; error wait time 1, 2;
  ipv4 { import all; export none; };
  ipv6 { import all; export none; };
}
"#;

/// Waits for both routes, then stops what announces and waits until they are gone.
const SCRIPT: &str = r#"
set -e
ip link set lo up
ip addr add 2001:db8:ffff::1/128 dev lo
ip addr add 2001:db8:ffff::2/128 dev lo
bird -f -c bird.conf -s ctl -P pid & bird=$!
"$1" config.json & announcer=$!
trap 'kill -9 $bird $announcer 2>/dev/null || true' EXIT
until_routes() {
  for look in $(seq 900); do
    birdc -s ctl show route count 2>/dev/null | grep -q "Total: $1 of" && return
    sleep 0.1
  done
  birdc -s ctl show protocols all; cat state/report.json; exit 1
}
until_routes 2
birdc -s ctl show route all
kill $announcer
wait $announcer
until_routes 0
"#;

#[test]
fn sessions_over_ipv6_with_a_password() {
    let may = Command::new("unshare").args(["--net", "ip", "link", "set", "lo", "up"]).output();
    if !daemons::has_bird() || !may.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: no network namespace, or no BIRD");
        return;
    }
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::create_dir(path("state")).unwrap();
    std::fs::write(path("bird.conf"), CONFIGURATION).unwrap();
    let wanted =
        [blackhole(5, "203.0.113.9/32"), blackhole(6, "2001:db8:1::9/128")].map(|sample| sample.candidate);
    std::fs::write(path("state/wanted.json"), serde_json::to_vec(&wanted).unwrap()).unwrap();
    let peer = json!({"name": "r", "address": "[2001:db8:ffff::2]:1179", "asn": 64500, "password": "geheim"});
    let config = json!({
        "folder": path("state"), "protected": ["203.0.113.0/24", "2001:db8:1::/48"], "redirects": [], "asn": 64666,
        "next_hop4": "192.0.2.1", "next_hop6": "2001:db8::1",
        "way": {"speaker": {
            "id": "192.0.2.1", "local": "2001:db8:ffff::1", "stale_time": 3600, "hold_time": 90, "peers": [peer],
        }},
    });
    std::fs::write(path("config.json"), config.to_string()).unwrap();
    let output = Command::new("unshare")
        .args(["--net", "bash", "-c", SCRIPT, "bash", env!("CARGO_BIN_EXE_flowql-announcer")])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    for shown in ["203.0.113.9/32 ", "2001:db8:1::9/128 ", "BGP.large_community: (64666, 1, 6)"] {
        assert!(said.contains(shown), "{shown}: {said}");
    }
}
