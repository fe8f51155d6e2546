//! How far something long is, on standard error.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use flowql_client::Progress;

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

/// As `1.2 of 10.0 million rows, 340 MB, 3 s`; only the time where no more is known.
pub(crate) fn of_query(progress: &Progress, took: Duration) -> String {
    let &Progress { rows_read, bytes_read, rows_total } = progress;
    let seconds = took.as_secs();
    if rows_read == 0 {
        return format!("{seconds} s");
    }
    let (unit, called) = match rows_read.max(rows_total) {
        0..10_000 => (1.0, ""),
        10_000..1_000_000 => (1e3, "thousand "),
        _ => (1e6, "million "),
    };
    let digits = usize::from(unit > 1.0);
    let count = |rows: u64| format!("{:.digits$}", rows as f64 / unit);
    let of = if rows_total < rows_read { String::new() } else { format!(" of {}", count(rows_total)) };
    format!("{}{of} {called}rows, {} MB, {seconds} s", count(rows_read), bytes_read.div_ceil(1_000_000))
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

    #[test]
    fn a_query_is_shown_by_its_rows() {
        for (rows_read, rows_total, bytes_read, expected) in [
            (0, 0, 0, "3 s"),
            (7, 9_000, 10, "7 of 9000 rows, 1 MB, 3 s"),
            (12_345, 60_000, 2_000_000, "12.3 of 60.0 thousand rows, 2 MB, 3 s"),
            (1_200_000, 10_000_000, 340_000_000, "1.2 of 10.0 million rows, 340 MB, 3 s"),
            (1_200_000, 0, 340_000_000, "1.2 million rows, 340 MB, 3 s"),
        ] {
            let progress = Progress { rows_read, bytes_read, rows_total };
            assert_eq!(of_query(&progress, Duration::from_secs(3)), expected);
        }
    }
}
