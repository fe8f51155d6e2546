//! The traffic of an attack as filters, no wider than needed.

use std::fmt::Write as _;

use flowql::Schema;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::evidence::{Lengths, shares};
use crate::engine::SampledFlow;
use crate::target::{Key, Target, bits};

/// A port belongs to a signature where it has this share of the bits.
const PORT_SHARE: f64 = 0.8;

/// A signature covers this share of the bits of the sample.
const COVERED: f64 = 0.9;

/// Fragments belong to a signature from this share of the bits on.
const FRAGMENT_SHARE: f64 = 0.05;

/// Lengths that differ by no more than this are narrow.
const NARROW: u64 = 128;

/// The most prefixes of an attack on a group.
const MOST_PREFIXES: usize = 64;

/// TCP and UDP.
const TCP: u8 = 6;
const UDP: u8 = 17;

/// The traffic of an attack.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Signature {
    /// The prefixes under fire.
    #[serde(with = "prefix_texts")]
    pub prefixes: Vec<IpNet>,
    /// Filters without the destination: the traffic is what any of them selects. A filter without conditions is empty.
    pub conditions: Vec<String>,
    /// The same for records of several packets, which may hold one that is selected: flags are those of all their packets,
    /// and lengths are not known.
    pub relaxed: Vec<String>,
    /// The share of the sample that they cover.
    pub covers: f64,
}

/// Which columns filters may name in addition to those that are always there.
#[derive(Clone, Copy, Debug)]
pub struct Nameable {
    flags: bool,
    fragments: bool,
    lengths: bool,
}

/// A part of a signature: a condition, and which flows it selects.
struct Part {
    text: String,
    /// What records of several packets are asked for instead.
    relaxed: Option<String>,
    selects: Box<dyn Fn(&SampledFlow) -> bool>,
}

impl Nameable {
    /// The columns of a schema.
    #[must_use]
    pub fn of(schema: &Schema) -> Self {
        let has = |name: &str| schema.find(name).is_some();
        Self { flags: has("TCPFlags"), fragments: has("IPFragmentOffset"), lengths: has("PacketSize") }
    }
}

impl Signature {
    /// The signature of a sample of the flows to a target. Of the candidates from general to narrow, each of which adds a
    /// condition, it is the narrowest that covers nine tenths.
    #[must_use]
    pub fn of(target: &Target, sample: &[SampledFlow], nameable: Nameable) -> Self {
        let whole: f64 = sample.iter().map(SampledFlow::bits).sum();
        let prefixes = prefixes(target, sample);
        if whole <= 0.0 {
            return Self {
                prefixes,
                conditions: vec![String::new()],
                relaxed: vec![String::new()],
                covers: 0.0,
            };
        }
        let covered = |selects: &dyn Fn(&SampledFlow) -> bool| -> f64 {
            sample.iter().filter(|flow| selects(flow)).map(SampledFlow::bits).sum::<f64>() / whole
        };
        let fragments = covered(&|flow| flow.is_fragment);
        let apart = nameable.fragments && (FRAGMENT_SHARE..1.0 - FRAGMENT_SHARE).contains(&fragments);
        let main: Vec<SampledFlow> =
            sample.iter().filter(|flow| !(apart && flow.is_fragment)).copied().collect();
        let mut chosen: Vec<Part> = Vec::new();
        for part in parts(&main, nameable) {
            let selects =
                |flow: &SampledFlow| chosen.iter().all(|part| (part.selects)(flow)) && (part.selects)(flow);
            let kept: f64 = main.iter().filter(|flow| selects(flow)).map(SampledFlow::bits).sum();
            let of_main: f64 = main.iter().map(SampledFlow::bits).sum();
            if kept >= COVERED * of_main {
                chosen.push(part);
            }
        }
        let protocol = shares(sample.iter(), |flow| flow.proto).first().map(|counted| counted.value);
        let mut conditions = vec![join(chosen.iter().map(|part| Some(part.text.as_str())))];
        let mut relaxed = vec![join(chosen.iter().map(|part| part.relaxed.as_deref()))];
        if apart {
            let proto = protocol.map(protocol_condition).unwrap_or_default();
            conditions.push(format!("{proto} AND IPFragmentOffset > 0"));
            relaxed.extend(conditions.last().cloned());
        }
        let covers = covered(&|flow| {
            let is_apart = apart && flow.is_fragment && Some(flow.proto) == protocol;
            is_apart || chosen.iter().all(|part| (part.selects)(flow))
        });
        Self { prefixes, conditions, relaxed, covers }
    }

    /// The filters of the traffic to a prefix.
    #[must_use]
    pub fn filters(&self, prefix: &IpNet) -> Vec<String> {
        filters(prefix, &self.conditions)
    }

    /// All of it as one filter.
    #[must_use]
    pub fn filter(&self) -> String {
        any(self.prefixes.iter().flat_map(|prefix| filters(prefix, &self.conditions)))
    }

    /// All of it as one filter for records of several packets.
    #[must_use]
    pub fn relaxed_filter(&self) -> String {
        any(self.prefixes.iter().flat_map(|prefix| filters(prefix, &self.relaxed)))
    }

    /// All traffic to the prefixes as one filter.
    #[must_use]
    pub fn destinations(&self) -> String {
        any(self.prefixes.iter().map(destination))
    }
}

fn filters(prefix: &IpNet, conditions: &[String]) -> Vec<String> {
    let to = destination(prefix);
    let filter = |condition: &String| {
        if condition.is_empty() { to.clone() } else { format!("{to} AND {condition}") }
    };
    conditions.iter().map(filter).collect()
}

/// What any of some filters selects.
fn any(filters: impl Iterator<Item = String>) -> String {
    let all: Vec<String> = filters.collect();
    match all.as_slice() {
        [one] => one.clone(),
        several => several.iter().map(|filter| format!("({filter})")).collect::<Vec<_>>().join(" OR "),
    }
}

fn join<'p>(parts: impl Iterator<Item = Option<&'p str>>) -> String {
    parts.flatten().collect::<Vec<_>>().join(" AND ")
}

fn destination(prefix: &IpNet) -> String {
    if prefix.prefix_len() == prefix.max_prefix_len() {
        format!("DstAddr = {}", prefix.addr())
    } else {
        format!("DstAddr << {prefix}")
    }
}

fn protocol_condition(proto: u8) -> String {
    match proto {
        1 => "Proto = \"icmp\"".to_owned(),
        TCP => "Proto = \"tcp\"".to_owned(),
        UDP => "Proto = \"udp\"".to_owned(),
        other => format!("Proto = {other}"),
    }
}

/// The condition that all of these flags are set, among others; `None` for no flag.
fn flag_names(flags: u16) -> Option<String> {
    const NAMES: [&str; 9] = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR", "NS"];
    let set = NAMES.iter().enumerate().filter(|(bit, _)| flags >> bit & 1 == 1).map(|(_, name)| *name);
    let set: Vec<&str> = set.collect();
    (!set.is_empty()).then(|| format!("TCPFlags HAS ({})", set.join(", ")))
}

/// The conditions that may be added, from general to narrow.
fn parts(sample: &[SampledFlow], nameable: Nameable) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut add = |text: String, selects: Box<dyn Fn(&SampledFlow) -> bool>| {
        parts.push(Part { relaxed: Some(text.clone()), text, selects });
    };
    let Some(proto) = shares(sample.iter(), |flow| flow.proto).first().map(|counted| counted.value) else {
        return parts;
    };
    add(protocol_condition(proto), Box::new(move |flow| flow.proto == proto));
    let of_proto: Vec<SampledFlow> = sample.iter().filter(|flow| flow.proto == proto).copied().collect();
    if nameable.fragments && of_proto.iter().all(|flow| flow.is_fragment) {
        add("IPFragmentOffset > 0".to_owned(), Box::new(|flow| flow.is_fragment));
        return parts;
    }
    if proto == TCP || proto == UDP {
        let largest = |port: fn(&SampledFlow) -> u16| {
            let first = shares(of_proto.iter(), port).into_iter().next();
            first.filter(|counted| counted.share >= PORT_SHARE).map(|counted| counted.value)
        };
        if let Some(port) = largest(|flow| flow.source_port) {
            add(format!("SrcPort = {port}"), Box::new(move |flow| flow.source_port == port));
        } else if let Some(port) = largest(|flow| flow.destination_port) {
            add(format!("DstPort = {port}"), Box::new(move |flow| flow.destination_port == port));
        }
    }
    // Flags and lengths are known of records of one packet alone; others have those of all their packets.
    if of_proto.iter().any(|flow| flow.packets != 1) {
        return parts;
    }
    if proto == TCP && nameable.flags {
        let first = shares(of_proto.iter(), |flow| flow.flags).into_iter().next();
        if let Some(flags) = first.filter(|counted| counted.share >= COVERED).map(|counted| counted.value) {
            add(format!("TCPFlags = {flags}"), Box::new(move |flow| flow.flags == flags));
            if let Some(part) = parts.last_mut() {
                part.relaxed = flag_names(flags);
            }
        }
    }
    if let Some(Lengths { p1, p99, .. }) = Lengths::of(&of_proto).filter(|_| nameable.lengths)
        && p99 - p1 <= NARROW
    {
        let mut text = String::new();
        let _ = if p1 == p99 {
            write!(text, "PacketSize = {p1}")
        } else {
            write!(text, "PacketSize >= {p1} AND PacketSize <= {p99}")
        };
        let selects =
            move |flow: &SampledFlow| flow.length().is_some_and(|length| (p1..=p99).contains(&length));
        parts.push(Part { text, relaxed: None, selects: Box::new(selects) });
    }
    parts
}

/// The prefixes under fire: the target itself or, of a group, the /24 and /48 that have nine tenths of the bits, those
/// with the most first.
fn prefixes(target: &Target, sample: &[SampledFlow]) -> Vec<IpNet> {
    if let Some(net) = target.net() {
        return vec![narrowed(net, sample)];
    }
    let around = |flow: &SampledFlow| Key::prefix(flow.destination).net();
    let mut sums: Vec<(IpNet, f64)> = Vec::new();
    for (net, bits) in sample.iter().filter_map(|flow| Some((around(flow)?, flow.bits()))) {
        match sums.iter_mut().find(|(known, _)| *known == net) {
            Some((_, sum)) => *sum += bits,
            None => sums.push((net, bits)),
        }
    }
    sums.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    let whole: f64 = sums.iter().map(|(_, bits)| bits).sum();
    let mut so_far = 0.0;
    let taken = sums.into_iter().take_while(|(_, bits)| {
        let before = so_far;
        so_far += bits;
        before < COVERED * whole
    });
    IpNet::aggregate(&taken.take(MOST_PREFIXES).map(|(net, _)| net).collect())
}

/// The smallest prefix within a target that has all destinations of the sample: none of a host.
fn narrowed(net: IpNet, sample: &[SampledFlow]) -> IpNet {
    let inside = sample
        .iter()
        .map(|flow| crate::target::address(flow.destination))
        .filter(|address| net.contains(address));
    let (mut first, mut last) = (u128::MAX, 0);
    for address in inside {
        (first, last) = (first.min(bits(address)), last.max(bits(address)));
    }
    if first > last || net.prefix_len() == net.max_prefix_len() {
        return net;
    }
    let common = u8::try_from((first ^ last).leading_zeros()).unwrap_or(128);
    let length = if matches!(net, IpNet::V4(_)) { common.saturating_sub(96) } else { common };
    let narrow = IpNet::new(crate::target::address(first), length.max(net.prefix_len()));
    narrow.map_or(net, |narrow| narrow.trunc())
}

/// Prefixes as texts.
mod prefix_texts {
    use ipnet::IpNet;
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(prefixes: &[IpNet], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(prefixes.iter().map(ToString::to_string))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        texts.iter().map(|text| text.parse().map_err(D::Error::custom)).collect()
    }
}
