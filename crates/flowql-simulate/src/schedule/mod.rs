//! When exporters send what: the flows of the world, templates and options in time, and what goes wrong.
//!
//! Nothing here reads a clock or sends: the caller says how late it is, and gets datagrams. The same settings and times
//! give the same datagrams.

mod announce;
mod exporter;
mod faults;
mod firewall;
mod scenario;
mod tally;

use flowql_decode::Protocol;

pub use scenario::{PROTOCOLS, Scenario};
pub use tally::{Sent, Stored, Summary};

use self::announce::Sampling;
use self::exporter::{Exporter, Identity};
use self::faults::Faults;
use self::scenario::Scenarios;
use crate::attack::Attack;
use crate::encode::nsel::Event;
use crate::flows::{Flood, Flows, Network};
use crate::random::Random;

/// What is simulated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Another one gives other flows.
    pub seed: u64,
    /// How many exporters there are.
    pub exporters: u16,
    /// Which protocols they speak, in turn.
    pub protocols: Vec<Protocol>,
    /// What happens.
    pub scenarios: Vec<Scenario>,
    /// An attack, or what looks like one, in four flows of five.
    pub attack: Option<Attack>,
    /// How many flows a datagram has at most. It has fewer where the protocol says so, or the frames of Ethernet do.
    pub batch: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 1,
            exporters: PROTOCOLS.len() as u16,
            protocols: PROTOCOLS.to_vec(),
            scenarios: Vec::new(),
            attack: None,
            batch: 24,
        }
    }
}

/// AS numbers are up to this one, where each flow has its own: NetFlow v5 has no longer ones.
const MOST_AS: u64 = 65_000;

/// A datagram to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// The number of the exporter.
    pub exporter: u16,
    /// How often the exporter has restarted: each time it sends from another port.
    pub life: u32,
    /// Its protocol; none for noise.
    pub protocol: Option<Protocol>,
    /// What is in it.
    pub bytes: Vec<u8>,
    /// How many records of flows, samples or events it has.
    flows: u32,
    /// What a collector should store of the flows.
    stored: Stored,
    /// The events of a firewall: what is stored of them depends on those before.
    events: Vec<Event>,
}

impl Datagram {
    fn new(identity: &Identity, life: u32, bytes: Vec<u8>) -> Self {
        Self {
            exporter: identity.number,
            life,
            protocol: Some(identity.protocol),
            bytes,
            flows: 0,
            stored: Stored::default(),
            events: Vec::new(),
        }
    }

    /// How many records of flows, samples or events it has.
    pub const fn flows(&self) -> u32 {
        self.flows
    }
}

/// The address of an exporter on this machine, by its number: of its own, in 127.0.0.0/8.
pub const fn loopback(exporter: u16) -> [u8; 4] {
    (0x7F00_0001 + exporter as u32).to_be_bytes()
}

/// Whether an exporter, of so many, acts as a router, of so many: few exporters have the interfaces of several routers; of
/// many, several have those of one.
pub(crate) const fn acts_as(router: usize, routers: usize, exporter: usize, exporters: usize) -> bool {
    if routers == 0 || exporters == 0 {
        return false;
    }
    router % exporters == exporter || exporter % routers == router
}

/// Exporters that send flows.
#[derive(Debug)]
pub struct Simulation<'w> {
    flows: Flows<'w>,
    random: Random,
    exporters: Vec<Exporter<'w>>,
    /// The exporters that act as each router of the world.
    acting: Vec<Vec<usize>>,
    flood: Option<Flood>,
    attack: Option<Attack>,
    /// When it began, in milliseconds since 1970.
    begun: u64,
    /// Whether each flow has AS numbers of its own.
    is_scattered: bool,
    faults: Faults,
    /// When something may be due, in milliseconds since 1970.
    due: u64,
    made: Vec<Datagram>,
}

/// How often exporters look whether something is due, in milliseconds.
const TICK: u64 = 100;
/// The share of an attack among flows, in hundredths.
const FLOOD_SHARE: u64 = 80;

impl<'w> Simulation<'w> {
    /// Exporters in a network, from a time on, in milliseconds since 1970.
    ///
    /// # Errors
    ///
    /// That there are no exporters or protocols, or that a scenario needs a protocol that no exporter speaks.
    pub fn new(network: &'w Network, settings: &Settings, now: u64) -> Result<Self, SettingsError> {
        settings.check()?;
        let routers = network.routers();
        let interfaces = network.interfaces();
        let count = usize::from(settings.exporters);
        let mut acting = vec![Vec::new(); routers];
        let exporters = (0..settings.exporters).zip(settings.protocols.iter().cycle());
        let exporters = exporters.map(|(number, &protocol)| {
            let place = usize::from(number);
            let is_of = |router: usize| acts_as(router, routers, place, count);
            (0..routers).zip(&mut acting).filter(|(router, _)| is_of(*router)).for_each(|(_, exporters)| {
                exporters.push(place);
            });
            let scenarios = Scenarios::of(&settings.scenarios, protocol);
            let by = announce::by(number, protocol, scenarios.has(Scenario::UnannouncedSampler));
            let identity = Identity {
                number,
                protocol,
                address: loopback(number),
                interfaces: interfaces.iter().copied().filter(|known| is_of(known.router)).collect(),
                scenarios,
                sampling: Sampling { rate: network.sampling(place % routers), by },
                batch: settings.batch.max(1),
            };
            Exporter::new(identity, now)
        });
        let exporters = exporters.collect();
        let flood = settings.scenarios.iter().find_map(|scenario| match scenario {
            Scenario::DnsFlood => Some(Flood::Dns),
            Scenario::SynFlood => Some(Flood::Syn),
            _ => None,
        });
        const USE: u64 = 0x3000_0000;
        Ok(Self {
            flows: Flows::new(network, settings.seed),
            random: Random::new(settings.seed, USE),
            exporters,
            acting,
            flood,
            attack: settings.attack,
            begun: now,
            is_scattered: settings.scenarios.contains(&Scenario::Scattered),
            faults: Faults::new(settings),
            due: now,
            made: Vec::new(),
        })
    }

    /// Lets one flow end, at a time in milliseconds since 1970, and adds the datagrams that are ready to be sent. How many
    /// records were made of it: none where no exporter that sees it can tell of it.
    pub fn step(&mut self, now: u64, ready: &mut Vec<Datagram>) -> u64 {
        /// How many flows are tried: two in five are of IPv6, which not every protocol has.
        const ATTEMPTS: usize = 32;
        self.tick(now, ready);
        let made = (0..ATTEMPTS).map(|_| self.flow(now)).find(|&made| made > 0);
        self.hand_over(ready);
        made.unwrap_or_default()
    }

    /// Does what is due at a time: nothing, most often.
    pub fn tick(&mut self, now: u64, ready: &mut Vec<Datagram>) {
        if now < self.due {
            return;
        }
        self.due = now + TICK;
        self.exporters.iter_mut().for_each(|exporter| exporter.tick(now, &mut self.made));
        self.hand_over(ready);
    }

    /// Sends what waits, at the end.
    pub fn finish(&mut self, now: u64, ready: &mut Vec<Datagram>) {
        self.exporters.iter_mut().for_each(|exporter| exporter.flush(now, &mut self.made));
        self.hand_over(ready);
        self.faults.finish(ready);
    }

    /// What was sent so far.
    pub const fn summary(&self) -> &Summary {
        self.faults.summary()
    }

    fn flow(&mut self, now: u64) -> u64 {
        let flood = self.flood.filter(|_| self.random.percent(FLOOD_SHARE));
        let sends = |attack: &Attack| attack.sends_at(now.saturating_sub(self.begun));
        let attack = self.attack.filter(sends).filter(|_| self.random.percent(FLOOD_SHARE));
        let flow = match (flood, attack) {
            (_, Some(attack)) => self.flows.of(attack, now),
            (Some(flood), None) => self.flows.attack(flood, now),
            (None, None) => self.flows.flow(now),
        };
        let Some((router, mut flow)) = flow else { return 0 };
        if self.is_scattered {
            flow.source_as = 1 + self.random.below(MOST_AS) as u32;
            flow.destination_as = 1 + self.random.below(MOST_AS) as u32;
        }
        let acting = self.acting.get(router).map_or(&[][..], |acting| acting);
        let Some(exporter) = self.random.pick(acting).and_then(|&place| self.exporters.get_mut(place)) else {
            return 0;
        };
        exporter.take(&flow, &mut self.random, now, &mut self.made)
    }

    fn hand_over(&mut self, ready: &mut Vec<Datagram>) {
        for datagram in self.made.drain(..) {
            self.faults.pass(datagram, &mut self.random, ready);
        }
    }
}

/// Why settings cannot be simulated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingsError {
    /// There is no exporter, or no protocol.
    Nobody,
    /// No exporter speaks a protocol that can do it.
    CannotDo(Scenario),
}

impl std::fmt::Display for SettingsError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Nobody => write!(formatter, "there is no exporter"),
            Self::CannotDo(scenario) => {
                let names: Vec<&str> = scenario.protocols().iter().map(|protocol| protocol.name()).collect();
                write!(
                    formatter,
                    "the scenario `{}` needs an exporter of {}",
                    scenario.name(),
                    names.join(", ")
                )
            }
        }
    }
}

impl std::error::Error for SettingsError {}

impl Settings {
    fn check(&self) -> Result<(), SettingsError> {
        let spoken = || self.protocols.iter().take(self.exporters.into());
        if spoken().next().is_none() {
            return Err(SettingsError::Nobody);
        }
        let cannot = |scenario: &&Scenario| !spoken().any(|protocol| scenario.protocols().contains(protocol));
        match self.scenarios.iter().find(cannot) {
            Some(&scenario) => Err(SettingsError::CannotDo(scenario)),
            None => Ok(()),
        }
    }
}
