//! The table of the saved filters.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, Row, params};

/// The changes of the table, the oldest first; `user_version` counts those that were made. One that was released is
/// never changed.
const MIGRATIONS: &[&str] = &[include_str!("schema.sql"), include_str!("boards.sql")];

/// The name of the file in the data folder.
const FILE: &str = "filters.sqlite3";

/// Why the saved filters cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder cannot be made.
    #[error("cannot make the folder {}: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// Another process has the file.
    #[error("the saved filters in {} are in use by another process", .0.display())]
    InUse(PathBuf),
    /// A later version wrote the file.
    #[error("the saved filters in {} were written by a later version of flowql", .0.display())]
    TooNew(PathBuf),
    /// SQLite fails.
    #[error("the saved filters cannot be kept: {0}")]
    Sqlite(#[from] rusqlite::Error),
}

/// A saved filter as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) id: i64,
    pub(crate) user: String,
    pub(crate) name: Option<String>,
    pub(crate) description: String,
    pub(crate) content: String,
    pub(crate) shared: bool,
}

/// What a user gives of a filter.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) name: Option<String>,
    pub(crate) description: String,
    pub(crate) content: String,
    pub(crate) shared: bool,
}

/// How a change ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change<T> {
    /// It is on the disk.
    Done(T),
    /// The user has no such filter.
    NotFound,
    /// The user has another filter of that name.
    NameTaken,
    /// The user has as many as anyone may have.
    TooMany,
}

/// The saved filters of all users, in one file. What a call has changed is on the disk when it returns.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    connection: Arc<Mutex<Connection>>,
}

impl Store {
    /// Opens the file of a folder, which is made where it is not there.
    pub(crate) fn open(folder: &Path) -> Result<Self, StoreError> {
        let unusable = |source| StoreError::Folder { path: folder.to_path_buf(), source };
        std::fs::create_dir_all(folder).map_err(unusable)?;
        let connection = Connection::open(folder.join(FILE))?;
        Self::set_up(connection, folder)
    }

    fn set_up(mut connection: Connection, folder: &Path) -> Result<Self, StoreError> {
        let busy = |error: rusqlite::Error| match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => {
                StoreError::InUse(folder.to_path_buf())
            }
            _ => StoreError::Sqlite(error),
        };
        connection.busy_timeout(Duration::from_millis(200))?;
        // Answers are kept in memory, so that no other process may change what lies under them.
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE").map_err(busy)?;
        connection.pragma_update(None, "journal_mode", "WAL").map_err(busy)?;
        // A change that was answered survives the loss of power.
        connection.pragma_update(None, "synchronous", "FULL").map_err(busy)?;
        let transaction =
            connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(busy)?;
        let version: u32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
        let Some(missing) = MIGRATIONS.get(version as usize..) else {
            return Err(StoreError::TooNew(folder.to_path_buf()));
        };
        for migration in missing {
            transaction.execute_batch(migration)?;
        }
        let version = u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX);
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
        Ok(Self { connection: Arc::new(Mutex::new(connection)) })
    }

    /// Calls the database on a thread that may wait for the disk.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let connection = Arc::clone(&self.connection);
        let called = tokio::task::spawn_blocking(move || {
            work(&mut connection.lock().unwrap_or_else(PoisonError::into_inner))
        });
        match called.await {
            Ok(result) => Ok(result?),
            Err(_) => Err(StoreError::Sqlite(rusqlite::Error::UnwindingPanic)),
        }
    }
}

fn record(row: &Row<'_>) -> rusqlite::Result<Record> {
    Ok(Record {
        id: row.get(0)?,
        user: row.get(1)?,
        name: row.get(2)?,
        description: row.get(3)?,
        content: row.get(4)?,
        shared: row.get(5)?,
    })
}

/// The filters of a user and those that others share, the user's own first.
pub(crate) fn visible(connection: &Connection, user: &str) -> rusqlite::Result<Vec<Record>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, user, name, description, content, shared FROM filters
         WHERE user = ?1 OR shared = 1 ORDER BY user <> ?1, id",
    )?;
    let rows = statement.query_map([user], record)?;
    rows.collect()
}

/// Adds a filter; at most `most` of one user.
pub(crate) fn add(
    connection: &mut Connection,
    user: &str,
    draft: &Draft,
    most: usize,
) -> rusqlite::Result<Change<Record>> {
    let transaction = connection.transaction()?;
    let count: i64 =
        transaction.query_row("SELECT count(*) FROM filters WHERE user = ?1", [user], |row| row.get(0))?;
    if usize::try_from(count).is_ok_and(|count| count >= most) {
        return Ok(Change::TooMany);
    }
    let added = transaction
        .prepare_cached(
            "INSERT INTO filters (user, name, description, content, shared) VALUES (?1, ?2, ?3, ?4, ?5)
             RETURNING id, user, name, description, content, shared",
        )?
        .query_row(params![user, draft.name, draft.description, draft.content, draft.shared], record);
    match unique(added)? {
        Some(record) => {
            transaction.commit()?;
            Ok(Change::Done(record))
        }
        None => Ok(Change::NameTaken),
    }
}

/// Puts a draft in the place of a user's filter.
pub(crate) fn replace(
    connection: &Connection,
    user: &str,
    id: i64,
    draft: &Draft,
) -> rusqlite::Result<Change<Record>> {
    let replaced = connection
        .prepare_cached(
            "UPDATE filters SET name = ?3, description = ?4, content = ?5, shared = ?6 WHERE id = ?1 AND user = ?2
             RETURNING id, user, name, description, content, shared",
        )?
        .query_row(params![id, user, draft.name, draft.description, draft.content, draft.shared], record)
        .optional();
    Ok(match unique(replaced)? {
        Some(Some(record)) => Change::Done(record),
        Some(None) => Change::NotFound,
        None => Change::NameTaken,
    })
}

/// Deletes a user's filter.
pub(crate) fn delete(connection: &Connection, user: &str, id: i64) -> rusqlite::Result<Change<()>> {
    let gone = connection.execute("DELETE FROM filters WHERE id = ?1 AND user = ?2", params![id, user])?;
    Ok(if gone == 0 { Change::NotFound } else { Change::Done(()) })
}

/// `None` where a constraint of the table is in the way, which only the name can be.
fn unique<T>(result: rusqlite::Result<T>) -> rusqlite::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(name: &str) -> Draft {
        Draft {
            name: Some(name.to_owned()),
            description: String::new(),
            content: "SrcAS = 1".to_owned(),
            shared: false,
        }
    }

    #[tokio::test]
    async fn a_folder_has_one_owner_and_keeps_what_was_saved() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let added = store.call(|connection| add(connection, "alice", &draft("a"), 2)).await.unwrap();
        assert!(matches!(added, Change::Done(_)));
        assert!(matches!(Store::open(folder.path()), Err(StoreError::InUse(_))));
        drop(store);
        let store = Store::open(folder.path()).unwrap();
        let seen = store.call(|connection| visible(connection, "alice")).await.unwrap();
        assert_eq!(seen.len(), 1);
    }

    #[tokio::test]
    async fn names_are_unique_and_filters_counted() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let add = |user: &'static str, name: &'static str| {
            store.call(move |connection| add(connection, user, &draft(name), 2))
        };
        assert!(matches!(add("alice", "a").await.unwrap(), Change::Done(_)));
        assert_eq!(add("alice", "a").await.unwrap(), Change::NameTaken);
        assert!(matches!(add("bob", "a").await.unwrap(), Change::Done(_)));
        assert!(matches!(add("alice", "b").await.unwrap(), Change::Done(_)));
        assert_eq!(add("alice", "c").await.unwrap(), Change::TooMany);
    }

    #[test]
    fn a_file_of_a_later_version_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let connection = Connection::open(folder.path().join(FILE)).unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        drop(connection);
        assert!(matches!(Store::open(folder.path()), Err(StoreError::TooNew(_))));
    }
}
