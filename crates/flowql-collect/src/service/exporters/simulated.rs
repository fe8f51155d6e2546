//! Simulated exporters do each thing that the status warns of, and nothing else is said of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use flowql_decode::{
    Columns, Datagram, Decoder, ExporterSettings, Fields, Limits, SamplingSettings, Settings, Source,
    Transport,
};
use flowql_enrich::InterfaceFacts;
use flowql_enrich::exporters::{Directory, Source as NameSource};
use flowql_simulate::{Network, Scenario, Simulation, loopback};

use super::super::status::{Doubles, Exporter};
use super::*;
use crate::write::Census;

/// When it begins, in milliseconds since 1970.
const NOW: u64 = 1_700_000_000_123;

/// A collector of simulated datagrams.
struct Case {
    decoder: Decoder,
    census: Census,
    columns: Columns,
    /// The datagrams, by position: parts of some wait.
    datagrams: Vec<(u64, Source, Vec<u8>)>,
    directory: Arc<Directory>,
}

impl Case {
    fn new(settings: Settings) -> Self {
        let fields = Fields::all();
        Self {
            decoder: Decoder::new(settings, Limits::default(), fields),
            census: Census::default(),
            columns: Columns::new(fields),
            datagrams: Vec::new(),
            directory: Arc::default(),
        }
    }

    /// Lets an exporter of a protocol send for so many seconds.
    fn simulate(&mut self, protocol: Protocol, scenarios: &[Scenario], seconds: u64) {
        let network = Network::new(7);
        let settings = flowql_simulate::Settings {
            exporters: 1,
            protocols: vec![protocol],
            scenarios: scenarios.to_vec(),
            ..flowql_simulate::Settings::default()
        };
        let mut simulation = Simulation::new(&network, &settings, NOW).unwrap();
        let mut ready = Vec::new();
        for step in 0..seconds * 250 {
            let now = NOW + step * 4;
            simulation.step(now, &mut ready);
            for datagram in ready.drain(..) {
                let port = 40_000 + u16::try_from(datagram.life).unwrap();
                self.take(now, port, &datagram.bytes);
            }
        }
        self.name(&network);
    }

    fn take(&mut self, time: u64, port: u16, bytes: &[u8]) {
        let source = Source { address: (loopback(0), port).into(), listener: 0, transport: Transport::Udp };
        let (received, position) = (time * 1_000_000, self.datagrams.len() as u64);
        let datagram = Datagram { received, source, position, bytes };
        self.decoder.decode(&datagram, &mut self.columns, self.census.at(received));
        self.datagrams.push((received, source, bytes.to_vec()));
        for ticket in self.decoder.ready() {
            let (received, source, bytes) = &self.datagrams[ticket.position as usize];
            let (received, source, position) = (*received, *source, ticket.position);
            let datagram = Datagram { received, source, position, bytes };
            self.decoder.resume(&datagram, ticket, &mut self.columns, self.census.at(received));
        }
        self.columns.clear();
    }

    /// Names what the exporter itself did not.
    fn name(&self, network: &Network) {
        for interface in network.interfaces() {
            let facts = InterfaceFacts { name: interface.name.to_owned(), ..InterfaceFacts::default() };
            self.directory.learn_interface(NameSource::Options, loopback(0).into(), interface.index, facts);
        }
    }

    fn exporter(&mut self) -> Exporter {
        let sessions: Vec<SessionStatus> = self.decoder.sessions().collect();
        let mut found = exporters(sessions.iter(), &self.decoder.awaited(), |_| None);
        let mut exporter = found.remove(0);
        for traffic in self.census.traffic() {
            traffic::add(&mut exporter, &traffic, &self.directory);
        }
        exporter
    }
}

/// The exporter of a protocol after 30 s.
fn after(protocol: Protocol, scenarios: &[Scenario]) -> Exporter {
    let mut case = Case::new(Settings::default());
    case.simulate(protocol, scenarios, 30);
    case.exporter()
}

fn kinds(exporter: &Exporter) -> BTreeSet<&str> {
    exporter.problems.iter().map(|problem| problem.kind.as_ref()).collect()
}

fn message<'e>(exporter: &'e Exporter, kind: &str) -> &'e Problem {
    exporter.problems.iter().find(|problem| problem.kind == kind).unwrap_or_else(|| panic!("{exporter:?}"))
}

#[test]
fn each_fault_is_named_and_no_other() {
    let (v9, ipfix, v5, sflow) = (Protocol::NetflowV9, Protocol::Ipfix, Protocol::NetflowV5, Protocol::Sflow);
    let cases: [(Protocol, Option<Scenario>, &[&str]); 16] = [
        (v9, None, &[]),
        (ipfix, None, &[]),
        (v5, None, &[]),
        (sflow, None, &[]),
        (v9, Some(Scenario::NoTemplate), &["no_template"]),
        (ipfix, Some(Scenario::TemplateChange), &["changed_template"]),
        (ipfix, Some(Scenario::UnannouncedSampler), &["unknown_rate"]),
        (v9, Some(Scenario::ContradictorySampling), &["contradictory_rate"]),
        (v5, Some(Scenario::ContradictorySampling), &["contradictory_rate"]),
        (sflow, Some(Scenario::ContradictorySampling), &["contradictory_rate"]),
        (v9, Some(Scenario::Loss), &["loss"]),
        (v5, Some(Scenario::ClockOff), &["clock_off"]),
        (ipfix, Some(Scenario::BothDirections), &["doubling"]),
        (v9, Some(Scenario::BothDirectionsApart), &[]),
        (sflow, Some(Scenario::VolumeOff), &["volume"]),
        (sflow, Some(Scenario::CountersOnly), &["counters_only"]),
    ];
    for (protocol, scenario, expected) in cases {
        let exporter = after(protocol, scenario.as_slice());
        let expected: BTreeSet<&str> = expected.iter().copied().collect();
        assert_eq!(kinds(&exporter), expected, "{protocol:?} {scenario:?}: {:?}", exporter.problems);
        assert!(exporter.problems.iter().all(|problem| !problem.advice.is_empty()));
    }
}

#[test]
fn the_sampling_rate_is_said_with_its_source() {
    let source =
        |exporter: &Exporter| exporter.sampling.iter().map(|said| said.source.clone()).collect::<Vec<_>>();
    assert_eq!(source(&after(Protocol::NetflowV9, &[])), ["sampler"]);
    assert_eq!(source(&after(Protocol::NetflowV5, &[])), ["header"]);
    assert_eq!(source(&after(Protocol::Sflow, &[])), ["record"]);
    assert_eq!(source(&after(Protocol::NetflowV9, &[Scenario::Nsel])), ["unsampled"]);

    let contradicts = after(Protocol::Ipfix, &[Scenario::ContradictorySampling]);
    let problem = message(&contradicts, "contradictory_rate");
    assert!(problem.message.contains("by the records themselves, which is used, and"), "{problem:?}");
    assert!(problem.message.contains(" by the options of the "), "{problem:?}");
    assert_eq!(problem.severity, Severity::Warning);

    // What is configured is used, and the exporter's own rate is said.
    let sampling = SamplingSettings { rate: Some(17), ..SamplingSettings::default() };
    let others = ExporterSettings { sampling, ..ExporterSettings::default() };
    let mut case = Case::new(Settings { others, ..Settings::default() });
    case.simulate(Protocol::Ipfix, &[], 5);
    let exporter = case.exporter();
    assert_eq!(source(&exporter), ["override"]);
    let problem = message(&exporter, "contradictory_rate");
    assert!(problem.message.contains("17 by the configuration, which is used"), "{problem:?}");
    assert_eq!(problem.severity, Severity::Note);
}

#[test]
fn both_directions_are_told_by_what_flows_say_or_by_their_volume() {
    let exporter = after(Protocol::NetflowV9, &[Scenario::BothDirections]);
    assert_eq!(
        (exporter.doubles, exporter.directions.as_slice()),
        (Some(Doubles::Yes), &["ingress".into(), "egress".into()][..])
    );
    assert!(message(&exporter, "doubling").advice.contains("FlowDirection = ingress"));
    // sFlow says no direction: its flows add up to twice what the interfaces count.
    let exporter = after(Protocol::Sflow, &[Scenario::BothDirections]);
    assert_eq!(exporter.doubles, Some(Doubles::Probable));
    let volume = exporter.volume.unwrap();
    assert!((1.8..=2.2).contains(&volume), "{volume}");
    assert_eq!(kinds(&exporter), BTreeSet::from(["doubling"]));
    // The second flows of biflows have both directions by themselves.
    assert_eq!(after(Protocol::Ipfix, &[Scenario::Biflows]).doubles, None);
}

#[test]
fn volumes_are_compared_by_interface() {
    let well = after(Protocol::Sflow, &[]).volume.unwrap();
    assert!((0.95..=1.05).contains(&well), "{well}");
    let off = after(Protocol::Sflow, &[Scenario::VolumeOff]);
    let volume = off.volume.unwrap();
    assert!((0.31..=0.36).contains(&volume), "{volume}");
    assert!(message(&off, "volume").message.contains(" at interface "), "{off:?}");
}

#[test]
fn interfaces_without_a_name_are_counted() {
    let mut case = Case::new(Settings::default());
    case.simulate(Protocol::NetflowV9, &[], 5);
    assert_eq!(case.exporter().unnamed_interfaces, 0);
    case.directory = Arc::default();
    let exporter = case.exporter();
    assert!(exporter.interfaces > 3 && exporter.unnamed_interfaces == exporter.interfaces, "{exporter:?}");
    let problem = message(&exporter, "unnamed_interfaces");
    assert!(problem.severity == Severity::Note && problem.message.contains("interfaces have no name: "));
}

#[test]
fn an_old_fault_is_not_said_any_more() {
    let mut case = Case::new(Settings::default());
    case.simulate(Protocol::Ipfix, &[Scenario::TemplateChange, Scenario::BothDirections], 15);
    assert_eq!(kinds(&case.exporter()), BTreeSet::from(["changed_template", "doubling"]));
    // Eleven minutes later a datagram without flows comes.
    let message = [0, 10, 0, 16, 0x65, 0x53, 0xF1, 0x00, 0, 0, 0, 0, 0, 0, 0, 0];
    case.take(NOW + 15_000 + 660_000, 40_000, &message);
    let kinds = case.exporter().problems;
    assert!(kinds.iter().all(|problem| problem.kind != "changed_template" && problem.kind != "doubling"));
}
