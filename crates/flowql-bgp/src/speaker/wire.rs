//! Messages of BGP. The only module that knows `rustbgpd-wire`.

use std::net::{IpAddr, Ipv4Addr};

use bytes::Bytes;
use ipnet::IpNet;
use rustbgpd_wire::notification::NotificationCode;
use rustbgpd_wire::{
    Afi, AsPath, AsPathSegment, BitmaskMatch, Capability, EncodeError, ExtendedCommunity, FlowSpecComponent,
    FlowSpecPrefix, FlowSpecRule, GracefulRestartFamily, Ipv4NlriEntry, Ipv4Prefix, Ipv4UnicastMode,
    Ipv6Prefix, Ipv6PrefixOffset, LargeCommunity, LlgrFamily, MAX_MESSAGE_LEN, Message, MpReachNlri,
    MpUnreachNlri, NlriEntry, NotificationMessage, NumericMatch, OpenMessage, Origin, PathAttribute, Prefix,
    Safi, UpdateMessage, decode_message, encode_message,
};

use crate::route::{Route, RouteSettings};
use crate::rule::{Component, Field, FlagTest, Flags, Flowspec, Matcher, Range, RouteFamily};

/// The bytes of a header.
pub(super) const HEADER: usize = 19;

/// The most bytes of a message.
pub(super) const LONGEST: usize = MAX_MESSAGE_LEN as usize;

/// The AS of those that speak of AS numbers of four bytes (RFC 6793).
const AS_TRANS: u16 = 23_456;

/// What is said when a session is opened.
#[derive(Clone, Debug)]
pub(super) struct Opening {
    pub(super) asn: u32,
    pub(super) id: Ipv4Addr,
    /// In seconds.
    pub(super) hold_time: u16,
    pub(super) families: Vec<RouteFamily>,
    /// Whether this is the first session after a restart that nobody asked for.
    pub(super) is_restart: bool,
    /// How long the router keeps routes of a lost session before they are stale, in seconds.
    pub(super) restart_time: u16,
    /// How long it keeps stale ones, in seconds.
    pub(super) stale_time: u32,
}

/// What the other side said when the session was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Opened {
    pub(super) asn: u32,
    pub(super) id: Ipv4Addr,
    pub(super) hold_time: u16,
    pub(super) families: Vec<RouteFamily>,
    pub(super) has_long_asns: bool,
}

/// What arrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Incoming {
    Open(Opened),
    Keepalive,
    /// Routes, which are of no interest here.
    Update,
    /// All routes of a family are wanted again; none for one that is not ours.
    Refresh(Option<RouteFamily>),
    Notification(String),
}

/// A message that ends the session: code and subcode of the notification, and words for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) code: u8,
    pub(super) subcode: u8,
    pub(super) why: String,
}

impl Fault {
    pub(super) fn new(code: u8, subcode: u8, why: impl Into<String>) -> Self {
        Self { code, subcode, why: why.into() }
    }
}

/// The length of a message by its header, in bytes.
pub(super) fn length(header: &[u8; HEADER]) -> Result<usize, Fault> {
    let [.., high, low, kind] = *header;
    let length = usize::from(u16::from_be_bytes([high, low]));
    if header.iter().take(16).any(|byte| *byte != 0xff) {
        return Err(Fault::new(1, 1, "the connection is not synchronised"));
    }
    // RFC 4271, 6.1.
    let (least, most) = match kind {
        1 => (29, LONGEST),
        2 | 5 => (23, LONGEST),
        3 => (21, LONGEST),
        4 => (HEADER, HEADER),
        _ => (HEADER, LONGEST),
    };
    if !(least..=most).contains(&length) {
        return Err(Fault::new(1, 2, format!("a message of {length} bytes")));
    }
    Ok(length)
}

/// Reads a message.
pub(super) fn read(message: Vec<u8>) -> Result<Incoming, Fault> {
    // What the router itself announces is not looked at: a type of update that is not known must not end the session.
    if message.get(HEADER - 1) == Some(&2) {
        return Ok(Incoming::Update);
    }
    let message = decode_message(&mut Bytes::from(message), MAX_MESSAGE_LEN).map_err(|error| {
        let (code, subcode, _) = error.to_notification();
        Fault::new(code.as_u8(), subcode, error.to_string())
    })?;
    Ok(match message {
        Message::Open(open) => Incoming::Open(opened(&open)),
        Message::Notification(message) => Incoming::Notification(said(&message)),
        Message::RouteRefresh(refresh) => Incoming::Refresh(RouteFamily::ALL.into_iter().find(|family| {
            let (afi, safi) = numbers(*family);
            afi as u16 == refresh.afi_raw && safi as u8 == refresh.safi_raw
        })),
        Message::Keepalive => Incoming::Keepalive,
        _ => Incoming::Update,
    })
}

fn opened(open: &OpenMessage) -> Opened {
    let has = |family: &RouteFamily| {
        let (afi, safi) = numbers(*family);
        open.capabilities.contains(&Capability::MultiProtocol { afi, safi })
    };
    Opened {
        asn: open.four_byte_as(),
        id: open.bgp_identifier,
        hold_time: open.hold_time,
        families: RouteFamily::ALL.into_iter().filter(has).collect(),
        has_long_asns: open
            .capabilities
            .iter()
            .any(|capability| matches!(capability, Capability::FourOctetAs { .. })),
    }
}

fn said(message: &NotificationMessage) -> String {
    format!("{} (code {}, subcode {})", message.code, message.code.as_u8(), message.subcode)
}

/// The first message.
pub(super) fn open(opening: &Opening) -> Result<Vec<u8>, EncodeError> {
    let mut capabilities = vec![Capability::RouteRefresh, Capability::FourOctetAs { asn: opening.asn }];
    let families: Vec<(Afi, Safi)> = opening.families.iter().map(|family| numbers(*family)).collect();
    capabilities.extend(families.iter().map(|&(afi, safi)| Capability::MultiProtocol { afi, safi }));
    capabilities.push(Capability::GracefulRestart {
        restart_state: opening.is_restart,
        notification: false,
        restart_time: opening.restart_time,
        families: families
            .iter()
            .map(|&(afi, safi)| GracefulRestartFamily { afi, safi, forwarding_preserved: true })
            .collect(),
    });
    if opening.stale_time > 0 {
        let stale_time = opening.stale_time;
        let family = |&(afi, safi)| LlgrFamily { afi, safi, forwarding_preserved: true, stale_time };
        capabilities.push(Capability::LongLivedGracefulRestart(families.iter().map(family).collect()));
    }
    encode(&Message::Open(OpenMessage {
        version: 4,
        my_as: u16::try_from(opening.asn).unwrap_or(AS_TRANS),
        hold_time: opening.hold_time,
        bgp_identifier: opening.id,
        capabilities,
    }))
}

pub(super) fn keepalive() -> Result<Vec<u8>, EncodeError> {
    encode(&Message::Keepalive)
}

pub(super) fn notification(fault: &Fault) -> Result<Vec<u8>, EncodeError> {
    let code = NotificationCode::from_u8(fault.code);
    encode(&Message::Notification(NotificationMessage { code, subcode: fault.subcode, data: Bytes::new() }))
}

fn encode(message: &Message) -> Result<Vec<u8>, EncodeError> {
    encode_message(message).map(|bytes| bytes.to_vec())
}

/// How routes are said to a router.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dialect<'a> {
    pub(super) routes: &'a RouteSettings,
    /// Whether the router is of the same AS.
    pub(super) is_internal: bool,
    pub(super) has_long_asns: bool,
}

impl Dialect<'_> {
    /// The message that announces a route.
    pub(super) fn announcement(&self, route: &Route) -> Result<Vec<u8>, EncodeError> {
        let mut attributes = vec![PathAttribute::Origin(Origin::Igp), PathAttribute::AsPath(self.path())];
        let mut announced = Vec::new();
        match nlri(&route.traffic) {
            Nlri::Body(entry) => {
                attributes.push(PathAttribute::NextHop(self.routes.next_hop4));
                announced.push(entry);
            }
            Nlri::Prefix(entry) => {
                let next_hop = self.routes.next_hop6.into();
                attributes.push(reach(RouteFamily::Blackhole6, next_hop, vec![entry], Vec::new()));
            }
            Nlri::Flow(rule) => {
                let none = Ipv4Addr::UNSPECIFIED.into();
                attributes.push(reach(route.traffic.family(), none, Vec::new(), vec![rule]));
            }
        }
        if self.is_internal {
            attributes.push(PathAttribute::LocalPref(100));
        }
        attributes.extend(communities(route));
        attributes.sort_by_key(PathAttribute::type_code);
        self.update(&announced, &[], &attributes)
    }

    /// The message that withdraws it.
    pub(super) fn withdrawal(&self, traffic: &Matcher) -> Result<Vec<u8>, EncodeError> {
        match nlri(traffic) {
            Nlri::Body(entry) => self.update(&[], &[entry], &[]),
            Nlri::Prefix(entry) => {
                self.update(&[], &[], &[unreach(RouteFamily::Blackhole6, vec![entry], Vec::new())])
            }
            Nlri::Flow(rule) => self.update(&[], &[], &[unreach(traffic.family(), Vec::new(), vec![rule])]),
        }
    }

    /// The message after which the router knows that it has all routes of the family (RFC 4724, 2).
    pub(super) fn end_of_rib(&self, family: RouteFamily) -> Result<Vec<u8>, EncodeError> {
        match family {
            RouteFamily::Blackhole4 => self.update(&[], &[], &[]),
            other => self.update(&[], &[], &[unreach(other, Vec::new(), Vec::new())]),
        }
    }

    fn path(&self) -> AsPath {
        let own = vec![self.routes.local_as];
        AsPath { segments: if self.is_internal { Vec::new() } else { vec![AsPathSegment::AsSequence(own)] } }
    }

    fn update(
        &self,
        announced: &[Ipv4NlriEntry],
        withdrawn: &[Ipv4NlriEntry],
        attributes: &[PathAttribute],
    ) -> Result<Vec<u8>, EncodeError> {
        let mode = Ipv4UnicastMode::Body;
        let update =
            UpdateMessage::try_build(announced, withdrawn, attributes, self.has_long_asns, false, mode)?;
        encode(&Message::Update(update))
    }
}

const fn numbers(family: RouteFamily) -> (Afi, Safi) {
    match family {
        RouteFamily::Blackhole4 => (Afi::Ipv4, Safi::Unicast),
        RouteFamily::Blackhole6 => (Afi::Ipv6, Safi::Unicast),
        RouteFamily::Flowspec4 => (Afi::Ipv4, Safi::FlowSpec),
        RouteFamily::Flowspec6 => (Afi::Ipv6, Safi::FlowSpec),
    }
}

/// The traffic, as the three forms that there are.
enum Nlri {
    Body(Ipv4NlriEntry),
    Prefix(NlriEntry),
    Flow(FlowSpecRule),
}

fn nlri(traffic: &Matcher) -> Nlri {
    match traffic {
        Matcher::Blackhole(IpNet::V4(net)) => {
            Nlri::Body(Ipv4NlriEntry { path_id: 0, prefix: Ipv4Prefix::new(net.addr(), net.prefix_len()) })
        }
        Matcher::Blackhole(IpNet::V6(net)) => {
            let prefix = Prefix::V6(Ipv6Prefix::new(net.addr(), net.prefix_len()));
            Nlri::Prefix(NlriEntry { path_id: 0, prefix })
        }
        Matcher::Flowspec(rule) => Nlri::Flow(flow(rule)),
    }
}

fn reach(
    family: RouteFamily,
    next_hop: IpAddr,
    prefixes: Vec<NlriEntry>,
    rules: Vec<FlowSpecRule>,
) -> PathAttribute {
    let (afi, safi) = numbers(family);
    PathAttribute::MpReachNlri(Box::new(MpReachNlri {
        afi,
        safi,
        next_hop,
        link_local_next_hop: None,
        announced: prefixes,
        flowspec_announced: rules,
        evpn_announced: Vec::new(),
        bgpls_announced: Vec::new(),
        vpn_announced: Vec::new(),
        labeled_announced: Vec::new(),
        rtc_announced: Vec::new(),
    }))
}

fn unreach(family: RouteFamily, prefixes: Vec<NlriEntry>, rules: Vec<FlowSpecRule>) -> PathAttribute {
    let (afi, safi) = numbers(family);
    PathAttribute::MpUnreachNlri(Box::new(MpUnreachNlri {
        afi,
        safi,
        withdrawn: prefixes,
        flowspec_withdrawn: rules,
        evpn_withdrawn: Vec::new(),
        bgpls_withdrawn: Vec::new(),
        vpn_withdrawn: Vec::new(),
        labeled_withdrawn: Vec::new(),
        rtc_withdrawn: Vec::new(),
    }))
}

fn communities(route: &Route) -> Vec<PathAttribute> {
    let mut found = Vec::new();
    if !route.communities.is_empty() {
        found.push(PathAttribute::Communities(route.communities.clone()));
    }
    if !route.extended.is_empty() {
        let extended = route.extended.iter().map(|bits| ExtendedCommunity::new(*bits));
        found.push(PathAttribute::ExtendedCommunities(extended.collect()));
    }
    if !route.large.is_empty() {
        let large = route.large.iter().map(|&[one, two, three]| LargeCommunity::new(one, two, three));
        found.push(PathAttribute::LargeCommunities(large.collect()));
    }
    found
}

fn flow(rule: &Flowspec) -> FlowSpecRule {
    let mut components: Vec<FlowSpecComponent> = rule.components.iter().map(component).collect();
    components.sort_by_key(FlowSpecComponent::type_code);
    FlowSpecRule { components }
}

fn component(component: &Component) -> FlowSpecComponent {
    match component {
        Component::Destination(net) => FlowSpecComponent::DestinationPrefix(prefix(*net)),
        Component::Source(net) => FlowSpecComponent::SourcePrefix(prefix(*net)),
        Component::TcpFlags(groups) => FlowSpecComponent::TcpFlags(bitmasks(groups)),
        Component::Fragment(groups) => FlowSpecComponent::Fragment(bitmasks(groups)),
        Component::Number(field, ranges) => {
            let numbers = numerics(*field, ranges);
            match field {
                Field::Protocol => FlowSpecComponent::IpProtocol(numbers),
                Field::Port => FlowSpecComponent::Port(numbers),
                Field::DestinationPort => FlowSpecComponent::DestinationPort(numbers),
                Field::SourcePort => FlowSpecComponent::SourcePort(numbers),
                Field::IcmpType => FlowSpecComponent::IcmpType(numbers),
                Field::IcmpCode => FlowSpecComponent::IcmpCode(numbers),
                Field::Length => FlowSpecComponent::PacketLength(numbers),
                Field::Dscp => FlowSpecComponent::Dscp(numbers),
                Field::FlowLabel => FlowSpecComponent::FlowLabel(numbers),
            }
        }
    }
}

fn prefix(net: IpNet) -> FlowSpecPrefix {
    match net {
        IpNet::V4(net) => FlowSpecPrefix::V4(Ipv4Prefix::new(net.addr(), net.prefix_len())),
        IpNet::V6(net) => FlowSpecPrefix::V6(Ipv6PrefixOffset {
            prefix: Ipv6Prefix::new(net.addr(), net.prefix_len()),
            offset: 0,
        }),
    }
}

/// Each range as one comparison or two joined by AND.
fn numerics(field: Field, ranges: &[Range]) -> Vec<NumericMatch> {
    let value = |and_bit, lt, gt, value: u32| NumericMatch {
        end_of_list: false,
        and_bit,
        lt,
        gt,
        eq: true,
        value: u64::from(value),
    };
    let mut found = Vec::new();
    for &Range { low, high } in ranges {
        match (low, high) {
            (low, high) if low == high => found.push(value(false, false, false, low)),
            (low, high) if high >= field.highest() => found.push(value(false, false, true, low)),
            (0, high) => found.push(value(false, true, false, high)),
            (low, high) => {
                found.push(value(false, false, true, low));
                found.push(value(true, true, false, high));
            }
        }
    }
    if let Some(last) = found.last_mut() {
        last.end_of_list = true;
    }
    found
}

fn bitmasks(groups: &Flags) -> Vec<BitmaskMatch> {
    let tests = groups.iter().flat_map(|group| group.iter().enumerate());
    let mut found: Vec<BitmaskMatch> = tests
        .map(|(place, &FlagTest { negated, all, mask })| BitmaskMatch {
            end_of_list: false,
            and_bit: place > 0,
            not_bit: negated,
            match_bit: all,
            value: mask,
        })
        .collect();
    if let Some(last) = found.last_mut() {
        last.end_of_list = true;
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever a router sends is read or refused: nothing panics.
        #[test]
        fn any_message_is_read_or_refused(kind in 0_u8..8, body in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut message = vec![0xff; 16];
            message.extend(u16::try_from(HEADER + body.len()).unwrap().to_be_bytes());
            message.push(kind);
            let header: [u8; HEADER] = message.clone().try_into().unwrap();
            message.extend(body);
            match length(&header) {
                Ok(length) => {
                    prop_assert_eq!(length, message.len());
                    if let Err(fault) = read(message) {
                        prop_assert!(fault.code > 0 && notification(&fault).is_ok());
                    }
                }
                Err(fault) => prop_assert_eq!((fault.code, fault.subcode), (1, 2)),
            }
        }

        /// What is opened with capabilities changed anywhere, too.
        #[test]
        fn a_changed_opening_is_read_or_refused(place in HEADER..80_usize, byte in any::<u8>()) {
            let mut message = open(&Opening {
                asn: 65_551,
                id: Ipv4Addr::new(192, 0, 2, 1),
                hold_time: 90,
                families: RouteFamily::ALL.to_vec(),
                is_restart: true,
                restart_time: 0,
                stale_time: 3600,
            })
            .unwrap();
            let unchanged = read(message.clone()).unwrap();
            let Incoming::Open(opened) = unchanged else { panic!("{unchanged:?}") };
            prop_assert_eq!((opened.asn, opened.families.len(), opened.has_long_asns), (65_551, 4, true));
            if let Some(at) = message.get_mut(place) {
                *at = byte;
            }
            if let Err(fault) = read(message) {
                prop_assert!(fault.code == 2 || fault.code == 1, "{:?}", fault);
            }
        }
    }
}
