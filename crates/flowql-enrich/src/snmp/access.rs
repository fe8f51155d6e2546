//! How the agent of an exporter is reached, and with which secrets.

use std::net::{IpAddr, SocketAddr};

use flowql_config::Secret;
use ipnet::IpNet;
use snmp2::AsyncSession;
use snmp2::v3::{Auth, AuthProtocol, Cipher, KeyExtension, Security};

use super::failure::SnmpFailure;
use super::section::{SnmpAgentSection, SnmpAuthentication, SnmpKeyExtension, SnmpPrivacy, SnmpVersion};
use crate::networks::prefix;

/// How the agents of exporters are reached, the longest prefix first.
#[derive(Debug, Default)]
pub(crate) struct Accesses(Vec<(IpNet, SnmpAgentSection)>);

/// How an agent is reached.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    /// Its address and port.
    pub(crate) agent: SocketAddr,
    section: SnmpAgentSection,
}

impl Accesses {
    pub(crate) fn new(sections: &[SnmpAgentSection]) -> Self {
        // A configuration with a wrong prefix is refused before.
        let accesses = sections.iter().filter_map(|section| {
            let net = prefix(&section.r#match).ok()?;
            Some((net, section.clone()))
        });
        let mut accesses: Vec<_> = accesses.collect();
        // Stable: equal prefixes stay in the order of the file.
        accesses.sort_by_key(|(net, _)| std::cmp::Reverse(net.prefix_len()));
        Self(accesses)
    }

    /// How the agent of an exporter is reached; `None` where it is not asked.
    pub(crate) fn of(&self, exporter: IpAddr) -> Option<Access> {
        let (_, section) = self.0.iter().find(|(net, _)| net.contains(&exporter))?;
        let address = section.address.as_deref().and_then(|address| address.parse().ok());
        let agent = SocketAddr::new(address.unwrap_or(exporter), section.port);
        Some(Access { agent, section: section.clone() })
    }
}

/// The community where none is given: that of agents as they come.
const PUBLIC: &str = "public";

impl Access {
    /// A session with the agent; for version 3 its engine is asked for.
    pub(crate) async fn open(&self) -> Result<AsyncSession, SnmpFailure> {
        let unreachable = |error: std::io::Error| SnmpFailure::Unreachable(error.to_string());
        // Numbers that others cannot guess: who does not see the question cannot answer it.
        let first = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), self.agent) as i32;
        let first = first & (i32::MAX >> 1);
        match self.section.version {
            SnmpVersion::V2c => {
                let given = secret(&self.section.community, &self.section.community_file)?;
                let community = if given.is_empty() { PUBLIC } else { &given };
                let session = AsyncSession::new_v2c(self.agent, community.as_bytes(), first).await;
                session.map_err(unreachable)
            }
            SnmpVersion::V3 => {
                let session = AsyncSession::new_v3(self.agent, first, self.security()?).await;
                let mut session = session.map_err(unreachable)?;
                session.init().await?;
                Ok(session)
            }
        }
    }

    fn security(&self) -> Result<Security, SnmpFailure> {
        let section = &self.section;
        let protocol = match section.authentication {
            SnmpAuthentication::None => None,
            SnmpAuthentication::Md5 => Some(AuthProtocol::Md5),
            SnmpAuthentication::Sha1 => Some(AuthProtocol::Sha1),
            SnmpAuthentication::Sha224 => Some(AuthProtocol::Sha224),
            SnmpAuthentication::Sha256 => Some(AuthProtocol::Sha256),
            SnmpAuthentication::Sha384 => Some(AuthProtocol::Sha384),
            SnmpAuthentication::Sha512 => Some(AuthProtocol::Sha512),
        };
        let Some(protocol) = protocol else {
            return Ok(self.named(Security::new(section.user.as_bytes(), &[]).with_auth(Auth::NoAuthNoPriv)));
        };
        let password = password(&section.authentication_password, &section.authentication_password_file)?;
        let cipher = match section.privacy {
            SnmpPrivacy::None => None,
            SnmpPrivacy::Des => Some(Cipher::Des),
            SnmpPrivacy::Aes128 => Some(Cipher::Aes128),
            SnmpPrivacy::Aes192 => Some(Cipher::Aes192),
            SnmpPrivacy::Aes256 => Some(Cipher::Aes256),
        };
        let auth = match cipher {
            None => Auth::AuthNoPriv,
            Some(cipher) => {
                let privacy_password =
                    self::password(&section.privacy_password, &section.privacy_password_file)?;
                Auth::AuthPriv { cipher, privacy_password: privacy_password.into_bytes() }
            }
        };
        let security = Security::new(section.user.as_bytes(), password.as_bytes());
        let security = security.with_auth_protocol(protocol).with_auth(auth);
        Ok(self.named(security.with_key_extension_method(match section.key_extension {
            SnmpKeyExtension::Reeder => KeyExtension::Reeder,
            SnmpKeyExtension::Blumenthal => KeyExtension::Blumenthal,
        })))
    }

    fn named(&self, security: Security) -> Security {
        security.with_context_name(&self.section.context)
    }
}

/// A password, from which keys can be made.
fn password(secret: &Secret, file: &str) -> Result<String, SnmpFailure> {
    let password = self::secret(secret, file)?;
    if password.is_empty() {
        return Err(SnmpFailure::Refused(format!("the first line of {file} is empty")));
    }
    Ok(password)
}

/// A secret, or the first line of its file, which may change at any time.
fn secret(secret: &Secret, file: &str) -> Result<String, SnmpFailure> {
    secret.or_first_line(file).map_err(|error| SnmpFailure::Refused(error.to_string()))
}

#[cfg(test)]
mod tests {
    use flowql_config::{Config, KnownSection, Registry};

    use super::super::section::SnmpSection;
    use super::*;

    const SECTIONS: Registry = &[KnownSection::of::<SnmpSection>()];

    #[test]
    fn the_longest_prefix_says_how_an_agent_is_reached() {
        let text = "[[snmp.agent]]\nmatch = \"192.0.2.0/24\"\ncommunity = \"wide\"\n[[snmp.agent]]\n\
                    match = \"192.0.2.1\"\naddress = \"198.51.100.1\"\nport = 1161\ncommunity = \"near\"\n";
        let config = Config::parse(text, "f", SECTIONS).unwrap();
        let accesses = Accesses::new(&config.section::<SnmpSection>().agent);
        let agent = |exporter: &str| Some(accesses.of(exporter.parse().unwrap())?.agent.to_string());
        assert_eq!(agent("192.0.2.1").as_deref(), Some("198.51.100.1:1161"));
        assert_eq!(agent("192.0.2.2").as_deref(), Some("192.0.2.2:161"));
        assert_eq!(agent("192.0.3.1"), None);
    }

    #[test]
    fn a_secret_is_the_first_line_of_its_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, "of the file\nnothing else\n").unwrap();
        let path = file.path().display().to_string();
        assert_eq!(secret(&Secret::from("own"), &path).unwrap(), "of the file");
        assert_eq!(secret(&Secret::from("own"), "").unwrap(), "own");
        std::fs::write(&file, "\n").unwrap();
        assert!(matches!(password(&Secret::from("own"), &path), Err(SnmpFailure::Refused(_))));
    }
}
