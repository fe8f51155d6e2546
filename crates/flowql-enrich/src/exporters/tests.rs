//! Sources merged, rules, limits, and what is kept on disk.

use std::net::IpAddr;
use std::sync::Arc;

use flowql_config::{Config, KnownSection, Registry};
use proptest::prelude::*;

use super::*;
use crate::facts::{Boundary, ExporterFacts, InterfaceFacts};
use crate::rules::{ClassifySection, ExporterRules, InterfaceRules};

const SECTIONS: Registry =
    &[KnownSection::list_of::<ExporterSection>(), KnownSection::of::<ClassifySection>()];

const TEXT: &str = r#"
[[exporter]]
match = "192.0.2.0/24"
group = "edge"
site = "far"

[[exporter.interface]]
match_description = "Transit:*"
connectivity = "configured"

[[exporter]]
match = "192.0.2.1"
site = "near"

[[exporter.interface]]
index = 3
provider = "example"
boundary = "external"

[[classify.exporter]]
when = 'Name REGEXP "^(?P<role>[a-z]+)[0-9]"'
set = { role = "{role}", site = "rule" }

[[classify.interface]]
when = 'ExporterRole = "edge" AND Speed >= 1000'
set = { connectivity = "rule", boundary = "internal", vrf = "fast" }
"#;

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn configure(directory: &Directory, text: &str) {
    let config = Config::parse(text, "f", SECTIONS).unwrap();
    let classify = config.section::<ClassifySection>();
    directory.configure(
        &config.sections::<ExporterSection>(),
        ExporterRules::compile_exporters(&classify.exporter).unwrap(),
        InterfaceRules::compile_interfaces(&classify.interface).unwrap(),
    );
}

fn named(name: &str) -> ExporterFacts {
    ExporterFacts { name: name.to_owned(), ..ExporterFacts::default() }
}

fn interface(name: &str, description: &str, speed: u32) -> InterfaceFacts {
    let (name, description) = (name.to_owned(), description.to_owned());
    InterfaceFacts { name, description, speed, ..InterfaceFacts::default() }
}

#[test]
fn what_is_not_known_has_a_placeholder() {
    let directory = Directory::default();
    assert_eq!(directory.exporter(address("2001:db8::1")).facts, named("2001:db8::1"));
    // Flows have addresses of IPv4 mapped into IPv6.
    assert_eq!(directory.exporter(address("::ffff:192.0.2.1")).facts, named("192.0.2.1"));
    assert_eq!(directory.interface(address("192.0.2.1"), 7).facts, interface("if7", "", 0));
}

#[test]
fn the_first_source_that_knows_a_fact_wins() {
    let directory = Directory::default();
    configure(&directory, TEXT);
    let exporter = address("192.0.2.1");
    directory.learn_exporter(Source::Snmp, exporter, named("edge1"));
    let names = directory.exporter(exporter);
    let expected = ExporterFacts {
        name: "edge1".to_owned(),
        group: "edge".to_owned(),
        // The longest prefix has the site, which the rule may not touch.
        site: "near".to_owned(),
        role: "edge".to_owned(),
        ..ExporterFacts::default()
    };
    assert_eq!(names.facts, expected);
    assert_eq!(names.given.iter().map(|given| given.attribute).collect::<Vec<_>>(), ["role"]);

    directory.learn_interface(Source::Snmp, exporter, 3, interface("snmp", "Transit: A", 10_000));
    directory.learn_interface(Source::Options, exporter, 3, interface("options", "", 0));
    let facts = directory.interface(exporter, 3).facts.clone();
    assert_eq!(
        (facts.name.as_str(), facts.description.as_str(), facts.speed),
        ("options", "Transit: A", 10_000)
    );
    assert_eq!((facts.provider.as_str(), facts.boundary), ("example", Boundary::External));
    // By its pattern the configuration gives the connectivity; only the VRF is left to the rule.
    assert_eq!((facts.connectivity.as_str(), facts.vrf.as_str()), ("configured", "fast"));

    directory.learn_exporter(Source::Options, exporter, named("core1"));
    let names = directory.exporter(exporter);
    assert_eq!((names.facts.name.as_str(), names.facts.role.as_str()), ("core1", "core"));
    assert_eq!(directory.interface(exporter, 3).facts.vrf, "", "the rule asks for the role of the exporter");
    configure(&directory, "");
    assert_eq!(directory.exporter(exporter).facts, named("core1"));
    assert_eq!(directory.interface(exporter, 3).facts.boundary, Boundary::Undefined);
}

#[test]
fn changes_are_said_once() {
    let directory = Directory::new(Limits { changes: 2, ..Limits::default() });
    let exporter = address("192.0.2.1");
    let changed = |indexes: &[u32]| Changes {
        interfaces: indexes.iter().map(|&index| (exporter, index)).collect(),
        overflown: false,
    };
    directory.learn_interface(Source::Snmp, exporter, 1, interface("a", "", 0));
    assert_eq!(directory.take_changes(), changed(&[]), "no flow has the interface yet");
    directory.interface(exporter, 1);
    directory.interface(exporter, 2);
    assert_eq!(directory.take_changes(), changed(&[1, 2]));
    directory.learn_interface(Source::Snmp, exporter, 1, interface("a", "", 0));
    assert_eq!(directory.take_changes(), changed(&[]), "it is called what it was");
    directory.learn_interface(Source::Snmp, exporter, 2, interface("b", "", 0));
    assert_eq!(directory.take_changes(), changed(&[2]));
    // A reboot gave the interfaces other numbers.
    let numbers = [(2, interface("b", "", 0))].into();
    assert!(directory.learn_all(Source::Snmp, exporter, ExporterFacts::default(), numbers));
    assert_eq!(directory.take_changes(), changed(&[1]));
    assert_eq!(directory.interface(exporter, 1).facts.name, "if1");
    // What a configuration changes is noticed with the next flow.
    configure(
        &directory,
        "[[exporter]]\nmatch = \"192.0.2.1\"\n[[exporter.interface]]\nindex = 2\nspeed = 10\n",
    );
    assert_eq!(directory.take_changes(), changed(&[]));
    assert_eq!(
        (directory.interface(exporter, 1).facts.speed, directory.interface(exporter, 2).facts.speed),
        (0, 10)
    );
    assert_eq!(directory.take_changes(), changed(&[2]));
    assert_eq!(directory.interfaces().len(), 2);
    (3..6).for_each(|index| drop(directory.interface(exporter, index)));
    assert!(directory.take_changes().overflown);
}

#[test]
fn what_snmp_may_know_more_of_is_wanted() {
    let directory = Directory::default();
    let exporter = address("192.0.2.1");
    directory.exporter(exporter);
    directory.exporter(exporter);
    assert_eq!(directory.take_wanted(), [exporter].into());
    assert_eq!(directory.take_wanted(), [].into());
    directory.interface(exporter, 1);
    directory.interface(exporter, 2);
    assert_eq!(directory.take_wanted(), [exporter].into());
    let interfaces = [(1, interface("Gi1", "", 0)), (3, interface("Gi3", "", 0))].into();
    directory.learn_all(Source::Snmp, exporter, named("edge1"), interfaces);
    assert_eq!(directory.exporter(exporter).facts, named("edge1"));
    [1, 3].into_iter().for_each(|index| drop(directory.interface(exporter, index)));
    // The second was asked for before: SNMP does not know it, and is not asked for it with every flow.
    directory.take_wanted();
    [1, 2, 3].into_iter().for_each(|index| drop(directory.interface(exporter, index)));
    assert_eq!(directory.take_wanted(), [].into());
    directory.interface(exporter, 4);
    assert_eq!(directory.take_wanted(), [exporter].into());
}

#[test]
fn all_that_a_source_says_replaces_what_it_said() {
    let limits = Limits { exporters: 1, interfaces: 2, changes: 100 };
    let directory = Directory::new(limits);
    let exporter = address("192.0.2.1");
    let names = |names: &[(u32, &str)]| -> std::collections::BTreeMap<u32, InterfaceFacts> {
        names.iter().map(|(index, name)| (*index, interface(name, "", 0))).collect()
    };
    let learn = |interfaces| directory.learn_all(Source::Snmp, exporter, named("edge1"), interfaces);
    let called = || [1, 2, 3].map(|index| directory.interface(exporter, index).facts.name.clone());
    assert!(learn(names(&[(1, "Gi1"), (2, "Gi2")])));
    assert_eq!(called(), ["Gi1", "Gi2", "if3"]);
    let generation = directory.generation();
    assert!(learn(names(&[(1, "Gi1"), (2, "Gi2")])));
    assert_eq!(directory.generation(), generation, "nothing is called otherwise");
    // Other numbers, and no room for all of them.
    assert!(!learn(names(&[(2, "Gi1"), (3, "Gi2"), (4, "Gi3")])));
    assert_eq!(called(), ["if1", "Gi1", "Gi2"]);
    let other = address("192.0.2.2");
    assert!(!directory.learn_all(Source::Snmp, other, named("x"), names(&[(1, "Gi1")])));
    assert_eq!(directory.exporter(other).facts.name, "192.0.2.2");
}

#[test]
fn limits_hold_and_names_are_given_beyond_them() {
    let limits = Limits { exporters: 2, interfaces: 3, changes: 100 };
    let directory = Directory::new(limits);
    for exporter in ["192.0.2.1", "192.0.2.2", "192.0.2.3"].map(address) {
        for index in 0..5 {
            assert_eq!(directory.interface(exporter, index).facts.name, format!("if{index}"));
        }
    }
    assert_eq!((directory.exporters().len(), directory.interfaces().len()), (2, 6));
    for exporter in ["192.0.2.1", "192.0.2.2"].map(address) {
        assert!(directory.learn_exporter(Source::Snmp, exporter, named("x")));
    }
    assert!(!directory.learn_exporter(Source::Snmp, address("192.0.2.3"), named("x")));
    let learned = (0..5).map(|index| {
        directory.learn_interface(Source::Snmp, address("192.0.2.1"), index, interface("y", "", 0))
    });
    assert_eq!(learned.collect::<Vec<_>>(), [true, true, true, false, false]);
    assert!(!directory.learn_interface(Source::Snmp, address("192.0.2.3"), 1, interface("y", "", 0)));
}

#[test]
fn a_reader_sees_changes_when_it_is_refreshed() {
    let directory = Arc::new(Directory::default());
    let mut reader = NamesReader::new(Arc::clone(&directory));
    let exporter = address("192.0.2.1");
    assert_eq!(reader.exporter(exporter).facts.name, "192.0.2.1");
    assert_eq!(reader.interface(exporter, 1).facts.name, "if1");
    directory.learn_exporter(Source::Snmp, exporter, named("edge1"));
    directory.learn_interface(Source::Snmp, exporter, 1, interface("Gi1", "", 0));
    assert_eq!(reader.interface(exporter, 1).facts.name, "if1");
    reader.refresh();
    assert_eq!(reader.exporter(exporter).facts.name, "edge1");
    assert_eq!(reader.interface(exporter, 1).facts.name, "Gi1");
}

#[test]
fn what_was_learned_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("exporters.json");
    let exporter = address("192.0.2.1");
    let directory = Directory::default();
    directory.load(&path).unwrap();
    directory.learn_exporter(Source::Options, exporter, named("edge1"));
    directory.learn_interface(Source::Snmp, exporter, 3, interface("Gi3", "to b", 1000));
    directory.save(&path).unwrap();

    let again = Directory::default();
    // The placeholder that was given before is replaced.
    assert_eq!(again.interface(exporter, 3).facts.name, "if3");
    again.load(&path).unwrap();
    assert_eq!(again.exporter(exporter).facts, named("edge1"));
    assert_eq!(again.interface(exporter, 3).facts, interface("Gi3", "to b", 1000));
    again.learn_interface(Source::Snmp, exporter, 4, interface("Gi4", "", 0));
    again.save(&path).unwrap();
    let small = Directory::new(Limits { interfaces: 1, ..Limits::default() });
    small.load(&path).unwrap();
    assert_eq!(small.interface(exporter, 3).facts.name, "Gi3");
    assert_eq!(small.interface(exporter, 4).facts.name, "if4");

    std::fs::write(&path, "{\"version\": 2, \"exporters\": 1}").unwrap();
    let error = again.load(&path).unwrap_err().to_string();
    assert!(error.contains("its version is 2, not 1; remove it to start without them"), "{error}");
    assert_eq!(again.interface(exporter, 4).facts.name, "Gi4");
    assert!(
        again
            .save(&folder.path().join("missing/exporters.json"))
            .unwrap_err()
            .to_string()
            .starts_with("cannot write ")
    );
    assert!(again.load(folder.path()).unwrap_err().to_string().starts_with("cannot read "));
}

#[test]
fn errors_of_the_settings_are_at_their_lines() {
    let text = "[[exporter]]\nmatch = \"edge1\"\n[[exporter]]\nmatch = \"192.0.2.1\"\n[[exporter.interface]]\nindex = 1\n\
                [[exporter.interface]]\nindex = -1\nboundary = \"out\"\n";
    let errors = |text: &str| Config::parse(text, "f", SECTIONS).unwrap_err().to_string();
    let found = errors(text);
    assert_eq!(
        found.lines().collect::<Vec<_>>(),
        [
            "f:8:9: `index` must be an integer from 0 to 4294967295",
            "f:9:12: `boundary` must be \"undefined\", \"external\" or \"internal\""
        ]
    );
    let (valid, _) = text.split_at(text.find("[[exporter.interface]]\nindex = -1").unwrap());
    let found = errors(valid);
    let lines: Vec<&str> = found.lines().collect();
    assert_eq!(lines[0], "f:2:9: invalid address or subnet `edge1`: write it as `192.0.2.1` or `10.0.0.0/8`");
    assert!(lines[1].starts_with("f:5:1: nothing is said of the interface: give it a `name`"), "{found}");
}

proptest! {
    // Each case waits for the disk.
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn damaged_files_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), place in any::<usize>(), byte in any::<u8>()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("exporters.json");
        let directory = Directory::default();
        directory.learn_interface(Source::Snmp, address("2001:db8::1"), 3, interface("Gi3", "to b", 1000));
        directory.save(&path).unwrap();
        let mut written = std::fs::read(&path).unwrap();
        let most = written.len();
        written[place % most] = byte;
        for bytes in [written, bytes] {
            std::fs::write(&path, bytes).unwrap();
            let again = Directory::default();
            if again.load(&path).is_err() {
                prop_assert_eq!(&again.interface(address("2001:db8::1"), 3).facts.name, "if3");
            }
        }
    }
}
