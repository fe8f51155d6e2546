//! A row of the table of well-known communities.

/// A well-known community.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct WellKnown {
    /// The name, as a filter writes it.
    pub name: &'static str,
    /// The two parts of the value.
    pub value: (u16, u16),
    /// The document that defines it.
    pub source: &'static str,
    /// What it asks of the router that receives it.
    pub description: &'static str,
}
