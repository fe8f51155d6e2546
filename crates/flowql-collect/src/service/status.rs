//! Who sends and what is wrong with it, as `GET /api/v1/exporters` says it.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

/// Who sends to a collector.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Exporters {
    /// Those with the worst problems first.
    pub exporters: Vec<Exporter>,
    /// How many sessions there are; those of the exporters may be fewer, as only so many are looked at.
    pub sessions: usize,
    /// What is wrong with what comes in that is of no exporter, the worst first.
    #[serde(default)]
    pub problems: Vec<Problem>,
}

/// An exporter, by the source address of its datagrams.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exporter {
    /// The source address.
    pub address: IpAddr,
    /// What the configuration calls it, else the address.
    pub name: String,
    /// How it sends.
    pub protocols: Vec<Cow<'static, str>>,
    /// Its ports and observation domains.
    pub sessions: usize,
    /// Its flows a second over the last half minute; none in the first second of the collector.
    #[serde(default)]
    pub flows_per_second: Option<f64>,
    /// Its flows since the collector was started.
    #[serde(default)]
    pub flows: u64,
    /// Its templates, those of options included.
    pub templates: usize,
    /// Its bits a second over the last half minute, times the sampling rate, with the frames around packets.
    #[serde(default)]
    pub bits_per_second: Option<f64>,
    /// Its sampling rates, and what says them.
    #[serde(default)]
    pub sampling: Vec<Sampling>,
    /// The directions of its flows in the last minutes: `ingress`, `egress`, and `undefined` for those that say none.
    #[serde(default)]
    pub directions: Vec<Cow<'static, str>>,
    /// How many interfaces its flows have.
    #[serde(default)]
    pub interfaces: usize,
    /// How many of them have no name.
    #[serde(default)]
    pub unnamed_interfaces: usize,
    /// What its flows add up to, times what its interfaces count; none where it sends no counters, or too few samples.
    #[serde(default)]
    pub volume: Option<f64>,
    /// How many of its flows its rate limit dropped.
    #[serde(default)]
    pub limited: u64,
    /// Whether its flows are counted twice.
    #[serde(default)]
    pub doubles: Option<Doubles>,
    /// How many interfaces it named in option records.
    #[serde(default)]
    pub named_interfaces: usize,
    /// How its SNMP agent is; none where it is not asked.
    #[serde(default)]
    pub snmp: Option<Snmp>,
    /// How far its clock is ahead, in milliseconds: of its sessions the one that is most off. None for sFlow, which has no
    /// time of day.
    #[serde(default)]
    pub clock_ms: Option<i64>,
    /// What never came, by the sequence numbers: flows for NetFlow v5 and v7, datagrams for v9 and sFlow, records for IPFIX.
    pub lost: u64,
    /// How often its numbers began again.
    pub restarts: u64,
    /// What came late.
    pub reordered: u64,
    /// What is wrong with it, the worst first.
    pub problems: Vec<Problem>,
}

/// A sampling rate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sampling {
    /// One packet in so many is sampled.
    pub rate: u64,
    /// What says so: `override`, `record`, `sampler`, `interface`, `line-card`, `domain`, `header`, `unsampled` or `default`.
    pub source: Cow<'static, str>,
}

/// Whether flows are counted twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Doubles {
    /// By what they add up to.
    Probable,
    /// By the directions that they say.
    Yes,
}

/// How the SNMP agent of an exporter is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snmp {
    /// Its address and port.
    pub agent: SocketAddr,
    /// How many interfaces it named.
    pub interfaces: usize,
    /// How many seconds ago it answered; none where it never did.
    pub answered_seconds: Option<u64>,
    /// Why it could not be asked the last time; what it said before is used.
    pub error: Option<String>,
}

/// What is wrong, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// A word for it.
    pub kind: Cow<'static, str>,
    /// How bad it is.
    #[serde(default)]
    pub severity: Severity,
    /// What is wrong, in a sentence.
    pub message: String,
    /// What to do about it.
    pub advice: Cow<'static, str>,
}

/// How bad a problem is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// All is stored.
    Note,
    /// What is stored may be wrong, or some of it is missing.
    #[default]
    Warning,
    /// Nothing of it is stored.
    Error,
}

impl Exporters {
    /// Sorts the exporters: those with the worst problems first, then those with the most, then by address.
    pub fn sort(&mut self) {
        self.exporters.sort_by_key(|exporter| {
            let worst = exporter.problems.iter().map(|problem| problem.severity).max();
            (std::cmp::Reverse((worst, exporter.problems.len())), exporter.address)
        });
    }

    /// Whether nothing is wrong; notes are nothing wrong.
    #[must_use]
    pub fn is_well(&self) -> bool {
        let of_exporters = self.exporters.iter().flat_map(|exporter| &exporter.problems);
        of_exporters.chain(&self.problems).all(|problem| problem.severity == Severity::Note)
    }

    /// Takes in what another collector says.
    pub fn merge(&mut self, other: Self) {
        self.sessions += other.sessions;
        self.problems.extend(other.problems);
        sort(&mut self.problems);
        for exporter in other.exporters {
            match self.exporters.iter_mut().find(|known| known.address == exporter.address) {
                Some(known) => known.merge(exporter),
                None => self.exporters.push(exporter),
            }
        }
        self.sort();
    }
}

impl Exporter {
    /// One of which only the address is known.
    pub(crate) fn of(address: IpAddr) -> Self {
        Self {
            address,
            name: address.to_string(),
            protocols: Vec::new(),
            sessions: 0,
            flows_per_second: None,
            flows: 0,
            templates: 0,
            bits_per_second: None,
            sampling: Vec::new(),
            directions: Vec::new(),
            interfaces: 0,
            unnamed_interfaces: 0,
            volume: None,
            limited: 0,
            doubles: None,
            named_interfaces: 0,
            snmp: None,
            clock_ms: None,
            lost: 0,
            restarts: 0,
            reordered: 0,
            problems: Vec::new(),
        }
    }

    /// Takes in what another collector says of it.
    fn merge(&mut self, other: Self) {
        if self.name == self.address.to_string() {
            self.name = other.name;
        }
        self.protocols.extend(other.protocols);
        self.protocols.sort_unstable();
        self.protocols.dedup();
        self.sessions += other.sessions;
        self.flows_per_second = both(self.flows_per_second, other.flows_per_second);
        self.bits_per_second = both(self.bits_per_second, other.bits_per_second);
        for sampling in other.sampling {
            if !self.sampling.contains(&sampling) {
                self.sampling.push(sampling);
            }
        }
        self.directions.extend(other.directions);
        self.directions.sort_unstable();
        self.directions.dedup();
        self.interfaces = self.interfaces.max(other.interfaces);
        self.unnamed_interfaces = self.unnamed_interfaces.max(other.unnamed_interfaces);
        self.volume = self.volume.or(other.volume);
        self.limited += other.limited;
        self.doubles = self.doubles.max(other.doubles);
        self.flows += other.flows;
        self.templates += other.templates;
        self.named_interfaces = self.named_interfaces.max(other.named_interfaces);
        // The one that heard of it last.
        let age = |snmp: &Option<Snmp>| {
            snmp.as_ref().map_or(u64::MAX, |snmp| snmp.answered_seconds.unwrap_or(u64::MAX - 1))
        };
        if age(&other.snmp) < age(&self.snmp) {
            self.snmp = other.snmp;
        }
        self.clock_ms =
            [self.clock_ms, other.clock_ms].into_iter().flatten().max_by_key(|ms| ms.unsigned_abs());
        self.lost += other.lost;
        self.restarts += other.restarts;
        self.reordered += other.reordered;
        self.problems.extend(other.problems);
        sort(&mut self.problems);
    }
}

/// The sum of what is known.
fn both(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one + other),
        (one, other) => one.or(other),
    }
}

/// Puts the worst first, otherwise leaving the order.
pub(crate) fn sort(problems: &mut [Problem]) {
    problems.sort_by_key(|problem| std::cmp::Reverse(problem.severity));
}
