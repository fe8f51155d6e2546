//! The columns of a batch that the engine reads.

use flowql::{ColumnId, Schema};
use flowql_eval::columns::{ColumnReader, Flows, Values};

use super::detail::SampledFlow;
use super::once::{EGRESS, INGRESS, Pair};

/// The numbers that every flow is asked for, in the order of the reader.
const NUMBERS: [&str; 9] = [
    "TimeReceived",
    "SamplingRate",
    "Bytes",
    "Packets",
    "FlowStart",
    "FlowEnd",
    "InIfIndex",
    "OutIfIndex",
    "FlowDirection",
];

/// The addresses that every flow is asked for.
const ADDRESSES: [&str; 2] = ["DstAddr", "ExporterAddress"];

/// What flows to targets above a tenth of a threshold are asked for.
const DETAILS: [&str; 7] =
    ["SrcAddr", "SrcPort", "DstPort", "Proto", "TCPFlags", "IPFragmentOffset", "SrcCountry"];

/// The names of all of them.
pub(super) fn columns() -> impl Iterator<Item = &'static str> {
    NUMBERS.into_iter().chain(ADDRESSES).chain(DETAILS)
}

/// Reads the columns; the memory is used again.
#[derive(Debug)]
pub(super) struct BatchReader {
    numbers: ColumnReader,
    addresses: ColumnReader,
    details: ColumnReader,
    keys: ColumnReader,
    counted: [Vec<u64>; NUMBERS.len()],
    wide: [Vec<u128>; ADDRESSES.len()],
    directions: Vec<u8>,
}

/// A flow, as far as it is counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct CountedFlow {
    pub(super) time: u32,
    pub(super) rate: u64,
    pub(super) destination: u128,
    pub(super) bytes: u64,
    pub(super) packets: u64,
    /// The seconds that it tells of.
    pub(super) seconds: f64,
}

/// What flows are asked for whose targets are above a tenth of a threshold.
pub(super) struct Details<'f>(Vec<Values<'f>>);

impl BatchReader {
    /// For targets that are keyed by columns of a schema, too.
    pub(super) fn new(schema: &Schema, keys: &[ColumnId]) -> Self {
        // What the engine needs does not depend on which columns a filter may name.
        let all = Schema::all_columns();
        let reader = |names: &[&str]| {
            let ids: Vec<ColumnId> = names.iter().filter_map(|name| all.find(name)).collect();
            ColumnReader::new(&all, &ids)
        };
        Self {
            numbers: reader(&NUMBERS),
            addresses: reader(&ADDRESSES),
            details: reader(&DETAILS),
            keys: ColumnReader::new(schema, keys),
            counted: Default::default(),
            wide: Default::default(),
            directions: Vec::new(),
        }
    }

    /// Reads what every flow is asked for.
    pub(super) fn read(&mut self, flows: &dyn Flows) {
        let rows = flows.rows();
        let numbers = self.numbers.read(flows);
        self.counted.iter_mut().zip(&numbers).for_each(|(into, values)| values.fill(rows, into));
        self.directions.clear();
        if let Some(values) = numbers.last() {
            directions(values, &self.counted[8], &mut self.directions);
        }
        let addresses = self.addresses.read(flows);
        self.wide.iter_mut().zip(&addresses).for_each(|(into, values)| values.fill_wide(rows, into));
    }

    /// A flow of what was read.
    #[inline]
    pub(super) fn flow(&self, row: usize) -> CountedFlow {
        let number = |place: &Vec<u64>| place.get(row).copied().unwrap_or(0);
        let [time, rate, bytes, packets, start, end, ..] = &self.counted;
        let (start, end) = (number(start), number(end));
        let seconds = if start > 0 && end > start { (end - start) as f64 / 1000.0 } else { 0.0 };
        CountedFlow {
            time: u32::try_from(number(time)).unwrap_or(u32::MAX),
            rate: number(rate).max(1),
            destination: self.destination(row),
            bytes: number(bytes),
            packets: number(packets),
            seconds,
        }
    }

    /// Where a flow goes to.
    #[inline]
    pub(super) fn destination(&self, row: usize) -> u128 {
        self.wide[0].get(row).copied().unwrap_or(0)
    }

    /// The direction of a flow, with its interfaces; `None` where none is known.
    #[inline]
    pub(super) fn direction(&self, row: usize) -> Option<(Pair, u8)> {
        let direction = self.directions.get(row).copied().filter(|direction| *direction != 0)?;
        let [.., input, output, _] = &self.counted;
        let interface = |place: &Vec<u64>| place.get(row).map_or(0, |&index| index as u32);
        let exporter = self.wide[1].get(row).copied().unwrap_or(0);
        Some((Pair { exporter, input: interface(input), output: interface(output) }, direction))
    }

    /// What flows are asked for whose targets are above a tenth of a threshold.
    pub(super) fn details<'f>(&self, flows: &'f dyn Flows) -> Details<'f> {
        Details(self.details.read(flows))
    }

    /// The columns that are keys of targets.
    pub(super) fn keys<'f>(&self, flows: &'f dyn Flows) -> Vec<Values<'f>> {
        self.keys.read(flows)
    }
}

/// The values of the column FlowDirection as the exporter sent them: a word has the number that the batch gives it.
fn directions(values: &Values<'_>, numbers: &[u64], into: &mut Vec<u8>) {
    let Values::Texts(_, texts) = values else { return };
    let mut known: [Option<u8>; 16] = [None; 16];
    into.extend(numbers.iter().map(|&number| {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        let value = || match texts.text(number) {
            "ingress" => INGRESS,
            "egress" => EGRESS,
            _ => 0,
        };
        match known.get_mut(number as usize) {
            Some(known) => *known.get_or_insert_with(value),
            None => value(),
        }
    }));
}

impl Details<'_> {
    /// A flow with what a signature asks for.
    pub(super) fn flow(&self, row: usize, counted: &CountedFlow) -> SampledFlow {
        let number = |place: usize| self.0.get(place).map_or(0, |values| values.number(row));
        let country = self.0.get(6).map_or("", |values| values.text(row)).as_bytes();
        SampledFlow {
            source: number(0),
            destination: counted.destination,
            source_port: number(1) as u16,
            destination_port: number(2) as u16,
            proto: number(3) as u8,
            flags: number(4) as u16,
            is_fragment: number(5) > 0,
            packets: counted.packets,
            bytes: counted.bytes,
            rate: counted.rate,
            country: country.try_into().unwrap_or_default(),
        }
    }
}
