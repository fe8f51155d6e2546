//! Which backends there are, and opening the one that configuration and flags name.
//!
//! [`BackendOptions`] picks one: ClickHouse, embedded or remote, which `flowql-backend` asks; a file of flows
//! ([`FlowFile`]); a file of values ([`StaticValues`]); or another FlowQL service ([`Service`]).

mod events;
mod file;
mod options;
mod section;
mod service;
mod static_values;

pub use events::{Event, Events};
pub use file::FlowFile;
pub use options::{BackendArgs, BackendOptions, PASSWORD_VARIABLE, USER_VARIABLE};
pub use section::{BackendKind, BackendSection};
pub use service::Service;
pub use static_values::StaticValues;
