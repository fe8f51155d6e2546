//! Simulated agents: a thousand of them, slow and silent ones, restarts that give interfaces other numbers.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use flowql_config::{Config, KnownSection, Registry};
use flowql_enrich::exporters::Directory;
use flowql_enrich::snmp::{SnmpFailure, SnmpPoller, SnmpSection};
use flowql_simulate::agent::{Agent, AgentManner, Device, DeviceInterface};

const SECTIONS: Registry = &[KnownSection::of::<SnmpSection>()];

/// Longer than anything takes on a loaded machine.
const LONG: Duration = Duration::from_secs(120);

/// A poller that runs until it is dropped.
struct Bench {
    directory: Arc<Directory>,
    poller: Arc<SnmpPoller>,
    task: tokio::task::JoinHandle<()>,
}

impl Bench {
    /// Asks exporters of 127.0.0.0/8 at a port.
    fn start(port: u16, settings: &str) -> Self {
        Self::with(Arc::default(), port, settings)
    }

    fn with(directory: Arc<Directory>, port: u16, settings: &str) -> Self {
        let text = format!(
            "[snmp]\n{settings}\n[[snmp.agent]]\nmatch = \"127.0.0.0/8\"\nport = {port}\ncommunity = \"read\"\n"
        );
        let config = Config::parse(&text, "f", SECTIONS).unwrap();
        let poller = Arc::new(SnmpPoller::new(&config.section::<SnmpSection>(), Arc::clone(&directory)));
        let runs = Arc::clone(&poller);
        Self { directory, poller, task: tokio::spawn(async move { runs.run().await }) }
    }

    /// What an interface is called. It is asked for as flows do it.
    fn interface(&self, exporter: IpAddr, index: u32) -> String {
        self.directory.interface(exporter, index).facts.name.clone()
    }

    /// Waits until an interface has a name.
    async fn until_named(&self, exporter: IpAddr, index: u32, name: &str) {
        until(|| self.interface(exporter, index) == name).await;
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn until(mut holds: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < LONG, "it does not come");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A device with interfaces of these indexes, named `et-0`, `et-1` and so on.
fn device(name: &str, indexes: impl IntoIterator<Item = u32>) -> Device {
    let interface = |(place, index)| DeviceInterface {
        index,
        name: format!("et-{place}"),
        description: format!("to {place}"),
        speed: 100_000,
    };
    Device {
        name: name.to_owned(),
        community: "read".to_owned(),
        interfaces: indexes.into_iter().enumerate().map(interface).collect(),
        has_extended_table: true,
    }
}

async fn start(address: impl Into<IpAddr>, port: u16, device: &Device) -> Agent {
    Agent::start(SocketAddr::new(address.into(), port), device).await.unwrap()
}

const LOCAL: Ipv4Addr = Ipv4Addr::LOCALHOST;

#[tokio::test]
async fn an_exporter_gets_the_names_that_its_agent_has() {
    let agent = start(LOCAL, 0, &device("edge1", (0..500).map(|place| place * 3 + 1))).await;
    let bench = Bench::start(agent.address().port(), "");
    let exporter = IpAddr::from(LOCAL);
    assert_eq!(bench.interface(exporter, 4), "if4", "nobody waits for the agent");
    bench.until_named(exporter, 4, "et-1").await;
    let facts = bench.directory.interface(exporter, 1498).facts.clone();
    assert_eq!((facts.name.as_str(), facts.description.as_str(), facts.speed), ("et-499", "to 499", 100_000));
    assert_eq!(bench.directory.exporter(exporter).facts.name, "edge1");
    until(|| bench.poller.counts().walks == 1).await;
    let status = bench.poller.status_of(exporter).unwrap();
    assert_eq!((status.agent, status.interfaces, status.error), (agent.address(), 500, None));
    assert!(status.answered.is_some());
    // An agent that nobody configured is not asked.
    let other = IpAddr::from([192, 0, 2, 1]);
    assert_eq!(bench.interface(other, 1), "if1");
    assert_eq!(bench.poller.status_of(other), None);
}

#[tokio::test]
async fn an_agent_without_the_newer_table_has_long_names() {
    let mut old = device("edge1", [7]);
    (old.has_extended_table, old.interfaces[0].speed) = (false, 1000);
    let agent = start(LOCAL, 0, &old).await;
    let bench = Bench::start(agent.address().port(), "");
    bench.until_named(LOCAL.into(), 7, "Interface et-0").await;
    assert_eq!(bench.directory.interface(LOCAL.into(), 7).facts.speed, 1000);
}

#[tokio::test]
async fn a_restart_with_other_numbers_is_seen() {
    let agent = start(LOCAL, 0, &device("edge1", [1, 2, 3])).await;
    let bench = Bench::start(agent.address().port(), "check_seconds = 1");
    let exporter = IpAddr::from(LOCAL);
    bench.until_named(exporter, 3, "et-2").await;
    // It has run for longer than the slack that its clock is given.
    until(|| bench.poller.counts().checks >= 12).await;
    agent.restart(&device("edge1", [2, 3, 1]));
    bench.until_named(exporter, 3, "et-1").await;
    assert_eq!([1, 2].map(|index| bench.interface(exporter, index)), ["et-2", "et-0"]);
}

#[tokio::test]
async fn names_are_kept_for_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("exporters.json");
    let agent = start(LOCAL, 0, &device("edge1", [5])).await;
    let bench = Bench::start(agent.address().port(), "");
    bench.until_named(LOCAL.into(), 5, "et-0").await;
    bench.directory.save(&file).unwrap();
    agent.behave(AgentManner::Silent);
    drop(bench);

    let directory = Directory::default();
    directory.load(&file).unwrap();
    let bench = Bench::with(Arc::new(directory), agent.address().port(), "timeout_ms = 50\nretries = 0");
    assert_eq!(bench.interface(LOCAL.into(), 5), "et-0");
    until(|| bench.poller.counts().failures == 1).await;
    assert_eq!(bench.interface(LOCAL.into(), 5), "et-0", "what it said before is kept");
}

#[tokio::test]
async fn what_does_not_answer_says_so() {
    let agent = start(LOCAL, 0, &device("edge1", [1])).await;
    let bench = Bench::start(agent.address().port(), "timeout_ms = 50\nretries = 1");
    let error = |bench: &Bench| bench.poller.status_of(LOCAL.into()).and_then(|status| status.error);
    agent.behave(AgentManner::Silent);
    bench.interface(LOCAL.into(), 1);
    until(|| error(&bench).is_some()).await;
    assert_eq!(error(&bench), Some(SnmpFailure::NoAnswer));
    assert_eq!(agent.questions(), 2, "asked twice, then left alone");

    // The same object again and again has an end.
    agent.behave(AgentManner::Stuck);
    let bench = Bench::start(agent.address().port(), "");
    bench.interface(LOCAL.into(), 1);
    until(|| bench.poller.counts().walks == 1).await;
    assert_eq!(bench.directory.exporter(LOCAL.into()).facts.name, "edge1");

    let port = agent.address().port();
    drop(agent);
    let bench = Bench::start(port, "retries = 0");
    bench.interface(LOCAL.into(), 1);
    until(|| error(&bench).is_some()).await;
    let said = error(&bench).unwrap();
    // The socket of the agent is closed some time after it was dropped.
    assert!(matches!(said, SnmpFailure::Unreachable(_) | SnmpFailure::NoAnswer), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_agents_are_asked_some_at_a_time() {
    let address = |place: u16| Ipv4Addr::from([127, 20, (place >> 8) as u8, place as u8]);
    let mut agents = vec![start(address(0), 0, &device("edge0", [1, 2])).await];
    let port = agents[0].address().port();
    for place in 1..1000 {
        agents.push(start(address(place), port, &device(&format!("edge{place}"), [1, 2])).await);
    }
    let manner = |place: usize| match place % 20 {
        7 => AgentManner::Slow(Duration::from_millis(300)),
        13 => AgentManner::Silent,
        _ => AgentManner::Prompt,
    };
    agents.iter().enumerate().for_each(|(place, agent)| agent.behave(manner(place)));
    // A loaded machine may be slow itself, so that only silence is a failure.
    let bench = Bench::start(port, "concurrency = 50\ntimeout_ms = 1500\nretries = 1");
    for place in 0..1000 {
        bench.interface(address(place).into(), 2);
    }
    until(|| {
        let counts = bench.poller.counts();
        (counts.walks, counts.failures) == (950, 50)
    })
    .await;
    for place in 0..1000_u16 {
        let exporter = IpAddr::from(address(place));
        let name = bench.directory.exporter(exporter).facts.name.clone();
        let error = bench.poller.status_of(exporter).unwrap().error;
        if manner(place.into()) == AgentManner::Silent {
            assert_eq!((name, error), (exporter.to_string(), Some(SnmpFailure::NoAnswer)));
        } else {
            assert_eq!((name, error), (format!("edge{place}"), None));
            assert_eq!(bench.interface(exporter, 2), "et-1");
        }
    }
    assert_eq!(bench.poller.counts().most_at_once, 50);
}
