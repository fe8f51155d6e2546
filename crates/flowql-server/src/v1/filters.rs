//! `/api/v1/filters`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::{App, parse};
use crate::body::JsonBody;
use crate::caller::{Editor, User};
use crate::problem::Problem;
use crate::responses::{Always, OfUser, Refused};
use crate::saved::{Draft, FilterId, Listed, Record, check_lengths};

/// The filters that a user sees.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SavedFilters)]
pub(crate) struct Filters {
    /// The user's own, then those that others share, then those of the configuration.
    filters: Vec<Filter>,
}

/// A saved filter.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SavedFilter)]
pub(crate) struct Filter {
    /// Its number; negative for one of the configuration.
    id: i64,
    /// Whose it is; `null` for one of the configuration.
    #[schema(required)]
    user: Option<String>,
    /// What `@name` refers to; `null` where nothing does.
    #[schema(required)]
    name: Option<String>,
    /// What it is for.
    description: String,
    /// The text.
    content: String,
    /// Whether other users see it.
    shared: bool,
}

/// A filter to save.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewFilter)]
pub(crate) struct New {
    /// What `@name` is to refer to: a letter or `_`, then letters, digits, `_` and `-`.
    #[serde(default)]
    #[schema(example = "customers", max_length = 64, pattern = "^[A-Za-z_](-?[A-Za-z0-9_])*-?$")]
    name: Option<String>,
    /// What it is for.
    #[serde(default)]
    #[schema(max_length = 1000)]
    description: String,
    /// The text.
    #[schema(example = "DstNetRole = \"customers\"")]
    content: String,
    /// Whether other users see it.
    #[serde(default)]
    shared: bool,
}

impl From<Record> for Filter {
    fn from(record: Record) -> Self {
        let Record { id, user, name, description, content, shared } = record;
        Self { id, user: Some(user), name, description, content, shared }
    }
}

impl From<Listed> for Filter {
    fn from(listed: Listed) -> Self {
        match listed {
            Listed::Saved(record) => record.into(),
            Listed::Builtin { id, name, content } => {
                Self { id, user: None, name: Some(name), description: String::new(), content, shared: true }
            }
        }
    }
}

impl TryFrom<New> for Draft {
    type Error = Problem;

    fn try_from(New { name, description, content, shared }: New) -> Result<Self, Problem> {
        let draft = Self { name, description, content, shared };
        check_lengths(&draft)?;
        Ok(draft)
    }
}

/// List the saved filters
#[utoipa::path(
    get,
    path = "/api/v1/filters",
    tag = "saved filters",
    operation_id = "list_filters",
    responses((status = 200, description = "The filters that the user sees", body = Filters), OfUser, Always)
)]
pub(super) async fn list(State(app): State<App>, User(user): User) -> Result<Json<Filters>, Problem> {
    let listed = app.saved.list(&user).await?;
    Ok(Json(Filters { filters: listed.into_iter().map(Filter::from).collect() }))
}

/// Save a filter
#[utoipa::path(
    post,
    path = "/api/v1/filters",
    tag = "saved filters",
    operation_id = "add_filter",
    request_body = New,
    responses((status = 201, description = "It is saved", body = Filter), Refused, OfUser, Always)
)]
pub(super) async fn add(
    State(app): State<App>,
    Editor(user): Editor,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<Filter>), Problem> {
    let new: New = parse(&body)?;
    let record = app.saved.add(&app.config, &user, new.try_into()?).await?;
    Ok((StatusCode::CREATED, Json(record.into())))
}

/// Replace a saved filter
#[utoipa::path(
    put,
    path = "/api/v1/filters/{id}",
    tag = "saved filters",
    operation_id = "replace_filter",
    params(("id" = i64, Path, description = "The number of the filter")),
    request_body = New,
    responses(
        (status = 200, description = "It is replaced", body = Filter),
        (status = 404, description = "The user has no such filter", body = Problem),
        Refused,
        OfUser,
        Always
    )
)]
pub(super) async fn replace(
    State(app): State<App>,
    Editor(user): Editor,
    FilterId(id): FilterId,
    JsonBody(body): JsonBody,
) -> Result<Json<Filter>, Problem> {
    let new: New = parse(&body)?;
    let record = app.saved.replace(&app.config, &user, id, new.try_into()?).await?;
    Ok(Json(record.into()))
}

/// Delete a saved filter
#[utoipa::path(
    delete,
    path = "/api/v1/filters/{id}",
    tag = "saved filters",
    operation_id = "delete_filter",
    params(("id" = i64, Path, description = "The number of the filter")),
    responses(
        (status = 204, description = "It is deleted"),
        (status = 400, description = "The id is no number", body = Problem),
        (status = 404, description = "The user has no such filter", body = Problem),
        OfUser,
        Always
    )
)]
pub(super) async fn delete(
    State(app): State<App>,
    Editor(user): Editor,
    FilterId(id): FilterId,
) -> Result<StatusCode, Problem> {
    app.saved.delete(&user, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
