//! The answers, each a function of a [`Request`](crate::request::Request).

pub(crate) mod actions;
pub(crate) mod commands;
pub(crate) mod completion;
pub(crate) mod diagnostics;
pub(crate) mod format;
pub(crate) mod hints;
pub(crate) mod hover;
pub(crate) mod names;
pub(crate) mod outline;
pub(crate) mod tokens;
