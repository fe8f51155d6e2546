//! The laws of completion: total, sound, precise, ranked.

use std::fmt::Write as _;

use flowql::ide::{self, CandidateKind, Completions, Suggestion};
use flowql::syntax::{self, TokenKind};
use flowql::{Code, Compiler, Options, SavedFilters, Schema, Scope};
use flowql_tests::corpus::{self, Entry};

fn apply(text: &str, completions: &Completions, insert: &str) -> String {
    let replace = completions.replace.range();
    format!("{}{insert}{}", &text[..replace.start], &text[replace.end..])
}

/// The position of the first error that is not merely the lack of what is still to be typed.
fn first_hard_error(compiler: &Compiler<'_>, text: &str) -> Option<u32> {
    let typed = u32::try_from(text.trim_end().len()).unwrap();
    let unfinished =
        |code| matches!(code, Code::UnclosedParenthesis | Code::UnclosedList | Code::UnterminatedString);
    let diagnostics = compiler.compile(text, Options::default()).diagnostics;
    diagnostics
        .into_iter()
        .find(|found| found.is_error() && !unfinished(found.code) && found.span.start < typed)
        .map(|found| found.span.start)
}

#[test]
fn it_answers_any_text_at_any_offset() {
    for file in corpus::read_all().unwrap() {
        let compiler = Compiler::new(&file.schema, &file.saved);
        for entry in file.entries.iter().filter(|entry| entry.text.len() < 1000) {
            for offset in 0..=u32::try_from(entry.text.len() + 2).unwrap() {
                let completions = ide::complete(&compiler, &entry.text, offset);
                let range = completions.replace.range();
                assert!(entry.text.get(range.clone()).is_some(), "{}: {range:?}", entry.place);
                assert!(range.start <= offset as usize, "{}: {range:?} begins after {offset}", entry.place);
            }
        }
    }
}

/// Whether a condition may begin here, and so a reference to a saved filter after `@`.
fn offers_columns(completions: &Completions) -> bool {
    completions.candidates.iter().any(|candidate| candidate.kind == CandidateKind::Column)
}

#[test]
fn what_really_stands_there_is_offered() {
    let mut failures = String::new();
    let mut boundaries = 0;
    for file in corpus::read_all().unwrap().iter().filter(|file| file.valid) {
        let compiler = Compiler::new(&file.schema, &file.saved);
        for entry in file.entries.iter().filter(|entry| entry.text.len() < 4000) {
            for token in syntax::tokenize(&entry.text) {
                if token.kind == TokenKind::Comment || token.kind.is_missing() {
                    continue;
                }
                boundaries += 1;
                let typed = &entry.text[..token.span.start as usize];
                let word = token.span.of(&entry.text);
                // Right after a word the cursor still touches it; what comes next is offered after a blank.
                let apart = format!("{typed} ");
                let is_regexp = typed.trim_end().to_ascii_uppercase().ends_with("REGEXP");
                let list = typed.rsplit('(').next().unwrap_or_default().to_ascii_lowercase();
                let is_repeated = list.contains(&word.to_ascii_lowercase());
                let is_value = matches!(token.kind, TokenKind::Word | TokenKind::String);
                let is_offered = [typed, &apart].into_iter().any(|typed| {
                    let completions = ide::complete(&compiler, typed, u32::try_from(typed.len()).unwrap());
                    let fits = |candidate: &ide::Candidate| {
                        let first = candidate.insert.split_whitespace().next().unwrap_or_default();
                        first.eq_ignore_ascii_case(word) || candidate.label.eq_ignore_ascii_case(word)
                    };
                    let is_reference = token.kind == TokenKind::Saved && offers_columns(&completions);
                    is_reference
                        || is_value && completions.request.is_some()
                        || completions.candidates.iter().any(fits)
                });
                if !(is_offered || is_value && (is_regexp || is_repeated)) {
                    writeln!(failures, "{}: `{word}` is not offered after {typed:?}", entry.place).unwrap();
                }
            }
        }
    }
    assert!(failures.is_empty(), "{failures}");
    assert!(boundaries > 3000, "only {boundaries} boundaries were tried");
}

#[test]
fn no_candidate_breaks_a_valid_beginning() {
    let mut tried = 0_u32;
    let mut failures = String::new();
    for file in corpus::read_all().unwrap().iter().filter(|file| file.valid) {
        let compiler = Compiler::new(&file.schema, &file.saved);
        // At the edge of the nesting limit anything breaks a filter.
        let usual = |entry: &&Entry| entry.text.len() < 400 && !entry.name.starts_with("nesting");
        for entry in file.entries.iter().filter(usual) {
            for token in syntax::tokenize(&entry.text) {
                let middle = token.span.start + token.span.len() / 2;
                for offset in [token.span.start, middle, token.span.end] {
                    let Some(typed) = entry.text.get(..offset as usize) else { continue };
                    let completions = ide::complete(&compiler, typed, offset);
                    let base = &typed[..completions.replace.start as usize];
                    let before = first_hard_error(&compiler, base);
                    for (place, candidate) in completions.candidates.iter().enumerate() {
                        // All kinds, but of the many columns and values only some.
                        if place > 4 && !(place as u32 + tried).is_multiple_of(31) {
                            continue;
                        }
                        tried += 1;
                        let after = apply(typed, &completions, &candidate.insert);
                        let error = first_hard_error(&compiler, &after);
                        let earlier = error.is_some_and(|at| before.is_none_or(|before| at < before));
                        if earlier && failures.len() < 4000 {
                            writeln!(failures, "{}: {typed:?} + {candidate:?} = {after:?}", entry.place)
                                .unwrap();
                        }
                    }
                }
            }
        }
    }
    assert!(failures.is_empty(), "{failures}");
    assert!(tried > 10_000, "only {tried} candidates were tried");
}

/// Half-typed filters, the cursor at `|`, with what a person wants there.
const WANTED: &[(&str, &str)] = &[
    ("|", "SrcAS"),
    ("s|", "SrcAS"),
    ("src|", "SrcAS"),
    ("srca|", "SrcAS"),
    ("srcad|", "SrcAddr"),
    ("port|", "SrcPort"),
    ("dstp|", "DstPort"),
    ("InIf|", "InIfBoundary"),
    ("bound|", "InIfBoundary"),
    ("exp|", "ExporterName"),
    ("country|", "SrcCountry"),
    ("oib|", "OutIfBoundary"),
    ("desc|", "InIfDescription"),
    ("n|", "NOT"),
    ("no|", "NOT"),
    ("SrcAS |", "="),
    ("SrcAS !|", "!="),
    ("SrcAS I|", "IN"),
    ("SrcAS N|", "NOTIN"),
    ("SrcAS NOT |", "IN"),
    ("ExporterName L|", "LIKE"),
    ("ExporterName RE|", "REGEXP"),
    ("SrcPort <|", "<="),
    ("SrcPort BE|", "BETWEEN"),
    ("TCPFlags HA|", "HAS"),
    ("InIfBoundary = |", "external"),
    ("InIfBoundary = i|", "internal"),
    ("FlowDirection = e|", "egress"),
    ("EType = |", "IPv4"),
    ("EType = ipv6|", "IPv6"),
    ("Proto = |", "tcp"),
    ("Proto = \"u|", "udp"),
    ("Proto = 47|", "gre"),
    ("Proto IN (\"tcp\", |", "udp"),
    ("DstPort = |", "443"),
    ("DstPort = 4|", "443"),
    ("DstPort = htt|", "80"),
    ("DstPort = \"ssh|", "ssh"),
    ("DstPort IN (443, |", "80"),
    ("SrcCountry = \"fra|", "FR"),
    ("SrcCountry = \"germ|", "DE"),
    ("SrcCommunities = no-e|", "no-export"),
    ("SrcCommunities = bl|", "blackhole"),
    ("TCPFlags HAS |", "SYN"),
    ("TCPFlags HAS (SYN, |", "ACK"),
    ("SrcPort IN |", "("),
    ("SrcPort IN (80|", ""),
    ("SrcPort IN (80 |", ","),
    ("SrcAS = AS1 |", "AND"),
    ("SrcAS = AS1 O|", "OR"),
    ("(SrcAS = AS1 |", ")"),
    ("SrcAS = AS1 AND dst|", "DstAS"),
    ("SrcPort BETWEEN 1 |", "AND"),
    ("SrcAS = Dst|", "DstAS"),
    ("@|", "@customers"),
    ("SrcAS = AS1 AND @cu|", "@customers"),
];

#[test]
fn what_a_person_wants_is_among_the_first_three() {
    let schema = Schema::all_columns();
    let mut saved = SavedFilters::default();
    saved.insert(Scope::User, "customers", "DstNetRole = \"customers\"");
    saved.insert(Scope::User, "peers", "InIfConnectivity = \"peering\"");
    let compiler = Compiler::new(&schema, &saved);
    let mut failures = String::new();
    let mut reciprocal_ranks = 0.0;
    let wanted: Vec<_> = WANTED.iter().filter(|(_, label)| !label.is_empty()).collect();
    for (text, label) in &wanted {
        let offset = text.find('|').unwrap();
        let typed = text.replace('|', "");
        let completions = ide::complete(&compiler, &typed, u32::try_from(offset).unwrap());
        let place = completions.candidates.iter().position(|candidate| candidate.label == *label);
        match place {
            Some(place) if place < 3 => reciprocal_ranks += 1.0 / (place + 1) as f64,
            _ => {
                let first: Vec<_> =
                    completions.candidates.iter().take(5).map(|candidate| candidate.label.as_str()).collect();
                writeln!(failures, "{text}: wanted {label} at {place:?}, offered {first:?}").unwrap();
            }
        }
    }
    let mean = reciprocal_ranks / wanted.len() as f64;
    println!("mean reciprocal rank of {} half-typed filters: {mean:.3}", wanted.len());
    assert!(failures.is_empty(), "{failures}");
    assert!(mean > 0.8, "the mean reciprocal rank is {mean:.3}");
}

fn inserted(text: &str, label: &str) -> String {
    let (schema, saved) = (Schema::all_columns(), SavedFilters::default());
    let compiler = Compiler::new(&schema, &saved);
    let offset = text.find('|').unwrap();
    let whole = text.replacen('|', "", 1);
    let completions = ide::complete(&compiler, &whole, u32::try_from(offset).unwrap());
    let candidate = completions.candidates.iter().find(|candidate| candidate.label == label);
    let candidate = candidate.unwrap_or_else(|| panic!("{label} is not offered: {completions:#?}"));
    apply(&whole, &completions, &candidate.insert)
}

#[test]
fn the_inserted_text_fits_its_place() {
    for (text, label, expected) in [
        ("|", "SrcAS", "SrcAS "),
        ("sr|", "SrcAS", "SrcAS "),
        ("sr|c = 1", "SrcAS", "SrcAS = 1"),
        ("SrcAS |", "IN", "SrcAS IN ("),
        ("SrcAS|", "SrcAS", "SrcAS "),
        ("SrcAddr <|", "<<", "SrcAddr << "),
        ("InIfBoundary =|", "external", "InIfBoundary = external"),
        ("ExporterName = \"x\"|", "AND", "ExporterName = \"x\" AND "),
        ("(SrcAS = 1)|", "OR", "(SrcAS = 1) OR "),
        ("Proto = \"t|", "tcp", "Proto = \"tcp\""),
        ("Proto = 't|'", "tcp", "Proto = 'tcp'"),
        ("Proto = t|", "tcp", "Proto = \"tcp\""),
        ("SrcPort IN (80 |", ",", "SrcPort IN (80 , "),
        ("SrcPort IN (80|)", "80", "SrcPort IN (80)"),
        ("NOT|", "NOT", "NOT "),
        ("DstPort = https|", "443", "DstPort = 443"),
    ] {
        assert_eq!(inserted(text, label), expected, "{text}");
    }
}

#[test]
fn nothing_is_offered_in_comments_and_for_unknown_columns() {
    let (schema, saved) = (Schema::default(), SavedFilters::default());
    let compiler = Compiler::new(&schema, &saved);
    for text in ["-- s", "SrcAS = 1 /* A", "/* ", "nothing = ", "nothing ", "nothing IN (1, "] {
        let completions = ide::complete(&compiler, text, u32::try_from(text.len()).unwrap());
        let values =
            completions.candidates.iter().filter(|candidate| candidate.kind != CandidateKind::Punctuation);
        assert_eq!(values.count(), 0, "{text}: {completions:?}");
        assert_eq!(completions.request, None, "{text}");
    }
    // A disabled column and one that cannot be filtered by are never offered.
    let completions = ide::complete(&compiler, "", 0);
    for hidden in ["SrcVlan", "SamplingRate", "TimeReceived"] {
        assert!(completions.candidates.iter().all(|candidate| candidate.label != hidden));
    }
}

#[test]
fn what_is_typed_in_full_goes_first() {
    for (text, expected) in [
        ("DstPort = 1", "1"),
        ("DstPort = 80", "80"),
        ("DstPort = 44", "44"),
        ("DstPort = \"rje", "rje"),
        ("Proto = 4", "ipv4"),
        ("Proto = 6", "tcp"),
        ("Proto = \"pup", "pup"),
    ] {
        let (schema, saved) = (Schema::default(), SavedFilters::default());
        let cursor = u32::try_from(text.len()).unwrap();
        let completions = ide::complete(&Compiler::new(&schema, &saved), text, cursor);
        assert_eq!(completions.candidates[0].label, expected, "{text}");
    }
}

#[test]
fn a_number_is_not_completed_to_a_column() {
    let (schema, saved) = (Schema::default(), SavedFilters::default());
    let compiler = Compiler::new(&schema, &saved);
    let columns = |text: &str| {
        let completions = ide::complete(&compiler, text, u32::try_from(text.len()).unwrap());
        completions.candidates.iter().filter(|found| found.kind == CandidateKind::Column).count()
    };
    assert_eq!(columns("SrcAS = 1"), 0);
    assert!(columns("SrcAS = ") > 0 && columns("SrcAS = dst1") > 0);
}

#[test]
fn values_of_the_network_are_asked_for_and_put_in() {
    let (schema, saved) = (Schema::default(), SavedFilters::default());
    let compiler = Compiler::new(&schema, &saved);
    let text = "InIfBoundary = external AND ExporterName IN (\"a\", \"ed AND DstAS = 1";
    let cursor = text.find(" AND DstAS").unwrap();
    let mut completions = ide::complete(&compiler, &text[..cursor], u32::try_from(cursor).unwrap());
    let request = completions.request.clone().unwrap();
    assert_eq!(request.column, "ExporterName");
    assert_eq!(request.operator.symbol(), "IN");
    assert_eq!(request.prefix, "ed");
    assert_eq!(request.exclude, ["a"]);
    assert_eq!(request.rest, "InIfBoundary = external");
    assert!(request.quoted);
    let suggestion = |value: &str| Suggestion { value: value.to_owned(), detail: "seen".to_owned() };
    completions.add_values(
        &compiler,
        &[suggestion("edge \"1\""), suggestion("a"), suggestion("two\nlines"), suggestion("edge2")],
    );
    let inserts: Vec<_> = completions.candidates.iter().map(|candidate| candidate.insert.as_str()).collect();
    assert_eq!(inserts, [r#""edge \"1\"""#, r#""edge2""#]);
    let text = "SrcAS =";
    let mut completions = ide::complete(&compiler, text, 7);
    completions.add_values(&compiler, &[suggestion("AS15169"), suggestion("not a number")]);
    assert_eq!(completions.candidates.iter().filter(|found| found.kind == CandidateKind::Value).count(), 1);
    assert_eq!(apply(text, &completions, &completions.candidates[0].insert), "SrcAS = AS15169");
}

#[test]
fn values_of_the_network_are_ranked_with_those_of_the_tables_and_must_fit() {
    let (schema, saved) = (Schema::all_columns(), SavedFilters::default());
    let compiler = Compiler::new(&schema, &saved);
    for (text, given, expected) in [
        ("DstPort = ", &["8443", "22"][..], &["8443", "22", "443"][..]),
        ("DstPort = 44", &["8443", "443", "44"], &["44", "443"]),
        ("DstPort = \"http", &["http-alt", "443"], &["http", "http-alt", "https"]),
        ("Proto = \"t", &["tcp", "dst"], &["tcp", "trunk-1"]),
        ("SrcPort BETWEEN 100 AND ", &["80", "443"], &["443"]),
        ("SrcPort NOT BETWEEN ", &["80"], &["80"]),
        ("SrcAS NOT IN (AS1, as2, ", &["AS1", "AS2", "AS3"], &["AS3"]),
        ("SrcAddr << ", &["192.0.2.1", "192.0.2.0/24"], &["192.0.2.0/24"]),
        ("SrcMAC = 0011", &["00:11:22:33:44:55"], &["00:11:22:33:44:55"]),
        ("ExporterName LIKE \"e", &["e1\\"], &["e1\\"]),
    ] {
        let mut completions = ide::complete(&compiler, text, u32::try_from(text.len()).unwrap());
        let suggestions =
            given.iter().map(|value| Suggestion { value: (*value).to_owned(), detail: String::new() });
        completions.add_values(&compiler, &suggestions.collect::<Vec<_>>());
        let values = completions.candidates.iter().filter(|found| found.kind == CandidateKind::Value);
        let values: Vec<_> = values.take(expected.len().max(1)).map(|found| found.label.as_str()).collect();
        assert_eq!(values, expected, "{text}");
    }
}

#[test]
fn a_list_is_not_offered_what_it_holds_in_another_spelling() {
    let (schema, saved) = (Schema::all_columns(), SavedFilters::default());
    let compiler = Compiler::new(&schema, &saved);
    for (text, given, listed, other) in [
        ("DstPort IN (\"HTTPS\", ", "443", "443", "80"),
        ("DstPort IN (443, \"http", "https", "https", "http"),
        ("Proto IN (6, ", "tcp", "tcp", "udp"),
        ("Proto NOTIN (\"icmp6\", ", "ipv6-icmp", "ipv6-icmp", "icmp"),
        ("DstCommunities IN (65535:65281, ", "no-export", "no-export", "no-advertise"),
        ("SrcAS IN (0000000001, as1.0, ", "AS65536", "AS65536", ""),
    ] {
        let mut completions = ide::complete(&compiler, text, u32::try_from(text.len()).unwrap());
        let labels = |completions: &Completions| -> Vec<String> {
            completions.candidates.iter().map(|found| found.label.clone()).collect()
        };
        let known = labels(&completions);
        assert!(other.is_empty() || known.iter().any(|label| label == other), "{text}: {known:?}");
        completions.add_values(&compiler, &[Suggestion { value: given.to_owned(), detail: String::new() }]);
        for labels in [known, labels(&completions)] {
            assert!(labels.iter().all(|label| label != listed), "{text}: {labels:?}");
        }
    }
}
