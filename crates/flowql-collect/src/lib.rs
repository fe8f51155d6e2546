//! The collector: what routers send is received, kept in a queue, decoded and written to the database.
//!
//! [`receive`] is its first stage, [`write`](mod@write) its second, and [`service`] runs both. The settings are the section `[collect]`
//! of `flowql.toml`, [`CollectSection`].

mod asn;
pub mod bmp;
pub mod receive;
mod section;
pub mod service;
mod tail;
mod tap;
pub mod write;

pub use bmp::{BmpSection, RpkiSection};
pub use section::{
    CollectSection, ForwardSection, HealthSection, JournalSection, ListenProtocol, ListenSection,
    ListenTransport, WriteSection,
};
pub use tail::Counts as TailCounts;
pub use tap::Tap;
