//! The ways to announce, behind one trait.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use serde::Serialize;

use crate::guards::Approved;
use crate::route::Route;

/// A way to announce rules. Whichever it is, what it announces is what it was given last, and nothing else.
#[async_trait]
pub trait Announcer: Send + Sync {
    /// Makes exactly these rules announced: withdraws all others. Done when they are on their way to all routers that
    /// have a session; the others get them as soon as they have one.
    ///
    /// # Errors
    ///
    /// Why they could not be announced. What was announced before stays.
    async fn announce(&self, rules: &[Approved]) -> Result<(), AnnounceError>;

    /// What each router was sent.
    ///
    /// # Errors
    ///
    /// Why that is not known.
    async fn routers(&self) -> Result<Vec<RouterReport>, AnnounceError>;

    /// Withdraws everything and ends the sessions. Without this, a program that ends leaves the rules at the routers for
    /// as long as they keep those of a lost session.
    ///
    /// # Errors
    ///
    /// Why that failed.
    async fn stop(&self) -> Result<(), AnnounceError>;
}

/// A router, as an announcer sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RouterReport {
    /// Its name.
    pub name: String,
    /// Whether it has a session.
    pub is_up: bool,
    /// What it says, or what is wrong.
    pub state: String,
    /// The routes that it was sent and that were not withdrawn.
    pub sent: Vec<Route>,
    /// What it was sent that this announcer does not know.
    pub others: Vec<String>,
}

impl RouterReport {
    /// The rules that it was not sent: it has no session, or does not take their family.
    pub fn missing<'a>(&self, rules: &'a [Approved]) -> Vec<&'a Approved> {
        let sent: HashSet<_> = self.sent.iter().map(|route| &route.traffic).collect();
        rules.iter().filter(|rule| !sent.contains(rule.traffic())).collect()
    }

    /// What it was sent, and should not have been: as people read it.
    pub fn extra(&self, rules: &[Approved]) -> Vec<String> {
        let wanted: HashSet<_> = rules.iter().map(Approved::traffic).collect();
        let known =
            self.sent.iter().filter(|route| !wanted.contains(&route.traffic)).map(ToString::to_string);
        known.chain(self.others.iter().cloned()).collect()
    }
}

/// Why something could not be announced.
#[derive(Debug, thiserror::Error)]
pub enum AnnounceError {
    /// A file or a socket.
    #[error("cannot {what} `{}`: {error}", path.display())]
    Io {
        /// What was to be done.
        what: &'static str,
        /// With which file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// BIRD refused.
    #[error("BIRD refuses `{command}`: {answer}")]
    Bird {
        /// The command.
        command: String,
        /// Its answer.
        answer: String,
    },
    /// It took too long.
    #[error("{0} gave no answer in time")]
    Timeout(&'static str),
    /// A command or a service refused.
    #[error("{0}")]
    Refused(String),
}

impl AnnounceError {
    pub(crate) fn io(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::Io { what, path: path.to_owned(), error }
    }
}
