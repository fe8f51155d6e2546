//! What a caller may do and see.
//!
//! A *forced filter* selects the flows that a caller may see. It is added to the typed tree of every query and of every
//! completion of values, after a filter of the opposite direction was reversed; it is never reversed itself. Its `@names`
//! are those of the configuration. [`Caller::compile`](crate::caller::Caller::compile) and [`Sight`] are the only way from a
//! text to a question about flows.

mod section;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use axum::http::{HeaderMap, HeaderName};
use flowql::typed::Filter;
use flowql::{Diagnostic, Options};
use flowql_config::Config;

pub use section::{ConsoleGroupSection, ConsoleSection, ConsoleUserSection, RoleSetting};

use crate::problem::Problem;

/// What a caller may do; each may do what those before may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// Look.
    View,
    /// Save filters and dashboards.
    Edit,
    /// Approve what changes the network.
    Operate,
}

impl Role {
    /// The word for it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Edit => "edit",
            Self::Operate => "operate",
        }
    }

    /// Of a header; an unknown word is the least.
    fn of_header(text: &str) -> Self {
        [Self::Edit, Self::Operate].into_iter().find(|role| role.word() == text).unwrap_or(Self::View)
    }
}

impl RoleSetting {
    const fn role(self) -> Option<Role> {
        match self {
            Self::Header => None,
            Self::View => Some(Role::View),
            Self::Edit => Some(Role::Edit),
            Self::Operate => Some(Role::Operate),
        }
    }
}

/// The flows that a caller may see.
#[derive(Clone, Debug)]
pub(crate) enum Sight {
    /// All of them.
    All,
    /// Those that a filter selects.
    Some(Arc<Filter>),
    /// None: forced filters are configured, and no entry names the caller.
    None,
}

impl Sight {
    /// Whether something is kept from the caller.
    pub(crate) const fn is_limited(&self) -> bool {
        !matches!(self, Self::All)
    }

    /// The filter that every question must have; `None` where there is none.
    ///
    /// # Errors
    ///
    /// That the caller sees nothing.
    pub(crate) fn forced(&self) -> Result<Option<&Arc<Filter>>, Problem> {
        match self {
            Self::All => Ok(None),
            Self::Some(filter) => Ok(Some(filter)),
            Self::None => Err(Problem::sees_nothing()),
        }
    }

    /// Refuses who may not see everything.
    ///
    /// # Errors
    ///
    /// That the caller may not see `what`.
    pub(crate) fn whole(&self, what: &str) -> Result<(), Problem> {
        if self.is_limited() { Err(Problem::hidden(what)) } else { Ok(()) }
    }
}

/// A forced filter that cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the filter of [[console.{kind}]] `{name}` is bad: {message}")]
pub struct ForcedFilterError {
    kind: &'static str,
    name: String,
    message: String,
}

/// What the entries say, their filters checked.
#[derive(Debug, Default)]
struct Entries {
    users: BTreeMap<String, Entry>,
    groups: BTreeMap<String, Entry>,
    /// Whether any of them has a filter.
    has_filters: bool,
}

#[derive(Debug)]
struct Entry {
    role: Option<Role>,
    filter: Option<Filter>,
}

/// The rules that say what a caller may do and see.
#[derive(Debug)]
pub(crate) struct Access {
    role_header: Option<HeaderName>,
    groups_header: Option<HeaderName>,
    entries: RwLock<Arc<Entries>>,
}

impl Access {
    /// The rules of a configuration.
    ///
    /// # Errors
    ///
    /// A filter that is bad: nothing may be shown by it.
    pub(crate) fn new(config: &Config) -> Result<Self, ForcedFilterError> {
        let section = config.section::<ConsoleSection>();
        let header = |name: &str| HeaderName::from_bytes(name.as_bytes()).ok();
        Ok(Self {
            role_header: header(&section.role_header),
            groups_header: header(&section.groups_header),
            entries: RwLock::new(Arc::new(Entries::new(config)?)),
        })
    }

    /// Takes the `@names` of a configuration that was read again; the entries stay as they are.
    ///
    /// # Errors
    ///
    /// A filter that is bad by now. What was in force stays.
    pub(crate) fn renew(&self, config: &Config) -> Result<(), ForcedFilterError> {
        let entries = Arc::new(Entries::new(config)?);
        *self.entries.write().unwrap_or_else(PoisonError::into_inner) = entries;
        Ok(())
    }

    /// What a user may do and see. `headers` are those of a proxy that is trusted; `None` where no such proxy names the
    /// user.
    pub(crate) fn of(&self, user: Option<&str>, headers: Option<&HeaderMap>) -> (Role, Sight) {
        let entries = Arc::clone(&self.entries.read().unwrap_or_else(PoisonError::into_inner));
        let said = |name: &Option<HeaderName>| only(headers?, name.as_ref()?);
        let groups = said(&self.groups_header).unwrap_or_default();
        let groups = groups.split(',').map(str::trim).filter_map(|group| entries.groups.get(group));
        let own = user.and_then(|user| entries.users.get(user));
        let found: Vec<&Entry> = own.into_iter().chain(groups).collect();
        let by_group = || found.iter().skip(usize::from(own.is_some())).filter_map(|entry| entry.role).max();
        let by_header = || said(&self.role_header).filter(|role| !role.is_empty()).map(Role::of_header);
        let role = own.and_then(|entry| entry.role).or_else(by_group).or_else(by_header);
        (role.unwrap_or(Role::Edit), entries.sight(&found))
    }
}

impl Entries {
    fn new(config: &Config) -> Result<Self, ForcedFilterError> {
        let section = config.section::<ConsoleSection>();
        let mut entries = Self::default();
        for user in &section.user {
            let entry = Entry::new(config, "user", &user.name, user.role, &user.filter)?;
            entries.has_filters |= entry.filter.is_some();
            entries.users.insert(user.name.clone(), entry);
        }
        for group in &section.group {
            let entry = Entry::new(config, "group", &group.name, group.role, &group.filter)?;
            entries.has_filters |= entry.filter.is_some();
            entries.groups.insert(group.name.clone(), entry);
        }
        Ok(entries)
    }

    /// The flows that all of these entries leave.
    fn sight(&self, found: &[&Entry]) -> Sight {
        if !self.has_filters {
            return Sight::All;
        }
        if found.is_empty() {
            return Sight::None;
        }
        let mut filters: Vec<Filter> = found
            .iter()
            .filter_map(|entry| entry.filter.as_ref())
            .map(|filter| Filter::Group(Box::new(filter.clone())))
            .collect();
        match filters.len() {
            0 => Sight::All,
            1 => filters.pop().map_or(Sight::None, |only| Sight::Some(Arc::new(only))),
            _ => Sight::Some(Arc::new(Filter::And(filters))),
        }
    }
}

impl Entry {
    fn new(
        config: &Config,
        kind: &'static str,
        name: &str,
        role: RoleSetting,
        text: &str,
    ) -> Result<Self, ForcedFilterError> {
        let role = role.role();
        if text.is_empty() {
            return Ok(Self { role, filter: None });
        }
        let bad = |message: String| ForcedFilterError { kind, name: name.to_owned(), message };
        let checked = config.compiler().check(text, Options::default());
        if let Some(error) = checked.diagnostics.iter().find(|found| found.is_error()) {
            return Err(bad(placed(error)));
        }
        // Of a text that is blank nobody knows what was meant.
        let filter = checked.filter.ok_or_else(|| bad("it selects nothing in particular".to_owned()))?;
        Ok(Self { role, filter: Some(filter) })
    }
}

fn placed(found: &Diagnostic) -> String {
    format!("at position {}: {}", found.span.start + 1, found.message)
}

/// The value of a header that is there once. Of two, one may be the client's own.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value.trim())
}

#[cfg(test)]
mod tests {
    use flowql_config::{KnownSection, Registry};

    use super::*;

    const SECTIONS: Registry = &[KnownSection::of::<ConsoleSection>()];

    fn access(text: &str) -> Access {
        Access::new(&Config::parse(text, "f", SECTIONS).unwrap()).unwrap()
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    fn role(access: &Access, user: &str, pairs: &[(&'static str, &str)]) -> Role {
        access.of(Some(user), Some(&headers(pairs))).0
    }

    #[test]
    fn a_role_is_of_the_entry_then_of_the_groups_then_of_the_header() {
        let text = "[[console.user]]\nname = \"alice\"\nrole = \"view\"\n[[console.user]]\nname = \"carol\"\n\
                    [[console.group]]\nname = \"noc\"\nrole = \"operate\"\n[[console.group]]\nname = \"all\"\nrole = \"view\"\n";
        let access = access(text);
        let noc = [("remote-groups", "all, noc"), ("remote-role", "view")];
        assert_eq!(role(&access, "alice", &noc), Role::View);
        assert_eq!(role(&access, "bob", &noc), Role::Operate);
        assert_eq!(role(&access, "carol", &noc), Role::Operate);
        assert_eq!(role(&access, "bob", &[("remote-role", "operate")]), Role::Operate);
        assert_eq!(role(&access, "bob", &[("remote-role", "root")]), Role::View);
        assert_eq!(role(&access, "bob", &[]), Role::Edit);
        // Two headers: one may be the client's own.
        let twice = [("remote-role", "operate"), ("remote-role", "view")];
        assert_eq!(role(&access, "bob", &twice), Role::Edit);
        // Who is named by no proxy is given nothing by headers.
        assert_eq!(access.of(Some("bob"), None).0, Role::Edit);
    }

    #[test]
    fn with_any_filter_those_without_an_entry_see_nothing() {
        let text = "[filters]\nacme = 'SrcAS = 1'\n[[console.user]]\nname = \"root\"\n\
                    [[console.group]]\nname = \"acme\"\nfilter = \"@acme\"\n[[console.group]]\nname = \"two\"\nfilter = \"DstAS = 2 OR DstAS = 3\"\n";
        let access = access(text);
        let sight =
            |user: &str, groups: &str| access.of(Some(user), Some(&headers(&[("remote-groups", groups)]))).1;
        assert!(matches!(sight("root", ""), Sight::All));
        assert!(matches!(sight("bob", ""), Sight::None));
        assert!(matches!(sight("bob", "others"), Sight::None));
        assert!(matches!(access.of(None, None).1, Sight::None));
        let Sight::Some(filter) = sight("bob", "acme") else { panic!("all of it is seen") };
        assert!(matches!(&*filter, Filter::Group(inner) if matches!(&**inner, Filter::Saved { .. })));
        // Both hold, whatever the groups.
        let Sight::Some(filter) = sight("root", "acme,two") else { panic!("all of it is seen") };
        assert!(matches!(&*filter, Filter::And(both) if both.len() == 2));
        assert!(matches!(without_filters().of(Some("bob"), None).1, Sight::All));
    }

    fn without_filters() -> Access {
        access("[[console.user]]\nname = \"alice\"\nrole = \"view\"\n")
    }

    #[test]
    fn a_bad_filter_is_not_used() {
        let error = |filter: &str| {
            let text = format!("[[console.user]]\nname = \"a\"\nfilter = '{filter}'\n");
            Access::new(&Config::parse(&text, "f", SECTIONS).unwrap()).unwrap_err().to_string()
        };
        assert_eq!(
            error("@mine"),
            "the filter of [[console.user]] `a` is bad: at position 1: unknown saved filter `@mine`"
        );
        assert!(error("  ").contains("it selects nothing in particular"));
    }
}
