//! What the flows of an exporter say of it: directions, volumes, interfaces without names.

use std::borrow::Cow;

use flowql_enrich::exporters::Directory;

use super::super::status::{Doubles, Exporter, Problem, Severity};
use super::problem;
use crate::write::{Compared, Traffic};

/// What flows add up to, of what interfaces counted, where all is well.
const USUAL: std::ops::RangeInclusive<f64> = 0.8..=1.25;
/// The same where each flow comes twice.
const TWICE: std::ops::RangeInclusive<f64> = 1.8..=2.2;

/// The most interfaces without a name that are named by their index.
const SHOWN: usize = 4;

/// Adds what is known of an exporter's flows.
pub(super) fn add(exporter: &mut Exporter, traffic: &Traffic, directory: &Directory) {
    const DIRECTIONS: [&str; 3] = ["undefined", "ingress", "egress"];
    let directions = DIRECTIONS.into_iter().zip(traffic.directions).filter(|(_, came)| *came);
    exporter.directions = directions.map(|(direction, _)| direction.into()).collect();
    exporter.interfaces = traffic.interfaces.len();
    let unnamed = unnamed(traffic, directory);
    exporter.unnamed_interfaces = unnamed.len();
    exporter.volume = traffic.volume.and_then(Compared::ratio);
    exporter.doubles = doubles(exporter.volume, traffic);
    let found = [names(&unnamed, traffic), doubling(exporter, traffic), volume(exporter, traffic)];
    exporter.problems.extend(found.into_iter().flatten());
}

/// The interfaces that have no name but the one that is made of their index.
fn unnamed(traffic: &Traffic, directory: &Directory) -> Vec<u32> {
    let has_no_name =
        |index: &u32| directory.interface(traffic.row_address, *index).facts.name == format!("if{index}");
    traffic.interfaces.iter().copied().filter(has_no_name).collect()
}

fn names(unnamed: &[u32], traffic: &Traffic) -> Option<Problem> {
    let shown: Vec<String> = unnamed.iter().take(SHOWN).map(u32::to_string).collect();
    let more = unnamed.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let message = format!(
        "{} of {} interfaces have no name: {}{more}",
        unnamed.len(),
        traffic.interfaces.len(),
        shown.join(", ")
    );
    let advice = "let the exporter send options with the names of interfaces, ask it by [snmp], or name them in \
                  [[exporter.interface]]";
    (!unnamed.is_empty()).then(|| problem("unnamed_interfaces", Severity::Note, message, advice))
}

/// Whether each flow comes twice.
fn doubles(volume: Option<f64>, traffic: &Traffic) -> Option<Doubles> {
    let [_, ingress, egress] = traffic.directions;
    let says_directions = ingress || egress;
    match volume {
        _ if traffic.doubled > 0 => Some(Doubles::Yes),
        Some(ratio) if !says_directions && TWICE.contains(&ratio) => Some(Doubles::Probable),
        _ => None,
    }
}

fn doubling(exporter: &Exporter, traffic: &Traffic) -> Option<Problem> {
    let (message, advice) = match exporter.doubles? {
        Doubles::Yes => {
            let pair = |[input, output]: &[u32; 2]| format!("{input} to {output}");
            let pairs: Vec<String> = traffic.doubled_pairs.iter().map(pair).collect();
            let more = traffic.doubled.saturating_sub(pairs.len());
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let pairs = pairs.join(", ");
            let message = format!(
                "flows are counted twice: at their input and at their output, between interfaces {pairs}{more}"
            );
            let advice: &str = match traffic.has_all_ingress {
                true => "ask with the filter `FlowDirection = ingress`, or export one direction",
                false => {
                    "export one direction: some flows come at their output alone, so that no filter counts all once"
                }
            };
            (message, advice)
        }
        Doubles::Probable => {
            let message = format!(
                "flows are probably counted twice: they add up to {:.2} times what the interfaces count",
                exporter.volume.unwrap_or_default()
            );
            (message, "sample one direction at each interface")
        }
    };
    Some(problem("doubling", Severity::Warning, message, advice))
}

fn volume(exporter: &Exporter, traffic: &Traffic) -> Option<Problem> {
    let is_off = |ratio: &f64| !USUAL.contains(ratio);
    let ratio = exporter.volume.filter(is_off).filter(|_| exporter.doubles.is_none())?;
    let of_interface = |(index, compared): &(u32, Compared)| {
        compared.ratio().filter(is_off).map(|ratio| format!("{ratio:.2} at interface {index}"))
    };
    let worst: Vec<String> = traffic.volumes.iter().filter_map(of_interface).collect();
    let worst = if worst.is_empty() { String::new() } else { format!(" ({})", worst.join(", ")) };
    let message = format!("flows add up to {ratio:.2} times what the interfaces count{worst}");
    let cause: Cow<'static, str> = cause(exporter, ratio).into();
    Some(Problem { advice: cause, ..problem("volume", Severity::Warning, message, "") })
}

/// The likely cause.
fn cause(exporter: &Exporter, ratio: f64) -> &'static str {
    match ratio {
        low if low < *USUAL.start() && exporter.lost > 0 => {
            "datagrams are lost: look for drops at the exporter, on the way and at this machine"
        }
        low if low < *USUAL.start() => {
            "see that packets are sampled at all interfaces, and that the sampling rate is the real one"
        }
        high if TWICE.contains(&high) => "see whether packets are sampled at their input and at their output",
        _ => {
            "see whether the sampling rate is the real one: `override` in [[collect.exporter.sampling]] sets it"
        }
    }
}
