use super::*;

/// The outline, a line a symbol.
fn outline(text: &str) -> String {
    fn write(symbols: &[Symbol], text: &str, depth: usize, out: &mut String) {
        for symbol in symbols {
            assert!(symbol.span.covers(symbol.selection), "{symbol:?}");
            assert!(!symbol.name.is_empty() && !symbol.span.of(text).is_empty(), "{symbol:?}");
            assert!(symbol.children.iter().all(|child| symbol.span.covers(child.span)), "{symbol:?}");
            let indent = "  ".repeat(depth);
            out.push_str(format!("{indent}{:?} {} {}", symbol.kind, symbol.name, symbol.detail).trim_end());
            out.push('\n');
            write(&symbol.children, text, depth + 1, out);
        }
    }
    let mut out = String::new();
    write(&symbols(text, &Limits::DEFAULT), text, 0, &mut out);
    out
}

fn folded(text: &str) -> Vec<&str> {
    folding(text).into_iter().map(|span| span.of(text)).collect()
}

/// The growing selections from the cursor at `|`.
fn grown(marked: &str) -> Vec<String> {
    let offset = u32::try_from(marked.find('|').unwrap()).unwrap();
    let text = marked.replacen('|', "", 1);
    selection(&text, offset, &Limits::DEFAULT).into_iter().map(|span| span.of(&text).to_owned()).collect()
}

#[test]
fn a_chain_gives_siblings() {
    assert_eq!(
        outline("SrcAS = AS1 AND @own AND SrcPort in (80,  /* x */ 443) AND DstPort NOT BETWEEN 1 AND 9"),
        "Condition SrcAS = AS1\n\
         SavedFilter @own\n\
         Condition SrcPort IN (80, 443)\n\
         Condition DstPort NOT BETWEEN 1 AND 9\n"
    );
    assert_eq!(outline("SrcAS = 1"), "Condition SrcAS = 1\n");
    assert_eq!(outline(" -- nothing"), "");
}

#[test]
fn groups_chains_and_negations_have_children() {
    assert_eq!(
        outline("(SrcAS = 1 OR NOT (a = 1 AND b = 2)) OR c = 3 AND NOT d = 4 OR (e = 5)"),
        "Group any of 2 terms\n\
         \u{20} Condition SrcAS = 1\n\
         \u{20} Negation NOT 2 terms\n\
         \u{20}   Condition a = 1\n\
         \u{20}   Condition b = 2\n\
         Chain all of 2 terms\n\
         \u{20} Condition c = 3\n\
         \u{20} Negation NOT\n\
         \u{20}   Condition d = 4\n\
         Group group\n\
         \u{20} Condition e = 5\n"
    );
}

#[test]
fn broken_texts_have_an_outline_too() {
    assert_eq!(outline("SrcAS = AND (DstAS"), "Condition SrcAS =\nGroup group\n  Condition DstAS\n");
    assert_eq!(outline("= 1 OR SrcAS IN ("), "Condition (no column) = 1\nCondition SrcAS IN ()\n");
    assert_eq!(outline("\"SrcAS\" = 1"), "Condition (no column) = 1\n");
    let long = format!("SrcAS IN ({})", vec!["123456789"; 2000].join(","));
    let detail = &symbols(&long, &Limits::DEFAULT)[0].detail;
    assert_eq!((detail.chars().count(), detail.ends_with('…')), (61, true));
    assert_eq!(outline(&"(".repeat(1000)), "");
}

#[test]
fn what_spans_lines_is_folded() {
    let text =
        "-- one\n-- two\n\n-- alone\nSrcAS IN (\n1\n) AND (\n  (a = 1)\n) -- x\n-- y\n /* b\n*/ /* c */";
    assert_eq!(folded(text), ["-- one\n-- two", "(\n1\n)", "(\n  (a = 1)\n)", "/* b\n*/"]);
    assert_eq!(folded("-- a\r\n  -- b\r\n-- c"), ["-- a\r\n  -- b\r\n-- c"]);
    for flat in
        ["", "(a = 1)", "-- one\n", "/* a */\n/* b */", "a = 1 -- x\n-- y", "-- a\r\n\r\n-- b", "(\n", ")\n("]
    {
        assert_eq!(folded(flat), [""; 0], "{flat:?}");
    }
}

#[test]
fn a_selection_grows_from_the_word_to_the_text() {
    assert_eq!(
        grown("NOT (SrcAS = 1 AND ExporterName IN (\"x\", \"edge o|ne\")) OR a = 1"),
        [
            "one",
            "edge one",
            "\"edge one\"",
            "\"x\", \"edge one\"",
            "(\"x\", \"edge one\")",
            "ExporterName IN (\"x\", \"edge one\")",
            "SrcAS = 1 AND ExporterName IN (\"x\", \"edge one\")",
            "(SrcAS = 1 AND ExporterName IN (\"x\", \"edge one\"))",
            "NOT (SrcAS = 1 AND ExporterName IN (\"x\", \"edge one\"))",
            "NOT (SrcAS = 1 AND ExporterName IN (\"x\", \"edge one\")) OR a = 1",
        ]
    );
    assert_eq!(grown("a = 1 OR b = 2 A|ND c = 3"), ["AND", "b = 2 AND c = 3", "a = 1 OR b = 2 AND c = 3"]);
    assert_eq!(grown("p NOT | IN (1)"), ["NOT  IN", "p NOT  IN (1)"]);
    assert_eq!(grown("p BETWEEN 1| AND 9 "), ["1", "1 AND 9", "p BETWEEN 1 AND 9", "p BETWEEN 1 AND 9 "]);
    assert_eq!(grown("(p = 1|)"), ["1", "p = 1", "(p = 1)"]);
    assert_eq!(grown("a = 1 -- to|do x"), ["todo", "-- todo x", "a = 1 -- todo x"]);
    assert_eq!(grown("|"), [""]);
    assert_eq!(grown("  | "), ["   "]);
}

#[test]
fn selections_grow_strictly_at_every_offset_of_any_text() {
    for text in [
        "",
        "é",
        "a = \"é x",
        "(a = 1 OR NOT b IN (1, 2)",
        ")) \"\" ''",
        "\u{FEFF}@a /* é",
        "a \u{A0} = 'it''s'",
        "IN (",
    ] {
        let end = u32::try_from(text.len()).unwrap();
        for offset in (0..=end + 2).chain([u32::MAX]) {
            let ranges = selection(text, offset, &Limits::DEFAULT);
            assert!(
                ranges.windows(2).all(|pair| pair[1].covers(pair[0]) && pair[0] != pair[1]),
                "{ranges:?}"
            );
            assert_eq!(ranges.last(), Some(&Span { start: 0, end }), "{text:?}");
            for range in ranges {
                assert!(
                    text.get(range.range()).is_some() && (range.touches(offset) || offset > end),
                    "{text:?}"
                );
            }
        }
        let _ = (symbols(text, &Limits::DEFAULT), folding(text));
    }
}
