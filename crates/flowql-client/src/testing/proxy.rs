//! A proxy that does to the connections through it what networks and servers do to them.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its helpers too"
)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What happens to a connection.
#[derive(Clone, Debug)]
pub enum Fault {
    /// It is closed before it has brought anything.
    Closed,
    /// It is accepted, and nothing comes.
    Silent,
    /// The answer is cut off after so many bytes.
    CutAfter(usize),
    /// The request never reaches the server: this is the answer.
    Answer(&'static str),
}

/// A proxy, until it is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// A proxy to the server of this address.
    ///
    /// # Panics
    ///
    /// When no port can be had.
    pub async fn new(server: &str, fault: Fault) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&connections);
        let server = server.trim_start_matches("http://").to_owned();
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::Relaxed);
                let (server, fault) = (server.clone(), fault.clone());
                // Either side may go at any time.
                tokio::spawn(async move { drop(pass(client, &server, fault).await) });
            }
        });
        Self { address, connections, task }
    }

    /// The address to connect to.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How often it was connected to.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass(mut client: TcpStream, server: &str, fault: Fault) -> std::io::Result<()> {
    match fault {
        Fault::Closed => {}
        Fault::Silent => tokio::time::sleep(Duration::from_secs(60)).await,
        Fault::CutAfter(length) => {
            let mut server = TcpStream::connect(server).await?;
            let (mut from_client, mut to_client) = client.split();
            let (from_server, mut to_server) = server.split();
            let answer = async {
                let mut start = from_server.take(length as u64);
                tokio::io::copy(&mut start, &mut to_client).await
            };
            tokio::select! {
                _ = answer => {}
                _ = tokio::io::copy(&mut from_client, &mut to_server) => {}
            }
        }
        Fault::Answer(answer) => {
            read_request(&mut client).await?;
            client.write_all(answer.as_bytes()).await?;
        }
    }
    Ok(())
}

/// The first piece of a request: of the small ones of the tests, all of it.
async fn read_request(client: &mut TcpStream) -> std::io::Result<String> {
    let mut buffer = vec![0; 1 << 16];
    let mut length = 0;
    while !String::from_utf8_lossy(&buffer[..length]).contains("\r\n\r\n") {
        match client.read(&mut buffer[length..]).await? {
            0 => break,
            more => length += more,
        }
    }
    Ok(String::from_utf8_lossy(&buffer[..length]).into_owned())
}
