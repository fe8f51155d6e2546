//! Several filters with their rows, asked of the engine in one query.

use std::collections::BTreeSet;

use flowql::typed::Filter;
use flowql::{ColumnId, Compiler, Options, SavedFilters, Schema};
use flowql_eval::{Evaluator, Value};

use super::engine::Engine;
use super::rows::{self, Row};
use super::table::table;
use crate::random::Random;

/// A filter in all its forms, with rows near its edges.
#[derive(Clone, Debug)]
pub struct Case {
    /// The text.
    pub text: String,
    /// For the opposite direction.
    pub reverse: bool,
    /// With the values in the text.
    pub inline: String,
    /// With the values beside it.
    pub bound: String,
    /// Those values, raw.
    pub parameters: Vec<(String, String)>,
    /// The same without the database.
    pub evaluator: Evaluator,
    /// The rows.
    pub rows: Vec<Row>,
}

/// A row of which the evaluator and the engine do not say the same, or what went wrong.
#[derive(Clone, Debug)]
pub enum Difference {
    /// The three opinions.
    Row {
        /// The row.
        row: Row,
        /// The evaluator's.
        evaluator: bool,
        /// The engine's on the inline SQL, as a WHERE clause.
        inline: bool,
        /// The engine's on the bound SQL, as a value.
        bound: bool,
    },
    /// An error of the compiler, the evaluator or the engine.
    Failure(String),
}

impl Case {
    /// A filter with so many rows.
    ///
    /// # Errors
    ///
    /// That the filter does not compile, or cannot be evaluated.
    pub fn new(
        schema: &Schema,
        text: String,
        reverse: bool,
        count: usize,
        seed: u64,
    ) -> Result<Self, String> {
        let saved = SavedFilters::default();
        Self::of(&Compiler::new(schema, &saved), text, reverse, count, seed)
    }

    /// A filter of a compiler with so many rows.
    ///
    /// # Errors
    ///
    /// That the filter does not compile, or cannot be evaluated.
    pub fn of(
        compiler: &Compiler<'_>,
        text: String,
        reverse: bool,
        count: usize,
        seed: u64,
    ) -> Result<Self, String> {
        let (case, filter) = Self::without_rows(compiler, text, reverse)?;
        let near = rows::near(compiler.schema, &filter, count, &mut Random::new(seed));
        Ok(Self { rows: near.map_err(|error| error.to_string())?, ..case })
    }

    fn without_rows(compiler: &Compiler<'_>, text: String, reverse: bool) -> Result<(Self, Filter), String> {
        let options = Options { reverse, ..Options::default() };
        let checked = compiler.check(&text, options);
        let filter = checked.filter.ok_or_else(|| format!("{:?}", checked.diagnostics))?;
        let inline = compiler.compile(&text, options).sql.ok_or("no inline SQL")?;
        let compiled = compiler.compile(&text, Options { bound: true, ..options });
        let bound = compiled.sql.ok_or("no bound SQL")?;
        let parameters =
            compiled.parameters.iter().map(|found| (found.name.clone(), found.value.to_string()));
        let parameters = parameters.collect();
        let evaluator = Evaluator::new(compiler.schema, &filter).map_err(|error| error.to_string())?;
        let read: BTreeSet<ColumnId> = evaluator.columns().iter().copied().collect();
        if read != compiled.columns.iter().copied().collect() {
            return Err(format!("the evaluator reads other columns than the SQL: {bound}"));
        }
        Ok((Self { text, reverse, inline, bound, parameters, evaluator, rows: Vec::new() }, filter))
    }

    /// Whether the evaluator selects a row.
    pub fn selects(&self, row: &Row) -> bool {
        let defaults = self.evaluator.default_row();
        let columns = self.evaluator.columns().iter().zip(defaults);
        let values: Vec<Value> =
            columns.map(|(id, default)| row.get(id).cloned().unwrap_or(default)).collect();
        self.evaluator.matches(&values)
    }

    /// Whether a row has a value for some column of the filter.
    fn concerns(&self, row: &Row) -> bool {
        self.evaluator.columns().iter().any(|id| row.contains_key(id))
    }
}

/// The answers of the engine to the filters of a batch: for each filter and each row of all of them, the inline and
/// the bound SQL.
struct Answers {
    rows: usize,
    inline: BTreeSet<(usize, usize)>,
    bound: Vec<u8>,
    filters: usize,
}

impl Answers {
    fn of(&self, filter: usize, row: usize) -> (bool, bool) {
        (self.inline.contains(&(filter, row)), self.bound[row * self.filters + filter] != 0)
    }
}

/// Compares the filters of a batch, each on the rows of all; gives the first difference of each that has one.
pub fn compare(engine: &Engine, schema: &Schema, cases: &[Case]) -> Vec<(usize, Difference)> {
    match ask(engine, schema, cases) {
        Ok(answers) => {
            let rows: Vec<&Row> = cases.iter().flat_map(|case| &case.rows).collect();
            assert_eq!(answers.rows, rows.len());
            let difference = |(place, case): (usize, &Case)| {
                let without = case.selects(&Row::new());
                rows.iter().enumerate().find_map(|(number, row)| {
                    let evaluator = if case.concerns(row) { case.selects(row) } else { without };
                    let (inline, bound) = answers.of(place, number);
                    let row = || (*row).clone();
                    (inline != evaluator || bound != evaluator)
                        .then(|| (place, Difference::Row { row: row(), evaluator, inline, bound }))
                })
            };
            cases.iter().enumerate().filter_map(difference).collect()
        }
        Err(message) if cases.len() == 1 => vec![(0, Difference::Failure(message))],
        // One of them spoils the query of all.
        Err(_) => cases
            .iter()
            .enumerate()
            .flat_map(|(place, case)| {
                compare(engine, schema, std::slice::from_ref(case))
                    .into_iter()
                    .map(move |(_, found)| (place, found))
            })
            .collect(),
    }
}

fn ask(engine: &Engine, schema: &Schema, cases: &[Case]) -> Result<Answers, String> {
    let columns: BTreeSet<ColumnId> =
        cases.iter().flat_map(|case| case.evaluator.columns()).copied().collect();
    let columns: Vec<ColumnId> = columns.into_iter().collect();
    let rows: Vec<&Row> = cases.iter().flat_map(|case| &case.rows).collect();
    let table = table(schema, &columns, &rows);

    let selects = cases.iter().enumerate().map(|(place, case)| {
        format!("SELECT toUInt32({place}) AS Filter, Id FROM rows WHERE {}", case.inline)
    });
    let sql = format!("{} FORMAT RowBinary", selects.collect::<Vec<_>>().join(" UNION ALL "));
    let found = engine.query(&sql, &[], Some(&table))?;
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0, |number, &byte| number << 8 | usize::from(byte));
    let inline = found.chunks_exact(8).map(|pair| (number(&pair[..4]), number(&pair[4..]))).collect();

    // The parameters of each filter get names of their own. No brace of a bound text is the user's.
    let values = cases.iter().enumerate().map(|(place, case)| {
        format!("toUInt8({}) AS Filter{place}", case.bound.replace("{p", &format!("{{f{place}p")))
    });
    let parameters: Vec<(String, String)> = cases
        .iter()
        .enumerate()
        .flat_map(|(place, case)| {
            case.parameters.iter().map(move |(name, value)| (format!("f{place}{name}"), value.clone()))
        })
        .collect();
    let sql =
        format!("SELECT {} FROM rows ORDER BY Id FORMAT RowBinary", values.collect::<Vec<_>>().join(", "));
    let bound = engine.query(&sql, &parameters, Some(&table))?;
    if bound.len() != rows.len() * cases.len() {
        return Err(format!("{} answers for {} rows and {} filters", bound.len(), rows.len(), cases.len()));
    }
    Ok(Answers { rows: rows.len(), inline, bound, filters: cases.len() })
}
