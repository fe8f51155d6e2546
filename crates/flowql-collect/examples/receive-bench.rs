//! How many datagrams one thread receives and puts into the journal, and what one costs. `tests/bench/receive` runs it.
//!
//! `receive-bench SECONDS RATE…` receives; it starts itself again on the second processor to send.

use std::collections::HashSet;
use std::error::Error;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use flowql_collect::receive::{Inherited, Receiver};
use flowql_collect::{CollectSection, ListenSection};
use flowql_queue::{Journal, Queue, Settings};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;

/// A datagram of NetFlow v9 with 24 flows, and one with one.
const KINDS: [(usize, u64); 2] = [(1400, 24), (120, 1)];
/// The datagrams between two looks at the clock.
const BURST: u64 = 64;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["send", to, seconds, rate, length] => {
            println!(
                "{}",
                send(to.parse()?, Duration::from_secs_f64(seconds.parse()?), rate.parse()?, length.parse()?)?
            );
            Ok(())
        }
        [seconds, rates @ ..] => {
            println!("  bytes   asked/s    sent/s  kept/s  flows/s  lost %  ns a datagram (a flow)");
            for (length, flows) in KINDS {
                for rate in rates {
                    measure(seconds, rate, length, flows)?;
                }
            }
            Ok(())
        }
        [] => Err("usage: receive-bench SECONDS RATE…".into()),
    }
}

/// Sends datagrams at a rate. Gives how many were sent.
fn send(to: SocketAddr, time: Duration, rate: f64, length: usize) -> Outcome<u64> {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0")?;
    socket.connect(to)?;
    let mut datagram = vec![0x5a; length];
    let header = [0, 9, 0, 1].into_iter().chain([0; 16]);
    datagram.iter_mut().zip(header).for_each(|(byte, header)| *byte = header);
    let (start, mut sent) = (Instant::now(), 0);
    while start.elapsed() < time {
        for _ in 0..BURST {
            socket.send(&datagram)?;
        }
        sent += BURST;
        let due = Duration::from_secs_f64(sent as f64 / rate);
        while start.elapsed() < due {
            std::hint::spin_loop();
        }
    }
    Ok(sent)
}

fn measure(seconds: &str, rate: &str, length: usize, flows: u64) -> Outcome<()> {
    let folder = tempfile::TempDir::new()?;
    let settings = Settings { size: 1 << 30, ..Settings::default() };
    let journal: Arc<dyn Queue> = Arc::new(Journal::open(folder.path(), settings)?);
    let listen = vec![ListenSection::at("127.0.0.1:0")];
    let section = CollectSection { listen, ..CollectSection::default() };
    let receiver = Receiver::start(&section, Inherited::default(), HashSet::new(), journal)?;
    let address = receiver.listeners().first().ok_or("no listener")?.address;
    let (start, before) = (Instant::now(), used()?);
    let output = Command::new("taskset")
        .args(["--cpu-list", "1"])
        .arg(std::env::current_exe()?)
        .args(["send", &address.to_string(), seconds, rate, &length.to_string()])
        .stderr(Stdio::inherit())
        .output()?;
    let time = start.elapsed().as_secs_f64();
    let sent: u64 = String::from_utf8(output.stdout)?.trim().parse()?;
    let counters = receiver.stop().first().ok_or("no listener")?.counters;
    let cost = (used()? - before).as_nanos() as f64 / counters.queued.max(1) as f64;
    let kept = counters.queued as f64 / time;
    println!(
        "{length:7} {rate:>9} {:9.0} {kept:9.0} {:9.0} {:6.2} {cost:6.0} ({:.0})",
        sent as f64 / time,
        kept * flows as f64,
        100.0 * (sent - counters.queued) as f64 / sent.max(1) as f64,
        cost / flows as f64,
    );
    Ok(())
}

/// How long the threads of this process had a processor.
fn used() -> Outcome<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let time = |value: TimeVal| {
        Ok::<_, std::num::TryFromIntError>(
            Duration::new(value.tv_sec().try_into()?, 0) + Duration::from_micros(value.tv_usec().try_into()?),
        )
    };
    Ok(time(usage.user_time())? + time(usage.system_time())?)
}
