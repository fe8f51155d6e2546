//! The state of a route by RPKI (RFC 6811), from the file of a validator.

use std::fmt;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use prefix_trie::PrefixMap;
use serde::Deserialize;
use thiserror::Error;

/// Whether the origin of a route may announce its prefix (RFC 6811, 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RpkiState {
    /// No payload covers the prefix.
    NotFound,
    /// A payload matches.
    Valid,
    /// Payloads cover the prefix and none matches.
    Invalid,
}

impl fmt::Display for RpkiState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NotFound => "not-found",
            Self::Valid => "valid",
            Self::Invalid => "invalid",
        })
    }
}

/// Why a file cannot be used.
#[derive(Debug, Error)]
pub enum VrpError {
    /// It is not the JSON of a validator.
    #[error("cannot read validated ROA payloads: {0}")]
    Json(#[from] serde_json::Error),
    /// The number of an AS.
    #[error("payload {0}: invalid AS number")]
    Asn(usize),
    /// The longest length, which is between the prefix's and that of an address.
    #[error("payload {0}: invalid maximum length")]
    Length(usize),
}

#[derive(Deserialize)]
struct File {
    roas: Vec<Payload>,
}

#[derive(Deserialize)]
struct Payload {
    prefix: IpNet,
    asn: Asn,
    #[serde(rename = "maxLength")]
    max_length: Option<u8>,
}

/// Validators write an AS as a number, or as text with or without "AS" before it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Asn {
    Number(u32),
    Text(String),
}

impl Asn {
    fn number(&self) -> Option<u32> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => {
                let digits = text.get(..2).filter(|start| start.eq_ignore_ascii_case("AS"));
                digits.map_or(Some(text.as_str()), |_| text.get(2..))?.parse().ok()
            }
        }
    }
}

/// An AS, and the longest prefix that it may announce.
type Allowed = (u32, u8);

/// Validated ROA payloads.
#[derive(Default)]
pub struct Vrps {
    ipv4: PrefixMap<Ipv4Net, Vec<Allowed>>,
    ipv6: PrefixMap<Ipv6Net, Vec<Allowed>>,
    count: usize,
}

impl Vrps {
    /// Reads the JSON of a validator: an object with a list `roas` of `prefix`, `asn` and `maxLength`, as Routinator,
    /// rpki-client, FORT and OctoRPKI write it.
    ///
    /// # Errors
    /// It is none, or has a payload that cannot be.
    pub fn from_json(json: &[u8]) -> Result<Self, VrpError> {
        let file: File = serde_json::from_slice(json)?;
        let mut vrps = Self::default();
        for (index, payload) in file.roas.iter().enumerate() {
            let asn = payload.asn.number().ok_or(VrpError::Asn(index))?;
            let length = payload.max_length.unwrap_or(payload.prefix.prefix_len());
            if !(payload.prefix.prefix_len()..=payload.prefix.max_prefix_len()).contains(&length) {
                return Err(VrpError::Length(index));
            }
            vrps.add(payload.prefix, asn, length);
        }
        Ok(vrps)
    }

    fn add(&mut self, prefix: IpNet, asn: u32, length: u8) {
        let allowed = match prefix {
            IpNet::V4(prefix) => self.ipv4.entry(prefix.trunc()).or_default(),
            IpNet::V6(prefix) => self.ipv6.entry(prefix.trunc()).or_default(),
        };
        if !allowed.contains(&(asn, length)) {
            allowed.push((asn, length));
            self.count += 1;
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The state of a route. One whose path ends in a set has no origin, and is never valid.
    pub fn state(&self, prefix: IpNet, origin: Option<u32>) -> RpkiState {
        match prefix {
            IpNet::V4(net) => judge(self.ipv4.cover_values(&net).flatten(), prefix.prefix_len(), origin),
            IpNet::V6(net) => judge(self.ipv6.cover_values(&net).flatten(), prefix.prefix_len(), origin),
        }
    }
}

fn judge<'a>(covering: impl Iterator<Item = &'a Allowed>, length: u8, origin: Option<u32>) -> RpkiState {
    let mut state = RpkiState::NotFound;
    for (asn, longest) in covering {
        // AS 0 says that nobody may announce the prefix (RFC 6483, 4).
        if *asn != 0 && Some(*asn) == origin && length <= *longest {
            return RpkiState::Valid;
        }
        state = RpkiState::Invalid;
    }
    state
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"{
        "metadata": {"counts": 5},
        "roas": [
            {"asn": "AS64500", "prefix": "192.0.2.0/24", "maxLength": 24, "ta": "ripe"},
            {"asn": 64501, "prefix": "192.0.2.0/23", "maxLength": 25},
            {"asn": "64502", "prefix": "2001:db8::/32"},
            {"asn": 0, "prefix": "198.51.100.0/24", "maxLength": 32},
            {"asn": 64501, "prefix": "192.0.2.0/23", "maxLength": 25}
        ]
    }"#;

    fn state(prefix: &str, origin: Option<u32>) -> RpkiState {
        Vrps::from_json(FILE.as_bytes()).unwrap().state(prefix.parse().unwrap(), origin)
    }

    #[test]
    fn a_route_is_valid_when_one_payload_matches() {
        assert_eq!(state("192.0.2.0/24", Some(64500)), RpkiState::Valid);
        assert_eq!(state("192.0.2.128/25", Some(64501)), RpkiState::Valid);
        assert_eq!(state("2001:db8::/32", Some(64502)), RpkiState::Valid);
    }

    #[test]
    fn a_covered_route_is_invalid_when_none_matches() {
        assert_eq!(state("192.0.2.0/25", Some(64500)), RpkiState::Invalid, "too long");
        assert_eq!(state("192.0.2.0/24", Some(64503)), RpkiState::Invalid, "another origin");
        assert_eq!(state("192.0.2.0/24", None), RpkiState::Invalid, "a path that ends in a set");
        assert_eq!(
            state("2001:db8:1::/48", Some(64502)),
            RpkiState::Invalid,
            "longer than the prefix, without a length"
        );
        assert_eq!(state("198.51.100.0/24", Some(0)), RpkiState::Invalid, "AS 0");
    }

    #[test]
    fn a_route_that_nothing_covers_is_not_found() {
        assert_eq!(state("203.0.113.0/24", Some(64500)), RpkiState::NotFound);
        assert_eq!(state("192.0.0.0/16", Some(64500)), RpkiState::NotFound, "shorter than the payload");
    }

    #[test]
    fn payloads_are_counted_once() {
        assert_eq!(Vrps::from_json(FILE.as_bytes()).unwrap().len(), 4);
    }

    #[test]
    fn a_payload_that_cannot_be_is_refused() {
        let refused = |payload: &str| {
            Vrps::from_json(format!(r#"{{"roas": [{payload}]}}"#).as_bytes()).err().unwrap().to_string()
        };
        assert_eq!(refused(r#"{"asn": "ASx", "prefix": "192.0.2.0/24"}"#), "payload 0: invalid AS number");
        let long = r#"{"asn": 1, "prefix": "192.0.2.0/24", "maxLength": 33}"#;
        assert_eq!(refused(long), "payload 0: invalid maximum length");
        let short = r#"{"asn": 1, "prefix": "192.0.2.0/24", "maxLength": 23}"#;
        assert_eq!(refused(short), "payload 0: invalid maximum length");
        assert!(Vrps::from_json(b"[]").is_err());
    }
}
