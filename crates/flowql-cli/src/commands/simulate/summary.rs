//! What was sent, and what there is to send.

use std::collections::BTreeMap;
use std::time::Duration;

use flowql_decode::Protocol;
use flowql_simulate::{Scenario, Sent, Summary};
use serde::Serialize;

use crate::args::{Simulate, protocol_name};
use crate::console::{self, Output};
use crate::failure::{Failure, Status};

/// Of all exporters.
#[derive(Serialize)]
struct Report {
    seconds: f64,
    protocols: BTreeMap<&'static str, Counts>,
    noise: Noise,
    total: Counts,
    /// Datagrams that met nobody who listens; more were lost than those of which the machine says so.
    refused: u64,
}

/// Of a protocol.
#[derive(Serialize)]
struct Counts {
    datagrams: u64,
    octets: u64,
    flows: u64,
    lost: u64,
    stored: Stored,
}

#[derive(Serialize)]
struct Noise {
    datagrams: u64,
    octets: u64,
}

/// What a collector should store.
#[derive(Serialize)]
struct Stored {
    flows: u64,
    bytes: u64,
    packets: u64,
}

impl From<Sent> for Counts {
    fn from(sent: Sent) -> Self {
        let Sent { datagrams, octets, flows, lost, stored } = sent;
        let stored = Stored { flows: stored.flows, bytes: stored.bytes, packets: stored.packets };
        Self { datagrams, octets, flows, lost, stored }
    }
}

/// Says what was sent.
pub(super) fn print(
    summary: &Summary,
    refused: u64,
    took: Duration,
    args: &Simulate,
    is_quiet: bool,
) -> Result<Status, Failure> {
    if refused > 0 && !is_quiet {
        console::warning(
            &format!("nobody listens on `{}`", args.target),
            Some("start a collector, as `flowql decode --listen` with this address"),
        );
    }
    if args.json {
        let protocols = summary.protocols.iter();
        let report = Report {
            seconds: took.as_secs_f64(),
            protocols: protocols.map(|(&protocol, &sent)| (protocol_name(protocol), sent.into())).collect(),
            noise: Noise { datagrams: summary.noise.datagrams, octets: summary.noise.octets },
            total: summary.total().into(),
            refused,
        };
        let mut output = Output::new();
        output.json(&report)?;
        output.finish()?;
    } else if !is_quiet {
        lines(summary, took).iter().for_each(|line| console::message(line));
    }
    Ok(Status::Good)
}

/// A line for each protocol, and one for all.
fn lines(summary: &Summary, took: Duration) -> Vec<String> {
    let mut lines: Vec<String> =
        summary.protocols.iter().map(|(protocol, sent)| line(protocol.name(), sent)).collect();
    if summary.noise.datagrams > 0 {
        lines.push(format!("noise: {} datagrams", summary.noise.datagrams));
    }
    let total = summary.total();
    lines.push(line("all", &total));
    let seconds = took.as_secs_f64();
    let speed = total.flows as f64 / seconds.max(0.001);
    lines.push(format!("{seconds:.1} s, {speed:.0} flows a second"));
    lines
}

fn line(name: &str, sent: &Sent) -> String {
    let lost = if sent.lost == 0 { String::new() } else { format!(", {} datagrams lost", sent.lost) };
    let Sent { datagrams, flows, stored, .. } = sent;
    format!(
        "{name}: {datagrams} datagrams, {flows} flows{lost}; to be stored: {} flows, {} bytes, {} packets",
        stored.flows, stored.bytes, stored.packets
    )
}

/// A scenario, as `--list --json` has it.
#[derive(Serialize)]
struct Listed {
    name: &'static str,
    about: &'static str,
    protocols: Vec<&'static str>,
}

/// Lists the scenarios.
pub(super) fn list(is_json: bool) -> Result<Status, Failure> {
    let names = |protocols: &[Protocol]| -> Vec<&'static str> {
        protocols.iter().map(|&protocol| protocol_name(protocol)).collect()
    };
    let mut output = Output::new();
    if is_json {
        let listed: Vec<Listed> = Scenario::ALL
            .iter()
            .map(|scenario| Listed {
                name: scenario.name(),
                about: scenario.about(),
                protocols: names(scenario.protocols()),
            })
            .collect();
        output.json(&listed)?;
    } else {
        let width = Scenario::ALL.iter().map(|scenario| scenario.name().len()).max().unwrap_or_default();
        for scenario in Scenario::ALL {
            output.line(&format!("{:width$}  {}", scenario.name(), scenario.about()))?;
            output.line(&format!("{:width$}  {}", "", names(scenario.protocols()).join(", ")))?;
        }
    }
    output.finish()?;
    Ok(Status::Good)
}
