//! Resolving column names.

use super::{Checker, enumerate};
use crate::gather::Gather as _;
use crate::{Code, ColumnId, Diagnostic, Edit, Fix, ScalarType, Span};

impl Checker<'_, '_> {
    /// The filterable column of a name, or an error that says why there is none.
    pub(super) fn column(&mut self, span: Span) -> Option<ColumnId> {
        let name = span.of(self.text);
        match self.context.schema.find(name) {
            None => {
                let diagnostic = self.unknown_column(span);
                self.fail(diagnostic)
            }
            Some(id) => self.usable(id, span),
        }
    }

    /// The column, unless it is disabled or cannot be filtered by.
    pub(super) fn usable(&mut self, id: ColumnId, span: Span) -> Option<ColumnId> {
        let column = self.context.schema.column(id);
        if column.filter_type.is_none() {
            let message = format!("`{}` cannot be used in a filter", column.name);
            let mut diagnostic = Diagnostic::new(Code::UnfilterableColumn, span, message);
            if let Some(ScalarType::DateTime | ScalarType::DateTime64(_)) = column.clickhouse_type.scalar() {
                diagnostic =
                    diagnostic.with_help("the time range of a query selects flows by the time received");
            }
            if let Some(standard) = self.context.schema.standard_communities(id) {
                let help = format!("large communities are asked for by `{standard} = 65000:1:2`");
                diagnostic = diagnostic.with_help(help);
            }
            return self.fail(diagnostic);
        }
        if column.disabled {
            let message = format!("the column `{}` is disabled", column.name);
            let help = self.how_to_enable(id);
            return self.fail(Diagnostic::new(Code::DisabledColumn, span, message).with_help(help));
        }
        Some(id)
    }

    /// What enables a column that is disabled.
    pub(super) fn how_to_enable(&self, id: ColumnId) -> String {
        let column = self.context.schema.column(id);
        let how = if self.context.schema.enabled_by_default(&column.name) {
            format!("remove \"{}\" from `disable`", column.name)
        } else {
            let group = column.group.map(|group| format!(", or the group \"{group}\" it belongs to,"));
            format!("add \"{}\"{} to `enable`", column.name, group.unwrap_or_default())
        };
        format!("{how} in the section [schema] of flowql.toml")
    }

    fn unknown_column(&mut self, span: Span) -> Diagnostic {
        let name = span.of(self.text);
        let diagnostic =
            Diagnostic::new(Code::UnknownColumn, span, format!("unknown column `{}`", shown(name)));
        if self.suggestions == 0 {
            return diagnostic;
        }
        self.suggestions -= 1;
        // SQL quotes names so.
        let inner = name.strip_prefix('`').and_then(|name| name.strip_suffix('`'));
        if let Some(inner) = inner.filter(|inner| self.context.schema.subject(inner).is_some()) {
            return diagnostic.with_fix(Fix::new("remove the backquotes", Edit::replace(span, inner)));
        }
        if name.eq_ignore_ascii_case("dscp") && self.context.schema.find("IPTos").is_some() {
            let help =
                "it is the upper six bits of `IPTos`: `IPTos = \"EF\"`, or `IPTos BETWEEN 184 AND 187`";
            return diagnostic.with_help(help);
        }
        let close = self.context.schema.closest_columns(name);
        if close.is_empty() {
            return diagnostic;
        }
        let fixes: Vec<Fix> =
            close.iter().map(|near| Fix::guess(format!("write `{near}`"), Edit::replace(span, *near))).list();
        diagnostic.with_help(format!("close to it: {}", enumerate(&close))).with_fixes(fixes)
    }
}

/// A user's word as a message shows it: not too long.
pub(super) fn shown(word: &str) -> String {
    const LONGEST: usize = 40;
    let mut shown: String = word.chars().take(LONGEST).collect();
    if shown.len() < word.len() {
        shown.push('…');
    }
    shown
}
