//! Messages of NetFlow v9 (RFC 3954) and IPFIX (RFC 7011): sets of templates, of options and of flows.

use std::sync::Arc;

use crate::decoder::need;
use crate::element::{Cursor, Records};
use crate::options::OptionRecord;
use crate::protocol::{IPFIX_HEADER, V9_HEADER};
use crate::rows::{Cumulative, Firewall, Rows};
use crate::sampling::{self, Defaults, missing};
use crate::session::Key;
use crate::template::{Announcement, Layout, Template};
use crate::times::Header;
use crate::waiting::What;
use crate::{
    AddressSource, Columns, Datagram, Decoder, Observer, Protocol, Reason, Record, Ticket, Transport,
};

/// A message that is being decoded.
struct Message<'d, 'b> {
    datagram: &'d Datagram<'b>,
    key: Key,
    header: Header,
    /// The place of its session.
    session: usize,
    /// The records so far; `None` once a set was not decoded, so that nobody knows.
    records: Option<u32>,
    /// The rows so far.
    rows: usize,
    /// A set that waited is not counted a second time as waiting, and waits for no template again.
    is_resumed: bool,
    /// The template that the set had when it began to wait.
    template: Option<Arc<Template>>,
}

/// The header of a message.
struct Head {
    domain: u32,
    sequence: u32,
    header: Header,
    /// Where the sets begin, and where they end.
    start: usize,
    end: usize,
}

/// What a set was.
enum Kind {
    Templates,
    Options,
    Flows,
    /// Nothing yet: it waits, or its template is lost. It is counted so.
    Missing,
}

/// A set of a message.
#[derive(Clone, Copy)]
struct Set<'b> {
    id: u16,
    /// Where it begins in the datagram.
    offset: usize,
    bytes: &'b [u8],
}

impl Protocol {
    fn head(self, datagram: &Datagram<'_>) -> Result<Head, Reason> {
        self.read_head(datagram).ok_or(Reason::ShortHeader)
    }

    fn read_head(self, datagram: &Datagram<'_>) -> Option<Head> {
        let bytes = datagram.bytes;
        let mut cursor = Cursor(bytes.get(2..)?);
        let received = datagram.received;
        if self == Self::NetflowV9 {
            let _count = cursor.u16()?;
            let (uptime, seconds) = (cursor.u32()?, cursor.u32()?);
            let (sequence, domain) = (cursor.u32()?, cursor.u32()?);
            let header = Header { received, exported: u64::from(seconds) * 1_000, uptime: Some(uptime) };
            return Some(Head { domain, sequence, header, start: V9_HEADER, end: bytes.len() });
        }
        let length = cursor.u16()?;
        let (seconds, sequence, domain) = (cursor.u32()?, cursor.u32()?, cursor.u32()?);
        let header = Header { received, exported: u64::from(seconds) * 1_000, uptime: None };
        Some(Head { domain, sequence, header, start: IPFIX_HEADER, end: length.into() })
    }

    /// What sets of templates, and of templates of options, are numbered.
    const fn template_sets(self) -> (u16, u16) {
        match self {
            Self::NetflowV9 => (0, 1),
            _ => (2, 3),
        }
    }
}

impl Decoder {
    /// Decodes a message, or of a message that is given once more the set of a ticket.
    pub(crate) fn message(
        &mut self,
        datagram: &Datagram<'_>,
        protocol: Protocol,
        only: Option<Ticket>,
        columns: &mut Columns,
        observer: &mut dyn Observer,
    ) -> Result<(), Reason> {
        let head = protocol.head(datagram)?;
        let body = datagram.bytes.get(head.start..head.end.min(datagram.bytes.len()));
        let body = body.ok_or(Reason::Length)?;
        let key = Key { source: datagram.source, protocol, domain: head.domain };
        let session = self.open(key, datagram.received).ok_or(Reason::Limit)?;
        if let Some(session) = self.sessions.at(session) {
            session.first.get_or_insert(head.header.exported);
            if only.is_none() {
                session.tally.sent(head.header.exported, datagram.received);
            }
        }
        let mut message = Message {
            datagram,
            key,
            header: head.header,
            session,
            records: Some(0),
            rows: 0,
            is_resumed: only.is_some(),
            template: None,
        };
        if let Some(ticket) = only {
            message.template = ticket.template;
            return self.only(&mut message, ticket.offset, columns, observer);
        }
        let mut outcome = if head.end > datagram.bytes.len() { Err(Reason::Length) } else { Ok(()) };
        let mut rest = body;
        // Less than the header of a set is padding.
        while rest.len() >= 4 {
            let offset = head.start + body.len() - rest.len();
            let Some((set, after)) = split(rest, offset) else {
                message.records = None;
                self.counters.sets += 1;
                self.counters.malformed_sets += 1;
                outcome = Err(Reason::SetLength);
                break;
            };
            rest = after;
            self.counters.sets += 1;
            self.set(&mut message, set, columns, observer);
        }
        self.follow(&message, head.sequence);
        outcome
    }

    /// Decodes one set of a message that is given once more.
    fn only(
        &mut self,
        message: &mut Message<'_, '_>,
        offset: usize,
        columns: &mut Columns,
        observer: &mut dyn Observer,
    ) -> Result<(), Reason> {
        let bytes = message.datagram.bytes.get(offset..).unwrap_or_default();
        let (set, _) = split(bytes, offset).ok_or(Reason::SetLength)?;
        self.set(message, set, columns, observer);
        Ok(())
    }

    /// Takes in the sequence number. NetFlow v9 counts datagrams, IPFIX records.
    fn follow(&mut self, message: &Message<'_, '_>, number: u32) {
        let units = if message.key.protocol == Protocol::NetflowV9 { Some(1) } else { message.records };
        if let Some(session) = self.sessions.at(message.session) {
            session.sequence.follow(number, units, message.header.uptime);
        }
    }

    fn set(
        &mut self,
        message: &mut Message<'_, '_>,
        set: Set<'_>,
        columns: &mut Columns,
        observer: &mut dyn Observer,
    ) {
        let (templates, options) = message.key.protocol.template_sets();
        let outcome = match set.id {
            id if id == templates || id == options => {
                self.templates(message, set, id == options, observer).map(|()| Kind::Templates)
            }
            256.. => self.data(message, set, columns, observer),
            _ => Err(Reason::SetId),
        };
        match outcome {
            Ok(Kind::Templates) => self.counters.template_sets += 1,
            Ok(Kind::Options) => self.counters.option_sets += 1,
            Ok(Kind::Flows) => self.counters.data_sets += 1,
            Ok(Kind::Missing) => {}
            Err(reason) => {
                message.records = None;
                self.counters.malformed_sets += 1;
                self.refuse(message.datagram.source, reason, observer);
            }
        }
    }

    fn templates(
        &mut self,
        message: &Message<'_, '_>,
        set: Set<'_>,
        options: bool,
        observer: &mut dyn Observer,
    ) -> Result<(), Reason> {
        let protocol = message.key.protocol;
        let mut cursor = Cursor(set.bytes);
        while let Some(announcement) = protocol.announcement(options, &mut cursor) {
            match announcement? {
                Announcement::Layout(layout) => {
                    // The next templates are read, whatever is wrong with this one.
                    if let Err(reason) = self.announce(message, layout, observer) {
                        self.refuse(message.datagram.source, reason, observer);
                    }
                }
                Announcement::Withdrawal(id) => self.withdraw(message, id, options)?,
            }
        }
        Ok(())
    }

    /// Learns a template. One that says the same as before changes nothing but its age.
    fn announce(
        &mut self,
        message: &Message<'_, '_>,
        layout: Layout<'_>,
        observer: &mut dyn Observer,
    ) -> Result<(), Reason> {
        let (key, now) = (message.key, message.datagram.received);
        self.announced += 1;
        let Some(session) = self.sessions.at(message.session) else { return Ok(()) };
        if session.refresh(layout.id, now, self.announced, |template| template.is(&layout)) {
            self.waiting.came(&need(&key, What::Template(layout.id)));
            return Ok(());
        }
        if !session.has_room(layout.id, &self.limits) {
            return Err(Reason::Limit);
        }
        let template = Arc::new(Template::new(layout, key.protocol, &self.needs, &self.limits)?);
        observer.template(key.source, key.domain, &template);
        if session.has_template(template.id()) {
            session.tally.change_template(template.id(), now);
        }
        session.announce(template, now, self.announced);
        self.waiting.came(&need(&key, What::Template(layout.id)));
        Ok(())
    }

    /// Forgets templates. Over UDP that would let a spoofed datagram stop an exporter, so it counts for connections only.
    fn withdraw(&mut self, message: &Message<'_, '_>, id: u16, options: bool) -> Result<(), Reason> {
        if message.key.protocol == Protocol::NetflowV9 {
            return Err(Reason::EmptyTemplate);
        }
        let (templates, option_templates) = message.key.protocol.template_sets();
        if id < 256 && id != templates && id != option_templates {
            return Err(Reason::Template);
        }
        if matches!(message.key.source.transport, Transport::Connection(_))
            && let Some(session) = self.sessions.at(message.session)
        {
            session.withdraw(id, options);
        }
        Ok(())
    }

    /// Decodes records, or lets them wait.
    fn data(
        &mut self,
        message: &mut Message<'_, '_>,
        set: Set<'_>,
        columns: &mut Columns,
        observer: &mut dyn Observer,
    ) -> Result<Kind, Reason> {
        let Some(template) = self.template(message, set.id) else {
            message.records = None;
            if message.is_resumed {
                self.counters.expired_sets += 1;
            } else {
                self.wait_for(message, set, What::Template(set.id), None);
            }
            return Ok(Kind::Missing);
        };
        // A set that begins to wait is shown when it waits no longer.
        let sampler = self.sampler(message, &template, set);
        if observer.wants_records() && sampler.is_none() {
            self.show(message, &template, set, observer);
        }
        if let Some(session) = self.sessions.at(message.session)
            && sampler.is_none()
            && session.extras.takes(&template)
            && let Some(record) = template.first(set.bytes, &mut self.places)
        {
            session.extras.sample(&template, record);
        }
        let (kind, rest) = if template.scopes().is_some() {
            (Kind::Options, self.options(message, &template, set))
        } else {
            if let Some(sampler) = sampler {
                message.records = None;
                self.wait_for(message, set, What::Sampler(sampler), Some(template));
                return Ok(Kind::Missing);
            }
            (Kind::Flows, self.flows(message, &template, set, columns, observer)?)
        };
        // What is left is padding: up to four bytes of anything, or zeros.
        let is_padding = rest.len() < 4 || rest.iter().all(|&byte| byte == 0);
        if is_padding { Ok(kind) } else { Err(Reason::Record) }
    }

    /// The template of a set: that which it waited with, that of the session, else of another port of the exporter, which
    /// chooses another at a restart.
    fn template(&mut self, message: &Message<'_, '_>, id: u16) -> Option<Arc<Template>> {
        let now = message.datagram.received;
        let protocol = message.key.protocol;
        let is_it = |template: &&Arc<Template>| (template.protocol(), template.id()) == (protocol, id);
        if let Some(template) = message.template.as_ref().filter(is_it) {
            return Some(template.clone());
        }
        let session = self.sessions.at(message.session)?;
        if let Some(template) = session.template(id, now, &self.limits) {
            return Some(template);
        }
        let borrowed = self.sessions.borrow(&message.key, id, now, &self.limits)?;
        self.sessions.at(message.session)?.borrowed = true;
        Some(borrowed)
    }

    fn wait_for(
        &mut self,
        message: &Message<'_, '_>,
        set: Set<'_>,
        what: What,
        template: Option<Arc<Template>>,
    ) {
        let ticket = Ticket { position: message.datagram.position, offset: set.offset, template };
        self.wait(&message.key, what, ticket, set.bytes.len(), message.datagram.received);
    }

    /// Shows every record as it was sent.
    fn show(
        &mut self,
        message: &Message<'_, '_>,
        template: &Template,
        set: Set<'_>,
        observer: &mut dyn Observer,
    ) {
        let key = message.key;
        template.each(set.bytes, &mut self.places, |records| {
            observer.record(key.source, key.domain, Record { template, records });
        });
    }

    /// The sampler that records of a set name and that they shall wait for.
    fn sampler(&mut self, message: &Message<'_, '_>, template: &Template, set: Set<'_>) -> Option<u64> {
        let plan = &template.plan.sampling;
        plan.sampler?;
        let limit = u64::try_from(self.limits.sampler.as_nanos()).unwrap_or(u64::MAX);
        if message.datagram.received.saturating_add(limit) <= self.clock {
            return None;
        }
        let settings = self.settings.exporter(message.key.source.address.ip());
        let source = sampling::Source { settings: &settings.sampling, domain: message.key.domain };
        let rates = &self.sessions.at(message.session)?.facts.rates;
        if let Some(stride) = template.stride() {
            return missing(plan, Records::fixed(set.bytes, stride), rates, source);
        }
        let mut found = None;
        template.each(set.bytes, &mut self.places, |record| {
            found = found.or_else(|| missing(plan, record, rates, source));
        });
        found
    }

    /// Learns from option records; what is left after them.
    fn options<'b>(&mut self, message: &mut Message<'_, '_>, template: &Template, set: Set<'b>) -> &'b [u8] {
        let Some(session) = self.sessions.at(message.session) else { return &[] };
        let mut count = 0;
        let rest = template.each(set.bytes, &mut self.places, |record| {
            count += 1;
            let found = OptionRecord::read(template, record);
            if let Some(sampler) = found.learn(session, &mut self.texts) {
                self.waiting.came(&need(&message.key, What::Sampler(sampler)));
            }
        });
        message.records = message.records.map(|records| records + count);
        self.counters.option_records += u64::from(count);
        rest
    }

    /// Adds the flows of a set; what is left after them.
    fn flows<'b>(
        &mut self,
        message: &mut Message<'_, '_>,
        template: &Template,
        set: Set<'b>,
        columns: &mut Columns,
        observer: &mut dyn Observer,
    ) -> Result<&'b [u8], Reason> {
        let Some(session) = self.sessions.at(message.session) else { return Ok(&[]) };
        let settings = self.settings.exporter(message.key.source.address.ip());
        let agent = session.agent.filter(|_| self.settings.exporter_address == AddressSource::Agent);
        let mut rows = Rows {
            header: message.header,
            facts: &session.facts,
            source: sampling::Source { settings: &settings.sampling, domain: message.key.domain },
            default_rates: Defaults { datagram: None, configured: settings.sampling.default },
            rating: &mut self.rating,
            observer,
            sender: message.key.source,
            exporter: agent.unwrap_or_else(|| message.key.source.octets()),
            time: self.settings.time,
            texts: &mut self.texts,
            tunnels: &settings.tunnels,
            row: &mut self.row,
            counters: &mut self.counters,
            connections: Firewall {
                connections: &mut self.connections,
                session: (session.serial, session.first.unwrap_or_default()),
                bounds: self.limits.bounds(),
            },
            totals: Cumulative { are: settings.totals, totals: &mut self.totals, most: self.limits.totals },
        };
        let room = self.limits.rows.saturating_sub(message.rows);
        let (count, rest) = match template.stride() {
            Some(stride) => {
                let records = Records::fixed(set.bytes, stride);
                if records.count() > room {
                    rows.exceed(records.count());
                    return Err(Reason::Rows);
                }
                rows.add(&template.plan, records, columns);
                (records.count(), set.bytes.get(records.count() * stride..).unwrap_or_default())
            }
            None => {
                let mut count = 0;
                let rest = template.each(set.bytes, &mut self.places, |record| {
                    count += 1;
                    if count <= room {
                        rows.add(&template.plan, record, columns);
                    } else {
                        rows.exceed(1);
                    }
                });
                if count > room {
                    return Err(Reason::Rows);
                }
                (count, rest)
            }
        };
        message.rows += count;
        message.records = message.records.map(|records| records + count as u32);
        Ok(rest)
    }
}

/// The first set, and what follows it; `None` where its length is not possible.
fn split(bytes: &[u8], offset: usize) -> Option<(Set<'_>, &[u8])> {
    let mut cursor = Cursor(bytes);
    let (id, length) = (cursor.u16()?, cursor.u16()?);
    let bytes = cursor.take(usize::from(length).checked_sub(4)?)?;
    Some((Set { id, offset, bytes }, cursor.0))
}
