//! Which server is asked.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::OnceCell;
use url::{Host, Url};

use crate::Error;
use flowql_embedded::{Embedded, EmbeddedOptions};

/// The servers of a client.
#[derive(Debug)]
pub(crate) enum Servers {
    /// Servers that are there without us, and which of them answered last.
    Remote { urls: Vec<String>, current: AtomicUsize },
    /// The engine that we start, when it is first asked.
    Embedded { options: EmbeddedOptions, engine: Box<OnceCell<Embedded>> },
}

impl Servers {
    /// Checks the addresses.
    pub(crate) fn remote(urls: &[String]) -> Result<Self, Error> {
        let urls: Result<Vec<_>, _> = urls.iter().map(|url| check(url)).collect();
        let urls = urls?;
        if urls.is_empty() {
            return Err(Error::Setup {
                message: "no server is named".to_owned(),
                help: Some("name one with `servers` in [clickhouse], or with --server".to_owned()),
            });
        }
        Ok(Self::Remote { urls, current: AtomicUsize::new(0) })
    }

    /// How often a call may be attempted: every server once, and at least twice in all.
    pub(crate) fn attempts(&self) -> usize {
        match self {
            Self::Remote { urls, .. } => urls.len().max(2),
            Self::Embedded { .. } => 3,
        }
    }

    /// Whether a server is left that no attempt up to this one has asked.
    pub(crate) fn has_another(&self, attempt: usize) -> bool {
        match self {
            Self::Remote { urls, .. } => attempt + 1 < urls.len(),
            Self::Embedded { .. } => false,
        }
    }

    /// The server to ask: first the one that answered last, then the others.
    pub(crate) async fn pick(&self, attempt: usize) -> Result<String, Error> {
        match self {
            Self::Remote { urls, current } => {
                let index = (current.load(Ordering::Relaxed) + attempt) % urls.len().max(1);
                Ok(urls.get(index).cloned().unwrap_or_default())
            }
            Self::Embedded { options, engine } => {
                let engine = engine.get_or_try_init(|| Embedded::open(options.clone())).await?;
                Ok(if attempt == 0 { engine.url() } else { engine.ensure().await? })
            }
        }
    }

    /// Remembers the server that answered an attempt.
    pub(crate) fn answered(&self, url: &str) {
        if let Self::Remote { urls, current } = self
            && let Some(index) = urls.iter().position(|known| known == url)
        {
            current.store(index, Ordering::Relaxed);
        }
    }
}

/// Whether a server is on this machine, by its address.
pub(crate) fn is_local(url: &str) -> bool {
    match Url::parse(url).ok().as_ref().and_then(Url::host) {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// An address as it is used: with a scheme, without credentials, which have settings of their own.
fn check(text: &str) -> Result<String, Error> {
    let bad = |what: &str| Error::Setup {
        message: format!("`{text}` is no address of a server: {what}"),
        help: Some("write it as `http://HOST:8123` or `https://HOST:8443`".to_owned()),
    };
    let url = Url::parse(text).map_err(|error| bad(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(bad("it begins with neither http:// nor https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        let url = url[url::Position::BeforeHost..].trim_end_matches('/');
        return Err(Error::Setup {
            message: format!("the address of the server `{url}` holds a user or a password"),
            help: Some("write them as `user` and `password_file` in [clickhouse]".to_owned()),
        });
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(bad("it has a query or a fragment"));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_checked() {
        assert_eq!(check("http://[::1]:8123/").unwrap(), "http://[::1]:8123");
        assert_eq!(check("https://h/click").unwrap(), "https://h/click");
        for bad in ["h:8123", "localhost", "ftp://h", "http://h/?database=x", "http://"] {
            assert!(check(bad).is_err(), "{bad}");
        }
        let error = check("http://me:secret@h:1").unwrap_err().to_string();
        assert!(error.contains("`h:1`") && !error.contains("secret"), "{error}");
        assert!(Servers::remote(&[]).is_err());
    }

    #[test]
    fn a_loopback_address_is_on_this_machine() {
        for local in ["http://localhost:8123", "http://127.0.0.5:1", "https://[::1]:8443"] {
            assert!(is_local(local), "{local}");
        }
        for remote in
            ["http://localhost.example:8123", "http://192.0.2.1", "http://[2001:db8::1]", "http://h"]
        {
            assert!(!is_local(remote), "{remote}");
        }
    }

    #[tokio::test]
    async fn the_one_that_answered_is_asked_first() {
        let urls = ["http://a", "http://b", "http://c"].map(str::to_owned);
        let servers = Servers::remote(&urls).unwrap();
        servers.answered("http://b");
        for (attempt, expected) in ["http://b", "http://c", "http://a", "http://b"].iter().enumerate() {
            assert_eq!(servers.pick(attempt).await.unwrap(), *expected);
        }
    }
}
