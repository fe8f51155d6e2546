//! Random rules that the guards pass: a router has the same of them, whichever way they are announced.

use serde_json::Value;

use crate::daemons;
use crate::lab::{Lab, Setup, Way, until};
use crate::random::Random;
use crate::samples::now;

/// How many candidates there are, of which some hundreds pass.
const CANDIDATES: usize = 1500;

#[test]
fn both_ways_announce_the_same() {
    if !daemons::has_bird() {
        return;
    }
    let mut random = Random::new(u64::from(std::process::id()));
    let candidates: Vec<_> = (0..CANDIDATES)
        .map(|number| {
            let mut candidate = random.candidate();
            candidate.incident = number as u32;
            (candidate.share, candidate.end) = (Some(1), Some(now() + 3600));
            candidate
        })
        .collect();
    let labs = [Way::Speaker, Way::Bird].map(|way| Lab::start(way, &Setup::default()));
    for lab in &labs {
        lab.want_candidates(&candidates.iter().collect::<Vec<_>>());
    }
    let approved = |report: &Value| report["approved"].as_u64().unwrap_or_default() as usize;
    for lab in &labs {
        lab.until_report("most are announced", |report| {
            approved(report) > CANDIDATES / 10 && report["error"] == Value::Null
        });
        let count = approved(&lab.report());
        until("the router has them", || {
            let found = lab.routers[0].routes().len();
            if found == count { Ok(()) } else { Err(format!("{:?}: {found}, not {count}", lab.way)) }
        });
    }
    let [speaker, bird] = labs.map(|lab| lab.routers[0].routes());
    println!("{} rules", speaker.len());
    let (mut left, mut right) = (speaker.clone(), bird.clone());
    left.retain(|route| !bird.contains(route));
    right.retain(|route| !speaker.contains(route));
    assert!(left.is_empty() && right.is_empty(), "the speaker alone: {left:#?}, BIRD alone: {right:#?}");
}
