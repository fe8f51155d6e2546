//! The detector with its table, on the embedded ClickHouse.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that fails by a panic says enough")]

mod announce;
mod engines;

use std::io::{Read as _, Write as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use flowql::Column;
use flowql_client::testing;
use flowql_client::{Client, Statement, sql};
use flowql_config::{Config, KnownSection, Registry};
use flowql_detect::incident::{Collateral, State};
use flowql_detect::{DetectSection, Detector, Service, Store, routes};
use flowql_eval::columns::{Flows, Numbers, Values};
use flowql_tables::Layout;

const SECTIONS: Registry = &[KnownSection::of::<DetectSection>()];

const RULE: &str = "[detect]\nprotected = [\"203.0.113.0/24\"]\nshipped = false\nmode = \"automatic\"\n\
                    [[detect.rule]]\nname = \"ntp\"\nwhen = 'Proto = \"udp\" AND SrcPort = 123'\n\
                    above = [{ bits = \"10M\" }]\nrespond = [{ flowspec = \"drop\", hold = \"2m\" }]\n";

/// Packets of NTP to an address, a hundred each.
struct Attack {
    time: u32,
    packets: usize,
}

impl Flows for Attack {
    fn rows(&self) -> usize {
        self.packets
    }

    fn values(&self, column: &Column) -> Option<Values<'_>> {
        let same = |number: u64| Some(Values::Same(flowql_eval::Value::Number(number.into())));
        match column.name.as_ref() {
            "TimeReceived" => same(self.time.into()),
            "SamplingRate" => same(100),
            "Bytes" => same(468),
            "Packets" => same(1),
            "Proto" => same(17),
            "SrcPort" => same(123),
            "DstAddr" => {
                let address = "203.0.113.9".parse::<std::net::Ipv4Addr>().unwrap().to_ipv6_mapped();
                Some(Values::Numbers(Numbers::addresses(address.octets().repeat(self.packets))))
            }
            "SrcAddr" => {
                let sources =
                    (0..self.packets as u128).flat_map(|n| (0xffff_c612_0000 + n % 90).to_be_bytes());
                Some(Values::Numbers(Numbers::addresses(sources.collect::<Vec<u8>>())))
            }
            _ => None,
        }
    }
}

fn now() -> u32 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() as u32
}

/// Waits for what must come.
async fn until(mut is_there: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !is_there().await {
        assert!(begun.elapsed() < Duration::from_secs(60), "it did not come");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A table of flows with usual traffic to the address: in each of three hours 990 packets of HTTPS, and ten of NTP that
/// are as long as those of the attack.
async fn usual(client: &Client, start: u32) {
    let table = sql!(
        "CREATE TABLE flows (TimeReceived DateTime, SamplingRate UInt64, Bytes UInt64, Packets UInt64, DstAddr IPv6, \
         Proto UInt32, SrcPort UInt16, TCPFlags UInt16, \
         PacketSize UInt64 ALIAS intDiv(Bytes, Packets)) ENGINE = MergeTree ORDER BY TimeReceived"
    );
    client.execute(&Statement::write(table)).await.unwrap();
    let fill = sql!(
        "INSERT INTO flows SELECT toDateTime({start} - 100 - 3600 * (number % 3)), 1, 468, 1, \
         toIPv6('203.0.113.9'), if(number < 30, 17, 6), if(number < 30, 123, 443), 0 FROM numbers(3000)",
        start = u64::from(start),
    );
    client.execute(&Statement::write(fill)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attack_is_stored_acted_upon_and_answered_for() {
    let client = testing::client().await;
    let (folder, start) = (tempfile::tempdir().unwrap(), now());
    usual(&client, start).await;
    // A webhook that says yes.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let webhook = format!("http://{}/hook", listener.local_addr().unwrap());
    let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let (mut request, mut piece) = (String::new(), [0; 4096]);
            while !request.ends_with("}") {
                let read = stream.read(&mut piece).unwrap();
                request += std::str::from_utf8(&piece[..read]).unwrap();
            }
            stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").unwrap();
            told.send(request).unwrap_or_default();
        }
    });
    let file = folder.path().join("heard");
    let command = format!("[\"sh\", \"-c\", 'cat >> \"$0\"', \"{}\"]", file.display());
    let text = format!("{RULE}[detect.notify]\nwebhook = \"{webhook}\"\ncommand = {command}\n");
    let config = Arc::new(Config::parse(&text, "f", SECTIONS).unwrap());
    let detector = Arc::new(Detector::open(&config, folder.path()).unwrap());
    let layout = Layout { database: client.options().database.clone(), ..Layout::default() };
    let store = Store::new(client.clone(), layout);
    let mut service = Service::new(Arc::clone(&detector), Arc::clone(&config), store.clone());
    // Thirty seconds of it, in no time.
    for second in 0..30 {
        detector.take(&Attack { time: start + second, packets: 107 });
        service.turn().await;
    }
    let [incident] = detector.incidents().try_into().unwrap();
    assert_eq!(incident.state, State::Mitigated, "{incident:#?}");
    // One packet in a hundred of the usual ones would be hit.
    let Collateral { share, hours } = incident.collateral.unwrap();
    assert!((share - 0.01).abs() < 0.0001 && hours == 3, "{share} {hours}");
    assert_eq!(detector.wanted().len(), 1);
    assert_eq!(store.newest(10).await.unwrap()[0].state, State::Mitigated);
    // It is stored whenever its state changes; its rates are those of then.
    let stored = store.get(incident.number).await.unwrap().unwrap();
    assert_eq!(
        (&stored.log, &stored.signature, stored.start),
        (&incident.log, &incident.signature, incident.start)
    );
    #[derive(Debug, serde::Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Row {
        state: String,
        target: String,
        signature: String,
        bits: u64,
    }
    let statement = Statement::read(sql!("SELECT State, Target, Signature, Bits FROM attacks FINAL"));
    let [row] = client.all::<Row>(&statement).await.unwrap().try_into().unwrap();
    assert_eq!((row.state.as_str(), row.target.as_str()), ("mitigated", "203.0.113.9"));
    assert!(row.signature.contains("SrcPort = 123") && row.bits > 10_000_000, "{row:?}");
    // People are told.
    let request = heard.recv().await.unwrap();
    assert!(
        request.starts_with("POST /hook ") && request.contains("Attack 1 on 203.0.113.9 (ntp) is active"),
        "{request}"
    );
    until(async || std::fs::read_to_string(&file).is_ok_and(|text| text.contains("\"mitigated\""))).await;

    // What the routes answer.
    let http = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = http.local_addr().unwrap();
    let router = routes(Arc::clone(&detector), store.clone(), None);
    tokio::spawn(async move { axum::serve(http, router).await });
    let ask = async |method: &'static str, path: String, body: &'static str| -> (u16, serde_json::Value) {
        let asked = tokio::task::spawn_blocking(move || {
            let mut stream = std::net::TcpStream::connect(address).unwrap();
            let length = body.len();
            let head = format!(
                "{method} {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\n"
            );
            write!(stream, "{head}content-length: {length}\r\n\r\n{body}").unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        });
        let answer = asked.await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or_default())
    };
    let (status, list) = ask("GET", "/api/v1/attacks".to_owned(), "").await;
    assert_eq!((status, &list["attacks"][0]["number"]), (200, &serde_json::json!(1)));
    assert_eq!(ask("GET", "/api/v1/attacks?limit=0".to_owned(), "").await.0, 400);
    assert_eq!(ask("GET", "/api/v1/attacks/1".to_owned(), "").await.1["rule"], "ntp");
    assert_eq!(ask("GET", "/api/v1/attacks/7".to_owned(), "").await.0, 404);
    let (_, state) = ask("GET", "/api/v1/attacks/status".to_owned(), "").await;
    assert_eq!((&state["mode"], &state["rules"][0]["name"]), (&"automatic".into(), &"ntp".into()));
    let (status, extended) =
        ask("POST", "/api/v1/attacks/1/extend".to_owned(), "{\"by\":\"anna\",\"seconds\":600}").await;
    assert_eq!((status, &extended["log"].as_array().unwrap().last().unwrap()["by"]), (200, &"anna".into()));
    let (status, off) = ask("POST", "/api/v1/attacks/switch".to_owned(), "{}").await;
    assert_eq!((status, &off["is_off"]), (200, &true.into()));
    assert!(detector.wanted().is_empty());
    // It outlives the process, as the incidents do.
    drop(service);
    let other = Detector::open(&config, folder.path()).unwrap();
    assert!(other.status().is_off && other.incidents() == detector.incidents());
    ask("POST", "/api/v1/attacks/switch".to_owned(), "{\"off\":false}").await;
    assert_eq!(detector.wanted().len(), 1);
    let (status, withdrawn) = ask("POST", "/api/v1/attacks/1/withdraw".to_owned(), "{\"by\":\"ben\"}").await;
    assert_eq!((status, &withdrawn["state"]), (200, &"active".into()));
    assert_eq!(ask("POST", "/api/v1/attacks/7/approve".to_owned(), "{}").await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_history_or_database_nothing_is_known_of_collateral() {
    let client = testing::client().await;
    let folder = tempfile::tempdir().unwrap();
    let config = Arc::new(Config::parse(RULE, "f", SECTIONS).unwrap());
    let detector = Arc::new(Detector::open(&config, folder.path()).unwrap());
    let layout = Layout { database: client.options().database.clone(), ..Layout::default() };
    let store = Store::new(client, layout);
    let mut service = Service::new(Arc::clone(&detector), config, store);
    let start = now();
    for second in 0..20 {
        detector.take(&Attack { time: start + second, packets: 107 });
        service.turn().await;
    }
    let [incident] = detector.incidents().try_into().unwrap();
    assert_eq!((incident.state, incident.collateral.unwrap().hours), (State::Active, 0));
    assert!(detector.wanted().is_empty());
    assert!(incident.log.iter().any(|entry| entry.what.contains("not known")), "{incident:#?}");
    // A person may still decide.
    detector.approve(incident.number, "anna").unwrap();
    assert_eq!(detector.wanted().len(), 1);
}
