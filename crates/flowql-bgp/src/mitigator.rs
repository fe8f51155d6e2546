//! From candidates to routers: guards, then the disk, then the announcer.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::announcer::{AnnounceError, Announcer};
use crate::files;
use crate::guards::{Admission, Approved, GuardSettings, Situation};
use crate::rule::Candidate;
use crate::store::{Store, StoreError, Stored};

/// How long a rule counts as new, in seconds.
const NEW: u64 = 60;

/// Why rules are not announced as they are to be.
#[derive(Debug, thiserror::Error)]
pub enum MitigateError {
    /// The state is not on disk, so nothing was announced.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It is on disk and will be announced at the next chance.
    #[error(transparent)]
    Announce(#[from] AnnounceError),
}

/// What is to be announced, by the state on disk. It is read before the announcer starts, which so can begin with it.
#[derive(Debug)]
pub struct Mitigations {
    guards: GuardSettings,
    store: Store,
    stored: Stored,
    kill_switch: PathBuf,
    admission: Admission,
}

impl Mitigations {
    /// Reads the state in a folder, and has the guards look at it again: the time went by, and settings may have
    /// changed.
    ///
    /// # Errors
    ///
    /// That the state cannot be read.
    pub fn open(guards: GuardSettings, folder: &Path, now: u64) -> Result<Self, StoreError> {
        let store = Store::new(folder);
        let stored = store.load()?;
        let kill_switch = folder.join("kill");
        let mut found = Self { guards, store, stored, kill_switch, admission: Admission::default() };
        found.admission = found.admit(now);
        Ok(found)
    }

    /// The rules to announce.
    pub fn rules(&self) -> &[Approved] {
        &self.admission.approved
    }

    /// Whether something was announced when the state was written, so that routers may have it.
    pub fn is_restart(&self) -> bool {
        !self.stored.announced.is_empty()
    }

    /// What the guards said last.
    pub const fn admission(&self) -> &Admission {
        &self.admission
    }

    /// The kill switch: while this file exists, nothing is announced. Its content does not matter.
    pub fn kill_switch(&self) -> &Path {
        &self.kill_switch
    }

    /// Whether the kill switch is on; also where that cannot be found out.
    pub fn is_killed(&self) -> bool {
        !matches!(self.kill_switch.try_exists(), Ok(false))
    }

    fn admit(&self, now: u64) -> Admission {
        let announced: HashSet<_> = self.stored.announced.iter().cloned().collect();
        let fresh = self.stored.fresh.iter().filter(|since| now.saturating_sub(**since) < NEW).count();
        let situation = Situation {
            now,
            killed: self.is_killed(),
            announced: &announced,
            fresh: u32::try_from(fresh).unwrap_or(u32::MAX),
        };
        self.guards.admit(self.stored.wanted.clone(), &situation)
    }

    /// Has the guards look again and writes what came of it, where it or the candidates changed. Says whether what is
    /// announced changed.
    fn renew(&mut self, now: u64, are_new: bool) -> Result<bool, StoreError> {
        let admission = self.admit(now);
        let before: HashSet<_> = self.stored.announced.iter().collect();
        let announced: Vec<_> = admission.approved.iter().map(|rule| rule.traffic().clone()).collect();
        let new = announced.iter().filter(|traffic| !before.contains(traffic)).count();
        let mut stored = Stored { announced, ..self.stored.clone() };
        stored.fresh.retain(|since| now.saturating_sub(*since) < NEW);
        stored.fresh.extend(std::iter::repeat_n(now, new));
        let is_changed = admission.approved != self.admission.approved;
        if are_new || stored != self.stored {
            self.store.save(&stored)?;
            self.stored = stored;
        }
        self.admission = admission;
        Ok(is_changed)
    }
}

/// Keeps announced what is to be announced.
pub struct Mitigator {
    mitigations: Mitigations,
    announcer: Arc<dyn Announcer>,
    /// Whether the announcer has not taken what it was given last.
    is_due: bool,
}

impl Mitigator {
    /// Announces the mitigations. Nothing happens before the first [`Self::want`] or [`Self::tick`].
    pub fn new(mitigations: Mitigations, announcer: Arc<dyn Announcer>) -> Self {
        Self { mitigations, announcer, is_due: true }
    }

    /// Makes these the candidates: the guards choose among them, what they pass is written to the disk and then
    /// announced, everything else is withdrawn.
    ///
    /// # Errors
    ///
    /// Where the state cannot be written, nothing changes; where the announcer fails, [`Self::tick`] tries again.
    pub async fn want(&mut self, candidates: Vec<Candidate>, now: u64) -> Result<&Admission, MitigateError> {
        let before = std::mem::replace(&mut self.mitigations.stored.wanted, candidates);
        match self.mitigations.renew(now, true) {
            Ok(is_changed) => self.is_due |= is_changed,
            Err(error) => {
                self.mitigations.stored.wanted = before;
                return Err(error.into());
            }
        }
        self.announce().await?;
        Ok(&self.mitigations.admission)
    }

    /// To be called every second or so: ends rules whose time is over, looks at the kill switch, and announces again
    /// what an announcer did not take.
    ///
    /// # Errors
    ///
    /// As for [`Self::want`].
    pub async fn tick(&mut self, now: u64) -> Result<&Admission, MitigateError> {
        self.is_due |= self.mitigations.renew(now, false)?;
        self.announce().await?;
        Ok(&self.mitigations.admission)
    }

    async fn announce(&mut self) -> Result<(), AnnounceError> {
        if self.is_due {
            self.announcer.announce(self.mitigations.rules()).await?;
            self.is_due = false;
        }
        Ok(())
    }

    /// Turns the kill switch on, which withdraws everything, or off.
    ///
    /// # Errors
    ///
    /// That the file cannot be written or removed.
    pub async fn kill(&mut self, is_on: bool, now: u64) -> Result<&Admission, MitigateError> {
        let path = self.mitigations.kill_switch.clone();
        let done = match is_on {
            true => files::replace(&path, b""),
            false => std::fs::remove_file(&path).or_else(|error| match error.kind() {
                io::ErrorKind::NotFound => Ok(()),
                _ => Err(error),
            }),
        };
        done.map_err(|error| StoreError::Io { what: "change", path, error })?;
        self.tick(now).await
    }

    /// The mitigations.
    pub const fn mitigations(&self) -> &Mitigations {
        &self.mitigations
    }

    /// The announcer.
    pub fn announcer(&self) -> &Arc<dyn Announcer> {
        &self.announcer
    }
}
