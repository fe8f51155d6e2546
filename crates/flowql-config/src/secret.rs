//! What a configuration holds and does not show.

/// What is shown in the place of a secret.
const HIDDEN: &str = "(hidden)";

/// A text that is neither printed nor logged: a configuration is shown with `(hidden)` in its place.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The text itself or, where a file is named, its first line.
    ///
    /// # Errors
    ///
    /// The file cannot be read; its name is in the error.
    pub fn or_first_line(&self, file: &str) -> std::io::Result<String> {
        if file.is_empty() {
            return Ok(self.0.clone());
        }
        let text = std::fs::read_to_string(file).map_err(|error| {
            std::io::Error::new(error.kind(), format!("the secret cannot be read from `{file}`: {error}"))
        })?;
        Ok(text.lines().next().unwrap_or_default().trim().to_owned())
    }

    /// What may be shown. That there is no secret is not a secret.
    pub(crate) fn shown(&self) -> &'static str {
        if self.0.is_empty() { "" } else { HIDDEN }
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.shown())
    }
}

/// An address, or a list of them, as it may be shown. None should hold a login; one that does is refused only when it is
/// used.
pub fn without_logins(value: toml::Value) -> toml::Value {
    match value {
        toml::Value::String(url) => toml::Value::String(without_login(&url)),
        toml::Value::Array(urls) => toml::Value::Array(urls.into_iter().map(without_logins).collect()),
        other => other,
    }
}

fn without_login(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let host = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest.get(..host).and_then(|authority| authority.rfind('@')) {
        Some(at) => format!("{scheme}://{HIDDEN}{}", rest.get(at..).unwrap_or_default()),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_shown_without_a_login() {
        for (url, shown) in [
            ("https://h:8443/a@b", "https://h:8443/a@b"),
            ("https://me:secret@h:8443", "https://(hidden)@h:8443"),
            ("http://me:se@cret@h/x@y", "http://(hidden)@h/x@y"),
            ("no address", "no address"),
        ] {
            assert_eq!(without_login(url), shown);
        }
    }
}
