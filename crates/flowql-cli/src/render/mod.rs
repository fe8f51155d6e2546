//! The renderers: of diagnostics, each turns what was found into one format; of the rows of an answer.

pub(crate) mod chart;
pub(crate) mod github;
pub(crate) mod json;
pub(crate) mod rows;
pub(crate) mod sarif;
pub(crate) mod text;
