//! The collector: what routers send is received and kept in a queue.
//!
//! [`receive`] is its first stage. The settings are the section `[collect]` of `flowql.toml`, [`CollectSection`].

pub mod receive;
mod section;

pub use section::{
    CollectSection, ForwardSection, JournalSection, ListenProtocol, ListenSection, ListenTransport,
};
