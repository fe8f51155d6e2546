//! The sums become a block.

use flowql::ClickhouseType;
use flowql_client::native::Block;
use flowql_decode::{Field, Kind};

use super::super::block::{Built, Source};
use super::super::names::{ExporterFact, InterfaceFact};
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
            Source::Field(_) | Source::PathHop(_) => self.keys.chunks_exact(self.stride).any(|key| {
                let value = key.get(column.offset..column.offset + column.width);
                value.is_some_and(|value| value.iter().any(|byte| *byte != 0))
            }),
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
                (Kind::Numbers, ..) => self.write_lists(block, column, &kind),
                (Kind::Text, ..) => block.few_numbered(name, self.numbers(column), |number| {
                    let text = self.texts.get(number).map(Vec::as_slice).unwrap_or_default();
                    std::str::from_utf8(text).unwrap_or_default()
                }),
                (_, ClickhouseType::LowCardinality(_), 16) => block.few_addresses(name, self.values(column)),
                (.., 1) => block.fixed(name, &kind, self.values::<1>(column)),
                (.., 2) => block.fixed(name, &kind, self.values::<2>(column)),
                (.., 4) => block.fixed(name, &kind, self.values::<4>(column)),
                (.., 8) => block.fixed(name, &kind, self.values::<8>(column)),
                _ => block.fixed(name, &kind, self.values::<16>(column)),
            },
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

    fn write_lists(&self, block: &mut Block, column: &SumColumn, kind: &str) {
        let (mut ends, mut items) = (Vec::new(), Vec::new());
        for number in self.numbers(column) {
            items.extend_from_slice(self.texts.get(number).map(Vec::as_slice).unwrap_or_default());
            ends.push(items.len() as u64 / 4);
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
