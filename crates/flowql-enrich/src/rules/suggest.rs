//! Rules for interfaces that none has classified, by what their descriptions say and by the traffic that they carry.

use std::fmt::Write as _;
use std::sync::LazyLock;

use regex::{Regex, RegexBuilder};

use crate::facts::{Boundary, InterfaceFacts};

/// An interface through which traffic of so many networks comes in faces the Internet.
const MANY_NETWORKS: u64 = 100;

/// An interface, with what is known of it after the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuggestionSubject {
    /// What its exporter is called.
    pub exporter: String,
    /// What is known of it.
    pub facts: InterfaceFacts,
    /// The AS whose traffic came in through it; `None` where that is not known.
    pub networks: Option<u64>,
}

/// Words by which operators say what an interface is for.
struct Habit {
    /// The expression that a rule gets.
    expression: &'static str,
    /// What the rule sets.
    set: &'static str,
}

/// The first that matches is taken.
const HABITS: [Habit; 5] = [
    Habit {
        expression: "(?i)\\\\b(transit|upstream)\\\\b",
        set: "connectivity = \"transit\", boundary = \"external\"",
    },
    Habit {
        expression: "(?i)\\\\b(ix|ixp|exchange)\\\\b",
        set: "connectivity = \"ix\", boundary = \"external\"",
    },
    Habit {
        expression: "(?i)\\\\b(peer|peering|pni)\\\\b",
        set: "connectivity = \"peering\", boundary = \"external\"",
    },
    Habit {
        expression: "(?i)\\\\b(cust|customer|client)\\\\b",
        set: "connectivity = \"customer\", boundary = \"external\"",
    },
    Habit {
        expression: "(?i)\\\\b(core|backbone|bb|internal|loopback)\\\\b",
        set: "connectivity = \"core\", boundary = \"internal\"",
    },
];

impl Habit {
    /// The expression, ready to be used. FlowQL takes two backslashes for one.
    fn regex(&self) -> Option<Regex> {
        RegexBuilder::new(&self.expression.replace("\\\\", "\\")).build().ok()
    }
}

/// Rules to paste into `flowql.toml`, for the interfaces without a boundary; empty where there is nothing to suggest.
pub fn suggest(interfaces: &[SuggestionSubject]) -> String {
    static REGEXES: LazyLock<Vec<(&Habit, Regex)>> =
        LazyLock::new(|| HABITS.iter().filter_map(|habit| Some((habit, habit.regex()?))).collect());
    let mut open: Vec<&SuggestionSubject> =
        interfaces.iter().filter(|interface| interface.facts.boundary == Boundary::Undefined).collect();
    let mut text = String::new();
    for (habit, regex) in REGEXES.iter() {
        let before = open.len();
        let example = open.iter().find(|interface| regex.is_match(&interface.facts.description)).copied();
        open.retain(|interface| !regex.is_match(&interface.facts.description));
        let Some(example) = example else { continue };
        let (count, like) = (before - open.len(), comment(&example.facts.description));
        // Writing to a text does not fail.
        let _ = write!(
            text,
            "# {count} interfaces, as \"{like}\"\n[[classify.interface]]\nwhen = 'Description REGEXP \"{}\"'\n\
             set = {{ {} }}\n\n",
            habit.expression, habit.set
        );
    }
    for interface in open {
        let many = interface.networks.filter(|networks| *networks >= MANY_NETWORKS);
        let names = [&interface.exporter, &interface.facts.name];
        // Other names would have to be escaped, twice.
        let is_plain =
            names.iter().all(|name| !name.contains(['"', '\'', '\\']) && !name.contains(char::is_control));
        if let Some(networks) = many.filter(|_| is_plain) {
            let [exporter, name] = names;
            let _ = write!(
                text,
                "# traffic of {networks} AS comes in\n[[classify.interface]]\n\
                 when = 'Exporter = \"{exporter}\" AND Name = \"{name}\"'\nset = {{ boundary = \"external\" }}\n\n"
            );
        }
    }
    text
}

/// A description in a comment: on one line, and not too long.
fn comment(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(60).collect()
}

#[cfg(test)]
mod tests {
    use flowql_config::{Config, KnownSection, Registry};

    use super::super::{ClassifySection, InterfaceRules};
    use super::*;
    use crate::exporters::Known;
    use crate::rules::ExporterSubject;

    const SECTIONS: Registry = &[KnownSection::of::<ClassifySection>()];

    fn subject(name: &str, description: &str, networks: Option<u64>) -> SuggestionSubject {
        let (name, description) = (name.to_owned(), description.to_owned());
        let facts = InterfaceFacts { name, description, ..InterfaceFacts::default() };
        SuggestionSubject { exporter: "edge1".to_owned(), facts, networks }
    }

    /// What is suggested does what its comments say, by the reader of rules itself.
    #[test]
    fn suggested_rules_classify_what_they_are_for() {
        let known = subject("x", "Transit: known", None);
        let decided = SuggestionSubject {
            facts: InterfaceFacts { boundary: Boundary::Internal, ..known.facts.clone() },
            ..known
        };
        let interfaces = [
            subject("et1", "Transit: Example", None),
            subject("et2", "CUSTOMER 17", Some(5000)),
            subject("et3", "to core2, Core", None),
            subject("et4", "", Some(5000)),
            subject("et5", "mixed things", Some(3)),
            subject("et\"6", "", Some(5000)),
            decided,
        ];
        let text = suggest(&interfaces);
        let config = Config::parse(&text, "f", SECTIONS).unwrap_or_else(|errors| panic!("{errors}\n{text}"));
        let section = config.section::<ClassifySection>();
        assert_eq!(section.interface.len(), 4, "{text}");
        let rules = InterfaceRules::compile_interfaces(&section.interface).unwrap();
        let exporter = crate::ExporterFacts { name: "edge1".to_owned(), ..Default::default() };
        let address = "192.0.2.1".parse().unwrap();
        let given = interfaces.each_ref().map(|interface| {
            let known = Known { facts: interface.facts.clone(), fixed: InterfaceFacts::default() };
            let facts = known.classify(ExporterSubject { address, facts: &exporter }, 1, &rules).facts;
            (facts.boundary, facts.connectivity)
        });
        let transit = (Boundary::External, "transit".to_owned());
        assert_eq!(given[0], transit);
        assert_eq!(given[1], (Boundary::External, "customer".to_owned()));
        assert_eq!(given[2], (Boundary::Internal, "core".to_owned()));
        assert_eq!(given[3], (Boundary::External, String::new()));
        assert_eq!(given[4], (Boundary::Undefined, String::new()));
        assert_eq!(suggest(&interfaces[4..]), "");
    }
}
