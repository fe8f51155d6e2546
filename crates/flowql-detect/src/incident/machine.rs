//! From observations to incidents, and what is to be done about them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    Approval, Collateral, Entry, Evidence, Incident, Nameable, Peak, Planned, Signature, State, Wanted,
};
use crate::amount::Amount;
use crate::engine::{Engine, Observation, Rates};
use crate::response::{Action, Mitigation};
use crate::rule::{Rule, Rules};
use crate::section::{DetectSection, Mode, prefixes};
use crate::target::{Ranges, Target, bits};

/// The most incidents at once; more than any network has, so that a flood of them is bounded.
const MOST_OPEN: usize = 2_000;

/// An attack that comes back within so many seconds is held longer.
const RETURN_SECONDS: u32 = 3_600;

/// How many times the first hold the following ones last: 5, 15 and 60 minutes.
const HOLD_FACTORS: [u32; 3] = [1, 3, 12];

/// A part of an attack that has this share of it says what the whole is.
const SAME: f64 = 0.8;

/// While it is probed, at least so many bits a second are let through.
const LEAST_PROBE: u64 = 1_000_000;

/// An action on so few flows would be a guess.
const LEAST_FLOWS: usize = 20;

/// The rules of what becomes of incidents, and those that are not over.
#[derive(Debug)]
pub struct Incidents {
    rules: Arc<Rules>,
    mode: Mode,
    samples: u64,
    collateral: f64,
    protected: Ranges,
    never: Ranges,
    nameable: Nameable,
    is_off: bool,
    saved: Saved,
    suspected: Vec<Observation>,
}

/// What is kept on disk.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Saved {
    /// The number of the last incident.
    pub last: u32,
    /// The incidents that are not over, by their numbers.
    pub open: BTreeMap<u32, Incident>,
    /// Those that were over within an hour.
    pub recent: Vec<Ended>,
}

/// An incident that is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ended {
    /// Its rule.
    pub rule: String,
    /// Its target.
    pub target: Target,
    /// When it was over.
    pub end: u32,
    /// How often it had come back.
    pub returns: u32,
}

/// A change of an incident.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The incident as it is now.
    pub incident: Incident,
    /// The state that it was in; `None` for a new one.
    pub from: Option<State>,
}

/// Why something is not done that a person asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is none of that number.
    #[error("there is no incident {0} that is not over")]
    Unknown(u32),
    /// Nothing can be done about it.
    #[error("{0}")]
    Impossible(String),
}

impl Incidents {
    /// With the settings, and what was kept.
    #[must_use]
    pub fn new(rules: Arc<Rules>, section: &DetectSection, nameable: Nameable, saved: Saved) -> Self {
        Self {
            mode: section.mode,
            samples: section.samples,
            collateral: section.collateral.ratio(),
            protected: Ranges::new(&prefixes(&section.protected)),
            never: Ranges::new(&prefixes(&section.never)),
            rules,
            nameable,
            is_off: false,
            saved,
            suspected: Vec::new(),
        }
    }

    /// Takes what was observed at a time. Gives the incidents that have changed in more than their rates.
    pub fn step(&mut self, time: u32, engine: &Engine, mut observations: Vec<Observation>) -> Vec<Change> {
        // What is narrower comes first: what is wider may be the same attack.
        observations.sort_by(|a, b| {
            breadth(&a.target).cmp(&breadth(&b.target)).then_with(|| a.rates.bits.total_cmp(&b.rates.bits))
        });
        let mut changes = Vec::new();
        let mut seen = HashMap::new();
        self.suspected.clear();
        for observation in &observations {
            let Some(rule) = self.rules.rules.get(observation.rule).cloned() else { continue };
            let key = (rule.name.clone(), observation.target.clone());
            let number = self.find(&key.0, &key.1);
            seen.insert(key, observation);
            match number {
                Some(number) => self.watch(number, time, engine, observation, &rule),
                None => changes.extend(self.consider(time, engine, observation, &rule, &seen)),
            }
        }
        let numbers: Vec<u32> = self.saved.open.keys().copied().collect();
        for number in numbers {
            let Some(incident) = self.saved.open.get(&number) else { continue };
            let rates = seen.get(&(incident.rule.clone(), incident.target.clone()));
            let rates = rates.map(|observation| (observation.rates, observation.severity));
            changes.extend(self.proceed(number, time, rates.unwrap_or_default()));
        }
        self.saved.recent.retain(|ended| time.saturating_sub(ended.end) < RETURN_SECONDS);
        changes
    }

    /// What becomes of a target without an incident.
    fn consider(
        &mut self,
        time: u32,
        engine: &Engine,
        observation: &Observation,
        rule: &Rule,
        seen: &HashMap<(String, Target), &Observation>,
    ) -> Option<Change> {
        if observation.rates.samples < self.samples || observation.severity < rule.clear_below {
            return None;
        }
        let is_small = observation.severity < 1.0 || self.saved.open.len() >= MOST_OPEN;
        if is_small || self.is_part_of_another(engine, observation, seen) {
            self.suspected.push(observation.clone());
            return None;
        }
        self.saved.last = self.saved.last.wrapping_add(1).max(1);
        let ended = self.saved.recent.iter().filter(|ended| {
            ended.rule == rule.name
                && ended.target == observation.target
                && time.saturating_sub(ended.end) < RETURN_SECONDS
        });
        let returns = ended.map(|ended| ended.returns + 1).max().unwrap_or(0);
        let mut incident = Incident {
            number: self.saved.last,
            rule: rule.name.clone(),
            target: observation.target.clone(),
            state: State::Active,
            start: time,
            end: 0,
            last: time,
            unclear: time,
            peak: Peak::default(),
            evidence: Evidence::default(),
            signature: Signature::default(),
            collateral: None,
            action: None,
            returns,
            log: Vec::new(),
        };
        incident.note(
            time,
            "",
            format!("reached {:.1} times a threshold of {}", observation.severity, rule.name),
        );
        incident.peak.raise(&observation.rates, observation.severity);
        self.examine(&mut incident, engine, observation);
        let change = Change { incident: incident.clone(), from: None };
        self.saved.open.insert(incident.number, incident);
        Some(change)
    }

    /// Whether most of it is the traffic of incidents that are narrower.
    fn is_part_of_another(
        &self,
        engine: &Engine,
        observation: &Observation,
        seen: &HashMap<(String, Target), &Observation>,
    ) -> bool {
        let (mut bits, mut packets) = (0.0, 0.0);
        let mut inner: Vec<&Target> = Vec::new();
        for incident in self.saved.open.values() {
            if inner.contains(&&incident.target) || !self.is_within(engine, &incident.target, observation) {
                continue;
            }
            let Some(seen) = seen.get(&(incident.rule.clone(), incident.target.clone())) else { continue };
            inner.push(&incident.target);
            bits += seen.rates.bits;
            packets += seen.rates.packets;
        }
        !inner.is_empty()
            && bits >= SAME * observation.rates.bits
            && packets >= SAME * observation.rates.packets
    }

    /// Whether a target lies within what was observed; for a group, by the sample of its flows.
    fn is_within(&self, engine: &Engine, target: &Target, observation: &Observation) -> bool {
        match (target, &observation.target) {
            (Target::Net(inner), Target::Net(outer)) => outer.contains(inner),
            (Target::Net(inner), Target::Group { .. }) => {
                let sample = engine.sample(observation);
                sample.iter().any(|flow| inner.contains(&crate::target::address(flow.destination)))
            }
            (inner, outer) => inner == outer,
        }
    }

    /// Takes what was observed of an incident.
    fn watch(&mut self, number: u32, time: u32, engine: &Engine, observation: &Observation, rule: &Rule) {
        let Some(mut incident) = self.saved.open.remove(&number) else { return };
        incident.peak.raise(&observation.rates, observation.severity);
        if observation.severity >= 1.0 {
            incident.last = time;
        }
        if observation.severity >= rule.clear_below {
            incident.unclear = time;
        }
        // What routers were asked for stays as it is: what is left of the traffic says little of it.
        if incident.state == State::Active && observation.severity >= 1.0 {
            self.examine(&mut incident, engine, observation);
        }
        self.saved.open.insert(number, incident);
    }

    /// Looks at the flows of an attack.
    fn examine(&self, incident: &mut Incident, engine: &Engine, observation: &Observation) {
        let sample = engine.sample(observation);
        if sample.len() < incident.evidence.flows {
            return;
        }
        incident.evidence = Evidence::of(sample, &engine.largest_sources(observation));
        let signature = Signature::of(&incident.target, sample, self.nameable);
        if signature.conditions != incident.signature.conditions
            || signature.prefixes != incident.signature.prefixes
        {
            // It is of another filter.
            incident.collateral = None;
        }
        incident.signature = signature;
    }

    /// Decides what becomes of an incident at a time.
    fn proceed(&mut self, number: u32, time: u32, (rates, severity): (Rates, f64)) -> Option<Change> {
        let mut incident = self.saved.open.remove(&number)?;
        let from = incident.state;
        let entries = incident.log.len();
        let rule = self.rules.rules.iter().find(|rule| rule.name == incident.rule).cloned();
        match incident.state {
            State::Suspected | State::Active => {
                self.decide(&mut incident, time, rule.as_ref());
                let clear = rule.as_ref().map_or(60, |rule| rule.clear_seconds);
                if incident.state == State::Active
                    && u64::from(time.saturating_sub(incident.unclear)) >= clear
                {
                    incident.finish(time, "it is over");
                }
            }
            State::Mitigated => self.probe(&mut incident, time, rule.as_ref()),
            State::Probing => self.judge(&mut incident, time, rule.as_ref(), rates, severity),
            State::Over => {}
        }
        let is_changed = incident.state != from || incident.log.len() != entries;
        let change = is_changed.then(|| Change { incident: incident.clone(), from: Some(from) });
        if incident.state == State::Over {
            self.saved.recent.push(Ended {
                rule: incident.rule,
                target: incident.target,
                end: time,
                returns: incident.returns,
            });
        } else {
            self.saved.open.insert(number, incident);
        }
        change
    }

    /// Plans what the rule says, and does it where that is allowed.
    fn decide(&self, incident: &mut Incident, time: u32, rule: Option<&Rule>) {
        let Some(rule) = rule.filter(|_| incident.evidence.flows >= LEAST_FLOWS) else { return };
        if incident.action.is_none() {
            let Some(mitigation) = mitigation(rule, incident) else { return };
            let hold = u32::try_from(mitigation.hold.0).unwrap_or(u32::MAX);
            let factor =
                HOLD_FACTORS.get(incident.returns as usize).or(HOLD_FACTORS.last()).copied().unwrap_or(1);
            let mut planned = Planned {
                action: mitigation.action,
                approval: Approval::Awaited,
                until: 0,
                hold: hold.saturating_mul(factor),
            };
            if let Err(reason) = self.may_act(incident, planned.action) {
                // Said once: what the settings rule out stays so.
                planned.approval = Approval::Withdrawn;
                incident.note(time, "", format!("not acted upon: {reason}"));
            } else if self.mode == Mode::DryRun {
                planned.approval = Approval::DryRun;
                incident.note(
                    time,
                    "",
                    format!("would {}: {}", planned.action.verb(), incident.signature.filter()),
                );
            } else if mitigation.approve || self.mode == Mode::Manual {
                incident.note(time, "", format!("awaits approval to {}", planned.action.verb()));
            }
            incident.action = Some(planned);
        }
        let by_itself = self.mode == Mode::Automatic && !mitigation(rule, incident).is_none_or(|m| m.approve);
        let is_harmless =
            incident.collateral.is_some_and(|found| found.hours > 0 && found.share <= self.collateral);
        let is_awaited = incident.action.is_some_and(|planned| planned.approval == Approval::Awaited);
        if !(by_itself && is_awaited) || self.is_off {
            return;
        }
        if is_harmless {
            incident.act(time, "", Approval::Automatic);
        } else if let Some(found) = incident.collateral {
            let what = format!("awaits approval: {found}");
            if incident.log.last().is_none_or(|entry| entry.what != what) {
                incident.note(time, "", what);
            }
        }
    }

    /// Whether routers may be asked to act for an incident, by the rules or by a person.
    fn may_act(&self, incident: &Incident, action: Action) -> Result<(), String> {
        for prefix in &incident.signature.prefixes {
            let (first, last) = (bits(prefix.network()), bits(prefix.broadcast()));
            if !self.protected.covers(first, last) {
                return Err(format!("{prefix} is not in `protected`"));
            }
            if self.never.touches(first, last) {
                return Err(format!("{prefix} is in `never`"));
            }
            let is_host = prefix.prefix_len() == prefix.max_prefix_len();
            if action == Action::Blackhole && !is_host {
                return Err(format!("a blackhole of {prefix} would stop more than one address"));
            }
        }
        if incident.signature.prefixes.is_empty() {
            return Err("no prefix is under fire".to_owned());
        }
        Ok(())
    }

    /// Before the hold ends, less strict: what is dropped may have vanished from the flows.
    fn probe(&self, incident: &mut Incident, time: u32, rule: Option<&Rule>) {
        let window = rule.map_or(10, |rule| u32::try_from(rule.window).unwrap_or(10));
        let until = incident.action.map_or(0, |planned| planned.until);
        if time.saturating_add(window) >= until {
            incident.state = State::Probing;
            incident.note(time, "", "probing whether it is over".to_owned());
        }
    }

    /// At the end of the hold: it is over, or held longer.
    fn judge(&self, incident: &mut Incident, time: u32, rule: Option<&Rule>, rates: Rates, severity: f64) {
        let Some(mut planned) = incident.action else { return };
        if time < planned.until {
            return;
        }
        let probe = self.probe_rate(rule).0 as f64;
        let clear_below = rule.map_or(0.5, |rule| rule.clear_below);
        // What is let through is full, or more than that is seen where it comes in.
        if rates.bits < SAME * probe && severity < clear_below {
            incident.finish(time, "it is over");
            return;
        }
        incident.returns += 1;
        let factor =
            HOLD_FACTORS.get(incident.returns as usize).or(HOLD_FACTORS.last()).copied().unwrap_or(1);
        let before =
            HOLD_FACTORS.get(incident.returns as usize - 1).or(HOLD_FACTORS.last()).copied().unwrap_or(1);
        planned.hold = (planned.hold / before.max(1)).saturating_mul(factor);
        planned.until = time.saturating_add(planned.hold);
        incident.action = Some(planned);
        incident.state = State::Mitigated;
        incident.note(time, "", format!("still there: held for {} s more", planned.hold));
    }

    /// The bits a second that are let through while it is probed: less than what makes an attack.
    fn probe_rate(&self, rule: Option<&Rule>) -> Amount {
        let limits =
            rule.map(|rule| rule.above.iter().filter_map(|threshold| threshold.bits)).into_iter().flatten();
        let least = limits.reduce(f64::min).unwrap_or(0.0) / 2.0;
        Amount((least as u64).max(LEAST_PROBE))
    }

    /// What routers should do now, the worst incidents first.
    #[must_use]
    pub fn wanted(&self) -> Vec<Wanted> {
        if self.is_off {
            return Vec::new();
        }
        let mut wanted: Vec<Wanted> =
            self.saved.open.values().flat_map(|incident| self.wanted_of(incident)).collect();
        wanted.sort_by(|a, b| b.severity.total_cmp(&a.severity).then_with(|| a.number.cmp(&b.number)));
        wanted
    }

    fn wanted_of(&self, incident: &Incident) -> Vec<Wanted> {
        let is_acting = matches!(incident.state, State::Mitigated | State::Probing);
        let Some(planned) = incident.action.filter(|planned| is_acting && planned.approval.is_given()) else {
            return Vec::new();
        };
        let rule = self.rules.rules.iter().find(|rule| rule.name == incident.rule);
        let action = match (incident.state, planned.action) {
            (State::Probing, Action::Drop | Action::Blackhole) => Action::Rate(self.probe_rate(rule)),
            (_, action) => action,
        };
        let of_prefix = |prefix: &ipnet::IpNet| {
            let filters = match action {
                // All traffic, whatever it is.
                Action::Blackhole => {
                    Signature { conditions: vec![String::new()], ..Signature::default() }.filters(prefix)
                }
                _ => incident.signature.filters(prefix),
            };
            let wanted = filters.into_iter().map(|filter| Wanted {
                number: incident.number,
                target: *prefix,
                filter,
                action,
                severity: incident.peak.severity,
                collateral: incident.collateral,
                until: planned.until,
            });
            wanted.collect::<Vec<_>>()
        };
        incident.signature.prefixes.iter().flat_map(of_prefix).collect()
    }

    /// A person approves what is planned.
    ///
    /// # Errors
    ///
    /// There is no such incident, or nothing that may be done about it.
    pub fn approve(&mut self, number: u32, by: &str, time: u32) -> Result<Change, Refusal> {
        let action = self.get(number)?.action.map(|planned| planned.action);
        let Some(action) = action else {
            return Err(Refusal::Impossible("the rule says nothing that could be approved".to_owned()));
        };
        self.may_act(self.get(number)?, action).map_err(Refusal::Impossible)?;
        self.change(number, |incident| incident.act(time, by, Approval::Person))
    }

    /// A person takes back what is done.
    ///
    /// # Errors
    ///
    /// There is no such incident, or nothing is done about it.
    pub fn withdraw(&mut self, number: u32, by: &str, time: u32) -> Result<Change, Refusal> {
        if self.get(number)?.action.is_none() {
            return Err(Refusal::Impossible("nothing is done about it".to_owned()));
        }
        self.change(number, |incident| {
            if let Some(planned) = &mut incident.action {
                planned.approval = Approval::Withdrawn;
            }
            incident.state = State::Active;
            incident.unclear = time;
            incident.note(time, by, "withdrawn".to_owned());
        })
    }

    /// A person lets the action last longer.
    ///
    /// # Errors
    ///
    /// There is no such incident, or nothing is done about it.
    pub fn extend(&mut self, number: u32, seconds: u32, by: &str, time: u32) -> Result<Change, Refusal> {
        if !matches!(self.get(number)?.state, State::Mitigated | State::Probing) {
            return Err(Refusal::Impossible("nothing is done about it".to_owned()));
        }
        self.change(number, |incident| {
            if let Some(planned) = &mut incident.action {
                planned.until = planned.until.max(time).saturating_add(seconds);
            }
            incident.state = State::Mitigated;
            incident.note(time, by, format!("extended by {seconds} s"));
        })
    }

    /// Takes everything back, and acts no more until it is switched on again.
    pub fn switch(&mut self, is_off: bool) {
        self.is_off = is_off;
    }

    /// Whether it is switched off.
    #[must_use]
    pub const fn is_off(&self) -> bool {
        self.is_off
    }

    /// Notes the share of the usual traffic of the target that the signature would hit.
    pub fn set_collateral(&mut self, number: u32, filter: &str, collateral: Collateral) {
        if let Some(incident) = self.saved.open.get_mut(&number)
            && incident.signature.filter() == filter
        {
            incident.collateral = Some(collateral);
        }
    }

    /// The incidents that are not over.
    pub fn open(&self) -> impl Iterator<Item = &Incident> {
        self.saved.open.values()
    }

    /// The targets that are above what their rule calls clear, without an incident of their own.
    #[must_use]
    pub fn suspected(&self) -> &[Observation] {
        &self.suspected
    }

    /// What is to be kept on disk.
    #[must_use]
    pub const fn saved(&self) -> &Saved {
        &self.saved
    }

    fn find(&self, rule: &str, target: &Target) -> Option<u32> {
        let found =
            self.saved.open.values().find(|incident| incident.rule == rule && incident.target == *target);
        found.map(|incident| incident.number)
    }

    fn get(&self, number: u32) -> Result<&Incident, Refusal> {
        self.saved.open.get(&number).ok_or(Refusal::Unknown(number))
    }

    fn change(&mut self, number: u32, change: impl FnOnce(&mut Incident)) -> Result<Change, Refusal> {
        let incident = self.saved.open.get_mut(&number).ok_or(Refusal::Unknown(number))?;
        let from = Some(incident.state);
        change(incident);
        Ok(Change { incident: incident.clone(), from })
    }
}

impl Incident {
    fn note(&mut self, time: u32, by: &str, what: String) {
        self.log.push(Entry { time, by: by.to_owned(), what });
    }

    fn act(&mut self, time: u32, by: &str, approval: Approval) {
        let Some(planned) = &mut self.action else { return };
        planned.approval = approval;
        planned.until = time.saturating_add(planned.hold);
        let what = format!("{} for {} s: {}", planned.action.verb(), planned.hold, self.signature.filter());
        self.state = State::Mitigated;
        self.note(time, by, what);
    }

    fn finish(&mut self, time: u32, what: &str) {
        self.state = State::Over;
        self.end = time;
        self.note(time, "", what.to_owned());
    }
}

/// What a rule does about an incident: the last that its size allows, of those that need no approval where there are any.
fn mitigation<'r>(rule: &'r Rule, incident: &Incident) -> Option<&'r Mitigation> {
    let is_large =
        |mitigation: &&Mitigation| mitigation.above.holds(incident.peak.bits, incident.peak.packets);
    let fitting = || rule.mitigations.iter().filter(is_large);
    let by_itself = fitting().rfind(|mitigation| !mitigation.approve);
    by_itself.or_else(|| fitting().next_back())
}

/// How wide a target is: groups are the widest.
fn breadth(target: &Target) -> u8 {
    target.net().map_or(u8::MAX, |net| net.max_prefix_len() - net.prefix_len())
}
