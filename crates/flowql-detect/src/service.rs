//! The detector beside the collector: looks at the targets, stores incidents, tells people.
//!
//! The targets are looked at whatever the database does: what asks it, or waits for it, is done apart.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use flowql_config::Config;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use crate::detector::Detector;
use crate::incident::{Change, Incident, State};
use crate::notify::Notifier;
use crate::store::Store;

/// How often the targets are looked at.
const PASS: Duration = Duration::from_millis(500);

/// How often it is tried to store what could not be stored, and to ask what is not known of the usual traffic.
const AGAIN: Duration = Duration::from_secs(10);

/// The most incidents that wait to be stored.
const MOST_WAITING: usize = 10_000;

/// What a detector works with.
#[derive(Debug)]
pub struct Service {
    detector: Arc<Detector>,
    notifier: Notifier,
    /// What has changed and is to be stored.
    changed: Vec<Incident>,
    database: Database,
}

/// What is done with the database.
#[derive(Clone, Debug)]
struct Database {
    detector: Arc<Detector>,
    config: Arc<Config>,
    store: Store,
    /// The incidents that are to be stored, as they are now.
    waiting: HashMap<(u32, u32), Incident>,
    is_prepared: bool,
    tried: Option<Instant>,
    /// The filters whose usual traffic was asked for, by incident, and when.
    asked: HashMap<u32, (String, Instant)>,
}

impl Service {
    /// With a database.
    #[must_use]
    pub fn new(detector: Arc<Detector>, config: Arc<Config>, store: Store) -> Self {
        let notifier = Notifier::new(&config);
        let database = Database {
            detector: Arc::clone(&detector),
            config,
            store,
            waiting: HashMap::new(),
            is_prepared: false,
            tried: None,
            asked: HashMap::new(),
        };
        Self { detector, notifier, changed: Vec::new(), database }
    }

    /// Looks at the targets until it is dropped.
    pub async fn run(mut self) {
        let mut interval = tokio::time::interval(PASS);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut working: Option<JoinHandle<Database>> = None;
        loop {
            interval.tick().await;
            self.pass();
            if let Some(work) = working.take_if(|work| work.is_finished()) {
                // A panic in it has been printed; what was to be stored is tried again.
                self.database = work.await.unwrap_or(self.database);
            }
            if working.is_none() {
                self.database.take(self.changed.drain(..));
                let mut database = self.database.clone();
                working = Some(tokio::spawn(async move {
                    database.turn().await;
                    database
                }));
            }
        }
    }

    /// Looks at the targets once, and waits for what follows from it.
    pub async fn turn(&mut self) {
        self.pass();
        self.database.take(self.changed.drain(..));
        self.database.turn().await;
    }

    fn pass(&mut self) {
        match self.detector.pass() {
            Ok(changes) => changes.into_iter().for_each(|change| self.note(change)),
            Err(error) => {
                tracing::error!(%error, "incidents cannot be kept on disk: nothing is done about them");
            }
        }
    }

    fn note(&mut self, change: Change) {
        let Change { incident, from } = &change;
        if *from != Some(incident.state) {
            let (number, rule, target) =
                (incident.number, incident.rule.as_str(), incident.target.to_string());
            tracing::info!(number, rule, target, state = incident.state.name(), "attack");
            self.notifier.notify(&change);
        }
        if self.changed.len() < MOST_WAITING {
            self.changed.push(change.incident);
        }
    }
}

impl Database {
    /// Takes incidents that have changed.
    fn take(&mut self, changed: impl Iterator<Item = Incident>) {
        for incident in changed {
            if incident.state == State::Over {
                self.asked.remove(&incident.number);
            }
            if self.waiting.len() < MOST_WAITING {
                self.waiting.insert((incident.number, incident.start), incident);
            }
        }
    }

    async fn turn(&mut self) {
        self.ask_collateral().await;
        self.store().await;
    }

    /// Asks what else the filters of an incident would hit, where that is not known.
    async fn ask_collateral(&mut self) {
        let incidents = self.detector.incidents();
        let unknown = incidents.into_iter().find(|incident| {
            let is_open = incident.state == State::Active && incident.action.is_some();
            let is_due = self.asked.get(&incident.number).is_none_or(|(filter, when)| {
                *filter != incident.signature.filter() || when.elapsed() >= AGAIN
            });
            is_open && incident.collateral.is_none_or(|found| found.hours == 0) && is_due
        });
        let Some(incident) = unknown else { return };
        let filter = incident.signature.filter();
        self.asked.insert(incident.number, (filter.clone(), Instant::now()));
        let collateral = self.store.collateral(&self.config, &incident).await;
        self.detector.set_collateral(incident.number, &filter, collateral);
    }

    /// Stores what waits; what could not be stored is tried again after a while.
    async fn store(&mut self) {
        if self.waiting.is_empty() || self.tried.is_some_and(|tried| tried.elapsed() < AGAIN) {
            return;
        }
        self.tried = Some(Instant::now());
        if !self.is_prepared {
            match self.store.prepare().await {
                Ok(()) => self.is_prepared = true,
                Err(error) => {
                    tracing::warn!(%error, "the table of attacks cannot be made yet");
                    return;
                }
            }
        }
        let incidents: Vec<Incident> = self.waiting.values().cloned().collect();
        match self.store.put(&incidents).await {
            Ok(()) => {
                self.waiting.clear();
                self.tried = None;
            }
            Err(error) => tracing::warn!(%error, "incidents cannot be stored yet"),
        }
    }
}
