//! The limits that keep any input cheap to answer.

/// What a filter may cost; checked before any recursion, each with a diagnostic of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The bytes of a filter, saved filters expanded (default 64 KiB).
    pub length: usize,
    /// The levels of nesting: parentheses, `NOT` and saved filters together (default 150; ClickHouse's
    /// own parser stops near 196).
    pub nesting: usize,
    /// The diagnostics that one run gives; one more says how many were left out (default 100).
    pub diagnostics: usize,
    /// The bytes of a file of several filters (default 8 MiB).
    pub file_length: usize,
}

impl Limits {
    /// The default limits.
    pub const DEFAULT: Self =
        Self { length: 64 * 1024, nesting: 150, diagnostics: 100, file_length: 8 * 1024 * 1024 };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
