//! The columns and the registries that give values their names: part of the program with the feature `registries`, else
//! given to it.

use std::sync::LazyLock;

use super::communities::Communities;
use super::countries::Countries;
use super::protocols::Protocols;
use super::reserved::Reserved;
use super::services::Services;
use super::texts::sections;
use crate::gather::Gather as _;
use crate::schema::Column;

/// The columns of the flow schema, and the registries of the IANA and of ISO 3166-1. A
/// [`Schema`](crate::Schema) has them.
#[derive(Debug, Default)]
pub struct Registries {
    pub(crate) columns: Vec<Column>,
    /// The TCP and UDP services.
    pub services: Services,
    /// The IP protocols.
    pub protocols: Protocols,
    /// The countries.
    pub countries: Countries,
    /// The well-known BGP communities.
    pub communities: Communities,
    /// The addresses and AS numbers that are set aside.
    pub reserved: Reserved,
}

#[cfg(feature = "registries")]
const BUILT_IN: &str = include_str!("generated/registries.txt");
#[cfg(not(feature = "registries"))]
const BUILT_IN: &str = "";

impl Registries {
    /// The registries that the program contains; empty ones without the feature `registries`.
    pub fn built_in() -> &'static Self {
        static REGISTRIES: LazyLock<Registries> = LazyLock::new(|| Registries::new(BUILT_IN));
        &REGISTRIES
    }

    /// Registries that come from a file beside the program: the text of `generated/registries.txt`.
    pub fn new(text: &'static str) -> Self {
        let mut registries = Self::default();
        for (heading, lines) in sections(text) {
            match heading {
                "columns" => registries.columns = lines.lines().map(Column::read).list(),
                "services" => registries.services = Services::new(lines),
                "protocols" => registries.protocols = Protocols::new(lines),
                "countries" => registries.countries = Countries::new(lines),
                "communities" => registries.communities = Communities::new(lines),
                "addresses" => registries.reserved.addresses = lines,
                "AS numbers" => registries.reserved.as_numbers = lines,
                _ => {}
            }
        }
        registries
    }
}
