//! Attacks, and what looks like one and is none.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::encode::{Flow, ICMP, TCP, UDP};
use crate::flows::ATTACKED;
use crate::random::Random;

macro_rules! attacks {
    ($($name:ident $text:literal $is_attack:literal $about:literal,)*) => {
        /// An attack, or what looks like one and is none.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Attack {
            $(#[doc = $about] $name,)*
        }

        impl Attack {
            /// Every one.
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

            /// Whether it is one: the others are there to show that a detector leaves them alone.
            pub const fn is_attack(self) -> bool {
                match self {
                    $(Self::$name => $is_attack,)*
                }
            }
        }
    };
}

attacks! {
    Ntp "ntp" true "Answers of time servers that nobody asked for, of 468 bytes",
    Dns "dns" true "Large answers of open resolvers that nobody asked for",
    Cldap "cldap" true "Answers of directory servers",
    Ssdp "ssdp" true "Answers of devices that are found by SSDP",
    Memcached "memcached" true "Answers of memcached servers",
    Syn "syn" true "Openings of connections from addresses that are made up",
    SynAck "syn-ack" true "Answers of servers to connections that were begun in the target's name",
    Rst "rst" true "TCP resets",
    Icmp "icmp" true "ICMP echo requests",
    Gre "gre" true "GRE packets",
    Udp "udp" true "UDP packets from and to random ports",
    Carpet "carpet" true "UDP to every address of a /20 in turn, from and to random ports",
    CarpetFixed "carpet-fixed" true "UDP to every address of a /20 in turn, from one port",
    Pulse "pulse" true "NTP answers for 30 s in each minute",
    RandomHosts "random-hosts" true "UDP to random addresses of an IPv6 /64",
    Scan "scan" true "Openings of connections from one address to every address of a /24",
    FlashCrowd "flash-crowd" false "Many visitors of one server at once: HTTPS requests",
    Backup "backup" false "One host sends to another by SSH, as fast as it can",
    NewCdn "new-cdn" false "QUIC from many servers of a new network to many hosts",
    SpeedTest "speed-test" false "One host receives from a few servers by TCP, as fast as its port is, for 30 s",
}

/// The /20 of a carpet, of the range for benchmarks.
const CARPET: u32 = 0xC612_1000;

/// The /24 of the address under attack.
const NETWORK: u32 = 0xCB00_7100;

/// The /64 of random hosts, of the range for documentation.
const NETWORK_V6: u128 = 0x2001_0DB8_0001_0000_0000_0000_0000_0000;

impl Attack {
    /// The one of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|attack| attack.name() == name)
    }

    /// Whether it sends at a time, in milliseconds since it began.
    pub const fn sends_at(self, passed: u64) -> bool {
        match self {
            Self::Pulse => passed % 60_000 < 30_000,
            Self::SpeedTest => passed < 30_000,
            _ => true,
        }
    }

    /// Makes a flow one of its own. The addresses of the source stay, unless it has its own.
    pub(crate) fn shape(self, random: &mut Random, flow: &mut Flow<'_>) {
        let high = |random: &mut Random| 1024 + random.below(64_000) as u16;
        flow.destination = ATTACKED;
        flow.start = flow.end;
        flow.application = 0;
        let (source, destination) = (high(random), high(random));
        let mut set = |protocol, ports: (u16, u16), flags, packets, length| {
            (flow.protocol, flow.tcp_flags) = (protocol, flags);
            (flow.source_port, flow.destination_port) = ports;
            (flow.packets, flow.bytes) = (packets, packets * length);
        };
        match self {
            Self::Ntp | Self::Pulse => set(UDP, (123, destination), 0, 1, 468),
            Self::Dns => set(UDP, (53, destination), 0, 1, 1_100 + random.below(380)),
            Self::Cldap => set(UDP, (389, destination), 0, 1, 1_300 + random.below(180)),
            Self::Ssdp => set(UDP, (1900, destination), 0, 1, 280 + random.below(100)),
            Self::Memcached => set(UDP, (11_211, destination), 0, 1, 1_428),
            Self::Syn => set(TCP, (source, 443), 0x02, 1, 44),
            Self::SynAck => set(TCP, (443, destination), 0x12, 1, 44),
            Self::Rst => set(TCP, (source, destination), 0x04, 1, 40),
            Self::Icmp => {
                set(ICMP, (0, 0), 0, 1, 84);
                flow.icmp = (8, 0);
            }
            Self::Gre => set(47, (0, 0), 0, 1, 512 + random.below(900)),
            Self::Udp => set(UDP, (source, destination), 0, 1, 60 + random.below(1_400)),
            Self::Carpet => {
                set(UDP, (source, destination), 0, 1, 1_000 + random.below(400));
                flow.destination = v4(CARPET + random.below(4096) as u32);
            }
            Self::CarpetFixed => {
                set(UDP, (3702, destination), 0, 1, 1_000 + random.below(400));
                flow.destination = v4(CARPET + random.below(4096) as u32);
            }
            Self::RandomHosts => {
                set(UDP, (source, destination), 0, 1, 1_000);
                flow.is_v4 = false;
                flow.source =
                    (NETWORK_V6 | 1 << 80 | u128::from(random.below(5_000)) << 64 | 1).to_be_bytes();
                flow.destination = Ipv6Addr::from_bits(NETWORK_V6 | u128::from(random.next())).octets();
            }
            Self::Scan => {
                set(TCP, (source, 22), 0x02, 1, 44);
                flow.source = v4(0xC633_6463);
                flow.destination = v4(NETWORK + random.below(256) as u32);
            }
            Self::FlashCrowd => set(TCP, (source, 443), 0x18, 1, 200 + random.below(1_200)),
            Self::Backup => {
                set(TCP, (22, 50_022), 0x10, 1, 1_500);
                flow.source = v4(0xC633_6407);
            }
            Self::NewCdn => {
                set(UDP, (443, destination), 0, 1, 1_250);
                flow.source = v4(0xC633_6400 + random.below(256) as u32);
                flow.destination = v4(NETWORK + random.below(256) as u32);
            }
            Self::SpeedTest => {
                set(TCP, (8080, 50_000 + random.below(16) as u16), 0x10, 1, 1_500);
                flow.source = v4(0xC633_6410 + random.below(4) as u32);
            }
        }
    }
}

fn v4(address: u32) -> [u8; 16] {
    Ipv4Addr::from(address).to_ipv6_mapped().octets()
}
