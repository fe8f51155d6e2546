//! `/api/v0/console/filter/saved`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use flowql::is_filter_name;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::{App, parse};
use crate::body::AnyBody;
use crate::caller::{Editor, User};
use crate::problem::Problem;
use crate::responses::{Always, OfUser, Refused};
use crate::saved::{Draft, FilterId, LONGEST_NAME, Listed, check_lengths};

/// The filters that a user sees.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = V0SavedFilters)]
pub(crate) struct Filters {
    /// The user's own, then those that others share, then those of the configuration.
    filters: Vec<Filter>,
}

/// A saved filter.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = V0SavedFilter)]
struct Filter {
    /// Its number; negative for one of the configuration.
    id: i64,
    /// Whose it is.
    user: String,
    /// Whether other users see it.
    shared: bool,
    /// What it is for.
    description: String,
    /// The text.
    content: String,
}

/// A filter to save.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = V0NewFilter)]
pub(crate) struct New {
    /// What it is for. Where it has the form of a name that is still free, `@name` refers to the filter.
    #[schema(max_length = 1000)]
    description: String,
    /// The text.
    content: String,
    /// Whether other users see it.
    #[serde(default)]
    shared: bool,
}

impl From<Listed> for Filter {
    fn from(listed: Listed) -> Self {
        match listed {
            Listed::Saved(record) => Self {
                id: record.id,
                user: record.user,
                shared: record.shared,
                description: record.description,
                content: record.content,
            },
            Listed::Builtin { id, name, content } => {
                Self { id, user: "flowql.toml".to_owned(), shared: true, description: name, content }
            }
        }
    }
}

/// List the saved filters
#[utoipa::path(
    get,
    path = "/api/v0/console/filter/saved",
    tag = "console",
    operation_id = "v0_saved",
    responses((status = 200, description = "The filters that the user sees", body = Filters), OfUser, Always)
)]
pub(super) async fn list(State(app): State<App>, User(user): User) -> Result<Json<Filters>, Problem> {
    let listed = app.saved.list(&user).await?;
    Ok(Json(Filters { filters: listed.into_iter().map(Filter::from).collect() }))
}

/// Save a filter
#[utoipa::path(
    post,
    path = "/api/v0/console/filter/saved",
    tag = "console",
    operation_id = "v0_save",
    request_body = New,
    responses((status = 204, description = "It is saved"), Refused, OfUser, Always)
)]
pub(super) async fn add(
    State(app): State<App>,
    Editor(user): Editor,
    AnyBody(body): AnyBody,
) -> Result<StatusCode, Problem> {
    let New { description, content, shared }: New = parse(&body)?;
    let name = Some(description.clone()).filter(|name| is_filter_name(name) && name.len() <= LONGEST_NAME);
    let draft = Draft { name, description, content, shared };
    check_lengths(&draft)?;
    match app.saved.add(&app.config, &user, draft.clone()).await {
        // The console knows no names: two filters may have one description.
        Err(problem) if problem.code == "name_taken" => {
            app.saved.add(&app.config, &user, Draft { name: None, ..draft }).await?;
        }
        saved => {
            saved?;
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Delete a saved filter
#[utoipa::path(
    delete,
    path = "/api/v0/console/filter/saved/{id}",
    tag = "console",
    operation_id = "v0_delete",
    params(("id" = i64, Path, description = "The number of the filter")),
    responses(
        (status = 204, description = "It is deleted"),
        (status = 404, description = "It is not the user's", body = Problem),
        (status = 400, description = "The id is no number", body = Problem),
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
