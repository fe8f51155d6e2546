//! A service announces, over HTTP: an upstream's interface, or something of one's own.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, ResponseFuture};
use hyper_util::rt::TokioExecutor;
use tokio::time::timeout;
use url::Url;

use crate::announcer::{AnnounceError, Announcer, RouterReport};
use crate::guards::Approved;
use crate::payload::Taken;
use crate::route::RouteSettings;

/// How much of an answer is read, in bytes.
const LONGEST: usize = 4096;

/// Settings of the service.
#[derive(Clone, Debug)]
pub struct WebhookSettings {
    /// The address that changes are posted to.
    pub url: Url,
    /// More headers, as `Authorization`.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// What routes carry.
    pub routes: RouteSettings,
    /// How long an answer may take.
    pub patience: Duration,
}

/// A client with or without TLS, which needs certificates of the system.
#[derive(Debug)]
enum Http {
    Plain(Client<HttpConnector, Full<Bytes>>),
    Secure(Client<HttpsConnector<HttpConnector>, Full<Bytes>>),
}

impl Http {
    fn request(&self, request: http::Request<Full<Bytes>>) -> ResponseFuture {
        match self {
            Self::Plain(client) => client.request(request),
            Self::Secure(client) => client.request(request),
        }
    }
}

/// Posts the JSON that [`Exec`](crate::Exec) gives to programs. An answer of 200 to 299 says that all of it is done.
#[derive(Debug)]
pub struct Webhook {
    settings: WebhookSettings,
    client: Http,
    taken: Taken,
}

impl Webhook {
    /// Announces by a service. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// That the address is not of HTTP, or that TLS cannot be set up.
    pub fn new(settings: WebhookSettings) -> Result<Self, AnnounceError> {
        if !matches!(settings.url.scheme(), "http" | "https") {
            return Err(AnnounceError::Refused(format!("`{}` is not an address of HTTP", settings.url)));
        }
        let builder = Client::builder(TokioExecutor::new());
        let client = if settings.url.scheme() == "https" {
            let connector = flowql_client::http::secure(HttpConnector::new(), None);
            Http::Secure(builder.build(connector.map_err(|error| AnnounceError::Refused(error.to_string()))?))
        } else {
            Http::Plain(builder.build(HttpConnector::new()))
        };
        Ok(Self { settings, client, taken: Taken::default() })
    }

    async fn post(&self, payload: String) -> Result<(), AnnounceError> {
        // The address may hold a secret; its host does not.
        let host = self.settings.url.host_str().unwrap_or_default().to_owned();
        let refused = |why: String| AnnounceError::Refused(format!("the webhook at {host} {why}"));
        let mut request =
            http::Request::post(self.settings.url.as_str()).header(CONTENT_TYPE, "application/json");
        for (name, value) in &self.settings.headers {
            request = request.header(name, value);
        }
        let request = request
            .body(Full::new(Bytes::from(payload)))
            .map_err(|error| refused(format!("cannot be asked: {error}")))?;
        let exchange = async {
            let answer =
                self.client.request(request).await.map_err(|error| refused(format!("fails: {error}")))?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), LONGEST).collect().await;
            let said = body.map_or_else(|_| Bytes::new(), http_body_util::Collected::to_bytes);
            if status.is_success() {
                return Ok(());
            }
            Err(refused(format!("answers {status}: {}", String::from_utf8_lossy(&said).trim())))
        };
        timeout(self.settings.patience, exchange).await.map_err(|_| AnnounceError::Timeout("the webhook"))?
    }
}

#[async_trait]
impl Announcer for Webhook {
    async fn announce(&self, rules: &[Approved]) -> Result<(), AnnounceError> {
        self.taken.change(&self.settings.routes, rules, async |payload| self.post(payload).await).await
    }

    async fn routers(&self) -> Result<Vec<RouterReport>, AnnounceError> {
        Ok(vec![self.taken.report(self.settings.url.host_str().unwrap_or_default()).await])
    }

    async fn stop(&self) -> Result<(), AnnounceError> {
        self.announce(&[]).await
    }
}
