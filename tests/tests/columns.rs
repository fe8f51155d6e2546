//! Filters on columns select what the evaluator of rows selects, which selects what the database does: the filters of
//! the corpus and random ones, each on rows near its edges, in sets of one and of many.

use std::collections::BTreeMap;

use flowql::typed::Filter;
use flowql::{Column, Compiler, Options, SavedFilters, Schema};
use flowql_eval::columns::{FilterSet, Flows, Numbers, Values};
use flowql_eval::{Kind, Value};
use flowql_tests::differential::{self, Case, Row};
use flowql_tests::random::Random;
use flowql_tests::{corpus, generate};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// A filter as it was checked, with rows near its edges.
struct Checked {
    case: Case,
    filter: Option<Filter>,
}

impl Checked {
    fn new(compiler: &Compiler<'_>, text: &str, options: Options<'_>, count: usize, seed: u64) -> Self {
        let filter = compiler.check(text, options).filter;
        let case = Case::of(compiler, text.to_owned(), options.reverse, count, seed).unwrap();
        Self { case, filter }
    }
}

/// Rows as columns: only those that some row has a value of, in the forms in which values come.
struct Batch {
    rows: usize,
    columns: BTreeMap<String, Stored>,
}

enum Stored {
    Same(Value),
    Numbers { width: usize, highest_first: bool, bytes: Vec<u8> },
    Texts { width: usize, numbers: Vec<u8>, texts: Vec<String> },
    Lists { ends: Vec<u64>, width: usize, items: Vec<u8> },
}

impl Batch {
    fn new(schema: &Schema, rows: &[&Row], random: &mut Random) -> Self {
        let mut columns = BTreeMap::new();
        for &id in rows.iter().flat_map(|row| row.keys()) {
            let column = schema.column(id);
            if !columns.contains_key(column.name.as_ref()) {
                let kind = Kind::of(column);
                let values: Vec<Value> = rows
                    .iter()
                    .map(|row| row.get(&id).cloned().unwrap_or_else(|| kind.default_value()))
                    .collect();
                columns.insert(column.name.to_string(), Stored::new(&kind, &values, random));
            }
        }
        Self { rows: rows.len(), columns }
    }
}

impl Stored {
    fn new(kind: &Kind, values: &[Value], random: &mut Random) -> Self {
        if let Some(first) = values.first().filter(|first| values.iter().all(|value| value == *first)) {
            return Self::Same(first.clone());
        }
        let default = kind.default_value();
        // What ends with zeros may lack them.
        let last = values.iter().rposition(|value| *value != default).map_or(0, |last| last + 1);
        let given = if random.one_in(2) { &values[..last] } else { values };
        match kind {
            Kind::Numbers(bits) => {
                let width = *bits as usize / 8;
                let (mut ends, mut items) = (Vec::new(), Vec::new());
                for value in given {
                    value.numbers().iter().for_each(|item| items.extend(&item.to_le_bytes()[..width]));
                    ends.push((items.len() / width) as u64);
                }
                Self::Lists { ends, width, items }
            }
            Kind::Address => Self::Numbers {
                width: 16,
                highest_first: true,
                bytes: given.iter().flat_map(|value| value.number().to_be_bytes()).collect(),
            },
            Kind::Number(_) | Kind::Time => {
                let most = values.iter().map(Value::number).max().unwrap_or(0);
                let widths: Vec<usize> =
                    (1..=16).filter(|width| *width == 16 || most >> (8 * width) == 0).collect();
                let width = widths[random.below(widths.len())];
                let bytes =
                    given.iter().flat_map(|value| value.number().to_le_bytes().into_iter().take(width));
                Self::Numbers { width, highest_first: false, bytes: bytes.collect() }
            }
            // Rows without a number have the first text.
            Kind::Text | Kind::FixedText(_) | Kind::Word(_) => {
                let mut texts = vec![default.text().to_owned()];
                let number = |value: &Value| {
                    let known = texts.iter().position(|text| text == value.text());
                    known.unwrap_or_else(|| {
                        texts.push(value.text().to_owned());
                        texts.len() - 1
                    })
                };
                let numbers: Vec<usize> = given.iter().map(number).collect();
                let width = if texts.len() < 256 && random.one_in(2) { 1 } else { 4 };
                let bytes = numbers.iter().flat_map(|number| number.to_le_bytes().into_iter().take(width));
                Self::Texts { width, numbers: bytes.collect(), texts }
            }
        }
    }
}

impl Flows for Batch {
    fn rows(&self) -> usize {
        self.rows
    }

    fn values(&self, column: &Column) -> Option<Values<'_>> {
        Some(match self.columns.get(column.name.as_ref())? {
            Stored::Same(value) => Values::Same(value.clone()),
            Stored::Numbers { highest_first: true, bytes, .. } => {
                Values::Numbers(Numbers::addresses(bytes.as_slice()))
            }
            Stored::Numbers { width, bytes, .. } => Values::Numbers(Numbers::new(*width, bytes.as_slice())),
            Stored::Texts { width, numbers, texts } => {
                Values::Texts(Numbers::new(*width, numbers.as_slice()), Box::new(texts.clone()))
            }
            Stored::Lists { ends, width, items } => {
                Values::Lists(ends.into(), Numbers::new(*width, items.as_slice()))
            }
        })
    }
}

/// Compares filters with the evaluator on the rows of all of them: each by itself, and all in one set. Gives how many
/// verdicts are yes.
fn compare(schema: &Schema, all: &[Checked], random: &mut Random) -> usize {
    let rows: Vec<&Row> = all.iter().flat_map(|checked| &checked.case.rows).collect();
    let batch = Batch::new(schema, &rows, random);
    let together = FilterSet::new(schema, all.iter().map(|checked| checked.filter.as_ref())).unwrap();
    let selected = together.select(&batch);
    let mut count = 0;
    for (checked, selected) in all.iter().zip(selected) {
        let alone = FilterSet::new(schema, [checked.filter.as_ref()]).unwrap().select(&batch);
        assert_eq!(alone, std::slice::from_ref(&selected), "{}", checked.case.text);
        for (place, row) in rows.iter().enumerate() {
            let expected = checked.case.selects(row);
            assert_eq!(selected.contains(place), expected, "{} on {row:?}", checked.case.text);
        }
        assert_eq!((selected.rows(), selected.count()), (rows.len(), selected.iter().count()));
        count += selected.count();
    }
    count
}

#[test]
fn the_filters_of_the_corpus_select_the_same_on_columns() {
    let mut random = Random::new(7);
    let (mut filters, mut selected) = (0, 0);
    for file in corpus::read_all().unwrap().iter().filter(|file| file.valid) {
        let compiler = Compiler::new(&file.schema, &file.saved);
        let valid = file.entries.iter().filter(|entry| {
            let checked = compiler.check(&entry.text, file.options);
            checked.filter.is_some()
        });
        let checked: Vec<Checked> = valid
            .map(|entry| Checked::new(&compiler, &entry.text, file.options, 40, random.below(1 << 20) as u64))
            .collect();
        for all in checked.chunks(20) {
            filters += all.len();
            selected += compare(&file.schema, all, &mut random);
        }
    }
    assert!(filters > 300 && selected > 10_000, "{filters} filters selected {selected} rows");
}

#[test]
fn random_filters_select_the_same_on_columns() {
    let (schema, saved) = (differential::schema(), SavedFilters::default());
    let compiler = Compiler::new(&schema, &saved);
    let mut runner =
        TestRunner::new_with_rng(Config::default(), TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let strategy = generate::filter(&schema);
    let mut random = Random::new(11);
    let mut selected = 0;
    for _ in 0..150 {
        let all: Vec<Checked> = (0..10)
            .map(|_| {
                let filter = strategy.new_tree(&mut runner).unwrap().current();
                let options = Options { reverse: random.one_in(4), ..Options::default() };
                let seed = random.below(1 << 20) as u64;
                Checked::new(&compiler, &filter.canonical(), options, 30, seed)
            })
            .collect();
        selected += compare(&schema, &all, &mut random);
    }
    assert!(selected > 50_000, "only {selected} rows were selected");
}

#[test]
fn an_empty_filter_selects_every_flow() {
    let batch = Batch { rows: 70, columns: BTreeMap::new() };
    let selected = FilterSet::new(&Schema::default(), [None, None]).unwrap().select(&batch);
    assert!(selected.iter().all(|selected| selected.count() == 70) && selected.len() == 2);
}
