//! From rows to suggestions: what the tables of the language know of the values, and the order.

use flowql::ide::{Suggestion, match_rank};
use flowql::tables::Type;
use flowql::{Column, Schema};

use serde::Deserialize;

use super::form::{By, Form};
use crate::ValueQuery;

/// A row of the answer to a statement of a [`ValuePlan`](super::ValuePlan).
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct ValueRow {
    /// The value.
    pub value: String,
    /// What it means; may be empty.
    pub detail: String,
    /// Its traffic in bytes.
    pub weight: f64,
}

/// What turns the rows of a query into its suggestions.
pub(super) struct Answer<'a> {
    query: &'a ValueQuery,
    schema: &'a Schema,
    column: Option<&'a Column>,
    form: Option<Form>,
}

impl<'a> Answer<'a> {
    pub(super) fn new(query: &'a ValueQuery, schema: &'a Schema) -> Self {
        let column = schema.find(&query.column).map(|id| schema.column(id));
        Self { query, schema, column, form: column.map(|column| Form::of(column, query)) }
    }

    /// The suggestions, the best first: those that match best, and among these those with the most traffic.
    pub(super) fn ranked(&self, rows: Vec<ValueRow>) -> Vec<Suggestion> {
        let (Some(column), Some(form)) = (self.column, &self.form) else { return Vec::new() };
        let mut ranked: Vec<(u8, f64, Suggestion)> = Vec::with_capacity(rows.len());
        for row in rows {
            let weight = row.weight;
            let Some(suggestion) = self.suggestion(column, row) else { continue };
            let rank = match_rank(&suggestion.value, &suggestion.detail, &form.meaning);
            // What the database found matches in a way of its own, as a MAC address written otherwise.
            let rank = if form.by == By::Later { rank } else { Some(rank.unwrap_or(u8::MAX)) };
            let listed = self.query.exclude.contains(&suggestion.value);
            let known = ranked.iter().any(|(_, _, known)| known.value == suggestion.value);
            if let Some(rank) = rank.filter(|_| !listed && !known) {
                ranked.push((rank, weight, suggestion));
            }
        }
        ranked.sort_by(|first, second| first.0.cmp(&second.0).then(second.1.total_cmp(&first.1)));
        ranked.into_iter().map(|(_, _, suggestion)| suggestion).take(self.query.limit).collect()
    }

    /// A row as it is suggested; `None` where it cannot be.
    fn suggestion(&self, column: &Column, row: ValueRow) -> Option<Suggestion> {
        let ValueRow { value, detail, .. } = row;
        let suggestion = |value: String, detail: &str| Some(Suggestion { value, detail: detail.to_owned() });
        match column.filter_type {
            Some(Type::Proto) => {
                let number: u8 = value.parse().ok()?;
                let known = self
                    .schema
                    .registries()
                    .protocols
                    .by_number(number)
                    .map(|known| known.name.to_ascii_lowercase());
                let name = known.unwrap_or_else(|| detail.to_ascii_lowercase());
                match self.query.quoted {
                    true if name.is_empty() => None,
                    true => suggestion(name, &format!("protocol {number}")),
                    false => suggestion(value, &name),
                }
            }
            Some(Type::Uint) if column.port => {
                let detail =
                    match value.parse().ok().and_then(|port| self.schema.registries().services.name_of(port))
                    {
                        Some(service) if detail.is_empty() || self.query.quoted => service.to_owned(),
                        _ => detail,
                    };
                match self.query.quoted {
                    true if self.schema.registries().services.port_of(&detail).is_none() => None,
                    true => suggestion(detail, &value),
                    false => suggestion(value, &detail),
                }
            }
            Some(Type::Community) => {
                let name = self.community(&value).unwrap_or_default();
                suggestion(value, &name)
            }
            Some(Type::String) if column.country => {
                let name = self.schema.registries().countries.name_of(&value).unwrap_or_default();
                suggestion(value, name)
            }
            _ => Some(Suggestion { value, detail }),
        }
    }

    /// The name of a community, of the configuration or well known.
    fn community(&self, value: &str) -> Option<String> {
        let configured = self.schema.communities().find(|(_, community)| community.to_string() == value);
        let well_known = || {
            let (high, low) = value.split_once(':')?;
            let known =
                self.schema.registries().communities.by_value((high.parse().ok()?, low.parse().ok()?))?;
            Some(known.name.to_owned())
        };
        configured.map(|(name, _)| name.to_owned()).or_else(well_known)
    }
}
