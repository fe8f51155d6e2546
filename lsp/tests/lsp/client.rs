//! A small client of the protocol that forgets nothing: a message that a test leaves unread makes the test fail.

use std::collections::VecDeque;
use std::io::{BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use flowql_client::testing;
use serde_json::{Value, json};
use tempfile::TempDir;

/// How long a message may take; generous, for machines that do much at once.
const PATIENCE: Duration = Duration::from_secs(120);

/// A workspace on disk and a server that works in it.
pub(crate) struct Client {
    directory: TempDir,
    process: Child,
    input: Option<ChildStdin>,
    messages: Receiver<Value>,
    /// What was read while looking for something else.
    unread: VecDeque<Value>,
    next_id: i64,
    /// Every message, as a transcript shows it.
    transcript: String,
    ended: bool,
}

/// A client before it starts its server.
pub(crate) struct Start {
    directory: TempDir,
    capabilities: Value,
    options: Value,
    arguments: Vec<String>,
}

impl Start {
    /// A client that can do what editors of today can, but push and pull of diagnostics: it has them pushed.
    pub(crate) fn new() -> Self {
        let capabilities = json!({
            "general": {"positionEncodings": ["utf-16"]},
            "window": {"workDoneProgress": true},
            "workspace": {
                "workspaceEdit": {"documentChanges": true},
                "didChangeWatchedFiles": {"dynamicRegistration": true},
            },
            "textDocument": {
                "completion": {"completionItem": {
                    "snippetSupport": true,
                    "insertReplaceSupport": true,
                    "commitCharactersSupport": true,
                    "resolveSupport": {"properties": ["documentation"]},
                }},
                "hover": {"contentFormat": ["markdown"]},
                "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": [""]}}},
                "documentSymbol": {"hierarchicalDocumentSymbolSupport": true},
            },
        });
        Self {
            directory: tempfile::tempdir().unwrap(),
            capabilities,
            options: Value::Null,
            arguments: Vec::new(),
        }
    }

    /// With a file in the workspace.
    pub(crate) fn with(self, name: &str, text: &str) -> Self {
        let path = self.directory.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    /// With a capability of the client, by its JSON pointer.
    pub(crate) fn can(mut self, pointer: &str, value: Value) -> Self {
        let mut place = &mut self.capabilities;
        for part in pointer.split('/').filter(|part| !part.is_empty()) {
            place = &mut place[part];
        }
        *place = value;
        self
    }

    /// With initialization options.
    pub(crate) fn options(self, options: Value) -> Self {
        Self { options, ..self }
    }

    /// With arguments of the command line.
    pub(crate) fn arguments(self, arguments: &[&str]) -> Self {
        Self { arguments: arguments.iter().map(|&argument| argument.to_owned()).collect(), ..self }
    }

    /// Starts the server and says nothing.
    pub(crate) fn silent(self) -> Client {
        let mut process = Command::new(testing::program())
            .arg("lsp")
            .args(&self.arguments)
            .current_dir(self.directory.path())
            // It must not find the store of whoever runs the tests.
            .env("XDG_DATA_HOME", self.directory.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let (sender, messages) = channel();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        std::thread::spawn(move || {
            while let Some(message) = read(&mut output) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        Client {
            directory: self.directory,
            input: process.stdin.take(),
            process,
            messages,
            unread: VecDeque::new(),
            next_id: 0,
            transcript: String::new(),
            ended: false,
        }
    }

    /// The message that begins a session.
    pub(crate) fn initialize(&self) -> Value {
        let root = format!("file://{}", self.directory.path().display());
        json!({
            "processId": std::process::id(),
            "rootUri": root,
            "workspaceFolders": [{"uri": root, "name": "test"}],
            "capabilities": self.capabilities,
            "initializationOptions": self.options,
        })
    }

    /// Starts the server and a session with it.
    pub(crate) fn run(self) -> Client {
        let watches =
            self.capabilities["workspace"]["didChangeWatchedFiles"]["dynamicRegistration"] == json!(true);
        let params = self.initialize();
        let mut client = self.silent();
        client.request("initialize", params);
        client.notify("initialized", json!({}));
        if watches {
            client.answer("client/registerCapability", Value::Null);
        }
        client.transcript.clear();
        client
    }
}

fn read(output: &mut impl std::io::BufRead) -> Option<Value> {
    let mut length = None;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => {
                let (name, value) = line.split_once(": ").unwrap();
                assert_eq!(name, "Content-Length", "{line}");
                length = value.parse().ok();
            }
        }
    }
    let mut bytes = vec![0; length.unwrap()];
    output.read_exact(&mut bytes).ok()?;
    Some(serde_json::from_slice(&bytes).unwrap())
}

/// The same with places and ranges on one line, as `1:0-1:5`.
fn short(message: &Value) -> Value {
    let place = |value: &Value| {
        let (line, character) = (value.get("line")?.as_u64()?, value.get("character")?.as_u64()?);
        Some(format!("{line}:{character}"))
    };
    let range = |value: &Value| {
        let of_two = value.as_object()?.len() == 2;
        Some(format!("{}-{}", place(value.get("start")?)?, place(value.get("end")?)?)).filter(|_| of_two)
    };
    match message {
        Value::Array(items) => items.iter().map(short).collect(),
        Value::Object(_) if range(message).or(place(message)).is_some() => {
            json!(range(message).or(place(message)))
        }
        Value::Object(members) => {
            members.iter().map(|(name, member)| (name.clone(), short(member))).collect()
        }
        other => other.clone(),
    }
}

impl Client {
    /// The path of a file of the workspace.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The URI of a file of the workspace.
    pub(crate) fn uri(&self, name: &str) -> String {
        format!("file://{}", self.path(name).display())
    }

    pub(crate) fn document(&self, name: &str) -> Value {
        json!({"uri": self.uri(name)})
    }

    /// Writes bytes as they are.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        let input = self.input.as_mut().unwrap();
        input.write_all(bytes).unwrap();
        input.flush().unwrap();
    }

    /// Writes a message, and leaves it to the server whether it is one.
    pub(crate) fn send(&mut self, message: &Value) {
        let text = message.to_string();
        self.note("->", message);
        self.write(format!("Content-Length: {}\r\n\r\n{text}", text.len()).as_bytes());
    }

    pub(crate) fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    /// Sends a request and does not wait for the answer.
    pub(crate) fn ask(&mut self, method: &str, params: Value) -> i64 {
        self.next_id += 1;
        let id = self.next_id;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        id
    }

    /// The answer to a request, whole.
    pub(crate) fn response(&mut self, id: i64) -> Value {
        self.receive(&format!("the answer to {id}"), |message| {
            message["id"] == json!(id) && message.get("method").is_none()
        })
    }

    /// The answer to what was no request.
    pub(crate) fn refused(&mut self) -> Value {
        self.receive("refusal", |message| message["id"].is_null() && message.get("error").is_some())
    }

    /// The result of a request.
    pub(crate) fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.ask(method, params);
        let response = self.response(id);
        assert!(response.get("error").is_none(), "{method}: {response}");
        response["result"].clone()
    }

    /// The error of a request.
    pub(crate) fn error(&mut self, method: &str, params: Value) -> Value {
        let id = self.ask(method, params);
        let response = self.response(id);
        assert!(response.get("result").is_none(), "{method}: {response}");
        response["error"].clone()
    }

    /// The next notification of a method.
    pub(crate) fn notification(&mut self, method: &str) -> Value {
        let found = self.receive(method, |message| message["method"] == json!(method));
        found["params"].clone()
    }

    /// Answers the next request of the server of a method, and gives what it asked.
    pub(crate) fn answer(&mut self, method: &str, result: Value) -> Value {
        let asked =
            self.receive(method, |message| message["method"] == json!(method) && message.get("id").is_some());
        self.send(&json!({"jsonrpc": "2.0", "id": asked["id"], "result": result}));
        asked["params"].clone()
    }

    /// The next message that is wanted. Others wait to be read.
    fn receive(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let place = self.unread.iter().position(&wanted);
        let message = match place.and_then(|place| self.unread.remove(place)) {
            Some(message) => message,
            None => loop {
                let message = match self.messages.recv_timeout(PATIENCE) {
                    Ok(message) => message,
                    Err(error) => panic!("no {what}: {error}; unread: {:?}", self.unread),
                };
                if wanted(&message) {
                    break message;
                }
                self.unread.push_back(message);
            },
        };
        self.note("<-", &message);
        message
    }

    /// Opens a document, and gives the diagnostics that are published for it.
    pub(crate) fn open(&mut self, name: &str, text: &str) -> Value {
        self.open_as(name, "flowql", text);
        self.published(name, 1)
    }

    pub(crate) fn open_as(&mut self, name: &str, language: &str, text: &str) {
        let uri = self.uri(name);
        let document = json!({"uri": uri, "languageId": language, "version": 1, "text": text});
        self.notify("textDocument/didOpen", json!({"textDocument": document}));
    }

    /// Puts a text in the place of a document's, and gives the diagnostics that are published for it.
    pub(crate) fn replace(&mut self, name: &str, version: i64, text: &str) -> Value {
        self.change(name, version, json!([{"text": text}]));
        self.published(name, version)
    }

    pub(crate) fn change(&mut self, name: &str, version: i64, changes: Value) {
        let document = json!({"uri": self.uri(name), "version": version});
        self.notify("textDocument/didChange", json!({"textDocument": document, "contentChanges": changes}));
    }

    /// The diagnostics that are published for a version of a document.
    pub(crate) fn published(&mut self, name: &str, version: i64) -> Value {
        let uri = json!(self.uri(name));
        let found = self.receive(&format!("diagnostics of {name}, version {version}"), |message| {
            message["method"] == json!("textDocument/publishDiagnostics")
                && message["params"]["uri"] == uri
                && message["params"]["version"] == json!(version)
        });
        found["params"]["diagnostics"].clone()
    }

    /// A place of a document, for requests.
    pub(crate) fn at(&self, name: &str, line: u32, character: u32) -> Value {
        json!({"textDocument": self.document(name), "position": {"line": line, "character": character}})
    }

    /// Takes what came of a method that may come any number of times.
    pub(crate) fn forget(&mut self, method: &str) {
        self.unread.retain(|message| message["method"] != json!(method));
    }

    /// Ends the session as the protocol says, and fails if a message was left unread.
    pub(crate) fn end(mut self) {
        self.request("shutdown", Value::Null);
        self.notify("exit", Value::Null);
        let status = self.wait();
        assert_eq!(status, Some(0));
        self.is_read();
    }

    /// Fails if a message was left unread; the server must have ended.
    pub(crate) fn is_read(&mut self) {
        loop {
            match self.messages.recv_timeout(PATIENCE) {
                Ok(message) => self.unread.push_back(message),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("the server has not closed its output"),
            }
        }
        assert!(self.unread.is_empty(), "messages left unread: {:#?}", self.unread);
    }

    /// Closes the input of the server, as a client does that is gone.
    pub(crate) fn hang_up(&mut self) {
        self.input = None;
    }

    /// The exit status, when the server ends by itself.
    pub(crate) fn wait(&mut self) -> Option<i32> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if let Some(status) = self.process.try_wait().unwrap() {
                self.ended = true;
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("the server does not end");
    }

    fn note(&mut self, direction: &str, message: &Value) {
        let text = serde_json::to_string_pretty(&short(message)).unwrap();
        let text = text.replace(&self.directory.path().display().to_string(), "/workspace");
        self.transcript.push_str(&format!("{direction} {text}\n\n"));
    }

    /// The messages since the last transcript, or since the session began.
    pub(crate) fn transcript(&mut self) -> String {
        std::mem::take(&mut self.transcript)
    }
}

/// A test that fails must leave no server behind.
impl Drop for Client {
    fn drop(&mut self) {
        if !self.ended {
            let _ = self.process.kill();
            let _ = self.process.wait();
        }
    }
}
