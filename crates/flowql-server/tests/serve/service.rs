//! The real service on a free port, and a client for it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use flowql_client::testing;
use serde_json::Value;
use tempfile::TempDir;

/// How long a test waits for what must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// A service that runs. It is killed when the test ends, also when that fails.
pub(crate) struct Service {
    child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) folder: Arc<TempDir>,
    log: Arc<Mutex<Vec<Value>>>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Service {
    /// A service without a backend, with a configuration, in a folder of its own.
    pub(crate) fn start(config: &str, arguments: &[&str]) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        std::fs::write(folder.path().join("flowql.toml"), config).unwrap();
        Self::start_in(folder, &[&["--backend", "none"], arguments].concat())
    }

    /// A service in a folder that is there already.
    pub(crate) fn start_in(folder: Arc<TempDir>, arguments: &[&str]) -> Self {
        let mut command = Command::new(testing::program());
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--data", "data"])
            .args(arguments)
            .current_dir(folder.path())
            // It must not find the store of whoever runs the tests.
            .env("XDG_DATA_HOME", folder.path().join("data"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let reader = BufReader::new(child.stderr.take().unwrap());
        let lines = Arc::clone(&log);
        thread::spawn(move || read_log(reader, &lines));
        let mut service = Self { child, address: SocketAddr::from(([127, 0, 0, 1], 0)), folder, log };
        let listening = service.logged("listening");
        service.address = listening["address"].as_str().unwrap().parse().unwrap();
        service
    }

    /// The first line of the log with that message, once it is there.
    #[track_caller]
    pub(crate) fn logged(&mut self, message: &str) -> Value {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let found = self.log().iter().find(|line| line["message"] == message).cloned();
            if let Some(found) = found {
                return found;
            }
            if let Some(status) = self.child.try_wait().unwrap() {
                thread::sleep(Duration::from_millis(50));
                panic!("ended with {status}: {:?}", self.log());
            }
            thread::sleep(Duration::from_millis(5));
        }
        panic!("no line `{message}` in the log: {:?}", self.log());
    }

    /// Waits until the log has so many lines with a message.
    #[track_caller]
    pub(crate) fn wait_for_log(&self, message: &str, count: usize) {
        let deadline = Instant::now() + PATIENCE;
        while self.log().iter().filter(|line| line["message"] == message).count() < count {
            assert!(Instant::now() < deadline, "not {count} lines `{message}`: {:?}", self.log());
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// The log so far.
    pub(crate) fn log(&self) -> Vec<Value> {
        self.log.lock().unwrap().clone()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        Path::new(self.folder.path()).join(name)
    }

    /// Sends a signal, by the name that `kill` knows.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    /// Waits for the end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "the service does not end");
            thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn connect(&self) -> TcpStream {
        connect(self.address)
    }

    /// Sends a request with further headers and reads the answer.
    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        send(self.address, method, path, headers, body)
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], b"")
    }

    pub(crate) fn post(&self, path: &str, body: &str) -> Answer {
        self.send("POST", path, &[JSON], body.as_bytes())
    }

    /// Sends a question without waiting for its answer: the client goes away when the connection is dropped.
    pub(crate) fn begin(&self, path: &str, question: &Value) -> TcpStream {
        let mut stream = self.connect();
        let body = question.to_string();
        stream.write_all(&request(self.address, "POST", path, &[JSON], body.as_bytes())).unwrap();
        stream
    }

    /// Waits until the metrics have a line.
    #[track_caller]
    pub(crate) fn wait_for_metric(&self, line: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let metrics = self.get("/metrics").has(200);
            if metrics.text().lines().any(|found| found == line) {
                return;
            }
            assert!(Instant::now() < deadline, "no line `{line}` in {}", metrics.text());
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) const JSON: (&str, &str) = ("Content-Type", "application/json");

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// Sends a request on a connection of its own and reads the answer.
pub(crate) fn send(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Answer {
    let mut stream = connect(address);
    stream.write_all(&request(address, method, path, headers, body)).unwrap();
    Answer::read(&mut BufReader::new(stream))
}

/// A request as it is sent.
pub(crate) fn request(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Vec<u8> {
    let mut head = format!("{method} {path} HTTP/1.1\r\nContent-Length: {}\r\n", body.len());
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        head.push_str(&format!("Host: {address}\r\n"));
    }
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    [head.as_bytes(), body].concat()
}

impl Answer {
    /// Reads one answer of a connection.
    pub(crate) fn read(reader: &mut BufReader<TcpStream>) -> Self {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let status = line.split(' ').nth(1).unwrap_or_else(|| panic!("no answer: `{line}`")).parse().unwrap();
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        let mut answer = Self { status, headers, body: Vec::new() };
        if answer.header("transfer-encoding") == Some("chunked") {
            answer.body = chunks(reader);
        } else if let Some(length) = answer.header("content-length") {
            answer.body = vec![0; length.parse().unwrap()];
            reader.read_exact(&mut answer.body).unwrap();
        }
        answer
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The same after the status was compared.
    #[track_caller]
    pub(crate) fn has(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }
}

fn chunks(reader: &mut BufReader<TcpStream>) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let length = usize::from_str_radix(line.trim(), 16).unwrap();
        let mut chunk = vec![0; length + 2];
        reader.read_exact(&mut chunk).unwrap();
        if length == 0 {
            return body;
        }
        body.extend(&chunk[..length]);
    }
}

fn read_log(reader: BufReader<ChildStderr>, lines: &Mutex<Vec<Value>>) {
    for line in reader.lines().map_while(Result::ok) {
        let value = serde_json::from_str(&line).unwrap_or(Value::String(line));
        lines.lock().unwrap().push(value);
    }
}
