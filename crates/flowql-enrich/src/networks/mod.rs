//! Networks and places of addresses: prefixes with facts from the configuration and files, and GeoIP databases, in one
//! table that lookups take from [`Published`].

mod file;
mod geoip;
mod layer;
mod ranges;
mod record;
mod row;
mod section;
mod sources;
mod table;
#[cfg(test)]
mod tests;

pub(crate) use record::prefix;
pub use row::Fact;
pub use section::{GeoipSection, NetworkFormat, NetworkSection, NetworkSourceSection};
pub use sources::{SourceKind, SourceStatus, Sources};
pub use table::{Network, Published, Table};
