//! The sections of the HTTP service.

use flowql::ConfigError;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// The section `[server]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerSection {
    /// The address and port to listen on.
    pub listen: String,
    /// The folder of the saved filters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// The header in which a trusted proxy names the user.
    pub user_header: String,
    /// The addresses and subnets of the proxies whose headers count.
    pub trusted_proxies: Vec<String>,
    /// Who calls from the machine itself where there is no proxy.
    pub default_user: String,
    /// The names under which a browser may reach the service without a proxy.
    pub hosts: Vec<String>,
    /// The origins of other sites whose pages may call.
    pub cors_origins: Vec<String>,
    /// The least important lines that are logged.
    pub log_level: String,
    /// How the log is written.
    pub log_format: String,
    /// What callers may cost.
    pub limits: ServerLimits,
}

/// The section `[server.limits]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerLimits {
    /// The bytes of a request's body.
    pub body: usize,
    /// The requests that are worked on at once.
    pub concurrency: usize,
    /// The connections that are open at once.
    pub connections: usize,
    /// The requests per second of one client; 0 for any number.
    pub rate: u32,
    /// The requests that a client may send at once.
    pub burst: u32,
    /// The milliseconds for an answer.
    pub request_ms: u64,
    /// The milliseconds for the headers of a request, and between two requests of a connection.
    pub header_ms: u64,
    /// The milliseconds for the body of a request, and for the client to take a piece of the answer.
    pub body_ms: u64,
    /// The milliseconds that a stop waits for the requests that are being answered.
    pub stop_ms: u64,
    /// The saved filters of one user.
    pub saved_filters: usize,
}

impl Default for ServerSection {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8080".to_owned(),
            data: None,
            user_header: "Remote-User".to_owned(),
            trusted_proxies: Vec::new(),
            default_user: "default".to_owned(),
            hosts: Vec::new(),
            cors_origins: Vec::new(),
            log_level: "info".to_owned(),
            log_format: "auto".to_owned(),
            limits: ServerLimits::default(),
        }
    }
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            body: 256 * 1024,
            concurrency: 1024,
            connections: 4096,
            rate: 200,
            burst: 400,
            request_ms: 10_000,
            header_ms: 10_000,
            body_ms: 10_000,
            stop_ms: 10_000,
            saved_filters: 1000,
        }
    }
}

impl ServerSection {
    /// The networks of the trusted proxies.
    pub fn proxies(&self) -> Vec<IpNet> {
        self.trusted_proxies.iter().filter_map(|text| network(text)).collect()
    }

    /// What the reference cannot check, each with the path of its setting.
    pub(crate) fn check(&self) -> Vec<ConfigError> {
        let error = |path: String, message: String, help: &str| ConfigError {
            path,
            message,
            help: Some(help.to_owned()),
        };
        let mut errors = Vec::new();
        if self.listen.parse::<std::net::SocketAddr>().is_err() {
            let message = format!("`{}` is no address and port", self.listen);
            let help = "write it as `127.0.0.1:8080` or `[::1]:8080`";
            errors.push(error("server.listen".to_owned(), message, help));
        }
        for (index, text) in self.trusted_proxies.iter().enumerate() {
            if network(text).is_none() {
                let message = format!("`{text}` is no address or subnet");
                let help = "write it as `192.0.2.1` or `10.0.0.0/8`";
                errors.push(error(format!("server.trusted_proxies[{index}]"), message, help));
            }
        }
        for (key, name) in [("user_header", &self.user_header), ("default_user", &self.default_user)] {
            let token = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.@".contains(&byte);
            let missing = name.is_empty() && key == "user_header";
            if missing || !name.bytes().all(token) {
                let message = format!("`{key}` cannot be `{name}`");
                let help = "it is made of letters, digits, `-`, `_`, `.` and `@`";
                errors.push(error(format!("server.{key}"), message, help));
            }
        }
        for (index, origin) in self.cors_origins.iter().enumerate() {
            let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
            if !host.is_some_and(|host| !host.is_empty() && !host.contains(['/', '*', ' '])) {
                let message = format!("`{origin}` is no origin");
                let help = "write it as `https://console.example.net`, without a path";
                errors.push(error(format!("server.cors_origins[{index}]"), message, help));
            }
        }
        errors
    }
}

fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<std::net::IpAddr>().ok().map(IpNet::from))
}
