//! Regular expressions of RE2: those that are well formed by construction, and soups of their pieces.

use proptest::prelude::*;
use proptest::sample::select;

/// Expressions that RE2 takes.
pub fn regexp() -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        4 => select(ATOMS.to_vec()).prop_map(str::to_owned),
        2 => class(),
        2 => select(MISREAD.to_vec()).prop_map(str::to_owned),
    ];
    let tree = leaf.prop_recursive(3, 16, 4, |inner| {
        let several = |least| prop::collection::vec(inner.clone(), least..4);
        prop_oneof![
            4 => several(1).prop_map(|parts| parts.concat()),
            2 => several(2).prop_map(|parts| format!("(?:{})", parts.join("|"))),
            1 => several(1).prop_map(|parts| format!("({})", parts.concat())),
            2 => (inner.clone(), select(REPEATS.to_vec())).prop_map(|(part, repeat)| format!("(?:{part}){repeat}")),
            1 => (inner.clone(), select(GROUPS.to_vec())).prop_map(|(part, group)| format!("{group}{part})")),
            1 => (inner.clone(), select(FLAGS.to_vec())).prop_map(|(part, flags)| format!("{flags}{part}")),
        ]
    });
    // At the top there may be branches without parentheses, anchors at both ends, and nothing at all.
    (prop::collection::vec(tree, 0..3), select(vec!["", "", "^", "(?i)", "(?i)^"]), select(vec!["", "", "$"]))
        .prop_map(|(branches, head, tail)| format!("{head}{}{tail}", branches.join("|")))
        .boxed()
}

/// Whatever looks like an expression, most often none.
pub fn soup() -> BoxedStrategy<String> {
    let known = [ATOMS, MISREAD, REPEATS, GROUPS, FLAGS, PIECES].concat();
    prop::collection::vec(select(known), 0..7).prop_map(|pieces| pieces.concat()).boxed()
}

/// A class in brackets.
fn class() -> BoxedStrategy<String> {
    (any::<bool>(), prop::collection::vec(select(MEMBERS.to_vec()), 1..4))
        .prop_map(|(negated, members)| format!("[{}{}]", if negated { "^" } else { "" }, members.concat()))
        .boxed()
}

const ATOMS: &[&str] = &[
    "a",
    "b",
    "edge",
    "AB",
    "7",
    " ",
    "é",
    "É",
    "\u{1F600}",
    "'",
    "\"",
    ".",
    ".*",
    ".+?",
    "^",
    "$",
    "\\d",
    "\\D",
    "\\w+",
    "\\W",
    "\\s",
    "\\S",
    "\\b",
    "\\B",
    "\\A",
    "\\z",
    "\\.",
    "\\\\",
    "\\-",
    "\\n",
    "\\x41",
    "\\x{e9}",
    "\\101",
    "\\Qa+\\E",
    "\\p{Greek}",
    "\\pL",
    "\\PN",
    "\\p{^Lu}",
    "x{2,3}",
    "a{2}",
    "b{0,}",
    "{",
    "}",
    "]",
    "a{,2}",
    "\\C",
    "()",
];

/// What ClickHouse misreads when it looks for a text that every match holds, and texts long enough to be looked for.
const MISREAD: &[&str] = &[
    "abcd",
    "edge-01",
    "[[]",
    "[a[]",
    "[[b]",
    "[]]",
    "[]ab]",
    "[^]a]",
    "[[:alpha:][]",
    "[[:digit:]]",
    "\\Q[\\E",
    "\\Q(\\E",
    "\\Q|\\E",
    "\\Qab]\\E",
    "é?",
    "\u{1F600}*",
    "\u{1F600}{0,2}",
    "é{0}",
    "\0",
    "abcd\0",
    "abcdé??",
];

const MEMBERS: &[&str] = &[
    "a",
    "b-d",
    "A-Z",
    "0-9",
    "é",
    "[:alpha:]",
    "[:^digit:]",
    "[:space:]",
    "\\d",
    "\\W",
    "\\s",
    "\\pL",
    "\\PL",
    "\\n",
    "\\x41-\\x43",
    "\\]",
    "\\-",
    "\\^",
    "[",
    "&&",
    "~~",
    ".",
    "$",
    "(",
    "\u{1F600}",
];

const REPEATS: &[&str] = &["*", "+", "?", "*?", "+?", "??", "{2}", "{0,2}", "{1,}?", "{3}?", "{0}"];

const GROUPS: &[&str] = &["(?i:", "(?s:", "(?-s:", "(?m:", "(?U:", "(?im-s:", "(?:"];

const FLAGS: &[&str] = &["(?i)", "(?m)", "(?-s)", "(?s)", "(?i-m)", "(?U)"];

/// What goes wrong in expressions.
const PIECES: &[&str] = &[
    "(",
    ")",
    "|",
    "[",
    "]",
    "[^",
    "{",
    "{2",
    "{1001}",
    "{2,1}",
    "{1000}",
    "{999}",
    "{,3}",
    "{01}",
    "{ 1}",
    "-",
    "\\",
    "\\8",
    "\\1",
    "\\07",
    "\\777",
    "\\x",
    "\\x4",
    "\\x{110000}",
    "\\x{10FFFF}",
    "\\x{D800}",
    "\\x{}",
    "\\p",
    "\\p{",
    "\\pX",
    "\\p{IsGreek}",
    "\\p{Any}",
    "\\Z",
    "\\G",
    "\\K",
    "\\R",
    "\\X",
    "\\h",
    "\\e",
    "\\E",
    "\\Q",
    "\\cA",
    "\\y",
    "(?",
    "(?=",
    "(?!a)",
    "(?<=a)",
    "(?<!a)",
    "(?>a)",
    "(?P<n>",
    "(?P<n>a)",
    "(?<n>a)",
    "(?<é>a)",
    "(?P<1>a)",
    "(?P<>a)",
    "(?P=n)",
    "(?P>n)",
    "(?#a)",
    "(?x)",
    "(?i",
    "(?i-)",
    "(?-)",
    "(?)",
    "(?ii)",
    "(?i-i)",
    "(?|a)",
    "(?'n'a)",
    "[:alpha:]",
    "[[:alpha:]]",
    "[[:foo:]]",
    "[[:alpha:]",
    "[a-",
    "[z-a]",
    "[a-\\d]",
    "[\\d-z]",
    "[]",
    "[]a]",
    "[^]",
    "[a",
    "a**",
    "a*+",
    "**",
    "a{2}{3}",
    "a{2}*",
    "^*",
    "$+",
    "\\b*",
    "(?i)*",
    "\\Q\\E*",
    "\0",
    "\t",
    "\u{ad}",
];
