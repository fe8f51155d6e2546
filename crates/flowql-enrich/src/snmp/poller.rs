//! Asks the agents of all exporters, so many at once, and puts what they say into the directory.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use tokio::task::{Id, JoinSet};

use super::access::{Access, Accesses};
use super::client::{Client, Patience};
use super::failure::SnmpFailure;
use super::schedule::{Errand, Periods, Schedule};
use super::section::SnmpSection;
use super::walk::{self, Uptime, Walk};
use crate::exporters::{Directory, Limits, Source};

/// How often it is looked who is to be asked.
const TICK: Duration = Duration::from_millis(250);
/// The longest that an agent may take to say everything.
const LONGEST: Duration = Duration::from_secs(300);

/// How the agent of an exporter is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnmpStatus {
    /// The exporter.
    pub exporter: IpAddr,
    /// The address and port of its agent.
    pub agent: SocketAddr,
    /// The last good answer.
    pub answered: Option<SystemTime>,
    /// How many interfaces it had then.
    pub interfaces: usize,
    /// Why it could not be asked the last time; what it said before is kept.
    pub error: Option<SnmpFailure>,
}

/// How often agents were asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SnmpCounts {
    /// Tables of interfaces that were read.
    pub walks: u64,
    /// Questions whether something has changed that were answered.
    pub checks: u64,
    /// Both of them that failed.
    pub failures: u64,
    /// The most agents that were asked at once.
    pub most_at_once: u64,
}

/// Asks the agents of the exporters of a directory.
#[derive(Debug)]
pub struct SnmpPoller {
    accesses: Accesses,
    periods: Periods,
    patience: Patience,
    concurrency: usize,
    limits: Limits,
    directory: Arc<Directory>,
    agents: Mutex<BTreeMap<IpAddr, Agent>>,
    counts: Counts,
}

#[derive(Debug, Default)]
struct Counts {
    walks: AtomicU64,
    checks: AtomicU64,
    failures: AtomicU64,
    most_at_once: AtomicU64,
}

#[derive(Debug)]
struct Agent {
    access: Access,
    schedule: Schedule,
}

/// What an agent said.
enum Said {
    Everything(Walk),
    Uptime(Uptime),
}

/// What an agent is asked.
struct Asked {
    exporter: IpAddr,
    begun: Instant,
}

type Answer = Result<Said, SnmpFailure>;

impl SnmpPoller {
    /// Of a configuration; nobody is asked before [`run`](Self::run).
    pub fn new(section: &SnmpSection, directory: Arc<Directory>) -> Self {
        let timeout = Duration::from_millis(section.timeout_ms);
        Self {
            accesses: Accesses::new(&section.agent),
            periods: Periods::of(section),
            patience: Patience { timeout, retries: section.retries, repetitions: section.repetitions },
            concurrency: section.concurrency,
            limits: directory.limits(),
            directory,
            agents: Mutex::default(),
            counts: Counts::default(),
        }
    }

    fn agents(&self) -> MutexGuard<'_, BTreeMap<IpAddr, Agent>> {
        self.agents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How each agent is, by exporter.
    pub fn status(&self) -> Vec<SnmpStatus> {
        let status = |(&exporter, agent): (&IpAddr, &Agent)| agent.status(exporter);
        self.agents().iter().map(status).collect()
    }

    /// How the agent of an exporter is; `None` where it is not asked.
    pub fn status_of(&self, exporter: IpAddr) -> Option<SnmpStatus> {
        let exporter = exporter.to_canonical();
        self.agents().get(&exporter).map(|agent| agent.status(exporter))
    }

    /// How often agents were asked.
    pub fn counts(&self) -> SnmpCounts {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        SnmpCounts {
            walks: count(&self.counts.walks),
            checks: count(&self.counts.checks),
            failures: count(&self.counts.failures),
            most_at_once: count(&self.counts.most_at_once),
        }
    }

    /// Asks agents, without an end.
    pub async fn run(&self) {
        let mut tasks = JoinSet::new();
        let mut asked: HashMap<Id, Asked> = HashMap::new();
        loop {
            self.note_wanted();
            self.start(&mut tasks, &mut asked);
            self.counts.most_at_once.fetch_max(tasks.len() as u64, Ordering::Relaxed);
            tokio::select! {
                Some(done) = tasks.join_next_with_id(), if !tasks.is_empty() => {
                    // A panic in it is a fault of this program, and costs the answer of one agent.
                    let (id, answer) = match done {
                        Ok((id, answer)) => (id, answer),
                        Err(error) => (error.id(), Err(SnmpFailure::Internal)),
                    };
                    if let Some(asked) = asked.remove(&id) {
                        self.finish(&asked, answer);
                    }
                }
                () = tokio::time::sleep(TICK) => {}
            }
        }
    }

    /// Takes up the exporters of which more is wanted.
    fn note_wanted(&self) {
        let wanted = self.directory.take_wanted();
        if wanted.is_empty() {
            return;
        }
        let now = Instant::now();
        let mut agents = self.agents();
        for exporter in wanted {
            if let Some(agent) = agents.get_mut(&exporter) {
                agent.schedule.want();
            } else if let Some(access) = self.accesses.of(exporter)
                && agents.len() < self.limits.exporters
            {
                agents.insert(exporter, Agent { access, schedule: Schedule::new(now) });
            }
        }
    }

    /// Asks those that are due, the longest due first.
    fn start(&self, tasks: &mut JoinSet<Answer>, asked: &mut HashMap<Id, Asked>) {
        let room = self.concurrency.saturating_sub(tasks.len());
        if room == 0 {
            return;
        }
        let now = Instant::now();
        let mut agents = self.agents();
        let due = agents.iter().filter_map(|(&exporter, agent)| Some((agent.schedule.due()?, exporter)));
        let mut due: Vec<(Instant, IpAddr)> = due.filter(|(due, _)| *due <= now).collect();
        due.sort_unstable();
        for (_, exporter) in due.into_iter().take(room) {
            let Some(agent) = agents.get_mut(&exporter) else { continue };
            let errand = agent.schedule.start(now, self.periods);
            let client = Client::new(agent.access.clone(), self.patience);
            let task = tasks.spawn(ask(client, errand, self.limits.interfaces));
            asked.insert(task.id(), Asked { exporter, begun: now });
        }
    }

    /// Takes what an agent said.
    fn finish(&self, asked: &Asked, answer: Answer) {
        let count = |counter: &AtomicU64| {
            counter.fetch_add(1, Ordering::Relaxed);
        };
        let answer = answer.map(|said| self.learn(asked.exporter, said));
        let now = Instant::now();
        let mut agents = self.agents();
        let Some(Agent { access, schedule }) = agents.get_mut(&asked.exporter) else { return };
        match answer {
            Ok(Learned::Everything(uptime, interfaces)) => {
                count(&self.counts.walks);
                schedule.interfaces = interfaces;
                if schedule.error.is_some() {
                    tracing::info!(exporter = %asked.exporter, agent = %access.agent, "SNMP answers again");
                }
                schedule.walked(asked.begun, now, uptime, self.periods);
            }
            Ok(Learned::Uptime(uptime)) => {
                count(&self.counts.checks);
                schedule.checked(now, uptime, self.periods);
            }
            Err(error) => {
                count(&self.counts.failures);
                if schedule.error.as_ref() != Some(&error) {
                    tracing::warn!(exporter = %asked.exporter, agent = %access.agent, %error, "SNMP");
                }
                schedule.failed(now, error);
            }
        }
    }

    /// Puts what an agent said into the directory.
    fn learn(&self, exporter: IpAddr, said: Said) -> Learned {
        match said {
            Said::Uptime(uptime) => Learned::Uptime(uptime),
            Said::Everything(Walk { uptime, exporter: facts, interfaces }) => {
                let count = interfaces.len();
                // What there is no room for keeps its placeholder.
                self.directory.learn_all(Source::Snmp, exporter, facts, interfaces);
                Learned::Everything(uptime, count)
            }
        }
    }
}

/// What was learned, without the names.
enum Learned {
    /// With the number of interfaces.
    Everything(Uptime, usize),
    Uptime(Uptime),
}

impl Agent {
    fn status(&self, exporter: IpAddr) -> SnmpStatus {
        SnmpStatus {
            exporter,
            agent: self.access.agent,
            answered: self.schedule.answered,
            interfaces: self.schedule.interfaces,
            error: self.schedule.error.clone(),
        }
    }
}

async fn ask(mut client: Client, errand: Errand, most: usize) -> Answer {
    let asking = async {
        match errand {
            Errand::Walk => walk::walk(&mut client, most).await.map(Said::Everything),
            Errand::Check => walk::uptime(&mut client).await.map(Said::Uptime),
        }
    };
    let answer = tokio::time::timeout(LONGEST, asking).await;
    answer.unwrap_or_else(|_| Err(SnmpFailure::TooSlow(LONGEST.as_secs())))
}
