//! What exporters and interfaces of rows are called. The directory knows it; it learns here what option records say, which
//! the decoder has put into the rows. Nothing is dropped for the lack of a name.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use flowql_decode::{Columns, Field, TextId, Texts};
use flowql_enrich::InterfaceFacts;
use flowql_enrich::exporters::{Directory, ExporterNames, InterfaceNames, NamesReader, Source};

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

/// The directory, as a worker sees it.
#[derive(Debug)]
pub(crate) struct Names {
    directory: Arc<Directory>,
    reader: NamesReader,
}

/// An interface as rows have it: its exporter, its index, and the name and the description that were said of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct RowInterface {
    exporter: [u8; 16],
    index: u32,
    said: [TextId; 2],
}

impl Names {
    pub(crate) fn new(directory: &Arc<Directory>) -> Self {
        Self { directory: Arc::clone(directory), reader: NamesReader::new(Arc::clone(directory)) }
    }

    /// An interface of which rows say nothing.
    fn silent(&mut self, row: RowInterface) -> Option<Arc<InterfaceNames>> {
        if row.said != [TextId::default(); 2] {
            return None;
        }
        // 0 is none.
        let is_none = row.index == 0;
        Some(if is_none { Arc::default() } else { self.interface(row) })
    }

    /// An interface of which rows say something, which is learned.
    fn said(&mut self, row: RowInterface, texts: &Texts) -> Arc<InterfaceNames> {
        let [name, description] = row.said.map(|text| texts.text(text).to_owned());
        let said = InterfaceFacts { name, description, ..InterfaceFacts::default() };
        let as_said = |facts| Arc::new(InterfaceNames { facts, given: Vec::new() });
        if row.index == 0 {
            return as_said(said);
        }
        let exporter = address(row.exporter);
        let has_room = self.directory.learn_interface(Source::Options, exporter, row.index, said.clone());
        self.reader.refresh();
        let known = self.interface(row);
        if has_room {
            return known;
        }
        // What cannot be kept is used all the same, where nothing else is known.
        let mut facts = known.facts.clone();
        if facts.name == format!("if{}", row.index) {
            facts.name.clear();
        }
        facts.fill(&said);
        facts.fill(&known.facts);
        as_said(facts)
    }

    fn interface(&mut self, row: RowInterface) -> Arc<InterfaceNames> {
        Arc::clone(self.reader.interface(address(row.exporter), row.index))
    }
}

fn address(octets: [u8; 16]) -> IpAddr {
    Ipv6Addr::from(octets).to_canonical()
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
    pub(crate) fn map<U>(self, value: impl FnMut(T) -> U) -> Numbered<U> {
        Numbered { numbers: self.numbers, values: self.values.into_iter().map(value).collect() }
    }

    pub(crate) fn get(&self, number: u32) -> Option<&T> {
        self.values.get(usize::try_from(number).ok()?)
    }
}

impl<T: Copy + Eq + Hash> Numbered<T> {
    pub(crate) fn of(rows: impl Iterator<Item = T>) -> Self {
        let mut known: HashMap<T, u32> = HashMap::new();
        let mut values = Vec::new();
        let mut last: Option<(T, u32)> = None;
        let numbers = rows.map(|value| match last {
            Some((same, number)) if same == value => number,
            _ => {
                let number = *known.entry(value).or_insert_with(|| {
                    values.push(value);
                    // A block has fewer rows than 32 bits can tell apart.
                    (values.len() - 1) as u32
                });
                last = Some((value, number));
                number
            }
        });
        let numbers = numbers.collect();
        Self { numbers, values }
    }
}

/// What is known of the exporters and the interfaces of rows.
#[derive(Debug)]
pub(crate) struct RowNames {
    pub(crate) exporters: Numbered<Arc<ExporterNames>>,
    input: Numbered<Arc<InterfaceNames>>,
    output: Numbered<Arc<InterfaceNames>>,
}

impl RowNames {
    pub(crate) fn new(names: &mut Names, rows: &Columns, texts: &Texts) -> Self {
        names.reader.refresh();
        let addresses = (0..rows.rows()).map(|row| rows.address(Field::ExporterAddress, row));
        let exporters =
            Numbered::of(addresses).map(|octets| Arc::clone(names.reader.exporter(address(octets))));
        // What rows say nothing of is called as it was before what they say of others.
        let sides = [Side::Input, Side::Output]
            .map(|side| interfaces(side, rows).map(|row| (row, names.silent(row))));
        let [input, output] =
            sides.map(|side| side.map(|(row, known)| known.unwrap_or_else(|| names.said(row, texts))));
        Self { exporters, input, output }
    }

    pub(crate) const fn sides(&self, side: Side) -> &Numbered<Arc<InterfaceNames>> {
        match side {
            Side::Input => &self.input,
            Side::Output => &self.output,
        }
    }

    /// What is known of the interface of each row.
    pub(crate) fn interfaces(&self, side: Side) -> impl Iterator<Item = &InterfaceFacts> {
        let sides = self.sides(side);
        sides.numbers.iter().filter_map(|number| sides.get(*number)).map(|names| &names.facts)
    }

    pub(crate) fn exporter(&self, number: u32, fact: ExporterFact) -> &str {
        let Some(ExporterNames { facts, .. }) = self.exporters.get(number).map(|names| &**names) else {
            return "";
        };
        match fact {
            ExporterFact::Name => &facts.name,
            ExporterFact::Group => &facts.group,
            ExporterFact::Role => &facts.role,
            ExporterFact::Site => &facts.site,
            ExporterFact::Region => &facts.region,
            ExporterFact::Tenant => &facts.tenant,
        }
    }

    pub(crate) fn interface(&self, side: Side, number: u32, fact: InterfaceFact) -> &str {
        let Some(InterfaceNames { facts, .. }) = self.sides(side).get(number).map(|names| &**names) else {
            return "";
        };
        match fact {
            InterfaceFact::Name => &facts.name,
            InterfaceFact::Description => &facts.description,
            InterfaceFact::Connectivity => &facts.connectivity,
            InterfaceFact::Provider => &facts.provider,
            InterfaceFact::Speed | InterfaceFact::Boundary => "",
        }
    }
}

/// The interface of each row.
fn interfaces(side: Side, rows: &Columns) -> Numbered<RowInterface> {
    let [index, name, description] = side.fields();
    let number = |field, row| u32::try_from(rows.number(field, row)).unwrap_or_default();
    Numbered::of((0..rows.rows()).map(|row| RowInterface {
        exporter: rows.address(Field::ExporterAddress, row),
        index: number(index, row),
        said: [name, description].map(|field| TextId(number(field, row))),
    }))
}
