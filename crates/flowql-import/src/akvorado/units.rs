//! Units of the configuration.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

/// The seconds of a duration as Go writes it: `1h30m`, `500ms`, a day is `24h`. At least one, where it is not zero.
pub(super) fn seconds(text: &str) -> Option<i64> {
    let milliseconds = milliseconds(text)?;
    Some(if milliseconds == 0 { 0 } else { (milliseconds / 1000).max(1) })
}

/// The milliseconds of a duration.
pub(super) fn milliseconds(text: &str) -> Option<i64> {
    let mut total = 0_i64;
    let mut rest = text.trim();
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|character: char| !character.is_ascii_digit())?;
        let (number, after) = rest.split_at_checked(digits)?;
        let end = after.find(|character: char| character.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(end)?;
        let unit = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        total = total.checked_add(number.parse::<i64>().ok()?.checked_mul(unit)?)?;
        rest = after;
    }
    Some(total)
}

/// An address to listen at: all addresses where only a port is named.
pub(super) fn listening(text: &str) -> String {
    match text.strip_prefix(':') {
        Some(port) => format!("[::]:{port}"),
        None => text.to_owned(),
    }
}

/// A subnet as it is here. There all addresses are those of IPv6, those of IPv4 mapped among them (RFC 4291, 2.5.5.2).
pub(super) fn subnets(subnet: &str) -> Vec<String> {
    match subnet.parse::<IpNet>() {
        Ok(_) if is_everything(subnet) => vec!["0.0.0.0/0".to_owned(), "::/0".to_owned()],
        Ok(net) => vec![unmapped(net).to_string()],
        // An address, or what is refused later.
        Err(_) => vec![subnet.to_owned()],
    }
}

/// Whether a subnet is all there is: all of IPv6 is, since IPv4 is in it, and so is what is not named.
pub(super) fn is_everything(subnet: &str) -> bool {
    subnet.is_empty()
        || subnet.parse::<IpNet>().is_ok_and(|net| matches!(net, IpNet::V6(net) if net.prefix_len() == 0))
}

/// The address that a text or a subnet of one is.
pub(super) fn address(subnet: &str) -> Option<String> {
    let net = subnet.parse().ok().or_else(|| subnet.parse::<IpAddr>().ok().map(IpNet::from))?;
    let net = unmapped(net);
    (net.prefix_len() == net.max_prefix_len()).then(|| net.addr().to_string())
}

fn unmapped(net: IpNet) -> IpNet {
    let IpNet::V6(mapped) = net else { return net };
    let length = mapped.prefix_len().checked_sub(96);
    let ipv4 = mapped.addr().to_ipv4_mapped().zip(length);
    ipv4.and_then(|(address, length)| Ipv4Net::new(address, length).ok()).map_or(net, IpNet::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subnets_of_mapped_addresses_are_those_of_ipv4() {
        assert_eq!(subnets("::/0"), ["0.0.0.0/0", "::/0"]);
        assert_eq!(subnets("::ffff:192.0.2.0/120"), ["192.0.2.0/24"]);
        assert_eq!(address("::ffff:192.0.2.1/128").as_deref(), Some("192.0.2.1"));
        assert_eq!((address("192.0.2.0/24"), is_everything("::/0")), (None, true));
        for same in ["192.0.2.1", "2001:db8::/32", "0.0.0.0/0", "somewhere"] {
            assert_eq!(subnets(same), [same]);
        }
    }

    #[test]
    fn durations_are_read_as_go_writes_them() {
        assert_eq!(seconds("1h30m"), Some(5400));
        assert_eq!(milliseconds("500ms"), Some(500));
        assert_eq!(seconds("500ms"), Some(1));
        assert_eq!(seconds("0"), Some(0));
        for wrong in ["", "5", "h", "5 minutes", "99999999999999999999h"] {
            assert_eq!(milliseconds(wrong), None, "{wrong}");
        }
    }
}
