//! How far something long is, on standard error.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// How often the line is written anew: on a terminal; in a log.
const TERMINAL: Duration = Duration::from_millis(100);
const LOG: Duration = Duration::from_secs(5);

/// A line that says how far something is: rewritten in place on a terminal, written now and then in a log.
#[derive(Debug)]
pub(crate) struct ProgressLine {
    is_terminal: bool,
    is_quiet: bool,
    shown: Option<Instant>,
}

impl ProgressLine {
    /// A line, which is not shown at all if `is_quiet`.
    pub(crate) fn new(is_quiet: bool) -> Self {
        Self { is_terminal: io::stderr().is_terminal(), is_quiet, shown: None }
    }

    /// Says how far it is. May be called as often as is convenient.
    pub(crate) fn show(&mut self, text: impl FnOnce() -> String) {
        let pause = if self.is_terminal { TERMINAL } else { LOG };
        if self.is_quiet || self.shown.is_some_and(|shown| shown.elapsed() < pause) {
            return;
        }
        self.shown = Some(Instant::now());
        let mut out = io::stderr().lock();
        // Nobody to read it is no error.
        let _ = if self.is_terminal {
            write!(out, "\r{}\x1b[K", text()).and_then(|()| out.flush())
        } else {
            writeln!(out, "{}", text())
        };
    }

    /// Takes the line away, so that other text can follow.
    pub(crate) fn clear(&mut self) {
        if self.is_terminal && self.shown.take().is_some() {
            let _ = write!(io::stderr().lock(), "\r\x1b[K");
        }
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        self.clear();
    }
}

/// As `42 % of 178 MB`.
pub(crate) fn of_bytes(done: u64, total: u64) -> String {
    let percent = done.saturating_mul(100) / total.max(1);
    format!("{percent} % of {} MB", total / 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_shown_as_a_part_of_the_whole() {
        assert_eq!(of_bytes(0, 178_000_000), "0 % of 178 MB");
        assert_eq!(of_bytes(89_000_000, 178_000_000), "50 % of 178 MB");
        assert_eq!(of_bytes(0, 0), "0 % of 0 MB");
    }
}
