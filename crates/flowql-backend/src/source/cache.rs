//! The answers of the last minutes.

use std::collections::HashMap;
use std::time::Duration;

use flowql::tables::Operator;
use tokio::time::Instant;

use crate::{FlowFilter, ValueQuery, Values};

/// What makes two requests equal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    column: String,
    operator: Option<Operator>,
    prefix: String,
    quoted: bool,
    ranking: bool,
    exclude: Vec<String>,
    /// The SQL of the rest and its parameters.
    rest: String,
    /// The same of what the asker may see at all: others may see other values.
    forced: Option<String>,
    limit: usize,
}

impl Key {
    pub(super) fn of(query: &ValueQuery) -> Self {
        let sql = |filter: &FlowFilter| format!("{:?} {:?}", filter.compiled.sql, filter.compiled.parameters);
        Self {
            column: query.column.clone(),
            operator: query.operator,
            prefix: query.prefix.clone(),
            quoted: query.quoted,
            ranking: query.ranking,
            exclude: query.exclude.clone(),
            rest: query.rest.as_ref().map(sql).unwrap_or_default(),
            forced: query.forced.as_ref().map(sql),
            limit: query.limit,
        }
    }

    pub(super) fn column(&self) -> &str {
        &self.column
    }

    pub(super) fn with_prefix(&self, prefix: &str) -> Self {
        Self { prefix: prefix.to_owned(), ..self.clone() }
    }
}

/// The answers, each with the time when it came.
#[derive(Debug, Default)]
pub(super) struct Cache {
    entries: HashMap<Key, (Instant, Values)>,
}

impl Cache {
    /// An answer that can be given without asking again: a whole one, and not old.
    pub(super) fn fresh(&self, key: &Key, age: Duration) -> Option<Values> {
        self.stale(key, age).filter(|values| values.incomplete.is_none())
    }

    /// Any answer of at most that age.
    pub(super) fn stale(&self, key: &Key, age: Duration) -> Option<Values> {
        let (came, values) = self.entries.get(key)?;
        (came.elapsed() <= age).then(|| values.clone())
    }

    /// Keeps an answer, and no more than so many; a partial one does not take the place of a whole one.
    pub(super) fn insert(&mut self, key: Key, values: Values, most: usize) {
        let partial = values.incomplete.is_some();
        if partial && self.entries.get(&key).is_some_and(|(_, old)| old.incomplete.is_none()) {
            return;
        }
        self.entries.insert(key, (Instant::now(), values));
        while self.entries.len() > most.max(1) {
            let oldest = self.entries.iter().min_by_key(|(_, (came, _))| *came).map(|(key, _)| key.clone());
            let Some(oldest) = oldest else { break };
            self.entries.remove(&oldest);
        }
    }
}
