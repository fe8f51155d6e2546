//! What is under attack.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Where the mapped IPv4 addresses begin.
const MAPPED: u128 = 0xffff_0000_0000;

/// What is under attack.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target {
    /// An address, an IPv6 /64, a /24 or a /48.
    Net(IpNet),
    /// All flows with the same text in a column.
    Group {
        /// The name of the column.
        column: String,
        /// The text.
        value: String,
    },
}

impl Target {
    /// The prefix that it is; `None` for a group.
    #[must_use]
    pub const fn net(&self) -> Option<IpNet> {
        match self {
            Self::Net(net) => Some(*net),
            Self::Group { .. } => None,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Net(net) if net.prefix_len() == net.max_prefix_len() => write!(formatter, "{}", net.addr()),
            Self::Net(net) => write!(formatter, "{net}"),
            Self::Group { column, value } => write!(formatter, "{column} = {value}"),
        }
    }
}

/// A target as the engine counts it: an address with its length as an IPv6 prefix, IPv4 mapped, or the number of a text
/// with [`GROUP`] and the place of its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) value: u128,
    pub(crate) length: u8,
}

/// The lengths from here on are columns.
pub(crate) const GROUP: u8 = 129;

impl std::hash::Hash for Key {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        state.write_u128(self.value);
        state.write_u8(self.length);
    }
}

/// Whether an address as a number is an IPv4 one.
pub(crate) const fn is_v4(address: u128) -> bool {
    address >> 32 == MAPPED >> 32
}

impl Key {
    /// The address itself, or its /64.
    pub(crate) const fn host(address: u128) -> Self {
        if is_v4(address) {
            Self { value: address, length: 128 }
        } else {
            Self { value: address >> 64 << 64, length: 64 }
        }
    }

    /// The /24 or the /48 around an address.
    pub(crate) const fn prefix(address: u128) -> Self {
        if is_v4(address) {
            Self { value: address >> 8 << 8, length: 120 }
        } else {
            Self { value: address >> 80 << 80, length: 48 }
        }
    }

    /// The prefix that it is; `None` for a group.
    pub(crate) fn net(self) -> Option<IpNet> {
        if self.length >= GROUP {
            return None;
        }
        let address = Ipv6Addr::from_bits(self.value);
        let net = match IpAddr::V6(address).to_canonical() {
            IpAddr::V4(v4) if self.length >= 96 => Ipv4Net::new(v4, self.length - 96).map(IpNet::V4),
            _ => Ipv6Net::new(address, self.length).map(IpNet::V6),
        };
        net.ok()
    }
}

/// Addresses as ranges of numbers, IPv4 mapped.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ranges(Vec<(u128, u128)>);

impl Ranges {
    pub(crate) fn new(nets: &[IpNet]) -> Self {
        let mut ranges: Vec<(u128, u128)> =
            nets.iter().map(|net| (bits(net.network()), bits(net.broadcast()))).collect();
        ranges.sort_unstable();
        let mut merged: Vec<(u128, u128)> = Vec::new();
        for (first, last) in ranges {
            match merged.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => before.1 = before.1.max(last),
                _ => merged.push((first, last)),
            }
        }
        Self(merged)
    }

    /// Whether a range lies within one of them.
    pub(crate) fn covers(&self, first: u128, last: u128) -> bool {
        self.0.iter().any(|(from, to)| *from <= first && last <= *to)
    }

    /// Whether a range has an address of one of them.
    pub(crate) fn touches(&self, first: u128, last: u128) -> bool {
        self.0.iter().any(|(from, to)| *from <= last && first <= *to)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn contains(&self, address: u128) -> bool {
        let after = self.0.partition_point(|(first, _)| *first <= address);
        after.checked_sub(1).and_then(|place| self.0.get(place)).is_some_and(|(_, last)| address <= *last)
    }
}

/// An address as a number, IPv4 mapped.
pub(crate) fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// The address of a number.
pub(crate) fn address(bits: u128) -> IpAddr {
    IpAddr::V6(Ipv6Addr::from_bits(bits)).to_canonical()
}
