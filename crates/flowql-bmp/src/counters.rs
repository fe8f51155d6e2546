//! What sessions count.

use std::ops::AddAssign;

use crate::message::{Message, Refusal, Update};
use crate::router::Applied;

/// What arrived in a session, or in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Messages that were read.
    pub messages: u64,
    /// Messages refused, by reason in the order of [`Refusal::ALL`].
    pub refused: [u64; Refusal::ALL.len()],
    /// Updates that could be read only after something had been taken out.
    pub cleaned: u64,
    /// The prefixes taken out of them.
    pub cleaned_prefixes: u64,
    /// The prefixes of them from which bits beyond their length were taken.
    pub cleaned_bits: u64,
    /// The attributes taken out of them.
    pub cleaned_attributes: u64,
    /// Prefixes in updates about what a router sends to its peers (Adj-RIB-Out), where that is not kept.
    pub ignored: u64,
    /// Routes that are new.
    pub new: u64,
    /// Routes that took the place of another of their peer.
    pub replaced: u64,
    /// Routes withdrawn.
    pub withdrawn: u64,
    /// Routes refused because a limit was reached: of routes of all routers.
    pub over_routes: u64,
    /// Of routes to a prefix.
    pub over_paths: u64,
    /// Of VRFs.
    pub over_vrfs: u64,
    /// Of peers.
    pub over_peers: u64,
}

impl Counters {
    pub(crate) fn refuse(&mut self, refusal: Refusal) {
        let reasons = Refusal::ALL.iter().zip(&mut self.refused);
        reasons.filter(|(reason, _)| **reason == refusal).for_each(|(_, count)| *count += 1);
    }

    pub(crate) fn read(&mut self, message: &Message) {
        self.messages += 1;
        let Message::Update(update) = message else { return };
        if let Some(cleaned) = update.cleaned {
            self.cleaned += 1;
            self.cleaned_prefixes += u64::from(cleaned.prefixes);
            self.cleaned_bits += u64::from(cleaned.masked);
            self.cleaned_attributes += u64::from(cleaned.attributes);
        }
    }

    pub(crate) fn ignore(&mut self, update: &Update) {
        let announced = update.announced.iter().map(|announced| announced.prefixes.len()).sum::<usize>();
        self.ignored += (announced + update.withdrawn.len()) as u64;
    }

    pub(crate) fn apply(&mut self, applied: Applied) {
        self.new += applied.new;
        self.replaced += applied.replaced;
        self.withdrawn += applied.withdrawn;
        self.over_routes += applied.full;
        self.over_paths += applied.paths;
        self.over_vrfs += applied.vrfs;
        self.over_peers += applied.peers;
    }
}

impl AddAssign for Counters {
    fn add_assign(&mut self, other: Self) {
        self.refused.iter_mut().zip(other.refused).for_each(|(count, more)| *count += more);
        self.messages += other.messages;
        self.cleaned += other.cleaned;
        self.cleaned_prefixes += other.cleaned_prefixes;
        self.cleaned_bits += other.cleaned_bits;
        self.cleaned_attributes += other.cleaned_attributes;
        self.ignored += other.ignored;
        self.new += other.new;
        self.replaced += other.replaced;
        self.withdrawn += other.withdrawn;
        self.over_routes += other.over_routes;
        self.over_paths += other.over_paths;
        self.over_vrfs += other.over_vrfs;
        self.over_peers += other.over_peers;
    }
}
