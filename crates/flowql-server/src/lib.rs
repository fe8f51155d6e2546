//! The HTTP service of FlowQL, for a console, a chat bot or another program.
//!
//! [`run`] serves two families of routes: `/api/v1` works on whole texts and cursors, so that a client needs no parser
//! of its own; `/api/v0` is what the console of Akvorado calls. Both ask the core's editor layer and a backend, and
//! neither looks into a filter itself. The document that [`openapi`] gives describes them all.
//!
//! A request passes the `gate` first: it finds out who calls, holds the limits, counts and logs. Short filters are
//! worked on at once, long ones in the `lane`. What users save is kept by `saved`.

#![cfg_attr(test, allow(clippy::panic, reason = "a test may panic"))]

mod access;
mod app;
mod boards;
mod body;
mod caller;
mod companion;
mod connections;
mod gate;
mod lane;
mod log;
mod metrics;
mod observed;
mod operation;
mod page;
mod problem;
mod rate;
mod responses;
mod router;
mod saved;
mod section;
mod server;
mod shapes;
mod v0;
mod v1;

pub use access::{ConsoleGroupSection, ConsoleSection, ConsoleUserSection, ForcedFilterError, RoleSetting};
pub use boards::{Board, BoardFault, BoardKind, Dashboard, Panel, text_start};
pub use companion::Companion;
pub use log::start as start_log;
pub use router::openapi;
pub use saved::StoreError;
pub use section::{LogFormat, LogLevel, ServerLimits, ServerSection};
pub use server::{Error, Options, Service, data_folder, run, stop_signal};
