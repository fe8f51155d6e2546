//! What a capture has apart from flows: templates, records as they were sent, and what is wrong.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};

use flowql_decode::capture::CaptureCounters;
use flowql_decode::{Decoder, Element, Observer, Reason, Record, SCOPE_V9, Source, Template, VARIABLE};
use flowql_schema::elements::{self, DataType};

use crate::console;

/// How often the same thing is said of an exporter.
const MOST: u64 = 3;

/// Says what it meets on standard error, and keeps records for standard output.
pub(super) struct Records {
    wanted: bool,
    quiet: bool,
    lines: Vec<String>,
    refused: BTreeMap<(String, Reason), u64>,
    capture: CaptureCounters,
}

impl Records {
    pub(super) fn new(wanted: bool, quiet: bool) -> Self {
        let (lines, refused) = (Vec::new(), BTreeMap::new());
        Self { wanted, quiet, lines, refused, capture: CaptureCounters::default() }
    }

    /// Says something, unless nothing shall be said.
    pub(super) fn say(&self, text: &str) {
        if !self.quiet {
            console::message(text);
        }
    }

    /// The records since the last time.
    pub(super) fn lines(&mut self) -> Vec<String> {
        std::mem::take(&mut self.lines)
    }

    /// Takes in what a capture had apart from datagrams.
    pub(super) fn capture(&mut self, counters: CaptureCounters) {
        self.capture = counters;
    }

    /// Says what came.
    pub(super) fn summary(&self, decoder: &Decoder) {
        let counters = decoder.counters();
        let lost: u64 = decoder.sessions().map(|session| session.sequence.lost).sum();
        let counts = [
            (counters.datagrams, "datagrams"),
            (counters.rows, "flows"),
            (counters.option_records, "records of options"),
            (counters.events + counters.repeated + counters.unknown_connections, "records that are no flows"),
            (counters.malformed(), "parts that cannot be decoded"),
            (counters.expired_sets + decoder.waiting() as u64, "sets without a template"),
            (counters.unknown_rates, "flows without a sampling rate"),
            (lost, "lost by sequence numbers"),
            (self.capture.skipped, "packets that are not UDP"),
            (self.capture.fragments, "fragments of packets that are not whole"),
        ];
        let mut text = String::new();
        for (place, (count, what)) in counts.into_iter().enumerate() {
            if count > 0 || place < 2 {
                let comma = if text.is_empty() { "" } else { ", " };
                // Writing to a text does not fail.
                let _ = write!(text, "{comma}{count} {what}");
            }
        }
        self.say(&text);
    }
}

impl Observer for Records {
    fn wants_records(&self) -> bool {
        self.wanted || !self.quiet
    }

    fn template(&mut self, source: Source, domain: u32, template: &Template) {
        let fields: Vec<String> = template.elements().iter().map(|&element| field(element)).collect();
        let kind = template.scopes().map_or_else(String::new, |scopes| format!(" of options by {scopes}"));
        let (from, id, fields) = (source.address, template.id(), fields.join(", "));
        self.say(&format!("{from} domain {domain}: template {id}{kind}: {fields}"));
    }

    fn record(&mut self, source: Source, domain: u32, record: Record<'_>) {
        let is_option = record.template().scopes().is_some();
        if !self.wanted && !is_option {
            return;
        }
        let line = json(source, domain, record);
        if self.wanted {
            self.lines.push(line);
        } else {
            self.say(&format!("options: {line}"));
        }
    }

    fn refused(&mut self, source: Source, reason: Reason) {
        let from = source.address.to_string();
        let count = self.refused.entry((from.clone(), reason)).or_default();
        *count += 1;
        if *count <= MOST {
            let more = if *count == MOST { "; the like is not said again" } else { "" };
            console::error(&format!("{from}: {}{more}", reason.text()), None);
        }
    }
}

/// An element and its length.
fn field(element: Element) -> String {
    match element.length {
        VARIABLE => name(element),
        length => format!("{} {length}", name(element)),
    }
}

/// The name of an element, else its enterprise and number.
fn name(element: Element) -> String {
    if element.enterprise == SCOPE_V9 {
        let scope = match element.id {
            1 => "system",
            2 => "interface",
            3 => "lineCard",
            4 => "cache",
            5 => "template",
            other => return format!("scope {other}"),
        };
        return scope.to_owned();
    }
    let known = elements::element(element.enterprise, element.id);
    match (known, element.enterprise) {
        (Some(known), elements::REVERSE) => format!("reverse {}", known.name),
        (Some(known), _) => known.name.to_owned(),
        (None, 0) => element.id.to_string(),
        (None, enterprise) => format!("{enterprise}/{}", element.id),
    }
}

/// A record as a JSON object: each element by name, by name and place where the template has it again.
fn json(source: Source, domain: u32, record: Record<'_>) -> String {
    let template = record.template().id();
    let mut line =
        format!("{{\"exporter\":\"{}\",\"domain\":{domain},\"template\":{template}", source.address);
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for (element, bytes) in record.elements() {
        let name = name(element);
        let times = seen.entry(name.clone()).or_default();
        *times += 1;
        let key = if *times > 1 { format!("{name} {times}") } else { name };
        let key = serde_json::to_string(&key).unwrap_or_default();
        let _ = write!(line, ",{key}:{}", value(element, bytes));
    }
    line + "}"
}

/// The value of an element by its type; bytes in hexadecimal where that is not known.
fn value(element: Element, bytes: &[u8]) -> String {
    let kind = match element.enterprise {
        SCOPE_V9 => Some(DataType::Unsigned64),
        enterprise => elements::element(enterprise, element.id).map(|element| element.kind),
    };
    let number = || bytes.iter().fold(0_u64, |number, &byte| number << 8 | u64::from(byte));
    let is_number = (1..=8).contains(&bytes.len());
    match (kind, bytes) {
        (Some(DataType::Ipv4Address), &[a, b, c, d]) => format!("\"{}\"", Ipv4Addr::new(a, b, c, d)),
        (Some(DataType::Ipv6Address), _) if bytes.len() == 16 => {
            let octets: [u8; 16] = bytes.try_into().unwrap_or_default();
            format!("\"{}\"", Ipv6Addr::from(octets))
        }
        (Some(DataType::MacAddress), &[a, b, c, d, e, f]) => {
            format!("\"{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}\"")
        }
        (Some(DataType::String), _) => {
            let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
            let text = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default());
            serde_json::to_string(&text).unwrap_or_default()
        }
        (Some(DataType::Float64), _) if bytes.len() == 8 => f64::from_bits(number()).to_string(),
        (Some(DataType::Float64), _) if bytes.len() == 4 => f32::from_bits(number() as u32).to_string(),
        (
            Some(
                DataType::Unsigned8
                | DataType::Unsigned16
                | DataType::Unsigned32
                | DataType::Unsigned64
                | DataType::DateTimeSeconds
                | DataType::DateTimeMilliseconds
                | DataType::Boolean,
            ),
            _,
        ) if is_number => number().to_string(),
        _ => {
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("\"{hex}\"")
        }
    }
}
