//! The lookup table that is published: one lookup an address gives what networks and GeoIP know of it.

use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};

use super::layer::Layer;
use super::ranges::{Address, Ranges};
use super::row::{Fact, Row, RowId, Rows};

/// From so many ranges of IPv4 on, they are laid out for lookups of one or two reads, which takes 64 MiB.
const DIRECT_FROM: usize = 4096;

/// What is known of every address. It never changes: a reload publishes another one.
#[derive(Debug)]
pub struct Table {
    v4: V4,
    v6: Searched<u128>,
    rows: Rows,
}

#[derive(Debug)]
enum V4 {
    Searched(Searched<u32>),
    Direct(Direct),
}

/// What is known of an address.
#[derive(Clone, Copy, Debug)]
pub struct Network<'t> {
    row: Row,
    id: RowId,
    rows: &'t Rows,
}

impl<'t> Network<'t> {
    /// A number that is the same for all addresses of this table of which the same is known, for caches; 0 where nothing is.
    pub const fn id(&self) -> u32 {
        self.id
    }

    /// The text of a fact; empty where it is not known.
    pub fn get(&self, fact: Fact) -> &'t str {
        self.rows.text(&self.row, fact)
    }

    /// The AS that the configured networks give; 0 where it is not known.
    pub const fn asn(&self) -> u32 {
        self.row.asn()
    }

    /// The AS that the GeoIP databases give; 0 where it is not known.
    pub const fn geoip_asn(&self) -> u32 {
        self.row.geoip_asn()
    }
}

impl Default for Table {
    fn default() -> Self {
        Self::of_layers(std::iter::empty())
    }
}

impl Table {
    /// The table of layers: of each fact, the first layer that knows it at an address wins.
    pub(crate) fn of_layers<'l>(layers: impl Iterator<Item = &'l Layer>) -> Self {
        let mut rows = Rows::default();
        let (mut v4, mut v6) = (Ranges::default(), Ranges::default());
        for layer in layers {
            let theirs = rows.adopt(&layer.rows);
            let ours: Vec<RowId> = (0..).take(rows.len()).collect();
            v4 = v4.over(&ours, &layer.v4, &theirs, &mut rows);
            let ours: Vec<RowId> = (0..).take(rows.len()).collect();
            v6 = v6.over(&ours, &layer.v6, &theirs, &mut rows);
        }
        rows.freeze();
        let v4 = match v4.len() < DIRECT_FROM {
            true => V4::Searched(Searched::new(v4)),
            false => V4::Direct(Direct::new(&v4)),
        };
        Self { v4, v6: Searched::new(v6), rows }
    }

    /// What is known of an address.
    pub fn lookup(&self, address: IpAddr) -> Network<'_> {
        match address {
            IpAddr::V4(address) => self.network(self.find_v4(address.to_bits())),
            IpAddr::V6(address) => self.lookup_bits(address.to_bits()),
        }
    }

    /// What is known of an address as flows have it: IPv4 mapped into IPv6.
    pub fn lookup_bits(&self, address: u128) -> Network<'_> {
        self.network(self.id_of_bits(address))
    }

    /// The number of what is known of an address as flows have it, for caches; [`network`](Self::network) has the facts.
    pub fn id_of_bits(&self, address: u128) -> u32 {
        match mapped(address) {
            Some(address) => self.find_v4(address),
            None => self.v6.find(address),
        }
    }

    /// The network of a number of this table.
    pub fn network(&self, id: u32) -> Network<'_> {
        Network { row: self.rows.row(id), id, rows: &self.rows }
    }

    fn find_v4(&self, address: u32) -> RowId {
        match &self.v4 {
            V4::Searched(ranges) => ranges.find(address),
            V4::Direct(direct) => direct.find(address),
        }
    }

    /// How many numbers [`Network::id`] can be: a cache by them has so many places.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether nothing is known of any address.
    pub fn is_empty(&self) -> bool {
        self.len() == 1
    }

    /// What it takes in memory, about, in bytes.
    pub fn bytes(&self) -> usize {
        let v4 = match &self.v4 {
            V4::Searched(ranges) => ranges.bytes(),
            V4::Direct(direct) => direct.bytes(),
        };
        v4 + self.v6.bytes() + self.rows.bytes()
    }
}

/// The IPv4 address that an IPv6 address has within it, as flows store IPv4.
pub(crate) fn mapped(address: u128) -> Option<u32> {
    if address >> 32 == 0xffff { u32::try_from(address & u128::from(u32::MAX)).ok() } else { None }
}

/// DIR-24-8: an entry for each /24, which is a row or, with the highest bit set, one of the blocks of 256 rows.
#[derive(Debug)]
struct Direct {
    entries: Vec<u32>,
    blocks: Vec<u32>,
}

/// The bit of an entry that tells a block from a row.
const BLOCK: u32 = 1 << 31;

impl Direct {
    fn new(ranges: &Ranges<u32>) -> Self {
        let mut direct = Self { entries: vec![0; 1 << 24], blocks: Vec::new() };
        let mut iter = ranges.iter().peekable();
        while let Some((start, row)) = iter.next() {
            let last = iter.peek().map_or(u32::MAX, |&(next, _)| next.saturating_sub(1));
            direct.fill(start, last, row);
        }
        direct.blocks.shrink_to_fit();
        direct
    }

    /// Sets the row of the addresses from the first to the last, in ascending order of the calls.
    fn fill(&mut self, first: u32, last: u32, row: RowId) {
        let (first_block, last_block) = (first >> 8, last >> 8);
        if first_block == last_block && (first & 0xff, last & 0xff) != (0, 0xff) {
            return self.fill_within(first_block, first & 0xff, last & 0xff, row);
        }
        let whole_from = first_block + u32::from(first & 0xff != 0);
        let whole_to = last_block + u32::from(last & 0xff == 0xff);
        if whole_from > first_block {
            self.fill_within(first_block, first & 0xff, 0xff, row);
        }
        if let Some(entries) = self.entries.get_mut(whole_from as usize..whole_to as usize) {
            entries.fill(row);
        }
        if whole_to == last_block {
            self.fill_within(last_block, 0, last & 0xff, row);
        }
    }

    fn fill_within(&mut self, entry: u32, first: u32, last: u32, row: RowId) {
        let Some(entry) = self.entries.get_mut(entry as usize) else { return };
        if *entry & BLOCK == 0 {
            // Fewer than 2^24 blocks.
            let block = u32::try_from(self.blocks.len() >> 8).unwrap_or_default();
            self.blocks.resize(self.blocks.len() + 256, *entry);
            *entry = BLOCK | block;
        }
        let base = ((*entry & !BLOCK) as usize) << 8;
        if let Some(rows) = self.blocks.get_mut(base + first as usize..=base + last as usize) {
            rows.fill(row);
        }
    }

    fn find(&self, address: u32) -> RowId {
        let entry = self.entries.get((address >> 8) as usize).copied().unwrap_or_default();
        if entry & BLOCK == 0 {
            return entry;
        }
        let place = ((entry & !BLOCK) as usize) << 8 | (address & 0xff) as usize;
        self.blocks.get(place).copied().unwrap_or_default()
    }

    const fn bytes(&self) -> usize {
        (self.entries.capacity() + self.blocks.capacity()) * size_of::<u32>()
    }
}

/// The starts of so many ranges are a block of the search.
const BLOCK_OF_SEARCH: usize = 32;

/// Ranges that are searched in two steps: first among the starts of the blocks, which stay in the processor's cache.
#[derive(Debug)]
struct Searched<A> {
    blocks: Vec<A>,
    starts: Vec<A>,
    rows: Vec<RowId>,
}

impl<A: Address> Searched<A> {
    fn new(mut ranges: Ranges<A>) -> Self {
        ranges.shrink();
        let (starts, rows) = ranges.into_parts();
        Self { blocks: starts.iter().step_by(BLOCK_OF_SEARCH).copied().collect(), starts, rows }
    }

    fn find(&self, address: A) -> RowId {
        // The first range starts at the first address, so that there is one before.
        let block = self.blocks.partition_point(|&start| start <= address).saturating_sub(1);
        let from = block * BLOCK_OF_SEARCH;
        let to = (from + BLOCK_OF_SEARCH).min(self.starts.len());
        let starts = self.starts.get(from..to).unwrap_or_default();
        let place = from + starts.partition_point(|&start| start <= address).saturating_sub(1);
        self.rows.get(place).copied().unwrap_or_default()
    }

    const fn bytes(&self) -> usize {
        (self.blocks.capacity() + self.starts.capacity()) * size_of::<A>()
            + self.rows.capacity() * size_of::<RowId>()
    }
}

/// The place from which lookups take the table; a new one is put in whole while they run.
#[derive(Debug, Default)]
pub struct Published(RwLock<Arc<Table>>);

impl Published {
    /// The table of the moment, to be taken once a batch of flows.
    pub fn table(&self) -> Arc<Table> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another table in the place of the current one.
    pub fn publish(&self, table: Table) {
        let old = {
            let mut place = self.0.write().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *place, Arc::new(table))
        };
        // Freeing a large table takes a while, in which lookups must not wait for the lock.
        drop(old);
    }
}
