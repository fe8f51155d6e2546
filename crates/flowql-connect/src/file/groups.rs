//! Groups of flows: what they sum up to, and how they are ranked.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::time::{SystemTime, UNIX_EPOCH};

use flowql_backend::{Error, Points, Statistic, Unit};
use flowql_eval::Value;
use serde_json::{Value as Json, json};

use super::scan::Flow;

/// The most points and groups that volumes are kept of.
const MOST_VOLUMES: usize = 4_000_000;

/// How traffic is measured, and what groups are ranked by.
#[derive(Clone, Copy)]
pub(super) struct Measure {
    pub(super) unit: Unit,
    pub(super) statistic: Statistic,
    pub(super) points: Points,
    /// The range in seconds since 1970.
    pub(super) range: (u64, u64),
    pub(super) now: u64,
}

/// The interfaces of flows, by exporter and name, with their highest speeds.
#[derive(Clone, Default)]
pub(super) struct Speeds(HashMap<Vec<Value>, u64>);

/// The traffic of a group, as ClickHouse adds up: sums wrap.
#[derive(Clone, Default)]
pub(super) struct Group {
    sums: BTreeMap<&'static str, u64>,
    pub(super) speeds: Speeds,
    /// Of the unit, by the number of the step; kept where the ranking goes by the points.
    volumes: BTreeMap<u64, u64>,
}

/// What a group is ranked by: a sum as it is, all else as a number.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Rank {
    Sum(u64),
    Number(f64),
}

impl Measure {
    pub(super) fn now() -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
    }

    /// The seconds of the range that have passed.
    pub(super) fn seconds(&self) -> u64 {
        self.length(self.range.0, self.range.1)
    }

    /// The seconds from a time to another: at least one, and none that have not passed yet.
    fn length(&self, from: u64, to: u64) -> u64 {
        to.min(self.now).saturating_sub(from).max(1)
    }

    /// Where a step begins within the range, and how long it is.
    pub(super) fn step(&self, bucket: u64) -> (u64, u64) {
        let Points { start, step, .. } = self.points;
        let begin = (start + step * bucket).max(self.range.0);
        let end = (start + step * (bucket + 1)).min(self.range.1);
        (begin, self.length(begin, end))
    }

    /// The number of the step that a flow belongs to.
    pub(super) fn bucket(&self, flow: &Flow<'_>) -> u64 {
        flow.time().saturating_sub(self.points.start) / self.points.step
    }

    /// The traffic of so many seconds as a cell: a rate, a number of flows, or a share of a speed.
    pub(super) fn cell(&self, volume: u64, seconds: u64, speeds: &Speeds) -> Json {
        match self.unit {
            Unit::Flows => json!(volume),
            _ => json!(self.by_speed(volume as f64 / seconds as f64, speeds)),
        }
    }

    fn by_speed(&self, rate: f64, speeds: &Speeds) -> f64 {
        let speed = speeds.0.values().sum::<u64>();
        match (self.unit.interface(), speed) {
            (None, _) => rate,
            (Some(_), 0) => 0.0,
            (Some(_), speed) => rate / speed.saturating_mul(1_000_000) as f64,
        }
    }

    /// What the group is ranked by.
    pub(super) fn rank(&self, group: &Group) -> Rank {
        let sum = group.sum(self.unit);
        match (self.statistic, self.unit.interface()) {
            (Statistic::Average, None) => Rank::Sum(sum),
            (Statistic::Average, Some(_)) => Rank::Number(self.by_speed(sum as f64, &group.speeds)),
            _ => Rank::Number(self.by_speed(self.statistic(&group.volumes), &group.speeds)),
        }
    }

    /// The statistic over the points.
    fn statistic(&self, volumes: &BTreeMap<u64, u64>) -> f64 {
        let rate = |(bucket, volume): (&u64, &u64)| match self.unit {
            Unit::Flows => *volume as f64,
            _ => *volume as f64 / self.step(*bucket).1 as f64,
        };
        match self.statistic {
            Statistic::Average | Statistic::Maximum => volumes.iter().map(rate).fold(0.0, f64::max),
            Statistic::Last => {
                let last = self.points.last_whole(self.range, self.now);
                volumes.get_key_value(&last).map_or(0.0, rate)
            }
            Statistic::P95 => {
                let mut rates: Vec<f64> = volumes.iter().map(rate).collect();
                rates.sort_by(f64::total_cmp);
                // The points without traffic come first.
                let empty = self.points.count.saturating_sub(rates.len() as u64);
                let place = Statistic::p95_rank(self.points.count).checked_sub(empty + 1);
                place.and_then(|place| rates.get(usize::try_from(place).ok()?)).copied().unwrap_or_default()
            }
        }
    }

    /// A rank as a cell of the answer.
    pub(super) fn rank_cell(&self, rank: Rank) -> Json {
        match rank {
            Rank::Number(number) if self.unit == Unit::Flows => json!(number as u64),
            Rank::Number(number) => json!(number),
            Rank::Sum(sum) => json!(sum),
        }
    }
}

impl Speeds {
    /// Adds the interface of a flow: its exporter, its name and its speed.
    pub(super) fn add(&mut self, interface: &[Value]) {
        if let [key @ .., speed] = interface {
            let speed = u64::try_from(speed.number()).unwrap_or(u64::MAX);
            let known = self.0.entry(key.to_vec()).or_default();
            *known = speed.max(*known);
        }
    }
}

impl Group {
    /// Adds a flow with its interface; `volumes` counts what is kept by points.
    pub(super) fn add(
        &mut self,
        flow: &Flow<'_>,
        interface: &[Value],
        measure: &Measure,
        volumes: &mut usize,
    ) -> Result<(), Error> {
        for unit in [Unit::Bits, Unit::Packets, Unit::Flows, Unit::L2Bits] {
            let sum = self.sums.entry(unit.column()).or_default();
            *sum = sum.wrapping_add(flow.volume(unit));
        }
        self.speeds.add(interface);
        if measure.statistic != Statistic::Average {
            let before = self.volumes.len();
            let volume = self.volumes.entry(measure.bucket(flow)).or_default();
            *volume = volume.wrapping_add(flow.volume(measure.unit));
            *volumes += self.volumes.len() - before;
        }
        bounded(*volumes)
    }

    /// The sum of a unit.
    pub(super) fn sum(&self, unit: Unit) -> u64 {
        let unit = if unit.interface().is_some() { Unit::L2Bits } else { unit };
        self.sums.get(unit.column()).copied().unwrap_or_default()
    }
}

impl Rank {
    /// The highest first.
    pub(super) fn compare(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Sum(first), Self::Sum(second)) => second.cmp(&first),
            (Self::Number(first), Self::Number(second)) => second.total_cmp(&first),
            _ => Ordering::Equal,
        }
    }
}

/// An error where more volumes are kept than may be.
pub(super) fn bounded(volumes: usize) -> Result<(), Error> {
    if volumes > MOST_VOLUMES {
        return Err(Error::BadQuery(format!(
            "the series have more than {MOST_VOLUMES} points: ask for fewer points or values"
        )));
    }
    Ok(())
}
