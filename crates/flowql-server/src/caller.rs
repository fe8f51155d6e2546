//! Who calls.

use std::net::IpAddr;
use std::sync::Arc;

use crate::section::ServerSection;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Method, header};
use flowql::{Compiler, Diagnostic, SavedFilters};
use flowql_backend::{Direction, FlowFilter};
use ipnet::IpNet;

use crate::access::{Role, Sight};
use crate::app::Shared;
use crate::problem::Problem;
use crate::rate::Client;
use crate::shapes;

/// The longest name of a user, in bytes.
const LONGEST_USER: usize = 256;

/// Who calls, as far as it is known.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// The user; `None` where none can be told, or there is no default one.
    pub(crate) user: Option<Arc<str>>,
    /// What the rate is counted for.
    pub(crate) client: Client,
    /// Whether a trusted proxy names the user: what else it says of them is then true too.
    pub(crate) is_named: bool,
    /// What the user may do.
    pub(crate) role: Role,
    /// The flows that the user may see.
    pub(crate) sight: Sight,
}

impl Caller {
    /// Who calls, before it is known what they may do and see, which is nothing.
    const fn new(user: Option<Arc<str>>, client: Client, is_named: bool) -> Self {
        Self { user, client, is_named, role: Role::View, sight: Sight::None }
    }

    /// Compiles a filter for this caller: of the flows that it selects only those count that the caller may see. Nothing
    /// else in the service makes a filter for a question about flows.
    ///
    /// # Errors
    ///
    /// That the filter is bad, or that the caller sees nothing.
    pub(crate) fn compile(
        &self,
        compiler: &Compiler<'_>,
        text: &str,
        direction: Direction,
    ) -> Result<FlowFilter, Uncompiled> {
        let forced = self.sight.forced().map_err(Uncompiled::Refused)?;
        let filter = FlowFilter::compile(compiler, text, direction, None).map_err(Uncompiled::Bad)?;
        match forced {
            Some(forced) => filter.within(compiler, forced).map_err(Uncompiled::Bad),
            None => Ok(filter),
        }
    }

    /// The filter of every flow that this caller may see.
    ///
    /// # Errors
    ///
    /// That the caller sees nothing.
    pub(crate) fn every_flow(&self, app: &Shared) -> Result<FlowFilter, Problem> {
        let saved = SavedFilters::default();
        let compiler = Compiler { saved: &saved, ..app.config.compiler() };
        self.compile(&compiler, "", Direction::Forward).map_err(|error| error.of_text(""))
    }
}

/// Why a filter is not compiled.
#[derive(Debug)]
pub(crate) enum Uncompiled {
    /// It is bad.
    Bad(Vec<Diagnostic>),
    /// The caller may not ask.
    Refused(Problem),
}

impl Uncompiled {
    /// The refusal; `text` is the filter.
    pub(crate) fn of_text(self, text: &str) -> Problem {
        match self {
            Self::Bad(found) => Problem::bad_filter(shapes::diagnostics(text, &found)),
            Self::Refused(problem) => problem,
        }
    }
}

/// The user who calls, who may save; a request of nobody is refused, and one of a user who may only look.
#[derive(Debug)]
pub(crate) struct Editor(pub(crate) Owner);

impl<S: Sync> FromRequestParts<S> for Editor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let User(user) = User::from_request_parts(parts, state).await?;
        let caller = parts.extensions.get::<Caller>().ok_or_else(Problem::internal)?;
        if caller.role < Role::Edit { Err(Problem::may_only_view()) } else { Ok(Self(user)) }
    }
}

/// A user, and whether it is one who sees what others share.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Owner {
    /// The name.
    pub(crate) name: Arc<str>,
    /// Whether the user sees only a part of the flows: then none of the filters of others, which say what else there is.
    pub(crate) is_alone: bool,
}

impl Caller {
    /// The user, where there is one.
    pub(crate) fn owner(&self) -> Option<Owner> {
        Some(Owner { name: self.user.clone()?, is_alone: self.sight.is_limited() })
    }
}

/// The user who calls; a request of nobody is refused.
#[derive(Debug)]
pub(crate) struct User(pub(crate) Owner);

impl<S: Sync> FromRequestParts<S> for User {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Caller>().ok_or_else(Problem::internal)?;
        caller.owner().map(Self).ok_or_else(Problem::no_user)
    }
}

/// What a proxy says of the user.
#[derive(Debug, PartialEq)]
enum Named {
    User(Arc<str>),
    Nobody,
    /// A name that cannot be believed.
    Badly,
}

/// The rules that say who calls.
#[derive(Debug)]
pub(crate) struct Callers {
    header: HeaderName,
    proxies: Vec<IpNet>,
    /// Who calls where no trusted proxy names one; `None` for nobody.
    default_user: Option<Arc<str>>,
    hosts: Vec<String>,
    origins: Vec<String>,
}

impl Callers {
    /// The rules of the configuration.
    pub(crate) fn new(section: &ServerSection) -> Self {
        Self {
            header: HeaderName::from_bytes(section.user_header.as_bytes())
                .unwrap_or(HeaderName::from_static("remote-user")),
            proxies: section.proxies(),
            default_user: (!section.default_user.is_empty()).then(|| section.default_user.as_str().into()),
            hosts: section.hosts.iter().map(|host| host.to_ascii_lowercase()).collect(),
            origins: section.cors_origins.clone(),
        }
    }

    /// Who sent these headers from this address.
    pub(crate) fn identify(&self, address: IpAddr, headers: &HeaderMap) -> Result<Caller, Problem> {
        let address = address.to_canonical();
        if self.proxies.iter().any(|network| network.contains(&address)) {
            return Ok(match self.named(headers) {
                Named::User(user) => Caller::new(Some(Arc::clone(&user)), Client::User(user), true),
                named => {
                    let client = Client::at(forwarded_for(headers).unwrap_or(address));
                    let user = if named == Named::Nobody { self.default_user.clone() } else { None };
                    Caller::new(user, client, false)
                }
            });
        }
        let client = Client::at(address);
        // The name of a hostile site may be made to point here; its pages would then pass for ours.
        if self.knows_host(headers) {
            return Ok(Caller::new(self.default_user.clone(), client, false));
        }
        if address.is_loopback() && self.proxies.is_empty() {
            return Err(Problem::unknown_host());
        }
        Ok(Caller::new(None, client, false))
    }

    /// Whom the proxy names. Two names are bad: one of them may be the client's own.
    fn named(&self, headers: &HeaderMap) -> Named {
        let mut values = headers.get_all(&self.header).iter();
        let Some(value) = values.next() else { return Named::Nobody };
        let Ok(name) = std::str::from_utf8(value.as_bytes()) else { return Named::Badly };
        match name.trim() {
            _ if values.next().is_some() => Named::Badly,
            "" => Named::Nobody,
            name if name.len() > LONGEST_USER || name.contains(char::is_control) => Named::Badly,
            name => Named::User(name.into()),
        }
    }

    fn knows_host(&self, headers: &HeaderMap) -> bool {
        let Some(host) = headers.get(header::HOST) else { return true };
        let Ok(host) = host.to_str() else { return false };
        let name = host_name(host).to_ascii_lowercase();
        let address = name.trim_start_matches('[').trim_end_matches(']');
        name == "localhost"
            || name.ends_with(".localhost")
            || address.parse::<IpAddr>().is_ok()
            || self.hosts.contains(&name)
    }

    /// Refuses what the page of another site would change, unless that site is allowed to call.
    pub(crate) fn check_site(&self, method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
        if method.is_safe() {
            return Ok(());
        }
        let origin = text(headers, header::ORIGIN);
        let foreign = match text(headers, HeaderName::from_static("sec-fetch-site")) {
            Some(site) => matches!(site, "cross-site" | "same-site"),
            // Browsers leave it out where the service is reached without TLS from another machine.
            None => origin.is_some_and(|origin| !self.is_own(origin, headers)),
        };
        let allowed = origin.is_some_and(|origin| self.origins.iter().any(|known| known == origin));
        if foreign && !allowed { Err(Problem::cross_site()) } else { Ok(()) }
    }

    /// Whether an origin is that of the service's own pages: of the host that is called, of the one that a proxy was
    /// called by, or of one that the configuration names. The page of another site cannot choose these.
    fn is_own(&self, origin: &str, headers: &HeaderMap) -> bool {
        let Some((_, host)) = origin.split_once("://") else { return false };
        let called = [header::HOST, HeaderName::from_static("x-forwarded-host")];
        called.into_iter().filter_map(|name| text(headers, name)).any(|name| name.eq_ignore_ascii_case(host))
            || self.hosts.contains(&host.to_ascii_lowercase())
    }
}

/// A header as text.
fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// The host without its port.
fn host_name(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !name.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

/// The address that a proxy adds at the end of `X-Forwarded-For`.
fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?;
    last.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn callers(proxies: &[&str]) -> Callers {
        Callers::new(&ServerSection {
            trusted_proxies: proxies.iter().map(|&proxy| proxy.to_owned()).collect(),
            hosts: vec!["Flows.Example.Net".to_owned()],
            cors_origins: vec!["https://console.example.net".to_owned()],
            ..ServerSection::default()
        })
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    /// The user that is found, `-` for none, or the code of the refusal.
    fn user(callers: &Callers, address: &str, pairs: &[(&'static str, &str)]) -> String {
        match callers.identify(address.parse().unwrap(), &headers(pairs)) {
            Ok(caller) => caller.user.map_or("-".to_owned(), |user| user.to_string()),
            Err(problem) => problem.code.to_owned(),
        }
    }

    #[test]
    fn only_a_trusted_proxy_names_the_user() {
        let named = [("remote-user", "alice")];
        let behind = callers(&["10.0.0.0/8", "::1"]);
        assert_eq!(user(&behind, "10.1.2.3", &named), "alice");
        assert_eq!(user(&behind, "::ffff:10.1.2.3", &named), "alice");
        assert_eq!(user(&behind, "::1", &named), "alice");
        assert_eq!(user(&behind, "192.0.2.1", &named), "default");
        assert_eq!(user(&behind, "127.0.0.1", &named), "default");
        assert_eq!(user(&behind, "10.1.2.3", &[]), "default");
        assert_eq!(user(&behind, "10.1.2.3", &[("remote-user", " ")]), "default");
        assert_eq!(user(&behind, "10.1.2.3", &[("remote-user", "a"), ("remote-user", "b")]), "-");
        assert_eq!(user(&behind, "10.1.2.3", &[("remote-user", "a\tb")]), "-");
        let alone = callers(&[]);
        assert_eq!(user(&alone, "127.0.0.1", &named), "default");
        assert_eq!(user(&alone, "::1", &[]), "default");
        assert_eq!(user(&alone, "192.0.2.1", &named), "default");
    }

    #[test]
    fn without_a_default_user_those_who_are_not_named_are_nobody() {
        let section = ServerSection { default_user: String::new(), ..ServerSection::default() };
        assert_eq!(user(&Callers::new(&section), "127.0.0.1", &[]), "-");
    }

    #[test]
    fn from_other_machines_a_name_that_is_not_ours_is_nobodys() {
        let alone = callers(&[]);
        assert_eq!(user(&alone, "192.0.2.1", &[("host", "192.0.2.9:8080")]), "default");
        assert_eq!(user(&alone, "192.0.2.1", &[("host", "flows.example.net")]), "default");
        assert_eq!(user(&alone, "192.0.2.1", &[("host", "evil.example")]), "-");
        assert_eq!(user(&callers(&["10.0.0.1"]), "10.0.0.1", &[("host", "any.example")]), "default");
    }

    #[test]
    fn a_name_that_is_not_ours_is_refused_without_a_proxy() {
        let alone = callers(&[]);
        for (host, expected) in [
            ("localhost:8080", "default"),
            ("a.localhost", "default"),
            ("127.0.0.1:8080", "default"),
            ("[::1]:8080", "default"),
            ("flows.example.net", "default"),
            ("evil.example:8080", "unknown_host"),
            ("127.0.0.1.evil.example", "unknown_host"),
        ] {
            assert_eq!(user(&alone, "127.0.0.1", &[("host", host)]), expected, "{host}");
        }
    }

    #[test]
    fn pages_of_other_sites_change_nothing() {
        let callers = callers(&[]);
        let good =
            |method, pairs: &[(&'static str, &str)]| callers.check_site(&method, &headers(pairs)).is_ok();
        assert!(good(Method::POST, &[]));
        assert!(good(Method::POST, &[("sec-fetch-site", "same-origin")]));
        assert!(good(Method::GET, &[("sec-fetch-site", "cross-site")]));
        assert!(!good(Method::DELETE, &[("sec-fetch-site", "cross-site")]));
        assert!(!good(Method::POST, &[("sec-fetch-site", "same-site"), ("origin", "https://x.example.net")]));
        let allowed = [("sec-fetch-site", "cross-site"), ("origin", "https://console.example.net")];
        assert!(good(Method::POST, &allowed));
        // Without that header the origin says it.
        let from = |origin| good(Method::POST, &[("host", "192.0.2.9:8080"), ("origin", origin)]);
        for own in [
            "http://192.0.2.9:8080",
            "https://console.example.net",
            "https://flows.example.net",
            "http://FLOWS.example.net",
        ] {
            assert!(from(own), "{own}");
        }
        for foreign in [
            "http://evil.example",
            "http://192.0.2.9",
            "http://192.0.2.9:8081",
            "https://flows.example.net:8443",
            "http://console.example.net",
            "null",
            "",
        ] {
            assert!(!from(foreign), "{foreign}");
        }
        let proxied = |origin| {
            let named = [("host", "10.0.0.2:8080"), ("x-forwarded-host", "console.test"), ("origin", origin)];
            good(Method::POST, &named)
        };
        assert!(proxied("https://console.test") && !proxied("https://x.test"));
        assert!(good(Method::GET, &[("origin", "http://evil.example")]));
    }

    #[test]
    fn behind_a_proxy_the_rate_is_that_of_the_user_or_of_the_address_it_adds() {
        let behind = callers(&["10.0.0.1"]);
        let client = |pairs: &[(&'static str, &str)]| {
            behind.identify("10.0.0.1".parse().unwrap(), &headers(pairs)).unwrap().client
        };
        assert_eq!(client(&[("remote-user", "alice")]), Client::User("alice".into()));
        let forwarded = [("x-forwarded-for", "203.0.113.9, 192.0.2.7")];
        assert_eq!(client(&forwarded), Client::at("192.0.2.7".parse().unwrap()));
        assert_eq!(client(&[]), Client::at("10.0.0.1".parse().unwrap()));
    }
}
