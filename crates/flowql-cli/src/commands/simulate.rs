//! `flowql simulate`: exporters to try a collector on.

mod destination;
mod summary;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use flowql_simulate::{Network, PROTOCOLS, RouteSender, Settings, Simulation};

use self::destination::Destination;
use super::runtime;
use crate::args::{Global, Simulate};
use crate::console;
use crate::failure::{Failure, Status};
use crate::progress::ProgressLine;
use crate::time_range;

pub(super) fn run(global: &Global, args: &Simulate) -> Result<Status, Failure> {
    if args.list {
        return summary::list(args.json);
    }
    let settings = settings(args);
    let start = time_range::parse(&args.start, SystemTime::now()).map_err(|message| bad(&message))?;
    let start = start.duration_since(UNIX_EPOCH).unwrap_or_default();
    let network = Network::new(args.seed);
    let simulation =
        Simulation::new(&network, &settings, milliseconds(start)).map_err(|error| bad(&error.to_string()))?;
    let mut destination = Destination::open(args)?;
    let routes = args.bmp.map(|target| announce(&network, settings.exporters, target, global)).transpose()?;
    let begun = Instant::now();
    let mut run =
        Run { simulation, routes, pace: Pace::new(args), start, line: ProgressLine::new(global.quiet) };
    run.all(&mut destination)?;
    let summary = run.simulation.summary().clone();
    if let Some((routes, target)) = run.routes.take() {
        routes.finish().map_err(|error| lost(target, &error))?;
    }
    drop(run);
    let refused = destination.finish()?;
    let took = begun.elapsed();
    summary::print(&summary, refused, took, args, global.quiet)
}

/// The sessions of BMP, with the address that they go to.
type Routes = (RouteSender, SocketAddr);

fn announce(
    network: &Network,
    exporters: u16,
    target: SocketAddr,
    global: &Global,
) -> Result<Routes, Failure> {
    let sender = RouteSender::connect(network, exporters, target).map_err(|error| lost(target, &error))?;
    if !global.quiet {
        let announced = sender.announced();
        let (routes, peers) = (announced.routes, announced.peers);
        console::message(&format!(
            "{exporters} sessions of BMP: {routes} routes, of {peers} peers and their own"
        ));
    }
    Ok((sender, target))
}

fn lost(target: SocketAddr, error: &std::io::Error) -> Failure {
    Failure::new(
        format!("cannot send routes to `{target}`: {error}"),
        "start `flowql collect`, or name the address of `listen` in [bmp] with --bmp",
    )
}

fn bad(message: &str) -> Failure {
    Failure::new(message, "see `flowql help simulate`")
}

fn settings(args: &Simulate) -> Settings {
    let protocols = if args.protocol.is_empty() { PROTOCOLS.to_vec() } else { args.protocol.clone() };
    Settings {
        seed: args.seed,
        exporters: args.exporters.unwrap_or(protocols.len() as u16),
        protocols,
        scenarios: args.scenario.clone(),
        attack: args.attack,
        batch: args.batch.into(),
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// A simulation that runs.
struct Run<'w> {
    simulation: Simulation<'w>,
    routes: Option<Routes>,
    pace: Pace,
    /// When the first flow ends, since 1970.
    start: Duration,
    line: ProgressLine,
}

impl Run<'_> {
    fn all(&mut self, destination: &mut Destination) -> Result<(), Failure> {
        /// For how long nobody wonders how far it is.
        const SHORT: Duration = Duration::from_secs(1);
        let mut ready = Vec::new();
        while let Some(after) = self.pace.next() {
            let now = self.start + after;
            if let Some((routes, target)) = &mut self.routes {
                routes.tick(milliseconds(now)).map_err(|error| lost(*target, &error))?;
            }
            let made = self.simulation.step(milliseconds(now), &mut ready);
            // A flow that nobody can tell of takes its time, too.
            self.pace.made += made.max(1);
            for datagram in ready.drain(..) {
                destination.send(now, &datagram)?;
            }
            let pace = &self.pace;
            if pace.begun.elapsed() >= SHORT {
                self.line.show(|| pace.text());
            }
        }
        let end = self.start + self.pace.last;
        self.simulation.finish(milliseconds(end), &mut ready);
        ready.iter().try_for_each(|datagram| destination.send(end, datagram))
    }
}

/// When flows are due.
struct Pace {
    rate: Option<u64>,
    /// Whether it is not waited: the times are those of a capture.
    is_capture: bool,
    most: u64,
    until: Duration,
    begun: Instant,
    made: u64,
    /// When the last flow was due, since the beginning.
    last: Duration,
    interrupted: Arc<AtomicBool>,
}

impl Pace {
    fn new(args: &Simulate) -> Self {
        /// How many seconds a capture has of which nobody says how long it is.
        const CAPTURE: u64 = 60;
        let is_capture = args.pcap.is_some();
        let is_endless = args.seconds.is_none() && args.flows.is_none();
        let seconds = args.seconds.or((is_capture && is_endless).then_some(CAPTURE));
        Self {
            rate: args.rate.0,
            is_capture,
            most: args.flows.unwrap_or(u64::MAX),
            until: seconds.map_or(Duration::MAX, Duration::from_secs),
            begun: Instant::now(),
            made: 0,
            last: Duration::ZERO,
            interrupted: interruption(),
        }
    }

    /// Waits until the next flow is due, and says when that is, since the beginning; `None` at the end. Times do not
    /// depend on how fast it goes, unless it cannot keep up.
    fn next(&mut self) -> Option<Duration> {
        /// How far it may be ahead before it waits, and how far behind before its times follow the clock.
        const AHEAD: Duration = Duration::from_millis(1);
        const BEHIND: Duration = Duration::from_secs(1);
        /// How long it does not look whether it was interrupted.
        const NAP: Duration = Duration::from_millis(100);
        if self.made >= self.most {
            return None;
        }
        let mut due = match self.rate {
            Some(rate) => Duration::from_secs_f64(self.made as f64 / rate as f64),
            None => self.begun.elapsed(),
        };
        if !self.is_capture {
            let mut elapsed = self.begun.elapsed();
            while due.min(self.until) > elapsed + AHEAD && !self.is_interrupted() {
                thread::sleep((due.min(self.until) - elapsed).min(NAP));
                elapsed = self.begun.elapsed();
            }
            due = due.max(elapsed.saturating_sub(BEHIND));
        }
        if due >= self.until || self.is_interrupted() {
            return None;
        }
        self.last = due;
        Some(due)
    }

    fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    /// As `12000 flows, 12 s`, with the end where it is known.
    fn text(&self) -> String {
        let seconds = self.last.as_secs();
        let flows = match self.most {
            u64::MAX => format!("{} flows", self.made),
            most => format!("{} of {most} flows", self.made),
        };
        match self.until {
            Duration::MAX => format!("{flows}, {seconds} s"),
            until => format!("{flows}, {seconds} of {} s", until.as_secs()),
        }
    }
}

/// Becomes true when the user interrupts: what was sent is said then, too.
fn interruption() -> Arc<AtomicBool> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&interrupted);
    // Where there is no handler, an interruption ends the process as it ends any other.
    thread::spawn(move || {
        let Ok(runtime) = runtime() else { return };
        if runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
            flag.store(true, Ordering::Relaxed);
        }
    });
    interrupted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(rate: Option<u64>, most: u64, until: Duration) -> Pace {
        Pace {
            rate,
            is_capture: true,
            most,
            until,
            begun: Instant::now(),
            made: 0,
            last: Duration::ZERO,
            interrupted: Arc::default(),
        }
    }

    fn times(mut pace: Pace) -> Vec<Duration> {
        std::iter::from_fn(|| {
            let due = pace.next();
            pace.made += 1;
            due
        })
        .collect()
    }

    #[test]
    fn flows_are_due_by_the_rate() {
        let halves: Vec<Duration> = (0..6).map(|half| Duration::from_millis(half * 500)).collect();
        assert_eq!(times(pace(Some(2), u64::MAX, Duration::from_secs(3))), halves);
        assert_eq!(times(pace(Some(2), 6, Duration::MAX)), halves);
    }

    #[test]
    fn an_interruption_ends_it() {
        let pace = pace(Some(1), u64::MAX, Duration::MAX);
        pace.interrupted.store(true, Ordering::Relaxed);
        assert_eq!(times(pace), [Duration::ZERO; 0]);
    }

    #[test]
    fn it_waits_until_a_flow_is_due() {
        let mut pace = Pace { is_capture: false, made: 3, ..pace(Some(100), u64::MAX, Duration::MAX) };
        assert!(pace.next() >= Some(Duration::from_millis(30)));
        assert!(pace.begun.elapsed() >= Duration::from_millis(29));
    }

    #[test]
    fn how_far_it_is_is_said() {
        let mut pace = pace(Some(1000), u64::MAX, Duration::MAX);
        (pace.made, pace.last) = (2500, Duration::from_millis(2500));
        assert_eq!(pace.text(), "2500 flows, 2 s");
        (pace.most, pace.until) = (10_000, Duration::from_secs(60));
        assert_eq!(pace.text(), "2500 of 10000 flows, 2 of 60 s");
    }
}
