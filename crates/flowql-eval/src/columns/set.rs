//! Filters that are evaluated together.

use std::collections::BTreeMap;
use std::rc::Rc;

use flowql::typed::Filter;
use flowql::{ColumnId, Schema};

use super::read::{ColumnReader, Read};
use super::selection::Selection;
use super::test;
use super::values::{Flows, Values};
use crate::evaluator::{Error, Node, Preparer};
use crate::value::Value;

/// Filters made ready for evaluation on columns, together: what several of them ask is asked once.
#[derive(Clone, Debug)]
pub struct FilterSet {
    // INVARIANT: a step names only steps before it.
    steps: Vec<Step>,
    /// The step that each filter is.
    filters: Vec<usize>,
    columns: Vec<ColumnId>,
    reader: ColumnReader,
}

/// A part of filters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    All(Vec<usize>),
    Any(Vec<usize>),
    Not(usize),
    Test(Node),
}

impl FilterSet {
    /// Prepares filters that were checked against this schema; `None` is an empty one, which selects every flow.
    ///
    /// # Errors
    ///
    /// A regular expression that the engine does not take, or a filter of another schema.
    pub fn new<'f>(
        schema: &Schema,
        filters: impl IntoIterator<Item = Option<&'f Filter>>,
    ) -> Result<Self, Error> {
        let mut preparer = Preparer::new(schema);
        let mut steps = Steps::default();
        let mut roots = Vec::new();
        for filter in filters {
            let node = filter.map_or(Ok(Node::All(Vec::new())), |filter| preparer.filter(filter))?;
            roots.push(steps.add(node));
        }
        let reader = ColumnReader::new(schema, &preparer.columns);
        Ok(Self { steps: steps.all, filters: roots, columns: preparer.columns, reader })
    }

    /// The columns that the filters read, once each.
    pub fn columns(&self) -> &[ColumnId] {
        &self.columns
    }

    /// How the columns are read.
    pub const fn reader(&self) -> &ColumnReader {
        &self.reader
    }

    /// The rows that each filter selects, in the order of the filters.
    pub fn select(&self, flows: &dyn Flows) -> Vec<Selection> {
        let mut run = Run { set: self, read: self.reader.lazily(flows), done: vec![None; self.steps.len()] };
        self.filters.iter().map(|&step| Selection::clone(&run.step(step))).collect()
    }
}

/// Steps, each once.
#[derive(Default)]
struct Steps {
    all: Vec<Step>,
    places: BTreeMap<Step, usize>,
}

impl Steps {
    /// The place of a node among the steps.
    fn add(&mut self, node: Node) -> usize {
        let step = match node {
            Node::All(terms) => Step::All(self.terms(terms)),
            Node::Any(terms) => Step::Any(self.terms(terms)),
            Node::Not(inner) => Step::Not(self.add(*inner)),
            test => Step::Test(test),
        };
        match &step {
            Step::All(terms) | Step::Any(terms) if terms.len() == 1 => terms.first().copied().unwrap_or(0),
            _ => *self.places.entry(step).or_insert_with_key(|step| {
                self.all.push(step.clone());
                self.all.len() - 1
            }),
        }
    }

    /// Terms, in whichever order they were written.
    fn terms(&mut self, terms: Vec<Node>) -> Vec<usize> {
        let mut places: Vec<usize> = terms.into_iter().map(|term| self.add(term)).collect();
        places.sort_unstable();
        places.dedup();
        places
    }
}

/// The evaluation on a batch.
struct Run<'s, 'f> {
    set: &'s FilterSet,
    read: Read<'s, 'f>,
    done: Vec<Option<Rc<Selection>>>,
}

impl Run<'_, '_> {
    fn step(&mut self, place: usize) -> Rc<Selection> {
        if let Some(Some(done)) = self.done.get(place) {
            return Rc::clone(done);
        }
        let selection = Rc::new(self.evaluate(place));
        if let Some(done) = self.done.get_mut(place) {
            *done = Some(Rc::clone(&selection));
        }
        selection
    }

    fn evaluate(&mut self, place: usize) -> Selection {
        let rows = self.read.rows();
        let set = self.set;
        match set.steps.get(place) {
            Some(Step::All(terms)) => {
                let mut all = Selection::same(rows, true);
                for &term in terms {
                    all.intersect(&self.step(term));
                    if all.is_empty() {
                        break;
                    }
                }
                all
            }
            Some(Step::Any(terms)) => {
                let mut any = Selection::same(rows, false);
                for &term in terms {
                    any.unite(&self.step(term));
                }
                any
            }
            Some(Step::Not(inner)) => self.step(*inner).inverted(),
            Some(Step::Test(node)) => {
                let none = Values::Same(Value::Number(0));
                test::select(node, rows, |slot| self.read.get(slot).unwrap_or(&none))
            }
            None => Selection::same(rows, false),
        }
    }
}
