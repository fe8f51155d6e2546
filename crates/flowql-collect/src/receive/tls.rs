//! What TLS needs, and a connection with or without it.

use std::io::{self, Read};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use super::Error;
use crate::{ListenSection, ListenTransport};

/// The bytes of a connection.
#[derive(Debug)]
pub(crate) enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
}

impl Stream {
    /// The stream of a connection that was accepted.
    pub(crate) fn new(connection: TcpStream, tls: Option<&Arc<ServerConfig>>) -> io::Result<Self> {
        let Some(config) = tls else { return Ok(Self::Plain(connection)) };
        let session = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
        Ok(Self::Tls(Box::new(StreamOwned::new(session, connection))))
    }

    /// The connection below.
    pub(crate) fn connection(&self) -> &TcpStream {
        match self {
            Self::Plain(connection) => connection,
            Self::Tls(stream) => &stream.sock,
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(connection) => connection.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

/// What a listener shows its clients, and wants of them. `None` where it takes no TLS.
pub(crate) fn config(listen: &ListenSection) -> Result<Option<Arc<ServerConfig>>, Error> {
    if listen.transport != ListenTransport::Tls {
        return Ok(None);
    }
    let certificates = certificates(&listen.certificate_file)?;
    let key = PrivateKeyDer::from_pem_file(&listen.key_file).map_err(bad(&listen.key_file))?;
    let provider = Arc::new(default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_safe_default_protocol_versions().map_err(bad(&listen.certificate_file))?;
    let builder = if listen.client_ca_file.is_empty() {
        builder.with_no_client_auth()
    } else {
        let path = &listen.client_ca_file;
        let mut roots = RootCertStore::empty();
        for certificate in self::certificates(path)? {
            roots.add(certificate).map_err(bad(path))?;
        }
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        builder.with_client_cert_verifier(verifier.build().map_err(bad(path))?)
    };
    let mut config = builder.with_single_cert(certificates, key).map_err(bad(&listen.key_file))?;
    // An exporter need not read. One that closes with tickets unread resets the connection, and what it sent last is lost.
    config.send_tls13_tickets = 0;
    Ok(Some(Arc::new(config)))
}

fn certificates(path: &str) -> Result<Vec<CertificateDer<'static>>, Error> {
    let read = CertificateDer::pem_file_iter(Path::new(path)).and_then(Iterator::collect);
    let certificates: Vec<_> = read.map_err(bad(path))?;
    if certificates.is_empty() { Err(bad(path)("it holds no certificate")) } else { Ok(certificates) }
}

fn bad<E: ToString>(path: &str) -> impl FnOnce(E) -> Error {
    let path = path.to_owned();
    |reason| Error::Tls { path, reason: reason.to_string() }
}
