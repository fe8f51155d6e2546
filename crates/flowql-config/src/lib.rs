//! The configuration, `flowql.toml`.
//!
//! A configuration that is wrong is refused as a whole, with everything that is wrong in it, each at its line:
//!
//! ```
//! use flowql_config::Config;
//!
//! let text = "[schema]\nenabel = [\"SrcVlan\"]\n";
//! let errors = Config::parse(text, "flowql.toml").unwrap_err();
//! assert_eq!(errors.to_string(), "flowql.toml:2:1: unknown key `enabel` in [schema]: did you mean `enable`?");
//! ```
//!
//! To add a setting, add its field to [`Sections`] and its row to the [reference](Config::reference); to add a
//! section, its row in [`Config::section_reference`] as well. The document is checked against these rows before it
//! is read, and tests check that fields and rows agree.

mod config;
mod document;
mod error;
mod reference;
mod secret;
mod sections;
mod server;

pub use config::{Config, FILE_NAME};
pub use error::{ConfigErrors, ConfigFileError};
pub use reference::{Kind, Section, Setting, Shape};
pub use secret::Secret;
pub use sections::{
    AggregatedSection, BackendKind, BackendSection, ClickhouseSection, EmbeddedSection, LimitsSection,
    Sections, TablesSection,
};
pub use server::{ServerLimits, ServerSection};
