//! BIRD announces: included files are written, checked and put in place, and BIRD reads them.
//!
//! The operator's configuration includes the four files, each in a static protocol of its own, and has the sessions. A
//! wrong file would keep a BIRD that restarts from starting, so files are checked before they are put in place.

mod socket;
mod text;

pub(crate) use text::statement;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use tokio::sync::Mutex;

use crate::announcer::{AnnounceError, Announcer, RouterReport};
use crate::files;
use crate::guards::Approved;
use crate::route::{Route, RouteSettings};
use crate::rule::RouteFamily;

/// Settings of BIRD.
#[derive(Clone, Debug)]
pub struct BirdSettings {
    /// The control socket.
    pub socket: PathBuf,
    /// The folder of the included files. BIRD must be able to read it.
    pub folder: PathBuf,
    /// What routes carry. BIRD itself sets the next hops and the AS.
    pub routes: RouteSettings,
    /// The names of the protocols of BIRD that are the sessions with the routers.
    pub routers: Vec<String>,
    /// The tables that the files' routes are in.
    pub tables: BirdTables,
}

/// The names of BIRD's tables.
#[derive(Clone, Debug)]
pub struct BirdTables {
    /// Blackholes of IPv4.
    pub blackhole4: String,
    /// Blackholes of IPv6.
    pub blackhole6: String,
    /// Flowspec of IPv4.
    pub flowspec4: String,
    /// Flowspec of IPv6.
    pub flowspec6: String,
}

impl Default for BirdTables {
    fn default() -> Self {
        Self {
            blackhole4: "rtbh4".to_owned(),
            blackhole6: "rtbh6".to_owned(),
            flowspec4: "flowtab4".to_owned(),
            flowspec6: "flowtab6".to_owned(),
        }
    }
}

impl BirdTables {
    fn name(&self, family: RouteFamily) -> &str {
        match family {
            RouteFamily::Blackhole4 => &self.blackhole4,
            RouteFamily::Blackhole6 => &self.blackhole6,
            RouteFamily::Flowspec4 => &self.flowspec4,
            RouteFamily::Flowspec6 => &self.flowspec6,
        }
    }
}

/// Announces by a BIRD that runs.
#[derive(Debug)]
pub struct Bird {
    settings: BirdSettings,
    /// What was announced, by the text that BIRD prints. Also, one change at a time.
    known: Mutex<HashMap<String, Route>>,
}

/// The file of a family, and what BIRD calls such a table.
const fn names(family: RouteFamily) -> (&'static str, &'static str) {
    match family {
        RouteFamily::Blackhole4 => ("rtbh4.conf", "ipv4"),
        RouteFamily::Blackhole6 => ("rtbh6.conf", "ipv6"),
        RouteFamily::Flowspec4 => ("flow4.conf", "flow4"),
        RouteFamily::Flowspec6 => ("flow6.conf", "flow6"),
    }
}

impl Bird {
    /// Announces by the BIRD of these settings. Nothing is asked of it yet.
    pub fn new(settings: BirdSettings) -> Self {
        Self { settings, known: Mutex::new(HashMap::new()) }
    }

    /// Creates the files that are missing, so that a BIRD that includes them can start.
    ///
    /// # Errors
    ///
    /// That the folder or a file cannot be written.
    pub fn prepare(&self) -> Result<(), AnnounceError> {
        for family in RouteFamily::ALL {
            let path = self.path(family);
            if !path.exists() {
                write(&path, "")?;
            }
        }
        Ok(())
    }

    fn path(&self, family: RouteFamily) -> PathBuf {
        self.settings.folder.join(names(family).0)
    }

    /// Has BIRD read the statements as a configuration of their own, without using it.
    async fn check(&self, files: &[(RouteFamily, String)]) -> Result<(), AnnounceError> {
        let folder = self.settings.folder.join("staging");
        let mut check = "router id 192.0.2.1;\nprotocol device { }\n".to_owned();
        for (family, text) in files {
            let (file, kind) = names(*family);
            let path = folder.join(file);
            write(&path, text)?;
            let path = path.display();
            check.push_str(&format!(
                "{kind} table check_{kind};\nprotocol static check_static_{kind} {{\n{kind} {{ table check_{kind}; }};\n\
                 include \"{path}\";\n}}\n"
            ));
        }
        let path = folder.join("check.conf");
        write(&path, &check)?;
        self.must(&format!("configure check \"{}\"", path.display())).await
    }

    async fn must(&self, command: &str) -> Result<(), AnnounceError> {
        socket::must(&self.settings.socket, command).await.map(drop)
    }

    /// Puts the files in place and has BIRD read them; the old ones come back if it refuses.
    async fn apply(&self, files: &[(RouteFamily, String)]) -> Result<(), AnnounceError> {
        let mut before = Vec::with_capacity(files.len());
        for (family, text) in files {
            let path = self.path(*family);
            let old = std::fs::read_to_string(&path).unwrap_or_default();
            if old != *text {
                write(&path, text)?;
                before.push((path, old));
            }
        }
        let result = match self.must("configure check").await {
            Ok(()) => self.must("configure").await,
            Err(error) => Err(error),
        };
        if matches!(result, Err(AnnounceError::Bird { .. })) {
            for (path, old) in before {
                write(&path, &old)?;
            }
        }
        result
    }

    async fn router(
        &self,
        name: &str,
        known: &HashMap<String, Route>,
    ) -> Result<RouterReport, AnnounceError> {
        let answer = socket::must(&self.settings.socket, &format!("show protocols \"{name}\"")).await?;
        let state = answer
            .lines
            .iter()
            .map(|line| line.trim())
            .find(|line| line.split_whitespace().next() == Some(name));
        let state = state.unwrap_or("not known to BIRD").to_owned();
        let is_up = state.split_whitespace().any(|word| word == "Established");
        let mut report =
            RouterReport { name: name.to_owned(), is_up, state, sent: Vec::new(), others: Vec::new() };
        if !is_up {
            return Ok(report);
        }
        for family in RouteFamily::ALL {
            let table = self.settings.tables.name(family);
            let command = format!("show route table {table} export {name} all");
            let answer = socket::ask(&self.settings.socket, &command).await?;
            // It refuses where the router does not take the family.
            if answer.code >= 8000 {
                continue;
            }
            for text in text::printed(&answer.lines) {
                match known.get(&text) {
                    Some(route) => report.sent.push(route.clone()),
                    None => report.others.push(text),
                }
            }
        }
        Ok(report)
    }
}

#[async_trait]
impl Announcer for Bird {
    async fn announce(&self, rules: &[Approved]) -> Result<(), AnnounceError> {
        let mut known = self.known.lock().await;
        let routes: Vec<Route> = rules.iter().map(|rule| self.settings.routes.route(rule)).collect();
        let files = RouteFamily::ALL.map(|family| {
            let of_family = routes.iter().filter(|route| route.traffic.family() == family);
            (family, of_family.map(text::statement).collect::<String>())
        });
        match self.check(&files).await {
            Ok(()) => self.apply(&files).await?,
            Err(refusal @ AnnounceError::Bird { .. }) => return Err(refusal),
            Err(error) => {
                // BIRD does not run: it is to find the right files when it starts.
                for (family, text) in &files {
                    write(&self.path(*family), text)?;
                }
                return Err(error);
            }
        }
        *known = routes.into_iter().map(|route| (text::expected(&route), route)).collect();
        Ok(())
    }

    async fn routers(&self) -> Result<Vec<RouterReport>, AnnounceError> {
        let known = self.known.lock().await;
        let mut reports = Vec::with_capacity(self.settings.routers.len());
        for name in &self.settings.routers {
            reports.push(self.router(name, &known).await?);
        }
        Ok(reports)
    }

    async fn stop(&self) -> Result<(), AnnounceError> {
        self.announce(&[]).await
    }
}

/// Others may read the files: BIRD has a user of its own.
fn write(path: &Path, text: &str) -> Result<(), AnnounceError> {
    files::replace(path, text.as_bytes()).map_err(AnnounceError::io("write", path))
}
