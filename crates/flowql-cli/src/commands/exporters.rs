//! `flowql exporters`: who sends to a collector, and what is wrong with it.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use flowql_collect::CollectSection;
use flowql_collect::service::status::{Exporter, Exporters as Found, Problem, Severity};
use flowql_config::Config;
use flowql_connect::Service;
use flowql_server::ServerSection;

use super::{load, runtime};
use crate::args::{Exporters, Global};
use crate::colours::harmless;
use crate::console::{self, Output};
use crate::failure::{Failure, Status};
use crate::table;

/// How long a collector may take to answer.
pub(super) const DEADLINE: Duration = Duration::from_secs(10);

/// How long a connection may take to show that somebody is there.
const CONNECT: Duration = Duration::from_secs(1);

pub(super) fn run(global: &Global, args: &Exporters) -> Result<Status, Failure> {
    let urls = if args.url.is_empty() {
        let config = load(global, None)?;
        vec![collector(&config)?]
    } else {
        args.url.clone()
    };
    let (mut found, mut asked) = (Found::default(), 0);
    for url in &urls {
        let service = Service::new(url).map_err(Failure::from)?;
        let answer = runtime()?.block_on(service.get::<Found>("api/v1/exporters", DEADLINE));
        match answer {
            Ok(answer) => {
                asked += 1;
                found.merge(answer);
            }
            Err(error) => unasked(url, &error),
        }
    }
    if asked > 0 {
        print(&found, args.json, global.quiet)?;
    }
    Ok(if asked < urls.len() { Status::Unusable } else { Status::bad_if(!found.is_well()) })
}

/// Says that a collector cannot be asked, and what to do.
pub(super) fn unasked(url: &str, error: &flowql_client::Error) {
    let message = match error {
        flowql_client::Error::Unreachable { reason, .. } => {
            format!("`flowql collect` is not running at {url}, or cannot be reached: {reason}")
        }
        flowql_client::Error::Setup { message, help } => {
            console::error(&format!("{url} refuses: {message}"), help.as_deref());
            return;
        }
        other => format!("`flowql collect` cannot be asked at {url}: {other}"),
    };
    let help = "start `flowql collect` there, or name another address with --url or as `http` in [collect]";
    console::error(&message, Some(help));
}

/// The URL of the collector that is configured: that of `flowql collect`, or where nobody is there, that of `flowql up`.
pub(super) fn collector(config: &Config) -> Result<String, Failure> {
    let help = "set it to 127.0.0.1:8081 and start `flowql collect`, or name a collector with --url";
    let http = &config.section::<CollectSection>().http;
    if http.is_empty() {
        return Err(Failure::new("`http` in [collect] is empty: the collector answers nobody", help));
    }
    let own = reached(http).ok_or_else(|| {
        Failure::new(format!("`http` in [collect] is `{http}`, which is not an address and port"), help)
    })?;
    let answers = |address: &SocketAddr| TcpStream::connect_timeout(address, CONNECT).is_ok();
    let service = reached(&config.section::<ServerSection>().listen).filter(|_| !answers(&own));
    Ok(format!("http://{}", service.filter(answers).unwrap_or(own)))
}

/// The address at which what listens there is asked: one that listens at all addresses at that of this machine.
fn reached(listener: &str) -> Option<SocketAddr> {
    let address: SocketAddr = listener.parse().ok()?;
    Some(match address {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => SocketAddr::from(([127, 0, 0, 1], v4.port())),
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => {
            SocketAddr::from((std::net::Ipv6Addr::LOCALHOST, v6.port()))
        }
        other => other,
    })
}

fn print(found: &Found, json: bool, quiet: bool) -> Result<(), Failure> {
    let mut output = Output::new();
    if json {
        output.json(found)?;
    } else {
        let is_coloured = AutoStream::choice(&std::io::stdout()) != ColorChoice::Never;
        text(found, is_coloured).iter().try_for_each(|line| output.line(line))?;
    }
    output.finish()?;
    if found.exporters.is_empty() && !json && !quiet {
        console::warning(
            "no exporter sent anything that could be read yet",
            Some(
                "let routers send to the addresses of [[collect.listen]]; `flowql simulate` sends flows to try it",
            ),
        );
    }
    Ok(())
}

/// The table, with what is wrong below each exporter, then what is wrong with what comes in.
fn text(found: &Found, is_coloured: bool) -> Vec<String> {
    const HEADER: [&str; 12] = [
        "EXPORTER",
        "ADDRESS",
        "PROTOCOLS",
        "FLOWS/S",
        "BIT/S",
        "TEMPLATES",
        "SAMPLING",
        "DIRECTIONS",
        "LOST",
        "CLOCK",
        "VOLUME",
        "INTERFACES",
    ];
    let mut lines = Vec::new();
    if !found.exporters.is_empty() {
        let rows: Vec<_> =
            std::iter::once(HEADER.map(str::to_owned)).chain(found.exporters.iter().map(row)).collect();
        let mut table = table::lines(&rows).into_iter();
        lines.extend(table.next());
        for (exporter, line) in found.exporters.iter().zip(table) {
            lines.push(line);
            lines.extend(exporter.problems.iter().flat_map(|problem| about(problem, is_coloured)));
        }
    }
    if !found.problems.is_empty() {
        lines.push("What comes in:".to_owned());
        lines.extend(found.problems.iter().flat_map(|problem| about(problem, is_coloured)));
    }
    lines
}

fn row(exporter: &Exporter) -> [String; 12] {
    let rate = exporter.flows_per_second.map_or("-".to_owned(), |rate| match rate {
        slow if slow < 10.0 => format!("{slow:.1}"),
        fast => format!("{fast:.0}"),
    });
    [
        harmless(&exporter.name),
        exporter.address.to_string(),
        harmless(&exporter.protocols.join(",")),
        rate,
        exporter.bits_per_second.map_or("-".to_owned(), scaled),
        exporter.templates.to_string(),
        sampling(exporter),
        list(exporter.directions.iter().map(|direction| harmless(direction))),
        exporter.lost.to_string(),
        exporter.clock_ms.map_or("-".to_owned(), clock),
        exporter.volume.map_or("-".to_owned(), |volume| format!("{volume:.2}")),
        interfaces(exporter),
    ]
}

/// The sampling rates, with what says each.
fn sampling(exporter: &Exporter) -> String {
    list(exporter.sampling.iter().map(|said| format!("{} by {}", said.rate, harmless(&said.source))))
}

/// What there is, with commas between; a dash for nothing.
fn list(words: impl Iterator<Item = String>) -> String {
    let words: Vec<String> = words.collect();
    if words.is_empty() { "-".to_owned() } else { words.join(", ") }
}

/// A number in thousands, millions and so on.
fn scaled(value: f64) -> String {
    let prefixes = ["", "k", "M", "G", "T", "P"];
    let power =
        prefixes.iter().zip([0, 3, 6, 9, 12, 15]).rev().find(|(_, power)| value >= 10_f64.powi(*power));
    match power {
        Some((prefix, power)) if power > 0 => format!("{:.1}{prefix}", value / 10_f64.powi(power)),
        _ => format!("{value:.0}"),
    }
}

/// How many interfaces flows have, and how many of them have no name; how many SNMP named.
fn interfaces(exporter: &Exporter) -> String {
    let mut text = exporter.interfaces.to_string();
    if exporter.unnamed_interfaces > 0 {
        text += &format!(", {} without a name", exporter.unnamed_interfaces);
    }
    if let Some(snmp) = &exporter.snmp {
        text += &format!(", {} by SNMP", snmp.interfaces);
    }
    text
}

/// How far a clock is off; headers of most protocols have whole seconds, so that less says nothing.
fn clock(milliseconds: i64) -> String {
    match milliseconds / 1_000 {
        -1..=1 => "ok".to_owned(),
        seconds => format!("{seconds:+} s"),
    }
}

/// A problem and what to do about it.
fn about(problem: &Problem, is_coloured: bool) -> [String; 2] {
    let (word, color) = match problem.severity {
        Severity::Error => ("error", AnsiColor::Red),
        Severity::Warning => ("warning", AnsiColor::Yellow),
        Severity::Note => ("note", AnsiColor::Cyan),
    };
    let style = if is_coloured { color.on_default().bold() } else { Style::new() };
    [
        format!("  {style}{word}{style:#}: {}", harmless(&problem.message)),
        format!("    to do: {}", harmless(&problem.advice)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configured_address_is_one_to_ask() {
        for (listener, asked) in [
            ("127.0.0.1:8081", "127.0.0.1:8081"),
            ("0.0.0.0:1", "127.0.0.1:1"),
            ("[::]:1", "[::1]:1"),
            ("[2001:db8::1]:1", "[2001:db8::1]:1"),
        ] {
            assert_eq!(reached(listener), asked.parse().ok());
        }
        assert!(reached("").is_none() && reached("localhost").is_none());
    }

    #[test]
    fn a_clock_is_off_by_seconds() {
        assert_eq!([900, -1_999, 7_200_000, -2_000].map(clock), ["ok", "ok", "+7200 s", "-2 s"]);
    }
}
