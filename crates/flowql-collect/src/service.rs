//! The collector as a process: receives, keeps, writes, and says how it is.

pub mod classification;
mod exporters;
mod files;
mod health;
mod http;
mod metrics;
mod names;
mod poller;
mod rates;
mod reload;
mod snmp;
pub mod status;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use axum::Router;
use flowql::Schema;
use flowql_client::Client;
use flowql_config::Config;
use flowql_enrich::exporters::Directory;
use flowql_enrich::snmp::SnmpSection;
use flowql_queue::{Journal, Queue};
use flowql_tables::{self as tables, Catalog, Change, Layout};
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

use crate::CollectSection;
use crate::bmp::AddressTables;
use crate::bmp::server::Bmp;
use crate::receive::{Inherited, ListenerStatus, Receiver};
use crate::tail::Tails;
use crate::tap::{Tap, Tapping};
use crate::write::{self, PartitionStatus, Plan, Writer};

use self::files::AddressFiles;
use self::files::AddressSections;
use self::health::LossWatch;
use self::poller::Agents;
use self::rates::RateWatch;
use self::reload::Reloads;

pub use self::reload::Adjust;

/// The pause before the database is asked again whether it is there; it doubles up to the longest.
const PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// The pause where nothing is missing: a day.
const FOREVER: Duration = Duration::from_secs(86_400);

/// What a collector is made of.
#[derive(Debug)]
pub struct Options {
    /// The configuration, its section `[collect]` as the command line has changed it.
    pub config: Config,
    /// The sockets that the process was started with.
    pub inherited: Inherited,
    /// The folder that the folder of the journal is in, and what is known of exporters.
    pub folder: PathBuf,
    /// The tables.
    pub layout: Layout,
    /// A client of the database with the tables.
    pub client: Client,
    /// A client that does not need that database to be there.
    pub outside: Client,
    /// What looks at flows before they are written.
    pub tap: Option<Arc<dyn Tap>>,
    /// Routes of others, which are served at the address of the metrics too.
    pub routes: Router,
    /// What the command line says of a configuration that is read again.
    pub adjust: Adjust,
}

/// Why the collector does not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An address cannot be listened at.
    #[error(transparent)]
    Receive(#[from] crate::receive::Error),
    /// The journal cannot be opened.
    #[error(transparent)]
    Journal(#[from] flowql_queue::Error),
    /// The address of the metrics is not free, or not ours.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: String,
        /// The reason.
        source: std::io::Error,
    },
    /// The system gives no thread or no timer.
    #[error("cannot start: {0}")]
    System(#[from] std::io::Error),
}

/// What all parts look at.
#[derive(Debug)]
pub(crate) struct Collector {
    /// The configuration of the start: who watches flows has its columns.
    pub(crate) config: Arc<Config>,
    /// The one of now.
    pub(crate) current: ArcSwap<Config>,
    /// How often it was another one.
    configured: watch::Sender<u64>,
    reloads: Mutex<Reloads>,
    pub(crate) journal: Arc<Journal>,
    /// What is known of exporters and interfaces.
    pub(crate) directory: Arc<Directory>,
    /// What is known of addresses.
    pub(crate) addresses: Arc<AddressTables>,
    pub(crate) bmp: Bmp,
    /// What asks the agents of exporters.
    pub(crate) snmp: Agents,
    parts: Mutex<Parts>,
    pub(crate) losses: LossWatch,
    pub(crate) rates: RateWatch,
    /// Those who watch what is written.
    pub(crate) tails: Arc<Tails>,
}

/// What comes and goes.
#[derive(Debug, Default)]
struct Parts {
    receiver: Option<Receiver>,
    /// What was counted, once it is stopped.
    received: Vec<ListenerStatus>,
    writer: Option<Writer>,
    written: Vec<PartitionStatus>,
    /// Why nothing is written yet.
    preparing: Option<String>,
}

/// A collector that runs, until it is stopped.
#[derive(Debug)]
pub struct Running {
    collector: Arc<Collector>,
    tasks: JoinSet<()>,
    /// What waits for the database.
    preparing: AbortHandle,
    /// Where what was learned of exporters is kept.
    file: PathBuf,
    /// What reads for the tap.
    tapping: Option<Tapping>,
}

/// Collects until `stop` comes to an end: then receiving stops, what was received is written within `stop_ms`, and the
/// rest is in the journal for the next start.
///
/// # Errors
///
/// That it cannot start. A database that is not there is no error: what is received is kept until it is.
pub async fn run(options: Options, stop: impl Future<Output = ()>) -> Result<(), Error> {
    let running = start(options).await?;
    stop.await;
    running.stop().await;
    Ok(())
}

/// Starts to collect.
///
/// # Errors
///
/// That it cannot start. A database that is not there is no error: what is received is kept until it is.
pub async fn start(options: Options) -> Result<Running, Error> {
    let Options { config, inherited, folder, layout, client, outside, tap, routes, adjust } = options;
    let section = CollectSection::clone(&config.section());
    let sections = AddressSections::of(&config);
    let journal = Arc::new(section.journal.open(&folder.join("journal"))?);
    report(&journal, &folder);
    let http = listen(&section.http).await?;
    let queue: Arc<dyn Queue> = Arc::<Journal>::clone(&journal);
    let receiver = Receiver::start(&section, inherited, write::configured(&section), Arc::clone(&queue))?;
    let parts = Parts {
        receiver: Some(receiver),
        preparing: Some("the tables are not looked at yet".to_owned()),
        ..Parts::default()
    };
    let mut bmp = bind_bmp(&sections.bmp).await?;
    let files = AddressFiles::new(&sections);
    let addresses = AddressTables::new(Arc::clone(bmp.routes()), &sections.bmp, files.published());
    let (addresses, bmp_server) = (Arc::new(addresses), bmp.take_server());
    let config = Arc::new(config);
    let directory = names::directory(section.max_exporters, &config);
    let file = folder.join(names::FILE);
    names::load(&directory, &file);
    let snmp = Agents::start(&config.section::<SnmpSection>(), &directory);
    let collector = Arc::new(Collector {
        current: ArcSwap::new(Arc::clone(&config)),
        configured: watch::Sender::new(0),
        reloads: Mutex::default(),
        journal,
        directory,
        addresses,
        bmp,
        snmp,
        parts: Mutex::new(parts),
        losses: LossWatch::default(),
        rates: RateWatch::default(),
        tails: Tails::start(Arc::clone(&config))?,
        config,
    });
    let tap =
        tap.map(|tap| Tapping::start(&tap, &queue, &section, &collector.directory, &collector.addresses));
    let tapping = tap.transpose()?;
    let mut tasks = JoinSet::new();
    if let Some(http) = http {
        tracing::info!(address = %http.local_addr()?, "metrics and health");
        tasks.spawn(http::serve(http, Arc::clone(&collector), routes));
    }
    tasks.spawn(health::watch(Arc::clone(&collector)));
    tasks.spawn(reload::keep(Arc::clone(&collector), adjust));
    tasks.spawn(names::keep(Arc::clone(&collector.directory), file.clone()));
    bmp_server.map(|server| tasks.spawn(server));
    let prepared = Arc::clone(&collector);
    let preparing = tasks.spawn(async move {
        // The first rows have networks too.
        let files = files.refreshed(&prepared.addresses).await;
        let configured = prepared.configured.subscribe();
        let plan = prepared.prepare(&outside, &layout).await;
        prepared.write(queue, plan, client);
        let sections = || AddressSections::of(&prepared.current.load());
        let reading = async {
            if let Some(files) = files {
                files.keep(&prepared.addresses, configured.clone(), sections).await;
            }
        };
        tokio::join!(reading, prepared.plan_again(&outside, &layout, configured.clone()));
    });
    Ok(Running { collector, tasks, preparing, file, tapping })
}

/// What others may ask a collector, also while it stops.
#[derive(Clone, Debug)]
pub struct Asked(Arc<Collector>);

impl Asked {
    /// The routes `/api/v1/exporters` and `/api/v1/tail`, for a service that has an address.
    pub fn routes(&self) -> Router {
        http::routes(Arc::clone(&self.0))
    }

    /// What is counted, in the text format of Prometheus.
    #[must_use]
    pub fn metrics(&self) -> String {
        metrics::text(&self.0)
    }

    /// Why the collector is not ready; no reason where it is.
    #[must_use]
    pub fn reasons(&self) -> Vec<String> {
        self.0.reasons()
    }

    /// What there is to know of the listeners, in the order of the settings.
    #[must_use]
    pub fn listeners(&self) -> Vec<ListenerStatus> {
        self.0.listeners()
    }

    /// Ends what is watched, so that those who watch do not hold up an end.
    pub fn close_tails(&self) {
        self.0.tails.close();
    }
}

impl Running {
    /// What others may ask it.
    #[must_use]
    pub fn asked(&self) -> Asked {
        Asked(Arc::clone(&self.collector))
    }

    /// Stops receiving, and writes what was received within `stop_ms`; the rest is in the journal for the next start.
    pub async fn stop(mut self) {
        let until = Instant::now() + Duration::from_millis(self.collector.section().stop_ms);
        tracing::info!("stopping");
        self.preparing.abort();
        let ending = Arc::clone(&self.collector);
        // A thread that panics has nothing more to write.
        let tapping = self.tapping.take();
        let ended = tokio::task::spawn_blocking(move || {
            drop(tapping);
            ending.end(until);
        });
        drop(ended.await);
        self.collector.tails.close();
        self.tasks.shutdown().await;
        names::save(Arc::clone(&self.collector.directory), self.file).await;
        self.collector.farewell();
    }
}

async fn bind_bmp(section: &crate::BmpSection) -> Result<Bmp, Error> {
    let bound = Bmp::bind(section).await;
    bound.map_err(|source| Error::Listen { address: section.listen.clone(), source })
}

/// Says what the journal has.
fn report(journal: &Journal, folder: &std::path::Path) {
    tracing::info!(folder = %folder.display(), id = %journal.id(), recovery = ?journal.recovery(), "journal opened");
}

async fn listen(address: &str) -> Result<Option<TcpListener>, Error> {
    if address.is_empty() {
        return Ok(None);
    }
    let failed = |source| Error::Listen { address: address.to_owned(), source };
    let parsed: SocketAddr = address
        .parse()
        .map_err(|error| failed(std::io::Error::new(std::io::ErrorKind::InvalidInput, error)))?;
    Ok(Some(TcpListener::bind(parsed).await.map_err(failed)?))
}

impl Collector {
    /// The section `[collect]` of now.
    pub(crate) fn section(&self) -> Arc<CollectSection> {
        self.current.load().section()
    }

    fn parts(&self) -> MutexGuard<'_, Parts> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the tables where they are missing, and looks at them, however long the database takes.
    async fn prepare(&self, outside: &Client, layout: &Layout) -> Plan {
        let mut pause = PAUSE;
        loop {
            let message = match self.look(outside, layout).await {
                Ok(Ok(plan)) => return plan,
                Ok(Err(missing)) => missing.to_string(),
                Err(error) => error.to_string(),
            };
            self.unprepared(message);
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Notes why nothing is written yet.
    fn unprepared(&self, message: String) {
        let mut parts = self.parts();
        if parts.preparing.as_ref() != Some(&message) {
            tracing::error!(error = message, "the database is not ready; what is received is kept");
            parts.preparing = Some(message);
        }
    }

    async fn look(
        &self,
        outside: &Client,
        layout: &Layout,
    ) -> Result<Result<Plan, write::NoTable>, flowql_client::Error> {
        let config = self.current.load_full();
        let (schema, section) = (&config.schema, config.section::<CollectSection>());
        let found = Catalog::read(outside, &layout.database).await?;
        let missing = tables::statements(layout, schema, &found, Change::Nothing, None);
        if missing.is_empty() {
            return Ok(self.plan(&section, schema, &found));
        }
        let say = |statement: &tables::Statement| tracing::info!(what = statement.what, "making tables");
        tables::make(outside, layout, schema, Change::Nothing, None, say).await?;
        let found = Catalog::read(outside, &layout.database).await?;
        Ok(self.plan(&section, schema, &found))
    }

    /// The plan for the tables that there are, and what they lack.
    fn plan(
        &self,
        section: &CollectSection,
        schema: &Schema,
        found: &Catalog,
    ) -> Result<Plan, write::NoTable> {
        let plan = Plan::new(section, schema, found)?;
        let missing = plan.missing(schema, found);
        self.note_reload(|reloads| reloads.missing = missing);
        Ok(plan)
    }

    /// Writes by another plan whenever the configuration is another one, or the tables have columns that they lacked.
    async fn plan_again(&self, outside: &Client, layout: &Layout, mut configured: watch::Receiver<u64>) {
        let mut is_due = false;
        loop {
            let is_lacking = is_due || !self.reloads().missing.is_empty();
            let pause = if is_lacking { LONGEST_PAUSE } else { FOREVER };
            // The sender is there as long as this.
            if let Ok(Err(_)) = tokio::time::timeout(pause, configured.changed()).await {
                return;
            }
            is_due = match self.look(outside, layout).await {
                Ok(Ok(plan)) => {
                    self.parts().writer.iter().for_each(|writer| writer.set_plan(plan.clone()));
                    false
                }
                Ok(Err(missing)) => {
                    tracing::warn!(error = %missing, "rows are written as before");
                    true
                }
                Err(error) => {
                    tracing::warn!(%error, "the tables cannot be looked at: rows are written as before");
                    true
                }
            };
        }
    }

    /// Starts to write.
    fn write(&self, queue: Arc<dyn Queue>, plan: Plan, client: Client) {
        tracing::info!(table = plan.table(), columns = plan.columns().len(), "writing");
        let (names, addresses, tails) = (&self.directory, &self.addresses, Some(&self.tails));
        let started = Writer::start_watched(queue, plan, names, addresses, client, tails, &Handle::current());
        let mut parts = self.parts();
        match started {
            Ok(writer) => (parts.writer, parts.preparing) = (Some(writer), None),
            Err(error) => {
                tracing::error!(%error, "cannot write");
                parts.preparing = Some(error.to_string());
            }
        }
    }

    /// Stops receiving, then writes what was received.
    fn end(&self, until: Instant) {
        let receiver = self.parts().receiver.take();
        let received = receiver.map(Receiver::stop).unwrap_or_default();
        self.parts().received = received;
        let writer = self.parts().writer.take();
        let written = writer.map(|writer| writer.stop(until)).unwrap_or_default();
        self.parts().written = written;
    }

    /// Says what is left.
    fn farewell(&self) {
        let left: u64 = self.backlogs().iter().map(|(_, backlog)| backlog.records).sum();
        let rows: u64 = self.partitions().iter().map(|status| status.rows).sum();
        tracing::info!(rows, unwritten = left, "stopped");
    }

    /// What there is to know of the listeners.
    pub(crate) fn listeners(&self) -> Vec<ListenerStatus> {
        let parts = self.parts();
        parts.receiver.as_ref().map_or_else(|| parts.received.clone(), Receiver::listeners)
    }

    /// How many exporters have a place.
    pub(crate) fn exporters(&self) -> usize {
        self.parts().receiver.as_ref().map_or(0, Receiver::exporters)
    }

    /// What there is to know of the writing of the partitions.
    pub(crate) fn partitions(&self) -> Vec<PartitionStatus> {
        let parts = self.parts();
        parts.writer.as_ref().map_or_else(|| parts.written.clone(), Writer::status)
    }

    /// Why nothing is written yet.
    pub(crate) fn preparing(&self) -> Option<String> {
        self.parts().preparing.clone()
    }

    /// What of each partition is not written.
    pub(crate) fn backlogs(&self) -> Vec<(u16, flowql_queue::Backlog)> {
        let backlog = |partition| Some((partition, self.journal.backlog(partition).ok()?));
        self.journal.assigned().into_iter().filter_map(backlog).collect()
    }
}
