//! The countries of ISO 3166-1.

pub use super::generated::countries::COUNTRIES;

/// The short English name of the country of that alpha-2 code, which is two capitals.
pub fn name_of(code: &str) -> Option<&'static str> {
    let place = COUNTRIES.binary_search_by_key(&code, |(candidate, _)| *candidate).ok()?;
    COUNTRIES.get(place).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_two_capitals_in_order() {
        assert!(COUNTRIES.is_sorted_by(|a, b| a.0 < b.0));
        for (code, name) in COUNTRIES {
            assert!(code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase()), "{code}");
            assert!(!name.is_empty() && name.trim() == *name, "{code}");
        }
        assert_eq!(COUNTRIES.len(), 249);
    }

    #[test]
    fn every_country_is_found() {
        for (code, name) in COUNTRIES {
            assert_eq!(name_of(code), Some(*name));
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
