//! What traffic is measured in, and which of its points a ranking goes by.

use flowql_client::{Sql, sql};

use super::points::Points;

/// What layer 2 adds to each packet, in bytes: header, preamble, gap and checksum of Ethernet.
pub const LAYER_2_BYTES: u64 = 38;

/// A measure of traffic, the sampling rate multiplied in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Bits per second at layer 3.
    #[default]
    Bits,
    /// Bits per second at layer 2: 38 bytes a packet more.
    L2Bits,
    /// Packets per second.
    Packets,
    /// Flow records.
    Flows,
    /// The bits at layer 2 as a share of the speed of the input interfaces, from 0 to 1: those of the group, each once. 0
    /// where no speed is known.
    InSpeed,
    /// The same of the output interfaces.
    OutSpeed,
}

/// What of the points of a range a ranking goes by. Points without traffic count as 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Statistic {
    /// The whole range.
    #[default]
    Average,
    /// The largest point.
    Maximum,
    /// The last point that is whole: all of its time is in the range and has passed.
    Last,
    /// The 95th percentile of the points, by nearest rank.
    P95,
}

impl Statistic {
    /// The column that holds it, as `bits_p95`; `None` for the average, which is the unit's own.
    pub fn column_of(self, unit: Unit) -> Option<String> {
        let name = match self {
            Self::Average => return None,
            Self::Maximum => "maximum",
            Self::Last => "last",
            Self::P95 => "p95",
        };
        Some(format!("{}_{name}", unit.column()))
    }

    /// Of so many points, the place of the 95th percentile among the sorted ones, from 1.
    pub const fn p95_rank(points: u64) -> u64 {
        points.saturating_mul(95).div_ceil(100)
    }

    /// It, over the points of a group, as SQL: `rate` is that of one point, `time_bucket` its number. There is no row for
    /// a point without traffic.
    pub(super) fn sql(self, rate: Sql, points: Points, last: u64) -> Sql {
        match self {
            Self::Average | Self::Maximum => sql!("max({rate})", rate),
            Self::Last => sql!("sumIf({rate}, time_bucket = {last})", rate, last),
            Self::P95 => sql!(
                "if(count() + {rank} > {count}, \
                 arraySort(groupArray({rate}))[greatest(toInt64(count()) + {rank} - {count}, 1)], 0)",
                rate,
                rank = Self::p95_rank(points.count),
                count = points.count
            ),
        }
    }
}

impl Unit {
    /// The column that holds it.
    pub const fn column(self) -> &'static str {
        match self {
            Self::Bits => "bits",
            Self::L2Bits => "l2bits",
            Self::Packets => "packets",
            Self::Flows => "flows",
            Self::InSpeed => "inspeed",
            Self::OutSpeed => "outspeed",
        }
    }

    /// The same of the opposite direction.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::InSpeed => Self::OutSpeed,
            Self::OutSpeed => Self::InSpeed,
            other => other,
        }
    }

    /// The columns with the name and the speed (in Mbit/s) of the interface whose share it is.
    pub const fn interface(self) -> Option<[&'static str; 2]> {
        match self {
            Self::InSpeed => Some(["InIfName", "InIfSpeed"]),
            Self::OutSpeed => Some(["OutIfName", "OutIfSpeed"]),
            _ => None,
        }
    }

    /// The sum of it over rows of flows, not yet by time or speed.
    pub(super) const fn sum(self) -> &'static str {
        match self {
            Self::Bits => "sum(Bytes * SamplingRate * 8)",
            // As `LAYER_2_BYTES` says.
            Self::L2Bits | Self::InSpeed | Self::OutSpeed => "sum((Bytes + 38 * Packets) * SamplingRate * 8)",
            Self::Packets => "sum(Packets * SamplingRate)",
            Self::Flows => "count()",
        }
    }

    /// The columns that the sum reads. Only the raw table has a row for each flow; of its columns, one that no other
    /// table has means that.
    pub(super) const fn reads(self) -> &'static [&'static str] {
        match self {
            Self::Bits => &["Bytes", "SamplingRate"],
            Self::L2Bits => &["Bytes", "Packets", "SamplingRate"],
            Self::Packets => &["Packets", "SamplingRate"],
            Self::Flows => &[],
            Self::InSpeed => {
                &["Bytes", "Packets", "SamplingRate", "ExporterAddress", "InIfName", "InIfSpeed"]
            }
            Self::OutSpeed => {
                &["Bytes", "Packets", "SamplingRate", "ExporterAddress", "OutIfName", "OutIfSpeed"]
            }
        }
    }

    /// The sum divided by the seconds, for rates.
    pub(super) fn by_time(self, sum: Sql, seconds: Sql) -> Sql {
        match self {
            Self::Flows => sum,
            _ => sql!("{sum} / {seconds}", sum, seconds),
        }
    }

    /// The rate as a share of the speed, where the unit is one; `the_speeds` has it.
    pub(super) fn by_speed(self, rate: Sql) -> Sql {
        match self.interface() {
            None => rate,
            Some(_) => {
                let speed = "arraySum(tupleElement(the_speeds, 2))";
                sql!("if({speed} = 0, 0, {rate} / ({speed} * 1000000))", speed, rate)
            }
        }
    }

    /// The interfaces of rows of flows with their speeds, after a comma, each once: any of its speeds, which is the highest.
    pub(super) fn speeds(self) -> Sql {
        let Some([name, speed]) = self.interface() else { return Sql::default() };
        let (name, speed) = (Sql::name(name), Sql::name(speed));
        sql!(
            ", maxMap([cityHash64(toString(ExporterAddress), toString({name}))], [toUInt64({speed})]) AS the_speeds",
            name,
            speed
        )
    }

    /// Those of several of these, after a comma.
    pub(super) fn merged_speeds(self, from: &'static str) -> Sql {
        match self.interface() {
            None => Sql::default(),
            Some(_) => {
                sql!(", maxMap(tupleElement({from}, 1), tupleElement({from}, 2)) AS the_speeds", from)
            }
        }
    }
}
