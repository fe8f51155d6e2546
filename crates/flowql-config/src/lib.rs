//! The configuration, `flowql.toml`.
//!
//! A section is a struct in the crate that reads it, by the derive [`Section`](trait@Section): the type, the default and
//! the sentence of a setting are written on its field, and the reader, the messages, `flowql config` and the reference
//! follow from them. The program lists all of its sections once and hands the list to [`Config::load`].
//!
//! A configuration that is wrong is refused as a whole, with everything that is wrong in it, each at its line:
//!
//! ```
//! use flowql_config::{Config, KnownSection, Registry, Section};
//!
//! /// The printer of reports.
//! #[derive(Clone, Debug, PartialEq, Eq, Section)]
//! #[section(name = "printer", example = "[printer]\npages = 3\n")]
//! struct PrinterSection {
//!     /// The most pages of a report.
//!     #[setting(default = 10, range = 1..=100)]
//!     pages: u32,
//!     /// Whether both sides are used.
//!     duplex: bool,
//! }
//!
//! const SECTIONS: Registry = &[KnownSection::of::<PrinterSection>()];
//! let config = Config::parse("[printer]\npages = 0x20\n", "flowql.toml", SECTIONS).unwrap();
//! assert_eq!(*config.section::<PrinterSection>(), PrinterSection { pages: 32, duplex: false });
//!
//! let errors = Config::parse("[printer]\npage = 2\nduplex = 1\n", "flowql.toml", SECTIONS).unwrap_err();
//! assert_eq!(
//!     errors.to_string(),
//!     "flowql.toml:2:1: unknown key `page` in [printer]: did you mean `pages`?\n\
//!      flowql.toml:3:10: `duplex` must be true or false"
//! );
//! ```

// The derives name this crate from outside, and from inside.
extern crate self as flowql_config;

mod config;
mod document;
mod error;
mod known;
mod reference;
mod secret;
mod section;
mod sections;
mod value;

pub use config::{Config, FILE_NAME};
pub use error::{ConfigErrors, ConfigFileError};
pub use flowql_config_derive::{Choice, Section};
pub use known::{KnownSection, Registry};
pub use reference::{Entry, Kind, SectionInfo, Setting, Shape};
pub use secret::Secret;
pub use section::{Reader, Section};
pub use sections::{
    ColumnSection, ColumnType, CommunitiesSection, FiltersSection, LimitsSection, SchemaSection,
};
pub use value::Value;

/// What the derives use.
#[doc(hidden)]
pub mod derived {
    pub use flowql::ConfigError;
    pub use toml::de::DeValue;
    pub use toml::{Spanned, Table as TomlTable, Value as TomlValue};

    pub use crate::secret::without_logins;
    pub use crate::section::show_sections;
}
