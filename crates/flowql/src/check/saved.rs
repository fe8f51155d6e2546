//! Saved filters: `@name` stands for another filter's text.

use super::{Checker, enumerate};
use crate::gather::Gather as _;
use crate::tables::{closest, is_keyword};
use crate::typed::Filter;
use crate::values::text;
use crate::{Code, Diagnostic, Edit, Fix, Limits, Span, syntax};

/// Where a saved filter comes from; the first scope that has a name wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// The same file.
    File,
    /// Another file of the workspace.
    Workspace,
    /// The user's own.
    User,
    /// Shared by other users.
    Shared,
    /// The configuration.
    Configuration,
}

/// The saved filters that a filter may refer to.
#[derive(Clone, Debug, Default)]
pub struct SavedFilters {
    /// In order of name.
    by_name: Vec<Saved>,
}

/// The filters of one name.
#[derive(Clone, Debug)]
struct Saved {
    name: String,
    filters: Vec<(Scope, String)>,
}

/// What a name stands for.
enum Lookup<'a> {
    Unknown,
    Ambiguous,
    Found(&'a str),
}

impl SavedFilters {
    /// Adds a filter under a name; several of one name in one scope make it ambiguous.
    pub fn insert(&mut self, scope: Scope, name: impl Into<String>, text: impl Into<String>) {
        let name = name.into();
        let place = self.place(&name).unwrap_or_else(|place| {
            self.by_name.insert(place, Saved { name, filters: Vec::new() });
            place
        });
        if let Some(saved) = self.by_name.get_mut(place) {
            saved.filters.push((scope, text.into()));
        }
    }

    /// The names, in their order, once each.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.iter().map(|saved| saved.name.as_str())
    }

    /// The text of a name; `None` where it is unknown or ambiguous.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.look_up(name) {
            Lookup::Found(text) => Some(text),
            Lookup::Unknown | Lookup::Ambiguous => None,
        }
    }

    /// Where the filters of a name are, or where they would be.
    fn place(&self, name: &str) -> Result<usize, usize> {
        self.by_name.binary_search_by(|saved| saved.name.as_str().cmp(name))
    }

    fn look_up(&self, name: &str) -> Lookup<'_> {
        let saved = self.place(name).ok().and_then(|place| self.by_name.get(place));
        let filters = saved.map_or(&[][..], |saved| &saved.filters);
        let Some(nearest) = filters.iter().map(|(scope, _)| *scope).min() else { return Lookup::Unknown };
        let mut nearest = filters.iter().filter(|(scope, _)| *scope == nearest);
        match (nearest.next(), nearest.next()) {
            (Some((_, text)), None) => Lookup::Found(text),
            _ => Lookup::Ambiguous,
        }
    }
}

/// Whether the text can name a saved filter: no keyword, and no two hyphens, which are a comment wherever the name is
/// used.
pub fn is_filter_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
        && !text::has_hyphens(name)
        && !is_keyword(name)
}

/// What the saved filters that were put in so far have cost.
pub(super) struct Expansion {
    /// The bytes of the text with every saved filter in its place.
    length: usize,
    /// The saved filters that are being put in, the outermost first.
    path: Vec<String>,
}

impl Expansion {
    pub(super) fn new(text: &str) -> Self {
        Self { length: text.len(), path: Vec::new() }
    }
}

impl Checker<'_, '_> {
    /// The filter that `@name` stands for.
    pub(super) fn saved_filter(&mut self, span: Span) -> Option<Filter> {
        let name = span.of(self.text).get(1..).unwrap_or_default();
        match self.expand(name) {
            Ok(filter) => Some(Filter::Saved { name: name.to_owned(), filter: Box::new(filter) }),
            Err((Code::UnknownSavedFilter, message)) => {
                let diagnostic =
                    self.suggest_saved(name, Diagnostic::new(Code::UnknownSavedFilter, span, message));
                self.fail(diagnostic)
            }
            Err((code, message)) => self.fail(Diagnostic::new(code, span, message)),
        }
    }

    fn expand(&mut self, name: &str) -> Result<Filter, (Code, String)> {
        if !is_filter_name(name) {
            return Err((Code::BadFilterName, "expecting the name of a saved filter after `@`".to_owned()));
        }
        let text = match self.context.saved.look_up(name) {
            Lookup::Found(text) => text,
            Lookup::Unknown => {
                return Err((Code::UnknownSavedFilter, format!("unknown saved filter `@{name}`")));
            }
            Lookup::Ambiguous => {
                return Err((
                    Code::AmbiguousSavedFilter,
                    format!("several saved filters are named `{name}`"),
                ));
            }
        };
        if self.expansion.path.iter().any(|outer| outer == name) {
            return Err((Code::CyclicSavedFilter, format!("the saved filter `@{name}` refers to itself")));
        }
        let limits = *self.context.limits;
        self.expansion.length += text.len() + 2;
        if self.expansion.length > limits.length {
            let message = format!("with `@{name}` put in, the filter is longer than {} bytes", limits.length);
            return Err((Code::TextTooLong, message));
        }
        let depth = self.depth + 1;
        let Some(levels) = limits.nesting.checked_sub(depth) else { return Err(self.too_deep(name)) };
        let parse = syntax::parse(text, &Limits { nesting: levels, ..limits });
        let mut diagnostics = parse.diagnostics;
        let filter = parse.tree.as_ref().and_then(|tree| {
            self.expansion.path.push(name.to_owned());
            let mut inner = Checker {
                text,
                context: self.context,
                diagnostics: &mut diagnostics,
                expansion: self.expansion,
                depth,
                pair: None,
                // Only the message of an error is shown, not what would be right instead.
                suggestions: 0,
            };
            let filter = inner.node(tree);
            self.expansion.path.pop();
            filter
        });
        match (diagnostics.into_iter().find(Diagnostic::is_error), filter) {
            (Some(error), _) => Err(self.error_of_saved(name, &error)),
            (None, Some(filter)) => Ok(filter),
            (None, None) => Err((Code::EmptySavedFilter, format!("the saved filter `@{name}` is empty"))),
        }
    }

    fn too_deep(&self, name: &str) -> (Code, String) {
        let levels = self.context.limits.nesting;
        (
            Code::NestingTooDeep,
            format!("with `@{name}` put in, the filter is nested deeper than {levels} levels"),
        )
    }

    /// The first error of a saved filter as its reference shows it.
    fn error_of_saved(&self, name: &str, error: &Diagnostic) -> (Code, String) {
        let code = match error.code {
            // Its own levels were counted from where it stands.
            Code::NestingTooDeep => return self.too_deep(name),
            code @ (Code::CyclicSavedFilter | Code::TextTooLong) => code,
            _ => Code::BadSavedFilter,
        };
        (code, format!("the saved filter `@{name}` has an error: {}", error.message))
    }

    fn suggest_saved(&mut self, name: &str, diagnostic: Diagnostic) -> Diagnostic {
        if self.suggestions == 0 {
            return diagnostic;
        }
        self.suggestions -= 1;
        let close = closest(name, self.context.saved.names());
        if close.is_empty() {
            return diagnostic;
        }
        let span = diagnostic.span;
        let fixes: Vec<Fix> = close
            .iter()
            .map(|near| Fix::guess(format!("write `@{near}`"), Edit::replace(span, format!("@{near}"))))
            .list();
        diagnostic.with_help(format!("close to it: {}", enumerate(&close))).with_fixes(fixes)
    }
}
