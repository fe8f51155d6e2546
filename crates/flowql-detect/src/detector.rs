//! The engine and the incidents together, with what is kept on disk.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use flowql::ConfigError;
use flowql_config::Config;
use flowql_eval::columns::Flows;
use serde::{Deserialize, Serialize};

use crate::announce::Announced;
use crate::engine::Engine;
use crate::incident::{Change, Collateral, Incident, Incidents, Nameable, Refusal, Saved, Wanted};
use crate::rule::{LeftOut, Rules};
use crate::section::{DetectSection, Mode};

/// The folder of the detector in that of the collector.
const FOLDER: &str = "detect";

/// The incidents that are not over.
const STATE: &str = "incidents.json";

/// While this file is there, nothing is done about attacks.
const OFF: &str = "off";

/// How long a rule may select nothing before the status says so, in seconds.
const SILENT: u32 = 86_400;

/// Finds attacks in flows, and remembers them.
#[derive(Debug)]
pub struct Detector {
    inner: Mutex<Inner>,
    folder: PathBuf,
    mode: Mode,
    columns: Vec<String>,
    left_out: Vec<LeftOut>,
}

#[derive(Debug)]
struct Inner {
    engine: Engine,
    incidents: Incidents,
    /// When the last batch came, later by what the clock was put forward since.
    batch: Instant,
    /// The flows that rules had selected, and when that began.
    selected: Vec<(u64, u32)>,
}

/// Why a detector does not start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Rules are wrong with the schema.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Rules(Vec<ConfigError>),
    /// What was kept cannot be read or written.
    #[error("{}: {source}", path.display())]
    State {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
}

/// What there is to know of a detector.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Whether something is done about attacks: `dry-run`, `manual` or `automatic`.
    pub mode: String,
    /// Whether it is switched off.
    pub is_off: bool,
    /// The time of the last flow, in seconds since 1970; 0 where none came.
    pub clock: u32,
    /// The flows that were looked at.
    pub flows: u64,
    /// Of these, the ones that came when their window was long over.
    pub late: u64,
    /// Of these, the ones that were sent a second time, as they left.
    pub doubled: u64,
    /// The targets that are watched.
    pub targets: usize,
    /// The targets that left before they were quiet, since there were too many.
    pub evicted: u64,
    /// The bytes that the targets take, about.
    pub memory: usize,
    /// The rules.
    pub rules: Vec<RuleStatus>,
    /// The rules of the program that are left out.
    pub left_out: Vec<LeftOut>,
    /// The targets that are near a threshold.
    pub suspected: Vec<Suspected>,
    /// The incidents that are not over.
    pub incidents: Vec<Incident>,
    /// What should be changed.
    pub warnings: Vec<String>,
    /// What routers are sent; none where nothing announces.
    #[serde(default)]
    pub announced: Option<Announced>,
}

/// A rule, and what it did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleStatus {
    /// Its name.
    pub name: String,
    /// What it finds.
    pub about: String,
    /// Its filter.
    pub when: String,
    /// The flows that it selected.
    pub selected: u64,
}

/// A target near a threshold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Suspected {
    /// The rule.
    pub rule: String,
    /// The target.
    pub target: String,
    /// The bits a second.
    pub bits: f64,
    /// The packets a second.
    pub packets: f64,
    /// How much of the thresholds is reached.
    pub severity: f64,
}

impl Detector {
    /// The detector of a configuration, with the incidents that were not over when it ended, of a folder in that of the
    /// collector.
    ///
    /// # Errors
    ///
    /// Rules that are wrong, or a state that cannot be read.
    pub fn open(config: &Config, folder: &Path) -> Result<Self, OpenError> {
        let section = config.section::<DetectSection>();
        let rules = Arc::new(Rules::new(config).map_err(OpenError::Rules)?);
        let folder = folder.join(FOLDER);
        let failed = |source| OpenError::State { path: folder.clone(), source };
        std::fs::create_dir_all(&folder).map_err(failed)?;
        let saved = read(&folder.join(STATE))?;
        let engine = Engine::new(&config.schema, &section, Arc::clone(&rules));
        let columns = engine.columns(&config.schema);
        let mut incidents = Incidents::new(Arc::clone(&rules), &section, Nameable::of(&config.schema), saved);
        incidents.switch(folder.join(OFF).exists());
        let selected = vec![(0, 0); rules.rules.len()];
        let inner = Inner { engine, incidents, batch: Instant::now(), selected };
        Ok(Self {
            inner: Mutex::new(inner),
            mode: section.mode,
            columns,
            left_out: rules.left_out.clone(),
            folder,
        })
    }

    /// The columns that it asks flows for.
    #[must_use]
    pub fn columns(&self) -> Vec<String> {
        self.columns.clone()
    }

    /// Takes a batch of flows.
    pub fn take(&self, flows: &dyn Flows) {
        let mut inner = self.lock();
        inner.engine.add(flows);
        inner.batch = Instant::now();
    }

    /// Looks at the targets. What has changed is on disk before it is given.
    ///
    /// # Errors
    ///
    /// It cannot be kept: nothing is to be announced then.
    pub fn pass(&self) -> io::Result<Vec<Change>> {
        let mut inner = self.lock();
        let inner = &mut *inner;
        inner.incidents.switch(self.folder.join(OFF).exists());
        let clock = inner.engine.clock();
        if clock == 0 {
            return Ok(Vec::new());
        }
        // The time of flows; where none come, time passes all the same.
        let passed = u32::try_from(inner.batch.elapsed().as_secs().saturating_sub(1)).unwrap_or(u32::MAX);
        let time = clock.saturating_add(passed);
        inner.batch += Duration::from_secs(passed.into());
        let observations = inner.engine.pass(time);
        let changes = inner.incidents.step(time, &inner.engine, observations);
        inner.note_selected(time);
        if !changes.is_empty() {
            self.keep(&inner.incidents)?;
        }
        Ok(changes)
    }

    /// What routers should do now.
    #[must_use]
    pub fn wanted(&self) -> Vec<Wanted> {
        self.lock().incidents.wanted()
    }

    /// A person approves what is planned for an incident.
    ///
    /// # Errors
    ///
    /// There is nothing to approve, or it cannot be kept.
    pub fn approve(&self, number: u32, by: &str) -> Result<Change, Refusal> {
        self.decide(|incidents, time| incidents.approve(number, by, time))
    }

    /// A person takes back what is done about an incident.
    ///
    /// # Errors
    ///
    /// Nothing is done about it, or it cannot be kept.
    pub fn withdraw(&self, number: u32, by: &str) -> Result<Change, Refusal> {
        self.decide(|incidents, time| incidents.withdraw(number, by, time))
    }

    /// A person lets what is done about an incident last longer.
    ///
    /// # Errors
    ///
    /// Nothing is done about it, or it cannot be kept.
    pub fn extend(&self, number: u32, seconds: u32, by: &str) -> Result<Change, Refusal> {
        self.decide(|incidents, time| incidents.extend(number, seconds, by, time))
    }

    /// Takes back all that is done and does nothing any more, or ends that. It holds over a restart.
    ///
    /// # Errors
    ///
    /// It cannot be kept; it holds until the end of the process all the same.
    pub fn switch(&self, is_off: bool) -> io::Result<()> {
        self.lock().incidents.switch(is_off);
        let file = self.folder.join(OFF);
        match is_off {
            true => std::fs::write(file, "While this file is there, nothing is done about attacks.\n"),
            false => match std::fs::remove_file(file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            },
        }
    }

    /// Notes what share of the usual traffic a filter of an incident would hit.
    pub fn set_collateral(&self, number: u32, filter: &str, collateral: Collateral) {
        self.lock().incidents.set_collateral(number, filter, collateral);
    }

    /// The incidents that are not over.
    #[must_use]
    pub fn incidents(&self) -> Vec<Incident> {
        self.lock().incidents.open().cloned().collect()
    }

    /// What there is to know of it.
    #[must_use]
    pub fn status(&self) -> Status {
        let inner = self.lock();
        let (engine, incidents) = (&inner.engine, &inner.incidents);
        let counts = engine.counts();
        let rules = &engine.rules().rules;
        let suspected = incidents.suspected().iter().filter_map(|observation| {
            Some(Suspected {
                rule: rules.get(observation.rule)?.name.clone(),
                target: observation.target.to_string(),
                bits: observation.rates.bits,
                packets: observation.rates.packets,
                severity: observation.severity,
            })
        });
        Status {
            mode: self.mode.name().to_owned(),
            is_off: incidents.is_off(),
            clock: engine.clock(),
            flows: counts.flows,
            late: counts.late,
            doubled: counts.doubled,
            targets: engine.targets(),
            evicted: counts.evicted,
            memory: engine.memory(),
            rules: rules
                .iter()
                .zip(&counts.selected)
                .map(|(rule, &selected)| RuleStatus {
                    name: rule.name.clone(),
                    about: rule.about.clone(),
                    when: rule.when.clone(),
                    selected,
                })
                .collect(),
            left_out: self.left_out.clone(),
            suspected: suspected.collect(),
            incidents: incidents.open().cloned().collect(),
            warnings: inner.warnings(),
            announced: None,
        }
    }

    fn decide(
        &self,
        decide: impl FnOnce(&mut Incidents, u32) -> Result<Change, Refusal>,
    ) -> Result<Change, Refusal> {
        let mut inner = self.lock();
        let time = inner.engine.clock().max(inner.now());
        let change = decide(&mut inner.incidents, time)?;
        let kept = self.keep(&inner.incidents);
        kept.map_err(|error| Refusal::Impossible(format!("it cannot be kept on disk: {error}")))?;
        Ok(change)
    }

    /// Keeps the incidents on disk: as a whole, so that there is always one that can be read.
    fn keep(&self, incidents: &Incidents) -> io::Result<()> {
        let (file, new) = (self.folder.join(STATE), self.folder.join("incidents.new"));
        let text = serde_json::to_vec(incidents.saved())?;
        std::fs::write(&new, text)?;
        std::fs::File::open(&new)?.sync_all()?;
        std::fs::rename(&new, &file)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// The time, of a process that has seen no flow yet.
    fn now(&self) -> u32 {
        if self.engine.clock() > 0 {
            return self.engine.clock();
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        u32::try_from(now).unwrap_or(u32::MAX)
    }

    /// Notes which rules select something.
    fn note_selected(&mut self, time: u32) {
        for ((before, since), &now) in self.selected.iter_mut().zip(&self.engine.counts().selected) {
            if now != *before || *since == 0 {
                (*before, *since) = (now, time);
            }
        }
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let clock = self.engine.clock();
        for (rule, (_, since)) in self.engine.rules().rules.iter().zip(&self.selected) {
            if *since > 0 && clock.saturating_sub(*since) >= SILENT {
                warnings.push(format!("the filter of the rule {} has selected nothing for a day", rule.name));
            }
        }
        for exporter in self.engine.doubling_exporters() {
            warnings.push(format!(
                "{exporter} sends flows as they come in and as they leave: what leaves is not counted here; for history, \
                 set `count` in [detect] to FlowDirection = ingress"
            ));
        }
        warnings
    }
}

/// What was kept; nothing where there is no file.
fn read(path: &Path) -> Result<Saved, OpenError> {
    let failed = |source| OpenError::State { path: path.to_path_buf(), source };
    match std::fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| failed(error.into())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Saved::default()),
        Err(error) => Err(failed(error)),
    }
}
