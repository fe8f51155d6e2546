//! What exporters send between which interfaces, for their status: directions, volumes, interfaces that are used.
//!
//! No row depends on it, and it is not saved: it begins again with the process.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use flowql_decode::sflow::InterfaceCounters;
use flowql_decode::{Added, Field, Observer, Source};

/// The most pairs of interfaces of an exporter, and of all exporters of a partition.
const PAIRS: usize = 1_024;
const ALL_PAIRS: usize = 100_000;

/// The most exporters of a partition, and the most meters of interfaces of an exporter.
const EXPORTERS: usize = 10_000;
const METERS: usize = 1_024;

/// What was last seen longer ago than this, in seconds, is not said of an exporter any more.
pub(crate) const LATELY: u64 = 600;

/// Volumes are compared over this time, in seconds; of what is older, half counts.
const WINDOW: u64 = 600;

/// A packet's bytes on Ethernet that flows do not count and interfaces do: the header and the check sum.
const FRAME: u64 = 18;

/// Pairs of interfaces that are named.
const NAMED: usize = 4;

/// What the exporters of a partition send.
#[derive(Debug, Default)]
pub(crate) struct Census {
    places: HashMap<IpAddr, usize>,
    exporters: Vec<Exporter>,
    /// The last exporter that was asked for.
    last: Option<(IpAddr, usize)>,
    pairs: usize,
    /// When the datagram was received, in seconds since 1970.
    now: u64,
}

#[derive(Debug)]
struct Exporter {
    address: IpAddr,
    places: HashMap<[u32; 2], usize>,
    pairs: Vec<Pair>,
    /// Whether there were more pairs than are kept.
    is_cut: bool,
    octets: u64,
    /// The address that its last row has.
    row_address: IpAddr,
    interfaces: Arc<[u32]>,
    meters: HashMap<u32, Meter>,
    /// The agent whose counters came; with several of them nobody knows whose interface a number is.
    agent: Option<[u8; 16]>,
    has_agents: bool,
}

/// What flows from one interface to another.
#[derive(Clone, Copy, Debug)]
struct Pair {
    /// In and out.
    ends: [u32; 2],
    volume: Volume,
    /// When flows without a direction, of ingress and of egress were last seen, in seconds since 1970.
    seen: [u64; 3],
}

/// What was counted, or sampled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Volume {
    /// With those around each packet, times the sampling rate.
    octets: u64,
    rows: u64,
}

/// What the counters of an interface say, and what flows through it add up to, in and out.
#[derive(Clone, Copy, Debug)]
struct Meter {
    /// When it was begun, in seconds since 1970.
    begun: u64,
    counted: [u64; 2],
    flows: [Volume; 2],
    sums: Compared,
}

/// What interfaces counted, and what flows through them add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// The octets that interfaces counted.
    pub counted: u64,
    /// The octets of the flows, with the frames around their packets, times the sampling rate.
    pub flows: u64,
    /// The rows of these flows.
    pub rows: u64,
}

/// What an exporter sends.
#[derive(Clone, Debug, PartialEq)]
pub struct Traffic {
    /// The exporter, by the source of its datagrams.
    pub exporter: IpAddr,
    /// The address that its rows have, by which its interfaces are named.
    pub row_address: IpAddr,
    /// The octets of its flows, with the frames around their packets, times the sampling rate, since the process was started.
    pub octets: u64,
    /// Whether flows without a direction came lately, and flows of ingress, and of egress.
    pub directions: [bool; 3],
    /// How many pairs of interfaces have flows of both directions: each flow may be counted twice.
    pub doubled: usize,
    /// The first of them, in and out.
    pub doubled_pairs: Vec<[u32; 2]>,
    /// Whether each pair that has egress has ingress too, so that `FlowDirection = ingress` counts once and leaves nothing out.
    pub has_all_ingress: bool,
    /// The interfaces of its flows.
    pub interfaces: Arc<[u32]>,
    /// What its interfaces counted, and what its flows add up to; none where it sends no counters.
    pub volume: Option<Compared>,
    /// The same for interfaces, the ones that differ most.
    pub volumes: Vec<(u32, Compared)>,
}

impl Compared {
    /// So few rows of samples say nothing of a volume.
    const FEW: u64 = 400;

    /// What flows add up to, of what was counted; none where there is too little of either.
    #[must_use]
    pub fn ratio(self) -> Option<f64> {
        (self.counted > 0 && self.rows >= Self::FEW).then(|| self.flows as f64 / self.counted as f64)
    }

    /// By how much it differs: 1 for half as much, and for twice as much.
    fn difference(self) -> f64 {
        self.ratio().map_or(0.0, |ratio| ratio.max(f64::MIN_POSITIVE).log2().abs())
    }

    fn add(&mut self, other: Self) {
        self.counted += other.counted;
        self.flows += other.flows;
        self.rows += other.rows;
    }

    const fn halve(&mut self) {
        self.counted /= 2;
        self.flows /= 2;
        self.rows /= 2;
    }
}

impl Observer for Census {
    fn added(&mut self, added: Added<'_>) {
        let now = self.now;
        let room = ALL_PAIRS.saturating_sub(self.pairs);
        let Some(exporter) = self.exporter(added.source) else { return };
        let before = exporter.pairs.len();
        exporter.add(&added, now, room);
        self.pairs += exporter.pairs.len() - before;
    }

    fn counters(&mut self, source: Source, counters: &InterfaceCounters) {
        let now = self.now;
        if let Some(exporter) = self.exporter(source) {
            exporter.measure(counters, now);
        }
    }
}

impl Census {
    /// Says when what comes was received, in nanoseconds since 1970.
    pub(crate) fn at(&mut self, received: u64) -> &mut Self {
        self.now = self.now.max(received / 1_000_000_000);
        self
    }

    fn exporter(&mut self, source: Source) -> Option<&mut Exporter> {
        let address = source.address.ip();
        let place = match self.last {
            Some((last, place)) if last == address => place,
            _ => {
                let known = self.places.get(&address).copied();
                let place = known.or_else(|| self.insert(address))?;
                self.last = Some((address, place));
                place
            }
        };
        self.exporters.get_mut(place)
    }

    fn insert(&mut self, address: IpAddr) -> Option<usize> {
        let place = self.exporters.len();
        if place >= EXPORTERS {
            return None;
        }
        self.exporters.push(Exporter::new(address));
        self.places.insert(address, place);
        Some(place)
    }

    /// What each exporter sends.
    pub(crate) fn traffic(&mut self) -> Vec<Traffic> {
        let since = self.now.saturating_sub(LATELY);
        self.exporters.iter_mut().map(|exporter| exporter.traffic(since)).collect()
    }
}

impl Exporter {
    fn new(address: IpAddr) -> Self {
        Self {
            address,
            places: HashMap::new(),
            pairs: Vec::new(),
            is_cut: false,
            octets: 0,
            row_address: address,
            interfaces: Arc::default(),
            meters: HashMap::new(),
            agent: None,
            has_agents: false,
        }
    }

    fn add(&mut self, added: &Added<'_>, now: u64, room: usize) {
        let (columns, end) = (added.columns, added.columns.rows());
        let row_address = columns.address(Field::ExporterAddress, end.saturating_sub(1));
        if row_address != [0; 16] {
            self.row_address = Ipv6Addr::from(row_address).to_canonical();
        }
        let most = (self.pairs.len() + room).min(PAIRS);
        let mut last = None;
        for row in end.saturating_sub(added.count)..end {
            let number = |field| columns.number(field, row);
            let ends = [Field::InIfIndex, Field::OutIfIndex].map(|field| number(field) as u32);
            let octets = number(Field::Bytes)
                .saturating_add(number(Field::Packets).saturating_mul(FRAME))
                .saturating_mul(number(Field::SamplingRate));
            self.octets = self.octets.saturating_add(octets);
            let place = match last {
                Some((known, place)) if known == ends => place,
                _ => {
                    let Some(place) = self.pair(ends, most) else { continue };
                    last = Some((ends, place));
                    place
                }
            };
            let Some(pair) = self.pairs.get_mut(place) else { continue };
            pair.volume.add(octets);
            let direction = if added.is_second { None } else { pair.direction(number(Field::FlowDirection)) };
            if let Some(seen) = direction {
                *seen = now;
            }
        }
    }

    /// The place of a pair.
    fn pair(&mut self, ends: [u32; 2], most: usize) -> Option<usize> {
        if let Some(place) = self.places.get(&ends) {
            return Some(*place);
        }
        let place = self.pairs.len();
        if place >= most {
            self.is_cut = true;
            return None;
        }
        self.pairs.push(Pair { ends, volume: Volume::default(), seen: [0; 3] });
        self.places.insert(ends, place);
        Some(place)
    }

    /// Compares the counters of an interface with its flows since the last ones.
    fn measure(&mut self, counters: &InterfaceCounters, now: u64) {
        self.has_agents |= self.agent.replace(counters.agent).is_some_and(|agent| agent != counters.agent);
        let counted = [counters.in_octets, counters.out_octets];
        if !self.meters.contains_key(&counters.index) && self.meters.len() >= METERS {
            return;
        }
        let flows = [0, 1].map(|end| self.through(counters.index, end));
        let new = Meter { begun: now, counted, flows, sums: Compared::default() };
        let meter = self.meters.entry(counters.index).or_insert(new);
        meter.read(counted, flows, now);
    }

    /// What flows came in by an interface, or left by it.
    fn through(&self, index: u32, end: usize) -> Volume {
        let pairs = self.pairs.iter().filter(|pair| pair.ends.get(end) == Some(&index));
        pairs.fold(Volume::default(), |sum, pair| Volume {
            octets: sum.octets.saturating_add(pair.volume.octets),
            rows: sum.rows + pair.volume.rows,
        })
    }

    fn traffic(&mut self, since: u64) -> Traffic {
        self.list_interfaces();
        let lately = |direction: usize| {
            move |pair: &&Pair| pair.seen.get(direction).is_some_and(|seen| *seen > 0 && *seen >= since)
        };
        let directions = [0, 1, 2].map(|direction| self.pairs.iter().any(|pair| lately(direction)(&pair)));
        // An exporter that does not say interfaces has one pair for all of them.
        let known = || self.pairs.iter().filter(|pair| pair.ends != [0, 0]);
        let doubled = || known().filter(lately(1)).filter(lately(2));
        Traffic {
            exporter: self.address,
            row_address: self.row_address,
            octets: self.octets,
            directions,
            doubled: doubled().count(),
            doubled_pairs: doubled().take(NAMED).map(|pair| pair.ends).collect(),
            has_all_ingress: known().filter(lately(2)).all(|pair| lately(1)(&pair)),
            interfaces: Arc::clone(&self.interfaces),
            volume: self.volume(),
            volumes: self.volumes(),
        }
    }

    fn list_interfaces(&mut self) {
        // Each pair has two at most: where there are as many pairs as before, there are as many interfaces.
        let mut found: Vec<u32> = self.pairs.iter().flat_map(|pair| pair.ends).collect();
        found.sort_unstable();
        found.dedup();
        found.retain(|&index| is_interface(index));
        if *found != *self.interfaces {
            self.interfaces = found.into();
        }
    }

    /// The meters that can be compared: an interface that no flows are of is not watched by the exporter.
    fn compared(&self) -> impl Iterator<Item = (u32, Compared)> {
        let is_known = !self.is_cut && !self.has_agents;
        let meters = self.meters.iter().filter(move |_| is_known);
        meters
            .map(|(index, meter)| (*index, meter.sums))
            .filter(|(_, sums)| sums.rows > 0 && sums.counted > 0)
    }

    fn volume(&self) -> Option<Compared> {
        self.compared().map(|(_, sums)| sums).reduce(|mut all, sums| {
            all.add(sums);
            all
        })
    }

    fn volumes(&self) -> Vec<(u32, Compared)> {
        let mut found: Vec<_> = self.compared().filter(|(_, sums)| sums.ratio().is_some()).collect();
        found.sort_by(|(one, a), (other, b)| b.difference().total_cmp(&a.difference()).then(one.cmp(other)));
        found.truncate(NAMED);
        found
    }
}

/// Whether a number is that of an interface: not that of none, of the device itself (sFlow), or of any.
const fn is_interface(index: u32) -> bool {
    index != 0 && index < 0x3FFF_FFFF
}

impl Pair {
    fn direction(&mut self, direction: u64) -> Option<&mut u64> {
        self.seen.get_mut(usize::try_from(direction).unwrap_or(usize::MAX))
    }
}

impl Volume {
    const fn add(&mut self, octets: u64) {
        self.octets = self.octets.saturating_add(octets);
        self.rows += 1;
    }
}

impl Meter {
    fn read(&mut self, counted: [u64; 2], flows: [Volume; 2], now: u64) {
        for ((before, now), (known, volume)) in
            self.counted.into_iter().zip(counted).zip(self.flows.into_iter().zip(flows))
        {
            // One that is not counted has all bits set, and one that is smaller began again.
            if now < before || now == u64::MAX {
                continue;
            }
            self.sums.add(Compared {
                counted: now - before,
                flows: volume.octets.saturating_sub(known.octets),
                rows: volume.rows.saturating_sub(known.rows),
            });
        }
        (self.counted, self.flows) = (counted, flows);
        if now.saturating_sub(self.begun) >= WINDOW {
            self.begun = now;
            self.sums.halve();
        }
    }
}
