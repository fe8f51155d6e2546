//! Who may send: the networks that are allowed, and a bound on what must be remembered of senders.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use ipnet::IpNet;

use super::{Protocol, Refusal};
use crate::{CollectSection, ListenProtocol};

/// How often it is looked for exporters that are idle, while there is no place for others.
const LOOK: Duration = Duration::from_secs(1);

/// Decides which datagrams are taken.
#[derive(Debug)]
pub(crate) struct Admission {
    allowed: Vec<IpNet>,
    configured: HashSet<IpAddr>,
    max_exporters: usize,
    max_sessions: usize,
    idle: Duration,
    exporters: HashMap<IpAddr, Exporter>,
    /// How many of them are not configured: those have a place in any case.
    unknown: usize,
    looked: Option<Instant>,
}

/// A source whose templates are kept.
#[derive(Debug)]
struct Exporter {
    seen: Instant,
    sessions: HashMap<Session, Instant>,
    looked: Option<Instant>,
}

/// What templates belong to, for a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Session {
    port: u16,
    listener: u16,
    domain: u32,
}

/// Where a datagram arrived.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    pub(crate) listener: u16,
    pub(crate) protocol: ListenProtocol,
    pub(crate) source: SocketAddr,
}

impl Admission {
    pub(crate) fn new(section: &CollectSection, configured: HashSet<IpAddr>) -> Self {
        Self {
            allowed: section.allowed(),
            configured,
            max_exporters: section.max_exporters,
            max_sessions: section.max_sessions,
            idle: Duration::from_secs(section.idle_seconds),
            exporters: HashMap::new(),
            unknown: 0,
            looked: None,
        }
    }

    /// Takes other settings. Exporters and sessions keep their places.
    pub(crate) fn configure(&mut self, section: &CollectSection, configured: HashSet<IpAddr>) {
        let exporters = std::mem::take(&mut self.exporters);
        let unknown = exporters.keys().filter(|address| !configured.contains(address)).count();
        *self = Self { exporters, unknown, ..Self::new(section, configured) };
    }

    /// Whether a source is in the networks that are allowed.
    pub(crate) fn is_allowed(&self, source: IpAddr) -> bool {
        self.allowed.is_empty() || self.allowed.iter().any(|network| network.contains(&source))
    }

    /// How many exporters have a place.
    pub(crate) fn exporters(&self) -> usize {
        self.exporters.len()
    }

    /// Takes a datagram or says why not.
    pub(crate) fn judge(
        &mut self,
        arrival: Arrival,
        datagram: &[u8],
        now: Instant,
    ) -> Result<Protocol, Refusal> {
        if !self.is_allowed(arrival.source.ip()) {
            return Err(Refusal::NotAllowed);
        }
        let protocol = Protocol::of(datagram).ok_or(Refusal::UnknownKind)?;
        if !arrival.protocol.takes(protocol) {
            return Err(Refusal::OtherProtocol);
        }
        if protocol.is_stateless() {
            // It takes no place, but keeps one.
            if let Some(exporter) = self.exporters.get_mut(&arrival.source.ip()) {
                exporter.seen = now;
            }
            return Ok(protocol);
        }
        let port = arrival.source.port();
        let session = Session { port, listener: arrival.listener, domain: protocol.domain(datagram) };
        self.place(arrival.source.ip(), session, now)?;
        Ok(protocol)
    }

    /// Finds or gives a place to a session.
    fn place(&mut self, source: IpAddr, session: Session, now: Instant) -> Result<(), Refusal> {
        if !self.exporters.contains_key(&source) && !self.configured.contains(&source) {
            self.make_place(now)?;
            self.unknown += 1;
        }
        let new = || Exporter { seen: now, sessions: HashMap::new(), looked: None };
        let exporter = self.exporters.entry(source).or_insert_with(new);
        exporter.seen = now;
        if let Some(seen) = exporter.sessions.get_mut(&session) {
            *seen = now;
            return Ok(());
        }
        if exporter.sessions.len() >= self.max_sessions && due(&mut exporter.looked, now) {
            exporter.sessions.retain(|_, seen| now.duration_since(*seen) < self.idle);
        }
        if exporter.sessions.len() >= self.max_sessions {
            return Err(Refusal::TooManySessions);
        }
        exporter.sessions.insert(session, now);
        Ok(())
    }

    /// Lets idle exporters go where no place is left for one more.
    fn make_place(&mut self, now: Instant) -> Result<(), Refusal> {
        if self.unknown < self.max_exporters {
            return Ok(());
        }
        if due(&mut self.looked, now) {
            let (configured, idle) = (&self.configured, self.idle);
            self.exporters.retain(|source, exporter| {
                configured.contains(source) || now.duration_since(exporter.seen) < idle
            });
            self.unknown = self.exporters.keys().filter(|source| !configured.contains(source)).count();
        }
        if self.unknown < self.max_exporters { Ok(()) } else { Err(Refusal::TooManyExporters) }
    }
}

/// Whether it is time for a look that costs as much as there are entries.
fn due(looked: &mut Option<Instant>, now: Instant) -> bool {
    let due = looked.is_none_or(|looked| now.duration_since(looked) >= LOOK);
    if due {
        *looked = Some(now);
    }
    due
}

#[cfg(test)]
mod tests {
    use super::*;

    const V5: &[u8] = &{
        let mut datagram = [0; 72];
        (datagram[1], datagram[3]) = (5, 1);
        datagram
    };

    /// A datagram of NetFlow v9 of a source id.
    fn v9(domain: u8) -> Vec<u8> {
        let mut datagram = vec![0; 20];
        (datagram[1], datagram[19]) = (9, domain);
        datagram
    }

    struct Case {
        admission: Admission,
        now: Instant,
    }

    impl Case {
        fn new(change: impl FnOnce(&mut CollectSection)) -> Self {
            let mut section =
                CollectSection { max_exporters: 2, max_sessions: 2, ..CollectSection::default() };
            change(&mut section);
            let configured = HashSet::from(["192.0.2.200".parse().unwrap()]);
            Self { admission: Admission::new(&section, configured), now: Instant::now() }
        }

        fn judge(&mut self, source: &str, datagram: &[u8]) -> Result<Protocol, Refusal> {
            let source = source.parse().unwrap();
            let arrival = Arrival { listener: 0, protocol: ListenProtocol::Auto, source };
            self.admission.judge(arrival, datagram, self.now)
        }

        fn pass(&mut self, seconds: u64) {
            self.now += Duration::from_secs(seconds);
        }
    }

    #[test]
    fn only_allowed_networks_may_send() {
        let allow = vec!["192.0.2.0/24".to_owned(), "2001:db8::1".to_owned()];
        let mut case = Case::new(|section| section.allow = allow);
        for (source, answer) in [
            ("192.0.2.1:1", Ok(Protocol::NetflowV5)),
            ("[2001:db8::1]:1", Ok(Protocol::NetflowV5)),
            ("[2001:db8::2]:1", Err(Refusal::NotAllowed)),
            ("198.51.100.1:1", Err(Refusal::NotAllowed)),
        ] {
            assert_eq!(case.judge(source, V5), answer, "{source}");
        }
    }

    #[test]
    fn what_no_protocol_begins_with_is_refused() {
        let mut case = Case::new(|_| ());
        assert_eq!(case.judge("192.0.2.1:1", b"GET / HTTP/1.1"), Err(Refusal::UnknownKind));
        let source = "192.0.2.1:1".parse().unwrap();
        let arrival = Arrival { listener: 0, protocol: ListenProtocol::Sflow, source };
        assert_eq!(case.admission.judge(arrival, V5, case.now), Err(Refusal::OtherProtocol));
        assert_eq!(case.admission.exporters(), 0, "noise takes no place");
    }

    #[test]
    fn exporters_are_bounded_but_for_configured_ones() {
        let mut case = Case::new(|_| ());
        assert!(case.judge("192.0.2.1:1", &v9(0)).is_ok());
        assert!(case.judge("192.0.2.2:1", &v9(0)).is_ok());
        assert_eq!(case.judge("192.0.2.3:1", &v9(0)), Err(Refusal::TooManyExporters));
        assert!(case.judge("192.0.2.3:1", V5).is_ok(), "it needs no templates");
        assert!(case.judge("192.0.2.200:1", &v9(0)).is_ok(), "it is configured");
        assert_eq!(case.judge("192.0.2.4:1", &v9(0)), Err(Refusal::TooManyExporters));
        assert_eq!(case.admission.exporters(), 3);
    }

    #[test]
    fn idle_exporters_leave_first() {
        let mut case = Case::new(|_| ());
        case.judge("192.0.2.1:1", &v9(0)).unwrap();
        case.judge("192.0.2.2:1", &v9(0)).unwrap();
        case.pass(599);
        case.judge("192.0.2.2:1", V5).unwrap();
        assert_eq!(case.judge("192.0.2.3:1", &v9(0)), Err(Refusal::TooManyExporters));
        case.pass(1);
        assert!(case.judge("192.0.2.3:1", &v9(0)).is_ok());
        assert_eq!(case.judge("192.0.2.1:1", &v9(0)), Err(Refusal::TooManyExporters), "it left");
        assert!(case.judge("192.0.2.2:1", &v9(0)).is_ok(), "a valid datagram kept its place");
    }

    #[test]
    fn sessions_of_a_source_are_bounded() {
        let mut case = Case::new(|_| ());
        case.judge("192.0.2.1:1", &v9(0)).unwrap();
        case.judge("192.0.2.1:1", &v9(1)).unwrap();
        for (source, domain) in [("192.0.2.1:1", 2), ("192.0.2.1:2", 0)] {
            assert_eq!(case.judge(source, &v9(domain)), Err(Refusal::TooManySessions), "{source}");
        }
        assert!(case.judge("192.0.2.1:1", &v9(1)).is_ok());
        assert!(case.judge("192.0.2.1:3", V5).is_ok(), "it needs no templates");
        case.pass(300);
        case.judge("192.0.2.1:1", &v9(1)).unwrap();
        case.pass(300);
        assert!(case.judge("192.0.2.1:2", &v9(0)).is_ok(), "an exporter that started again has another port");
        assert_eq!(case.judge("192.0.2.1:1", &v9(0)), Err(Refusal::TooManySessions), "it left");
        assert!(case.judge("192.0.2.1:1", &v9(1)).is_ok());
    }

    #[test]
    fn looking_for_idle_ones_is_not_done_for_each_datagram() {
        let mut case = Case::new(|section| section.idle_seconds = 1);
        case.judge("192.0.2.1:1", &v9(0)).unwrap();
        case.judge("192.0.2.2:1", &v9(0)).unwrap();
        case.now += Duration::from_millis(500);
        assert!(case.judge("192.0.2.3:1", &v9(0)).is_err());
        case.now += Duration::from_millis(600);
        assert!(case.judge("192.0.2.3:1", &v9(0)).is_err(), "looked half a second ago");
        case.now += Duration::from_millis(400);
        assert!(case.judge("192.0.2.3:1", &v9(0)).is_ok());
    }
}
