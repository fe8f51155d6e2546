//! The registry of diagnostic codes. Numbers are stable: one that goes out of use is never given again.

/// How bad a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "lowercase"))]
pub enum Severity {
    /// The filter is bad.
    Error,
    /// The filter is valid, but hardly says what was meant.
    Warning,
    /// The filter is valid; something is worth knowing.
    Hint,
}

impl Severity {
    /// `error`, `warning` or `hint`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Hint => "hint",
        }
    }
}

/// What fixes the diagnostics of a code can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "lowercase"))]
pub enum Fixes {
    /// None.
    None,
    /// Only those that may not be what was meant, for a person to choose.
    Guess,
    /// Those that cannot change the meaning of what was written, which `check --fix` applies.
    Sure,
}

macro_rules! codes {
    ($($variant:ident = $number:literal, $severity:ident, $fixes:ident, $name:literal, $doc:literal, $example:literal;)*) => {
        /// A kind of diagnostic.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = $doc] $variant,)*
        }

        impl Code {
            /// Every code, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The code as users see it: `E101`, `W501`, `H601`.
            pub const fn number(self) -> &'static str {
                match self { $(Self::$variant => $number,)* }
            }

            /// The code in words, which names its page in the documentation.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The severity of every diagnostic with this code.
            pub const fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)* }
            }

            /// What fixes diagnostics with this code can have, at best.
            pub const fn fixes(self) -> Fixes {
                match self { $(Self::$variant => Fixes::$fixes,)* }
            }

            /// What the code means and what to do, for the documentation.
            pub const fn doc(self) -> &'static str {
                match self { $(Self::$variant => $doc,)* }
            }

            /// A filter that has the diagnostic; empty where it takes more than one filter to show it.
            pub const fn example(self) -> &'static str {
                match self { $(Self::$variant => $example,)* }
            }
        }
    };
}

codes! {
    TextTooLong = "E001", Error, None, "text-too-long",
        "The filter, its saved filters expanded, is longer than the limit (64 KiB unless configured otherwise).", "";
    NestingTooDeep = "E002", Error, None, "nesting-too-deep",
        "Parentheses, NOT and saved filters are nested deeper than 150 levels. Rewrite the filter with fewer levels.", "";
    UnexpectedBlank = "E010", Error, Sure, "unexpected-blank",
        "A blank that is not a space, tab or line break, such as the no-break space that word processors and web pages put in. Replace it by a space.", "SrcAS\u{a0}= 1";
    UnterminatedString = "E011", Error, Sure, "unterminated-string",
        "A string lacks its closing quote on the same line.", "ExporterName = \"edge";
    UnterminatedComment = "E012", Error, Guess, "unterminated-comment",
        "A comment that begins with /* lacks its closing */.", "SrcAS = 1 /* note";
    TypographicQuotes = "E013", Error, Sure, "typographic-quotes",
        "A string stands in the curly quotes of a word processor. Use plain quotes.", "ExporterName = “edge”";
    DoubledQuote = "E014", Error, Sure, "doubled-quote",
        "A quote inside a string is doubled, as in SQL. Write a backslash before it, or use the other kind of quotes around the string.", "ExporterName = 'it''s'";
    ExpectedCondition = "E020", Error, Sure, "expected-condition",
        "A condition is due here: a column name, an operator and a value; or NOT, a parenthesis or a saved filter.", "SrcAS = 1 AND";
    ExpectedConnective = "E021", Error, Guess, "expected-connective",
        "Two conditions stand side by side. Join them by AND or OR.", "SrcAS = 1 DstAS = 2";
    ExpectedOperator = "E022", Error, None, "expected-operator",
        "A column is not followed by an operator.", "SrcAS";
    ExpectedValue = "E023", Error, None, "expected-value",
        "An operator is not followed by a value. A keyword is never a value.", "SrcAS =";
    UnclosedParenthesis = "E024", Error, Sure, "unclosed-parenthesis",
        "A parenthesis is not closed.", "(SrcAS = 1";
    UnopenedParenthesis = "E025", Error, Sure, "unopened-parenthesis",
        "A closing parenthesis has no opening one.", "SrcAS = 1)";
    ExpectedList = "E026", Error, Sure, "expected-list",
        "IN wants its values in parentheses.", "SrcAS IN 1, 2";
    EmptyList = "E027", Error, None, "empty-list",
        "A list holds no value.", "SrcAS IN ()";
    MissingItem = "E028", Error, Sure, "missing-item",
        "A comma in a list has no value before or after it.", "SrcAS IN (1, )";
    MissingComma = "E029", Error, Sure, "missing-comma",
        "Two values of a list stand side by side, or are joined by AND or OR. Values of a list are separated by commas.", "SrcAS IN (1 2)";
    UnexpectedText = "E030", Error, Sure, "unexpected-text",
        "A character that has no place here.", "SrcAS = 1;";
    ForeignSpelling = "E031", Error, Sure, "foreign-spelling",
        "An operator or connective in the spelling of another language: ==, <>, &&, ||, ! and the like.", "SrcAS == 1";
    UnknownOperator = "E032", Error, Sure, "unknown-operator",
        "A word that is no operator stands between a column and a value.", "SrcAS equals 1";
    BlankInRange = "E033", Error, Sure, "blank-in-range",
        "No blanks stand inside a range.", "SrcPort IN (8000 - 8100)";
    BetweenWithoutAnd = "E034", Error, None, "between-without-and",
        "BETWEEN wants two values joined by AND.", "SrcPort BETWEEN 1";
    UnexpectedList = "E035", Error, Sure, "unexpected-list",
        "This operator takes one value, not a list.", "SrcAS = (1, 2)";
    UnclosedList = "E036", Error, Sure, "unclosed-list",
        "The parenthesis of a list is not closed.", "SrcAS IN (1, 2";
    UnknownColumn = "E101", Error, Sure, "unknown-column",
        "No column has this name.", "SrcASN = 1";
    DisabledColumn = "E102", Error, None, "disabled-column",
        "The column exists but is not enabled. Add it, or its group, to `enable` in the section `[schema]` of `flowql.toml`.", "SrcVlan = 10";
    UnfilterableColumn = "E103", Error, None, "unfilterable-column",
        "The column holds a time, or only helps to compute others; it cannot be used in a filter.", "SamplingRate > 1000";
    QuotedColumn = "E104", Error, Sure, "quoted-column",
        "A column name stands in quotes, or a string stands where a column is due.", "\"SrcAS\" = 1";
    OperatorNotAvailable = "E105", Error, None, "operator-not-available",
        "The column's type does not have this operator.", "SrcAS LIKE \"AS%\"";
    TypesDiffer = "E106", Error, None, "types-differ",
        "Two columns of different types are compared.", "SrcAS = DstPort";
    ColumnNotAllowed = "E107", Error, Guess, "column-not-allowed",
        "A column stands where this operator takes only values: in a list, at an end of BETWEEN, or after an operator that compares no columns. The name of either end, such as `Port`, can only begin a condition.", "SrcAS IN (DstAS)";
    ExpectedString = "E201", Error, Sure, "expected-string",
        "The value must be a string in quotes.", "ExporterName = edge";
    UnexpectedString = "E202", Error, Sure, "unexpected-string",
        "The value must be written without quotes.", "SrcAS = \"AS1\"";
    BadInteger = "E203", Error, Guess, "bad-integer",
        "The value is no unsigned integer: decimal digits, or 0x and hexadecimal digits.", "SrcPort = -1";
    IntegerTooLarge = "E204", Error, None, "integer-too-large",
        "The integer is above 2^64-1.", "SrcPort = 18446744073709551616";
    BadAddress = "E205", Error, None, "bad-address",
        "The value is no IP address, or no subnet where one may stand.", "SrcAddr = 192.0.2.300";
    BadSubnet = "E206", Error, Sure, "bad-subnet",
        "The value is no subnet: an address, a slash and a prefix length up to 32 for IPv4 or 128 for IPv6.", "SrcAddr << 192.0.2.0/33";
    MissingMask = "E207", Error, Sure, "missing-mask",
        "An address stands where a subnet is due. Add its prefix length.", "SrcAddr << 192.0.2.1";
    BadMac = "E208", Error, Guess, "bad-mac",
        "The value is no MAC address of six bytes: 00:11:22:33:44:55, 00-11-22-33-44-55 or 0011.2233.4455. A `*` at its end stands for all bytes left.", "SrcMAC = 00:11:22";
    BadAsn = "E209", Error, None, "bad-asn",
        "The value is no AS number of 32 bits: 65000, AS65000 or AS1.10 (RFC 5396).", "SrcAS = AS4294967296";
    BadCommunity = "E210", Error, Guess, "bad-community",
        "The value is no community (two parts up to 65535), large community (three parts of 32 bits), wildcard or well-known name.", "DstCommunities = 65536:1";
    UnknownWord = "E211", Error, Guess, "unknown-word",
        "The value is none of the words of this column.", "InIfBoundary = outside";
    BadProtocol = "E212", Error, None, "bad-protocol",
        "The value is no protocol number from 0 to 255 or quoted name.", "Proto = 256";
    UnknownService = "E213", Error, Guess, "unknown-service",
        "No TCP or UDP service is registered under this name.", "DstPort = \"htps\"";
    UnknownFlag = "E214", Error, Guess, "unknown-flag",
        "The column has no bit of this name.", "TCPFlags HAS SIN";
    BadRange = "E215", Error, Sure, "bad-range",
        "The range is not one: it takes two values of the column joined by a hyphen, and two addresses of one family.", "SrcAddr IN (192.0.2.1-2001:db8::1)";
    ReversedRange = "E216", Error, Guess, "reversed-range",
        "The second end of the range is lower than the first, so nothing lies in it.", "SrcPort IN (90-80)";
    RangeNotAllowed = "E217", Error, Sure, "range-not-allowed",
        "This column or operator takes no range. Ranges stand in the lists of integers, AS numbers and addresses.", "SrcPort = 80-90";
    StringTooLong = "E218", Error, None, "string-too-long",
        "A string of the list is longer than the column; the database would refuse it.", "SrcCountry IN (\"FR\", \"DEU\")";
    PatternEndsInBackslash = "E219", Error, Sure, "pattern-ends-in-backslash",
        "A LIKE pattern ends in a backslash that escapes nothing; the database would refuse it.", "ExporterName LIKE \"edge\\\\\"";
    BadRegexp = "E220", Error, None, "bad-regexp",
        "The regular expression is not one of RE2's syntax.", "ExporterName REGEXP \"edge(\"";
    UnknownSavedFilter = "E301", Error, Guess, "unknown-saved-filter",
        "No saved filter has this name.", "@custmers";
    CyclicSavedFilter = "E302", Error, None, "cyclic-saved-filter",
        "The saved filter refers to itself, directly or through others.", "";
    EmptySavedFilter = "E303", Error, None, "empty-saved-filter",
        "The saved filter is empty, so a reference to it means nothing.", "";
    AmbiguousSavedFilter = "E304", Error, None, "ambiguous-saved-filter",
        "Several saved filters of this name are in the same place. Rename one of them.", "";
    BadSavedFilter = "E305", Error, None, "bad-saved-filter",
        "The saved filter has errors of its own. Mend them where it is defined.", "";
    BadFilterName = "E306", Error, Guess, "bad-filter-name",
        "A name of a saved filter begins with a letter or underscore and goes on with letters, digits, underscores and hyphens.", "@1x";
    DuplicateFilterName = "E307", Error, None, "duplicate-filter-name",
        "Two filters of one file have the same name.", "";
    FileTooLong = "E308", Error, None, "file-too-long",
        "The file is longer than the limit for files of several filters (8 MiB).", "";
    AlwaysTrue = "W501", Warning, None, "always-true",
        "The condition, or several on one column together, hold for every flow.", "SrcPort <= 65535";
    AlwaysFalse = "W502", Warning, None, "always-false",
        "The condition, or several on one column together, hold for no flow.", "SrcAS = 1 AND SrcAS = 2";
    DuplicateCondition = "W503", Warning, None, "duplicate-condition",
        "The condition is said twice.", "SrcAS = 1 AND SrcAS = AS1";
    RedundantSubnet = "W504", Warning, Sure, "redundant-subnet",
        "The subnet, or address, lies inside another subnet of the same list.", "SrcAddr IN (10.0.0.0/8, 10.1.0.0/16)";
    HostBits = "W505", Warning, Sure, "host-bits",
        "The subnet's address has bits set beyond its prefix length; they are ignored.", "SrcAddr << 192.0.2.1/24";
    LikeWithoutWildcard = "W506", Warning, None, "like-without-wildcard",
        "A LIKE pattern without % or _ matches only the text itself; = says the same.", "ExporterName LIKE \"edge\"";
    NotACountry = "W507", Warning, Guess, "not-a-country",
        "Countries are stored as two capital letters (ISO 3166-1 alpha-2); this value never occurs.", "SrcCountry = \"fr\"";
    UnknownProtocol = "W508", Warning, Guess, "unknown-protocol",
        "IANA has no protocol of this name; the name is looked up in the database's own dictionary.", "Proto = \"tpc\"";
    EmptyNamedFilter = "W509", Warning, None, "empty-named-filter",
        "A named filter of a file has no text.", "";
    MixedAndOr = "H601", Hint, Sure, "mixed-and-or",
        "AND and OR are mixed without parentheses; AND binds tighter. Parentheses make the meaning plain.", "SrcAS = 1 OR SrcAS = 2 AND DstAS = 3";
    RawTable = "H602", Hint, None, "raw-table",
        "The column exists only in the raw table, so that a query over a long time range is slower and reaches less far back.", "SrcPort = 80";
    NotReversed = "H603", Hint, None, "not-reversed",
        "The column has no enabled counterpart for the opposite direction, so it stays as it is in the reversed filter.", "";
    OneEnd = "H604", Hint, None, "one-end",
        "The name stands for either of two columns of which one is disabled, so that only the other is asked for.", "Communities = 65000:100";
    TooManyDiagnostics = "E901", Error, None, "too-many-diagnostics",
        "More diagnostics were found than are shown. Mend the first ones.", "";
    Internal = "E902", Error, None, "internal",
        "FlowQL failed to compile a filter that it had accepted. This is a bug: please report the filter.", "";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn numbers_and_names_are_unique_and_well_formed() {
        let numbers: BTreeSet<_> = Code::ALL.iter().map(|code| code.number()).collect();
        let names: BTreeSet<_> = Code::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(numbers.len(), Code::ALL.len());
        assert_eq!(names.len(), Code::ALL.len());
        for code in Code::ALL {
            let letter = match code.severity() {
                Severity::Error => 'E',
                Severity::Warning => 'W',
                Severity::Hint => 'H',
            };
            assert!(code.number().starts_with(letter), "{code:?}");
            assert_eq!(code.number().len(), 4);
            assert!(code.doc().ends_with('.'), "{code:?} is not documented in a sentence");
        }
    }
}
