//! The sections `[server]` and `[server.limits]` of `flowql.toml`.

use flowql::ConfigError;
use flowql_config::{Choice, Section};
use ipnet::IpNet;

/// The longest time of a limit, an hour.
const LONGEST_MS: u64 = 3_600_000;

/// The HTTP service, `flowql serve`. Behind a proxy that authenticates, name its address in `trusted_proxies`: only its
/// headers say who the user is.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(
    name = "server",
    example = "[server]\nlisten = \"10.0.0.5:8080\"\ntrusted_proxies = [\"10.0.0.1\"]\n",
    check = ServerSection::faults
)]
pub struct ServerSection {
    /// The address and port to listen on; port 0 is any free one.
    #[setting(default = "127.0.0.1:8080")]
    pub listen: String,
    /// The folder of the saved filters. When left out, the one that systemd gives, else `flowql` in `$XDG_STATE_HOME` or
    /// `~/.local/state`.
    #[setting(example = "/var/lib/flowql")]
    pub data: Option<String>,
    /// The header in which a trusted proxy names the user.
    #[setting(default = "Remote-User")]
    pub user_header: String,
    /// The addresses and subnets of the proxies whose headers are trusted. A header from anyone else is ignored.
    #[setting(example = ["10.0.0.1", "2001:db8::/64"])]
    pub trusted_proxies: Vec<String>,
    /// The user of requests for which no trusted proxy names one. When empty, such requests have no user and no saved
    /// filters.
    #[setting(default = "default")]
    pub default_user: String,
    /// Names by which browsers reach the service without a trusted proxy, in addition to `localhost` and addresses.
    /// Other names are refused, so that no other site can impersonate this one.
    #[setting(example = ["flows.example.net"])]
    pub hosts: Vec<String>,
    /// Origins of other sites whose pages may call the service.
    #[setting(example = ["https://console.example.net"])]
    pub cors_origins: Vec<String>,
    /// The least important lines of the log. It has the text of filters from `debug` on.
    pub log_level: LogLevel,
    /// The format of the log; `auto` is text on a terminal and JSON otherwise.
    pub log_format: LogFormat,
    /// The limits.
    #[section]
    pub limits: ServerLimits,
}

/// What the callers of the HTTP service may cost. A client that exceeds its rate is answered with 429; what exceeds the
/// service as a whole, with 503.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(name = "server.limits", example = "[server.limits]\nrate = 50\n")]
pub struct ServerLimits {
    /// The maximum size of a request's body.
    #[setting(default = 256 * 1024, range = 1024..=64 << 20, unit = "bytes")]
    pub body: usize,
    /// The most requests that are processed at once.
    #[setting(default = 1024, range = 1..=1_000_000)]
    pub concurrency: usize,
    /// The most connections that are open at once.
    #[setting(default = 4096, range = 1..=1_000_000)]
    pub connections: usize,
    /// How many requests one client may send in the long run; 0 for no limit.
    #[setting(default = 200, range = 0..=1_000_000, unit = "requests per second")]
    pub rate: u32,
    /// The requests that one client may send at once.
    #[setting(default = 400, range = 1..=1_000_000)]
    pub burst: u32,
    /// How long an answer may take.
    #[setting(default = 10_000, range = 1..=LONGEST_MS, unit = "milliseconds")]
    pub request_ms: u64,
    /// How long the headers of a request may take to arrive, including the wait for the next request of a connection.
    #[setting(default = 10_000, range = 1..=LONGEST_MS, unit = "milliseconds")]
    pub header_ms: u64,
    /// How long the body of a request may take to arrive, and the client to take a piece of the answer.
    #[setting(default = 10_000, range = 1..=LONGEST_MS, unit = "milliseconds")]
    pub body_ms: u64,
    /// How long a stop waits for the requests in progress.
    #[setting(default = 10_000, range = 0..=LONGEST_MS, unit = "milliseconds")]
    pub stop_ms: u64,
    /// The most saved filters of one user.
    #[setting(default = 1000, range = 0..=1_000_000)]
    pub saved_filters: usize,
}

/// How important a line of the log is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum LogLevel {
    /// What failed.
    Error,
    /// What may go wrong.
    Warn,
    /// What happened.
    #[default]
    Info,
    /// What helps to find a mistake.
    Debug,
    /// Everything.
    Trace,
}

/// The format of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum LogFormat {
    /// Text on a terminal, JSON otherwise.
    #[default]
    Auto,
    /// Text.
    Text,
    /// JSON.
    Json,
}

impl ServerSection {
    /// The networks of the trusted proxies.
    pub(crate) fn proxies(&self) -> Vec<IpNet> {
        self.trusted_proxies.iter().filter_map(|text| network(text)).collect()
    }

    fn faults(&self) -> Vec<ConfigError> {
        let mut faults = Vec::new();
        if self.listen.parse::<std::net::SocketAddr>().is_err() {
            let message = format!("invalid address and port `{}`", self.listen);
            faults.push(fault("listen", message, "write it as `127.0.0.1:8080` or `[::1]:8080`"));
        }
        for (index, text) in self.trusted_proxies.iter().enumerate() {
            if network(text).is_none() {
                let message = format!("invalid address or subnet `{text}`");
                let help = "write it as `192.0.2.1` or `10.0.0.0/8`";
                faults.push(fault(&format!("trusted_proxies[{index}]"), message, help));
            }
        }
        for (key, name) in [("user_header", &self.user_header), ("default_user", &self.default_user)] {
            let token = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.@".contains(&byte);
            let missing = name.is_empty() && key == "user_header";
            if missing || !name.bytes().all(token) {
                let help = "it consists of letters, digits, `-`, `_`, `.` and `@`";
                faults.push(fault(key, format!("`{key}` cannot be `{name}`"), help));
            }
        }
        for (index, origin) in self.cors_origins.iter().enumerate() {
            let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
            if !host.is_some_and(|host| !host.is_empty() && !host.contains(['/', '*', ' '])) {
                let help = "write it as `https://console.example.net`, without a path";
                faults.push(fault(
                    &format!("cors_origins[{index}]"),
                    format!("invalid origin `{origin}`"),
                    help,
                ));
            }
        }
        faults
    }
}

fn fault(key: &str, message: String, help: &str) -> ConfigError {
    ConfigError { path: format!("server.{key}"), message, help: Some(help.to_owned()) }
}

fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<std::net::IpAddr>().ok().map(IpNet::from))
}

#[cfg(test)]
mod tests {
    use flowql_config::{Config, KnownSection, Registry};

    use super::*;

    const SECTIONS: Registry = &[KnownSection::of::<ServerSection>()];

    fn errors(text: &str) -> Vec<String> {
        let errors = Config::parse(text, "f", SECTIONS).unwrap_err();
        errors.to_string().lines().map(|line| line.trim_start_matches("f:").to_owned()).collect()
    }

    #[test]
    fn errors_are_at_their_lines() {
        let text = "[server]\nlisten = \"localhost\"\ntrusted_proxies = [\n  \"10.0.0.0/8\",\n  \"proxy\",\n]\nuser_header = \"\"\ncors_origins = [\"*\"]\n";
        assert_eq!(
            errors(&format!("{text}[server.limits]\nburst = 0\n")),
            ["10:9: `burst` must be an integer from 1 to 1000000"]
        );
        assert_eq!(
            errors(text),
            [
                "2:10: invalid address and port `localhost`: write it as `127.0.0.1:8080` or `[::1]:8080`",
                "5:3: invalid address or subnet `proxy`: write it as `192.0.2.1` or `10.0.0.0/8`",
                "7:15: `user_header` cannot be ``: it consists of letters, digits, `-`, `_`, `.` and `@`",
                "8:17: invalid origin `*`: write it as `https://console.example.net`, without a path",
            ]
        );
        assert_eq!(
            errors("[server]\nlog_level = \"loud\"\n"),
            ["2:13: `log_level` must be \"error\", \"warn\", \"info\", \"debug\" or \"trace\""]
        );
    }
}
