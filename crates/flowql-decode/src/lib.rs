//! Decodes NetFlow, IPFIX and sFlow datagrams into columns of flows.
//!
//! Bytes and a clock come in, columns come out: the crate does no input or output, reads no clock, starts no thread,
//! and takes any bytes without a panic. What an exporter may cost is bounded by [`Limits`]. A record costs no
//! allocation, and a column that nothing fills costs nothing.

pub mod capture;
pub mod frame;
pub mod sflow;

mod columns;
mod config;
mod datagram;
mod decoder;
mod element;
mod facts;
mod field;
mod legacy;
mod limit;
mod limits;
mod mapping;
mod message;
mod nsel;
mod observer;
mod options;
mod plan;
mod protocol;
mod reason;
mod row;
mod rows;
mod run;
mod samples;
mod sampling;
mod sequence;
mod session;
mod settings;
mod skipped;
mod spread;
mod state;
mod status;
mod template;
mod texts;
mod times;
mod totals;
mod waiting;

pub use columns::{Columns, List};
pub use config::{ElementSection, ExporterSection, SamplingSection};
pub use datagram::{Datagram, Source, Transport};
pub use decoder::{Decoder, SessionStatus};
pub use element::{Element, SCOPE_V9, VARIABLE};
pub use facts::Interface;
pub use field::{Field, Fields, Kind};
pub use limit::{LimitState, RateLimits};
pub use limits::Limits;
pub use observer::{Added, Observer, Record};
pub use protocol::Protocol;
pub use reason::{Counters, Reason};
pub use row::Row;
pub use sampling::{RateSource, SaidRate, SamplingSettings};
pub use sequence::Sequence;
pub use settings::{AddressSource, ExporterSettings, Settings, TimeSource, TotalsAre};
pub use skipped::{Skipped, Statistic};
pub use spread::Spread;
pub use state::StateError;
pub use status::{Awaited, Missing, Tally};
pub use template::Template;
pub use texts::{TextId, Texts};
pub use waiting::Ticket;
