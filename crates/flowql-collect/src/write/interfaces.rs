//! The rows of the table of the interfaces: one for each that is new or is called something else now, and one each hour.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use flowql_client::native::Block;
use flowql_decode::{Columns, Field};
use flowql_enrich::exporters::{ExporterNames, InterfaceNames};

use super::block::Built;
use super::names::{RowNames, Side};

/// After so many seconds an interface is written once more: the table forgets what it has not seen for long.
const AGAIN: u32 = 3600;

/// So many interfaces are remembered; all are written once more where there are more.
const MOST: usize = 200_000;

/// What of the interfaces is in their table.
#[derive(Debug)]
pub(crate) struct Interfaces {
    /// The columns of the table; none where others fill it.
    columns: Vec<String>,
    written: HashMap<([u8; 16], String), Written>,
    hasher: RandomState,
}

/// What was written of an interface, and when.
#[derive(Clone, Copy, Debug)]
struct Written {
    hash: u64,
    time: u32,
}

/// A row of the table.
struct InterfaceRow {
    time: u32,
    address: [u8; 16],
    exporter: Arc<ExporterNames>,
    interface: Arc<InterfaceNames>,
}

impl Interfaces {
    pub(crate) fn new(columns: &[String]) -> Self {
        Self { columns: columns.to_vec(), written: HashMap::new(), hasher: RandomState::new() }
    }

    /// The block of what is to be written, with its rows.
    pub(crate) fn changed(&mut self, rows: &Columns, named: &RowNames) -> Option<(Built, u64)> {
        if self.columns.is_empty() {
            return None;
        }
        let mut changed = Vec::new();
        for side in [Side::Input, Side::Output] {
            self.look(side, rows, named, &mut changed);
        }
        (!changed.is_empty()).then(|| (self.block(&changed), changed.len() as u64))
    }

    /// Looks at each interface of a side once.
    fn look(&mut self, side: Side, rows: &Columns, named: &RowNames, changed: &mut Vec<InterfaceRow>) {
        let sides = named.sides(side);
        let mut is_seen = vec![false; sides.values.len()];
        for (row, number) in sides.numbers.iter().enumerate() {
            let Ok(place) = usize::try_from(*number) else { continue };
            let Some(seen) = is_seen.get_mut(place).filter(|seen| !**seen) else { continue };
            *seen = true;
            let exporter = named.exporters.numbers.get(row).and_then(|number| named.exporters.get(*number));
            let (Some(interface), Some(exporter)) = (sides.values.get(place), exporter) else { continue };
            let found = InterfaceRow {
                time: u32::try_from(rows.number(Field::TimeReceived, row)).unwrap_or_default(),
                address: rows.address(Field::ExporterAddress, row),
                exporter: Arc::clone(exporter),
                interface: Arc::clone(interface),
            };
            if self.is_due(&found) {
                changed.push(found);
            }
        }
    }

    /// Whether a row is to be written; it is taken as written then.
    fn is_due(&mut self, row: &InterfaceRow) -> bool {
        let (exporter, interface) = (&row.exporter.facts, &row.interface.facts);
        let of_exporter = [&exporter.name, &exporter.group, &exporter.role, &exporter.site];
        let more = [&exporter.region, &exporter.tenant, &interface.description, &interface.connectivity];
        let numbers = (interface.speed, interface.boundary as u8);
        let hash = self.hasher.hash_one((of_exporter, more, &interface.provider, numbers));
        let key = (row.address, interface.name.clone());
        let is_there = self
            .written
            .get(&key)
            .is_some_and(|written| written.hash == hash && row.time < written.time.saturating_add(AGAIN));
        if !is_there {
            if self.written.len() >= MOST {
                self.written.clear();
            }
            self.written.insert(key, Written { hash, time: row.time });
        }
        !is_there
    }

    fn block(&self, rows: &[InterfaceRow]) -> Built {
        type Text = fn(&InterfaceRow) -> &str;
        let text = |name: &str| -> Option<Text> {
            Some(match name {
                "ExporterName" => |row| &row.exporter.facts.name,
                "ExporterGroup" => |row| &row.exporter.facts.group,
                "ExporterRole" => |row| &row.exporter.facts.role,
                "ExporterSite" => |row| &row.exporter.facts.site,
                "ExporterRegion" => |row| &row.exporter.facts.region,
                "ExporterTenant" => |row| &row.exporter.facts.tenant,
                "IfName" => |row| &row.interface.facts.name,
                "IfDescription" => |row| &row.interface.facts.description,
                "IfConnectivity" => |row| &row.interface.facts.connectivity,
                "IfProvider" => |row| &row.interface.facts.provider,
                _ => return None,
            })
        };
        let is_ours = |name: &&String| {
            let others = ["TimeReceived", "ExporterAddress", "IfSpeed", "IfBoundary"];
            text(name).is_some() || others.contains(&name.as_str())
        };
        let columns: Vec<String> = self.columns.iter().filter(is_ours).cloned().collect();
        let mut block = Block::new(columns.len(), rows.len());
        for name in &columns {
            match (name.as_str(), text(name)) {
                (_, Some(text)) => block.few_texts(name, rows.iter().map(text)),
                ("TimeReceived", _) => {
                    block.fixed(name, "DateTime", rows.iter().map(|row| row.time.to_le_bytes()));
                }
                ("ExporterAddress", _) => block.few_addresses(name, rows.iter().map(|row| row.address)),
                ("IfSpeed", _) => {
                    let speeds = rows.iter().map(|row| row.interface.facts.speed.to_le_bytes());
                    block.fixed(name, "UInt32", speeds);
                }
                _ => {
                    let kind = "Enum8('undefined' = 0, 'external' = 1, 'internal' = 2)";
                    block.fixed(name, kind, rows.iter().map(|row| [row.interface.facts.boundary as u8]));
                }
            }
        }
        Built { columns, bytes: block.into_bytes() }
    }
}
