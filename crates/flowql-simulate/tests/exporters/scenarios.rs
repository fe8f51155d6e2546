//! In every scenario the collector has what the summary says that it should have.

use std::collections::BTreeSet;

use flowql_decode::{Field, Protocol, SessionStatus};
use flowql_simulate::{
    ATTACKED, Datagram, Network, PROTOCOLS, Scenario, Settings, Simulation, Summary, loopback, pcap,
};
use proptest::prelude::*;

use super::{Collector, NOW};

/// How many flows a second there are, and how many seconds.
const RATE: u64 = 50;
const SECONDS: u64 = 65;

/// The datagrams of a simulation with their times, and what it says of them.
pub(super) fn simulate(settings: &Settings) -> (Vec<(u64, Datagram)>, Summary) {
    let network = Network::new(settings.seed);
    let mut simulation = Simulation::new(&network, settings, NOW).unwrap();
    let (mut ready, mut sent) = (Vec::new(), Vec::new());
    for flow in 0..RATE * SECONDS {
        let now = NOW + flow * 1000 / RATE;
        simulation.step(now, &mut ready);
        sent.extend(ready.drain(..).map(|datagram| (now, datagram)));
    }
    let end = NOW + SECONDS * 1000;
    simulation.finish(end, &mut ready);
    sent.extend(ready.drain(..).map(|datagram| (end, datagram)));
    (sent, simulation.summary().clone())
}

/// What a collector makes of them.
fn collect(sent: &[(u64, Datagram)]) -> Collector {
    let mut collector = Collector::new();
    for (time, datagram) in sent {
        let port = pcap::port(datagram.exporter, datagram.life);
        collector.take(*time, loopback(datagram.exporter), port, &datagram.bytes);
    }
    collector.finish();
    collector
}

fn run(scenarios: &[Scenario]) -> (Collector, Summary) {
    let settings = Settings { scenarios: scenarios.to_vec(), ..Settings::default() };
    let (sent, summary) = simulate(&settings);
    (collect(&sent), summary)
}

fn sum(collector: &Collector, field: Field) -> u64 {
    (0..collector.columns.rows()).map(|row| collector.columns.number(field, row)).sum()
}

/// Asserts that the collector has what it should have.
#[track_caller]
fn check(collector: &Collector, summary: &Summary) {
    let stored = summary.total().stored;
    let (bytes, packets) = (sum(collector, Field::Bytes), sum(collector, Field::Packets));
    assert_eq!((bytes, packets), (stored.bytes, stored.packets));
    // Events without counts are rows only where their columns are wanted, as they are here.
    let rows = (0..collector.columns.rows()).filter(|&row| collector.columns.number(Field::Bytes, row) > 0);
    assert_eq!(rows.count() as u64, stored.flows);
    assert_eq!(summary.total().datagrams, collector.counters().datagrams);
}

/// The sessions of a protocol.
fn sessions(collector: &Collector, protocol: Protocol) -> Vec<SessionStatus> {
    collector.decoder.sessions().filter(|session| session.protocol == protocol).collect()
}

/// The different values of a column, in rows of a protocol's exporter.
fn values(collector: &Collector, field: Field) -> BTreeSet<u64> {
    (0..collector.columns.rows()).map(|row| collector.columns.number(field, row)).collect()
}

#[test]
fn without_a_scenario_all_is_stored() {
    let (collector, summary) = run(&[]);
    check(&collector, &summary);
    assert_eq!(collector.counters().malformed(), 0);
    assert_eq!(summary.protocols.keys().count(), PROTOCOLS.len());
    assert!(summary.protocols.values().all(|sent| sent.stored.flows > 50 && sent.flows == sent.stored.flows));
    assert!(collector.decoder.sessions().all(|session| session.sequence.lost == 0));
    assert!(collector.counters().option_records > 50);
    // NetFlow v1 and v7 cannot say a rate; the others say theirs.
    let unknown =
        [Protocol::NetflowV1, Protocol::NetflowV7].map(|protocol| summary.protocols[&protocol].flows);
    assert_eq!(collector.counters().unknown_rates, unknown.iter().sum::<u64>());
    assert_eq!(values(&collector, Field::SamplingRate), [1, 1024, 2048].into());
}

#[test]
fn one_seed_gives_one_stream() {
    for scenarios in [&[][..], &[Scenario::Nsel, Scenario::Loss, Scenario::Reordering, Scenario::Noise]] {
        let of = |seed| simulate(&Settings { seed, scenarios: scenarios.to_vec(), ..Settings::default() });
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
    }
}

#[test]
fn every_scenario_is_stored_as_it_says() {
    for &scenario in Scenario::ALL {
        let (collector, summary) = run(&[scenario]);
        check(&collector, &summary);
        let is_clean = scenario != Scenario::Noise;
        assert_eq!(collector.counters().malformed() == 0, is_clean, "{}", scenario.name());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn scenarios_can_be_combined(
        seed in any::<u64>(),
        scenarios in prop::sample::subsequence(Scenario::ALL.to_vec(), 2..8),
        exporters in 6..20_u16,
        batch in 1..40_usize,
    ) {
        let (sent, summary) = simulate(&Settings { seed, scenarios, exporters, batch, ..Settings::default() });
        check(&collect(&sent), &summary);
        prop_assert!(sent.iter().all(|(_, datagram)| datagram.bytes.len() <= 1472));
    }
}

#[test]
fn samplers_may_never_come() {
    let (collector, summary) = run(&[Scenario::UnannouncedSampler]);
    let silent = [Protocol::NetflowV1, Protocol::NetflowV7, Protocol::NetflowV9, Protocol::Ipfix];
    let flows = silent.map(|protocol| summary.protocols[&protocol].flows).iter().sum::<u64>();
    assert_eq!(collector.counters().unknown_rates, flows);
    assert!(collector.counters().waiting_sets > 0);
}

#[test]
fn templates_change_while_flows_wait_for_samplers() {
    let (collector, summary) = run(&[Scenario::UnannouncedSampler, Scenario::TemplateChange]);
    check(&collector, &summary);
    assert!(collector.counters().waiting_sets > 0);
}

#[test]
fn templates_may_never_come() {
    let (collector, summary) = run(&[Scenario::NoTemplate]);
    assert_eq!(summary.protocols[&Protocol::NetflowV9].stored.flows, 0);
    assert!(summary.protocols[&Protocol::NetflowV9].flows > 50);
    assert!(collector.counters().expired_sets > 10);
}

#[test]
fn templates_change() {
    /// The templates that are new or changed.
    struct Templates(Vec<String>);
    impl flowql_decode::Observer for Templates {
        fn template(&mut self, _: flowql_decode::Source, _: u32, template: &flowql_decode::Template) {
            self.0.push(format!("{template:?}"));
        }
    }
    let settings = Settings { scenarios: vec![Scenario::TemplateChange], ..Settings::default() };
    let (mut collector, mut templates) = (Collector::new(), Templates(Vec::new()));
    for (time, datagram) in simulate(&settings).0 {
        let source = flowql_decode::Source {
            address: (loopback(datagram.exporter), 1).into(),
            listener: 0,
            transport: flowql_decode::Transport::Udp,
        };
        let received = time * 1_000_000;
        let datagram = flowql_decode::Datagram { received, source, position: 0, bytes: &datagram.bytes };
        collector.decoder.decode(&datagram, &mut collector.columns, &mut templates);
    }
    // Two of flows, by both protocols, that are new and change six times; then the options.
    assert!(templates.0.len() >= 4 * 7 + 8, "{:#?}", templates.0);
}

#[test]
fn biflows_become_two_rows() {
    let (collector, summary) = run(&[Scenario::Biflows]);
    for protocol in [Protocol::NetflowV9, Protocol::Ipfix] {
        let sent = summary.protocols[&protocol];
        assert!(sent.stored.flows > sent.flows * 3 / 2, "{sent:?}");
    }
    assert!(collector.counters().second_rows > 100);
}

#[test]
fn firewalls_repeat_themselves() {
    let (collector, summary) = run(&[Scenario::Nsel]);
    assert!(collector.counters().repeated > 5, "{:?}", collector.counters());
    assert_eq!(collector.counters().unknown_connections, 0);
    assert!(summary.protocols[&Protocol::NetflowV9].stored.flows > 100);
    assert!(values(&collector, Field::FirewallEvent).is_superset(&[0, 1, 2, 5].into()));
}

#[test]
fn both_directions_are_on_one_pair_of_interfaces_or_on_two() {
    let pairs = |scenario| {
        let (collector, _) = run(&[scenario]);
        let rows = collector.columns.rows();
        let of = |row| {
            let number = |field| collector.columns.number(field, row);
            let exporter = collector.columns.address(Field::ExporterAddress, row);
            (exporter, number(Field::InIfIndex), number(Field::OutIfIndex))
        };
        let by = |direction| -> BTreeSet<([u8; 16], u64, u64)> {
            let is_it = |&row: &usize| collector.columns.number(Field::FlowDirection, row) == direction;
            (0..rows).filter(is_it).map(of).collect()
        };
        (by(1), by(2))
    };
    let (ingress, egress) = pairs(Scenario::BothDirections);
    assert!(ingress.len() > 10 && ingress == egress);
    let (ingress, egress) = pairs(Scenario::BothDirectionsApart);
    assert!(ingress.len() > 10 && egress.len() > 10 && ingress.is_disjoint(&egress));
}

#[test]
fn counters_may_come_alone() {
    let (_, summary) = run(&[Scenario::CountersOnly]);
    let sent = summary.protocols[&Protocol::Sflow];
    assert!(sent.datagrams > 0 && sent.flows == 0);
}

#[test]
fn noise_is_of_no_protocol() {
    let (collector, summary) = run(&[Scenario::Noise]);
    assert!(summary.noise.datagrams > 10);
    assert_eq!(collector.counters().malformed(), summary.noise.datagrams);
}

#[test]
fn losses_are_seen_by_the_numbers() {
    let (collector, summary) = run(&[Scenario::Loss]);
    let lost = summary.total().lost;
    assert!(lost > 10);
    let v9: u64 = sessions(&collector, Protocol::NetflowV9).iter().map(|session| session.sequence.lost).sum();
    assert!(v9 > 0 && v9 <= summary.protocols[&Protocol::NetflowV9].lost);
}

#[test]
fn the_order_changes_and_nothing_is_lost() {
    let (collector, _) = run(&[Scenario::Reordering]);
    let sequences = || collector.decoder.sessions().map(|session| session.sequence);
    assert!(sequences().map(|sequence| sequence.reordered).sum::<u64>() > 5);
    assert_eq!(sequences().map(|sequence| sequence.lost).sum::<u64>(), 0);
}

#[test]
fn restarts_come_from_another_port() {
    let (collector, _) = run(&[Scenario::Restarts]);
    for protocol in [Protocol::NetflowV9, Protocol::Ipfix, Protocol::NetflowV5, Protocol::Sflow] {
        let sessions = sessions(&collector, protocol);
        assert_eq!(sessions.len(), 4, "{}", protocol.name());
    }
    assert!(sessions(&collector, Protocol::NetflowV9).iter().any(|session| session.borrowed_templates));
}

#[test]
fn clocks_may_be_off() {
    let (collector, _) = run(&[Scenario::ClockOff]);
    let ahead = |row: &usize| {
        let (end, received) = (Field::FlowEnd, Field::TimeReceived);
        collector.columns.number(end, *row) / 1000 > collector.columns.number(received, *row) + 7_100
    };
    assert!((0..collector.columns.rows()).filter(ahead).count() > 1_000);
}

#[test]
fn interfaces_may_have_no_names() {
    let names = |scenarios: &[Scenario]| values(&run(scenarios).0, Field::InIfDescription);
    assert!(names(&[]).len() > 10);
    assert_eq!(names(&[Scenario::NoNames]), [0].into());
}

#[test]
fn sampling_rates_contradict_each_other() {
    let (collector, _) = run(&[Scenario::ContradictorySampling]);
    // Options say 1024 and 2048, and twice that by interface; records and headers say what follows.
    assert_eq!(values(&collector, Field::SamplingRate), [1, 256, 512, 1024].into());
}

#[test]
fn floods_go_to_one_address() {
    for (scenario, protocol) in [(Scenario::DnsFlood, 17), (Scenario::SynFlood, 6)] {
        let (collector, _) = run(&[scenario]);
        let rows = collector.columns.rows();
        let is_it = |&row: &usize| {
            collector.columns.address(Field::DstAddr, row) == ATTACKED
                && collector.columns.number(Field::Proto, row) == protocol
        };
        let share = (0..rows).filter(is_it).count() * 100 / rows;
        assert!((70..90).contains(&share), "{share}");
    }
}

#[test]
fn a_scenario_needs_a_protocol() {
    let network = Network::new(1);
    let settings = Settings {
        protocols: vec![Protocol::NetflowV5],
        scenarios: vec![Scenario::Nsel],
        ..Settings::default()
    };
    let error = Simulation::new(&network, &settings, NOW).unwrap_err();
    assert_eq!(error.to_string(), "the scenario `nsel` needs an exporter of NetFlow v9");
    let nobody = Settings { exporters: 0, ..Settings::default() };
    assert_eq!(Simulation::new(&network, &nobody, NOW).unwrap_err().to_string(), "there is no exporter");
}

#[test]
fn scattered_flows_have_as_numbers_of_their_own() {
    let (collector, _) = run(&[Scenario::Scattered]);
    let number = |field, row| collector.columns.number(field, row);
    let rows = (0..collector.columns.rows()).filter(|&row| number(Field::SrcAS, row) > 0);
    let pairs: Vec<_> = rows.map(|row| (number(Field::SrcAS, row), number(Field::DstAS, row))).collect();
    let different = pairs.iter().collect::<std::collections::BTreeSet<_>>().len();
    assert!(different > 0 && different * 10 > pairs.len() * 9, "{different} of {}", pairs.len());
}
