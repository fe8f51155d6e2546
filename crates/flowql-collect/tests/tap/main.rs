//! The tap: flows as they are decoded, whatever becomes of the database.
#![expect(clippy::unwrap_used, reason = "a test that fails by a panic says enough")]

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use flowql::Schema;
use flowql_client::{Client, ClientOptions, ServerOptions};
use flowql_collect::service::{self, Options, Running};
use flowql_collect::{CollectSection, ListenSection, Tap};
use flowql_config::{Config, KnownSection, Registry};
use flowql_decode::Protocol;
use flowql_eval::columns::{ColumnReader, Flows};
use flowql_simulate::{Network, Sender, Settings, Simulation, Stored};
use flowql_tables::Layout;

const SECTIONS: Registry = &[KnownSection::of::<CollectSection>()];

/// Longer than anything takes that the test waits for.
const LONG: Duration = Duration::from_secs(60);

/// Sums up what it gets.
#[derive(Debug, Default)]
struct Sums(Mutex<(Stored, u64)>);

impl Tap for Sums {
    fn columns(&self) -> Vec<String> {
        ["TimeReceived", "Bytes", "Packets", "DstAddr", "Nothing"].map(str::to_owned).to_vec()
    }

    fn flows(&self, _: u16, flows: &dyn Flows) {
        let schema = Schema::all_columns();
        let ids = ["Bytes", "Packets", "TimeReceived"].map(|name| schema.find(name).unwrap());
        let mut columns = [const { Vec::new() }; 3];
        let values = ColumnReader::new(&schema, &ids).read(flows);
        columns.iter_mut().zip(&values).for_each(|(into, values)| values.fill(flows.rows(), into));
        let [bytes, packets, times] = columns;
        let mut sums = self.0.lock().unwrap();
        sums.0.flows += flows.rows() as u64;
        sums.0.bytes += bytes.iter().sum::<u64>();
        sums.0.packets += packets.iter().sum::<u64>();
        sums.1 = sums.1.max(times.into_iter().max().unwrap_or(0));
    }
}

/// A collector whose database is away.
async fn collector(folder: &Path, tap: &Arc<Sums>) -> Running {
    let mut config = Config::parse("[collect]\nhttp = \"\"\nstop_ms = 100\n", "f", SECTIONS).unwrap();
    let section = CollectSection::clone(&config.section());
    config.set_section(CollectSection { listen: vec![ListenSection::at("127.0.0.1:0")], ..section });
    // Nobody listens at a port that was just given back.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let servers = ServerOptions::at(format!("http://127.0.0.1:{port}"));
    let client = Client::remote(&servers, ClientOptions::default()).unwrap();
    let options = Options {
        config,
        inherited: flowql_collect::receive::Inherited::default(),
        folder: folder.to_path_buf(),
        layout: Layout::default(),
        outside: client.clone(),
        client,
        tap: Some(Arc::<Sums>::clone(tap)),
        adjust: service::Adjust::default(),
        routes: axum::Router::new(),
    };
    service::start(options).await.unwrap()
}

/// Sends flows for a while, and gives what should be stored of them.
fn send(running: &Running, seed: u64) -> Stored {
    let address = running.asked().listeners().first().unwrap().address;
    let network = Network::new(1);
    let protocols = vec![Protocol::NetflowV9, Protocol::Sflow, Protocol::NetflowV5];
    let settings = Settings { seed, exporters: 3, protocols, ..Settings::default() };
    let begun = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
    let mut simulation = Simulation::new(&network, &settings, begun).unwrap();
    let (mut sender, mut ready) = (Sender::new(address), Vec::new());
    for step in 0..2000 {
        simulation.step(begun + step, &mut ready);
        ready.drain(..).for_each(|datagram| sender.send(&datagram).unwrap());
        // The kernel's buffer has room for some.
        std::thread::sleep(Duration::from_micros(200));
    }
    simulation.finish(begun + 5_000, &mut ready);
    ready.drain(..).for_each(|datagram| sender.send(&datagram).unwrap());
    let mut stored = Stored::default();
    simulation.summary().protocols.values().for_each(|sent| stored += sent.stored);
    stored
}

async fn until(tap: &Arc<Sums>, stored: Stored) {
    let begun = Instant::now();
    while tap.0.lock().unwrap().0.flows < stored.flows {
        assert!(begun.elapsed() < LONG, "{:?} of {stored:?}", tap.0.lock().unwrap());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(tap.0.lock().unwrap().0, stored);
}

#[tokio::test(flavor = "multi_thread")]
async fn flows_come_once_each_while_the_database_is_away() {
    let folder = tempfile::tempdir().unwrap();
    let tap = Arc::new(Sums::default());
    let running = collector(folder.path(), &tap).await;
    let stored = send(&running, 1);
    until(&tap, stored).await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    assert!(now - tap.0.lock().unwrap().1 < 60, "they have the time of their reception");
    running.stop().await;
    // What was not written is there at the next start, for the tap too, which has forgotten it.
    let again = Arc::new(Sums::default());
    let running = collector(folder.path(), &again).await;
    until(&again, stored).await;
    running.stop().await;
}
