//! What can go wrong, or differ, between an exporter and its collector.

use flowql_decode::Protocol;

macro_rules! scenarios {
    ($($name:ident $text:literal $protocols:ident $about:literal,)*) => {
        /// Something that exporters do, in addition to sending flows.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Scenario {
            $(#[doc = $about] $name,)*
        }

        impl Scenario {
            /// Every scenario.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Its name.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }

            /// What happens.
            pub const fn about(self) -> &'static str {
                match self {
                    $(Self::$name => $about,)*
                }
            }

            /// The protocols that can do it; the exporters of other protocols send as always.
            pub const fn protocols(self) -> &'static [Protocol] {
                match self {
                    $(Self::$name => $protocols,)*
                }
            }
        }
    };
}

/// Every protocol, in the order in which exporters get them.
pub const PROTOCOLS: &[Protocol] = &[
    Protocol::NetflowV9,
    Protocol::Ipfix,
    Protocol::Sflow,
    Protocol::NetflowV5,
    Protocol::NetflowV7,
    Protocol::NetflowV1,
];
const TEMPLATES: &[Protocol] = &[Protocol::NetflowV9, Protocol::Ipfix];
const V9: &[Protocol] = &[Protocol::NetflowV9];
const SFLOW: &[Protocol] = &[Protocol::Sflow];
const NAMES: &[Protocol] = &[Protocol::NetflowV9, Protocol::Ipfix, Protocol::Sflow];
const SAMPLED: &[Protocol] = &[Protocol::NetflowV9, Protocol::Ipfix, Protocol::Sflow, Protocol::NetflowV5];
const NUMBERED: &[Protocol] =
    &[Protocol::NetflowV9, Protocol::Ipfix, Protocol::Sflow, Protocol::NetflowV5, Protocol::NetflowV7];
const ROUTED: &[Protocol] = &[Protocol::NetflowV9, Protocol::Ipfix, Protocol::NetflowV5, Protocol::NetflowV7];
const DATED: &[Protocol] =
    &[Protocol::NetflowV9, Protocol::Ipfix, Protocol::NetflowV5, Protocol::NetflowV7, Protocol::NetflowV1];

scenarios! {
    UnannouncedSampler "unannounced-sampler" TEMPLATES
        "Records name a sampler that no options announce",
    NoTemplate "no-template" TEMPLATES
        "Templates of flows are never sent",
    TemplateChange "template-change" TEMPLATES
        "A template changes every 10 s, under the same number",
    Biflows "biflows" TEMPLATES
        "Records count both ways: initiator and responder (NetFlow v9), reverse elements (IPFIX, RFC 5103)",
    Nsel "nsel" V9
        "A firewall tells of connections: made, updated, torn down, some of it late or twice",
    BothDirections "both-directions" NAMES
        "Each flow is exported twice, at its input and at its output interface; sFlow does not say which",
    BothDirectionsApart "both-directions-apart" TEMPLATES
        "Flows are exported once, at the input or at the output interface: where another network is",
    VolumeOff "volume-off" SFLOW
        "Interfaces count three times what the samples add up to",
    CountersOnly "counters-only" SFLOW
        "Counters of interfaces are sent, and no samples of packets",
    Noise "noise" PROTOCOLS
        "Datagrams come in between that are of no protocol",
    Loss "loss" NUMBERED
        "One datagram of flows in twenty is lost",
    Reordering "reordering" NUMBERED
        "One datagram in twenty comes after the next one",
    Restarts "restarts" NUMBERED
        "Exporters restart every 20 s: their numbers and their uptime begin again, from another port",
    ClockOff "clock-off" DATED
        "The clock of the exporters is two hours ahead",
    NoNames "no-names" NAMES
        "Interfaces have no names",
    ContradictorySampling "contradictory-sampling" SAMPLED
        "Headers, records and options disagree on the sampling rate",
    DnsFlood "dns-flood" PROTOCOLS
        "Four flows in five are large answers of DNS servers to 203.0.113.77, from the start",
    SynFlood "syn-flood" PROTOCOLS
        "Four flows in five are TCP SYNs to 203.0.113.77, from the start",
    Scattered "scattered" ROUTED
        "Each flow has AS numbers of its own: almost no two are alike",
}

impl Scenario {
    /// The scenario of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|scenario| scenario.name() == name)
    }
}

/// A set of scenarios.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Scenarios(u32);

impl Scenarios {
    /// Those that an exporter of a protocol can do.
    pub(super) fn of(scenarios: &[Scenario], protocol: Protocol) -> Self {
        let can = scenarios.iter().filter(|scenario| scenario.protocols().contains(&protocol));
        Self(can.fold(0, |set, &scenario| set | 1 << scenario as u32))
    }

    pub(super) const fn has(self, scenario: Scenario) -> bool {
        self.0 & 1 << scenario as u32 != 0
    }
}
