//! The header with the SQL of an answer.

use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use flowql_client::Sql;

/// The header with the SQL of an answer.
pub(crate) const SQL_HEADER: HeaderName = HeaderName::from_static("x-sql-query");

/// The longest header, in bytes: clients read some 16 kB of all headers.
const LONGEST: usize = 8192;

/// An answer with the statements that made it.
pub(super) fn with_sql(answer: impl IntoResponse, statements: &[Sql]) -> Response {
    let mut response = answer.into_response();
    let texts: Vec<String> = statements.iter().map(|sql| sql.inlined().to_string()).collect();
    if let Ok(value) = HeaderValue::try_from(header_text(&texts.join("; "))) {
        response.headers_mut().insert(SQL_HEADER, value);
    }
    response
}

/// SQL in one line of ASCII, which means the same: what else there is are literals, in which bytes can be escaped.
fn header_text(sql: &str) -> String {
    let mut text = String::new();
    let mut is_between = false;
    for found in sql.chars() {
        if found.is_ascii_whitespace() {
            // The statements break their lines only between words.
            is_between = true;
            continue;
        }
        if std::mem::take(&mut is_between) && !text.is_empty() {
            text.push(' ');
        }
        if found.is_ascii_graphic() {
            text.push(found);
        } else {
            let mut bytes = [0; 4];
            for byte in found.encode_utf8(&mut bytes).bytes() {
                text.push_str(&format!("\\x{byte:02X}"));
            }
        }
        if text.len() > LONGEST {
            text.push_str(" ...");
            break;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_one_line_of_ascii() {
        assert_eq!(header_text("SELECT a\n  FROM b\nWHERE c = 'é'"), r"SELECT a FROM b WHERE c = '\xC3\xA9'");
        let long = header_text(&"x".repeat(3 * LONGEST));
        assert!(long.len() < LONGEST + 10 && long.ends_with(" ..."));
    }
}
