use std::time::{Duration, SystemTime, UNIX_EPOCH};

use flowql::{SavedFilters, Schema};

use super::live::Live;
use super::*;
use flowql_tables::{Layout, columns_of};
use flowql_tables::{Reach, StoredColumn, StoredSchema, StoredTable};

/// A Monday at noon.
const NOON: u64 = 1_700_481_600;

/// A database with the usual tables, each with flows of so many days, the raw one first.
fn stored(schema: &Schema, days: [u64; 4]) -> StoredSchema {
    let layout = Layout::default();
    let table = |name: String, seconds: u64, days: u64| {
        let columns = columns_of(&layout, schema, seconds > 0).into_iter();
        StoredTable {
            name,
            resolution: Duration::from_secs(seconds),
            oldest: Some(
                UNIX_EPOCH + Duration::from_secs((NOON - days * 86_400) / seconds.max(1) * seconds.max(1)),
            ),
            columns: columns
                .map(|column| StoredColumn { name: column.name, kind: column.kind.to_string() })
                .collect(),
            ..StoredTable::default()
        }
    };
    let mut tables = vec![table("flows".to_owned(), 0, days[0])];
    for (aggregation, days) in layout.aggregated.iter().zip(&days[1..]) {
        tables.push(table(aggregation.name(), aggregation.interval.as_secs(), *days));
    }
    let dictionaries = ["asns", "protocols", "tcp", "udp"].map(str::to_owned).to_vec();
    StoredSchema { tables, dictionaries, ..StoredSchema::default() }
}

fn plan_of(filter: &str, minutes: u64, kind: Kind) -> Result<Plan, Error> {
    plan_on([15, 7, 90, 360], filter, minutes, kind)
}

fn plan_on(days: [u64; 4], filter: &str, minutes: u64, kind: Kind) -> Result<Plan, Error> {
    let (schema, saved) = (Schema::default(), SavedFilters::default());
    let filter =
        FlowFilter::compile(&Compiler::new(&schema, &saved), filter, Direction::Forward, None).unwrap();
    let to = UNIX_EPOCH + Duration::from_secs(NOON);
    let range = TimeRange { from: to - Duration::from_secs(60 * minutes), to };
    FlowQuery { filter, range, kind, limit: 10, options: QueryOptions::default(), id: None }
        .plan(&schema, &stored(&schema, days))
}

fn top(columns: &[&str]) -> Kind {
    Kind::Top { columns: columns.iter().map(|name| (*name).to_owned()).collect(), unit: Unit::Bits }
}

fn series(columns: &[&str], points: u32) -> Kind {
    let columns = columns.iter().map(|name| (*name).to_owned()).collect();
    Kind::Series { columns, unit: Unit::Bits, points }
}

const HOUR: u64 = 60;
const DAY: u64 = 24 * HOUR;

#[test]
fn the_coarsest_table_that_serves_is_read() {
    for (filter, minutes, kind, table, reason) in [
        (
            "",
            HOUR,
            top(&["SrcAS"]),
            "flows",
            "the coarsest table that serves: flows_1m0s is too coarse for points 36 s apart",
        ),
        (
            "",
            6 * HOUR,
            top(&["SrcAS"]),
            "flows_1m0s",
            "the coarsest table that serves: flows_5m0s is too coarse for points 3 min apart",
        ),
        (
            "",
            DAY,
            top(&["SrcAS"]),
            "flows_5m0s",
            "the coarsest table that serves: flows_1h0m0s is too coarse for points 14 min apart",
        ),
        ("", 7 * DAY, top(&["SrcAS"]), "flows_1h0m0s", "the coarsest table"),
        (
            "",
            7 * DAY,
            top(&["SrcAddr"]),
            "flows",
            "the coarsest table that serves: flows_1m0s has no SrcAddr",
        ),
        (
            "SrcPort = 80",
            7 * DAY,
            top(&["SrcAS"]),
            "flows",
            "the coarsest table that serves: flows_1m0s has no SrcPort",
        ),
        ("SrcAS = 1", DAY, series(&[], 24), "flows_1h0m0s", "the coarsest table"),
        (
            "SrcAS = 1",
            DAY,
            series(&[], 300),
            "flows_5m0s",
            "the coarsest table that serves: flows_1h0m0s is too coarse for points 5 min apart",
        ),
        ("", 100 * DAY, series(&[], 50), "flows_1h0m0s", "the coarsest table"),
        ("", HOUR, Kind::Flows { columns: vec![] }, "flows", "only this table has every flow"),
        (
            "",
            7 * DAY,
            Kind::Top { columns: vec!["SrcAS".to_owned()], unit: Unit::Flows },
            "flows",
            "only this table has every flow",
        ),
        (
            "PacketSize > 100",
            7 * DAY,
            top(&["SrcAS"]),
            "flows_1h0m0s",
            "the coarsest table; there, PacketSize is of the average packet of many flows",
        ),
        ("Bytes > 1MB", 7 * DAY, top(&["SrcAS"]), "flows", "only this table has the Bytes of single flows"),
    ] {
        let plan = plan_of(filter, minutes, kind).unwrap();
        assert_eq!((plan.table.as_str(), plan.reason.as_str()), (table, reason), "{filter} {minutes}");
        assert!(plan.sql.to_string().contains(&format!("FROM {table}\n")), "{}", plan.sql);
    }
}

#[test]
fn a_table_must_go_back_to_the_start() {
    let table = |days, minutes, kind| plan_on(days, "", minutes, kind).unwrap();
    // A new aggregated table has not got there yet.
    let plan = table([15, 15, 2, 15], 3 * DAY, series(&[], 300));
    assert_eq!(plan.table, "flows_1m0s");
    assert_eq!(plan.reason, "the coarsest table that serves: flows_5m0s does not go back to the start");
    // The finer tables have forgotten: better coarse than not at all.
    let plan = table([1, 2, 3, 360], 30 * DAY, series(&[], 10_000));
    assert_eq!((plan.table.as_str(), plan.interval), ("flows_1h0m0s", Some(Duration::from_secs(3600))));
    assert!(plan.reason.starts_with("the finest table that goes back to the start"), "{}", plan.reason);
    // All begin at the same time, which is later than asked for.
    assert_eq!(table([1, 1, 1, 1], 7 * DAY, top(&["SrcAS"])).table, "flows_1h0m0s");
}

#[test]
fn what_is_not_there_is_said() {
    let error = |filter: &str, kind: Kind| plan_of(filter, HOUR, kind).unwrap_err().to_string();
    assert_eq!(error("", top(&["SrcASN"])), "there is no column `SrcASN`; did you mean `SrcAS`?");
    assert_eq!(error("", top(&["SrcVlan"])), "the column `SrcVlan` is not enabled");
    assert_eq!(error("", top(&["Bytes"])), "the column `Bytes` is nothing to group by");
    assert_eq!(error("", top(&[])), "a top needs a column");
    let (schema, saved) = (Schema::all_columns(), SavedFilters::default());
    let filter =
        FlowFilter::compile(&Compiler::new(&schema, &saved), "SrcVlan = 1", Direction::Forward, None)
            .unwrap();
    let to = UNIX_EPOCH + Duration::from_secs(NOON);
    let range = TimeRange { from: to - Duration::from_secs(60), to };
    let query = FlowQuery {
        filter,
        range,
        kind: top(&["SrcAS"]),
        limit: 1,
        options: QueryOptions::default(),
        id: None,
    };
    let error = |stored: &StoredSchema| query.plan(&schema, stored).unwrap_err().to_string();
    assert_eq!(error(&stored(&Schema::default(), [1, 1, 1, 1])), "no table has the column `SrcVlan`");
    assert_eq!(
        error(&StoredSchema::default()),
        "there are no flow tables; `flowql tables create` makes them"
    );
    let backwards = FlowQuery { range: TimeRange { from: range.to, to: range.from }, ..query };
    let error = backwards.plan(&schema, &StoredSchema::default()).unwrap_err();
    assert_eq!(error, Error::BadQuery("the time ends before it begins".to_owned()));
}

#[test]
fn the_range_is_widened_to_whole_intervals_of_the_table() {
    let range_of = |kind, minutes, offset| {
        let (schema, saved) = (Schema::default(), SavedFilters::default());
        let filter =
            FlowFilter::compile(&Compiler::new(&schema, &saved), "", Direction::Forward, None).unwrap();
        let to = UNIX_EPOCH + Duration::from_secs(NOON + offset);
        let range = TimeRange { from: to - Duration::from_secs(60 * minutes), to };
        let plan = FlowQuery { filter, range, kind, limit: 10, options: QueryOptions::default(), id: None }
            .plan(&schema, &stored(&schema, [15, 7, 90, 360]));
        let plan = plan.unwrap();
        let seconds = |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap().as_secs();
        (plan.table, NOON.abs_diff(seconds(plan.range.from)), seconds(plan.range.to) - NOON)
    };
    // To the second in the table of every flow, else outwards: no flow of the range is left out.
    assert_eq!(range_of(top(&["SrcAS"]), HOUR, 59), ("flows".to_owned(), 3541, 59));
    assert_eq!(range_of(top(&["SrcAS"]), DAY, 59), ("flows_5m0s".to_owned(), 86_400, 300));
    assert_eq!(range_of(series(&[], 24), DAY, 1), ("flows_1h0m0s".to_owned(), 86_400, 3600));
    // A series covers what the total of the same table covers, whatever its steps.
    assert_eq!(range_of(series(&[], 2), HOUR, 59), ("flows_5m0s".to_owned(), 3600, 300));
    assert_eq!(range_of(series(&[], 3600), HOUR, 59), ("flows".to_owned(), 3541, 59));
}

#[test]
fn never_more_points_than_asked_for_but_for_parts_at_the_ends() {
    let plan = plan_of("", 100, series(&[], 30)).unwrap();
    assert_eq!((plan.interval, plan.table.as_str()), (Some(Duration::from_secs(300)), "flows_5m0s"));
    assert!(plan.sql.to_string().contains("range(toUInt32(20))"), "{}", plan.sql);
    for minutes in [1, 10, 61, 600, 5000, 50_000] {
        for points in [1, 2, 7, 60, 500] {
            let plan = plan_of("", minutes, series(&[], points)).unwrap();
            let sql = plan.sql.to_string();
            let (_, rest) = sql.split_once("range(toUInt32(").unwrap();
            let count: u64 = rest.split_once(')').unwrap().0.parse().unwrap();
            assert!((1..=u64::from(points) + 1).contains(&count), "{minutes} {points}: {count}");
        }
    }
}

#[test]
fn the_values_of_a_filter_are_parameters() {
    let plan =
        plan_of("ExporterName = \"a'b\" AND SrcAS IN (1, 2)", HOUR, top(&["SrcAS", "SrcAddr"])).unwrap();
    assert!(
        plan.sql
            .to_string()
            .contains("AND (ExporterName = {p0:String} AND SrcAS IN ({p1:UInt32}, {p2:UInt32}))"),
        "{}",
        plan.sql
    );
    let names: Vec<String> = plan.sql.parameters().into_iter().map(|parameter| parameter.name).collect();
    assert_eq!(names, ["to", "from", "p0", "p1", "p2"]);
    assert!(!plan.sql.to_string().contains("a'b"));
    assert!(
        plan.sql.to_string().contains(
            r"replaceRegexpOne(toString(SrcAddr), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS SrcAddr"
        )
    );
    assert!(plan.sql.to_string().contains("dictGetOrDefault('asns', 'name', SrcAS, '') AS SrcASName"));
}

#[test]
fn a_step_takes_the_coarsest_table_whose_intervals_make_it() {
    let plan = |minutes: u64, step: u64| {
        let (schema, saved) = (Schema::default(), SavedFilters::default());
        let compiler = Compiler::new(&schema, &saved);
        let filter = FlowFilter::compile(&compiler, "", Direction::Forward, None).unwrap();
        let to = UNIX_EPOCH + Duration::from_secs(NOON);
        let range = TimeRange { from: to - Duration::from_secs(60 * minutes), to };
        let options = QueryOptions { step: Some(Duration::from_secs(step)), ..QueryOptions::default() };
        let query = FlowQuery { filter, range, kind: series(&[], 1), limit: 10, options, id: None };
        query.plan(&schema, &stored(&schema, [15, 7, 90, 360]))
    };
    for (minutes, step, table, interval) in [
        (DAY, 120, "flows_1m0s", 120),
        (HOUR, 90, "flows", 90),
        (DAY, 300, "flows_5m0s", 300),
        (DAY, 420, "flows_1m0s", 420),
        (DAY, 3600, "flows_1h0m0s", 3600),
        // Nothing finer goes back so far.
        (100 * DAY, 5400, "flows_1h0m0s", 7200),
    ] {
        let plan = plan(minutes, step).unwrap();
        let found = plan.interval.unwrap().as_secs();
        assert_eq!((plan.table.as_str(), found), (table, interval), "{minutes} {step}: {}", plan.reason);
    }
    let reason = plan(DAY, 420).unwrap().reason;
    assert_eq!(
        reason,
        "the coarsest table that serves: points 7 min apart are no whole intervals of flows_5m0s"
    );
    assert!(plan(DAY, 1).unwrap_err().to_string().contains("makes more than 10000 points"));
    assert!(plan(DAY, 0).is_err());
}

#[test]
fn plain_points_are_as_far_apart_as_their_number_makes_them() {
    let plan = |minutes: u64, points: u32| {
        let (schema, saved) = (Schema::default(), SavedFilters::default());
        let compiler = Compiler::new(&schema, &saved);
        let filter = FlowFilter::compile(&compiler, "", Direction::Forward, None).unwrap();
        let to = UNIX_EPOCH + Duration::from_secs(NOON);
        let range = TimeRange { from: to - Duration::from_secs(60 * minutes), to };
        let options = QueryOptions { is_plain: true, ..QueryOptions::default() };
        let query = FlowQuery { filter, range, kind: series(&[], points), limit: 10, options, id: None };
        query.plan(&schema, &stored(&schema, [15, 7, 90, 360])).unwrap()
    };
    for (minutes, points, table, interval) in [
        (HOUR, 2000, "flows", 2),
        (HOUR, 100, "flows", 36),
        (HOUR, 60, "flows_1m0s", 60),
        (HOUR, 50, "flows_1m0s", 120),
        (DAY, 288, "flows_5m0s", 300),
        (DAY, 289, "flows_1m0s", 300),
        (DAY, 200, "flows_5m0s", 600),
        (30 * DAY, 200, "flows_1h0m0s", 14_400),
    ] {
        let plan = plan(minutes, points);
        let found = plan.interval.unwrap().as_secs();
        assert_eq!((plan.table.as_str(), found), (table, interval), "{minutes} {points}: {}", plan.reason);
    }
}

#[test]
fn the_opposite_direction_has_the_counterparts_of_the_columns() {
    let (schema, saved) = (Schema::default(), SavedFilters::default());
    let reversed = |columns: &[&str], unit: Unit| {
        let compiler = Compiler::new(&schema, &saved);
        let compile = |direction| FlowFilter::compile(&compiler, "DstPort = 53", direction, None).unwrap();
        let columns = columns.iter().map(|name| (*name).to_owned()).collect();
        let to = UNIX_EPOCH + Duration::from_secs(NOON);
        let range = TimeRange { from: to - Duration::from_secs(60), to };
        let filter = compile(Direction::Forward);
        let kind = Kind::Top { columns, unit };
        let query = FlowQuery { filter, range, kind, limit: 1, options: QueryOptions::default(), id: None };
        query.reversed(&schema, compile(Direction::Reverse)).map(|query| query.kind)
    };
    let columns = ["DstAS", "Proto", "DstAddr/24", "InIfName"].map(str::to_owned).to_vec();
    assert_eq!(
        reversed(&["SrcAS", "Proto", "SrcAddr/24", "OutIfName"], Unit::InSpeed),
        Ok(Kind::Top { columns, unit: Unit::OutSpeed })
    );
    assert_eq!(
        reversed(&["Dst1stAS"], Unit::Bits).unwrap_err().to_string(),
        "the column `Dst1stAS` has none for the opposite direction"
    );
}

/// The plan of a series of an hour that ends at noon, where collectors are so many seconds before noon.
fn near(reach: Option<u64>, points: u32, silent: &[&str]) -> Plan {
    let (schema, saved) = (Schema::default(), SavedFilters::default());
    let filter =
        FlowFilter::compile(&Compiler::new(&schema, &saved), "SrcAS = 1", Direction::Forward, None).unwrap();
    let to = UNIX_EPOCH + Duration::from_secs(NOON);
    let query = FlowQuery {
        filter,
        range: TimeRange { from: to - Duration::from_secs(12 * 3600), to },
        kind: series(&["SrcCountry"], points),
        limit: 10,
        options: QueryOptions::default(),
        id: None,
    };
    let mut stored = stored(&schema, [15, 7, 90, 360]);
    let time = reach.map(|before| to - Duration::from_secs(before));
    stored.reach = Some(Reach { time, silent: silent.iter().map(|text| (*text).to_owned()).collect() });
    query.plan(&schema, &stored).unwrap()
}

#[test]
fn near_the_present_finer_tables_and_flows_are_read() {
    // An hour is whole up to 10:00, a minute up to 10:58.
    let plan = near(Some(3661), 12, &[]);
    let sql = plan.sql.to_string();
    let read: Vec<&str> =
        sql.lines().map(str::trim).filter(|line| line.starts_with("SELECT Bytes")).collect();
    let part = |table: &str, from: u64, to: u64| {
        format!(
            "SELECT Bytes, SamplingRate, SrcAS, SrcCountry, TimeReceived FROM {table} \
             WHERE TimeReceived >= toDateTime({}) AND TimeReceived < toDateTime({})",
            NOON - from,
            NOON - to
        )
    };
    let expected =
        [part("flows_1h0m0s", 12 * 3600, 7200), part("flows_1m0s", 7200, 3720), part("flows", 3720, 0)];
    // The top groups are found in the same rows.
    assert_eq!(read, [&expected[..], &expected[..]].concat());
    let end = "; flows_1m0s from 2023-11-20T10:00:00Z; flows from 2023-11-20T10:58:00Z";
    assert!(plan.reason.ends_with(end) && plan.table == "flows_1h0m0s", "{}", plan.reason);
    // What is whole up to the end is read alone, and where nobody says how far it is, all is there.
    for reach in [Some(0), None] {
        let plan = near(reach, 12, &[]);
        assert!(!plan.sql.to_string().contains("UNION ALL"), "{}", plan.sql);
    }
    let plan = near(None, 12, &["partition 1"]);
    let end = "; the last flows of what is silent may be missing: partition 1";
    assert!(plan.reason.ends_with(end), "{}", plan.reason);
    // `flows` itself lacks nothing.
    assert!(!near(Some(3661), 10_000, &[]).sql.to_string().contains("UNION ALL"));
}

#[test]
fn intervals_that_do_not_fit_leave_no_gap() {
    let mut stored = stored(&Schema::default(), [15, 7, 90, 360]);
    for (table, seconds) in
        stored.tables.iter_mut().filter(|table| !table.resolution.is_zero()).zip([2, 5, 60])
    {
        table.resolution = Duration::from_secs(seconds);
    }
    let to = UNIX_EPOCH + Duration::from_secs(NOON);
    stored.reach = Some(Reach { time: Some(to - Duration::from_secs(1)), silent: Vec::new() });
    let range = TimeRange { from: to - Duration::from_secs(60), to };
    let table = stored.tables.iter().find(|table| table.resolution == Duration::from_secs(5)).unwrap();
    let sql = Live::of(&stored, table, vec!["Bytes"], range).unwrap().sql().to_string();
    let read: Vec<&str> = sql.lines().map(str::trim).filter(|line| line.starts_with("SELECT")).collect();
    let part = |table: &str, from: u64, to: u64| {
        format!(
            "SELECT Bytes FROM {table} WHERE TimeReceived >= toDateTime({}) AND TimeReceived < toDateTime({})",
            NOON - from,
            NOON - to
        )
    };
    let expected =
        [part("flows_5m0s", 60, 5), part("flows", 5, 4), part("flows_1m0s", 4, 2), part("flows", 2, 0)];
    assert_eq!(read, expected);
}

#[test]
fn a_new_store_is_read_as_finely_as_an_old_one() {
    let (schema, saved) = (Schema::default(), SavedFilters::default());
    let compiler = Compiler::new(&schema, &saved);
    let to = UNIX_EPOCH + Duration::from_secs(NOON + 1120);
    // The first flow came a minute and 2 s ago.
    let first = NOON + 1058;
    let table_of = |first_of_hours: u64| {
        let mut stored = stored(&schema, [15, 7, 90, 360]);
        for table in &mut stored.tables {
            let seconds = table.resolution.as_secs().max(1);
            let first = if seconds == 3600 { first_of_hours } else { first };
            table.oldest = Some(UNIX_EPOCH + Duration::from_secs(first / seconds * seconds));
        }
        let query = FlowQuery {
            filter: FlowFilter::compile(&compiler, "", Direction::Forward, None).unwrap(),
            range: TimeRange { from: to - Duration::from_secs(300), to },
            kind: series(&[], 100),
            limit: 10,
            options: QueryOptions::default(),
            id: None,
        };
        query.plan(&schema, &stored).unwrap().table
    };
    assert_eq!(table_of(first), "flows");
    // Here a table of hours has older ones: `flows` has lost them, and the intervals of 5 minutes may hold the start.
    assert_eq!(table_of(NOON - 7200), "flows_5m0s");
}

#[test]
fn a_forced_filter_is_added_after_reversal_and_read_from_its_table() {
    let (schema, saved) = (Schema::default(), SavedFilters::default());
    let compiler = Compiler::new(&schema, &saved);
    let forced = compiler.check("SrcAS = 1 OR DstPort = 53", Options::default()).filter.unwrap();
    let sql = |text: &str, direction| {
        let filter = FlowFilter::compile(&compiler, text, direction, None).unwrap();
        let both = filter.within(&compiler, &forced).unwrap();
        assert_eq!(both.text, text);
        let typed = Checked { filter: both.typed.clone(), diagnostics: Vec::new() };
        assert_eq!(both.compiled.columns.len(), if text.is_empty() { 2 } else { 3 });
        compiler.compile_checked(typed, Options::default()).sql.unwrap()
    };
    let own = "((SrcAS = 1 OR DstPort = 53))";
    assert_eq!(sql("", Direction::Forward).replace(['(', ')'], ""), own.replace(['(', ')'], ""));
    let forward = sql("SrcCountry = \"FR\" OR SrcAS = 2", Direction::Forward);
    assert_eq!(forward, "(SrcAS = 1 OR DstPort = 53) AND (SrcCountry = 'FR' OR SrcAS = 2)");
    let reverse = sql("SrcCountry = \"FR\"", Direction::Reverse);
    assert_eq!(reverse, "(SrcAS = 1 OR DstPort = 53) AND (DstCountry = 'FR')");
    // A column of the forced filter that only the table of every flow has decides the table.
    let filter = FlowFilter::compile(&compiler, "SrcAS = 2", Direction::Forward, None).unwrap();
    let filter = filter.within(&compiler, &forced).unwrap();
    let to = UNIX_EPOCH + Duration::from_secs(NOON);
    let range = TimeRange { from: to - Duration::from_secs(86_400), to };
    let query = FlowQuery {
        filter,
        range,
        kind: top(&["SrcAS"]),
        limit: 10,
        options: QueryOptions::default(),
        id: None,
    };
    assert_eq!(query.plan(&schema, &stored(&schema, [15, 7, 90, 360])).unwrap().table, "flows");
}
