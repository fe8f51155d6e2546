//! How many values there are: between two ends, in a subnet, in a whole list.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net, Ipv6Subnets};

use crate::values::{bounds, mapped};

/// Values from the first to the second, both included.
pub(super) type Interval = (u128, u128);

/// The addresses of a subnet as they are stored.
pub(super) fn of_subnet(net: IpNet) -> Interval {
    let (low, high) = bounds(net);
    (of_address(low), of_address(high))
}

/// An address as it is stored.
pub(super) fn of_address(address: IpAddr) -> u128 {
    mapped(address).to_bits()
}

/// Intervals in order, those that overlap or touch joined.
pub(super) fn merged(mut intervals: Vec<Interval>) -> Vec<Interval> {
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

/// How many values lie in merged intervals, in words: as a number, or as a power of two where it is large.
pub(super) fn amount(intervals: &[Interval]) -> String {
    let mut total: Option<u128> = Some(0);
    for (low, high) in intervals {
        let size = high.checked_sub(*low).and_then(|distance| distance.checked_add(1));
        total = total.zip(size).and_then(|(total, size)| total.checked_add(size));
    }
    match total {
        // Only the whole of the IPv6 space does not fit.
        None => "2^128".to_owned(),
        Some(total) if total <= u128::from(u32::MAX) + 1 => total.to_string(),
        Some(total) if total.is_power_of_two() => format!("2^{}", total.ilog2()),
        Some(total) => format!("more than 2^{}", total.ilog2()),
    }
}

/// How many addresses lie in merged intervals, in words.
pub(super) fn addresses(intervals: &[Interval]) -> String {
    match amount(intervals).as_str() {
        "1" => "1 address".to_owned(),
        amount => format!("{amount} addresses"),
    }
}

/// The fewest subnets that cover merged intervals of addresses, in order; IPv4 where they are IPv4.
pub(super) fn subnets(intervals: &[Interval]) -> impl Iterator<Item = IpNet> {
    let ends = |&(low, high): &Interval| Ipv6Subnets::new(Ipv6Addr::from(low), Ipv6Addr::from(high), 0);
    intervals.iter().flat_map(ends).map(as_written)
}

fn as_written(net: Ipv6Net) -> IpNet {
    let unmapped = net.addr().to_ipv4_mapped().zip(net.prefix_len().checked_sub(96));
    let v4 = unmapped.and_then(|(address, length)| Ipv4Net::new(address, length).ok());
    v4.map_or(IpNet::V6(net), IpNet::V4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covered(nets: &[&str]) -> (String, Vec<String>) {
        let intervals = merged(nets.iter().map(|net| of_subnet(net.parse().unwrap())).collect());
        (amount(&intervals), subnets(&intervals).map(|net| net.to_string()).collect())
    }

    fn check(nets: &[&str], total: &str, aggregated: &[&str]) {
        assert_eq!(covered(nets), (total.to_owned(), aggregated.iter().map(|&net| net.to_owned()).collect()));
    }

    #[test]
    fn subnets_are_counted_and_aggregated() {
        check(&["10.0.1.0/24", "10.0.0.0/24", "10.0.0.7/32"], "512", &["10.0.0.0/23"]);
        check(&["10.0.0.0/24", "10.0.2.0/24"], "512", &["10.0.0.0/24", "10.0.2.0/24"]);
        check(&["0.0.0.0/0"], "4294967296", &["0.0.0.0/0"]);
        check(&["2001:db8::/64"], "2^64", &["2001:db8::/64"]);
        check(&["2001:db8::/64", "::1/128"], "more than 2^64", &["::1/128", "2001:db8::/64"]);
        check(&["::/0", "10.0.0.0/8"], "2^128", &["::/0"]);
        check(&["::/1", "8000::/1"], "2^128", &["::/0"]);
        check(
            &["::/128", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128"],
            "2",
            &["::/128", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128"],
        );
        check(&[], "0", &[]);
    }

    #[test]
    fn ranges_are_cut_into_the_fewest_subnets() {
        let low = of_address("192.0.2.10".parse().unwrap());
        let nets: Vec<String> = subnets(&[(low, low + 10)]).map(|net| net.to_string()).collect();
        assert_eq!(nets, ["192.0.2.10/31", "192.0.2.12/30", "192.0.2.16/30", "192.0.2.20/32"]);
    }
}
