//! The engine of the tests, over ClickHouse's own HTTP interface.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use flowql::Schema;
use flowql_client::{Client, ClientOptions, ServerOptions};
use flowql_embedded::Embedded;
use flowql_tables::{Catalog, Change, Layout, statements};
use tokio::runtime::Runtime;

/// A ClickHouse server with the flow tables in a database of their own.
#[derive(Clone, Debug)]
pub struct Engine {
    /// `127.0.0.1:8123`
    address: String,
    settings: String,
    /// The engine lives as long as this.
    _engine: Arc<(Embedded, Runtime)>,
}

/// A table that goes with a query.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// The columns with their types.
    pub structure: String,
    /// The rows, as RowBinary.
    pub rows: Vec<u8>,
}

/// Sent with every query: the limits, so high that they stop no filter.
const SETTINGS: &[(&str, &str)] = &[
    ("max_query_size", "100000000"),
    ("max_parser_depth", "100000"),
    ("max_ast_depth", "100000"),
    ("max_ast_elements", "10000000"),
    ("max_expanded_ast_elements", "10000000"),
    ("max_threads", "1"),
    ("allow_suspicious_low_cardinality_types", "1"),
    ("wait_end_of_query", "1"),
    ("default_format", "TSVRaw"),
];

const BOUNDARY: &str = "-----flowql-differential-test-5f0e3c";

/// The database of the tables: not `default`, which the engine makes in a way of its own.
const DATABASE: &str = "flowql";

impl Engine {
    /// The embedded engine of the tests, with the tables of a schema.
    ///
    /// # Panics
    ///
    /// When the engine does not start, or refuses a table.
    pub fn start(schema: &Schema) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let embedded = runtime.block_on(flowql_client::testing::engine());
        let address = embedded.url().trim_start_matches("http://").trim_end_matches('/').to_owned();
        let settings: Vec<String> = SETTINGS.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut engine =
            Self { address, settings: settings.join("&"), _engine: Arc::new((embedded, runtime)) };
        let layout = Layout { database: DATABASE.to_owned(), ..Layout::default() };
        for statement in statements(&layout, schema, &Catalog::default(), Change::Add, None) {
            let text = format!("{}\n{}", statement.sql, statement.data.unwrap_or_default());
            engine.execute(&text).unwrap_or_else(|message| panic!("{}: {message}", statement.what));
        }
        engine.settings.push_str(&format!("&database={DATABASE}"));
        engine
    }

    /// A client of a database of its own on the same engine, which is made.
    ///
    /// # Panics
    ///
    /// When the engine does not answer.
    pub fn client(&self, database: &str) -> Client {
        self.execute(&format!("CREATE DATABASE {database} ENGINE = Atomic")).expect("a database");
        let options = ClientOptions { database: database.to_owned(), ..ClientOptions::default() };
        Client::remote(&ServerOptions::at(format!("http://{}", self.address)), options).expect("a client")
    }

    /// The same engine, which compiles every expression to machine code instead of those that it has often seen.
    #[must_use]
    pub fn compiling(&self) -> Self {
        let settings = format!("{}&min_count_to_compile_expression=0", self.settings);
        Self { settings, ..self.clone() }
    }

    /// Runs a statement, with the data that it inserts behind it.
    ///
    /// # Errors
    ///
    /// What the server says.
    pub fn execute(&self, statement: &str) -> Result<String, String> {
        let answer = self.post("text/plain", statement.as_bytes())?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }

    /// Runs a query with its parameters, raw, and the table `rows` where one is given.
    ///
    /// # Errors
    ///
    /// What the server says.
    pub fn query(
        &self,
        sql: &str,
        parameters: &[(String, String)],
        rows: Option<&Table>,
    ) -> Result<Vec<u8>, String> {
        let mut body = Vec::new();
        let mut part = |name: &str, value: &[u8], file: &str| {
            let head =
                format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(value);
            body.extend_from_slice(b"\r\n");
        };
        for (name, value) in parameters {
            part(&format!("param_{name}"), escaped(value).as_bytes(), "");
        }
        part("query", sql.as_bytes(), "");
        if let Some(table) = rows {
            part("rows_structure", table.structure.as_bytes(), "");
            part("rows_format", b"RowBinary", "");
            part("rows", &table.rows, "; filename=\"rows\"");
        }
        body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        self.post(&format!("multipart/form-data; boundary={BOUNDARY}"), &body)
    }

    fn post(&self, kind: &str, body: &[u8]) -> Result<Vec<u8>, String> {
        // HTTP 1.0, so that the answer comes in one piece.
        let head = format!(
            "POST /?{} HTTP/1.0\r\nHost: {}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
            self.settings,
            self.address,
            body.len()
        );
        let exchange = || -> std::io::Result<Vec<u8>> {
            let mut stream = TcpStream::connect(&self.address)?;
            stream.set_read_timeout(Some(Duration::from_secs(120)))?;
            stream.write_all(head.as_bytes())?;
            stream.write_all(body)?;
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer)?;
            Ok(answer)
        };
        let answer = exchange().map_err(|error| format!("no answer from the engine: {error}"))?;
        let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").ok_or("the answer has no head")?;
        let (head, body) = (String::from_utf8_lossy(&answer[..end]), &answer[end + 4..]);
        if head.split(' ').nth(1) == Some("200") {
            return Ok(body.to_vec());
        }
        Err(String::from_utf8_lossy(body).trim().to_owned())
    }
}

/// The value of a parameter as the interface wants it: TSV-escaped.
fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('\t', "\\t")
        .replace('\n', "\\n")
        .replace('\r', "\\r")
        .replace('\0', "\\0")
}
