//! What shapes the rows of a stretch: noted with it, so that it is written in the same way after a crash, whatever the
//! configuration says by then.

use std::collections::HashSet;
use std::net::IpAddr;
use std::time::Duration;

use flowql::{ClickhouseType, Column, Schema};
use flowql_decode::{
    AddressSource, ElementSection, ExporterSection, Field, Fields, Limits, Settings, Spread, TimeSource,
};
use flowql_schema::{Expression, Storage};
use flowql_tables::{Catalog, CatalogTable, FLOWS_TABLE, INGEST_TABLE};
use serde::{Deserialize, Serialize};

use super::block::Source;
use super::routes::LOOKED_UP;
use crate::CollectSection;
use crate::asn::{self, AsnFrom};

/// What shapes rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The table that rows are written to.
    pub(crate) table: String,
    /// The columns that it takes and that there is something for.
    pub(crate) columns: Vec<String>,
    /// A block with so many rows is written.
    pub(crate) rows: usize,
    /// The aggregated tables whose rows are made here; none where views make them.
    #[serde(default)]
    pub(crate) sums: Vec<SumsPlan>,
    /// The columns of the table of the interfaces, where its rows are made here.
    #[serde(default)]
    pub(crate) interfaces: Vec<String>,
    /// For how many seconds flows are summed up.
    #[serde(default)]
    pub(crate) flush: u64,
    time: TimeSource,
    exporter_address: AddressSource,
    /// The bounds of what the decoder remembers.
    max_exporters: usize,
    max_sessions: usize,
    idle_seconds: u64,
    elements: Vec<ElementSection>,
    exporters: Vec<ExporterSection>,
    /// Notes of before it was a setting have none: the AS that was sent is kept.
    #[serde(default)]
    asn_from: Vec<AsnFrom>,
    /// The seconds of the bins that long flows are shared out over; 0 for not at all.
    #[serde(default)]
    spread: u32,
}

/// An aggregated table whose rows are made here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SumsPlan {
    pub(crate) table: String,
    /// The seconds of its interval.
    pub(crate) interval: u32,
    /// Its columns that there is something for.
    pub(crate) columns: Vec<String>,
}

/// A column that is written.
#[derive(Clone, Debug)]
pub(crate) struct PlannedColumn {
    pub(crate) name: String,
    pub(crate) kind: ClickhouseType,
    pub(crate) source: Source,
}

/// The database has no table for flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the database has no table `flows`")]
pub struct NoTable;

impl Plan {
    /// What the configuration says, for the tables that there are.
    ///
    /// # Errors
    ///
    /// There is no table for flows.
    pub fn new(section: &CollectSection, schema: &Schema, catalog: &Catalog) -> Result<Self, NoTable> {
        let (table, found) = target(schema, catalog).ok_or(NoTable)?;
        let is_direct = table == FLOWS_TABLE;
        let columns = found.columns.iter().filter(|column| match column.default_kind.as_str() {
            "" => true,
            // The table computes what is left out.
            "DEFAULT" => schema.find(&column.name).is_some_and(|id| schema.column(id).is_sent()),
            _ => false,
        });
        let columns: Vec<String> = columns.map(|column| column.name.clone()).collect();
        Ok(Self {
            table: table.to_owned(),
            // What is written to the table for writers goes everywhere by views.
            sums: catalog.summed().into_iter().filter(|_| is_direct).map(SumsPlan::of).collect(),
            interfaces: catalog.listed().filter(|_| is_direct).map(names).unwrap_or_default(),
            time: section.time,
            spread: section.spread,
            ..Self::of_columns(section, &columns)
        })
    }

    /// The same without a table: for these columns, as far as there is something for them, at the time of reception.
    pub(crate) fn of_columns(section: &CollectSection, columns: &[String]) -> Self {
        Self {
            table: String::new(),
            columns: columns.iter().filter(|name| planned(name).is_some()).cloned().collect(),
            rows: section.write.rows,
            sums: Vec::new(),
            interfaces: Vec::new(),
            flush: section.write.flush,
            time: TimeSource::Received,
            exporter_address: section.exporter_address,
            max_exporters: section.max_exporters,
            max_sessions: section.max_sessions,
            idle_seconds: section.idle_seconds,
            elements: section.element.clone(),
            exporters: section.exporter.clone(),
            asn_from: asn::sources(&section.asn_from),
            spread: 0,
        }
    }

    /// The columns that are enabled, that rows have, and that the table lacks.
    pub(crate) fn missing(&self, schema: &Schema, catalog: &Catalog) -> Vec<String> {
        let Some(table) = catalog.tables.get(&self.table) else { return Vec::new() };
        let has = |name: &str| table.columns.iter().any(|column| column.name == name);
        let enabled = schema.columns().iter().filter(|column| !column.disabled && column.is_sent());
        let missing = enabled.filter(|column| planned(&column.name).is_some() && !has(&column.name));
        missing.map(|column| column.name.to_string()).collect()
    }

    /// The table that rows are written to.
    #[must_use]
    pub fn table(&self) -> &str {
        &self.table
    }

    /// The columns that it gets.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The bounds of what the decoder remembers.
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            exporters: self.max_exporters,
            sessions: self.max_sessions,
            idle: Duration::from_secs(self.idle_seconds),
            ..Limits::default()
        }
    }

    /// The columns with their types, and where their values come from.
    pub(crate) fn planned(&self) -> Vec<PlannedColumn> {
        self.columns.iter().filter_map(|name| planned(name)).collect()
    }

    /// The fields that the decoder is to fill.
    pub(crate) fn fields(&self) -> Fields {
        let summed = self.sums.iter().flat_map(SumsPlan::planned);
        let sources = self.planned().into_iter().chain(summed).flat_map(|column| column.source.fields());
        // The status of exporters says which directions they export.
        sources.chain(LOOKED_UP).chain([Field::FlowDirection]).collect()
    }

    /// Where the AS of addresses comes from.
    pub(crate) fn asn_from(&self) -> &[AsnFrom] {
        &self.asn_from
    }

    /// What shares long flows out, where that is wanted.
    pub(crate) fn spread(&self) -> Option<Spread> {
        (self.spread > 0).then(|| Spread::new(self.spread, self.fields()))
    }

    /// How datagrams are decoded.
    pub(crate) fn decoding(&self) -> Settings {
        // A configuration with faults is refused before.
        let (settings, _) = Settings::of_sections(&self.elements, &self.exporters);
        let (time, exporter_address) = (self.time, self.exporter_address);
        Settings { time, exporter_address, spread: self.spread > 0, ..settings }
    }
}

impl SumsPlan {
    fn of((table, interval, found): (&str, Duration, &CatalogTable)) -> Self {
        let columns = names(found).into_iter().filter(|name| planned(name).is_some());
        let interval = u32::try_from(interval.as_secs()).unwrap_or(u32::MAX).max(1);
        Self { table: table.to_owned(), interval, columns: columns.collect() }
    }

    /// The columns with their types, and where their values come from.
    pub(crate) fn planned(&self) -> Vec<PlannedColumn> {
        self.columns.iter().filter_map(|name| planned(name)).collect()
    }
}

/// The columns of a table that it keeps.
fn names(table: &CatalogTable) -> Vec<String> {
    let kept = table.columns.iter().filter(|column| column.default_kind != "ALIAS");
    kept.map(|column| column.name.clone()).collect()
}

/// The table to write to: `flows`, which computes what it computes when a flow is stored, unless only the view on the
/// table for writers can look something up.
fn target<'c>(schema: &Schema, catalog: &'c Catalog) -> Option<(&'static str, &'c CatalogTable)> {
    let looks_up = schema.columns().iter().any(|column| !column.disabled && column.lookup.is_some());
    let tables = if looks_up { [INGEST_TABLE, FLOWS_TABLE] } else { [FLOWS_TABLE, INGEST_TABLE] };
    tables.into_iter().find_map(|name| Some((name, catalog.tables.get(name)?)))
}

/// The column of a name, if there is something to write to it. All types are those of the product's own schema.
fn planned(name: &str) -> Option<PlannedColumn> {
    static COLUMNS: std::sync::LazyLock<Schema> = std::sync::LazyLock::new(Schema::all_columns);
    let column: &Column = COLUMNS.column(COLUMNS.find(name)?);
    let source = match column.storage().expression {
        Some(Expression::PathHop { place, .. }) => Source::PathHop(place),
        Some(_) => return None,
        None => Source::of(name)?,
    };
    Some(PlannedColumn { name: column.name.to_string(), kind: column.clickhouse_type, source })
}

/// The addresses of the exporters that the configuration names.
pub(crate) fn configured(section: &CollectSection) -> HashSet<IpAddr> {
    let (settings, _) = Settings::of_sections(&section.element, &section.exporter);
    settings.exporters.into_keys().collect()
}
