//! A ClickHouse server without a server package: chDB's library in a process of its own, on a loopback port.
//!
//! `libchdb.so` is ClickHouse as a library, and its entry for the command line can listen as the server does. The
//! helper process loads it at run time ([`serve`]) and so speaks ClickHouse's own HTTP interface over a data
//! folder, to any number of other processes. The rest of the crate is on their side: it starts the helper on demand.
//!
//! The two sides share what this module has: the arguments of the helper ([`Serve`]) and the files of a data folder
//! ([`Folder`]). They meet by locks on files, which the system releases however a process ends:
//!
//! - the helper holds the lock of `engine.lock` as long as it lives; while it is held, and `engine.json` is there,
//!   the engine answers at the port that `engine.json` names;
//! - who uses the engine shares the lock of `users.lock`; when nobody has it for a while, the helper ends, and takes
//!   a temporary folder with it;
//! - `stop` in the folder asks the helper to end.
//!
//! A program that may start the engine begins with
//!
//! ```no_run
//! # fn main() -> std::process::ExitCode {
//! if let Some(code) = flowql_embedded::helper() {
//!     return code;
//! }
//! # std::process::ExitCode::SUCCESS
//! # }
//! ```
//!
//! and so is its own helper: it is started again with [`COMMAND`] as its first argument. Others, such as tests, find
//! the program `flowql-embedded`, which does nothing else.

mod arguments;
mod engine;
mod folder;
mod library;
mod serve;

pub use arguments::{COMMAND, Serve, helper, program};
pub use folder::{Folder, State};
pub use serve::serve;
