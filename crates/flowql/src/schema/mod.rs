//! The flow schema: the columns, by name, with what the configuration makes of them.

mod clickhouse_type;
mod column;
mod config;
mod pairs;
mod row;

use std::borrow::Cow;

use ipnet::IpNet;

pub use clickhouse_type::{ClickhouseType, ScalarType};
pub use column::{Column, Computed, Lookup};
pub use config::{ConfigError, CustomColumn, SchemaConfig};
pub use pairs::Pair;
pub(crate) use pairs::Subject;

use crate::gather::Gather as _;
use crate::tables::{ETHER_TYPES, Operator, Registries, Texts, Type, closest};
use crate::values::Community;

/// A column's place in the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ColumnId(u16);

/// The columns of the flow tables, and the names that the configuration gives to values.
#[derive(Clone, Debug)]
pub struct Schema {
    columns: Vec<Column>,
    /// The columns in the order of their lower-case names, for look-up in any case.
    by_name: Vec<ColumnId>,
    /// The pairs that a filter can name without their side.
    pairs: Vec<Pair>,
    /// Names of communities, with the communities.
    communities: Vec<(String, Community)>,
    /// What hover says of columns, types and operators.
    texts: Texts,
    /// The names of services, protocols and the like.
    registries: &'static Registries,
}

static NO_COLUMN: Column = Column::EMPTY;

impl Default for Schema {
    /// The schema of `grammar/schema.json`, as it is without any configuration.
    fn default() -> Self {
        Self::new(Registries::built_in()).with_texts(Texts::BUILT_IN)
    }
}

impl Schema {
    /// The schema of the registries' columns, without any configuration; what hover says comes by
    /// [`with_texts`](Self::with_texts).
    pub fn new(registries: &'static Registries) -> Self {
        let columns = registries.columns.clone();
        let (by_name, pairs, communities) = (Vec::new(), Vec::new(), Vec::new());
        let mut schema = Self { columns, by_name, pairs, communities, texts: Texts::EMPTY, registries };
        schema.index();
        schema
    }

    /// Whether a column is enabled where no configuration says otherwise, as custom columns are too.
    pub(crate) fn enabled_by_default(&self, name: &str) -> bool {
        !self.registries.columns.iter().any(|column| column.disabled && column.name == name)
    }

    /// Makes the index of names and finds the pairs, which a change of the columns makes wrong.
    fn index(&mut self) {
        let mut ids: Vec<ColumnId> = self.ids().list();
        ids.sort_unstable_by(|&first, &second| {
            compare_names(&self.column(first).name, &self.column(second).name)
        });
        self.by_name = ids;
        self.find_pairs();
    }

    /// The same schema with what hover says of columns, types and operators: the text of `generated/texts.txt`, for a
    /// program that does not contain it.
    #[must_use]
    pub fn with_texts(mut self, texts: Texts) -> Self {
        for (name, doc, how) in texts.columns() {
            // A configured column of the same name has a text of its own.
            let id = self.find(name).filter(|&id| !self.column(id).custom);
            if let Some(column) = id.and_then(|id| self.columns.get_mut(usize::from(id.0))) {
                (column.doc, column.how) = (Cow::Borrowed(doc), Cow::Borrowed(how));
            }
        }
        self.texts = texts;
        self
    }

    /// The registries that name services, protocols, countries and communities.
    pub fn registries(&self) -> &'static Registries {
        self.registries
    }

    /// What the reference says of a type, in Markdown.
    pub fn reference_of_type(&self, kind: Type) -> Option<&'static str> {
        self.texts.section("type ", kind.name())
    }

    /// One sentence that says what an operator asks; empty where the program has no texts.
    pub fn doc_of_operator(&self, operator: Operator) -> &'static str {
        self.texts.section("asks ", operator.symbol()).unwrap_or_default()
    }

    /// What the reference says of an operator, in Markdown.
    pub fn reference_of_operator(&self, operator: Operator) -> Option<&'static str> {
        self.texts.section("operator ", operator.symbol())
    }

    /// The default schema with every column enabled.
    pub fn all_columns() -> Self {
        Self::default().with_all_columns()
    }

    /// The same schema with every column enabled.
    #[must_use]
    pub fn with_all_columns(mut self) -> Self {
        for column in &mut self.columns {
            column.disabled = false;
        }
        self
    }

    /// Every column, in the order of the schema.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The ids of every column, in the order of the schema.
    pub fn ids(&self) -> impl Iterator<Item = ColumnId> + use<> {
        (0..u16::try_from(self.columns.len()).unwrap_or(u16::MAX)).map(ColumnId)
    }

    /// The column of an id of this schema; an empty column for an id of another one.
    pub fn column(&self, id: ColumnId) -> &Column {
        self.columns.get(usize::from(id.0)).unwrap_or(&NO_COLUMN)
    }

    /// The column of that name, in any case.
    pub fn find(&self, name: &str) -> Option<ColumnId> {
        let place = self.by_name.binary_search_by(|&id| compare_names(&self.column(id).name, name)).ok()?;
        self.by_name.get(place).copied()
    }

    /// The filterable, enabled columns.
    pub fn filterable(&self) -> impl Iterator<Item = ColumnId> + '_ {
        self.ids().filter(|&id| {
            let column = self.column(id);
            !column.disabled && column.filter_type.is_some()
        })
    }

    /// The names of the filterable columns that are most like a word.
    pub fn closest_columns(&self, word: &str) -> Vec<&str> {
        let names = || self.filterable().map(|id| self.column(id).name.as_ref());
        let close = closest(word, names());
        if !close.is_empty() {
            return close;
        }
        // A name without its side: `ASPath` for `DstASPath`.
        let side = |name: &&str| {
            let head = name.len().checked_sub(word.len()).filter(|_| word.len() > 2);
            head.and_then(|head| name.get(head..)).is_some_and(|tail| tail.eq_ignore_ascii_case(word))
        };
        names().filter(side).take(2).list()
    }

    /// The column for the opposite direction: `Src` for `Dst`, `In` for `Out` and back. `None` where
    /// the column has no direction; `Some(Err)` where it has but its counterpart is not there, is
    /// disabled or has another type.
    pub fn counterpart(&self, id: ColumnId) -> Option<Result<ColumnId, ()>> {
        let column = self.column(id);
        let opposite = column.opposite.as_ref()?;
        let found = self.find(opposite).filter(|&other| {
            let other = self.column(other);
            other.name == *opposite && !other.disabled && other.filter_type == column.filter_type
        });
        Some(found.ok_or(()))
    }

    /// The address and the mask from which a computed prefix column is made; `None` for other columns.
    pub fn prefix_parts(&self, id: ColumnId) -> Option<(ColumnId, ColumnId)> {
        let (address, mask) = self.column(id).prefix_of?;
        Some((self.find(address)?, self.find(mask)?))
    }

    /// The column and the value that tell the flows of a computed prefix from others with the same address and mask:
    /// addresses of IPv4 are stored mapped into IPv6, so they lie in `::/0` to `::/32` too, and their masks can have
    /// these lengths. `None` for prefixes that address and mask alone tell.
    pub fn prefix_ether_type(&self, prefix: IpNet) -> Option<(ColumnId, u16)> {
        let holds_mapped =
            prefix.addr().is_ipv6() && prefix.network().is_unspecified() && prefix.prefix_len() <= 32;
        let word = ETHER_TYPES.iter().find(|word| holds_mapped && word.name == "IPv6")?;
        let column = self.filterable().find(|&id| self.column(id).filter_type == Some(Type::EType))?;
        Some((column, word.number))
    }

    /// The column with the large communities that accompany a column of communities; `None` for other columns.
    pub fn large_communities(&self, id: ColumnId) -> Option<ColumnId> {
        self.find(self.column(id).large?)
    }

    /// The name of the column of communities that a column with large communities accompanies.
    pub(crate) fn standard_communities(&self, id: ColumnId) -> Option<&str> {
        let accompanied = |column: &&Column| column.large.is_some_and(|large| self.find(large) == Some(id));
        self.columns.iter().find(accompanied).map(|column| column.name.as_ref())
    }

    /// The communities that the configuration names.
    pub fn communities(&self) -> impl Iterator<Item = (&str, Community)> {
        self.communities.iter().map(|(name, community)| (name.as_str(), *community))
    }

    /// A community by its value or wildcard, its well-known name or its name in the configuration.
    pub(crate) fn community(&self, word: &str) -> Option<Community> {
        let named = || self.communities().find(|(name, _)| name.eq_ignore_ascii_case(word));
        self.public_community(word).or_else(|| named().map(|(_, community)| community))
    }

    /// A community by its value or wildcard, or its well-known name.
    pub(crate) fn public_community(&self, word: &str) -> Option<Community> {
        let well_known = || {
            let (first, second) = self.registries.communities.by_name(word)?.value;
            Some(Community::Standard([Some(first), Some(second)]))
        };
        Community::parse(word).or_else(well_known)
    }
}

/// Orders names, the shorter first, as if they were in lower case.
fn compare_names(first: &str, second: &str) -> std::cmp::Ordering {
    // Names are looked up for every word, and most are not as long.
    first.len().cmp(&second.len()).then_with(|| {
        let pairs = first.bytes().zip(second.bytes());
        pairs
            .map(|(first, second)| first.to_ascii_lowercase().cmp(&second.to_ascii_lowercase()))
            .find(|order| order.is_ne())
            .unwrap_or(std::cmp::Ordering::Equal)
    })
}
