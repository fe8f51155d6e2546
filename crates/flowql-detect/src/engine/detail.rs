//! What is kept of the flows to a target that is above a tenth of a threshold.

use super::hash::Seeds;
use super::sketch::{Sketch, Top, source_hash};

/// The flows that are kept of a target.
pub(crate) const SAMPLE: usize = 256;

/// Two letters of a country have so many codes.
const COUNTRIES: usize = 26 * 26;

/// A flow of a target, with what a signature asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SampledFlow {
    /// The source, IPv4 mapped.
    pub source: u128,
    /// The destination, IPv4 mapped.
    pub destination: u128,
    /// The port of the source.
    pub source_port: u16,
    /// The port of the destination.
    pub destination_port: u16,
    /// The protocol.
    pub proto: u8,
    /// The TCP flags.
    pub flags: u16,
    /// Whether it is a later fragment.
    pub is_fragment: bool,
    /// The packets as they were sampled.
    pub packets: u64,
    /// The bytes of these.
    pub bytes: u64,
    /// How many it is a sample of.
    pub rate: u64,
    /// The country of the source, two letters or zeros.
    pub country: [u8; 2],
}

impl SampledFlow {
    /// The bits that it tells of.
    #[must_use]
    pub fn bits(&self) -> f64 {
        self.bytes as f64 * 8.0 * self.rate as f64
    }

    /// The length of its packet; `None` where it tells of several, whose lengths are not known.
    #[must_use]
    pub const fn length(&self) -> Option<u64> {
        if self.packets == 1 { Some(self.bytes) } else { None }
    }
}

/// What is kept of the flows to a target.
#[derive(Clone, Debug)]
pub(super) struct Detail {
    /// The cell that it is of.
    pub(super) cell: u32,
    now: Sources,
    before: Sources,
    top: Top,
    flows: Vec<SampledFlow>,
    seen: u64,
    random: u64,
}

/// The sources of a window.
#[derive(Clone, Debug)]
struct Sources {
    addresses: Sketch,
    countries: [u64; COUNTRIES.div_ceil(64)],
}

impl Default for Sources {
    fn default() -> Self {
        Self { addresses: Sketch::default(), countries: [0; COUNTRIES.div_ceil(64)] }
    }
}

impl Sources {
    fn clear(&mut self) {
        self.addresses.clear();
        self.countries.fill(0);
    }

    fn country_count(&self) -> u64 {
        self.countries.iter().map(|word| u64::from(word.count_ones())).sum()
    }
}

impl Detail {
    pub(super) fn new(cell: u32) -> Self {
        Self {
            cell,
            now: Sources::default(),
            before: Sources::default(),
            top: Top::default(),
            flows: Vec::new(),
            seen: 0,
            random: 0x9e37_79b9_7f4a_7c15 ^ u64::from(cell),
        }
    }

    /// Another cell takes the place.
    pub(super) fn reset(&mut self, cell: u32) {
        self.cell = cell;
        self.now.clear();
        self.before.clear();
        self.top.clear();
        self.flows.clear();
        self.seen = 0;
    }

    /// The next window begins, or a later one.
    pub(super) fn advance(&mut self, is_next: bool) {
        std::mem::swap(&mut self.now, &mut self.before);
        if !is_next {
            self.before.clear();
        }
        self.now.clear();
        self.top.fade();
    }

    pub(super) fn add(&mut self, seeds: &Seeds, flow: &SampledFlow) {
        self.now.addresses.add(source_hash(seeds, flow.source));
        if let [first @ b'A'..=b'Z', second @ b'A'..=b'Z'] = flow.country {
            let code = usize::from(first - b'A') * 26 + usize::from(second - b'A');
            self.now.countries.get_mut(code / 64).into_iter().for_each(|word| *word |= 1 << (code % 64));
        }
        self.top.add(flow.source, flow.bits());
        self.seen += 1;
        if self.flows.len() < SAMPLE {
            self.flows.push(*flow);
            return;
        }
        // The newest ones are kept, each older one as likely as the others: what is kept follows the attack.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        let place = (self.random >> 32) as usize % SAMPLE;
        self.flows.get_mut(place).into_iter().for_each(|kept| *kept = *flow);
    }

    /// The sources and the countries of a window: that before, or the one that runs, where it has more already.
    pub(super) fn counts(&self) -> (u64, u64) {
        let sources = self.now.addresses.count().max(self.before.addresses.count());
        (sources, self.now.country_count().max(self.before.country_count()))
    }

    pub(super) fn flows(&self) -> &[SampledFlow] {
        &self.flows
    }

    pub(super) fn largest(&self) -> Vec<(u128, f64)> {
        self.top.largest()
    }
}
