//! Texts that are nearly filters: filters with a few tokens changed.

use flowql::syntax::tokenize;

use crate::random::Random;

/// Pieces that are put in: tokens of every kind, and what is none.
const PIECES: &[&str] = &[
    "SrcAS",
    "DstAddr",
    "SrcNetPrefix",
    "ExporterName",
    "SrcCountry",
    "DstASPath",
    "DstCommunities",
    "Proto",
    "DstPort",
    "TCPFlags",
    "SrcMAC",
    "InIfBoundary",
    "EType",
    "MPLSLabels",
    "FlowDirection",
    "Bytes",
    "(",
    ")",
    ",",
    "=",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "<<",
    "!<<",
    "==",
    "<>",
    "=<",
    "!",
    "&&",
    "|",
    ";",
    "~",
    "AND",
    "OR",
    "NOT",
    "IN",
    "NOTIN",
    "LIKE",
    "ILIKE",
    "UNLIKE",
    "IUNLIKE",
    "BETWEEN",
    "REGEXP",
    "HAS",
    "NOT IN",
    "NOT LIKE",
    "1",
    "80",
    "0x50",
    "AS1",
    "AS1.1",
    "1-9",
    "9-1",
    "AS1-AS9",
    "10.0.0.1",
    "10.0.0.0/8",
    "10.0.0.1-10.0.0.9",
    "::1",
    "2001:db8::/32",
    "::1-::9",
    "1:2",
    "1:*",
    "*:*:*",
    "1:2:3",
    "65536:1",
    "00:11:22:33:44:55",
    "external",
    "IPv6",
    "ingress",
    "SYN",
    "\"x\"",
    "'a\\'b'",
    "\"tcp\"",
    "\"https\"",
    "'a%'",
    "''",
    "\"",
    "'",
    "\\",
    "--",
    "-- x\n",
    "/*",
    "*/",
    "/**/",
    "-",
    "- ",
    "/",
    "@",
    "@a",
    "é",
    "\u{a0}",
    "\u{feff}",
    "\u{2028}",
    "\u{1F600}",
    "“x”",
    "\r",
    "\n",
    "\t",
    " ",
    "\0",
    "18446744073709551616",
    "(1, 2)",
    "(SrcAS = 1)",
    "SrcAS = 1",
    "AND SrcAS = 1",
    "OR",
    ".",
    "#",
];

/// A text with one to four changes; the same random numbers make the same changes.
pub fn mutate(text: &str, random: &mut Random) -> String {
    let mut text = text.to_owned();
    for _ in 0..=random.below(4) {
        text = change(&text, random);
    }
    text
}

fn change(text: &str, random: &mut Random) -> String {
    let tokens: Vec<_> = tokenize(text)
        .into_iter()
        .map(|token| token.span.range())
        .filter(|range| !range.is_empty())
        .collect();
    let cut = |at: usize| text.split_at(text.floor_char_boundary(at));
    let (Some(first), Some(second)) =
        (tokens.get(random.below(tokens.len())), tokens.get(random.below(tokens.len())))
    else {
        return format!("{text}{}", random.pick(PIECES));
    };
    let of = |range: &std::ops::Range<usize>| text.get(range.clone()).unwrap_or_default();
    let replaced = |range: &std::ops::Range<usize>, new: &str| {
        format!("{}{new}{}", cut(range.start).0, cut(range.end).1)
    };
    match random.below(10) {
        0 => replaced(first, ""),
        1 => replaced(first, &format!("{} {0}", of(first))),
        2 => replaced(first, of(second)),
        3 | 4 => replaced(first, random.pick(PIECES)),
        5 => replaced(&(first.start..first.start), &format!("{} ", random.pick(PIECES))),
        6 => replaced(&(first.end..first.end), &format!(" {}", random.pick(PIECES))),
        7 => {
            // Anywhere, in the middle of a token too, and nothing around it.
            let (before, after) = cut(random.below(text.len() + 1));
            format!("{before}{}{after}", random.pick(PIECES))
        }
        8 => {
            let (before, after) = cut(random.below(text.len() + 1));
            if random.one_in(2) { before.to_owned() } else { after.to_owned() }
        }
        _ => {
            // The blanks before a token go.
            format!("{}{}", cut(first.start).0.trim_end_matches([' ', '\t', '\n', '\r']), cut(first.start).1)
        }
    }
}
