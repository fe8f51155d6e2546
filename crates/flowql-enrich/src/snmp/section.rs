//! The section `[snmp]` of `flowql.toml`.

use std::net::IpAddr;

use flowql::ConfigError;
use flowql_config::{Choice, Secret, Section};

use crate::networks::prefix;

/// A day: nothing is waited for longer.
const DAY: u64 = 86_400;

/// Names, descriptions and speeds of interfaces, which exporters are asked for by SNMP. Only exporters of
/// `[[snmp.agent]]` are asked: when they send their first flow, when a flow has an interface that is not known (at most
/// once a minute), when they were restarted or their interfaces have changed, and from time to time.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(
    name = "snmp",
    example = "[snmp]\nconcurrency = 16\n\n[[snmp.agent]]\nmatch = \"192.0.2.0/24\"\ncommunity_file = \"/run/secrets/snmp\"\n",
    check = SnmpSection::faults
)]
pub struct SnmpSection {
    /// The most agents that are asked at once.
    #[setting(default = 32, range = 1..=1024)]
    pub concurrency: usize,
    /// How long the first answer to a question is waited for; twice and three times as long when it is asked again.
    #[setting(default = 2000, range = 10..=60_000, unit = "milliseconds")]
    pub timeout_ms: u64,
    /// How often a question without an answer is asked again.
    #[setting(default = 2, range = 0..=10)]
    pub retries: u32,
    /// The most rows of the table of interfaces in an answer. Answers in one packet pass where fragments are dropped.
    #[setting(default = 8, range = 1..=128)]
    pub repetitions: u32,
    /// How often an agent is asked whether it was restarted or its interfaces have changed.
    #[setting(default = 300, range = 1..=DAY, unit = "seconds")]
    pub check_seconds: u64,
    /// How often an agent is asked for everything, whatever it says about changes.
    #[setting(default = 3600, range = 10..=DAY, unit = "seconds")]
    pub walk_seconds: u64,
    /// The agents, by exporters.
    #[section]
    pub agent: Vec<SnmpAgentSection>,
}

/// How the agents of exporters are asked. Of several that match an exporter, the one with the longest prefix is used.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(
    name = "snmp.agent",
    list,
    example = "[[snmp.agent]]\nmatch = \"198.51.100.0/24\"\nversion = \"v3\"\nuser = \"flowql\"\nauthentication = \"sha256\"\nauthentication_password_file = \"/run/secrets/snmp-authentication\"\nprivacy = \"aes128\"\nprivacy_password_file = \"/run/secrets/snmp-privacy\"\n"
)]
pub struct SnmpAgentSection {
    /// The address of the exporter, or a subnet of exporters.
    #[setting(required, example = "192.0.2.0/24")]
    pub r#match: String,
    /// The address of the agent, where it is not that of the exporter.
    #[setting(example = "198.51.100.1")]
    pub address: Option<String>,
    /// The port of the agent.
    #[setting(default = 161, range = 1..=65_535)]
    pub port: u16,
    /// The version of SNMP.
    pub version: SnmpVersion,
    /// The community of version 2c, better in a file; `public` when there is neither.
    #[setting(example = "secret")]
    pub community: Secret,
    /// A file whose first line is the community. It takes precedence over `community`.
    #[setting(example = "/run/secrets/snmp")]
    pub community_file: String,
    /// The user of version 3.
    #[setting(example = "flowql")]
    pub user: String,
    /// How the user is authenticated in version 3.
    #[setting(example = SnmpAuthentication::Sha256)]
    pub authentication: SnmpAuthentication,
    /// The password of the authentication, of 8 characters at least. Better in a file.
    #[setting(example = "secret")]
    pub authentication_password: Secret,
    /// A file whose first line is the password of the authentication. It takes precedence over
    /// `authentication_password`.
    #[setting(example = "/run/secrets/snmp-authentication")]
    pub authentication_password_file: String,
    /// How messages are encrypted in version 3.
    #[setting(example = SnmpPrivacy::Aes128)]
    pub privacy: SnmpPrivacy,
    /// The password of the encryption, of 8 characters at least. Better in a file.
    #[setting(example = "secret")]
    pub privacy_password: Secret,
    /// A file whose first line is the password of the encryption. It takes precedence over `privacy_password`.
    #[setting(example = "/run/secrets/snmp-privacy")]
    pub privacy_password_file: String,
    /// How the key of `aes192` and `aes256` is made longer where the authentication gives a short one.
    pub key_extension: SnmpKeyExtension,
    /// The context of version 3; empty for the default one.
    #[setting(example = "routing")]
    pub context: String,
}

/// A version of SNMP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum SnmpVersion {
    /// Version 2c, with a community.
    #[default]
    V2c,
    /// Version 3, with a user (RFC 3414).
    V3,
}

/// How a user is authenticated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum SnmpAuthentication {
    /// Not at all.
    #[default]
    None,
    /// HMAC-MD5-96 (RFC 3414), for agents that have nothing else.
    Md5,
    /// HMAC-SHA-96 (RFC 3414).
    Sha1,
    /// HMAC-SHA-224 (RFC 7860).
    Sha224,
    /// HMAC-SHA-256 (RFC 7860).
    Sha256,
    /// HMAC-SHA-384 (RFC 7860).
    Sha384,
    /// HMAC-SHA-512 (RFC 7860).
    Sha512,
}

/// How messages are encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum SnmpPrivacy {
    /// Not at all.
    #[default]
    None,
    /// DES (RFC 3414), for agents that have nothing else.
    Des,
    /// AES with 128 bits (RFC 3826).
    Aes128,
    /// AES with 192 bits.
    Aes192,
    /// AES with 256 bits.
    Aes256,
}

/// How a key of an encryption is made longer. No standard says so, and agents differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum SnmpKeyExtension {
    /// That of draft-reeder-snmpv3-usm-3desede, which most routers use.
    #[default]
    Reeder,
    /// That of draft-blumenthal-aes-usm.
    Blumenthal,
}

/// The shortest password that keys are made of (RFC 3414, 11.2).
const SHORTEST_PASSWORD: usize = 8;

impl SnmpSection {
    fn faults(&self) -> Vec<ConfigError> {
        let agents = self.agent.iter().enumerate();
        agents.flat_map(|(index, agent)| agent.faults(&format!("snmp.agent[{index}]"))).collect()
    }
}

impl SnmpAgentSection {
    fn faults(&self, path: &str) -> Vec<ConfigError> {
        let mut faults = Vec::new();
        let mut fault = |key: &str, message: String, help: &str| {
            faults.push(ConfigError { path: format!("{path}.{key}"), message, help: Some(help.to_owned()) });
        };
        if prefix(&self.r#match).is_err() {
            let message = format!("invalid address or subnet `{}`", self.r#match);
            fault("match", message, "write it as `192.0.2.1` or `10.0.0.0/8`");
        }
        if let Some(address) = &self.address
            && address.parse::<IpAddr>().is_err()
        {
            let message = format!("invalid address `{address}`");
            fault("address", message, "write it as `192.0.2.1` or `2001:db8::1`");
        }
        match self.version {
            SnmpVersion::V2c => {}
            SnmpVersion::V3 => self.user_faults(&mut fault),
        }
        faults
    }

    /// What is wrong with the user of version 3.
    fn user_faults(&self, fault: &mut impl FnMut(&str, String, &str)) {
        if self.user.is_empty() {
            fault("version", "version 3 needs a user".to_owned(), "set `user`");
        }
        let is_authenticated = self.authentication != SnmpAuthentication::None;
        let is_private = self.privacy != SnmpPrivacy::None;
        if is_private && !is_authenticated {
            let message = "there is no encryption without authentication (RFC 3414)".to_owned();
            fault("privacy", message, "set `authentication`");
        }
        for (is_used, key, password, file) in [
            (
                is_authenticated,
                "authentication",
                &self.authentication_password,
                &self.authentication_password_file,
            ),
            (is_private, "privacy", &self.privacy_password, &self.privacy_password_file),
        ] {
            if is_used && is_missing(password, file) {
                fault(key, "it needs a password".to_owned(), &format!("set `{key}_password_file`"));
            } else if is_used && file.is_empty() && password.reveal().len() < SHORTEST_PASSWORD {
                let message = format!("the password has fewer than {SHORTEST_PASSWORD} characters");
                fault(&format!("{key}_password"), message, "agents take no shorter one");
            }
        }
    }
}

fn is_missing(secret: &Secret, file: &str) -> bool {
    secret.reveal().is_empty() && file.is_empty()
}

#[cfg(test)]
mod tests {
    use flowql_config::{Config, KnownSection, Registry};

    use super::*;

    const SECTIONS: Registry = &[KnownSection::of::<SnmpSection>()];

    fn errors(text: &str) -> Vec<String> {
        let errors = Config::parse(text, "f", SECTIONS).unwrap_err();
        errors.to_string().lines().map(|line| line.trim_start_matches("f:").to_owned()).collect()
    }

    #[test]
    fn errors_are_at_their_lines() {
        let text = "[[snmp.agent]]\nmatch = \"router\"\naddress = \"edge1\"\ncommunity = \"c\"\n";
        assert_eq!(
            errors(text),
            [
                "2:9: invalid address or subnet `router`: write it as `192.0.2.1` or `10.0.0.0/8`",
                "3:11: invalid address `edge1`: write it as `192.0.2.1` or `2001:db8::1`",
            ]
        );
        let text = "[[snmp.agent]]\nmatch = \"192.0.2.1\"\nversion = \"v3\"\nprivacy = \"des\"\n\
                    privacy_password = \"short\"\n[[snmp.agent]]\nmatch = \"192.0.2.2\"\nversion = \"v3\"\n\
                    user = \"u\"\nauthentication = \"sha1\"\n";
        assert_eq!(
            errors(text),
            [
                "3:11: version 3 needs a user: set `user`",
                "4:11: there is no encryption without authentication (RFC 3414): set `authentication`",
                "5:20: the password has fewer than 8 characters: agents take no shorter one",
                "10:18: it needs a password: set `authentication_password_file`",
            ]
        );
    }

    #[test]
    fn nobody_is_asked_by_default() {
        let section = Config::parse("", "f", SECTIONS).unwrap().section::<SnmpSection>().clone();
        assert_eq!((section.agent.len(), section.concurrency), (0, 32));
    }
}
