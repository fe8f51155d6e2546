//! Networks, GeoIP and routes.

use super::rest;
use super::units::{listening, seconds, subnets};
use crate::output::Output;
use crate::tree::{Map, Tree};

/// `clickhouse.networks` and `clickhouse.network-sources`.
pub(super) fn networks(clickhouse: &mut Map, output: &mut Output) {
    for (prefix, facts) in clickhouse.take_map("networks").0 {
        let section = output.item("network");
        section.set_some("prefix", subnets(&prefix).pop());
        let mut facts = match facts {
            Tree::Map(facts) => facts,
            // Only a name.
            name => Map(vec![("name".to_owned(), name)]),
        };
        for name in ["name", "role", "site", "region", "tenant", "city", "state", "country"] {
            section.set_some(name, facts.take_text(name));
        }
        section.set_some("asn", facts.take("asn").and_then(|asn| asn.int()).filter(|asn| *asn > 0));
        rest(facts, &format!("clickhouse.networks.{prefix}"), output);
    }
    for (name, source) in clickhouse.take_map("network-sources").0 {
        output.leave(
            &format!("clickhouse.network-sources.{name}"),
            &source.line(),
            "networks are read from files: have it fetched, and name the file in `[[network_source]]`",
        );
    }
}

/// `geoip`: the databases.
pub(super) fn geoip(mut geoip: Map, path: &str, output: &mut Output) {
    let names = ["geo-database", "country-database", "asn-database"];
    let databases: Vec<_> =
        names.into_iter().filter_map(|name| geoip.take(name)).flat_map(Tree::texts).collect();
    // A database that is missing never stops the collector.
    geoip.take("optional");
    if !databases.is_empty() {
        output.table("geoip").set("databases", databases);
    }
    rest(geoip, path, output);
}

/// `routing`, or `bmp` in older versions.
pub(super) fn routing(service: &mut Map, path: &str, output: &mut Output) {
    let mut routing = service.take_map("routing");
    let provider = routing.take("provider").map(Tree::map);
    let old = service.take("bmp").map(Tree::map);
    for (provider, path) in [(provider, format!("{path}.routing.provider")), (old, format!("{path}.bmp"))] {
        let Some(mut provider) = provider else { continue };
        match provider.take_text("type").as_deref() {
            None | Some("bmp") => bmp(provider, &path, output),
            Some(kind) => {
                let value = format!("{kind} {}", Tree::Map(provider).line());
                output.leave(&path, &value, "routes come by BMP: see `[bmp]`");
            }
        }
    }
    rest(routing, &format!("{path}.routing"), output);
}

fn bmp(mut provider: Map, path: &str, output: &mut Output) {
    let keep = provider.take_text("keep").as_deref().and_then(seconds);
    let listen = provider.take_text("listen").map(|address| listening(&address));
    output.table("bmp").set_some("listen", listen).set_some("keep_seconds", keep);
    // All of these are always there.
    for name in ["collect-asns", "collect-aspaths", "collect-communities", "receive-buffer"] {
        provider.take(name);
    }
    rest(provider, path, output);
}
