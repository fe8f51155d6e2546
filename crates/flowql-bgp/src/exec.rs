//! A program announces: for what neither BIRD nor the speaker can reach, as ExaBGP or RouterOS.

use std::ffi::OsString;
use std::process::Stdio;
use std::time::Duration;

use async_trait::async_trait;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;
use tokio::time::timeout;

use crate::announcer::{AnnounceError, Announcer, RouterReport};
use crate::guards::Approved;
use crate::payload::Taken;
use crate::route::RouteSettings;

/// How much of what the program says of an error is kept, in bytes.
const LONGEST: u64 = 4096;

/// Settings of the program.
#[derive(Clone, Debug)]
pub struct ExecSettings {
    /// The program.
    pub program: OsString,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// What routes carry.
    pub routes: RouteSettings,
    /// How long it may run.
    pub patience: Duration,
}

/// Runs a program at each change. It gets JSON on its standard input: what to `announce`, what to `withdraw`, and `all`
/// that is to be announced then. An exit status of zero says that all of it is done.
#[derive(Debug)]
pub struct Exec {
    settings: ExecSettings,
    taken: Taken,
}

impl Exec {
    /// Announces by a program. It is not run yet.
    pub fn new(settings: ExecSettings) -> Self {
        Self { settings, taken: Taken::default() }
    }

    async fn run(&self, payload: String) -> Result<(), AnnounceError> {
        let name = self.settings.program.to_string_lossy().into_owned();
        let refused = |why: String| AnnounceError::Refused(format!("`{name}` {why}"));
        let mut child = Command::new(&self.settings.program)
            .args(&self.settings.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| refused(format!("cannot be run: {error}")))?;
        let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
        let feed = async {
            if let Some(mut stdin) = stdin {
                // A program that does not read says by its exit status whether it is done.
                let _ = stdin.write_all(payload.as_bytes()).await;
            }
        };
        let listen = async {
            let mut said = Vec::new();
            if let Some(mut stderr) = stderr {
                let _ = (&mut stderr).take(LONGEST).read_to_end(&mut said).await;
                // The rest is read so that the program can end.
                let _ = tokio::io::copy(&mut stderr, &mut tokio::io::sink()).await;
            }
            String::from_utf8_lossy(&said).trim().to_owned()
        };
        let all = async { tokio::join!(feed, listen, child.wait()) };
        let Ok(((), said, status)) = timeout(self.settings.patience, all).await else {
            return Err(refused(format!("ran for over {} s", self.settings.patience.as_secs())));
        };
        let status = status.map_err(|error| refused(format!("cannot be waited for: {error}")))?;
        if status.success() { Ok(()) } else { Err(refused(format!("ended with {status}: {said}"))) }
    }
}

#[async_trait]
impl Announcer for Exec {
    async fn announce(&self, rules: &[Approved]) -> Result<(), AnnounceError> {
        self.taken.change(&self.settings.routes, rules, async |payload| self.run(payload).await).await
    }

    async fn routers(&self) -> Result<Vec<RouterReport>, AnnounceError> {
        Ok(vec![self.taken.report(&self.settings.program.to_string_lossy()).await])
    }

    async fn stop(&self) -> Result<(), AnnounceError> {
        self.announce(&[]).await
    }
}
