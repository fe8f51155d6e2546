//! The countries of ISO 3166-1.

/// The countries, one a line, in order of code: the alpha-2 code and the short English name.
#[derive(Debug, Default)]
pub struct Countries {
    lines: &'static str,
}

impl Countries {
    pub(super) const fn new(lines: &'static str) -> Self {
        Self { lines }
    }

    /// The countries in order of code: the alpha-2 code, two capitals, and the short English name.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, &'static str)> + use<> {
        self.lines.lines().filter_map(|line| line.split_once(' '))
    }

    /// The short English name of the country of that alpha-2 code.
    pub fn name_of(&self, code: &str) -> Option<&'static str> {
        self.all().find(|(candidate, _)| *candidate == code).map(|(_, name)| name)
    }

    /// Whether databases of countries hold the code: those of ISO 3166-1, and Kosovo's.
    pub(crate) fn is_stored(&self, code: &str) -> bool {
        code == "XK" || self.name_of(code).is_some()
    }

    /// The code that was meant by one in another case, by a name, or by what everyday use has instead.
    pub(crate) fn meant(&self, word: &str) -> Option<&'static str> {
        let word = match word.to_ascii_uppercase().as_str() {
            "UK" => "GB",
            "EL" => "GR",
            "USA" => "US",
            _ => word,
        };
        let same =
            |(code, name): &(&str, &str)| code.eq_ignore_ascii_case(word) || name.eq_ignore_ascii_case(word);
        self.all().find(same).map(|(code, _)| code)
    }
}

#[cfg(all(test, feature = "registries"))]
mod tests {
    use super::*;
    use crate::tables::Registries;

    fn registry() -> &'static Countries {
        &Registries::built_in().countries
    }

    #[test]
    fn codes_are_two_capitals_in_order() {
        assert!(registry().all().is_sorted_by(|a, b| a.0 < b.0));
        for (code, name) in registry().all() {
            assert!(code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase()), "{code}");
            assert!(!name.is_empty() && name.trim() == name, "{code}");
        }
        assert_eq!(registry().all().count(), 249);
    }

    #[test]
    fn every_country_is_found() {
        for (code, name) in registry().all() {
            assert_eq!(registry().name_of(code), Some(name));
        }
    }

    #[test]
    fn known_countries() {
        assert_eq!(registry().name_of("FR"), Some("France"));
        assert_eq!(registry().name_of("US"), Some("United States"));
        assert_eq!(registry().name_of("CI"), Some("Côte d'Ivoire"));
        for code in ["", "F", "fr", "FRA", "XX", "ZZ"] {
            assert_eq!(registry().name_of(code), None, "{code}");
        }
    }
}
