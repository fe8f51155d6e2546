//! Intervals of numbers, and of addresses as they are stored: IPv4 mapped into IPv6.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::{bounds, mapped};

/// Values from the first to the second, both included.
pub(crate) type Interval = (u128, u128);

/// The addresses of a subnet as they are stored.
pub(crate) fn of_subnet(net: IpNet) -> Interval {
    let (low, high) = bounds(net);
    (of_address(low), of_address(high))
}

/// An address as it is stored.
pub(crate) fn of_address(address: IpAddr) -> u128 {
    mapped(address).to_bits()
}

/// Intervals in order, those that overlap or touch joined.
pub(crate) fn merged(mut intervals: Vec<Interval>) -> Vec<Interval> {
    intervals.sort_unstable();
    let mut merged: Vec<Interval> = Vec::with_capacity(intervals.len());
    for (low, high) in intervals {
        match merged.last_mut() {
            Some(last) if low <= last.1.saturating_add(1) => last.1 = last.1.max(high),
            _ => merged.push((low, high)),
        }
    }
    merged
}

/// The fewest subnets that cover merged intervals of addresses, in order; IPv4 where they are IPv4.
pub(crate) const fn subnets(intervals: &[Interval]) -> Subnets<'_> {
    Subnets { intervals, rest: None }
}

/// The iterator of [`subnets`]; that of ipnet takes three times the room in a browser.
pub(crate) struct Subnets<'a> {
    intervals: &'a [Interval],
    /// What is left of the interval before them.
    rest: Option<Interval>,
}

impl Iterator for Subnets<'_> {
    type Item = IpNet;

    fn next(&mut self) -> Option<IpNet> {
        let (low, high) = self.rest.take().or_else(|| {
            let (first, others) = self.intervals.split_first()?;
            self.intervals = others;
            Some(*first)
        })?;
        // The largest block that begins at the low end and does not go beyond the high one.
        let within = (high - low).checked_add(1).map_or(128, u128::ilog2);
        let bits = low.trailing_zeros().min(within);
        let last = low | u128::MAX.checked_shr(128 - bits).unwrap_or_default();
        self.rest = (last < high).then(|| (last + 1, high));
        let length = u8::try_from(128 - bits).unwrap_or_default();
        Ipv6Net::new(Ipv6Addr::from(low), length).ok().map(|net| unmapped(IpNet::V6(net)))
    }
}

/// The subnet of IPv4 that a mapped one holds; any other one as it is.
pub(crate) fn unmapped(net: IpNet) -> IpNet {
    let IpNet::V6(net) = net else { return net };
    let unmapped = net.addr().to_ipv4_mapped().zip(net.prefix_len().checked_sub(96));
    let v4 = unmapped.and_then(|(address, length)| Ipv4Net::new(address, length).ok());
    v4.map_or(IpNet::V6(net), IpNet::V4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_cut_into_the_fewest_subnets() {
        let low = of_address("192.0.2.10".parse().unwrap());
        let nets: Vec<String> = subnets(&[(low, low + 10)]).map(|net| net.to_string()).collect();
        assert_eq!(nets, ["192.0.2.10/31", "192.0.2.12/30", "192.0.2.16/30", "192.0.2.20/32"]);
    }

    #[test]
    fn subnets_are_those_of_ipnet() {
        let random =
            |seed: u128| seed.wrapping_mul(0x2545_F491_4F6C_DD1D_9E37_79B9_7F4A_7C15).rotate_left(61);
        let some = (1..2000).map(|seed| (random(seed) >> (seed % 129).min(127), random(seed + 7)));
        let ends = [(0, u128::MAX), (0, 0), (u128::MAX, u128::MAX), (1, u128::MAX), (0, u128::MAX - 1)];
        for (one, other) in some.chain(ends) {
            let (low, high) = (one.min(other), one.max(other));
            let theirs = ipnet::Ipv6Subnets::new(Ipv6Addr::from(low), Ipv6Addr::from(high), 0);
            assert!(
                subnets(&[(low, high)]).eq(theirs.map(|net| unmapped(IpNet::V6(net)))),
                "{low:x}-{high:x}"
            );
        }
    }
}
