//! The answers to the three kinds of queries, as ClickHouse gives them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::time::{SystemTime, UNIX_EPOCH};

use flowql::{ColumnId, Schema};
use flowql_backend::{Error, FlowQuery, Kind, Points, Unit, columns_of_flows, columns_to_group_by};
use flowql_client::AnswerColumn;
use flowql_eval::Value;
use serde_json::{Value as Json, json};

use super::cells::{Names, Shown, compare_cells};
use super::scan::{Flow, Scan};

/// The most groups of a query, so that its memory is bounded.
const MOST_GROUPS: usize = 1_000_000;

/// The most points and groups that a series has volumes for.
const MOST_VOLUMES: usize = 4_000_000;

/// An answer.
pub(super) struct Table {
    pub(super) columns: Vec<AnswerColumn>,
    pub(super) rows: Vec<Vec<Json>>,
}

impl Table {
    /// The answer to a query.
    pub(super) fn of(scan: &Scan, schema: &Schema, query: &FlowQuery) -> Result<Self, Error> {
        let columns = match &query.kind {
            Kind::Top { columns, .. } | Kind::Series { columns, .. } => columns_to_group_by(schema, columns)?,
            Kind::Flows { columns } => columns_of_flows(schema, columns)?,
        };
        let shown = columns.iter().map(|&id| Shown::new(schema.column(id))).collect();
        let asked = Asked { scan, schema, columns, shown, names: Names::shipped() };
        let most = query.most_rows() as usize;
        match &query.kind {
            Kind::Top { unit, .. } => asked.top(*unit, most),
            Kind::Series { unit, points, .. } => asked.series(*unit, query.points(*points), most),
            Kind::Flows { .. } => asked.flows(most),
        }
    }
}

/// What is asked of the flows.
struct Asked<'a> {
    scan: &'a Scan,
    schema: &'a Schema,
    columns: Vec<ColumnId>,
    shown: Vec<Shown<'a>>,
    names: Names,
}

/// The sums of a group, as ClickHouse adds up: they wrap.
#[derive(Clone, Copy, Default)]
struct Sums {
    bits: u64,
    packets: u64,
    flows: u64,
}

impl Sums {
    fn add(&mut self, flow: &Flow<'_>) {
        self.bits = self.bits.wrapping_add(flow.volume(Unit::Bits));
        self.packets = self.packets.wrapping_add(flow.volume(Unit::Packets));
        self.flows += 1;
    }

    const fn of(self, unit: Unit) -> u64 {
        match unit {
            Unit::Bits => self.bits,
            Unit::Packets => self.packets,
            Unit::Flows => self.flows,
        }
    }
}

impl Asked<'_> {
    fn each(&self, take: impl FnMut(&Flow<'_>) -> Result<(), Error>) -> Result<(), Error> {
        self.scan.each(self.schema, &self.columns, take)
    }

    /// The sums of each group.
    fn groups(&self) -> Result<HashMap<Vec<Value>, Sums>, Error> {
        let mut groups: HashMap<Vec<Value>, Sums> = HashMap::new();
        self.each(|flow| {
            groups.entry(flow.values()).or_default().add(flow);
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

    fn top(&self, unit: Unit, most: usize) -> Result<Table, Error> {
        let groups = self.groups()?;
        let total = groups.values().fold(0_u64, |total, sums| total.wrapping_add(sums.of(unit)));
        let mut ranked: Vec<(Vec<Json>, Vec<Value>, Sums)> =
            groups.into_iter().map(|(values, sums)| (self.keys(&values), values, sums)).collect();
        ranked.sort_by(|(first, _, a), (second, _, b)| {
            b.of(unit).cmp(&a.of(unit)).then_with(|| compare_cells(first, second))
        });
        let (from, to) = self.scan.range();
        let seconds = length(from, to);
        let rows = ranked.into_iter().take(most).map(|(_, values, sums)| {
            let mut cells = self.cells(&values);
            cells.push(rate(Unit::Bits, sums.bits, seconds));
            cells.push(rate(Unit::Packets, sums.packets, seconds));
            if unit == Unit::Flows {
                cells.push(json!(sums.flows));
            }
            cells.push(json!(sums.of(unit) as f64 / total.max(1) as f64));
            cells
        });
        let mut columns = self.shown_columns();
        columns.extend([measure(Unit::Bits), measure(Unit::Packets)]);
        columns.extend((unit == Unit::Flows).then(|| measure(unit)));
        columns.push(column("share", "Float64"));
        Ok(Table { columns, rows: rows.collect() })
    }

    fn series(&self, unit: Unit, points: Points, most: usize) -> Result<Table, Error> {
        let mut columns = vec![column("time", "UInt32")];
        columns.extend(self.shown_columns());
        columns.push(measure(unit));
        let lines = if self.shown.is_empty() {
            let mut line = Line::default();
            self.each(|flow| {
                line.add(flow, unit, points);
                Ok(())
            })?;
            vec![line]
        } else {
            self.lines(unit, points, most)?
        };
        let (from, to) = self.scan.range();
        let mut rows = Vec::new();
        for bucket in 0..points.count {
            let begin = (points.start + points.step * bucket).max(from);
            let end = (points.start + points.step * (bucket + 1)).min(to);
            for line in &lines {
                let volume = line.volumes.get(&bucket).copied().unwrap_or_default();
                let mut row = vec![json!(begin)];
                row.extend(line.cells.iter().cloned());
                row.push(rate(unit, volume, length(begin, end)));
                rows.push(row);
            }
        }
        Ok(Table { columns, rows })
    }

    /// The line of each of the top groups, and that of all others; the largest first.
    fn lines(&self, unit: Unit, points: Points, most: usize) -> Result<Vec<Line>, Error> {
        let mut ranked: Vec<(Vec<Value>, u64)> =
            self.groups()?.into_iter().map(|(values, sums)| (values, sums.of(unit))).collect();
        ranked.sort_by(|(first, a), (second, b)| {
            let mut orders =
                self.shown.iter().zip(first.iter().zip(second)).map(|(shown, (a, b))| shown.compare(a, b));
            b.cmp(a).then_with(|| orders.find(|order| order.is_ne()).unwrap_or(std::cmp::Ordering::Equal))
        });
        ranked.truncate(most);
        // What reads the same is one line.
        let (mut lines, mut places) = (Vec::new(), HashMap::new());
        let mut of_values: HashMap<Vec<Value>, usize> = HashMap::new();
        for (values, _) in ranked {
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
        self.each(|flow| {
            let place = of_values.get(&flow.values());
            let line = place.and_then(|&place| lines.get_mut(place)).unwrap_or(&mut others);
            let before = line.volumes.len();
            line.add(flow, unit, points);
            volumes += line.volumes.len() - before;
            if volumes > MOST_VOLUMES {
                return Err(Error::BadQuery(format!(
                    "the series have more than {MOST_VOLUMES} points: ask for fewer points or values"
                )));
            }
            Ok(())
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
        self.each(|flow| {
            newest.push((flow.time(), flow.values()));
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
    total: u64,
}

impl Line {
    fn add(&mut self, flow: &Flow<'_>, unit: Unit, points: Points) {
        let bucket = flow.time().saturating_sub(points.start) / points.step;
        let volume = self.volumes.entry(bucket).or_default();
        *volume = volume.wrapping_add(flow.volume(unit));
        self.total = self.total.wrapping_add(flow.volume(unit));
    }
}

/// The seconds from a time to another: at least one, and none that have not passed yet.
fn length(from: u64, to: u64) -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    to.min(now).saturating_sub(from).max(1)
}

/// The sum divided by the seconds, for rates.
fn rate(unit: Unit, sum: u64, seconds: u64) -> Json {
    match unit {
        Unit::Bits | Unit::Packets => json!(sum as f64 / seconds as f64),
        Unit::Flows => json!(sum),
    }
}

fn measure(unit: Unit) -> AnswerColumn {
    column(unit.column(), if unit == Unit::Flows { "UInt64" } else { "Float64" })
}

fn column(name: &str, kind: &str) -> AnswerColumn {
    AnswerColumn { name: name.to_owned(), kind: kind.to_owned() }
}
