//! Announces what a file says: for tests, and to try routers by hand.
//!
//!     flowql-announcer CONFIG.json
//!
//! The folder that the configuration names has `wanted.json`, a list of candidates, which is read again when it changes;
//! the state; and `report.json`, which says what each router was sent. SIGTERM withdraws everything.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use flowql_bgp::{
    Announcer, Bird, BirdSettings, BirdTables, Budget, GuardSettings, MitigateError, Mitigations, Mitigator,
    Peer, RouteFamily, RouteSettings, RouteTarget, Router, Speaker, SpeakerSettings,
};
use serde::Deserialize;
use serde_json::json;
use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};

/// How often the file is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// How many looks there are between two ticks.
const LOOKS: u32 = 10;

type Failure = Box<dyn std::error::Error>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    folder: PathBuf,
    protected: Vec<String>,
    redirects: Vec<RouteTarget>,
    asn: u32,
    next_hop4: Ipv4Addr,
    next_hop6: Ipv6Addr,
    way: Way,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
enum Way {
    Speaker { id: Ipv4Addr, local: Option<IpAddr>, peers: Vec<PeerConfig>, stale_time: u32, hold_time: u16 },
    Bird { socket: PathBuf, files: PathBuf, routers: Vec<String> },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PeerConfig {
    name: String,
    address: SocketAddr,
    asn: u32,
    password: Option<String>,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let path = std::env::args_os().nth(1).ok_or("usage: flowql-announcer CONFIG.json")?;
    let config: Config = serde_json::from_slice(&std::fs::read(path)?)?;
    std::fs::create_dir_all(&config.folder)?;
    let mitigations = Mitigations::open(guards(&config)?, &config.folder, now())?;
    let announcer = announcer(&config, &mitigations)?;
    let mut mitigator = Mitigator::new(mitigations, announcer);
    let mut end = signal(SignalKind::terminate())?;
    let (mut before, mut looks) = (None, 0);
    loop {
        let wanted = std::fs::read(config.folder.join("wanted.json")).ok();
        let result = if wanted.is_some() && wanted != before {
            let candidates = serde_json::from_slice(wanted.as_deref().unwrap_or_default())?;
            before = wanted;
            mitigator.want(candidates, now()).await.map(drop)
        } else if looks % LOOKS == 0 {
            mitigator.tick(now()).await.map(drop)
        } else {
            Ok(())
        };
        looks += 1;
        report(&config.folder, &mitigator, &result).await?;
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = end.recv() => break,
        }
    }
    mitigator.announcer().stop().await?;
    Ok(())
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |passed| passed.as_secs())
}

fn guards(config: &Config) -> Result<GuardSettings, Failure> {
    let protected: Result<Vec<_>, _> = config.protected.iter().map(|prefix| prefix.parse()).collect();
    let budgets = RouteFamily::ALL.map(|family| Budget { family, most: 1000 }).to_vec();
    Ok(GuardSettings {
        protected: protected?,
        redirects: config.redirects.clone(),
        routers: vec![Router { name: "all".to_owned(), budgets }],
        new_per_minute: 10_000,
        ..GuardSettings::default()
    })
}

fn announcer(config: &Config, mitigations: &Mitigations) -> Result<Arc<dyn Announcer>, Failure> {
    let routes = RouteSettings::new(config.asn, config.next_hop4, config.next_hop6);
    Ok(match &config.way {
        Way::Speaker { id, local, peers, stale_time, hold_time } => {
            let peer = |peer: &PeerConfig| Peer {
                name: peer.name.clone(),
                address: peer.address,
                local: *local,
                asn: peer.asn,
                password: peer.password.clone(),
                families: RouteFamily::ALL.to_vec(),
            };
            let settings = SpeakerSettings {
                peers: peers.iter().map(peer).collect(),
                is_restart: mitigations.is_restart(),
                stale_time: *stale_time,
                hold_time: *hold_time,
                ..SpeakerSettings::new(routes, *id)
            };
            Arc::new(Speaker::start(settings, mitigations.rules(), &Handle::current()))
        }
        Way::Bird { socket, files, routers } => {
            let bird = Bird::new(BirdSettings {
                socket: socket.clone(),
                folder: files.clone(),
                routes,
                routers: routers.clone(),
                tables: BirdTables::default(),
            });
            bird.prepare()?;
            Arc::new(bird)
        }
    })
}

/// Writes what each router was sent, where that changed.
async fn report(
    folder: &Path,
    mitigator: &Mitigator,
    result: &Result<(), MitigateError>,
) -> Result<(), Failure> {
    let admission = mitigator.mitigations().admission();
    let refused: Vec<String> = admission
        .refused
        .iter()
        .flat_map(|refused| {
            refused.reasons.iter().map(move |reason| format!("{}: {reason}", refused.candidate))
        })
        .collect();
    let routers = mitigator.announcer().routers().await.map_err(|error| error.to_string());
    let rules = mitigator.mitigations().rules();
    let reports = routers.as_deref().unwrap_or_default();
    let report = json!({
        "missing": reports.iter().map(|router| router.missing(rules).len()).collect::<Vec<_>>(),
        "extra": reports.iter().flat_map(|router| router.extra(rules)).collect::<Vec<_>>(),
        "approved": admission.approved.len(),
        "refused": refused,
        "error": result.as_ref().err().map(ToString::to_string),
        "routers": routers.as_ref().ok(),
        "routers_error": routers.as_ref().err(),
    });
    let (path, new) = (folder.join("report.json"), folder.join("report.new"));
    std::fs::write(&new, report.to_string())?;
    std::fs::rename(new, path)?;
    Ok(())
}
