//! The backend `service`: a running `flowql serve`, over HTTP.
//!
//! It asks the service to complete a filter, so that the values are those that its page and its console offer: for the
//! editors of people who may reach the service, and not the database behind it. It runs no queries.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use flowql::ide::Suggestion;
use flowql::tables::Operator;
use futures_util::future::try_join_all;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, ResponseFuture};
use hyper_util::rt::TokioExecutor;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::time::timeout;
use url::Url;

use flowql_backend::{Backend, Capabilities, Error, ValueQuery, Values};
use flowql_client::{Error as ClientError, Health};
use flowql_tables::{StoredColumn, StoredSchema, StoredTable};

use crate::events::Events;

/// How long a call other than one for values may take.
const DEADLINE: Duration = Duration::from_secs(5);

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(2);

/// The most bytes of an answer; a schema has some hundred thousand.
const LONGEST: usize = 4 * 1024 * 1024;

/// The backend `service`.
#[derive(Debug)]
pub struct Service {
    base: Url,
    http: Http,
}

/// A client with or without TLS.
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

impl Service {
    /// The service at an address, as `http://127.0.0.1:8080`; it may have a path, as behind a proxy. Nothing is asked
    /// of it yet.
    ///
    /// # Errors
    ///
    /// That the address is no URL of the scheme `http` or `https`, or that the system trusts no certificate.
    pub fn new(address: &str) -> Result<Self, ClientError> {
        let bad = |reason: &str| ClientError::Setup {
            message: format!("`{address}` is no address of a service: {reason}"),
            help: Some("give one as http://127.0.0.1:8080".to_owned()),
        };
        let mut base = Url::parse(address).map_err(|error| bad(&error.to_string()))?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(bad("its scheme is not http or https"));
        }
        if base.host_str().is_none() {
            return Err(bad("it names no host"));
        }
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT));
        let builder = Client::builder(TokioExecutor::new());
        let http = if base.scheme() == "https" {
            Http::Secure(builder.build(flowql_client::http::secure(connector, None)?))
        } else {
            Http::Plain(builder.build(connector))
        };
        Ok(Self { base, http })
    }

    /// What it says at a path, as `api/v1/exporters`.
    ///
    /// # Errors
    ///
    /// That it cannot be reached, does not answer within the time, or says what is not asked for.
    pub async fn get<T: DeserializeOwned>(&self, path: &str, deadline: Duration) -> Result<T, ClientError> {
        self.call(path, None, deadline).await
    }

    /// What it answers to a JSON object that is sent to a path.
    ///
    /// # Errors
    ///
    /// That it cannot be reached, does not answer within the time, or refuses.
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: serde_json::Value,
        deadline: Duration,
    ) -> Result<T, ClientError> {
        self.call(path, Some(body), deadline).await
    }

    /// The events that it sends at a path, with these parameters, until it ends them.
    ///
    /// # Errors
    ///
    /// That it cannot be reached, or does not begin within the time; what it says where it refuses.
    pub async fn events(
        &self,
        path: &str,
        parameters: &[(&str, &str)],
        deadline: Duration,
    ) -> Result<Events, ClientError> {
        let failed = |reason: String| ClientError::Unreachable { server: self.server(), reason };
        let mut url = self.base.join(path).map_err(|error| failed(error.to_string()))?;
        url.query_pairs_mut().extend_pairs(parameters);
        let asked = timeout(deadline, self.send(&url, "text/event-stream", None)).await;
        let response = asked.map_err(|_| ClientError::Deadline(deadline))??;
        if response.status() == http::StatusCode::OK {
            return Ok(Events::new(response.into_body(), self.server()));
        }
        let (status, body) =
            timeout(deadline, self.whole(response)).await.map_err(|_| ClientError::Deadline(deadline))??;
        Err(match status {
            // What is asked for is not there, or wrong.
            http::StatusCode::BAD_REQUEST | http::StatusCode::NOT_FOUND => {
                ClientError::Setup { message: problem(status, &body), help: None }
            }
            other => self.refusal(other, &body),
        })
    }

    /// The address without user, password, query or path, for messages.
    fn server(&self) -> String {
        self.base.origin().ascii_serialization()
    }

    /// The answer to a request: a `POST` where there is a body.
    async fn call<T: DeserializeOwned>(
        &self,
        path: &str,
        body: Option<serde_json::Value>,
        deadline: Duration,
    ) -> Result<T, ClientError> {
        let answer = timeout(deadline, self.exchange(path, body)).await;
        answer.map_err(|_| ClientError::Deadline(deadline))?
    }

    async fn exchange<T: DeserializeOwned>(
        &self,
        path: &str,
        body: Option<serde_json::Value>,
    ) -> Result<T, ClientError> {
        let failed = |reason: String| ClientError::Unreachable { server: self.server(), reason };
        let url = self.base.join(path).map_err(|error| failed(error.to_string()))?;
        let (status, body) = self.whole(self.send(&url, "application/json", body).await?).await?;
        if status != http::StatusCode::OK {
            return Err(self.refusal(status, &body));
        }
        serde_json::from_slice(&body)
            .map_err(|error| self.broken(format!("it is not what a service says: {error}")))
    }

    async fn send(
        &self,
        url: &Url,
        accept: &str,
        body: Option<serde_json::Value>,
    ) -> Result<http::Response<Incoming>, ClientError> {
        let failed = |reason: String| ClientError::Unreachable { server: self.server(), reason };
        let builder = http::Request::builder()
            .method(if body.is_some() { http::Method::POST } else { http::Method::GET })
            .uri(url.as_str())
            .header(http::header::ACCEPT, accept)
            .header(http::header::CONTENT_TYPE, "application/json");
        let bytes = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        let request = builder.body(Full::new(bytes)).map_err(|error| failed(error.to_string()))?;
        self.http.request(request).await.map_err(|error| failed(reason(&error)))
    }

    /// The status of a response, and its body.
    async fn whole(
        &self,
        response: http::Response<Incoming>,
    ) -> Result<(http::StatusCode, Bytes), ClientError> {
        let status = response.status();
        let body = Limited::new(response.into_body(), LONGEST).collect().await;
        Ok((status, body.map_err(|error| self.broken(error.to_string()))?.to_bytes()))
    }

    fn broken(&self, reason: String) -> ClientError {
        ClientError::Interrupted { server: self.server(), reason }
    }

    /// What a status other than OK says.
    fn refusal(&self, status: http::StatusCode, body: &[u8]) -> ClientError {
        match status {
            http::StatusCode::UNAUTHORIZED => ClientError::Credentials { server: self.server() },
            http::StatusCode::TOO_MANY_REQUESTS | http::StatusCode::SERVICE_UNAVAILABLE => ClientError::Busy,
            // What is asked for cannot be done, or not by this user.
            http::StatusCode::CONFLICT | http::StatusCode::FORBIDDEN => {
                ClientError::Setup { message: problem(status, body), help: None }
            }
            other => self.broken(problem(other, body)),
        }
    }
}

/// What a client says went wrong, down to the cause.
fn reason(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// What a service says went wrong.
fn problem(status: http::StatusCode, body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Problem {
        message: String,
    }
    let said = serde_json::from_slice::<Problem>(body).map(|problem| problem.message);
    said.unwrap_or_else(|_| format!("it answers with the status {status}"))
}

#[derive(Deserialize)]
struct Completed {
    candidates: Vec<Candidate>,
    #[serde(default)]
    incomplete: Option<String>,
}

#[derive(Deserialize)]
struct Candidate {
    label: String,
    kind: String,
    detail: String,
}

#[derive(Deserialize)]
struct Schema {
    columns: Vec<Column>,
    tables: Vec<Table>,
    #[serde(default)]
    incomplete: Option<String>,
}

#[derive(Deserialize)]
struct Column {
    name: String,
    clickhouse_type: String,
}

#[derive(Deserialize)]
struct Table {
    name: String,
    resolution: u64,
    columns: Vec<String>,
}

#[derive(Deserialize)]
struct Version {
    version: String,
}

/// The filter whose end the service is to complete.
fn question(request: &ValueQuery) -> String {
    let operator = request.operator.unwrap_or(Operator::Eq);
    let rest = request.rest.as_ref().map(|rest| format!("({}\n) AND ", rest.text)).unwrap_or_default();
    let open = if matches!(operator, Operator::In | Operator::NotIn) { "(" } else { "" };
    let value = if request.quoted {
        format!("\"{}", request.prefix.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        request.prefix.clone()
    };
    format!("{rest}{} {} {open}{value}", request.column, operator.symbol())
}

/// The name of an AS number among suggestions, which may write it as `AS15169`.
pub(crate) fn name_of(number: u32, suggestions: &[Suggestion]) -> Option<String> {
    let written = [number.to_string(), format!("AS{number}")];
    let found = suggestions.iter().find(|found| written.contains(&found.value));
    found.map(|found| found.detail.clone()).filter(|name| !name.is_empty())
}

#[async_trait]
impl Backend for Service {
    fn name(&self) -> &'static str {
        "service"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { values: true, queries: false, tables: true }
    }

    async fn values(&self, request: &ValueQuery) -> Result<Values, Error> {
        let limit = request.limit.saturating_add(request.exclude.len());
        let body = json!({"filter": question(request), "limit": limit});
        let answer: Completed = self.call("api/v1/complete", Some(body), request.deadline).await?;
        let values = answer.candidates.into_iter().filter(|candidate| candidate.kind == "value");
        let suggestions = values
            .map(|candidate| Suggestion { value: candidate.label, detail: candidate.detail })
            .filter(|found| !request.exclude.contains(&found.value))
            .take(request.limit);
        Ok(Values { suggestions: suggestions.collect(), incomplete: answer.incomplete })
    }

    /// The service has no other way to say the name of a number than by completing it.
    async fn as_names(&self, numbers: &[u32]) -> Result<BTreeMap<u32, String>, Error> {
        let asked = numbers.iter().map(|&number| async move {
            let found =
                self.values(&ValueQuery::of("SrcAS", Some(Operator::Eq), &number.to_string(), 50)).await?;
            Ok::<_, Error>((number, name_of(number, &found.suggestions)))
        });
        let names = try_join_all(asked).await?.into_iter();
        Ok(names.filter_map(|(number, name)| Some((number, name?))).collect())
    }

    async fn stored(&self) -> Result<StoredSchema, Error> {
        let schema: Schema = self.call("api/v1/schema", None, DEADLINE).await?;
        if let Some(reason) = schema.incomplete {
            return Err(ClientError::Interrupted { server: self.server(), reason }.into());
        }
        let kind = |name: &str| {
            let column = schema.columns.iter().find(|column| column.name == name);
            column.map(|column| column.clickhouse_type.clone()).unwrap_or_default()
        };
        let tables = schema.tables.iter().map(|table| StoredTable {
            name: table.name.clone(),
            resolution: Duration::from_secs(table.resolution),
            columns: table
                .columns
                .iter()
                .map(|name| StoredColumn { kind: kind(name), name: name.clone() })
                .collect(),
            ..StoredTable::default()
        });
        Ok(StoredSchema { tables: tables.collect(), ..StoredSchema::default() })
    }

    async fn health(&self) -> Result<Health, Error> {
        let began = Instant::now();
        let Version { version } = self.call("version", None, DEADLINE).await?;
        Ok(Health { version, latency: began.elapsed() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_stands_at_the_end_of_a_filter() {
        let asked = |column, operator, prefix, quoted| {
            question(&ValueQuery { quoted, ..ValueQuery::of(column, Some(operator), prefix, 5) })
        };
        assert_eq!(asked("SrcAS", Operator::Eq, "15", false), "SrcAS = 15");
        assert_eq!(asked("SrcAS", Operator::NotIn, "", false), "SrcAS NOTIN (");
        assert_eq!(asked("InIfName", Operator::Eq, "a\"\\", true), "InIfName = \"a\\\"\\\\");
    }

    #[test]
    fn addresses_are_checked() {
        for bad in ["", "x", "ftp://host", "http://", "host:1"] {
            assert!(matches!(Service::new(bad), Err(ClientError::Setup { .. })), "{bad}");
        }
        let service = Service::new("http://user:secret@host:1/a/b?x").unwrap();
        assert_eq!(service.server(), "http://host:1");
        assert_eq!(service.base.join("version").unwrap().path(), "/a/b/version");
    }
}
