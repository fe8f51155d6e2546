//! IPFIX over TLS, with certificates of self-made authorities.

use std::collections::HashSet;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;

use flowql_collect::receive::{Inherited, Receiver};
use flowql_collect::{CollectSection, ListenSection, ListenTransport};
use flowql_queue::{Journal, Settings, Transport};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tempfile::TempDir;

use crate::support::{Collector, ipfix, wait_for};

/// Who signs certificates.
type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A listener with a certificate for `localhost`, which wants exporters to have one of this authority.
fn listen(folder: &Path, authority: &Authority) -> ListenSection {
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(["localhost".to_owned()]).unwrap().signed_by(&key, authority).unwrap();
    let write = |name: &str, text: String| {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    ListenSection {
        transport: ListenTransport::Tls,
        certificate_file: write("certificate.pem", certificate.pem()),
        key_file: write("key.pem", key.serialize_pem()),
        client_ca_file: write("ca.pem", authority.pem()),
        ..ListenSection::at("127.0.0.1:0")
    }
}

/// An exporter that trusts one authority and has a certificate of another, if any.
fn export(
    to: SocketAddr,
    trusted: &Authority,
    signer: Option<&Authority>,
) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.der().clone()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots);
    let config = match signer {
        None => builder.with_no_client_auth(),
        Some(signer) => {
            let key = KeyPair::generate().unwrap();
            let certificate =
                CertificateParams::new(["router".to_owned()]).unwrap().signed_by(&key, signer).unwrap();
            let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
            builder.with_client_auth_cert(vec![certificate.der().clone()], key).unwrap()
        }
    };
    let session = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
    StreamOwned::new(session, TcpStream::connect(to).unwrap())
}

#[test]
fn messages_over_tls_are_kept() {
    let (folder, authority) = (TempDir::new().unwrap(), authority("ours"));
    let section = listen(folder.path(), &authority);
    let collector = Collector::start(|collect| collect.listen = vec![section]);
    let mut exporter = export(collector.address(0), &authority, Some(&authority));
    let messages = [ipfix(20), ipfix(u16::MAX), ipfix(16)];
    exporter.write_all(&messages.concat()).unwrap();
    exporter.conn.send_close_notify();
    exporter.flush().unwrap();
    drop(exporter);
    wait_for("the end", || collector.queue.kept().iter().any(|kept| kept.bytes.is_none()));
    let (listeners, kept) = collector.stop();
    assert_eq!((listeners[0].counters.queued, listeners[0].counters.received), (3, 3));
    assert!(
        kept.iter().all(|kept| kept.transport == Transport::Tls && kept.connection == kept.connection.max(1))
    );
    let kept: Vec<_> = kept.into_iter().map(|kept| kept.bytes).collect();
    assert_eq!(kept, messages.into_iter().map(Some).chain([None]).collect::<Vec<_>>());
}

#[test]
fn exporters_without_a_certificate_of_the_authority_are_refused() {
    let (folder, ours, theirs) = (TempDir::new().unwrap(), authority("ours"), authority("theirs"));
    let section = listen(folder.path(), &ours);
    let collector = Collector::start(|collect| collect.listen = vec![section]);
    for (refused, signer) in (1..).zip([None, Some(&theirs)]) {
        let mut exporter = export(collector.address(0), &ours, signer);
        // With TLS 1.3 the exporter learns it when it reads.
        let outcome: io::Result<usize> =
            exporter.write_all(&ipfix(20)).and_then(|()| exporter.read(&mut [0]));
        assert!(outcome.is_err(), "{outcome:?}");
        wait_for("an error", || collector.counters().errors == refused);
    }
    // One that does not speak TLS at all.
    TcpStream::connect(collector.address(0)).unwrap().write_all(&ipfix(20)).unwrap();
    wait_for("an error", || collector.counters().errors == 3);
    let (listeners, kept) = collector.stop();
    assert_eq!(listeners[0].counters.received, 0);
    assert_eq!(kept.len(), 0, "what was never a connection has no end");
}

#[test]
fn files_that_cannot_be_used_are_errors() {
    let (folder, ours) = (TempDir::new().unwrap(), authority("ours"));
    let queue = Arc::new(Journal::open(&folder.path().join("journal"), Settings::default()).unwrap());
    let empty = folder.path().join("empty.pem").to_str().unwrap().to_owned();
    fs::write(&empty, "").unwrap();
    let other = folder.path().join("other.pem").to_str().unwrap().to_owned();
    fs::write(&other, KeyPair::generate().unwrap().serialize_pem()).unwrap();
    let good = listen(folder.path(), &ours);
    let error = |section: ListenSection| {
        let collect = CollectSection { listen: vec![section], ..CollectSection::default() };
        let queue: Arc<Journal> = Arc::clone(&queue);
        Receiver::start(&collect, Inherited::default(), HashSet::new(), queue).unwrap_err().to_string()
    };
    let missing = error(ListenSection { certificate_file: "/none.pem".to_owned(), ..good.clone() });
    assert!(
        missing.starts_with("cannot use `/none.pem` for TLS: ") && missing.contains("No such file"),
        "{missing}"
    );
    let none = error(ListenSection { client_ca_file: empty.clone(), ..good.clone() });
    assert_eq!(none, format!("cannot use `{empty}` for TLS: it holds no certificate"));
    let wrong = error(ListenSection { key_file: other.clone(), ..good });
    assert!(wrong.starts_with(&format!("cannot use `{other}` for TLS: ")), "{wrong}");
}
