//! `services.json`: the TCP and UDP services of the IANA registry.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

const SOURCE: &str = "services.json";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Services {
    /// The port of each name.
    services: BTreeMap<String, u16>,
    /// Of a port with several names, the one that it is shown by.
    customary: BTreeMap<u16, String>,
    /// The ports of everyday names that the registry does not have.
    #[serde(default)]
    aliases: BTreeMap<String, u16>,
}

/// In order of port, and without the ports that follow the one before, the text compresses to three quarters of what
/// it takes in order of name: this counts in a browser.
pub(super) fn lines(root: &Path) -> Result<String> {
    crate::codegen::read::<Services>(root, SOURCE)?.lines()
}

impl Services {
    fn lines(&self) -> Result<String> {
        let mut ports: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
        for (name, port) in self.services.iter().chain(&self.aliases) {
            let plain =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_./+*".contains(&byte);
            ensure!(!name.is_empty() && name.bytes().all(plain), "bad name `{name}`");
            ports.entry(*port).or_default().push(name);
        }
        for name in self.aliases.keys() {
            ensure!(!self.services.contains_key(name), "the registry has a service `{name}`");
        }
        let mut lines = String::new();
        let mut last = 0;
        for (port, mut names) in ports {
            let registered = names.iter().filter(|name| self.services.contains_key(**name)).count();
            match self.customary.get(&port) {
                Some(first) => {
                    let place = names.iter().position(|name| name == first);
                    let place = place.with_context(|| format!("`{first}` is no name of port {port}"))?;
                    let first = names.remove(place);
                    names.insert(0, first);
                }
                None if registered > 1 => bail!("port {port} has several names, and none is customary"),
                None => {}
            }
            for name in names {
                lines.push_str(name);
                if port != last + 1 {
                    lines.push_str(&format!(" {}", port - last));
                }
                lines.push('\n');
                last = port;
            }
        }
        Ok(lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(json: &str) -> Result<String> {
        serde_json::from_str::<Services>(json)?.lines()
    }

    #[test]
    fn distances_are_written_unless_they_are_one() {
        let text = lines(
            r#"{"services": {"a": 5, "b": 7, "c": 6, "d": 9, "e": 9, "f": 1}, "customary": {"9": "e"}}"#,
        );
        assert_eq!(text.unwrap(), "f\na 4\nc\nb\ne 2\nd 0\n");
    }

    #[test]
    fn a_port_with_several_names_needs_a_customary_one() {
        let error = lines(r#"{"services": {"a": 5, "b": 5}, "customary": {}}"#).unwrap_err();
        assert_eq!(error.to_string(), "port 5 has several names, and none is customary");
        let error = lines(r#"{"services": {"a": 5, "b": 5}, "customary": {"5": "c"}}"#).unwrap_err();
        assert_eq!(error.to_string(), "`c` is no name of port 5");
        assert!(lines(r#"{"services": {"A b": 5}, "customary": {}}"#).is_err());
    }

    #[test]
    fn everyday_names_come_behind_those_of_the_registry() {
        let text = r#"{"services": {"z": 5}, "customary": {}, "aliases": {"a": 5, "b": 7}}"#;
        assert_eq!(lines(text).unwrap(), "z 5\na 0\nb 2\n");
        assert!(lines(r#"{"services": {"a": 5}, "customary": {}, "aliases": {"a": 6}}"#).is_err());
    }
}
