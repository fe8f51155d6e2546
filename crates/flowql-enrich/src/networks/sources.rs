//! The sources of the table: they are read when they change, and the last good data of each is kept.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::file;
use super::geoip::{self, Database};
use super::layer::{Layer, Prefixes};
use super::record;
use super::section::{GeoipSection, NetworkSection, NetworkSourceSection};
use super::table::{Published, Table};

/// A GeoIP database that was made longer ago than this is old: its networks have moved.
const OLD: Duration = Duration::from_secs(60 * 86_400);

/// What sort of source it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// A file of networks.
    Networks,
    /// A GeoIP database.
    Geoip,
}

/// How a source is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceStatus {
    /// What sort of source it is.
    pub kind: SourceKind,
    /// The file.
    pub file: String,
    /// When it was last read without an error.
    pub loaded: Option<SystemTime>,
    /// How many prefixes it gave then.
    pub prefixes: usize,
    /// How many records were left out then, because something is wrong with them.
    pub skipped: usize,
    /// What is wrong with the first of those.
    pub first_fault: Option<String>,
    /// When the database was made, where it says so.
    pub built: Option<SystemTime>,
    /// Why its last reading failed; what was read before is kept.
    pub error: Option<String>,
}

impl SourceStatus {
    fn new(kind: SourceKind, file: &str) -> Self {
        let (loaded, first_fault, built, error) = (None, None, None, None);
        Self { kind, file: file.to_owned(), loaded, prefixes: 0, skipped: 0, first_fault, built, error }
    }

    /// How old the data of a database are, where it says so.
    pub fn age(&self, now: SystemTime) -> Option<Duration> {
        now.duration_since(self.built?).ok()
    }

    /// Whether the database is so old that it deserves a warning: over 60 days.
    pub fn is_old(&self, now: SystemTime) -> bool {
        self.age(now).is_some_and(|age| age > OLD)
    }
}

/// The size and the time of a file, by which a change is seen.
type Stamp = (u64, Option<SystemTime>);

/// A file with the last good data of it.
#[derive(Debug)]
struct Source<S, T> {
    settings: S,
    data: T,
    stamp: Option<Stamp>,
    status: SourceStatus,
}

impl<S: PartialEq, T: Default> Source<S, T> {
    /// Takes the place of the same source among older ones, if it is there, with its data.
    fn inherit(&mut self, older: &mut Vec<Self>) {
        let is_same = |old: &Self| old.status.file == self.status.file && old.settings == self.settings;
        if let Some(place) = older.iter().position(is_same) {
            *self = older.swap_remove(place);
        }
    }

    fn new(kind: SourceKind, file: &str, settings: S) -> Self {
        Self { settings, data: T::default(), stamp: None, status: SourceStatus::new(kind, file) }
    }

    /// Reads the file if it has changed. Whether there are other data now.
    fn refresh(&mut self, read: impl FnOnce(&S, &mut SourceStatus) -> Result<T, String>) -> bool {
        let stamp = match fs::metadata(&self.status.file) {
            Ok(metadata) => Some((metadata.len(), metadata.modified().ok())),
            Err(error) => {
                self.stamp = None;
                self.status.error = Some(format!("cannot open it: {error}"));
                return false;
            }
        };
        if self.stamp == stamp {
            return false;
        }
        self.stamp = stamp;
        let mut status = self.status.clone();
        match read(&self.settings, &mut status) {
            Ok(data) => {
                self.data = data;
                self.status = SourceStatus { loaded: Some(SystemTime::now()), error: None, ..status };
                true
            }
            Err(error) => {
                self.status.error = Some(error);
                false
            }
        }
    }
}

/// All sources of networks and places, and the table that they make.
///
/// [`refresh`](Self::refresh) reads files and takes seconds with large ones: it belongs on a thread of its own, away from
/// that of flows, which take the table from [`published`](Self::published).
#[derive(Debug)]
pub struct Sources {
    configured: Prefixes,
    files: Vec<Source<NetworkSourceSection, Prefixes>>,
    databases: Vec<Source<(), Layer>>,
    published: Arc<Published>,
    is_published: bool,
}

impl Sources {
    /// The sources of a configuration; nothing is read yet, and the published table is empty.
    pub fn new(networks: &[NetworkSection], files: &[NetworkSourceSection], geoip: &GeoipSection) -> Self {
        let mut configured = Prefixes::default();
        for network in networks {
            // A configuration with a wrong prefix is refused before.
            if let Ok(prefix) = record::prefix(&network.prefix) {
                configured.push(prefix, &network.facts());
            }
        }
        let file = |section: &NetworkSourceSection| {
            Source::new(SourceKind::Networks, &section.file, section.clone())
        };
        let database = |file: &String| Source::new(SourceKind::Geoip, file, ());
        Self {
            configured,
            files: files.iter().map(file).collect(),
            databases: geoip.databases.iter().map(database).collect(),
            published: Arc::default(),
            is_published: false,
        }
    }

    /// Takes another configuration. Sources that are in both keep their data; the table changes at the next
    /// [`refresh`](Self::refresh), in the same place.
    pub fn configure(
        &mut self,
        networks: &[NetworkSection],
        files: &[NetworkSourceSection],
        geoip: &GeoipSection,
    ) {
        let mut next = Self { published: self.published(), ..Self::new(networks, files, geoip) };
        next.files.iter_mut().for_each(|source| source.inherit(&mut self.files));
        next.databases.iter_mut().for_each(|source| source.inherit(&mut self.databases));
        *self = next;
    }

    /// Where lookups take the table.
    pub fn published(&self) -> Arc<Published> {
        Arc::clone(&self.published)
    }

    /// Reads the sources that have changed and, if that gave other data, publishes another table. Whether it did.
    pub fn refresh(&mut self) -> bool {
        let mut changed = !self.is_published;
        for source in &mut self.files {
            changed |= source.refresh(|section, status| {
                let loaded = file::load(section)?;
                status.prefixes = loaded.prefixes.len();
                (status.skipped, status.first_fault) = (loaded.skipped, loaded.first_fault);
                Ok(loaded.prefixes)
            });
        }
        for source in &mut self.databases {
            changed |= source.refresh(|(), status| {
                let bytes = file::contents(Path::new(&status.file))?;
                let Database { layer, networks, skipped, built } = geoip::parse(&bytes)?;
                (status.prefixes, status.skipped, status.built) = (networks, skipped, built);
                Ok(layer)
            });
        }
        if changed {
            self.published.publish(self.table());
            self.is_published = true;
        }
        changed
    }

    /// The table of what is known now: the networks, then each database.
    fn table(&self) -> Table {
        let mut networks = self.configured.clone();
        self.files.iter().for_each(|file| networks.extend(&file.data));
        let networks = networks.into_layer();
        Table::of_layers(std::iter::once(&networks).chain(self.databases.iter().map(|source| &source.data)))
    }

    /// How each source is, in their order.
    pub fn status(&self) -> Vec<SourceStatus> {
        let files = self.files.iter().map(|source| &source.status);
        files.chain(self.databases.iter().map(|source| &source.status)).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::*;
    use crate::networks::Fact;
    use crate::networks::geoip::tests::database;
    use crate::networks::section::NetworkFormat;

    fn network(prefix: &str, name: &str, country: &str) -> NetworkSection {
        let empty = String::new;
        NetworkSection {
            prefix: prefix.to_owned(),
            name: name.to_owned(),
            country: country.to_owned(),
            role: empty(),
            site: empty(),
            region: empty(),
            tenant: empty(),
            city: empty(),
            state: empty(),
            asn: None,
        }
    }

    fn file(path: &Path) -> NetworkSourceSection {
        NetworkSourceSection {
            file: path.display().to_string(),
            format: NetworkFormat::Auto,
            separator: ",".to_owned(),
            columns: Vec::new(),
            lists: Vec::new(),
        }
    }

    #[test]
    fn sources_are_read_when_they_change_and_keep_their_last_good_data() {
        let folder = tempfile::tempdir().unwrap();
        let (csv, mmdb) = (folder.path().join("n.csv"), folder.path().join("c.mmdb"));
        fs::write(&csv, "prefix,name,role,asn\n192.0.2.0/24,file,lab,64500\n").unwrap();
        let records = [("192.0.2.0/25", json!({"country_code": "FR", "city": "Paris", "asn": 1}))];
        fs::write(&mmdb, database(&records, 1_700_000_000)).unwrap();
        let geoip = GeoipSection { databases: vec![mmdb.display().to_string()] };
        let configured = [network("192.0.2.0/24", "own", ""), network("192.0.0.0/16", "outer", "de")];
        let mut sources = Sources::new(&configured, &[file(&csv)], &geoip);
        let published = sources.published();
        assert!(published.table().is_empty());

        assert!(sources.refresh());
        assert!(!sources.refresh(), "nothing has changed");
        let table = published.table();
        let network = table.lookup("192.0.2.1".parse().unwrap());
        // The name from the settings, the role from the file, the country of the outer prefix, the city from the database.
        let facts = [Fact::Name, Fact::Role, Fact::Country, Fact::City].map(|fact| network.get(fact));
        assert_eq!(facts, ["own", "lab", "DE", "Paris"]);
        assert_eq!((network.asn(), network.geoip_asn()), (64500, 1));

        fs::write(&csv, "prefix,name,role\n192.0.2.0/24,file,\"another lab\"\nno,prefix,at all\n").unwrap();
        assert!(sources.refresh());
        let role = |table: &Table| table.lookup("192.0.2.1".parse().unwrap()).get(Fact::Role).to_owned();
        assert_eq!((role(&published.table()), role(&table)), ("another lab".to_owned(), "lab".to_owned()));
        let status = sources.status();
        assert_eq!((status[0].prefixes, status[0].skipped, status[0].error.clone()), (1, 1, None));
        assert_eq!(status[0].first_fault.as_deref(), Some("line 3: `no` is not a prefix"));
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + 61 * 86_400);
        assert!(status[1].is_old(now) && !status[1].is_old(now - Duration::from_secs(2 * 86_400)));

        fs::write(&csv, "nothing of the sort\n").unwrap();
        fs::remove_file(&mmdb).unwrap();
        assert!(!sources.refresh());
        assert_eq!(role(&published.table()), "another lab");
        let status = sources.status();
        assert!(status[0].error.as_deref().is_some_and(|error| error.starts_with("its first line names")));
        assert!(status[1].error.as_deref().is_some_and(|error| error.starts_with("cannot open it")));
        assert!(status.iter().all(|status| status.loaded.is_some()));

        // Another configuration keeps the data of the sources that stay.
        sources.configure(&[], &[file(&csv)], &GeoipSection::default());
        assert!(sources.refresh());
        let table = published.table();
        let network = table.lookup("192.0.2.1".parse().unwrap());
        assert_eq!([Fact::Name, Fact::City].map(|fact| network.get(fact)), ["file", ""]);
    }

    /// A lookup sees one table, the old or the new one, while others are put in its place.
    #[test]
    fn tables_are_swapped_whole() {
        let folder = tempfile::tempdir().unwrap();
        let csv = folder.path().join("n.csv");
        let mut sources = Sources::new(&[], &[file(&csv)], &GeoipSection::default());
        let published = sources.published();
        let done = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let mut seen = std::collections::BTreeSet::new();
                while !done.load(std::sync::atomic::Ordering::Acquire) {
                    let table = published.table();
                    let [one, other] = ["192.0.2.1", "2001:db8::1"]
                        .map(|address| table.lookup(address.parse().unwrap()).get(Fact::Name).to_owned());
                    assert_eq!(one, other);
                    seen.insert(one);
                }
                seen
            });
            for round in 0..50 {
                let name = "x".repeat(round + 1);
                fs::write(&csv, format!("prefix,name\n192.0.2.0/24,{name}\n2001:db8::/32,{name}\n")).unwrap();
                assert!(sources.refresh());
            }
            done.store(true, std::sync::atomic::Ordering::Release);
            assert!(reader.join().unwrap().len() <= 51);
        });
        assert_eq!(published.table().lookup("192.0.2.1".parse().unwrap()).get(Fact::Name).len(), 50);
    }
}
