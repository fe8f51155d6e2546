//! The backend `file` against ClickHouse: the same flows, asked the same questions.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::time::{Duration, UNIX_EPOCH};

use flowql::{Compiler, SavedFilters};
use flowql_backend::{
    Backend, ClickHouse, Direction, FlowFilter, FlowQuery, Kind, QueryOptions, Statistic, TimeRange, Unit,
};
use flowql_client::{AnswerTable, ClientOptions, Insert};
use flowql_connect::FlowFile;
use flowql_tables::{Catalog, Change, Layout, apply, statements};
use flowql_tests::generate;
use flowql_tests::random::Random;
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::{ENGINE, SCHEMA};

const FLOWS: usize = 500;
const QUESTIONS: usize = 600;

/// The flows lie in so many seconds from here on.
const START: u64 = 1_769_853_600;
const SPAN: u64 = 5000;

/// A flow with few different values, so that groups have several and sums are equal.
fn flow(random: &mut Random) -> String {
    let v4 = random.one_in(2);
    let (etype, addresses) = match v4 {
        true => (0x0800, ["192.0.2.1", "192.0.2.200", "10.1.2.3", "0.0.0.0", "::ffff:10.1.2.3"]),
        false => (0x86DD, ["2001:db8::1", "2001:db8:0:1::1", "::", "::1.2.3.4", "2001:db8:0:0:1::"]),
    };
    let list = |random: &mut Random, ends: &[u64]| {
        let numbers: Vec<String> =
            (0..random.below(4)).map(|_| ends[random.below(ends.len())].to_string()).collect();
        format!("[{}]", numbers.join(","))
    };
    let mut fields = vec![
        format!("\"TimeReceived\":{}", START + random.below(SPAN as usize) as u64),
        format!("\"SamplingRate\":{}", [1, 10, 1000][random.below(3)]),
        format!("\"EType\":{}", if random.one_in(9) { 0x0806 } else { etype }),
        format!("\"Proto\":{}", [1, 6, 17, 58, 255][random.below(5)]),
        format!("\"Bytes\":{}", [0, 100, 1500, 1_u64 << 40][random.below(4)]),
        format!("\"Packets\":{}", random.below(4)),
        format!("\"ExporterAddress\":\"{}\"", random.pick(&["::ffff:192.0.2.254", "2001:db8::fe"])),
        format!("\"FlowDirection\":\"{}\"", random.pick(&["undefined", "ingress", "egress"])),
        format!("\"InIfBoundary\":\"{}\"", random.pick(&["undefined", "external", "internal"])),
        format!("\"InIfName\":\"{}\"", random.pick(&["Gi0/0/1", "it's", "a\\\\b", "\\u0001é\\n", "", "Z"])),
        format!("\"InIfSpeed\":{}", [0, 1000, 10_000][random.below(3)]),
        format!("\"OutIfName\":\"{}\"", random.pick(&["Gi0/0/1", "", "Z"])),
        format!("\"OutIfSpeed\":{}", [0, 400_000][random.below(2)]),
        format!("\"TCPFlags\":{}", [0, 2, 18][random.below(3)]),
        format!("\"DstASPath\":{}", list(random, &[15_169, 1, 4_200_000_000])),
        format!("\"DstCommunities\":{}", list(random, &[65_537, 4_259_840_100, 5])),
        format!("\"MPLSLabels\":{}", list(random, &[3, 16, 1_048_575])),
    ];
    for side in ["Src", "Dst"] {
        fields.push(format!("\"{side}Addr\":\"{}\"", addresses[random.below(5)]));
        fields.push(format!("\"{side}NetMask\":{}", [24, 16, 32, 0, 64][random.below(5)]));
        fields.push(format!("\"{side}AS\":{}", [15_169, 3215, 64_500, 0][random.below(4)]));
        fields.push(format!("\"{side}Port\":{}", [53, 443, 8080, 50_000][random.below(4)]));
        fields.push(format!("\"{side}Country\":\"{}\"", random.pick(&["FR", "DE", ""])));
        fields.push(format!("\"{side}MAC\":{}", [0, 1_113_025_280][random.below(2)]));
        fields.push(format!("\"{side}AddrRole\":\"{}\"", random.pick(&["web", "db"])));
    }
    format!("{{{}}}", fields.join(","))
}

/// Conditions that select some of the flows.
const CONDITIONS: [&str; 16] = [
    "SrcAS = AS15169",
    "DstAS IN (AS3215, AS64500)",
    "Proto = \"tcp\"",
    "DstPort = \"https\"",
    "SrcPort > 100",
    "SrcAddr << 192.0.2.0/24",
    "DstAddr = 2001:db8::1",
    "SrcNetPrefix << 10.0.0.0/8",
    "InIfBoundary = external",
    "InIfName LIKE \"%i%\"",
    "SrcCountry IN (\"FR\", \"\")",
    "PacketSize BETWEEN 50 AND 2000",
    "DstCommunities = 1:*",
    "DstASPath = AS1",
    "TCPFlags HAS SYN",
    "FlowDirection != ingress",
];

/// What no dictionary computes, and is worth grouping by.
const DIMENSIONS: [&str; 29] = [
    "SrcAddr/24",
    "SrcAddr/0/0",
    "DstAddr/16/63",
    "DstAddr/32/128",
    "ExporterAddress/8",
    "SrcAS",
    "DstAS",
    "SrcAddr",
    "DstAddr",
    "SrcPort",
    "DstPort",
    "Proto",
    "EType",
    "InIfName",
    "InIfBoundary",
    "FlowDirection",
    "SrcCountry",
    "SrcMAC",
    "ExporterAddress",
    "DstASPath",
    "DstCommunities",
    "Dst1stAS",
    "SrcNetPrefix",
    "DstNetPrefix",
    "PacketSize",
    "PacketSizeBucket",
    "MPLSLabels",
    "TCPFlags",
    "SrcAddrRole",
];

/// Half of the filters are made of those conditions, half are any.
struct Filters {
    runner: TestRunner,
    any: proptest::strategy::BoxedStrategy<generate::Filter>,
}

impl Filters {
    fn next(&mut self, random: &mut Random) -> String {
        if random.one_in(8) {
            return String::new();
        }
        if random.one_in(2) {
            return self.any.new_tree(&mut self.runner).unwrap().current().canonical();
        }
        let terms: Vec<String> = (0..1 + random.below(3))
            .map(|_| format!("{}{}", random.pick(&["", "", "NOT "]), random.pick(&CONDITIONS)))
            .collect();
        terms.join(random.pick(&[" AND ", " OR "]))
    }
}

/// A question; `None` where a dictionary computes a column of the filter.
fn question(filters: &mut Filters, random: &mut Random) -> Option<FlowQuery> {
    let saved = SavedFilters::default();
    let compiler = Compiler::new(&SCHEMA, &saved);
    let direction = if random.one_in(4) { Direction::Reverse } else { Direction::Forward };
    let text = filters.next(random);
    let filter = FlowFilter::compile(&compiler, &text, direction, None).unwrap();
    let mut names = filter.compiled.columns.iter().map(|&id| SCHEMA.column(id).name.as_ref());
    if names.any(|name| name.starts_with("ICMP")) {
        return None;
    }
    let most = if random.one_in(3) { 1 } else { 3 };
    let columns = (0..random.below(most + 1)).map(|_| random.pick(&DIMENSIONS).to_owned());
    let mut columns: Vec<String> = columns.collect();
    let unit = UNITS[random.below(UNITS.len())];
    let step = random.one_in(3).then(|| Duration::from_secs([1, 7, 60, 120, 3600][random.below(5)]));
    let points = random.one_in(2).then(|| 1 + random.below(200) as u32);
    let statistic = STATISTICS[random.below(STATISTICS.len())];
    let options = QueryOptions { statistic, step, points, is_plain: false };
    let (kind, limit) = match random.below(5) {
        0 => {
            // Flows are shown as they are.
            columns.retain(|name| !name.contains('/'));
            columns.insert(0, "TimeReceived".to_owned());
            (Kind::Flows { columns }, 10_000)
        }
        1 | 2 => {
            if columns.is_empty() {
                columns.push(random.pick(&DIMENSIONS).to_owned());
            }
            (Kind::Top { columns, unit }, 1 + random.below(12) as u32)
        }
        _ => {
            let points = [1, 2, 7, 60, 500][random.below(5)];
            (Kind::Series { columns, unit, points }, 1 + random.below(5) as u32)
        }
    };
    let time = |milliseconds: u64| UNIX_EPOCH + Duration::from_millis(1000 * START + milliseconds);
    let from = random.below(4_000_000) as u64;
    let to = from + [1, 999, 60_000, 1_000_000, 5_000_000][random.below(5)] + random.below(2000) as u64;
    let range = TimeRange { from: time(from), to: time(to) };
    Some(FlowQuery { filter, range, kind, limit, options, id: None })
}

const UNITS: [Unit; 6] =
    [Unit::Bits, Unit::L2Bits, Unit::Packets, Unit::Flows, Unit::InSpeed, Unit::OutSpeed];

const STATISTICS: [Statistic; 5] =
    [Statistic::Average, Statistic::Average, Statistic::Maximum, Statistic::Last, Statistic::P95];

#[test]
fn a_file_answers_as_clickhouse_does() {
    let mut random = Random::new(17);
    let flows: Vec<String> = (0..FLOWS).map(|_| flow(&mut random)).collect();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "{}", flows.join("\n")).unwrap();
    let mut filters = Filters { runner: TestRunner::deterministic(), any: generate::filter(&SCHEMA).boxed() };
    let client = ENGINE.client("of_a_file");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (mut some, mut kinds) = (0, BTreeMap::new());
    runtime.block_on(async {
        // The one table of every flow, which keeps them.
        let layout = Layout {
            database: "of_a_file".to_owned(),
            ttl: Duration::ZERO,
            aggregated: Vec::new(),
            ..Layout::default()
        };
        let made = statements(&layout, &SCHEMA, &Catalog::default(), Change::Add, None);
        apply(&client, &made, |_| {}).await.unwrap();
        let (sql, data) = ("INSERT INTO flows_raw FORMAT JSONEachRow".into(), flows.join("\n").into());
        client.insert(&Insert { sql, data, token: "flows".to_owned(), deadline: None }).await.unwrap();
        let clickhouse = ClickHouse::new(client.clone(), SCHEMA.clone());
        let file = FlowFile::open(file.path(), &SCHEMA, &ClientOptions::default()).unwrap();
        for _ in 0..QUESTIONS {
            let Some(query) = question(&mut filters, &mut random) else { continue };
            let (expected, found) = (answer(&clickhouse, &query).await, answer(&file, &query).await);
            let what =
                format!("{} {:?} {:?} {:?}", query.filter.text, query.kind, query.range, query.options);
            for (row, (expected, found)) in expected.iter().zip(&found).enumerate() {
                let is_same = expected.len() == found.len() && expected.iter().zip(found).all(are_equal);
                assert!(is_same, "row {row} of {what}, limit {}:\n{expected:?}\n{found:?}", query.limit);
            }
            assert_eq!(expected.len(), found.len(), "{what}");
            let kind = match query.kind {
                Kind::Top { .. } => "top",
                Kind::Series { .. } => "series",
                Kind::Flows { .. } => "flows",
            };
            some += usize::from(expected.len() > 1);
            *kinds.entry(kind).or_insert(0) += 1;
        }
    });
    assert!(kinds.values().all(|count| *count > 80), "{kinds:?}");
    assert!(some > QUESTIONS / 3, "only {some} of {QUESTIONS} have an answer of more than one row");
}

/// Whether two cells are the same. The reader of JSON may be off by the last bit of a float.
fn are_equal((expected, found): (&Value, &Value)) -> bool {
    match (expected.as_f64(), found.as_f64()) {
        (Some(expected), Some(found)) => (expected - found).abs() <= expected.abs() * 1e-12,
        _ => expected == found,
    }
}

/// The interval and the names of the columns, then the rows. Flows of the same second come in any order.
async fn answer(backend: &dyn Backend, query: &FlowQuery) -> Vec<Vec<Value>> {
    let answer = backend.query(query).await;
    let answer = answer.unwrap_or_else(|error| panic!("{}: {error}: {query:?}", backend.name()));
    let interval = json!(answer.plan.interval.map(|interval| interval.as_secs()));
    let AnswerTable { columns, mut rows } = answer.collect().await.unwrap();
    if matches!(query.kind, Kind::Flows { .. }) {
        let is_newest_first = rows.is_sorted_by(|first, second| first[0].as_u64() >= second[0].as_u64());
        assert!(is_newest_first, "{}", backend.name());
        rows.sort_by_key(|row| json!(row).to_string());
    }
    rows.insert(0, columns.into_iter().map(|column| json!(column.name)).chain([interval]).collect());
    rows
}
