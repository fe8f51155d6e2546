//! Templates as exporters announce them (RFC 3954, sections 5 and 6; RFC 7011, section 3.4).

use crate::element::{Cursor, Element, Records, SCOPE_V9, Slot, VARIABLE};
use crate::plan::{Needs, Plan};
use crate::{Limits, Protocol, Reason, skipped};

/// The layout of records: what an exporter announced under a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    protocol: Protocol,
    id: u16,
    /// As it was sent, after the number: what is the same means the same.
    raw: Box<[u8]>,
    elements: Box<[Element]>,
    /// How many of the fields are scopes; `None` for records of flows.
    scopes: Option<u16>,
    /// The length of each record, or the least.
    length: usize,
    variable: bool,
    /// Those of the fields that mean nothing.
    skipped: Box<[(Element, Slot)]>,
    pub(crate) plan: Plan,
}

/// What a set of templates announces.
#[derive(Debug)]
pub(crate) enum Announcement<'b> {
    /// The layout of a number, not read yet.
    Layout(Layout<'b>),
    /// A number is withdrawn; all of its kind where it is that of the set (RFC 7011, section 8.1).
    Withdrawal(u16),
}

/// A template before it is compiled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout<'b> {
    pub(crate) id: u16,
    /// All that says how the records look.
    pub(crate) raw: &'b [u8],
    scopes: Option<u16>,
    fields: &'b [u8],
}

impl Protocol {
    /// Takes the next announcement from a set; `None` where only padding is left.
    pub(crate) fn announcement<'b>(
        self,
        options: bool,
        cursor: &mut Cursor<'b>,
    ) -> Option<Result<Announcement<'b>, Reason>> {
        // A shorter rest is padding, and so are zeros.
        if cursor.0.len() < 4 || cursor.0.iter().all(|&byte| byte == 0) {
            return None;
        }
        let found = match (self, options) {
            (Self::NetflowV9, true) => Self::options_v9(cursor),
            _ => self.layout(options, cursor),
        };
        Some(found.ok_or(Reason::Template).and_then(|announcement| match announcement {
            Announcement::Layout(layout) if layout.id < 256 => Err(Reason::Template),
            announcement => Ok(announcement),
        }))
    }

    fn layout<'b>(self, options: bool, cursor: &mut Cursor<'b>) -> Option<Announcement<'b>> {
        let id = cursor.u16()?;
        let start = cursor.0;
        let count = cursor.u16()?;
        if count == 0 {
            return Some(Announcement::Withdrawal(id));
        }
        let scopes = if options { Some(cursor.u16()?) } else { None };
        if scopes.is_some_and(|scopes| scopes > count) {
            return None;
        }
        let fields = cursor.0;
        for _ in 0..count {
            self.element(cursor)?;
        }
        Some(Announcement::Layout(Layout {
            id,
            raw: between(start, cursor.0),
            scopes,
            fields: between(fields, cursor.0),
        }))
    }

    fn options_v9<'b>(cursor: &mut Cursor<'b>) -> Option<Announcement<'b>> {
        let id = cursor.u16()?;
        let start = cursor.0;
        let scopes = cursor.u16()?;
        let options = cursor.u16()?;
        if !scopes.is_multiple_of(4) || !options.is_multiple_of(4) {
            return None;
        }
        let fields = cursor.take(usize::from(scopes) + usize::from(options))?;
        let raw = between(start, cursor.0);
        Some(Announcement::Layout(Layout { id, raw, scopes: Some(scopes / 4), fields }))
    }

    fn element(self, cursor: &mut Cursor<'_>) -> Option<Element> {
        const ENTERPRISE: u16 = 0x8000;
        let (id, length) = (cursor.u16()?, cursor.u16()?);
        if self == Self::Ipfix && id & ENTERPRISE != 0 {
            return Some(Element { enterprise: cursor.u32()?, id: id & !ENTERPRISE, length });
        }
        Some(Element { enterprise: 0, id, length })
    }
}

/// The last scope type of NetFlow v9.
const LAST_SCOPE_TYPE: u16 = 5;

/// What was read between two places of the same bytes.
fn between<'b>(start: &'b [u8], rest: &[u8]) -> &'b [u8] {
    start.get(..start.len() - rest.len()).unwrap_or_default()
}

impl Template {
    /// Compiles a layout, for the columns that are needed.
    pub(crate) fn new(
        layout: Layout<'_>,
        protocol: Protocol,
        needs: &Needs,
        limits: &Limits,
    ) -> Result<Self, Reason> {
        let mut elements = Vec::new();
        let mut cursor = Cursor(layout.fields);
        while let Some(mut element) = protocol.element(&mut cursor) {
            if elements.len() >= limits.fields {
                return Err(Reason::Limit);
            }
            let is_scope = layout.scopes.is_some_and(|scopes| elements.len() < usize::from(scopes));
            // Some exporters name an element instead.
            if protocol == Protocol::NetflowV9 && is_scope && element.id <= LAST_SCOPE_TYPE {
                element.enterprise = SCOPE_V9;
            }
            elements.push(element);
        }
        let variable = elements.iter().any(|element| element.length == VARIABLE);
        let length: usize = elements.iter().map(|element| least(*element)).sum();
        if length == 0 {
            return Err(Reason::EmptyTemplate);
        }
        if length > usize::from(u16::MAX) {
            return Err(Reason::Template);
        }
        let fields: Vec<(Element, Slot)> = elements.iter().copied().zip(slots(&elements)).collect();
        let is_v9 = protocol == Protocol::NetflowV9;
        let plan = match layout.scopes {
            None => Plan::new(&fields, is_v9, needs),
            Some(_) => Plan::default(),
        };
        let skipped =
            skipped::of(fields.into_iter().skip(layout.scopes.unwrap_or_default().into()), |element| {
                needs.meaning(element, is_v9).is_some()
            });
        Ok(Self {
            protocol,
            id: layout.id,
            raw: layout.raw.into(),
            elements: elements.into(),
            scopes: layout.scopes,
            length,
            variable,
            skipped,
            plan,
        })
    }

    /// The number under which it was announced.
    pub const fn id(&self) -> u16 {
        self.id
    }

    /// Its fields.
    pub fn elements(&self) -> &[Element] {
        &self.elements
    }

    /// Its fields, with where they lie.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (Element, Slot)> + use<'_> {
        self.elements.iter().copied().zip(slots(&self.elements))
    }

    /// How many of the first fields are scopes; `None` where the records are flows.
    pub const fn scopes(&self) -> Option<u16> {
        self.scopes
    }

    /// How it was sent.
    pub(crate) const fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// As it was sent, after the number.
    pub(crate) const fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// Those of its fields that mean nothing here.
    pub(crate) const fn skipped(&self) -> &[(Element, Slot)] {
        &self.skipped
    }

    /// The first record of a set.
    pub(crate) fn first<'b>(&self, bytes: &'b [u8], places: &'b mut Vec<(u16, u16)>) -> Option<Records<'b>> {
        let length = self.measure(bytes, places)?;
        Some(Records::variable(bytes.get(..length)?, places))
    }

    /// Whether it was announced with the same words.
    pub(crate) fn is(&self, layout: &Layout<'_>) -> bool {
        *self.raw == *layout.raw && self.scopes.is_some() == layout.scopes.is_some()
    }

    /// The length that every record has; `None` where they differ.
    pub(crate) const fn stride(&self) -> Option<usize> {
        if self.variable { None } else { Some(self.length) }
    }

    /// Finds the fields of the first record; its length. `None` where it is cut.
    pub(crate) fn measure(&self, bytes: &[u8], places: &mut Vec<(u16, u16)>) -> Option<usize> {
        places.clear();
        let mut cursor = Cursor(bytes);
        for element in &self.elements {
            let length = match element.length {
                VARIABLE => match cursor.take(1)? {
                    // Three bytes say lengths from 255 on.
                    [255] => cursor.u16()?,
                    [length] => u16::from(*length),
                    _ => return None,
                },
                length => length,
            };
            let offset = u16::try_from(bytes.len() - cursor.0.len()).ok()?;
            cursor.take(length.into())?;
            places.push((offset, length));
        }
        Some(bytes.len() - cursor.0.len())
    }

    /// The records of a set one by one, with what is left after the last.
    pub(crate) fn each<'b>(
        &self,
        bytes: &'b [u8],
        places: &mut Vec<(u16, u16)>,
        mut take: impl FnMut(Records<'_>),
    ) -> &'b [u8] {
        let mut rest = bytes;
        while rest.len() >= self.length {
            let Some(length) = self.measure(rest, places).filter(|&length| length > 0) else { break };
            let Some((record, after)) = rest.split_at_checked(length) else { break };
            take(Records::variable(record, places));
            rest = after;
        }
        rest
    }
}

/// The bytes that a field takes at least.
fn least(element: Element) -> usize {
    if element.length == VARIABLE { 1 } else { element.length.into() }
}

/// Where the fields lie, where all have fixed lengths.
fn slots(elements: &[Element]) -> impl Iterator<Item = Slot> + use<'_> {
    let mut offset = 0_u16;
    (0..).zip(elements).map(move |(index, element)| {
        let slot = Slot { index, offset, length: element.length };
        offset = offset.saturating_add(if element.length == VARIABLE { 1 } else { element.length });
        slot
    })
}
