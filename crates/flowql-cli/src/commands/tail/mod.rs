//! `flowql tail`: flows as collectors write them.

mod counted;
mod rows;

use std::time::{Duration, Instant};

use flowql::{Options, Severity};
use flowql_client::Error as ClientError;
use flowql_collect::TailCounts;
use flowql_connect::{Event, Service};
use tokio::sync::mpsc;

use self::counted::Counted;
use self::rows::Rows;
use super::{compile, exporters, load, runtime};
use crate::args::{Global, Tail};
use crate::console::{self, Output};
use crate::failure::{Failure, Status};
use crate::input;

/// How long a collector may take to begin.
const DEADLINE: Duration = Duration::from_secs(10);

/// A collector that says nothing for so long is gone: it counts every second.
const SILENCE: Duration = Duration::from_secs(15);

/// Events that wait to be printed.
const WAITING: usize = 256;

pub(super) fn run(global: &Global, args: Tail) -> Result<Status, Failure> {
    let config = load(global, None)?;
    let input = input::filter(args.filter.clone(), &config.limits)?;
    // Saved filters and limits may be others there: what is wrong here is said as everywhere, and the rest by the collector.
    let mut found = config.compiler().check(&input.text, Options::default()).diagnostics;
    // No table is read: hints are about those.
    found.retain(|found| found.severity != Severity::Hint);
    let text = input.text.clone();
    if compile::report(global, input, found) != Status::Good {
        return Ok(Status::Bad);
    }
    let urls = if args.url.is_empty() { vec![exporters::collector(&config)?] } else { args.url.clone() };
    runtime()?.block_on(watch(global, &args, &text, &urls))
}

/// What a collector said, by its number among those that are asked.
enum Said {
    /// A flow, as JSON.
    Flow(String),
    /// What it counted.
    Counts(TailCounts),
    /// It says no more, and why.
    Ended(Option<ClientError>),
}

/// Prints what the collectors say, until it is enough.
async fn watch(global: &Global, args: &Tail, text: &str, urls: &[String]) -> Result<Status, Failure> {
    let (sender, mut receiver) = mpsc::channel(WAITING);
    let rows = Rows::new(args);
    let columns = rows.asked();
    // They end with the runtime.
    for (number, url) in urls.iter().enumerate() {
        let service = Service::new(url).map_err(Failure::from)?;
        let (sender, filter, columns) = (sender.clone(), text.to_owned(), columns.clone());
        let rate = args.rate.to_string();
        tokio::spawn(async move {
            let mut parameters = vec![("filter", filter.as_str()), ("rate", rate.as_str())];
            parameters.extend(columns.as_deref().map(|columns| ("columns", columns)));
            let ended = ask(&service, &parameters, number, &sender).await.err();
            // That nobody hears it is not an error.
            let _ = sender.send((number, Said::Ended(ended))).await;
        });
    }
    drop(sender);
    let mut printing = Printing {
        rows,
        counted: Counted::new(urls.len(), args.rate),
        is_quiet: global.quiet,
        left: args.max_count.unwrap_or(u64::MAX),
    };
    let interrupted = tokio::signal::ctrl_c();
    tokio::pin!(interrupted);
    let mut status = Status::Good;
    while printing.left > 0 {
        let (number, said) = tokio::select! {
            said = receiver.recv() => match said {
                Some(said) => said,
                None => break,
            },
            _ = &mut interrupted => break,
        };
        if let Said::Ended(error) = said {
            status = Status::Unusable;
            ended(urls.get(number).map_or("", String::as_str), error.as_ref());
        } else {
            let mut output = Output::new();
            printing.print(&mut output, number, said)?;
            // What came with it is printed with it.
            while printing.left > 0
                && let Ok((number, said)) = receiver.try_recv()
            {
                match said {
                    Said::Ended(error) => {
                        status = Status::Unusable;
                        ended(urls.get(number).map_or("", String::as_str), error.as_ref());
                    }
                    said => printing.print(&mut output, number, said)?,
                }
            }
            output.finish()?;
        }
    }
    printing.counted.finish(global.quiet);
    Ok(status)
}

/// Takes what a collector says until it says no more.
async fn ask(
    service: &Service,
    parameters: &[(&str, &str)],
    number: usize,
    sender: &mpsc::Sender<(usize, Said)>,
) -> Result<(), ClientError> {
    let mut events = service.events("api/v1/tail", parameters, DEADLINE).await?;
    loop {
        let event = tokio::time::timeout(SILENCE, events.next()).await;
        let Some(event) = event.map_err(|_| ClientError::Deadline(SILENCE))?? else { return Ok(()) };
        let Some(said) = said(event) else { continue };
        if sender.send((number, said)).await.is_err() {
            return Ok(());
        }
    }
}

fn said(Event { name, data }: Event) -> Option<Said> {
    match name.as_str() {
        "" => Some(Said::Flow(data)),
        "counts" => serde_json::from_str(&data).ok().map(Said::Counts),
        // Of a newer collector.
        _ => None,
    }
}

/// Says that a collector says no more.
fn ended(url: &str, error: Option<&ClientError>) {
    match error {
        Some(error) => exporters::unasked(url, error),
        None => console::error(
            &format!("`flowql collect` at {url} has ended"),
            Some("start it again, then `flowql tail`"),
        ),
    }
}

/// What is printed.
struct Printing {
    rows: Rows,
    counted: Counted,
    is_quiet: bool,
    left: u64,
}

impl Printing {
    fn print(&mut self, output: &mut Output, number: usize, said: Said) -> Result<(), Failure> {
        match said {
            Said::Flow(json) => {
                self.rows.print(output, &json)?;
                self.left -= 1;
                self.counted.shown += 1;
            }
            Said::Counts(counts) => {
                self.counted.take(number, counts);
                if !self.is_quiet {
                    self.counted.say(Instant::now());
                }
            }
            Said::Ended(_) => {}
        }
        Ok(())
    }
}
