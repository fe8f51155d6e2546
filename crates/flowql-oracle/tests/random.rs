//! Laws that hold for any text: no panic, and what compiles is also syntax.

use flowql_oracle::{Options, compile, syntax};

/// Pieces of filters, joined at random.
const PIECES: &[&str] = &[
    "SrcAS",
    "DstAS",
    "SrcAddr",
    "SrcPort",
    "DstPort",
    "ExporterName",
    "SrcCountry",
    "DstASPath",
    "DstCommunities",
    "Proto",
    "TCPFlags",
    "SrcMAC",
    "SrcNetPrefix",
    "InIfBoundary",
    "EType",
    "MPLSLabels",
    " ",
    " ",
    " ",
    " ",
    "\n",
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
    "!",
    "&",
    "AND",
    "OR",
    "NOT",
    "IN",
    "NOTIN",
    "LIKE",
    "BETWEEN",
    "REGEXP",
    "HAS",
    "UNLIKE",
    "1",
    "80",
    "0x50",
    "AS1",
    "AS1.1",
    "1-9",
    "AS1-AS9",
    "10.0.0.1",
    "10.0.0.0/8",
    "::1",
    "2001:db8::/32",
    "1:2",
    "1:*",
    "*:*:*",
    "1:2:3",
    "00:11:22:33:44:55",
    "external",
    "IPv6",
    "SYN",
    "\"x\"",
    "'a\\'b'",
    "\"",
    "'",
    "\\",
    "--",
    "/*",
    "*/",
    "-",
    "/",
    "@a",
    "é",
    "\u{a0}",
    "\u{feff}",
    "\r",
    "\0",
    "€",
];

/// Conditions, for texts that are more often valid.
const CONDITIONS: &[&str] = &[
    "SrcAS = AS1",
    "SrcAddr << 10.0.0.0/8",
    "SrcPort IN (80, 1-9)",
    "NOT DstASPath != 1",
    "(Proto = \"tcp\")",
    "DstCommunities IN (1:1, 1:*, 1:2:3)",
    "SrcPort BETWEEN 1 AND 2",
    "ExporterName NOT LIKE 'a%'",
    "SrcNetPrefix !<< ::/0",
];

struct Random(u64);

impl Random {
    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        from.get((self.0 >> 33) as usize % from.len()).copied().unwrap_or_default()
    }
}

#[test]
fn any_text_is_answered() {
    let options = Options { all_columns: true, ..Options::default() };
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let mut valid = 0;
    for round in 0..100_000 {
        let mut text = String::new();
        for _ in 0..round % 13 {
            if round % 3 == 0 {
                text.push_str(random.pick(CONDITIONS));
                text.push_str(random.pick(&[" AND ", " OR ", " AND NOT ", "\tOR\n", " ", "AND", ")"]));
            } else {
                text.push_str(random.pick(PIECES));
                text.push_str(random.pick(&["", " ", " ", " "]));
            }
        }
        if round % 3 == 0 {
            text.push_str(random.pick(CONDITIONS));
        }
        match (compile(&text, &options), syntax(&text)) {
            (Ok(sql), Ok(_)) => valid += usize::from(!sql.is_empty()),
            (Ok(_), Err(error)) => panic!("{text:?} compiles but {error}"),
            (Err(typed), tree) => {
                assert!(
                    typed.offset <= text.len() && text.is_char_boundary(typed.offset),
                    "{text:?} {typed}"
                );
                assert!(tree.is_ok() || tree == Err(typed), "{text:?}");
            }
        }
    }
    assert!(valid > 5_000, "{valid}");
}
