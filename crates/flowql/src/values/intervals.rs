//! Intervals of numbers, and of addresses as they are stored: IPv4 mapped into IPv6.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Subnets};

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
pub(crate) fn subnets(intervals: &[Interval]) -> impl Iterator<Item = IpNet> {
    let ends = |&(low, high): &Interval| Ipv6Subnets::new(Ipv6Addr::from(low), Ipv6Addr::from(high), 0);
    intervals.iter().flat_map(ends).map(|net| unmapped(IpNet::V6(net)))
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
}
