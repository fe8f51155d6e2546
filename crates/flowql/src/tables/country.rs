//! The countries of ISO 3166-1.

use super::generated::countries::COUNTRIES;

/// The countries in order of code: the alpha-2 code, two capitals, and the short English name.
pub fn countries() -> impl Iterator<Item = (&'static str, &'static str)> {
    COUNTRIES.lines().filter_map(|line| line.split_once(' '))
}

/// The short English name of the country of that alpha-2 code.
pub fn name_of(code: &str) -> Option<&'static str> {
    countries().find(|(candidate, _)| *candidate == code).map(|(_, name)| name)
}

/// Whether databases of countries hold the code: those of ISO 3166-1, and Kosovo's.
pub(crate) fn is_stored(code: &str) -> bool {
    code == "XK" || name_of(code).is_some()
}

/// The code that was meant by one in another case, by a name, or by what everyday use has instead.
pub(crate) fn meant(word: &str) -> Option<&'static str> {
    let word = match word.to_ascii_uppercase().as_str() {
        "UK" => "GB",
        "EL" => "GR",
        "USA" => "US",
        _ => word,
    };
    let same =
        |(code, name): &(&str, &str)| code.eq_ignore_ascii_case(word) || name.eq_ignore_ascii_case(word);
    countries().find(same).map(|(code, _)| code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_two_capitals_in_order() {
        assert!(countries().is_sorted_by(|a, b| a.0 < b.0));
        for (code, name) in countries() {
            assert!(code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase()), "{code}");
            assert!(!name.is_empty() && name.trim() == name, "{code}");
        }
        assert_eq!(countries().count(), 249);
    }

    #[test]
    fn every_country_is_found() {
        for (code, name) in countries() {
            assert_eq!(name_of(code), Some(name));
        }
    }

    #[test]
    fn known_countries() {
        assert_eq!(name_of("FR"), Some("France"));
        assert_eq!(name_of("US"), Some("United States"));
        assert_eq!(name_of("CI"), Some("Côte d'Ivoire"));
        for code in ["", "F", "fr", "FRA", "XX", "ZZ"] {
            assert_eq!(name_of(code), None, "{code}");
        }
    }
}
