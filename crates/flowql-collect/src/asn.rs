//! Where the AS of an address comes from: `asn_from` of `[collect]`.

use flowql::ConfigError;
use serde::{Deserialize, Serialize};

use crate::section::fault_at;

/// The end of a word of `asn_from` with which numbers that are not of the Internet are passed over.
const EXCEPT_PRIVATE: &str = "-except-private";

/// What may know an AS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AsnSource {
    /// The exporter, with the flow.
    Flow,
    /// The origin of the route.
    Routes,
    /// The configured networks.
    Networks,
    /// The GeoIP databases.
    Geoip,
}

/// A source, and what it is not asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AsnFrom {
    pub(crate) source: AsnSource,
    pub(crate) except_private: bool,
}

impl AsnFrom {
    /// The source of a word of `asn_from`.
    fn of(word: &str) -> Option<Self> {
        let stem = word.strip_suffix(EXCEPT_PRIVATE);
        let source = match stem.unwrap_or(word) {
            "flow" => AsnSource::Flow,
            "routes" => AsnSource::Routes,
            "networks" => AsnSource::Networks,
            "geoip" => AsnSource::Geoip,
            _ => return None,
        };
        Some(Self { source, except_private: stem.is_some() })
    }
}

/// The sources of `asn_from`, in their order. Words that are none are refused before.
pub(crate) fn sources(words: &[String]) -> Vec<AsnFrom> {
    words.iter().filter_map(|word| AsnFrom::of(word)).collect()
}

/// The first AS that a source knows and that is not excepted; 0 where none does.
pub(crate) fn choose(sources: &[AsnFrom], mut ask: impl FnMut(AsnSource) -> u32) -> u32 {
    let mut known = sources.iter().filter_map(|from| {
        let asn = ask(from.source);
        (asn != 0 && !(from.except_private && is_private(asn))).then_some(asn)
    });
    known.next().unwrap_or_default()
}

/// Whether a number is not of the Internet: for private use (RFC 6996), for documentation (RFC 5398), that of old speakers
/// (RFC 6793), or reserved (RFC 7300; the numbers to 131071 by IANA).
const fn is_private(asn: u32) -> bool {
    matches!(asn, 23_456 | 64_496..=131_071 | 4_200_000_000..=u32::MAX)
}

/// What is wrong with `asn_from`.
pub(crate) fn faults(path: &str, words: &[String]) -> Vec<ConfigError> {
    let wrong = words.iter().enumerate().filter_map(|(index, word)| {
        let message = match AsnFrom::of(word) {
            None => format!("unknown source `{word}`"),
            Some(from) => {
                let earlier = words.iter().take(index).filter_map(|word| AsnFrom::of(word));
                let is_repeated = earlier.into_iter().any(|earlier| earlier.source == from.source);
                is_repeated.then(|| format!("`{word}` is asked a second time"))?
            }
        };
        let help = "write `flow`, `routes`, `networks` or `geoip`, each at most once, with `-except-private` or without";
        Some(fault_at(format!("{path}[{index}]"), message, help))
    });
    wrong.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn the_first_source_that_knows_wins() {
        let chosen = |order: &[&str], known: [u32; 4]| {
            let [flow, routes, networks, geoip] = known;
            choose(&sources(&words(order)), |source| match source {
                AsnSource::Flow => flow,
                AsnSource::Routes => routes,
                AsnSource::Networks => networks,
                AsnSource::Geoip => geoip,
            })
        };
        let usual = ["flow", "routes", "networks", "geoip"];
        assert_eq!(chosen(&usual, [1, 2, 3, 4]), 1);
        assert_eq!(chosen(&usual, [0, 2, 3, 4]), 2);
        assert_eq!(chosen(&usual, [0, 0, 0, 4]), 4);
        assert_eq!(chosen(&usual, [64_512, 2, 3, 4]), 64_512);
        assert_eq!(chosen(&["flow-except-private", "routes"], [64_512, 2, 3, 4]), 2);
        assert_eq!(chosen(&["flow-except-private", "routes-except-private"], [64_512, 23_456, 3, 4]), 0);
        assert_eq!(chosen(&["geoip", "flow"], [1, 2, 3, 0]), 1);
        assert_eq!(chosen(&[], [1, 2, 3, 4]), 0);
    }

    #[test]
    fn numbers_of_the_internet_are_not_private() {
        let private = [23_456, 64_496, 64_512, 65_535, 65_536, 131_071, 4_200_000_000, u32::MAX];
        assert!(private.into_iter().all(is_private));
        assert!(![1, 23_455, 64_495, 131_072, 4_199_999_999].into_iter().any(is_private));
    }

    #[test]
    fn words_that_are_no_source_are_faults() {
        let faults = faults("collect.asn_from", &words(&["flow", "bgp", "geoip-except-private", "flow"]));
        let said: Vec<_> = faults.iter().map(|fault| format!("{}: {}", fault.path, fault.message)).collect();
        assert_eq!(
            said,
            [
                "collect.asn_from[1]: unknown source `bgp`",
                "collect.asn_from[3]: `flow` is asked a second time"
            ]
        );
    }
}
