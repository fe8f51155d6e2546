//! What becomes of targets that reach a threshold.

use std::sync::Arc;

use flowql_detect::incident::{
    Approval, Change, Collateral, Incidents, Nameable, Refusal, Saved, Signature, State,
};
use flowql_detect::{Action, DetectSection, Engine, Rules, SampledFlow};

use super::config;
use super::flows::{Batch, Flow, START};

/// NTP above 10 Mbit/s is dropped for two minutes.
const RULE: &str = "shipped = false\nprotected = [\"203.0.113.0/24\", \"2001:db8::/32\"]\nnever = [\"203.0.113.53\"]\n\
                    [[detect.rule]]\nname = \"ntp\"\nwhen = 'Proto = \"udp\" AND SrcPort = 123'\nper = [\"host\", \"prefix\"]\n\
                    above = [{ bits = \"10M\", sources = 20 }]\nrespond = [\"notify\", { flowspec = \"drop\", hold = \"2m\" }]\n";

/// An engine with its incidents, second by second.
struct Network {
    engine: Engine,
    incidents: Incidents,
    second: u32,
    changes: Vec<Change>,
}

impl Network {
    fn new(mode: &str, rule: &str) -> Self {
        let text = format!(
            "[schema]\nenable = [\"TCPFlags\", \"IPFragmentOffset\"]\n[detect]\nmode = \"{mode}\"\n{rule}"
        );
        let config = config(&text);
        let section = config.section::<DetectSection>();
        let rules = Arc::new(Rules::new(&config).unwrap());
        let nameable = Nameable::of(&config.schema);
        Self {
            engine: Engine::new(&config.schema, &section, Arc::clone(&rules)),
            incidents: Incidents::new(rules, &section, nameable, Saved::default()),
            second: 0,
            changes: Vec::new(),
        }
    }

    fn now(&self) -> u32 {
        START + self.second
    }

    /// Lets seconds pass in which these flows come, each second with its time.
    fn run(&mut self, seconds: u32, mut flows: impl FnMut(u32) -> Vec<Flow>) {
        for _ in 0..seconds {
            self.engine.add(&Batch(flows(self.now())));
            self.second += 1;
            let seen = self.engine.pass(self.now());
            self.changes.extend(self.incidents.step(self.now(), &self.engine, seen));
        }
    }

    fn only(&self) -> &flowql_detect::incident::Incident {
        let open: Vec<_> = self.incidents.open().collect();
        let [one] = open.as_slice() else { panic!("{open:#?}") };
        one
    }

    /// It was found that nothing else would be hit.
    fn harmless(&mut self) {
        let (number, filter) = (self.only().number, self.only().signature.filter());
        self.incidents.set_collateral(number, &filter, collateral(0.001));
    }

    fn states(&self) -> Vec<&'static str> {
        self.changes.iter().map(|change| change.incident.state.name()).collect()
    }
}

/// 40 Mbit/s of NTP from 100 sources.
fn attack(time: u32, destination: &str) -> Vec<Flow> {
    let flow = |n: u32| Flow { rate: 100, ..Flow::ntp(time, n % 100, destination) };
    (0..107).map(flow).collect()
}

fn collateral(share: f64) -> Collateral {
    Collateral { share, hours: 24 }
}

fn quiet(_: u32) -> Vec<Flow> {
    Vec::new()
}

#[test]
fn an_attack_becomes_an_incident_with_evidence_and_a_signature_and_ends() {
    let mut network = Network::new("dry-run", RULE);
    network.run(30, |time| attack(time, "203.0.113.9"));
    let incident = network.only();
    assert_eq!((incident.state, incident.target.to_string().as_str()), (State::Active, "203.0.113.9"));
    assert!(incident.start <= START + 4, "{incident:#?}");
    assert!((incident.peak.bits / 4e7 - 1.0).abs() < 0.02 && incident.peak.severity > 3.9, "{incident:#?}");
    assert!((90..110).contains(&incident.peak.sources) && incident.peak.samples > 1000);
    let filter = "DstAddr = 203.0.113.9 AND Proto = \"udp\" AND SrcPort = 123 AND PacketSize = 468";
    assert_eq!(incident.signature.filter(), filter);
    assert_eq!(incident.signature.covers, 1.0);
    let evidence = &incident.evidence;
    assert_eq!((evidence.source_ports[0].value, evidence.source_ports[0].share), (123, 1.0));
    assert_eq!((evidence.countries[0].value.as_str(), evidence.lengths.unwrap().median), ("DE", 468));
    // Nothing is done; what would be is said.
    assert!(network.incidents.wanted().is_empty());
    assert_eq!(incident.action.unwrap().approval, Approval::DryRun);
    assert!(incident.log.iter().any(|entry| entry.what == format!("would drop: {filter}")), "{incident:#?}");
    network.run(90, quiet);
    assert_eq!(network.incidents.open().count(), 0);
    let last = &network.changes.last().unwrap().incident;
    assert_eq!(last.state, State::Over);
    assert!((START + 90..START + 115).contains(&last.end), "{}", last.end - START);
    assert_eq!(network.changes[0].from, None);
    // The signature is a filter that compiles.
    let config = config("[schema]\nenable = [\"TCPFlags\"]\n");
    assert!(config.compiler().diagnostics(filter).iter().all(|found| !found.is_error()));
}

#[test]
fn what_is_below_the_threshold_or_on_too_few_samples_is_not_an_incident() {
    let mut network = Network::new("dry-run", RULE);
    network.run(60, |time| {
        attack(time, "203.0.113.9").into_iter().map(|flow| Flow { rate: 22, ..flow }).collect()
    });
    assert_eq!(network.incidents.open().count(), 0);
    assert_eq!(network.incidents.suspected().len(), 2, "the host and its prefix, at 0.9 of the threshold");
    // The same rate on 2 samples a second.
    let mut network = Network::new("dry-run", RULE);
    network.run(60, |time| {
        attack(time, "203.0.113.9").into_iter().take(2).map(|flow| Flow { rate: 50_000, ..flow }).collect()
    });
    assert_eq!(network.incidents.open().count(), 0);
}

#[test]
fn in_automatic_mode_what_is_harmless_is_done_probed_and_taken_back() {
    let mut network = Network::new("automatic", RULE);
    network.run(10, |time| attack(time, "203.0.113.9"));
    assert!(network.incidents.wanted().is_empty(), "collateral is not known yet");
    // Too much else would be hit.
    let (number, filter) = (network.only().number, network.only().signature.filter());
    network.incidents.set_collateral(number, &filter, collateral(0.02));
    network.run(2, |time| attack(time, "203.0.113.9"));
    assert!(network.incidents.wanted().is_empty());
    // What is known of another filter says nothing.
    network.incidents.set_collateral(number, "DstAddr = 203.0.113.9", collateral(0.0));
    network.run(2, |time| attack(time, "203.0.113.9"));
    assert!(network.incidents.wanted().is_empty());
    network.harmless();
    network.run(1, |time| attack(time, "203.0.113.9"));
    let wanted = network.incidents.wanted();
    let [drop] = wanted.as_slice() else { panic!("{wanted:?}") };
    assert_eq!((drop.action, drop.target.to_string().as_str()), (Action::Drop, "203.0.113.9/32"));
    assert_eq!((drop.filter.as_str(), drop.number), (filter.as_str(), number));
    assert_eq!(drop.until, network.now() + 120);
    // What is dropped is not seen any more; that says nothing until it is probed.
    network.run(100, quiet);
    assert_eq!(network.only().state, State::Mitigated);
    network.run(15, quiet);
    assert_eq!(network.only().state, State::Probing);
    let [probe] = network.incidents.wanted().try_into().unwrap();
    assert_eq!(probe.action, Action::Rate(flowql_detect::Amount(5_000_000)));
    network.run(10, quiet);
    assert!(network.incidents.wanted().is_empty() && network.incidents.open().count() == 0);
    assert_eq!(network.states(), ["active", "active", "mitigated", "probing", "over"]);
}

#[test]
fn what_is_still_there_is_held_longer_and_so_is_what_returns_within_an_hour() {
    let mut network = Network::new("automatic", RULE);
    network.run(10, |time| attack(time, "203.0.113.9"));
    network.harmless();
    network.run(1, |time| attack(time, "203.0.113.9"));
    network.run(108, quiet);
    // 5 Mbit/s are let through, and are full.
    network.run(16, |time| {
        attack(time, "203.0.113.9").into_iter().map(|flow| Flow { rate: 13, ..flow }).collect()
    });
    assert_eq!((network.only().state, network.only().action.unwrap().hold), (State::Mitigated, 360));
    network.run(400, quiet);
    assert_eq!(network.incidents.open().count(), 0);
    network.run(600, quiet);
    network.run(10, |time| attack(time, "203.0.113.9"));
    network.harmless();
    network.run(1, |time| attack(time, "203.0.113.9"));
    assert_eq!((network.only().number, network.only().returns), (2, 2));
    assert_eq!(network.only().action.unwrap().hold, 1440);
    // An hour after the last one was over it begins as at first.
    network.run(1500, quiet);
    network.run(3600, quiet);
    network.run(10, |time| attack(time, "203.0.113.9"));
    assert_eq!(network.only().returns, 0);
}

#[test]
fn never_and_what_is_not_protected_are_reported_only() {
    for (target, rule, reason) in [
        ("203.0.113.53", RULE.to_owned(), "in `never`"),
        ("203.0.113.9", RULE.replace("203.0.113.0/24", "203.0.113.0/30"), ""),
        ("203.0.113.9", RULE.replace("protected = [", "protected = [ ] #"), "not in `protected`"),
        ("2001:db8::9", RULE.replace("flowspec = \"drop\"", "blackhole = true"), "more than one address"),
    ] {
        let mut network = Network::new("automatic", &rule);
        let attack = |time: u32, target: &str| -> Vec<Flow> {
            let mut flows = super::incidents::attack(time, target);
            for (n, flow) in flows.iter_mut().enumerate() {
                // To many hosts of a /64.
                if let std::net::IpAddr::V6(address) = flow.destination {
                    flow.destination =
                        std::net::Ipv6Addr::from_bits(address.to_bits() + ((n as u128) << 32)).into();
                }
            }
            flows
        };
        network.run(20, |time| attack(time, target));
        if reason.is_empty() {
            assert_eq!(network.incidents.open().count(), 0);
            continue;
        }
        network.harmless();
        network.run(5, |time| attack(time, target));
        assert!(network.incidents.wanted().is_empty());
        let number = network.only().number;
        let log = &network.only().log;
        assert!(log.iter().any(|entry| entry.what.contains(reason)), "{log:?}");
        let refused = network.incidents.approve(number, "anna", START).unwrap_err();
        assert!(refused.to_string().contains(reason), "{refused}");
    }
}

#[test]
fn in_manual_mode_a_person_decides() {
    let mut network = Network::new("manual", RULE);
    network.run(20, |time| attack(time, "203.0.113.9"));
    network.harmless();
    network.run(5, |time| attack(time, "203.0.113.9"));
    assert!(network.incidents.wanted().is_empty());
    let number = network.only().number;
    let now = network.now();
    assert_eq!(
        network.incidents.extend(number, 60, "anna", now).unwrap_err().to_string(),
        "nothing is done about it"
    );
    let change = network.incidents.approve(number, "anna", now).unwrap();
    assert_eq!((change.from, change.incident.state), (Some(State::Active), State::Mitigated));
    assert_eq!(change.incident.log.last().unwrap().by, "anna");
    assert_eq!(network.incidents.wanted().len(), 1);
    network.incidents.extend(number, 600, "anna", now).unwrap();
    network.run(300, quiet);
    assert_eq!(network.only().state, State::Mitigated);
    // The switch takes everything back at once.
    network.incidents.switch(true);
    assert!(network.incidents.wanted().is_empty() && network.incidents.is_off());
    network.incidents.switch(false);
    assert_eq!(network.incidents.wanted().len(), 1);
    let now = network.now();
    network.incidents.withdraw(number, "ben", now).unwrap();
    assert!(network.incidents.wanted().is_empty());
    network.run(61, quiet);
    assert_eq!(network.incidents.open().count(), 0);
    assert_eq!(network.incidents.withdraw(number, "ben", now).unwrap_err(), Refusal::Unknown(number));
}

#[test]
fn the_same_attack_is_one_incident_and_a_carpet_is_that_of_its_prefix() {
    let mut network = Network::new("dry-run", RULE);
    network.run(30, |time| attack(time, "203.0.113.9"));
    // Its prefix has the same traffic.
    assert_eq!(network.only().target.to_string(), "203.0.113.9");
    let mut network = Network::new("dry-run", RULE);
    network.run(30, |time| {
        let mut flows = attack(time, "203.0.113.0");
        for (n, flow) in flows.iter_mut().enumerate() {
            flow.destination = std::net::IpAddr::from([203, 0, 113, 128 + (n % 64) as u8]);
        }
        flows
    });
    let incident = network.only();
    assert_eq!(incident.target.to_string(), "203.0.113.0/24");
    let filter = "DstAddr << 203.0.113.128/26 AND Proto = \"udp\" AND SrcPort = 123 AND PacketSize = 468";
    assert_eq!(incident.signature.filter(), filter);
}

#[test]
fn incidents_outlive_the_process() {
    let mut network = Network::new("automatic", RULE);
    network.run(10, |time| attack(time, "203.0.113.9"));
    network.harmless();
    network.run(1, |time| attack(time, "203.0.113.9"));
    let wanted = network.incidents.wanted();
    let kept = serde_json::to_string(network.incidents.saved()).unwrap();
    let saved: Saved = serde_json::from_str(&kept).unwrap();
    assert_eq!(&saved, network.incidents.saved());
    let mut other = Network::new("automatic", RULE);
    let config = config(&format!("[detect]\nmode = \"automatic\"\n{RULE}"));
    let rules = Arc::new(Rules::new(&config).unwrap());
    let section = config.section::<DetectSection>();
    other.incidents = Incidents::new(rules, &section, Nameable::of(&config.schema), saved);
    assert_eq!(other.incidents.wanted(), wanted);
    other.second = network.second;
    other.run(130, quiet);
    assert_eq!(other.states(), ["probing", "over"]);
}

/// The signature of flows to a host.
fn signature(flows: impl Iterator<Item = SampledFlow>) -> (String, f64) {
    let config = config("[schema]\nenable = [\"TCPFlags\", \"IPFragmentOffset\"]\n");
    let target = "203.0.113.9".parse().unwrap();
    let flows: Vec<SampledFlow> = flows.collect();
    let signature = Signature::of(&target, &flows, Nameable::of(&config.schema));
    let filter = signature.filter();
    let errors: Vec<_> =
        config.compiler().diagnostics(&filter).into_iter().filter(flowql::Diagnostic::is_error).collect();
    assert!(errors.is_empty(), "{filter}: {errors:?}");
    (filter.replace("DstAddr = 203.0.113.9 AND ", ""), signature.covers)
}

fn sampled(n: u16) -> SampledFlow {
    let destination = 0xffff_0000_0000 | u128::from(u32::from_be_bytes([203, 0, 113, 9]));
    SampledFlow {
        source: u128::from(n),
        destination,
        source_port: n.wrapping_mul(7919),
        destination_port: n.wrapping_mul(104),
        proto: 17,
        packets: 1,
        bytes: 60 + u64::from(n) * 11 % 1400,
        rate: 100,
        ..SampledFlow::default()
    }
}

#[test]
fn signatures_are_the_narrowest_that_cover_nine_tenths() {
    let all = || (0..200).map(sampled);
    assert_eq!(signature(all()), ("Proto = \"udp\"".to_owned(), 1.0));
    let one_port = all().map(|flow| SampledFlow { destination_port: 4444, ..flow });
    assert_eq!(signature(one_port).0, "Proto = \"udp\" AND DstPort = 4444");
    // A port of 85 % of the bytes holds the bytes, but not nine tenths of them.
    let most = (0..200).map(|n| SampledFlow {
        source_port: if n % 20 < 17 { 53 } else { n },
        bytes: 100,
        ..sampled(n)
    });
    assert_eq!(signature(most).0, "Proto = \"udp\" AND PacketSize = 100");
    let syn = all().map(|flow| SampledFlow { proto: 6, flags: 2, destination_port: 443, bytes: 60, ..flow });
    let expected = "Proto = \"tcp\" AND DstPort = 443 AND TCPFlags = 2 AND PacketSize = 60";
    assert_eq!(signature(syn.clone()), (expected.to_owned(), 1.0));
    // Of records of several packets neither flags nor lengths are known.
    let several = syn.map(|flow| SampledFlow { packets: 2, ..flow });
    assert_eq!(signature(several).0, "Proto = \"tcp\" AND DstPort = 443");
    // Large answers come with fragments, which have no ports.
    let answers = (0..200).map(|n| {
        let is_fragment = n % 2 == 1;
        let port = if is_fragment { 0 } else { 53 };
        SampledFlow { source_port: port, is_fragment, bytes: 1400 + u64::from(n) % 100, ..sampled(n) }
    });
    let (filter, covers) = signature(answers);
    assert!(filter.contains("SrcPort = 53 AND PacketSize >= 1400") && covers == 1.0, "{filter} {covers}");
    assert!(filter.contains(" OR (Proto = \"udp\" AND IPFragmentOffset > 0)"), "{filter}");
    assert_eq!(
        signature((0..50).map(|n| SampledFlow { is_fragment: true, ..sampled(n) })).0,
        "Proto = \"udp\" AND IPFragmentOffset > 0"
    );
    assert_eq!(signature(std::iter::empty()), ("DstAddr = 203.0.113.9".to_owned(), 0.0));
}

#[test]
fn a_group_under_fire_has_the_prefixes_that_are() {
    let target = "DstNetName = customers".parse().unwrap();
    let to = |n: u16| {
        let third = if n.is_multiple_of(20) { 9 } else { 112 + (n % 2) as u8 };
        let bits = 0xffff_0000_0000 | u128::from(u32::from_be_bytes([203, 0, third, n as u8]));
        SampledFlow { destination: bits, bytes: 500, ..sampled(n) }
    };
    let flows: Vec<SampledFlow> = (0..200).map(to).collect();
    let config = config("");
    let signature = Signature::of(&target, &flows, Nameable::of(&config.schema));
    assert_eq!(signature.prefixes, ["203.0.112.0/23".parse::<ipnet::IpNet>().unwrap()]);
}
