//! The second stage: what is in the queue is decoded, named and written to the database, each flow once.
//!
//! Each partition has a plain thread. It reads whole segments, a *stretch*; notes it, with what the decoder remembered at
//! its start; stores its rows under tokens made of the queue, the partition, the bounds and the table; and acknowledges it
//! when the database has them. After a crash it decodes the noted stretch once more and stores the same rows under the same
//! tokens, so that the database drops what it has. A slow database makes the queue grow, and nothing else: a thread holds
//! the rows of one block.

mod block;
mod census;
mod chapter;
mod interfaces;
mod lookup;
mod names;
mod plan;
mod reach;
mod routes;
mod state;
mod status;
mod stop;
mod stretch;
mod sums;
mod worker;

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use flowql_client::{BlockCounts, BlockWriter, BlockWriterOptions, Client};
use flowql_enrich::exporters::Directory;
use flowql_queue::Queue;
use tokio::runtime::Handle;

pub use census::{Compared, Traffic};
pub use lookup::source;
pub use plan::{NoTable, Plan};
pub use status::{PartitionStatus, Trouble};

pub(crate) use block::Source;
#[cfg(test)]
pub(crate) use census::Census;
pub(crate) use census::LATELY;
pub(crate) use chapter::Noted;
pub(crate) use lookup::Lookup;
#[cfg(test)]
pub(crate) use names::Names;
pub(crate) use names::{ExporterFact, InterfaceFact, RowNames, Side};
pub(crate) use plan::configured;
pub(crate) use routes::{AddressFact, RowAddresses};
pub(crate) use state::{pack, restore, unpack};
pub(crate) use stretch::Decoding;

use self::status::Shared;
use self::stop::Stop;
use self::worker::Worker;
use crate::bmp::AddressTables;
use crate::tail::Tails;

/// How long a block is tried before the health says that it is not stored; it is tried further then.
const PATIENCE: Duration = Duration::from_secs(10);

/// Writes what is in a queue to the database.
pub struct Writer {
    queue: Arc<dyn Queue>,
    writer: Arc<BlockWriter>,
    partitions: Vec<(u16, Arc<Shared>)>,
    threads: Vec<JoinHandle<()>>,
    stop: Arc<Stop>,
    plan: Arc<ArcSwap<Plan>>,
}

impl Writer {
    /// Starts a thread for each partition of the queue. Exporters and interfaces are called what the directory knows, and
    /// addresses are looked up in the tables. The client is used on the runtime.
    ///
    /// # Errors
    ///
    /// The system gives no thread.
    pub fn start(
        queue: Arc<dyn Queue>,
        plan: Plan,
        directory: &Arc<Directory>,
        addresses: &Arc<AddressTables>,
        client: Client,
        runtime: &Handle,
    ) -> Result<Self, std::io::Error> {
        Self::start_watched(queue, plan, directory, addresses, client, None, runtime)
    }

    /// Starts to write what can be watched.
    pub(crate) fn start_watched(
        queue: Arc<dyn Queue>,
        plan: Plan,
        directory: &Arc<Directory>,
        addresses: &Arc<AddressTables>,
        client: Client,
        tails: Option<&Arc<Tails>>,
        runtime: &Handle,
    ) -> Result<Self, std::io::Error> {
        let assigned = queue.assigned();
        let options =
            BlockWriterOptions { concurrency: 2, patience: PATIENCE, ..BlockWriterOptions::default() };
        let mut writer = Self {
            queue,
            writer: Arc::new(BlockWriter::new(client, options)),
            partitions: Vec::new(),
            threads: Vec::new(),
            stop: Arc::default(),
            plan: Arc::new(ArcSwap::from_pointee(plan)),
        };
        let plan = Arc::clone(&writer.plan);
        for partition in assigned {
            let status = Arc::new(Shared::new(partition));
            let worker = Worker {
                queue: Arc::clone(&writer.queue),
                partition,
                plan: Arc::clone(&plan),
                directory: Arc::clone(directory),
                addresses: Arc::clone(addresses),
                writer: Arc::clone(&writer.writer),
                tails: tails.map(Arc::clone),
                runtime: runtime.clone(),
                status: Arc::clone(&status),
                stop: Arc::clone(&writer.stop),
            };
            let thread = std::thread::Builder::new().name(format!("write {partition}"));
            writer.threads.push(thread.spawn(move || worker.run())?);
            writer.partitions.push((partition, status));
        }
        Ok(writer)
    }

    /// Writes by another plan from the next chapter on.
    pub fn set_plan(&self, plan: Plan) {
        self.plan.store(Arc::new(plan));
    }

    /// What there is to know of the partitions.
    #[must_use]
    pub fn status(&self) -> Vec<PartitionStatus> {
        self.partitions.iter().map(|(_, status)| status.lock().clone()).collect()
    }

    /// What was stored, and how often it failed.
    #[must_use]
    pub fn counts(&self) -> BlockCounts {
        self.writer.counts()
    }

    /// Writes all that is in the queue by now, until some time at the latest; nothing may be put into it any more. What is
    /// not written by then stays in the queue.
    #[must_use]
    pub fn stop(mut self, until: Instant) -> Vec<PartitionStatus> {
        for (partition, _) in &self.partitions {
            // What is not closed by that stays for the next start.
            if let Err(error) = self.queue.mark(*partition) {
                tracing::warn!(partition, %error, "the last segment is not closed");
            }
        }
        self.end(until);
        self.status()
    }

    fn end(&mut self, until: Instant) {
        self.stop.ask(until);
        // A thread has nothing to give; a panic in it has been printed.
        self.threads.drain(..).for_each(|thread| drop(thread.join()));
    }
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("partitions", &self.partitions).finish_non_exhaustive()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.end(Instant::now());
    }
}
