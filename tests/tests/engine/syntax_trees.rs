//! The inline SQL is read by ClickHouse's own parser as the expression that it was printed from.

use flowql::sql::{Lowering, Outline};
use flowql::{Compiler, Options, SavedFilters, Schema};
use flowql_tests::clickhouse_lexer::{Token, tokens};
use flowql_tests::{corpus, generate, sql_safety};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::{ENGINE, SCHEMA, quoted};

/// So many expressions go into one query.
const TOGETHER: usize = 50;

/// A tree, of the core or of ClickHouse, in a form in which the two are equal: nested AND and OR are one, and a
/// name is a text of another kind.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Tree {
    Call(String, Vec<Tree>),
    Name(String),
    Number(u128),
    Text(Vec<u8>),
}

impl Tree {
    fn call(function: &str, arguments: Vec<Self>) -> Self {
        if !matches!(function, "and" | "or") {
            return Self::Call(function.to_owned(), arguments);
        }
        let flat = arguments.into_iter().flat_map(|argument| match argument {
            Self::Call(inner, arguments) if inner == function => arguments,
            other => vec![other],
        });
        Self::Call(function.to_owned(), flat.collect())
    }

    fn of_core(outline: &Outline) -> Self {
        match outline {
            Outline::Call(function, arguments) => {
                Self::call(function, arguments.iter().map(Self::of_core).collect())
            }
            Outline::Name(name) => Self::Name(name.clone()),
            Outline::Number(number) => Self::Number(u128::from(*number)),
            Outline::Text(text) => Self::Text(text.clone().into_bytes()),
        }
    }
}

/// The lines of `EXPLAIN AST`, each with its depth.
struct Lines<'a>(std::iter::Peekable<std::vec::IntoIter<(usize, &'a str)>>);

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        let lines = text.lines().map(|line| {
            let inner = line.trim_start_matches(' ');
            (line.len() - inner.len(), inner)
        });
        Self(lines.collect::<Vec<_>>().into_iter().peekable())
    }

    fn children(&mut self, depth: usize) -> Vec<Tree> {
        let mut children = Vec::new();
        while let Some((_, line)) = self.0.next_if(|(found, _)| *found > depth) {
            children.push(self.tree(depth + 1, line));
        }
        children
    }

    /// The tree that begins with a line.
    fn tree(&mut self, depth: usize, line: &'a str) -> Tree {
        let line = line.split(" (children").next().filter(|_| !line.starts_with("Literal")).unwrap_or(line);
        match line.split_once(' ') {
            Some(("Function", name)) => {
                let (_, list) = self.0.next().expect("the arguments");
                assert!(list.starts_with("ExpressionList"), "{list}");
                let arguments = self.children(depth + 1);
                Tree::call(name, arguments)
            }
            Some(("Identifier", name)) => Tree::Name(name.to_owned()),
            Some(("Literal", literal)) => read_literal(literal),
            _ => panic!("`{line}` is in no filter"),
        }
    }
}

/// A literal as `EXPLAIN AST` shows it: `UInt64_5`, `'text'`, `Tuple_(UInt64_1, 'a')`, `Array_[UInt64_1]`.
fn read_literal(text: &str) -> Tree {
    let scalar = |token: &Token| match token {
        Token::Text(text) => Tree::Text(text.clone()),
        Token::Word(word) => {
            let digits = word.strip_prefix("UInt64_").unwrap_or_else(|| panic!("`{word}` is no literal"));
            Tree::Number(digits.parse().expect("a number"))
        }
        other => panic!("{other:?} is no literal"),
    };
    for (head, function) in [("Tuple_", "tuple"), ("Array_", "array")] {
        if let Some(items) = text.strip_prefix(head) {
            let tokens = tokens(items).unwrap_or_else(|error| panic!("{error}"));
            let items = &tokens[1..tokens.len() - 1];
            return Tree::call(function, items.iter().step_by(2).map(scalar).collect());
        }
    }
    let tokens = tokens(text).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(tokens.len(), 1, "{text}");
    scalar(&tokens[0])
}

/// Compares expressions with what ClickHouse reads.
fn compare(found: &[(String, Tree)]) {
    for together in found.chunks(TOGETHER) {
        let expressions: Vec<&str> = together.iter().map(|(sql, _)| sql.as_str()).collect();
        let sql = format!("EXPLAIN AST SELECT {} FROM flows", expressions.join(", "));
        let answer = ENGINE.query(&sql, &[], None).unwrap_or_else(|message| panic!("{message}\n{sql}"));
        let answer = String::from_utf8(answer).expect("UTF-8");
        let mut lines = Lines::new(&answer);
        let (depth, list) = lines.0.nth(3).expect("a query");
        assert!(list.starts_with("ExpressionList"), "{answer}");
        let read = lines.children(depth);
        assert_eq!(read.len(), together.len());
        for ((sql, expected), read) in together.iter().zip(read) {
            assert_eq!(&read, expected, "{sql}");
        }
        // Nothing but the table follows.
        let rest: Vec<&str> = lines.0.map(|(_, line)| line.split(' ').next().unwrap_or_default()).collect();
        let table =
            ["TablesInSelectQuery", "TablesInSelectQueryElement", "TableExpression", "TableIdentifier"];
        assert!(rest.iter().all(|line| table.contains(line) || *line == "Identifier"), "{rest:?}");
        assert_eq!(rest[..4], table);
    }
}

/// The inline SQL of a text and the tree that it is printed from; `None` for a bad or an empty text.
fn outline(compiler: &Compiler<'_>, text: &str, options: Options<'_>) -> Option<(String, Tree)> {
    let filter = compiler.check(text, options).filter?;
    let protocols =
        options.database.map_or_else(|| "protocols".to_owned(), |name| format!("{name}.protocols"));
    let lowering = Lowering { schema: compiler.schema, protocols: &protocols };
    let outline = lowering.lower(&filter)?.outline(compiler.schema);
    Some((compiler.compile(text, options).sql?, Tree::of_core(&outline)))
}

#[test]
fn of_the_corpus() {
    let mut all = Vec::new();
    for file in corpus::read_all().unwrap() {
        let compiler = Compiler::new(&file.schema, &file.saved);
        for entry in &file.entries {
            for database in [None, Some("a'b\\")] {
                all.extend(outline(&compiler, &entry.text, Options { database, ..file.options }));
            }
        }
    }
    assert!(all.len() > 800, "only {} were valid", all.len());
    compare(&all);
}

#[test]
fn of_generated_filters() {
    let saved = SavedFilters::default();
    let compiler = Compiler::new(&SCHEMA, &saved);
    let mut runner =
        TestRunner::new_with_rng(Config::default(), TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let strategy = (generate::filter(&SCHEMA), any::<u64>());
    let all: Vec<_> = (0..3000)
        .map(|_| {
            let (filter, seed) = strategy.new_tree(&mut runner).unwrap().current();
            let options = Options { reverse: seed % 4 == 0, ..Options::default() };
            outline(&compiler, &filter.laid_out(seed), options).expect("a valid filter")
        })
        .collect();
    compare(&all);
}

#[test]
fn of_hostile_strings() {
    let (schema, saved) = (Schema::all_columns(), SavedFilters::default());
    let compiler = Compiler::new(&schema, &saved);
    let mut all = Vec::new();
    for hostile in sql_safety::HOSTILE {
        let text = quoted(hostile);
        for filter in [
            format!("ExporterName = {text}"),
            format!("ExporterName IN ({text}, {text}, \"x\")"),
            format!("NOT (SrcNetName != {text} OR SrcCountry = {text})"),
            format!("ExporterName LIKE {}", quoted(&format!("{hostile}%"))),
            format!("ExporterName REGEXP {text}"),
            format!("Proto IN ({text}, 6)"),
        ] {
            all.extend(outline(
                &compiler,
                &filter,
                Options { database: Some(hostile), ..Options::default() },
            ));
        }
    }
    assert!(all.len() > 5 * sql_safety::HOSTILE.len(), "only {} were valid", all.len());
    compare(&all);
}
