//! The columns of flows, those that the tables compute included.

use std::cell::OnceCell;
use std::collections::HashMap;

use flowql::{Column, ColumnId, Schema};

use super::values::{Flows, Numbers, Values};
use crate::computed::Recipe;
use crate::value::{Kind, Value};

/// Reads columns of flows; one that the flows do not come with is computed from others, as the tables do.
#[derive(Clone, Debug, Default)]
pub struct ColumnReader {
    inputs: Vec<Input>,
    /// How many of them were asked for: the others are what those are computed from.
    wanted: usize,
}

#[derive(Clone, Debug)]
struct Input {
    column: Column,
    kind: Kind,
    /// How it is computed, and from which.
    recipe: Option<(Recipe, Vec<usize>)>,
}

/// The columns of a batch, as far as they were read.
pub(crate) struct Read<'r, 'f> {
    reader: &'r ColumnReader,
    flows: &'f dyn Flows,
    values: Vec<OnceCell<Values<'f>>>,
}

impl ColumnReader {
    /// A reader of these columns.
    pub fn new(schema: &Schema, columns: &[ColumnId]) -> Self {
        let mut reader = Self { inputs: Vec::new(), wanted: columns.len() };
        let mut places = HashMap::new();
        for &id in columns {
            places.entry(id).or_insert(reader.inputs.len());
            reader.inputs.push(Input::new(schema.column(id)));
        }
        for place in 0..reader.wanted {
            let Some(recipe) = reader.inputs.get(place).and_then(|input| Recipe::of(&input.column)) else {
                continue;
            };
            let needed = recipe.inputs().into_iter().filter_map(|name| schema.find(name)).map(|id| {
                *places.entry(id).or_insert_with(|| {
                    reader.inputs.push(Input::new(schema.column(id)));
                    reader.inputs.len() - 1
                })
            });
            let needed = needed.collect();
            if let Some(input) = reader.inputs.get_mut(place) {
                input.recipe = Some((recipe, needed));
            }
        }
        reader
    }

    /// The columns with values that are neither among those that flows come with nor computed from such.
    pub fn missing(&self, is_given: impl Fn(&Column) -> bool) -> Vec<&Column> {
        let is_known = |input: &Input| {
            let from_others = input.recipe.as_ref().is_some_and(|(_, inputs)| {
                let mut given = inputs.iter().filter_map(|&place| self.inputs.get(place));
                given.all(|input| is_given(&input.column))
            });
            is_given(&input.column) || from_others
        };
        let wanted = self.inputs.iter().take(self.wanted);
        wanted.filter(|input| !is_known(input)).map(|input| &input.column).collect()
    }

    /// The columns that it asks flows for: those that were wanted, and those that they are computed from.
    pub fn inputs(&self) -> impl Iterator<Item = &Column> {
        self.inputs.iter().map(|input| &input.column)
    }

    /// The columns of flows, in the order in which they were asked for.
    pub fn read<'f>(&self, flows: &'f dyn Flows) -> Vec<Values<'f>> {
        let read = self.lazily(flows);
        for place in 0..self.wanted {
            read.get(place);
        }
        let defaults = self.inputs.iter().map(|input| Values::Same(input.kind.default_value()));
        let values = read.values.into_iter().take(self.wanted).zip(defaults);
        values.map(|(value, default)| value.into_inner().unwrap_or(default)).collect()
    }

    /// The columns of flows, each of which is read when it is asked for.
    pub(crate) fn lazily<'r, 'f>(&'r self, flows: &'f dyn Flows) -> Read<'r, 'f> {
        let values = self.inputs.iter().map(|_| OnceCell::new()).collect();
        Read { reader: self, flows, values }
    }
}

impl Input {
    fn new(column: &Column) -> Self {
        Self { column: column.clone(), kind: Kind::of(column), recipe: None }
    }
}

impl<'f> Read<'_, 'f> {
    pub(crate) fn rows(&self) -> usize {
        self.flows.rows()
    }

    /// The values of the column at a place; `None` for a place that has none.
    pub(crate) fn get(&self, place: usize) -> Option<&Values<'f>> {
        let (input, cell) = (self.reader.inputs.get(place)?, self.values.get(place)?);
        Some(cell.get_or_init(|| {
            let given = self.flows.values(&input.column);
            given.unwrap_or_else(|| match &input.recipe {
                Some((recipe, inputs)) => self.computed(&input.kind, *recipe, inputs),
                None => Values::Same(input.kind.default_value()),
            })
        }))
    }

    fn computed(&self, kind: &Kind, recipe: Recipe, inputs: &[usize]) -> Values<'f> {
        let inputs: Vec<&Values<'f>> = inputs.iter().filter_map(|&input| self.get(input)).collect();
        let values = (0..self.rows()).map(|row| {
            let row: Vec<Value> = inputs.iter().map(|input| input.value(row)).collect();
            recipe.value(&row.iter().collect::<Vec<_>>())
        });
        match kind {
            Kind::Number(_) => {
                let bytes = values.flat_map(|value| value.number().to_le_bytes());
                Values::Numbers(Numbers::new(16, bytes.collect::<Vec<u8>>()))
            }
            _ => texts(values),
        }
    }
}

/// Texts by number.
fn texts<'f>(values: impl Iterator<Item = Value>) -> Values<'f> {
    let (mut known, mut texts, mut numbers) = (HashMap::new(), Vec::new(), Vec::new());
    for value in values {
        let number: u32 = match known.get(value.text()) {
            Some(&number) => number,
            None => {
                let number = u32::try_from(texts.len()).unwrap_or(u32::MAX);
                known.insert(value.text().to_owned(), number);
                texts.push(value.text().to_owned());
                number
            }
        };
        numbers.extend(number.to_le_bytes());
    }
    Values::Texts(Numbers::new(4, numbers), Box::new(texts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::FilterSet;

    /// Flows of which only some columns are known.
    struct Given(Vec<(&'static str, usize, Vec<u8>)>);

    impl Flows for Given {
        fn rows(&self) -> usize {
            3
        }

        fn values(&self, column: &Column) -> Option<Values<'_>> {
            let (_, width, bytes) = self.0.iter().find(|(name, ..)| *name == column.name)?;
            Some(match column.name.as_ref() {
                "DstASPath" => Values::Lists(vec![3, 3, 4].into(), Numbers::new(*width, bytes.as_slice())),
                "SrcAddr" => Values::Numbers(Numbers::addresses(bytes.as_slice())),
                _ => Values::Numbers(Numbers::new(*width, bytes.as_slice())),
            })
        }
    }

    fn flows() -> Given {
        let addresses = ["192.0.2.77", "2001:db8::77", "::"]
            .map(|text| crate::evaluator::bits(text.parse().unwrap()).to_be_bytes());
        Given(vec![
            ("Bytes", 2, vec![100, 0, 232, 3, 0, 0]),
            ("Packets", 1, vec![1, 2, 0]),
            ("DstASPath", 1, vec![7, 7, 8, 9]),
            ("SrcAddr", 16, addresses.concat()),
            ("SrcNetMask", 1, vec![24, 32]),
            ("EType", 2, vec![0x00, 0x08, 0xDD, 0x86, 0, 0]),
        ])
    }

    #[test]
    fn columns_are_computed_of_those_that_come() {
        let schema = Schema::all_columns();
        let names = ["PacketSize", "PacketSizeBucket", "Dst1stAS", "Dst2ndAS", "SrcNetPrefix", "SrcPort"];
        let ids = names.map(|name| schema.find(name).unwrap());
        let (reader, flows) = (ColumnReader::new(&schema, &ids), flows());
        let values = reader.read(&flows);
        let row = |row: usize| -> Vec<String> {
            let shown = |value: &Values<'_>| match value.value(row) {
                Value::Number(number) => number.to_string(),
                Value::Text(text) => text,
                Value::Numbers(numbers) => format!("{numbers:?}"),
            };
            values.iter().map(shown).collect()
        };
        assert_eq!(row(0), ["100", "64-127", "7", "8", "192.0.2.0/24", "0"]);
        assert_eq!(row(1), ["500", "256-511", "0", "0", "2001:db8::/32", "0"]);
        assert_eq!(row(2), ["0", "0-63", "9", "0", "", "0"]);
        let missing = reader.missing(|column| flows.values(column).is_some());
        assert_eq!(missing.iter().map(|column| column.name.as_ref()).collect::<Vec<_>>(), ["SrcPort"]);
    }

    #[test]
    fn filters_read_computed_columns() {
        let (schema, saved) = (Schema::all_columns(), flowql::SavedFilters::default());
        let compiler = flowql::Compiler::new(&schema, &saved);
        let filters = ["PacketSize > 100", "Dst1stAS = AS7", "SrcNetPrefix = 192.0.2.0/24"];
        let checked = filters.map(|text| compiler.check(text, flowql::Options::default()).filter);
        let set = FilterSet::new(&schema, checked.iter().map(Option::as_ref)).unwrap();
        let selected = set.select(&flows());
        let rows: Vec<Vec<usize>> = selected.iter().map(|selected| selected.iter().collect()).collect();
        assert_eq!(rows, [vec![1], vec![0], vec![0]]);
    }
}
