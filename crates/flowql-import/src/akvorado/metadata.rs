//! `metadata`: what exporters and interfaces are called, from the configuration and by SNMP.

use std::str::FromStr as _;

use ipnet::IpNet;

use super::rest;
use super::units::{milliseconds, subnets};
use crate::output::{Output, Section};
use crate::tree::{Map, Tree};

/// All providers of a service.
pub(super) fn metadata(service: &mut Map, path: &str, output: &mut Output) {
    let mut metadata = service.take_map("metadata");
    // Older versions had SNMP by itself.
    if let Some(old) = service.take("snmp") {
        snmp(old.map(), &format!("{path}.snmp"), output);
    }
    let path = format!("{path}.metadata");
    let providers = ["providers", "provider"].into_iter().filter_map(|name| metadata.take(name));
    for (place, provider) in providers.flat_map(Tree::items).enumerate() {
        let path = format!("{path}.providers[{place}]");
        let mut provider = provider.map();
        match provider.take_text("type").as_deref() {
            Some("snmp") => snmp(provider, &path, output),
            Some("static") => fixed(provider, &path, output),
            kind => {
                let kind = kind.unwrap_or("none").to_owned();
                let path = format!("{path}.{kind}");
                output.leave(&path, &Tree::Map(provider).line(), super::reason(&path));
            }
        }
    }
    rest(metadata, &path, output);
}

/// Exporters of the configuration.
fn fixed(mut provider: Map, path: &str, output: &mut Output) {
    for (subnet, facts) in provider.take_map("exporters").0 {
        for net in subnets(&subnet) {
            exporter(&net, facts.clone().map(), &format!("{path}.exporters.{subnet}"), output);
        }
    }
    rest(provider, path, output);
}

fn exporter(subnet: &str, mut facts: Map, path: &str, output: &mut Output) {
    let section = output.item("exporter");
    section.set("match", subnet);
    for name in ["name", "group", "role", "site", "region", "tenant"] {
        section.set_some(name, facts.take_text(name));
    }
    let interfaces = ["ifindexes", "if-indexes"].into_iter().filter_map(|name| facts.take(name));
    for (index, interface) in interfaces.flat_map(|interfaces| interfaces.map().0) {
        let path = format!("{path}.ifindexes.{index}");
        match index.parse::<i64>() {
            Ok(index) => {
                self::interface(Some(index), interface.map(), &path, output);
            }
            Err(_) => output.leave(&path, &interface.line(), "it is not an index"),
        }
    }
    let default = facts.take_map("default");
    // With it interfaces that are not listed are left to other sources; here each fact is.
    facts.take("skip-missing-interfaces");
    if !default.0.is_empty() {
        interface(None, default, &format!("{path}.default"), output);
    }
    rest(facts, path, output);
}

fn interface(index: Option<i64>, mut facts: Map, path: &str, output: &mut Output) {
    let section = output.item("exporter.interface");
    section.set_some("index", index);
    section.set_some("name", facts.take_text("name"));
    section.set_some("description", facts.take_text("description"));
    section.set_some("speed", facts.take("speed").and_then(|speed| speed.int()));
    section.set_some("connectivity", facts.take_text("connectivity"));
    section.set_some("provider", facts.take_text("provider"));
    let boundary = facts.take_text("boundary").map(|boundary| boundary.to_lowercase());
    section.set_some("boundary", boundary.filter(|boundary| boundary != "undefined"));
    rest(facts, path, output);
}

/// How agents of a subnet are asked.
#[derive(Clone, Default)]
struct Access {
    subnet: String,
    community: Option<String>,
    user: Option<User>,
}

#[derive(Clone, Default)]
struct User {
    name: Option<String>,
    authentication: Option<(&'static str, Option<String>)>,
    privacy: Option<(&'static str, &'static str, Option<String>)>,
    context: Option<String>,
}

fn snmp(mut provider: Map, path: &str, output: &mut Output) {
    let retries = ["poller-retries", "retries"].into_iter().find_map(|name| provider.take(name));
    let timeout = ["poller-timeout", "timeout"].into_iter().find_map(|name| provider.take_text(name));
    output.table("snmp").set_some("retries", retries.and_then(|retries| retries.int()));
    output.table("snmp").set_some("timeout_ms", timeout.as_deref().and_then(milliseconds));
    let mut accesses = accesses(&mut provider, path, output);
    if accesses.is_empty() {
        accesses.push(Access { subnet: "::/0".to_owned(), ..Access::default() });
    }
    let ports = match provider.take("ports").or_else(|| provider.take("port")) {
        Some(Tree::Map(Map(pairs))) => pairs,
        Some(port) => vec![("::/0".to_owned(), port)],
        None => Vec::new(),
    };
    let port_of = |subnet: &str| {
        longest(&ports, subnet, |(of, _)| of).and_then(|(_, port)| port.int()).filter(|port| *port != 161)
    };
    for access in &accesses {
        agent(&access.subnet, None, access, port_of(&access.subnet), output);
    }
    for (subnet, _) in ports.iter().filter(|(subnet, _)| accesses.iter().all(|known| known.subnet != *subnet))
    {
        if let Some(access) = longest(&accesses, subnet, |access| &access.subnet) {
            agent(subnet, None, access, port_of(subnet), output);
        }
    }
    for (exporter, address) in provider.take_map("agents").0 {
        let access = longest(&accesses, &exporter, |access| &access.subnet);
        agent(&exporter, address.text(), access.unwrap_or(&Access::default()), port_of(&exporter), output);
    }
    rest(provider, path, output);
}

/// The entry of the longest subnet that an address or a subnet is in.
fn longest<'a, T>(entries: &'a [T], of: &str, subnet: impl Fn(&T) -> &String) -> Option<&'a T> {
    let net = |text: &str| match text.parse::<std::net::IpAddr>() {
        Ok(address) => Some(IpNet::from(address)),
        Err(_) => IpNet::from_str(text).ok(),
    };
    let of = net(of)?;
    // All of IPv6 is all of IPv4 too.
    let length = |entry: &T| match net(subnet(entry))? {
        all if all.prefix_len() == 0 => Some(0),
        net => net.contains(&of).then_some(net.prefix_len()),
    };
    entries.iter().filter(|entry| length(entry).is_some()).max_by_key(|entry| length(entry))
}

/// The credentials by subnet, as newer versions have them together and older ones apart.
fn accesses(provider: &mut Map, path: &str, output: &mut Output) -> Vec<Access> {
    let mut accesses = Vec::new();
    for (subnet, credentials) in by_subnet(provider.take("credentials")) {
        let mut credentials = match credentials {
            Tree::Map(map) => map,
            community => Map(vec![("communities".to_owned(), community)]),
        };
        let path = format!("{path}.credentials.{subnet}");
        let communities = ["communities", "community"].into_iter().find_map(|name| credentials.take(name));
        let user = user(&mut credentials);
        let community = first_community(communities, &path, output);
        accesses.push(Access { subnet, community, user });
        rest(credentials, &path, output);
    }
    for (subnet, communities) in by_subnet(provider.take("communities")) {
        let path = format!("{path}.communities.{subnet}");
        let community = first_community(Some(communities), &path, output);
        accesses.push(Access { subnet, community, user: None });
    }
    for (subnet, parameters) in by_subnet(provider.take("security-parameters")) {
        let path = format!("{path}.security-parameters.{subnet}");
        let mut parameters = parameters.map();
        let user = user(&mut parameters);
        rest(parameters, &path, output);
        // Version 3 is asked first; with both, that is what counts.
        match accesses.iter_mut().find(|access| access.subnet == subnet) {
            Some(access) => access.user = user,
            None => accesses.push(Access { subnet, community: None, user }),
        }
    }
    accesses
}

/// The pairs of a mapping of subnets; anything else is for all.
fn by_subnet(tree: Option<Tree>) -> Vec<(String, Tree)> {
    match tree {
        None | Some(Tree::Null) => Vec::new(),
        Some(Tree::Map(Map(pairs))) if pairs.iter().all(|(key, _)| key.contains([':', '.', '/'])) => pairs,
        Some(other) => vec![("::/0".to_owned(), other)],
    }
}

/// An agent is asked with one community here.
fn first_community(communities: Option<Tree>, path: &str, output: &mut Output) -> Option<String> {
    let mut communities = communities?.texts().into_iter();
    let first = communities.next();
    for _ in communities {
        output.leave(path, "(a community)", "an agent is asked with one community: the first is taken");
    }
    first
}

fn user(credentials: &mut Map) -> Option<User> {
    let name = ["user-name", "username"].into_iter().find_map(|name| credentials.take_text(name))?;
    let protocol = credentials.take_text("authentication-protocol").unwrap_or_default();
    let password = credentials.take_text("authentication-passphrase");
    let authentication = match protocol.to_uppercase().as_str() {
        "MD5" => Some("md5"),
        "SHA" | "SHA1" => Some("sha1"),
        "SHA224" => Some("sha224"),
        "SHA256" => Some("sha256"),
        "SHA384" => Some("sha384"),
        "SHA512" => Some("sha512"),
        _ => None,
    };
    let protocol = credentials.take_text("privacy-protocol").unwrap_or_default();
    let secret = credentials.take_text("privacy-passphrase");
    let privacy = match protocol.to_uppercase().as_str() {
        "DES" => Some(("des", "reeder")),
        "AES" | "AES128" => Some(("aes128", "reeder")),
        "AES192" => Some(("aes192", "blumenthal")),
        "AES256" => Some(("aes256", "blumenthal")),
        // Cisco's way of making keys longer.
        "AES192C" | "AES192-C" => Some(("aes192", "reeder")),
        "AES256C" | "AES256-C" => Some(("aes256", "reeder")),
        _ => None,
    };
    Some(User {
        name: Some(name),
        authentication: authentication.map(|protocol| (protocol, password)),
        privacy: privacy.map(|(protocol, keys)| (protocol, keys, secret)),
        context: credentials.take_text("context-name"),
    })
}

fn agent(subnet: &str, address: Option<String>, access: &Access, port: Option<i64>, output: &mut Output) {
    for subnet in subnets(subnet) {
        let section = output.item("snmp.agent");
        section.set("match", subnet).set_some("address", address.clone()).set_some("port", port);
        match &access.user {
            Some(user) => version_3(user, section),
            None => {
                section.set_some("community", access.community.clone());
            }
        }
    }
}

fn version_3(user: &User, section: &mut Section) {
    section.set("version", "v3").set_some("user", user.name.clone());
    if let Some((protocol, password)) = &user.authentication {
        section.set("authentication", *protocol).set_some("authentication_password", password.clone());
    }
    if let Some((protocol, keys, password)) = &user.privacy {
        section.set("privacy", *protocol).set_some("privacy_password", password.clone());
        if matches!(*protocol, "aes192" | "aes256") {
            section.set("key_extension", *keys);
        }
    }
    section.set_some("context", user.context.clone());
}
