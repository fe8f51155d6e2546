//! `GET /api/v0/console/user/info`.

use axum::http::HeaderMap;
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;

use crate::caller::{Caller, User};
use crate::responses::{Always, OfUser};

/// The longest text that a proxy says of a user, in bytes.
const LONGEST: usize = 2048;

/// Who calls. What is not known is empty.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = V0User)]
pub(crate) struct Info {
    /// The name that saved filters go by.
    login: String,
    /// The name of the person.
    name: String,
    /// The address of mail.
    email: String,
    /// Where to log out.
    logout_url: String,
    /// A picture.
    avatar_url: String,
}

/// Who calls, as the console of Akvorado asks it
///
/// What is known comes from the headers of a trusted proxy: the one that names the user, `Remote-Name`, `Remote-Email`,
/// `X-Logout-URL` and `X-Avatar-URL`.
#[utoipa::path(
    get,
    path = "/api/v0/console/user/info",
    tag = "console",
    operation_id = "v0_user_info",
    responses((status = 200, description = "The user", body = Info), OfUser, Always)
)]
pub(super) async fn info(
    User(user): User,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
) -> Json<Info> {
    let login = user.name.to_string();
    if !caller.is_named {
        return Json(Info { login, ..Info::default() });
    }
    Json(Info {
        login,
        name: said(&headers, "remote-name"),
        email: said(&headers, "remote-email"),
        logout_url: address(said(&headers, "x-logout-url")),
        avatar_url: address(said(&headers, "x-avatar-url")),
    })
}

/// What the proxy says in a header. Two of them are none: one may be the client's own.
fn said(headers: &HeaderMap, name: &str) -> String {
    let mut values = headers.get_all(name).iter();
    let (first, second) = (values.next(), values.next());
    let text =
        first.filter(|_| second.is_none()).and_then(|value| std::str::from_utf8(value.as_bytes()).ok());
    let text = text.unwrap_or_default().trim();
    if text.len() > LONGEST || text.contains(char::is_control) { String::new() } else { text.to_owned() }
}

/// An address that a page may link to; one with a script is none.
fn address(text: String) -> String {
    let is_web = ["https://", "http://", "/"].iter().any(|start| text.starts_with(start));
    if is_web { text } else { String::new() }
}
