//! Who sends, and what is wrong with it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use flowql_decode::{Protocol, SessionStatus};
use serde::Serialize;

use super::Collector;

/// Who sends.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Exporters {
    /// Those with problems first.
    exporters: Vec<Exporter>,
    /// How many sessions there are; those of the exporters may be fewer, as only so many are looked at.
    sessions: usize,
}

/// An exporter, by the source address of its datagrams.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Exporter {
    address: IpAddr,
    /// What it is called, else the address.
    name: String,
    protocols: Vec<&'static str>,
    /// Its ports and observation domains.
    sessions: usize,
    templates: usize,
    /// What never came, by the sequence numbers: flows for NetFlow v5 and v7, datagrams for v9 and sFlow, records for IPFIX.
    lost: u64,
    restarts: u64,
    reordered: u64,
    problems: Vec<Problem>,
}

/// What is wrong, and what to do.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Problem {
    kind: &'static str,
    message: String,
    advice: &'static str,
}

impl Collector {
    /// Who sends, by what the decoders know.
    pub(crate) fn exporter_status(&self) -> Exporters {
        let partitions = self.partitions();
        let sessions = partitions.iter().flat_map(|status| status.exporters.iter());
        let name = |address: IpAddr| self.directory.exporter(address).facts.name.clone();
        let exporters = exporters(sessions, name);
        Exporters { exporters, sessions: partitions.iter().map(|status| status.sessions).sum() }
    }
}

/// The exporters of sessions.
fn exporters<'s>(
    sessions: impl Iterator<Item = &'s SessionStatus>,
    name: impl Fn(IpAddr) -> String,
) -> Vec<Exporter> {
    let mut by_address: BTreeMap<IpAddr, Vec<&SessionStatus>> = BTreeMap::new();
    for session in sessions {
        by_address.entry(session.source.address.ip()).or_default().push(session);
    }
    let exporter = |(address, sessions): (IpAddr, Vec<&SessionStatus>)| {
        let mut protocols: Vec<Protocol> = sessions.iter().map(|session| session.protocol).collect();
        protocols.sort_unstable();
        protocols.dedup();
        let sum = |value: fn(&SessionStatus) -> u64| sessions.iter().map(|session| value(session)).sum();
        Exporter {
            address,
            name: name(address),
            protocols: protocols.into_iter().map(protocol_name).collect(),
            sessions: sessions.len(),
            templates: sessions.iter().map(|session| session.templates).sum(),
            lost: sum(|session| session.sequence.lost),
            restarts: sum(|session| session.sequence.restarts),
            reordered: sum(|session| session.sequence.reordered),
            problems: problems(&sessions),
        }
    };
    let mut exporters: Vec<Exporter> = by_address.into_iter().map(exporter).collect();
    exporters.sort_by_key(|exporter| std::cmp::Reverse(exporter.problems.len()));
    exporters
}

/// What is wrong with an exporter, the worst first.
fn problems(sessions: &[&SessionStatus]) -> Vec<Problem> {
    let count = |is_so: fn(&SessionStatus) -> bool| sessions.iter().filter(|session| is_so(session)).count();
    let has_templates = |protocol| matches!(protocol, Protocol::NetflowV9 | Protocol::Ipfix);
    let without = sessions.iter().filter(|session| has_templates(session.protocol) && session.templates == 0);
    let (without, lossy, borrowed) = (
        without.count(),
        count(|session| session.sequence.lost > 0),
        count(|session| session.borrowed_templates),
    );
    let lost: u64 = sessions.iter().map(|session| session.sequence.lost).sum();
    let found = [
        (without > 0).then(|| Problem {
            kind: "no_template",
            message: format!("no template came yet in {without} of {} sessions", sessions.len()),
            advice: "lower the template refresh of the exporter, or restart its export",
        }),
        (lossy > 0).then(|| Problem {
            kind: "loss",
            message: format!("{lost} never came, by the sequence numbers of {lossy} sessions"),
            advice: "look for drops at the exporter, on the way, and in flowql_collect_kernel_drops_total",
        }),
        (borrowed > 0).then(|| Problem {
            kind: "borrowed_template",
            message: format!("{borrowed} sessions use templates that came from another port of the exporter"),
            advice: "nothing is lost; lower the template refresh of the exporter where it changes its port",
        }),
    ];
    found.into_iter().flatten().collect()
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
    use flowql_decode::{Sequence, Source, Transport};

    use super::*;

    fn session(address: &str, protocol: Protocol, templates: usize, lost: u64) -> SessionStatus {
        let mut sequence = Sequence::default();
        sequence.lost = lost;
        let source = Source { address: address.parse().unwrap(), listener: 0, transport: Transport::Udp };
        SessionStatus { source, protocol, domain: 0, templates, sequence, borrowed_templates: false }
    }

    #[test]
    fn sessions_of_an_address_are_one_exporter_and_problems_come_first() {
        let sessions = [
            session("192.0.2.1:7", Protocol::NetflowV5, 0, 0),
            session("192.0.2.2:7", Protocol::Ipfix, 0, 0),
            session("192.0.2.2:8", Protocol::NetflowV9, 2, 5),
        ];
        let found = exporters(sessions.iter(), |address| {
            let address = address.to_string();
            if address == "192.0.2.1" { "edge".to_owned() } else { address }
        });
        let [worst, best] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(
            (worst.name.as_str(), worst.sessions, worst.templates, worst.lost),
            ("192.0.2.2", 2, 2, 5)
        );
        assert_eq!(worst.protocols, ["netflow-v9", "ipfix"]);
        let kinds: Vec<_> = worst.problems.iter().map(|problem| problem.kind).collect();
        assert_eq!(kinds, ["no_template", "loss"]);
        assert_eq!((best.name.as_str(), best.problems.len()), ("edge", 0));
    }
}
