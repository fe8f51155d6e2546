//! From a query to a [`Plan`].

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use flowql::Schema;
use flowql::sql::{Parameter, ParameterValue};
use flowql_schema::{Expression, Storage};

use super::choose::choose;
use super::columns::Wanted;
use super::{FlowQuery, Kind, Plan, TimeRange, Unit};
use crate::Error;
use flowql_tables::FLOWS_TABLE;
use flowql_tables::StoredSchema;

/// So many points are good enough where there is no series: the ends of the range are then off by a hundredth.
const POINTS_OF_TOP: u32 = 100;
/// The most points of a series.
const MOST_POINTS: u32 = 10_000;
/// The most rows of any answer.
const MOST_ROWS: u32 = 1_000_000;

/// The intervals that people think in, in seconds.
const STEPS: [u64; 22] = [
    1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10_800, 14_400, 21_600, 43_200,
    86_400, 604_800,
];

impl FlowQuery {
    /// How the query runs on a database that has these tables.
    ///
    /// # Errors
    ///
    /// [`Error::BadQuery`] for a column that cannot be asked for, [`Error::NoTable`] where no table has what is asked.
    pub fn plan(&self, schema: &Schema, stored: &StoredSchema) -> Result<Plan, Error> {
        if self.range.from == self.range.to {
            return Err(Error::BadQuery("the time is empty: it ends when it begins".to_owned()));
        }
        if self.range.from > self.range.to {
            return Err(Error::BadQuery("the time ends before it begins".to_owned()));
        }
        let planner = Planner { query: self, schema, stored };
        match &self.kind {
            Kind::Top { columns, unit } => planner.top(columns, *unit),
            Kind::Series { columns, unit, points } => planner.series(columns, *unit, *points),
            Kind::Flows { columns } => planner.flows(columns),
        }
    }
}

impl Unit {
    /// The column that holds it.
    pub const fn column(self) -> &'static str {
        match self {
            Self::Bits => "bits",
            Self::Packets => "packets",
            Self::Flows => "flows",
        }
    }

    /// The sum of it over rows of flows, not yet by time.
    const fn sum(self) -> &'static str {
        match self {
            Self::Bits => "sum(Bytes * SamplingRate * 8)",
            Self::Packets => "sum(Packets * SamplingRate)",
            Self::Flows => "count()",
        }
    }

    /// The columns that the sum reads. Only the raw table has a row for each flow; of its columns, one that no other
    /// table has stands for that.
    fn reads(self) -> &'static [&'static str] {
        match self {
            Self::Bits => &["Bytes", "SamplingRate"],
            Self::Packets => &["Packets", "SamplingRate"],
            Self::Flows => &[],
        }
    }

    /// The sum divided by the seconds, for rates.
    fn by_time(self, sum: &str, seconds: &str) -> String {
        match self {
            Self::Bits | Self::Packets => format!("{sum} / {seconds}"),
            Self::Flows => sum.to_owned(),
        }
    }
}

struct Planner<'a> {
    query: &'a FlowQuery,
    schema: &'a Schema,
    stored: &'a StoredSchema,
}

/// The table, and the time, widened to whole intervals of the table.
struct Source<'a> {
    table: &'a str,
    reason: String,
    range: TimeRange,
    /// The interval of the table in seconds; 1 for the raw one.
    resolution: u64,
}

impl<'a> Planner<'a> {
    fn top(&self, names: &[String], unit: Unit) -> Result<Plan, Error> {
        let wanted = Wanted::all(self.schema, names, true)?;
        if wanted.is_empty() {
            return Err(Error::BadQuery("a top needs a column".to_owned()));
        }
        let target = self.length() / POINTS_OF_TOP;
        let source = self.source(&wanted, unit, target)?;
        // No more of the last interval counts than has passed.
        let seconds = length("{to:UInt32}", "{from:UInt32}");

        let units: &[Unit] = if unit == Unit::Flows {
            &[Unit::Bits, Unit::Packets, Unit::Flows]
        } else {
            &[Unit::Bits, Unit::Packets]
        };
        let keys = wanted.iter().map(Wanted::name).collect::<Vec<_>>().join(", ");
        let sums: Vec<String> =
            units.iter().map(|unit| format!("{} AS {}_sum", unit.sum(), unit.column())).collect();
        let mut items = self.items(&wanted);
        items.extend(units.iter().map(|unit| {
            let column = unit.column();
            format!("{} AS {column}", unit.by_time(&format!("{column}_sum"), &seconds))
        }));
        let by = unit.column();
        items.push(format!("{by}_sum / greatest(sum({by}_sum) OVER (), 1) AS share"));
        let sql = format!(
            "SELECT {}\nFROM (\n  SELECT {keys}, {}\n  FROM {}\n  WHERE {}\n  GROUP BY {keys}\n)\nORDER BY {by}_sum DESC, {keys}\nLIMIT {}",
            items.join(", "),
            sums.join(", "),
            source.table,
            self.condition(),
            self.limit(),
        );
        Ok(self.finish(source, sql, None))
    }

    /// The points are at multiples of a step, but for the first, which is where the range begins. Each rate is of the part
    /// of its step that lies in the range and has passed, so that the points add up to the total of the range.
    fn series(&self, names: &[String], unit: Unit, points: u32) -> Result<Plan, Error> {
        let wanted = Wanted::all(self.schema, names, true)?;
        let points = points.clamp(1, MOST_POINTS);
        let target = self.length() / points;
        // The coarsest table is for the points that there will be, not for those that were asked for.
        let source = self.source(&wanted, unit, Duration::from_secs(step_of(target, 1)))?;
        let step = step_of(target, source.resolution);
        let start = secs(source.range.from) / step * step;
        let buckets = (secs(source.range.to) - start).div_ceil(step);

        // No column has an underscore in its name, so that none can be taken for one of these.
        let bucket = format!("intDiv(toUInt32(TimeReceived) - {start}, {step}) AS time_bucket");
        let (table, condition, sum) = (source.table, self.condition(), unit.sum());
        let begin = format!("greatest({start} + {step} * time_bucket, {{from:UInt32}})");
        let end = format!("least({start} + {step} * (time_bucket + 1), {{to:UInt32}})");
        let time = format!("toUInt32({begin}) AS time");
        let value = unit.by_time("all_volumes[time_bucket]", &length(&end, &begin));
        let value = format!("{value} AS {}", unit.column());
        let volumes = "CAST((groupArray(toUInt32(time_bucket)), groupArray(the_volume)), \
                       'Map(UInt32, UInt64)') AS all_volumes";
        // A row for each bucket, traffic or not.
        let each = format!("ARRAY JOIN range(toUInt32({buckets})) AS time_bucket");
        let sql = if wanted.is_empty() {
            format!(
                "SELECT {time}, {value}\nFROM (\n  SELECT {volumes}\n  FROM (\n    SELECT {bucket}, {sum} AS \
                 the_volume\n    FROM {table}\n    WHERE {condition}\n    GROUP BY time_bucket\n  )\n)\n{each}\n\
                 ORDER BY time"
            )
        } else {
            let join = |texts: Vec<String>| texts.join(", ");
            let keys = join(wanted.iter().map(|column| column.name().to_owned()).collect());
            // What is not among the top is one group, of which nothing is known.
            let groups = join(
                wanted
                    .iter()
                    .map(|column| format!("if(is_top, {}, NULL) AS {}_group", column.value(), column.name()))
                    .collect(),
            );
            let group_keys = join(wanted.iter().map(|column| format!("{}_group", column.name())).collect());
            let items = join(wanted.iter().flat_map(|column| self.group_items(column)).collect());
            let first = wanted.first().map(|column| format!("{}_group", column.name())).unwrap_or_default();
            let limit = self.limit();
            format!(
                "SELECT {time}, {items}, {value}\nFROM (\n  SELECT {group_keys}, {volumes}, sum(the_volume) AS \
                 total_volume\n  FROM (\n    SELECT time_bucket, {groups}, sum(key_volume) AS the_volume\n    FROM (\n      \
                 SELECT {bucket}, {keys}, {sum} AS key_volume, ({keys}) IN (\n        SELECT {keys}\n        FROM \
                 {table}\n        WHERE {condition}\n        GROUP BY {keys}\n        ORDER BY {sum} DESC, {keys}\n        \
                 LIMIT {limit}\n      ) AS is_top\n      FROM {table}\n      WHERE {condition}\n      GROUP BY \
                 time_bucket, {keys}\n    )\n    GROUP BY time_bucket, {group_keys}\n  )\n  GROUP BY {group_keys}\n)\n\
                 {each}\nORDER BY time, isNull({first}), total_volume DESC, {group_keys}"
            )
        };
        Ok(self.finish(source, sql, Some(Duration::from_secs(step))))
    }

    fn flows(&self, names: &[String]) -> Result<Plan, Error> {
        let names = if names.is_empty() { self.usual() } else { names.to_vec() };
        let wanted = Wanted::all(self.schema, &names, false)?;
        let source = self.raw(&wanted)?;
        let columns = wanted.iter().map(Wanted::name).collect::<Vec<_>>().join(", ");
        // The values are made outside, where no condition can take them for the columns. The first term of the order
        // is how the table is sorted: of the newest part no more is read than is asked for.
        let sql = format!(
            "SELECT {}\nFROM (\n  SELECT {columns}, TimeReceived AS time_received\n  FROM {}\n  WHERE {}\n  ORDER BY \
             toStartOfFiveMinutes(TimeReceived) DESC, TimeReceived DESC\n  LIMIT {}\n)\nORDER BY time_received DESC",
            self.items(&wanted).join(", "),
            source.table,
            self.condition(),
            self.limit(),
        );
        Ok(self.finish(source, sql, None))
    }

    /// The columns that a flow is shown with where none are asked for.
    fn usual(&self) -> Vec<String> {
        let enabled = self.schema.columns().iter().filter(|column| !column.disabled);
        let mut usual: Vec<(u8, &str)> =
            enabled.filter_map(|column| Some((column.storage().usual?, column.name.as_ref()))).collect();
        usual.sort_unstable();
        usual.into_iter().map(|(_, name)| name.to_owned()).collect()
    }

    fn length(&self) -> Duration {
        self.query.range.to.duration_since(self.query.range.from).unwrap_or_default()
    }

    fn limit(&self) -> u32 {
        self.query.limit.clamp(1, MOST_ROWS)
    }

    /// The values of the columns, with what numbers are called.
    fn items(&self, wanted: &[Wanted<'_>]) -> Vec<String> {
        let mut items = Vec::new();
        for column in wanted {
            let (value, name) = (column.value(), column.name());
            let is_plain = value == name;
            items.push(if is_plain { value } else { format!("{value} AS {name}") });
            items.extend(column.title(self.stored, name).map(|(name, value)| format!("{value} AS {name}")));
        }
        items
    }

    /// The value of a group of a series, with what a number is called; null for the group of all others.
    fn group_items(&self, column: &Wanted<'_>) -> Vec<String> {
        let (name, group) = (column.name(), format!("{}_group", column.name()));
        let mut items = vec![format!("{group} AS {name}")];
        if let Some((title, value)) = column.title(self.stored, &format!("assumeNotNull({group})")) {
            items.push(format!("if(isNull({group}), NULL, {value}) AS {title}"));
        }
        items
    }

    /// The columns that the query reads, the filter's first.
    fn reads(&self, wanted: &[Wanted<'a>]) -> Vec<&'a str> {
        let mut reads: Vec<&str> = self
            .query
            .filter
            .compiled
            .columns
            .iter()
            .map(|&id| self.schema.column(id).name.as_ref())
            .collect();
        reads.extend(wanted.iter().map(Wanted::name));
        reads
    }

    fn source(&self, wanted: &[Wanted<'a>], unit: Unit, target: Duration) -> Result<Source<'a>, Error> {
        if unit == Unit::Flows {
            return self.raw(wanted);
        }
        let mut reads = self.reads(wanted);
        reads.push("TimeReceived");
        reads.extend(unit.reads());
        let (table, reason) = choose(self.stored, &reads, self.query.range, target)?;
        let is_average = |name: &&&str| {
            let column = self.schema.find(name).map(|id| self.schema.column(id));
            let expression = column.and_then(|column| column.storage().expression);
            expression.is_some_and(Expression::is_of_counters)
        };
        let reason = match reads.iter().find(is_average) {
            Some(name) if !table.resolution.is_zero() => {
                format!("{reason}; there, {name} is of the average packet of many flows")
            }
            _ => reason,
        };
        let resolution = table.resolution.as_secs().max(1);
        Ok(Source { table: &table.name, reason, range: widened(self.query.range, resolution), resolution })
    }

    /// The table of every flow.
    fn raw(&self, wanted: &[Wanted<'a>]) -> Result<Source<'a>, Error> {
        let Some(table) = self.stored.tables.iter().find(|table| table.resolution.is_zero()) else {
            return Err(Error::NoTable(format!(
                "there is no table `{FLOWS_TABLE}`; `flowql tables create` makes it"
            )));
        };
        let lacks = |name: &&str| table.columns.iter().all(|column| column.name != **name);
        if let Some(name) = self.reads(wanted).iter().find(|name| lacks(name)) {
            return Err(Error::NoTable(format!("the table `{}` has no column `{name}`", table.name)));
        }
        let reason = "only this table has every flow".to_owned();
        Ok(Source { table: &table.name, reason, range: widened(self.query.range, 1), resolution: 1 })
    }

    /// The time, and the filter.
    fn condition(&self) -> String {
        let time = "TimeReceived >= toDateTime({from:UInt32}) AND TimeReceived < toDateTime({to:UInt32})";
        match self.query.filter.compiled.sql.as_deref() {
            None | Some("") => time.to_owned(),
            Some(filter) => format!("{time} AND ({filter})"),
        }
    }

    fn finish(&self, source: Source<'_>, sql: String, interval: Option<Duration>) -> Plan {
        let time = |name: &str, time: SystemTime| Parameter {
            name: name.to_owned(),
            kind: "UInt32",
            value: ParameterValue::Integer(secs(time)),
        };
        let mut parameters = vec![time("from", source.range.from), time("to", source.range.to)];
        parameters.extend(self.query.filter.compiled.parameters.iter().cloned());
        Plan {
            table: source.table.to_owned(),
            reason: source.reason,
            sql,
            parameters,
            range: source.range,
            interval,
        }
    }
}

/// The step between points that are to be so far apart, at least; a multiple of the interval of the table.
fn step_of(target: Duration, resolution: u64) -> u64 {
    let fits = |step: &u64| Duration::from_secs(*step) >= target && step.is_multiple_of(resolution);
    let exact = || (target.as_secs() + 1).next_multiple_of(resolution);
    STEPS.into_iter().find(fits).unwrap_or_else(exact)
}

/// The seconds from a time to another, as SQL: at least one, and none that have not passed yet.
fn length(to: &str, from: &str) -> String {
    format!("greatest(toInt64(least({to}, toUInt32(now()))) - toInt64({from}), 1)")
}

/// The range, widened to whole intervals: a row of a table tells of all of its interval.
fn widened(range: TimeRange, interval: u64) -> TimeRange {
    let time = |seconds: u64| UNIX_EPOCH + Duration::from_secs(seconds);
    let whole_second = |time: SystemTime| {
        let seconds = secs(time);
        if UNIX_EPOCH + Duration::from_secs(seconds) < time { seconds + 1 } else { seconds }
    };
    let from = secs(range.from) / interval * interval;
    let to = whole_second(range.to).div_ceil(interval) * interval;
    TimeRange { from: time(from), to: time(to.max(from + interval)) }
}

fn secs(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs().min(u64::from(u32::MAX))
}
