//! The HTTP client beneath the official client: connections, and whom TLS trusts.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use super::ServerOptions;
use crate::Error;

/// ClickHouse closes idle connections after three seconds by default; ours are gone before.
const POOL_IDLE: Duration = Duration::from_secs(2);
const KEEPALIVE: Duration = Duration::from_secs(60);

/// A client for these servers.
pub(crate) fn client(options: &ServerOptions) -> Result<clickhouse::Client, Error> {
    let mut connector = HttpConnector::new();
    connector.set_keepalive(Some(KEEPALIVE));
    connector.set_connect_timeout(Some(options.connect));
    connector.set_nodelay(true);
    let mut http = Client::builder(TokioExecutor::new());
    http.pool_idle_timeout(POOL_IDLE);
    // Certificates are read only where they are needed: there may be hundreds.
    let client = if options.servers.iter().any(|server| server.starts_with("https:")) {
        clickhouse::Client::with_http_client(http.build(secure(connector, options.ca_file.as_deref())?))
    } else {
        clickhouse::Client::with_http_client(http.build(connector))
    };
    let client = match &options.user {
        Some(user) => client.with_user(user),
        None => client,
    };
    let client = match &options.password {
        Some(password) => client.with_password(password),
        None => client,
    };
    // Answers are read as they are; what inserts send is compressed where that pays.
    let client = client.with_compression(clickhouse::Compression::None);
    Ok(client.with_product_info("flowql", env!("CARGO_PKG_VERSION")))
}

/// With TLS for the addresses that ask for it.
pub fn secure(
    mut connector: HttpConnector,
    ca_file: Option<&Path>,
) -> Result<HttpsConnector<HttpConnector>, Error> {
    connector.enforce_http(false);
    let mut roots = RootCertStore::empty();
    // Certificates of the system that cannot be read are no trouble of ours, unless none is left.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = ca_file {
        let bad = |error: &dyn std::fmt::Display| Error::Setup {
            message: format!("cannot use the certificates of `{}`: {error}", path.display()),
            help: Some("`ca_file` in [clickhouse] is a PEM file".to_owned()),
        };
        let text = fs::read(path).map_err(|error| bad(&error))?;
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
        let certificates = certificates.map_err(|error| bad(&error))?;
        if certificates.is_empty() {
            return Err(bad(&"it holds none"));
        }
        for certificate in certificates {
            roots.add(certificate).map_err(|error| bad(&error))?;
        }
    }
    if roots.is_empty() {
        return Err(Error::Setup {
            message: "the system trusts no certificate".to_owned(),
            help: Some("install the package `ca-certificates`, or set `ca_file` in [clickhouse]".to_owned()),
        });
    }
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Setup { message: format!("cannot set up TLS: {error}"), help: None })?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(HttpsConnectorBuilder::new()
        .with_tls_config(config)
        .https_or_http()
        .enable_http1()
        .wrap_connector(connector))
}
