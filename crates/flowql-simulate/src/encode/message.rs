//! Messages of NetFlow v9 (RFC 3954) and IPFIX (RFC 7011), set by set.

use super::{Flow, Header};
use crate::encode::templates;

/// A field of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spec {
    /// The enterprise that numbered it; 0 for IANA.
    pub enterprise: u32,
    /// Its number; of a scope of NetFlow v9 the type of the scope.
    pub id: u16,
    /// Its bytes.
    pub length: u16,
}

impl Spec {
    /// A field of IANA's registry.
    pub const fn new(id: u16, length: u16) -> Self {
        Self { enterprise: 0, id, length }
    }
}

/// A message that is being written. It is whole once [`Message::end`] was called.
#[derive(Debug)]
pub struct Message<'o> {
    out: &'o mut Vec<u8>,
    start: usize,
    is_v9: bool,
    header: Header,
    records: u16,
    data_records: u16,
}

impl<'o> Message<'o> {
    /// Begins a message of NetFlow v9.
    pub fn v9(out: &'o mut Vec<u8>, header: &Header) -> Self {
        let start = out.len();
        out.extend([0, 9, 0, 0]);
        let seconds = (header.time / 1000) as u32;
        for word in [header.uptime(header.time), seconds, header.sequence, header.domain] {
            out.extend(word.to_be_bytes());
        }
        Self { out, start, is_v9: true, header: *header, records: 0, data_records: 0 }
    }

    /// Begins a message of IPFIX.
    pub fn ipfix(out: &'o mut Vec<u8>, header: &Header) -> Self {
        let start = out.len();
        out.extend([0, 10, 0, 0]);
        for word in [(header.time / 1000) as u32, header.sequence, header.domain] {
            out.extend(word.to_be_bytes());
        }
        Self { out, start, is_v9: false, header: *header, records: 0, data_records: 0 }
    }

    /// Whether it is of NetFlow v9.
    pub const fn is_v9(&self) -> bool {
        self.is_v9
    }

    /// The bytes so far.
    pub fn length(&self) -> usize {
        self.out.len() - self.start
    }

    /// Adds a set of any number; `write` appends its content and says how many records these are. Sets of NetFlow v9 are
    /// filled up to four bytes.
    pub fn set(&mut self, id: u16, write: impl FnOnce(&mut Vec<u8>) -> u16) {
        let start = self.out.len();
        self.out.extend(id.to_be_bytes());
        self.out.extend([0; 2]);
        let records = write(self.out);
        self.records = self.records.saturating_add(records);
        if id > 255 {
            self.data_records = self.data_records.saturating_add(records);
        }
        let odd = (self.out.len() - start) % 4;
        if self.is_v9 && odd != 0 {
            self.out.extend(std::iter::repeat_n(0, 4 - odd));
        }
        let length = (self.out.len() - start) as u16;
        patch(self.out, start + 2, length);
    }

    /// Announces templates of flows, each a number and its fields.
    pub fn templates(&mut self, templates: &[(u16, &[Spec])]) {
        let set = if self.is_v9 { 0 } else { 2 };
        self.set(set, |out| {
            for (id, fields) in templates {
                out.extend(id.to_be_bytes());
                out.extend((fields.len() as u16).to_be_bytes());
                fields.iter().for_each(|field| announce(out, field));
            }
            templates.len() as u16
        });
    }

    /// Announces a template of options, the first fields of which are scopes.
    pub fn options(&mut self, id: u16, scopes: usize, fields: &[Spec]) {
        let (set, first, second) = match self.is_v9 {
            true => (1, scopes * 4, fields.len().saturating_sub(scopes) * 4),
            false => (3, fields.len(), scopes),
        };
        self.set(set, |out| {
            for word in [id, first as u16, second as u16] {
                out.extend(word.to_be_bytes());
            }
            fields.iter().for_each(|field| announce(out, field));
            1
        });
    }

    /// Adds flows as records of a template.
    pub fn flows<'f, 'w: 'f>(
        &mut self,
        id: u16,
        fields: &[Spec],
        flows: impl IntoIterator<Item = &'f Flow<'w>>,
    ) {
        let header = self.header;
        self.set(id, |out| {
            let mut records = 0;
            for flow in flows {
                templates::record(out, &header, fields, flow);
                records += 1;
            }
            records
        });
    }

    /// Ends the message: its header says how much it holds. How many records of flows and options it has, which is what
    /// the sequence number of IPFIX grows by.
    pub fn end(self) -> u16 {
        let size = if self.is_v9 { self.records } else { self.length() as u16 };
        patch(self.out, self.start + 2, size);
        self.data_records
    }
}

fn announce(out: &mut Vec<u8>, field: &Spec) {
    const ENTERPRISE: u16 = 0x8000;
    let id = if field.enterprise == 0 { field.id } else { field.id | ENTERPRISE };
    out.extend(id.to_be_bytes());
    out.extend(field.length.to_be_bytes());
    if field.enterprise != 0 {
        out.extend(field.enterprise.to_be_bytes());
    }
}

fn patch(out: &mut [u8], place: usize, value: u16) {
    if let Some(bytes) = out.get_mut(place..place + 2) {
        bytes.copy_from_slice(&value.to_be_bytes());
    }
}

/// Appends the last bytes of a number.
#[inline]
pub(super) fn put(out: &mut Vec<u8>, value: u64, length: u16) {
    let bytes = value.to_be_bytes();
    out.extend_from_slice(bytes.get(8_usize.saturating_sub(length.into())..).unwrap_or_default());
}

/// Appends a text: cut or filled up with zeros to the length of its field.
pub(super) fn put_text(out: &mut Vec<u8>, text: &str, length: u16) {
    let bytes = text.as_bytes();
    let bytes = bytes.get(..length.into()).unwrap_or(bytes);
    out.extend_from_slice(bytes);
    out.extend(std::iter::repeat_n(0, usize::from(length) - bytes.len()));
}
