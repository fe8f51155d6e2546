//! How the threads that write are stopped.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// Says when the threads are to end: once all is written, and at some time in any case.
#[derive(Debug, Default)]
pub(crate) struct Stop {
    until: OnceLock<Instant>,
    asked: Notify,
}

impl Stop {
    /// Asks for the end, at some time at the latest.
    pub(crate) fn ask(&self, until: Instant) {
        self.until.get_or_init(|| until);
        self.asked.notify_waiters();
    }

    /// Whether nothing more will come.
    pub(crate) fn is_asked(&self) -> bool {
        self.until.get().is_some()
    }

    /// Whether it is time to end, whatever is not written.
    pub(crate) fn is_over(&self) -> bool {
        self.until.get().is_some_and(|until| Instant::now() >= *until)
    }

    /// Comes to an end when it is time to end.
    pub(crate) async fn over(&self) {
        let asked = self.asked.notified();
        if !self.is_asked() {
            asked.await;
        }
        if let Some(until) = self.until.get() {
            tokio::time::sleep_until((*until).into()).await;
        }
    }

    /// Waits, unless it is time to end.
    pub(crate) fn pause(&self, time: Duration) {
        const STEP: Duration = Duration::from_millis(50);
        let until = Instant::now() + time;
        while Instant::now() < until && !self.is_over() {
            std::thread::sleep(STEP.min(until.saturating_duration_since(Instant::now())));
        }
    }
}
