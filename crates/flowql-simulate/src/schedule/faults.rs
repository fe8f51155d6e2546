//! What happens to datagrams on their way: loss, another order, noise in between. What is left is counted.

use super::firewall::Ledger;
use super::scenario::{Scenario, Scenarios};
use super::tally::{Sent, Stored, Summary};
use super::{Datagram, Settings};
use crate::random::Random;

/// One datagram of so many is lost, or late.
const ONE_OF: u64 = 20;
/// After so many datagrams, one of noise comes.
const QUIET: u32 = 10;

#[derive(Debug)]
pub(super) struct Faults {
    ways: Vec<Way>,
    summary: Summary,
}

/// The way of one exporter's datagrams.
#[derive(Debug, Default)]
struct Way {
    scenarios: Scenarios,
    /// A datagram that comes after the next one.
    held: Option<Datagram>,
    ledger: Ledger,
    life: u32,
    /// How many datagrams came since the last noise.
    quiet: u32,
}

impl Faults {
    pub(super) fn new(settings: &Settings) -> Self {
        let protocols = settings.protocols.iter().cycle().take(settings.exporters.into());
        let way =
            |&protocol| Way { scenarios: Scenarios::of(&settings.scenarios, protocol), ..Way::default() };
        Self { ways: protocols.map(way).collect(), summary: Summary::default() }
    }

    pub(super) const fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Passes a datagram on, or not, or later.
    pub(super) fn pass(&mut self, datagram: Datagram, random: &mut Random, ready: &mut Vec<Datagram>) {
        let Some(way) = self.ways.get_mut(usize::from(datagram.exporter)) else { return };
        let (number, life) = (datagram.exporter, datagram.life);
        // Templates and options come through: without them nobody could say what should be stored.
        let has_flows = datagram.flows > 0;
        if has_flows && way.scenarios.has(Scenario::Loss) && random.below(ONE_OF) == 0 {
            let lost = Sent { lost: 1, ..Sent::default() };
            self.summary.add(datagram.protocol, lost);
            return;
        }
        if has_flows
            && way.scenarios.has(Scenario::Reordering)
            && way.held.is_none()
            && random.below(ONE_OF) == 0
        {
            way.held = Some(datagram);
            return;
        }
        let held = way.held.take();
        // What is held does not come after a restart, nor after templates: they may have changed.
        let (first, second) = match held {
            Some(held) if held.life != life || !has_flows => (Some(held), Some(datagram)),
            held => (Some(datagram), held),
        };
        for datagram in [first, second].into_iter().flatten() {
            self.deliver(datagram, ready);
        }
        self.make_noise((number, life), random, ready);
    }

    /// Lets go what is held.
    pub(super) fn finish(&mut self, ready: &mut Vec<Datagram>) {
        let held: Vec<Datagram> = self.ways.iter_mut().filter_map(|way| way.held.take()).collect();
        held.into_iter().for_each(|datagram| self.deliver(datagram, ready));
    }

    fn deliver(&mut self, datagram: Datagram, ready: &mut Vec<Datagram>) {
        let mut stored = datagram.stored;
        if let Some(way) = self.ways.get_mut(usize::from(datagram.exporter)) {
            if way.life != datagram.life {
                way.life = datagram.life;
                way.ledger.restart();
            }
            if !way.scenarios.has(Scenario::NoTemplate) {
                datagram.events.iter().for_each(|event| stored += way.ledger.take(event));
            }
        }
        let sent = Sent {
            datagrams: 1,
            octets: datagram.bytes.len() as u64,
            flows: datagram.flows.into(),
            lost: 0,
            stored,
        };
        self.summary.add(datagram.protocol, sent);
        ready.push(datagram);
    }

    fn make_noise(&mut self, (exporter, life): (u16, u32), random: &mut Random, ready: &mut Vec<Datagram>) {
        let Some(way) = self.ways.get_mut(usize::from(exporter)) else { return };
        if !way.scenarios.has(Scenario::Noise) {
            return;
        }
        way.quiet += 1;
        if way.quiet < QUIET {
            return;
        }
        way.quiet = 0;
        let (flows, stored, events) = (0, Stored::default(), Vec::new());
        let datagram =
            Datagram { exporter, life, protocol: None, bytes: noise(random), flows, stored, events };
        self.deliver(datagram, ready);
    }
}

/// A datagram of no protocol that a collector decodes.
fn noise(random: &mut Random) -> Vec<u8> {
    let mut rest: Vec<u8> = (0..8 + random.below(200)).map(|_| random.next() as u8).collect();
    let start: &[u8] = match random.below(6) {
        0 => b"<134>Nov 30 13:37:00 router: %SYS-5-CONFIG_I: Configured from console",
        1 => b"GET / HTTP/1.1\r\nHost: collector\r\n\r\n",
        // sFlow version 4, NetFlow v8, and NetFlow v5 with more flows than it may have.
        2 => &[0, 0, 0, 4, 0, 0, 0, 1],
        3 => &[0, 8, 0, 1],
        4 => &[0, 5, 0, 200],
        _ => &[0xFF; 4],
    };
    rest.splice(..0, start.iter().copied());
    rest
}
