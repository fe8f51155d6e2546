//! The engine in the stream.

use std::sync::Arc;

use flowql_detect::{DetectSection, Engine, Observation, Rules, Target};

use super::config;
use super::flows::{Batch, Flow, START, play};

/// One rule: NTP above 10 Mbit/s from at least 20 sources, or above 50,000 packets a second.
const NTP: &str = "shipped = false\n[[detect.rule]]\nname = \"ntp\"\nwhen = 'Proto = \"udp\" AND SrcPort = 123'\n\
                   above = [{ bits = \"10M\", sources = 20 }, { packets = \"50k\" }]\n";

fn engine(settings: &str) -> Engine {
    let config = config(&format!("[detect]\n{settings}"));
    let rules = Arc::new(Rules::new(&config).unwrap());
    Engine::new(&config.schema, &config.section::<DetectSection>(), rules)
}

fn of<'o>(observations: &'o [Observation], target: &str) -> Option<&'o Observation> {
    observations.iter().find(|observation| observation.target.to_string() == target)
}

/// So many megabits in a second, from 100 sources.
fn attack(second: u32, megabits: u64, destination: &str) -> Vec<Flow> {
    let packets = megabits * 1_000_000 / 8 / 500;
    let flow = |n: u64| Flow { bytes: 500, ..Flow::ntp(START + second, (n % 100) as u32, destination) };
    (0..packets).map(flow).collect()
}

#[test]
fn an_attack_of_four_times_the_threshold_is_noticed_within_three_seconds() {
    // At whichever second of a window it begins.
    for offset in 0..10 {
        let mut engine = engine(NTP);
        let mut noticed = None;
        play(
            &mut engine,
            offset..offset + 6,
            |second| attack(second, 40, "203.0.113.9"),
            |second, seen| {
                if of(&seen, "203.0.113.9").is_some_and(|seen| seen.severity >= 1.0) {
                    noticed.get_or_insert(second + 1 - offset);
                }
            },
        );
        assert!(noticed.is_some_and(|noticed| noticed <= 3), "offset {offset}: {noticed:?}");
    }
}

#[test]
fn rates_are_those_of_the_traffic() {
    let mut engine = engine(NTP);
    play(
        &mut engine,
        0..40,
        |second| attack(second, 8, "203.0.113.9"),
        |second, seen| {
            if second >= 20 {
                let seen = of(&seen, "203.0.113.9").unwrap();
                assert!((seen.rates.bits / 8e6 - 1.0).abs() < 0.01, "{second}: {seen:?}");
                assert!((seen.rates.packets / 2000.0 - 1.0).abs() < 0.01, "{second}: {seen:?}");
                assert!((95..=105).contains(&seen.rates.sources), "{second}: {seen:?}");
                assert_eq!(seen.rates.countries, 1);
                assert!((seen.severity - 0.8).abs() < 0.01);
            }
        },
    );
    // It is over, and is forgotten.
    let seen = (0..9).map(|n| engine.pass(START + 40 + n * 10)).last().unwrap();
    assert!(seen.is_empty() && engine.targets() == 0, "{seen:?}");
}

#[test]
fn all_parts_of_a_threshold_must_hold() {
    let few = |second: u32| -> Vec<Flow> {
        let mut flows = attack(second, 40, "203.0.113.9");
        flows.iter_mut().for_each(|flow| flow.source = "198.51.100.7".parse().unwrap());
        flows
    };
    let mut engine = engine(NTP);
    play(&mut engine, 0..20, few, |_, seen| {
        assert!(seen.iter().all(|seen| seen.severity <= 0.2), "one source alone: {seen:?}");
    });
}

#[test]
fn sampled_flows_count_for_those_that_they_are_of() {
    let mut engine = engine(NTP);
    let sampled = |second: u32| -> Vec<Flow> {
        let flows = attack(second, 4, "2001:db8::77");
        flows.into_iter().step_by(10).map(|flow| Flow { rate: 10, ..flow }).collect()
    };
    play(&mut engine, 0..30, sampled, |second, seen| {
        if second >= 20 {
            // An IPv6 host is a /64.
            let seen = of(&seen, "2001:db8::/64").unwrap();
            assert!((seen.rates.bits / 4e6 - 1.0).abs() < 0.01, "{seen:?}");
            assert!((950..=1050).contains(&seen.rates.samples), "{seen:?}");
        }
    });
}

#[test]
fn prefixes_and_groups_are_targets_too() {
    let settings = "shipped = false\n[[detect.rule]]\nname = \"udp\"\nwhen = 'Proto = \"udp\"'\n\
                    per = [\"prefix\", \"DstNetName\"]\nabove = [{ bits = \"10M\" }]\n";
    let mut engine = engine(settings);
    let carpet = |second: u32| -> Vec<Flow> {
        let mut flows = attack(second, 20, "203.0.113.0");
        for (n, flow) in flows.iter_mut().enumerate() {
            flow.destination = std::net::IpAddr::from([203, 0, 112 + (n % 2) as u8, (n % 256) as u8]);
            flow.network = if n % 2 == 0 { "customers" } else { "" };
        }
        flows
    };
    play(&mut engine, 0..20, carpet, |second, seen| {
        if second == 19 {
            let mut found: Vec<_> = seen.iter().map(|seen| seen.target.to_string()).collect();
            found.sort();
            assert_eq!(found, ["203.0.112.0/24", "203.0.113.0/24", "DstNetName = customers"]);
            assert!(seen.iter().all(|seen| (seen.rates.bits / 1e7 - 1.0).abs() < 0.01), "{seen:?}");
        }
    });
}

#[test]
fn long_records_are_spread_over_their_time() {
    // 600 flows of 1 Mbit/s in all, of which each is told of once a minute; they take turns.
    let mut engine = engine(NTP);
    let staggered = |second: u32| -> Vec<Flow> {
        let flow = |n: u32| Flow {
            bytes: 1_000_000 / 8 * 60 / 600,
            packets: 25,
            took: 60_000,
            ..Flow::ntp(START + second, n + second * 10, "203.0.113.9")
        };
        (0..10).map(flow).collect()
    };
    let mut rates = Vec::new();
    play(&mut engine, 0..600, staggered, |second, seen| {
        if second >= 400 {
            rates.push(of(&seen, "203.0.113.9").unwrap().rates.bits);
        }
    });
    let worst = rates.iter().map(|rate| (rate / 1e6 - 1.0).abs()).fold(0.0, f64::max);
    assert!(worst < 0.1, "{worst}");
}

#[test]
fn each_packet_counts_once_where_both_directions_come() {
    let mut engine = engine(NTP);
    let doubled = |second: u32| -> Vec<Flow> {
        let flows = attack(second, 8, "203.0.113.9");
        let both = |flow: Flow| [1, 2].map(|direction| Flow { direction, ..flow });
        flows.into_iter().flat_map(both).collect()
    };
    play(&mut engine, 0..30, doubled, |second, seen| {
        if second >= 20 {
            let seen = of(&seen, "203.0.113.9").unwrap();
            assert!((seen.rates.bits / 8e6 - 1.0).abs() < 0.01, "{seen:?}");
        }
    });
    assert_eq!(engine.doubling_exporters(), ["192.0.2.1".parse::<std::net::IpAddr>().unwrap()]);
    // What leaves only counts.
    let mut other = self::engine(NTP);
    let leaving = |second: u32| -> Vec<Flow> {
        let flows = attack(second, 8, "203.0.113.9");
        flows.into_iter().map(|flow| Flow { direction: 2, ..flow }).collect()
    };
    play(&mut other, 0..20, leaving, |second, seen| {
        if second >= 15 {
            assert!((of(&seen, "203.0.113.9").unwrap().rates.bits / 8e6 - 1.0).abs() < 0.01);
        }
    });
    assert!(other.doubling_exporters().is_empty());
}

#[test]
fn only_what_counts_and_is_protected_is_looked_at() {
    let settings = "protected = [\"203.0.113.0/25\"]\ncount = 'ExporterAddress = 192.0.2.1'\n";
    let mut engine = engine(&format!("{settings}{NTP}"));
    let flows = |second: u32| -> Vec<Flow> {
        let other = attack(second, 40, "203.0.113.9").into_iter().map(|flow| Flow { exporter: 2, ..flow });
        let outside = attack(second, 40, "203.0.113.129");
        other.chain(outside).chain(attack(second, 4, "203.0.113.10")).collect()
    };
    play(&mut engine, 0..20, flows, |second, seen| {
        if second == 19 {
            let found: Vec<_> = seen.iter().map(|seen| seen.target.to_string()).collect();
            assert_eq!(found, ["203.0.113.10"]);
        }
    });
}

#[test]
fn memory_is_bounded_and_the_quiet_leave_first() {
    let mut engine = engine(&format!("max_targets = 1000\nmax_details = 10\n{NTP}"));
    let mut seen_last = Vec::new();
    let mut next = 0_u32;
    play(
        &mut engine,
        0..60,
        |second| {
            let mut flows = attack(second, 40, "203.0.113.9");
            for _ in 0..2000 {
                next += 1;
                let destination = std::net::Ipv4Addr::from(0x0A00_0000 + next).to_string();
                flows.push(Flow::ntp(START + second, next, &destination));
            }
            flows
        },
        |_, seen| seen_last = seen,
    );
    assert!(engine.targets() <= 1000, "{}", engine.targets());
    assert!(of(&seen_last, "203.0.113.9").is_some_and(|seen| seen.severity > 3.9), "{seen_last:?}");
    assert!(engine.counts().evicted > 0);
    // More targets under fire than there are details: those with the most traffic have them.
    let many = |second: u32| -> Vec<Flow> {
        (0..30).flat_map(|n| attack(second, 2 + n, &format!("203.0.113.{n}"))).collect()
    };
    play(&mut engine, 60..90, many, |_, seen| seen_last = seen);
    assert!(of(&seen_last, "203.0.113.29").is_some_and(|seen| seen.rates.sources > 90), "{seen_last:?}");
    let counted = seen_last.iter().filter(|seen| seen.rates.sources > 0).count();
    assert_eq!(counted, 10);
}

#[test]
fn samples_and_the_largest_sources_are_kept_of_what_is_observed() {
    let mut engine = engine(NTP);
    play(
        &mut engine,
        0..20,
        |second| {
            let mut flows = attack(second, 40, "203.0.113.9");
            flows.push(Flow { bytes: 1_000_000, ..Flow::ntp(START + second, 5000, "203.0.113.9") });
            flows
        },
        |_, _| {},
    );
    let seen = engine.pass(START + 20);
    let seen = of(&seen, "203.0.113.9").unwrap();
    assert!(matches!(seen.target, Target::Net(_)) && seen.rule == 0);
    let sample = engine.sample(seen);
    assert_eq!(sample.len(), 256);
    assert!(sample.iter().all(|flow| (flow.source_port, flow.proto, flow.country) == (123, 17, *b"DE")));
    let largest = engine.largest_sources(seen);
    assert_eq!(largest[0].0, Flow::ntp(0, 5000, "::").source);
}

#[test]
fn late_and_hostile_flows_are_counted_and_harmless() {
    let mut engine = engine(NTP);
    engine.add(&Batch(attack(100, 1, "203.0.113.9")));
    engine.add(&Batch(attack(50, 1, "203.0.113.9")));
    assert_eq!(engine.counts().late, 250);
    let huge = Flow {
        bytes: u64::MAX,
        packets: u64::MAX,
        rate: u64::MAX,
        took: u64::MAX / 2,
        ..Flow::ntp(START + 100, 1, "::1")
    };
    let huge = Flow { took: u64::from(huge.time) * 1000, ..huge };
    engine.add(&Batch(vec![huge; 3]));
    engine.add(&Batch(Vec::new()));
    let seen = engine.pass(u32::MAX);
    assert!(seen.iter().all(|seen| seen.severity.is_finite()), "{seen:?}");
}
