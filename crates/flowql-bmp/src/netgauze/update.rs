//! An update in our words.

use std::net::IpAddr;

use ipnet::IpNet;
use netgauze_bgp_pkt::community::Community;
use netgauze_bgp_pkt::nlri::RouteDistinguisher;
use netgauze_bgp_pkt::path_attribute::{AsPath, AsPathSegmentType, MpReach, MpUnreach, PathAttributeValue};
use netgauze_bgp_pkt::update::BgpUpdateMessage;

use super::{canonical, distinguisher};
use crate::message::{Announced, Update};
use crate::peer::{Families, PeerKey, Rib};
use crate::route::{Attributes, Nlri};

/// An update of a peer, without the families that flows are not looked up in.
pub(super) fn convert(peer: PeerKey, rib: Rib, asn: u32, message: &BgpUpdateMessage) -> Update {
    let mut update = Update {
        peer,
        asn,
        rib,
        withdrawn: message
            .withdraw_routes()
            .iter()
            .map(|route| plain(route.network().address(), route.path_id()))
            .collect(),
        announced: Vec::new(),
        attributes: Attributes::default(),
        end_of_rib: message.end_of_rib().and_then(family),
        cleaned: None,
    };
    let mut next_hop = None;
    let mut path = Path::default();
    let mut long_path = None;
    for attribute in message.path_attributes() {
        match attribute.value() {
            PathAttributeValue::AsPath(value) => path = Path::of(value),
            PathAttributeValue::As4Path(value) => long_path = Some(Path::of_long(value.segments())),
            PathAttributeValue::NextHop(value) => next_hop = Some(IpAddr::V4(value.next_hop())),
            PathAttributeValue::MultiExitDiscriminator(value) => update.attributes.med = Some(value.metric()),
            PathAttributeValue::LocalPreference(value) => {
                update.attributes.local_preference = Some(value.metric());
            }
            PathAttributeValue::Communities(value) => {
                update.attributes.communities = value.communities().iter().map(Community::value).collect();
            }
            PathAttributeValue::LargeCommunities(value) => {
                let parts = value.communities().iter();
                update.attributes.large_communities =
                    parts.map(|part| [part.global_admin(), part.local_data1(), part.local_data2()]).collect();
            }
            PathAttributeValue::MpReach(value) => update.announced.extend(announced(value)),
            PathAttributeValue::MpUnreach(value) => update.withdrawn.extend(withdrawn(value)),
            _ => {}
        }
    }
    if !message.nlri().is_empty() {
        let prefixes =
            message.nlri().iter().map(|route| plain(route.network().address(), route.path_id())).collect();
        update.announced.push(Announced { next_hop, prefixes });
    }
    path.merge(long_path);
    update.attributes.path_length = path.length;
    update.attributes.ends_in_set = path.ends_in_set;
    update.attributes.as_path = path.numbers.into();
    update
}

/// An AS path, its sets flattened.
#[derive(Default)]
struct Path {
    numbers: Vec<u32>,
    length: u16,
    ends_in_set: bool,
}

impl Path {
    fn of(path: &AsPath) -> Self {
        match path {
            AsPath::As4PathSegments(segments) => Self::of_long(segments),
            AsPath::As2PathSegments(segments) => {
                let mut path = Self::default();
                for segment in segments {
                    path.push(
                        segment.segment_type(),
                        segment.as_numbers().iter().map(|number| u32::from(*number)),
                    );
                }
                path
            }
        }
    }

    fn of_long(segments: &[netgauze_bgp_pkt::path_attribute::As4PathSegment]) -> Self {
        let mut path = Self::default();
        for segment in segments {
            path.push(segment.segment_type(), segment.as_numbers().iter().copied());
        }
        path
    }

    fn push(&mut self, kind: AsPathSegmentType, numbers: impl Iterator<Item = u32>) {
        let before = self.numbers.len();
        self.numbers.extend(numbers);
        let added = self.numbers.len() - before;
        self.ends_in_set = kind == AsPathSegmentType::AsSet;
        let counted = if self.ends_in_set { added.min(1) } else { added };
        self.length = self.length.saturating_add(u16::try_from(counted).unwrap_or(u16::MAX));
    }

    /// Puts the AS4_PATH in the place of the end of the path (RFC 6793, 4.2.3).
    fn merge(&mut self, long: Option<Self>) {
        let Some(long) =
            long.filter(|long| long.numbers.len() <= self.numbers.len() && !long.numbers.is_empty())
        else {
            return;
        };
        self.numbers.truncate(self.numbers.len() - long.numbers.len());
        self.numbers.extend(long.numbers);
        self.ends_in_set = long.ends_in_set;
    }
}

fn family(family: netgauze_iana::address_family::AddressType) -> Option<Families> {
    use netgauze_iana::address_family::AddressType;
    match family {
        AddressType::Ipv4Unicast => Some(Families::IPV4),
        AddressType::Ipv6Unicast => Some(Families::IPV6),
        AddressType::Ipv4MplsLabeledVpn => Some(Families::VPN_IPV4),
        AddressType::Ipv6MplsLabeledVpn => Some(Families::VPN_IPV6),
        _ => None,
    }
}

fn plain(prefix: impl Into<IpNet>, path: Option<u32>) -> Nlri {
    Nlri { distinguisher: None, prefix: prefix.into().trunc(), path: path.unwrap_or(0) }
}

fn vpn(rd: RouteDistinguisher, prefix: impl Into<IpNet>, path: Option<u32>) -> Nlri {
    Nlri { distinguisher: Some(distinguisher(rd)), ..plain(prefix, path) }
}

/// The prefixes of families that flows are looked up in; none of others.
fn announced(reach: &MpReach) -> Option<Announced> {
    let (next_hop, prefixes): (IpAddr, Vec<Nlri>) = match reach {
        MpReach::Ipv4Unicast { next_hop, nlri, .. } => {
            (*next_hop, nlri.iter().map(|route| plain(route.network().address(), route.path_id())).collect())
        }
        MpReach::Ipv6Unicast { next_hop_global, nlri, .. } => (
            (*next_hop_global).into(),
            nlri.iter().map(|route| plain(route.network().address(), route.path_id())).collect(),
        ),
        MpReach::Ipv4NlriMplsLabels { next_hop, nlri, .. } => {
            (*next_hop, nlri.iter().map(|route| plain(route.prefix(), route.path_id())).collect())
        }
        MpReach::Ipv6NlriMplsLabels { next_hop, nlri, .. } => {
            (*next_hop, nlri.iter().map(|route| plain(route.prefix(), route.path_id())).collect())
        }
        MpReach::Ipv4MplsVpnUnicast { next_hop, nlri } => (
            next_hop.next_hop(),
            nlri.iter().map(|route| vpn(route.rd(), route.network().address(), route.path_id())).collect(),
        ),
        MpReach::Ipv6MplsVpnUnicast { next_hop, nlri } => (
            next_hop.next_hop(),
            nlri.iter().map(|route| vpn(route.rd(), route.network().address(), route.path_id())).collect(),
        ),
        _ => return None,
    };
    Some(Announced { next_hop: Some(canonical(next_hop)), prefixes })
}

fn withdrawn(unreach: &MpUnreach) -> Vec<Nlri> {
    match unreach {
        MpUnreach::Ipv4Unicast { nlri } => {
            nlri.iter().map(|route| plain(route.network().address(), route.path_id())).collect()
        }
        MpUnreach::Ipv6Unicast { nlri } => {
            nlri.iter().map(|route| plain(route.network().address(), route.path_id())).collect()
        }
        MpUnreach::Ipv4NlriMplsLabels { nlri } => {
            nlri.iter().map(|route| plain(route.prefix(), route.path_id())).collect()
        }
        MpUnreach::Ipv6NlriMplsLabels { nlri } => {
            nlri.iter().map(|route| plain(route.prefix(), route.path_id())).collect()
        }
        MpUnreach::Ipv4MplsVpnUnicast { nlri } => {
            nlri.iter().map(|route| vpn(route.rd(), route.network().address(), route.path_id())).collect()
        }
        MpUnreach::Ipv6MplsVpnUnicast { nlri } => {
            nlri.iter().map(|route| vpn(route.rd(), route.network().address(), route.path_id())).collect()
        }
        _ => Vec::new(),
    }
}
