//! What a decoder tells apart from rows.

use crate::element::Records;
use crate::sflow::InterfaceCounters;
use crate::{Columns, Element, Reason, Source, Template};

/// Hears what a decoder meets: for `--records`, for logs. Every method does nothing by default.
pub trait Observer {
    /// Whether [`Observer::record`] shall be called, which costs time.
    fn wants_records(&self) -> bool {
        false
    }

    /// A template that is new or changed.
    fn template(&mut self, source: Source, domain: u32, template: &Template) {
        let _ = (source, domain, template);
    }

    /// A record as it was sent, of flows or of options.
    fn record(&mut self, source: Source, domain: u32, record: Record<'_>) {
        let _ = (source, domain, record);
    }

    /// Rows of flows that were added.
    fn added(&mut self, added: Added<'_>) {
        let _ = added;
    }

    /// The counters of an interface, which sFlow agents send from time to time.
    fn counters(&mut self, source: Source, counters: &InterfaceCounters) {
        let _ = (source, counters);
    }

    /// Something that could not be decoded.
    fn refused(&mut self, source: Source, reason: Reason) {
        let _ = (source, reason);
    }
}

/// One that does not listen.
impl Observer for () {}

/// Rows that were added last, of one set or sample.
#[derive(Clone, Copy, Debug)]
pub struct Added<'c> {
    /// Who sent them.
    pub source: Source,
    /// All rows so far.
    pub columns: &'c Columns,
    /// How many of them, at the end, are meant.
    pub count: usize,
    /// Whether they are second flows of records that count both ways.
    pub is_second: bool,
}

/// A record as it was sent.
#[derive(Clone, Copy, Debug)]
pub struct Record<'r> {
    pub(crate) template: &'r Template,
    pub(crate) records: Records<'r>,
}

impl<'r> Record<'r> {
    /// Its template.
    pub const fn template(&self) -> &'r Template {
        self.template
    }

    /// Each element with its bytes, in the order of the template.
    pub fn elements(&self) -> impl Iterator<Item = (Element, &'r [u8])> + use<'r> {
        let records = self.records;
        self.template
            .fields()
            .map(move |(element, slot)| (element, records.values(slot).next().unwrap_or_default()))
    }
}
