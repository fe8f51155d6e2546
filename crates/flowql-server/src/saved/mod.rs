//! The saved filters: those of the users, and those of the configuration.

mod boards;
mod store;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use flowql::{Compiler, Diagnostic, SavedFilters, Scope, is_filter_name};
use flowql_config::{Config, FiltersSection};
use moka::sync::Cache;

pub(crate) use boards::BoardRecord;
pub use store::StoreError;
pub(crate) use store::{Change, Draft, Record, Store};

use crate::boards::{BoardKind, BoardSource, BoardText};
use crate::caller::Owner;
use crate::problem::Problem;
use crate::shapes;

/// How many users' filters are kept in memory.
const USERS_IN_MEMORY: u64 = 1000;

/// How long they are kept there after the last use.
const IDLE: Duration = Duration::from_secs(600);

/// All saved filters.
#[derive(Debug)]
pub(crate) struct Saved {
    store: Store,
    /// The filters of the configuration, by name, as the last good file has them.
    builtin: RwLock<Arc<Vec<(String, String)>>>,
    /// Counts the changes. What was read before a change has a number that nobody asks for after it.
    generation: AtomicU64,
    /// What `@name` stands for, by user and number.
    by_user: Cache<(Owner, u64), Arc<Names>>,
    /// The same for those who are no user.
    nobody: RwLock<Arc<Names>>,
    most: usize,
}

/// What `@name` stands for, for one user.
#[derive(Debug, Default)]
pub(crate) struct Names {
    pub(crate) filters: SavedFilters,
    /// The bytes of all of them: what a filter that refers to them may cost.
    pub(crate) bytes: usize,
}

impl Names {
    fn insert(&mut self, scope: Scope, name: &str, text: &str) {
        self.bytes += text.len();
        self.filters.insert(scope, name, text);
    }
}

impl Saved {
    /// Those of a folder and of a configuration; at most `most` of one user.
    pub(crate) fn new(store: Store, config: &Config, most: usize) -> Self {
        let saved = Self {
            store,
            builtin: RwLock::default(),
            generation: AtomicU64::new(0),
            by_user: Cache::builder().max_capacity(USERS_IN_MEMORY).time_to_idle(IDLE).build(),
            nobody: RwLock::default(),
            most,
        };
        saved.set_builtin(config);
        saved
    }

    /// Takes the filters of a configuration in the place of those before.
    pub(crate) fn set_builtin(&self, config: &Config) {
        let filters: Vec<(String, String)> = config
            .section::<FiltersSection>()
            .0
            .iter()
            .map(|(name, text)| (name.clone(), text.clone()))
            .collect();
        let mut names = Names::default();
        for (name, text) in &filters {
            names.insert(Scope::Configuration, name, text);
        }
        *self.builtin.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(filters);
        *self.nobody.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(names);
        self.generation.fetch_add(1, Ordering::SeqCst);
    }

    fn builtin(&self) -> Arc<Vec<(String, String)>> {
        Arc::clone(&self.builtin.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What `@name` stands for, for a user or for those who are none.
    pub(crate) async fn names(&self, user: Option<&Owner>) -> Result<Arc<Names>, Problem> {
        let Some(user) = user else {
            return Ok(Arc::clone(&self.nobody.read().unwrap_or_else(PoisonError::into_inner)));
        };
        let key = (user.clone(), self.generation.load(Ordering::SeqCst));
        if let Some(known) = self.by_user.get(&key) {
            return Ok(known);
        }
        let names = Arc::new(self.names_without(user, None).await?);
        self.by_user.insert(key, Arc::clone(&names));
        Ok(names)
    }

    /// What `@name` stands for, one of the user's own filters left out.
    async fn names_without(&self, user: &Owner, left_out: Option<i64>) -> Result<Names, Problem> {
        let mut names = Names::default();
        for (name, text) in self.builtin().iter() {
            names.insert(Scope::Configuration, name, text);
        }
        for record in self.visible(user).await? {
            let own = record.user.as_str() == user.name.as_ref();
            if let Some(name) = record.name.filter(|_| left_out != Some(record.id)) {
                names.insert(if own { Scope::User } else { Scope::Shared }, &name, &record.content);
            }
        }
        Ok(names)
    }

    /// The filters of a user and those that others share, unless the user may not see them.
    async fn visible(&self, user: &Owner) -> Result<Vec<Record>, Problem> {
        let name = Arc::clone(&user.name);
        let mut visible = self.call(move |connection| store::visible(connection, &name)).await?;
        if user.is_alone {
            visible.retain(|record| record.user.as_str() == user.name.as_ref());
        }
        Ok(visible)
    }

    async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut rusqlite::Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Problem> {
        self.store.call(work).await.map_err(|error| {
            tracing::error!(%error, "the saved filters");
            Problem::internal()
        })
    }

    /// Whether the file of the filters can be read.
    pub(crate) async fn works(&self) -> bool {
        self.call(|connection| connection.query_row("SELECT 1", [], |_| Ok(()))).await.is_ok()
    }

    /// What a user sees: the own filters, those that others share, those of the configuration.
    pub(crate) async fn list(&self, user: &Owner) -> Result<Vec<Listed>, Problem> {
        let mut listed: Vec<Listed> = self.visible(user).await?.into_iter().map(Listed::Saved).collect();
        let builtin = self.builtin();
        listed.extend(builtin.iter().zip(1..).map(|((name, content), number)| Listed::Builtin {
            id: -number,
            name: name.clone(),
            content: content.clone(),
        }));
        Ok(listed)
    }

    /// Saves a new filter of a user.
    pub(crate) async fn add(&self, config: &Config, user: &Owner, draft: Draft) -> Result<Record, Problem> {
        self.check(config, user, None, &draft).await?;
        let (owner, most, name) = (Arc::clone(&user.name), self.most, draft.name.clone());
        let change = self.call(move |connection| store::add(connection, &owner, &draft, most)).await?;
        self.changed(change, name)
    }

    /// Puts a draft in the place of a user's filter.
    pub(crate) async fn replace(
        &self,
        config: &Config,
        user: &Owner,
        id: i64,
        draft: Draft,
    ) -> Result<Record, Problem> {
        self.check(config, user, Some(id), &draft).await?;
        let (owner, name) = (Arc::clone(&user.name), draft.name.clone());
        let change = self.call(move |connection| store::replace(connection, &owner, id, &draft)).await?;
        self.changed(change, name)
    }

    /// Deletes a user's filter.
    pub(crate) async fn delete(&self, user: &Owner, id: i64) -> Result<(), Problem> {
        let owner = Arc::clone(&user.name);
        let change = self.call(move |connection| store::delete(connection, &owner, id)).await?;
        self.changed(change, None)
    }

    /// The dashboards and views that a user has made.
    pub(crate) async fn boards(&self, user: &Owner) -> Result<Vec<BoardText>, Problem> {
        let name = Arc::clone(&user.name);
        let records = self.call(move |connection| boards::of_user(connection, &name)).await?;
        let text = |BoardRecord { kind, name, content }| {
            let kind = if kind == BoardKind::View.word() { BoardKind::View } else { BoardKind::Dashboard };
            BoardText { source: BoardSource::Own, kind, name, content: Ok(content) }
        };
        Ok(records.into_iter().map(text).collect())
    }

    /// Saves a dashboard or a view of a user, in the place of the one of its name.
    pub(crate) async fn put_board(&self, user: &Owner, board: BoardRecord) -> Result<(), Problem> {
        let (name, most) = (Arc::clone(&user.name), self.most);
        let change = self.call(move |connection| boards::put(connection, &name, &board, most)).await?;
        match change {
            Change::TooMany => Err(Problem::too_many_boards(self.most)),
            _ => Ok(()),
        }
    }

    /// Deletes one.
    pub(crate) async fn delete_board(
        &self,
        user: &Owner,
        kind: BoardKind,
        name: String,
    ) -> Result<(), Problem> {
        let owner = Arc::clone(&user.name);
        let change =
            self.call(move |connection| boards::delete(connection, &owner, kind.word(), &name)).await?;
        match change {
            Change::Done(()) => Ok(()),
            _ => Err(Problem::not_found(&format!("{} of yours", kind.word()))),
        }
    }

    /// Refuses a filter with errors. It may refer to others, but not to itself.
    async fn check(
        &self,
        config: &Config,
        user: &Owner,
        id: Option<i64>,
        draft: &Draft,
    ) -> Result<(), Problem> {
        let mut names = self.names_without(user, id).await?;
        if let Some(name) = &draft.name {
            names.insert(Scope::User, name, &draft.content);
        }
        let compiler = Compiler { saved: &names.filters, ..config.compiler() };
        let found = compiler.diagnostics(&draft.content);
        if found.iter().any(Diagnostic::is_error) {
            return Err(Problem::bad_filter(shapes::diagnostics(&draft.content, &found)));
        }
        Ok(())
    }

    /// Forgets what is known of the users: a shared filter may be in the names of any of them.
    fn changed<T>(&self, change: Change<T>, name: Option<String>) -> Result<T, Problem> {
        match change {
            Change::Done(value) => {
                self.generation.fetch_add(1, Ordering::SeqCst);
                Ok(value)
            }
            Change::NotFound => Err(Problem::not_found("filter of yours")),
            Change::NameTaken => Err(Problem::name_taken(&name.unwrap_or_default())),
            Change::TooMany => Err(Problem::too_many_filters(self.most)),
        }
    }
}

/// A filter that a user sees.
#[derive(Clone, Debug)]
pub(crate) enum Listed {
    /// A user's.
    Saved(Record),
    /// One of the configuration. Its number is negative, and another after a reload.
    Builtin {
        /// The number.
        id: i64,
        /// The name.
        name: String,
        /// The text.
        content: String,
    },
}

/// The longest name, in bytes.
pub(crate) const LONGEST_NAME: usize = 64;

/// The longest description, in characters.
const LONGEST_DESCRIPTION: usize = 1000;

/// Refuses what is too long to be listed. The length of the text is the language's own limit.
pub(crate) fn check_lengths(draft: &Draft) -> Result<(), Problem> {
    if draft.description.chars().count() > LONGEST_DESCRIPTION {
        let message = format!("the description is longer than {LONGEST_DESCRIPTION} characters");
        return Err(Problem::bad_request(message));
    }
    match &draft.name {
        Some(name) if name.len() > LONGEST_NAME => {
            Err(Problem::bad_request(format!("the name is longer than {LONGEST_NAME} bytes")))
        }
        Some(name) if !is_filter_name(name) => Err(Problem::bad_request(format!(
            "`{name}` cannot name a filter: a name is a letter or `_`, then letters, digits, `_` and `-`"
        ))),
        _ => Ok(()),
    }
}

/// The number of a filter, of an address that ends with it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FilterId(pub(crate) i64);

impl<S: Send + Sync> FromRequestParts<S> for FilterId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let found = Path::from_request_parts(parts, state).await;
        let refused = |_| Problem::bad_request("the id of a filter is a number");
        found.map(|Path(id)| Self(id)).map_err(refused)
    }
}
