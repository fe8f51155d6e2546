//! What must be in the tables: the datagrams of the journal, decoded apart from the collector, as plain rows.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::net::Ipv6Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use flowql_client::{Client, Sql, Statement};
use flowql_decode::{Columns, Datagram, Decoder, Field, Fields, Limits, Settings, Source, TextId, Transport};
use flowql_queue::{Content, Item, Journal, Position, Queue};

/// The sums of a group.
type Groups = BTreeMap<String, (u64, u64)>;

/// What a table of flows holds: rows, bytes, packets, and two hashes that do not heed the order of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) rows: u64,
    bytes: u64,
    packets: u64,
    first: u64,
    second: u64,
}

/// What must be in the tables.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    pub(crate) flows: Sums,
    /// By the seconds of an interval.
    aggregated: BTreeMap<u64, Groups>,
}

/// The tables and the seconds of their intervals.
const AGGREGATED: [(&str, u64); 3] = [("flows_1m0s", 60), ("flows_5m0s", 300), ("flows_1h0m0s", 3600)];

/// The columns that make the line of a row, as the database prints them; the first is the time.
const LINE: [&str; 15] = [
    "toUnixTimestamp(TimeReceived)",
    "ExporterAddress",
    "ExporterName",
    "SrcAddr",
    "DstAddr",
    "SrcPort",
    "DstPort",
    "Proto",
    "EType",
    "InIfName",
    "OutIfName",
    "SrcAS",
    "SamplingRate",
    "Bytes",
    "Packets",
];

/// Those of the aggregated tables, after the time.
const KEY: [&str; 8] =
    ["ExporterName", "InIfName", "OutIfName", "InIfProvider", "SrcAS", "Proto", "EType", "SamplingRate"];

/// Keeps the segments of a journal that lets go of them: each gets a second name as soon as it is there.
pub(crate) struct Keeper {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
    journal: PathBuf,
    kept: PathBuf,
}

impl Keeper {
    pub(crate) fn start(journal: &Path, kept: &Path) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (journal, kept) = (journal.to_path_buf(), kept.to_path_buf());
        let (from, to, stopped) = (journal.clone(), kept.clone(), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                keep(&from, &to);
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        Self { stop, thread, journal, kept }
    }

    /// All that was ever in the journal.
    pub(crate) fn stop(self) -> Journal {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap();
        keep(&self.journal, &self.kept);
        fs::copy(self.journal.join("journal"), self.kept.join("journal")).unwrap();
        let settings = flowql_queue::Settings { partitions: super::PARTITIONS, ..Default::default() };
        Journal::open(&self.kept, settings).unwrap()
    }
}

/// The files come and go meanwhile.
fn keep(journal: &Path, kept: &Path) {
    for partition in 0..super::PARTITIONS {
        let (from, to) = (journal.join(partition.to_string()), kept.join(partition.to_string()));
        fs::create_dir_all(&to).unwrap();
        for entry in fs::read_dir(from).into_iter().flatten().flatten() {
            let to = to.join(entry.file_name());
            if entry.file_name().to_string_lossy().ends_with(".segment") && !to.exists() {
                drop(fs::hard_link(entry.path(), to));
            }
        }
    }
}

impl Expected {
    /// Decodes all that is in a journal.
    pub(crate) fn of(journal: &Journal) -> Self {
        let mut expected = Self::default();
        for partition in journal.assigned() {
            expected.partition(journal, partition);
        }
        expected
    }

    fn partition(&mut self, journal: &Journal, partition: u16) {
        let mut reader = journal.reader(partition, Position::START).unwrap();
        let mut decoder = Decoder::new(Settings::default(), Limits::default(), Fields::all());
        let mut columns = Columns::new(Fields::all());
        let mut kept: HashMap<u64, (u64, Source, Vec<u8>)> = HashMap::new();
        let mut number = 0;
        while let Some(item) = reader.next(Duration::ZERO).unwrap() {
            match item {
                Item::Record(_, record) => {
                    let Content::Datagram(bytes) = record.content else { panic!("{record:?}") };
                    let source = Source {
                        address: record.source,
                        listener: record.listener.into(),
                        transport: Transport::Udp,
                    };
                    number += 1;
                    kept.insert(number, (record.time, source, bytes.to_vec()));
                    let datagram = Datagram { received: record.time, source, position: number, bytes };
                    decoder.decode(&datagram, &mut columns, &mut ());
                }
                Item::End { time, .. } => decoder.tick(time),
                other => panic!("{other:?}"),
            }
            for ticket in decoder.ready() {
                let (received, source, bytes) = &kept[&ticket.position];
                let (received, source, position) = (*received, *source, ticket.position);
                let datagram = Datagram { received, source, position, bytes };
                decoder.resume(&datagram, ticket, &mut columns, &mut ());
            }
            columns.settle();
            (0..columns.rows()).for_each(|row| self.add(&columns, &decoder, row));
            columns.clear();
        }
    }

    fn add(&mut self, columns: &Columns, decoder: &Decoder, row: usize) {
        let number = |field| columns.number(field, row);
        let address = |field| Ipv6Addr::from(columns.address(field, row)).to_string();
        let exporter = address(Field::ExporterAddress);
        let is_edge = exporter == "::ffff:127.0.0.2";
        let name = if is_edge { "edge" } else { exporter.trim_start_matches("::ffff:") };
        let interface = |index, name| {
            let said = decoder.texts().text(TextId(number(name) as u32));
            match (is_edge, number(index), said) {
                (true, 2, _) => ("uplink".to_owned(), "Example"),
                (_, 0, "") => (String::new(), ""),
                (_, index, "") => (format!("if{index}"), ""),
                (_, _, said) => (said.to_owned(), ""),
            }
        };
        let (input, provider) = interface(Field::InIfIndex, Field::InIfName);
        let (output, _) = interface(Field::OutIfIndex, Field::OutIfName);
        let (source_as, proto, etype) = (number(Field::SrcAS), number(Field::Proto), number(Field::EType));
        let (rate, bytes, packets) =
            (number(Field::SamplingRate), number(Field::Bytes), number(Field::Packets));
        let [from, to] = [Field::SrcAddr, Field::DstAddr].map(address);
        let [from_port, to_port] = [Field::SrcPort, Field::DstPort].map(number);
        let time = number(Field::TimeReceived);
        let line = format!(
            "{time}|{exporter}|{name}|{from}|{to}|{from_port}|{to_port}|{proto}|{etype}|{input}|{output}|\
             {source_as}|{rate}|{bytes}|{packets}"
        );
        let sums = &mut self.flows;
        sums.rows += 1;
        sums.bytes += bytes;
        sums.packets += packets;
        sums.first += u64::from(crc32fast::hash(line.as_bytes()));
        sums.second += u64::from(crc32fast::hash(format!("{line}|again").as_bytes()));
        for (_, interval) in AGGREGATED {
            let start = time / interval * interval;
            let key =
                format!("{start}|{name}|{input}|{output}|{provider}|{source_as}|{proto}|{etype}|{rate}");
            let group = self.aggregated.entry(interval).or_default().entry(key).or_default();
            *group = (group.0 + bytes, group.1 + packets);
        }
    }

    /// Compares it with what the database has.
    pub(crate) async fn check(&self, client: &Client) {
        let line = LINE.map(|column| format!("toString({column})")).join(",'|',");
        let sql = format!(
            "WITH concat({line}) AS line SELECT count(), sum(Bytes), sum(Packets), sum(CRC32(line)), \
             sum(CRC32(concat(line, '|again'))) FROM flows"
        );
        let rows = ask(client, sql).await;
        let [rows, bytes, packets, first, second] = [0, 1, 2, 3, 4].map(|cell| number(&rows[0][cell]));
        assert_eq!(Sums { rows, bytes, packets, first, second }, self.flows, "flows");
        for (table, interval) in AGGREGATED {
            let key = KEY.map(|column| format!("toString({column})")).join(",'|',");
            let sql = format!(
                "SELECT concat(toString(toUnixTimestamp(TimeReceived)),'|',{key}) AS key, sum(Bytes), \
                 sum(Packets) FROM {table} GROUP BY key"
            );
            let found: Groups = ask(client, sql)
                .await
                .iter()
                .map(|row| (row[0].as_str().unwrap().to_owned(), (number(&row[1]), number(&row[2]))))
                .collect();
            let expected = self.aggregated.get(&interval).cloned().unwrap_or_default();
            let differ =
                |(key, sums): (&String, &(u64, u64))| (expected.get(key) != Some(sums)).then(|| key.clone());
            let wrong: Vec<String> = found.iter().filter_map(differ).collect();
            assert!(found == expected, "{table}: {} groups for {}, {wrong:?}", found.len(), expected.len());
        }
    }
}

/// That the rows of the aggregated tables were made by whom they were to be made, and those of the interfaces.
pub(crate) async fn check_mode(client: &Client, aggregate: &str) {
    let count = async |sql: &str| number(&ask(client, sql.to_owned()).await[0][0]);
    let is_viewed = aggregate == "views";
    let views =
        "SELECT count() FROM system.tables WHERE database = 'flowql' AND name = 'flows_1m0s_consumer'";
    assert_eq!(count(views).await, u64::from(is_viewed));
    let interfaces = "SELECT count() FROM exporters FINAL WHERE ExporterName = 'edge' AND IfName = 'uplink' \
                      AND IfProvider = 'Example'";
    assert_eq!(count(interfaces).await, 1);
    if !is_viewed {
        let far = "SELECT count() FROM flows_reach FINAL WHERE Reach > now() - 3600";
        assert_eq!(count(far).await, u64::from(super::PARTITIONS));
    }
}

async fn ask(client: &Client, sql: String) -> Vec<Vec<serde_json::Value>> {
    let statement = Statement::read(Sql::of_test(sql));
    let rows = client.rows(&statement).await.unwrap().collect().await.unwrap();
    rows.into_iter().map(|row| row.into_iter().collect()).collect()
}

fn number(value: &serde_json::Value) -> u64 {
    value.as_u64().or_else(|| value.as_str()?.parse().ok()).unwrap()
}
