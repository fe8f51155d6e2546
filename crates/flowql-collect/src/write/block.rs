//! Columns of flows become a block for the database.

use std::sync::Arc;

use flowql::{ClickhouseType, ScalarType};
use flowql_client::native::Block;
use flowql_decode::{Columns, Field, Kind, TextId, Texts};
use flowql_enrich::exporters::Directory;

use super::interfaces::Interfaces;
use super::names::{ExporterFact, InterfaceFact, Names, RowNames, Side};
use super::plan::{Plan, PlannedColumn};
use super::routes::{AddressFact, End, RowAddresses};
use super::sums::Sums;
use crate::tail::Batch;

/// Where the values of a column come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// What was decoded.
    Field(Field),
    /// What is known of the exporter.
    Exporter(ExporterFact),
    /// What is known of an interface.
    Interface(Side, InterfaceFact),
    /// What is known of an address.
    Address(End, AddressFact),
    /// An AS of the path without repeats, by its place from 1.
    PathHop(u8),
}

impl Source {
    /// Where the values of a column come from that is not computed; `None` where there are none.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let exporter = ExporterFact::of(name).map(Self::Exporter);
        let interface = || InterfaceFact::of(name).map(|(side, fact)| Self::Interface(side, fact));
        let address = || AddressFact::of(name).map(|(end, fact)| Self::Address(end, fact));
        exporter.or_else(interface).or_else(address).or_else(|| Field::by_name(name).map(Self::Field))
    }

    /// The fields that must be decoded for it.
    pub(crate) fn fields(self) -> Vec<Field> {
        match self {
            Self::Field(field) => vec![field],
            Self::Exporter(_) => vec![Field::ExporterAddress],
            Self::Interface(side, _) => {
                let [index, name, description] = side.fields();
                vec![Field::ExporterAddress, index, name, description]
            }
            // Addresses are looked up whatever the columns are.
            Self::Address(..) => Vec::new(),
            Self::PathHop(_) => vec![Field::DstASPath],
        }
    }
}

/// Makes blocks by a plan.
#[derive(Debug)]
pub(crate) struct Builder {
    columns: Vec<PlannedColumn>,
    names: Names,
    /// What is summed up of the rows, until it is taken.
    pub(crate) sums: Vec<Sums>,
    interfaces: Interfaces,
}

/// A block with the names of its columns.
#[derive(Debug)]
pub(crate) struct Built {
    pub(crate) columns: Vec<String>,
    pub(crate) bytes: Vec<u8>,
}

/// What is made of rows.
#[derive(Debug)]
pub(crate) struct BuiltRows {
    pub(crate) flows: Built,
    /// The interfaces that are new or are called something else now, with how many rows that are.
    pub(crate) interfaces: Option<(Built, u64)>,
}

impl Builder {
    pub(crate) fn new(plan: &Plan, directory: &Arc<Directory>) -> Self {
        Self {
            columns: plan.planned(),
            names: Names::new(directory),
            sums: plan.sums.iter().map(Sums::new).collect(),
            interfaces: Interfaces::new(&plan.interfaces),
        }
    }

    /// The blocks of rows, which are [settled](Columns::settle); they are summed up too.
    pub(crate) fn build(&mut self, rows: &Columns, texts: &Texts, addresses: &RowAddresses) -> BuiltRows {
        let named = RowNames::new(&mut self.names, rows, texts);
        self.sums.iter_mut().for_each(|sums| sums.add(rows, texts, &named, addresses));
        let interfaces = self.interfaces.changed(rows, &named);
        BuiltRows { flows: self.flows(rows, texts, &named, addresses), interfaces }
    }

    /// Sums rows up whose blocks are stored.
    pub(crate) fn add(&mut self, rows: &Columns, texts: &Texts, addresses: &RowAddresses) {
        if !self.sums.is_empty() {
            let named = RowNames::new(&mut self.names, rows, texts);
            self.sums.iter_mut().for_each(|sums| sums.add(rows, texts, &named, addresses));
        }
    }

    /// How many groups there are of all sums.
    pub(crate) fn groups(&self) -> usize {
        self.sums.iter().map(Sums::groups).sum()
    }

    /// The block of rows. A column that no row has is left out: the table has its default.
    fn flows(&self, rows: &Columns, texts: &Texts, named: &RowNames, addresses: &RowAddresses) -> Built {
        let present: Vec<&PlannedColumn> =
            self.columns.iter().filter(|column| has_values(rows, addresses, column)).collect();
        let mut block = Block::new(present.len(), rows.rows());
        for column in &present {
            let (name, kind) = (column.name.as_str(), column.kind.to_string());
            match column.source {
                Source::Field(field) => write_field(&mut block, column, &kind, field, rows, texts),
                Source::Exporter(fact) => {
                    let numbers = named.exporters.numbers.iter().copied();
                    block.few_numbered(name, numbers, |number| named.exporter(number, fact));
                }
                Source::Interface(side, InterfaceFact::Speed) => {
                    let speeds = named.interfaces(side).map(|interface| interface.speed.to_le_bytes());
                    block.fixed(name, &kind, speeds);
                }
                Source::Interface(side, InterfaceFact::Boundary) => {
                    block.fixed(
                        name,
                        &kind,
                        named.interfaces(side).map(|interface| [interface.boundary as u8]),
                    );
                }
                Source::Interface(side, fact) => {
                    let numbers = named.sides(side).numbers.iter().copied();
                    block.few_numbered(name, numbers, |number| named.interface(side, number, fact));
                }
                Source::Address(end, fact) => addresses.write(&mut block, column, (end, fact), rows),
                Source::PathHop(place) => {
                    let hops = (0..rows.rows()).map(|row| hop(rows, row, place).to_le_bytes());
                    block.fixed(name, &kind, hops);
                }
            }
        }
        let columns = present.iter().map(|column| column.name.clone()).collect();
        Built { columns, bytes: block.into_bytes() }
    }

    /// The rows of a block by themselves, for those who watch what is written.
    pub(crate) fn lend(&mut self, rows: &Columns, texts: &Texts, addresses: RowAddresses) -> Batch {
        Batch::new(rows, texts, RowNames::new(&mut self.names, rows, texts), addresses)
    }
}

/// Whether some row has a value of a column.
fn has_values(rows: &Columns, addresses: &RowAddresses, column: &PlannedColumn) -> bool {
    match column.source {
        Source::Field(field) if field.kind() == Kind::Numbers => !rows.list(field).ends.is_empty(),
        Source::Field(field) => !rows.fixed(field).is_empty(),
        Source::PathHop(_) => !rows.list(Field::DstASPath).ends.is_empty(),
        Source::Address(end, fact) => addresses.has(end, fact),
        Source::Exporter(_) | Source::Interface(..) => true,
    }
}

fn write_field(
    block: &mut Block,
    column: &PlannedColumn,
    kind: &str,
    field: Field,
    rows: &Columns,
    texts: &Texts,
) {
    let name = column.name.as_str();
    match (field.kind(), column.kind) {
        (Kind::Numbers, _) => {
            let list = rows.list(field);
            block.array_bytes(name, kind, list.ends, list.items);
        }
        (Kind::Text, _) => {
            let (numbers, _) = rows.fixed(field).as_chunks::<4>();
            let numbers = numbers.iter().map(|number| u32::from_le_bytes(*number));
            block.few_numbered(name, numbers, |number| texts.text(TextId(number)));
        }
        (Kind::Address, ClickhouseType::LowCardinality(_)) => {
            let (addresses, _) = rows.fixed(field).as_chunks::<16>();
            block.few_addresses(name, addresses.iter().copied());
        }
        (_, ClickhouseType::Scalar(ScalarType::Enum8(words))) => {
            // The database takes any number here, and fails when it is read.
            let known = known_words(words);
            let values = rows.fixed(field).iter();
            block.fixed(name, kind, values.map(|&value| [if is_in(&known, value) { value } else { 0 }]));
        }
        _ => block.bytes(name, kind, rows.fixed(field)),
    }
}

/// Which numbers are words of an enum.
pub(crate) fn known_words(words: &[(&str, i8)]) -> [bool; 256] {
    let known = |value: u8| words.iter().any(|(_, word)| u8::try_from(*word) == Ok(value));
    std::array::from_fn(|value| known(u8::try_from(value).unwrap_or(0)))
}

fn is_in(known: &[bool; 256], value: u8) -> bool {
    known.get(usize::from(value)).copied().unwrap_or(false)
}

/// An AS of the path of a row, by its place from 1 without consecutive repeats; 0 beyond its end.
pub(crate) fn hop(rows: &Columns, row: usize, place: u8) -> u32 {
    let mut last = None;
    let mut hops = rows.numbers(Field::DstASPath, row).filter(|hop| last.replace(*hop) != Some(*hop));
    hops.nth(usize::from(place).saturating_sub(1)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use flowql::Schema;
    use flowql_decode::{Decoder, Fields, Limits, Row, Settings};
    use flowql_tables::{Catalog, CatalogColumn, CatalogTable, FLOWS_TABLE};

    use super::super::chapter::{Chapter, Noted};
    use super::super::stretch::Decoding;
    use super::*;
    use crate::CollectSection;
    use crate::bmp::AddressTables;
    use flowql_queue::Position;

    fn plan(section: &CollectSection, columns: &[(&str, &str)]) -> Plan {
        let column = |(name, default): &(&str, &str)| CatalogColumn {
            name: (*name).to_owned(),
            default_kind: (*default).to_owned(),
            ..CatalogColumn::default()
        };
        let columns = columns.iter().map(column).collect();
        let flows = CatalogTable { columns, ..CatalogTable::default() };
        let catalog = Catalog { tables: [(FLOWS_TABLE.to_owned(), flows)].into(), ..Catalog::default() };
        Plan::new(section, &Schema::default(), &catalog).unwrap()
    }

    #[test]
    fn rows_become_the_columns_that_the_table_has() {
        let wanted = [
            ("TimeReceived", ""),
            ("Dst1stAS", ""),
            ("Dst2ndAS", ""),
            ("Dst3rdAS", "DEFAULT"),
            ("PacketSize", "ALIAS"),
            ("SrcNetName", ""),
            ("SrcRPKI", ""),
            ("NotOurs", ""),
            ("InIfName", ""),
            ("OutIfName", ""),
            ("FlowDirection", ""),
            ("ExporterName", ""),
            ("SrcPort", ""),
        ];
        let plan = plan(&CollectSection::default(), &wanted);
        let kept: Vec<&str> = plan.columns.iter().map(String::as_str).collect();
        let written = [
            "TimeReceived",
            "Dst1stAS",
            "Dst2ndAS",
            "SrcNetName",
            "SrcRPKI",
            "InIfName",
            "OutIfName",
            "FlowDirection",
            "ExporterName",
        ];
        assert_eq!(kept[..9], written);
        // Nothing is known of the addresses.
        let written = written.map(|name| name).into_iter().filter(|name| !name.starts_with("Src"));
        let written: Vec<_> = written.collect();
        let mut rows = Columns::new(Fields::all());
        let address = std::net::Ipv4Addr::new(192, 0, 2, 1).to_ipv6_mapped().octets();
        let one = Row { time_received: 5, exporter_address: address, ..Row::default() };
        rows.push(&Row { dst_as_path: vec![7, 7, 8], in_if_index: 3, flow_direction: 1, ..one.clone() });
        rows.push(&Row { flow_direction: 9, ..one });
        rows.settle();
        let decoder = Decoder::new(Settings::default(), Limits::default(), Fields::all());
        let tables = AddressTables::default();
        let addresses = RowAddresses::complete(&tables, plan.asn_from(), &mut rows, decoder.texts());
        let built = Builder::new(&plan, &Arc::default()).build(&rows, decoder.texts(), &addresses).flows;
        assert_eq!(built.columns, written);
        let mut expected = Block::new(7, 2);
        expected.bytes("TimeReceived", "DateTime", &[5, 0, 0, 0, 5, 0, 0, 0]);
        expected.bytes("Dst1stAS", "UInt32", &[7, 0, 0, 0, 0, 0, 0, 0]);
        expected.bytes("Dst2ndAS", "UInt32", &[8, 0, 0, 0, 0, 0, 0, 0]);
        expected.few_texts("InIfName", ["if3", ""].into_iter());
        expected.few_texts("OutIfName", ["", ""].into_iter());
        let words = "Enum8('undefined' = 0, 'ingress' = 1, 'egress' = 2)";
        expected.bytes("FlowDirection", words, &[1, 0]);
        expected.few_texts("ExporterName", ["192.0.2.1"; 2].into_iter());
        assert_eq!(built.bytes, expected.into_bytes());
        let position = Position { segment: 3, offset: 7 };
        let mut decoding = Decoding::new(plan.clone(), &Arc::default());
        let chapter = Chapter::new(position, &mut decoding);
        let noted = Noted::from_bytes(&Noted::bytes(&plan, &chapter, false)).unwrap();
        assert_eq!((noted.chapter(Position::segment(4)), noted.ends), (position, false));
        assert_eq!(noted.plan, plan);
    }
}
