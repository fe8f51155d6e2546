//! All that answers depend on, as one value that never changes: an edit makes another one.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use flowql::{Compiler, SavedFilters, Scope};
use flowql_backend::ValueSource;
use flowql_config::{Config, FiltersSection};
use tower_lsp::ls_types::Uri;

use crate::client::ClientFacts;
use crate::document::{Body, Document, Filter, hash_of};

/// Documents, files, configuration and what the client can do.
#[derive(Clone, Default)]
pub(crate) struct Snapshot {
    pub(crate) client: Arc<ClientFacts>,
    pub(crate) config: Arc<Settings>,
    /// The folders of the workspace.
    pub(crate) roots: Arc<[PathBuf]>,
    /// What is open in the editor.
    open: BTreeMap<Key, Arc<Document>>,
    /// The files of the workspace.
    files: BTreeMap<Key, Arc<Document>>,
    /// The environments that were asked for.
    environments: Environments,
}

#[derive(Default)]
struct Environments(Mutex<HashMap<Key, Arc<Environment>>>);

/// The environments of another snapshot are others.
impl Clone for Environments {
    fn clone(&self) -> Self {
        Self::default()
    }
}

/// What names a document, however its URI is written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key(String);

impl Key {
    pub(crate) fn of(uri: &Uri) -> Self {
        match path_of(uri) {
            Some(path) => Self(path.to_string_lossy().into_owned()),
            None => Self(uri.as_str().to_owned()),
        }
    }
}

/// The path of a URI of a file.
pub(crate) fn path_of(uri: &Uri) -> Option<PathBuf> {
    let is_file = uri.scheme().as_str().eq_ignore_ascii_case("file");
    is_file.then(|| uri.to_file_path()).flatten().map(std::borrow::Cow::into_owned)
}

/// The configuration, with what the server makes of it.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    pub(crate) config: Config,
    /// The filters of the configuration.
    bodies: BTreeMap<String, Arc<Body>>,
    /// Tells apart the configurations of one run.
    generation: u64,
    /// The backend behind its cache.
    pub(crate) source: Option<Arc<ValueSource>>,
}

impl Settings {
    pub(crate) fn new(config: Config, generation: u64, source: Option<Arc<ValueSource>>) -> Self {
        let filters = config.section::<FiltersSection>();
        let bodies = filters.0.iter().map(|(name, text)| (name.clone(), Body::new(text))).collect();
        Self { config, bodies, generation, source }
    }
}

/// The saved filters that a document may refer to.
pub(crate) struct Environment {
    pub(crate) saved: SavedFilters,
    /// What each name stands for; none for a name that several files define.
    bodies: HashMap<String, Arc<Body>>,
    /// Of every name, for what depends on which names there are.
    names: u64,
    generation: u64,
}

/// Where a filter is defined.
pub(crate) enum Definition<'a> {
    /// In a document.
    Filter(&'a Arc<Document>, &'a Filter),
    /// In the configuration.
    Configuration,
}

impl Snapshot {
    /// The document of a URI: as the editor has it, else as it is on disk.
    pub(crate) fn document(&self, uri: &Uri) -> Option<&Arc<Document>> {
        let key = Key::of(uri);
        self.open.get(&key).or_else(|| self.files.get(&key))
    }

    /// The document of a URI that is open in the editor.
    pub(crate) fn opened(&self, uri: &Uri) -> Option<&Arc<Document>> {
        self.open.get(&Key::of(uri))
    }

    /// What is open in the editor.
    pub(crate) fn open(&self) -> impl Iterator<Item = &Arc<Document>> {
        self.open.values()
    }

    /// Everything: what is open, and the files that are not.
    pub(crate) fn documents(&self) -> impl Iterator<Item = &Arc<Document>> {
        let closed = self.files.iter().filter(|(key, _)| !self.open.contains_key(key));
        self.open.values().chain(closed.map(|(_, document)| document))
    }

    /// The documents that define filters for others.
    pub(crate) fn filter_files(&self) -> impl Iterator<Item = &Arc<Document>> {
        self.documents().filter(|document| document.is_filter_file())
    }

    pub(crate) fn set_open(&mut self, document: Document) {
        self.open.insert(Key::of(&document.uri), Arc::new(document));
    }

    pub(crate) fn close(&mut self, uri: &Uri) {
        self.open.remove(&Key::of(uri));
    }

    pub(crate) fn set_file(&mut self, document: Document) {
        self.files.insert(Key::of(&document.uri), Arc::new(document));
    }

    pub(crate) fn remove_file(&mut self, uri: &Uri) {
        self.files.remove(&Key::of(uri));
    }

    /// Leaves out the files that are not among these.
    pub(crate) fn retain_files(&mut self, keep: impl Fn(&Path) -> bool) {
        self.files.retain(|key, _| keep(Path::new(&key.0)));
    }

    /// The saved filters for a document.
    pub(crate) fn environment(&self, document: &Document) -> Arc<Environment> {
        let key = Key::of(&document.uri);
        let environments = || self.environments.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = environments().get(&key) {
            return Arc::clone(known);
        }
        let made = Arc::new(self.make_environment(document, &key));
        environments().insert(key, Arc::clone(&made));
        made
    }

    fn make_environment(&self, document: &Document, key: &Key) -> Environment {
        let mut saved = self.config.config.saved.clone();
        let mut bodies: HashMap<String, Arc<Body>> =
            self.config.bodies.iter().map(|(name, body)| (name.clone(), Arc::clone(body))).collect();
        let mut ambiguous: BTreeSet<&str> = BTreeSet::new();
        let mut names: Vec<(&str, bool)> = Vec::new();
        let others = self.filter_files().filter(|other| Key::of(&other.uri) != *key);
        let workspace =
            others.flat_map(|other| other.filters.iter().map(|filter| (Scope::Workspace, filter)));
        let own = document.filters.iter().map(|filter| (Scope::File, filter));
        let mut seen: HashMap<&str, Scope> = HashMap::new();
        for (scope, filter) in workspace.chain(own) {
            let Some(name) = filter.name.as_deref() else { continue };
            saved.insert(scope, name, &*filter.body.text);
            bodies.insert(name.to_owned(), Arc::clone(&filter.body));
            names.push((name, scope == Scope::File));
            if seen.insert(name, scope) == Some(scope) {
                ambiguous.insert(name);
            } else {
                ambiguous.remove(name);
            }
        }
        bodies.retain(|name, _| !ambiguous.contains(name.as_str()));
        Environment { saved, bodies, names: hash_of(&names), generation: self.config.generation }
    }

    /// A compiler for the filters of an environment.
    pub(crate) fn compiler<'a>(&'a self, environment: &'a Environment) -> Compiler<'a> {
        Compiler { saved: &environment.saved, ..self.config.config.compiler() }
    }

    /// Where a name is defined that a document refers to: in itself, in one other file, or in the configuration.
    pub(crate) fn definition<'a>(&'a self, document: &Document, name: &'a str) -> Option<Definition<'a>> {
        let key = Key::of(&document.uri);
        let own = self.open.get(&key).or_else(|| self.files.get(&key));
        if let Some(found) = own.and_then(|own| Some(Definition::Filter(own, own.named(name)?))) {
            return Some(found);
        }
        let mut others = self.definitions(name).filter(|(other, _)| Key::of(&other.uri) != key);
        match (others.next(), others.next()) {
            (Some((other, filter)), None) => Some(Definition::Filter(other, filter)),
            (Some(_), Some(_)) => None,
            (None, _) => self.config.bodies.contains_key(name).then_some(Definition::Configuration),
        }
    }

    /// Every definition of a name.
    pub(crate) fn definitions<'a>(
        &'a self,
        name: &'a str,
    ) -> impl Iterator<Item = (&'a Arc<Document>, &'a Filter)> {
        self.filter_files().filter_map(move |document| Some((document, document.named(name)?)))
    }
}

impl Environment {
    /// Whether a filter is another one or refers to it, itself or through others.
    pub(crate) fn leads_to(&self, name: &str, wanted: &str) -> bool {
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut pending: Vec<&str> = vec![name];
        while let Some(name) = pending.pop() {
            if name == wanted {
                return true;
            }
            if seen.insert(name)
                && let Some(body) = self.bodies.get(name)
            {
                pending.extend(body.references().iter().map(|reference| reference.name.as_str()));
            }
        }
        false
    }

    /// A number that is another one whenever the diagnostics of a text may be others: of its own text, of all that it
    /// refers to, and of the configuration.
    pub(crate) fn fingerprint(&self, body: &Body) -> u64 {
        let mut parts: Vec<(&str, u64)> = Vec::new();
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut pending: Vec<&Body> = vec![body];
        while let Some(body) = pending.pop() {
            for reference in body.references() {
                let name = reference.name.as_str();
                if !seen.insert(name) {
                    continue;
                }
                match self.bodies.get(name) {
                    Some(other) => {
                        parts.push((name, hash_of(&other.text)));
                        pending.push(other);
                    }
                    // The message of an unknown name suggests others.
                    None => parts.push((name, self.names)),
                }
            }
        }
        hash_of((self.generation, parts))
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Snapshot").field("open", &self.open.keys()).finish_non_exhaustive()
    }
}
