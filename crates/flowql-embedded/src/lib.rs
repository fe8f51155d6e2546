//! The engine that FlowQL brings along: a real ClickHouse in a helper process, started on demand.
//!
//! ```no_run
//! use flowql_embedded::{Embedded, EmbeddedOptions};
//!
//! # async fn example() -> Result<(), flowql_embedded::EngineError> {
//! // Starts the engine, or finds the one that serves the folder already.
//! let engine = Embedded::open(EmbeddedOptions::at("/var/lib/flowql")).await?;
//! println!("ClickHouse answers at {}", engine.url());
//! // Later, and before a retry: starts it again if it has died meanwhile.
//! engine.ensure().await?;
//! # Ok(())
//! # }
//! ```
//!
//! All processes that open one folder share one engine. It goes on for a while after the last of them has ended, so
//! that the next one finds it warm. A temporary folder, and its engine, end with the [`Embedded`] that made them, or
//! with its process, however that ends. [`process`] has the other side of this.
//!
//! A program that opens an engine calls [`helper`] first in its `main`. Tests use
//! `flowql_client::testing`.

mod error;
pub mod install;
pub mod library;
mod options;
pub mod process;
mod section;
mod start;
mod temporary;

pub use error::EngineError;
pub use options::{EmbeddedOptions, default_folder};
pub use process::helper;
pub use section::EmbeddedSection;
pub use start::{Embedded, status, stop};
