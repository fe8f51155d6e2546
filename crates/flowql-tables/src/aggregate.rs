//! Who makes the rows of the aggregated tables: what a database has decides it, and for a new one the configuration.

use std::time::Duration;

use flowql::Schema;
use flowql_schema::{Expression, Storage as _};

use crate::catalog::{Catalog, CatalogTable};
use crate::layout::{FLOWS_TABLE, Layout, REACH_TABLE, resolution_of};
use crate::{Aggregate, Aggregation};

impl Catalog {
    /// Who makes the rows of the aggregated tables; `None` where there are no flow tables yet.
    ///
    /// Collectors do where they have a table for their reach. An existing database without it has views, and where it lacks
    /// one, that is to be made.
    pub fn aggregate(&self) -> Option<Aggregate> {
        match (self.has(REACH_TABLE), self.has(FLOWS_TABLE)) {
            (true, _) => Some(Aggregate::Collector),
            (false, true) => Some(Aggregate::Views),
            (false, false) => None,
        }
    }

    /// The aggregated tables whose rows the collector makes, with their intervals, the finest first: those that no view
    /// fills.
    pub fn summed(&self) -> Vec<(&str, Duration, &CatalogTable)> {
        if self.aggregate() != Some(Aggregate::Collector) {
            return Vec::new();
        }
        let tables = self.tables.iter().filter_map(|(name, table)| {
            let interval = resolution_of(name).filter(|interval| !interval.is_zero())?;
            (!self.has(&view_of(name))).then_some((name.as_str(), interval, table))
        });
        let mut tables: Vec<_> = tables.collect();
        tables.sort_by_key(|(_, interval, _)| *interval);
        tables
    }

    /// The table of the interfaces, where the collector makes its rows.
    pub fn listed(&self) -> Option<&CatalogTable> {
        let is_ours = self.aggregate() == Some(Aggregate::Collector) && !self.has("exporters_consumer");
        self.tables.get("exporters").filter(|_| is_ours)
    }
}

impl Layout {
    /// Who is to make the rows of the aggregated tables with these columns, and why it is not who the layout says.
    pub fn aggregate_of(&self, schema: &Schema) -> (Aggregate, Option<String>) {
        match (self.aggregate, beyond_collector(schema)) {
            (Aggregate::Collector, Some(column)) => {
                let why = format!("the tables keep `{column}`, which only the database computes");
                (Aggregate::Views, Some(why))
            }
            (aggregate, _) => (aggregate, None),
        }
    }

    /// The finest aggregated table, if it feeds another one, whose intervals are whole ones of it.
    pub(crate) fn feeds(&self, table: &Aggregation) -> Option<&Aggregation> {
        let finest = self.aggregated.first().filter(|finest| finest.interval < table.interval)?;
        table.interval.as_secs().is_multiple_of(finest.interval.as_secs().max(1)).then_some(finest)
    }
}

/// The view that feeds a table with what comes by the table for writers, where the collector feeds it with the rest.
pub(crate) fn ingest_view_of(table: &str) -> String {
    format!("{table}_ingest")
}

/// The view that feeds an aggregated table.
pub(crate) fn view_of(table: &str) -> String {
    format!("{table}_consumer")
}

/// A column that the collector cannot compute, of the aggregated tables or, where a dictionary has it, of `flows`: then
/// the collector writes to the table for writers, whose views do all.
fn beyond_collector(schema: &Schema) -> Option<&str> {
    let enabled = schema.columns().iter().filter(|column| !column.disabled);
    let mut computed = enabled.filter(|column| !column.is_computed_at_query());
    let found = computed.find(|column| {
        let by_expression = column.storage().expression.filter(|_| !column.main_only);
        column.lookup.is_some()
            || by_expression.is_some_and(|expression| !matches!(expression, Expression::PathHop { .. }))
    })?;
    Some(&found.name)
}
