//! A network to try everything on: flows that look like those of a real edge, and exporters that send them.
//!
//! [`Demo`] makes blocks of flows for a database. [`Simulation`] makes datagrams of NetFlow, IPFIX and sFlow for a
//! collector, of the same [`Network`], with what goes wrong between exporters and collectors; [`Sender`] sends them, and
//! [`pcap`] writes them to a file. [`Speaker`] has the routes of an exporter in messages of BMP, which [`RouteSender`] sends.
//! [`agent`] has SNMP agents with the names of interfaces. [`encode`] has the formats, pure functions that tests and
//! benchmarks use too.
//!
//! The same [`Demo`] gives the same flows, to the byte, in any order of its batches and on any machine. There are five
//! exporters with transit, peering and customers; two hundred networks with names; IPv4 and IPv6; a curve over the day;
//! AS paths and communities; and, after seven tenths of the time, an attack on a server.

pub mod agent;
pub mod encode;
pub mod pcap;

mod attack;
mod columns;
mod curve;
mod flows;
mod load;
mod random;
mod schedule;
mod send;
mod speaker;
mod traffic;
mod world;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use flowql::{Column, Schema};
use flowql_tables::write_columns;

pub use attack::Attack;
pub use flows::{ATTACKED, Flood, Flows, Interface, Network};
pub use load::{Loaded, load};
pub use schedule::{
    Datagram, PROTOCOLS, Scenario, Sent, Settings, SettingsError, Simulation, Stored, Summary, loopback,
};
pub use send::Sender;
pub use speaker::{Announced, RouteSender, Speaker};

use crate::curve::Curve;
use crate::random::Random;
use crate::traffic::Traffic;
use flowql_client::native::Block;

/// The rows of a batch, but for the last.
pub const BATCH: u64 = 100_000;
/// Of the flows during the attack, so many in a hundred are the attack.
const ATTACK_SHARE: u64 = 80;

/// What to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demo {
    /// Another one gives other flows.
    pub seed: u64,
    /// How many flows.
    pub rows: u64,
    /// When the last one is received.
    pub end: SystemTime,
    /// How long before that the first one is.
    pub span: Duration,
}

/// The network that a demonstration shows, and who does what in it when.
#[derive(Debug)]
pub struct World {
    network: world::World,
    traffic: Traffic,
    curve: Curve,
    attack: std::ops::Range<u64>,
}

impl World {
    /// The world of a demonstration.
    pub fn of(demo: &Demo) -> Self {
        let (start, end) = demo.seconds();
        Self {
            network: world::World::new(demo.seed),
            traffic: Traffic::new(),
            curve: Curve::new(start, end, demo.rows),
            attack: curve::attack(start, end),
        }
    }
}

impl Demo {
    /// From when to when, in seconds since 1970.
    fn seconds(&self) -> (u64, u64) {
        let end = self.end.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        (end.saturating_sub(self.span.as_secs()), end)
    }

    /// How many batches there are.
    pub fn batches(&self) -> u64 {
        self.rows.div_ceil(BATCH)
    }

    /// The rows of a batch.
    pub fn rows_of(&self, batch: u64) -> u64 {
        self.rows.saturating_sub(batch.saturating_mul(BATCH)).min(BATCH)
    }

    /// What makes a batch another one than any other: what it is made of.
    pub fn token(&self, batch: u64) -> String {
        let (start, end) = self.seconds();
        format!("flowql-demo-{}-{}-{start}-{end}-{batch}", self.seed, self.rows)
    }

    /// The columns of a batch, in its order: those of the table that writers write to which the flows have.
    pub fn columns<'a>(&self, schema: &'a Schema) -> impl Iterator<Item = &'a Column> + use<'a> {
        write_columns(schema).filter(|column| columns::has(column))
    }

    /// A batch, as a block of ClickHouse's `Native` format.
    pub fn batch(&self, world: &World, schema: &Schema, batch: u64) -> Vec<u8> {
        let mut random = Random::new(self.seed, 0x1000_0000 + batch);
        let first = batch.saturating_mul(BATCH);
        let flows: Vec<_> = (first..first + self.rows_of(batch))
            .filter_map(|row| {
                let time = world.curve.time(row);
                if world.attack.contains(&time) && random.percent(ATTACK_SHARE) {
                    return world.traffic.attack(&world.network, &mut random, time);
                }
                world.traffic.flow(&world.network, &mut random, time)
            })
            .collect();
        let mut block = Block::new(self.columns(schema).count(), flows.len());
        for column in self.columns(schema) {
            columns::write(&mut block, column, &flows);
        }
        block.into_bytes()
    }
}

#[cfg(test)]
mod tests;
