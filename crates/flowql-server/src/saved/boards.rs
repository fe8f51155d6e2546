//! The table of the dashboards and views that users have made.

use rusqlite::{Connection, params};

use super::store::Change;

/// A dashboard or a view as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BoardRecord {
    /// `dashboard` or `view`.
    pub(crate) kind: String,
    pub(crate) name: String,
    /// The text of its file.
    pub(crate) content: String,
}

/// Those of a user, by their names.
pub(crate) fn of_user(connection: &Connection, user: &str) -> rusqlite::Result<Vec<BoardRecord>> {
    let mut statement = connection
        .prepare_cached("SELECT kind, name, content FROM boards WHERE user = ?1 ORDER BY kind, name")?;
    let rows = statement.query_map([user], |row| {
        Ok(BoardRecord { kind: row.get(0)?, name: row.get(1)?, content: row.get(2)? })
    })?;
    rows.collect()
}

/// Puts one in the place of that of the same name; at most `most` of one user.
pub(crate) fn put(
    connection: &mut Connection,
    user: &str,
    board: &BoardRecord,
    most: usize,
) -> rusqlite::Result<Change<()>> {
    let transaction = connection.transaction()?;
    transaction
        .prepare_cached(
            "INSERT INTO boards (user, kind, name, content) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (user, kind, name) DO UPDATE SET content = excluded.content",
        )?
        .execute(params![user, board.kind, board.name, board.content])?;
    let count: i64 =
        transaction.query_row("SELECT count(*) FROM boards WHERE user = ?1", [user], |row| row.get(0))?;
    if usize::try_from(count).is_ok_and(|count| count > most) {
        return Ok(Change::TooMany);
    }
    transaction.commit()?;
    Ok(Change::Done(()))
}

/// Deletes one of a user.
pub(crate) fn delete(
    connection: &Connection,
    user: &str,
    kind: &str,
    name: &str,
) -> rusqlite::Result<Change<()>> {
    let gone = connection.execute(
        "DELETE FROM boards WHERE user = ?1 AND kind = ?2 AND name = ?3",
        params![user, kind, name],
    )?;
    Ok(if gone == 0 { Change::NotFound } else { Change::Done(()) })
}
