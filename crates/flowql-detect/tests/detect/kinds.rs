//! Every kind of attack that is simulated is found, by the rules of the program; what only looks like one is left alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use flowql::Column;
use flowql_detect::incident::{Collateral, Incidents, Nameable, Saved, State};
use flowql_detect::{DetectSection, Engine, Rules};
use flowql_eval::columns::{Flows, Numbers, Values};
use flowql_simulate::encode::Flow;
use flowql_simulate::{Attack, Network};

use super::config;
use super::flows::START;

/// The flows of a second, each a sample of so many packets.
struct Second<'w> {
    time: u32,
    rate: u64,
    flows: Vec<Flow<'w>>,
}

impl Second<'_> {
    fn numbers<const N: usize>(&self, value: impl Fn(&Flow<'_>) -> [u8; N]) -> Option<Values<'_>> {
        let bytes: Vec<u8> = self.flows.iter().flat_map(value).collect();
        Some(Values::Numbers(Numbers::new(N, bytes)))
    }

    fn addresses(&self, value: impl Fn(&Flow<'_>) -> [u8; 16]) -> Option<Values<'_>> {
        let bytes: Vec<u8> = self.flows.iter().flat_map(value).collect();
        Some(Values::Numbers(Numbers::addresses(bytes)))
    }
}

impl Flows for Second<'_> {
    fn rows(&self) -> usize {
        self.flows.len()
    }

    fn values(&self, column: &Column) -> Option<Values<'_>> {
        match column.name.as_ref() {
            "TimeReceived" => self.numbers(|_| self.time.to_le_bytes()),
            "SamplingRate" => self.numbers(|_| self.rate.to_le_bytes()),
            "SrcAddr" => self.addresses(|flow| flow.source),
            "DstAddr" => self.addresses(|flow| flow.destination),
            "SrcPort" => self.numbers(|flow| flow.source_port.to_le_bytes()),
            "DstPort" => self.numbers(|flow| flow.destination_port.to_le_bytes()),
            "Proto" => self.numbers(|flow| u32::from(flow.protocol).to_le_bytes()),
            "TCPFlags" => self.numbers(|flow| u16::from(flow.tcp_flags).to_le_bytes()),
            "Bytes" => self.numbers(|flow| flow.bytes.to_le_bytes()),
            "Packets" => self.numbers(|flow| flow.packets.to_le_bytes()),
            _ => None,
        }
    }
}

/// What became of an attack: the rules by which it was found, each with how many seconds after it began, and those that
/// were acted upon.
#[derive(Debug, Default)]
struct Outcome {
    found: BTreeMap<String, u32>,
    acted: BTreeSet<String>,
}

/// Flows of a sample a second.
const FLOWS: u64 = 2_000;

/// Lets an attack of so many packets a second go on for two minutes, by the rules of the program, in automatic mode, where
/// nothing else would be hit.
fn run(attack: Attack, packets: u64) -> Outcome {
    let text = "[schema]\nenable = [\"TCPFlags\", \"IPFragmentOffset\"]\n[detect]\nmode = \"automatic\"\n\
                protected = [\"203.0.113.0/24\", \"198.18.0.0/15\", \"2001:db8:1::/48\"]\n";
    let config = config(text);
    let section = config.section::<DetectSection>();
    let rules = Arc::new(Rules::new(&config).unwrap());
    let mut engine = Engine::new(&config.schema, &section, Arc::clone(&rules));
    let mut incidents = Incidents::new(rules, &section, Nameable::of(&config.schema), Saved::default());
    let network = Network::new(1);
    let mut flows = flowql_simulate::Flows::new(&network, 1);
    let mut outcome = Outcome::default();
    for second in 0..120 {
        let passed = u64::from(second) * 1000;
        let end = u64::from(START) * 1000 + passed;
        let many = if attack.sends_at(passed) { FLOWS } else { 0 };
        let flows: Vec<_> = (0..many).filter_map(|_| Some(flows.of(attack, end)?.1)).collect();
        engine.add(&Second { time: START + second, rate: packets / FLOWS, flows });
        let time = START + second + 1;
        let seen = engine.pass(time);
        for change in incidents.step(time, &engine, seen) {
            let incident = change.incident;
            outcome.found.entry(incident.rule.clone()).or_insert(second + 1);
            if incident.state == State::Mitigated {
                outcome.acted.insert(incident.rule);
            }
        }
        let open: Vec<_> = incidents.open().map(|open| (open.number, open.signature.filter())).collect();
        open.iter().for_each(|(number, filter)| {
            incidents.set_collateral(*number, filter, Collateral { share: 0.0, hours: 24 });
        });
    }
    outcome
}

/// The rule by which each attack is found, its packets a second at twice the threshold, and whether it is acted upon.
fn expected(attack: Attack) -> (&'static str, u64, bool) {
    match attack {
        Attack::Ntp | Attack::Pulse => ("ntp-amplification", 107_000, true),
        Attack::Dns => ("dns-amplification", 58_000, true),
        Attack::Cldap => ("cldap-amplification", 18_000, true),
        Attack::Ssdp => ("ssdp-amplification", 76_000, true),
        Attack::Memcached => ("memcached-amplification", 18_000, true),
        Attack::Syn => ("syn-flood", 100_000, true),
        Attack::SynAck => ("syn-ack-flood", 100_000, true),
        Attack::Rst => ("rst-flood", 100_000, true),
        Attack::Icmp => ("icmp-flood", 40_000, true),
        Attack::Gre => ("gre-flood", 130_000, true),
        Attack::Udp | Attack::RandomHosts => ("udp-flood", 330_000, true),
        // The sixteen /24 of a /20 share it.
        Attack::Carpet => ("carpet-udp", 6_700_000, false),
        Attack::CarpetFixed => ("ws-discovery-amplification", 340_000, true),
        Attack::Scan => ("syn-scan", 20_000, false),
        // 12 Gbit/s, each.
        Attack::FlashCrowd => ("", 2_000_000, false),
        Attack::Backup | Attack::SpeedTest => ("", 1_000_000, false),
        Attack::NewCdn => ("", 1_200_000, false),
    }
}

#[test]
fn every_kind_is_found_and_what_only_looks_like_one_is_left_alone() {
    for &attack in Attack::ALL {
        let (rule, packets, is_acted_upon) = expected(attack);
        assert_eq!(attack.is_attack(), !rule.is_empty());
        let outcome = run(attack, packets);
        if attack.is_attack() {
            assert!(outcome.found.get(rule).is_some_and(|after| *after <= 10), "{attack:?}: {outcome:?}");
        }
        assert_eq!(outcome.acted.contains(rule), is_acted_upon, "{attack:?}: {outcome:?}");
        assert!(is_acted_upon || outcome.acted.is_empty(), "{attack:?}: {outcome:?}");
    }
}

#[test]
fn larger_attacks_are_found_sooner_and_those_below_half_not_at_all() {
    for (tenths, latest) in [(5, None), (12, Some(10)), (20, Some(7)), (40, Some(3)), (100, Some(2))] {
        for attack in [Attack::Ntp, Attack::Syn, Attack::Icmp] {
            let (rule, twice, _) = expected(attack);
            let outcome = run(attack, twice * tenths / 20);
            let is_right = match (latest, outcome.found.get(rule)) {
                (Some(latest), Some(after)) => *after <= latest,
                (None, None) => outcome.acted.is_empty(),
                _ => false,
            };
            assert!(is_right, "{attack:?} at {tenths}/10 of the threshold: {outcome:?}");
        }
    }
}
