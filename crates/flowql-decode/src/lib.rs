//! Decodes NetFlow, IPFIX and sFlow datagrams into columns of flows.
//!
//! Bytes and a clock come in, columns come out: the crate does no input or output, reads no clock, starts no thread,
//! and takes any bytes without a panic. What an exporter may cost is bounded by [`Limits`]. A record costs no
//! allocation, and a column that nothing fills costs nothing.

pub mod frame;

mod columns;
mod datagram;
mod field;
mod limits;
mod reason;
mod row;
pub mod sflow;
mod texts;

pub use columns::{Columns, List};
pub use datagram::{Datagram, Source, Transport};
pub use field::{Field, Fields, Kind};
pub use limits::Limits;
pub use reason::{Counters, Reason};
pub use row::Row;
pub use texts::{TextId, Texts};
