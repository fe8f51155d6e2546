//! `flowql demo-data`: flows to try filters on.

use std::time::{Duration, Instant, SystemTime};

use flowql_simulate::{Demo, Loaded, load as load_flows};

use super::database::Database;
use super::{load, runtime, tables};
use crate::args::{DemoData, Global};
use crate::console;
use crate::failure::{Failure, Status};
use crate::progress::ProgressLine;
use crate::time_range;

/// How long an attempt to store a batch may take.
const DEADLINE: Duration = Duration::from_secs(120);
/// How long a batch may go without being acknowledged.
const PATIENCE: Duration = Duration::from_secs(300);

pub(super) fn run(global: &Global, args: &DemoData) -> Result<Status, Failure> {
    let config = load(global, None)?;
    let bad = |message| Failure::new(message, "see `flowql help demo-data`");
    let end = time_range::parse(&args.end, SystemTime::now()).map_err(bad)?;
    let span = time_range::duration(&args.span).map_err(bad)?;
    let demo = Demo { seed: args.seed, rows: args.rows, end, span };
    runtime()?.block_on(async {
        let database = Database::named(&config, &args.target)?;
        tables::ensure(&config.schema, &database).await?;
        let client = database.client(DEADLINE)?;
        let start = Instant::now();
        let mut line = ProgressLine::new(global.quiet);
        let progress = |loaded: Loaded| line.show(|| bar(loaded.rows, demo.rows, start.elapsed()));
        let loaded = load_flows(&client, &database.layout, &config.schema, &demo, PATIENCE, progress).await?;
        drop(line);
        if !global.quiet {
            let seconds = start.elapsed().as_secs_f64();
            let speed = loaded.rows as f64 / seconds.max(0.001) / 1000.0;
            console::message(&format!(
                "{} flows in {seconds:.1} s, {speed:.0} thousand a second",
                loaded.rows
            ));
        }
        Ok(Status::Good)
    })
}

/// How far it is: `[████      ] 40 %  400k of 1.0m flows, 3 s left`.
fn bar(done: u64, total: u64, elapsed: Duration) -> String {
    const WIDTH: u64 = 30;
    let cells = usize::try_from(done * WIDTH / total.max(1)).unwrap_or_default();
    let room = usize::try_from(WIDTH).unwrap_or_default().saturating_sub(cells);
    let left = elapsed.as_secs_f64() * (total.saturating_sub(done)) as f64 / done.max(1) as f64;
    let percent = done * 100 / total.max(1);
    format!(
        "[{}{}] {percent} %  {done} of {total} flows, {left:.0} s left",
        "█".repeat(cells),
        " ".repeat(room)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_grows() {
        assert_eq!(
            bar(400, 1000, Duration::from_secs(2)),
            "[████████████                  ] 40 %  400 of 1000 flows, 3 s left"
        );
        assert!(bar(0, 0, Duration::ZERO).starts_with('['));
    }
}
