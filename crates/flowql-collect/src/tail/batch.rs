//! A block that was written, by itself.

use std::collections::HashMap;

use flowql::{ClickhouseType, Column, ScalarType};
use flowql_decode::{Columns, Field, Kind, TextId, Texts};
use flowql_eval::columns::{Flows, Numbers, TextTable, Values};

use crate::write::{AddressFact, ExporterFact, InterfaceFact, RowAddresses, RowNames, Side, Source};

/// A block that was written, with all that its columns refer to.
#[derive(Debug)]
pub(crate) struct Batch {
    columns: Columns,
    texts: TextsOf,
    names: RowNames,
    addresses: RowAddresses,
}

/// The texts of what is known of addresses, by number.
#[derive(Debug)]
struct Known(Vec<Box<str>>);

/// The texts of a block.
#[derive(Debug, Default)]
struct TextsOf(HashMap<u32, Box<str>>);

/// What is known of exporters, or of interfaces, as texts.
#[derive(Debug)]
struct Facts<'b, F>(&'b RowNames, F);

/// Words by number; a number without one has that of 0, as the database gets it.
#[derive(Debug)]
struct Words(&'static [(&'static str, i8)]);

impl Batch {
    /// The block of rows, which are [settled](Columns::settle).
    pub(crate) fn new(columns: &Columns, texts: &Texts, names: RowNames, addresses: RowAddresses) -> Self {
        let mut known = HashMap::new();
        let fields = Field::ALL.iter().filter(|field| field.kind() == Kind::Text);
        for field in fields {
            let (numbers, _) = columns.fixed(*field).as_chunks::<4>();
            let mut last = 0;
            for number in numbers.iter().map(|number| u32::from_le_bytes(*number)) {
                if number != last {
                    known.entry(number).or_insert_with(|| Box::from(texts.text(TextId(number))));
                    last = number;
                }
            }
        }
        Self { columns: columns.clone(), texts: TextsOf(known), names, addresses }
    }

    /// Whether blocks come with a column.
    pub(crate) fn has(column: &Column) -> bool {
        match Source::of(&column.name) {
            Some(Source::Address(_, fact)) => matches!(fact, AddressFact::Network(_)),
            source => source.is_some(),
        }
    }

    fn field(&self, field: Field, column: &Column) -> Values<'_> {
        let bytes = self.columns.fixed(field);
        match (field.kind(), words(column)) {
            (Kind::Number(width), Some(words)) => {
                Values::Texts(Numbers::new(width, bytes), Box::new(Words(words)))
            }
            (Kind::Number(width), None) => Values::Numbers(Numbers::new(width, bytes)),
            (Kind::Address, _) => Values::Numbers(Numbers::addresses(bytes)),
            (Kind::Text, _) => Values::Texts(Numbers::new(4, bytes), Box::new(&self.texts)),
            (Kind::Numbers, _) => {
                let list = self.columns.list(field);
                Values::Lists(list.ends.into(), Numbers::new(4, list.items))
            }
        }
    }

    fn interface(&self, side: Side, fact: InterfaceFact, column: &Column) -> Values<'_> {
        let facts = || self.names.interfaces(side);
        match (fact, words(column)) {
            (InterfaceFact::Speed, _) => {
                let speeds = facts().flat_map(|interface| u64::from(interface.speed).to_le_bytes());
                Values::Numbers(Numbers::new(8, speeds.collect::<Vec<u8>>()))
            }
            (InterfaceFact::Boundary, Some(words)) => {
                let boundaries: Vec<u8> = facts().map(|interface| interface.boundary as u8).collect();
                Values::Texts(Numbers::new(1, boundaries), Box::new(Words(words)))
            }
            _ => {
                let numbers = numbered(&self.names.sides(side).numbers);
                Values::Texts(numbers, Box::new(Facts(&self.names, (side, fact))))
            }
        }
    }
}

impl Flows for Batch {
    fn rows(&self) -> usize {
        self.columns.rows()
    }

    fn values(&self, column: &Column) -> Option<Values<'_>> {
        Some(match Source::of(&column.name)? {
            Source::Field(field) => self.field(field, column),
            Source::Exporter(fact) => {
                let numbers = numbered(&self.names.exporters.numbers);
                Values::Texts(numbers, Box::new(Facts(&self.names, fact)))
            }
            Source::Interface(side, fact) => self.interface(side, fact, column),
            Source::Address(end, fact @ AddressFact::Network(_)) => {
                let known = self.addresses.bytes((end, fact), &self.columns);
                let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap_or_default().into_boxed_str();
                let known = known.map(text);
                Values::Texts(numbered(&known.numbers), Box::new(Known(known.values)))
            }
            Source::Address(..) | Source::PathHop(_) => return None,
        })
    }
}

fn words(column: &Column) -> Option<&'static [(&'static str, i8)]> {
    match column.clickhouse_type {
        ClickhouseType::Scalar(ScalarType::Enum8(words)) => Some(words),
        _ => None,
    }
}

fn numbered(numbers: &[u32]) -> Numbers<'static> {
    Numbers::new(4, numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>())
}

impl TextTable for &TextsOf {
    fn text(&self, number: u32) -> &str {
        self.0.get(&number).map_or("", AsRef::as_ref)
    }
}

impl TextTable for Facts<'_, ExporterFact> {
    fn text(&self, number: u32) -> &str {
        self.0.exporter(number, self.1)
    }
}

impl TextTable for Facts<'_, (Side, InterfaceFact)> {
    fn text(&self, number: u32) -> &str {
        let (side, fact) = self.1;
        self.0.interface(side, number, fact)
    }
}

impl TextTable for Known {
    fn text(&self, number: u32) -> &str {
        let text = usize::try_from(number).ok().and_then(|number| self.0.get(number));
        text.map_or("", AsRef::as_ref)
    }
}

impl TextTable for Words {
    fn text(&self, number: u32) -> &str {
        let word = |number: u32| {
            let found = self.0.iter().find(|(_, known)| u32::try_from(*known) == Ok(number));
            found.map(|(word, _)| *word)
        };
        word(number).or_else(|| word(0)).unwrap_or_default()
    }
}
