//! The compiler: a filter goes in, and out come SQL and diagnostics.

use crate::check::{self, Context, SavedFilters};
use crate::sql::{Lowering, Parameter};
use crate::syntax;
use crate::tables::Type;
use crate::typed::{Condition, Filter, Test};
use crate::{Code, ColumnId, Diagnostic, Limits, Schema, diagnostic};

/// Compiles filters against one schema and one set of saved filters.
#[derive(Clone, Copy, Debug)]
pub struct Compiler<'a> {
    /// The columns.
    pub schema: &'a Schema,
    /// The saved filters that `@name` may refer to.
    pub saved: &'a SavedFilters,
    /// What a filter may cost.
    pub limits: Limits,
}

/// How a filter is compiled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options<'a> {
    /// For the flows in the opposite direction.
    pub reverse: bool,
    /// With the values beside the text instead of in it.
    pub bound: bool,
    /// The database that qualifies the dictionaries.
    pub database: Option<&'a str>,
}

/// What a compilation gives.
#[derive(Clone, Debug, Default)]
pub struct Compilation {
    /// The SQL: empty for a blank filter, `None` for a bad one.
    pub sql: Option<String>,
    /// The values that a bound text refers to; empty for an inline text.
    pub parameters: Vec<Parameter>,
    /// The columns that the SQL reads, in its order.
    pub columns: Vec<ColumnId>,
    /// Whether some column is in the raw table only.
    pub main_table_required: bool,
    /// Everything to say of the filter, in the order of its text.
    pub diagnostics: Vec<Diagnostic>,
}

/// A filter that was checked.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The filter, reversed where that was asked for; `None` for a blank or a bad one.
    pub filter: Option<Filter>,
    /// Everything to say of the filter, in the order of its text.
    pub diagnostics: Vec<Diagnostic>,
}

impl Checked {
    /// Whether no error was found.
    pub fn is_valid(&self) -> bool {
        !self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

impl<'a> Compiler<'a> {
    /// A compiler with the default limits.
    pub const fn new(schema: &'a Schema, saved: &'a SavedFilters) -> Self {
        Self { schema, saved, limits: Limits::DEFAULT }
    }

    /// Checks a filter, and reverses it where that is asked for.
    pub fn check(&self, text: &str, options: Options<'_>) -> Checked {
        let parse =
            syntax::parse_tokens(text, || syntax::tokenize(text), &self.limits, self.schema.registries());
        let syntax::Parse { tokens, tree, mut diagnostics } = parse;
        let context = Context { schema: self.schema, saved: self.saved, limits: &self.limits };
        let malformed = diagnostics.iter().any(Diagnostic::is_error);
        let mut filter = tree.and_then(|tree| check::check(text, &tree, context, &mut diagnostics));
        if malformed {
            // What AND and OR join is not known yet.
            diagnostics.retain(|found| found.code != Code::MixedAndOr);
        }
        let blank = tokens.iter().all(|token| token.kind == syntax::TokenKind::Comment);
        if diagnostics.iter().any(Diagnostic::is_error) {
            filter = None;
        } else if filter.is_none() && !blank {
            // It must never select everything.
            let span = crate::Span::new(0, text.len());
            diagnostics.push(Diagnostic::new(
                Code::Internal,
                span,
                "internal error: the filter was not read",
            ));
        }
        if let Some(filter) = &mut filter {
            if options.reverse {
                self.reverse(filter, &mut diagnostics);
            }
            self.hint_at_raw_table(filter, &mut diagnostics);
        }
        Checked { filter, diagnostics: diagnostic::finish(diagnostics, self.limits.diagnostics) }
    }

    /// Everything to say of a filter, in the order of its text.
    pub fn diagnostics(&self, text: &str) -> Vec<Diagnostic> {
        self.check(text, Options::default()).diagnostics
    }

    /// Compiles a filter.
    pub fn compile(&self, text: &str, options: Options<'_>) -> Compilation {
        self.compile_checked(self.check(text, options), options)
    }

    /// Compiles a filter that was checked with the same options.
    pub fn compile_checked(&self, checked: Checked, options: Options<'_>) -> Compilation {
        let Checked { filter, mut diagnostics } = checked;
        let Some(filter) = filter else {
            let valid = !diagnostics.iter().any(Diagnostic::is_error);
            return Compilation { sql: valid.then(String::new), diagnostics, ..Compilation::default() };
        };
        let protocols = protocols_dictionary(options.database);
        let lowering = Lowering { schema: self.schema, protocols: &protocols };
        let Some(expr) = lowering.lower(&filter) else {
            let span = crate::Span::new(0, 0);
            diagnostics.push(Diagnostic::new(Code::Internal, span, "internal error: the filter has no SQL"));
            return Compilation { diagnostics, ..Compilation::default() };
        };
        let printed =
            if options.bound { expr.print_bound(self.schema) } else { expr.print_inline(self.schema) };
        Compilation {
            main_table_required: printed.columns.iter().any(|&id| self.needs_main_table(id)),
            sql: Some(printed.sql),
            parameters: printed.parameters,
            columns: printed.columns,
            diagnostics,
        }
    }

    fn is_main_only(&self, id: ColumnId) -> bool {
        let column = self.schema.column(id);
        column.main_only || column.per_flow
    }

    fn reverse(&self, filter: &mut Filter, diagnostics: &mut Vec<Diagnostic>) {
        for column in filter.reverse(self.schema) {
            let name = &self.schema.column(column.id).name;
            let message =
                format!("`{name}` has no enabled counterpart and stays as it is in the reversed filter");
            diagnostics.push(Diagnostic::new(Code::NotReversed, column.span, message));
        }
    }

    /// A hint at the first condition on each column that makes the query read the raw table.
    fn hint_at_raw_table(&self, filter: &Filter, diagnostics: &mut Vec<Diagnostic>) {
        let mut hinted: Vec<ColumnId> = Vec::new();
        for_each_own_condition(filter, &mut |condition, pair| {
            let other = match condition.test {
                Test::CompareColumn(_, other) => Some(other),
                _ => None,
            };
            let other = other.map(|other| (other, None));
            for (column, pair) in std::iter::once((condition.column, pair)).chain(other) {
                if !hinted.contains(&column.id) && self.reads_main_table(condition, column.id) {
                    hinted.push(column.id);
                    let name = pair.unwrap_or(&self.schema.column(column.id).name);
                    // The two columns of a pair have one name.
                    let is_this =
                        |found: &Diagnostic| found.code == Code::RawTable && found.span == column.span;
                    if diagnostics.iter().any(is_this) {
                        continue;
                    }
                    let why = if self.schema.column(column.id).per_flow {
                        "is of a single flow only in the raw table"
                    } else {
                        "is only in the raw table"
                    };
                    let message = format!("`{name}` {why}, which is slower and reaches less far back");
                    diagnostics.push(Diagnostic::new(Code::RawTable, column.span, message));
                }
            }
        });
    }

    /// Whether a condition on a column reads the raw table. Prefixes and communities stand for other
    /// columns, which only the SQL tells.
    fn reads_main_table(&self, condition: &Condition, id: ColumnId) -> bool {
        if matches!(condition.test, Test::CompareColumn(..)) {
            // By name: each of the two is read itself.
            return self.needs_main_table(id);
        }
        match self.schema.column(id).filter_type {
            Some(Type::Prefix | Type::Community) => {
                let lowering = Lowering { schema: self.schema, protocols: "" };
                let columns = lowering.condition(condition).map(|expr| expr.columns(self.schema));
                columns.unwrap_or_default().into_iter().any(|id| self.needs_main_table(id))
            }
            _ => self.is_main_only(id),
        }
    }

    /// Whether reading the column, or what it is computed from, takes the raw table.
    pub fn needs_main_table(&self, id: ColumnId) -> bool {
        match self.schema.prefix_parts(id) {
            Some((address, mask)) if !self.schema.column(id).materialized => {
                self.is_main_only(address) || self.is_main_only(mask)
            }
            _ => self.is_main_only(id),
        }
    }
}

/// Calls `visit` with the conditions of the filter's own text, those of saved filters left out, and the name of the pair
/// that they are on.
fn for_each_own_condition(filter: &Filter, visit: &mut impl FnMut(&Condition, Option<&str>)) {
    match filter {
        Filter::Condition(condition) => visit(condition, None),
        Filter::Either(either) => either.sides.iter().for_each(|side| visit(side, Some(&either.name))),
        Filter::Saved { .. } => {}
        Filter::Not(inner) | Filter::Group(inner) => for_each_own_condition(inner, visit),
        Filter::And(terms) | Filter::Or(terms) => {
            for term in terms {
                for_each_own_condition(term, visit);
            }
        }
    }
}

fn protocols_dictionary(database: Option<&str>) -> String {
    match database {
        // An empty name is none, as forms and variables that were left out have it.
        Some(database) if !database.is_empty() => format!("{database}.protocols"),
        _ => "protocols".to_owned(),
    }
}
