//! What sessions count.

use std::ops::AddAssign;

use crate::message::{Announced, Message, Refusal, Update};
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
    /// What became of the routes.
    pub applied: Applied,
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
        let announced: u64 = update.announced.iter().map(Announced::count).sum();
        self.ignored += announced + update.withdrawn.len() as u64;
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
        self.applied += other.applied;
    }
}
