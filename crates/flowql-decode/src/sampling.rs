//! How many packets each sampled one stands for.

use std::collections::HashMap;

use crate::element::{Records, number};
use crate::facts::Rates;
use crate::plan::SamplingPlan;
use crate::{Columns, Field};

/// What the configuration says of an exporter's sampling.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SamplingSettings {
    /// The rate, whatever the exporter says.
    pub rate: Option<u64>,
    /// The rate by the index of the input interface, else of the output interface, whatever the exporter says.
    pub interfaces: HashMap<u32, u64>,
    /// The rate by observation domain, whatever the exporter says.
    pub domains: HashMap<u32, u64>,
    /// The rate where the exporter says none.
    pub default: Option<u64>,
}

/// What says a sampling rate. The first one that does is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RateSource {
    /// The configuration, whatever the exporter says.
    Override,
    /// The record itself; the sample for sFlow.
    Record,
    /// The options of the sampler that the record names.
    Sampler,
    /// The options of an interface.
    Interface,
    /// The options of a line card.
    LineCard,
    /// The options of the observation domain.
    Domain,
    /// The header of NetFlow v5.
    Header,
    /// The kind of export: firewalls count every packet.
    Unsampled,
    /// The configuration, where the exporter says none.
    Default,
}

/// A sampling rate and what says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SaidRate {
    /// One packet in so many is sampled.
    pub rate: u64,
    /// What says so.
    pub source: RateSource,
}

impl SaidRate {
    /// The first rate that something says.
    pub(crate) fn first(rates: impl IntoIterator<Item = (RateSource, Option<u64>)>) -> Option<Self> {
        rates.into_iter().find_map(|(source, rate)| Some(Self { rate: rate?, source }))
    }
}

/// What was said of the sampling of a datagram.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rating {
    /// What was used last.
    pub(crate) said: Option<SaidRate>,
    /// What was used, and what says another rate of the same.
    pub(crate) contradiction: Option<[SaidRate; 2]>,
}

/// The rate of a record that says none itself, and of which options say none.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Defaults {
    /// What the datagram says.
    pub(crate) datagram: Option<SaidRate>,
    /// What is configured.
    pub(crate) configured: Option<u64>,
}

impl Defaults {
    fn rate(self) -> Option<u64> {
        self.datagram.map(|said| said.rate).or(self.configured)
    }
}

/// Tells rates that take turns from one that was changed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Alternation {
    last: u64,
    before: u64,
    returns: u8,
}

impl Alternation {
    /// Takes in a rate. Gives the other one where both have taken turns some times.
    pub(crate) fn take(&mut self, rate: u64) -> Option<u64> {
        const RETURNS: u8 = 3;
        if rate == self.last || rate == 0 {
            return None;
        }
        self.returns = if rate == self.before { self.returns.saturating_add(1) } else { 0 };
        self.before = std::mem::replace(&mut self.last, rate);
        (self.returns >= RETURNS).then_some(self.before)
    }
}

/// The configured sampling rates of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Source<'s> {
    pub(crate) settings: &'s SamplingSettings,
    pub(crate) domain: u32,
}

impl Source<'_> {
    /// The configured rate of a flow between these interfaces, whatever the exporter says.
    pub(crate) fn of_interfaces(self, ends: [u32; 2]) -> Option<u64> {
        let interfaces = &self.settings.interfaces;
        ends.iter().find_map(|index| interfaces.get(index).copied()).or(self.fixed())
    }

    /// The configured rate that holds for every interface.
    fn fixed(self) -> Option<u64> {
        self.settings.domains.get(&self.domain).copied().or(self.settings.rate)
    }
}

/// The rate of one packet in `all`, of which `taken` are taken: rounded to nearest, at least 1.
pub(crate) fn ratio(all: u64, taken: u64) -> Option<u64> {
    if all == 0 || taken == 0 {
        return None;
    }
    Some((all.saturating_add(taken / 2) / taken).max(1))
}

/// The rate that a probability gives (element 311, a float of 4 or 8 bytes).
fn of_probability(bytes: &[u8]) -> Option<u64> {
    let probability = match bytes.len() {
        4 => f64::from(f32::from_bits(number(bytes) as u32)),
        8 => f64::from_bits(number(bytes)),
        _ => return None,
    };
    (probability > 0.0 && probability <= 1.0).then(|| (1.0 / probability).round() as u64)
}

/// What a record, of flows or of options, says of its rate.
pub(crate) fn own_rate(plan: &SamplingPlan, record: Records<'_>) -> Option<u64> {
    let first = |slot: Option<crate::element::Slot>| slot.map_or(0, |slot| record.first(slot));
    let interval =
        plan.interval.iter().flatten().map(|&slot| record.first(slot)).find(|&interval| interval != 0);
    // Some routers say one packet in a row, and the rate by size and population: the interval alone counts last.
    let packets = || {
        let (taken, space) = (first(plan.packet_interval), record.first(plan.packet_space?));
        ratio(taken.saturating_add(space), taken)
    };
    let population = || {
        let size = plan.size.map_or(1, |slot| record.first(slot));
        ratio(first(plan.population), size)
    };
    let probability = || plan.probability.and_then(|slot| of_probability(record.values(slot).next()?));
    let unsampled = || ratio(first(plan.packet_interval), first(plan.packet_interval));
    interval.or_else(packets).or_else(population).or_else(probability).or_else(unsampled)
}

/// The sampler that the records of a set name and whose options have not come, if any.
pub(crate) fn missing(
    plan: &SamplingPlan,
    records: Records<'_>,
    rates: &Rates,
    source: Source<'_>,
) -> Option<u64> {
    let slot = plan.sampler.filter(|_| source.fixed().is_none())?;
    let mut last = 0;
    records.numbers(slot).enumerate().find_map(|(row, sampler)| {
        if sampler == last {
            return None;
        }
        last = sampler;
        let waits = rates.waits_for(sampler) && own_rate(plan, records.record(row)).is_none();
        waits.then_some(sampler)
    })
}

/// What is said of the sampling of a record between two interfaces.
pub(crate) fn rating(
    plan: &SamplingPlan,
    record: Records<'_>,
    rates: &Rates,
    source: Source<'_>,
    defaults: Defaults,
    ends: [u32; 2],
) -> Rating {
    let number = |slot: Option<crate::element::Slot>| slot.map(|slot| record.first(slot));
    let own = SaidRate::first([(RateSource::Record, own_rate(plan, record))]);
    let options = SaidRate::first([
        (RateSource::Sampler, number(plan.sampler).and_then(|id| rates.of_sampler(id))),
        (RateSource::Interface, ends.iter().find_map(|&index| rates.of_interface(index))),
        (RateSource::LineCard, number(plan.line_card).and_then(|id| rates.of_line_card(id))),
        (RateSource::Domain, rates.of_domain()),
    ]);
    let exporter = own.or(options).or(defaults.datagram);
    let fixed = SaidRate::first([(RateSource::Override, source.of_interfaces(ends))]);
    let default = SaidRate::first([(RateSource::Default, defaults.configured)]);
    let differs = |pair: (Option<SaidRate>, Option<SaidRate>)| match pair {
        (Some(one), Some(other)) if one.rate != other.rate => Some([one, other]),
        _ => None,
    };
    Rating {
        said: fixed.or(exporter).or(default),
        contradiction: differs((own, options)).or_else(|| differs((fixed, exporter))),
    }
}

/// The sampling rates of the rows after the last; `defaults` are those of a record that nothing else says one for. How many
/// rows have none.
pub(crate) fn fill(
    plan: &SamplingPlan,
    records: Records<'_>,
    rates: &Rates,
    source: Source<'_>,
    defaults: Defaults,
    columns: &mut Columns,
) -> usize {
    let default = defaults.rate();
    let by_record =
        plan.is_own() || plan.sampler.is_some() || plan.line_card.is_some() || rates.by_interface();
    let fixed = source.fixed();
    if source.settings.interfaces.is_empty() && (fixed.is_some() || !by_record) {
        let rate = fixed.or(rates.of_domain()).or(default);
        return constant(rate, records.count(), columns);
    }
    let mut unknown = 0;
    let mut last = None;
    for row in 0..records.count() {
        let ends = [columns.get(Field::InIfIndex, row) as u32, columns.get(Field::OutIfIndex, row) as u32];
        let record = records.record(row);
        let of_sampler = || {
            let sampler = plan.sampler.map(|slot| record.first(slot))?;
            match last {
                Some((known, rate)) if known == sampler => rate,
                _ => {
                    let rate = rates.of_sampler(sampler);
                    last = Some((sampler, rate));
                    rate
                }
            }
        };
        let line_card = || plan.line_card.and_then(|slot| rates.of_line_card(record.first(slot)));
        let rate = source
            .of_interfaces(ends)
            .or_else(|| own_rate(plan, record))
            .or_else(of_sampler)
            .or_else(|| ends.iter().find_map(|&index| rates.of_interface(index)))
            .or_else(line_card)
            .or(rates.of_domain())
            .or(default);
        unknown += usize::from(rate.is_none());
        columns.set(Field::SamplingRate, row, rate.unwrap_or(1));
    }
    unknown
}

/// The same rate for every row; how many rows have none.
fn constant(rate: Option<u64>, count: usize, columns: &mut Columns) -> usize {
    let (places, _) = columns.tail(Field::SamplingRate, count).as_chunks_mut::<8>();
    places.fill(rate.unwrap_or(1).to_le_bytes());
    if rate.is_none() { count } else { 0 }
}
