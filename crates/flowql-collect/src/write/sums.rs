//! Flows are summed up by the columns of an aggregated table, several stretches of them, so that the table gets a row where
//! it would get many.
//!
//! What makes a group is the row of bytes of its columns: numbers and addresses as they are, texts and what is known of
//! exporters and interfaces by numbers that are given out here. Rows come column by column, a part of a block at once.

mod index;
mod output;

use std::collections::HashMap;
use std::hash::Hash;

use flowql::{ClickhouseType, ScalarType};
use flowql_decode::{Columns, Field, Kind, TextId, Texts};
use flowql_enrich::InterfaceFacts;

use self::index::Index;
use super::block::{Source, hop, known_words};
use super::names::{RowNames, Side};
use super::plan::{PlannedColumn, SumsPlan};
use super::routes::RowAddresses;

/// So many rows are looked at together: their keys stay in the nearest memory.
const PART: usize = 1024;

/// The sums for an aggregated table.
#[derive(Debug)]
pub(crate) struct Sums {
    pub(crate) table: String,
    /// The seconds of the table's interval.
    interval: u32,
    columns: Vec<SumColumn>,
    /// The bytes of a key.
    stride: usize,
    /// The keys of the groups, one after the other.
    keys: Vec<u8>,
    bytes: Vec<u64>,
    packets: Vec<u64>,
    index: Index,
    /// The keys of rows that are looked for.
    sought: Vec<u8>,
    exporters: Numbers<ExporterTexts>,
    interfaces: Numbers<InterfaceTexts>,
    texts: Numbers<Vec<u8>>,
}

/// A column of the table, and where its value is.
#[derive(Debug)]
struct SumColumn {
    name: String,
    kind: ClickhouseType,
    source: Source,
    /// Where its bytes begin in a key.
    offset: usize,
    width: usize,
}

/// What is kept of an exporter's names.
type ExporterTexts = [String; 6];

/// What is kept of an interface.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct InterfaceTexts {
    name: String,
    description: String,
    connectivity: String,
    provider: String,
    speed: u32,
    boundary: u8,
}

/// Values that have numbers, in the order in which they came.
#[derive(Debug)]
struct Numbers<T> {
    values: Vec<T>,
    numbers: HashMap<T, u32>,
}

impl<T> Default for Numbers<T> {
    fn default() -> Self {
        Self { values: Vec::new(), numbers: HashMap::new() }
    }
}

impl<T: Clone + Eq + Hash> Numbers<T> {
    fn number(&mut self, value: T) -> u32 {
        if let Some(number) = self.numbers.get(&value) {
            return *number;
        }
        // There are fewer than rows, and of these fewer than 32 bits can tell apart.
        let number = self.values.len() as u32;
        self.values.push(value.clone());
        self.numbers.insert(value, number);
        number
    }

    fn get(&self, number: u32) -> Option<&T> {
        self.values.get(usize::try_from(number).ok()?)
    }
}

impl InterfaceTexts {
    fn of(facts: &InterfaceFacts) -> Self {
        Self {
            name: facts.name.clone(),
            description: facts.description.clone(),
            connectivity: facts.connectivity.clone(),
            provider: facts.provider.clone(),
            speed: facts.speed,
            boundary: facts.boundary as u8,
        }
    }
}

/// Where the number of the exporter, and of the input and the output interface, are in a key.
const NAMES: [usize; 3] = [4, 8, 12];
/// Where the bytes of other columns begin, after the time and these.
const REST: usize = 16;

impl Sums {
    pub(crate) fn new(plan: &SumsPlan) -> Self {
        let mut end = REST;
        let columns = plan.planned().into_iter().map(|PlannedColumn { name, kind, source }| {
            let (offset, width) = match source {
                Source::Field(Field::TimeReceived) => (0, 4),
                Source::Field(Field::Bytes | Field::Packets) => (0, 0),
                Source::Field(field) => (end, if field.kind() == Kind::Numbers { 4 } else { field.width() }),
                Source::Address(..) | Source::PathHop(_) => (end, 4),
                Source::Exporter(_) => (NAMES[0], 4),
                Source::Interface(Side::Input, _) => (NAMES[1], 4),
                Source::Interface(Side::Output, _) => (NAMES[2], 4),
            };
            if offset == end {
                end += width;
            }
            SumColumn { name, kind, source, offset, width }
        });
        let columns = columns.collect();
        let mut sums = Self {
            table: plan.table.clone(),
            interval: plan.interval.max(1),
            columns,
            stride: end.next_multiple_of(8),
            keys: Vec::new(),
            bytes: Vec::new(),
            packets: Vec::new(),
            index: Index::default(),
            sought: Vec::new(),
            exporters: Numbers::default(),
            interfaces: Numbers::default(),
            texts: Numbers::default(),
        };
        sums.clear();
        sums
    }

    /// How many groups there are.
    pub(crate) fn groups(&self) -> usize {
        self.bytes.len()
    }

    /// Adds rows, which are [settled](Columns::settle).
    pub(crate) fn add(&mut self, rows: &Columns, texts: &Texts, named: &RowNames, addresses: &RowAddresses) {
        let names = self.names(named);
        let texts = self.texts_of(rows, texts);
        let looked_up = self.looked_up(rows, addresses);
        let mut start = 0;
        while start < rows.rows() {
            let end = rows.rows().min(start + PART);
            self.part(rows, start..end, (&names, named), &texts, &looked_up);
            start = end;
        }
    }

    /// The numbers here of the exporters and the interfaces of a block, by their numbers there.
    fn names(&mut self, named: &RowNames) -> [Vec<u32>; 3] {
        let is_used = |offset| self.columns.iter().any(|column| column.offset == offset);
        let [exporter, input, output] = NAMES.map(is_used);
        let exporters = &mut self.exporters;
        let of_exporters = named.exporters.values.iter().filter(|_| exporter).map(|names| {
            let facts = &names.facts;
            let texts = [&facts.name, &facts.group, &facts.role, &facts.site, &facts.region, &facts.tenant];
            exporters.number(texts.map(String::clone))
        });
        let of_exporters = of_exporters.collect();
        let interfaces = &mut self.interfaces;
        let mut side = |side: Side, is_used: bool| {
            let values = named.sides(side).values.iter().filter(|_| is_used);
            values.map(|names| interfaces.number(InterfaceTexts::of(&names.facts))).collect()
        };
        [of_exporters, side(Side::Input, input), side(Side::Output, output)]
    }

    /// The numbers here of the texts of a block, by their numbers there.
    fn texts_of(&mut self, rows: &Columns, texts: &Texts) -> HashMap<u32, u32> {
        let mut known = HashMap::new();
        for column in &self.columns {
            let Source::Field(field) = column.source else { continue };
            if field.kind() != Kind::Text {
                continue;
            }
            let (numbers, _) = rows.fixed(field).as_chunks::<4>();
            for number in numbers.iter().map(|number| u32::from_le_bytes(*number)) {
                known
                    .entry(number)
                    .or_insert_with(|| self.texts.number(texts.text(TextId(number)).as_bytes().to_vec()));
            }
        }
        known
    }

    /// The numbers here of what is known of the addresses of rows, by the places of their columns in a key.
    fn looked_up(&mut self, rows: &Columns, addresses: &RowAddresses) -> Vec<(usize, Vec<u32>)> {
        let mut looked_up = Vec::new();
        for column in &self.columns {
            let Source::Address(end, fact) = column.source else { continue };
            let known = addresses.bytes((end, fact), rows).map(|bytes| self.texts.number(bytes));
            let of_rows = known.numbers.iter().map(|number| at(&known.values, *number));
            looked_up.push((column.offset, of_rows.collect()));
        }
        looked_up
    }

    /// Adds a part of the rows.
    fn part(
        &mut self,
        rows: &Columns,
        range: std::ops::Range<usize>,
        (names, named): (&[Vec<u32>; 3], &RowNames),
        texts: &HashMap<u32, u32>,
        looked_up: &[(usize, Vec<u32>)],
    ) {
        let mut sought = std::mem::take(&mut self.sought);
        sought.clear();
        sought.resize(range.len() * self.stride, 0);
        let mut keys = Keys { bytes: &mut sought, stride: self.stride };
        self.times(&mut keys, rows, &range);
        let numbered =
            [&named.exporters.numbers, &named.sides(Side::Input).numbers, &named.sides(Side::Output).numbers];
        for ((offset, names), numbers) in NAMES.into_iter().zip(names).zip(numbered) {
            if !names.is_empty() {
                let numbers = numbers.get(range.clone()).unwrap_or_default().iter();
                keys.put(offset, numbers.map(|number| at(names, *number).to_le_bytes()));
            }
        }
        for (offset, numbers) in looked_up {
            let numbers = numbers.get(range.clone()).unwrap_or_default().iter();
            keys.put(*offset, numbers.map(|number| number.to_le_bytes()));
        }
        for column in &self.columns {
            match column.source {
                Source::Field(Field::TimeReceived | Field::Bytes | Field::Packets)
                | Source::Exporter(_)
                | Source::Interface(..)
                | Source::Address(..) => {}
                Source::Field(field) if field.kind() == Kind::Numbers => {
                    if rows.list(field).ends.is_empty() {
                        continue;
                    }
                    let lists = &mut self.texts;
                    keys.put(
                        column.offset,
                        range.clone().map(|row| {
                            let items = rows.numbers(field, row).flat_map(u32::to_le_bytes).collect();
                            lists.number(items).to_le_bytes()
                        }),
                    );
                }
                Source::Field(field) => column.put(&mut keys, field, rows, &range, texts),
                Source::PathHop(place) => {
                    if !rows.list(Field::DstASPath).ends.is_empty() {
                        keys.put(column.offset, range.clone().map(|row| hop(rows, row, place).to_le_bytes()));
                    }
                }
            }
        }
        let [bytes, packets] = [Field::Bytes, Field::Packets].map(|field| values::<8>(rows, field, &range));
        let counters = (0..range.len()).map(|place| {
            let counter = |values: &[[u8; 8]]| values.get(place).copied().map_or(0, u64::from_le_bytes);
            (counter(bytes), counter(packets))
        });
        for (key, (bytes, packets)) in sought.chunks_exact(self.stride).zip(counters) {
            let group = self.index.group(key, &mut self.keys);
            if let (Some(sum), Some(packet_sum)) = (self.bytes.get_mut(group), self.packets.get_mut(group)) {
                // As the database adds.
                *sum = sum.wrapping_add(bytes);
                *packet_sum = packet_sum.wrapping_add(packets);
            } else {
                self.bytes.push(bytes);
                self.packets.push(packets);
            }
        }
        self.sought = sought;
    }

    /// The times, rounded down to the interval.
    fn times(&self, keys: &mut Keys<'_>, rows: &Columns, range: &std::ops::Range<usize>) {
        let (mut last, mut rounded) = (0_u32, 0_u32);
        let times = values::<4>(rows, Field::TimeReceived, range).iter().map(|time| {
            let time = u32::from_le_bytes(*time);
            if time != last {
                (last, rounded) = (time, time / self.interval * self.interval);
            }
            rounded.to_le_bytes()
        });
        keys.put(0, times);
    }
}

/// The keys of some rows.
struct Keys<'k> {
    bytes: &'k mut [u8],
    stride: usize,
}

impl Keys<'_> {
    /// Puts a value of each row in its place.
    fn put<const N: usize>(&mut self, offset: usize, values: impl Iterator<Item = [u8; N]>) {
        for (key, value) in self.bytes.chunks_exact_mut(self.stride).zip(values) {
            if let Some(place) = key.get_mut(offset..).and_then(<[u8]>::first_chunk_mut) {
                *place = value;
            }
        }
    }
}

impl SumColumn {
    /// Puts what was decoded in its place.
    fn put(
        &self,
        keys: &mut Keys<'_>,
        field: Field,
        rows: &Columns,
        range: &std::ops::Range<usize>,
        texts: &HashMap<u32, u32>,
    ) {
        if field.kind() == Kind::Text {
            let values = values::<4>(rows, field, range).iter();
            let number =
                |value: &[u8; 4]| texts.get(&u32::from_le_bytes(*value)).copied().unwrap_or_default();
            return keys.put(self.offset, values.map(|value| number(value).to_le_bytes()));
        }
        if let ClickhouseType::Scalar(ScalarType::Enum8(words)) = self.kind {
            let known = known_words(words);
            let values = values::<1>(rows, field, range).iter();
            let word =
                |&[value]: &[u8; 1]| [if known.get(usize::from(value)) == Some(&true) { value } else { 0 }];
            return keys.put(self.offset, values.map(word));
        }
        let offset = self.offset;
        match self.width {
            1 => keys.put(offset, values::<1>(rows, field, range).iter().copied()),
            2 => keys.put(offset, values::<2>(rows, field, range).iter().copied()),
            4 => keys.put(offset, values::<4>(rows, field, range).iter().copied()),
            8 => keys.put(offset, values::<8>(rows, field, range).iter().copied()),
            _ => keys.put(offset, values::<16>(rows, field, range).iter().copied()),
        }
    }
}

/// The values of some rows; none where no row has one.
fn values<'r, const N: usize>(
    rows: &'r Columns,
    field: Field,
    range: &std::ops::Range<usize>,
) -> &'r [[u8; N]] {
    let (values, _) = rows.fixed(field).as_chunks::<N>();
    values.get(range.clone()).unwrap_or_default()
}

fn at(numbers: &[u32], place: u32) -> u32 {
    usize::try_from(place).ok().and_then(|place| numbers.get(place)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::sync::Arc;

    use flowql_client::native::Block;
    use flowql_decode::{Decoder, Fields, Limits, Row, Settings};

    use super::super::names::Names;
    use super::*;
    use crate::asn::sources;
    use crate::bmp::AddressTables;

    const COLUMNS: [&str; 9] = [
        "TimeReceived",
        "ExporterAddress",
        "ExporterName",
        "SrcAS",
        "Dst1stAS",
        "InIfName",
        "FlowDirection",
        "Bytes",
        "Packets",
    ];

    fn sums(columns: &[&str]) -> Sums {
        let columns = columns.iter().map(|name| (*name).to_owned()).collect();
        Sums::new(&SumsPlan { table: "flows_1m0s".to_owned(), interval: 60, columns })
    }

    fn add(sums: &mut Sums, rows: &[Row]) {
        let decoder = Decoder::new(Settings::default(), Limits::default(), Fields::all());
        let mut columns = Columns::new(Fields::all());
        rows.iter().for_each(|row| columns.push(row));
        columns.settle();
        let named = RowNames::new(&mut Names::new(&Arc::default()), &columns, decoder.texts());
        let asn_from = sources(&["flow".to_owned()]);
        let addresses =
            RowAddresses::complete(&AddressTables::default(), &asn_from, &mut columns, decoder.texts());
        sums.add(&columns, decoder.texts(), &named, &addresses);
    }

    fn flow(time: u32, source: u32, path: &[u32]) -> Row {
        Row {
            time_received: time,
            exporter_address: Ipv4Addr::new(192, 0, 2, 1).to_ipv6_mapped().octets(),
            src_as: source,
            dst_as_path: path.to_vec(),
            in_if_index: 3,
            flow_direction: 1,
            bytes: 100,
            packets: u64::from(source),
            ..Row::default()
        }
    }

    #[test]
    fn rows_that_are_alike_become_one() {
        let mut sums = sums(&COLUMNS);
        add(&mut sums, &[flow(119, 1, &[]), flow(120, 1, &[]), flow(61, 1, &[]), flow(61, 2, &[7, 7])]);
        // A direction that is none is like none that is said.
        add(
            &mut sums,
            &[Row { flow_direction: 9, ..flow(61, 1, &[]) }, Row { flow_direction: 0, ..flow(62, 1, &[]) }],
        );
        assert_eq!(sums.groups(), 4);
        let (built, rows) = sums.take().unwrap();
        assert_eq!((built.columns.as_slice(), rows), (COLUMNS.map(str::to_owned).as_slice(), 4));
        let numbers = |values: [u32; 4]| values.map(u32::to_le_bytes);
        let sums_of = |values: [u64; 4]| values.map(u64::to_le_bytes);
        let mut block = Block::new(9, 4);
        block.fixed("TimeReceived", "DateTime", numbers([60, 120, 60, 60]).into_iter());
        let address = Ipv4Addr::new(192, 0, 2, 1).to_ipv6_mapped().octets();
        block.few_addresses("ExporterAddress", [address; 4].into_iter());
        block.few_texts("ExporterName", ["192.0.2.1"; 4].into_iter());
        block.fixed("SrcAS", "UInt32", numbers([1, 1, 2, 1]).into_iter());
        block.fixed("Dst1stAS", "UInt32", numbers([0, 0, 7, 0]).into_iter());
        block.few_texts("InIfName", ["if3"; 4].into_iter());
        let words = "Enum8('undefined' = 0, 'ingress' = 1, 'egress' = 2)";
        block.fixed("FlowDirection", words, [[1], [1], [1], [0]].into_iter());
        block.fixed("Bytes", "UInt64", sums_of([200, 100, 100, 200]).into_iter());
        block.fixed("Packets", "UInt64", sums_of([2, 1, 2, 2]).into_iter());
        assert_eq!(built.bytes, block.into_bytes());
        assert!(sums.take().is_none());
    }

    #[test]
    fn what_no_row_has_is_left_out_and_many_rows_are_added_in_parts() {
        let mut sums = sums(&["TimeReceived", "SrcAS", "Dst1stAS", "Bytes"]);
        let rows: Vec<Row> = (0..5_000).map(|number| flow(60, number % 2_500, &[])).collect();
        add(&mut sums, &rows);
        let (built, rows) = sums.take().unwrap();
        assert_eq!(
            (built.columns, rows),
            (["TimeReceived", "SrcAS", "Bytes"].map(str::to_owned).to_vec(), 2_500)
        );
    }
}
