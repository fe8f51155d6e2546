//! A direction of a graph, now or in the period before: its series and their statistics.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use flowql::Schema;
use flowql_backend::{Answer, Backend, FlowQuery, Kind, Points, Statistic};
use flowql_client::Sql;
use futures_util::TryStreamExt as _;
use serde_json::{Number, Value};

use super::label::Labels;
use super::request::{LimitType, Units};
use crate::problem::Problem;

/// The answer to one query of a graph.
#[derive(Debug)]
pub(super) struct Axis {
    /// The names of the columns.
    pub(super) names: Vec<String>,
    pub(super) steps: Steps,
    pub(super) series: Vec<Series>,
    pub(super) sql: Sql,
}

/// The points of an axis.
#[derive(Clone, Debug)]
pub(super) struct Steps {
    /// Where each begins, in seconds since 1970.
    pub(super) times: Vec<u64>,
    /// Where each ends.
    ends: Vec<u64>,
    /// How much of each has passed.
    lengths: Vec<f64>,
    /// The last one that is whole.
    last: usize,
    /// The seconds from one to the next.
    pub(super) interval: u64,
}

/// A combination of values over time.
#[derive(Debug)]
pub(super) struct Series {
    /// What its values are called.
    pub(super) row: Vec<String>,
    /// Whether it is of all that is not among the top.
    is_other: bool,
    /// A rate for each point, or a percentage.
    pub(super) values: Vec<f64>,
    pub(super) statistics: Statistics,
}

/// What is said of the points of a series. Those without traffic count as 0.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Statistics {
    pub(super) average: f64,
    pub(super) total: f64,
    pub(super) min: f64,
    pub(super) max: f64,
    pub(super) last: f64,
    pub(super) p95: f64,
}

impl Axis {
    /// Asks a query.
    pub(super) async fn ask(
        backend: &dyn Backend,
        schema: &Schema,
        query: &FlowQuery,
        units: Units,
    ) -> Result<Self, Problem> {
        let problem = |error: flowql_backend::Error| Problem::of_backend(&error);
        let Answer { columns, rows, plan } = backend.query(query).await.map_err(problem)?;
        let now = seconds(SystemTime::now());
        let range = (seconds(plan.range.from), seconds(plan.range.to));
        let steps = Steps::new(range, plan.interval.unwrap_or(Duration::from_secs(1)), now);
        let dimensions: &[String] = match &query.kind {
            Kind::Series { columns, .. } | Kind::Top { columns, .. } | Kind::Flows { columns } => columns,
        };
        let labels = Labels::new(schema, dimensions, &columns);
        let mut reader = Reader { labels, steps: &steps, units, found: BTreeMap::new() };
        rows.try_for_each(|row| {
            reader.take(&row);
            async { Ok(()) }
        })
        .await
        .map_err(problem)?;
        let names = reader.labels.names().map(str::to_owned).collect();
        let series = reader.found.into_values().collect();
        Ok(Self { names, series, sql: plan.sql, steps })
    }

    /// The same, its statistics made, and its series in their order: the rest is the last.
    pub(super) fn ranked(mut self, by: LimitType) -> Self {
        for series in &mut self.series {
            series.statistics = self.steps.statistics(&series.values);
        }
        let rank = |series: &Series| match by {
            LimitType::Avg => series.statistics.average,
            LimitType::Max => series.statistics.max,
            LimitType::Last => series.statistics.last,
        };
        self.series.sort_by(|one, other| {
            let others = one.is_other.cmp(&other.is_other);
            let ranks = rank(other).partial_cmp(&rank(one)).unwrap_or(Ordering::Equal);
            others.then(ranks).then_with(|| one.row.cmp(&other.row))
        });
        self
    }

    /// The points of another axis, `later` seconds after those of this one: its traffic spread over them.
    pub(super) fn moved(self, later: u64, to: &Steps) -> Self {
        let steps = Steps { lengths: to.whole_lengths(), ..to.clone() };
        let moved = |series: Series| {
            let values = steps.spread(&self.steps, &series.values, later);
            Series { values, ..series }
        };
        Self { series: self.series.into_iter().map(moved).collect(), steps, ..self }
    }
}

/// Makes series of rows.
struct Reader<'a> {
    labels: Labels,
    steps: &'a Steps,
    units: Units,
    /// By whether they are of all others, and by what they are called.
    found: BTreeMap<(bool, Vec<String>), Series>,
}

impl Reader<'_> {
    /// A row has its time first, its value last.
    fn take(&mut self, row: &[Value]) {
        let number = |value: Option<&Value>| value.and_then(Value::as_f64).unwrap_or_default();
        let Some(time) = row.first().and_then(Value::as_u64) else { return };
        let Some(place) = self.steps.place(time) else { return };
        let value = self.steps.rate(place, number(row.last()), self.units);
        let (is_other, labels) = (self.labels.is_other(row), self.labels.of(row));
        let count = self.steps.times.len();
        let series = self.found.entry((is_other, labels.clone())).or_insert_with(|| Series {
            row: labels,
            is_other,
            values: vec![0.0; count],
            statistics: Statistics::default(),
        });
        if let Some(point) = series.values.get_mut(place) {
            *point += value;
        }
    }
}

impl Steps {
    fn new((from, to): (u64, u64), interval: Duration, now: u64) -> Self {
        let step = interval.as_secs().max(1);
        let start = from / step * step;
        let points = Points { start, step, count: (to - start).div_ceil(step) };
        let begins = (0..points.count).map(|place| start + step * place);
        let times: Vec<u64> = begins.clone().map(|begin| begin.max(from)).collect();
        let ends: Vec<u64> = begins.map(|begin| (begin + step).min(to)).collect();
        let passed = |(&begin, &end): (&u64, &u64)| end.min(now).saturating_sub(begin).max(1) as f64;
        let lengths = times.iter().zip(&ends).map(passed).collect();
        let last = usize::try_from(points.last_whole((from, to), now)).unwrap_or_default();
        Self { times, ends, lengths, last, interval: step }
    }

    /// The point that begins at a time.
    fn place(&self, time: u64) -> Option<usize> {
        self.times.binary_search(&time).ok()
    }

    /// A value of a point as a rate: the database counts flows, and shares are of one.
    fn rate(&self, place: usize, value: f64, units: Units) -> f64 {
        match units {
            Units::Fps => value / self.lengths.get(place).copied().unwrap_or(1.0),
            units if units.is_share() => value * 100.0,
            _ => value,
        }
    }

    fn whole_lengths(&self) -> Vec<f64> {
        self.times.iter().zip(&self.ends).map(|(begin, end)| end.saturating_sub(*begin) as f64).collect()
    }

    /// The rates of other points, which are earlier, at these: what passes in a second stays in its second.
    fn spread(&self, from: &Self, values: &[f64], later: u64) -> Vec<f64> {
        let mut spread = vec![0.0; self.times.len()];
        let mut first = 0;
        for ((begin, end), value) in from.times.iter().zip(&from.ends).zip(values) {
            let (begin, end) = (begin + later, end + later);
            while self.ends.get(first).is_some_and(|&other| other <= begin) {
                first += 1;
            }
            let here = self.times.iter().zip(&self.ends).zip(&mut spread).skip(first);
            for ((&other_begin, &other_end), sum) in here.take_while(|((other, _), _)| **other < end) {
                let common = end.min(other_end).saturating_sub(begin.max(other_begin));
                *sum += value * common as f64 / other_end.saturating_sub(other_begin).max(1) as f64;
            }
        }
        spread
    }

    fn statistics(&self, values: &[f64]) -> Statistics {
        let total: f64 = values.iter().zip(&self.lengths).map(|(rate, length)| rate * length).sum();
        let whole: f64 = self.lengths.iter().sum();
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let rank = Statistic::p95_rank(sorted.len() as u64).saturating_sub(1);
        let at =
            |place: Option<usize>| place.and_then(|place| sorted.get(place)).copied().unwrap_or_default();
        Statistics {
            average: total / whole.max(1.0),
            total,
            min: at(Some(0)),
            max: at(sorted.len().checked_sub(1)),
            last: values.get(self.last).copied().unwrap_or_default(),
            p95: at(usize::try_from(rank).ok()),
        }
    }
}

/// A number of an answer: a rate is whole, a percentage has four digits after its point.
pub(super) fn number(value: f64, units: Units) -> Number {
    if units.is_share() {
        return Number::from_f64((value * 1e4).round() / 1e4).unwrap_or_else(|| 0.into());
    }
    // Neither is negative, and what is too large for the type is as large as it can be.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates")]
    let whole = value.round() as u64;
    whole.into()
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(range: (u64, u64), step: u64, now: u64) -> Steps {
        Steps::new(range, Duration::from_secs(step), now)
    }

    #[test]
    fn points_are_at_multiples_of_the_step_and_count_for_what_has_passed() {
        let steps = steps((130, 300), 60, 250);
        assert_eq!(steps.times, [130, 180, 240]);
        assert_eq!(steps.ends, [180, 240, 300]);
        assert_eq!(steps.lengths, [50.0, 60.0, 10.0]);
        assert_eq!((steps.last, steps.place(180), steps.place(181)), (1, Some(1), None));
    }

    #[test]
    fn the_statistics_are_of_all_points() {
        let steps = steps((0, 1200), 60, 10_000);
        let values: Vec<f64> = (0..20).map(|value| f64::from(value % 10)).collect();
        let found = steps.statistics(&values);
        let expected =
            Statistics { average: 4.5, total: 4.5 * 1200.0, min: 0.0, max: 9.0, last: 9.0, p95: 9.0 };
        assert_eq!(found, expected);
        let one = Steps::new((0, 60), Duration::from_secs(60), 10_000).statistics(&[7.0]);
        assert_eq!((one.p95, one.total), (7.0, 420.0));
    }

    #[test]
    fn what_is_moved_keeps_its_sum() {
        // A step of 7 s does not divide an hour: the points of the hour before lie elsewhere.
        let to = steps((3600, 3670), 7, 10_000);
        let from = steps((0, 70), 7, 10_000);
        let values: Vec<f64> = (0..10).map(f64::from).collect();
        let spread = to.spread(&from, &values, 3600);
        let sum = |steps: &Steps, values: &[f64]| -> f64 {
            values.iter().zip(steps.whole_lengths()).map(|(value, length)| value * length).sum()
        };
        assert_eq!(spread.len(), to.times.len());
        assert!((sum(&to, &spread) - sum(&from, &values)).abs() < 1e-6, "{spread:?}");
        let same = from.spread(&from, &values, 0);
        assert_eq!(same, values);
    }
}
