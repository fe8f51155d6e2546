//! GoBGP's decoder says what is on the wire.

use std::collections::BTreeSet;

use flowql_bgp::{Action, Candidate, Component, Flags, Flowspec, Matcher, Range};
use serde_json::Value;

use crate::daemons::{self, Frr, Gobgp};
use crate::lab::{Lab, Setup, Way, until};
use crate::samples::{Sample, all, amplification};

#[test]
fn gobgp_reads_what_the_speaker_sends() {
    check(Way::Speaker);
}

#[test]
fn gobgp_reads_what_bird_sends() {
    check(Way::Bird);
}

#[test]
fn frr_keeps_its_session_with_the_speaker() {
    check_frr(Way::Speaker);
}

#[test]
fn frr_keeps_its_session_with_bird() {
    check_frr(Way::Bird);
}

/// FRR has all rules of IPv4, and those that come later by the same session.
fn check_frr(way: Way) {
    if !daemons::has_bird() || !daemons::has_frr() {
        return;
    }
    let lab = Lab::start(way, &Setup { routers: 0, others: 1, ..Setup::default() });
    let frr = Frr::start(lab.addresses.router(0), lab.addresses.own());
    let mut wanted = all();
    lab.want(&wanted);
    let check = |wanted: &[Sample]| {
        let of_v4 = wanted.iter().filter(|sample| sample.shown.starts_with("flow4")).count();
        until("FRR has the rules of IPv4", || {
            let found = frr.ask("show bgp ipv4 flowspec detail");
            let count = found.matches("BGP flowspec entry").count();
            if count == of_v4 {
                Ok(())
            } else {
                Err(format!("{count}, not {of_v4}: {found} {}", frr.running.log()))
            }
        });
    };
    check(&wanted);
    wanted.push(amplification(20, 99, 53));
    lab.want(&wanted);
    check(&wanted);
    let neighbor = frr.ask("show bgp neighbors json");
    assert!(neighbor.contains("\"connectionsEstablished\":1,"), "{neighbor}");
}

fn check(way: Way) {
    if !daemons::has_bird() || !daemons::has_gobgp() {
        return;
    }
    let lab = Lab::start(way, &Setup { routers: 0, others: 1, ..Setup::default() });
    let gobgp = Gobgp::start(lab.addresses.router(0), lab.addresses.own());
    let wanted = all();
    lab.want(&wanted);
    let expected: BTreeSet<String> = wanted.iter().map(|sample| written(&sample.candidate)).collect();
    until("GoBGP has exactly these", || {
        let families = ["ipv4-flowspec", "ipv6-flowspec", "ipv4", "ipv6"];
        let found: BTreeSet<String> =
            families.iter().flat_map(|family| read(&gobgp.routes(family))).collect();
        if found == expected {
            Ok(())
        } else {
            Err(format!("{found:#?}, not {expected:#?}; {:#}", lab.report()))
        }
    });
}

/// The components as type, operators without their lengths, and values; then what the route carries.
fn written(candidate: &Candidate) -> String {
    let what = match &candidate.traffic {
        Matcher::Blackhole(prefix) => prefix.to_string(),
        Matcher::Flowspec(rule) => components(rule),
    };
    let carried = match (&candidate.traffic, candidate.actions[0]) {
        (Matcher::Blackhole(_), _) => "communities [4294901767,4294902426,4294967041]".to_owned(),
        (_, Action::Drop) => "action 6 0".to_owned(),
        (_, Action::LimitBytes(rate)) => format!("action 6 {rate}"),
        (_, Action::LimitPackets(_)) => "action 12".to_owned(),
        (_, Action::Redirect(target)) => format!("action 8 {}:{}", target.asn, target.value),
    };
    format!("{what} {carried} incident {}", candidate.incident)
}

fn components(rule: &Flowspec) -> String {
    let mut all: Vec<&Component> = rule.components.iter().collect();
    all.sort_by_key(|component| component.code());
    let all = all.into_iter().map(|component| {
        let values = match component {
            Component::Destination(prefix) | Component::Source(prefix) => vec![prefix.to_string()],
            Component::Number(field, ranges) => {
                ended(ranges.iter().flat_map(|range| numbers(*range, field.highest())).collect())
            }
            Component::TcpFlags(groups) | Component::Fragment(groups) => ended(tests(groups)),
        };
        format!("{}: {}", component.code(), values.join(" "))
    });
    all.collect::<Vec<_>>().join("; ")
}

/// Operators of numbers: 1 is equal, 2 greater, 4 less, 64 joins by AND.
fn numbers(Range { low, high }: Range, max: u32) -> Vec<(u8, u32)> {
    match (low, high) {
        (low, high) if low == high => vec![(1, low)],
        (low, high) if high == max => vec![(3, low)],
        (0, high) => vec![(5, high)],
        (low, high) => vec![(3, low), (64 + 5, high)],
    }
}

/// Operators of bits: 1 is all of them, 2 not, 64 joins by AND. Of a single bit, 1 says nothing.
fn tests(groups: &Flags) -> Vec<(u8, u32)> {
    let tests = groups.iter().flat_map(|group| group.iter().enumerate());
    tests
        .map(|(place, test)| {
            let all = test.all && test.mask.count_ones() > 1;
            (u8::from(all) + 2 * u8::from(test.negated) + 64 * u8::from(place > 0), u32::from(test.mask))
        })
        .collect()
}

/// The last one is marked by 128.
fn ended(mut values: Vec<(u8, u32)>) -> Vec<String> {
    if let Some((operator, _)) = values.last_mut() {
        *operator += 128;
    }
    values.into_iter().map(|(operator, value)| format!("{operator}/{value}")).collect()
}

/// The same of what GoBGP says.
fn read(routes: &Value) -> Vec<String> {
    let routes = routes.as_object().map(|routes| routes.values().collect::<Vec<_>>()).unwrap_or_default();
    routes.iter().map(|paths| read_path(&paths[0])).collect()
}

fn read_path(path: &Value) -> String {
    let nlri = &path["nlri"];
    let what = match nlri["value"].as_array() {
        Some(components) => components.iter().map(read_component).collect::<Vec<_>>().join("; "),
        None => nlri["prefix"].as_str().unwrap_or_default().to_owned(),
    };
    let of_type = |number: u64| {
        let attributes = path["attrs"].as_array().map(Vec::as_slice).unwrap_or_default();
        attributes.iter().find(|attribute| attribute["type"] == number).cloned().unwrap_or_default()
    };
    let (communities, extended, large) = (of_type(8), of_type(16), of_type(32));
    let carried = if extended.is_null() {
        format!("communities {}", communities["communities"])
    } else {
        let action = &extended["value"][0];
        let detail = match action["subtype"].as_u64() {
            Some(6) => format!(" {}", action["rate"].as_f64().unwrap_or_default()),
            Some(8) => format!(" {}", action["value"].as_str().unwrap_or_default()),
            _ => String::new(),
        };
        format!("action {}{detail}", action["subtype"])
    };
    format!("{what} {carried} incident {}", large["value"][0]["LocalData2"])
}

fn read_component(component: &Value) -> String {
    let code = component["type"].as_u64().unwrap_or_default();
    let values = match component["value"].as_array() {
        None => vec![component["value"]["prefix"].as_str().unwrap_or_default().to_owned()],
        Some(values) => values
            .iter()
            .map(|item| {
                let (operator, value) =
                    (item["op"].as_u64().unwrap_or_default(), item["value"].as_u64().unwrap_or_default());
                // Two bits are the length of the value.
                let operator = operator & !0x30;
                let says_nothing = matches!(code, 9 | 12) && value.count_ones() == 1;
                format!("{}/{value}", if says_nothing { operator & !1 } else { operator })
            })
            .collect(),
    };
    format!("{code}: {}", values.join(" "))
}
