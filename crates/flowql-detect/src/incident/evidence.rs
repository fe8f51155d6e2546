//! What an attack is made of, from a sample of its flows.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::engine::SampledFlow;
use crate::target::address;

/// How many of the most frequent values are kept.
const MOST: usize = 10;

/// What an attack is made of. Shares are of the bits, and of a sample.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// How many flows the sample has.
    pub flows: usize,
    /// The protocols.
    pub protocols: Vec<Counted<u8>>,
    /// The ports of the sources.
    pub source_ports: Vec<Counted<u16>>,
    /// The ports of the destinations.
    pub destination_ports: Vec<Counted<u16>>,
    /// The TCP flags, of records of one packet each.
    pub flags: Vec<Counted<u16>>,
    /// The countries of the sources.
    pub countries: Vec<Counted<String>>,
    /// The sources that send the most.
    pub sources: Vec<Counted<IpAddr>>,
    /// The addresses under fire.
    pub destinations: Vec<Counted<IpAddr>>,
    /// The share of later fragments.
    pub fragments: f64,
    /// The lengths of packets, of records of one packet each.
    pub lengths: Option<Lengths>,
}

/// A value with its share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Counted<T> {
    /// The value.
    pub value: T,
    /// Its share of the bits.
    pub share: f64,
}

/// The lengths of packets in bytes, the headers of IP included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lengths {
    /// One in a hundred is shorter.
    pub p1: u64,
    /// The one in the middle.
    pub median: u64,
    /// One in a hundred is longer.
    pub p99: u64,
}

impl Evidence {
    /// What a sample says; the sources that send the most are known of more flows than those.
    #[must_use]
    pub fn of(sample: &[SampledFlow], sources: &[(IpAddr, f64)]) -> Self {
        let bits: f64 = sample.iter().map(SampledFlow::bits).sum();
        let single = || sample.iter().filter(|flow| flow.packets == 1);
        let fragments: f64 = sample.iter().filter(|flow| flow.is_fragment).map(SampledFlow::bits).sum();
        let of_sources: f64 = sources.iter().map(|(_, bits)| bits).sum();
        let country =
            |flow: &SampledFlow| String::from_utf8_lossy(&flow.country).trim_matches('\0').to_owned();
        Self {
            flows: sample.len(),
            protocols: shares(sample.iter(), |flow| flow.proto),
            source_ports: shares(sample.iter(), |flow| flow.source_port),
            destination_ports: shares(sample.iter(), |flow| flow.destination_port),
            flags: shares(single().filter(|flow| flow.proto == 6), |flow| flow.flags),
            countries: shares(sample.iter(), country),
            sources: sources
                .iter()
                .take(MOST)
                .map(|(source, bits)| Counted { value: *source, share: ratio(*bits, of_sources) })
                .collect(),
            destinations: shares(sample.iter(), |flow| address(flow.destination)),
            fragments: ratio(fragments, bits),
            lengths: Lengths::of(sample),
        }
    }
}

impl Lengths {
    /// The lengths of the packets of a sample; `None` where no record is of one packet alone.
    pub(crate) fn of(sample: &[SampledFlow]) -> Option<Self> {
        let mut lengths: Vec<u64> = sample.iter().filter_map(SampledFlow::length).collect();
        lengths.sort_unstable();
        let at = |percent: usize| lengths.get((lengths.len().checked_sub(1)?) * percent / 100).copied();
        Some(Self { p1: at(1)?, median: at(50)?, p99: at(99)? })
    }
}

/// The values that have the most bits, with their shares.
pub(crate) fn shares<'f, T: Clone + Eq + Hash + Ord>(
    sample: impl Iterator<Item = &'f SampledFlow>,
    value: impl Fn(&SampledFlow) -> T,
) -> Vec<Counted<T>> {
    let (mut sums, mut all): (HashMap<T, f64>, f64) = (HashMap::new(), 0.0);
    for flow in sample {
        *sums.entry(value(flow)).or_default() += flow.bits();
        all += flow.bits();
    }
    let mut shares: Vec<Counted<T>> =
        sums.into_iter().map(|(value, bits)| Counted { value, share: ratio(bits, all) }).collect();
    shares.sort_by(|a, b| b.share.total_cmp(&a.share).then_with(|| a.value.cmp(&b.value)));
    shares.truncate(MOST);
    shares
}

fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}
