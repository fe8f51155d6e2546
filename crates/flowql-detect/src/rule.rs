//! Rules made ready: their filters checked against the schema, and their thresholds.

use std::collections::HashMap;

use flowql::typed::Filter;
use flowql::{ColumnId, Compiler, ConfigError, Options, Schema};
use flowql_config::Config;
use flowql_eval::Kind;
use flowql_eval::columns::FilterSet;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::response::{Mitigation, Response};
use crate::section::{DetectSection, GroupSection, MOST_RULES, RuleSection, ThresholdSection, prefixes};
use crate::shipped;

/// The rules of a configuration, made ready.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The rules, those of the configuration first.
    pub rules: Vec<Rule>,
    /// The rules of the program that are left out, and why.
    pub left_out: Vec<LeftOut>,
    /// The filters of all rules in their order, then that of the flows that count.
    pub filters: FilterSet,
    /// The names of the columns that are keys of targets.
    pub(crate) column_names: HashMap<ColumnId, String>,
    /// Prefixes with thresholds of their own, those of the longest prefixes first.
    groups: Vec<Group>,
}

/// A rule of the program that is not used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Its name.
    pub name: String,
    /// Why, with what to enable.
    pub reason: String,
}

/// A rule, made ready.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The name.
    pub name: String,
    /// A sentence that says what it finds.
    pub about: String,
    /// Where more is said of such attacks.
    pub sources: Vec<String>,
    /// Its filter as it is written.
    pub when: String,
    /// What is under attack.
    pub per: Vec<Per>,
    /// The window, in seconds.
    pub window: u64,
    /// When traffic is an attack: any of them.
    pub above: Vec<Threshold>,
    /// The share of the thresholds below which it is over.
    pub clear_below: f64,
    /// For how many seconds.
    pub clear_seconds: u64,
    /// Whether people are notified.
    pub notify: bool,
    /// What routers may be asked to do, in the order of preference.
    pub mitigations: Vec<Mitigation>,
}

/// What is under attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Per {
    /// An address, or an IPv6 /64.
    Host,
    /// A /24 or a /48.
    Prefix,
    /// All flows with the same text in a column.
    Column(ColumnId),
}

/// When traffic is an attack: all that it says must hold. Rates are a second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Threshold {
    /// The bits a second.
    pub bits: Option<f64>,
    /// The packets a second.
    pub packets: Option<f64>,
    /// The flows a second.
    pub flows: Option<f64>,
    /// The sources in a window.
    pub sources: Option<u64>,
    /// The countries of the sources in a window.
    pub countries: Option<u64>,
}

/// Prefixes with thresholds of their own.
#[derive(Clone, Debug)]
struct Group {
    prefix: IpNet,
    /// The places of the rules; all where there is none.
    rules: Vec<usize>,
    section: GroupSection,
}

impl Rules {
    /// The rules of a configuration.
    ///
    /// # Errors
    ///
    /// Each filter that is wrong with its schema, as one that asks for a column that is off, at the path of its setting.
    pub fn new(config: &Config) -> Result<Self, Vec<ConfigError>> {
        let section = config.section::<DetectSection>();
        let maker = Maker { schema: &config.schema, compiler: config.compiler() };
        let (mut faults, mut rules, mut checked, mut left_out) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (index, rule) in section.rule.iter().enumerate() {
            match maker.rule(rule, &format!("detect.rule[{index}]")) {
                Ok((rule, filter)) => {
                    rules.push(rule);
                    checked.push(filter);
                }
                Err(found) => faults.extend(found),
            }
        }
        let is_own = |name: &str| section.rule.iter().any(|own| own.name == name);
        for rule in shipped::rules().iter().filter(|rule| section.shipped && !is_own(&rule.name)) {
            match maker.rule(rule, "shipped") {
                Ok((rule, filter)) => {
                    rules.push(rule);
                    checked.push(filter);
                }
                Err(found) => left_out.push(LeftOut::new(rule, &found)),
            }
        }
        if rules.len() > MOST_RULES {
            let message = format!("there are {} rules, and at most {MOST_RULES}", rules.len());
            faults.push(ConfigError { path: "detect.rule".to_owned(), message, help: None });
        }
        let count = match maker.filter(&section.count, "detect.count") {
            Ok(count) => count,
            Err(fault) => {
                faults.push(fault);
                None
            }
        };
        let groups = maker.groups(&section, &rules, &mut faults);
        if !faults.is_empty() {
            return Err(faults);
        }
        let filters = checked.iter().map(Option::as_ref).chain([count.as_ref()]);
        let filters = FilterSet::new(maker.schema, filters);
        let failed = |error: flowql_eval::Error| {
            vec![ConfigError { path: "detect.rule".to_owned(), message: error.to_string(), help: None }]
        };
        let keys = rules.iter().flat_map(|rule| &rule.per).filter_map(|per| match per {
            Per::Column(column) => Some((*column, config.schema.column(*column).name.to_string())),
            Per::Host | Per::Prefix => None,
        });
        let column_names = keys.collect();
        Ok(Self { filters: filters.map_err(failed)?, column_names, rules, left_out, groups })
    }

    /// The thresholds of a rule for a target: those of the rule, with what the most specific prefix around it says of
    /// each. A target without a prefix has those of the rule.
    #[must_use]
    pub fn thresholds(&self, place: usize, target: Option<IpNet>) -> Vec<Threshold> {
        let Some(rule) = self.rules.get(place) else { return Vec::new() };
        let mut above = rule.above.clone();
        let around = self.groups.iter().filter(|group| {
            let is_around = target.is_some_and(|target| group.prefix.contains(&target));
            is_around && (group.rules.is_empty() || group.rules.contains(&place))
        });
        let (mut bits, mut packets, mut flows) = (None, None, None);
        for GroupSection { bits: b, packets: p, flows: f, .. } in around.map(|group| &group.section) {
            // The longest prefix comes first.
            (bits, packets, flows) = (bits.or(*b), packets.or(*p), flows.or(*f));
        }
        let replace = |value: &mut Option<f64>, by: Option<crate::Amount>| {
            if let (Some(value), Some(crate::Amount(by))) = (value.as_mut(), by) {
                *value = by as f64;
            }
        };
        for threshold in &mut above {
            replace(&mut threshold.bits, bits);
            replace(&mut threshold.packets, packets);
            replace(&mut threshold.flows, flows);
        }
        above
    }

    /// The thresholds of a rule, and all that prefixes have in their place: from a tenth of the least on, a target is
    /// looked at.
    pub(crate) fn least_thresholds(&self, place: usize) -> Vec<Threshold> {
        let mut all = self.thresholds(place, None);
        let of_rule = |group: &&Group| group.rules.is_empty() || group.rules.contains(&place);
        for group in self.groups.iter().filter(of_rule) {
            all.extend(self.thresholds(place, Some(group.prefix)));
        }
        all
    }

    /// The columns that are keys of targets, once each.
    #[must_use]
    pub fn key_columns(&self) -> Vec<ColumnId> {
        let mut columns: Vec<ColumnId> = Vec::new();
        for per in self.rules.iter().flat_map(|rule| &rule.per) {
            if let Per::Column(column) = per
                && !columns.contains(column)
            {
                columns.push(*column);
            }
        }
        columns
    }
}

impl LeftOut {
    fn new(rule: &RuleSection, faults: &[ConfigError]) -> Self {
        let reason = faults.first().map(|fault| match &fault.help {
            Some(help) => format!("{}: {help}", fault.message),
            None => fault.message.clone(),
        });
        Self { name: rule.name.clone(), reason: reason.unwrap_or_default() }
    }
}

/// Makes rules ready.
struct Maker<'c> {
    schema: &'c Schema,
    compiler: Compiler<'c>,
}

impl Maker<'_> {
    fn rule(&self, section: &RuleSection, path: &str) -> Result<(Rule, Option<Filter>), Vec<ConfigError>> {
        let mut faults = Vec::new();
        let filter = self.filter(&section.when, &format!("{path}.when"));
        let filter = filter.map_err(|fault| faults.push(fault));
        let mut per = Vec::new();
        for (index, word) in section.per.iter().enumerate() {
            match self.per(word) {
                Ok(found) if per.contains(&found) => {}
                Ok(found) => per.push(found),
                Err((message, help)) => {
                    faults.push(ConfigError { path: format!("{path}.per[{index}]"), message, help });
                }
            }
        }
        let Ok(filter) = filter else { return Err(faults) };
        if !faults.is_empty() {
            return Err(faults);
        }
        let responses = &section.respond.0;
        let rule = Rule {
            name: section.name.clone(),
            about: section.about.clone(),
            sources: section.sources.clone(),
            when: section.when.clone(),
            per,
            window: section.window.0,
            above: section.above.iter().map(Threshold::from).collect(),
            clear_below: section.clear.below.ratio(),
            clear_seconds: section.clear.duration.0,
            notify: responses.contains(&Response::Notify),
            mitigations: responses.iter().filter_map(Response::mitigation).cloned().collect(),
        };
        Ok((rule, filter))
    }

    /// The checked filter of a text; `None` for an empty one.
    fn filter(&self, text: &str, path: &str) -> Result<Option<Filter>, ConfigError> {
        let checked = self.compiler.check(text, Options::default());
        match checked.diagnostics.into_iter().find(flowql::Diagnostic::is_error) {
            Some(error) => {
                Err(ConfigError { path: path.to_owned(), message: error.message, help: error.help })
            }
            None => Ok(checked.filter),
        }
    }

    fn per(&self, word: &str) -> Result<Per, (String, Option<String>)> {
        match word {
            "host" => return Ok(Per::Host),
            "prefix" => return Ok(Per::Prefix),
            _ => {}
        }
        let fail = |message: String, help: &str| Err((message, Some(help.to_owned())));
        let Some(id) = self.schema.find(word) else {
            let help = "write \"host\", \"prefix\" or the name of a column that is enabled";
            return fail(format!("unknown column `{word}`"), help);
        };
        if matches!(Kind::of(self.schema.column(id)), Kind::Text | Kind::FixedText(_)) {
            return Ok(Per::Column(id));
        }
        fail(format!("`{word}` is not a column of texts"), "write a column such as `DstNetName`")
    }

    fn groups(&self, section: &DetectSection, rules: &[Rule], faults: &mut Vec<ConfigError>) -> Vec<Group> {
        let mut groups = Vec::new();
        for (index, group) in section.group.iter().enumerate() {
            let mut places = Vec::new();
            for (at, name) in group.rules.iter().enumerate() {
                match rules.iter().position(|rule| rule.name == *name) {
                    Some(place) => places.push(place),
                    None => faults.push(ConfigError {
                        path: format!("detect.group[{index}].rules[{at}]"),
                        message: format!("there is no rule `{name}`"),
                        help: Some("`flowql detect rules` lists them".to_owned()),
                    }),
                }
            }
            groups.extend(prefixes(&group.prefixes).into_iter().map(|prefix| Group {
                prefix,
                rules: places.clone(),
                section: group.clone(),
            }));
        }
        groups.sort_by_key(|group| std::cmp::Reverse(group.prefix.prefix_len()));
        groups
    }
}

impl From<&ThresholdSection> for Threshold {
    fn from(section: &ThresholdSection) -> Self {
        let rate = |amount: Option<crate::Amount>| amount.map(|crate::Amount(amount)| amount as f64);
        Self {
            bits: rate(section.bits),
            packets: rate(section.packets),
            flows: rate(section.flows),
            sources: section.sources,
            countries: section.countries,
        }
    }
}
