//! Sessions over the loopback, with messages made by hand.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test")]

mod support;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use flowql_bmp::{Limits, Observer, Query, Routes, Server, Settings, Status, Vrf};
use support::{PEER, attributes, end_of_rib, initiation, peer_down, peer_up, termination, update};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

const NET: [u8; 4] = [24, 203, 0, 113];
const OTHER: [u8; 4] = [24, 198, 18, 0];

struct Running {
    address: SocketAddr,
    routes: Arc<Routes>,
    observer: Observer,
    _stop: oneshot::Sender<()>,
}

async fn start(settings: Settings) -> Running {
    let server = Server::bind((Ipv4Addr::LOCALHOST, 0).into(), settings).await.unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let running = Running {
        address: server.local_address().unwrap(),
        routes: server.routes(),
        observer: server.observer(),
        _stop: stop,
    };
    tokio::spawn(server.run(async {
        let _ = stopped.await;
    }));
    running
}

impl Running {
    async fn connect(&self, messages: &[Vec<u8>]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        for message in messages {
            stream.write_all(message).await.unwrap();
        }
        stream
    }

    /// The first AS of the route of an address.
    fn first_as(&self, address: [u8; 4]) -> Option<u32> {
        let found = self.routes.lookup(&Query {
            exporter: Ipv4Addr::LOCALHOST.into(),
            vrf: Vrf::Global,
            address: IpAddr::from(address),
            next_hop: None,
        })?;
        found.route()?.attributes().as_path.first().copied()
    }

    /// Waits until something holds; a test that waits for a minute fails.
    async fn wait(&self, what: &str, holds: impl Fn(&Self, &Status) -> bool) {
        for _ in 0..6000 {
            if holds(self, &self.observer.status()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{what}: {:#?}", self.observer.status());
    }
}

fn announce(prefix: [u8; 4], asn: u32) -> Vec<u8> {
    update(PEER, &[], &attributes(&[asn, 3356], 1), &prefix)
}

#[tokio::test]
async fn a_route_is_found_until_its_peer_goes() {
    let running = start(Settings::default()).await;
    let mut router =
        running.connect(&[initiation("edge-1"), peer_up(PEER), announce(NET, 64501), end_of_rib(PEER)]).await;
    running.wait("the route", |running, _| running.first_as([203, 0, 113, 9]) == Some(64501)).await;
    let status = running.observer.status();
    let known = status.routers.first().unwrap();
    assert_eq!(known.name.as_deref(), Some("edge-1"));
    assert_eq!((known.routes, known.peers.len(), known.sessions), (1, 1, 1));
    assert_eq!(running.first_as([203, 0, 114, 9]), None);
    router.write_all(&peer_down(PEER)).await.unwrap();
    running
        .wait("no route", |running, status| {
            running.first_as([203, 0, 113, 9]).is_none() && status.routers.first().unwrap().departing == 0
        })
        .await;
    assert_eq!(running.observer.status().routers.first().unwrap().routes, 0);
}

#[tokio::test]
async fn a_peer_up_takes_out_what_its_table_had() {
    let running = start(Settings::default()).await;
    let pre = support::From { flags: 0, ..PEER };
    let before = update(pre, &[], &attributes(&[64509, 3356], 1), &OTHER);
    let mut router = running.connect(&[peer_up(pre), before, peer_up(PEER), announce(NET, 64501)]).await;
    running.wait("the route", |running, _| running.first_as([203, 0, 113, 9]) == Some(64501)).await;
    assert_eq!(running.first_as([198, 18, 0, 1]), Some(64509), "another table comes up, this one stays");
    router.write_all(&peer_up(PEER)).await.unwrap();
    running.wait("no route", |running, _| running.first_as([203, 0, 113, 9]).is_none()).await;
    assert_eq!(running.first_as([198, 18, 0, 1]), Some(64509));
}

#[tokio::test]
async fn a_lost_session_keeps_its_routes_until_another_replaces_them() {
    let running = start(Settings::default()).await;
    let router = running.connect(&[peer_up(PEER), announce(NET, 64501), announce(OTHER, 64501)]).await;
    running.wait("the routes", |running, _| running.first_as([198, 18, 0, 1]) == Some(64501)).await;
    drop(router);
    running.wait("the end", |_, status| status.ended_sessions == 1).await;
    assert_eq!(running.first_as([203, 0, 113, 9]), Some(64501), "kept");
    let mut router = running.connect(&[peer_up(PEER), announce(NET, 64502)]).await;
    running.wait("the new route", |running, _| running.first_as([203, 0, 113, 9]) == Some(64502)).await;
    assert_eq!(running.first_as([198, 18, 0, 1]), Some(64501), "not replaced yet");
    router.write_all(&end_of_rib(PEER)).await.unwrap();
    running.wait("the old route gone", |running, _| running.first_as([198, 18, 0, 1]).is_none()).await;
    assert_eq!(running.first_as([203, 0, 113, 9]), Some(64502));
}

#[tokio::test]
async fn a_lost_session_loses_its_routes_in_the_end() {
    let running = start(Settings { keep: Duration::from_millis(200), ..Settings::default() }).await;
    let mut router = running.connect(&[peer_up(PEER), announce(NET, 64501)]).await;
    running.wait("the route", |running, _| running.first_as([203, 0, 113, 9]) == Some(64501)).await;
    router.write_all(&termination()).await.unwrap();
    running.wait("the router forgotten", |_, status| status.routers.is_empty()).await;
    assert_eq!(running.first_as([203, 0, 113, 9]), None);
    let (_, reason) = running.observer.status().last_end.unwrap();
    assert!(reason.starts_with("the router ended it"), "{reason}");
}

#[tokio::test]
async fn what_cannot_be_read_is_counted_and_the_session_continues() {
    let running = start(Settings::default()).await;
    let broken = update(PEER, &[], &[0x40, 2, 200], &NET);
    let unknown = support::message(77, &[1, 2, 3]);
    let _router = running.connect(&[peer_up(PEER), broken, unknown, announce(NET, 64501)]).await;
    running.wait("the route", |running, _| running.first_as([203, 0, 113, 9]) == Some(64501)).await;
    running
        .wait("the counts", |_, status| {
            status.sessions.first().is_some_and(|session| session.counters.refused == [1, 0, 1, 0])
        })
        .await;
}

#[tokio::test]
async fn a_stream_that_is_not_bmp_ends_its_session() {
    let running = start(Settings::default()).await;
    let mut other = running.connect(&[b"GET / HTTP/1.1\r\n\r\n".to_vec()]).await;
    assert_eq!(other.read(&mut [0; 16]).await.unwrap_or(0), 0, "closed");
    running.wait("the end", |_, status| status.ended_sessions == 1).await;
    let (_, reason) = running.observer.status().last_end.unwrap();
    assert_eq!(reason, "BMP version 71, expected 3 or 4");
}

#[tokio::test]
async fn only_allowed_addresses_and_so_many_sessions_are_taken() {
    let allow = vec!["192.0.2.0/24".parse().unwrap()];
    let running = start(Settings { allow, ..Settings::default() }).await;
    let mut refused = running.connect(&[]).await;
    assert_eq!(refused.read(&mut [0; 16]).await.unwrap_or(0), 0);
    assert_eq!(running.observer.status().not_allowed, 1);
    let limits = Limits { sessions: 1, ..Limits::default() };
    let running = start(Settings { limits, ..Settings::default() }).await;
    let _first = running.connect(&[peer_up(PEER)]).await;
    running.wait("the first", |_, status| status.sessions.len() == 1).await;
    let mut second = running.connect(&[]).await;
    assert_eq!(second.read(&mut [0; 16]).await.unwrap_or(0), 0);
    assert_eq!(running.observer.status().too_many, 1);
}

#[tokio::test]
async fn a_router_has_so_many_routes_at_most() {
    let limits = Limits { routes: 1, ..Limits::default() };
    let running = start(Settings { limits, ..Settings::default() }).await;
    let _router =
        running.connect(&[peer_up(PEER), announce(NET, 1), announce(OTHER, 2), announce(NET, 3)]).await;
    running.wait("the last", |running, _| running.first_as([203, 0, 113, 9]) == Some(3)).await;
    assert_eq!(running.first_as([198, 18, 0, 1]), None);
    running
        .wait("the count", |_, status| {
            status.sessions.first().is_some_and(|session| session.counters.applied.full == 1)
        })
        .await;
}

#[tokio::test]
async fn a_router_with_a_password_signs_what_it_sends() {
    let router = IpAddr::from(Ipv4Addr::LOCALHOST);
    // On a socket of both families, as the default address is.
    for listen in ["127.0.0.1:0", "[::]:0"] {
        let settings = Settings { passwords: vec![(router, "right".to_owned())], ..Settings::default() };
        let server = Server::bind(listen.parse().unwrap(), settings).await.unwrap();
        let to = SocketAddr::new(router, server.local_address().unwrap().port());
        let routes = server.routes();
        let running = tokio::spawn(server.run(std::future::pending()));
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        flowql_tcp_md5::set_key(&socket, router, "right").unwrap();
        let mut stream = socket.connect(to).await.unwrap();
        stream.write_all(&initiation("signed")).await.unwrap();
        let signed = async {
            while routes.router(router).is_none_or(|router| router.status().name.is_none()) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), signed).await.unwrap();
        // Without the signature nothing is answered.
        let unsigned = tokio::time::timeout(Duration::from_millis(300), TcpStream::connect(to)).await;
        assert!(unsigned.is_err(), "{unsigned:?}");
        running.abort();
    }
}
