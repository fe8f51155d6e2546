//! What goes on beside the requests: reading the workspace, publishing diagnostics, watching files.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use flowql_backend::{SourceOptions, ValueSource};
use flowql_config::{Config, ConfigErrors};
use serde_json::json;
use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types::{
    Diagnostic, DiagnosticSeverity, DidChangeWatchedFilesRegistrationOptions, FileSystemWatcher, GlobPattern,
    LSPAny, MessageType, Position, ProgressToken, Range, Registration, Uri,
};

use crate::document::Document;
use crate::features::diagnostics::{self, Found};
use crate::request::{Cancel, Request};
use crate::server::{Server, ServerHandle, on_thread};
use crate::snapshot::{Key, Settings, path_of};
use crate::state::State;
use crate::workspace;

/// How often files are looked at where the client does not watch them, and how much longer than a look the pause is.
const LOOK: Duration = Duration::from_secs(2);
const PAUSE: u32 = 20;

impl Server {
    /// Reads the configuration again. A bad one is told, and the last good one stays.
    pub(crate) fn load_configuration(&self) {
        let options = self.options.get().cloned().unwrap_or_default();
        let path = self.config_path();
        let mut words = Vec::new();
        let config = match (options.inline(self.start.sections), path) {
            (Some(Ok(config)), _) => Some(config),
            (Some(Err(error)), _) => {
                words.push((MessageType::ERROR, format!("the settings are ignored: {error}")));
                None
            }
            (None, None) => Some(Config::defaults(self.start.sections)),
            (None, Some(path)) => match Config::load(&path, self.start.sections) {
                Ok(config) => Some(config),
                Err(errors) => {
                    words.push((MessageType::ERROR, format!("the configuration is ignored: {errors}")));
                    self.set_config_diagnostics(&path, &errors);
                    None
                }
            },
        };
        self.pending_messages.lock().unwrap_or_else(PoisonError::into_inner).append(&mut words);
        let Some(config) = config else { return };
        let taken = config.taken_names.iter().map(|taken| (MessageType::WARNING, taken.to_string()));
        self.pending_messages.lock().unwrap_or_else(PoisonError::into_inner).extend(taken);
        self.clear_config_diagnostics();
        let generation = self.configurations.fetch_add(1, Ordering::Relaxed) + 1;
        self.values.names.clear();
        let backend = (self.start.open)(&config).unwrap_or_else(|error| {
            let mut words = self.pending_messages.lock().unwrap_or_else(PoisonError::into_inner);
            words.push((MessageType::ERROR, format!("there are no values of a backend: {error}")));
            None
        });
        let source = backend.map(|backend| Arc::new(ValueSource::new(backend, SourceOptions::default())));
        self.state.update(|snapshot| {
            let limits = config.limits;
            let other_limits = snapshot.config.config.limits != limits;
            snapshot.config = Arc::new(Settings::new(config, generation, source));
            if other_limits {
                State::split_again(snapshot, &limits);
            }
        });
    }

    /// The configuration file: of the client's options, of the command line, or of the workspace.
    fn config_path(&self) -> Option<PathBuf> {
        let asked_for = self.options.get().and_then(|options| options.config.clone());
        let asked_for = asked_for.or_else(|| self.start.config.clone());
        if asked_for.is_none() && self.start.no_config {
            return None;
        }
        workspace::config_path(asked_for.as_deref(), &self.state.snapshot().roots)
    }

    /// Sends the messages that waited for the client to listen.
    async fn flush_messages(&self) {
        let words =
            std::mem::take(&mut *self.pending_messages.lock().unwrap_or_else(PoisonError::into_inner));
        for (kind, message) in words {
            self.log(kind, message).await;
        }
    }

    /// Remembers the errors of a configuration, to be shown in its file.
    fn set_config_diagnostics(&self, path: &Path, errors: &ConfigErrors) {
        let Some(uri) = Uri::from_file_path(path) else { return };
        let items = errors.errors().iter().map(|error| {
            // The file's columns count characters from 1; a key begins its line.
            let place =
                Position { line: error.line.saturating_sub(1), character: error.column.saturating_sub(1) };
            let help = error.help.as_ref().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
            Diagnostic {
                range: Range { start: place, end: place },
                severity: Some(DiagnosticSeverity::ERROR),
                source: Some("flowql".to_owned()),
                message: format!("{}{help}", error.message),
                ..Diagnostic::default()
            }
        });
        *self.config_diagnostics.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((uri, items.collect()));
        self.config_diagnostics_changed.notify_one();
    }

    fn clear_config_diagnostics(&self) {
        let mut config_diagnostics = self.config_diagnostics.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, items)) = &mut *config_diagnostics {
            items.clear();
            self.config_diagnostics_changed.notify_one();
        }
    }

    /// Reads every filter file of the workspace, and leaves out those that are gone.
    pub(crate) async fn scan(&self) {
        let snapshot = self.state.snapshot();
        let read = tokio::task::spawn_blocking(move || {
            let limits = snapshot.config.config.limits;
            let paths = workspace::filter_files(&snapshot.roots);
            let documents = paths.into_iter().filter_map(|path| {
                let old = Uri::from_file_path(&path).and_then(|uri| snapshot.document(&uri).cloned());
                workspace::read(&path, &limits, old.as_deref())
            });
            documents.collect::<Vec<Document>>()
        });
        let Ok(documents) = read.await else { return };
        self.state.update(|snapshot| {
            let paths: Vec<PathBuf> =
                documents.iter().filter_map(|document| path_of(&document.uri)).collect();
            snapshot.retain_files(|path| paths.iter().any(|known| known == path));
            documents.into_iter().for_each(|document| snapshot.set_file(document));
        });
        self.scanned.send_replace(true);
    }

    /// Takes note of files that changed on disk.
    pub(crate) async fn files_changed(&self, paths: &[PathBuf]) {
        let snapshot = self.state.snapshot();
        let config = self.config_path();
        let is_config = |path: &PathBuf| {
            config.as_ref() == Some(path)
                || path.file_name().is_some_and(|name| name == flowql_config::FILE_NAME)
        };
        if paths.iter().any(is_config) {
            self.load_configuration();
        }
        for path in paths.iter().filter(|path| workspace::is_filter_file(path)) {
            let Some(uri) = Uri::from_file_path(path) else { continue };
            let old = snapshot.document(&uri);
            let limits = snapshot.config.config.limits;
            let read = workspace::read(path, &limits, old.map(|old| &**old));
            self.state.update(|snapshot| match read {
                Some(document) => snapshot.set_file(document),
                None => snapshot.remove_file(&uri),
            });
        }
        self.flush_messages().await;
        self.refresh().await;
    }

    /// Asks the client to ask again for what depends on more than the text.
    async fn refresh(&self) {
        let snapshot = self.state.snapshot();
        if snapshot.client.refreshes_diagnostics && snapshot.client.pulls_diagnostics {
            let _ = self.client.workspace_diagnostic_refresh().await;
        }
        if snapshot.client.refreshes_tokens {
            let _ = self.client.semantic_tokens_refresh().await;
        }
        if snapshot.client.refreshes_hints {
            let _ = self.client.inlay_hint_refresh().await;
        }
    }

    /// The diagnostics of every document and file, with progress where the client gives a token for it.
    pub(crate) async fn check_workspace(
        &self,
        token: Option<ProgressToken>,
    ) -> Result<Vec<(Arc<Document>, Found)>> {
        let _ = self.scanned.subscribe().wait_for(|scanned| *scanned).await;
        let snapshot = self.state.snapshot();
        let documents: Vec<Arc<Document>> = snapshot.documents().cloned().collect();
        let progress = match token {
            Some(token) => {
                let title = "Checking the filters of the workspace";
                Some(self.client.progress(token, title).with_percentage(0).begin().await)
            }
            None => None,
        };
        let count = documents.len();
        let mut all = Vec::with_capacity(count);
        let mut told = 0;
        for (index, document) in documents.into_iter().enumerate() {
            let request = Request::new(&snapshot, &document, Cancel::default());
            let (_, found) = on_thread(request, diagnostics::all).await?;
            all.push((document, found));
            let percentage = u32::try_from(100 * (index + 1) / count).unwrap_or(100);
            if let Some(progress) = &progress
                && percentage > told
            {
                told = percentage;
                progress.report_with_message(format!("{} of {count} files", index + 1), percentage).await;
            }
        }
        if let Some(progress) = progress {
            progress.finish_with_message(format!("{count} files")).await;
        }
        // Of the documents that were edited meanwhile, the diagnostics are on their way.
        all.retain(|(document, _)| self.state.is_current(document));
        Ok(all)
    }

    /// Checks the workspace and publishes what is found, for a client that does not ask for diagnostics itself.
    pub(crate) async fn run_check_workspace(&self, token: Option<ProgressToken>) -> Result<LSPAny> {
        let token = match token {
            None if self.state.snapshot().client.work_done_progress => {
                let token = ProgressToken::String("flowql.checkWorkspace".to_owned());
                self.client.create_work_done_progress(token.clone()).await.ok().map(|()| token)
            }
            token => token,
        };
        let found = self.check_workspace(token).await?;
        let (mut errors, mut warnings) = (0, 0);
        let files = found.len();
        for (document, found) in found {
            let count = |severity| found.items.iter().filter(|item| item.severity == Some(severity)).count();
            errors += count(DiagnosticSeverity::ERROR);
            warnings += count(DiagnosticSeverity::WARNING);
            if !self.state.snapshot().client.pulls_diagnostics {
                let version = document.version;
                self.client.publish_diagnostics(document.uri.clone(), found.items, version).await;
            }
        }
        Ok(json!({"files": files, "errors": errors, "warnings": warnings}))
    }
}

impl ServerHandle {
    /// Starts what goes on beside the requests.
    pub(crate) fn start_tasks(&self) {
        tokio::spawn(self.clone().begin());
        tokio::spawn(self.clone().publish_configuration_errors());
        if !self.state.snapshot().client.pulls_diagnostics {
            tokio::spawn(self.clone().publish());
        }
    }

    async fn begin(self) {
        self.flush_messages().await;
        let watches_files = self.state.snapshot().client.watches_files;
        // Taken before the files are read: what changes meanwhile is read again.
        let known = if watches_files { HashMap::new() } else { self.stamps().await };
        self.scan().await;
        if watches_files {
            self.watch_by_client().await;
        } else {
            tokio::spawn(self.clone().watch(known));
        }
        self.refresh().await;
    }

    async fn watch_by_client(&self) {
        let watcher =
            |glob: &str| FileSystemWatcher { glob_pattern: GlobPattern::String(glob.to_owned()), kind: None };
        let watchers = vec![watcher("**/*.flowql"), watcher("**/flowql.toml")];
        let registration = Registration {
            id: "flowql.files".to_owned(),
            method: "workspace/didChangeWatchedFiles".to_owned(),
            register_options: serde_json::to_value(DidChangeWatchedFilesRegistrationOptions { watchers })
                .ok(),
        };
        if let Err(error) = self.client.register_capability(vec![registration]).await {
            self.log(MessageType::WARNING, format!("files are not watched: {error}")).await;
        }
    }

    /// Looks for files that changed, again and again.
    async fn watch(self, mut known: HashMap<PathBuf, (std::time::SystemTime, u64)>) {
        loop {
            let began = Instant::now();
            let now = self.stamps().await;
            let mut changed: Vec<PathBuf> = Vec::new();
            changed.extend(
                now.iter()
                    .filter(|(path, stamp)| known.get(*path) != Some(stamp))
                    .map(|(path, _)| path.clone()),
            );
            changed.extend(known.keys().filter(|path| !now.contains_key(*path)).cloned());
            known = now;
            if !changed.is_empty() {
                self.files_changed(&changed).await;
            }
            tokio::time::sleep(LOOK.max(began.elapsed() * PAUSE)).await;
        }
    }

    /// The files of the workspace, with what tells whether they changed.
    async fn stamps(&self) -> HashMap<PathBuf, (std::time::SystemTime, u64)> {
        let (snapshot, config) = (self.state.snapshot(), self.config_path());
        let look = tokio::task::spawn_blocking(move || {
            let paths = workspace::filter_files(&snapshot.roots).into_iter().chain(config);
            paths.filter_map(|path| workspace::stamp(&path).map(|stamp| (path, stamp))).collect()
        });
        look.await.unwrap_or_default()
    }

    /// Publishes the errors of the configuration in its file.
    async fn publish_configuration_errors(self) {
        loop {
            let config_diagnostics =
                self.config_diagnostics.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if let Some((uri, items)) = config_diagnostics {
                self.client.publish_diagnostics(uri, items, None).await;
            }
            self.config_diagnostics_changed.notified().await;
        }
    }

    /// Publishes the diagnostics of what is open, whenever something has changed.
    async fn publish(self) {
        let mut changes = self.state.changes();
        let mut published: HashMap<Key, (Uri, Option<i32>, u64)> = HashMap::new();
        let _ = self.scanned.subscribe().wait_for(|scanned| *scanned).await;
        loop {
            changes.borrow_and_update();
            let snapshot = self.state.snapshot();
            let closed: Vec<Key> = published
                .keys()
                .filter(|key| snapshot.open().all(|open| Key::of(&open.uri) != **key))
                .cloned()
                .collect();
            for key in closed {
                if let Some((uri, ..)) = published.remove(&key) {
                    self.client.publish_diagnostics(uri, Vec::new(), None).await;
                }
            }
            for document in snapshot.open() {
                if !self.state.is_current(document) {
                    continue;
                }
                let request = Request::new(&snapshot, document, Cancel::default());
                let Ok((request, found)) = on_thread(request, diagnostics::all).await else { continue };
                // Another round follows for a text that has moved.
                if self.still(&request).is_err() {
                    continue;
                }
                let (uri, version) = (document.uri.clone(), document.version);
                let news = (uri.clone(), version, found.id);
                if published.insert(Key::of(&uri), news.clone()) != Some(news) {
                    self.client.publish_diagnostics(uri, found.items, version).await;
                }
            }
            if changes.changed().await.is_err() {
                break;
            }
        }
    }
}

/// Whether a process is there.
#[cfg(unix)]
pub(crate) fn is_alive(process: u32) -> bool {
    let Some(process) = i32::try_from(process).ok().and_then(rustix::process::Pid::from_raw) else {
        return true;
    };
    // A process of another user is there too.
    !matches!(rustix::process::test_kill_process(process), Err(rustix::io::Errno::SRCH))
}

/// Whether a process is there; where that cannot be seen, the end of standard input tells.
#[cfg(not(unix))]
pub(crate) fn is_alive(_: u32) -> bool {
    true
}

/// Ends when the process that started the server is gone.
pub(crate) async fn parent_gone(server: &Server) {
    let mut parent = server.parent.subscribe();
    loop {
        let process = *parent.borrow_and_update();
        match process {
            None => {
                if parent.changed().await.is_err() {
                    return std::future::pending().await;
                }
            }
            Some(process) => {
                if !is_alive(process) {
                    return;
                }
                tokio::time::sleep(LOOK).await;
            }
        }
    }
}
