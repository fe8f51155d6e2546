//! The stages of a compilation as text, for `--emit`.

pub(crate) mod syntax;
pub(crate) mod tokens;
pub(crate) mod typed;
