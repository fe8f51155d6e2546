//! What exporters and interfaces are called: facts of several sources merged, classified by rules, and kept.

mod configured;
mod directory;
mod known;
mod reader;
mod section;
mod state;
mod store;
#[cfg(test)]
mod tests;

pub use directory::{Changes, Classified, Directory, ExporterNames, InterfaceNames, Limits, Source};
pub use known::{Explained, Known};
pub use reader::NamesReader;
pub use section::{ExporterInterfaceSection, ExporterSection};
pub use store::StoreError;
