//! Events of Cisco's firewalls (NSEL): records of NetFlow v9 about connections.

use super::message::put;
use super::{Message, Spec, v4};

/// What happens to a connection (element 233).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It was made.
    Create,
    /// It carries traffic: the counters say how much since the last update.
    Update,
    /// It ended: the counters say how much it carried.
    Teardown,
}

/// An event of a connection. Times are milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub kind: Kind,
    /// The number of the connection.
    pub connection: u32,
    /// The address that opened it, and the one that answers.
    pub addresses: [[u8; 16]; 2],
    /// Their ports.
    pub ports: [u16; 2],
    /// The address and the port of the first behind the firewall.
    pub translated: ([u8; 16], u16),
    /// The interfaces that it came by and left by.
    pub interfaces: [u32; 2],
    /// The protocol above IP.
    pub protocol: u8,
    /// Bytes and packets of the first address, then of the second.
    pub counters: [u64; 4],
    /// When the connection was made.
    pub created: u64,
    /// When this happened.
    pub time: u64,
}

/// The fields of all three templates, and those of counters.
const COMMON: [(u16, u16); 16] = [
    (148, 4),
    (8, 4),
    (7, 2),
    (10, 2),
    (12, 4),
    (11, 2),
    (14, 2),
    (4, 1),
    (225, 4),
    (226, 4),
    (227, 2),
    (228, 2),
    (233, 1),
    (33_002, 2),
    (323, 8),
    (152, 8),
];
const COUNTERS: [(u16, u16); 4] = [(231, 4), (298, 4), (232, 4), (299, 4)];

impl Kind {
    /// The number of the template: a firewall has one for each kind.
    pub const fn template(self) -> u16 {
        match self {
            Self::Create => 262,
            Self::Update => 263,
            Self::Teardown => 264,
        }
    }

    /// Event and extended event: a connection that is closed as it should be.
    const fn codes(self) -> (u64, u64) {
        match self {
            Self::Create => (1, 0),
            Self::Update => (5, 0),
            Self::Teardown => (2, 2030),
        }
    }

    fn fields(self) -> Vec<Spec> {
        let counters = if self == Self::Create { &[][..] } else { &COUNTERS };
        COMMON.iter().chain(counters).map(|&(id, length)| Spec::new(id, length)).collect()
    }
}

/// Announces the templates of all events.
pub fn announce(message: &mut Message<'_>) {
    let kinds = [Kind::Create, Kind::Update, Kind::Teardown];
    let fields = kinds.map(Kind::fields);
    let templates: Vec<(u16, &[Spec])> =
        kinds.iter().zip(&fields).map(|(kind, fields)| (kind.template(), fields.as_slice())).collect();
    message.templates(&templates);
}

/// The bytes of the largest record.
pub const SIZE: usize = 68;

/// Adds events in their order: a set for each run of one kind.
pub fn events(message: &mut Message<'_>, events: &[Event]) {
    for run in events.chunk_by(|event, next| event.kind == next.kind) {
        let Some(first) = run.first() else { continue };
        message.set(first.kind.template(), |out| {
            run.iter().for_each(|event| record(out, event));
            run.len() as u16
        });
    }
}

fn record(out: &mut Vec<u8>, event: &Event) {
    let ([source, destination], [from, to]) = (event.addresses, event.ports);
    let [input, output] = event.interfaces;
    let (code, extended) = event.kind.codes();
    let (translated, port) = event.translated;
    out.extend(event.connection.to_be_bytes());
    out.extend(v4(source));
    out.extend(from.to_be_bytes());
    put(out, input.into(), 2);
    out.extend(v4(destination));
    out.extend(to.to_be_bytes());
    put(out, output.into(), 2);
    out.push(event.protocol);
    out.extend(v4(translated));
    out.extend(v4(destination));
    out.extend(port.to_be_bytes());
    out.extend(to.to_be_bytes());
    put(out, code, 1);
    put(out, extended, 2);
    put(out, event.time, 8);
    put(out, event.created, 8);
    if event.kind != Kind::Create {
        event.counters.into_iter().for_each(|counter| put(out, counter, 4));
    }
}
