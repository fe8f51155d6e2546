//! How many values there are: between two ends, in a subnet, in a whole list.

use crate::values::intervals::Interval;

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
        Some(total) => match u64::try_from(total) {
            Ok(few) if few <= 1 << 32 => few.to_string(),
            _ if total.is_power_of_two() => format!("2^{}", total.ilog2()),
            _ => format!("more than 2^{}", total.ilog2()),
        },
    }
}

/// How many addresses lie in merged intervals, in words.
pub(super) fn addresses(intervals: &[Interval]) -> String {
    match amount(intervals).as_str() {
        "1" => "1 address".to_owned(),
        amount => format!("{amount} addresses"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::intervals::{merged, of_subnet, subnets};

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
}
