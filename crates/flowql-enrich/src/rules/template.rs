//! The values that a rule sets: texts with groups of the expression, `{name}`, `{name:lower}` or `{name:upper}`.

use std::collections::HashMap;

/// A value with places for groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Group(String, Case),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    AsIs,
    Lower,
    Upper,
}

/// What groups matched, by their names.
pub(crate) type Groups = HashMap<String, String>;

impl Template {
    /// Reads a value; `{{` and `}}` are braces.
    ///
    /// # Errors
    ///
    /// What is wrong, with what to do.
    pub(crate) fn parse(text: &str) -> Result<Self, (String, &'static str)> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(place) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at_checked(place).unwrap_or((rest, ""));
            plain.push_str(before);
            if let Some(after) = from.strip_prefix("{{").or_else(|| from.strip_prefix("}}")) {
                plain.extend(from.chars().next());
                rest = after;
                continue;
            }
            let Some((group, after)) = from.strip_prefix('{').and_then(|inner| inner.split_once('}')) else {
                let help = "write a group as `{name}`, a brace as `{{` or `}}`";
                return Err((format!("`{text}` has a brace without its partner"), help));
            };
            parts.extend((!plain.is_empty()).then(|| Part::Text(std::mem::take(&mut plain))));
            parts.push(Part::group(group)?);
            rest = after;
        }
        plain.push_str(rest);
        parts.extend((!plain.is_empty()).then_some(Part::Text(plain)));
        Ok(Self(parts))
    }

    /// The names of its groups.
    pub(crate) fn groups(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Group(name, _) => Some(name.as_str()),
        })
    }

    /// The value as it is written, where it has no groups.
    pub(crate) fn literal(&self) -> Option<String> {
        self.groups().next().is_none().then(|| self.fill(&Groups::new()))
    }

    /// The value with the groups in their places; a group that did not match is empty.
    pub(crate) fn fill(&self, groups: &Groups) -> String {
        let mut filled = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => filled.push_str(text),
                Part::Group(name, case) => {
                    let matched = groups.get(name).map_or("", String::as_str);
                    match case {
                        Case::AsIs => filled.push_str(matched),
                        Case::Lower => filled.push_str(&matched.to_lowercase()),
                        Case::Upper => filled.push_str(&matched.to_uppercase()),
                    }
                }
            }
        }
        filled
    }
}

impl Part {
    fn group(text: &str) -> Result<Self, (String, &'static str)> {
        let (name, case) = match text.split_once(':') {
            None => (text, Case::AsIs),
            Some((name, "lower")) => (name, Case::Lower),
            Some((name, "upper")) => (name, Case::Upper),
            Some((_, case)) => {
                return Err((
                    format!("`{case}` is neither `lower` nor `upper`"),
                    "write it as `{name:lower}`",
                ));
            }
        };
        Ok(Self::Group(name.to_owned(), case))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_put_in_their_places() {
        let groups = Groups::from([("site".to_owned(), "Par".to_owned())]);
        let fill = |text: &str| Template::parse(text).unwrap().fill(&groups);
        assert_eq!(fill("{site}1"), "Par1");
        assert_eq!(fill("a-{site:lower}/{site:upper}-{none}."), "a-par/PAR-.");
        assert_eq!(fill("{{site}}"), "{site}");
        assert_eq!(fill(""), "");
        assert_eq!(Template::parse("{{a}}").unwrap().literal().as_deref(), Some("{a}"));
        assert_eq!(Template::parse("{a}").unwrap().literal(), None);
        for wrong in ["{a", "a}", "{{a}", "{a:title}"] {
            assert!(Template::parse(wrong).is_err(), "{wrong}");
        }
    }
}
