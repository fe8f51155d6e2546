//! Every datagram, set and record that a collector got ends in one counter, as it says over HTTP.

use std::collections::HashMap;
use std::net::UdpSocket;

use super::collector::{Collector, get};

impl Collector {
    /// The sums of all metrics over listeners, partitions and reasons.
    fn sums(&self) -> HashMap<String, u64> {
        let mut sums = HashMap::new();
        for line in get(&self.http, "/metrics").lines() {
            let Some((name, value)) =
                line.strip_prefix("flowql_collect_").and_then(|line| line.rsplit_once(' '))
            else {
                continue;
            };
            let name = name.split('{').next().unwrap_or_default();
            // Seconds are not sums.
            if let Ok(value) = value.parse::<u64>() {
                *sums.entry(name.to_owned()).or_default() += value;
            }
        }
        sums
    }
}

#[test]
fn every_datagram_set_and_record_ends_in_one_counter() {
    let limit = "[[collect.exporter]]\naddresses = [\"127.0.0.4\"]\nrate_limit = 100\n";
    let collector = Collector::start(&["collect"], limit);
    let scenarios = [
        "noise,biflows,template-change",
        "nsel,noise",
        "no-template",
        "unannounced-sampler,both-directions",
        "restarts,reordering,loss",
        "counters-only,noise",
    ];
    let mut datagrams = 0;
    for scenario in scenarios {
        let run = [
            "simulate",
            "--target",
            &collector.listen,
            "--rate",
            "3k",
            "--flows",
            "2000",
            "--json",
            "--scenario",
            scenario,
        ];
        let sent = collector.place().run(&run).has_status(0).json();
        datagrams += sent["total"]["datagrams"].as_u64().unwrap();
    }
    // What only looks like a datagram of flows.
    let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
    let cut: [&[u8]; 4] = [
        &[0, 9, 0, 1],
        &[0, 10, 0, 16, 0],
        &[0, 9, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 99],
        b"",
    ];
    for bytes in cut {
        sender.send_to(bytes, &collector.listen).unwrap();
        datagrams += 1;
    }
    let sums = collector.wait("end of the backlog", || {
        let sums = collector.sums();
        let is_all = sums["datagrams_received_total"] >= datagrams && sums["unwritten_records"] == 0;
        (is_all && sums["decoded_datagrams_total"] == sums["datagrams_queued_total"]).then_some(sums)
    });
    let sum = |names: &[&str]| -> u64 { names.iter().map(|name| sums[*name]).sum() };
    let add_up =
        |all: &[&str], parts: &[&str]| assert_eq!(sum(all), sum(parts), "{all:?} {parts:?}: {sums:#?}");
    assert_eq!((sums["datagrams_received_total"], sums["kernel_drops_total"]), (datagrams, 0));
    assert!(sums["datagrams_refused_total"] > 10);
    add_up(&["datagrams_received_total"], &["datagrams_refused_total", "datagrams_queued_total"]);
    add_up(&["datagrams_queued_total"], &["journal_records_total"]);
    add_up(
        &["decoded_sets_total"],
        &[
            "decoded_template_sets_total",
            "decoded_option_sets_total",
            "decoded_data_sets_total",
            "decoded_expired_sets_total",
            "decoded_malformed_sets_total",
            "waiting_sets",
        ],
    );
    assert!(sums["decoded_waiting_sets_total"] > 0 && sums["decoded_malformed_sets_total"] > 0, "{sums:#?}");
    add_up(
        &["decoded_records_total", "decoded_second_rows_total"],
        &[
            "decoded_rows_total",
            "decoded_events_total",
            "decoded_repeated_total",
            "decoded_unknown_connections_total",
            "decoded_excess_total",
            "decoded_empty_total",
        ],
    );
    assert!(sums["decoded_second_rows_total"] > 0 && sums["limited_rows_total"] > 0, "{sums:#?}");
    add_up(&["decoded_rows_total"], &["rows_written_total", "limited_rows_total"]);
}
