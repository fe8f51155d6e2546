//! What a router says, whatever reads it.

use std::net::IpAddr;

use crate::peer::{Families, PeerKey, Rib};
use crate::route::{Attributes, Nlri};

/// A message of BMP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// The router names itself.
    Initiation {
        /// Its name (sysName).
        name: Option<String>,
        /// What it is (sysDescr).
        description: Option<String>,
    },
    /// A session of the router with a peer is up.
    PeerUp {
        /// The peer.
        peer: PeerKey,
        /// Its AS.
        asn: u32,
        /// The table that its header names. Some routers say this once for all tables of a peer, others for each.
        rib: Rib,
        /// The name of the VRF (RFC 9069, 4.3).
        vrf: Option<String>,
    },
    /// It is down.
    PeerDown {
        /// The peer.
        peer: PeerKey,
    },
    /// Routes were announced or withdrawn.
    Update(Box<Update>),
    /// Counters of a peer.
    Statistics {
        /// The peer.
        peer: PeerKey,
    },
    /// The router ends the session.
    Termination {
        /// Why, in the words of RFC 7854 or the router's.
        reason: Option<String>,
    },
    /// Messages mirrored, and experimental ones: not used.
    Other,
}

/// Routes that a router announces and withdraws.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// The peer.
    pub peer: PeerKey,
    /// Its AS.
    pub asn: u32,
    /// The table they are in.
    pub rib: Rib,
    /// The prefixes withdrawn.
    pub withdrawn: Vec<Nlri>,
    /// The prefixes announced, by their next hop.
    pub announced: Vec<Announced>,
    /// Their attributes, but for the next hop.
    pub attributes: Attributes,
    /// The family whose table is complete with this message.
    pub end_of_rib: Option<Families>,
    /// Set where the update was read after it had been cleaned.
    pub cleaned: Option<Cleaned>,
}

impl Update {
    /// Takes the AS of the router itself from before a path that a peer of another AS sent, where the router put it there:
    /// FRR 8.4 does. A peer's own path begins with the peer's AS (RFC 4271, 5.1.2).
    pub(crate) fn forget_own(&mut self, own: u32) {
        let is_received = matches!(self.rib, Rib::PrePolicy | Rib::PostPolicy);
        if let ([first, rest @ ..], true) = (&*self.attributes.as_path, is_received && self.asn != own)
            && *first == own
        {
            self.attributes.as_path = rest.into();
            self.attributes.path_length = self.attributes.path_length.saturating_sub(1);
        }
    }
}

/// Prefixes announced with one next hop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announced {
    /// The next hop.
    pub next_hop: Option<IpAddr>,
    /// The prefixes.
    pub prefixes: Vec<Nlri>,
}

impl Announced {
    /// How many prefixes.
    pub(crate) fn count(&self) -> u64 {
        self.prefixes.len() as u64
    }
}

/// What had to be taken out of an update so that the rest could be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// The prefixes left out.
    pub prefixes: u32,
    /// The prefixes from which bits beyond their length were taken.
    pub masked: u32,
    /// The attributes left out.
    pub attributes: u32,
}

/// Why a message was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// An unknown kind of message.
    Kind,
    /// An unknown kind of peer, or a header that is cut.
    Peer,
    /// A message of BGP that cannot be read.
    Bgp,
    /// Anything else that cannot be read.
    Malformed,
}

impl Refusal {
    /// All.
    pub const ALL: [Self; 4] = [Self::Kind, Self::Peer, Self::Bgp, Self::Malformed];

    /// The name in the status.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kind => "kind",
            Self::Peer => "peer",
            Self::Bgp => "bgp",
            Self::Malformed => "malformed",
        }
    }
}

/// Reads the messages of one session.
pub trait MessageParser: Send {
    /// Reads a whole message, its common header included. What it says of peers is remembered for the messages that
    /// follow: whether they have ADD-PATH.
    ///
    /// # Errors
    /// The message cannot be read; those that follow can.
    fn parse(&mut self, message: &[u8]) -> Result<Message, Refusal>;
}
