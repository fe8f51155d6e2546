//! `/api/v1/boards`: dashboards and views.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use flowql::{Compiler, is_filter_name};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::{App, parse};
use crate::boards::{self, Board, BoardKind, BoardSource, BoardText};
use crate::body::JsonBody;
use crate::caller::{Caller, Editor};
use crate::problem::Problem;
use crate::responses::{Always, OfUser, Refused};
use crate::saved::{BoardRecord, Names};

/// The dashboards and views that a user has.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Boards {
    /// The user's own first, then those of the folder, then those that come with the service. Of the same name there may
    /// be one of each.
    boards: Vec<BoardShape>,
    /// Why those of the folder are missing; absent where they are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    incomplete: Option<String>,
}

/// A dashboard or a view.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ListedBoard)]
struct BoardShape {
    source: BoardSource,
    kind: BoardKind,
    /// Its name, that of its file.
    name: String,
    /// The text of its file; empty where it cannot be read.
    content: String,
    /// What it holds; `null` where it is bad.
    #[schema(required)]
    board: Option<Board>,
    /// What is wrong with it; `null` where it is good.
    #[schema(required)]
    error: Option<String>,
}

/// A dashboard or a view to save.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewBoard)]
pub(crate) struct New {
    /// The text of its file.
    #[schema(example = "title = \"Google\"\nfilter = \"SrcAS = AS15169\"\nby = [\"SrcAddr/24\"]\n")]
    content: String,
}

/// The kind that the address of a board names.
fn kind_of(word: &str) -> Result<BoardKind, Problem> {
    let kinds = [BoardKind::Dashboard, BoardKind::View];
    let kind = kinds.into_iter().find(|kind| kind.word() == word);
    kind.ok_or_else(|| Problem::bad_request("the kind is `dashboard` or `view`"))
}

fn shape(text: BoardText, app: &App, compiler: &Compiler<'_>) -> BoardShape {
    let BoardText { source, kind, name, content } = text;
    let read = content.clone().and_then(|text| boards::checked(kind, &text, &app.config.schema, compiler));
    let (board, error) = match read {
        Ok(board) => (Some(board), None),
        Err(error) => (None, Some(error)),
    };
    BoardShape { source, kind, name, content: content.unwrap_or_default(), board, error }
}

/// List the dashboards and views
///
/// The user's own, those of the folder that `folder` of `[console]` names, and those that come with the service, with what
/// they hold. A bad one is listed with its error.
#[utoipa::path(
    get,
    path = "/api/v1/boards",
    tag = "dashboards",
    operation_id = "list_boards",
    responses((status = 200, description = "The dashboards and views", body = Boards), Always)
)]
pub(super) async fn list(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Boards>, Problem> {
    let owner = caller.owner();
    let names = app.saved.names(owner.as_ref()).await?;
    let mut texts = match &owner {
        Some(owner) => app.saved.boards(owner).await?,
        None => Vec::new(),
    };
    let mut incomplete = None;
    if let Some(folder) = app.boards_folder() {
        let shown = folder.display().to_string();
        // The disk may be slow.
        match tokio::task::spawn_blocking(move || boards::of_folder(&folder)).await {
            Ok(Ok(found)) => texts.extend(found),
            Ok(Err(error)) => incomplete = Some(format!("cannot read the folder {shown}: {error}")),
            Err(_) => return Err(Problem::internal()),
        }
    }
    texts.extend(boards::shipped());
    let checked = Arc::clone(&app);
    let work = move || {
        let compiler = checked.compiler(&names);
        texts.into_iter().map(|text| shape(text, &checked, &compiler)).collect()
    };
    let boards = tokio::task::spawn_blocking(work).await.map_err(|_| Problem::internal())?;
    Ok(Json(Boards { boards, incomplete }))
}

/// Save a dashboard or a view
///
/// It takes the place of the user's own of that name.
#[utoipa::path(
    put,
    path = "/api/v1/boards/{kind}/{name}",
    tag = "dashboards",
    operation_id = "put_board",
    params(
        ("kind" = BoardKind, Path, description = "What it is"),
        ("name" = String, Path, description = "Its name: a letter or `_`, then letters, digits, `_` and `-`")
    ),
    request_body = New,
    responses((status = 204, description = "It is saved"), Refused, OfUser, Always)
)]
pub(super) async fn put(
    State(app): State<App>,
    Editor(user): Editor,
    Path((kind, name)): Path<(String, String)>,
    JsonBody(body): JsonBody,
) -> Result<StatusCode, Problem> {
    let kind = kind_of(&kind)?;
    let New { content }: New = parse(&body)?;
    if !is_filter_name(&name) || name.len() > 64 {
        let message = "the name is a letter or `_`, then letters, digits, `_` and `-`, 64 bytes at most";
        return Err(Problem::bad_request(message));
    }
    if content.len() as u64 > boards::LONGEST_FILE {
        return Err(Problem::bad_request(format!("the text is longer than {} bytes", boards::LONGEST_FILE)));
    }
    let names: Arc<Names> = app.saved.names(Some(&user)).await?;
    let (checked, text) = (Arc::clone(&app), content.clone());
    let work =
        move || boards::checked(kind, &text, &checked.config.schema, &checked.compiler(&names)).map(|_| ());
    let result = tokio::task::spawn_blocking(work).await.map_err(|_| Problem::internal())?;
    result.map_err(Problem::bad_request)?;
    app.saved.put_board(&user, BoardRecord { kind: kind.word().to_owned(), name, content }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Delete a dashboard or a view
#[utoipa::path(
    delete,
    path = "/api/v1/boards/{kind}/{name}",
    tag = "dashboards",
    operation_id = "delete_board",
    params(("kind" = BoardKind, Path, description = "What it is"), ("name" = String, Path, description = "Its name")),
    responses(
        (status = 204, description = "It is deleted"),
        (status = 400, description = "There is no such kind", body = Problem),
        (status = 404, description = "The user has made none of that name", body = Problem),
        OfUser,
        Always
    )
)]
pub(super) async fn delete(
    State(app): State<App>,
    Editor(user): Editor,
    Path((kind, name)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    app.saved.delete_board(&user, kind_of(&kind)?, name).await?;
    Ok(StatusCode::NO_CONTENT)
}
