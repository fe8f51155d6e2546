//! sFlow datagrams: their samples become rows, their counters are given to the observer.

use crate::decoder::Decoder;
use crate::sampling::{RateSource, SaidRate, Source};
use crate::session::Key;
use crate::sflow::{InterfaceCounters, Session, Sink};
use crate::{Added, AddressSource, Columns, Counters, Datagram, Observer, Protocol, Reason, Row};

/// Takes the samples of a datagram.
struct Samples<'s> {
    columns: &'s mut Columns,
    observer: &'s mut dyn Observer,
    counters: &'s mut Counters,
    source: crate::Source,
    rates: Source<'s>,
    said: &'s mut Option<SaidRate>,
    /// The exporter's address, where it is not that of the agent.
    address: Option<[u8; 16]>,
    /// In seconds since 1970.
    received: u32,
    room: usize,
}

impl Sink for Samples<'_> {
    fn flow(&mut self, row: &mut Row) {
        self.counters.records += 1;
        if self.room == 0 {
            self.counters.excess += 1;
            self.counters.refuse(Reason::Rows);
            return;
        }
        self.room -= 1;
        row.time_received = self.received;
        row.exporter_address = self.address.unwrap_or(row.exporter_address);
        let said = Some(row.sampling_rate).filter(|&rate| rate != 0);
        let fixed = self.rates.of_interfaces([row.in_if_index, row.out_if_index]);
        let rates = [
            (RateSource::Override, fixed),
            (RateSource::Record, said),
            (RateSource::Default, self.rates.settings.default),
        ];
        *self.said = SaidRate::first(rates);
        self.counters.unknown_rates += u64::from(self.said.is_none());
        row.sampling_rate = self.said.map_or(1, |said| said.rate);
        if row.packets == 0 && row.bytes != 0 {
            row.packets = 1;
        }
        self.counters.rows += 1;
        self.columns.push(row);
        let (source, columns) = (self.source, &*self.columns);
        self.observer.added(Added { source, columns, count: 1, is_second: false });
    }

    fn counters(&mut self, counters: &InterfaceCounters) {
        self.observer.counters(self.source, counters);
    }
}

impl Decoder {
    /// Adds the samples of an sFlow datagram, which need no state: without room for a session only losses are unknown.
    pub(crate) fn samples(
        &mut self,
        datagram: &Datagram<'_>,
        columns: &mut Columns,
        observer: &mut dyn Observer,
    ) -> Result<(), Reason> {
        let key = Key { source: datagram.source, protocol: Protocol::Sflow, domain: 0 };
        let place = self.open(key, datagram.received);
        let settings = self.settings.exporter(datagram.source.address.ip());
        let is_agent = self.settings.exporter_address != AddressSource::Source;
        let mut sink = Samples {
            columns,
            observer,
            counters: &mut self.counters,
            source: datagram.source,
            said: &mut self.rating.said,
            rates: Source { settings: &settings.sampling, domain: 0 },
            address: (!is_agent).then(|| datagram.source.octets()),
            received: u32::try_from(datagram.received / 1_000_000_000).unwrap_or(u32::MAX),
            room: self.limits.rows,
        };
        let mut stateless = Session::default();
        let session = place.and_then(|place| self.sessions.at(place));
        let session = session.map_or(&mut stateless, |session| session.samples.get_or_insert_default());
        let empty = session.tally.empty;
        let outcome = self.sflow.decode(datagram.bytes, &settings.tunnels, session, &mut sink);
        let counted = std::mem::take(&mut session.counters);
        if let Some(rates) = session.alternating.take() {
            let said = |rate| SaidRate { rate, source: RateSource::Record };
            self.rating.contradiction = Some(rates.map(said));
        }
        // The header's own reason is counted by the caller.
        if outcome.is_ok() {
            let empty = session.tally.empty - empty;
            self.counters.sets += 1;
            self.counters.data_sets += 1;
            self.counters.records += empty;
            self.counters.empty += empty;
            self.counters.absorb(&counted);
        }
        outcome.map(|_| ())
    }
}
