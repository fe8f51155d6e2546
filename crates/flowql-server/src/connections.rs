//! Accepting connections, and ending them.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use crate::section::ServerLimits;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_io_timeout::TimeoutStream;
use tower_service::Service as _;

use crate::gate::Peer;
use crate::metrics::Metrics;

/// The longest head of a request, in bytes.
const LONGEST_HEAD: usize = 16 * 1024;

/// Answers the connections of a listener until it is told to stop, then ends them within the bound.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    limits: &ServerLimits,
    metrics: &Metrics,
    stop: impl Future<Output = ()>,
) {
    let mut stop = pin!(stop);
    let permits = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Of the connection, or of the process that has too many: the others get time to end.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            }
        };
        let Ok(permit) = Arc::clone(&permits).try_acquire_owned() else {
            refuse(&stream);
            continue;
        };
        let connection = connection(stream, peer, router.clone(), limits);
        let open = metrics.connections.clone();
        open.inc();
        let watched = graceful.watch(connection);
        tokio::spawn(async move {
            // A client that breaks off, or talks no HTTP, is no event.
            let _ = watched.await;
            open.dec();
            drop(permit);
        });
    }
    drop(listener);
    let left = graceful.count();
    tracing::info!(connections = left, "stopping");
    if tokio::time::timeout(Duration::from_millis(limits.stop_ms), graceful.shutdown()).await.is_err() {
        tracing::warn!("requests that did not end in time were broken off");
    }
}

/// Tells a client that there are too many connections, without waiting for what it wants.
fn refuse(stream: &TcpStream) {
    const BODY: &str = "{\"message\":\"too many connections are open\",\"code\":\"overloaded\"}";
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{BODY}",
        BODY.len()
    );
    // A new connection has room for it.
    let _ = stream.try_write(answer.as_bytes());
}

type Connection = http1::Connection<std::pin::Pin<Box<TokioIo<TimeoutStream<TcpStream>>>>, Handler>;

fn connection(stream: TcpStream, peer: SocketAddr, router: Router, limits: &ServerLimits) -> Connection {
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(Duration::from_millis(limits.body_ms)));
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(limits.header_ms))
        .max_header_size(LONGEST_HEAD)
        .serve_connection(Box::pin(TokioIo::new(stream)), Handler { router, peer })
}

/// The routes as they are called by one connection.
struct Handler {
    router: Router,
    peer: SocketAddr,
}

impl hyper::service::Service<hyper::Request<Incoming>> for Handler {
    type Response = Response;
    type Error = std::convert::Infallible;
    type Future = axum::routing::future::RouteFuture<Self::Error>;

    fn call(&self, request: hyper::Request<Incoming>) -> Self::Future {
        let mut request: Request = request.map(Body::new);
        request.extensions_mut().insert(Peer(self.peer));
        self.router.clone().call(request)
    }
}
