//! What is remembered of an exporter: sequence numbers and drops.

use super::Header;
use crate::Counters;
use crate::element::Cursor;
use crate::sampling::Alternation;
use crate::sequence::Sequence;
use crate::state::{Saved, saved, saved_counts};

/// Most agents and sub-agents of a session that are followed.
pub const MAX_AGENTS: usize = 64;

/// Most data sources of a session that are followed, for each kind of sample. A source is an interface or a part of the
/// device.
pub const MAX_SOURCES: usize = 4_096;

/// What samples were. Each is counted once: all of them are the sum of the others and of those that are malformed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// All samples.
    pub samples: u64,
    /// Samples of packets, each a row.
    pub flows: u64,
    /// Samples of discarded packets, each a row.
    pub discards: u64,
    /// Samples of counters.
    pub counters: u64,
    /// Samples of packets that say nothing of the packet.
    pub empty: u64,
    /// Samples of other formats.
    pub unknown: u64,
    /// Samples that are cut or contradict themselves.
    pub malformed: u64,
}

/// What did not arrive, by sequence numbers and by what agents say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Loss {
    /// Datagrams that were sent and did not arrive.
    pub datagrams: u64,
    /// Datagrams that arrived after a later one.
    pub late: u64,
    /// How often an agent began to count again.
    pub restarts: u64,
    /// Samples that an agent made and could not send, by its counters of drops: packets that were chosen and not
    /// sampled, discards that were not reported.
    pub drops: u64,
    /// Datagrams and samples of agents and sources beyond the limits, whose numbers are not followed.
    pub not_followed: u64,
}

/// What is remembered of an exporter.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// What could not be decoded.
    pub counters: Counters,
    /// What samples were.
    pub tally: Tally,
    /// What did not arrive.
    pub loss: Loss,
    /// In the order in which they were met.
    agents: Vec<Agent>,
    /// In the order of their keys.
    sources: Vec<Source>,
    /// Sampling rates that a source has said in turn; not saved.
    pub(crate) alternating: Option<[u64; 2]>,
}

#[derive(Clone, Copy, Debug)]
struct Agent {
    address: [u8; 16],
    sub_agent: u32,
    sequence: Sequence,
}

/// What counts drops: an agent, by its number here; the format of the samples; the class and the index of the source.
pub(super) type SourceKey = (usize, u32, (u32, u32));

#[derive(Clone, Copy, Debug)]
struct Source {
    key: SourceKey,
    drops: u32,
    /// Its sampling rates; not saved.
    rates: Alternation,
}

saved_counts!(Tally { samples, flows, discards, counters, empty, unknown, malformed });
saved_counts!(Loss { datagrams, late, restarts, drops, not_followed });
saved!(Agent { address, sub_agent, sequence });

impl Saved for Source {
    fn save(&self, to: &mut Vec<u8>) {
        let Self { key, drops, rates: _ } = self;
        key.save(to);
        drops.save(to);
    }

    fn load(from: &mut Cursor<'_>) -> Option<Self> {
        Some(Self { key: Saved::load(from)?, drops: Saved::load(from)?, rates: Alternation::default() })
    }
}

impl Saved for Session {
    fn save(&self, to: &mut Vec<u8>) {
        let Self { counters, tally, loss, agents, sources, alternating: _ } = self;
        counters.save(to);
        tally.save(to);
        loss.save(to);
        agents.save(to);
        sources.save(to);
    }

    fn load(from: &mut Cursor<'_>) -> Option<Self> {
        let (counters, tally, loss) = Saved::load(from)?;
        let (agents, sources): (Vec<Agent>, Vec<Source>) = Saved::load(from)?;
        let fits = agents.len() <= MAX_AGENTS && sources.len() <= MAX_SOURCES;
        let is_sorted = sources.is_sorted_by_key(|source| source.key);
        (fits && is_sorted).then_some(Self { counters, tally, loss, agents, sources, alternating: None })
    }
}

impl Session {
    /// Follows the sequence number of a datagram. Gives the number of its agent, if it is followed.
    pub(super) fn follow(&mut self, header: &Header) -> Option<usize> {
        let same = |agent: &Agent| agent.sub_agent == header.sub_agent && agent.address == header.agent;
        let place = match self.agents.iter().position(same) {
            Some(place) => place,
            None if self.agents.len() == MAX_AGENTS => {
                self.loss.not_followed += 1;
                return None;
            }
            None => {
                let sequence = Sequence::default();
                self.agents.push(Agent { address: header.agent, sub_agent: header.sub_agent, sequence });
                self.agents.len() - 1
            }
        };
        if let Some(Agent { sequence, .. }) = self.agents.get_mut(place) {
            let before = *sequence;
            sequence.follow(header.sequence, Some(1), Some(header.uptime));
            // What was late had been counted as lost.
            self.loss.datagrams = (self.loss.datagrams + sequence.lost).saturating_sub(before.lost);
            self.loss.late += sequence.reordered - before.reordered;
            self.loss.restarts += sequence.restarts - before.restarts;
        }
        Some(place)
    }

    /// Follows the counter of drops of a source, which only grows but where its agent begins again, and its sampling rate.
    #[inline]
    pub(super) fn follow_source(&mut self, key: SourceKey, drops: u32, rate: u64) {
        match self.sources.binary_search_by_key(&key, |source| source.key) {
            Ok(place) => {
                if let Some(source) = self.sources.get_mut(place) {
                    let more = drops.wrapping_sub(source.drops);
                    if more <= u32::MAX / 2 {
                        self.loss.drops += u64::from(more);
                    }
                    source.drops = drops;
                    if let Some(other) = source.rates.take(rate) {
                        self.alternating = Some([rate, other]);
                    }
                }
            }
            Err(_) if self.sources.len() == MAX_SOURCES => self.loss.not_followed += 1,
            Err(place) => self.sources.insert(place, Source { key, drops, rates: Alternation::default() }),
        }
    }
}
