//! The documentation says what the code does: every example is compiled, every table is compared with the
//! tables of the core, and nothing of the language is left out.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "the functions that the tests share are tests too"
)]

use std::collections::BTreeSet;

use flowql::tables::{BITS_RULE, Form, KEYWORDS, OPERATORS, Operator, Registries, Rule, Type, rules, words};
use flowql::{Code, Compiler, Diagnostic, Limits, Options, SavedFilters, Schema, Scope, files};
use flowql_tests::reference::{Bench, Findings, Page, Table, codes};

#[path = "reference/pages.rs"]
mod pages;

const WRITTEN: [&str; 2] = ["grammar/reference.md", "grammar/coming-from.md"];
const GENERATED: [&str; 4] =
    ["grammar/columns.md", "grammar/configuration.md", "grammar/diagnostics.md", "grammar/words.md"];
const OTHERS: [&str; 2] = ["README.md", "ARCHITECTURE.md"];

fn reference() -> Page {
    Page::read("grammar/reference.md").unwrap()
}

fn pages() -> Vec<Page> {
    WRITTEN.iter().chain(&GENERATED).chain(&OTHERS).map(|name| Page::read(name).unwrap()).collect()
}

#[test]
fn every_example_compiles() {
    let mut findings = Findings::default();
    for page in pages().iter().filter(|page| page.name != "grammar/diagnostics.md") {
        let bench = Bench::of(page);
        for fence in page.fences().iter().filter(|fence| fence.info == "flowql") {
            let file = files::split(&fence.text, &Limits::DEFAULT);
            findings.expect(file.diagnostics.is_empty(), &fence.place, "the headers are not in order");
            for filter in &file.filters {
                // One filter, or one on each line.
                if bench.sql(filter.text).is_some() {
                    findings.expect(true, &fence.place, "");
                    continue;
                }
                for line in filter.text.lines() {
                    findings.expect(
                        bench.sql(line).is_some(),
                        &fence.place,
                        format!("{line}\n  {}", bench.complaint(line)),
                    );
                }
            }
        }
    }
    findings.finish(90);
}

#[test]
fn every_bad_example_has_an_error() {
    let mut findings = Findings::default();
    for page in pages().iter().filter(|page| page.name != "grammar/diagnostics.md") {
        let bench = Bench::of(page);
        for fence in page.fences().iter().filter(|fence| fence.info == "flowql-bad") {
            for line in fence.text.lines() {
                findings.expect(bench.sql(line).is_none(), &fence.place, format!("{line} is valid"));
            }
        }
    }
    findings.finish(50);
}

#[test]
fn every_fence_has_a_known_language() {
    let known = ["flowql", "flowql-bad", "sql", "text", "toml", "sh", "console"];
    let mut findings = Findings::default();
    for page in pages() {
        for fence in page.fences() {
            findings.expect(known.contains(&fence.info.as_str()), &fence.place, format!("`{}`", fence.info));
        }
    }
    findings.finish(100);
}

/// The tables of every page that have both titles, with the cells under them.
fn for_each_pair(first: &str, second: &str, mut look: impl FnMut(&Bench, &str, &str, &str)) {
    for page in pages() {
        let bench = Bench::of(&page);
        for table in page.tables() {
            for (left, right) in table.pairs(first, second) {
                look(&bench, &table.place, left, right);
            }
        }
    }
}

/// The one piece of code of a cell.
fn code(cell: &str) -> &str {
    let codes = codes(cell);
    assert_eq!(codes.len(), 1, "{cell}");
    codes[0]
}

#[test]
fn filters_in_tables_compile() {
    let mut findings = Findings::default();
    for page in pages() {
        let bench = Bench::of(&page);
        for table in page.tables() {
            for title in ["Filter", "Example", "Write"] {
                // The examples of settings are not filters.
                let has_filters = table.column("Here").is_none() && table.column("Key").is_none();
                let Some(place) = table.column(title).filter(|_| has_filters) else { continue };
                for cell in table.rows.iter().map(|row| &row[place]).filter(|cell| *cell != "–") {
                    let filter = code(cell);
                    let complaint = format!("{filter}\n  {}", bench.complaint(filter));
                    findings.expect(bench.sql(filter).is_some(), &table.place, complaint);
                }
            }
        }
    }
    findings.finish(110);
}

#[test]
fn the_sql_that_is_shown_is_the_compilers() {
    let mut findings = Findings::default();
    for_each_pair("Filter", "SQL", |bench, place, filter, sql| {
        let found = bench.sql(code(filter));
        findings.expect(found.as_deref() == Some(code(sql)), place, format!("{filter} gives {found:?}"));
    });
    for page in pages() {
        let bench = Bench::of(&page);
        for pair in page.fences().windows(2).filter(|pair| pair[0].info == "flowql" && pair[1].info == "sql")
        {
            let found = bench.sql(&pair[0].text);
            let shown = one_line(&pair[1].text);
            findings.expect(found.as_ref() == Some(&shown), &pair[1].place, format!("{shown}\n  {found:?}"));
        }
    }
    findings.finish(16);
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn filters_that_say_the_same_have_the_same_sql() {
    let mut findings = Findings::default();
    for (first, second) in
        [("Filter", "The same in full"), ("Filter", "The same"), ("As written", "The number")]
    {
        for_each_pair(first, second, |bench, place, one, other| {
            let sql = [one, other].map(|filter| bench.sql(code(filter)));
            findings.expect(
                sql[0].is_some() && sql[0] == sql[1],
                place,
                format!("{one} and {other}: {sql:?}"),
            );
        });
    }
    findings.finish(12);
}

#[test]
fn reversed_and_formatted_filters_are_the_compilers() {
    let mut findings = Findings::default();
    for_each_pair("Filter", "Reversed", |bench, place, filter, reversed| {
        let options = Options { reverse: true, ..Options::default() };
        let found = bench.compiler().compile(code(filter), options).sql;
        findings.expect(found == bench.sql(code(reversed)), place, format!("{filter} gives {found:?}"));
    });
    for_each_pair("As typed", "Formatted", |bench, place, typed, formatted| {
        let found = bench.compiler().format(code(typed)).unwrap();
        findings.expect(found == code(formatted), place, format!("{typed} gives {found}"));
    });
    findings.finish(6);
}

#[test]
fn fixes_give_what_is_written_instead() {
    let mut findings = Findings::default();
    for_each_pair("Instead of", "Write", |bench, place, slip, written| {
        let (slip, written) = (code(slip), code(written));
        findings.expect(bench.sql(slip).is_none(), place, format!("{slip} is valid"));
        let diagnostics = bench.compiler().diagnostics(slip);
        let mended = diagnostics.iter().flat_map(|found| &found.fixes).map(|fix| fix.apply(slip));
        let equal = mended.filter(|text| bench.sql(text).is_some() && bench.sql(text) == bench.sql(written));
        findings.expect(equal.count() > 0, place, format!("no fix of {slip} gives {written}"));
    });
    findings.finish(10);
}

#[test]
fn wildcards_are_communities() {
    let mut findings = Findings::default();
    for_each_pair("Wildcard", "Selects routes with", |bench, place, wildcard, _| {
        let filter = format!("DstCommunities = {}", code(wildcard));
        findings.expect(bench.sql(&filter).is_some(), place, filter);
    });
    findings.finish(6);
}

/// The rules of a type, that of the named bits among them.
fn rules_of(kind: Type) -> Vec<&'static Rule> {
    let bits = (kind == Type::Uint).then_some(&BITS_RULE);
    rules(kind).iter().chain(bits).collect()
}

/// What the table of the types calls a form.
const fn word_of(form: Form) -> &'static str {
    match form {
        Form::Address => "address",
        Form::Subnet => "subnet",
        Form::AddressRange | Form::IntegerRange | Form::AsnRange => "range",
        Form::Mac => "MAC address",
        Form::MacPrefix => "MAC prefix",
        Form::Text => "string",
        Form::Pattern => "pattern",
        Form::Regexp => "regexp",
        Form::Integer => "integer",
        Form::Asn => "AS number",
        Form::Community => "community",
        Form::Word => "word",
        Form::ProtocolNumber => "number",
        Form::ProtocolName => "name",
        Form::Bit => "flag",
        Form::Column => "column",
    }
}

fn operator(symbol: &str) -> Operator {
    let named =
        |info: &&flowql::tables::OperatorInfo| info.symbol == symbol || info.aliases.contains(&symbol);
    OPERATORS.iter().find(named).unwrap_or_else(|| panic!("no operator is written {symbol}")).operator
}

fn types_table(page: &Page) -> Table {
    let mut tables = page.tables().into_iter().filter(|table| table.heading == "Types");
    tables.next().unwrap()
}

/// What a row of the table of the types says: operator, form.
fn row_of_type<'a>(table: &'a Table, row: &'a [String]) -> BTreeSet<(Operator, &'a str)> {
    let mut found = BTreeSet::new();
    for (title, cell) in table.head.iter().zip(row).skip(1).filter(|(_, cell)| *cell != "–") {
        for part in cell.split("; ") {
            let listed = if title == "Others" { codes(part) } else { codes(title) };
            let forms = if title == "Others" { part.rsplit_once("` ").unwrap().1 } else { part };
            for symbol in listed {
                for form in forms.split(", ") {
                    found.insert((operator(symbol), form));
                    found.insert((operator(symbol).opposite(), form));
                }
            }
        }
    }
    found
}

#[test]
fn the_table_of_the_types_is_the_codes() {
    let page = reference();
    let table = types_table(&page);
    let listed: Vec<&str> = table.rows.iter().map(|row| code(&row[0])).collect();
    assert_eq!(listed, Type::ALL.map(Type::name));
    for (row, kind) in table.rows.iter().zip(Type::ALL) {
        let of_rule = |rule: &&'static Rule| {
            let rule: &'static Rule = rule;
            rule.operators
                .iter()
                .flat_map(|&operator| rule.forms.iter().map(move |&form| (operator, word_of(form))))
        };
        let expected: BTreeSet<_> = rules_of(kind).iter().flat_map(of_rule).collect();
        assert_eq!(row_of_type(&table, row), expected, "{}", kind.name());
    }
}

/// A value of a form, for a column of a type; `None` for the name of a column.
fn value_of(form: Form, kind: Type) -> Option<&'static str> {
    Some(match form {
        Form::Address => "192.0.2.1",
        Form::Subnet => "192.0.2.0/24",
        Form::AddressRange => "192.0.2.1-192.0.2.9",
        Form::Mac => "00:11:22:33:44:55",
        Form::MacPrefix => "00:11:22:*",
        Form::Text => "\"text\"",
        Form::Pattern => "\"text%\"",
        Form::Regexp => "\"^text\"",
        Form::Integer => "16",
        Form::IntegerRange => "16-17",
        Form::Asn => "AS16",
        Form::AsnRange => "AS16-AS17",
        Form::Community => "65000:16",
        Form::Word => words(kind).first().map_or("external", |word| word.name),
        Form::ProtocolNumber => "17",
        Form::ProtocolName => "\"udp\"",
        Form::Bit => "SYN",
        Form::Column => return None,
    })
}

const FORMS: [Form; 18] = [
    Form::Address,
    Form::Subnet,
    Form::AddressRange,
    Form::Mac,
    Form::MacPrefix,
    Form::Text,
    Form::Pattern,
    Form::Regexp,
    Form::Integer,
    Form::IntegerRange,
    Form::Asn,
    Form::AsnRange,
    Form::Community,
    Form::Word,
    Form::ProtocolNumber,
    Form::ProtocolName,
    Form::Bit,
    Form::Column,
];

/// Whether a value of the one form is, as it is written, one of the other too.
fn reads_as(value: Form, form: Form) -> bool {
    let numbers = [Form::Integer, Form::ProtocolNumber];
    value == form
        || numbers.contains(&value) && (numbers.contains(&form) || form == Form::Asn)
        || value == Form::IntegerRange && form == Form::AsnRange
        || [value, form].iter().all(|&form| form.is_quoted())
}

#[test]
fn the_compiler_takes_what_the_table_of_the_types_says_and_nothing_else() {
    let bench = Bench::of(&reference());
    let mut findings = Findings::default();
    let (mut taken, mut refused) = (0, 0);
    for kind in Type::ALL {
        let mut columns = bench.schema.columns().iter().filter(|column| column.filter_type == Some(kind));
        // Of the integers, one with named bits and no service names.
        let column = columns.find(|column| kind != Type::Uint || !column.bits.is_empty()).unwrap();
        for info in OPERATORS {
            let rule = rules_of(kind).into_iter().find(|rule| rule.operators.contains(&info.operator));
            for form in FORMS {
                let value = value_of(form, kind).unwrap_or(&column.name);
                let operand = match info.operator {
                    Operator::In | Operator::NotIn => format!("({value})"),
                    Operator::Between | Operator::NotBetween => format!("{value} AND {value}"),
                    _ => value.to_owned(),
                };
                for spelling in std::iter::once(&info.symbol).chain(info.aliases) {
                    let filter = format!("{} {spelling} {operand}", column.name);
                    let expected = rule.is_some_and(|rule| rule.forms.iter().any(|&of| reads_as(form, of)));
                    *(if expected { &mut taken } else { &mut refused }) += 1;
                    let message =
                        format!("{filter} should be valid: {expected}; {}", bench.complaint(&filter));
                    findings.expect(bench.sql(&filter).is_some() == expected, kind.name(), message);
                }
            }
        }
    }
    findings.finish(5000);
    assert!(taken >= 240 && refused >= 4000, "{taken} were taken and {refused} refused");
}

#[test]
fn the_table_of_the_operators_is_the_codes() {
    let page = reference();
    let mut tables = page.tables().into_iter().filter(|table| table.heading == "Operators");
    let table = tables.next().unwrap();
    assert_eq!(table.head, ["Operator", "Also", "Asks whether the column", "Types"]);
    assert_eq!(table.rows.len(), OPERATORS.len());
    for (row, info) in table.rows.iter().zip(OPERATORS) {
        assert_eq!(code(&row[0]), info.symbol);
        assert_eq!(codes(&row[1]), info.aliases, "{}", info.symbol);
        let types = Type::ALL
            .into_iter()
            .filter(|&kind| rules_of(kind).iter().any(|rule| rule.operators.contains(&info.operator)));
        let types: Vec<&str> = types.map(Type::name).collect();
        if types.len() == Type::ALL.len() {
            assert_eq!(row[3], "all", "{}", info.symbol);
        } else {
            assert_eq!(codes(&row[3]), types, "{}", info.symbol);
        }
    }
}

#[test]
fn every_type_operator_and_connective_has_one_section() {
    let page = reference();
    let headings = page.headings();
    let types = Type::ALL.map(Type::name);
    let symbols = OPERATORS.iter().map(|info| info.symbol);
    let mut count = 0;
    for name in types.into_iter().chain(symbols).chain(["AND", "OR", "NOT"]) {
        let sections = headings.iter().filter(|heading| codes(heading).contains(&name));
        assert_eq!(sections.count(), 1, "{name}");
        count += 1;
    }
    assert_eq!(count, 13 + 20 + 3);
    let unique: BTreeSet<_> = page.anchors().into_iter().filter(|anchor| !anchor.is_empty()).collect();
    assert!(unique.len() >= 40, "{unique:?}");
}

#[test]
fn the_limits_are_the_defaults() {
    let Limits { length, nesting, diagnostics, file_length } = Limits::DEFAULT;
    let shown = [
        (format!("{} KiB", length >> 10), Code::TextTooLong),
        (nesting.to_string(), Code::NestingTooDeep),
        (diagnostics.to_string(), Code::TooManyDiagnostics),
        (format!("{} MiB", file_length >> 20), Code::FileTooLong),
    ];
    let page = reference();
    let table = page.tables().into_iter().find(|table| table.heading == "Limits").unwrap();
    let rows: Vec<_> =
        table.pairs("Default", "Code").into_iter().map(|(a, b)| (a.to_owned(), b.to_owned())).collect();
    assert_eq!(rows, shown.map(|(value, code)| (value, code.number().to_owned())));
}

#[test]
fn nothing_of_the_language_is_left_out() {
    let written = reference();
    let generated: Vec<Page> = GENERATED.iter().map(|name| Page::read(name).unwrap()).collect();
    let all: Vec<&Page> = generated.iter().chain([&written]).collect();
    // What stands as a piece of code, in prose, tables or headings.
    let known: BTreeSet<String> = all
        .iter()
        .flat_map(|page| page.prose())
        .flat_map(|(_, line)| codes(line))
        .map(str::to_owned)
        .collect();
    let mut findings = Findings::default();
    let mut expect = |name: &str| findings.expect(known.contains(name), "not documented", name);
    let schema = Schema::default();
    for column in schema.columns() {
        expect(&column.name);
        column.bits.iter().for_each(|(name, _)| expect(name));
    }
    for info in OPERATORS {
        expect(info.symbol);
        info.aliases.iter().for_each(|alias| expect(alias));
    }
    KEYWORDS.iter().for_each(|keyword| expect(keyword));
    for kind in Type::ALL {
        expect(kind.name());
        words(kind).iter().for_each(|word| expect(word.name));
    }
    let registries = Registries::built_in();
    registries.communities.all().for_each(|known| expect(known.name));
    for known in registries.protocols.all() {
        expect(known.name);
        known.aliases().for_each(&mut expect);
    }
    let headings: Vec<&str> = generated.iter().flat_map(Page::headings).collect();
    for code in Code::ALL {
        let heading = format!("{} {}", code.number(), code.name());
        findings.expect(headings.contains(&heading.as_str()), "not documented", heading);
    }
    findings.finish(380);
}

#[test]
fn the_examples_of_the_diagnostics_show_them() {
    let page = Page::read("grammar/diagnostics.md").unwrap();
    let mut findings = Findings::default();
    let mut shown = BTreeSet::new();
    for fence in page.fences().iter().filter(|fence| fence.info.starts_with("flowql")) {
        let text = fence.text.trim_end_matches('\n');
        let number = &fence.heading[..4];
        let bad = fence.info == "flowql-bad";
        let mut found: Vec<Diagnostic> = Vec::new();
        for schema in [Schema::default(), Schema::all_columns()] {
            for reverse in [false, true] {
                let file = files::split(text, &Limits::DEFAULT);
                let mut saved = SavedFilters::default();
                file.save_into(&mut saved, Scope::File);
                let options = Options { reverse, ..Options::default() };
                let checks = file
                    .filters
                    .iter()
                    .map(|filter| Compiler::new(&schema, &saved).check(filter.text, options));
                found.extend(checks.flat_map(|checked| checked.diagnostics));
                found.extend(file.diagnostics);
            }
        }
        let of_code: Vec<&Diagnostic> = found.iter().filter(|found| found.code.number() == number).collect();
        findings.expect(!of_code.is_empty(), &fence.place, format!("{text} does not have {number}"));
        findings.expect(of_code.iter().all(|found| found.is_error() == bad), &fence.place, "the wrong fence");
        shown.insert(number.to_owned());
    }
    findings.finish(100);
    let without: Vec<&str> =
        Code::ALL.iter().map(|code| code.number()).filter(|code| !shown.contains(*code)).collect();
    assert_eq!(without, ["E001", "E002", "E308", "E901", "E902"]);
}

#[test]
fn what_people_used_to_say_has_its_filter() {
    let page = Page::read("grammar/coming-from.md").unwrap();
    let bench = Bench::of(&page);
    let mut findings = Findings::default();
    let mut sources = BTreeSet::new();
    for table in page.tables() {
        let Some(ours) = table.column("FlowQL") else { continue };
        sources.insert(table.head[0].clone());
        for row in &table.rows {
            let filters = codes(&row[ours]);
            findings.expect(!filters.is_empty(), &table.place, format!("{row:?} has no filter"));
            for filter in filters {
                let complaint = format!("{filter}\n  {}", bench.complaint(filter));
                findings.expect(bench.sql(filter).is_some(), &table.place, complaint);
            }
            // What the console accepts is accepted here.
            if table.head[0] == "Akvorado" && row[0] != "–" {
                findings.expect(
                    bench.sql(code(&row[0])).is_some(),
                    &table.place,
                    format!("{} is bad", row[0]),
                );
            }
        }
    }
    let expected = ["Akvorado", "SQL", "Wireshark", "nfdump"];
    assert_eq!(sources.iter().map(String::as_str).collect::<Vec<_>>(), expected);
    findings.finish(130);
}

#[test]
fn the_differences_from_the_console_are_as_said() {
    let page = Page::read("grammar/coming-from.md").unwrap();
    let bench = Bench::of(&page);
    let mut findings = Findings::default();
    for table in page.tables() {
        for (filter, here) in table.pairs("Filter", "Here") {
            let valid = bench.sql(code(filter)).is_some();
            findings.expect(valid != here.starts_with("an error"), &table.place, filter);
        }
    }
    findings.finish(5);
}
