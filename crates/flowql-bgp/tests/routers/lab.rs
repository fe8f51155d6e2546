//! Routers, and what announces to them: both ways of it, in one form.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use flowql_bgp::Candidate;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::daemons::{self, Bird, OWN_AS, PORT, ROUTER_AS, Running};
use crate::samples::Sample;

/// Longer than anything takes that a test waits for.
pub(crate) const LONG: Duration = Duration::from_secs(90);

/// How often routers are looked at.
const LOOK: Duration = Duration::from_millis(50);

/// The two ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Speaker,
    Bird,
}

/// Routers, the program that announces and, where it does so by BIRD, that.
pub(crate) struct Lab {
    pub(crate) way: Way,
    pub(crate) routers: Vec<Bird>,
    pub(crate) controller: Option<Bird>,
    pub(crate) announcer: Running,
    pub(crate) addresses: Addresses,
    folder: TempDir,
}

/// What differs between labs.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) routers: usize,
    /// The password that routers know, and the one that they are given.
    pub(crate) passwords: (Option<&'static str>, Option<&'static str>),
    /// Routers at the addresses after these are started by the test.
    pub(crate) others: usize,
    pub(crate) hold_time: u16,
}

impl Default for Setup {
    fn default() -> Self {
        Self { routers: 1, passwords: (None, None), others: 0, hold_time: 90 }
    }
}

/// Addresses of the loopback interface that nothing else uses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Addresses(u8, u8);

impl Addresses {
    fn take() -> Self {
        static NEXT: AtomicU8 = AtomicU8::new(1);
        // Other processes have others, most likely.
        Self((std::process::id() % 200) as u8 + 20, NEXT.fetch_add(1, Ordering::Relaxed))
    }

    pub(crate) fn own(self) -> Ipv4Addr {
        Ipv4Addr::new(127, self.0, self.1, 1)
    }

    pub(crate) fn router(self, number: usize) -> Ipv4Addr {
        Ipv4Addr::new(127, self.0, self.1, number as u8 + 2)
    }
}

impl Lab {
    pub(crate) fn start(way: Way, setup: &Setup) -> Self {
        let addresses = Addresses::take();
        let (known, given) = setup.passwords;
        let routers: Vec<Bird> = (0..setup.routers)
            .map(|number| daemons::router(addresses.router(number), addresses.own(), known))
            .collect();
        let all = 0..setup.routers + setup.others;
        let controller = (way == Way::Bird).then(|| {
            let sessions: Vec<_> = all.clone().map(|number| (addresses.router(number), given)).collect();
            daemons::controller(addresses.own(), &sessions)
        });
        let folder = TempDir::new().unwrap();
        let way_config = match &controller {
            Some(bird) => json!({"bird": {
                "socket": bird.socket(),
                "files": bird.folder().join("mitigations"),
                "routers": all.map(|number| format!("router_{number}")).collect::<Vec<_>>(),
            }}),
            None => json!({"speaker": {
                "id": "192.0.2.1",
                "local": addresses.own(),
                "stale_time": 3600,
                "hold_time": setup.hold_time,
                "peers": all.map(|number| json!({
                    "name": format!("router_{number}"),
                    "address": format!("{}:{PORT}", addresses.router(number)),
                    "asn": ROUTER_AS,
                    "password": given,
                })).collect::<Vec<_>>(),
            }}),
        };
        let config = json!({
            "folder": folder.path().join("state"),
            "protected": ["203.0.113.0/24", "2001:db8:1::/48"],
            "redirects": [{"asn": 64500, "value": 666}],
            "asn": OWN_AS,
            "next_hop4": "192.0.2.1",
            "next_hop6": "2001:db8::1",
            "way": way_config,
        });
        let file = folder.path().join("config.json");
        std::fs::write(&file, config.to_string()).unwrap();
        let command = vec![env!("CARGO_BIN_EXE_flowql-announcer").to_owned(), file.display().to_string()];
        let announcer = Running::start(folder.path(), command);
        Self { way, routers, controller, announcer, addresses, folder }
    }

    pub(crate) fn state(&self, name: &str) -> PathBuf {
        self.folder.path().join("state").join(name)
    }

    /// Has these announced, and nothing else.
    pub(crate) fn want(&self, samples: &[Sample]) {
        self.want_candidates(&samples.iter().map(|sample| &sample.candidate).collect::<Vec<_>>());
    }

    pub(crate) fn want_candidates(&self, candidates: &[&Candidate]) {
        let (path, new) = (self.state("wanted.json"), self.state("wanted.new"));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&new, serde_json::to_vec(candidates).unwrap()).unwrap();
        std::fs::rename(new, path).unwrap();
    }

    /// What the program says of itself.
    pub(crate) fn report(&self) -> Value {
        let bytes = std::fs::read(self.state("report.json")).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    /// Waits until a router has exactly these.
    pub(crate) fn until_has(&self, router: usize, samples: &[Sample]) {
        let mut expected: Vec<&str> = samples.iter().map(|sample| sample.shown.as_str()).collect();
        expected.sort_unstable();
        let start = Instant::now();
        loop {
            let found = self.routers[router].routes();
            if found == expected {
                return;
            }
            assert!(
                start.elapsed() < LONG,
                "{:?}, router {router} has {found:#?}, not {expected:#?}; {:#}\n{}\n{}",
                self.way,
                self.report(),
                self.announcer.log(),
                self.routers[router].ask("show protocols all controller"),
            );
            std::thread::sleep(LOOK);
        }
    }

    /// Waits until that is so of what the program says of itself.
    pub(crate) fn until_report(&self, what: &str, is_so: impl Fn(&Value) -> bool) {
        until(what, || {
            let report = self.report();
            if is_so(&report) { Ok(()) } else { Err(format!("{report:#}")) }
        });
    }
}

/// Waits until that is so; what it gives otherwise is said when it takes too long.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> Result<(), String>) {
    let end = Instant::now() + LONG;
    while let Err(found) = is_so() {
        assert!(Instant::now() < end, "{what}: {found}");
        std::thread::sleep(LOOK);
    }
}
