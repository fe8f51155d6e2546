use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use flowql::ide::Suggestion;
use futures_util::future::join_all;

use super::*;
use crate::Capabilities;
use flowql_client::Health;

/// A backend that answers with what was typed and two values more, as fast or slow as it is told.
#[derive(Debug, Default)]
struct Tired {
    /// How long an answer takes, in milliseconds.
    delay: AtomicUsize,
    /// Whether it fails.
    dead: std::sync::atomic::AtomicBool,
    calls: AtomicUsize,
    running: AtomicUsize,
    most: AtomicUsize,
}

/// Counts a query as running for as long as it is not dropped.
struct Running<'a>(&'a Tired);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl Backend for Tired {
    fn name(&self) -> &'static str {
        "tired"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { values: true, ..Capabilities::default() }
    }

    async fn values(&self, request: &ValueQuery) -> Result<Values, Error> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(running, Ordering::SeqCst);
        let _running = Running(self);
        tokio::time::sleep(Duration::from_millis(self.delay.load(Ordering::SeqCst) as u64)).await;
        if self.dead.load(Ordering::SeqCst) {
            return Err(flowql_client::Error::Unreachable {
                server: "db".to_owned(),
                reason: "refused".to_owned(),
            }
            .into());
        }
        let suggestion =
            |end: &str| Suggestion { value: format!("{}{end}", request.prefix), detail: String::new() };
        let incomplete = (request.prefix == "part").then(|| "no time for the dictionary".to_owned());
        Ok(Values { suggestions: vec![suggestion("a"), suggestion("b")], incomplete })
    }

    async fn health(&self) -> Result<Health, Error> {
        Err(flowql_client::Error::Busy.into())
    }
}

fn source() -> (Arc<Tired>, ValueSource) {
    let backend = Arc::new(Tired::default());
    (backend.clone(), ValueSource::new(backend, SourceOptions::default()))
}

fn query(column: &str, prefix: &str) -> ValueQuery {
    ValueQuery::of(column, None, prefix, 10)
}

fn names(values: &Values) -> Vec<&str> {
    values.suggestions.iter().map(|suggestion| suggestion.value.as_str()).collect()
}

async fn pass(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_kept_for_a_short_time() {
    let (backend, source) = source();
    for _ in 0..3 {
        assert_eq!(names(&source.values(&query("A", "x")).await), ["xa", "xb"]);
    }
    assert_eq!(backend.calls.load(Ordering::SeqCst), 1);
    source.values(&query("B", "x")).await;
    source.values(&ValueQuery { exclude: vec!["xa".to_owned()], ..query("A", "x") }).await;
    assert_eq!(backend.calls.load(Ordering::SeqCst), 3);
    assert_eq!(source.cache_counts(), CacheCounts { hits: 2, misses: 3 });
    pass(16).await;
    source.values(&query("A", "x")).await;
    assert_eq!(backend.calls.load(Ordering::SeqCst), 4);
}

#[tokio::test(start_paused = true)]
async fn equal_requests_share_a_query_and_others_are_bounded() {
    let (backend, source) = source();
    backend.delay.store(100, Ordering::SeqCst);
    let queries: Vec<ValueQuery> = (0..12).map(|place| query("A", &(place % 6).to_string())).collect();
    let answers = join_all(queries.iter().map(|query| source.values(query))).await;
    assert!(answers.iter().all(|values| values.incomplete.is_none()), "{answers:?}");
    assert_eq!(backend.calls.load(Ordering::SeqCst), 6);
    assert_eq!(backend.most.load(Ordering::SeqCst), 4);
}

#[tokio::test(start_paused = true)]
async fn too_many_waiting_queries_are_refused() {
    let (backend, source) = source();
    backend.delay.store(1000, Ordering::SeqCst);
    let queries: Vec<ValueQuery> = (0..100).map(|place| query("A", &place.to_string())).collect();
    let answers = join_all(queries.iter().map(|query| source.values(query))).await;
    let refused = answers
        .iter()
        .filter(|values| values.incomplete.as_deref() == Some("too many calls are waiting for the backend"));
    assert_eq!(refused.count(), 100 - 4 - 64);
}

#[tokio::test(start_paused = true)]
async fn a_slow_backend_is_not_waited_for() {
    let (backend, source) = source();
    backend.delay.store(3_600_000, Ordering::SeqCst);
    let started = Instant::now();
    let values = source.values(&query("A", "x")).await;
    assert_eq!(started.elapsed(), Duration::from_secs(2));
    assert_eq!(values.incomplete.as_deref(), Some("no answer within 2000 ms"));
    assert!(values.suggestions.is_empty());
    assert_eq!(backend.running.load(Ordering::SeqCst), 0, "the query goes on");
    // The next one does not wait, so that the editor stays quick; later the backend is asked again.
    assert!(source.values(&query("A", "xy")).await.incomplete.is_some());
    assert_eq!(started.elapsed(), Duration::from_secs(2));
    assert_eq!(backend.calls.load(Ordering::SeqCst), 1);
    pass(4).await;
    backend.delay.store(1, Ordering::SeqCst);
    assert_eq!(source.values(&query("A", "xy")).await.incomplete, None);
    // An asker in a hurry gets its answer by its own deadline.
    backend.delay.store(1000, Ordering::SeqCst);
    let hasty = ValueQuery { deadline: Duration::from_millis(300), ..query("A", "z") };
    let values = source.values(&hasty).await;
    assert_eq!(values.incomplete.as_deref(), Some("no answer within 300 ms"));
}

#[tokio::test(start_paused = true)]
async fn old_answers_and_those_to_shorter_texts_stand_in() {
    let (backend, source) = source();
    source.values(&query("A", "x")).await;
    backend.dead.store(true, Ordering::SeqCst);
    pass(60).await;
    let values = source.values(&query("A", "x")).await;
    assert_eq!(names(&values), ["xa", "xb"]);
    assert_eq!(values.incomplete.as_deref(), Some("the values may be old: cannot reach db: refused"));
    let values = source.values(&query("A", "xb")).await;
    assert_eq!(names(&values), ["xb"]);
    assert_eq!(values.incomplete.as_deref(), Some("values may be missing: cannot reach db: refused"));
    pass(600).await;
    let values = source.values(&query("A", "x")).await;
    assert!(values.suggestions.is_empty());
    assert_eq!(values.incomplete.as_deref(), Some("cannot reach db: refused"));
}

#[tokio::test(start_paused = true)]
async fn a_partial_answer_is_given_but_asked_for_again() {
    let (backend, source) = source();
    for calls in 1..3 {
        let values = source.values(&query("A", "part")).await;
        assert_eq!(names(&values), ["parta", "partb"]);
        assert_eq!(values.incomplete.as_deref(), Some("no time for the dictionary"));
        assert_eq!(backend.calls.load(Ordering::SeqCst), calls);
    }
}

#[tokio::test(start_paused = true)]
async fn a_query_ends_when_its_last_asker_is_gone() {
    let (backend, source) = source();
    backend.delay.store(1000, Ordering::SeqCst);
    let asked = query("A", "x");
    let mut first = Box::pin(source.values(&asked));
    let mut second = Box::pin(source.values(&asked));
    let soon = Duration::from_millis(10);
    assert!(timeout(soon, &mut first).await.is_err());
    assert!(timeout(soon, &mut second).await.is_err());
    assert_eq!(backend.running.load(Ordering::SeqCst), 1);
    drop(first);
    assert_eq!(backend.running.load(Ordering::SeqCst), 1);
    drop(second);
    assert_eq!(backend.running.load(Ordering::SeqCst), 0);
    assert_eq!(names(&source.values(&asked).await), ["xa", "xb"]);
    assert_eq!(backend.calls.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn no_more_answers_are_kept_than_asked_for() {
    let backend = Arc::new(Tired::default());
    let source = ValueSource::new(backend.clone(), SourceOptions { entries: 2, ..SourceOptions::default() });
    for prefix in ["1", "2", "3"] {
        source.values(&query("A", prefix)).await;
        pass(1).await;
    }
    source.values(&query("A", "3")).await;
    source.values(&query("A", "2")).await;
    assert_eq!(backend.calls.load(Ordering::SeqCst), 3);
    source.values(&query("A", "1")).await;
    assert_eq!(backend.calls.load(Ordering::SeqCst), 4);
}

#[tokio::test(start_paused = true)]
async fn a_ranking_is_waited_for_a_moment_and_is_there_for_the_next_one() {
    let (backend, source) = source();
    let asked = ValueQuery::ranking("A", None);
    backend.delay.store(700, Ordering::SeqCst);
    let started = Instant::now();
    // Nothing is said of what is missing.
    assert_eq!(source.values(&asked).await, Values::default());
    assert_eq!(started.elapsed(), SourceOptions::default().ranking);
    assert_eq!(backend.running.load(Ordering::SeqCst), 1, "the query goes on");
    pass(1).await;
    let started = Instant::now();
    assert_eq!(names(&source.values(&asked).await), ["a", "b"]);
    assert_eq!(started.elapsed(), Duration::ZERO);
    assert_eq!(backend.calls.load(Ordering::SeqCst), 1);
    // An old one stands in, silently.
    backend.dead.store(true, Ordering::SeqCst);
    pass(60).await;
    let stale = source.values(&asked).await;
    assert_eq!((names(&stale), &stale.incomplete), (vec!["a", "b"], &None));
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_hangs_is_not_asked_for_a_ranking_for_ever() {
    let (backend, source) = source();
    backend.delay.store(3_600_000, Ordering::SeqCst);
    let asked = ValueQuery::ranking("A", None);
    assert_eq!(source.values(&asked).await, Values::default());
    // The next one does not wait at all.
    let started = Instant::now();
    assert_eq!(source.values(&asked).await, Values::default());
    assert_eq!(started.elapsed(), Duration::ZERO);
    assert_eq!(backend.calls.load(Ordering::SeqCst), 1);
    pass(2).await;
    assert_eq!(backend.running.load(Ordering::SeqCst), 0, "the query goes on");
}
