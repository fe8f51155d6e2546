//! The second engine: the same rules over the flows of a database, for one that another collector fills, and for history.
//!
//! A query sums up the windows of an hour for all rules that have the same kind of target and the same window, and gives
//! those above half of a threshold; what is an attack, and how long it lasts, is decided here as it is in the stream.

use std::collections::BTreeMap;
use std::time::Duration;

use flowql::Options;
use flowql_client::{Error, Sql, Statement, sql};
use flowql_config::Config;
use flowql_tables::FLOWS_TABLE;
use serde::{Deserialize, Serialize};

use crate::engine::Rates;
use crate::incident::Peak;
use crate::rule::{Per, Rules};
use crate::section::{DetectSection, prefixes};
use crate::store::Store;
use crate::target::{Key, Target, is_v4};

/// The flows of so many seconds are summed up in a query.
const STRETCH: u32 = 3_600;

/// Windows are given from this share of a threshold on.
const GIVEN: f64 = 0.5;

/// How long a query may take.
const DEADLINE: Duration = Duration::from_secs(300);

/// The most windows of an answer.
const MOST_WINDOWS: u64 = 1_000_000;

/// A threshold that is never reached.
const NEVER: u64 = u64::MAX;

/// An attack in the past.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Detection {
    /// The rule.
    pub rule: String,
    /// What was under attack.
    pub target: Target,
    /// The start of the first window above a threshold, in seconds since 1970.
    pub start: u32,
    /// The end of the last one.
    pub end: u32,
    /// The rates at the peak.
    pub peak: Peak,
}

/// The sums of a window.
#[derive(Clone, Debug, Deserialize)]
struct Window {
    start: u32,
    target: String,
    rule: u64,
    bits: f64,
    packets: f64,
    flows: f64,
    samples: f64,
    sources: u64,
    countries: u64,
}

/// Rules that one query asks for.
#[derive(Debug)]
struct Asked {
    per: Per,
    seconds: u64,
    rules: Vec<usize>,
}

impl Store {
    /// The attacks that the rules find in the flows that were received from a time on and before another one, by rule,
    /// target and start.
    ///
    /// # Errors
    ///
    /// Why a query fails.
    pub async fn history(
        &self,
        config: &Config,
        rules: &Rules,
        from: u32,
        until: u32,
    ) -> Result<Vec<Detection>, Error> {
        let section = config.section::<DetectSection>();
        let mut found: BTreeMap<(usize, Target), Vec<Detection>> = BTreeMap::new();
        for asked in Asked::of(rules) {
            let seconds = u32::try_from(asked.seconds).unwrap_or(u32::MAX);
            // Whole windows.
            let mut begin = from - from % seconds;
            while begin < until {
                let end = until.min(begin.saturating_add(STRETCH.next_multiple_of(seconds)));
                let statement = self.windows(config, &section, rules, &asked, begin, end);
                for window in self.client().all::<Window>(&statement).await? {
                    add(&mut found, rules, &section, &asked, &window);
                }
                begin = end;
            }
        }
        let mut found: Vec<Detection> = found.into_values().flatten().collect();
        found.sort_by(|a, b| (&a.rule, &a.target, a.start).cmp(&(&b.rule, &b.target, b.start)));
        Ok(found)
    }

    fn windows(
        &self,
        config: &Config,
        section: &DetectSection,
        rules: &Rules,
        asked: &Asked,
        from: u32,
        until: u32,
    ) -> Statement {
        let compiler = config.compiler();
        let compile = |text: &str| Sql::filter(&compiler.compile(text, Options::default()));
        let places = asked.rules.iter().enumerate().filter_map(|(place, &rule)| {
            let number = place as u64 + 1;
            let filter = compile(&rules.rules.get(rule)?.when);
            Some(sql!("if({filter}, {number}, 0)", filter, number))
        });
        let least = |value: fn(&crate::rule::Threshold) -> Option<f64>| {
            let of_rule = |rule: usize| {
                let values = rules
                    .least_thresholds(rule)
                    .iter()
                    .map(|threshold| value(threshold).unwrap_or(f64::INFINITY))
                    .fold(f64::INFINITY, f64::min);
                let is_only_counted = rules.least_thresholds(rule).iter().any(|threshold| {
                    threshold.bits.is_none() && threshold.packets.is_none() && threshold.flows.is_none()
                });
                // Sources and countries alone may make an attack of any traffic.
                let sum = values * GIVEN * asked.seconds as f64;
                if is_only_counted {
                    0
                } else if sum.is_finite() {
                    sum as u64
                } else {
                    NEVER
                }
            };
            Sql::list(asked.rules.iter().map(|&rule| Sql::from(of_rule(rule))), ", ")
        };
        let seconds = asked.seconds;
        Statement::read(sql!(
            "SELECT toUInt32(toUnixTimestamp(TimeReceived) - toUnixTimestamp(TimeReceived) % {seconds}) AS start, \
             {target} AS target, \
             arrayJoin(arrayFilter(place -> place > 0, [{places}])) AS rule, \
             toFloat64(sum(Bytes * greatest(SamplingRate, 1) * 8)) AS bits, \
             toFloat64(sum(Packets * greatest(SamplingRate, 1))) AS packets, \
             toFloat64(count()) AS flows, toFloat64(sum(Packets)) AS samples, \
             uniq({source}) AS sources, uniqIf(SrcCountry, {has_country}) AS countries \
             FROM {table} WHERE TimeReceived >= toDateTime({from}) AND TimeReceived < toDateTime({until}) \
             AND {counts} AND {protected} AND {has_target} \
             GROUP BY start, target, rule \
             HAVING bits >= [{bits}][rule] OR packets >= [{least_packets}][rule] OR flows >= [{least_flows}][rule] \
             ORDER BY rule, target, start LIMIT {most}",
            seconds,
            target = target(config, asked.per),
            places = Sql::list(places, ", "),
            source = network("SrcAddr", 128, 64),
            has_country = sql!("toString(SrcCountry) NOT IN ('', '\\0\\0')"),
            table = self.layout().table(FLOWS_TABLE),
            from = u64::from(from),
            until = u64::from(until),
            counts = compile(&section.count),
            protected = protected(section),
            has_target = has_target(config, asked.per),
            bits = least(|threshold| threshold.bits),
            least_packets = least(|threshold| threshold.packets),
            least_flows = least(|threshold| threshold.flows),
            most = MOST_WINDOWS,
        ))
        .deadline(DEADLINE)
        .most_rows(MOST_WINDOWS)
    }
}

impl Asked {
    /// The queries for rules.
    fn of(rules: &Rules) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for (place, rule) in rules.rules.iter().enumerate() {
            for &per in &rule.per {
                match all.iter_mut().find(|asked| (asked.per, asked.seconds) == (per, rule.window)) {
                    Some(asked) => asked.rules.push(place),
                    None => all.push(Self { per, seconds: rule.window, rules: vec![place] }),
                }
            }
        }
        all
    }
}

/// The address of a column with so many leading bits, of an IPv4 one and of an IPv6 one.
fn network(column: &'static str, v4: u64, v6: u64) -> Sql {
    sql!(
        "tupleElement(IPv6CIDRToRange({column}, toUInt8(if({column} >= toIPv6('::ffff:0.0.0.0') \
         AND {column} <= toIPv6('::ffff:255.255.255.255'), {v4}, {v6}))), 1)",
        column = Sql::name(column),
        v4,
        v6,
    )
}

fn target(config: &Config, per: Per) -> Sql {
    match per {
        Per::Host => sql!("toString({address})", address = network("DstAddr", 128, 64)),
        Per::Prefix => sql!("toString({address})", address = network("DstAddr", 120, 48)),
        Per::Column(column) => sql!("toString({name})", name = Sql::name(&config.schema.column(column).name)),
    }
}

/// A flow without the text belongs to no group.
fn has_target(config: &Config, per: Per) -> Sql {
    match per {
        Per::Host | Per::Prefix => "1".into(),
        Per::Column(column) => sql!("{name} != ''", name = Sql::name(&config.schema.column(column).name)),
    }
}

fn protected(section: &DetectSection) -> Sql {
    let nets = prefixes(&section.protected);
    if nets.is_empty() {
        return "1".into();
    }
    let range = |net: &ipnet::IpNet| {
        let address = |address: std::net::IpAddr| Sql::string(&address.to_string());
        sql!(
            "DstAddr >= toIPv6({first}) AND DstAddr <= toIPv6({last})",
            first = address(net.network()),
            last = address(net.broadcast()),
        )
    };
    sql!("({ranges})", ranges = Sql::list(nets.iter().map(range), " OR "))
}

/// Adds a window to what was found, where it is an attack.
fn add(
    found: &mut BTreeMap<(usize, Target), Vec<Detection>>,
    rules: &Rules,
    section: &DetectSection,
    asked: &Asked,
    window: &Window,
) {
    let place = usize::try_from(window.rule).ok().and_then(|number| number.checked_sub(1));
    let Some(&place) = place.and_then(|place| asked.rules.get(place)) else { return };
    let (Some(rule), Some(target)) = (rules.rules.get(place), window.target(asked, rules)) else { return };
    let length = asked.seconds as f64;
    let rates = Rates {
        bits: window.bits / length,
        packets: window.packets / length,
        flows: window.flows / length,
        samples: window.samples as u64,
        sources: window.sources,
        countries: window.countries,
    };
    let severity = rates.severity(&rules.thresholds(place, target.net()));
    if severity < 1.0 || rates.samples < section.samples {
        return;
    }
    let seconds = u32::try_from(asked.seconds).unwrap_or(u32::MAX);
    let clear = u32::try_from(rule.clear_seconds).unwrap_or(u32::MAX);
    let all = found.entry((place, target.clone())).or_default();
    let last = all.last_mut().filter(|last| window.start <= last.end.saturating_add(clear));
    let detection = match last {
        Some(last) => last,
        None => {
            let rule = rule.name.clone();
            all.push(Detection { rule, target, start: window.start, end: 0, peak: Peak::default() });
            match all.last_mut() {
                Some(new) => new,
                None => return,
            }
        }
    };
    detection.end = window.start.saturating_add(seconds);
    detection.peak.raise(&rates, severity);
}

impl Window {
    fn target(&self, asked: &Asked, rules: &Rules) -> Option<Target> {
        if let Per::Column(column) = asked.per {
            let column = rules.column_names.get(&column)?.clone();
            return Some(Target::Group { column, value: self.target.clone() });
        }
        let bits = self.target.parse::<std::net::Ipv6Addr>().ok()?.to_bits();
        let length = match (asked.per, is_v4(bits)) {
            (Per::Prefix, true) => 120,
            (Per::Prefix, false) => 48,
            (_, true) => 128,
            (_, false) => 64,
        };
        Key { value: bits, length }.net().map(Target::Net)
    }
}
