//! A configuration that is read again while the collector runs.

use std::fs::{read_to_string, write};
use std::net::UdpSocket;

use rustix::process::{Pid, Signal, kill_process};

use super::collector::Collector;

impl Collector {
    fn configuration(&self) -> String {
        read_to_string(self.place().path("flowql.toml")).unwrap()
    }

    /// Another configuration, which is seen by itself or at a signal.
    fn configure(&self, text: &str, signal: bool) {
        write(self.place().path("flowql.toml"), text).unwrap();
        if signal {
            kill_process(Pid::from_child(&self.child), Signal::HUP).unwrap();
        }
    }

    fn send(&self, to: &str) {
        let simulate =
            ["simulate", "--target", to, "--protocol", "netflow9", "--rate", "2k", "--flows", "500"];
        self.place().run(&simulate).has_status(0);
    }

    /// What `flowql exporters` says, once it says so.
    fn says(&self, what: &str) -> String {
        self.wait(what, || {
            // Without the configuration, which may be bad.
            let said = self.place().run(&["exporters", "--url", &format!("http://{}", self.http)]).stdout;
            said.contains(what).then_some(said)
        })
    }
}

#[test]
fn the_collector_takes_another_configuration_and_refuses_a_bad_one() {
    let collector = Collector::start(&["collect"], "");
    collector.send(&collector.listen);
    collector.says("127.0.0.1");
    let before = collector.configuration();

    // Names, a listener more, who may send, and settings that shape rows.
    let more = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let text = before.replace("[collect]\n", "[collect]\ntime = \"exported\"\nallow = [\"127.0.0.1\"]\n");
    let text = format!(
        "{text}[[collect.listen]]\naddress = \"{more}\"\n[[exporter]]\nmatch = \"127.0.0.1\"\nname = \"edge\"\n"
    );
    collector.configure(&text, true);
    collector.says("edge");
    assert!(collector.log().contains(&more), "{}", collector.log());
    collector.send(&more);
    // A bad one is refused with its line, and what was before is used.
    collector.configure(&text.replace("name = \"edge\"", "nam = \"core\""), false);
    let said = collector.says("the configuration is bad, the one before is used: ");
    assert!(said.contains("edge") && said.contains("flowql.toml:"), "{said}");
    let log = collector.log();
    assert!(log.contains("the configuration is bad"), "{log}");
    let gauge = |name: &str| {
        let metrics = super::collector::get(&collector.http, "/metrics");
        let line = metrics.lines().find_map(|line| line.strip_prefix(&format!("flowql_collect_{name} ")));
        line.unwrap().parse::<u64>().unwrap()
    };
    assert_eq!(
        ["configurations_taken_total", "configurations_refused_total", "configuration_bad"].map(gauge),
        [1, 1, 1]
    );

    // The next one is taken when the file changes; what only a start takes is named.
    let text =
        text.replace("name = \"edge\"", "name = \"core\"").replace("[bmp]\n", "[bmp]\nkeep_seconds = 7\n");
    collector.configure(&text, false);
    let said = collector.says("settings that are changed wait for a restart: [bmp] but for [[bmp.vrf]]");
    assert!(said.contains("core") && !said.contains("configuration is bad"), "{said}");
    assert_eq!(gauge("configuration_bad"), 0);

    // A listener that cannot be had is refused too.
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    collector.configure(&text.replace(&more, &address), true);
    collector.says(&format!("cannot listen at {address}"));
    collector.send(&more);
}
