//! Filters made into rules: a rule matches the packet of a flow exactly where the filter selects the flow.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod flows;

use std::cell::Cell;

use flowql::{Compiler, Options, SavedFilters, Schema, Scope};
use flowql_bgp::{Flowspec, Reason, Untranslatable, translate};
use flowql_eval::Evaluator;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use self::flows::Flow;

fn translated(text: &str) -> Result<Flowspec, Untranslatable> {
    let schema = Schema::all_columns();
    let mut saved = SavedFilters::default();
    saved.insert(Scope::User, "web", "DstPort IN (80, 443)");
    saved.insert(Scope::User, "uplink", "InIfBoundary = external");
    let checked = Compiler::new(&schema, &saved).check(text, Options::default());
    let filter = checked.filter.unwrap_or_else(|| panic!("`{text}`: {:?}", checked.diagnostics));
    translate(&schema, &filter)
}

/// The rule as people read it.
fn rule(text: &str) -> String {
    translated(text).map_or_else(|error| panic!("`{text}`: {error}"), |rule| rule.to_string())
}

/// What is said of a filter that cannot be carried: the text of the condition, and why.
fn refusal(text: &str) -> (String, Reason) {
    let error = translated(text).unwrap_err();
    let place = error.span.map_or_else(
        || error.saved.map_or_else(String::new, |name| format!("@{name} {}", error.column)),
        |span| span.of(text).to_owned(),
    );
    (place, error.reason)
}

#[test]
fn filters_become_rules() {
    for (text, expected) in [
        ("DstAddr = 203.0.113.68", "IPv4: destination 203.0.113.68/32"),
        ("DstAddr << 203.0.113.0/24 AND EType = IPv4", "IPv4: destination 203.0.113.0/24"),
        (
            "DstAddr = 203.0.113.68 AND Proto = \"udp\" AND SrcPort = \"ntp\" AND PacketSize > 400",
            "IPv4: destination 203.0.113.68/32; protocol 17; source port 123; packet length 401-65535",
        ),
        (
            "DstAddr = 2001:db8:1::5 AND Proto IN (\"tcp\", \"udp\") AND (SrcPort = 53 OR DstPort = 53)",
            "IPv6: destination 2001:db8:1::5/128; protocol 6, 17; port 53",
        ),
        (
            "DstAddr = 203.0.113.1 AND Proto = \"tcp\" AND TCPFlags HAS SYN AND NOT TCPFlags HAS ACK AND @web",
            "IPv4: destination 203.0.113.1/32; protocol 6; destination port 80, 443; TCP flags SYN and not ACK",
        ),
        (
            "NOT (DstAddr !<< 203.0.113.0/24 OR Proto != \"icmp\" OR ICMPv4Type != 8)",
            "IPv4: destination 203.0.113.0/24; protocol 1; ICMP type 8",
        ),
        (
            "DstAddr = 203.0.113.1 AND IPTos IN (184-187) AND IPFragmentOffset > 0",
            "IPv4: destination 203.0.113.1/32; DSCP 46; fragment later-fragment",
        ),
        (
            "DstAddr = 203.0.113.1 AND Proto = \"udp\" AND DstPort = 0 AND IPFragmentOffset = 0",
            "IPv4: destination 203.0.113.1/32; protocol 17; destination port 0",
        ),
        ("EType = IPv6 AND Proto = 17 AND SrcAddr << ::/0", "IPv6: protocol 17"),
    ] {
        assert_eq!(rule(text), expected, "{text}");
    }
}

#[test]
fn what_cannot_be_carried_is_named() {
    for (text, place, reason) in [
        ("DstAddr = 203.0.113.1 AND InIfBoundary = external", "InIfBoundary = external", Reason::Column),
        ("DstAddr = 203.0.113.1 AND @uplink", "@uplink InIfBoundary", Reason::Column),
        ("DstAddr IN (203.0.113.1, 203.0.113.3)", "DstAddr IN (203.0.113.1, 203.0.113.3)", Reason::Prefix),
        ("DstAddr != 203.0.113.1 AND EType = IPv4", "DstAddr != 203.0.113.1", Reason::Prefix),
        ("DstAddr = 203.0.113.1 AND SrcPort = 53", "SrcPort = 53", Reason::Ports),
        ("DstAddr = 203.0.113.1 AND Proto = \"udp\" AND SrcPort < 53", "SrcPort < 53", Reason::Zero),
        ("DstAddr = 203.0.113.1 AND Proto = \"udp\" AND TCPFlags = 2", "TCPFlags = 2", Reason::Flags),
        ("DstAddr = 203.0.113.1 AND Proto = \"tcp\" AND TCPFlags > 2", "TCPFlags > 2", Reason::Test),
        ("DstAddr = 203.0.113.1 AND (Proto = \"udp\" OR PacketSize > 9)", "PacketSize > 9", Reason::Or),
        ("DstAddr = 2001:db8::1 AND Proto = \"icmp\" AND ICMPv4Type = 8", "ICMPv4Type = 8", Reason::Icmp),
        ("DstAddr = 203.0.113.1 AND IPTos = 184", "IPTos = 184", Reason::Ecn),
        ("DstAddr = 203.0.113.1 AND IPFragmentOffset = 185", "IPFragmentOffset = 185", Reason::Offset),
        ("DstAddr = 203.0.113.1 AND IPv6FlowLabel = 9", "IPv6FlowLabel = 9", Reason::FlowLabel),
        ("DstAddr = 203.0.113.1 AND SrcPort > DstPort", "SrcPort > DstPort", Reason::Test),
        ("Proto = \"udp\"", "", Reason::Family),
        ("DstAddr = 203.0.113.1 AND SrcAddr = 2001:db8::1", "", Reason::Nothing),
        ("DstAddr = 203.0.113.1 AND Proto = 6 AND Proto = 17", "Proto = 6", Reason::Nothing),
    ] {
        assert_eq!(refusal(text), (place.to_owned(), reason), "{text}");
    }
}

/// Random filters over the columns that rules can test, and flows made of the same numbers.
#[test]
fn rules_match_what_filters_select() {
    let schema = Schema::all_columns();
    let saved = SavedFilters::default();
    let (rules, selected, passed) = (Cell::new(0_u32), Cell::new(0_u32), Cell::new(0_u32));
    let config = Config { cases: 6000, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new(config);
    let strategy = (flows::filter(), prop::collection::vec(flows::flow(), 40));
    let result = runner.run(&strategy, |(text, flows)| {
        let Some(filter) = Compiler::new(&schema, &saved).check(&text, Options::default()).filter else {
            return Ok(());
        };
        let Ok(rule) = translate(&schema, &filter) else { return Ok(()) };
        let evaluator = Evaluator::new(&schema, &filter).unwrap();
        // As they would stay rare, flows that are made to be to the rule's destination as well.
        let near = flows.iter().map(|flow| flow.towards(&rule));
        let near: Vec<Flow> = near.collect();
        for flow in flows.iter().chain(&near) {
            let is_selected = evaluator.matches(&flow.row(&schema, &evaluator));
            prop_assert_eq!(rule.matches(&flow.packet()), is_selected, "`{}`, {}: {:?}", text, rule, flow);
            let count = if is_selected { &selected } else { &passed };
            count.set(count.get() + 1);
        }
        rules.set(rules.get() + 1);
        Ok(())
    });
    result.unwrap();
    let (rules, selected, passed) = (rules.get(), selected.get(), passed.get());
    println!("{rules} rules, {selected} flows selected, {passed} not");
    assert!(rules > 1000 && selected > 2000 && passed > 20_000, "{rules} {selected} {passed}");
}
