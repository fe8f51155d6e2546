//! The body of the fuzz target that takes a stream of BMP as it comes from a router.

use std::time::{Duration, Instant};

use flowql_bmp::{Framer, Limits, Message, MessageParser, NetgauzeParser, Router, Update, Vrf};

/// The most bytes of a message.
const LONGEST: usize = 4096;

/// Limits that short inputs reach.
fn limits() -> Limits {
    Limits { peers: 3, vrfs: 2, routes: 40, paths: 3, ..Limits::default() }
}

/// A stream of BMP is cut into messages, which are read and written to the tables of a router: the limits hold, what was
/// announced last is found, and nothing is left once the session is over.
pub fn bmp_messages(data: &[u8]) {
    let now = Instant::now();
    let keep = Duration::from_secs(1);
    let router = Router::new([192, 0, 2, 1].into(), limits());
    let session = router.open();
    let (mut framer, mut parser) = (Framer::new(LONGEST), NetgauzeParser::default());
    framer.push(data);
    while let Ok(Some(bytes)) = framer.next_message() {
        match parser.parse(bytes) {
            Ok(Message::Initiation { name, description }) => router.describe(name, description),
            Ok(Message::PeerUp { peer, rib, vrf, .. }) => router.peer_up(session, peer, rib, vrf),
            Ok(Message::PeerDown { peer }) => router.peer_down(session, peer),
            Ok(Message::Update(update)) => {
                let applied = router.apply(session, &update, now);
                let refused = applied.full + applied.paths + applied.vrfs + applied.peers;
                if refused == 0 {
                    check_found(&router, &update);
                }
            }
            Ok(_) | Err(_) => {}
        }
        check_limits(&router);
        router.step(now, keep, 5);
    }
    router.close(session, now);
    while router.step(now + keep, keep, 7) {}
    let status = router.status();
    assert_eq!((status.routes, status.peers.len(), status.departing), (0, 0, 0), "{status:?}");
    assert!(router.is_idle());
}

/// The prefixes that an update announced are found, or longer ones within them.
fn check_found(router: &Router, update: &Update) {
    for nlri in update.announced.iter().flat_map(|announced| &announced.prefixes) {
        let vrf = match nlri.distinguisher.or(update.peer.distinguisher) {
            Some(distinguisher) => Vrf::Distinguisher(distinguisher),
            None => Vrf::Global,
        };
        let address = nlri.prefix.network();
        if address.to_canonical() != address {
            // IPv4 within IPv6 is IPv4.
            continue;
        }
        let found = router.lookup(vrf, address, None);
        let prefix = found.as_ref().and_then(flowql_bmp::Found::prefix);
        let fits = prefix.is_some_and(|prefix| {
            prefix.contains(&address) && prefix.prefix_len() >= nlri.prefix.prefix_len()
        });
        assert!(fits, "{} is not found, but {prefix:?}", nlri.prefix);
        assert!(found.and_then(|found| found.explained().map(|_| ())).is_some());
    }
}

fn check_limits(router: &Router) {
    let (status, limits) = (router.status(), limits());
    assert!(status.routes <= limits.routes, "{status:?}");
    assert!(status.peers.len() + status.departing <= limits.peers, "{status:?}");
    assert!(status.prefixes.len() <= limits.vrfs + 1, "{status:?}");
    let prefixes: usize = status.prefixes.iter().map(|(_, ipv4, ipv6)| ipv4 + ipv6).sum();
    assert!(prefixes <= status.routes && status.routes <= prefixes * limits.paths, "{status:?}");
}
