//! The renderers: of diagnostics, each turns what was found into one format.

pub(crate) mod chart;
pub(crate) mod github;
pub(crate) mod json;
pub(crate) mod sarif;
pub(crate) mod text;
