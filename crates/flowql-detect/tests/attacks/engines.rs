//! The engine in the stream and the one in SQL, on the same flows.

use std::collections::BTreeMap;
use std::sync::Arc;

use flowql::Column;
use flowql_client::{Client, Insert, Statement, sql, testing};
use flowql_config::Config;
use flowql_detect::{DetectSection, Engine, Rules, Store, Target};
use flowql_eval::columns::{Flows, Numbers, Values};
use flowql_simulate::encode::Flow;
use flowql_simulate::{Attack, Network};
use flowql_tables::Layout;
use serde::Serialize;

use super::SECTIONS;

/// A second at which a window and an hour begin.
const START: u32 = 1_780_002_000;

/// Rules with thresholds in the thousands, so that few flows are enough.
const RULES: &str = r#"
[schema]
enable = ["TCPFlags"]
[detect]
shipped = false
protected = ["203.0.113.0/24", "198.18.0.0/15", "2001:db8:1::/48"]
count = 'SrcAS = 64500'
[[detect.rule]]
name = "ntp"
when = 'Proto = "udp" AND SrcPort = 123'
per = ["host", "prefix"]
above = [{ bits = "4M", sources = 20 }, { packets = "100k" }]
[[detect.rule]]
name = "syn"
when = 'Proto = "tcp" AND TCPFlags = 2'
above = [{ packets = "1k", sources = 20 }]
[[detect.rule]]
name = "udp-networks"
when = 'Proto = "udp"'
per = ["prefix", "DstNetName"]
above = [{ bits = "8M" }]
[[detect.rule]]
name = "syn-minutes"
when = 'Proto = "tcp" AND TCPFlags = 2'
per = ["prefix"]
window = "60s"
above = [{ flows = "10" }]
[[detect.group]]
prefixes = ["203.0.113.77"]
rules = ["ntp"]
bits = "2M"
"#;

/// A flow as the database gets it, a sample of a hundred.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    time_received: u32,
    sampling_rate: u64,
    #[serde(rename = "SrcAS")]
    src_as: u32,
    src_addr: std::net::Ipv6Addr,
    dst_addr: std::net::Ipv6Addr,
    src_port: u16,
    dst_port: u16,
    proto: u32,
    #[serde(rename = "TCPFlags")]
    tcp_flags: u16,
    bytes: u64,
    packets: u64,
    src_country: &'static str,
    dst_net_name: &'static str,
}

struct Batch(Vec<Row>);

impl Batch {
    fn numbers<const N: usize>(&self, value: impl Fn(&Row) -> [u8; N]) -> Option<Values<'_>> {
        Some(Values::Numbers(Numbers::new(N, self.0.iter().flat_map(value).collect::<Vec<u8>>())))
    }

    fn texts(&self, value: impl Fn(&Row) -> &'static str) -> Option<Values<'_>> {
        let numbers: Vec<u8> = (0..self.0.len() as u32).flat_map(u32::to_le_bytes).collect();
        Some(Values::Texts(Numbers::new(4, numbers), Box::new(self.0.iter().map(value).collect::<Vec<_>>())))
    }
}

impl Flows for Batch {
    fn rows(&self) -> usize {
        self.0.len()
    }

    fn values(&self, column: &Column) -> Option<Values<'_>> {
        let addresses = |value: fn(&Row) -> [u8; 16]| {
            Some(Values::Numbers(Numbers::addresses(self.0.iter().flat_map(value).collect::<Vec<u8>>())))
        };
        match column.name.as_ref() {
            "TimeReceived" => self.numbers(|row| row.time_received.to_le_bytes()),
            "SamplingRate" => self.numbers(|row| row.sampling_rate.to_le_bytes()),
            "SrcAS" => self.numbers(|row| row.src_as.to_le_bytes()),
            "SrcAddr" => addresses(|row| row.src_addr.octets()),
            "DstAddr" => addresses(|row| row.dst_addr.octets()),
            "SrcPort" => self.numbers(|row| row.src_port.to_le_bytes()),
            "DstPort" => self.numbers(|row| row.dst_port.to_le_bytes()),
            "Proto" => self.numbers(|row| row.proto.to_le_bytes()),
            "TCPFlags" => self.numbers(|row| row.tcp_flags.to_le_bytes()),
            "Bytes" => self.numbers(|row| row.bytes.to_le_bytes()),
            "Packets" => self.numbers(|row| row.packets.to_le_bytes()),
            "SrcCountry" => self.texts(|row| row.src_country),
            "DstNetName" => self.texts(|row| row.dst_net_name),
            _ => None,
        }
    }
}

fn row(time: u32, flow: &Flow<'_>, src_as: u32) -> Row {
    let destination = std::net::Ipv6Addr::from(flow.destination);
    Row {
        time_received: time,
        sampling_rate: 100,
        src_as,
        src_addr: flow.source.into(),
        dst_addr: destination,
        src_port: flow.source_port,
        dst_port: flow.destination_port,
        proto: flow.protocol.into(),
        tcp_flags: flow.tcp_flags.into(),
        bytes: flow.bytes,
        packets: flow.packets,
        src_country: ["DE", "FR", "", "US"][usize::from(flow.source_port % 4)],
        dst_net_name: if destination.octets()[12] == 198 { "benchmarks" } else { "" },
    }
}

/// Five minutes of several attacks at once, of different sizes, one after the other and together, with everything once more
/// from another network, which does not count.
fn flows() -> Vec<Vec<Row>> {
    let network = Network::new(1);
    let mut flows = flowql_simulate::Flows::new(&network, 1);
    // The flows of a second, from when to when.
    let attacks: [(Attack, u64, std::ops::Range<u32>); 6] = [
        (Attack::Ntp, 40, 17..140),
        (Attack::Syn, 50, 60..200),
        (Attack::Carpet, 400, 100..260),
        (Attack::RandomHosts, 80, 150..230),
        (Attack::Scan, 30, 20..250),
        (Attack::Memcached, 2, 0..300),
    ];
    let second = |second: u32| {
        let time = START + second;
        let mut rows = Vec::new();
        for (attack, many, when) in &attacks {
            for _ in 0..if when.contains(&second) { *many } else { 0 } {
                let flow = flows.of(*attack, u64::from(time) * 1000).unwrap().1;
                rows.extend([row(time, &flow, 64_500), row(time, &flow, 64_501)]);
            }
        }
        rows
    };
    (0..300).map(second).collect()
}

async fn store(client: &Client, seconds: &[Vec<Row>]) {
    let table = sql!(
        "CREATE TABLE flows (TimeReceived DateTime, SamplingRate UInt64, SrcAS UInt32, SrcAddr IPv6, DstAddr IPv6, SrcPort UInt16, \
         DstPort UInt16, Proto UInt32, TCPFlags UInt16, Bytes UInt64, Packets UInt64, SrcCountry FixedString(2), \
         DstNetName LowCardinality(String)) ENGINE = MergeTree ORDER BY TimeReceived"
    );
    client.execute(&Statement::write(table)).await.unwrap();
    let mut data = Vec::new();
    for row in seconds.iter().flatten() {
        serde_json::to_writer(&mut data, row).unwrap();
        data.push(b'\n');
    }
    let sql = sql!("INSERT INTO flows FORMAT JSONEachRow");
    client
        .insert(&Insert { sql, data: data.into(), token: "flows".to_owned(), deadline: None })
        .await
        .unwrap();
}

/// What was found of a rule and a target: when, and the peak of the severity and of the bits.
type Found = BTreeMap<(String, Target), (u32, f64, f64)>;

fn in_the_stream(config: &Config, rules: &Arc<Rules>, seconds: &[Vec<Row>]) -> Found {
    let mut engine = Engine::new(&config.schema, &config.section::<DetectSection>(), Arc::clone(rules));
    let mut found = Found::new();
    for (second, rows) in seconds.iter().enumerate() {
        engine.add(&Batch(rows.clone()));
        let time = START + second as u32 + 1;
        for seen in engine.pass(time) {
            if seen.severity >= 1.0 && seen.rates.samples >= 30 {
                let key = (rules.rules[seen.rule].name.clone(), seen.target);
                let entry = found.entry(key).or_insert((time, 0.0, 0.0));
                *entry = (entry.0, entry.1.max(seen.severity), entry.2.max(seen.rates.bits));
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn both_engines_find_the_same() {
    let client = testing::client().await;
    let config = Config::parse(RULES, "f", SECTIONS).unwrap();
    let rules = Arc::new(Rules::new(&config).unwrap());
    let seconds = flows();
    store(&client, &seconds).await;
    let layout = Layout { database: client.options().database.clone(), ..Layout::default() };
    let store = Store::new(client, layout);
    let history = store.history(&config, &rules, START, START + 300).await.unwrap();
    let mut in_sql = Found::new();
    for detection in history {
        assert!(detection.end > detection.start && detection.peak.samples >= 30, "{detection:?}");
        let key = (detection.rule, detection.target);
        let entry = in_sql.entry(key).or_insert((detection.start, 0.0, 0.0));
        *entry = (entry.0, entry.1.max(detection.peak.severity), entry.2.max(detection.peak.bits));
    }
    let in_stream = in_the_stream(&config, &rules, &seconds);
    for (found, other) in [(&in_sql, &in_stream), (&in_stream, &in_sql)] {
        for (key, (start, severity, bits)) in found {
            if *severity < 2.0 {
                continue;
            }
            let Some((other_start, other_severity, other_bits)) = other.get(key) else {
                panic!("{key:?} {severity}: {in_sql:#?} {in_stream:#?}")
            };
            assert!(
                start.abs_diff(*other_start) <= 60.min(20 + 50 * u32::from(key.0 == "syn-minutes")),
                "{key:?} {start} {other_start}"
            );
            for (one, two) in [(severity, other_severity), (bits, other_bits)] {
                assert!((one / two - 1.0).abs() <= 0.2, "{key:?}: {one} {two}");
            }
        }
    }
    // That is not for want of attacks.
    let large: Vec<String> = in_sql
        .iter()
        .filter(|(_, (_, severity, _))| *severity >= 2.0)
        .map(|((rule, target), _)| format!("{rule} {target}"))
        .collect();
    for expected in [
        "ntp 203.0.113.77",
        "ntp 203.0.113.0/24",
        "syn 203.0.113.77",
        "syn-minutes 203.0.113.0/24",
        "udp-networks DstNetName = benchmarks",
        "udp-networks 2001:db8:1::/48",
    ] {
        assert!(large.iter().any(|found| found == expected), "{expected}: {large:#?}");
    }
    // Memcached is below every threshold by itself.
    assert!(in_sql.keys().chain(in_stream.keys()).all(|(rule, _)| rule != "memcached"));
}
