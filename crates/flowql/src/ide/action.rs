//! What a code action is.

use crate::{Diagnostic, Edit};

/// A change that a user may choose.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Action {
    /// What it does, as a menu shows it.
    pub title: String,
    /// Whether it fixes a diagnostic or rewrites valid text.
    pub kind: ActionKind,
    /// The changes of the text.
    pub edits: Vec<Edit>,
    /// The diagnostic that it fixes.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub diagnostic: Option<Diagnostic>,
    /// A filter to save in addition to the edits.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub new_filter: Option<NewFilter>,
}

/// What an action is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum ActionKind {
    /// Fixes a diagnostic.
    Fix,
    /// Says the same in another way.
    Rewrite,
    /// Puts a saved filter's text in the place of its name.
    Inline,
    /// Makes a saved filter of a part.
    Extract,
}

/// A filter that an action makes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct NewFilter {
    /// The name, which no saved filter has yet.
    pub name: String,
    /// The text.
    pub text: String,
}
