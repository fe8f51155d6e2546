//! What an exporter may cost.

use std::time::Duration;

use crate::nsel::Bounds;

/// The bounds of a decoder's memory and work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Source addresses with state.
    pub exporters: usize,
    /// Sessions of a source address: ports, listeners and observation domains.
    pub sessions: usize,
    /// Templates of a session, those of options included.
    pub templates: usize,
    /// Fields of a template.
    pub fields: usize,
    /// Names, sampling rates and other facts from option records of a session.
    pub facts: usize,
    /// Rows of a datagram.
    pub rows: usize,
    /// Bytes of the sets that wait for a template or a sampler.
    pub waiting_bytes: usize,
    /// How long a set waits for its template.
    pub waiting: Duration,
    /// How long a record waits for the options of the sampler that it names.
    pub sampler: Duration,
    /// How long a template serves without being announced again, where its refreshes do not say more.
    pub template_life: Duration,
    /// How long an exporter without a valid datagram keeps its state from others.
    pub idle: Duration,
    /// Connections of firewalls (NSEL) whose updates are remembered.
    pub connections: usize,
    /// How long an ended connection of a firewall is remembered.
    pub ended: Duration,
    /// Flows of cumulative counters that are remembered.
    pub totals: usize,
    /// Different texts, such as names of applications.
    pub texts: usize,
}

impl Limits {
    /// Those of the connections of firewalls.
    pub(crate) fn bounds(&self) -> Bounds {
        let ended = u64::try_from(self.ended.as_nanos()).unwrap_or(u64::MAX);
        Bounds { connections: self.connections, ended }
    }
}

impl Default for Limits {
    fn default() -> Self {
        const MINUTE: u64 = 60;
        Self {
            exporters: 10_000,
            sessions: 64,
            templates: 1_024,
            fields: 512,
            facts: 65_536,
            rows: 16_384,
            waiting_bytes: 16 << 20,
            waiting: Duration::from_secs(5 * MINUTE),
            sampler: Duration::from_secs(MINUTE),
            template_life: Duration::from_secs(180 * MINUTE),
            idle: Duration::from_secs(10 * MINUTE),
            connections: 500_000,
            ended: Duration::from_secs(MINUTE),
            totals: 500_000,
            texts: 1 << 20,
        }
    }
}
