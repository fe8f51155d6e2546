//! The messages of the protocol. Each handler takes its snapshot before it first waits, answers on another
//! thread, and looks whether the text has moved meanwhile.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::sync::{Notify, watch};
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::ls_types::*;
use tower_lsp::{Client, LanguageServer};

use crate::Start;
use crate::capabilities::capabilities;
use crate::client::ClientFacts;
use crate::features::{
    actions, commands, completion, diagnostics, format, hints, hover, names, outline, tokens,
};
use crate::options::InitOptions;
use crate::request::{Cancel, Request};
use crate::snapshot::{Key, path_of};
use crate::state::{EditError, State};
use crate::values::{self, BackendValues};

/// The server, one for a connection.
pub(crate) struct Server {
    pub(crate) client: Client,
    pub(crate) start: Start,
    pub(crate) state: State,
    pub(crate) options: OnceLock<InitOptions>,
    /// The messages to send once the client listens.
    pub(crate) pending_messages: Mutex<Vec<(MessageType, String)>>,
    /// Whether the files of the workspace were read.
    pub(crate) scanned: watch::Sender<bool>,
    /// What was learned from the backend.
    pub(crate) values: BackendValues,
    /// The process that started the server.
    pub(crate) parent: watch::Sender<Option<u32>>,
    /// The configuration file with its errors.
    pub(crate) config_diagnostics: Mutex<Option<(Uri, Vec<Diagnostic>)>>,
    pub(crate) config_diagnostics_changed: Notify,
    pub(crate) configurations: AtomicU64,
    shut_down: AtomicBool,
    /// The tokens that the client has, by document.
    tokens: Mutex<HashMap<Key, Coloured>>,
    /// The documentation of the candidates that were offered last.
    offered: Mutex<(u64, Vec<String>)>,
    counter: AtomicU64,
}

/// The server, as handlers and background tasks share it.
#[derive(Clone)]
pub(crate) struct ServerHandle(pub(crate) Arc<Server>);

impl std::ops::Deref for ServerHandle {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.0
    }
}

/// The tokens of a document, and the name by which the client refers to them.
#[derive(Clone)]
struct Coloured {
    id: String,
    data: Vec<SemanticToken>,
}

impl Server {
    pub(crate) fn new(client: Client, start: Start) -> Self {
        Self {
            values: BackendValues::new(client.clone()),
            client,
            start,
            state: State::new(),
            options: OnceLock::new(),
            pending_messages: Mutex::default(),
            scanned: watch::Sender::new(false),
            parent: watch::Sender::new(None),
            config_diagnostics: Mutex::default(),
            config_diagnostics_changed: Notify::new(),
            configurations: AtomicU64::new(0),
            shut_down: AtomicBool::new(false),
            tokens: Mutex::default(),
            offered: Mutex::default(),
            counter: AtomicU64::new(0),
        }
    }

    /// Whether the client asked for the end.
    pub(crate) fn was_shut_down(&self) -> bool {
        self.shut_down.load(Ordering::Relaxed)
    }

    fn count(&self) -> u64 {
        self.counter.fetch_add(1, Ordering::Relaxed)
    }

    /// A question about a document as it is now; `None` for one that is not known.
    async fn request(&self, uri: &Uri) -> Result<Option<Request>> {
        let Some(document) = self.state.snapshot().document(uri).cloned() else { return Ok(None) };
        if !*self.scanned.borrow() {
            // What the files of the workspace define is part of every answer. The text must stay the same meanwhile.
            let _ = self.scanned.subscribe().wait_for(|scanned| *scanned).await;
            if !self.state.is_current(&document) {
                return Err(Error::content_modified());
            }
        }
        Ok(Some(Request::new(&self.state.snapshot(), &document, Cancel::default())))
    }

    /// Answers a question about a document, if it is known.
    async fn answer<T: Send + 'static>(
        &self,
        uri: &Uri,
        compute: impl FnOnce(&Request) -> T + Send + 'static,
    ) -> Result<Option<T>> {
        let Some(request) = self.request(uri).await? else { return Ok(None) };
        let (request, answer) = on_thread(request, compute).await?;
        self.still(&request)?;
        Ok(Some(answer))
    }

    /// The same for an answer that depends on other documents too.
    async fn answer_of_all<T: Send + 'static>(
        &self,
        uri: &Uri,
        compute: impl FnOnce(&Request) -> T + Send + 'static,
    ) -> Result<Option<T>> {
        let Some(request) = self.request(uri).await? else { return Ok(None) };
        let (request, answer) = on_thread(request, compute).await?;
        if !Arc::ptr_eq(&request.snapshot, &self.state.snapshot()) {
            return Err(Error::content_modified());
        }
        Ok(Some(answer))
    }

    /// The tokens of a document, under a name, and those that the client had before.
    async fn colour(&self, uri: Uri) -> Result<Option<(Coloured, Option<Coloured>)>> {
        let Some(data) = self.answer(&uri, |request| tokens::tokens(request, None)).await? else {
            return Ok(None);
        };
        let coloured = Coloured { id: self.count().to_string(), data };
        let mut known = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let old = known.insert(Key::of(&uri), coloured.clone());
        Ok(Some((coloured, old)))
    }

    /// An error if the text has moved: no answer belongs to an older one.
    pub(crate) fn still(&self, request: &Request) -> Result<()> {
        if self.state.is_current(&request.document) { Ok(()) } else { Err(Error::content_modified()) }
    }

    pub(crate) async fn log(&self, kind: MessageType, message: impl std::fmt::Display) {
        self.client.log_message(kind, message).await;
    }
}

/// Computes an answer on another thread, so that messages are read meanwhile. When the handler is dropped, because the
/// client has cancelled the request, the computation is cancelled.
pub(crate) async fn on_thread<T: Send + 'static>(
    request: Request,
    compute: impl FnOnce(&Request) -> T + Send + 'static,
) -> Result<(Request, T)> {
    struct Guard(Option<Cancel>);
    impl Drop for Guard {
        fn drop(&mut self) {
            self.0.iter().for_each(Cancel::cancel);
        }
    }
    let mut guard = Guard(Some(request.cancel.clone()));
    let task = tokio::task::spawn_blocking(move || {
        let answer = compute(&request);
        (request, answer)
    });
    let answered = task.await.map_err(|_| Error::internal_error());
    guard.0 = None;
    answered
}

fn invalid(message: String) -> Error {
    Error::invalid_params(message)
}

impl LanguageServer for ServerHandle {
    async fn initialize(&self, params: InitializeParams) -> Result<InitializeResult> {
        let facts = ClientFacts::new(&params.capabilities);
        let (options, problem) = InitOptions::read(params.initialization_options.clone());
        let mut words = self.pending_messages.lock().unwrap_or_else(PoisonError::into_inner);
        words.extend(problem.map(|problem| (MessageType::WARNING, problem)));
        drop(words);
        let _ = self.options.set(options);
        // Kept also where nobody waits for it yet.
        self.parent.send_replace(params.process_id);
        let capabilities = capabilities(&facts);
        self.state.update(|snapshot| {
            snapshot.client = Arc::new(facts);
            snapshot.roots = roots(&params).into();
        });
        self.load_configuration();
        Ok(InitializeResult {
            capabilities,
            server_info: Some(ServerInfo {
                name: "flowql".to_owned(),
                version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            }),
            offset_encoding: None,
        })
    }

    async fn initialized(&self, _: InitializedParams) {
        self.start_tasks();
    }

    async fn shutdown(&self) -> Result<()> {
        self.shut_down.store(true, Ordering::Relaxed);
        Ok(())
    }

    async fn did_open(&self, params: DidOpenTextDocumentParams) {
        self.state.open(params.text_document);
    }

    async fn did_change(&self, params: DidChangeTextDocumentParams) {
        let VersionedTextDocumentIdentifier { uri, version } = params.text_document;
        match self.state.edit(&uri, version, params.content_changes) {
            Ok(()) => {}
            Err(EditError::NotOpen) => {
                let message = format!("an edit of {} is ignored: it is not open", uri.as_str());
                self.log(MessageType::WARNING, message).await;
            }
            Err(EditError::OldVersion(known)) => {
                let message = format!(
                    "an edit of {} is ignored: its version is {version}, after {known}",
                    uri.as_str()
                );
                self.log(MessageType::WARNING, message).await;
            }
        }
    }

    async fn did_save(&self, _: DidSaveTextDocumentParams) {
        // The file on disk is the text that is known already.
    }

    async fn did_close(&self, params: DidCloseTextDocumentParams) {
        let uri = params.text_document.uri;
        self.state.update(|snapshot| snapshot.close(&uri));
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).remove(&Key::of(&uri));
    }

    async fn did_change_watched_files(&self, params: DidChangeWatchedFilesParams) {
        let changed: Vec<PathBuf> = params.changes.iter().filter_map(|change| path_of(&change.uri)).collect();
        self.files_changed(&changed).await;
    }

    async fn did_change_configuration(&self, _: DidChangeConfigurationParams) {
        // The settings of an editor say how to start the server; the rest is in `flowql.toml`.
    }

    async fn did_change_workspace_folders(&self, params: DidChangeWorkspaceFoldersParams) {
        let paths = |folders: &[WorkspaceFolder]| {
            folders.iter().filter_map(|folder| path_of(&folder.uri)).collect::<Vec<_>>()
        };
        let (added, removed) = (paths(&params.event.added), paths(&params.event.removed));
        self.state.update(|snapshot| {
            let kept = snapshot.roots.iter().filter(|root| !removed.contains(root)).cloned();
            snapshot.roots = kept.chain(added).collect();
        });
        self.load_configuration();
        self.scan().await;
    }

    async fn completion(&self, params: CompletionParams) -> Result<Option<CompletionResponse>> {
        let TextDocumentPositionParams { text_document, position } = params.text_document_position;
        let Some(request) = self.request(&text_document.uri).await? else { return Ok(None) };
        let (request, offer) =
            on_thread(request, move |request| completion::offer(request, position)).await?;
        self.still(&request)?;
        let Some(mut offer) = offer else { return Ok(None) };
        if let Some(found) = self.values.for_completion(&request, &offer.completion).await {
            offer.completion.finish(&request.compiler(), found);
            self.still(&request)?;
        }
        let list = self.count();
        let (items, documentation) = completion::items(&request, &offer, list);
        *self.offered.lock().unwrap_or_else(PoisonError::into_inner) = (list, documentation);
        // What matches is for the server to say: a candidate may be found by its description.
        Ok(Some(CompletionResponse::List(CompletionList { is_incomplete: true, items })))
    }

    async fn completion_resolve(&self, mut item: CompletionItem) -> Result<CompletionItem> {
        let place: Option<(u64, usize)> =
            item.data.as_ref().and_then(|data| serde_json::from_value(data.clone()).ok());
        let offered = self.offered.lock().unwrap_or_else(PoisonError::into_inner);
        let known = place.filter(|(list, _)| *list == offered.0).and_then(|(_, index)| offered.1.get(index));
        if let Some(text) = known {
            let kind = self.state.snapshot().client.markup();
            item.documentation =
                Some(Documentation::MarkupContent(MarkupContent { kind, value: text.clone() }));
        }
        Ok(item)
    }

    async fn hover(&self, params: HoverParams) -> Result<Option<Hover>> {
        let TextDocumentPositionParams { text_document, position } = params.text_document_position_params;
        let Some(request) = self.request(&text_document.uri).await? else { return Ok(None) };
        let (request, found) = on_thread(request, move |request| hover::hover(request, position)).await?;
        let Some((mut hover, number)) = found else {
            self.still(&request)?;
            return Ok(None);
        };
        if let Some(number) = number {
            self.values.learn_names(&request, &[number]).await;
            hover::add_name(&mut hover, self.values.names.get(number));
        }
        self.still(&request)?;
        Ok(Some(hover))
    }

    async fn goto_definition(&self, params: GotoDefinitionParams) -> Result<Option<GotoDefinitionResponse>> {
        let TextDocumentPositionParams { text_document, position } = params.text_document_position_params;
        let found = self
            .answer_of_all(&text_document.uri, move |request| names::definition(request, position))
            .await?;
        Ok(found.filter(|found| !found.is_empty()).map(GotoDefinitionResponse::Array))
    }

    async fn references(&self, params: ReferenceParams) -> Result<Option<Vec<Location>>> {
        let TextDocumentPositionParams { text_document, position } = params.text_document_position;
        let with_definition = params.context.include_declaration;
        self.answer_of_all(&text_document.uri, move |request| {
            names::references(request, position, with_definition)
        })
        .await
    }

    async fn prepare_rename(
        &self,
        params: TextDocumentPositionParams,
    ) -> Result<Option<PrepareRenameResponse>> {
        let TextDocumentPositionParams { text_document, position } = params;
        Ok(self
            .answer_of_all(&text_document.uri, move |request| names::prepare_rename(request, position))
            .await?
            .flatten())
    }

    async fn rename(&self, params: RenameParams) -> Result<Option<WorkspaceEdit>> {
        let TextDocumentPositionParams { text_document, position } = params.text_document_position;
        let to = params.new_name;
        let renamed = self
            .answer_of_all(&text_document.uri, move |request| names::rename(request, position, &to))
            .await?;
        renamed.map_or(Ok(None), |renamed| renamed.map_err(invalid))
    }

    async fn document_highlight(
        &self,
        params: DocumentHighlightParams,
    ) -> Result<Option<Vec<DocumentHighlight>>> {
        let TextDocumentPositionParams { text_document, position } = params.text_document_position_params;
        self.answer(&text_document.uri, move |request| names::highlights(request, position)).await
    }

    async fn document_symbol(&self, params: DocumentSymbolParams) -> Result<Option<DocumentSymbolResponse>> {
        self.answer(&params.text_document.uri, outline::symbols).await
    }

    async fn symbol(&self, params: WorkspaceSymbolParams) -> Result<Option<WorkspaceSymbolResponse>> {
        let _ = self.scanned.subscribe().wait_for(|scanned| *scanned).await;
        let snapshot = self.state.snapshot();
        let found =
            tokio::task::spawn_blocking(move || outline::workspace_symbols(&snapshot, &params.query)).await;
        Ok(Some(WorkspaceSymbolResponse::Flat(found.map_err(|_| Error::internal_error())?)))
    }

    async fn folding_range(&self, params: FoldingRangeParams) -> Result<Option<Vec<FoldingRange>>> {
        self.answer(&params.text_document.uri, outline::folding).await
    }

    async fn selection_range(&self, params: SelectionRangeParams) -> Result<Option<Vec<SelectionRange>>> {
        self.answer(&params.text_document.uri, move |request| outline::selection(request, &params.positions))
            .await
    }

    async fn semantic_tokens_full(
        &self,
        params: SemanticTokensParams,
    ) -> Result<Option<SemanticTokensResult>> {
        let coloured = self.colour(params.text_document.uri).await?;
        let tokens = |(Coloured { id, data }, _)| SemanticTokens { result_id: Some(id), data }.into();
        Ok(coloured.map(tokens))
    }

    async fn semantic_tokens_full_delta(
        &self,
        params: SemanticTokensDeltaParams,
    ) -> Result<Option<SemanticTokensFullDeltaResult>> {
        let Some((Coloured { id, data }, old)) = self.colour(params.text_document.uri).await? else {
            return Ok(None);
        };
        Ok(Some(match old {
            Some(old) if old.id == params.previous_result_id => {
                SemanticTokensDelta { result_id: Some(id), edits: tokens::difference(&old.data, &data) }
                    .into()
            }
            _ => SemanticTokens { result_id: Some(id), data }.into(),
        }))
    }

    async fn semantic_tokens_range(
        &self,
        params: SemanticTokensRangeParams,
    ) -> Result<Option<SemanticTokensRangeResult>> {
        let range = params.range;
        let data = self
            .answer(&params.text_document.uri, move |request| tokens::tokens(request, Some(range)))
            .await?;
        Ok(data.map(|data| SemanticTokens { result_id: None, data }.into()))
    }

    async fn inlay_hint(&self, params: InlayHintParams) -> Result<Option<Vec<InlayHint>>> {
        let range = params.range;
        let Some(request) = self.request(&params.text_document.uri).await? else { return Ok(None) };
        let (request, numbers) = on_thread(request, move |request| hints::as_numbers(request, range)).await?;
        self.values.learn_names(&request, &numbers).await;
        self.still(&request)?;
        Ok(Some(hints::hints(&request, range, &self.values.names)))
    }

    async fn formatting(&self, params: DocumentFormattingParams) -> Result<Option<Vec<TextEdit>>> {
        self.answer(&params.text_document.uri, |request| format::format(request, None)).await
    }

    async fn range_formatting(&self, params: DocumentRangeFormattingParams) -> Result<Option<Vec<TextEdit>>> {
        let range = params.range;
        self.answer(&params.text_document.uri, move |request| format::format(request, Some(range))).await
    }

    async fn code_action(&self, params: CodeActionParams) -> Result<Option<CodeActionResponse>> {
        let uri = params.text_document.uri.clone();
        self.answer(&uri, move |request| actions::actions(request, &params)).await
    }

    async fn code_lens(&self, params: CodeLensParams) -> Result<Option<Vec<CodeLens>>> {
        self.answer(&params.text_document.uri, commands::lenses).await
    }

    async fn diagnostic(&self, params: DocumentDiagnosticParams) -> Result<DocumentDiagnosticReportResult> {
        let found = self.answer(&params.text_document.uri, diagnostics::all).await?;
        let found = found.unwrap_or_default();
        Ok(diagnostics::report(found, params.previous_result_id.as_deref()).into())
    }

    async fn workspace_diagnostic(
        &self,
        params: WorkspaceDiagnosticParams,
    ) -> Result<WorkspaceDiagnosticReportResult> {
        let token = params.work_done_progress_params.work_done_token;
        let old: HashMap<Key, String> = params
            .previous_result_ids
            .into_iter()
            .map(|previous| (Key::of(&previous.uri), previous.value))
            .collect();
        let found = self.check_workspace(token).await?;
        let items = found.into_iter().map(|(document, found)| {
            let old = old.get(&Key::of(&document.uri)).map(String::as_str);
            diagnostics::workspace_report(&document, found, old)
        });
        Ok(WorkspaceDiagnosticReport { items: items.collect() }.into())
    }

    async fn execute_command(&self, params: ExecuteCommandParams) -> Result<Option<LSPAny>> {
        if params.command == commands::CHECK_WORKSPACE {
            return self
                .run_check_workspace(params.work_done_progress_params.work_done_token)
                .await
                .map(Some);
        }
        let target = commands::Target::of(&params.arguments).map_err(invalid)?;
        let Some(request) = self.request(&target.uri).await? else {
            return Err(invalid(format!("{} is not known", target.uri.as_str())));
        };
        let shown = match params.command.as_str() {
            commands::SHOW_SQL => {
                on_thread(request, move |request| commands::show_sql(request, &target)).await
            }
            commands::EXPLAIN => on_thread(request, move |request| commands::explain(request, &target)).await,
            commands::RUN => {
                let shown = values::run(&request, &target).await;
                Ok((request, shown))
            }
            other => return Err(invalid(format!("there is no command `{other}`"))),
        };
        let (request, shown) = shown?;
        self.still(&request)?;
        serde_json::to_value(shown).map(Some).map_err(|_| Error::internal_error())
    }
}

/// The folders of the workspace; older clients have one, as a URI or a path.
#[expect(deprecated, reason = "older clients say it so")]
fn roots(params: &InitializeParams) -> Vec<PathBuf> {
    let folders = params.workspace_folders.as_deref().unwrap_or_default();
    let folders: Vec<PathBuf> = folders.iter().filter_map(|folder| path_of(&folder.uri)).collect();
    if !folders.is_empty() {
        return folders;
    }
    let root = params.root_uri.as_ref().and_then(path_of);
    root.or_else(|| params.root_path.as_ref().map(PathBuf::from)).into_iter().collect()
}
