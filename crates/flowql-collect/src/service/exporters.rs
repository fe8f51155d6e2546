//! Finds out who sends, and what is wrong with it.

mod sampling;
#[cfg(test)]
mod simulated;
mod traffic;

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::time::{Instant, SystemTime};

use flowql_decode::{Awaited, ExporterSection, Missing, Protocol, SessionStatus};

use super::Collector;
use super::status::{Exporter, Exporters, Problem, Severity, sort};
use crate::CollectSection;
use crate::receive::{ListenerStatus, Refusal};
use crate::write::{LATELY, Traffic};

/// A clock that is further off than this, in milliseconds, is a problem.
const CLOCK: u64 = 60_000;

impl Collector {
    /// Who sends, by what the decoders know.
    pub(crate) fn exporter_status(&self) -> Exporters {
        let partitions = self.partitions();
        let sessions = partitions.iter().flat_map(|status| status.exporters.iter());
        let awaited: Vec<Awaited> =
            partitions.iter().flat_map(|status| status.awaited.iter().copied()).collect();
        let name = |address: IpAddr| Some(self.directory.exporter(address).facts.name.clone());
        let mut found = Exporters {
            exporters: exporters(sessions, &awaited, name),
            sessions: partitions.iter().map(|status| status.sessions).sum(),
            problems: self.listeners().iter().flat_map(refusals).collect(),
        };
        found.problems.extend(self.reloads().problems());
        super::snmp::add(&mut found, &self.snmp.poller().status(), SystemTime::now());
        let now = Instant::now();
        let sent: HashMap<IpAddr, &Traffic> = partitions
            .iter()
            .flat_map(|status| status.traffic.iter())
            .map(|traffic| (traffic.exporter, traffic))
            .collect();
        let limited = partitions.iter().flat_map(|status| status.limited.iter());
        let limited: HashMap<IpAddr, u64> = limited.map(|(address, rows)| (*address, *rows)).collect();
        let section = self.section();
        for exporter in &mut found.exporters {
            exporter.limited = limited.get(&exporter.address).copied().unwrap_or_default();
            exporter.problems.extend(rate_limit(exporter, &section));
            let traffic = sent.get(&exporter.address).copied();
            let octets = traffic.map_or(0, |traffic| traffic.octets);
            let rates = self.rates.of(exporter.address, [exporter.flows, octets], now);
            exporter.flows_per_second = rates.map(|[flows, _]| flows);
            exporter.bits_per_second = rates.map(|[_, octets]| octets * 8.0);
            if let Some(traffic) = traffic {
                traffic::add(exporter, traffic, &self.directory);
                sort(&mut exporter.problems);
            }
        }
        sort(&mut found.problems);
        found.sort();
        found
    }
}

/// The exporters of sessions.
fn exporters<'s>(
    sessions: impl Iterator<Item = &'s SessionStatus>,
    awaited: &[Awaited],
    name: impl Fn(IpAddr) -> Option<String>,
) -> Vec<Exporter> {
    let mut by_address: BTreeMap<IpAddr, Vec<&SessionStatus>> = BTreeMap::new();
    for session in sessions {
        by_address.entry(session.source.address.ip()).or_default().push(session);
    }
    let mut waits: BTreeMap<IpAddr, Vec<&Awaited>> = BTreeMap::new();
    for wait in awaited {
        waits.entry(wait.exporter).or_default().push(wait);
    }
    let exporter = |(address, sessions): (IpAddr, Vec<&SessionStatus>)| {
        let name = name(address).unwrap_or_else(|| address.to_string());
        exporter(address, name, &sessions, waits.get(&address).map(Vec::as_slice).unwrap_or_default())
    };
    by_address.into_iter().map(exporter).collect()
}

/// What there is to know of an exporter but the flows a second.
fn exporter(address: IpAddr, name: String, sessions: &[&SessionStatus], awaited: &[&Awaited]) -> Exporter {
    let mut protocols: Vec<Protocol> = sessions.iter().map(|session| session.protocol).collect();
    protocols.sort_unstable();
    protocols.dedup();
    let sum = |value: fn(&SessionStatus) -> u64| sessions.iter().map(|session| value(session)).sum();
    let clocks = sessions.iter().filter_map(|session| session.tally.clock);
    Exporter {
        name,
        protocols: protocols.into_iter().map(|protocol| protocol_name(protocol).into()).collect(),
        sessions: sessions.len(),
        flows: sum(|session| session.tally.rows),
        templates: sessions.iter().map(|session| session.templates).sum(),
        named_interfaces: sessions.iter().map(|session| session.named_interfaces).max().unwrap_or_default(),
        clock_ms: clocks.max_by_key(|clock| clock.unsigned_abs()),
        lost: sum(|session| session.sequence.lost),
        restarts: sum(|session| session.sequence.restarts),
        reordered: sum(|session| session.sequence.reordered),
        sampling: sampling::rates(sessions),
        problems: problems(sessions, awaited),
        ..Exporter::of(address)
    }
}

/// What is wrong with an exporter, the worst first.
fn problems(sessions: &[&SessionStatus], awaited: &[&Awaited]) -> Vec<Problem> {
    let found = [
        no_template(sessions, awaited),
        counters_only(sessions),
        unknown_rate(sessions, awaited),
        sampling::contradiction(sessions),
        clock_off(sessions),
        loss(sessions),
        changed_template(sessions),
        borrowed_template(sessions),
    ];
    let mut problems: Vec<Problem> = found.into_iter().flatten().collect();
    sort(&mut problems);
    problems
}

fn problem(kind: &'static str, severity: Severity, message: String, advice: &'static str) -> Problem {
    Problem { kind: kind.into(), severity, message, advice: advice.into() }
}

/// Sets that wait for templates, or sessions that have none.
fn no_template(sessions: &[&SessionStatus], awaited: &[&Awaited]) -> Option<Problem> {
    let (missing, sets) = missing(awaited, |what| match what {
        Missing::Template(id) => Some(id.into()),
        Missing::Sampler(_) => None,
    });
    let has_templates = |protocol| matches!(protocol, Protocol::NetflowV9 | Protocol::Ipfix);
    let without =
        sessions.iter().filter(|session| has_templates(session.protocol) && session.templates == 0).count();
    let message = match (missing.as_str(), without) {
        ("", 0) => return None,
        ("", without) => format!("no template came yet in {without} of {} sessions", sessions.len()),
        (missing, _) => format!("no template {missing} came yet: {sets} sets of flows wait for it"),
    };
    let advice =
        "lower the template refresh of the exporter to a minute, or restart its export; sets wait 5 min";
    Some(problem("no_template", Severity::Error, message, advice))
}

/// Flows that nothing says a sampling rate for, or that wait for one.
fn unknown_rate(sessions: &[&SessionStatus], awaited: &[&Awaited]) -> Option<Problem> {
    let (missing, sets) = missing(awaited, |what| match what {
        Missing::Template(_) => None,
        Missing::Sampler(id) => Some(id),
    });
    let unknown: u64 = sessions.iter().map(|session| session.tally.unknown_rates).sum();
    let waiting = (sets > 0)
        .then(|| format!("no options announce the sampler {missing}: {sets} sets of flows wait for them"));
    let counted =
        (unknown > 0).then(|| format!("nothing said a sampling rate for {unknown} flows, which count once"));
    let message = [waiting, counted].into_iter().flatten().collect::<Vec<_>>().join("; ");
    let advice = "let the exporter send its options of sampling (on Cisco: `option sampler-table`), or set \
                  `default` in [[collect.exporter.sampling]], to 1 where it does not sample";
    (!message.is_empty()).then(|| problem("unknown_rate", Severity::Warning, message, advice))
}

/// The numbers of what is missing, the first few in words, and how many sets wait for them.
fn missing(awaited: &[&Awaited], number: impl Fn(Missing) -> Option<u64>) -> (String, usize) {
    const SHOWN: usize = 4;
    let waits: Vec<_> = awaited.iter().filter_map(|wait| Some((number(wait.what)?, wait.sets))).collect();
    let mut numbers: Vec<u64> = waits.iter().map(|(number, _)| *number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let mut shown: Vec<String> = numbers.iter().take(SHOWN).map(u64::to_string).collect();
    if numbers.len() > SHOWN {
        shown.push(format!("and {} more", numbers.len() - SHOWN));
    }
    (shown.join(", "), waits.iter().map(|(_, sets)| sets).sum())
}

/// A clock that is off.
fn clock_off(sessions: &[&SessionStatus]) -> Option<Problem> {
    let clocks = sessions.iter().filter_map(|session| session.tally.clock);
    let clock =
        clocks.max_by_key(|clock| clock.unsigned_abs()).filter(|clock| clock.unsigned_abs() > CLOCK)?;
    let (seconds, way) = (clock.unsigned_abs() / 1_000, if clock > 0 { "ahead" } else { "behind" });
    let message = format!("its clock is {seconds} s {way}");
    let advice = "set the clock of the exporter by NTP, and look at the one of this machine";
    Some(problem("clock_off", Severity::Warning, message, advice))
}

/// Gaps in sequence numbers.
fn loss(sessions: &[&SessionStatus]) -> Option<Problem> {
    let lossy = sessions.iter().filter(|session| session.sequence.lost > 0).count();
    let lost: u64 = sessions.iter().map(|session| session.sequence.lost).sum();
    let message = format!("{lost} never came, by the sequence numbers of {lossy} sessions");
    let advice = "look for drops at the exporter, on the way, and in flowql_collect_kernel_drops_total";
    (lossy > 0).then(|| problem("loss", Severity::Warning, message, advice))
}

/// Templates of another port.
fn borrowed_template(sessions: &[&SessionStatus]) -> Option<Problem> {
    let borrowed = sessions.iter().filter(|session| session.borrowed_templates).count();
    let message =
        format!("{borrowed} of {} sessions use templates that came from another port", sessions.len());
    let advice = "nothing is lost; lower the template refresh of the exporter where it changes its port";
    (borrowed > 0).then(|| problem("borrowed_template", Severity::Note, message, advice))
}

/// sFlow agents that send the counters of interfaces and no samples of packets.
fn counters_only(sessions: &[&SessionStatus]) -> Option<Problem> {
    let samples = |session: &&SessionStatus| session.samples;
    let (flows, counters) = sessions.iter().filter_map(samples).fold((0, 0), |(flows, counters), tally| {
        (flows + tally.flows + tally.discards + tally.empty, counters + tally.counters)
    });
    let has_rows = sessions.iter().any(|session| session.tally.rows > 0);
    let message = format!("it sends counters of interfaces, {counters} by now, and no samples of packets");
    let advice = "let the agent sample packets: set a sampling rate at its interfaces";
    (counters > 0 && flows == 0 && !has_rows)
        .then(|| problem("counters_only", Severity::Error, message, advice))
}

/// Templates that became others under their numbers.
fn changed_template(sessions: &[&SessionStatus]) -> Option<Problem> {
    /// More changes than an operator makes in a few minutes.
    const MANY: u64 = 3;
    let changes = sessions.iter().filter_map(|session| {
        let changed = session.tally.changed_templates?;
        lately(changed.2, session.tally.received).then_some(changed)
    });
    let (times, id, _) = changes.max_by_key(|(times, _, at)| (*times, *at))?;
    let message =
        format!("template {id} changed under its number; the session has seen {times} such changes");
    let (severity, advice) = match times {
        0..=MANY => (
            Severity::Note,
            "nothing, where the export was changed on purpose: flows are read by the new one",
        ),
        _ => (
            Severity::Warning,
            "see whether two exporters send from one address and port, through a NAT: give each an address of its own",
        ),
    };
    Some(problem("changed_template", severity, message, advice))
}

/// Flows that a rate limit dropped.
fn rate_limit(exporter: &Exporter, section: &CollectSection) -> Option<Problem> {
    let is_own = |of: &&ExporterSection| of.names(exporter.address);
    let own = section.exporter.iter().find(is_own);
    let others = || section.exporter.iter().find(|of| of.addresses.is_empty());
    let limit = own.or_else(others).and_then(|of| of.rate_limit);
    let limit = limit.map_or_else(String::new, |limit| format!(" of {limit} a second"));
    let message = format!(
        "{} flows were over its limit{limit} and were dropped; the sampling rate of the others is higher for it",
        exporter.limited
    );
    let advice = "raise `rate_limit` in [[collect.exporter]], or let the exporter sample more rarely";
    (exporter.limited > 0).then(|| problem("rate_limit", Severity::Note, message, advice))
}

/// Whether something was not long before what came last, in nanoseconds since 1970.
const fn lately(at: u64, last: u64) -> bool {
    at.saturating_add(LATELY * 1_000_000_000) >= last
}

/// What a listener did not take, and what the kernel dropped before.
fn refusals(listener: &ListenerStatus) -> Vec<Problem> {
    let (at, counters) = (listener.address, &listener.counters);
    let refused = |refusal: Refusal| {
        let count = counters.refused_for(refusal);
        let (severity, what, advice) = about(refusal);
        let senders: Vec<String> = listener.senders.of(refusal).map(|sender| sender.to_string()).collect();
        let from =
            if senders.is_empty() { String::new() } else { format!(", last from {}", senders.join(", ")) };
        let message = || format!("{count} datagrams at {at}{from}: {what}");
        (count > 0).then(|| problem(refusal.name(), severity, message(), advice))
    };
    let mut problems: Vec<Problem> = Refusal::ALL.into_iter().filter_map(refused).collect();
    if counters.kernel_drops > 0 {
        let message = format!(
            "{} datagrams at {at}: dropped by the kernel, its buffer being full",
            counters.kernel_drops
        );
        let advice = "raise the sysctl net.core.rmem_max, and see that the processor has room";
        problems.push(problem("kernel_drops", Severity::Error, message, advice));
    }
    problems
}

/// How bad it is that datagrams are refused, why they are, and what to do.
const fn about(refusal: Refusal) -> (Severity, &'static str, &'static str) {
    match refusal {
        Refusal::NotAllowed => (
            Severity::Warning,
            "their sender is not allowed",
            "add its network to `allow` in [collect] if it is an exporter of yours, else keep it out by a firewall",
        ),
        Refusal::UnknownKind => (
            Severity::Warning,
            "of no kind that is known",
            "see with `tcpdump` who sends something other than NetFlow, IPFIX and sFlow to this port",
        ),
        Refusal::OtherProtocol => (
            Severity::Warning,
            "of a protocol that the listener does not take",
            "let the exporter send to the port of its protocol, or change `protocol` of the [[collect.listen]]",
        ),
        Refusal::TooManyExporters => (
            Severity::Error,
            "there are too many exporters",
            "raise `max_exporters` in [collect], or set `allow` if they are not all yours",
        ),
        Refusal::TooManySessions => (
            Severity::Error,
            "their exporter has too many ports and observation domains",
            "let the exporter keep its source port, or see who sends with its address",
        ),
        Refusal::Framing => (
            Severity::Warning,
            "a connection ended within a message, or has what is no IPFIX",
            "see that what connects is an exporter of IPFIX",
        ),
        Refusal::Queue => (
            Severity::Error,
            "the journal had no room, or its disk failed",
            "see that the database takes rows, and give the journal more room in [collect.journal]",
        ),
    }
}

const fn protocol_name(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::NetflowV1 => "netflow-v1",
        Protocol::NetflowV5 => "netflow-v5",
        Protocol::NetflowV7 => "netflow-v7",
        Protocol::NetflowV9 => "netflow-v9",
        Protocol::Ipfix => "ipfix",
        Protocol::Sflow => "sflow",
    }
}

#[cfg(test)]
mod tests {
    use flowql_decode::{Sequence, Source, Tally, Transport};

    use super::*;

    fn session(address: &str, protocol: Protocol, templates: usize, lost: u64) -> SessionStatus {
        let mut sequence = Sequence::default();
        sequence.lost = lost;
        let source = Source { address: address.parse().unwrap(), listener: 0, transport: Transport::Udp };
        let (tally, named_interfaces) = (Tally::default(), 0);
        let borrowed_templates = false;
        SessionStatus {
            source,
            protocol,
            domain: 0,
            templates,
            sequence,
            borrowed_templates,
            named_interfaces,
            samples: None,
            tally,
        }
    }

    #[test]
    fn sessions_of_an_address_are_one_exporter_and_problems_come_first() {
        let sessions = [
            session("192.0.2.1:7", Protocol::NetflowV5, 0, 0),
            session("192.0.2.2:7", Protocol::Ipfix, 0, 0),
            session("192.0.2.2:8", Protocol::NetflowV9, 2, 5),
        ];
        let found = exporters(sessions.iter(), &[], |address| {
            (address.to_string() == "192.0.2.1").then(|| "edge".to_owned())
        });
        let mut found = Exporters { exporters: found, ..Exporters::default() };
        found.sort();
        let [worst, best] = found.exporters.as_slice() else { panic!("{found:?}") };
        assert_eq!(
            (worst.name.as_str(), worst.sessions, worst.templates, worst.lost),
            ("192.0.2.2", 2, 2, 5)
        );
        assert_eq!(worst.protocols, ["netflow-v9", "ipfix"]);
        let kinds: Vec<_> = worst.problems.iter().map(|problem| problem.kind.as_ref()).collect();
        assert_eq!(kinds, ["no_template", "loss"]);
        assert_eq!((best.name.as_str(), best.problems.len()), ("edge", 0));
    }

    #[test]
    fn what_is_waited_for_is_named() {
        let mut sessions =
            [session("192.0.2.2:7", Protocol::Ipfix, 1, 0), session("192.0.2.3:7", Protocol::Ipfix, 1, 0)];
        sessions[1].tally = Tally { clock: Some(-90_000), ..Tally::default() };
        let awaited = |what, sets| {
            let exporter = "192.0.2.2".parse().unwrap();
            Awaited { exporter, protocol: Protocol::Ipfix, domain: 0, what, sets }
        };
        let mut waits: Vec<_> = (260..266).map(|id| awaited(Missing::Template(id), 2)).collect();
        waits.push(awaited(Missing::Sampler(9), 3));
        let found = exporters(sessions.iter(), &waits, |_| None);
        let messages = |place: usize| {
            found[place].problems.iter().map(|problem| problem.message.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(
            messages(0),
            [
                "no template 260, 261, 262, 263, and 2 more came yet: 12 sets of flows wait for it",
                "no options announce the sampler 9: 3 sets of flows wait for them"
            ]
        );
        assert_eq!(messages(1), ["its clock is 90 s behind"]);
    }

    #[test]
    fn collectors_are_merged() {
        let one = |lost, name: &str| {
            let sessions = [session("192.0.2.1:7", Protocol::NetflowV9, 1, lost)];
            let exporters = exporters(sessions.iter(), &[], |_| (!name.is_empty()).then(|| name.to_owned()));
            Exporters { exporters, sessions: 1, ..Exporters::default() }
        };
        let mut merged = one(0, "");
        assert!(merged.is_well());
        merged.merge(one(4, "edge"));
        let [exporter] = merged.exporters.as_slice() else { panic!("{merged:?}") };
        assert_eq!(
            (exporter.name.as_str(), exporter.lost, exporter.sessions, merged.sessions),
            ("edge", 4, 2, 2)
        );
        assert!(!merged.is_well());
    }
}
