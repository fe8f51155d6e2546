//! What the configuration says about decoding.

use std::collections::HashMap;
use std::net::IpAddr;

use flowql_config::Choice;
use serde::{Deserialize, Serialize};

use crate::frame::Tunnels;
use crate::{Field, SamplingSettings};

/// How datagrams are decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// What `TimeReceived` is.
    pub time: TimeSource,
    /// What `ExporterAddress` is.
    pub exporter_address: AddressSource,
    /// Whether [`Spread`](crate::Spread) shares flows out, so that their times are needed.
    pub spread: bool,
    /// The columns of elements that have none, or another one, by enterprise and number; 0 for those of IANA and the fields
    /// of NetFlow v9.
    pub elements: HashMap<(u32, u16), Field>,
    /// What holds for exporters that are not listed.
    pub others: ExporterSettings,
    /// What holds for an exporter, by source address. They always have a place among the exporters with state.
    pub exporters: HashMap<IpAddr, ExporterSettings>,
}

/// What holds for an exporter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExporterSettings {
    /// How its packets were sampled.
    pub sampling: SamplingSettings,
    /// Which flow a packet in a tunnel belongs to, where packet headers are sent.
    pub tunnels: Tunnels,
    /// What counters since the beginning of a flow (elements 85 and 86) are.
    pub totals: TotalsAre,
    /// The most flows a second that are kept.
    pub rate_limit: Option<u64>,
}

/// What counters since the beginning of a flow are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice, Serialize, Deserialize)]
pub enum TotalsAre {
    /// What the record counts: its flow has no other one.
    #[default]
    Own,
    /// Sums over all records of the flow: a record counts what it has above the last one.
    Cumulative,
}

/// What `TimeReceived` is. A time over an hour before or a minute after the receive time is not used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice, Serialize, Deserialize)]
pub enum TimeSource {
    /// When the datagram was received.
    #[default]
    Received,
    /// When it was sent, by its header.
    Exported,
    /// When the flow ended.
    Ended,
}

/// What `ExporterAddress` is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice, Serialize, Deserialize)]
pub enum AddressSource {
    /// The agent's for sFlow, else the source of the datagram.
    #[default]
    Auto,
    /// The source of the datagram.
    Source,
    /// That of the agent, or of elements 130 and 131, where sent.
    Agent,
}

impl Settings {
    /// What holds for the exporter of an address.
    pub fn exporter(&self, address: IpAddr) -> &ExporterSettings {
        self.exporters.get(&address.to_canonical()).unwrap_or(&self.others)
    }
}
