//! Series, totals and rankings against the flows themselves, for random ranges, tables, steps and points.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use flowql::{Compiler, SavedFilters};
use flowql_backend::{
    Backend as _, ClickHouse, Direction, FlowFilter, FlowQuery, Kind, Plan, QueryOptions, Statistic,
    TimeRange, Unit, both,
};
use flowql_client::{AnswerTable, Insert};
use flowql_tables::{Aggregation, Catalog, Change, Layout, apply, statements};
use flowql_tests::random::Random;
use serde_json::Value;

use crate::{ENGINE, SCHEMA};

const FLOWS: usize = 3000;
const QUESTIONS: usize = 250;

/// Where the flows of the past are.
const PAST: u64 = 1_769_853_617;
const SPAN: u64 = 100_000;

/// The interfaces: exporter, name, speed in Mbit/s. One speed is not known.
const INTERFACES: [(&str, &str, u64); 4] = [
    ("::ffff:192.0.2.1", "xe-0", 10_000),
    ("::ffff:192.0.2.1", "xe-1", 100_000),
    ("2001:db8::1", "xe-0", 1000),
    ("2001:db8::1", "lag", 0),
];

#[derive(Clone, Copy)]
struct Flow {
    time: u64,
    bytes: u64,
    packets: u64,
    rate: u64,
    asn: u64,
    interface: usize,
}

impl Flow {
    fn random(random: &mut Random, from: u64, to: u64) -> Self {
        // Half of the flows are near the ends, where a widened range matters.
        let near = [300, 4000, to - from][random.below(3)];
        let back = random.below(near as usize) as u64;
        Self {
            time: if random.one_in(4) { from + back } else { to - back },
            bytes: random.below(100_000) as u64,
            packets: 1 + random.below(100) as u64,
            rate: [1, 100, 1000][random.below(3)],
            asn: 64_500 + random.below(5) as u64,
            interface: random.below(INTERFACES.len()),
        }
    }

    fn json(&self) -> String {
        let (exporter, name, speed) = INTERFACES[self.interface];
        let Self { time, bytes, packets, rate, asn, .. } = self;
        format!(
            "{{\"TimeReceived\":{time},\"Bytes\":{bytes},\"Packets\":{packets},\"SamplingRate\":{rate},\
             \"SrcAS\":{asn},\"DstAS\":{},\"ExporterAddress\":\"{exporter}\",\"InIfName\":\"{name}\",\
             \"InIfSpeed\":{speed}}}",
            asn + 7
        )
    }

    fn volume(&self, unit: Unit) -> u64 {
        match unit {
            Unit::Bits => self.bytes * self.rate * 8,
            Unit::L2Bits | Unit::InSpeed | Unit::OutSpeed => (self.bytes + 38 * self.packets) * self.rate * 8,
            Unit::Packets => self.packets * self.rate,
            Unit::Flows => 1,
        }
    }
}

/// What flows are divided by for a share: bit/s of their interfaces, each once; 1 for other units.
fn speed<'a>(unit: Unit, flows: impl Iterator<Item = &'a Flow>) -> f64 {
    if unit != Unit::InSpeed {
        return 1.0;
    }
    let interfaces: BTreeSet<usize> = flows.map(|flow| flow.interface).collect();
    interfaces.into_iter().map(|place| INTERFACES[place].2 * 1_000_000).sum::<u64>() as f64
}

/// A database with flows, which end at a time.
struct Database {
    flows: Vec<Flow>,
    clickhouse: ClickHouse,
    end: u64,
    /// The intervals of the tables, in seconds.
    intervals: Vec<u64>,
}

impl Database {
    async fn new(name: &str, random: &mut Random, end: u64, intervals: &[u64]) -> Self {
        let flows: Vec<Flow> = (0..FLOWS).map(|_| Flow::random(random, end - SPAN, end)).collect();
        let client = ENGINE.client(name);
        let aggregation =
            |&seconds: &u64| Aggregation { interval: Duration::from_secs(seconds), ttl: Duration::ZERO };
        let layout = Layout {
            database: name.to_owned(),
            ttl: Duration::ZERO,
            aggregated: intervals.iter().map(aggregation).collect(),
            ..Layout::default()
        };
        let made = statements(&layout, &SCHEMA, &Catalog::default(), Change::Add, None);
        apply(&client, &made, |_| {}).await.unwrap();
        let lines: Vec<String> = flows.iter().map(Flow::json).collect();
        let (sql, data) = ("INSERT INTO flows_raw FORMAT JSONEachRow".into(), lines.join("\n").into());
        client.insert(&Insert { sql, data, token: name.to_owned(), deadline: None }).await.unwrap();
        let clickhouse = ClickHouse::new(client, SCHEMA.clone());
        Self { flows, clickhouse, end, intervals: intervals.to_vec() }
    }

    /// A random question; its filter selects the flows of some AS numbers.
    fn question(&self, random: &mut Random, kind: impl Fn(Unit, u32) -> Kind) -> (FlowQuery, u64) {
        let least = [0, 0, 64_501, 64_503][random.below(4)];
        let text = if least == 0 { String::new() } else { format!("SrcAS BETWEEN {least} AND 65000") };
        let filter = compiled(&text, Direction::Forward);
        let length = [1, 59, 601, 3599, 20_011, SPAN - 5, SPAN][random.below(7)];
        let to = if random.one_in(3) { self.end + 1 } else { self.end - random.below(9000) as u64 };
        let millis = random.below(1000) as u64;
        let time = |seconds: u64| UNIX_EPOCH + Duration::from_millis(1000 * seconds + millis);
        let range = TimeRange { from: time(to - length), to: time(to) };
        let step = random
            .one_in(2)
            .then(|| [1, 7, 60, 120, 420, 900, 3600, 86_400, 100_001][random.below(9)])
            .filter(|step| length / step < 10_000);
        let points = [1, 2, 7, 24, 61, 500][random.below(6)];
        let unit = [Unit::Bits, Unit::L2Bits, Unit::Packets, Unit::Flows, Unit::InSpeed][random.below(5)];
        let statistics = [Statistic::Average, Statistic::Maximum, Statistic::Last, Statistic::P95];
        let options = QueryOptions {
            statistic: statistics[random.below(4)],
            step: step.map(Duration::from_secs),
            points: Some(points),
            is_plain: random.one_in(3),
        };
        (FlowQuery { filter, range, kind: kind(unit, points), limit: 2, options, id: None }, least)
    }

    /// The flows that a plan covers. It covers what was asked for, in whole intervals of its table.
    fn covered(&self, query: &FlowQuery, plan: &Plan, least: u64) -> Vec<Flow> {
        let (from, to) = (seconds(plan.range.from), seconds(plan.range.to));
        assert!(plan.range.from <= query.range.from && query.range.to <= plan.range.to, "{plan:?}");
        let interval = self.intervals.iter().find(|&&seconds| plan.table == name_of(seconds));
        let interval = interval.copied().unwrap_or(1);
        assert!(from % interval == 0 && to % interval == 0, "{plan:?}");
        assert!(seconds(query.range.from) - from < interval && to - seconds(query.range.to) <= interval);
        let flows = self.flows.iter().filter(|flow| flow.asn >= least && (from..to).contains(&flow.time));
        flows.copied().collect()
    }
}

/// What runs a test, once the engine is there: it starts in a runtime of its own.
fn runtime() -> tokio::runtime::Runtime {
    LazyLock::force(&ENGINE);
    tokio::runtime::Runtime::new().unwrap()
}

/// The name of an aggregated table.
fn name_of(seconds: u64) -> String {
    Aggregation { interval: Duration::from_secs(seconds), ttl: Duration::ZERO }.name()
}

fn compiled(text: &str, direction: Direction) -> FlowFilter {
    let saved = SavedFilters::default();
    FlowFilter::compile(&Compiler::new(&SCHEMA, &saved), text, direction, None).unwrap()
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Whether two numbers are the same, but for what floats round.
fn near(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= 1e-9 * expected.abs().max(1e-9)
}

async fn ask(database: &Database, query: &FlowQuery) -> (Plan, AnswerTable) {
    let answer = database.clickhouse.query(query).await.unwrap_or_else(|error| panic!("{error}: {query:?}"));
    let plan = answer.plan.clone();
    (plan, answer.collect().await.unwrap_or_else(|error| panic!("{error}: {query:?}")))
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Each point of each series is the traffic of its time, and all points are that of the range, which holds the range that
/// was asked for: no flow of it is left out, the newest neither.
async fn series_are_all_of_their_range(database: &Database, random: &mut Random) -> BTreeSet<String> {
    let mut tables = BTreeSet::new();
    for _ in 0..QUESTIONS {
        let columns = [vec![], names(&["SrcAS"])][random.below(2)].clone();
        let groups = columns.len();
        let kind = |unit, points| Kind::Series { columns: columns.clone(), unit, points };
        let (query, least) = database.question(random, kind);
        let Kind::Series { unit, .. } = query.kind else { unreachable!() };
        let before = seconds(SystemTime::now());
        let (plan, table) = ask(database, &query).await;
        let after = seconds(SystemTime::now());
        let flows = database.covered(&query, &plan, least);
        let step = plan.interval.unwrap().as_secs();
        let to = seconds(plan.range.to);
        let times: BTreeSet<u64> = table.rows.iter().map(|row| row[0].as_u64().unwrap()).collect();
        if groups > 0 && flows.is_empty() {
            assert!(table.rows.is_empty(), "{query:?}");
            continue;
        }
        assert_eq!(times.first(), Some(&seconds(plan.range.from)), "{query:?}");
        let top: BTreeSet<u64> = table.rows.iter().filter_map(|row| row[1].as_u64()).collect();
        for row in &table.rows {
            let begin = row[0].as_u64().unwrap();
            let end = times.range(begin + 1..).next().copied().unwrap_or(to);
            assert!(end - begin <= step && (end == to || end % step == 0), "{query:?}: {begin} {end}");
            let is_of_line = |flow: &&Flow| match (groups, row[1].as_u64()) {
                (0, _) => true,
                (_, Some(asn)) => flow.asn == asn,
                (_, None) => !top.contains(&flow.asn),
            };
            let of_line: Vec<&Flow> = flows.iter().filter(is_of_line).collect();
            let of_point = of_line.iter().filter(|flow| (begin..end).contains(&flow.time));
            let volume: u64 = of_point.map(|flow| flow.volume(unit)).sum();
            let speed = speed(unit, of_line.iter().copied());
            let found = row.last().unwrap().as_f64().unwrap();
            if speed == 0.0 || unit == Unit::Flows {
                assert!(near(found, if speed == 0.0 { 0.0 } else { volume as f64 }), "{query:?}");
                continue;
            }
            // Of what has not passed yet nothing counts; when the database looked at its clock is not known exactly.
            let length = |now: u64| (end.min(now).max(begin + 1) - begin) as f64;
            let (least, most) = (found * speed * length(before), found * speed * length(after));
            let volume = volume as f64;
            let is_volume = near(least, volume) || near(most, volume) || (least..most).contains(&volume);
            assert!(is_volume, "{query:?} {plan:?}: {begin}-{end} has {found}, not {volume}");
        }
        tables.insert(plan.table);
    }
    tables
}

#[test]
fn every_flow_of_a_range_is_in_its_series() {
    let mut random = Random::new(4242);
    let runtime = runtime();
    let tables = runtime.block_on(async {
        let past = Database::new("series_past", &mut random, PAST, &[60, 420, 3600]).await;
        let mut tables = series_are_all_of_their_range(&past, &mut random).await;
        let now = seconds(SystemTime::now());
        let present = Database::new("series_now", &mut random, now, &[60, 300, 3600, 86_400]).await;
        tables.extend(series_are_all_of_their_range(&present, &mut random).await);
        tables
    });
    assert!(tables.len() >= 5, "{tables:?}");
}

/// The statistic of the points of flows.
fn statistic(query: &FlowQuery, plan: &Plan, unit: Unit, flows: &[&Flow]) -> f64 {
    let (from, to) = (seconds(plan.range.from), seconds(plan.range.to));
    let speed = speed(unit, flows.iter().copied());
    let by_speed = |rate: f64| if speed == 0.0 { 0.0 } else { rate / speed };
    let Some(step) = plan.interval.map(|step| step.as_secs()) else {
        let sum: u64 = flows.iter().map(|flow| flow.volume(unit)).sum();
        let seconds = if unit == Unit::Flows { 1 } else { to - from };
        return by_speed(sum as f64 / seconds as f64);
    };
    let mut points = Vec::new();
    let mut last_whole = None;
    let mut begin = from;
    while begin < to {
        let end = ((begin / step + 1) * step).min(to);
        let volume: u64 =
            flows.iter().filter(|flow| (begin..end).contains(&flow.time)).map(|flow| flow.volume(unit)).sum();
        let seconds = if unit == Unit::Flows { 1 } else { end - begin };
        points.push(volume as f64 / seconds as f64);
        if end - begin == step {
            last_whole = Some(points.len() - 1);
        }
        begin = end;
    }
    let last = points[last_whole.unwrap_or(points.len() - 1)];
    points.sort_by(f64::total_cmp);
    by_speed(match query.options.statistic {
        Statistic::Average => unreachable!("it has no points"),
        Statistic::Maximum => *points.last().unwrap(),
        Statistic::Last => last,
        Statistic::P95 => points[(points.len() * 95).div_ceil(100) - 1],
    })
}

#[test]
fn a_top_is_ranked_by_its_statistic() {
    let mut random = Random::new(77);
    let runtime = runtime();
    runtime.block_on(async {
        let database = Database::new("series_ranked", &mut random, PAST, &[60, 420, 3600]).await;
        let mut statistics = BTreeMap::new();
        for _ in 0..QUESTIONS {
            let kind = |unit, _| Kind::Top { columns: names(&["SrcAS"]), unit };
            let (query, least) = database.question(&mut random, kind);
            let Kind::Top { unit, .. } = query.kind else { unreachable!() };
            let (plan, table) = ask(&database, &query).await;
            let flows = database.covered(&query, &plan, least);
            let mut expected: Vec<(f64, u64)> = (64_500..64_505)
                .filter_map(|asn| {
                    let flows: Vec<&Flow> = flows.iter().filter(|flow| flow.asn == asn).collect();
                    (!flows.is_empty()).then(|| (statistic(&query, &plan, unit, &flows), asn))
                })
                .collect();
            expected.sort_by(|first, second| second.0.total_cmp(&first.0).then(first.1.cmp(&second.1)));
            let name = query.options.statistic.column_of(unit).unwrap_or_else(|| unit.column().to_owned());
            let place = table.columns.iter().position(|column| column.name == name).unwrap();
            let share = table.columns.iter().position(|column| column.name == "share").unwrap();
            let volume = |flows: &mut dyn Iterator<Item = &Flow>| {
                flows.map(|flow| flow.volume(unit)).sum::<u64>() as f64
            };
            let total = volume(&mut flows.iter());
            assert_eq!(table.rows.len(), expected.len().min(2), "{query:?}");
            for (row, (value, asn)) in table.rows.iter().zip(&expected) {
                assert_eq!(row[0].as_u64(), Some(*asn), "{query:?} {plan:?}: {expected:?} {:?}", table.rows);
                let found = row[place].as_f64().unwrap();
                assert!(near(found, *value), "{query:?} {plan:?}: {expected:?} {:?}", table.rows);
                let part = volume(&mut flows.iter().filter(|flow| flow.asn == *asn)) / total;
                assert!(near(row[share].as_f64().unwrap(), part), "{query:?}");
            }
            *statistics.entry(format!("{:?}", query.options.statistic)).or_insert(0) += table.rows.len();
        }
        assert!(statistics.len() == 4 && statistics.values().all(|rows| *rows > 20), "{statistics:?}");
    });
}

#[test]
fn both_directions_are_one_answer() {
    let mut random = Random::new(5);
    let runtime = runtime();
    runtime.block_on(async {
        let database = Database::new("series_both", &mut random, PAST, &[60]).await;
        let time = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        let range = TimeRange { from: time(PAST - SPAN), to: time(PAST + 1) };
        let options = QueryOptions::default();
        for columns in [names(&["SrcAS"]), Vec::new()] {
            let unit = Unit::Packets;
            let kind = match columns.is_empty() {
                true => Kind::Series { columns, unit, points: 5 },
                false => Kind::Top { columns, unit },
            };
            let filter = compiled("SrcAS BETWEEN 64506 AND 65000", Direction::Forward);
            let forward = FlowQuery { filter, range, kind, limit: 9, options, id: None };
            let reverse = forward
                .reversed(&SCHEMA, compiled("SrcAS BETWEEN 64506 AND 65000", Direction::Reverse))
                .unwrap();
            let answer = both(&database.clickhouse, &forward, &reverse).await.unwrap();
            assert!(answer.plan.reverse.is_some());
            let table = answer.collect().await.unwrap();
            assert_eq!(table.columns[0].name, "direction");
            let single = |found: AnswerTable, name: &str| {
                let named = |row: Vec<Value>| [vec![Value::from(name)], row].concat();
                found.rows.into_iter().map(named).collect::<Vec<_>>()
            };
            let first = single(ask(&database, &forward).await.1, "forward");
            let second = single(ask(&database, &reverse).await.1, "reverse");
            assert_eq!(table.rows, [first, second].concat());
        }
        // No flow has such a source, and all but those of one AS such a destination.
        let filter = compiled("SrcAS BETWEEN 64508 AND 65000", Direction::Forward);
        let kind = Kind::Top { columns: names(&["SrcAS"]), unit: Unit::Flows };
        let forward = FlowQuery { filter, range, kind, limit: 9, options, id: None };
        let reverse =
            forward.reversed(&SCHEMA, compiled("SrcAS BETWEEN 64508 AND 65000", Direction::Reverse)).unwrap();
        let table = both(&database.clickhouse, &forward, &reverse).await.unwrap().collect().await.unwrap();
        let found: BTreeSet<(&str, u64)> =
            table.rows.iter().map(|row| (row[0].as_str().unwrap(), row[1].as_u64().unwrap())).collect();
        assert_eq!(found, (64_508..64_512).map(|asn| ("reverse", asn)).collect());
    });
}
