//! What is counted of each listener. Every datagram ends in one counter.

use std::net::IpAddr;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, PoisonError};

/// Why a datagram is not in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// Its source is not in the networks that are allowed.
    NotAllowed,
    /// It is of no known protocol.
    UnknownKind,
    /// It is of a protocol that the listener does not take.
    OtherProtocol,
    /// As many exporters as may have state have it.
    TooManyExporters,
    /// As many sessions of its source as may have state have it.
    TooManySessions,
    /// Over TCP: its length cannot be, or the connection ended within it.
    Framing,
    /// The queue did not take it: there is no room, or the disk failed.
    Queue,
}

impl Refusal {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::NotAllowed,
        Self::UnknownKind,
        Self::OtherProtocol,
        Self::TooManyExporters,
        Self::TooManySessions,
        Self::Framing,
        Self::Queue,
    ];

    /// Its name in metrics and logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NotAllowed => "not_allowed",
            Self::UnknownKind => "unknown_kind",
            Self::OtherProtocol => "other_protocol",
            Self::TooManyExporters => "too_many_exporters",
            Self::TooManySessions => "too_many_sessions",
            Self::Framing => "framing",
            Self::Queue => "queue",
        }
    }
}

/// What is counted of a listener, while it is counted.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    received: AtomicU64,
    bytes: AtomicU64,
    queued: AtomicU64,
    refused: [AtomicU64; Refusal::ALL.len()],
    senders: Mutex<Senders>,
    pub(crate) kernel_drops: AtomicU64,
    pub(crate) errors: AtomicU64,
    pub(crate) connections: AtomicU64,
    pub(crate) connections_refused: AtomicU64,
}

/// What was counted of a listener since it was started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// The datagrams, and the messages of connections. They are the refused and the queued ones.
    pub received: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Those that are in the queue.
    pub queued: u64,
    /// Those that are not, in the order of [`Refusal::ALL`].
    pub refused: [u64; Refusal::ALL.len()],
    /// The datagrams that the kernel dropped because the receive buffer was full, as of the last second. They are not among
    /// the received ones.
    pub kernel_drops: u64,
    /// The failures of sockets.
    pub errors: u64,
    /// The connections that are open.
    pub connections: u64,
    /// The connections that were closed at once: of a source that is not allowed, or one too many.
    pub connections_refused: u64,
}

/// The last senders of what was refused, the newest first, in the order of [`Refusal::ALL`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Senders([[Option<IpAddr>; 3]; Refusal::ALL.len()]);

impl Senders {
    /// Those whose datagrams were refused for a reason last.
    pub fn of(&self, refusal: Refusal) -> impl Iterator<Item = IpAddr> {
        let mut reasons = Refusal::ALL.into_iter().zip(self.0);
        reasons.find(|(reason, _)| *reason == refusal).into_iter().flat_map(|(_, known)| known).flatten()
    }

    /// Notes the last sender for each reason.
    fn note(&mut self, last: &[Option<IpAddr>; Refusal::ALL.len()]) {
        for (known, sender) in self.0.iter_mut().zip(last).filter(|(_, sender)| sender.is_some()) {
            let place = known.iter().position(|other| other == sender).unwrap_or(known.len() - 1);
            if let Some(moved) = known.get_mut(..=place) {
                moved.rotate_right(1);
            }
            let [first, ..] = known;
            *first = *sender;
        }
    }
}

/// What is counted of a batch, and added up when the queue has answered.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    received: u64,
    bytes: u64,
    refused: [u64; Refusal::ALL.len()],
    /// The last sender of what is refused.
    senders: [Option<IpAddr>; Refusal::ALL.len()],
}

impl Tally {
    /// Counts a datagram.
    pub(crate) fn receive(&mut self, bytes: usize) {
        self.received += 1;
        self.bytes += bytes as u64;
    }

    /// Counts that a received one is refused, and notes its sender.
    pub(crate) fn refuse_of(&mut self, refusal: Refusal, sender: IpAddr) {
        self.refuse(refusal, 1);
        let reasons = Refusal::ALL.iter().zip(&mut self.senders);
        reasons.filter(|(reason, _)| **reason == refusal).for_each(|(_, last)| *last = Some(sender));
    }

    /// Counts that some of the received ones are refused.
    pub(crate) fn refuse(&mut self, refusal: Refusal, datagrams: u64) {
        let reasons = Refusal::ALL.iter().zip(&mut self.refused);
        reasons.filter(|(reason, _)| **reason == refusal).for_each(|(_, refused)| *refused += datagrams);
    }
}

impl Totals {
    /// Adds a batch. All that is not refused is queued.
    pub(crate) fn add(&self, tally: &Tally) {
        let refused: u64 = tally.refused.iter().sum();
        self.received.fetch_add(tally.received, Relaxed);
        self.bytes.fetch_add(tally.bytes, Relaxed);
        self.queued.fetch_add(tally.received - refused, Relaxed);
        for (total, refused) in self.refused.iter().zip(tally.refused).filter(|(_, refused)| *refused > 0) {
            total.fetch_add(refused, Relaxed);
        }
        if tally.senders.iter().any(Option::is_some) {
            self.senders.lock().unwrap_or_else(PoisonError::into_inner).note(&tally.senders);
        }
    }

    pub(crate) fn senders(&self) -> Senders {
        *self.senders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn counters(&self) -> Counters {
        let mut refused = [0; Refusal::ALL.len()];
        refused.iter_mut().zip(&self.refused).for_each(|(value, total)| *value = total.load(Relaxed));
        Counters {
            received: self.received.load(Relaxed),
            bytes: self.bytes.load(Relaxed),
            queued: self.queued.load(Relaxed),
            refused,
            kernel_drops: self.kernel_drops.load(Relaxed),
            errors: self.errors.load(Relaxed),
            connections: self.connections.load(Relaxed),
            connections_refused: self.connections_refused.load(Relaxed),
        }
    }
}

impl Counters {
    /// How many were refused for a reason.
    #[must_use]
    pub fn refused_for(&self, refusal: Refusal) -> u64 {
        let mut reasons = Refusal::ALL.iter().zip(self.refused);
        reasons.find(|(reason, _)| **reason == refusal).map_or(0, |(_, refused)| refused)
    }

    /// How many were refused for any reason.
    #[must_use]
    pub fn refused_total(&self) -> u64 {
        self.refused.iter().sum()
    }
}
