//! The task that asks the agents of exporters by SNMP: another one where its settings are other ones.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use flowql_enrich::exporters::Directory;
use flowql_enrich::snmp::{SnmpPoller, SnmpSection};
use tokio::task::JoinHandle;

/// What asks the agents, and its task.
#[derive(Debug)]
pub(crate) struct Agents(Mutex<Asking>);

#[derive(Debug)]
struct Asking {
    section: SnmpSection,
    poller: Arc<SnmpPoller>,
    task: JoinHandle<()>,
}

impl Agents {
    /// Begins to ask. It is called within a runtime.
    pub(crate) fn start(section: &SnmpSection, directory: &Arc<Directory>) -> Self {
        Self(Mutex::new(Asking::start(section, directory)))
    }

    fn asking(&self) -> MutexGuard<'_, Asking> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What knows of the agents.
    pub(crate) fn poller(&self) -> Arc<SnmpPoller> {
        Arc::clone(&self.asking().poller)
    }

    /// Takes other settings: where they differ, the agents are asked once more, and what was learned of them stays.
    pub(crate) fn configure(&self, section: &SnmpSection, directory: &Arc<Directory>) {
        let mut asking = self.asking();
        if asking.section != *section {
            asking.task.abort();
            *asking = Asking::start(section, directory);
        }
    }
}

impl Asking {
    fn start(section: &SnmpSection, directory: &Arc<Directory>) -> Self {
        let poller = Arc::new(SnmpPoller::new(section, Arc::clone(directory)));
        let running = Arc::clone(&poller);
        let task = tokio::spawn(async move { running.run().await });
        Self { section: section.clone(), poller, task }
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.task.abort();
    }
}
