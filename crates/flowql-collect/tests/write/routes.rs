//! Rows have what the routes say of their addresses: a real BMP session, and a real database.

use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use flowql::Schema;
use flowql_bmp::{Server, Settings, Vrps};
use flowql_collect::BmpSection;
use flowql_collect::bmp::AddressTables;
use flowql_decode::Protocol;
use flowql_enrich::networks::{GeoipSection, NetworkSection, Sources};
use flowql_simulate::encode::bmp::{self, Attributes, Peer, Prefix, Table};
use flowql_simulate::{Network, Settings as SimulateSettings, Simulation, Speaker, loopback};
use flowql_tables::Aggregate;
use socket2::{Domain, Socket, Type};
use tokio::task::JoinHandle;

use super::packets::{push, set};
use super::{Bench, LONG, message, stop, until};

/// A BMP server, which ends with its test.
struct Routers {
    address: SocketAddr,
    tables: Arc<AddressTables>,
    sources: Sources,
    running: JoinHandle<()>,
}

impl Drop for Routers {
    fn drop(&mut self) {
        self.running.abort();
    }
}

impl Routers {
    async fn start(networks: &[NetworkSection]) -> Self {
        let server = Server::bind("127.0.0.1:0".parse().unwrap(), Settings::default()).await.unwrap();
        let address = server.local_address().unwrap();
        let mut sources = Sources::new(networks, &[], &GeoipSection::default());
        sources.refresh();
        let tables = AddressTables::new(server.routes(), &BmpSection::default(), sources.published());
        let running = tokio::spawn(server.run(std::future::pending()));
        Self { address, tables: Arc::new(tables), sources, running }
    }

    /// Sends messages from an address of this machine, and waits until its routes are there.
    async fn send(&self, from: IpAddr, bytes: &[u8], routes: usize) -> TcpStream {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.bind(&SocketAddr::new(from, 0).into()).unwrap();
        socket.connect(&self.address.into()).unwrap();
        let mut stream = TcpStream::from(socket);
        stream.write_all(bytes).unwrap();
        self.wait(from, routes).await;
        stream
    }

    async fn wait(&self, router: IpAddr, routes: usize) {
        let end = Instant::now() + LONG;
        let known = || self.tables.routes().router(router).map(|router| router.status().routes);
        while known() != Some(routes) {
            assert!(Instant::now() < end, "{:?} routes of {router}, not {routes}", known());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

const HOME: Ipv4Addr = Ipv4Addr::LOCALHOST;

fn mapped(address: [u8; 4]) -> [u8; 16] {
    Ipv4Addr::from(address).to_ipv6_mapped().octets()
}

fn peer(last: u8, asn: u32) -> Peer {
    Peer {
        table: Table::PostPolicy,
        distinguisher: 0,
        address: mapped([198, 51, 100, last]),
        asn,
        identifier: [198, 51, 100, last],
        has_paths: false,
    }
}

fn prefix(address: [u8; 4], length: u8) -> Prefix {
    Prefix { is_v4: true, address: mapped(address), length, path: 0 }
}

/// Two peers with a route to 203.0.113.0/24, one of them also to 192.0.2.0/25.
fn two_peers() -> Vec<u8> {
    let mut out = Vec::new();
    bmp::initiation(&mut out, "edge", "");
    for (last, asn, path, preference) in
        [(1, 64_501, &[64_501, 3320, 3320, 680][..], 200), (2, 64_502, &[64_502, 680], 100)]
    {
        let peer = peer(last, asn);
        bmp::peer_up(&mut out, &peer, 64_500, "");
        let attributes = Attributes {
            next_hop: peer.address,
            path,
            local_preference: preference,
            communities: &[asn << 16 | u32::from(last)],
            large: &[u128::from(asn) << 64 | 7 << 32 | u128::from(last)],
        };
        bmp::announce(&mut out, &peer, &[prefix([203, 0, 113, 0], 24)], &attributes);
    }
    let attributes = Attributes {
        next_hop: peer(1, 0).address,
        path: &[64_501, 13_335],
        communities: &[5],
        ..Attributes::default()
    };
    bmp::announce(&mut out, &peer(1, 64_501), &[prefix([192, 0, 2, 0], 25)], &attributes);
    out
}

/// A message of NetFlow v9 with a template and one flow: 192.0.2.1 to 203.0.113.9 by a next hop, with an AS of the source and
/// that many bytes.
fn flow(next_hop: [u8; 4], source_as: u64, bytes: u64) -> Vec<u8> {
    const FIELDS: [(u64, u64); 5] = [(8, 4), (12, 4), (15, 4), (16, 4), (1, 4)];
    let mut sets = Vec::new();
    let mut body = Vec::new();
    push(&mut body, &[(300, 2), (FIELDS.len() as u64, 2)]);
    FIELDS.iter().for_each(|&(kind, length)| push(&mut body, &[(kind, 2), (length, 2)]));
    set(&mut sets, 0, &body);
    let mut body = Vec::new();
    push(&mut body, &[(0xC000_0201, 4), (0xCB00_7109, 4), (u32::from_be_bytes(next_hop).into(), 4)]);
    push(&mut body, &[(source_as, 4), (bytes, 4)]);
    set(&mut sets, 300, &body);
    message(bytes, &sets)
}

/// What the row with so many bytes has.
async fn row(bench: &Bench, bytes: u64) -> String {
    let columns = "SrcAS, DstAS, toString(DstASPath), Dst1stAS, Dst2ndAS, Dst3rdAS, toString(DstCommunities), \
                   toString(DstLargeCommunities), toString(SrcCommunities), SrcNetMask, DstNetMask, \
                   toString(NextHop), SrcPeerAS, DstPeerAS, toString(SrcRPKI), toString(DstRPKI), SrcNetName";
    bench.ask(&format!("SELECT {columns} FROM flows WHERE Bytes = {bytes}")).await.join(" ")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_have_the_routes_of_their_exporter() {
    let network = NetworkSection { asn: Some(64_999), name: "lab".to_owned(), ..network("192.0.2.0/24") };
    let routers = Routers::start(&[network]).await;
    let vrps =
        r#"{"roas": [{"prefix": "203.0.113.0/24", "asn": 680}, {"prefix": "192.0.2.0/24", "asn": 1}]}"#;
    routers.tables.set_vrps(Some(Vrps::from_json(vrps.as_bytes()).unwrap()));
    let mut bench = Bench::with(Aggregate::default(), Schema::all_columns()).await;
    bench.addresses = Arc::clone(&routers.tables);
    let mut session = routers.send(HOME.into(), &two_peers(), 3).await;
    let writer = bench.writer().await;
    // By the next hop of either peer, by another one, and of an exporter without routes.
    bench.receive("127.0.0.1:7", &flow([198, 51, 100, 1], 0, 101));
    bench.receive("127.0.0.1:7", &flow([198, 51, 100, 2], 64_512, 102));
    bench.receive("127.0.0.1:7", &flow([0; 4], 0, 103));
    bench.receive("192.0.2.66:7", &flow([0; 4], 0, 104));
    until(&writer, "rows", |status| status.rows == 4).await;
    let first = "13335 680 [64501,3320,3320,680] 64501 3320 680 [4227137537] \
                 [1189831024031925161279489] [5] 25 24 ::ffff:198.51.100.1 64501 64501 invalid valid lab";
    let large = u128::from(64_501_u32) << 64 | 7 << 32 | 1;
    let first = first.replace("1189831024031925161279489", &large.to_string());
    let first = first.replace("4227137537", &(64_501_u32 << 16 | 1).to_string());
    assert_eq!(row(&bench, 101).await, first);
    // What the exporter says is kept.
    let second = row(&bench, 102).await;
    assert!(second.starts_with("64512 680 [64502,680] 64502 680 0"), "{second}");
    assert!(second.ends_with("25 24 ::ffff:198.51.100.2 64501 64502 invalid valid lab"), "{second}");
    // The highest local preference.
    assert_eq!(row(&bench, 103).await, first);
    // It gets no other router's routes; its AS is that of the network.
    let none = "64999 0 [] 0 0 0 [] [] [] 0 0 :: 0 0 undefined undefined lab";
    assert_eq!(row(&bench, 104).await, none);
    // A peer that goes takes its routes: the other one's is left.
    let mut down = Vec::new();
    bmp::peer_down(&mut down, &peer(1, 64_501));
    session.write_all(&down).unwrap();
    routers.wait(HOME.into(), 1).await;
    bench.receive("127.0.0.1:7", &flow([198, 51, 100, 1], 0, 105));
    until(&writer, "rows", |status| status.rows == 5).await;
    let left = row(&bench, 105).await;
    assert!(left.starts_with("64999 680 [64502,680]"), "{left}");
    stop(writer).await;
    // An AS for private use is passed over where the settings say so.
    bench.section.asn_from = vec!["flow-except-private".to_owned(), "networks".to_owned()];
    let writer = bench.writer().await;
    bench.receive("127.0.0.1:7", &flow([0; 4], 64_512, 106));
    bench.receive("127.0.0.1:7", &flow([0; 4], 15_169, 107));
    until(&writer, "rows", |status| status.rows == 2).await;
    stop(writer).await;
    assert!(row(&bench, 106).await.starts_with("64999 0 [64502,680]"));
    assert!(row(&bench, 107).await.starts_with("15169 0 [64502,680]"));
    assert_eq!(routers.sources.status(), []);
}

fn network(prefix: &str) -> NetworkSection {
    let empty = String::new;
    NetworkSection {
        prefix: prefix.to_owned(),
        name: empty(),
        role: empty(),
        site: empty(),
        region: empty(),
        tenant: empty(),
        city: empty(),
        state: empty(),
        country: empty(),
        asn: None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn simulated_routers_announce_what_their_flows_follow() {
    const EXPORTERS: u16 = 5;
    let routers = Routers::start(&[]).await;
    let mut bench = Bench::with(Aggregate::default(), Schema::all_columns()).await;
    bench.section.write.rows = 10_000;
    bench.addresses = Arc::clone(&routers.tables);
    let network = Network::new(1);
    let mut sessions = Vec::new();
    for exporter in 0..EXPORTERS {
        let speaker = Speaker::new(&network, exporter, EXPORTERS);
        let mut messages = speaker.tables();
        (0..500).for_each(|number| messages.extend(speaker.flap(number)));
        // Twice in the tables of peers, and in two of its own.
        let announced = speaker.announced();
        let routes = 2 * announced.received + 2 * announced.routes;
        sessions.push(routers.send(Ipv4Addr::from(loopback(exporter)).into(), &messages, routes).await);
    }
    let settings = SimulateSettings {
        exporters: EXPORTERS,
        protocols: vec![Protocol::NetflowV9, Protocol::Ipfix],
        ..SimulateSettings::default()
    };
    let start =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as u64;
    let mut simulation = Simulation::new(&network, &settings, start).unwrap();
    let mut datagrams = Vec::new();
    (0..6000).for_each(|flow| {
        simulation.step(start + flow / 10, &mut datagrams);
    });
    simulation.finish(start + 600, &mut datagrams);
    let rows = simulation.summary().total().stored.flows;
    for datagram in &datagrams {
        bench.receive(&format!("{}:7", Ipv4Addr::from(loopback(datagram.exporter))), &datagram.bytes);
    }
    let writer = bench.writer().await;
    until(&writer, "rows", |status| status.rows == rows).await;
    stop(writer).await;
    // A range of one network can lie within that of another one: few flows meet the longer prefix.
    let outside = "DstAS != 64501";
    let found = bench
        .ask(&format!(
            "SELECT count() > 1000, countIf(empty(DstASPath)), countIf(DstASPath[-1] != DstAS) * 50 < count(), \
             countIf(empty(DstCommunities)), countIf(empty(DstLargeCommunities)), countIf(DstNetMask = 0) \
             FROM flows WHERE {outside}"
        ))
        .await;
    assert_eq!(found, ["1", "0", "1", "0", "0", "0"]);
    // The neighbour is the network beyond the interface, where it is one.
    let transit = "OutIfDescription LIKE 'Transit: Arelion%' OR OutIfDescription LIKE 'PNI: Google%'";
    let peers = bench
        .ask(&format!("SELECT toString(arraySort(topK(2)(DstPeerAS))) FROM flows WHERE {transit}"))
        .await;
    assert_eq!(peers, ["[1299,15169]"]);
    // What stays at home has no path, and an origin.
    let home = bench.ask(
        "SELECT countIf(notEmpty(DstASPath)), countIf(DstAS != 64501) FROM flows WHERE NOT (DstAS != 64501)",
    );
    assert_eq!(home.await, ["0", "0"]);
}
