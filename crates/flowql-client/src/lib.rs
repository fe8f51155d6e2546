//! A ClickHouse server or cluster, remote or [embedded](flowql_embedded), over HTTP.
//!
//! [`Client`] runs statements; everything that asks ClickHouse goes through it:
//!
//! ```no_run
//! # async fn example(client: flowql_client::Client) -> Result<(), flowql_client::Error> {
//! use flowql_client::Statement;
//!
//! #[derive(serde::Deserialize)]
//! struct Exporter {
//!     name: String,
//!     interfaces: u64,
//! }
//!
//! let statement = Statement::read("SELECT ExporterName AS name, uniq(IfName) AS interfaces FROM exporters \
//!                                  WHERE ExporterName LIKE {pattern:String} GROUP BY name")
//!     .parameter("pattern", "edge%");
//! let exporters: Vec<Exporter> = client.all(&statement).await?;
//! # Ok(())
//! # }
//! ```
//!
//! - A value gets into a statement as a parameter, never as text.
//! - Every call ends by its deadline. Dropping its future, or the rows, cancels the query at the server, also that of a user
//!   who may not change settings, unless the process ends in that moment.
//! - [`Statement::read`] cannot write, whatever its text says, and is tried again, on the next server, where no row
//!   was delivered yet. [`Statement::write`] is tried again only if it never reached a server. A batch of
//!   [`Client::insert`] carries a token, by which the server drops a batch that it has already, and so is tried
//!   until it is acknowledged.
//! - A server that takes a call and says nothing is asked beside it whether it is there. If it does not answer that
//!   either, the next server is tried long before the deadline; a server that is merely slow is waited for.
//! - No more than [`ClientOptions::concurrency`] calls run at once; others wait for their turn.

mod answer_table;
mod block_writer;
mod client;
mod error;
mod errors;
pub mod http;
mod json_numbers;
mod kill_query;
pub mod native;
mod options;
mod rows;
mod section;
mod servers;
mod sql;
mod statement;
#[cfg(feature = "testing")]
pub mod testing;
mod time;
mod watch;

pub use answer_table::{AnswerTable, amount, scaled};
pub use block_writer::{BlockCounts, BlockWriter, BlockWriterOptions, RowBlock};
pub use client::{Client, Health, Progress, Statistics, query_id};
pub use error::Error;
pub use errors::UNKNOWN_DATABASE;
pub use options::{ClientOptions, InsertCompression, ServerOptions};
pub use rows::{AnswerColumn, RowStream, Rows};
pub use section::ClickhouseSection;
pub use sql::Sql;
pub use statement::{Insert, LONGEST_FIELD, MOST_FIELDS, Statement, escape};
pub use time::iso_time;
