//! The connection: messages in over standard input, messages out over standard output.
//!
//! tower-lsp's own server stops at the first message that is no JSON, and starts the handlers of messages that came
//! together in any order. This one reads each message, starts its handler, and lets it run until it first waits, before
//! it looks at the next message.
//!
//! INVARIANT: what a handler does before it first waits is done in the order of the messages. Notifications change the
//! state in that part, requests take their snapshot of the state in it.

use std::io::{self, BufReader};
use std::panic::AssertUnwindSafe;
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::Duration;

use futures_util::future::FutureExt as _;
use futures_util::{SinkExt as _, StreamExt as _};
use serde::Serialize;
use tokio::sync::mpsc::{self, UnboundedSender};
use tower_lsp::jsonrpc::{Error, Id, Request, Response};
use tower_lsp::{ClientSocket, LanguageServer, LspService};
use tower_service::Service as _;

use crate::frames::{self, Frame};

/// How many messages are read ahead.
const AHEAD: usize = 64;

/// How long the last messages may take to be written.
const FAREWELL: Duration = Duration::from_secs(1);

/// Serves a client until it says `exit`, closes its end, or is gone.
pub(crate) async fn serve<S: LanguageServer>(service: LspService<S>, socket: ClientSocket) {
    let (output, written) = spawn_writer();
    let (requests, answers) = socket.split();
    let asking = tokio::spawn(requests.for_each({
        let output = output.clone();
        move |request| {
            send(&output, &request);
            std::future::ready(())
        }
    }));
    let mut connection = Connection { service, answers, output };
    let mut input = spawn_reader();
    while let Some(frame) = input.recv().await {
        if connection.take(frame).await {
            break;
        }
    }
    asking.abort();
    drop(connection);
    // The writer ends when all who send are gone; a client that does not read is not waited for.
    let _ = tokio::task::spawn_blocking(move || written.recv_timeout(FAREWELL)).await;
}

struct Connection<S> {
    service: LspService<S>,
    answers: <ClientSocket as tower_lsp::Loopback>::ResponseSink,
    output: UnboundedSender<Vec<u8>>,
}

impl<S: LanguageServer> Connection<S> {
    /// Takes a message; says whether it was the last one.
    async fn take(&mut self, frame: Frame) -> bool {
        let bytes = match frame {
            Frame::Message(bytes) => bytes,
            Frame::Malformed(reason) => {
                self.refuse(Error { message: reason.into(), ..Error::parse_error() });
                return false;
            }
        };
        match serde_json::from_slice::<Request>(&bytes) {
            // An answer of the client has no method.
            Ok(request) if !request.method().is_empty() => self.start(request).await,
            _ => {
                match serde_json::from_slice::<Response>(&bytes) {
                    Ok(response) => {
                        let _ = self.answers.send(response).await;
                    }
                    Err(_) if serde_json::from_slice::<serde::de::IgnoredAny>(&bytes).is_ok() => {
                        self.refuse(Error::invalid_request());
                    }
                    Err(error) => {
                        self.refuse(Error { message: error.to_string().into(), ..Error::parse_error() });
                    }
                }
                false
            }
        }
    }

    /// Starts the handler of a request or notification, and lets it run until it first waits.
    async fn start(&mut self, request: Request) -> bool {
        let request = without_needless_parameters(request);
        let last = request.method() == "exit";
        let id = request.id().cloned();
        let handler = AssertUnwindSafe(self.service.call(request)).catch_unwind();
        let mut handler = Box::pin(handler.map(|ended| match ended {
            Ok(answer) => answer.unwrap_or_default(),
            Err(_) => id.map(|id| Response::from_error(id, Error::internal_error())),
        }));
        match futures_util::poll!(&mut handler) {
            std::task::Poll::Ready(answer) => {
                answer.iter().for_each(|answer| send(&self.output, answer));
            }
            std::task::Poll::Pending => {
                let output = self.output.clone();
                tokio::spawn(async move { handler.await.iter().for_each(|answer| send(&output, answer)) });
            }
        }
        last
    }

    /// Answers what is no request.
    fn refuse(&self, error: Error) {
        send(&self.output, &Response::from_error(Id::Null, error));
    }
}

/// The request; `shutdown` and `exit` without parameters. They have none, but lsp-mode of Emacs gives them an empty
/// object, which would be refused.
fn without_needless_parameters(request: Request) -> Request {
    if !matches!(request.method(), "shutdown" | "exit") {
        return request;
    }
    let (method, id, _) = request.into_parts();
    let bare = Request::build(method);
    match id {
        Some(id) => bare.id(id).finish(),
        None => bare.finish(),
    }
}

fn send(output: &UnboundedSender<Vec<u8>>, message: &impl Serialize) {
    // Without a writer the client is gone, and soon so are we.
    let _ = serde_json::to_vec(message).map(|bytes| output.send(bytes));
}

fn spawn_reader() -> mpsc::Receiver<Frame> {
    let (sender, receiver) = mpsc::channel(AHEAD);
    thread::spawn(move || {
        let mut input = BufReader::new(io::stdin().lock());
        while let Ok(Some(frame)) = frames::read(&mut input) {
            if sender.blocking_send(frame).is_err() {
                break;
            }
        }
    });
    receiver
}

/// The sender of messages to the client; the receiver hears when all are written.
fn spawn_writer() -> (UnboundedSender<Vec<u8>>, Receiver<()>) {
    let (sender, mut receiver) = mpsc::unbounded_channel::<Vec<u8>>();
    let (done, written) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let mut output = io::stdout().lock();
        while let Some(message) = receiver.blocking_recv() {
            if frames::write(&mut output, &message).is_err() {
                break;
            }
        }
        drop(done);
    });
    (sender, written)
}
