//! What exporters send that becomes no column, for their status. It is no part of the saved state: rows do not depend on it.

use flowql_schema::elements;

use crate::element::{Records, Slot, number};
use crate::{Element, Template};

/// An element that a template has and that means nothing here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The element, with the length that the template gives it.
    pub element: Element,
    /// Whether it is in records of options.
    pub in_options: bool,
    /// The first bytes of a value; empty where none came yet.
    pub sample: Vec<u8>,
}

/// What an exporter says of itself in records of options: how much it exported, and how much it could not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Statistic {
    /// The number of the element (RFC 5101: 40 to 42, 164 to 168).
    pub id: u16,
    /// Its last value.
    pub value: u64,
}

impl Skipped {
    /// The name of the element, where the registry has one.
    pub fn name(&self) -> Option<&'static str> {
        elements::element(self.element.enterprise, self.element.id).map(|element| element.name)
    }
}

impl Statistic {
    /// The name of the element.
    pub fn name(&self) -> Option<&'static str> {
        elements::element(0, self.id).map(|element| element.name)
    }
}

/// What a session has of both.
#[derive(Debug, Default)]
pub(crate) struct Extras {
    pub(crate) skipped: Vec<Skipped>,
    pub(crate) statistics: Vec<Statistic>,
    /// Templates of whose skipped elements no value came yet.
    unsampled: Vec<u16>,
}

/// Most elements of a session that are listed.
const MOST: usize = 64;
/// Most bytes of a value that are kept.
const SAMPLE: usize = 32;

impl Extras {
    /// Lists what a new template has that means nothing.
    pub(crate) fn announce(&mut self, template: &Template) {
        self.unsampled.retain(|&id| id != template.id());
        let in_options = template.scopes().is_some();
        for &(element, _) in template.skipped() {
            if self.skipped.len() < MOST && self.find(element, in_options).is_none() {
                self.skipped.push(Skipped { element, in_options, sample: Vec::new() });
            }
        }
        if !template.skipped().is_empty() {
            self.unsampled.push(template.id());
        }
    }

    fn find(&mut self, element: Element, in_options: bool) -> Option<&mut Skipped> {
        self.skipped.iter_mut().find(|skipped| (skipped.element, skipped.in_options) == (element, in_options))
    }

    /// Whether a value of a template's skipped elements is wanted: of the first set after it.
    pub(crate) fn takes(&mut self, template: &Template) -> bool {
        let found = self.unsampled.iter().position(|&id| id == template.id());
        found.map(|place| self.unsampled.swap_remove(place)).is_some()
    }

    /// Keeps the values of a record's skipped elements.
    pub(crate) fn sample(&mut self, template: &Template, record: Records<'_>) {
        let in_options = template.scopes().is_some();
        for &(element, slot) in template.skipped() {
            if let Some(skipped) = self.find(element, in_options) {
                let value = record.values(slot).next().unwrap_or_default();
                skipped.sample = value.get(..SAMPLE).unwrap_or(value).to_vec();
            }
        }
    }

    /// Keeps what an exporter says of itself.
    pub(crate) fn state(&mut self, id: u16, bytes: &[u8]) {
        let value = number(bytes);
        match self.statistics.binary_search_by_key(&id, |statistic| statistic.id) {
            Ok(place) => self.statistics.iter_mut().skip(place).take(1).for_each(|known| known.value = value),
            Err(place) => self.statistics.insert(place, Statistic { id, value }),
        }
    }
}

/// Which elements of a template mean nothing, for flows or for anything else. `means` says whether one has a column.
pub(crate) fn of(
    fields: impl Iterator<Item = (Element, Slot)>,
    means: impl Fn(Element) -> bool,
) -> Box<[(Element, Slot)]> {
    // Those that have no column and are used all the same: the line card of sampling rates, the connection and the event of
    // firewalls. The last is padding.
    const USED: [u16; 4] = [141, 148, 33_002, 210];
    let is_used = |element: Element| element.enterprise == 0 && USED.contains(&element.id);
    let has_use = |element: Element| !elements::uses(element.enterprise, element.id).is_empty();
    let means_nothing = |element| !(has_use(element) || is_used(element) || means(element));
    fields.filter(|&(element, _)| means_nothing(element)).collect()
}
