//! The engine in the stream: batches of flows go through the filters of all rules at once, into sums by target and rule.
//!
//! A target has two windows for a rule, the one that runs and the one before, of which the part counts that is within the
//! length of a window: so an attack of four times a threshold reaches it in a quarter of a window, and at the end of each
//! window the sums are those that a query over it gives. The clock is the time at which flows were received, so that a day
//! replays in minutes. Sources and samples of flows are kept only for targets above a tenth of a threshold.

mod batch;
mod cell;
mod detail;
mod hash;
mod once;
mod sketch;
mod table;

use std::collections::HashMap;
use std::sync::Arc;

use flowql::{ColumnId, Schema};
use flowql_eval::columns::{Flows, Values};

pub use cell::Rates;
pub use detail::SampledFlow;

use self::batch::{BatchReader, CountedFlow, Details};
use self::cell::{Added, Cell, NONE};
use self::detail::Detail;
use self::hash::Seeds;
use self::once::Once;
use self::table::Table;
use crate::rule::{Per, Rules, Threshold};
use crate::section::{DetectSection, prefixes};
use crate::target::{GROUP, Key, Ranges, Target};

/// Targets are looked at closely from this share of a threshold on.
const HOT: f64 = 0.1;

/// The most texts of columns that are keys.
const MOST_TEXTS: usize = 1 << 20;

/// How many targets are looked at in a pass for those that are quiet.
const SWEEP: usize = 4096;

/// Flows become rates of targets.
#[derive(Debug)]
pub struct Engine {
    rules: Arc<Rules>,
    plans: Vec<Plan>,
    by_host: u128,
    by_prefix: u128,
    by_column: Vec<(ColumnId, String, u128)>,
    protected: Ranges,
    reader: BatchReader,
    masks: Vec<u128>,
    once: Once,
    table: Table,
    hot: Vec<u32>,
    details: Vec<Detail>,
    free_details: Vec<u32>,
    most_details: usize,
    texts: Texts,
    seeds: Seeds,
    clock: u32,
    counts: Counts,
}

/// What the engine asks of a rule for each flow.
#[derive(Clone, Copy, Debug)]
struct Plan {
    seconds: u64,
    /// The sums of a window from which a target is looked at closely.
    hot_bits: f64,
    hot_packets: f64,
    hot_flows: u32,
}

/// What the engine has seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// The flows.
    pub flows: u64,
    /// Of these, the ones that came when their window was long over.
    pub late: u64,
    /// Of these, the ones that were sent a second time, as they left.
    pub doubled: u64,
    /// The targets that left before they were quiet, since there were too many.
    pub evicted: u64,
    /// The flows that each rule selected.
    pub selected: Vec<u64>,
}

/// What there is to say of a target that is above a tenth of a threshold.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// The target.
    pub target: Target,
    /// The place of the rule.
    pub rule: usize,
    /// The rates.
    pub rates: Rates,
    /// How many times the thresholds are reached.
    pub severity: f64,
    /// Where the engine has it.
    cell: u32,
}

/// Texts with numbers that stay.
#[derive(Debug, Default)]
struct Texts {
    numbers: HashMap<Box<str>, u32>,
    texts: Vec<Box<str>>,
}

impl Engine {
    /// With rules that were made ready for a schema.
    #[must_use]
    pub fn new(schema: &Schema, section: &DetectSection, rules: Arc<Rules>) -> Self {
        let by = |per: Per| {
            let has = rules.rules.iter().enumerate().filter(|(_, rule)| rule.per.contains(&per));
            has.fold(0_u128, |mask, (place, _)| mask | 1 << place)
        };
        let columns = rules.key_columns();
        let by_column = columns
            .iter()
            .map(|&column| (column, schema.column(column).name.to_string(), by(Per::Column(column))));
        Self {
            plans: (0..rules.rules.len()).map(|place| Plan::new(&rules, place)).collect(),
            by_host: by(Per::Host),
            by_prefix: by(Per::Prefix),
            by_column: by_column.collect(),
            protected: Ranges::new(&prefixes(&section.protected)),
            reader: BatchReader::new(schema, &columns),
            masks: Vec::new(),
            once: Once::default(),
            table: Table::new(section.max_targets),
            hot: Vec::new(),
            details: Vec::new(),
            free_details: Vec::new(),
            most_details: section.max_details,
            texts: Texts::default(),
            seeds: Seeds::default(),
            clock: 0,
            counts: Counts { selected: vec![0; rules.rules.len()], ..Counts::default() },
            rules,
        }
    }

    /// The columns that it asks flows for.
    #[must_use]
    pub fn columns(&self, schema: &Schema) -> Vec<String> {
        let of_rules = self.rules.filters.reader().inputs().map(|column| column.name.to_string());
        let keys = self.by_column.iter().map(|(column, ..)| schema.column(*column).name.to_string());
        let mut columns: Vec<String> =
            batch::columns().map(str::to_owned).chain(of_rules).chain(keys).collect();
        columns.sort_unstable();
        columns.dedup();
        columns
    }

    /// Counts a batch of flows.
    pub fn add(&mut self, flows: &dyn Flows) {
        let rows = flows.rows();
        self.counts.flows += rows as u64;
        if !self.select(flows) {
            return;
        }
        self.reader.read(flows);
        let keys = self.key_texts(flows);
        let mut details = None;
        for row in 0..rows {
            let mask = self.masks.get(row).copied().unwrap_or(0);
            if mask != 0 {
                self.row(flows, row, mask, &keys, &mut details);
            }
        }
    }

    /// Notes for each flow which rules select it; `false` where none selects any.
    fn select(&mut self, flows: &dyn Flows) -> bool {
        let rows = flows.rows();
        let selected = self.rules.filters.select(flows);
        self.masks.clear();
        self.masks.resize(rows, 0);
        let mut any = false;
        for (place, (selection, count)) in selected.iter().zip(&mut self.counts.selected).enumerate() {
            let many = selection.count();
            *count += many as u64;
            any |= many > 0;
            let bit = 1_u128 << place;
            for row in selection.iter() {
                self.masks.get_mut(row).into_iter().for_each(|mask| *mask |= bit);
            }
        }
        if let Some(counting) = selected.get(self.plans.len())
            && counting.count() < rows
        {
            for (row, mask) in self.masks.iter_mut().enumerate() {
                if !counting.contains(row) {
                    *mask = 0;
                }
            }
        }
        any
    }

    /// For each column that is a key the numbers of the texts of the flows.
    fn key_texts(&mut self, flows: &dyn Flows) -> Vec<Vec<u32>> {
        let values = self.reader.keys(flows);
        values.iter().map(|values| self.texts.numbers_of(values, flows.rows())).collect()
    }

    fn row<'f>(
        &mut self,
        flows: &'f dyn Flows,
        row: usize,
        mask: u128,
        keys: &[Vec<u32>],
        details: &mut Option<Details<'f>>,
    ) {
        let destination = self.reader.destination(row);
        if !self.protected.is_empty() && !self.protected.contains(destination) {
            return;
        }
        let flow = self.reader.flow(row);
        self.clock = self.clock.max(flow.time);
        if let Some((pair, direction)) = self.reader.direction(row)
            && !self.once.counts(pair, direction, flow.time)
        {
            self.counts.doubled += 1;
            return;
        }
        let packets = flow.packets.saturating_mul(flow.rate) as f64;
        let added = Added {
            bits: flow.bytes.saturating_mul(flow.rate) as f64 * 8.0,
            packets,
            samples: u32::try_from(flow.packets).unwrap_or(u32::MAX),
            seconds: flow.seconds,
        };
        let mut one = One { flows, row, flow, added, details };
        self.target(Key::host(destination), mask & self.by_host, &mut one);
        self.target(Key::prefix(destination), mask & self.by_prefix, &mut one);
        for (place, numbers) in keys.iter().enumerate() {
            let rules = self.by_column.get(place).map_or(0, |(.., rules)| mask & rules);
            // A flow without the text belongs to no group.
            if let (Some(&number @ 1..), Ok(place)) = (numbers.get(row), u8::try_from(place)) {
                let key = Key { value: number.into(), length: GROUP.saturating_add(place) };
                self.target(key, rules, &mut one);
            }
        }
    }

    /// Adds a flow to a target, for each of the rules.
    #[inline]
    fn target(&mut self, key: Key, rules: u128, one: &mut One<'_, '_>) {
        if rules == 0 {
            return;
        }
        let quiet = Quiet { plans: &self.plans, clock: self.clock };
        let target = self.table.target(key, |cell| quiet.is(cell));
        let mut left = rules;
        while left != 0 {
            let rule = left.trailing_zeros();
            left &= left - 1;
            let Some(plan) = self.plans.get(rule as usize).copied() else { return };
            let window = (u64::from(one.flow.time) / plan.seconds) as u32;
            let place = self.table.place(target, rule as u8, window);
            let Some(cell) = self.table.cell_mut(place) else { return };
            let before = cell.window;
            if cell.advance(window)
                && let Some(detail) = self.details.get_mut(cell.detail as usize)
            {
                detail.advance(window == before + 1);
            }
            if !cell.add(window, plan.seconds, &one.added) {
                self.counts.late += 1;
            }
            if !cell.is_hot && plan.is_hot(cell) {
                cell.is_hot = true;
                self.hot.push(place);
            }
            if let Some(detail) = self.details.get_mut(cell.detail as usize) {
                let details = one.details.get_or_insert_with(|| self.reader.details(one.flows));
                detail.add(&self.seeds, &details.flow(one.row, &one.flow));
            }
        }
    }

    /// Looks at the targets that are above a tenth of a threshold at a time, in seconds since 1970: the time of the last
    /// flow, or a later one where none came.
    pub fn pass(&mut self, time: u32) -> Vec<Observation> {
        self.clock = self.clock.max(time);
        self.free_orphans();
        let hot = std::mem::take(&mut self.hot);
        let mut observations = Vec::new();
        for place in hot {
            if let Some(observation) = self.look(place) {
                self.hot.push(place);
                observations.push(observation);
            }
        }
        self.assign_details(&observations);
        let quiet = Quiet { plans: &self.plans, clock: self.clock };
        self.table.sweep(SWEEP, |cell| quiet.is(cell));
        self.counts.evicted = self.table.evicted;
        observations
    }

    /// What there is to say of a cell; `None` where it is not hot any more.
    fn look(&mut self, place: u32) -> Option<Observation> {
        let clock = self.clock;
        let cell = self.table.cell_mut(place).filter(|cell| cell.is_hot)?;
        let rule = usize::from(cell.rule);
        let plan = *self.plans.get(rule)?;
        let (window, before) = ((u64::from(clock) / plan.seconds) as u32, cell.window);
        let detail = self.details.get_mut(cell.detail as usize);
        if cell.advance(window)
            && let Some(detail) = detail
        {
            detail.advance(window == before + 1);
        }
        let cell = *cell;
        let mut rates = cell.rates(clock, plan.seconds);
        if let Some(detail) = self.details.get(cell.detail as usize) {
            (rates.sources, rates.countries) = detail.counts();
        }
        let key = self.table.key(&cell)?;
        if !plan.is_warm(&cell) {
            self.cool(place);
            return None;
        }
        let net = key.net();
        let above: Vec<Threshold> = self.rules.thresholds(rule, net);
        let target = match net {
            Some(net) => Target::Net(net),
            None => self.group(key)?,
        };
        Some(Observation { target, rule, severity: rates.severity(&above), rates, cell: place })
    }

    /// A cell is not looked at any more.
    fn cool(&mut self, place: u32) {
        if let Some(cell) = self.table.cell_mut(place) {
            cell.is_hot = false;
            let detail = std::mem::replace(&mut cell.detail, NONE);
            if detail != NONE {
                self.free_details.push(detail);
            }
        }
    }

    fn free_orphans(&mut self) {
        self.free_details.append(&mut self.table.orphans);
    }

    fn group(&self, key: Key) -> Option<Target> {
        let place = usize::from(key.length.checked_sub(GROUP)?);
        let (_, column, _) = self.by_column.get(place)?;
        let value = self.texts.text(u32::try_from(key.value).ok()?)?;
        Some(Target::Group { column: column.clone(), value: value.to_owned() })
    }

    /// Gives targets without a detail one, those with the most traffic first: as long as there are any, then from targets
    /// with less.
    fn assign_details(&mut self, observations: &[Observation]) {
        let weight = |observation: &Observation| {
            let plan = self.plans.get(observation.rule);
            plan.map_or(0.0, |plan| plan.heat(&observation.rates))
        };
        let mut ranked: Vec<(f64, u32)> =
            observations.iter().map(|observation| (weight(observation), observation.cell)).collect();
        ranked.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        for (_, place) in ranked.iter().skip(self.most_details) {
            let Some(cell) = self.table.cell_mut(*place) else { continue };
            let detail = std::mem::replace(&mut cell.detail, NONE);
            if detail != NONE {
                self.free_details.push(detail);
            }
        }
        for &(_, place) in ranked.iter().take(self.most_details) {
            let Some(cell) = self.table.cell_mut(place).filter(|cell| cell.detail == NONE) else { continue };
            cell.detail = match self.free_details.pop() {
                Some(free) => {
                    self.details.get_mut(free as usize).into_iter().for_each(|detail| detail.reset(place));
                    free
                }
                None if self.details.len() < self.most_details => {
                    self.details.push(Detail::new(place));
                    (self.details.len() - 1) as u32
                }
                None => NONE,
            };
        }
    }

    /// Flows of what was observed, of the last windows.
    #[must_use]
    pub fn sample(&self, observation: &Observation) -> &[SampledFlow] {
        let cell = self.table.cell(observation.cell);
        let detail = cell.and_then(|cell| self.details.get(cell.detail as usize));
        detail.filter(|detail| detail.cell == observation.cell).map_or(&[], Detail::flows)
    }

    /// The sources that send the most, the largest first, with their bits.
    #[must_use]
    pub fn largest_sources(&self, observation: &Observation) -> Vec<(std::net::IpAddr, f64)> {
        let cell = self.table.cell(observation.cell);
        let detail = cell.and_then(|cell| self.details.get(cell.detail as usize));
        let largest = detail.map(Detail::largest).unwrap_or_default();
        largest.into_iter().map(|(source, bits)| (crate::target::address(source), bits)).collect()
    }

    /// The time of the last flow, in seconds since 1970.
    #[must_use]
    pub const fn clock(&self) -> u32 {
        self.clock
    }

    /// How many targets there are.
    #[must_use]
    pub fn targets(&self) -> usize {
        self.table.targets()
    }

    /// The bytes that the targets take, about.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.table.memory()
    }

    /// What was seen.
    #[must_use]
    pub const fn counts(&self) -> &Counts {
        &self.counts
    }

    /// The exporters that send flows of the same pair of interfaces as they come in and as they leave.
    #[must_use]
    pub fn doubling_exporters(&self) -> Vec<std::net::IpAddr> {
        let mut exporters: Vec<_> =
            self.once.doubled().iter().map(|pair| crate::target::address(pair.exporter)).collect();
        exporters.sort_unstable();
        exporters.dedup();
        exporters
    }

    /// The rules.
    #[must_use]
    pub fn rules(&self) -> &Arc<Rules> {
        &self.rules
    }
}

/// A flow that is added.
struct One<'o, 'f> {
    flows: &'f dyn Flows,
    row: usize,
    flow: CountedFlow,
    added: Added,
    details: &'o mut Option<Details<'f>>,
}

/// Says which cells may leave.
struct Quiet<'e> {
    plans: &'e [Plan],
    clock: u32,
}

impl Quiet<'_> {
    /// Whether nothing came for two windows.
    fn is(&self, cell: &Cell) -> bool {
        let seconds = self.plans.get(usize::from(cell.rule)).map_or(10, |plan| plan.seconds);
        !cell.is_hot && u64::from(cell.window) + 2 < u64::from(self.clock) / seconds
    }
}

impl Plan {
    fn new(rules: &Rules, place: usize) -> Self {
        let seconds = rules.rules.get(place).map_or(10, |rule| rule.window).max(1);
        let length = seconds as f64;
        let (mut bits, mut packets, mut flows) = (f64::INFINITY, f64::INFINITY, f64::INFINITY);
        for threshold in rules.least_thresholds(place) {
            let rates = [threshold.bits, threshold.packets, threshold.flows];
            if rates.iter().all(Option::is_none) {
                // Only sources or countries: every target with a few flows.
                flows = flows.min(1.0);
            }
            bits = bits.min(threshold.bits.unwrap_or(f64::INFINITY) * HOT * length);
            packets = packets.min(threshold.packets.unwrap_or(f64::INFINITY) * HOT * length);
            flows = flows.min(threshold.flows.unwrap_or(f64::INFINITY) * HOT * length);
        }
        let hot_flows = if flows.is_finite() { flows.ceil() as u32 } else { u32::MAX };
        Self { seconds, hot_bits: bits, hot_packets: packets, hot_flows: hot_flows.max(1) }
    }

    #[inline]
    fn is_hot(&self, cell: &Cell) -> bool {
        let Cell { now, before, .. } = cell;
        now.bits + before.bits >= self.hot_bits
            || now.packets + before.packets >= self.hot_packets
            || now.flows.saturating_add(before.flows) >= self.hot_flows
    }

    /// Whether a hot cell stays so: it must fall further than it must rise.
    fn is_warm(&self, cell: &Cell) -> bool {
        let half = Self {
            hot_bits: self.hot_bits / 2.0,
            hot_packets: self.hot_packets / 2.0,
            hot_flows: self.hot_flows.div_ceil(2),
            ..*self
        };
        half.is_hot(cell)
    }

    /// How far above the least that is looked at, by traffic alone.
    fn heat(&self, rates: &Rates) -> f64 {
        let length = self.seconds as f64;
        let bits = rates.bits * length / self.hot_bits.max(1.0);
        let packets = rates.packets * length / self.hot_packets.max(1.0);
        bits.max(packets).max(rates.flows * length / f64::from(self.hot_flows))
    }
}

impl Texts {
    /// The numbers of the texts of a column, from 1; 0 for the empty text and for those beyond what there is room for.
    fn numbers_of(&mut self, values: &Values<'_>, rows: usize) -> Vec<u32> {
        let mut known: HashMap<u64, u32> = HashMap::new();
        let mut given = Vec::new();
        values.fill(rows, &mut given);
        let number = |row: usize| {
            let text = values.text(row);
            if text.is_empty() { 0 } else { self.number(text) }
        };
        let mut number = number;
        match values {
            Values::Texts(..) => given
                .iter()
                .enumerate()
                .map(|(row, &given)| *known.entry(given).or_insert_with(|| number(row)))
                .collect(),
            _ => vec![number(0); rows],
        }
    }

    fn number(&mut self, text: &str) -> u32 {
        if let Some(&number) = self.numbers.get(text) {
            return number;
        }
        if self.texts.len() >= MOST_TEXTS {
            return 0;
        }
        self.texts.push(text.into());
        let number = u32::try_from(self.texts.len()).unwrap_or(0);
        self.numbers.insert(text.into(), number);
        number
    }

    fn text(&self, number: u32) -> Option<&str> {
        let place = usize::try_from(number).ok()?.checked_sub(1)?;
        self.texts.get(place).map(AsRef::as_ref)
    }
}
