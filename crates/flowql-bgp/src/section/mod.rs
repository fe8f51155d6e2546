//! The section `[announce]` of `flowql.toml`.

mod start;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};

use flowql::ConfigError;
use flowql_config::{Choice, Secret, Section};
use ipnet::IpNet;
use url::Url;

use crate::rule::RouteTarget;

/// A day: the longest that stale routes are kept.
const DAY: u32 = 86_400;

/// How mitigations of attacks are announced to routers, by BGP or otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(
    name = "announce",
    example = "[announce]\nway = \"speaker\"\nasn = 64666\n\n[[announce.router]]\nname = \"border\"\naddress = \"198.51.100.1\"\nasn = 64500\n",
    check = AnnounceSection::faults
)]
pub struct AnnounceSection {
    /// What announces.
    pub way: AnnounceWay,
    /// The AS that announces. Rules carry the large community AS:1:INCIDENT.
    #[setting(default = 64_666, range = 1..=4_294_967_294)]
    pub asn: u32,
    /// The identifier of the speaker, an address of IPv4 that no router has.
    #[setting(default = "192.0.2.1")]
    pub id: String,
    /// The next hop of blackholes of IPv4: an address that routers drop traffic to.
    #[setting(default = "192.0.2.1")]
    pub next_hop4: String,
    /// The next hop of blackholes of IPv6.
    #[setting(default = "100::1")]
    pub next_hop6: String,
    /// Communities of blackholes in addition to 65535:666 (BLACKHOLE) and NO_EXPORT, as upstreams ask for.
    #[setting(example = ["64500:666"])]
    pub blackhole_communities: Vec<String>,
    /// Whether blackholes stay for a while at routers that lose their announcer, as rules of Flowspec do.
    pub keep_blackholes: bool,
    /// Routers' own addresses and subnets: no rule may hit their BGP sessions.
    #[setting(example = ["192.0.2.0/24"])]
    pub infrastructure: Vec<String>,
    /// The route targets of the VRFs that traffic may be redirected to.
    #[setting(example = ["64500:666"])]
    pub redirects: Vec<String>,
    /// How many rules may be new within a minute.
    #[setting(default = 20, range = 0..=10_000)]
    pub new_per_minute: u32,
    /// How much of the usual traffic all rules together may hit.
    #[setting(default = 5, range = 0..=100, unit = "percent")]
    pub most_share_percent: u32,
    /// The longest time to the end of a rule.
    #[setting(default = 86_400, range = 60..=2_592_000, unit = "seconds")]
    pub longest_seconds: u64,
    /// BIRD, where it announces.
    #[section]
    pub bird: AnnounceBirdSection,
    /// The speaker, where it announces.
    #[section]
    pub speaker: AnnounceSpeakerSection,
    /// The program, where one announces.
    #[section]
    pub exec: AnnounceExecSection,
    /// The service, where one announces.
    #[section]
    pub webhook: AnnounceWebhookSection,
    /// The routers.
    #[section]
    pub router: Vec<AnnounceRouterSection>,
}

/// What announces mitigations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum AnnounceWay {
    /// Nothing.
    #[default]
    None,
    /// BGP sessions of our own.
    Speaker,
    /// A BIRD that runs.
    Bird,
    /// A program.
    Exec,
    /// A service, over HTTP.
    Webhook,
}

/// A router that mitigations are announced to.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(
    name = "announce.router",
    list,
    example = "[[announce.router]]\nname = \"border\"\naddress = \"198.51.100.1\"\nasn = 64500\n"
)]
pub struct AnnounceRouterSection {
    /// Its name; with BIRD, that of its protocol there.
    #[setting(required, example = "border")]
    pub name: String,
    /// Its address, for the speaker.
    #[setting(example = "198.51.100.1")]
    pub address: String,
    /// Its port.
    #[setting(default = 179, range = 1..=65_535)]
    pub port: u16,
    /// The address to connect from; when left out, the system's choice.
    #[setting(example = "198.51.100.9")]
    pub local: String,
    /// Its AS, for the speaker.
    #[setting(default = 0, range = 0..=4_294_967_294, example = 64_500)]
    pub asn: u32,
    /// The password of TCP MD5.
    #[setting(example = "secret")]
    pub password: Secret,
    /// A file with the password.
    #[setting(example = "/run/secrets/bgp")]
    pub password_file: String,
    /// The most blackholes of IPv4, below the limit at which the router ends the session; 0 where it takes none.
    #[setting(default = 100, range = 0..=100_000)]
    pub blackholes4: u32,
    /// The most blackholes of IPv6.
    #[setting(default = 100, range = 0..=100_000)]
    pub blackholes6: u32,
    /// The most rules of Flowspec for IPv4.
    #[setting(default = 100, range = 0..=100_000)]
    pub flowspec4: u32,
    /// The most rules of Flowspec for IPv6.
    #[setting(default = 100, range = 0..=100_000)]
    pub flowspec6: u32,
}

/// A BIRD that announces.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(name = "announce.bird", example = "[announce.bird]\nfolder = \"/var/lib/flowql/bird\"\n")]
pub struct AnnounceBirdSection {
    /// Its control socket.
    #[setting(default = "/run/bird/bird.ctl")]
    pub socket: String,
    /// The folder of the files that its configuration includes: `rtbh4.conf`, `rtbh6.conf`, `flow4.conf` and `flow6.conf`.
    #[setting(default = "/var/lib/flowql/bird")]
    pub folder: String,
    /// Its table of blackholes of IPv4.
    #[setting(default = "rtbh4")]
    pub blackhole4: String,
    /// Its table of blackholes of IPv6.
    #[setting(default = "rtbh6")]
    pub blackhole6: String,
    /// Its table of Flowspec for IPv4.
    #[setting(default = "flowtab4")]
    pub flowspec4: String,
    /// Its table of Flowspec for IPv6.
    #[setting(default = "flowtab6")]
    pub flowspec6: String,
}

/// BGP sessions of our own.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(name = "announce.speaker", example = "[announce.speaker]\nstale_seconds = 600\n")]
pub struct AnnounceSpeakerSection {
    /// How long a router may be silent before its session ends.
    #[setting(default = 90, range = 3..=65_535, unit = "seconds")]
    pub hold_seconds: u16,
    /// How long routers keep the routes of a lost session before they are stale. Blackholes stay for that long.
    #[setting(default = 0, range = 0..=4095, unit = "seconds")]
    pub restart_seconds: u16,
    /// How long routers keep stale rules of Flowspec; 0 for not at all.
    #[setting(default = 3600, range = 0..=DAY, unit = "seconds")]
    pub stale_seconds: u32,
}

/// A program that announces. It gets JSON on its standard input.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(name = "announce.exec", example = "[announce.exec]\nprogram = \"/usr/local/bin/announce\"\n")]
pub struct AnnounceExecSection {
    /// The program.
    #[setting(example = "/usr/local/bin/announce")]
    pub program: String,
    /// Its arguments.
    #[setting(example = ["--upstream", "a"])]
    pub arguments: Vec<String>,
    /// How long it may run.
    #[setting(default = 30, range = 1..=3600, unit = "seconds")]
    pub seconds: u64,
}

/// A service that announces. JSON is posted to it.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(
    name = "announce.webhook",
    example = "[announce.webhook]\nurl = \"https://api.example.net/rules\"\n"
)]
pub struct AnnounceWebhookSection {
    /// Its address.
    #[setting(example = "https://api.example.net/rules")]
    pub url: String,
    /// The header `Authorization`.
    #[setting(example = "Bearer secret")]
    pub authorization: Secret,
    /// A file with that header's value.
    #[setting(example = "/run/secrets/webhook")]
    pub authorization_file: String,
    /// How long an answer may take.
    #[setting(default = 30, range = 1..=3600, unit = "seconds")]
    pub seconds: u64,
}

impl AnnounceSection {
    fn faults(&self) -> Vec<ConfigError> {
        let mut faults = Vec::new();
        let mut check = |key: String, text: &str, is_right: bool, help: &str| {
            if !is_right {
                let (path, message) = (format!("announce.{key}"), format!("invalid value `{text}`"));
                faults.push(ConfigError { path, message, help: Some(help.to_owned()) });
            }
        };
        let ipv4 = "write an address of IPv4, as `192.0.2.1`";
        for (key, text) in [("id", &self.id), ("next_hop4", &self.next_hop4)] {
            check(key.to_owned(), text, text.parse::<std::net::Ipv4Addr>().is_ok(), ipv4);
        }
        let is_ipv6 = self.next_hop6.parse::<std::net::Ipv6Addr>().is_ok();
        check("next_hop6".to_owned(), &self.next_hop6, is_ipv6, "write an address of IPv6, as `100::1`");
        for (index, text) in self.blackhole_communities.iter().enumerate() {
            let key = format!("blackhole_communities[{index}]");
            check(key, text, community(text).is_some(), "write two numbers below 65536, as `64500:666`");
        }
        for (index, text) in self.redirects.iter().enumerate() {
            let help = "write an AS below 65536 and a number, as `64500:666`";
            check(format!("redirects[{index}]"), text, route_target(text).is_some(), help);
        }
        for (index, text) in self.infrastructure.iter().enumerate() {
            let help = "write it as `192.0.2.1` or `192.0.2.0/24`";
            check(format!("infrastructure[{index}]"), text, network(text).is_some(), help);
        }
        for (index, router) in self.router.iter().enumerate() {
            let key = |name: &str| format!("router[{index}].{name}");
            let address = "write an address, as `198.51.100.1` or `2001:db8::1`";
            let needs_address = self.way == AnnounceWay::Speaker || !router.address.is_empty();
            check(
                key("address"),
                &router.address,
                !needs_address || router.peer_address().is_some(),
                address,
            );
            check(
                key("local"),
                &router.local,
                router.local.is_empty() || router.local.parse::<IpAddr>().is_ok(),
                address,
            );
            let needs_asn = self.way == AnnounceWay::Speaker;
            check(key("asn"), &router.asn.to_string(), !needs_asn || router.asn > 0, "set the router's AS");
            let is_word = !router.name.is_empty()
                && router.name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
            let needs_word = self.way == AnnounceWay::Bird;
            check(
                key("name"),
                &router.name,
                !needs_word || is_word,
                "write the name of BIRD's protocol: letters, digits and `_`",
            );
        }
        if self.way == AnnounceWay::Exec {
            check(
                "exec.program".to_owned(),
                &self.exec.program,
                !self.exec.program.is_empty(),
                "name the program",
            );
        }
        let is_url = Url::parse(&self.webhook.url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        let needs_url = self.way == AnnounceWay::Webhook || !self.webhook.url.is_empty();
        check(
            "webhook.url".to_owned(),
            &self.webhook.url,
            !needs_url || is_url,
            "write it as `https://api.example.net/rules`",
        );
        faults
    }
}

impl AnnounceRouterSection {
    fn peer_address(&self) -> Option<SocketAddr> {
        Some(SocketAddr::new(self.address.parse().ok()?, self.port))
    }
}

/// A community of two numbers.
fn community(text: &str) -> Option<u32> {
    let (high, low) = text.split_once(':')?;
    Some(u32::from(high.parse::<u16>().ok()?) << 16 | u32::from(low.parse::<u16>().ok()?))
}

fn route_target(text: &str) -> Option<RouteTarget> {
    let (asn, value) = text.split_once(':')?;
    Some(RouteTarget { asn: asn.parse().ok()?, value: value.parse().ok()? })
}

fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}
