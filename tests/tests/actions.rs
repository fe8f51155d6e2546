//! Code actions: what each gives, and that none of them breaks a valid filter.

use flowql::ide::{self, Action, ActionKind};
use flowql::{Compiler, Fix, Options, SavedFilters, Schema, Scope, Span};
use flowql_tests::corpus;

fn apply(text: &str, action: &Action) -> String {
    Fix::of_edits("", action.edits.clone()).apply(text)
}

/// The actions for the text between two `|`, or at one, with the text that each makes.
fn actions(marked: &str) -> Vec<(ActionKind, String, Action)> {
    let schema = Schema::all_columns();
    let mut saved = SavedFilters::default();
    saved.insert(Scope::User, "web", "DstPort IN (80, 443)");
    saved.insert(Scope::User, "noted", "SrcAS = 1 -- ours");
    let compiler = Compiler::new(&schema, &saved);
    let start = marked.find('|').unwrap();
    let rest = marked.replacen('|', "", 1);
    let end = rest.find('|').unwrap_or(start);
    let text = rest.replacen('|', "", 1);
    ide::code_actions(&compiler, &text, Span::new(start, end))
        .into_iter()
        .map(|action| (action.kind, apply(&text, &action), action))
        .collect()
}

fn comments(compiler: &Compiler<'_>, text: &str) -> usize {
    ide::tokens(compiler, text).iter().filter(|token| token.class == ide::TokenClass::Comment).count()
}

fn results(marked: &str, kind: ActionKind) -> Vec<String> {
    actions(marked).into_iter().filter(|(found, _, _)| *found == kind).map(|(_, text, _)| text).collect()
}

#[test]
fn rewrites_say_the_same_in_another_way() {
    for (marked, expected) in [
        ("NOT SrcAS| = 1", vec!["SrcAS != 1", "NOT SrcAS IN (1)"]),
        ("NOT |(SrcAS = 1)", vec!["SrcAS != 1"]),
        ("|NOT SrcPort < 5", vec!["SrcPort >= 5"]),
        ("NOT ExporterName| LIKE \"a%\"", vec!["ExporterName UNLIKE \"a%\""]),
        ("SrcAS| IN (1)", vec!["SrcAS = 1"]),
        ("SrcAS| NOT IN (1)", vec!["SrcAS != 1"]),
        ("SrcAS| != 1", vec!["SrcAS NOTIN (1)"]),
        ("SrcAS=|1", vec!["SrcAS IN (1)"]),
        ("SrcAS| = DstAS", vec![]),
        ("SrcPort| IN (80-90)", vec!["SrcPort BETWEEN 80 AND 90"]),
        ("SrcPort| NOTIN (80-90)", vec!["SrcPort NOT BETWEEN 80 AND 90"]),
        ("SrcPort| BETWEEN 80 AND 90", vec!["SrcPort IN (80-90)"]),
        ("SrcAddr| IN (10.0.0.0/9, 10.128.0.0/9, 10.1.0.0/16)", vec!["SrcAddr IN (10.0.0.0/8)"]),
        ("SrcAddr| IN (192.0.2.1, 10.0.0.0/8)", vec![]),
        ("ExporterName = \"a|b\"", vec!["ExporterName IN (\"ab\")", "ExporterName = 'ab'"]),
        ("ExporterName LIKE 'it\\'s|%'", vec!["ExporterName LIKE \"it's%\""]),
        ("DstASPath| = 1 AND SrcAS = 2", vec!["DstASPath IN (1) AND SrcAS = 2"]),
        ("SrcPort| = 53 OR DstPort = 53", vec!["Port = 53", "SrcPort IN (53) OR DstPort = 53"]),
        (
            "SrcAS = 1 OR (DstPort|!=53 AND SrcPort!=53)",
            vec!["SrcAS = 1 OR (Port!=53)", "SrcAS = 1 OR (DstPort NOTIN (53) AND SrcPort!=53)"],
        ),
        ("SrcPort| != 53 OR DstPort != 53", vec!["SrcPort NOTIN (53) OR DstPort != 53"]),
        ("SrcPort| = 53 OR DstPort = 54", vec!["SrcPort IN (53) OR DstPort = 54"]),
        ("Port| = 53", vec!["Port IN (53)", "(SrcPort = 53 OR DstPort = 53)"]),
        ("Port| != 53", vec!["Port NOTIN (53)", "(SrcPort != 53 AND DstPort != 53)"]),
        ("|NOT Port = 53", vec!["Port != 53"]),
        // Not above is at most for one column, and not for either of two.
        ("|NOT Port > 53", vec![]),
        (
            "Communities| = 65000:1",
            vec!["Communities IN (65000:1)", "(SrcCommunities = 65000:1 OR DstCommunities = 65000:1)"],
        ),
        ("SrcAS = |", vec![]),
        ("|", vec![]),
        // A comment is not thrown away.
        ("SrcAddr| IN (10.0.0.0/9 /* left */, 10.128.0.0/9)", vec![]),
        ("SrcAS| IN (1 -- ours\n)", vec![]),
        ("SrcAS| = /* ours */ 1", vec![]),
        ("|NOT /* ours */ SrcAS = 1", vec![]),
        ("|NOT SrcAS /* ours */ = 1", vec!["SrcAS /* ours */ != 1"]),
    ] {
        assert_eq!(results(marked, ActionKind::Rewrite), expected, "{marked}");
    }
}

#[test]
fn fixes_of_the_diagnostics_under_the_cursor_are_offered() {
    assert_eq!(results("SrcAS =|= 1", ActionKind::Fix), ["SrcAS = 1"]);
    assert_eq!(
        results("SrcAS = 1 OR |SrcAS = 2 AND DstAS = 3", ActionKind::Fix),
        ["SrcAS = 1 OR (SrcAS = 2 AND DstAS = 3)"]
    );
    assert_eq!(results("|SrcAS = 1 AND DstAS == 1", ActionKind::Fix), [""; 0]);
    let found = actions("SrcAS =|= 1");
    assert_eq!(found[0].2.diagnostic.as_ref().unwrap().code.number(), "E031");
}

#[test]
fn saved_filters_are_put_in_and_made() {
    assert_eq!(results("SrcAS = 1 AND @w|eb", ActionKind::Inline), ["SrcAS = 1 AND (DstPort IN (80, 443))"]);
    assert_eq!(results("@no|ted", ActionKind::Inline), ["(SrcAS = 1 -- ours\n)"]);
    let made = actions("SrcAS = 1 AND |(DstAS = 2 OR DstAS = 3)|");
    let (_, text, action) = made.iter().find(|(kind, _, _)| *kind == ActionKind::Extract).unwrap();
    assert_eq!(text, "SrcAS = 1 AND @extracted");
    assert_eq!(action.new_filter.as_ref().unwrap().text, "DstAS = 2 OR DstAS = 3");
    let made = actions("SrcAS = 1 AND |(-- theirs\nDstAS = 2 /* one */)|");
    let (_, _, action) = made.iter().find(|(kind, _, _)| *kind == ActionKind::Extract).unwrap();
    assert_eq!(action.new_filter.as_ref().unwrap().text, "-- theirs\nDstAS = 2 /* one */");
}

#[test]
fn no_action_breaks_a_valid_filter_or_loses_a_comment() {
    let mut tried = 0;
    for file in corpus::read_all().unwrap().iter().filter(|file| file.valid) {
        for entry in file.entries.iter().filter(|entry| entry.text.len() < 1000) {
            let compiler = Compiler::new(&file.schema, &file.saved);
            for (offset, _) in entry.text.char_indices().step_by(5) {
                for action in ide::code_actions(&compiler, &entry.text, Span::new(offset, offset)) {
                    tried += 1;
                    let mut saved = file.saved.clone();
                    if let Some(new) = &action.new_filter {
                        saved.insert(Scope::File, new.name.clone(), new.text.clone());
                    }
                    let compiler = Compiler::new(&file.schema, &saved);
                    let after = apply(&entry.text, &action);
                    let apart = action.new_filter.as_ref().map_or(0, |new| comments(&compiler, &new.text));
                    assert!(
                        comments(&compiler, &after) + apart >= comments(&compiler, &entry.text),
                        "{}: {}: {after:?}",
                        entry.place,
                        action.title
                    );
                    let result = compiler.compile(&after, Options::default());
                    assert!(
                        result.sql.is_some(),
                        "{}: {}: {after:?}: {:#?}",
                        entry.place,
                        action.title,
                        result.diagnostics
                    );
                }
            }
        }
    }
    assert!(tried > 1000, "only {tried} actions were tried");
}
