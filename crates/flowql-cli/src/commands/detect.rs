//! `flowql detect`: attacks, found beside the collector.

mod announce;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use flowql_collect::Tap;
use flowql_collect::service::Options;
use flowql_config::Config;
use flowql_connect::Service;
use flowql_detect::incident::{Counted, Incident};
use flowql_detect::{
    Announced, AnnouncedRule, Announcing, Decision, DetectSection, Detection, Detector, LeftOut, RuleStatus,
    Rules, Status as Found, Store,
};
use flowql_eval::columns::Flows;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::task::JoinHandle;

use super::database::Database;
use super::exporters::{DEADLINE, collector, unasked};
use super::{load, runtime};
use crate::args::{AskedDetector, Detect, DetectAction, Global, Replay};
use crate::colours::harmless;
use crate::console::{self, Output};
use crate::failure::{Failure, Status};
use crate::{table, time_range};

/// How long a query over history may take.
const REPLAY: Duration = Duration::from_secs(600);

/// A detector that runs beside a collector, until this is dropped.
#[derive(Debug)]
pub(super) struct Detecting(Vec<JoinHandle<()>>);

/// The detector as the collector gives it flows.
#[derive(Debug)]
struct Joined(Arc<Detector>);

impl Tap for Joined {
    fn columns(&self) -> Vec<String> {
        self.0.columns()
    }

    fn flows(&self, _: u16, flows: &dyn Flows) {
        self.0.take(flows);
    }
}

impl Detecting {
    /// Joins a detector to what a collector is made of, where the configuration says so. It is called on the runtime.
    pub(super) fn join(options: &mut Options) -> Result<Self, Failure> {
        if !options.config.section::<DetectSection>().enabled {
            return Ok(Self(Vec::new()));
        }
        let detector = Detector::open(&options.config, &options.folder);
        let detector = Arc::new(detector.map_err(|error| {
            Failure::new(
                error.to_string(),
                "look at [detect] in the configuration, and at `flowql detect rules`",
            )
        })?);
        let store = Store::new(options.client.clone(), options.layout.clone());
        options.tap = Some(Arc::new(Joined(Arc::clone(&detector))));
        let config = Arc::new(options.config.clone());
        let announcing = Announcing::start(
            Arc::clone(&detector),
            Arc::clone(&config),
            &options.folder,
            &tokio::runtime::Handle::current(),
        );
        let announcing = announcing
            .map_err(|error| Failure::new(error.to_string(), "look at [announce] in the configuration"))?;
        let announced = announcing.as_ref().map(Announcing::announced);
        options.routes = flowql_detect::routes(Arc::clone(&detector), store.clone(), announced);
        let service = flowql_detect::Service::new(detector, config, store);
        let mut tasks = vec![tokio::spawn(service.run())];
        tasks.extend(announcing.map(|announcing| tokio::spawn(announcing.run())));
        Ok(Self(tasks))
    }
}

impl Drop for Detecting {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

/// The rules as JSON has them.
#[derive(Debug, Serialize)]
struct Listed {
    rules: Vec<RuleStatus>,
    left_out: Vec<LeftOut>,
}

pub(super) fn run(global: &Global, args: &Detect) -> Result<Status, Failure> {
    match &args.action {
        DetectAction::Status { asked, json } => {
            let Some(found) = get::<Found>(global, asked, "status")? else { return Ok(Status::Unusable) };
            print(&found, *json, || status_lines(&found))?;
            Ok(Status::bad_if(!found.incidents.is_empty()))
        }
        DetectAction::Show { number, asked, json } => {
            let found = get::<Incident>(global, asked, &number.to_string())?;
            let Some(found) = found else { return Ok(Status::Unusable) };
            print(&found, *json, || incident_lines(&found))?;
            Ok(Status::Good)
        }
        DetectAction::Approve { number, asked } => decide(global, asked, *number, "approve", None),
        DetectAction::Withdraw { number, asked } => decide(global, asked, *number, "withdraw", None),
        DetectAction::Extend { number, by, asked } => decide(global, asked, *number, "extend", Some(*by)),
        DetectAction::Off { asked } => switch(global, asked, true),
        DetectAction::On { asked } => switch(global, asked, false),
        DetectAction::Rules { json } => rules(global, *json),
        DetectAction::Replay(args) => replay(global, args),
        DetectAction::Announce(args) => announce::run(global, args),
    }
}

fn print(found: &impl Serialize, json: bool, lines: impl FnOnce() -> Vec<String>) -> Result<(), Failure> {
    let mut output = Output::new();
    match json {
        true => output.json(found)?,
        false => lines().iter().try_for_each(|line| output.line(&harmless(line)))?,
    }
    output.finish()
}

fn service(global: &Global, asked: &AskedDetector) -> Result<(Service, String), Failure> {
    let url = match &asked.url {
        Some(url) => url.clone(),
        None => collector(&load(global, None)?)?,
    };
    Ok((Service::new(&url).map_err(Failure::from)?, url))
}

/// What the detector says at a path; `None` where it says nothing, which is reported.
fn get<T: DeserializeOwned>(
    global: &Global,
    asked: &AskedDetector,
    path: &str,
) -> Result<Option<T>, Failure> {
    let (service, url) = service(global, asked)?;
    let answer = runtime()?.block_on(service.get::<T>(&format!("api/v1/attacks/{path}"), DEADLINE));
    Ok(answer.map_err(|error| refused(&url, &error)).ok())
}

/// Says that the detector cannot be asked, or what it says instead.
fn refused(url: &str, error: &flowql_client::Error) {
    match error {
        flowql_client::Error::Interrupted { reason, .. } => console::error(reason, None),
        other => unasked(url, other),
    }
}

/// Who decides: the user of this machine.
fn user() -> String {
    ["USER", "LOGNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok())
        .unwrap_or_else(|| "someone".to_owned())
}

fn post<T: DeserializeOwned>(
    global: &Global,
    asked: &AskedDetector,
    path: &str,
    decision: &Decision,
) -> Result<Option<T>, Failure> {
    let (service, url) = service(global, asked)?;
    let body = serde_json::to_value(decision)?;
    let answer = runtime()?.block_on(service.post::<T>(&format!("api/v1/attacks/{path}"), body, DEADLINE));
    Ok(answer.map_err(|error| refused(&url, &error)).ok())
}

fn decide(
    global: &Global,
    asked: &AskedDetector,
    number: u32,
    what: &str,
    seconds: Option<u32>,
) -> Result<Status, Failure> {
    let decision = Decision { by: user(), seconds, off: None };
    let Some(incident) = post::<Incident>(global, asked, &format!("{number}/{what}"), &decision)? else {
        return Ok(Status::Unusable);
    };
    if let Some(last) = incident.log.last().filter(|_| !global.quiet) {
        console::message(&harmless(&format!("attack {number} is {}: {}", incident.state.name(), last.what)));
    }
    Ok(Status::Good)
}

fn switch(global: &Global, asked: &AskedDetector, is_off: bool) -> Result<Status, Failure> {
    let decision = Decision { by: user(), seconds: None, off: Some(is_off) };
    let Some(found) = post::<Found>(global, asked, "switch", &decision)? else { return Ok(Status::Unusable) };
    if !global.quiet {
        let word = if found.is_off { "off: nothing is done about attacks" } else { "on" };
        console::message(&format!("the detector is {word}"));
    }
    Ok(Status::Good)
}

/// Reports what is wrong with the rules of the configuration; `true` where something is.
pub(super) fn report_rules(config: &Config) -> bool {
    let section = config.section::<DetectSection>();
    if section.rule.is_empty() && section.group.is_empty() && section.count.is_empty() {
        return false;
    }
    let faults = Rules::new(config).err().unwrap_or_default();
    for fault in &faults {
        console::error(&format!("{}: {}", fault.path, fault.message), fault.help.as_deref());
    }
    !faults.is_empty()
}

/// The rules, and what is wrong with them.
fn rules(global: &Global, json: bool) -> Result<Status, Failure> {
    let config = load(global, None)?;
    if report_rules(&config) {
        return Ok(Status::Bad);
    }
    let rules = ready(&config)?;
    let listed = rules.rules.iter().map(|rule| RuleStatus {
        name: rule.name.clone(),
        about: rule.about.clone(),
        when: rule.when.clone(),
        selected: 0,
    });
    let listed = Listed { rules: listed.collect(), left_out: rules.left_out };
    print(&listed, json, || {
        let rows: Vec<_> = listed.rules.iter().map(|rule| [rule.name.clone(), rule.when.clone()]).collect();
        table::lines(&rows)
    })?;
    for left_out in listed.left_out.iter().filter(|_| !global.quiet) {
        console::warning(&format!("the rule {} is left out", left_out.name), Some(&left_out.reason));
    }
    Ok(Status::Good)
}

/// The rules made ready; what is wrong with them was reported.
fn ready(config: &Config) -> Result<Rules, Failure> {
    Rules::new(config).map_err(|_| Failure::Reported)
}

/// What the rules would have found in the flows of the past.
fn replay(global: &Global, args: &Replay) -> Result<Status, Failure> {
    let config = load(global, None)?;
    if report_rules(&config) {
        return Ok(Status::Bad);
    }
    let rules = ready(&config)?;
    let now = SystemTime::now();
    let second = |text: &str| -> Result<u32, Failure> {
        let time = time_range::parse(text, now);
        let time = time.map_err(|message| Failure::new(message, "see `flowql help detect`"))?;
        Ok(u32::try_from(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()).unwrap_or(u32::MAX))
    };
    let (from, until) = (second(&args.from)?, second(&args.until)?);
    let database = Database::named(&config, &args.target)?;
    let store = Store::new(database.client(REPLAY)?, database.layout.clone());
    let found = runtime()?.block_on(store.history(&config, &rules, from, until)).map_err(Failure::from)?;
    print(&found, args.json, || {
        let row = |found: &Detection| {
            [
                time(found.start),
                format!("{} s", found.end.saturating_sub(found.start)),
                found.rule.clone(),
                found.target.to_string(),
                rate(found.peak.bits, "bit/s"),
                rate(found.peak.packets, "packets/s"),
                format!("{:.1} times", found.peak.severity),
            ]
        };
        table::lines(&found.iter().map(row).collect::<Vec<_>>())
    })?;
    if found.is_empty() && !args.json && !global.quiet {
        console::message("no attack in that time");
    }
    Ok(Status::Good)
}

/// A rate in words that fit into a table.
fn rate(value: f64, unit: &str) -> String {
    let (value, prefix) = match value {
        value if value >= 1e9 => (value / 1e9, "G"),
        value if value >= 1e6 => (value / 1e6, "M"),
        value if value >= 1e3 => (value / 1e3, "k"),
        value => (value, ""),
    };
    format!("{value:.1} {prefix}{unit}")
}

fn status_lines(found: &Found) -> Vec<String> {
    let state = if found.is_off { "switched off" } else { found.mode.as_str() };
    let mut lines = vec![format!(
        "{state}; {} rules, {} flows, {} targets in {} MB",
        found.rules.len(),
        found.flows,
        found.targets,
        found.memory >> 20
    )];
    for incident in &found.incidents {
        let Incident { number, target, rule, state, peak, .. } = incident;
        lines.push(format!(
            "attack {number} on {target}: {rule}, {}, {}, {}, {:.1} times the threshold",
            state.name(),
            rate(peak.bits, "bit/s"),
            rate(peak.packets, "packets/s"),
            peak.severity
        ));
    }
    if found.incidents.is_empty() {
        lines.push("no attack".to_owned());
    }
    for suspected in &found.suspected {
        lines.push(format!(
            "suspected: {} by {}, {:.1} of the threshold",
            suspected.target, suspected.rule, suspected.severity
        ));
    }
    lines.extend(found.left_out.iter().map(|rule| format!("left out: {}: {}", rule.name, rule.reason)));
    lines.extend(found.warnings.iter().map(|warning| format!("warning: {warning}")));
    lines.extend(found.announced.iter().flat_map(announced_lines));
    lines
}

fn announced_lines(announced: &Announced) -> Vec<String> {
    let mut lines = vec![format!("announced: {} rules", announced.rules.len())];
    lines.extend(announced.rules.iter().map(|rule| {
        let AnnouncedRule { incident, traffic, action, end } = rule;
        let end = u32::try_from(*end).map(time).unwrap_or_default();
        format!("  attack {incident}: {traffic}: {action}, until {end}")
    }));
    lines.extend(announced.refused.iter().map(|refused| {
        format!("  attack {}: not announced: {}", refused.incident, refused.reasons.join("; "))
    }));
    lines.extend(announced.routers.iter().map(|router| {
        let is_up = if router.is_up { "" } else { ", no session" };
        let missing =
            if router.missing > 0 { format!(", {} missing", router.missing) } else { String::new() };
        format!("  router {}: {}, {} rules{missing}{is_up}", router.name, router.state, router.sent)
    }));
    lines.extend(announced.error.iter().map(|error| format!("  error: {error}")));
    lines
}

fn incident_lines(incident: &Incident) -> Vec<String> {
    let Incident { number, target, rule, state, peak, evidence, signature, .. } = incident;
    let mut lines = vec![
        format!("attack {number} on {target}: {rule}, {}", state.name()),
        format!(
            "from {}{}",
            time(incident.start),
            if incident.end > 0 { format!(" to {}", time(incident.end)) } else { String::new() }
        ),
        format!(
            "peak: {}, {}, {} sources, {:.1} times the threshold, {} samples",
            rate(peak.bits, "bit/s"),
            rate(peak.packets, "packets/s"),
            peak.sources,
            peak.severity,
            peak.samples
        ),
        format!("signature: {}", signature.filter()),
        format!("covers {:.1} % of the attack", signature.covers * 100.0),
    ];
    lines.push(match &incident.collateral {
        Some(collateral) => collateral.to_string(),
        None => "what else it would hit is not known".to_owned(),
    });
    let mut shares = |what: &str, shares: Vec<String>| {
        if !shares.is_empty() {
            lines.push(format!("{what}: {}", shares.join(", ")));
        }
    };
    shares("source ports", counted(&evidence.source_ports));
    shares("destination ports", counted(&evidence.destination_ports));
    shares("protocols", counted(&evidence.protocols));
    shares("countries", counted(&evidence.countries));
    shares("sources", counted(&evidence.sources));
    for entry in &incident.log {
        let by = if entry.by.is_empty() { String::new() } else { format!(" ({})", entry.by) };
        lines.push(format!("{}{by}: {}", time(entry.time), entry.what));
    }
    lines
}

fn counted<T: ToString>(values: &[Counted<T>]) -> Vec<String> {
    let shown = values.iter().take(5).map(|counted| {
        let value = counted.value.to_string();
        format!("{} {:.0} %", if value.is_empty() { "?" } else { &value }, counted.share * 100.0)
    });
    shown.collect()
}

/// A time as others are shown.
fn time(seconds: u32) -> String {
    flowql_client::iso_time(u64::from(seconds))
}
