//! A worker's view of the directory, which takes no lock for what it has seen.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::directory::{Directory, ExporterNames, InterfaceNames};

/// The most exporters, and the most interfaces, of which a reader keeps copies.
const MOST_COPIES: usize = 65_536;

/// Looks up names for one worker. Its copies are valid until the directory changes.
#[derive(Debug)]
pub struct NamesReader {
    directory: Arc<Directory>,
    generation: u64,
    exporters: HashMap<IpAddr, Arc<ExporterNames>>,
    interfaces: HashMap<(IpAddr, u32), Arc<InterfaceNames>>,
}

impl NamesReader {
    /// A reader of a directory.
    pub fn new(directory: Arc<Directory>) -> Self {
        let generation = directory.generation();
        Self { directory, generation, exporters: HashMap::new(), interfaces: HashMap::new() }
    }

    /// Takes notice of changes, once a batch of flows; names that were got before stay as they are.
    pub fn refresh(&mut self) {
        let generation = self.directory.generation();
        if generation != self.generation {
            self.generation = generation;
            self.exporters.clear();
            self.interfaces.clear();
        }
    }

    /// What an exporter is called.
    pub fn exporter(&mut self, exporter: IpAddr) -> &Arc<ExporterNames> {
        if self.exporters.len() >= MOST_COPIES && !self.exporters.contains_key(&exporter) {
            self.exporters.clear();
        }
        let Self { directory, exporters, .. } = self;
        exporters.entry(exporter).or_insert_with(|| directory.exporter(exporter))
    }

    /// What an interface is called.
    pub fn interface(&mut self, exporter: IpAddr, index: u32) -> &Arc<InterfaceNames> {
        let key = (exporter, index);
        if self.interfaces.len() >= MOST_COPIES && !self.interfaces.contains_key(&key) {
            self.interfaces.clear();
        }
        let Self { directory, interfaces, .. } = self;
        interfaces.entry(key).or_insert_with(|| directory.interface(exporter, index))
    }
}
