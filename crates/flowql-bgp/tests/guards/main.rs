//! The guards against random candidates, most of them nearly right, held to an oracle that is written otherwise: it
//! looks at packets and at numbers where the guards look at ranges and prefixes.
//!
//! `FLOWQL_GUARD_CANDIDATES` sets how many there are (a million), `FLOWQL_GUARD_SEED` the seed; `tests/bench/guards` runs a
//! hundred million.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod oracle;
mod random;

use std::collections::{BTreeMap, HashSet};

use flowql_bgp::{Admission, Candidate, GuardSettings, Matcher, Situation};

use self::random::{NOW, Random};

/// A number of the environment.
fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().map_or(usual, |text| text.replace('_', "").parse().unwrap())
}

/// What was seen, so that a test that no longer tries anything fails.
#[derive(Default)]
struct Seen {
    approved: u64,
    refused: u64,
    reasons: BTreeMap<String, u64>,
}

#[test]
fn random_candidates_pass_only_as_the_oracle_says() {
    let wanted = setting("FLOWQL_GUARD_CANDIDATES", 1_000_000);
    let seed = setting("FLOWQL_GUARD_SEED", 1);
    let (mut random, mut seen) = (Random::new(seed), Seen::default());
    let mut done = 0;
    while done < wanted {
        let settings = random.settings();
        let candidates: Vec<Candidate> = (0..1 + random.below(12)).map(|_| random.candidate()).collect();
        let announced: HashSet<Matcher> = candidates
            .iter()
            .filter(|_| random.one_in(3))
            .map(|candidate| candidate.traffic.canonical())
            .collect();
        let situation = Situation {
            now: NOW,
            killed: random.one_in(40),
            announced: &announced,
            fresh: u32::try_from(random.below(4)).unwrap(),
        };
        done += candidates.len() as u64;
        let admission = settings.admit(candidates.clone(), &situation);
        check(&settings, &candidates, &situation, &admission, seed);
        seen.count(&admission);
    }
    seen.check();
}

/// Every candidate is approved or refused as the oracle says.
fn check(
    settings: &GuardSettings,
    candidates: &[Candidate],
    situation: &Situation<'_>,
    admission: &Admission,
    seed: u64,
) {
    let mut ordered = candidates.to_vec();
    ordered.sort_by_key(|candidate| std::cmp::Reverse(candidate.severity));
    let mut expected: Vec<&Candidate> = Vec::new();
    let mut refused = admission.refused.iter();
    for candidate in &ordered {
        let is_sound = oracle::is_sound(settings, candidate, situation);
        if is_sound && oracle::has_room(settings, &expected, candidate, situation) {
            expected.push(candidate);
        } else {
            let found = refused.next().unwrap();
            assert_eq!(&found.candidate, candidate, "seed {seed}");
            assert!(!found.reasons.is_empty(), "seed {seed}: {candidate:?}");
        }
    }
    assert_eq!(refused.next(), None, "seed {seed}: {candidates:?}");
    let approved: Vec<_> = admission
        .approved
        .iter()
        .map(|rule| (rule.incident(), rule.traffic().clone(), rule.action(), rule.end()))
        .collect();
    let expected: Vec<_> = expected
        .iter()
        .map(|candidate| {
            (candidate.incident, candidate.traffic.canonical(), candidate.actions[0], candidate.end.unwrap())
        })
        .collect();
    assert_eq!(approved, expected, "seed {seed}");
}

impl Seen {
    fn count(&mut self, admission: &Admission) {
        self.approved += admission.approved.len() as u64;
        self.refused += admission.refused.len() as u64;
        for reason in admission.refused.iter().flat_map(|refused| &refused.reasons) {
            let text = format!("{reason:?}");
            let name = text.split([' ', '(']).next().unwrap_or_default();
            match self.reasons.get_mut(name) {
                Some(count) => *count += 1,
                None => drop(self.reasons.insert(name.to_owned(), 1)),
            }
        }
    }

    /// All kinds of refusal were seen, and enough was approved.
    fn check(&self) {
        println!("{} approved, {} refused: {:?}", self.approved, self.refused, self.reasons);
        assert!(self.approved * 10 > self.refused && self.refused * 10 > self.approved);
        assert_eq!(self.reasons.len(), 34, "{:?}", self.reasons);
    }
}
