//! The source of values that front ends ask: a backend behind a cache, a deadline and a bound.

mod cache;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use flowql::ide::match_rank;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared, WeakShared};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use crate::{Backend, Error, ValueQuery, Values};
use cache::{Cache, Key};

/// How a [`ValueSource`] asks its backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceOptions {
    /// How long an answer may take.
    pub deadline: Duration,
    /// How long the order of values that are all known is waited for. It comes into the cache when it comes later.
    pub ranking: Duration,
    /// How long an answer is given again without asking.
    pub fresh: Duration,
    /// How long an answer may stand in for one that does not come.
    pub stale: Duration,
    /// How long a column is not asked for again after it failed, so that a dead backend delays nobody.
    pub pause: Duration,
    /// How many queries run at once.
    pub concurrency: usize,
    /// How many more may wait for their turn.
    pub waiting: usize,
    /// How many answers are kept.
    pub entries: usize,
}

impl Default for SourceOptions {
    fn default() -> Self {
        Self {
            deadline: ValueQuery::DEADLINE,
            ranking: Duration::from_millis(150),
            fresh: Duration::from_secs(15),
            stale: Duration::from_secs(600),
            pause: Duration::from_secs(3),
            concurrency: 4,
            waiting: 64,
            entries: 512,
        }
    }
}

/// How many requests a [`ValueSource`] has had, by where their answers were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheCounts {
    /// Those that were answered from memory, without asking.
    pub hits: u64,
    /// All others, those that no answer came to included.
    pub misses: u64,
}

/// Values for completion. It always answers by its deadline, if only with the reason why there is nothing.
///
/// Equal requests at the same time share one query of the backend. A call that is dropped no longer waits for it, and
/// when nobody does any more, the query is cancelled.
#[derive(Debug)]
pub struct ValueSource {
    backend: Arc<dyn Backend>,
    options: SourceOptions,
    shared: Arc<SharedState>,
}

#[derive(Debug)]
struct SharedState {
    permits: Semaphore,
    state: Mutex<State>,
    hits: AtomicU64,
    misses: AtomicU64,
}

type Query = Shared<BoxFuture<'static, Result<Values, Error>>>;

#[derive(Default)]
struct State {
    cache: Cache,
    /// The queries that someone waits for.
    running: HashMap<Key, WeakShared<BoxFuture<'static, Result<Values, Error>>>>,
    /// The columns that failed, with the time until which they are not asked for again.
    failed: HashMap<String, (Instant, Error)>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("State").field("running", &self.running.len()).finish_non_exhaustive()
    }
}

impl SharedState {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing is done under the lock that could leave the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ValueSource {
    /// A source of the values of a backend.
    pub fn new(backend: Arc<dyn Backend>, options: SourceOptions) -> Self {
        let permits = Semaphore::new(options.concurrency.max(1));
        let shared = SharedState {
            permits,
            state: Mutex::default(),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        };
        let shared = Arc::new(shared);
        Self { backend, options, shared }
    }

    /// The backend.
    pub fn backend(&self) -> &Arc<dyn Backend> {
        &self.backend
    }

    /// What the cache was worth so far.
    pub fn cache_counts(&self) -> CacheCounts {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        CacheCounts { hits: count(&self.shared.hits), misses: count(&self.shared.misses) }
    }

    /// Values for a column, the best first. The deadline is the source's own, or the query's if that is shorter.
    ///
    /// A ranking that does not come in time is no loss worth a word: the answer is empty then, or old.
    pub async fn values(&self, query: &ValueQuery) -> Values {
        let capabilities = self.backend.capabilities();
        // Who may see only some flows sees only values of flows: a list is of all of them.
        if !capabilities.values || (query.forced.is_some() && !capabilities.queries) {
            return Values::default();
        }
        let values = match &query.other {
            None => self.ask(query).await,
            Some(other) => {
                let one = ValueQuery { other: None, ..query.clone() };
                let other = ValueQuery { column: other.clone(), ..one.clone() };
                let (one, other) = futures_util::join!(self.ask(&one), self.ask(&other));
                merged(one, other, query.limit)
            }
        };
        if query.ranking { Values { incomplete: None, ..values } } else { values }
    }

    /// The names of AS numbers, by the deadline of the source or this one, whichever is shorter.
    ///
    /// # Errors
    ///
    /// Why they are not known.
    pub async fn as_names(
        &self,
        numbers: &[u32],
        deadline: Duration,
    ) -> Result<BTreeMap<u32, String>, Error> {
        /// What the pause after a failure goes by, as the columns do.
        const NAMES: &str = "names of AS numbers";
        if let Some((until, error)) = self.shared.lock().failed.get(NAMES)
            && Instant::now() < *until
        {
            return Err(error.clone());
        }
        let patience = deadline.min(self.options.deadline);
        let found = timeout(patience, async {
            // The semaphore is never closed.
            let _permit = self.shared.permits.acquire().await;
            self.backend.as_names(numbers).await
        });
        let found = found.await.unwrap_or_else(|_| Err(flowql_client::Error::Deadline(patience).into()));
        let failed = &mut self.shared.lock().failed;
        match &found {
            Ok(_) => drop(failed.remove(NAMES)),
            Err(error) => {
                let until = Instant::now() + self.options.pause;
                failed.insert(NAMES.to_owned(), (until, error.clone()));
            }
        }
        found
    }

    async fn ask(&self, query: &ValueQuery) -> Values {
        let key = Key::of(query);
        let mut patience = self.options.deadline.min(query.deadline);
        let mut deadline = patience;
        if query.ranking {
            (patience, deadline) = (patience.min(self.options.ranking), self.options.deadline);
        }
        let found = {
            let state = &mut *self.shared.lock();
            if let Some(values) = state.cache.fresh(&key, self.options.fresh) {
                self.shared.hits.fetch_add(1, Ordering::Relaxed);
                return values;
            }
            self.shared.misses.fetch_add(1, Ordering::Relaxed);
            match state.failed.get(&query.column) {
                Some((until, error)) if Instant::now() < *until => Err(error.clone()),
                _ => self.join(state, &key, query, deadline),
            }
        };
        let error = match found {
            Ok(running) => {
                match timeout(patience, running.clone()).await {
                    Ok(Ok(values)) => return values,
                    Ok(Err(error)) => error,
                    Err(_) => {
                        if query.ranking {
                            // It is there for the next one who asks.
                            tokio::spawn(timeout(deadline.saturating_sub(patience), running));
                        }
                        flowql_client::Error::Deadline(patience).into()
                    }
                }
            }
            Err(error) => return self.instead(&key, query, &error),
        };
        let until = Instant::now() + self.options.pause;
        self.shared.lock().failed.insert(query.column.clone(), (until, error.clone()));
        self.instead(&key, query, &error)
    }

    /// The query that runs for an equal request, or a new one.
    fn join(
        &self,
        state: &mut State,
        key: &Key,
        query: &ValueQuery,
        deadline: Duration,
    ) -> Result<Query, Error> {
        if let Some(running) = state.running.get(key).and_then(WeakShared::upgrade) {
            return Ok(running);
        }
        state.running.retain(|_, running| running.upgrade().is_some());
        if state.running.len() >= self.options.concurrency.saturating_add(self.options.waiting) {
            return Err(flowql_client::Error::Busy.into());
        }
        // The backend has a little less time, so that what it knows by then comes in time.
        let query = ValueQuery { deadline: deadline - deadline / 10, ..query.clone() };
        let (backend, shared, entries) = (self.backend.clone(), self.shared.clone(), self.options.entries);
        let entry = key.clone();
        let started = Instant::now();
        let running = async move {
            // The semaphore is never closed.
            let _permit = shared.permits.acquire().await;
            let deadline = query.deadline.saturating_sub(started.elapsed());
            let answer = backend.values(&ValueQuery { deadline, ..query }).await;
            let state = &mut *shared.lock();
            state.running.remove(&entry);
            if let Ok(values) = &answer {
                state.failed.remove(entry.column());
                state.cache.insert(entry, values.clone(), entries);
            }
            answer
        };
        let running = running.boxed().shared();
        if let Some(weak) = running.downgrade() {
            state.running.insert(key.clone(), weak);
        }
        Ok(running)
    }

    /// What is known instead of an answer: an older one, or that to a shorter text, narrowed.
    fn instead(&self, key: &Key, query: &ValueQuery, error: &Error) -> Values {
        let state = self.shared.lock();
        if let Some(values) = state.cache.stale(key, self.options.stale) {
            return Values { incomplete: Some(format!("the values may be old: {error}")), ..values };
        }
        for prefix in shorter(&query.prefix) {
            if let Some(mut values) = state.cache.stale(&key.with_prefix(prefix), self.options.stale) {
                values.suggestions.retain(|suggestion| {
                    match_rank(&suggestion.value, &suggestion.detail, &query.prefix).is_some()
                });
                return Values { incomplete: Some(format!("values may be missing: {error}")), ..values };
            }
        }
        Values { suggestions: Vec::new(), incomplete: Some(error.to_string()) }
    }
}

/// The values of two columns, by turns, each once.
fn merged(one: Values, other: Values, limit: usize) -> Values {
    let (mut first, mut second) = (one.suggestions.into_iter(), other.suggestions.into_iter());
    let mut seen = HashSet::new();
    let mut suggestions = Vec::new();
    loop {
        let turn = [first.next(), second.next()];
        if turn.iter().all(Option::is_none) {
            break;
        }
        suggestions.extend(turn.into_iter().flatten().filter(|found| seen.insert(found.value.clone())));
    }
    suggestions.truncate(limit);
    Values { suggestions, incomplete: one.incomplete.or(other.incomplete) }
}

/// The beginnings of a text, the longest first, without the text itself.
fn shorter(text: &str) -> impl Iterator<Item = &str> {
    text.char_indices().rev().filter_map(|(end, _)| text.get(..end))
}

#[cfg(test)]
mod tests;
