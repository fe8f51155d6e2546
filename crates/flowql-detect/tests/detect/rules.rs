//! The settings and the rules, those of the program included.

use flowql_config::Config;
use flowql_detect::{
    Action, Amount, DetectSection, Mitigation, Mode, Per, Response, Rules, Threshold, shipped,
};

use super::{SECTIONS, config};

/// The example of the specification.
const EXAMPLE: &str = r#"
[detect]
protected = ["203.0.113.0/24", "2001:db8:1::/48"]
never     = ["203.0.113.1", "203.0.113.53"]
mode      = "dry-run"

[[detect.rule]]
name    = "ntp-amplification"
when    = 'InIfBoundary = external AND Proto = "udp" AND SrcPort = "ntp"'
per     = ["host", "prefix"]
window  = "10s"
above   = [{ bits = "200M", sources = 20 }, { packets = "50k" }]
clear   = { below = 0.5, for = "60s" }
respond = ["notify", { flowspec = "drop", hold = "5m" }, { blackhole = true, above = { bits = "20G" }, approve = true }]
"#;

fn errors(text: &str) -> Vec<String> {
    let errors = Config::parse(text, "f", SECTIONS).unwrap_err();
    errors.to_string().lines().map(|line| line.trim_start_matches("f:").to_owned()).collect()
}

#[test]
fn the_example_is_read() {
    let config = config(EXAMPLE);
    let section = config.section::<DetectSection>();
    assert_eq!((section.mode, section.shipped), (Mode::DryRun, true));
    let rules = Rules::new(&config).unwrap();
    let rule = &rules.rules[0];
    assert_eq!(rule.per, [Per::Host, Per::Prefix]);
    assert_eq!((rule.window, rule.clear_below, rule.clear_seconds, rule.notify), (10, 0.5, 60, true));
    let bits = Threshold { bits: Some(2e8), sources: Some(20), ..Threshold::default() };
    let packets = Threshold { packets: Some(5e4), ..Threshold::default() };
    assert_eq!(rule.above, [bits, packets]);
    let [drop, blackhole] = rule.mitigations.as_slice() else { panic!("{rule:?}") };
    assert_eq!((drop.action, drop.hold.0, drop.approve), (Action::Drop, 300, false));
    assert_eq!((blackhole.action, blackhole.approve), (Action::Blackhole, true));
    assert!(blackhole.above.holds(2e10, 0.0) && !blackhole.above.holds(1.9e10, 1e9));
    // One of the same name replaces that of the program.
    let named = rules.rules.iter().filter(|rule| rule.name == "ntp-amplification");
    assert_eq!(named.count(), 1);
    // What is shown is read as the same.
    let shown = self::config(&config.to_toml());
    assert_eq!(*shown.section::<DetectSection>(), *section);
}

#[test]
fn what_is_wrong_is_said_at_its_line() {
    let text = "[detect]\nprotected = [\"203.0.113.0/33\"]\ncount = 'Proto = '\n[[detect.rule]]\nname = \"a b\"\n\
                when = 'Prot = 17'\nwindow = \"15s\"\nabove = [{}]\n[[detect.rule]]\nname = \"a b\"\nwhen = ''\nper = []\n";
    let found = errors(text);
    for (line, part) in [
        ("2:", "invalid address or prefix `203.0.113.0/33`"),
        ("3:", ""),
        ("5:", "`a b` cannot name a rule"),
        ("6:", "Prot"),
        ("7:", "invalid window `15s`"),
        ("8:", "the threshold is empty"),
        ("10:", "there are two rules `a b`"),
        ("11:", "the filter is empty"),
        ("12:", "nothing is under attack"),
    ] {
        assert!(
            found.iter().any(|error| error.starts_with(line) && error.contains(part)),
            "{line} {part}: {found:#?}"
        );
    }
}

#[test]
fn responses_are_read_or_refused() {
    let rule =
        |respond: &str| format!("[[detect.rule]]\nname = \"a\"\nwhen = 'Proto = 17'\nrespond = {respond}\n");
    let text = rule("[{ flowspec = \"100M\", hold = \"1h\", above = { packets = \"1M\" } }, \"notify\"]");
    let section = config(&text).section::<DetectSection>();
    let [Response::Mitigate(Mitigation { action, hold, above, approve }), Response::Notify] =
        section.rule[0].respond.0.as_slice()
    else {
        panic!("{section:?}")
    };
    assert_eq!((*action, hold.0, *approve), (Action::Rate(Amount(100_000_000)), 3600, false));
    assert!(above.holds(0.0, 1e6) && !above.holds(1e12, 9e5));
    for wrong in [
        "[\"tell\"]",
        "\"notify\"",
        "[{ hold = \"5m\" }]",
        "[{ flowspec = \"drop\", blackhole = true }]",
        "[{ blackhole = false }]",
        "[{ flowspec = \"drop\", hold = 5 }]",
        "[{ flowspec = \"drop\", above = { bytes = \"1M\" } }]",
    ] {
        let found = errors(&rule(wrong));
        assert!(found.iter().any(|error| error.contains("`respond` must be a list")), "{wrong}: {found:?}");
    }
}

#[test]
fn the_rules_of_the_program_are_whole() {
    config(shipped::TEXT);
    let all = config("[schema]\nenable = [\"TCPFlags\", \"IPFragmentOffset\"]\n");
    let rules = Rules::new(&all).unwrap();
    assert!(rules.left_out.is_empty(), "{:?}", rules.left_out);
    assert_eq!(rules.rules.len(), shipped::rules().len());
    assert!(rules.rules.len() >= 30, "{}", rules.rules.len());
    for rule in &rules.rules {
        assert!(rule.about.ends_with('.') && !rule.sources.is_empty(), "{}", rule.name);
        assert!(rule.sources.iter().all(|source| source.starts_with("https://")), "{}", rule.name);
        assert!(!rule.when.contains("Boundary"), "{}: many networks have no boundaries set", rule.name);
        assert!(rule.notify && !rule.mitigations.iter().any(|found| found.action == Action::Blackhole));
    }
    for vector in ["ntp", "dns", "cldap", "ssdp", "memcached", "chargen", "snmp", "portmap", "ws-discovery"] {
        let name = format!("{vector}-amplification");
        assert!(rules.rules.iter().any(|rule| rule.name == name), "{name}");
    }
    for flood in
        ["syn-flood", "syn-ack-flood", "ack-flood", "rst-flood", "fragment-flood", "udp-flood", "carpet-udp"]
    {
        assert!(rules.rules.iter().any(|rule| rule.name == flood), "{flood}");
    }
    assert!(Rules::new(&config("[detect]\nshipped = false\n")).unwrap().rules.is_empty());
}

#[test]
fn rules_that_need_a_column_that_is_off_are_refused() {
    let text = "[[detect.rule]]\nname = \"syn\"\nwhen = 'TCPFlags = 2'\n";
    let faults = Rules::new(&config(text)).unwrap_err();
    let [fault] = faults.as_slice() else { panic!("{faults:?}") };
    assert_eq!(fault.path, "detect.rule[0].when");
    let said = format!("{} {}", fault.message, fault.help.as_deref().unwrap());
    assert!(said.contains("TCPFlags") && said.contains("enable"), "{said}");
    // Those of the program are left out, with the reason.
    let rules = Rules::new(&config("")).unwrap();
    let left_out = rules.left_out.iter().find(|left_out| left_out.name == "syn-flood").unwrap();
    assert!(left_out.reason.contains("TCPFlags"), "{left_out:?}");
    let faults = Rules::new(&config(
        "[[detect.rule]]\nname = \"a\"\nwhen = 'Proto = 17'\nper = [\"Bytes\", \"Nothing\"]\n",
    ));
    let faults: Vec<_> = faults.unwrap_err().into_iter().map(|fault| fault.to_string()).collect();
    assert!(faults[0].starts_with("detect.rule[0].per[0]: `Bytes` is not a column of texts"), "{faults:?}");
    assert!(faults[1].starts_with("detect.rule[0].per[1]: unknown column `Nothing`"), "{faults:?}");
}

#[test]
fn groups_of_prefixes_have_thresholds_that_more_specific_ones_inherit() {
    let text = "[[detect.rule]]\nname = \"a\"\nwhen = 'Proto = 17'\nabove = [{ bits = \"1M\", sources = 3 }, { packets = \"1k\" }]\n\
                [[detect.group]]\nprefixes = [\"203.0.113.0/24\"]\nbits = \"2M\"\npackets = \"2k\"\n\
                [[detect.group]]\nprefixes = [\"203.0.113.64/26\"]\nrules = [\"a\"]\nbits = \"5M\"\n";
    let rules = Rules::new(&config(text)).unwrap();
    let of = |target: &str| -> Vec<_> {
        let above = rules.thresholds(0, Some(target.parse().unwrap()));
        above.iter().map(|threshold| (threshold.bits, threshold.packets, threshold.sources)).collect()
    };
    assert_eq!(of("198.51.100.1/32"), [(Some(1e6), None, Some(3)), (None, Some(1e3), None)]);
    assert_eq!(of("203.0.113.1/32"), [(Some(2e6), None, Some(3)), (None, Some(2e3), None)]);
    assert_eq!(of("203.0.113.65/32"), [(Some(5e6), None, Some(3)), (None, Some(2e3), None)]);
    let faults = Rules::new(&config("[[detect.group]]\nprefixes = [\"10.0.0.0/8\"]\nrules = [\"none\"]\n"));
    assert_eq!(faults.unwrap_err()[0].path, "detect.group[0].rules[0]");
}
