//! A real agent, Debian's `snmpd`: versions 2c and 3 with every algorithm that it has, many interfaces, a restart with
//! other numbers.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use flowql_config::{Config, KnownSection, Registry};
use flowql_enrich::exporters::Directory;
use flowql_enrich::snmp::{SnmpFailure, SnmpPoller, SnmpSection, SnmpStatus};
use tempfile::TempDir;

const SECTIONS: Registry = &[KnownSection::of::<SnmpSection>()];
const LONG: Duration = Duration::from_secs(120);
const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const PASSWORDS: [&str; 2] = ["first-passphrase", "second-passphrase"];

/// An `snmpd` that runs until it is dropped.
struct Snmpd {
    process: Child,
    port: u16,
    folder: TempDir,
}

impl Snmpd {
    /// Starts one with so many interfaces, the first with an index, and waits until it answers.
    fn start(settings: &str, interfaces: u32, first: u32) -> Self {
        let port = UdpSocket::bind((LOCAL, 0)).unwrap().local_addr().unwrap().port();
        let folder = TempDir::new().unwrap();
        let process = run(folder.path(), port, settings, interfaces, first);
        Self { process, port, folder }
    }

    /// Starts it again with other numbers.
    fn restart(&mut self, settings: &str, interfaces: u32, first: u32) {
        self.end();
        self.process = run(self.folder.path(), self.port, settings, interfaces, first);
    }

    fn end(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Snmpd {
    fn drop(&mut self) {
        self.end();
    }
}

fn run(folder: &Path, port: u16, settings: &str, interfaces: u32, first: u32) -> Child {
    let table = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snmpd/table.py");
    let pass =
        |object: &str| format!("pass_persist {object} /usr/bin/env python3 {table} {interfaces} {first}\n");
    let tables = [".1.3.6.1.2.1.2.2.1", ".1.3.6.1.2.1.31.1.1.1"].map(pass).concat();
    let configuration = folder.join("snmpd.conf");
    std::fs::write(&configuration, format!("sysName edge1\n{settings}{tables}")).unwrap();
    let mut command = Command::new("snmpd");
    // Its own tables of interfaces give way to ours.
    command.args(["-f", "-Lo", "-C", "-I", "-ifTable,-ifXTable", "-c"]).arg(&configuration);
    command.arg(format!("udp:127.0.0.1:{port}"));
    command
        .env("SNMP_PERSISTENT_DIR", folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut process = command.spawn().expect("snmpd: install Debian's package of that name");
    // It says so when it is ready.
    let (mut said, mut byte) = (String::new(), [0]);
    let output = process.stdout.as_mut().unwrap();
    while !said.ends_with("NET-SNMP version") && output.read(&mut byte).unwrap() == 1 {
        said.push(byte[0].into());
    }
    assert!(said.ends_with("NET-SNMP version"), "{said}");
    process
}

struct Bench {
    directory: Arc<Directory>,
    poller: Arc<SnmpPoller>,
    task: tokio::task::JoinHandle<()>,
}

impl Bench {
    fn start(port: u16, agent: &str) -> Self {
        let text = format!(
            "[snmp]\ncheck_seconds = 1\n[[snmp.agent]]\nmatch = \"127.0.0.1\"\nport = {port}\n{agent}\n"
        );
        let config = Config::parse(&text, "f", SECTIONS).unwrap_or_else(|errors| panic!("{errors}\n{text}"));
        let directory = Arc::<Directory>::default();
        let poller = Arc::new(SnmpPoller::new(&config.section::<SnmpSection>(), Arc::clone(&directory)));
        directory.exporter(LOCAL);
        let runs = Arc::clone(&poller);
        Self { directory, poller, task: tokio::spawn(async move { runs.run().await }) }
    }

    /// Waits until the agent was asked, with an answer or without one.
    async fn asked(&self) -> SnmpStatus {
        self.until(|status| status.answered.is_some() || status.error.is_some()).await
    }

    async fn until(&self, is_so: impl Fn(&SnmpStatus) -> bool) -> SnmpStatus {
        let begin = Instant::now();
        loop {
            let status = self.poller.status_of(LOCAL);
            if let Some(status) = status.clone().filter(&is_so) {
                return status;
            }
            assert!(begin.elapsed() < LONG, "it does not come: {status:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    fn interface(&self, index: u32) -> String {
        self.directory.interface(LOCAL, index).facts.name.clone()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[tokio::test]
#[ignore = "needs snmpd: .ci/parts/49-snmp installs and runs it"]
async fn many_interfaces_by_version_2c_and_other_numbers_after_a_restart() {
    let settings = "rocommunity read 127.0.0.1\n";
    let mut agent = Snmpd::start(settings, 5000, 1);
    let bench = Bench::start(agent.port, "community = \"read\"");
    let status = bench.asked().await;
    assert_eq!((status.error, status.interfaces), (None, 5000));
    assert_eq!(bench.directory.exporter(LOCAL).facts.name, "edge1");
    let facts = bench.directory.interface(LOCAL, 5000).facts.clone();
    let said = (facts.name.as_str(), facts.description.as_str(), facts.speed);
    assert_eq!(said, ("et4999", "to customer 4999", 1000));
    // It has run for longer than the slack that its clock is given.
    let begin = Instant::now();
    while bench.poller.counts().checks < 12 {
        assert!(begin.elapsed() < LONG, "{:?}", bench.poller.status());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(bench.poller.counts().walks, 1);
    agent.restart(settings, 10, 4991);
    bench.until(|status| status.interfaces == 10).await;
    assert_eq!([5000, 4991, 4990].map(|index| bench.interface(index)), ["et9", "et0", "if4990"]);

    let bench = Bench::start(agent.port, "community = \"other\"");
    assert_eq!(bench.asked().await.error, Some(SnmpFailure::NoAnswer));
}

/// The algorithms as snmpd and as the configuration calls them.
const AUTHENTICATION: [(&str, &str); 6] = [
    ("MD5", "md5"),
    ("SHA", "sha1"),
    ("SHA-224", "sha224"),
    ("SHA-256", "sha256"),
    ("SHA-384", "sha384"),
    ("SHA-512", "sha512"),
];
const PRIVACY: [(&str, &str, &str); 7] = [
    ("", "none", ""),
    ("DES", "des", ""),
    ("AES", "aes128", ""),
    ("AES-192", "aes192", "blumenthal"),
    ("AES-256", "aes256", "blumenthal"),
    ("AES-192-C", "aes192", "reeder"),
    ("AES-256-C", "aes256", "reeder"),
];

#[tokio::test]
#[ignore = "needs snmpd: .ci/parts/49-snmp installs and runs it"]
async fn every_algorithm_of_version_3() {
    let [authentication_password, privacy_password] = PASSWORDS;
    let (mut settings, mut agents) = (String::new(), Vec::new());
    for (theirs, ours) in AUTHENTICATION {
        for (place, (privacy, our_privacy, extension)) in PRIVACY.into_iter().enumerate() {
            let user = format!("{ours}-{place}");
            let (mut created, mut agent) = (
                format!("createUser {user} {theirs} {authentication_password}"),
                format!(
                    "version = \"v3\"\nuser = \"{user}\"\nauthentication = \"{ours}\"\n\
                     authentication_password = \"{authentication_password}\"\nprivacy = \"{our_privacy}\"\n"
                ),
            );
            if !privacy.is_empty() {
                created += &format!(" {privacy} {privacy_password}");
                agent += &format!("privacy_password = \"{privacy_password}\"\n");
            }
            if !extension.is_empty() {
                agent += &format!("key_extension = \"{extension}\"\n");
            }
            let level = if privacy.is_empty() { "authNoPriv" } else { "authPriv" };
            settings += &format!("{created}\nrouser {user} {level}\n");
            agents.push((format!("{ours} {privacy}"), agent));
        }
    }
    settings += "createUser open\nrouser open noAuthNoPriv\n";
    agents.push(("no authentication".to_owned(), "version = \"v3\"\nuser = \"open\"\n".to_owned()));
    let agent = Snmpd::start(&settings, 100, 1);
    for (what, section) in &agents {
        let bench = Bench::start(agent.port, section);
        let status = bench.asked().await;
        assert_eq!((status.error, status.interfaces), (None, 100), "{what}");
        assert_eq!(bench.interface(100), "et99", "{what}");
    }
    // Another password, and a user that is not there.
    let (_, section) = &agents[22];
    for wrong in
        [section.replace(authentication_password, "something else"), section.replace("sha256-1", "nobody")]
    {
        assert_ne!(wrong, *section);
        let error = Bench::start(agent.port, &wrong).asked().await.error;
        assert!(matches!(error, Some(SnmpFailure::Refused(_))), "{error:?}");
    }
    let wrong = section.replace(privacy_password, "something else");
    assert!(Bench::start(agent.port, &wrong).asked().await.error.is_some());
}
