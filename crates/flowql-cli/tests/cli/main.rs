//! The tool as its users meet it: the built binary, its two streams and its exit status.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helpers too")]

mod check;
mod collector;
mod columns;
mod compile;
mod config;
mod counters;
mod decode;
#[cfg(unix)]
mod detect;
mod editor;
mod emit;
mod engine;
mod exporters;
mod flow_file;
mod fmt;
mod formats;
mod grep;
mod help;
mod import;
mod lines;
#[cfg(unix)]
mod reload;
mod routes;
mod simulate;
mod streams;
mod tables;
#[cfg(unix)]
mod tail;
#[cfg(unix)]
mod terminal;
#[cfg(unix)]
mod up;

use std::fmt::{Display, Formatter};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// An empty directory in which the tool runs.
struct Place {
    directory: TempDir,
}

/// What a run gave.
struct Ran {
    status: Option<i32>,
    stdout: String,
    stderr: String,
    /// The command line, for the description of a snapshot.
    line: String,
}

impl Place {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    /// The same with a file in it.
    fn with(self, name: &str, text: impl AsRef<[u8]>) -> Self {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// The command, its environment free of what the tool heeds.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_flowql"));
        command.args(arguments).current_dir(self.directory.path());
        // Nor does it find the store of whoever runs the tests.
        command.env("XDG_DATA_HOME", self.path("data"));
        for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "TERM"] {
            command.env_remove(name);
        }
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, "")
    }

    fn run_with(&self, arguments: &[&str], input: impl AsRef<[u8]>) -> Ran {
        finish(self.command(arguments), arguments, input.as_ref())
    }
}

/// Runs a command to its end.
fn finish(mut command: Command, arguments: &[&str], input: &[u8]) -> Ran {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // The tool may end before it has read everything.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    Ran {
        status: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
        line: format!("flowql {}", arguments.join(" ")),
    }
}

/// Runs the tool in an empty directory.
fn run(arguments: &[&str]) -> Ran {
    Place::new().run(arguments)
}

impl Ran {
    #[track_caller]
    fn has_status(self, status: i32) -> Self {
        assert_eq!(self.status, Some(status), "{}\n{self}", self.line);
        self
    }

    /// Standard output as JSON.
    #[track_caller]
    fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}", self.stdout))
    }
}

impl Display for Ran {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        let status = self.status.map_or("none".to_owned(), |status| status.to_string());
        write!(formatter, "status: {status}")?;
        for (name, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !text.is_empty() {
                write!(formatter, "\n--- {name}\n{}", text.strip_suffix('\n').unwrap_or(text))?;
            }
        }
        Ok(())
    }
}

/// Compares a run with its snapshot, in the folder of the workspace.
#[track_caller]
fn snapshot(name: &str, ran: &Ran) {
    snapshot_of(name, &ran.line, &ran.to_string());
}

#[track_caller]
fn snapshot_of(name: &str, description: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../../../snapshots/cli");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_description(description);
    settings.bind(|| insta::assert_snapshot!(name, text));
}
