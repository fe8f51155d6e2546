//! Another configuration while the collector runs: at SIGHUP, and when the file changes.

use std::collections::HashSet;
use std::future::pending;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use flowql_config::Config;
use flowql_enrich::snmp::SnmpSection;
use tokio::signal::unix::{SignalKind, signal};

use super::status::{Problem, Severity};
use super::{Collector, names};
use crate::bmp::BmpSection;
use crate::{CollectSection, write};

/// How often it is looked whether the file is another one.
const LOOK: Duration = Duration::from_secs(2);

/// Changes a configuration as the command line says.
#[derive(Clone)]
pub struct Adjust(Arc<dyn Fn(&mut Config) + Send + Sync>);

impl Adjust {
    /// By a function.
    pub fn new(adjust: impl Fn(&mut Config) + Send + Sync + 'static) -> Self {
        Self(Arc::new(adjust))
    }

    /// Changes it.
    pub fn apply(&self, config: &mut Config) {
        (self.0)(config);
    }
}

impl Default for Adjust {
    /// The configuration as it is.
    fn default() -> Self {
        Self::new(|_| {})
    }
}

impl std::fmt::Debug for Adjust {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Adjust")
    }
}

/// What became of the configurations since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reloads {
    /// How many were taken.
    pub(crate) taken: u64,
    /// How many were refused.
    pub(crate) refused: u64,
    /// What is wrong with the last one; nothing where it was taken.
    pub(crate) faults: Vec<String>,
    /// The settings that are other ones and wait for a restart.
    pub(crate) waiting: Vec<&'static str>,
    /// The columns that are enabled and that the table lacks.
    pub(crate) missing: Vec<String>,
}

impl Reloads {
    /// What is wrong with the configuration, as a problem of the collector.
    pub(crate) fn problems(&self) -> impl Iterator<Item = Problem> {
        let problem = |severity, message: String, advice: &'static str| Problem {
            kind: "configuration".into(),
            severity,
            message,
            advice: advice.into(),
        };
        let bad = self.faults.first().map(|first| {
            let more = match self.faults.len() {
                1 => String::new(),
                many => format!(", and {} more", many - 1),
            };
            let message = format!("the configuration is bad, the one before is used: {first}{more}");
            problem(Severity::Warning, message, "correct it: it is read when the file changes")
        });
        let waiting = (!self.waiting.is_empty()).then(|| {
            let message =
                format!("settings that are changed wait for a restart: {}", self.waiting.join(", "));
            problem(
                Severity::Note,
                message,
                "restart the collector; what arrives meanwhile can be kept by systemd's socket",
            )
        });
        let missing = (!self.missing.is_empty()).then(|| {
            let message =
                format!("columns are enabled and not in the tables yet: {}", self.missing.join(", "));
            problem(
                Severity::Note,
                message,
                "run `flowql tables migrate`; they are written once the tables have them",
            )
        });
        [bad, waiting, missing].into_iter().flatten()
    }
}

/// Reads the configuration again whenever that is asked for, without an end.
pub(crate) async fn keep(collector: Arc<Collector>, adjust: Adjust) {
    let mut hangup = match signal(SignalKind::hangup()) {
        Ok(hangup) => Some(hangup),
        Err(error) => {
            tracing::warn!(%error, "SIGHUP does not read the configuration again");
            None
        }
    };
    let mut stamp = collector.stamp();
    loop {
        let asked = async {
            match &mut hangup {
                Some(hangup) => drop(hangup.recv().await),
                None => pending().await,
            }
        };
        tokio::select! {
            () = asked => stamp = collector.stamp(),
            () = tokio::time::sleep(LOOK) => {
                let now = collector.stamp();
                // An editor may take the file away before it has the new one.
                if now == stamp || now.is_none() {
                    continue;
                }
                stamp = now;
            }
        }
        reload(&collector, &adjust).await;
    }
}

/// Reads the configuration again, and takes it or says why not.
async fn reload(collector: &Arc<Collector>, adjust: &Adjust) {
    let before = collector.current.load_full();
    if before.path.is_none() {
        tracing::info!("there is no configuration file to read again");
        return;
    }
    let mut config = match before.reload() {
        Ok(config) => config,
        Err(errors) => return collector.refuse(errors.to_string().lines().map(str::to_owned).collect()),
    };
    adjust.apply(&mut config);
    let config = Arc::new(config);
    let (taking, taken) = (Arc::clone(collector), Arc::clone(&config));
    // Threads are waited for.
    let received = tokio::task::spawn_blocking(move || taking.configure_receiver(&taken)).await;
    match received {
        Ok(Ok(())) => collector.take(&before, config),
        Ok(Err(error)) => collector.refuse(vec![error]),
        Err(error) => collector.refuse(vec![error.to_string()]),
    }
}

impl Collector {
    /// What the file of the configuration is, to see when it is another one.
    fn stamp(&self) -> Option<(u64, Option<SystemTime>)> {
        stamp(self.current.load().path.as_deref()?)
    }

    /// What became of the configurations.
    pub(crate) fn reloads(&self) -> Reloads {
        self.reloads.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    pub(crate) fn note_reload(&self, note: impl FnOnce(&mut Reloads)) {
        note(&mut self.reloads.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    }

    fn refuse(&self, faults: Vec<String>) {
        for error in &faults {
            tracing::error!(error, "the configuration is bad, the one before is used");
        }
        self.note_reload(|reloads| {
            reloads.refused += 1;
            reloads.faults = faults;
        });
    }

    fn configure_receiver(&self, config: &Config) -> Result<(), String> {
        let section = config.section::<CollectSection>();
        let configured: HashSet<IpAddr> = write::configured(&section);
        match self.parts().receiver.as_mut() {
            Some(receiver) => receiver.configure(&section, configured).map_err(|error| error.to_string()),
            None => Ok(()),
        }
    }

    /// Takes a configuration whose listeners are there.
    fn take(&self, before: &Config, config: Arc<Config>) {
        names::configure(&self.directory, &config);
        self.addresses.configure(&config.section::<BmpSection>());
        self.snmp.configure(&config.section::<SnmpSection>(), &self.directory);
        let waiting = waiting(&self.config, &config);
        self.current.store(Arc::clone(&config));
        self.note_reload(|reloads| {
            reloads.taken += 1;
            reloads.faults.clear();
            reloads.waiting.clone_from(&waiting);
        });
        // What waits for it looks at the tables, and at the files of networks.
        self.configured.send_modify(|times| *times += 1);
        let is_same = config.section::<CollectSection>() == before.section::<CollectSection>();
        tracing::info!(is_same, ?waiting, "the configuration is read again");
    }
}

/// The size and the time of a file.
fn stamp(file: &Path) -> Option<(u64, Option<SystemTime>)> {
    let found = std::fs::metadata(file).ok()?;
    Some((found.len(), found.modified().ok()))
}

/// The settings that only a start takes, and that are other ones than at the start.
fn waiting(start: &Config, now: &Config) -> Vec<&'static str> {
    let (old, new) = (start.section::<CollectSection>(), now.section::<CollectSection>());
    let (old_bmp, new_bmp) = (start.section::<BmpSection>(), now.section::<BmpSection>());
    let live = |section: &BmpSection| BmpSection { vrf: Vec::new(), ..section.clone() };
    let settings = [
        ("http in [collect]", old.http != new.http),
        ("data in [collect]", old.data != new.data),
        ("receive_buffer in [collect]", old.receive_buffer != new.receive_buffer),
        ("[collect.journal]", old.journal != new.journal),
        ("[bmp] but for [[bmp.vrf]]", live(&old_bmp) != live(&new_bmp)),
    ];
    settings.into_iter().filter(|(_, is_other)| *is_other).map(|(name, _)| name).collect()
}
