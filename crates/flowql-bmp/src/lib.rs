#![doc = include_str!("../README.md")]

mod counters;
mod frame;
mod intern;
mod message;
mod netgauze;
mod peer;
mod published;
mod route;
mod router;
mod routes;
mod rpki;
mod segments;
mod server;
mod settings;
mod table;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use counters::Counters;
pub use frame::{FrameError, Framer};
pub use message::{Announced, Cleaned, Message, MessageParser, Refusal, Update};
pub use netgauze::NetgauzeParser;
pub use peer::{Families, Peer, PeerKey, PeerKind, Rib};
pub use route::{Attributes, Candidates, Distinguisher, Nlri, NotDistinguisher, Route, Why};
pub use router::{Applied, PeerStatus, Router, RouterStatus, Vrf};
pub use routes::{Found, Query, Routes};
pub use rpki::{RpkiState, VrpError, Vrps};
pub use server::{Observer, Server, SessionStatus, Status};
pub use settings::{Limits, Settings};
pub use table::{Matched, Table};

/// Locks, also where a thread panicked while it held the lock: what it guards is valid between any two statements.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
