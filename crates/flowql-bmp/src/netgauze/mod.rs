//! Messages read by `netgauze-bmp-pkt`, which no other module knows.
//!
//! It refuses a whole update for one prefix that is multicast or has bits beyond its length, for a segment of an AS path
//! that is of a confederation, and for some attributes that we do not need. A refused update is cleaned of those
//! ([`clean`]) and read again; what was taken out is counted.

mod clean;
mod update;

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use netgauze_bgp_pkt::BgpMessage;
use netgauze_bgp_pkt::capabilities::{AddPathCapability, BgpCapability};
use netgauze_bgp_pkt::nlri::RouteDistinguisher;
use netgauze_bgp_pkt::open::BgpOpenMessage;
use netgauze_bgp_pkt::wire::deserializer::BgpParsingContext;
use netgauze_bmp_pkt::v3::{
    BmpMessageValue as V3, InitiationInformation, PeerUpNotificationMessage, TerminationInformation,
};
use netgauze_bmp_pkt::v4::BmpMessageValue as V4;
use netgauze_bmp_pkt::wire::deserializer::BmpParsingContext;
use netgauze_bmp_pkt::{BmpMessage, BmpPeerType, PeerHeader, PeerKey as ParserKey};
use netgauze_parse_utils::reader::SliceReader;
use netgauze_parse_utils::traits::ParseFromWithOneInput;

use crate::frame::HEADER;
use crate::message::{Cleaned, Message, MessageParser, Refusal};
use crate::peer::{PeerKey, PeerKind, Rib};
use crate::route::Distinguisher;

/// The types of messages (RFC 7854, 4.1).
const ROUTE_MONITORING: u8 = 0;
const PEER_UP: u8 = 3;
const LAST_TYPE: u8 = 6;

/// The flag of the peer header for Adj-RIB-Out (RFC 8671, 4).
const ADJ_RIB_OUT: u8 = 0x10;

/// The most peers of a session whose capabilities are remembered.
const MOST_PEERS: usize = 4096;

/// A [`MessageParser`] by `netgauze-bmp-pkt`.
#[derive(Default)]
pub struct NetgauzeParser {
    /// What was negotiated with each peer for what it sends, and for what is sent to it: ADD-PATH has a direction
    /// (RFC 7911, 4), and one Peer Up is for both (RFC 8671, 5.2).
    received: BmpParsingContext,
    sent: BmpParsingContext,
    /// The AS that the router itself has in its sessions with its peers.
    own: HashMap<PeerKey, u32>,
    /// The tables of peers whose updates have no identifiers of paths, though ADD-PATH was agreed on: GoBGP leaves them out
    /// of what it sends after its policy.
    without_paths: HashSet<(PeerKey, Rib)>,
}

impl MessageParser for NetgauzeParser {
    fn parse(&mut self, message: &[u8]) -> Result<Message, Refusal> {
        let (Some(&kind), body) = (message.get(HEADER - 1), message.get(HEADER..).unwrap_or_default()) else {
            return Err(Refusal::Malformed);
        };
        if kind == ROUTE_MONITORING {
            return self.route_monitoring(message, body);
        }
        let context = bounded(&mut self.received);
        match read(message, context) {
            Some(read) => self.convert(&read),
            None => {
                let (read, _) = read_cleaned(message, kind, context)?;
                self.convert(&read)
            }
        }
    }
}

/// A peer that never came up must not fill the memory.
fn bounded(context: &mut BmpParsingContext) -> &mut BmpParsingContext {
    if context.len() > MOST_PEERS {
        context.clear();
    }
    context
}

fn is_out(flags: &u8) -> bool {
    flags & ADJ_RIB_OUT != 0
}

fn read(message: &[u8], context: &mut BmpParsingContext) -> Option<BmpMessage> {
    BmpMessage::parse(&mut SliceReader::new(message), context).ok()
}

/// Reads a refused message after what the parser does not take was removed from it.
fn read_cleaned(
    message: &[u8],
    kind: u8,
    context: &mut BmpParsingContext,
) -> Result<(BmpMessage, Cleaned), Refusal> {
    forget_errors(context);
    let cleaned = match kind {
        ROUTE_MONITORING => {
            clean::route_monitoring(message, |family| clean::adds_path(context, message, family))
        }
        PEER_UP => clean::peer_up(message).map(|message| (message, Cleaned::default())),
        _ if kind > LAST_TYPE => return Err(Refusal::Kind),
        _ => None,
    };
    let refusal = match kind {
        ROUTE_MONITORING | PEER_UP if message.get(HEADER).is_none_or(|kind| *kind > 3) => Refusal::Peer,
        ROUTE_MONITORING | PEER_UP => Refusal::Bgp,
        _ => Refusal::Malformed,
    };
    let (message, cleaned) = cleaned.ok_or(refusal)?;
    let read = read(&message, context);
    forget_errors(context);
    Ok((read.ok_or(refusal)?, cleaned))
}

/// The peer and the table that a message is about.
fn table_of(message: &[u8]) -> Option<(PeerKey, Rib)> {
    let header = clean::peer_header(message)?;
    Some((peer_key(&header)?, rib(header.peer_type())))
}

impl NetgauzeParser {
    fn route_monitoring(&mut self, message: &[u8], body: &[u8]) -> Result<Message, Refusal> {
        let out = body.first() != Some(&3) && body.get(1).is_some_and(is_out);
        if !self.without_paths.is_empty()
            && let Some(table) = table_of(message).filter(|table| self.without_paths.contains(table))
        {
            let found = update_of(message, &mut BmpParsingContext::default(), &self.own);
            if found.is_ok() {
                return found;
            }
            self.without_paths.remove(&table);
        }
        let context = bounded(if out { &mut self.sent } else { &mut self.received });
        let found = update_of(message, context, &self.own);
        if found != Err(Refusal::Bgp) || !clean::adds_paths(context, message) {
            return found;
        }
        let found = update_of(message, &mut BmpParsingContext::default(), &self.own)?;
        if self.without_paths.len() < MOST_PEERS {
            self.without_paths.extend(table_of(message));
        }
        Ok(found)
    }

    fn convert(&mut self, message: &BmpMessage) -> Result<Message, Refusal> {
        match message {
            BmpMessage::V3(V3::PeerUpNotification(message))
            | BmpMessage::V4(V4::PeerUpNotification(message)) => self.peer_up(message),
            BmpMessage::V3(V3::PeerDownNotification(message)) => self.peer_down(message.peer_header()),
            BmpMessage::V4(V4::PeerDownNotification(message)) => self.peer_down(message.peer_header()),
            BmpMessage::V3(V3::Initiation(message)) | BmpMessage::V4(V4::Initiation(message)) => {
                Ok(initiation(message.information()))
            }
            BmpMessage::V3(V3::Termination(message)) | BmpMessage::V4(V4::Termination(message)) => {
                Ok(Message::Termination { reason: termination(message.information()) })
            }
            BmpMessage::V3(V3::StatisticsReport(message)) | BmpMessage::V4(V4::StatisticsReport(message)) => {
                Ok(Message::Statistics { peer: peer_key(message.peer_header()).ok_or(Refusal::Peer)? })
            }
            BmpMessage::V3(_) | BmpMessage::V4(_) => Ok(Message::Other),
        }
    }

    fn peer_up(&mut self, message: &PeerUpNotificationMessage) -> Result<Message, Refusal> {
        let header = message.peer_header();
        let peer = peer_key(header).ok_or(Refusal::Peer)?;
        if let (BgpMessage::Open(sent), BgpMessage::Open(received)) =
            (message.sent_message(), message.received_message())
        {
            let key = ParserKey::from_peer_header(header);
            let both = peer.kind == PeerKind::LocRib;
            let mut context = negotiated(received, sent, both);
            if let Some(known) = self.received.get(&key).filter(|_| both) {
                // The families of such a table may come up one by one (RFC 9069, 6.1.1).
                let missing = known.add_path().iter().map(|(family, used)| (*family, *used));
                missing.for_each(|(family, used)| {
                    context.add_path_mut().entry(family).or_insert(used);
                });
            }
            self.received.insert(key, context);
            self.sent.insert(key, negotiated(sent, received, both));
            if self.own.len() < MOST_PEERS || self.own.contains_key(&peer) {
                self.own.insert(peer, sent.my_asn4());
            }
        }
        self.without_paths.retain(|(other, _)| *other != peer);
        let vrf = message.information().iter().find_map(|information| match information {
            InitiationInformation::VrfTableName(name) => Some(name.to_string()),
            _ => None,
        });
        Ok(Message::PeerUp { peer, asn: header.peer_as(), rib: rib(header.peer_type()), vrf })
    }

    fn peer_down(&mut self, header: &PeerHeader) -> Result<Message, Refusal> {
        let key = ParserKey::from_peer_header(header);
        self.received.remove(&key);
        self.sent.remove(&key);
        let peer = peer_key(header).ok_or(Refusal::Peer)?;
        self.own.remove(&peer);
        Ok(Message::PeerDown { peer })
    }
}

/// The parser keeps the prefixes that it refused, which hostile updates would fill the memory with.
fn forget_errors(context: &mut BmpParsingContext) {
    for peer in context.values_mut() {
        peer.reset_parsing_errors();
    }
}

/// How updates from `sender` to `receiver` are to be read. A router's own table has one OPEN for both (`both`), which says
/// what it uses (RFC 9069, 4.2).
fn negotiated(sender: &BgpOpenMessage, receiver: &BgpOpenMessage, both: bool) -> BgpParsingContext {
    let mut context = BgpParsingContext::default();
    let receives = add_path(receiver);
    for family in add_path(sender).iter().flat_map(|capability| capability.address_families()) {
        let mut other = receives.iter().flat_map(|capability| capability.address_families());
        let used = if both {
            family.send() || family.receive()
        } else {
            family.send()
                && other.any(|other| other.address_type() == family.address_type() && other.receive())
        };
        context.add_path_mut().insert(family.address_type(), used);
    }
    context
}

fn add_path(open: &BgpOpenMessage) -> Vec<&AddPathCapability> {
    let capabilities = open.capabilities().into_iter();
    capabilities
        .filter_map(|capability| match capability {
            BgpCapability::AddPath(capability) => Some(capability),
            _ => None,
        })
        .collect()
}

fn initiation(information: &[InitiationInformation]) -> Message {
    let (mut name, mut description) = (None, None);
    for information in information {
        match information {
            InitiationInformation::SystemName(text) => name = Some(text.to_string()),
            InitiationInformation::SystemDescription(text) => description = Some(text.to_string()),
            _ => {}
        }
    }
    Message::Initiation { name, description }
}

fn termination(information: &[TerminationInformation]) -> Option<String> {
    information.iter().find_map(|information| match information {
        TerminationInformation::String(text) => Some(text.to_string()),
        TerminationInformation::Reason(code) => Some(code.to_string()),
        _ => None,
    })
}

/// Reads a message of route monitoring, cleaned where it must be. `own` has the AS of the router towards each of its peers.
fn update_of(
    message: &[u8],
    context: &mut BmpParsingContext,
    own: &HashMap<PeerKey, u32>,
) -> Result<Message, Refusal> {
    let (message, cleaned) = match read(message, context) {
        Some(read) => (read, None),
        None => {
            read_cleaned(message, ROUTE_MONITORING, context).map(|(read, cleaned)| (read, Some(cleaned)))?
        }
    };
    let (header, message) = match &message {
        BmpMessage::V3(V3::RouteMonitoring(message)) => (message.peer_header(), message.update_message()),
        BmpMessage::V4(V4::RouteMonitoring(message)) => (message.peer_header(), message.update_message()),
        _ => return Err(Refusal::Malformed),
    };
    let peer = peer_key(header).ok_or(Refusal::Peer)?;
    let BgpMessage::Update(update) = message else { return Err(Refusal::Bgp) };
    let mut update = update::convert(peer, rib(header.peer_type()), header.peer_as(), update);
    update.cleaned = cleaned;
    if let Some(own) = own.get(&peer) {
        update.forget_own(*own);
    }
    Ok(Message::Update(Box::new(update)))
}

fn peer_key(header: &PeerHeader) -> Option<PeerKey> {
    let kind = match header.peer_type() {
        BmpPeerType::GlobalInstancePeer { .. } => PeerKind::Global,
        BmpPeerType::RdInstancePeer { .. } => PeerKind::Distinguished,
        BmpPeerType::LocalInstancePeer { .. } => PeerKind::Local,
        BmpPeerType::LocRibInstancePeer { .. } => PeerKind::LocRib,
        _ => return None,
    };
    Some(PeerKey {
        kind,
        distinguisher: header.rd().map(distinguisher),
        address: header.address(),
        identifier: header.address().is_none().then(|| header.bgp_id()),
    })
}

fn rib(kind: BmpPeerType) -> Rib {
    match kind {
        BmpPeerType::GlobalInstancePeer { post_policy, adj_rib_out, .. }
        | BmpPeerType::RdInstancePeer { post_policy, adj_rib_out, .. }
        | BmpPeerType::LocalInstancePeer { post_policy, adj_rib_out, .. } => match (adj_rib_out, post_policy)
        {
            (true, true) => Rib::OutPostPolicy,
            (true, false) => Rib::OutPrePolicy,
            (false, true) => Rib::PostPolicy,
            (false, false) => Rib::PrePolicy,
        },
        _ => Rib::LocRib,
    }
}

fn distinguisher(value: RouteDistinguisher) -> Distinguisher {
    let (kind, value) = match value {
        RouteDistinguisher::As2Administrator { asn2, number } => {
            (0, u64::from(asn2) << 32 | u64::from(number))
        }
        RouteDistinguisher::Ipv4Administrator { ip, number } => {
            (1, u64::from(u32::from(ip)) << 16 | u64::from(number))
        }
        RouteDistinguisher::As4Administrator { asn4, number } => {
            (2, u64::from(asn4) << 16 | u64::from(number))
        }
        RouteDistinguisher::LeafAdRoutes => (u64::from(u16::MAX), 0xffff_ffff_ffff),
    };
    Distinguisher(kind << 48 | value)
}

/// An address that is IPv4 written as IPv6 becomes IPv4.
fn canonical(address: IpAddr) -> IpAddr {
    address.to_canonical()
}
