//! What a person who announces by hand is shown.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashSet;

use flowql::{Compiler, SavedFilters, Schema};
use flowql_bgp::{
    Action, Budget, DescribeError, Description, Draft, GuardSettings, RouteFamily, RouteSettings, Router,
    Situation, describe,
};

fn described(filter: &str, draft: &Draft) -> Result<Description, DescribeError> {
    let (schema, saved) = (Schema::default(), SavedFilters::default());
    let budgets = RouteFamily::ALL.map(|family| Budget { family, most: 10 }).to_vec();
    let guards = GuardSettings {
        protected: vec!["203.0.113.0/24".parse().unwrap()],
        never: vec!["203.0.113.1/32".parse().unwrap()],
        routers: vec![Router { name: "border".to_owned(), budgets }],
        ..GuardSettings::default()
    };
    let routes = RouteSettings::new(64_666, "192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap());
    let announced = HashSet::new();
    let situation = Situation { now: 1000, killed: false, announced: &announced, fresh: 0 };
    describe(&Compiler::new(&schema, &saved), filter, draft, &guards, &routes, &situation)
}

const DRAFT: Draft = Draft {
    incident: 42,
    action: Action::Drop,
    is_blackhole: false,
    severity: 1,
    share: Some(9),
    end: Some(1300),
};

#[test]
fn a_filter_that_the_guards_pass() {
    let found =
        described("DstAddr = 203.0.113.68 AND Proto = \"udp\" AND SrcPort = \"ntp\"", &DRAFT).unwrap();
    assert_eq!(
        found.to_string(),
        "traffic  IPv4: destination 203.0.113.68/32; protocol 17; source port 123\n\
         action   drop\n\
         BIRD     route flow4 { dst 203.0.113.68/32; proto = 17; sport = 123; } { bgp_ext_community.add((generic, \
         0x80060000, 0x0)); bgp_large_community.add((64666, 1, 42)); };\n\
         guards   pass\n"
    );
    let json = serde_json::to_value(&found).unwrap();
    assert_eq!(json["traffic"], "IPv4: destination 203.0.113.68/32; protocol 17; source port 123");
    assert_eq!((json["action"].as_str(), json["refusals"].as_array().map(Vec::len)), (Some("drop"), Some(0)));
    assert_eq!(json["route"]["extended"][0], 0x8006_0000_0000_0000_u64);
}

#[test]
fn a_filter_that_the_guards_refuse() {
    let found =
        described("DstAddr << 203.0.112.0/23 AND Proto = \"udp\"", &Draft { end: None, ..DRAFT }).unwrap();
    assert_eq!(
        found.to_string(),
        "traffic  IPv4: destination 203.0.112.0/23; protocol 17\n\
         action   drop\n\
         guards   refuse: 203.0.112.0/23 is not inside a protected prefix\n\
         guards   refuse: 203.0.112.0/23 touches 203.0.113.1/32, which must never be acted upon\n\
         guards   refuse: 203.0.112.0/23 is wider than /24\n\
         guards   refuse: it has no end\n"
    );
}

#[test]
fn a_blackhole_is_for_a_destination_alone() {
    let draft = Draft { is_blackhole: true, ..DRAFT };
    let found = described("DstAddr = 203.0.113.68", &draft).unwrap();
    assert!(found.to_string().starts_with("traffic  everything to 203.0.113.68/32\n"), "{found}");
    assert!(found.bird.unwrap().contains("bgp_community.add((65535, 666))"));
    let error = described("DstAddr = 203.0.113.68 AND Proto = \"udp\"", &draft).unwrap_err();
    assert_eq!(error.to_string(), "a blackhole drops everything to an address: ask for `DstAddr` alone");
}

#[test]
fn what_is_wrong_is_said() {
    let said = |filter| described(filter, &DRAFT).unwrap_err().to_string();
    assert_eq!(
        said("DstAddr = 203.0.113.68 AND InIfBoundary = external"),
        "BGP cannot carry the condition on `InIfBoundary`: packets do not carry it; a rule can test SrcAddr, DstAddr, \
         EType, Proto, ports, TCPFlags, PacketSize, IPTos, ICMP types and codes, IPFragmentOffset and IPv6FlowLabel"
    );
    assert_eq!(said("  "), "the filter is blank, which would match everything");
    assert_eq!(said("DstAdr = 203.0.113.68"), "the filter is wrong: unknown column `DstAdr`");
}
