//! The process: from the configuration to the end.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use flowql_backend::{Backend, SourceOptions, ValueSource};
use flowql_config::{Config, FiltersSection};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Semaphore;

use crate::access::{Access, ForcedFilterError};
use crate::app::{App, Shared};
use crate::caller::Callers;
use crate::companion::Companion;
use crate::lane::Lane;
use crate::metrics::Metrics;
use crate::observed::Observed;
use crate::rate::Rates;
use crate::saved::{Saved, Store, StoreError};
use crate::section::ServerSection;
use crate::{connections, log, router};

/// What the service is made of.
#[derive(Debug)]
pub struct Options {
    /// The configuration, its section `[server]` as the command line has changed it.
    pub config: Config,
    /// The data side; `None` for a service that knows no values and no flows.
    pub backend: Option<Arc<dyn Backend>>,
    /// What runs in the same process and is asked at the same address.
    pub companion: Option<Arc<dyn Companion>>,
}

/// A service that listens, and answers once it [serves](Service::serve).
#[derive(Debug)]
pub struct Service {
    app: App,
    listener: TcpListener,
    address: SocketAddr,
}

/// Why the service does not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address is not free, not ours or no address.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: String,
        /// The reason.
        source: std::io::Error,
    },
    /// There is no folder for the saved filters.
    #[error(
        "there is no folder for the saved filters: neither `data` of [server] nor the home directory is known"
    )]
    NoFolder,
    /// The saved filters cannot be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A forced filter is bad.
    #[error(transparent)]
    ForcedFilter(#[from] ForcedFilterError),
    /// The system gives no thread, no signal or no timer.
    #[error("cannot start: {0}")]
    System(#[from] std::io::Error),
}

/// Runs the service until it is told to stop by SIGTERM or SIGINT.
///
/// # Errors
///
/// That it cannot start. Later nothing is an error but that of a single request.
pub fn run(options: Options) -> Result<(), Error> {
    log::start(&options.config.section());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = runtime.block_on(async {
        let stop = stop_signal()?;
        Service::open(options).await?.serve(stop).await
    });
    // A call that still runs must not hold up the end.
    runtime.shutdown_background();
    result
}

impl Service {
    /// Listens at the configured address.
    ///
    /// # Errors
    ///
    /// That it cannot start.
    pub async fn open(options: Options) -> Result<Self, Error> {
        let Options { config, backend, companion } = options;
        let section = config.section::<ServerSection>();
        let limits = &section.limits;
        let store = Store::open(&data_folder(section.data.as_deref()).ok_or(Error::NoFolder)?)?;
        let listener = listen(&section.listen).await?;
        let address = listener.local_addr()?;
        if !address.ip().to_canonical().is_loopback() && section.trusted_proxies.is_empty() {
            tracing::warn!(
                "others than this machine can call, and no trusted proxy says who they are: all are the default user"
            );
        }
        let metrics = Arc::new(Metrics::new());
        let source = backend.map(|backend| {
            let observed = Observed::new(backend, Arc::clone(&metrics));
            ValueSource::new(Arc::new(observed), SourceOptions::default())
        });
        let app: App = Arc::new(Shared {
            saved: Saved::new(store, &config, limits.saved_filters),
            source,
            metrics,
            companion,
            callers: Callers::new(&section),
            access: Access::new(&config)?,
            rates: Rates::new(limits.rate, limits.burst),
            requests: Arc::new(Semaphore::new(limits.concurrency)),
            lane: Lane::new()?,
            id_prefix: id_prefix(),
            config,
            section,
        });
        Ok(Self { app, listener, address })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until it is told to stop; what is being answered then has `stop_ms` to end.
    ///
    /// # Errors
    ///
    /// The system gives no signal.
    pub async fn serve(self, stop: impl Future<Output = ()>) -> Result<(), Error> {
        let Self { app, listener, address } = self;
        let mut hangup = signal(SignalKind::hangup())?;
        let reloaded = Arc::clone(&app);
        let reload = tokio::spawn(async move {
            while hangup.recv().await.is_some() {
                reload(&reloaded);
            }
        });
        let asked = Arc::clone(&app);
        tokio::spawn(async move { greet(&asked).await });
        let backend = app.backend().map_or("none", Backend::name);
        tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), backend, "listening");
        let companion = app.companion.clone();
        let stop = async move {
            stop.await;
            // What has no end of its own must not hold up this one.
            companion.iter().for_each(|companion| companion.close());
        };
        let limits = &app.section.limits;
        connections::serve(listener, router::router(Arc::clone(&app)), limits, &app.metrics, stop).await;
        reload.abort();
        tracing::info!("stopped");
        Ok(())
    }
}

async fn listen(address: &str) -> Result<TcpListener, Error> {
    let failed = |source| Error::Listen { address: address.to_owned(), source };
    let parsed: SocketAddr = address
        .parse()
        .map_err(|error| failed(std::io::Error::new(std::io::ErrorKind::InvalidInput, error)))?;
    TcpListener::bind(parsed).await.map_err(failed)
}

/// Resolves at SIGTERM or SIGINT; a second one ends the process at once.
///
/// # Errors
///
/// That the system does not give signals.
pub fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            tracing::warn!("stopped at once");
            std::process::exit(1);
        });
    })
}

/// The folder of the configuration, of systemd, or the user's own.
pub fn data_folder(configured: Option<&str>) -> Option<PathBuf> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    configured
        .map(PathBuf::from)
        .or_else(|| variable("STATE_DIRECTORY"))
        .or_else(|| Some(variable("XDG_STATE_HOME")?.join("flowql")))
        .or_else(|| Some(variable("HOME")?.join(".local/state/flowql")))
}

/// Asks the backend whether it is there: an engine that has yet to start takes longer than a completion waits, and who
/// starts the service sees what is missing. What it answers instead is in the log by itself.
async fn greet(app: &Shared) {
    if let Some(backend) = app.backend()
        && let Ok(health) = backend.health().await
    {
        tracing::info!(version = health.version, "the backend answers");
    }
}

/// Takes the saved filters of the file as it is now; those that are in force stay where it is bad.
fn reload(app: &Shared) {
    if app.config.path.is_none() {
        tracing::info!("there is no configuration file to read again");
        return;
    }
    let config = match app.config.reload() {
        Ok(config) => config,
        Err(errors) => {
            for error in errors.to_string().lines() {
                tracing::error!(error, "the configuration is bad, the saved filters stay as they are");
            }
            return;
        }
    };
    // Only the filters change: they are checked against what is in force.
    let renewed = app.config.clone().with_filters_of(&config);
    let bad = renewed.bad_filters();
    if bad.is_empty() {
        // What users may see must not be wider than the filters that they refer to by name.
        if let Err(error) = app.access.renew(&renewed) {
            tracing::error!(%error, "the saved filters stay as they are");
            return;
        }
        app.saved.set_builtin(&config);
        tracing::info!(
            filters = config.section::<FiltersSection>().0.len(),
            "the saved filters of the configuration are read again"
        );
    }
    for error in bad {
        tracing::error!(%error, "a saved filter is bad, all stay as they are");
    }
}

/// A few characters that differ from process to process.
fn id_prefix() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mixed = now.as_nanos() ^ (u128::from(std::process::id()) << 20);
    format!("{:08x}", mixed & 0xffff_ffff)
}
