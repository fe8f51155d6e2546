//! `GET /api/v1/schema`.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::State;
use axum::{Extension, Json};
use flowql::tables::{self, KEYWORDS, OPERATORS, OperatorInfo};
use flowql::{Column, Pair, Schema, SchemaConfig};
use flowql_backend::Backend;
use flowql_config::CommunitiesSection;
use serde::Serialize;
use utoipa::ToSchema;

use super::collector::CollectorShape;
use crate::access::Sight;
use crate::app::App;
use crate::caller::Caller;
use crate::responses::Always;

/// The columns, and what a filter may say of them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Schema)]
pub(crate) struct Answer {
    /// The columns, those that are not enabled included.
    columns: Vec<ColumnShape>,
    /// The names that stand for either of two columns in a filter, and nowhere else.
    pairs: Vec<PairShape>,
    /// The operators.
    operators: Vec<OperatorShape>,
    /// The keywords.
    keywords: Vec<&'static str>,
    /// What shapes the language here, for a client that runs the compiler itself: `configure` of `@flowql/wasm` takes it.
    configuration: Configuration,
    /// The name of the backend; `null` where there is none.
    #[schema(required)]
    backend: Option<&'static str>,
    /// Whether the backend runs queries.
    queries: bool,
    /// The flow tables that the backend has.
    tables: Vec<TableShape>,
    /// The collector that runs in the same process; `null` where none does.
    #[schema(required)]
    collector: Option<CollectorShape>,
    /// Who calls, and what they may do.
    user: UserShape,
    /// Why the tables are not known; absent where they are, or where there is no backend.
    #[serde(skip_serializing_if = "Option::is_none")]
    incomplete: Option<String>,
}

/// Who calls.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SchemaUser)]
struct UserShape {
    /// The name; `null` where nobody that is trusted says it.
    #[schema(required)]
    name: Option<String>,
    /// `view`, `edit` (saves filters and dashboards) or `operate` (approves what changes the network).
    role: &'static str,
    /// `all`, `part` where a forced filter selects the flows that the user sees, or `nothing` where others have one.
    sees: &'static str,
}

impl UserShape {
    fn of(caller: &Caller) -> Self {
        let sees = match caller.sight {
            Sight::All => "all",
            Sight::Some(_) => "part",
            Sight::None => "nothing",
        };
        Self { name: caller.user.as_deref().map(str::to_owned), role: caller.role.word(), sees }
    }
}

/// The sections of the configuration that shape the language. The saved filters are a user's own, and so not among them.
#[derive(Debug, Serialize, ToSchema)]
struct Configuration {
    /// The section `[schema]`.
    #[schema(value_type = Object)]
    schema: SchemaConfig,
    /// The section `[communities]`.
    communities: BTreeMap<String, String>,
    /// The section `[limits]`, as far as it concerns others.
    limits: LimitsShape,
}

/// What a filter may cost.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Limits)]
struct LimitsShape {
    /// How long a filter may be, in bytes.
    length: usize,
}

/// A column.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Column)]
struct ColumnShape {
    /// Its name.
    name: String,
    /// Its type in the language; `null` for one that cannot stand in a filter.
    #[serde(rename = "type")]
    #[schema(required)]
    kind: Option<&'static str>,
    /// Its type in ClickHouse.
    clickhouse_type: String,
    /// What it holds.
    documentation: String,
    /// A value as a filter writes it.
    example: String,
    /// The unit of its values.
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<&'static str>,
    /// Whether filters may use it.
    enabled: bool,
    /// Whether it is in the raw table only.
    main_only: bool,
    /// The operators that it has.
    operators: Vec<&'static str>,
    /// The words that are its values, where it has such.
    words: Vec<&'static str>,
    /// The named bits that HAS takes.
    bits: Vec<&'static str>,
}

/// A name that stands for either of two columns.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Pair)]
struct PairShape {
    /// The name.
    name: String,
    /// The two columns, that of the source or of the way in first.
    columns: Vec<String>,
    /// Whether filters may use it: at least one of the two is enabled.
    enabled: bool,
}

/// An operator.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Operator)]
struct OperatorShape {
    /// How it is written.
    symbol: &'static str,
    /// Other ways to write it.
    aliases: &'static [&'static str],
    /// What it asks.
    documentation: &'static str,
}

/// A flow table.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Table)]
struct TableShape {
    /// Its name.
    name: String,
    /// The seconds that its rows are rounded to; 0 for the raw table.
    resolution: u64,
    /// The time of its oldest row, in seconds since 1970; `null` where it has none, and for who sees a part of the flows.
    #[schema(required)]
    oldest: Option<u64>,
    /// That of its newest row, likewise.
    #[schema(required)]
    newest: Option<u64>,
    /// The names of its columns.
    columns: Vec<String>,
}

/// List the columns, the operators and the tables
#[utoipa::path(
    get,
    path = "/api/v1/schema",
    tag = "language",
    operation_id = "schema",
    responses((status = 200, description = "The schema", body = Answer), Always)
)]
pub(super) async fn schema(State(app): State<App>, Extension(caller): Extension<Caller>) -> Json<Answer> {
    let (mut tables, mut incomplete) = (Vec::new(), None);
    let capabilities = app.backend().map(Backend::capabilities).unwrap_or_default();
    // Not everybody may know what is stored beyond the flows that they see.
    let known = |time: Option<SystemTime>| {
        let time = time.filter(|_| !caller.sight.is_limited())?;
        time.duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs())
    };
    if let Some(backend) = app.backend().filter(|_| capabilities.tables) {
        match backend.stored().await {
            Ok(stored) => {
                tables = stored
                    .tables
                    .into_iter()
                    .map(|table| TableShape {
                        name: table.name,
                        resolution: table.resolution.as_secs(),
                        oldest: known(table.oldest),
                        newest: known(table.newest),
                        columns: table.columns.into_iter().map(|column| column.name).collect(),
                    })
                    .collect();
            }
            Err(error) => incomplete = Some(error.to_string()),
        }
    }
    let operators = OPERATORS.iter().map(|&OperatorInfo { operator, symbol, aliases }| OperatorShape {
        symbol,
        aliases,
        documentation: app.config.schema.doc_of_operator(operator),
    });
    Json(Answer {
        columns: columns(&app.config.schema),
        pairs: pairs(&app.config.schema),
        operators: operators.collect(),
        keywords: KEYWORDS.to_vec(),
        configuration: Configuration {
            schema: app.config.schema_config(),
            communities: app.config.section::<CommunitiesSection>().0.clone(),
            limits: LimitsShape { length: app.config.limits.length },
        },
        collector: CollectorShape::of(&app, &caller).await,
        user: UserShape::of(&caller),
        backend: app.backend().map(Backend::name),
        queries: capabilities.queries,
        tables,
        incomplete,
    })
}

fn columns(schema: &Schema) -> Vec<ColumnShape> {
    schema.columns().iter().map(column).collect()
}

fn pairs(schema: &Schema) -> Vec<PairShape> {
    let pair = |pair: &Pair| {
        let columns = pair.columns.map(|id| schema.column(id));
        PairShape {
            name: pair.name.to_string(),
            enabled: columns.iter().any(|column| !column.disabled),
            columns: columns.map(|column| column.name.to_string()).into(),
        }
    };
    schema.pairs().iter().map(pair).collect()
}

fn column(column: &Column) -> ColumnShape {
    ColumnShape {
        name: column.name.to_string(),
        kind: column.filter_type.map(tables::Type::name),
        clickhouse_type: column.clickhouse_type.to_string(),
        documentation: column.doc.to_string(),
        example: column.example.to_string(),
        unit: column.unit,
        enabled: !column.disabled,
        main_only: column.main_only,
        operators: column.operators().map(tables::Operator::symbol).collect(),
        words: column
            .filter_type
            .map(tables::words)
            .unwrap_or_default()
            .iter()
            .map(|word| word.name)
            .chain(column.words().iter().map(|(word, _)| *word))
            .collect(),
        bits: column.bits.iter().map(|&(name, _)| name).collect(),
    }
}
