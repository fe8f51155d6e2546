//! Names of exporters and interfaces: of the configuration, else of option records, else made of the address and the
//! index. Nothing is dropped for the lack of a name.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::Ipv6Addr;

use flowql_decode::{Columns, Field, TextId, Texts};

use super::plan::{KnownExporter, KnownInterface, Plan};

/// What is known of an exporter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExporterFact {
    Name,
    Group,
    Role,
    Site,
    Region,
    Tenant,
}

/// What is known of an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InterfaceFact {
    Name,
    Description,
    Speed,
    Connectivity,
    Provider,
    Boundary,
}

/// Which interface of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Input,
    Output,
}

impl ExporterFact {
    /// The fact that a column has.
    pub(crate) fn of(column: &str) -> Option<Self> {
        Some(match column.strip_prefix("Exporter")? {
            "Name" => Self::Name,
            "Group" => Self::Group,
            "Role" => Self::Role,
            "Site" => Self::Site,
            "Region" => Self::Region,
            "Tenant" => Self::Tenant,
            _ => return None,
        })
    }
}

impl InterfaceFact {
    /// The fact that a column has, and of which interface.
    pub(crate) fn of(column: &str) -> Option<(Side, Self)> {
        let input = column.strip_prefix("InIf").map(|rest| (Side::Input, rest));
        let (side, rest) = input.or_else(|| Some((Side::Output, column.strip_prefix("OutIf")?)))?;
        let fact = match rest {
            "Name" => Self::Name,
            "Description" => Self::Description,
            "Speed" => Self::Speed,
            "Connectivity" => Self::Connectivity,
            "Provider" => Self::Provider,
            "Boundary" => Self::Boundary,
            _ => return None,
        };
        Some((side, fact))
    }
}

impl Side {
    /// The fields with the index, the name and the description.
    pub(crate) const fn fields(self) -> [Field; 3] {
        match self {
            Self::Input => [Field::InIfIndex, Field::InIfName, Field::InIfDescription],
            Self::Output => [Field::OutIfIndex, Field::OutIfName, Field::OutIfDescription],
        }
    }
}

/// What the configuration knows.
#[derive(Debug)]
pub(crate) struct Names {
    exporters: HashMap<[u8; 16], KnownExporter>,
    interfaces: HashMap<([u8; 16], u32), KnownInterface>,
}

impl Names {
    pub(crate) fn new(plan: &Plan) -> Self {
        let exporters = plan.exporters.iter().map(|known| (octets(known.address), known.clone()));
        let interfaces =
            plan.interfaces.iter().map(|known| ((octets(known.exporter), known.index), known.clone()));
        Self { exporters: exporters.collect(), interfaces: interfaces.collect() }
    }
}

fn octets(address: std::net::IpAddr) -> [u8; 16] {
    match address {
        std::net::IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        std::net::IpAddr::V6(address) => address.octets(),
    }
}

/// The values of rows by number: few different ones.
#[derive(Debug)]
pub(crate) struct Numbered<T> {
    /// The number of each row's value.
    pub(crate) numbers: Vec<u32>,
    /// The value of each number.
    pub(crate) values: Vec<T>,
}

impl<T> Numbered<T> {
    fn of<K: Copy + Eq + Hash>(keys: impl Iterator<Item = K>, mut value: impl FnMut(K) -> T) -> Self {
        let mut known: HashMap<K, u32> = HashMap::new();
        let mut values = Vec::new();
        let mut last: Option<(K, u32)> = None;
        let numbers = keys.map(|key| match last {
            Some((same, number)) if same == key => number,
            _ => {
                let number = *known.entry(key).or_insert_with(|| {
                    values.push(value(key));
                    // A block has fewer rows than 32 bits can tell apart.
                    (values.len() - 1) as u32
                });
                last = Some((key, number));
                number
            }
        });
        let numbers = numbers.collect();
        Self { numbers, values }
    }

    fn get(&self, number: u32) -> Option<&T> {
        self.values.get(usize::try_from(number).ok()?)
    }
}

/// What is known of the exporter of a row.
#[derive(Debug)]
pub(crate) struct NamedExporter {
    facts: [String; 6],
}

/// What is known of an interface of a row.
#[derive(Debug, Default)]
pub(crate) struct NamedInterface {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) connectivity: String,
    pub(crate) provider: String,
    /// In Mbit/s.
    pub(crate) speed: u32,
    pub(crate) boundary: u8,
}

/// What is known of the exporters and the interfaces of rows.
#[derive(Debug)]
pub(crate) struct RowNames {
    pub(crate) exporters: Numbered<NamedExporter>,
    input: Numbered<NamedInterface>,
    output: Numbered<NamedInterface>,
}

impl RowNames {
    pub(crate) fn new(names: &Names, rows: &Columns, texts: &Texts) -> Self {
        let addresses = (0..rows.rows()).map(|row| rows.address(Field::ExporterAddress, row));
        let exporters = Numbered::of(addresses, |address| NamedExporter::new(names, address));
        let side = |side: Side| {
            let [index, name, description] = side.fields();
            let number = |field, row| u32::try_from(rows.number(field, row)).unwrap_or_default();
            let keys = (0..rows.rows()).map(|row| {
                let said = [number(name, row), number(description, row)];
                (rows.address(Field::ExporterAddress, row), number(index, row), said)
            });
            Numbered::of(keys, |(exporter, index, said)| {
                NamedInterface::new(names, (exporter, index), said.map(|text| texts.text(TextId(text))))
            })
        };
        Self { exporters, input: side(Side::Input), output: side(Side::Output) }
    }

    pub(crate) const fn sides(&self, side: Side) -> &Numbered<NamedInterface> {
        match side {
            Side::Input => &self.input,
            Side::Output => &self.output,
        }
    }

    /// The interface of each row.
    pub(crate) fn interfaces(&self, side: Side) -> impl Iterator<Item = &NamedInterface> {
        let sides = self.sides(side);
        sides.numbers.iter().filter_map(|number| sides.get(*number))
    }

    pub(crate) fn exporter(&self, number: u32, fact: ExporterFact) -> &str {
        let exporter = self.exporters.get(number);
        exporter.and_then(|exporter| exporter.facts.get(fact as usize)).map_or("", |text| text)
    }

    pub(crate) fn interface(&self, side: Side, number: u32, fact: InterfaceFact) -> &str {
        let Some(interface) = self.sides(side).get(number) else { return "" };
        match fact {
            InterfaceFact::Name => &interface.name,
            InterfaceFact::Description => &interface.description,
            InterfaceFact::Connectivity => &interface.connectivity,
            InterfaceFact::Provider => &interface.provider,
            InterfaceFact::Speed | InterfaceFact::Boundary => "",
        }
    }
}

impl NamedExporter {
    fn new(names: &Names, address: [u8; 16]) -> Self {
        let mut facts = match names.exporters.get(&address) {
            Some(known) => {
                [&known.name, &known.group, &known.role, &known.site, &known.region, &known.tenant]
                    .map(String::clone)
            }
            None => Default::default(),
        };
        if let Some(name) = facts.first_mut().filter(|name| name.is_empty()) {
            *name = Ipv6Addr::from(address).to_canonical().to_string();
        }
        Self { facts }
    }
}

impl NamedInterface {
    /// An interface with what option records say of it; 0 is none.
    fn new(names: &Names, key: ([u8; 16], u32), [name, description]: [&str; 2]) -> Self {
        let (_, index) = key;
        if index == 0 && name.is_empty() {
            return Self::default();
        }
        let known = names.interfaces.get(&key);
        let first = |configured: Option<&String>, said: &str| {
            let configured = configured.filter(|text| !text.is_empty());
            configured.map_or_else(|| said.to_owned(), String::clone)
        };
        let mut interface = Self {
            name: first(known.map(|known| &known.name), name),
            description: first(known.map(|known| &known.description), description),
            ..Self::default()
        };
        if interface.name.is_empty() {
            interface.name = format!("if{index}");
        }
        if let Some(known) = known {
            interface.connectivity.clone_from(&known.connectivity);
            interface.provider.clone_from(&known.provider);
            (interface.speed, interface.boundary) = (known.speed, known.boundary);
        }
        interface
    }
}
