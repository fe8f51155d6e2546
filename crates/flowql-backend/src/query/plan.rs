//! From a query to a [`Plan`].

use std::time::{Duration, SystemTime};

use flowql::Schema;
use flowql_client::{Sql, sql};
use flowql_schema::{Expression, Storage};

use super::choose::choose;
use super::columns::{Dimension, Wanted, columns_of_flows, columns_to_group_by};
use super::live::{self, Live};
use super::points::{Points, Spacing, secs, widened};
use super::{FlowQuery, Kind, Plan, Statistic, TimeRange, Unit};
use crate::Error;
use flowql_tables::FLOWS_TABLE;
use flowql_tables::StoredSchema;

/// So many points are good enough where there is no series: the ends of the range are then off by a hundredth.
const POINTS_OF_TOP: u32 = 100;
/// Why flows are read from the raw table.
const EVERY_FLOW: &str = "only this table has every flow";

impl FlowQuery {
    /// How the query runs on a database that has these tables.
    ///
    /// # Errors
    ///
    /// [`Error::BadQuery`] for a column that cannot be asked for, [`Error::NoTable`] where no table has what is asked.
    pub fn plan(&self, schema: &Schema, stored: &StoredSchema) -> Result<Plan, Error> {
        self.check_range()?;
        let planner = Planner { query: self, schema, stored };
        match &self.kind {
            Kind::Top { columns, unit } => planner.top(columns, *unit),
            Kind::Series { columns, unit, points } => planner.series(columns, *unit, *points),
            Kind::Flows { columns } => planner.flows(columns),
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
    /// What is read in the place of the table, where collectors have not filled it up to the end.
    live: Option<Live<'a>>,
}

impl<'a> Planner<'a> {
    fn top(&self, names: &[String], unit: Unit) -> Result<Plan, Error> {
        let wanted = self.wanted(columns_to_group_by(self.schema, names)?);
        if wanted.is_empty() {
            return Err(Error::BadQuery("a top needs a column".to_owned()));
        }
        let by_points = self.statistic() != Statistic::Average;
        let points = self.query.options.points.filter(|_| by_points).unwrap_or(POINTS_OF_TOP);
        let spacing = self.query.spacing(points)?;
        let wide = if by_points { spacing.rounded() } else { spacing };
        let source = self.source(&wanted, unit, wide)?;
        let steps = Steps { points: Points::of(source.range, spacing, source.resolution), source: &source };
        let mut units = vec![Unit::Bits, Unit::Packets];
        if !units.contains(&unit) {
            units.push(unit);
        }
        let rates = units.iter().map(|unit| {
            let name = unit.column();
            // No more of the last interval counts than has passed.
            let seconds = length(source.to(), source.from());
            let rate = unit.by_speed(unit.by_time(sql!("{name}_sum", name), seconds));
            sql!("{rate} AS {name}", rate, name)
        });
        let statistic = self.statistic().column_of(unit);
        let statistic = statistic.map(|name| sql!("the_rank AS {name}", name = Sql::name(&name)));
        let sql = sql!(
            "SELECT {items}, {by}_sum / greatest(sum({by}_sum) OVER (), 1) AS share\nFROM (\n  {groups}\n)\n\
             ORDER BY {rank} DESC, {labels}\nLIMIT {limit}",
            items = Sql::list(self.items(&wanted).into_iter().chain(rates).chain(statistic), ", "),
            by = unit.column(),
            groups = self.groups(&wanted, &units, unit, &steps),
            rank = self.rank(unit),
            labels = Sql::list(wanted.iter().map(|column| Sql::name(&column.label())), ", "),
            limit = self.query.most_rows()
        );
        let interval = by_points.then_some(Duration::from_secs(steps.points.step));
        Ok(source.plan(sql, interval))
    }

    const fn statistic(&self) -> Statistic {
        self.query.options.statistic
    }

    /// Whether a ranking by the unit needs more than its sum.
    fn is_ranked_by_sum(&self, unit: Unit) -> bool {
        self.statistic() == Statistic::Average && unit.interface().is_none()
    }

    /// What the groups are ranked by.
    fn rank(&self, unit: Unit) -> Sql {
        if self.is_ranked_by_sum(unit) { sql!("{by}_sum", by = unit.column()) } else { "the_rank".into() }
    }

    /// The groups, with the sums of these units and what they are ranked by.
    fn groups(&self, wanted: &[Wanted<'_>], units: &[Unit], by: Unit, steps: &Steps<'_>) -> Sql {
        let by_points = self.statistic() != Statistic::Average;
        let suffix = if by_points { "volume" } else { "sum" };
        let sums = units
            .iter()
            .map(|unit| sql!("{sum} AS {name}_{suffix}", sum = unit.sum(), name = unit.column(), suffix));
        let keys = Sql::list(wanted.iter().map(Wanted::sql), ", ");
        let (table, condition) = (steps.source.rows(), self.condition(steps.source));
        let inner = sql!(
            "SELECT {items}, {sums}{speeds}{bucket}\n  FROM {table}\n  WHERE {condition}\n  GROUP BY {keys}{and_bucket}",
            items = Sql::list(wanted.iter().map(Wanted::key), ", "),
            sums = Sql::list(sums, ", "),
            speeds = by.speeds(),
            bucket = if by_points { sql!(", {bucket}", bucket = steps.bucket()) } else { Sql::default() },
            table,
            condition,
            keys = &keys,
            and_bucket = if by_points { ", time_bucket" } else { "" }
        );
        if self.is_ranked_by_sum(by) {
            return inner;
        }
        if !by_points {
            let rate = by.by_speed(sql!("{by}_sum", by = by.column()));
            return sql!("SELECT *, {rate} AS the_rank\n  FROM (\n  {inner}\n  )", rate, inner);
        }
        let rate = by.by_time(sql!("{by}_volume", by = by.column()), steps.length());
        let sums = units.iter().map(|unit| sql!("sum({name}_volume) AS {name}_sum", name = unit.column()));
        sql!(
            "SELECT *, {rank} AS the_rank\n  FROM (\n  SELECT {keys}, {sums}, {statistic} AS the_statistic{speeds}\n  \
             FROM (\n  {inner}\n  )\n  GROUP BY {keys}\n  )",
            rank = by.by_speed("the_statistic".into()),
            keys = &keys,
            sums = Sql::list(sums, ", "),
            statistic = self.statistic().sql(rate, steps.points, steps.last_whole()),
            speeds = by.merged_speeds("the_speeds"),
            inner
        )
    }

    /// The keys of the groups at the top.
    fn top_keys(&self, wanted: &[Wanted<'_>], unit: Unit, steps: &Steps<'_>) -> Sql {
        let keys = Sql::list(wanted.iter().map(Wanted::sql), ", ");
        sql!(
            "SELECT {keys}\n  FROM (\n  {groups}\n  )\n  ORDER BY {rank} DESC, {keys}\n  LIMIT {limit}",
            keys,
            groups = self.groups(wanted, &[unit], unit, steps),
            rank = self.rank(unit),
            limit = self.query.most_rows()
        )
    }

    /// The points are at multiples of a step, but for the first, which is where the range begins. Each rate is of the part
    /// of its step that lies in the range and has passed, so that the points add up to the total of the range.
    fn series(&self, names: &[String], unit: Unit, points: u32) -> Result<Plan, Error> {
        let wanted = self.wanted(columns_to_group_by(self.schema, names)?);
        let spacing = self.query.spacing(points)?;
        let source = self.source(&wanted, unit, spacing.rounded())?;
        let points = Points::of(source.range, spacing, source.resolution);
        let steps = Steps { points, source: &source };
        let sql = if wanted.is_empty() { self.line(unit, &steps) } else { self.lines(&wanted, unit, &steps) };
        Ok(source.plan(sql, Some(Duration::from_secs(points.step))))
    }

    /// The traffic of all flows, by the buckets of time. No column has an underscore in its name, so that none can be
    /// taken for what is named here.
    fn line(&self, unit: Unit, steps: &Steps<'_>) -> Sql {
        sql!(
            "SELECT {time}, {value}\nFROM (\n  SELECT {VOLUMES}{merged}\n  FROM (\n    SELECT {bucket}, {sum} AS \
             the_volume{speeds}\n    FROM {table}\n    WHERE {condition}\n    GROUP BY time_bucket\n  )\n)\n\
             ARRAY JOIN range(toUInt32({buckets})) AS time_bucket\nORDER BY time",
            time = steps.time(),
            value = steps.rate(unit),
            VOLUMES,
            merged = unit.merged_speeds("the_speeds"),
            bucket = steps.bucket(),
            sum = unit.sum(),
            speeds = unit.speeds(),
            table = steps.source.rows(),
            condition = self.condition(steps.source),
            // A row for each bucket, traffic or not.
            buckets = steps.points.count
        )
    }

    /// The same of each of the top groups, and of all others.
    fn lines(&self, wanted: &[Wanted<'_>], unit: Unit, steps: &Steps<'_>) -> Sql {
        let group = |column: &Wanted<'_>| Sql::name(&format!("{}_group", column.label()));
        // What is not among the top is one group, of which nothing is known.
        let groups = wanted.iter().map(|column| {
            let (value, group) = (column.value(), group(column));
            sql!("if(is_top, {value}, NULL) AS {group}", value, group)
        });
        let keys = Sql::list(wanted.iter().map(Wanted::sql), ", ");
        sql!(
            "SELECT {time}, {items}, {value}\nFROM (\n  SELECT {group_keys}, {VOLUMES}, sum(the_volume) AS \
             total_volume{merged}\n  FROM (\n    SELECT time_bucket, {groups}, sum(key_volume) AS the_volume{merged}\n    \
             FROM (\n      SELECT {bucket}, {key_items}, {sum} AS key_volume{speeds}, ({keys}) IN (\n  {top}\n      ) AS \
             is_top\n      FROM {table}\n      WHERE {condition}\n      GROUP BY \
             time_bucket, {keys}\n    )\n    GROUP BY time_bucket, {group_keys}\n  )\n  GROUP BY {group_keys}\n)\n\
             ARRAY JOIN range(toUInt32({buckets})) AS time_bucket\n\
             ORDER BY time, isNull({first}), total_volume DESC, {group_keys}",
            time = steps.time(),
            items = Sql::list(wanted.iter().flat_map(|column| self.group_items(column, group(column))), ", "),
            value = steps.rate(unit),
            group_keys = Sql::list(wanted.iter().map(group), ", "),
            VOLUMES,
            merged = unit.merged_speeds("the_speeds"),
            groups = Sql::list(groups, ", "),
            bucket = steps.bucket(),
            key_items = Sql::list(wanted.iter().map(Wanted::key), ", "),
            keys,
            sum = unit.sum(),
            speeds = unit.speeds(),
            top = self.top_keys(wanted, unit, steps),
            table = steps.source.rows(),
            condition = self.condition(steps.source),
            buckets = steps.points.count,
            first = wanted.first().map(group).unwrap_or_default()
        )
    }

    fn flows(&self, names: &[String]) -> Result<Plan, Error> {
        let column = |id| Wanted { column: self.schema.column(id), cut: None };
        let wanted: Vec<Wanted<'_>> = columns_of_flows(self.schema, names)?.into_iter().map(column).collect();
        let source = self.raw(&wanted, EVERY_FLOW.to_owned())?;
        // The values are made outside, where no condition can take them for the columns. The first term of the order
        // is how the table is sorted: of the newest part no more is read than is asked for.
        let sql = sql!(
            "SELECT {items}\nFROM (\n  SELECT {columns}, TimeReceived AS time_received\n  FROM {table}\n  \
             WHERE {condition}\n  ORDER BY toStartOfFiveMinutes(TimeReceived) DESC, TimeReceived DESC\n  \
             LIMIT {limit}\n)\nORDER BY time_received DESC",
            items = Sql::list(self.items(&wanted), ", "),
            columns = Sql::list(wanted.iter().map(Wanted::sql), ", "),
            table = Sql::name(source.table),
            condition = self.condition(&source),
            limit = self.query.most_rows()
        );
        Ok(source.plan(sql, None))
    }

    fn wanted(&self, dimensions: Vec<Dimension>) -> Vec<Wanted<'a>> {
        let wanted = |found: Dimension| Wanted { column: self.schema.column(found.column), cut: found.cut };
        dimensions.into_iter().map(wanted).collect()
    }

    /// The values of the columns, with what numbers are called.
    fn items(&self, wanted: &[Wanted<'_>]) -> Vec<Sql> {
        let mut items = Vec::new();
        for column in wanted {
            let (value, name) = (column.value(), Sql::name(&column.label()));
            items.push(if value == name { value } else { named(value, name) });
            let title = column.title(self.stored, column.sql());
            items.extend(title.map(|(title, value)| named(value, Sql::name(&title))));
        }
        items
    }

    /// The value of a group of a series, with what a number is called; null for the group of all others.
    fn group_items(&self, column: &Wanted<'_>, group: Sql) -> Vec<Sql> {
        let title = column.title(self.stored, sql!("assumeNotNull({group})", group = &group));
        let title = title.map(|(title, value)| {
            let value = sql!("if(isNull({group}), NULL, {value})", group = &group, value);
            named(value, Sql::name(&title))
        });
        std::iter::once(named(group, Sql::name(&column.label()))).chain(title).collect()
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

    fn source(&self, wanted: &[Wanted<'a>], unit: Unit, spacing: Spacing) -> Result<Source<'a>, Error> {
        if unit == Unit::Flows {
            return self.raw(wanted, EVERY_FLOW.to_owned());
        }
        let mut of_filter = self.query.filter.compiled.columns.iter().map(|&id| self.schema.column(id));
        if let Some(column) = of_filter.find(|column| column.per_flow) {
            return self.raw(wanted, format!("only this table has the {} of single flows", column.name));
        }
        let mut reads = self.reads(wanted);
        reads.push("TimeReceived");
        reads.extend(unit.reads());
        let (table, reason) = choose(self.stored, &reads, self.query.range, spacing)?;
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
        let range = widened(self.query.range, resolution);
        let live = Live::of(self.stored, table, reads, range);
        let reason = match self.stored.reach.as_ref().filter(|_| !table.resolution.is_zero()) {
            Some(reach) => live::reason(reason, live.as_ref(), reach),
            None => reason,
        };
        Ok(Source { table: &table.name, reason, range, resolution, live })
    }

    /// The table of every flow.
    fn raw(&self, wanted: &[Wanted<'a>], reason: String) -> Result<Source<'a>, Error> {
        let Some(table) = self.stored.tables.iter().find(|table| table.resolution.is_zero()) else {
            return Err(Error::NoTable(format!(
                "there is no table `{FLOWS_TABLE}`; `flowql tables create` makes it"
            )));
        };
        let lacks = |name: &&str| table.columns.iter().all(|column| column.name != **name);
        if let Some(name) = self.reads(wanted).iter().find(|name| lacks(name)) {
            return Err(Error::NoTable(format!("the table `{}` has no column `{name}`", table.name)));
        }
        let range = widened(self.query.range, 1);
        Ok(Source { table: &table.name, reason, range, resolution: 1, live: None })
    }

    /// The time, and the filter.
    fn condition(&self, source: &Source<'_>) -> Sql {
        let (from, to) = (source.from(), source.to());
        let time = sql!("TimeReceived >= toDateTime({from}) AND TimeReceived < toDateTime({to})", from, to);
        match self.query.filter.compiled.sql.as_deref() {
            None | Some("") => time,
            Some(_) => sql!("{time} AND {filter}", time, filter = Sql::filter(&self.query.filter.compiled)),
        }
    }
}

impl Source<'_> {
    /// What is read: the table, or the parts of several.
    fn rows(&self) -> Sql {
        self.live.as_ref().map_or_else(|| Sql::name(self.table), Live::sql)
    }

    /// The start as a parameter, in seconds since 1970.
    fn from(&self) -> Sql {
        Sql::parameter("from", "UInt32", secs(self.range.from))
    }

    /// The end, likewise.
    fn to(&self) -> Sql {
        Sql::parameter("to", "UInt32", secs(self.range.to))
    }

    fn plan(self, sql: Sql, interval: Option<Duration>) -> Plan {
        let (table, reason, range) = (self.table.to_owned(), self.reason, self.range);
        Plan { table, reason, sql, range, interval, reverse: None }
    }
}

/// The points of a series, as SQL.
struct Steps<'a> {
    points: Points,
    source: &'a Source<'a>,
}

impl Steps<'_> {
    /// The step that a row belongs to, from 0.
    fn bucket(&self) -> Sql {
        let Points { start, step, .. } = self.points;
        sql!("intDiv(toUInt32(TimeReceived) - {start}, {step}) AS time_bucket", start, step)
    }

    /// Where a step begins, within the range.
    fn begin(&self) -> Sql {
        let (start, step, from) = (self.points.start, self.points.step, self.source.from());
        sql!("greatest({start} + {step} * time_bucket, {from})", start, step, from)
    }

    fn time(&self) -> Sql {
        sql!("toUInt32({begin}) AS time", begin = self.begin())
    }

    /// The seconds of a step that lie in the range and have passed.
    fn length(&self) -> Sql {
        let (start, step, to) = (self.points.start, self.points.step, self.source.to());
        let end = sql!("least({start} + {step} * (time_bucket + 1), {to})", start, step, to);
        length(end, self.begin())
    }

    fn rate(&self, unit: Unit) -> Sql {
        let value = unit.by_speed(unit.by_time("all_volumes[time_bucket]".into(), self.length()));
        sql!("{value} AS {name}", value, name = unit.column())
    }

    fn last_whole(&self) -> u64 {
        let TimeRange { from, to } = self.source.range;
        self.points.last_whole((secs(from), secs(to)), secs(SystemTime::now()))
    }
}

/// The traffic of each step.
const VOLUMES: &str =
    "CAST((groupArray(toUInt32(time_bucket)), groupArray(the_volume)), 'Map(UInt32, UInt64)') AS all_volumes";

/// A value with its name.
fn named(value: Sql, name: Sql) -> Sql {
    sql!("{value} AS {name}", value, name)
}

/// The seconds from a time to another, as SQL: at least one, and none that have not passed yet.
fn length(to: Sql, from: Sql) -> Sql {
    sql!("greatest(toInt64(least({to}, toUInt32(now()))) - toInt64({from}), 1)", to, from)
}
