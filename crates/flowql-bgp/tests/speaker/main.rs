//! The speaker with routers that do what they should not, and what it says to those that do.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod router;

use std::collections::HashSet;
use std::time::{Duration, Instant};

use flowql_bgp::{
    Action, Announcer as _, Approved, Budget, Candidate, Component, Family, Field, Flowspec, GuardSettings,
    Matcher, Peer, Range, RouteFamily, RouteSettings, RouterReport, Situation, Speaker, SpeakerSettings,
};
use tokio::runtime::Handle;

use self::router::{KEEPALIVE, NOTIFICATION, OPEN, Open, REFRESH, Router, USUAL, is_end};

/// A blackhole and a rule of each family.
fn rules() -> Vec<Approved> {
    let budgets = RouteFamily::ALL.map(|family| Budget { family, most: 10 }).to_vec();
    let guards = GuardSettings {
        protected: vec!["203.0.113.0/24".parse().unwrap(), "2001:db8:1::/48".parse().unwrap()],
        routers: vec![flowql_bgp::Router { name: "one".to_owned(), budgets }],
        ..GuardSettings::default()
    };
    let flow = |family, to: &str| {
        let udp = Component::Number(Field::Protocol, vec![Range::single(17)]);
        Matcher::Flowspec(Flowspec {
            family,
            components: vec![Component::Destination(to.parse().unwrap()), udp],
        })
    };
    let traffic = [
        Matcher::Blackhole("203.0.113.9/32".parse().unwrap()),
        Matcher::Blackhole("2001:db8:1::9/128".parse().unwrap()),
        flow(Family::V4, "203.0.113.0/24"),
        flow(Family::V6, "2001:db8:1::/64"),
    ];
    let candidates = traffic.into_iter().map(|traffic| Candidate {
        incident: 1,
        traffic,
        actions: vec![Action::Drop],
        severity: 1,
        share: Some(1),
        end: Some(2),
    });
    let situation = Situation { now: 1, killed: false, announced: &HashSet::new(), fresh: 0 };
    let admission = guards.admit(candidates.collect(), &situation);
    assert_eq!(admission.refused, []);
    admission.approved
}

fn speaker(router: &Router, change: impl FnOnce(&mut SpeakerSettings)) -> Speaker {
    let routes = RouteSettings::new(64_666, "192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap());
    let peer = Peer {
        name: "one".to_owned(),
        address: router.address,
        local: None,
        asn: 64_500,
        password: None,
        families: RouteFamily::ALL.to_vec(),
    };
    let mut settings =
        SpeakerSettings { peers: vec![peer], ..SpeakerSettings::new(routes, "192.0.2.1".parse().unwrap()) };
    change(&mut settings);
    Speaker::start(settings, &rules(), &Handle::current())
}

/// Waits until the report is so.
async fn until(speaker: &Speaker, is_so: impl Fn(&RouterReport) -> bool) -> RouterReport {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        let report = speaker.routers().await.unwrap().remove(0);
        if is_so(&report) {
            return report;
        }
        assert!(Instant::now() < end, "{report:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn the_first_message_says_what_is_kept() {
    let router = Router::start().await;
    let _speaker = speaker(&router, |settings| settings.is_restart = true);
    let mut first = router.accept().await;
    let (kind, body) = first.read().await.unwrap();
    assert_eq!((kind, body[0], u16::from_be_bytes([body[1], body[2]])), (OPEN, 4, 64_666));
    let has =
        |body: &[u8], capability: &[u8]| body.windows(capability.len()).any(|found| found == capability);
    // Graceful restart: R and no time, then each family with its F bit.
    let kept = [64, 18, 0x80, 0, 0, 1, 1, 0x80, 0, 2, 1, 0x80, 0, 1, 133, 0x80, 0, 2, 133, 0x80];
    assert!(has(&body, &kept), "{body:?}");
    // Long-lived graceful restart: the same with an hour for each.
    let hour = [0, 14, 16];
    let stale: Vec<u8> = [(1, 1), (2, 1), (1, 133), (2, 133)]
        .iter()
        .flat_map(|&(afi, safi)| [0, afi, safi, 0x80, hour[0], hour[1], hour[2]])
        .collect();
    assert!(has(&body, &[&[71, 28], stale.as_slice()].concat()), "{body:?}");
    // Once there was a session, the next one is not a restart.
    first.open(USUAL).await;
    first.write(KEEPALIVE, &[]).await;
    first.updates(4).await;
    drop(first);
    let (_, body) = router.accept().await.read().await.unwrap();
    assert!(has(&body, &[64, 18, 0, 0, 0, 1, 1, 0x80]), "{body:?}");
}

#[tokio::test]
async fn a_session_begins_with_all_routes_and_the_end_of_each_family() {
    let router = Router::start().await;
    let speaker = speaker(&router, |_| {});
    let mut connection = router.session(USUAL).await;
    let updates = connection.updates(4).await;
    assert_eq!(updates.len(), 8);
    assert!(
        updates[..4].iter().all(|update| !is_end(update)) && updates[4..].iter().all(|update| is_end(update))
    );
    // The blackhole of IPv4 has its next hop and communities.
    let blackhole = updates.iter().find(|update| update.ends_with(&[32, 203, 0, 113, 9])).unwrap();
    let parts: [&[u8]; 4] = [
        &[0x40, 3, 4, 192, 0, 2, 1],
        &[0xc0, 8, 12, 0xff, 0xff, 0, 7, 0xff, 0xff, 2, 0x9a, 0xff, 0xff, 0xff, 1],
        &[0xc0, 32, 12, 0, 0, 0xfc, 0x9a, 0, 0, 0, 1, 0, 0, 0, 1],
        &[0x40, 2, 6, 2, 1, 0, 0, 0xfc, 0x9a],
    ];
    for part in parts {
        assert!(blackhole.windows(part.len()).any(|found| found == part), "{part:?} in {blackhole:?}");
    }
    let report = until(&speaker, |report| report.is_up).await;
    assert_eq!((report.sent.len(), report.state.as_str()), (4, "established"));

    // The same again where the router asks for it.
    connection.write(REFRESH, &[0, 1, 0, 133]).await;
    let again = connection.updates(1).await;
    assert_eq!(again.len(), 2);
    assert!(updates.contains(&again[0]));
    // One is withdrawn, and nothing else is said.
    let fewer = &rules()[1..];
    let (result, update) = tokio::join!(speaker.announce(fewer), connection.read());
    result.unwrap();
    assert_eq!(update.unwrap().1, [0, 5, 32, 203, 0, 113, 9, 0, 0]);
    speaker.announce(fewer).await.unwrap();
    speaker.stop().await.unwrap();
    // Cease, administrative shutdown.
    assert_eq!(connection.read().await.unwrap(), (NOTIFICATION, vec![6, 2]));
}

#[tokio::test]
async fn a_router_gets_only_the_families_that_it_takes() {
    let router = Router::start().await;
    let speaker = speaker(&router, |_| {});
    let mut connection = router.session(Open { families: &[(1, 1), (1, 133)], ..USUAL }).await;
    assert_eq!(connection.updates(2).await.len(), 4);
    let report = until(&speaker, |report| report.is_up).await;
    assert_eq!(
        (report.sent.len(), report.state.as_str()),
        (2, "established without IPv6 unicast, IPv6 Flowspec")
    );
}

#[tokio::test]
async fn routers_that_are_not_as_configured_are_refused() {
    let router = Router::start().await;
    let speaker = speaker(&router, |_| {});
    for (open, notification, said) in [
        (Open { asn: 64_501, ..USUAL }, vec![2, 2], "the router is of AS 64501, not of AS 64500"),
        (Open { hold_time: 2, ..USUAL }, vec![2, 6], "a hold time of 2 s"),
    ] {
        let mut connection = router.accept().await;
        connection.read_until(OPEN).await;
        connection.open(open).await;
        assert_eq!(connection.read_until(NOTIFICATION).await, notification);
        until(&speaker, |report| report.state == said && !report.is_up).await;
    }
    // It asks again until the router is right.
    router.session(USUAL).await.updates(4).await;
}

#[tokio::test]
async fn what_is_not_bgp_ends_the_session() {
    let router = Router::start().await;
    let _speaker = speaker(&router, |_| {});
    let mut long = vec![0xff; 16];
    long.extend([0xff, 0xff, KEEPALIVE]);
    for (bytes, notification) in [
        (vec![0; 19], vec![1, 1]),
        (long, vec![1, 2]),
        ([vec![0xff; 16], vec![0, 19, 99]].concat(), vec![1, 3]),
        ([vec![0xff; 16], vec![0, 19, OPEN]].concat(), vec![1, 2]),
    ] {
        let mut connection = router.session(USUAL).await;
        connection.updates(4).await;
        connection.raw(&bytes).await;
        let found = connection.read_until(NOTIFICATION).await;
        assert_eq!(found[..2], notification, "{bytes:?}");
    }
    // Updates of the router itself are not looked at, whatever they are.
    let mut connection = router.session(USUAL).await;
    connection.updates(4).await;
    connection.write(2, &[0xff; 50]).await;
    connection.write(REFRESH, &[0, 1, 0, 1]).await;
    connection.updates(1).await;
}

#[tokio::test]
async fn a_silent_router_is_given_up_and_a_speaking_one_is_not() {
    let router = Router::start().await;
    let _speaker = speaker(&router, |settings| settings.hold_time = 3);
    let mut connection = router.session(USUAL).await;
    connection.updates(4).await;
    // It speaks for itself every second, and listens to what is said within three.
    for _ in 0..5 {
        connection.read_until(KEEPALIVE).await;
        connection.write(KEEPALIVE, &[]).await;
    }
    assert_eq!(connection.read_until(NOTIFICATION).await, [4, 0]);
}

#[tokio::test]
async fn no_router_does_not_keep_a_speaker_from_stopping() {
    let router = Router::start().await;
    let address = router.address;
    drop(router);
    let router = Router::start().await;
    let speaker = speaker(&router, |settings| {
        let gone = Peer { name: "gone".to_owned(), address, ..settings.peers[0].clone() };
        settings.peers.insert(0, gone);
    });
    router.session(USUAL).await.updates(4).await;
    speaker.announce(&[]).await.unwrap();
    let report = until(&speaker, |report| report.state.starts_with("cannot connect")).await;
    assert_eq!(report.name, "gone");
    speaker.stop().await.unwrap();
}

#[tokio::test]
async fn a_router_of_the_same_as_gets_no_path_and_a_preference() {
    let router = Router::start().await;
    let _speaker = speaker(&router, |settings| settings.peers[0].asn = 64_666);
    let mut connection = router.session(Open { asn: 64_666, ..USUAL }).await;
    for update in connection.updates(4).await.iter().filter(|update| !is_end(update)) {
        for part in [[0x40, 2, 0].as_slice(), &[0x40, 5, 4, 0, 0, 0, 100]] {
            assert!(update.windows(part.len()).any(|found| found == part), "{part:?} in {update:?}");
        }
    }
}

#[tokio::test]
async fn a_router_that_offers_no_hold_time_is_sent_no_keepalives() {
    let router = Router::start().await;
    let speaker = speaker(&router, |settings| settings.hold_time = 3);
    let mut connection = router.session(Open { hold_time: 0, ..USUAL }).await;
    connection.updates(4).await;
    // For longer than the speaker's own hold time, nothing is said by either side.
    let silent = tokio::time::timeout(Duration::from_secs(4), connection.read()).await;
    assert!(silent.is_err(), "{silent:?}");
    assert!(until(&speaker, |_| true).await.is_up);
}
