//! `kill -9` of whatever takes part, at a moment drawn by a seed: exactly the right routes are back within 15 s.
//!
//! `FLOWQL_KILL_ROUNDS` sets how many rounds each way has (5), `FLOWQL_KILL_SEED` the seed; `tests/bench/announce` runs 100.

use std::time::{Duration, Instant};

use crate::daemons;
use crate::lab::{Lab, Setup, Way};
use crate::samples::{Sample, all, amplification, blackhole};

/// How long it may take from the victim's start.
const MOST: Duration = Duration::from_secs(15);

#[derive(Clone, Copy, Debug)]
enum Victim {
    Announcer,
    Controller,
    Router,
}

/// Numbers from a seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().map_or(usual, |text| text.parse().unwrap())
}

#[test]
fn the_speaker_survives_kills() {
    rounds(Way::Speaker);
}

#[test]
fn bird_survives_kills() {
    rounds(Way::Bird);
}

fn rounds(way: Way) {
    if !daemons::has_bird() {
        return;
    }
    let seed = setting("FLOWQL_KILL_SEED", u64::from(std::process::id()));
    let (rounds, mut dice) = (setting("FLOWQL_KILL_ROUNDS", 5), Dice(seed));
    let mut lab = Lab::start(way, &Setup { routers: 2, ..Setup::default() });
    let mut wanted = all();
    lab.want(&wanted);
    for router in 0..2 {
        lab.until_has(router, &wanted);
    }
    let mut slowest = Duration::ZERO;
    for round in 0..rounds {
        let victims: &[Victim] = match way {
            Way::Speaker => &[Victim::Announcer, Victim::Router],
            Way::Bird => &[Victim::Announcer, Victim::Router, Victim::Controller],
        };
        let victim = victims[dice.below(victims.len() as u64) as usize];
        change(&mut wanted, &mut dice);
        // Before the change is announced, amid it, or after.
        let moment = Duration::from_millis(dice.below(150));
        let begin = Instant::now();
        lab.want(&wanted);
        while begin.elapsed() < moment {
            std::thread::yield_now();
        }
        kill(&mut lab, victim);
        if dice.below(2) == 0 {
            // What changes meanwhile counts too.
            change(&mut wanted, &mut dice);
            lab.want(&wanted);
        }
        start_again(&mut lab, victim);
        let begin = Instant::now();
        for router in 0..2 {
            lab.until_has(router, &wanted);
        }
        let took = begin.elapsed();
        println!("{way:?}, seed {seed}, round {round}: {victim:?} killed, all back after {took:?}");
        assert!(took < MOST, "{way:?}, seed {seed}, round {round}, {victim:?}: {took:?}");
        slowest = slowest.max(took);
    }
    println!("{way:?}, seed {seed}: {rounds} rounds, the slowest took {slowest:?}");
}

/// Takes some away and adds some.
fn change(wanted: &mut Vec<Sample>, dice: &mut Dice) {
    wanted.retain(|_| dice.below(3) > 0);
    for incident in 0..dice.below(4) {
        let host = 10 + dice.below(100) as u8;
        let sample = match dice.below(3) {
            0 => blackhole(100 + incident as u32, &format!("203.0.113.{host}/32")),
            _ => amplification(200 + incident as u32, host, 53),
        };
        if wanted.iter().all(|other| other.candidate.traffic != sample.candidate.traffic) {
            wanted.push(sample);
        }
    }
}

fn kill(lab: &mut Lab, victim: Victim) {
    match victim {
        Victim::Announcer => lab.announcer.kill(),
        Victim::Router => lab.routers[0].running.kill(),
        Victim::Controller => lab.controller.as_mut().unwrap().running.kill(),
    }
}

fn start_again(lab: &mut Lab, victim: Victim) {
    match victim {
        Victim::Announcer => lab.announcer.start_again(&[]),
        Victim::Router => lab.routers[0].running.start_again(&[]),
        // -R: it says that it kept its state, so that routers keep theirs.
        Victim::Controller => lab.controller.as_mut().unwrap().running.start_again(&["-R"]),
    }
}
