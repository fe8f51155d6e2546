//! Incidents: what becomes of a target that reaches a threshold.

mod evidence;
mod machine;
mod signature;

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use evidence::{Counted, Evidence, Lengths};
pub use machine::{Change, Ended, Incidents, Refusal, Saved};
pub use signature::{Nameable, Signature};

use crate::engine::Rates;
use crate::response::Action;
use crate::target::Target;

/// The state of an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// More than half of a threshold is reached, or whatever the rule calls clear.
    Suspected,
    /// A threshold is reached.
    Active,
    /// Routers were asked to act.
    Mitigated,
    /// The action is eased, to see whether the attack is over.
    Probing,
    /// It is over.
    Over,
}

impl State {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Suspected => "suspected",
            Self::Active => "active",
            Self::Mitigated => "mitigated",
            Self::Probing => "probing",
            Self::Over => "over",
        }
    }
}

/// An incident. Times are seconds since 1970.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Its number; large communities have it.
    pub number: u32,
    /// The rule.
    pub rule: String,
    /// What is under attack.
    pub target: Target,
    /// Its state.
    pub state: State,
    /// When a threshold was reached.
    pub start: u32,
    /// When it was over; 0 before.
    pub end: u32,
    /// When a threshold was reached last.
    pub last: u32,
    /// When it was not clear last.
    pub unclear: u32,
    /// The rates at the peak.
    pub peak: Peak,
    /// What it is made of.
    pub evidence: Evidence,
    /// Its traffic as filters.
    pub signature: Signature,
    /// What else the filters would hit; `None` where it is not known.
    pub collateral: Option<Collateral>,
    /// What is done, or would be.
    pub action: Option<Planned>,
    /// How often it came back within an hour.
    pub returns: u32,
    /// Everything that was decided, the oldest first.
    pub log: Vec<Entry>,
}

/// The rates of an incident at its peak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Peak {
    /// The bits a second.
    pub bits: f64,
    /// The packets a second.
    pub packets: f64,
    /// The flows a second.
    pub flows: f64,
    /// The sources of a window.
    pub sources: u64,
    /// The countries of the sources.
    pub countries: u64,
    /// The sampled packets of a window.
    pub samples: u64,
    /// How many times the thresholds were reached.
    pub severity: f64,
}

/// What is done about an incident.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Planned {
    /// What happens to the traffic.
    #[serde(with = "action_text")]
    pub action: Action,
    /// Who let it happen.
    pub approval: Approval,
    /// Until when it lasts; then it is probed.
    pub until: u32,
    /// How many seconds it lasts.
    pub hold: u32,
}

/// Whether an action may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Approval {
    /// It is only said what would happen.
    DryRun,
    /// A person has to approve it.
    Awaited,
    /// The rules say so.
    Automatic,
    /// A person has approved it.
    Person,
    /// A person has taken it back.
    Withdrawn,
}

/// What the filters of an incident would have hit of the usual traffic of its target: of the last day, without itself.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Collateral {
    /// The share of the bits.
    pub share: f64,
    /// How many hours were looked at, the newest first; 0 says that nothing is known.
    pub hours: u32,
}

impl std::fmt::Display for Collateral {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.hours {
            0 => formatter.write_str("what else it would hit is not known"),
            hours => write!(formatter, "it would have hit {:.2} % of the last {hours} h", self.share * 100.0),
        }
    }
}

/// Something that was decided about an incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub time: u32,
    /// By whom; empty for the program.
    pub by: String,
    /// What.
    pub what: String,
}

/// What routers should do: the boundary to what announces it.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// The incident.
    pub number: u32,
    /// The prefix that the traffic goes to.
    pub target: IpNet,
    /// The traffic as a filter, the destination included.
    pub filter: String,
    /// What happens to it.
    pub action: Action,
    /// How many times the thresholds are reached: the worst come first where there is no room for all.
    pub severity: f64,
    /// What else it hits; `None` where that is not known.
    pub collateral: Option<Collateral>,
    /// When it ends, whatever happens until then.
    pub until: u32,
}

impl Peak {
    pub(crate) fn raise(&mut self, rates: &Rates, severity: f64) {
        self.bits = self.bits.max(rates.bits);
        self.packets = self.packets.max(rates.packets);
        self.flows = self.flows.max(rates.flows);
        self.sources = self.sources.max(rates.sources);
        self.countries = self.countries.max(rates.countries);
        self.samples = self.samples.max(rates.samples);
        self.severity = self.severity.max(severity);
    }
}

impl Approval {
    /// Whether the action happens.
    #[must_use]
    pub const fn is_given(self) -> bool {
        matches!(self, Self::Automatic | Self::Person)
    }
}

impl Serialize for Target {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl std::str::FromStr for Target {
    type Err = NotATarget;

    fn from_str(text: &str) -> Result<Self, NotATarget> {
        if let Some((column, value)) = text.split_once(" = ") {
            return Ok(Self::Group { column: column.to_owned(), value: value.to_owned() });
        }
        let net = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
        net.map(Self::Net).ok_or(NotATarget)
    }
}

/// A text that is not a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("neither an address, a prefix nor a group")]
pub struct NotATarget;

/// Actions as `flowql.toml` has them: `drop`, `blackhole`, or the bits a second that are let through.
mod action_text {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::response::Action;

    pub(super) fn serialize<S: Serializer>(action: &Action, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(action)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Action, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
