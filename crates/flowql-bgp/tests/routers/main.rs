//! Both ways to announce, held to the same tests, with BIRD as the router and GoBGP as a second opinion. Each test is left
//! out, with a word, where a program is not installed.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod daemons;
mod ipv6;
mod kills;
mod lab;
#[path = "../guards/random.rs"]
#[expect(dead_code, reason = "the settings of guards are drawn in their own test")]
mod random;
mod same;
mod samples;
mod second_opinion;

use std::time::Instant;

use flowql_bgp::Action;
use serde_json::{Value, json};

use self::lab::{Lab, Setup, Way, until};
use self::samples::{Sample, all, amplification};

/// A test for each of the two ways.
macro_rules! for_both_ways {
    ($($name:ident)*) => {
        mod speaker {
            $(#[test]
            fn $name() {
                if crate::daemons::has_bird() {
                    crate::$name(crate::lab::Way::Speaker);
                }
            })*
        }
        mod bird {
            $(#[test]
            fn $name() {
                if crate::daemons::has_bird() {
                    crate::$name(crate::lab::Way::Bird);
                }
            })*
        }
    };
}

for_both_ways! {
    routers_have_exactly_what_is_wanted
    passwords_are_those_of_the_routers
    a_stop_withdraws_everything
    rules_outlive_their_announcer_and_blackholes_do_not
    the_kill_switch_withdraws_everything
    a_thousand_rules_arrive
    a_router_that_goes_is_known
}

/// How many routes the report says that each router was sent.
fn sent(report: &Value) -> Vec<usize> {
    let routers = report["routers"].as_array().map(Vec::as_slice).unwrap_or_default();
    routers.iter().map(|router| router["sent"].as_array().map_or(0, Vec::len)).collect()
}

fn routers_have_exactly_what_is_wanted(way: Way) {
    let lab = Lab::start(way, &Setup { routers: 2, ..Setup::default() });
    let mut wanted = all();
    lab.want(&wanted);
    for router in 0..2 {
        lab.until_has(router, &wanted);
    }
    lab.until_report("what was sent is known", |report| sent(report) == [wanted.len(); 2]);
    let report = lab.report();
    assert_eq!((&report["missing"], &report["extra"]), (&json!([0, 0]), &json!([])), "{report:#}");
    assert!((0..2).all(|router| report["routers"][router]["is_up"] == true), "{report:#}");

    // One goes, one comes, and one gets another action.
    wanted.remove(0);
    wanted.push(amplification(9, 77, 11_211));
    let changed = wanted.iter_mut().find(|sample| sample.candidate.incident == 6).unwrap();
    changed.candidate.actions = vec![Action::LimitBytes(5_000_000)];
    changed.shown = changed.shown.replace("0x80060000, 0x0", "0x80060000, 0x4a989680");
    lab.want(&wanted);
    for router in 0..2 {
        lab.until_has(router, &wanted);
    }
    lab.want(&[]);
    for router in 0..2 {
        lab.until_has(router, &[]);
    }
    // What the guards refuse is not announced.
    let mut refused = amplification(10, 78, 53);
    refused.candidate.end = None;
    lab.want(&[refused, amplification(11, 79, 53)]);
    for router in 0..2 {
        lab.until_has(router, &[amplification(11, 79, 53)]);
    }
    lab.until_report("the refusal is said", |report| report["refused"].as_array().map(Vec::len) == Some(1));
}

fn passwords_are_those_of_the_routers(way: Way) {
    let wanted = [amplification(1, 68, 123)];
    let right = Lab::start(way, &Setup { passwords: (Some("geheim"), Some("geheim")), ..Setup::default() });
    let wrong = Lab::start(way, &Setup { passwords: (Some("geheim"), Some("geraten")), ..Setup::default() });
    right.want(&wanted);
    wrong.want(&wanted);
    right.until_has(0, &wanted);
    wrong.until_report("a router without a session", |report| {
        report["approved"] == 1 && report["routers"][0]["is_up"] == false
    });
    assert_eq!(wrong.routers[0].routes(), Vec::<String>::new());
}

fn a_stop_withdraws_everything(way: Way) {
    let mut lab = Lab::start(way, &Setup::default());
    let wanted = all();
    lab.want(&wanted);
    lab.until_has(0, &wanted);
    lab.announcer.end();
    lab.until_has(0, &[]);
    // It is wanted still, so a new start announces it again.
    lab.announcer.start_again(&[]);
    lab.until_has(0, &wanted);
}

/// A router that goes has no session, and misses what it was sent.
fn a_router_that_goes_is_known(way: Way) {
    let mut lab = Lab::start(way, &Setup { routers: 2, ..Setup::default() });
    let wanted = [amplification(1, 68, 123)];
    lab.want(&wanted);
    lab.until_has(1, &wanted);
    lab.until_report("both have it", |report| report["missing"] == json!([0, 0]));
    lab.routers[0].running.kill();
    lab.until_report("one has not", |report| {
        report["missing"] == json!([1, 0]) && report["routers"][0]["is_up"] == false
    });
    lab.until_has(1, &wanted);
}

/// What announces is killed, and does not come back.
fn rules_outlive_their_announcer_and_blackholes_do_not(way: Way) {
    let mut lab = Lab::start(way, &Setup::default());
    let wanted = all();
    lab.want(&wanted);
    lab.until_has(0, &wanted);
    lab.announcer.kill();
    if let Some(controller) = &mut lab.controller {
        controller.running.kill();
    }
    let is_blackhole = |sample: &&Sample| sample.shown.contains("communities");
    let rules = wanted.iter().filter(|sample| !is_blackhole(sample)).count();
    until("stale rules alone", || {
        let found = lab.routers[0].routes();
        // They are marked as stale: LLGR_STALE (RFC 9494).
        let stale =
            found.iter().filter(|route| route.starts_with("flow") && route.contains("(65535,6)")).count();
        if stale == rules && found.len() == rules { Ok(()) } else { Err(format!("{found:#?}")) }
    });
    // When it comes back, no rule is missing for a moment.
    if let Some(controller) = &mut lab.controller {
        controller.running.start_again(&["-R"]);
    }
    lab.announcer.start_again(&[]);
    until("all, and none of them stale", || {
        let found = lab.routers[0].routes();
        assert!(
            found.iter().filter(|route| route.starts_with("flow")).count() == rules,
            "{way:?}: {found:#?}"
        );
        let fresh = found.iter().filter(|route| !route.contains("(65535,6)")).count();
        if fresh == wanted.len() { Ok(()) } else { Err(format!("{found:#?}")) }
    });
    lab.until_has(0, &wanted);
}

fn the_kill_switch_withdraws_everything(way: Way) {
    let lab = Lab::start(way, &Setup::default());
    let wanted = all();
    lab.want(&wanted);
    lab.until_has(0, &wanted);
    std::fs::write(lab.state("kill"), "").unwrap();
    lab.until_has(0, &[]);
    std::fs::remove_file(lab.state("kill")).unwrap();
    lab.until_has(0, &wanted);
}

/// One rule, a thousand more, one more: how long each takes is printed.
fn a_thousand_rules_arrive(way: Way) {
    let lab = Lab::start(way, &Setup::default());
    let ports = [19, 53, 123, 389, 1900];
    let many = (1..=200).flat_map(|host| ports.map(|port| amplification(u32::from(host), host, port)));
    let mut many: Vec<Sample> = many.collect();
    let last = many.split_off(999);
    lab.want(&last);
    lab.until_has(0, &last);
    let has = |count: usize| {
        let start = Instant::now();
        until("all rules", || {
            let shown = lab.routers[0].ask("show route table flowtab4 count");
            if shown.contains(&format!("{count} of {count} routes")) { Ok(()) } else { Err(shown) }
        });
        start.elapsed()
    };
    lab.want(&many);
    let many_took = has(999);
    lab.until_has(0, &many);
    many.extend(last);
    lab.want(&many);
    let one_took = has(1000);
    lab.until_has(0, &many);
    println!("{way:?}: 999 new rules were at the router after {many_took:?}, one more after {one_took:?}");
}

/// An operator's configuration that BIRD refuses: what was announced stays, and its files are right for a restart.
#[test]
fn files_that_bird_refuses_are_taken_back() {
    if !daemons::has_bird() {
        return;
    }
    let lab = Lab::start(Way::Bird, &Setup::default());
    let before = [amplification(1, 68, 123)];
    lab.want(&before);
    lab.until_has(0, &before);
    let folder = lab.controller.as_ref().unwrap().folder();
    let (main, file) = (folder.join("bird.conf"), folder.join("mitigations/flow4.conf"));
    let (right, statement) =
        (std::fs::read_to_string(&main).unwrap(), std::fs::read_to_string(&file).unwrap());
    std::fs::write(&main, format!("{right}\nprotocol nonsense;\n")).unwrap();
    let after = [amplification(2, 69, 53)];
    lab.want(&after);
    lab.until_report("BIRD refuses", |report| {
        report["error"].as_str().is_some_and(|error| error.starts_with("BIRD refuses `configure check`"))
    });
    assert_eq!(lab.routers[0].routes(), [before[0].shown.clone()]);
    // It is tried again and again, and between two attempts the old file is there.
    until("the old file", || match std::fs::read_to_string(&file).unwrap() {
        text if text == statement => Ok(()),
        text => Err(text),
    });
    std::fs::write(&main, right).unwrap();
    lab.until_has(0, &after);
}
