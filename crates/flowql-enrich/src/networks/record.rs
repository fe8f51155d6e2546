//! A record of a file: a prefix, however it is written, and its facts.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Subnets, Ipv6Subnets};

use super::row::{Fact, Facts};

/// What a column of a file, or a key of an object, holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    /// A prefix, or an address.
    Prefix,
    /// The address of a prefix whose length is elsewhere.
    Address,
    /// The length of the prefix.
    Length,
    /// The first address.
    First,
    /// The last address.
    Last,
    /// The AS.
    Asn,
    /// Another fact.
    Fact(Fact),
}

impl Field {
    /// The field of a name, in any case; `None` for what is left out.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Some(match name.trim().to_ascii_lowercase().as_str() {
            "prefix" | "cidr" | "subnet" => Self::Prefix,
            "address" => Self::Address,
            "length" => Self::Length,
            "first" => Self::First,
            "last" => Self::Last,
            "asn" => Self::Asn,
            name => Self::Fact(Fact::of_key(name)?),
        })
    }
}

/// The fields of a record as they are read.
#[derive(Debug, Default)]
pub(crate) struct Record {
    prefix: Option<IpNet>,
    address: Option<IpAddr>,
    length: Option<u8>,
    first: Option<IpAddr>,
    last: Option<IpAddr>,
    facts: Facts,
}

impl Record {
    /// Sets a field. A field that is empty is left open.
    ///
    /// # Errors
    ///
    /// What the text is not.
    pub(crate) fn set(&mut self, field: Field, text: &str) -> Result<(), String> {
        let text = text.trim();
        // `-` and `None` are in the files of iptoasn.
        if matches!(text, "" | "-") || (field == Field::Fact(Fact::Country) && text == "None") {
            return Ok(());
        }
        let address = || text.parse::<IpAddr>().map_err(|_| format!("`{}` is not an address", shown(text)));
        match field {
            Field::Prefix => self.prefix = Some(prefix(text)?),
            Field::Address => self.address = Some(address()?),
            Field::First => self.first = Some(address()?),
            Field::Last => self.last = Some(address()?),
            Field::Length => {
                let length = text.trim_start_matches('/').parse();
                self.length = Some(length.map_err(|_| format!("`{}` is not a prefix length", shown(text)))?);
            }
            Field::Asn => self.facts.asn = asn(text)?,
            Field::Fact(Fact::Country) => self.facts.set(Fact::Country, &country(text)?),
            Field::Fact(fact) => self.facts.set(fact, text),
        }
        Ok(())
    }

    /// The prefixes, one or those that a range is divided into, and the facts.
    ///
    /// # Errors
    ///
    /// That there is no prefix, or which part of it is missing or wrong.
    pub(crate) fn finish(self) -> Result<(Vec<IpNet>, Facts), String> {
        let prefixes = match (self.prefix, self.address, self.first, self.last) {
            (Some(prefix), ..) => vec![prefix],
            (None, Some(address), ..) => {
                let length = self.length.ok_or("it has an `address` without a `length`")?;
                let net = IpNet::new(address, length);
                vec![net.map_err(|_| format!("{length} is too long for a prefix of {address}"))?.trunc()]
            }
            (None, None, Some(first), Some(last)) => range(first, last)?,
            (None, None, None, None) => return Err("it has no prefix".to_owned()),
            (None, None, ..) => return Err("a range needs `first` and `last`".to_owned()),
        };
        Ok((prefixes, self.facts))
    }
}

/// A prefix, host bits cleared, or an address as a prefix of its own.
pub(crate) fn prefix(text: &str) -> Result<IpNet, String> {
    let net = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    net.map(|net| net.trunc()).ok_or_else(|| format!("`{}` is not a prefix", shown(text)))
}

/// The prefixes that make up a range.
fn range(first: IpAddr, last: IpAddr) -> Result<Vec<IpNet>, String> {
    match (first, last) {
        (IpAddr::V4(first), IpAddr::V4(last)) if first <= last => {
            Ok(Ipv4Subnets::new(first, last, 0).map(IpNet::from).collect())
        }
        (IpAddr::V6(first), IpAddr::V6(last)) if first <= last => {
            Ok(Ipv6Subnets::new(first, last, 0).map(IpNet::from).collect())
        }
        _ => Err(format!("{first} to {last} is not a range")),
    }
}

/// An AS number, with or without `AS`; of several origins (`64500_64501`, `64500,64501`, `{64500,64501}`) the first.
pub(crate) fn asn(text: &str) -> Result<u32, String> {
    let first = text.trim_start_matches('{').split(['_', ',', ' ', '}']).next().unwrap_or_default();
    let digits = first
        .get(..2)
        .filter(|head| head.eq_ignore_ascii_case("as"))
        .map_or(first, |_| first.get(2..).unwrap_or_default());
    digits.parse().map_err(|_| format!("`{}` is not an AS number", shown(text)))
}

/// A country as two capital letters.
pub(crate) fn country(text: &str) -> Result<String, String> {
    let is_code = text.len() == 2 && text.bytes().all(|letter| letter.is_ascii_alphabetic());
    if is_code {
        Ok(text.to_ascii_uppercase())
    } else {
        Err(format!("`{}` is not a country of two letters", shown(text)))
    }
}

/// A text of a file for a message.
fn shown(text: &str) -> &str {
    crate::text::clipped(text, 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fields: &[(&str, &str)]) -> Result<(Vec<IpNet>, Facts), String> {
        let mut record = Record::default();
        for (name, text) in fields {
            record.set(Field::of_name(name).unwrap(), text)?;
        }
        record.finish()
    }

    fn prefixes(fields: &[(&str, &str)]) -> String {
        match read(fields) {
            Ok((prefixes, _)) => prefixes.iter().map(IpNet::to_string).collect::<Vec<_>>().join(" "),
            Err(message) => message,
        }
    }

    #[test]
    fn a_prefix_is_written_in_three_ways() {
        assert_eq!(prefixes(&[("prefix", "10.1.2.3/8")]), "10.0.0.0/8");
        assert_eq!(prefixes(&[("cidr", "2001:db8::1")]), "2001:db8::1/128");
        assert_eq!(prefixes(&[("address", "10.0.0.0"), ("length", "/8")]), "10.0.0.0/8");
        let range = [("first", "10.0.0.1"), ("last", "10.0.0.6")];
        assert_eq!(prefixes(&range), "10.0.0.1/32 10.0.0.2/31 10.0.0.4/31 10.0.0.6/32");
        assert_eq!(prefixes(&[("first", "::"), ("last", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")]), "::/0");
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert_eq!(prefixes(&[("prefix", "10.0.0.0/33")]), "`10.0.0.0/33` is not a prefix");
        assert_eq!(prefixes(&[("address", "10.0.0.0")]), "it has an `address` without a `length`");
        assert_eq!(
            prefixes(&[("address", "10.0.0.0"), ("length", "64")]),
            "64 is too long for a prefix of 10.0.0.0"
        );
        assert_eq!(
            prefixes(&[("first", "10.0.0.2"), ("last", "10.0.0.1")]),
            "10.0.0.2 to 10.0.0.1 is not a range"
        );
        assert_eq!(prefixes(&[("first", "10.0.0.2"), ("last", "::1")]), "10.0.0.2 to ::1 is not a range");
        assert_eq!(prefixes(&[("first", "10.0.0.2")]), "a range needs `first` and `last`");
        assert_eq!(prefixes(&[("name", "a")]), "it has no prefix");
        assert_eq!(prefixes(&[("country", "France")]), "`France` is not a country of two letters");
        assert_eq!(prefixes(&[("asn", "ASx")]), "`ASx` is not an AS number");
    }

    #[test]
    fn of_several_origins_the_first_counts() {
        for text in ["AS64500", "64500", "as64500", "64500_64501", "64500,64501", "{64500,64501}"] {
            assert_eq!(asn(text), Ok(64500), "{text}");
        }
    }
}
