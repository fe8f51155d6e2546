//! The section `[detect]` of `flowql.toml`.

use std::net::IpAddr;

use flowql::{Compiler, ConfigError, Diagnostic, SavedFilters, Schema};
use flowql_config::{Choice, Section};
use ipnet::IpNet;

use crate::amount::{Amount, Share, Time};
use crate::response::{Response, Responses};

/// The windows of rules are multiples of it.
pub const WINDOW_SECONDS: u64 = 10;

/// The longest window.
const LONGEST_WINDOW: u64 = 600;

/// The most rules, those of the program included.
pub const MOST_RULES: usize = 128;

/// Attacks: found in the flows by rules, told of, and stopped where that is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(
    name = "detect",
    example = "[detect]\nenabled = true\nprotected = [\"203.0.113.0/24\", \"2001:db8:1::/48\"]\nnever = [\"203.0.113.53\"]\n",
    check = DetectSection::faults
)]
pub struct DetectSection {
    /// Whether `flowql up` and `flowql collect` look for attacks.
    pub enabled: bool,
    /// The prefixes that attacks are looked for on, and that may be acted for. When empty, attacks on any address are
    /// found, and none is acted upon.
    #[setting(example = ["203.0.113.0/24", "2001:db8:1::/48"])]
    pub protected: Vec<String>,
    /// Addresses and prefixes that are never acted for, such as routers and resolvers; attacks on them are reported.
    #[setting(example = ["203.0.113.1", "203.0.113.53"])]
    pub never: Vec<String>,
    /// Whether something is done about an attack: nothing, what a person approves, or what the rules say.
    #[setting(default = Mode::DryRun)]
    pub mode: Mode,
    /// A filter that says which flows count at all; every one when left out.
    #[setting(example = "ExporterName = \"edge1\"")]
    pub count: String,
    /// Whether the rules of the program are used in addition. One of the same name replaces one of them.
    #[setting(default = true)]
    pub shipped: bool,
    /// The most targets that are watched at once; the quiet ones leave first. A target takes about 350 bytes.
    #[setting(default = 1_000_000, range = 1_000..=50_000_000)]
    pub max_targets: usize,
    /// The most targets whose sources are counted at once: those above a tenth of a threshold.
    #[setting(default = 2_000, range = 10..=100_000)]
    pub max_details: usize,
    /// How many sampled packets a window must have before a rule can find an attack in it.
    #[setting(default = 30, range = 1..=1_000_000)]
    pub samples: u64,
    /// The share of the usual traffic of a target that an action may hit; where it would hit more, or where that is not
    /// known, nothing happens without a person.
    #[setting(default = Share::millionths(10_000))]
    pub collateral: Share,
    /// Who is told of incidents.
    #[section]
    pub notify: NotifySection,
    /// The rules.
    #[section]
    pub rule: Vec<RuleSection>,
    /// Prefixes with thresholds of their own.
    #[section]
    pub group: Vec<GroupSection>,
}

/// Who is told when an incident begins, when its state changes, and when it is over.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(
    name = "detect.notify",
    example = "[detect.notify]\nwebhook = \"https://chat.example.net/hooks/attacks\"\ncommand = [\"/usr/local/bin/page\", \"noc\"]\n"
)]
pub struct NotifySection {
    /// A URL that gets a JSON object by POST: `text`, the sentence of the template, `from`, the state before, and
    /// `incident`. It is tried four times.
    #[setting(example = "https://chat.example.net/hooks/attacks", hide_login)]
    pub webhook: Option<String>,
    /// A command with its arguments, which gets the same object as its input, and may take 15 s.
    #[setting(example = ["/usr/local/bin/page", "noc"])]
    pub command: Vec<String>,
    /// The sentence: `{number}`, `{rule}`, `{target}`, `{state}`, `{bits}`, `{packets}`, `{sources}`, `{severity}`,
    /// `{signature}` and `{last}`, what was decided last, are filled in.
    #[setting(
        default = "Attack {number} on {target} ({rule}) is {state}: {bits}bit/s, {packets} packets/s, {severity} times the threshold. {last}"
    )]
    pub template: String,
}

/// What is done about an attack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Mode {
    /// It is said what would be done.
    #[default]
    DryRun,
    /// A person approves each action.
    Manual,
    /// What the rules say, within the guards.
    Automatic,
}

/// A rule: which traffic, to what, and how much of it is an attack.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(
    name = "detect.rule",
    list,
    example = "[[detect.rule]]\nname = \"ntp-amplification\"\nwhen = 'Proto = \"udp\" AND SrcPort = \"ntp\"'\nper = [\"host\", \"prefix\"]\nabove = [{ bits = \"200M\", sources = 20 }, { packets = \"50k\" }]\nclear = { below = 0.5, for = \"60s\" }\nrespond = [\"notify\", { flowspec = \"drop\", hold = \"5m\" }]\n"
)]
pub struct RuleSection {
    /// The name: letters, digits and `-`.
    #[setting(required, example = "ntp-amplification")]
    pub name: String,
    /// A sentence that says what it finds.
    #[setting(example = "Answers of time servers that nobody asked for.")]
    pub about: String,
    /// Where more is said of such attacks.
    #[setting(example = ["https://www.cisa.gov/news-events/alerts/2014/01/13/ntp-amplification-attacks-using-cve-2013-5211"])]
    pub sources: Vec<String>,
    /// The filter that selects the traffic.
    #[setting(required, example = "Proto = \"udp\" AND SrcPort = \"ntp\"")]
    pub when: String,
    /// What is under attack: `host`, an address or an IPv6 /64; `prefix`, a /24 or a /48; or a column such as DstNetName.
    /// Several are looked at together.
    #[setting(default = ["host"])]
    pub per: Vec<String>,
    /// The window that traffic is summed up in: a multiple of 10 s, at most 10 min.
    #[setting(default = "10s")]
    pub window: Time,
    /// When the traffic is an attack: any of them.
    #[section(default = default_thresholds())]
    pub above: Vec<ThresholdSection>,
    /// When it is over.
    #[section]
    pub clear: ClearSection,
    /// What is done about it.
    #[setting(default = Responses(vec![Response::Notify]), example = Responses(vec![Response::Notify]))]
    pub respond: Responses,
}

/// When traffic is an attack: all that it says must hold. A rule without any takes 1 Gbit/s or 200,000 packets a second.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(
    name = "detect.rule.above",
    list,
    example = "[[detect.rule]]\nname = \"udp\"\nwhen = 'Proto = \"udp\"'\n[[detect.rule.above]]\nbits = \"2G\"\nsources = 100\n"
)]
pub struct ThresholdSection {
    /// At least so many bits a second.
    #[setting(example = "200M")]
    pub bits: Option<Amount>,
    /// At least so many packets a second.
    #[setting(example = "50k")]
    pub packets: Option<Amount>,
    /// At least so many flows a second.
    #[setting(example = "5k")]
    pub flows: Option<Amount>,
    /// At least so many source addresses in a window.
    #[setting(example = 20, range = 1..=1_000_000)]
    pub sources: Option<u64>,
    /// Sources in at least so many countries in a window.
    #[setting(example = 5, range = 1..=250)]
    pub countries: Option<u64>,
}

/// When an attack is over.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(
    name = "detect.rule.clear",
    example = "[[detect.rule]]\nname = \"udp\"\nwhen = 'Proto = \"udp\"'\n[detect.rule.clear]\nbelow = 0.3\n"
)]
pub struct ClearSection {
    /// Below this share of its thresholds.
    #[setting(default = Share::millionths(500_000))]
    pub below: Share,
    /// For so long.
    #[setting(key = "for", default = "60s")]
    pub duration: Time,
}

/// Thresholds for a group of prefixes. More specific prefixes inherit them, unless they have their own.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(
    name = "detect.group",
    list,
    example = "[[detect.group]]\nprefixes = [\"203.0.113.64/26\"]\nrules = [\"udp-flood\"]\nbits = \"5G\"\n"
)]
pub struct GroupSection {
    /// The prefixes.
    #[setting(required, example = ["203.0.113.64/26"])]
    pub prefixes: Vec<String>,
    /// The names of the rules; all when empty.
    #[setting(example = ["udp-flood"])]
    pub rules: Vec<String>,
    /// The bits a second, in the place of those in the thresholds of the rules.
    #[setting(example = "5G")]
    pub bits: Option<Amount>,
    /// The packets a second, in the place of those in the thresholds of the rules.
    #[setting(example = "1M")]
    pub packets: Option<Amount>,
    /// The flows a second, in the place of those in the thresholds of the rules.
    #[setting(example = "50k")]
    pub flows: Option<Amount>,
}

fn default_thresholds() -> Vec<ThresholdSection> {
    let bits = ThresholdSection { bits: Some(Amount(1_000_000_000)), ..ThresholdSection::default() };
    let packets = ThresholdSection { packets: Some(Amount(200_000)), ..ThresholdSection::default() };
    vec![bits, packets]
}

impl ThresholdSection {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl DetectSection {
    /// What no type can check. Whether the columns of the filters are enabled is known with the schema only.
    /// The prefixes that are protected.
    #[must_use]
    pub fn protected(&self) -> Vec<IpNet> {
        prefixes(&self.protected)
    }

    /// The prefixes that nothing is ever done about.
    #[must_use]
    pub fn never(&self) -> Vec<IpNet> {
        prefixes(&self.never)
    }

    fn faults(&self) -> Vec<ConfigError> {
        let mut faults = prefix_faults("detect.protected", &self.protected);
        faults.extend(prefix_faults("detect.never", &self.never));
        faults.extend(filter_fault("detect.count", &self.count));
        if let Some(webhook) = &self.notify.webhook
            && !(webhook.starts_with("http://") || webhook.starts_with("https://"))
        {
            let help = "write it as `https://chat.example.net/hooks/attacks`";
            faults.push(fault(
                "detect.notify.webhook".to_owned(),
                "it is not a URL of HTTP".to_owned(),
                help,
            ));
        }
        let mut names = Vec::new();
        for (index, rule) in self.rule.iter().enumerate() {
            let path = format!("detect.rule[{index}]");
            faults.extend(rule.faults(&path));
            if names.contains(&&rule.name) {
                let message = format!("there are two rules `{}`", rule.name);
                faults.push(fault(format!("{path}.name"), message, "give each a name of its own"));
            }
            names.push(&rule.name);
        }
        for (index, group) in self.group.iter().enumerate() {
            faults.extend(prefix_faults(&format!("detect.group[{index}].prefixes"), &group.prefixes));
        }
        faults
    }
}

impl RuleSection {
    fn faults(&self, path: &str) -> Vec<ConfigError> {
        let mut faults = Vec::new();
        let is_named = !self.name.is_empty()
            && self.name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if !is_named {
            let message = format!("`{}` cannot name a rule", self.name);
            faults.push(fault(format!("{path}.name"), message, "a name is letters, digits and `-`"));
        }
        faults.extend(filter_fault(&format!("{path}.when"), &self.when));
        if self.when.trim().is_empty() {
            let help = "write a filter, such as `Proto = \"udp\"`";
            faults.push(fault(format!("{path}.when"), "the filter is empty".to_owned(), help));
        }
        if self.per.is_empty() {
            let help = "write \"host\", \"prefix\" or the name of a column";
            faults.push(fault(format!("{path}.per"), "nothing is under attack".to_owned(), help));
        }
        let Time(window) = self.window;
        if window % WINDOW_SECONDS != 0 || window > LONGEST_WINDOW {
            let help = "write \"10s\", \"20s\" or another multiple of 10 s up to \"10m\"";
            faults.push(fault(format!("{path}.window"), format!("invalid window `{}`", self.window), help));
        }
        faults.extend(threshold_faults(path, &self.above));
        faults
    }
}

fn threshold_faults(path: &str, thresholds: &[ThresholdSection]) -> Vec<ConfigError> {
    let help = "say how many `bits`, `packets`, `flows`, `sources` or `countries` are too many";
    if thresholds.is_empty() {
        return vec![fault(format!("{path}.above"), "there is no threshold".to_owned(), help)];
    }
    let empty = thresholds.iter().enumerate().filter(|(_, threshold)| threshold.is_empty());
    empty
        .map(|(index, _)| fault(format!("{path}.above[{index}]"), "the threshold is empty".to_owned(), help))
        .collect()
}

/// The first error of a filter, whichever columns are enabled. What saved filters stand for is not known here.
fn filter_fault(path: &str, text: &str) -> Option<ConfigError> {
    if text.contains('@') || text.trim().is_empty() {
        return None;
    }
    let (schema, saved) = (Schema::all_columns(), SavedFilters::default());
    let found = Compiler::new(&schema, &saved).diagnostics(text);
    let error = found.into_iter().find(Diagnostic::is_error)?;
    Some(ConfigError { path: path.to_owned(), message: error.message, help: error.help })
}

fn prefix_faults(path: &str, texts: &[String]) -> Vec<ConfigError> {
    let wrong = texts.iter().enumerate().filter(|(_, text)| prefix(text).is_none());
    let help = "write it as `192.0.2.1` or `10.0.0.0/8`";
    wrong
        .map(|(index, text)| {
            fault(format!("{path}[{index}]"), format!("invalid address or prefix `{text}`"), help)
        })
        .collect()
}

/// The prefixes of texts; those that are none are refused before.
pub(crate) fn prefixes(texts: &[String]) -> Vec<IpNet> {
    texts.iter().filter_map(|text| prefix(text)).collect()
}

fn prefix(text: &str) -> Option<IpNet> {
    let network = text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    network.map(|network: IpNet| network.trunc())
}

fn fault(path: String, message: String, help: &str) -> ConfigError {
    ConfigError { path, message, help: Some(help.to_owned()) }
}
