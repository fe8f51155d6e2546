//! The language server of FlowQL, over standard input and output.
//!
//! It knows the protocol, and nothing of the language: every answer comes from the editor layer of the core,
//! `flowql::ide`, and is put into the types and units of the protocol here.

mod capabilities;
mod client;
mod document;
mod features;
mod frames;
mod names;
mod options;
mod request;
mod server;
mod snapshot;
mod state;
mod tasks;
mod transport;
mod values;
mod workspace;

use std::io;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;

use flowql_backend::Backend;
use flowql_config::{Config, Registry};
use futures_util::future::select;
use tower_lsp::LspService;

use server::{Server, ServerHandle};

/// Opens the backend that a configuration names, if it names one; the error is told to the user.
pub type OpenBackend = dyn Fn(&Config) -> Result<Option<Arc<dyn Backend>>, String> + Send + Sync;

/// How the server is started.
pub struct Start {
    /// The configuration file, unless the client names another one.
    pub config: Option<PathBuf>,
    /// Read no configuration.
    pub no_config: bool,
    /// The sections that a configuration may have.
    pub sections: Registry,
    /// What opens the backend of a configuration.
    pub open: Box<OpenBackend>,
}

/// Serves one client until it says `exit`, closes its end, or is gone. The answer is the exit status that the protocol
/// asks for: 0 if the client asked for the shutdown before, else 1.
///
/// # Errors
///
/// That the system gives no means to wait for input.
pub fn run(start: Start) -> io::Result<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let status = runtime.block_on(serve(start));
    // The thread that reads standard input may wait for ever.
    runtime.shutdown_background();
    Ok(status)
}

async fn serve(start: Start) -> u8 {
    let (service, socket) = LspService::new(|client| ServerHandle(Arc::new(Server::new(client, start))));
    let server = service.inner().clone();
    let connection = pin!(transport::serve(service, socket));
    let gone = pin!(tasks::parent_gone(&server));
    select(connection, gone).await;
    u8::from(!server.was_shut_down())
}
