//! `flowql up`: the collector and the service in one process.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;

use axum::Router;
use flowql_collect::service::{self, Adjust, Asked};
use flowql_collect::{CollectSection, ListenTransport};
use flowql_connect::{BackendKind, BackendOptions};
use flowql_embedded::library;
use flowql_server::{Companion, Options, ServerSection, Service, start_log, stop_signal};
use tokio::sync::watch;

use super::detect::Detecting;
use super::{collect, engine, load, serve};
use crate::args::{Collect, Global, Serve, Up, ValuesFrom};
use crate::backend::{self, Unnamed};
use crate::console::Output;
use crate::failure::{Failure, Status};

pub(super) fn run(global: &Global, args: Up) -> Result<Status, Failure> {
    let mut config = load(global, None)?;
    let Up { collecting, http } = args;
    let serving = Serve {
        listen: http.map(|address| address.to_string()),
        values: ValuesFrom { values: None, backend: collecting.target.clone() },
        data: collecting.data.clone(),
        log_level: collecting.log_level,
    };
    let section = serve::section(ServerSection::clone(&config.section()), &serving);
    start_log(&section);
    config.set_section(section);
    let collecting = Collect { collecting, http: None };
    let adjusted = collecting.clone();
    let adjust = Adjust::new(move |config| {
        let section = collect::section(CollectSection::clone(&config.section()), &adjusted);
        // The service answers for it.
        config.set_section(CollectSection { http: String::new(), ..section });
    });
    adjust.apply(&mut config);
    fetch_engine(global, &BackendOptions::new(&config, &collecting.collecting.target)?)?;

    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| collect::failed(&service::Error::System(error)))?;
    let result = runtime.block_on(async {
        let mut options = collect::options(config.clone(), &collecting, adjust)?;
        let detecting = Detecting::join(&mut options)?;
        let routes = options.routes.clone();
        let stop = stop_signal().map_err(|error| collect::failed(&service::Error::System(error)))?;
        let backend = backend::open(&serving.values, &config, Unnamed::Embedded)?;
        let collector = service::start(options).await.map_err(|error| collect::failed(&error))?;
        let companion: Arc<dyn Companion> = Arc::new(Joined { collector: collector.asked(), others: routes });
        let options = Options { config, backend, companion: Some(companion) };
        let served = match Service::open(options).await {
            Ok(service) => {
                greet(&collector.asked(), service.address())?;
                both(service, collector, stop).await
            }
            Err(error) => {
                collector.stop().await;
                Err(error)
            }
        };
        drop(detecting);
        served.map_err(|error| serve::failed(&error))
    });
    // A call that still runs must not hold up the end.
    runtime.shutdown_background();
    result.map(|()| Status::Good)
}

/// Runs both until the process is to stop, or the service cannot go on; then both stop at once.
async fn both(
    service: Service,
    collector: service::Running,
    stop: impl Future<Output = ()>,
) -> Result<(), flowql_server::Error> {
    let ending = watch::Sender::new(false);
    let ended = || {
        let mut ended = ending.subscribe();
        // The sender is there until both have ended.
        async move { drop(ended.wait_for(|is_ending| *is_ending).await) }
    };
    let serving = async {
        let result = service.serve(ended()).await;
        ending.send_replace(true);
        result
    };
    let collecting = async {
        ended().await;
        collector.stop().await;
    };
    let stopping = async {
        tokio::select! {
            () = stop => {}
            () = ended() => {}
        }
        ending.send_replace(true);
    };
    let (result, (), ()) = tokio::join!(serving, collecting, stopping);
    result
}

/// The collector and what taps it, as the service asks them.
#[derive(Debug)]
struct Joined {
    collector: Asked,
    /// The routes of what taps it.
    others: Router,
}

impl Companion for Joined {
    fn routes(&self) -> Router {
        self.collector.routes().merge(self.others.clone())
    }

    fn metrics(&self) -> String {
        self.collector.metrics()
    }

    fn reasons(&self) -> Vec<String> {
        self.collector.reasons()
    }

    fn close(&self) {
        self.collector.close_tails();
    }
}

/// Fetches the library of the embedded ClickHouse where it is missing and needed.
fn fetch_engine(global: &Global, backend: &BackendOptions) -> Result<(), Failure> {
    let is_embedded = matches!(backend.kind, BackendKind::Embedded | BackendKind::None);
    if is_embedded && library::find(backend.embedded.library.as_deref()).is_err() {
        engine::fetch(global, None)?;
    }
    Ok(())
}

/// Says where routers send to, and where the page is.
fn greet(collector: &Asked, http: SocketAddr) -> Result<(), Failure> {
    let mut output = Output::new();
    let here = own_address();
    output.line("Point routers (NetFlow, IPFIX, sFlow) at:")?;
    for listener in collector.listeners() {
        let transport = match listener.transport {
            ListenTransport::Udp => "UDP",
            ListenTransport::Tcp => "TCP",
            ListenTransport::Tls => "TLS",
        };
        output.line(&format!("  {} {transport}", reached(listener.address, here)))?;
    }
    output.line(&format!("The page: http://{}/", reached(http, IpAddr::V4(Ipv4Addr::LOCALHOST))))?;
    output.finish()
}

/// The address at which others reach a listener: one of all addresses by that of this machine.
fn reached(address: SocketAddr, here: IpAddr) -> SocketAddr {
    if address.ip().is_unspecified() { SocketAddr::new(here, address.port()) } else { address }
}

/// The address of this machine from which it would send to others; nothing is sent.
fn own_address() -> IpAddr {
    let towards = |from: &str, to: &str| {
        let socket = UdpSocket::bind(from).ok()?;
        // An address that documents use: only the route to it matters.
        socket.connect(to).ok()?;
        socket.local_addr().ok().map(|address| address.ip())
    };
    towards("0.0.0.0:0", "192.0.2.1:9")
        .or_else(|| towards("[::]:0", "[2001:db8::1]:9"))
        .unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routers_are_told_an_address_that_they_can_reach() {
        let here = "198.51.100.7".parse().unwrap();
        for (listener, shown) in [
            ("[::]:2055", "198.51.100.7:2055"),
            ("0.0.0.0:6343", "198.51.100.7:6343"),
            ("127.0.0.1:2055", "127.0.0.1:2055"),
            ("[2001:db8::9]:4739", "[2001:db8::9]:4739"),
        ] {
            assert_eq!(reached(listener.parse().unwrap(), here).to_string(), shown);
        }
        assert!(!own_address().is_unspecified());
    }
}
