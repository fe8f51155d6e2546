//! Records of options: names, and how an exporter samples.

use crate::element::{Records, SCOPE_V9, Slot, number};
use crate::facts::{Interface, Scope};
use crate::mapping::Meaning;
use crate::plan::SamplingPlan;
use crate::sampling::own_rate;
use crate::session::Session;
use crate::{Element, Template, TextId, Texts};

/// What an option record says, as far as flows need it.
#[derive(Debug, Default)]
pub(crate) struct OptionRecord<'r> {
    interface: Option<u32>,
    /// The interface, where only the physical one is said.
    physical: Option<u32>,
    line_card: Option<u64>,
    sampler: Option<u64>,
    vrf: Option<u64>,
    application: Option<u64>,
    interface_name: &'r [u8],
    interface_description: &'r [u8],
    vrf_name: &'r [u8],
    application_name: &'r [u8],
    agent: Option<[u8; 16]>,
    rate: Option<u64>,
    /// What the exporter says of itself: the numbers of elements, and their values.
    statistics: [Option<&'r [u8]>; STATISTICS.len()],
}

/// Elements by which an exporter says how much it exported, and how much it could not.
const STATISTICS: [u16; 8] = [40, 41, 42, 164, 165, 166, 167, 168];

/// Scope types of NetFlow v9 (RFC 3954, section 6.1).
const SCOPE_INTERFACE: u16 = 2;
const SCOPE_LINE_CARD: u16 = 3;

impl<'r> OptionRecord<'r> {
    /// Reads a record of a template of options.
    pub(crate) fn read(template: &Template, record: Records<'r>) -> Self {
        let mut found = Self::default();
        let mut own = OwnRate::default();
        for (element, slot) in template.fields() {
            let bytes = record.values(slot).next().unwrap_or_default();
            found.take(element, bytes);
            own.take(element, slot);
        }
        found.rate = own_rate(&own.0, record);
        found
    }

    fn take(&mut self, element: Element, bytes: &'r [u8]) {
        let value = Some(number(bytes));
        let index = Some(number(bytes) as u32);
        match (element.enterprise, element.id) {
            (SCOPE_V9, SCOPE_INTERFACE) => self.interface = index,
            (SCOPE_V9, SCOPE_LINE_CARD) | (0, 141) => self.line_card = value,
            (0, 10 | 14) => self.interface = self.interface.or(index),
            (0, 252 | 253) => self.physical = self.physical.or(index),
            (0, 48 | 302) => self.sampler = value,
            (0, 82) => self.interface_name = bytes,
            (0, 83) => self.interface_description = bytes,
            (0, 95) => self.application = value,
            (0, 96) => self.application_name = bytes,
            (0, 130) => {
                self.agent =
                    bytes.first_chunk().copied().map(crate::frame::mapped).filter(|_| value != Some(0));
            }
            (0, 131) => {
                let agent = bytes.first_chunk().copied();
                self.agent = agent.filter(|agent| *agent != [0; 16]).or(self.agent);
            }
            (0, 234 | 235) => self.vrf = self.vrf.or(value),
            (0, 236) => self.vrf_name = bytes,
            (0, id) => {
                let known = STATISTICS.iter().zip(&mut self.statistics).find(|(known, _)| **known == id);
                known.into_iter().for_each(|(_, value)| *value = Some(bytes));
            }
            _ => {}
        }
    }

    /// Remembers it for a session; the sampler whose rate came, if one did. That more is said than may be kept makes the
    /// rest unknown.
    pub(crate) fn learn(&self, session: &mut Session, texts: &mut Texts) -> Option<u64> {
        session.agent = self.agent.or(session.agent);
        for (id, bytes) in STATISTICS.into_iter().zip(self.statistics) {
            bytes.into_iter().for_each(|bytes| session.extras.state(id, bytes));
        }
        let facts = &mut session.facts;
        let interface = self.interface.filter(|&index| index != 0).or(self.physical);
        if let Some(index) = interface {
            let name = texts.sent(self.interface_name);
            let description = texts.sent(self.interface_description);
            if (name, description) != Default::default() {
                facts.name_interface(index, Interface { name, description });
            }
        }
        if let Some(vrf) = self.vrf {
            let name = texts.sent(self.vrf_name);
            if name != TextId::default() {
                facts.name_vrf(vrf, name);
            }
        }
        if let Some(application) = self.application {
            let name = texts.sent(self.application_name);
            if name != TextId::default() {
                facts.name_application(application, name);
            }
        }
        let rate = self.rate?;
        let scope = match (self.sampler, interface, self.line_card) {
            (Some(sampler), ..) => Scope::Sampler(sampler),
            (_, Some(index), _) => Scope::Interface(index),
            (.., Some(card)) => Scope::LineCard(card),
            _ => Scope::Domain,
        };
        facts.sample(scope, rate);
        self.sampler
    }
}

/// Where a record of options says a rate.
#[derive(Default)]
struct OwnRate(SamplingPlan);

impl OwnRate {
    fn take(&mut self, element: Element, slot: Slot) {
        if element.enterprise == 0
            && let Some(Meaning::Sampling(sampling)) = Meaning::of(element, false)
        {
            self.0.add(sampling, slot);
        }
    }
}
