//! The answers to the three kinds of queries, as ClickHouse gives them.

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, HashMap};

use flowql::{ColumnId, Schema};
use flowql_backend::{
    Dimension, Error, FlowQuery, Kind, Points, Unit, columns_of_flows, columns_to_group_by,
};
use flowql_client::AnswerColumn;
use flowql_eval::Value;
use serde_json::{Value as Json, json};

use super::cells::{Names, Shown, compare_cells};
use super::groups::{Group, Measure, Rank, Speeds, bounded};
use super::scan::{Flow, Scan};

/// The most groups of a query, so that its memory is bounded.
const MOST_GROUPS: usize = 1_000_000;

/// An answer.
pub(super) struct Table {
    pub(super) columns: Vec<AnswerColumn>,
    pub(super) rows: Vec<Vec<Json>>,
}

impl Table {
    /// The answer to a query.
    pub(super) fn of(scan: &Scan, schema: &Schema, query: &FlowQuery) -> Result<Self, Error> {
        let most = query.most_rows() as usize;
        let whole = |column| Dimension { column, cut: None };
        let (dimensions, unit, points) = match &query.kind {
            Kind::Top { columns, unit } => {
                (columns_to_group_by(schema, columns)?, *unit, query.options.points.unwrap_or(POINTS_OF_TOP))
            }
            Kind::Series { columns, unit, points } => (columns_to_group_by(schema, columns)?, *unit, *points),
            Kind::Flows { columns } => {
                (columns_of_flows(schema, columns)?.into_iter().map(whole).collect(), Unit::Bits, 1)
            }
        };
        let points = match query.kind {
            Kind::Flows { .. } => Points { start: 0, step: 1, count: 1 },
            _ => query.points(points)?,
        };
        let statistic = query.options.statistic;
        let measure = Measure { unit, statistic, points, range: scan.range(), now: Measure::now() };
        let shown: Vec<Shown<'_>> =
            dimensions.iter().map(|found| Shown::new(schema.column(found.column), found.cut)).collect();
        let mut columns: Vec<ColumnId> = dimensions.iter().map(|found| found.column).collect();
        if let Some([name, speed]) = unit.interface() {
            for column in columns_of_flows(schema, &["ExporterAddress", name, speed].map(str::to_owned))? {
                columns.push(column);
            }
        }
        let asked = Asked { scan, schema, columns, shown, measure, names: Names::shipped() };
        match &query.kind {
            Kind::Top { .. } => asked.top(most),
            Kind::Series { .. } => asked.series(most),
            Kind::Flows { .. } => asked.flows(most),
        }
    }
}

/// So many points has a top by a statistic of its points where nobody says how many.
pub(super) const POINTS_OF_TOP: u32 = 100;

/// What is asked of the flows.
struct Asked<'a> {
    scan: &'a Scan,
    schema: &'a Schema,
    /// The columns to group by, then those of the interface.
    columns: Vec<ColumnId>,
    shown: Vec<Shown<'a>>,
    measure: Measure,
    names: Names,
}

/// A group by its key, with what it is ranked by.
type Ranked = (Vec<Value>, Group, Rank);

impl Asked<'_> {
    /// Gives each flow to `take`, with its key and its interface.
    fn each(
        &self,
        mut take: impl FnMut(&Flow<'_>, Vec<Value>, &[Value]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.scan.each(self.schema, &self.columns, |flow| {
            let mut key = flow.values();
            let interface = key.split_off(self.shown.len().min(key.len()));
            let key = self.shown.iter().zip(key).map(|(shown, value)| shown.key(value)).collect();
            take(flow, key, &interface)
        })
    }

    /// The groups of flows.
    fn groups(&self) -> Result<HashMap<Vec<Value>, Group>, Error> {
        let mut groups: HashMap<Vec<Value>, Group> = HashMap::new();
        let mut volumes = 0;
        self.each(|flow, key, interface| {
            groups.entry(key).or_default().add(flow, interface, &self.measure, &mut volumes)?;
            if groups.len() > MOST_GROUPS {
                return Err(Error::BadQuery(format!(
                    "the flows have more than {MOST_GROUPS} groups: name fewer columns, or narrow the filter"
                )));
            }
            Ok(())
        })?;
        Ok(groups)
    }

    fn cells(&self, values: &[Value]) -> Vec<Json> {
        self.shown.iter().zip(values).flat_map(|(shown, value)| shown.cells(value, &self.names)).collect()
    }

    /// The values alone, without the names of numbers.
    fn keys(&self, values: &[Value]) -> Vec<Json> {
        self.shown.iter().zip(values).map(|(shown, value)| shown.cell(value)).collect()
    }

    fn shown_columns(&self) -> Vec<AnswerColumn> {
        self.shown.iter().flat_map(Shown::columns).collect()
    }

    /// The order of stored values.
    fn compare(&self, first: &[Value], second: &[Value]) -> Ordering {
        let mut orders =
            self.shown.iter().zip(first.iter().zip(second)).map(|(shown, (a, b))| shown.compare(a, b));
        orders.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }

    /// The groups with what they are ranked by, the highest first.
    fn ranked(&self, ties: impl Fn(&[Value], &[Value]) -> Ordering) -> Result<Vec<Ranked>, Error> {
        let with_rank = |(values, group): (Vec<Value>, Group)| {
            let rank = self.measure.rank(&group);
            (values, group, rank)
        };
        let mut ranked: Vec<Ranked> = self.groups()?.into_iter().map(with_rank).collect();
        ranked.sort_by(|(first, _, a), (second, _, b)| a.compare(*b).then_with(|| ties(first, second)));
        Ok(ranked)
    }

    fn top(&self, most: usize) -> Result<Table, Error> {
        let unit = self.measure.unit;
        let ranked = self.ranked(|first, second| compare_cells(&self.keys(first), &self.keys(second)))?;
        let total = ranked.iter().fold(0_u64, |total, (_, group, _)| total.wrapping_add(group.sum(unit)));
        let mut units = vec![Unit::Bits, Unit::Packets];
        units.extend((!units.contains(&unit)).then_some(unit));
        let statistic = self.measure.statistic.column_of(unit);
        let seconds = self.measure.seconds();
        let rows =
            ranked.into_iter().take(most).map(|(values, group, rank)| {
                let mut cells = self.cells(&values);
                cells.extend(units.iter().map(|&unit| {
                    Measure { unit, ..self.measure }.cell(group.sum(unit), seconds, &group.speeds)
                }));
                cells.extend(statistic.as_ref().map(|_| self.measure.rank_cell(rank)));
                cells.push(json!(group.sum(unit) as f64 / total.max(1) as f64));
                cells
            });
        let mut columns = self.shown_columns();
        columns.extend(units.iter().map(|&unit| measure(unit)));
        columns.extend(statistic.clone().map(|name| AnswerColumn { name, ..measure(unit) }));
        columns.push(column("share", "Float64"));
        Ok(Table { columns, rows: rows.collect() })
    }

    fn series(&self, most: usize) -> Result<Table, Error> {
        let mut columns = vec![column("time", "UInt32")];
        columns.extend(self.shown_columns());
        columns.push(measure(self.measure.unit));
        let lines = if self.shown.is_empty() {
            let mut line = Line::default();
            self.each(|flow, _, interface| {
                line.add(flow, interface, &self.measure);
                Ok(())
            })?;
            vec![line]
        } else {
            self.lines(most)?
        };
        let mut rows = Vec::new();
        for bucket in 0..self.measure.points.count {
            let (begin, seconds) = self.measure.step(bucket);
            for line in &lines {
                let volume = line.volumes.get(&bucket).copied().unwrap_or_default();
                let mut row = vec![json!(begin)];
                row.extend(line.cells.iter().cloned());
                row.push(self.measure.cell(volume, seconds, &line.speeds));
                rows.push(row);
            }
        }
        Ok(Table { columns, rows })
    }

    /// The line of each of the top groups, and that of all others; the largest first.
    fn lines(&self, most: usize) -> Result<Vec<Line>, Error> {
        let mut ranked = self.ranked(|first, second| self.compare(first, second))?;
        ranked.truncate(most);
        // What reads the same is one line.
        let (mut lines, mut places) = (Vec::new(), HashMap::new());
        let mut of_values: HashMap<Vec<Value>, usize> = HashMap::new();
        for (values, ..) in ranked {
            let keys = self.keys(&values);
            let place = *places.entry(Json::from(keys.clone()).to_string()).or_insert_with(|| {
                lines.push(Line { cells: self.cells(&values), keys, ..Line::default() });
                lines.len() - 1
            });
            of_values.insert(values, place);
        }
        let mut others = Line {
            cells: self.shown.iter().flat_map(Shown::nothing).collect(),
            is_others: true,
            ..Line::default()
        };
        let mut volumes = 0;
        self.each(|flow, key, interface| {
            let place = of_values.get(&key);
            let line = place.and_then(|&place| lines.get_mut(place)).unwrap_or(&mut others);
            let before = line.volumes.len();
            line.add(flow, interface, &self.measure);
            volumes += line.volumes.len() - before;
            bounded(volumes)
        })?;
        if !others.volumes.is_empty() {
            lines.push(others);
        }
        lines.sort_by(|first, second| {
            let order =
                (first.is_others, Reverse(first.total)).cmp(&(second.is_others, Reverse(second.total)));
            order.then_with(|| compare_cells(&first.keys, &second.keys))
        });
        Ok(lines)
    }

    /// The newest flows; of those of the same second, the first of the file.
    fn flows(&self, most: usize) -> Result<Table, Error> {
        let mut newest: Vec<(u64, Vec<Value>)> = Vec::new();
        let keep = |newest: &mut Vec<(u64, Vec<Value>)>| {
            newest.sort_by_key(|(time, _)| Reverse(*time));
            newest.truncate(most);
        };
        self.each(|flow, values, _| {
            newest.push((flow.time(), values));
            if newest.len() >= most.saturating_mul(2).max(1024) {
                keep(&mut newest);
            }
            Ok(())
        })?;
        keep(&mut newest);
        let rows = newest.iter().map(|(_, values)| self.cells(values)).collect();
        Ok(Table { columns: self.shown_columns(), rows })
    }
}

/// The traffic of a group over time.
#[derive(Default)]
struct Line {
    cells: Vec<Json>,
    keys: Vec<Json>,
    is_others: bool,
    /// By the number of the step.
    volumes: BTreeMap<u64, u64>,
    speeds: Speeds,
    total: u64,
}

impl Line {
    fn add(&mut self, flow: &Flow<'_>, interface: &[Value], measure: &Measure) {
        let volume = self.volumes.entry(measure.bucket(flow)).or_default();
        *volume = volume.wrapping_add(flow.volume(measure.unit));
        self.total = self.total.wrapping_add(flow.volume(measure.unit));
        self.speeds.add(interface);
    }
}

fn measure(unit: Unit) -> AnswerColumn {
    column(unit.column(), if unit == Unit::Flows { "UInt64" } else { "Float64" })
}

fn column(name: &str, kind: &str) -> AnswerColumn {
    AnswerColumn { name: name.to_owned(), kind: kind.to_owned() }
}
