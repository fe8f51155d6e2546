//! What an exporter tells of itself by options.

use flowql_decode::Protocol;

use super::exporter::Identity;
use super::scenario::Scenario;
use crate::encode::options::{Statistics, Table};
use crate::flows::{APPLICATIONS, VRFS};

/// How an exporter samples, and how it says so.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sampling {
    /// One packet of so many.
    pub(super) rate: u32,
    pub(super) by: By,
}

/// What says the sampling rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// A table of samplers, which records name.
    Samplers,
    /// Options for the whole domain.
    Domain,
    /// Nothing, though records name a sampler.
    Nobody,
}

/// The sampler that is announced, and the one that is not.
const SAMPLER: u32 = 1;
const UNKNOWN_SAMPLER: u32 = 7;

impl Sampling {
    /// The sampler that records name; 0 for none.
    pub(super) const fn sampler(self) -> u32 {
        match self.by {
            By::Samplers => SAMPLER,
            By::Domain => 0,
            By::Nobody => UNKNOWN_SAMPLER,
        }
    }
}

/// The tables of an exporter.
#[derive(Debug, Default)]
pub(super) struct Announcements {
    names: Vec<(u32, &'static str)>,
    descriptions: Vec<(u32, &'static str)>,
    samplers: Vec<(u32, u32)>,
    domain: Option<u32>,
    by_interface: Vec<(u32, u32)>,
}

impl Announcements {
    pub(super) fn of(identity: &Identity) -> Self {
        let Sampling { rate, by } = identity.sampling;
        let all = || identity.interfaces.iter();
        let contradicts = identity.scenarios.has(Scenario::ContradictorySampling);
        let has_names = !identity.scenarios.has(Scenario::NoNames);
        let named = || all().filter(|_| has_names);
        // A firewall does not sample.
        let samples = !identity.scenarios.has(Scenario::Nsel);
        Self {
            names: named().map(|interface| (interface.index, interface.name)).collect(),
            descriptions: named().map(|interface| (interface.index, interface.description)).collect(),
            samplers: if samples && by == By::Samplers { vec![(SAMPLER, rate)] } else { Vec::new() },
            domain: Some(rate).filter(|_| samples && by == By::Domain),
            by_interface: all()
                .filter(|_| contradicts)
                .map(|interface| (interface.index, rate * 2))
                .collect(),
        }
    }

    /// Every table, each small enough for a datagram.
    pub(super) fn tables(&self, statistics: Statistics) -> impl Iterator<Item = Table<'_>> {
        const NAMES: usize = 12;
        const RATES: usize = 100;
        let names = self.names.chunks(NAMES).map(Table::Interfaces);
        let descriptions = self.descriptions.chunks(NAMES).map(Table::Descriptions);
        let samplers = self.samplers.chunks(RATES).map(Table::Samplers);
        let rates = self.by_interface.chunks(RATES).map(Table::InterfaceRates);
        let domain = self.domain.map(Table::Rate);
        let rest = [Table::Applications(&APPLICATIONS), Table::Vrfs(&VRFS), Table::Statistics(statistics)];
        samplers.chain(domain).chain(rates).chain(names).chain(descriptions).chain(rest)
    }
}

/// How the exporter of a number says its sampling rate: one in two by samplers.
pub(super) fn by(number: u16, protocol: Protocol, is_silent: bool) -> By {
    match protocol {
        Protocol::NetflowV9 | Protocol::Ipfix if is_silent => By::Nobody,
        _ if number.is_multiple_of(2) => By::Samplers,
        _ => By::Domain,
    }
}
