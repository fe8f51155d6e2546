//! What rules are about: exporters and interfaces, each with a schema of its own.

use std::net::IpAddr;
use std::sync::LazyLock;

use flowql::Schema;
use flowql::tables::{Registries, Texts};
use flowql_eval::Value;

use crate::facts::{Boundary, ExporterFacts, InterfaceFacts};

/// The schema of exporters, over which `[[classify.exporter]]` filters.
pub fn exporter_schema() -> &'static Schema {
    static REGISTRIES: LazyLock<Registries> =
        LazyLock::new(|| Registries::new(include_str!("exporter.columns.txt")));
    static SCHEMA: LazyLock<Schema> =
        LazyLock::new(|| Schema::new(&REGISTRIES).with_texts(Texts::new(include_str!("exporter.texts.txt"))));
    &SCHEMA
}

/// The schema of interfaces, over which `[[classify.interface]]` filters.
pub fn interface_schema() -> &'static Schema {
    static REGISTRIES: LazyLock<Registries> =
        LazyLock::new(|| Registries::new(include_str!("interface.columns.txt")));
    static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
        Schema::new(&REGISTRIES).with_texts(Texts::new(include_str!("interface.texts.txt")))
    });
    &SCHEMA
}

/// Says of rules that they are for exporters.
#[derive(Clone, Copy, Debug)]
pub enum Exporters {}

/// Says of rules that they are for interfaces.
#[derive(Clone, Copy, Debug)]
pub enum Interfaces {}

/// Something that rules classify.
pub trait Subject {
    /// Which rules are for it.
    type Sort;

    /// Its schema.
    fn schema() -> &'static Schema;

    /// The value of a column of the schema.
    fn value(&self, column: &str) -> Value;

    /// Sets the attribute of a key. Whether there is such an attribute and it can have the value.
    fn set(&mut self, key: &str, value: &str) -> bool;
}

/// An exporter as rules see it.
#[derive(Clone, Copy, Debug)]
pub struct ExporterSubject<'a> {
    /// Its address.
    pub address: IpAddr,
    /// What is known of it, with a name in any case.
    pub facts: &'a ExporterFacts,
}

/// An exporter that rules may change.
#[derive(Debug)]
pub struct ClassifiedExporter {
    /// Its address.
    pub address: IpAddr,
    /// What is known of it, with a name in any case.
    pub facts: ExporterFacts,
}

/// An interface that rules may change.
#[derive(Debug)]
pub struct ClassifiedInterface<'a> {
    /// The exporter, classified.
    pub exporter: ExporterSubject<'a>,
    /// The index.
    pub index: u32,
    /// What is known of it, with a name in any case.
    pub facts: InterfaceFacts,
}

impl ExporterSubject<'_> {
    fn value(self, column: &str) -> Value {
        let Self { address, facts } = self;
        text(match column {
            "Address" => return Value::Number(bits(address)),
            "Name" => &facts.name,
            "Group" => &facts.group,
            "Role" => &facts.role,
            "Site" => &facts.site,
            "Region" => &facts.region,
            "Tenant" => &facts.tenant,
            _ => "",
        })
    }
}

impl Subject for ClassifiedExporter {
    type Sort = Exporters;

    fn schema() -> &'static Schema {
        exporter_schema()
    }

    fn value(&self, column: &str) -> Value {
        ExporterSubject { address: self.address, facts: &self.facts }.value(column)
    }

    fn set(&mut self, key: &str, value: &str) -> bool {
        set_text(&mut self.facts.texts(), key, value)
    }
}

impl Subject for ClassifiedInterface<'_> {
    type Sort = Interfaces;

    fn schema() -> &'static Schema {
        interface_schema()
    }

    fn value(&self, column: &str) -> Value {
        text(match column {
            "Name" => &self.facts.name,
            "Description" => &self.facts.description,
            "Index" => return Value::Number(self.index.into()),
            "Speed" => return Value::Number(self.facts.speed.into()),
            "VRF" => &self.facts.vrf,
            "Connectivity" => &self.facts.connectivity,
            "Provider" => &self.facts.provider,
            "Boundary" => self.facts.boundary.name(),
            "Exporter" => return self.exporter.value("Name"),
            column => return self.exporter.value(column.trim_start_matches("Exporter")),
        })
    }

    fn set(&mut self, key: &str, value: &str) -> bool {
        if key != "boundary" {
            return set_text(&mut self.facts.texts(), key, value);
        }
        let boundary = Boundary::named(&value.to_ascii_lowercase());
        self.facts.boundary = boundary.unwrap_or(self.facts.boundary);
        boundary.is_some()
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// The address as the columns of flows have it: IPv4 mapped into IPv6.
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

fn set_text(texts: &mut [(&'static str, &mut String)], key: &str, value: &str) -> bool {
    let place = texts.iter_mut().find(|(known, _)| *known == key);
    place.map(|(_, text)| value.clone_into(text)).is_some()
}
