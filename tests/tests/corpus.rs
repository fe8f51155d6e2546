//! The corpus: a snapshot of what each filter gives, and the laws that hold for every text.

use std::fmt::Write as _;

use flowql::syntax::{self, TokenKind};
use flowql::{Compiler, Diagnostic, Limits, Options};
use flowql_tests::corpus::{self, CorpusFile, Entry};

fn compiler(file: &CorpusFile) -> Compiler<'_> {
    Compiler::new(&file.schema, &file.saved)
}

fn errors(diagnostics: &[Diagnostic]) -> usize {
    diagnostics.iter().filter(|found| found.is_error()).count()
}

/// What the compilation of a filter gives, as text.
fn describe(file: &CorpusFile, entry: &Entry) -> String {
    let compiler = compiler(file);
    let inline = compiler.compile(&entry.text, file.options);
    let bound = compiler.compile(&entry.text, Options { bound: true, ..file.options });
    let mut out = String::new();
    writeln!(out, "## {}\n{}", entry.name, shortened(&entry.text)).unwrap();
    if let (Some(sql), Some(bound_sql)) = (&inline.sql, &bound.sql) {
        writeln!(out, "inline: {}", shortened(sql)).unwrap();
        writeln!(out, "bound: {}", shortened(bound_sql)).unwrap();
        for parameter in bound.parameters.iter().take(20) {
            writeln!(out, "  {} {} {:?}", parameter.name, parameter.kind, parameter.value).unwrap();
        }
        let columns: Vec<_> = inline.columns.iter().map(|&id| file.schema.column(id).name.as_ref()).collect();
        let table = if inline.main_table_required { "raw" } else { "any" };
        writeln!(out, "columns: {} ({table} table)", columns.join(", ")).unwrap();
        writeln!(out, "formatted: {}", shortened(&compiler.format(&entry.text).unwrap())).unwrap();
    }
    for found in &inline.diagnostics {
        let place = format!("{}..{}", found.span.start, found.span.end);
        let marked = shortened(found.span.of(&entry.text));
        writeln!(out, "{} {place} `{marked}`: {}", found.code.number(), found.message).unwrap();
        if let Some(help) = &found.help {
            writeln!(out, "  help: {help}").unwrap();
        }
        for fix in &found.fixes {
            let kind = if fix.sure { "fix" } else { "guess" };
            writeln!(out, "  {kind}: {} -> {}", fix.title, shortened(&fix.apply(&entry.text))).unwrap();
        }
    }
    out
}

/// The text on one line, its middle left out when it is long.
fn shortened(text: &str) -> String {
    let text = text.trim_end_matches('\n').replace('\r', "\\r").replace('\n', "\\n");
    let count = text.chars().count();
    if count <= 400 {
        return text;
    }
    let head: String = text.chars().take(200).collect();
    let tail: String = text.chars().skip(count - 100).collect();
    format!("{head} … {tail} ({count} characters)")
}

#[test]
fn every_filter_gives_its_snapshot() {
    let files = corpus::read_all().unwrap();
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../snapshots/corpus");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let _bound = settings.bind_to_scope();
    let (mut valid, mut invalid) = (0, 0);
    for file in &files {
        let mut out = String::new();
        for entry in &file.entries {
            out.push_str(&describe(file, entry));
            out.push('\n');
        }
        *(if file.valid { &mut valid } else { &mut invalid }) += file.entries.len();
        let relative = file.path.strip_prefix(corpus::root()).unwrap().with_extension("");
        insta::assert_snapshot!(relative.to_string_lossy().replace('/', "-"), out);
    }
    assert!(valid >= 400 && invalid >= 600, "{valid} valid and {invalid} invalid filters were found");
}

/// Runs a check over every filter of the corpus and shows all failures together.
fn for_each(check: impl Fn(&CorpusFile, &Entry) -> Result<(), String>) {
    let mut failures = String::new();
    for file in corpus::read_all().unwrap() {
        for entry in &file.entries {
            if let Err(message) = check(&file, entry) {
                writeln!(failures, "{}: {:?}\n  {message}", entry.place, shortened(&entry.text)).unwrap();
            }
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn valid_filters_have_no_error_and_invalid_ones_have() {
    for_each(|file, entry| {
        let found = compiler(file).compile(&entry.text, file.options);
        match (file.valid, found.sql.is_some(), errors(&found.diagnostics)) {
            (true, true, 0) | (false, false, 1..) => Ok(()),
            _ => Err(format!("valid: {}, {:#?}", file.valid, found.diagnostics)),
        }
    });
}

#[test]
fn every_byte_lies_in_a_token_or_a_blank_and_ranges_are_in_order() {
    for_each(|_, entry| {
        let mut end = 0;
        let text = &entry.text;
        let blank = |from: u32, to: u32| {
            let gap = text.get(from as usize..to as usize).ok_or("a range cuts a character")?;
            let start = if from == 0 { gap.trim_start_matches('\u{FEFF}') } else { gap };
            let foreign =
                |found: char| found.is_whitespace() || "\u{FEFF}\u{200B}\u{2060}\u{180E}".contains(found);
            if start.chars().all(foreign) { Ok(()) } else { Err(format!("`{gap}` lies in no token")) }
        };
        let length = u32::try_from(text.len()).unwrap();
        for token in syntax::parse(text, &Limits { length: usize::MAX, ..Limits::DEFAULT }).tokens {
            if token.span.start < end || token.span.end < token.span.start || token.span.end > length {
                return Err(format!("{token:?} overlaps what is before it, or the end"));
            }
            if token.kind.is_missing() {
                continue;
            }
            if token.span.is_empty() {
                return Err(format!("{token:?} is empty"));
            }
            blank(end, token.span.start)?;
            end = token.span.end;
        }
        blank(end, length)
    });
}

#[test]
fn ranges_of_the_tree_are_nested() {
    fn check(node: &syntax::Node, text: &str) -> Result<(), String> {
        let outer = node.span();
        let inside = |inner: flowql::Span| {
            let on_boundaries = text.get(inner.range()).is_some();
            if outer.covers(inner) && on_boundaries { Ok(()) } else { Err(format!("{inner:?} in {outer:?}")) }
        };
        match node {
            syntax::Node::Condition(condition) => {
                condition.column.map_or(Ok(()), inside)?;
                condition.operator.map_or(Ok(()), |usage| inside(usage.span))?;
                condition.operand.values().try_for_each(|value| inside(value.span))
            }
            syntax::Node::Saved(span) => inside(*span),
            syntax::Node::Not { keyword, operand } => {
                inside(*keyword)?;
                inside(operand.span())?;
                check(operand, text)
            }
            syntax::Node::Group { inner, .. } => {
                inside(inner.span())?;
                check(inner, text)
            }
            syntax::Node::And(terms) | syntax::Node::Or(terms) => terms.iter().try_for_each(|term| {
                inside(term.span())?;
                check(term, text)
            }),
        }
    }
    for_each(|_, entry| {
        let parse = syntax::parse(&entry.text, &Limits::DEFAULT);
        parse.tree.map_or(Ok(()), |tree| check(&tree, &entry.text))
    });
}

#[test]
fn diagnostics_lie_in_the_text_and_in_order() {
    for_each(|file, entry| {
        let found = compiler(file).compile(&entry.text, file.options).diagnostics;
        let mut last = 0;
        for diagnostic in &found {
            if entry.text.get(diagnostic.span.range()).is_none() {
                return Err(format!("{diagnostic:?} is out of bounds"));
            }
            if diagnostic.span.start < last {
                return Err(format!("{diagnostic:?} is out of order"));
            }
            last = diagnostic.span.start;
            let message = &diagnostic.message;
            let proper = !message.ends_with('.') && !message.starts_with(|first: char| first.is_uppercase());
            if !proper && !message.starts_with("AND") && !message.starts_with("AS ") {
                return Err(format!("the message `{message}` is against the style"));
            }
        }
        Ok(())
    });
}

#[test]
fn every_fix_makes_its_diagnostic_go_away() {
    let mut applied = 0;
    for file in corpus::read_all().unwrap() {
        let compiler = compiler(&file);
        for entry in &file.entries {
            let before = compiler.compile(&entry.text, file.options).diagnostics;
            for diagnostic in &before {
                for fix in &diagnostic.fixes {
                    applied += 1;
                    let mended = fix.apply(&entry.text);
                    assert_ne!(mended, entry.text, "{}: {fix:?} changes nothing", entry.place);
                    let after = compiler.compile(&mended, file.options).diagnostics;
                    let count =
                        |all: &[Diagnostic]| all.iter().filter(|other| other.code == diagnostic.code).count();
                    assert!(
                        count(&after) < count(&before),
                        "{}: {:?} stays after {fix:?}:\n{mended}\n{after:#?}",
                        entry.place,
                        diagnostic.code
                    );
                }
            }
        }
    }
    assert!(applied >= 400, "only {applied} fixes were applied");
}

#[test]
fn formatting_is_idempotent_and_keeps_meaning_and_comments() {
    for_each(|file, entry| {
        let compiler = compiler(file);
        let before = compiler.compile(&entry.text, file.options);
        let Some(sql) = before.sql else {
            return match compiler.format(&entry.text) {
                Ok(formatted) => Err(format!("bad text was formatted: {formatted}")),
                Err(_) => Ok(()),
            };
        };
        let formatted = compiler.format(&entry.text).map_err(|errors| format!("{errors:?}"))?;
        let again = compiler.format(&formatted).map_err(|errors| format!("{formatted}\n{errors:?}"))?;
        if again != formatted {
            return Err(format!("not idempotent:\n{formatted}\n{again}"));
        }
        let after = compiler.compile(&formatted, file.options);
        if after.sql.as_deref() != Some(&sql) {
            return Err(format!("the meaning changed:\n{formatted}\n{sql}\n{:?}", after.sql));
        }
        if comments(&entry.text) != comments(&formatted) {
            return Err(format!("a comment was lost:\n{formatted}"));
        }
        Ok(())
    });
}

fn comments(text: &str) -> Vec<String> {
    let tokens = syntax::tokenize(text).into_iter().filter(|token| token.kind == TokenKind::Comment);
    tokens.map(|token| token.span.of(text).trim_end().to_owned()).collect()
}
