//! What is known of a network, interned: a row for each set of facts, a number for each text.

use std::collections::HashMap;

/// The facts of a network that are texts, in the order of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fact {
    /// The name.
    Name,
    /// What it is for.
    Role,
    /// The site.
    Site,
    /// The region.
    Region,
    /// The tenant.
    Tenant,
    /// The city.
    City,
    /// The state or region of the country.
    State,
    /// The country, as two letters (ISO 3166-1 alpha-2).
    Country,
}

impl Fact {
    /// Every one, in the order of a row.
    pub const ALL: [Self; 8] = [
        Self::Name,
        Self::Role,
        Self::Site,
        Self::Region,
        Self::Tenant,
        Self::City,
        Self::State,
        Self::Country,
    ];

    /// The key in a configuration or file.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Role => "role",
            Self::Site => "site",
            Self::Region => "region",
            Self::Tenant => "tenant",
            Self::City => "city",
            Self::State => "state",
            Self::Country => "country",
        }
    }

    /// The fact of a key, in any case.
    pub fn of_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fact| fact.key().eq_ignore_ascii_case(key))
    }
}

/// A text of a [`Rows`]; 0 is the empty one, which says that the fact is not known.
type TextId = u32;

/// Facts of a network, with the texts as numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Row {
    texts: [TextId; Fact::ALL.len()],
    /// The AS that the configured networks give; 0 where it is not known.
    asn: u32,
    /// The AS that the GeoIP databases give; 0 where it is not known.
    geoip_asn: u32,
}

/// A row of a [`Rows`]; 0 is the one without any fact.
pub(crate) type RowId = u32;

/// The most rows: the table of addresses needs a bit of their numbers.
const MOST_ROWS: usize = 1 << 30;
/// The longest text that is kept, in bytes.
const LONGEST_TEXT: usize = 1024;

/// Interned rows and texts.
#[derive(Clone, Debug)]
pub(crate) struct Rows {
    rows: Vec<Row>,
    by_row: HashMap<Row, RowId>,
    texts: Texts,
}

/// Facts as they are read, before they are interned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(super) texts: [String; Fact::ALL.len()],
    /// The AS that the configured networks give; 0 where it is not known.
    pub(crate) asn: u32,
    /// The AS that the GeoIP databases give; 0 where it is not known.
    pub(crate) geoip_asn: u32,
}

impl Facts {
    /// Sets a fact. Of a text that is too long, the beginning is kept.
    pub(crate) fn set(&mut self, fact: Fact, text: &str) {
        if let Some(place) = self.texts.get_mut(fact as usize) {
            *place = crate::text::clipped(text.trim(), LONGEST_TEXT).to_owned();
        }
    }
}

impl Default for Rows {
    fn default() -> Self {
        let nothing = Row::default();
        Self { rows: vec![nothing], by_row: HashMap::from([(nothing, 0)]), texts: Texts::default() }
    }
}

impl Rows {
    /// The number of the row with these facts. The one without any where there are too many already.
    pub(crate) fn intern(&mut self, facts: &Facts) -> RowId {
        let mut row = Row { asn: facts.asn, geoip_asn: facts.geoip_asn, ..Row::default() };
        for (place, text) in row.texts.iter_mut().zip(&facts.texts) {
            *place = self.texts.intern(text);
        }
        self.intern_row(row)
    }

    fn intern_row(&mut self, row: Row) -> RowId {
        if let Some(&id) = self.by_row.get(&row) {
            return id;
        }
        let Some(id) = u32::try_from(self.rows.len()).ok().filter(|_| self.rows.len() < MOST_ROWS) else {
            return 0;
        };
        self.rows.push(row);
        self.by_row.insert(row, id);
        id
    }

    /// The row with the facts of `first` and, where it leaves one open, that of `second`.
    pub(crate) fn merge(&mut self, first: RowId, second: RowId) -> RowId {
        if first == 0 || first == second {
            return second;
        }
        if second == 0 {
            return first;
        }
        let (mut row, other) = (self.row(first), self.row(second));
        for (place, text) in row.texts.iter_mut().zip(other.texts) {
            *place = if *place == 0 { text } else { *place };
        }
        row.asn = if row.asn == 0 { other.asn } else { row.asn };
        row.geoip_asn = if row.geoip_asn == 0 { other.geoip_asn } else { row.geoip_asn };
        self.intern_row(row)
    }

    /// The numbers that the rows of another have here, in their order.
    pub(crate) fn adopt(&mut self, other: &Self) -> Vec<RowId> {
        let texts: Vec<TextId> = other.texts.iter().map(|text| self.texts.intern(text)).collect();
        let adopted = other.rows.iter().map(|row| {
            let here = |id: TextId| texts.get(id as usize).copied().unwrap_or_default();
            self.intern_row(Row { texts: row.texts.map(here), ..*row })
        });
        adopted.collect()
    }

    pub(crate) fn row(&self, id: RowId) -> Row {
        self.rows.get(id as usize).copied().unwrap_or_default()
    }

    /// The text of a fact of a row; empty where it is not known.
    pub(crate) fn text(&self, row: &Row, fact: Fact) -> &str {
        row.texts.get(fact as usize).map_or("", |&id| self.texts.get(id))
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// What it takes in memory, about, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let row = size_of::<Row>();
        self.rows.capacity() * row + self.by_row.capacity() * (row + 8) + self.texts.bytes()
    }

    /// Gives back what only the building needs.
    pub(crate) fn freeze(&mut self) {
        self.by_row = HashMap::new();
        self.texts.ids = HashMap::new();
        self.rows.shrink_to_fit();
    }
}

impl Row {
    pub(crate) const fn asn(&self) -> u32 {
        self.asn
    }

    pub(crate) const fn geoip_asn(&self) -> u32 {
        self.geoip_asn
    }
}

/// Texts, each once.
#[derive(Clone, Debug)]
struct Texts {
    texts: Vec<std::sync::Arc<str>>,
    ids: HashMap<std::sync::Arc<str>, TextId>,
}

impl Default for Texts {
    fn default() -> Self {
        let empty: std::sync::Arc<str> = "".into();
        Self { texts: vec![empty.clone()], ids: HashMap::from([(empty, 0)]) }
    }
}

impl Texts {
    fn intern(&mut self, text: &str) -> TextId {
        if let Some(&id) = self.ids.get(text) {
            return id;
        }
        let Ok(id) = TextId::try_from(self.texts.len()) else { return 0 };
        let text: std::sync::Arc<str> = text.into();
        self.texts.push(text.clone());
        self.ids.insert(text, id);
        id
    }

    fn get(&self, id: TextId) -> &str {
        self.texts.get(id as usize).map_or("", |text| text)
    }

    fn iter(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(|text| &**text)
    }

    fn bytes(&self) -> usize {
        let one = |text: &str| text.len() + size_of::<std::sync::Arc<str>>() + 16;
        self.iter().map(one).sum::<usize>() + self.ids.capacity() * 24
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(name: &str, role: &str, asn: u32) -> Facts {
        let mut facts = Facts { asn, ..Facts::default() };
        facts.set(Fact::Name, name);
        facts.set(Fact::Role, role);
        facts
    }

    #[test]
    fn a_row_keeps_its_facts_and_takes_the_missing_ones() {
        let mut rows = Rows::default();
        let first = rows.intern(&facts("a", "", 0));
        let second = rows.intern(&facts("b", "r", 7));
        assert_eq!(rows.intern(&facts(" a ", "", 0)), first);
        let merged = rows.merge(first, second);
        let row = rows.row(merged);
        assert_eq!((rows.text(&row, Fact::Name), rows.text(&row, Fact::Role), row.asn()), ("a", "r", 7));
        assert_eq!(rows.text(&row, Fact::City), "");
        assert_eq!((rows.merge(0, second), rows.merge(first, 0), rows.merge(0, 0)), (second, first, 0));
        let mut others = Rows::default();
        others.intern(&facts("z", "", 1));
        let adopted = others.adopt(&rows);
        let row = others.row(adopted[merged as usize]);
        assert_eq!((others.text(&row, Fact::Name), others.text(&row, Fact::Role)), ("a", "r"));
        assert_eq!(adopted[0], 0);
    }

    #[test]
    fn keys_are_those_of_the_facts() {
        assert!(Fact::ALL.into_iter().enumerate().all(|(place, fact)| fact as usize == place));
        assert_eq!(Fact::of_key("Country"), Some(Fact::Country));
        assert_eq!(Fact::of_key("prefix"), None);
    }
}
