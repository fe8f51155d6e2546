//! What is read of messages: made by hand, changed at random, and captured.
#![expect(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod support;

use std::collections::BTreeMap;
use std::path::PathBuf;

use flowql_bmp::{
    Cleaned, Distinguisher, Families, Framer, Message, MessageParser, NetgauzeParser, Refusal, Rib, Update,
};
use proptest::prelude::*;
use support::{
    ADJ_RIB_OUT, AS2, From, PEER, POST_POLICY, attribute, attributes, end_of_rib, initiation, open, peer_up,
    peer_up_with, reach, tlv, update,
};

const NET: [u8; 4] = [24, 203, 0, 113];
/// 65000:1, of type 0.
const VPN: u64 = 65_000 << 32 | 1;

fn parse(messages: &[Vec<u8>]) -> Result<Message, Refusal> {
    let mut parser = NetgauzeParser::default();
    messages.iter().map(|message| parser.parse(message)).last().unwrap()
}

fn read(messages: &[Vec<u8>]) -> Update {
    match parse(messages) {
        Ok(Message::Update(update)) => *update,
        other => panic!("{other:?}"),
    }
}

fn announced(update: &Update) -> Vec<String> {
    let prefixes = update.announced.iter().flat_map(|announced| &announced.prefixes);
    prefixes.map(|nlri| nlri.prefix.to_string()).collect()
}

#[test]
fn an_update_has_its_attributes() {
    let mut list = attributes(&[64501, 3356], 7);
    list.extend(attribute(4, &[0, 0, 0, 9]));
    list.extend(attribute(5, &[0, 0, 0, 200]));
    list.extend(attribute(8, &[0xfb, 0xf4, 0, 1]));
    list.extend(attribute(32, &[0, 1, 0, 0, 0, 0, 0, 2, 0, 0, 0, 3]));
    let update = read(&[update(PEER, &[16, 10, 1], &list, &NET)]);
    assert_eq!(announced(&update), ["203.0.113.0/24"]);
    assert_eq!(update.withdrawn[0].prefix.to_string(), "10.1.0.0/16");
    assert_eq!(update.announced[0].next_hop.unwrap().to_string(), "198.51.100.7");
    assert_eq!((update.rib, update.asn, update.cleaned), (Rib::PostPolicy, 64500, None));
    let attributes = update.attributes;
    assert_eq!((&*attributes.as_path, attributes.path_length), (&[64501, 3356][..], 2));
    assert_eq!((attributes.local_preference, attributes.med), (Some(200), Some(9)));
    assert_eq!(
        (&*attributes.communities, &*attributes.large_communities),
        (&[0xfbf4_0001][..], &[[65536, 2, 3]][..])
    );
}

#[test]
fn a_set_counts_once_and_is_no_origin() {
    let path = attribute(2, &[2, 1, 0, 0, 0, 1, 1, 2, 0, 0, 0, 2, 0, 0, 0, 3]);
    let attributes = read(&[update(PEER, &[], &path, &NET)]).attributes;
    assert_eq!(
        (&*attributes.as_path, attributes.path_length, attributes.ends_in_set),
        (&[1, 2, 3][..], 2, true)
    );
}

#[test]
fn a_path_of_two_byte_numbers_is_completed() {
    let mut list = attribute(2, &[2, 3, 0xfb, 0xf4, 0x5b, 0xa0, 0x5b, 0xa0]);
    list.extend(attribute(17, &[2, 2, 0, 1, 0, 0, 0, 1, 0, 1]));
    let from = From { flags: PEER.flags | AS2, ..PEER };
    assert_eq!(&*read(&[update(from, &[], &list, &NET)]).attributes.as_path, [64500, 65536, 65537]);
}

#[test]
fn an_odd_prefix_does_not_lose_the_update() {
    // Bits beyond the length, a multicast prefix, and one of 33 bits.
    let prefixes = [&[20, 10, 1, 0xff][..], &[8, 224], &[33, 1, 2, 3, 4, 5], &NET].concat();
    let update = read(&[update(PEER, &[], &attributes(&[1], 1), &prefixes)]);
    assert_eq!(announced(&update), ["10.1.240.0/20", "203.0.113.0/24"]);
    let cleaned = update.cleaned.unwrap_or_default();
    assert_eq!(cleaned, Cleaned { prefixes: 2, masked: 1, attributes: 0 });
}

#[test]
fn a_confederation_and_an_odd_attribute_do_not_lose_the_update() {
    let mut list = attribute(1, &[0]);
    list.extend(attribute(2, &[3, 1, 0, 0, 0xfb, 0xf5, 2, 1, 0, 0, 0, 7]));
    // An aggregator of one byte.
    list.extend(attribute(7, &[1]));
    let update = read(&[update(PEER, &[], &list, &NET)]);
    assert_eq!(&*update.attributes.as_path, [7]);
    assert_eq!(update.cleaned, Some(Cleaned { prefixes: 0, masked: 0, attributes: 2 }));
}

#[test]
fn families_are_read_and_cleaned() {
    let hop4 = [198, 51, 100, 9];
    let hop6 = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9];
    let vpn_hop = [&[0; 8][..], &hop4].concat();
    let label = [0, 0x01, 0x01];
    let vpn_prefix = [&[112][..], &label, &VPN.to_be_bytes(), &[203, 0, 113]].concat();
    for (family, hop, prefixes, expected) in [
        ([0, 1, 1], &hop4[..], NET.to_vec(), "203.0.113.0/24"),
        ([0, 1, 1], &hop6, NET.to_vec(), "203.0.113.0/24"),
        ([0, 2, 1], &hop6, vec![32, 0x20, 1, 0xd, 0xb8], "2001:db8::/32"),
        ([0, 2, 1], &hop6, vec![28, 0x20, 1, 0xd, 0xbf], "2001:db0::/28"),
        // With a multicast prefix, which is taken out.
        ([0, 2, 1], &hop6, vec![8, 0xff, 32, 0x20, 1, 0xd, 0xb8], "2001:db8::/32"),
        ([0, 1, 4], &hop4, [&[48][..], &label, &[203, 0, 113]].concat(), "203.0.113.0/24"),
        ([0, 2, 4], &hop6, [&[56][..], &label, &[0x20, 1, 0xd, 0xb8]].concat(), "2001:db8::/32"),
        ([0, 1, 128], &vpn_hop, vpn_prefix.clone(), "203.0.113.0/24"),
    ] {
        let update = read(&[update(PEER, &[], &reach(family, hop, &prefixes), &[])]);
        assert_eq!(announced(&update), [expected], "{family:?}");
        let distinguisher = update.announced[0].prefixes[0].distinguisher;
        assert_eq!(distinguisher, (family[2] == 128).then_some(Distinguisher(VPN)), "{family:?}");
        assert_eq!(update.cleaned.is_some(), prefixes[0] == 8, "{family:?}");
    }
    let unreach = attribute(15, &[&[0, 1, 128][..], &vpn_prefix].concat());
    let update = read(&[update(PEER, &[], &unreach, &[])]);
    assert_eq!(update.withdrawn[0].distinguisher.unwrap().to_string(), "65000:1");
}

#[test]
fn add_path_follows_its_direction() {
    // The router receives paths and the peer sends them; the router sends none.
    let (sent, received) = (open(&[([0, 1, 1], 1)], &[]), open(&[([0, 1, 1], 2)], &[]));
    let up = peer_up_with(PEER, &sent, &received, &[]);
    let path = [&[0, 0, 0, 5][..], &NET].concat();
    let list = attributes(&[1], 1);
    let inward = read(&[up.clone(), update(PEER, &[], &list, &path)]);
    assert_eq!(
        (inward.announced[0].prefixes[0].path, announced(&inward)),
        (5, vec!["203.0.113.0/24".to_owned()])
    );
    let from = From { flags: PEER.flags | ADJ_RIB_OUT, ..PEER };
    let outward = read(&[up.clone(), update(from, &[], &list, &NET)]);
    assert_eq!((outward.rib, outward.announced[0].prefixes[0].path), (Rib::OutPostPolicy, 0));
    // An update that must be cleaned has them too.
    let odd = [&path[..], &[0, 0, 0, 6, 20, 10, 1, 0xff]].concat();
    let cleaned = read(&[up, update(PEER, &[], &list, &odd)]);
    assert_eq!(announced(&cleaned), ["203.0.113.0/24", "10.1.240.0/20"]);
    assert_eq!(cleaned.announced[0].prefixes[1].path, 6);
}

#[test]
fn identifiers_that_were_agreed_on_may_be_missing_after_the_policy() {
    let both = [([0, 1, 1], 3)];
    let up = peer_up_with(PEER, &open(&both, &[]), &open(&both, &[]), &[]);
    let before = From { flags: PEER.flags & !POST_POLICY, ..PEER };
    let mut parser = NetgauzeParser::default();
    parser.parse(&up).unwrap();
    let mut read =
        |from, prefixes: &[u8]| match parser.parse(&update(from, &[], &attributes(&[1], 1), prefixes)) {
            Ok(Message::Update(update)) => {
                let nlri = update.announced[0].prefixes.iter();
                (nlri.map(|nlri| (nlri.prefix.to_string(), nlri.path)).collect::<Vec<_>>(), update.cleaned)
            }
            other => panic!("{other:?}"),
        };
    let net = |third, path| (format!("203.0.{third}.0/24"), path);
    assert_eq!(read(PEER, &NET), (vec![net(113, 0)], None));
    // Two of them would be one with an identifier: that there are none is remembered.
    let two = [&NET[..], &[24, 203, 0, 114]].concat();
    assert_eq!(read(PEER, &two), (vec![net(113, 0), net(114, 0)], None));
    let odd = [&NET[..], &[8, 224]].concat();
    let cleaned = Cleaned { prefixes: 1, ..Cleaned::default() };
    assert_eq!(read(PEER, &odd), (vec![net(113, 0)], Some(cleaned)));
    // The table before the policy has them.
    assert_eq!(read(before, &[&[0, 0, 0, 7][..], &NET].concat()), (vec![net(113, 7)], None));
    parser.parse(&up).unwrap();
    let with = update(PEER, &[], &attributes(&[1], 1), &[&[0, 0, 0, 7][..], &NET].concat());
    let Ok(Message::Update(update)) = parser.parse(&with) else { panic!() };
    assert_eq!(update.announced[0].prefixes[0].path, 7);
}

#[test]
fn the_router_s_own_as_is_no_part_of_what_it_received() {
    const OWN: u32 = 65_000;
    let up = peer_up_with(PEER, &open(&[], &[65, 4, 0, 0, 0xfd, 0xe8]), &open(&[], &[]), &[]);
    let path = |from, path: &[u32]| {
        let attributes = read(&[up.clone(), update(from, &[], &attributes(path, 1), &NET)]).attributes;
        assert_eq!(usize::from(attributes.path_length), attributes.as_path.len());
        attributes.as_path.to_vec()
    };
    assert_eq!(path(PEER, &[OWN, 64_500, 7]), [64_500, 7]);
    assert_eq!(path(PEER, &[64_500, OWN]), [64_500, OWN]);
    let out = From { flags: PEER.flags | ADJ_RIB_OUT, ..PEER };
    assert_eq!(path(out, &[OWN, 7]), [OWN, 7], "what it sends begins with its own AS");
    // A peer of the same AS, whose routes may have any path.
    let inner = peer_up_with(PEER, &open(&[], &[]), &open(&[], &[]), &[]);
    let update = read(&[inner, update(PEER, &[], &attributes(&[64_500, 7], 1), &NET)]);
    assert_eq!(&*update.attributes.as_path, [64_500, 7]);
}

#[test]
fn an_odd_peer_up_still_tells_of_add_path() {
    // A graceful restart of one byte, and unknown information.
    let odd = [64, 1, 0];
    let (sent, received) = (open(&[([0, 1, 1], 3)], &odd), open(&[([0, 1, 1], 3)], &odd));
    let information = [tlv(3, b"blue"), tlv(999, &[1])].concat();
    let up = peer_up_with(PEER, &sent, &received, &information);
    match parse(std::slice::from_ref(&up)) {
        Ok(Message::PeerUp { vrf, asn, .. }) => assert_eq!((vrf.as_deref(), asn), (Some("blue"), 64500)),
        other => panic!("{other:?}"),
    }
    let path = [&[0, 0, 0, 5][..], &NET].concat();
    let update = read(&[up, update(PEER, &[], &attributes(&[1], 1), &path)]);
    assert_eq!(update.announced[0].prefixes[0].path, 5);
}

#[test]
fn tables_and_ends_are_told_apart() {
    assert_eq!(read(&[end_of_rib(PEER)]).end_of_rib, Some(Families::IPV4));
    let ipv6 = attribute(15, &[0, 2, 1]);
    assert_eq!(read(&[update(PEER, &[], &ipv6, &[])]).end_of_rib, Some(Families::IPV6));
    let own = From { kind: 3, flags: 0, distinguisher: 0, address: 0 };
    let update_of = |from| read(&[update(from, &[], &attributes(&[1], 1), &NET)]);
    assert_eq!((update_of(own).rib, update_of(own).peer.address), (Rib::LocRib, None));
    assert_eq!(update_of(From { flags: 0, ..PEER }).rib, Rib::PrePolicy);
    let vrf = From { kind: 1, distinguisher: VPN, ..PEER };
    assert_eq!(update_of(vrf).peer.distinguisher, Some(Distinguisher(VPN)));
}

#[test]
fn refusals_have_reasons() {
    assert_eq!(parse(&[support::message(9, &[])]), Err(Refusal::Kind));
    assert_eq!(parse(&[support::message(4, &[0, 1, 0, 9])]), Err(Refusal::Malformed));
    assert_eq!(parse(&[update(From { kind: 9, ..PEER }, &[], &[], &NET)]), Err(Refusal::Peer));
    assert_eq!(parse(&[update(PEER, &[], &[0x40, 2, 200], &NET)]), Err(Refusal::Bgp));
}

/// Some messages of every kind.
fn messages() -> Vec<Vec<u8>> {
    let (sent, received) = (open(&[([0, 1, 1], 1)], &[]), open(&[([0, 1, 1], 2)], &[]));
    vec![
        initiation("edge-1"),
        peer_up_with(PEER, &sent, &received, &tlv(3, b"blue")),
        update(PEER, &[], &attributes(&[1, 2], 1), &[&[0, 0, 0, 5][..], &NET].concat()),
        peer_up(From { address: 2, ..PEER }),
        update(
            From { address: 2, ..PEER },
            &NET,
            &reach([0, 2, 1], &[0; 16], &[32, 0x20, 1, 0xd, 0xb8]),
            &[20, 1, 2, 255],
        ),
        support::peer_down(PEER),
        support::termination(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_taken(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = messages().concat();
        let count = bytes.len();
        changes.iter().for_each(|(index, byte)| bytes[index.index(count)] = *byte);
        if let Some(cut) = cut {
            bytes.truncate(cut.index(count));
        }
        let mut framer = Framer::new(1 << 16);
        let mut parser = NetgauzeParser::default();
        framer.push(&bytes);
        while let Ok(Some(message)) = framer.next_message() {
            let _ = parser.parse(message);
        }
        // And without the framer, whatever the lengths say.
        for part in bytes.chunks(97) {
            let _ = parser.parse(part);
        }
    }

    #[test]
    fn a_stream_may_be_cut_anywhere(sizes in proptest::collection::vec(1..60_usize, 1..40)) {
        let expected = messages();
        let bytes = expected.concat();
        let (mut framer, mut found, mut rest) = (Framer::new(1 << 16), Vec::new(), &bytes[..]);
        for size in sizes.iter().cycle() {
            let (part, after) = rest.split_at((*size).min(rest.len()));
            framer.push(part);
            while let Some(message) = framer.next_message().unwrap() {
                found.push(message.to_vec());
            }
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn a_message_has_a_limit() {
    let mut framer = Framer::new(100);
    framer.push(&[3, 0, 0, 0, 101]);
    assert_eq!(
        framer.next_message().unwrap_err().to_string(),
        "a message of 101 bytes is longer than the limit of 100"
    );
    let mut framer = Framer::new(100);
    framer.push(&[3, 0, 0, 0, 5]);
    assert_eq!(
        framer.next_message().unwrap_err().to_string(),
        "a message of 5 bytes is shorter than its header"
    );
}

/// The bytes of the TCP streams of a capture, in order of their numbers.
fn streams(capture: &[u8]) -> Vec<Vec<u8>> {
    let mut segments: BTreeMap<[u8; 12], BTreeMap<u32, Vec<u8>>> = BTreeMap::new();
    let mut rest = &capture[24..];
    while rest.len() >= 16 {
        let length = u32::from_le_bytes(rest[8..12].try_into().unwrap()) as usize;
        let ip = &rest[16 + 14..16 + length];
        let total = usize::from(u16::from_be_bytes([ip[2], ip[3]]));
        let tcp = &ip[usize::from(ip[0] & 15) * 4..total];
        let mut flow = [0; 12];
        flow[..8].copy_from_slice(&ip[12..20]);
        flow[8..].copy_from_slice(&tcp[..4]);
        let number = u32::from_be_bytes(tcp[4..8].try_into().unwrap());
        let payload = &tcp[usize::from(tcp[12] >> 4) * 4..];
        segments.entry(flow).or_default().insert(number, payload.to_vec());
        rest = &rest[16 + length..];
    }
    segments.into_values().map(|parts| parts.into_values().flatten().collect()).collect()
}

/// Captures of real routers: `FLOWQL_CAPTURES`, or `../shared/captures` beside the repository; skipped where they are not.
#[test]
fn captures_are_read() {
    let root = std::env::var_os("FLOWQL_CAPTURES").map(PathBuf::from);
    let root =
        root.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/captures"));
    // Of each: messages (as many as tshark shows, which knows version 3 only), refused ones, prefixes announced and withdrawn.
    for (name, expected) in [
        ("example.pcap", (192, 0, 236, 0)),
        ("ipv4_unicast_all.pcap", (30, 0, 15, 0)),
        ("vpnv4-stateless-with-withdraw.pcap", (15, 0, 9, 6)),
    ] {
        let Ok(capture) = std::fs::read(root.join("bmp").join(name)) else {
            eprintln!("skipped: {name} is not at hand");
            continue;
        };
        let (mut read, mut refused, mut announced, mut withdrawn) = (0, 0, 0, 0);
        for stream in streams(&capture) {
            let mut framer = Framer::new(1 << 20);
            let mut parser = NetgauzeParser::default();
            framer.push(&stream);
            while let Some(message) = framer.next_message().unwrap() {
                match parser.parse(message) {
                    Ok(message) => {
                        read += 1;
                        if let Message::Update(update) = message {
                            announced += update.announced.iter().map(|one| one.prefixes.len()).sum::<usize>();
                            withdrawn += update.withdrawn.len();
                        }
                    }
                    Err(_) => refused += 1,
                }
            }
        }
        assert_eq!((read, refused, announced, withdrawn), expected, "{name}");
    }
}
