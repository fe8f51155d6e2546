//! Files that say what addresses are: networks, GeoIP databases and VRPs. They are read when they change.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use flowql_bmp::Vrps;
use flowql_config::Config;
use flowql_enrich::networks::{GeoipSection, NetworkSection, NetworkSourceSection, Published, Sources};
use tokio::sync::watch;

use crate::bmp::{AddressTables, BmpSection, RpkiSection};

/// How often they are looked at.
const PERIOD: Duration = Duration::from_secs(10);

/// What the configuration says of addresses: routes, networks and places.
#[derive(Clone, Debug, Default)]
pub(crate) struct AddressSections {
    /// `[bmp]`.
    pub(crate) bmp: BmpSection,
    /// `[rpki]`.
    pub(crate) rpki: RpkiSection,
    /// `[[network]]`.
    pub(crate) networks: Vec<NetworkSection>,
    /// `[[network_source]]`.
    pub(crate) sources: Vec<NetworkSourceSection>,
    /// `[geoip]`.
    pub(crate) geoip: GeoipSection,
}

impl AddressSections {
    /// The sections of a configuration.
    #[must_use]
    pub(crate) fn of(config: &Config) -> Self {
        Self {
            bmp: BmpSection::clone(&config.section()),
            rpki: RpkiSection::clone(&config.section()),
            networks: config.sections(),
            sources: config.sections(),
            geoip: GeoipSection::clone(&config.section()),
        }
    }
}

/// The files, and what was read of them.
pub(crate) struct AddressFiles {
    sources: Sources,
    vrps: Option<String>,
    /// The size and the time of the file of VRPs when it was read.
    stamp: Option<(u64, Option<SystemTime>)>,
}

impl AddressFiles {
    /// Nothing is read yet.
    pub(crate) fn new(sections: &AddressSections) -> Self {
        let sources = Sources::new(&sections.networks, &sections.sources, &sections.geoip);
        Self { sources, vrps: sections.rpki.file.clone(), stamp: None }
    }

    /// Where the table of networks is published.
    pub(crate) fn published(&self) -> Arc<Published> {
        self.sources.published()
    }

    /// Reads what has changed, on a thread that may take its time. None where that thread failed.
    pub(crate) async fn refreshed(mut self, tables: &Arc<AddressTables>) -> Option<Self> {
        let tables = Arc::clone(tables);
        let refresh = move || {
            self.refresh(&tables);
            self
        };
        tokio::task::spawn_blocking(refresh).await.ok()
    }

    /// Takes another configuration. What it has in common with the one before is not read again.
    fn configure(&mut self, sections: &AddressSections) {
        self.sources.configure(&sections.networks, &sections.sources, &sections.geoip);
        if self.vrps != sections.rpki.file {
            (self.vrps, self.stamp) = (sections.rpki.file.clone(), None);
        }
    }

    /// Reads what changes, without an end; other files where the configuration is another one.
    pub(crate) async fn keep(
        mut self,
        tables: &Arc<AddressTables>,
        mut configured: watch::Receiver<u64>,
        sections: impl Fn() -> AddressSections,
    ) {
        loop {
            if let Ok(Ok(())) = tokio::time::timeout(PERIOD, configured.changed()).await {
                self.configure(&sections());
                if self.vrps.is_none() {
                    tables.set_vrps(None);
                }
            }
            match self.refreshed(tables).await {
                Some(files) => self = files,
                None => return,
            }
        }
    }

    fn refresh(&mut self, tables: &AddressTables) {
        let before = self.sources.status();
        self.sources.refresh();
        for (source, before) in self.sources.status().iter().zip(&before) {
            match &source.error {
                Some(error) if source.error != before.error => {
                    tracing::warn!(file = source.file, %error, "what was read before is kept");
                }
                None if source.loaded != before.loaded => {
                    tracing::info!(file = source.file, prefixes = source.prefixes, "networks are read");
                }
                _ => {}
            }
        }
        self.refresh_vrps(tables);
    }

    /// Reads the VRPs where the file is another one. What is wrong is said once; what was read before is kept.
    fn refresh_vrps(&mut self, tables: &AddressTables) {
        let Some(file) = &self.vrps else { return };
        let metadata = std::fs::metadata(file);
        let stamp = metadata.ok().map(|found| (found.len(), found.modified().ok()));
        if stamp.is_some() && stamp == self.stamp {
            return;
        }
        let is_first = self.stamp.is_none();
        self.stamp = stamp;
        match read_vrps(Path::new(file)) {
            Ok(vrps) => {
                tracing::info!(file, vrps = vrps.len(), "VRPs are read");
                tables.set_vrps(Some(vrps));
            }
            Err(error) if stamp.is_some() || !is_first || tables.vrps().is_none() => {
                tracing::warn!(file, error, "no VRPs are read from this file");
            }
            Err(_) => {}
        }
    }
}

fn read_vrps(file: &Path) -> Result<Vrps, String> {
    let json = std::fs::read(file).map_err(|error| error.to_string())?;
    Vrps::from_json(&json).map_err(|error| error.to_string())
}
