//! `flowql compile --emit`: the stages of a compilation.

use super::{Place, run, snapshot};

const FILTER: &str = "srcas IN (AS1, 2-9) AND NOT (SrcMAC = 0011.2233.4455 OR TCPFlags HAS (SYN, ACK)) \
    OR ExporterName LIKE \"edge%\" AND DstAddr NOTIN (192.0.2.1, 10.0.0.0/8) AND SrcPort NOT BETWEEN 1 AND 9 \
    AND SrcAddr !<< 2001:db8::/32 AND DstCommunities = 65000:* AND InIfBoundary = EXTERNAL AND SrcAS != DstAS \
    AND Proto = \"xyz\" AND InIfName NOT REGEXP '^a' /* note */";

#[test]
fn every_stage_is_printed() {
    for stage in ["tokens", "syntax", "typed", "sql"] {
        let ran = run(&["compile", "--quiet", "--all-columns", "--emit", stage, FILTER]).has_status(0);
        snapshot(&format!("emit-{stage}"), &ran);
    }
}

#[test]
fn a_bad_filter_has_the_stages_that_it_reaches() {
    for stage in ["tokens", "syntax", "typed", "sql"] {
        let ran = run(&["compile", "--emit", stage, "SrcAS == 1 AND ( = \"x"]).has_status(1);
        snapshot(&format!("emit-bad-{stage}"), &ran);
    }
}

#[test]
fn saved_filters_are_in_the_typed_tree() {
    let place = Place::new().with("flowql.toml", "[filters]\nedge = 'ExporterName = \"edge\"'\n");
    let ran = place.run(&["compile", "--emit", "typed", "@edge AND SrcAS = 1", "--reverse"]).has_status(0);
    assert_eq!(
        ran.stdout,
        "and\n  saved edge\n    compare ExporterName:string = text \"edge\"\n  compare DstAS:asn = integer 1\n"
    );
}

#[test]
fn an_empty_filter_has_stages_too() {
    assert_eq!(run(&["compile", "--emit", "tokens", ""]).has_status(0).stdout, "");
    assert_eq!(run(&["compile", "--emit", "syntax", ""]).has_status(0).stdout, "()\n");
    assert_eq!(run(&["compile", "--emit", "typed", ""]).has_status(0).stdout, "");
}

#[test]
fn a_stage_and_json_exclude_each_other() {
    run(&["compile", "--emit", "sql", "--json", "SrcAS = 1"]).has_status(2);
}
