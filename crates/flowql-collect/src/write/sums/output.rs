//! The sums become a block.

use flowql::ClickhouseType;
use flowql_client::native::Block;
use flowql_decode::{Field, Kind};
use flowql_enrich::networks::Fact;

use super::super::block::{Built, Source};
use super::super::names::{ExporterFact, InterfaceFact};
use super::super::routes::AddressFact;
use super::{SumColumn, Sums};

impl Sums {
    /// The block of the sums with its rows; none are left then. `None` where there are none.
    pub(crate) fn take(&mut self) -> Option<(Built, u64)> {
        let rows = self.groups();
        let built = (rows > 0).then(|| (self.block(), rows as u64));
        self.clear();
        built
    }

    /// Leaves no sums.
    pub(super) fn clear(&mut self) {
        // Room that many groups took is given back.
        (self.keys, self.bytes, self.packets) = Default::default();
        (self.index, self.exporters, self.interfaces, self.texts) = Default::default();
        // What no row of a block has is 0.
        self.texts.number(Vec::new());
    }

    fn block(&self) -> Built {
        let present: Vec<&SumColumn> = self.columns.iter().filter(|column| self.has_values(column)).collect();
        let mut block = Block::new(present.len(), self.groups());
        present.iter().for_each(|column| self.write(&mut block, column));
        let columns = present.iter().map(|column| column.name.clone()).collect();
        Built { columns, bytes: block.into_bytes() }
    }

    /// Whether some group has a value of a column.
    fn has_values(&self, column: &SumColumn) -> bool {
        match column.source {
            Source::Exporter(_) | Source::Interface(..) => true,
            Source::Field(Field::TimeReceived | Field::Bytes | Field::Packets) => true,
            Source::Field(_) | Source::Address(..) | Source::PathHop(_) => {
                self.keys.chunks_exact(self.stride).any(|key| {
                    let value = key.get(column.offset..column.offset + column.width);
                    value.is_some_and(|value| value.iter().any(|byte| *byte != 0))
                })
            }
        }
    }

    fn write(&self, block: &mut Block, column: &SumColumn) {
        let (name, kind) = (column.name.as_str(), column.kind.to_string());
        match column.source {
            Source::Field(Field::Bytes) => {
                block.fixed(name, &kind, self.bytes.iter().map(|sum| sum.to_le_bytes()));
            }
            Source::Field(Field::Packets) => {
                block.fixed(name, &kind, self.packets.iter().map(|sum| sum.to_le_bytes()));
            }
            Source::Field(field) => match (field.kind(), column.kind, column.width) {
                (Kind::Numbers, ..) => self.write_lists(block, column, &kind, 4),
                (Kind::Text, ..) => self.write_texts(block, column),
                (_, ClickhouseType::LowCardinality(_), 16) => block.few_addresses(name, self.values(column)),
                (.., 1) => block.fixed(name, &kind, self.values::<1>(column)),
                (.., 2) => block.fixed(name, &kind, self.values::<2>(column)),
                (.., 4) => block.fixed(name, &kind, self.values::<4>(column)),
                (.., 8) => block.fixed(name, &kind, self.values::<8>(column)),
                _ => block.fixed(name, &kind, self.values::<16>(column)),
            },
            Source::Address(_, fact) => self.write_fact(block, column, &kind, fact),
            Source::PathHop(_) => block.fixed(name, &kind, self.values::<4>(column)),
            Source::Exporter(fact) => {
                block.few_numbered(name, self.numbers(column), |number| self.exporter(number, fact));
            }
            Source::Interface(_, InterfaceFact::Speed) => {
                let speed = |number| self.interfaces.get(number).map_or(0, |interface| interface.speed);
                block.fixed(name, &kind, self.numbers(column).map(|number| speed(number).to_le_bytes()));
            }
            Source::Interface(_, InterfaceFact::Boundary) => {
                let boundary = |number| self.interfaces.get(number).map_or(0, |interface| interface.boundary);
                block.fixed(name, &kind, self.numbers(column).map(|number| [boundary(number)]));
            }
            Source::Interface(_, fact) => {
                block.few_numbered(name, self.numbers(column), |number| self.interface(number, fact));
            }
        }
    }

    /// Writes what is known of addresses.
    fn write_fact(&self, block: &mut Block, column: &SumColumn, kind: &str, fact: AddressFact) {
        let bytes = self.numbers(column).map(|number| self.bytes_of(number));
        match fact {
            AddressFact::Communities => self.write_lists(block, column, kind, 4),
            AddressFact::LargeCommunities => self.write_lists(block, column, kind, 16),
            AddressFact::Rpki => {
                block.fixed(
                    &column.name,
                    kind,
                    bytes.map(|bytes| bytes.first_chunk::<1>().copied().unwrap_or_default()),
                );
            }
            AddressFact::Network(Fact::Country) => {
                block.fixed(
                    &column.name,
                    kind,
                    bytes.map(|bytes| bytes.first_chunk::<2>().copied().unwrap_or_default()),
                );
            }
            AddressFact::Network(_) => self.write_texts(block, column),
        }
    }

    fn write_texts(&self, block: &mut Block, column: &SumColumn) {
        let text = |number| std::str::from_utf8(self.bytes_of(number)).unwrap_or_default();
        block.few_numbered(&column.name, self.numbers(column), text);
    }

    fn bytes_of(&self, number: u32) -> &[u8] {
        self.texts.get(number).map(Vec::as_slice).unwrap_or_default()
    }

    /// Writes lists of items of so many bytes.
    fn write_lists(&self, block: &mut Block, column: &SumColumn, kind: &str, width: u64) {
        let (mut ends, mut items) = (Vec::new(), Vec::new());
        for number in self.numbers(column) {
            items.extend_from_slice(self.bytes_of(number));
            ends.push(items.len() as u64 / width);
        }
        block.array_bytes(&column.name, kind, &ends, &items);
    }

    fn values<const N: usize>(&self, column: &SumColumn) -> impl Iterator<Item = [u8; N]> {
        let offset = column.offset;
        let value = move |key: &[u8]| key.get(offset..).and_then(<[u8]>::first_chunk).copied();
        self.keys.chunks_exact(self.stride).map(move |key| value(key).unwrap_or([0; N]))
    }

    fn numbers(&self, column: &SumColumn) -> impl Iterator<Item = u32> {
        self.values::<4>(column).map(u32::from_le_bytes)
    }

    fn exporter(&self, number: u32, fact: ExporterFact) -> &str {
        let place = match fact {
            ExporterFact::Name => 0,
            ExporterFact::Group => 1,
            ExporterFact::Role => 2,
            ExporterFact::Site => 3,
            ExporterFact::Region => 4,
            ExporterFact::Tenant => 5,
        };
        self.exporters.get(number).and_then(|texts| texts.get(place)).map_or("", String::as_str)
    }

    fn interface(&self, number: u32, fact: InterfaceFact) -> &str {
        let Some(interface) = self.interfaces.get(number) else { return "" };
        match fact {
            InterfaceFact::Name => &interface.name,
            InterfaceFact::Description => &interface.description,
            InterfaceFact::Connectivity => &interface.connectivity,
            InterfaceFact::Provider => &interface.provider,
            InterfaceFact::Speed | InterfaceFact::Boundary => "",
        }
    }
}
