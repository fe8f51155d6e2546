//! A router of BGP, message by message, that can be as wrong as a test wants it.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const OPEN: u8 = 1;
pub(crate) const UPDATE: u8 = 2;
pub(crate) const NOTIFICATION: u8 = 3;
pub(crate) const KEEPALIVE: u8 = 4;
pub(crate) const REFRESH: u8 = 5;

pub(crate) struct Router {
    listener: TcpListener,
    pub(crate) address: SocketAddr,
}

/// A connection of the speaker.
pub(crate) struct Connection(TcpStream);

/// What a router says first.
#[derive(Clone, Copy)]
pub(crate) struct Open {
    pub(crate) asn: u16,
    pub(crate) hold_time: u16,
    /// Numbers of AFI and SAFI.
    pub(crate) families: &'static [(u8, u8)],
}

pub(crate) const USUAL: Open =
    Open { asn: 64_500, hold_time: 90, families: &[(1, 1), (2, 1), (1, 133), (2, 133)] };

impl Router {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        Self { listener, address }
    }

    pub(crate) async fn accept(&self) -> Connection {
        Connection(self.listener.accept().await.unwrap().0)
    }

    /// A session, up to the first update.
    pub(crate) async fn session(&self, open: Open) -> Connection {
        let mut connection = self.accept().await;
        assert_eq!(connection.read().await.unwrap().0, OPEN);
        connection.open(open).await;
        connection.write(KEEPALIVE, &[]).await;
        assert_eq!(connection.read().await.unwrap().0, KEEPALIVE);
        connection
    }
}

impl Connection {
    /// A message: its type and body; none when the connection has ended.
    pub(crate) async fn read(&mut self) -> Option<(u8, Vec<u8>)> {
        let mut header = [0; 19];
        self.0.read_exact(&mut header).await.ok()?;
        let mut body = vec![0; usize::from(u16::from_be_bytes([header[16], header[17]])) - 19];
        self.0.read_exact(&mut body).await.ok()?;
        Some((header[18], body))
    }

    /// The next message of a type; others are passed over.
    pub(crate) async fn read_until(&mut self, kind: u8) -> Vec<u8> {
        loop {
            let (found, body) = self.read().await.unwrap();
            if found == kind {
                return body;
            }
        }
    }

    pub(crate) async fn write(&mut self, kind: u8, body: &[u8]) {
        let mut message = vec![0xff; 16];
        message.extend((body.len() as u16 + 19).to_be_bytes());
        message.push(kind);
        message.extend(body);
        self.raw(&message).await;
    }

    pub(crate) async fn raw(&mut self, bytes: &[u8]) {
        // The speaker may have gone.
        let _ = self.0.write_all(bytes).await;
    }

    pub(crate) async fn open(&mut self, open: Open) {
        let mut capabilities = vec![2, 0, 65, 4, 0, 0];
        capabilities.extend(open.asn.to_be_bytes());
        for (afi, safi) in open.families {
            capabilities.extend([1, 4, 0, *afi, 0, *safi]);
        }
        let mut body = vec![4];
        body.extend(open.asn.to_be_bytes());
        body.extend(open.hold_time.to_be_bytes());
        body.extend([192, 0, 2, 77, capabilities.len() as u8 + 2, 2, capabilities.len() as u8]);
        body.extend(capabilities);
        self.write(OPEN, &body).await;
    }

    /// The updates up to so many ends of families; of each the bytes.
    pub(crate) async fn updates(&mut self, ends: usize) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        let mut ended = 0;
        while ended < ends {
            let body = self.read_until(UPDATE).await;
            if is_end(&body) {
                ended += 1;
            }
            found.push(body);
        }
        found
    }
}

/// Whether an update says that a family is complete (RFC 4724, 2).
pub(crate) fn is_end(body: &[u8]) -> bool {
    body == [0; 4]
        || matches!(body, [0, 0, 0, length, _, 15, ..] if usize::from(*length) + 4 == body.len() && body.len() <= 11)
}
