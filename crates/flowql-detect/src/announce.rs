//! From what the detector wants done to what routers are sent.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use flowql::Options;
use flowql_bgp::{
    Action as RouterAction, Admission, AnnounceError, AnnounceSection, Announcer, Candidate, Draft, Matcher,
    MitigateError, Mitigations, Mitigator, StoreError, translate,
};
use flowql_config::Config;
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;

use crate::detector::Detector;
use crate::incident::Wanted;
use crate::response::Action;
use crate::section::DetectSection;

/// The folder of what is announced in that of the collector.
const FOLDER: &str = "announce";

/// How often it is looked at what is wanted.
const TURN: Duration = Duration::from_millis(500);

/// How often routers are asked what they were sent, in turns.
const ASK: u32 = 20;

/// Why mitigations cannot be announced at all.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// What was announced before cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What announces does not start.
    #[error(transparent)]
    Announce(#[from] AnnounceError),
}

/// What is announced, as the status has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announced {
    /// The rules that routers are sent.
    pub rules: Vec<AnnouncedRule>,
    /// What is wanted and not sent, with the reasons.
    pub refused: Vec<RefusedRule>,
    /// The routers.
    pub routers: Vec<RouterState>,
    /// Why the last change could not be announced; it is tried again.
    pub error: Option<String>,
}

/// A rule that routers are sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnnouncedRule {
    /// The incident.
    pub incident: u32,
    /// The traffic.
    pub traffic: String,
    /// What happens to it.
    pub action: String,
    /// When it ends, in seconds since 1970.
    pub end: u64,
}

/// What is wanted and not sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedRule {
    /// The incident.
    pub incident: u32,
    /// Why.
    pub reasons: Vec<String>,
}

/// A router that is announced to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouterState {
    /// Its name.
    pub name: String,
    /// Whether it has a session.
    pub is_up: bool,
    /// What it says, or what is wrong.
    pub state: String,
    /// How many rules it was sent.
    pub sent: usize,
    /// How many it should have been sent, and was not.
    pub missing: usize,
}

/// What is announced at the moment, for those who ask.
#[derive(Clone, Debug, Default)]
pub struct AnnouncedNow(Arc<Mutex<Announced>>);

impl AnnouncedNow {
    /// As it is.
    #[must_use]
    pub fn get(&self) -> Announced {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change(&self, change: impl FnOnce(&mut Announced)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Keeps announced what the detector wants.
pub struct Announcing {
    detector: Arc<Detector>,
    config: Arc<Config>,
    mitigator: Mitigator,
    /// What was wanted at the last turn; none before the first.
    wanted: Option<Vec<Wanted>>,
    now: AnnouncedNow,
}

impl Announcing {
    /// Starts what announces, with what it announced before; none where nothing is to. `folder` is that of the collector.
    ///
    /// # Errors
    ///
    /// The state cannot be read, or what announces does not start.
    pub fn start(
        detector: Arc<Detector>,
        config: Arc<Config>,
        folder: &Path,
        runtime: &Handle,
    ) -> Result<Option<Self>, StartError> {
        let section = config.section::<AnnounceSection>();
        let detect = config.section::<DetectSection>();
        let guards = section.guards(detect.protected(), detect.never());
        let mitigations = Mitigations::open(guards, &folder.join(FOLDER), now())?;
        let Some(announcer) = section.start(&mitigations, runtime)? else { return Ok(None) };
        let mitigator = Mitigator::new(mitigations, announcer);
        let now = AnnouncedNow::default();
        Ok(Some(Self { detector, config, mitigator, wanted: None, now }))
    }

    /// What tells what is announced.
    #[must_use]
    pub fn announced(&self) -> AnnouncedNow {
        self.now.clone()
    }

    /// Announces until it is dropped. Routers keep what they were sent for as long as they keep the rules of a lost session.
    pub async fn run(mut self) {
        let mut interval = tokio::time::interval(TURN);
        interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        for turn in 0_u32.. {
            interval.tick().await;
            self.turn().await;
            if turn.is_multiple_of(ASK) {
                self.ask().await;
            }
        }
    }

    /// Looks once at what is wanted.
    pub async fn turn(&mut self) {
        let wanted = self.detector.wanted();
        let (mut untranslatable, mut failed) = (Vec::new(), None);
        let result = if self.wanted.as_ref().is_some_and(|before| are_same(before, &wanted)) {
            self.mitigator.tick(now()).await.map(|_| ())
        } else {
            let mut candidates = Vec::new();
            for wanted in &wanted {
                match self.candidate(wanted) {
                    Ok(candidate) => candidates.push(candidate),
                    Err(reason) => {
                        untranslatable.push(RefusedRule { incident: wanted.number, reasons: vec![reason] });
                    }
                }
            }
            self.mitigator.want(candidates, now()).await.map(|_| ())
        };
        match result {
            Ok(()) => self.wanted = Some(wanted),
            // What is on disk is announced again; what could not be kept is wanted again.
            Err(error) => {
                tracing::warn!(%error, "mitigations cannot be announced");
                if matches!(error, MitigateError::Announce(_)) {
                    self.wanted = Some(wanted);
                }
                failed = Some(error.to_string());
            }
        }
        self.tell(untranslatable, failed);
    }

    /// What the guards are asked about.
    fn candidate(&self, wanted: &Wanted) -> Result<Candidate, String> {
        let draft = Draft {
            incident: wanted.number,
            action: match wanted.action {
                Action::Drop | Action::Blackhole => RouterAction::Drop,
                Action::Rate(bits) => RouterAction::LimitBytes(bytes(bits.0)),
            },
            is_blackhole: wanted.action == Action::Blackhole,
            severity: (wanted.severity * 1000.0) as u64,
            // The share of the target's own traffic, which is at least that of all traffic, which the guards add up.
            share: wanted
                .collateral
                .filter(|found| found.hours > 0)
                .map(|found| (found.share * 1e6).ceil() as u32),
            end: Some(wanted.until.into()),
        };
        if draft.is_blackhole {
            return Ok(draft.candidate(Matcher::Blackhole(wanted.target)));
        }
        let checked = self.config.compiler().check(&wanted.filter, Options::default());
        let Some(filter) = checked.filter.as_ref().filter(|_| checked.is_valid()) else {
            return Err(format!("`{}` is not a filter of this schema", wanted.filter));
        };
        let rule = translate(&self.config.schema, filter).map_err(|error| error.to_string())?;
        Ok(draft.candidate(Matcher::Flowspec(rule)))
    }

    /// Notes what is announced. What had no rule stays refused until something else is wanted.
    fn tell(&self, untranslatable: Vec<RefusedRule>, error: Option<String>) {
        let Admission { approved, refused } = self.mitigator.mitigations().admission();
        let rules = approved.iter().map(|rule| AnnouncedRule {
            incident: rule.incident(),
            traffic: rule.traffic().to_string(),
            action: rule.action().to_string(),
            end: rule.end(),
        });
        let rules: Vec<_> = rules.collect();
        let refused: Vec<_> = refused
            .iter()
            .map(|refused| RefusedRule {
                incident: refused.candidate.incident,
                reasons: refused.reasons.iter().map(ToString::to_string).collect(),
            })
            .collect();
        self.now.change(|now| {
            let is_known = |rule: &RefusedRule| {
                refused.iter().chain(&untranslatable).any(|other| other.incident == rule.incident)
            };
            let numbers = self.wanted.iter().flatten().map(|wanted| wanted.number);
            let wanted = |rule: &RefusedRule| numbers.clone().any(|number| number == rule.incident);
            let sent = |rule: &RefusedRule| rules.iter().any(|other| other.incident == rule.incident);
            let mut all: Vec<_> = now.refused.drain(..).collect();
            all.retain(|rule| !is_known(rule) && wanted(rule) && !sent(rule));
            all.extend(refused);
            all.extend(untranslatable);
            (now.rules, now.refused, now.error) = (rules, all, error);
        });
    }

    /// Asks routers what they were sent.
    async fn ask(&self) {
        let announcer: &Arc<dyn Announcer> = self.mitigator.announcer();
        let rules = self.mitigator.mitigations().rules();
        match announcer.routers().await {
            Ok(reports) => {
                let routers = reports.iter().map(|report| RouterState {
                    name: report.name.clone(),
                    is_up: report.is_up,
                    state: report.state.clone(),
                    sent: report.sent.len(),
                    missing: report.missing(rules).len(),
                });
                let routers = routers.collect();
                self.now.change(|now| now.routers = routers);
            }
            Err(error) => tracing::debug!(%error, "routers do not say what they were sent"),
        }
    }
}

/// Whether the same is to be announced. How bad an attack is may change at each turn, and matters little.
fn are_same(before: &[Wanted], wanted: &[Wanted]) -> bool {
    let without = |wanted: &Wanted| Wanted { severity: 0.0, ..wanted.clone() };
    before.iter().map(without).eq(wanted.iter().map(without))
}

/// The bytes a second of bits a second, as far as a rule can say.
fn bytes(bits: u64) -> u32 {
    u32::try_from(bits / 8).unwrap_or(u32::MAX)
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
