//! ClickHouse over TLS: a real engine behind a server that ends TLS, with certificates of a self-made authority.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its helpers too"
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use flowql_client::Error;
use flowql_client::testing;
use flowql_client::{Client, ClientOptions, Insert, ServerOptions, Statement};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// Who signs certificates.
type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// The file of the certificate of an authority, as `ca_file` wants it.
fn file(folder: &Path, name: &str, authority: &Authority) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, authority.pem()).unwrap();
    path
}

/// A server that ends TLS, until it is dropped.
struct Terminator {
    port: u16,
    task: JoinHandle<()>,
}

impl Terminator {
    /// In front of the engine, with a certificate for this name.
    async fn new(engine: &str, authority: &Authority, name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, authority).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
            )
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let engine = engine.trim_start_matches("http://").to_owned();
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (acceptor, engine) = (acceptor.clone(), engine.clone());
                tokio::spawn(async move {
                    // A client that does not trust the certificate goes away.
                    let mut client = acceptor.accept(client).await?;
                    let mut engine = TcpStream::connect(engine).await?;
                    copy_bidirectional(&mut client, &mut engine).await
                });
            }
        });
        Self { port, task }
    }

    fn url(&self) -> String {
        format!("https://localhost:{}", self.port)
    }
}

/// The address of a server that speaks HTTP without TLS, as `https`. It is not ClickHouse, whose process some greetings
/// of TLS end (one in about fifty with 26.7).
async fn without_tls() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut greeting = [0; 16];
            client.read_exact(&mut greeting).await?;
            client.write_all(b"HTTP/1.0 400 Bad Request\r\nConnection: close\r\n\r\n").await?;
            // What is left unread would reset the connection before the answer was read.
            tokio::io::copy(&mut client, &mut tokio::io::sink()).await?;
        }
        Ok::<(), std::io::Error>(())
    });
    format!("https://127.0.0.1:{port}")
}

impl Drop for Terminator {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn client(servers: &[String], ca_file: Option<&Path>) -> Client {
    let servers = ServerOptions {
        servers: servers.to_vec(),
        ca_file: ca_file.map(Path::to_path_buf),
        ..ServerOptions::at("")
    };
    Client::remote(&servers, ClientOptions::default()).unwrap()
}

async fn answer(client: &Client) -> Result<u64, Error> {
    let rows = client.rows(&Statement::read("SELECT 6 * 7")).await?.collect().await?;
    Ok(rows[0][0].as_u64().unwrap())
}

#[tokio::test]
async fn queries_and_batches_go_over_tls() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, authority) = (testing::engine().await, authority("ours"));
    let server = Terminator::new(&engine.url(), &authority, "localhost").await;
    let client = client(&[server.url()], Some(&file(folder.path(), "ca.pem", &authority)));
    assert!(client.health().await.unwrap().version.starts_with("26."));
    for sql in
        ["CREATE DATABASE d ENGINE = Atomic", "CREATE TABLE d.t (x UInt64) ENGINE = MergeTree ORDER BY x"]
    {
        client.execute(&Statement::write(sql)).await.unwrap();
    }
    let data: String = (0..100_000).map(|number| format!("{number}\n")).collect();
    let batch = Insert {
        sql: "INSERT INTO d.t FORMAT TSV".into(),
        data: Bytes::from(data),
        token: "one".to_owned(),
        deadline: None,
    };
    client.insert(&batch).await.unwrap();
    let rows = client.rows(&Statement::read("SELECT x FROM d.t ORDER BY x")).await.unwrap();
    let rows = rows.collect().await.unwrap();
    assert_eq!((rows.len(), rows[99_999][0].as_u64()), (100_000, Some(99_999)));
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_is_said_and_the_next_server_asked() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, ours, other) = (testing::engine().await, authority("ours"), authority("another"));
    let ca_file = file(folder.path(), "ca.pem", &ours);
    let good = Terminator::new(&engine.url(), &ours, "localhost").await;
    let signed_by_another = Terminator::new(&engine.url(), &other, "localhost").await;
    let named_otherwise = Terminator::new(&engine.url(), &ours, "clickhouse.example").await;
    let plain = without_tls().await;
    for (server, reason) in [
        (signed_by_another.url(), "nobody who is trusted here has signed its certificate; `ca_file`"),
        (named_otherwise.url(), "certificate not valid for name \"localhost\""),
        (plain, "it does not speak TLS"),
    ] {
        let error = answer(&client(std::slice::from_ref(&server), Some(&ca_file))).await.unwrap_err();
        assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.starts_with(&format!("cannot reach {server}: ")) && text.contains(reason), "{text}");
        // It is not asked for anything: not even a write has been sent to it.
        let both = client(&[server, good.url()], Some(&ca_file));
        both.execute(&Statement::write("SELECT 1")).await.unwrap();
    }
    // Without the file, only the authorities of the system are trusted.
    let error = answer(&client(&[good.url()], None)).await.unwrap_err();
    assert!(error.to_string().contains("`ca_file` in [clickhouse]"), "{error}");
}

#[tokio::test]
async fn a_bad_file_of_certificates_is_an_error_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    let open = || {
        let servers =
            ServerOptions { ca_file: Some(path.clone()), ..ServerOptions::at("https://localhost:8443") };
        Client::remote(&servers, ClientOptions::default()).unwrap_err().to_string()
    };
    assert!(open().starts_with("cannot use the certificates of `"), "{}", open());
    for text in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        std::fs::write(&path, text).unwrap();
        assert!(open().starts_with("cannot use the certificates of `"), "{}", open());
    }
}
