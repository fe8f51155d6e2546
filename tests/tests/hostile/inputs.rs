//! The hostile texts of `hostile.rs`: patterns that are repeated up to a length.

use flowql::{SavedFilters, Scope};

/// A text of any length.
#[derive(Clone, Copy, Debug)]
pub(super) enum Input {
    /// A text over and over.
    Repeated(&'static str),
    /// The same between two others.
    Between(&'static str, &'static str, &'static str),
    /// One text over and over for the first half, another for the second.
    Halves(&'static str, &'static str, &'static str, &'static str),
    /// Pieces of filters and of none, in a random order that is always the same.
    Junk,
    /// Random bytes as UTF-8, the bad ones replaced.
    Bytes,
    /// A list of addresses or subnets that all differ.
    Addresses(&'static str),
    /// Conditions on one text column that all differ.
    Texts(&'static str, &'static str),
}

impl Input {
    pub(super) fn name(&self) -> String {
        format!("{self:?}")
    }

    /// A text of about that length, and not longer.
    pub(super) fn text(&self, length: usize) -> String {
        let repeated = |text: &str, room: usize| text.repeat(room / text.len());
        match *self {
            Self::Repeated(text) => repeated(text, length),
            Self::Between(before, text, after) => {
                format!("{before}{}{after}", repeated(text, length - before.len() - after.len()))
            }
            Self::Halves(before, first, middle, second) => {
                let half = (length - before.len() - middle.len()) / 2;
                format!("{before}{}{middle}{}", repeated(first, half), repeated(second, half))
            }
            Self::Junk => {
                let mut random = Random(0x2545_f491_4f6c_dd1d);
                let mut text = String::new();
                while text.len() + 16 < length {
                    text.push_str(JUNK[random.below(JUNK.len())]);
                }
                text
            }
            Self::Bytes => {
                let mut random = Random(0x9e37_79b9_7f4a_7c15);
                let bytes: Vec<u8> = (0..length / 2).map(|_| random.below(256) as u8).collect();
                let mut text = String::from_utf8_lossy(&bytes).into_owned();
                text.truncate(text.floor_char_boundary(length));
                text
            }
            Self::Addresses(suffix) => {
                let list: Vec<String> = (0..length / 20)
                    .map(|i| format!("10.{}.{}.{}{suffix}", i % 7, i >> 8 & 255, i & 255))
                    .collect();
                format!("SrcAddr IN ({})", list.join(", "))
            }
            Self::Texts(operator, connective) => {
                let conditions: Vec<String> =
                    (0..length / 32).map(|i| format!("ExporterName {operator} \"n{i}\"")).collect();
                conditions.join(connective)
            }
        }
    }
}

/// A small generator of random numbers (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % end
    }
}

const JUNK: &[&str] = &[
    "(",
    ")",
    "\"",
    "'",
    "\\",
    "/*",
    "*/",
    "--",
    "-",
    "@",
    "@a",
    "=",
    "!=",
    "!",
    "<",
    "<<",
    ">",
    "&",
    "|",
    ";",
    ",",
    "a",
    "1",
    "::1",
    "10.0.0.0/8",
    "AND",
    "OR",
    "NOT",
    "IN",
    "BETWEEN",
    "HAS",
    "\0",
    "\u{a0}",
    "\u{feff}",
    "é",
    "“",
    "”",
    " ",
    " ",
    " ",
    "\n",
    "\t",
    "\r",
    "SrcAS",
    "SrcAddr",
    "ExporterName",
    "TCPFlags",
    "external",
];

/// Saved filters that some inputs refer to.
pub(super) fn saved() -> SavedFilters {
    let mut saved = SavedFilters::default();
    saved.insert(Scope::User, "good", "SrcAS = 1");
    saved.insert(Scope::User, "bad", "SrcASN = 1");
    saved.insert(Scope::User, "itself", "@itself OR @itself");
    saved
}

/// The texts that are asked at full length.
#[rustfmt::skip]
pub(super) fn all() -> Vec<Input> {
    use Input::{Addresses, Between, Bytes, Halves, Junk, Repeated, Texts};
    let mut all: Vec<Input> = [
        // Brackets, quotes, comments.
        "(", ")", "() ", "(1, ", "NOT ", "!(", "\"", "'", "''", "\\", "\\'", "/*", "/**/", "/**/ ",
        "*/", "-", "--", "--\n", "\u{b}", "\0", "\u{a0}", "\u{a0}a ", "\u{feff}", "“", "“x” ", "“x",
        "‘x’=", "\r\n", "é", 
        // Signs and words.
        "@", "@a ", ",", "=", "= ", "!", "<", "<<", "> ", "&&", "; ", "x y z ", "x ", "1 ",
        "AND ", "AND OR ", "IN ", "IN (", "NOT IN ", "NOT = ", "LIKE ", "HAS ", "BETWEEN ",
        // Conditions and pieces of them.
        "a=1 AND ", "a=", "a=(", "a b (", "SrcAS=1 AND ", "SrcAS=1 OR ", "SrcAS=1 AND SrcPort=2 OR ",
        "SrcAS IN (", "SrcAS IN (1 AND ", "SrcPort IN 1, ", "SrcAS=(1,", "SrcAS = 1 - ", 
        "SrcPort BETWEEN 1 ", "SrcPort BETWEEN ", "SrcPort BETWEEN 1 AND ", "x NOT ", "x /**/y ", "(a=1 AND ",
        "SrcAS=1)", "(SrcAS=1) ", "\"x\" ", "'x' = ",
        // Values with much to say.
        "SrcVlam=1 AND ", "Bytes=1 AND ", "DstCommunities=no-exprt AND ", "InIfBoundary=extrnl AND ",
        "DstPort=\"htps\" AND ", "TCPFlags HAS SIN AND ", "Proto=\"tpc\" OR ", "SrcCountry=\"fr\" OR ",
        "SrcAddr << 10.0.0.1/8 OR ", "SrcPort=1-2 AND ", "SrcAS=\"1\" AND ", "ExporterName = 'it''s' AND ",
        "ExporterName REGEXP '(a){2}' AND ", "ExporterName != \"a\" OR ", "SrcAS==1&&", "!SrcAS=1 ",
        "@bad OR ", "@bad ", "@good AND ", "@itself OR ",
    ]
    .into_iter()
    .map(Repeated)
    .collect();
    all.extend([
        Between("SrcAddr IN (", "10.0.0.0/24, ", "::1)"), Between("SrcAS IN (", "1, ", "1)"),
        Between("SrcAS IN (", "1 ", "1)"), Between("SrcPort IN (", "2-1, ", "1)"), Between("SrcAS IN (", "1 OR ", "1)"),
        Between("SrcAS IN (", "(", "1)"), Between("SrcAS IN (", ",", ")"), Between("SrcAS IN (", "\"x\"", ")"),
        Between("SrcAS IN (", "''", ")"), Between("SrcAS IN (", "1 - ", ")"), Between("SrcAS IN (", "/**/", ")"),
        Between("SrcAS IN (1", "/**/", ",2)"), Between("SrcAS IN (", "1,--\n", "2)"), Between("SrcAS ", "/**/", "= 1"),
        Between("SrcAS = ", "/**/", "1"), Between("SrcAS = 1 ", "/**/", ""), Between("", "/**/\n", "SrcAS = 1"),
        Between("SrcAS = /**/", "-- \n", "1"), Between("ExporterName=\"", "a", "\""),
        Between("ExporterName=\"", "\\\\", "\""), Between("ExporterName=\"", "\\", ""),
        Between("ExporterName LIKE \"", "\\%", "\""), Between("ExporterName REGEXP \"", "(", "\""),
        Between("ExporterName REGEXP \"", "[[:", "\""), Between("ExporterName REGEXP \"", "a{2}", "\""),
        Between("ExporterName REGEXP \"", "(?P<a>", "\""), Between("ExporterName REGEXP \"", "\\\\Q", "\""),
        Between("SrcAS=AS", "0", "1"), Between("SrcPort=", "9", ""), Between("SrcAddr=", "1:", ""),
        Between("SrcAddr << ", "1/", ""), Between("DstCommunities=", "1:", ""), Between("SrcMAC=", "00:", ""),
        Between("@", "a-", ""), Between("", "a", " = 1"), Between("TCPFlags HAS (", "SIN, ", "ACK)"),
        Between("Proto IN (", "\"foo\", ", "1)"), Between("DstCommunities IN (", "1:2, 1:2:3, 1:*, ", "1:1)"),
        Between("NOT NOT NOT NOT NOT NOT NOT NOT NOT SrcAS IN (", "1,", "1)"),
        Between("((((((((((((((((((((((((SrcAS IN (", "1, ", "1)))))))))))))))))))))))))"),
        Halves("SrcAS = '", "a", "'", "''"), Halves("ExporterName IN ('", "a", "'", "''"),
        Halves("", "/**/", "", "SrcAS=1 AND "), Halves("SrcAS = 8", " ", "-", "- "),
        Junk, Bytes, Addresses(""), Addresses("/30"), Texts("!=", " OR "), Texts("!=", " AND "), Texts("LIKE", " AND "),
    ]);
    all
}

/// The texts that are asked far beyond the length.
pub(super) fn long() -> Vec<Input> {
    use Input::{Between, Halves, Repeated};
    vec![
        Repeated("SrcAS = 1 AND "),
        Repeated("("),
        Between("SrcAS IN (", "1, ", "1)"),
        Between("SrcAS IN (1", "/**/", ", 2)"),
        Halves("ExporterName IN ('", "a", "'", "''"),
    ]
}
