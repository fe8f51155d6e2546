//! `inlet.flow` and the rest of what receives and decodes.

use super::rest;
use super::rules::{Kind, classifiers};
use super::units::{address, is_everything, listening};
use crate::output::Output;
use crate::tree::{Map, Tree};

/// `flow`: where flows arrive.
pub(super) fn flow(mut flow: Map, path: &str, output: &mut Output) {
    let path = format!("{path}.flow");
    for (place, input) in flow.take("inputs").map(Tree::items).unwrap_or_default().into_iter().enumerate() {
        self::input(input.map(), &format!("{path}.inputs[{place}]"), output);
    }
    rest(flow, &path, output);
}

fn input(mut input: Map, path: &str, output: &mut Output) {
    let kind = input.take_text("type").unwrap_or_else(|| "udp".to_owned());
    if kind != "udp" {
        input.0.insert(0, ("type".to_owned(), Tree::Text(kind)));
        output.leave(path, &Tree::Map(input).line(), "flows arrive by UDP: `flowql decode` reads files");
        return;
    }
    let decoder = input.take_text("decoder").unwrap_or_else(|| "netflow".to_owned());
    let default = if decoder == "sflow" { ":6343" } else { ":2055" };
    let address = input.take_text("listen").unwrap_or_else(|| default.to_owned());
    let workers = input.take("workers").and_then(|workers| workers.int());
    let protocol = if decoder == "sflow" { "sflow" } else { "netflow" };
    let listen = output.item("collect.listen");
    listen.set("address", listening(&address)).set("protocol", protocol).set_some("workers", workers);
    if input.take("use-src-addr-for-exporter-addr") == Some(Tree::Bool(true)) {
        output.table("collect").set("exporter_address", "source");
    }
    if let Some(bytes) = input.take("receive-buffer").and_then(|bytes| bytes.int()) {
        // One setting serves all sockets; that of the first is taken.
        output.table("collect").set_once("receive_buffer", bytes);
    }
    if let Some(source) = input.take_text("timestamp-source") {
        match source.as_str() {
            "udp" | "input" => {}
            "netflow-packet" => {
                output.table("collect").set_once("time", "exported");
            }
            _ => output.leave(
                &format!("{path}.timestamp-source"),
                &source,
                "the nearest is `[collect] time = \"ended\"`: when the last packet of a flow was seen",
            ),
        }
    }
    rest(input, path, output);
}

/// `core`: AS numbers, sampling, classifiers.
pub(super) fn core(mut core: Map, path: &str, output: &mut Output) {
    let path = format!("{path}.core");
    if let Some(providers) = core.take("asn-providers") {
        let texts = providers.clone().texts();
        let names: Vec<_> = texts.iter().map(|name| asn_source(name)).collect();
        if names.iter().all(Option::is_some) {
            let names: Vec<_> = names.into_iter().flatten().map(toml::Value::from).collect();
            output.table("collect").set("asn_from", toml::Value::Array(names));
        } else {
            let reason = "of these, some have no counterpart: see `[collect] asn_from`";
            output.leave(&format!("{path}.asn-providers"), &providers.line(), reason);
        }
    }
    sampling(&mut core, &path, output);
    for (name, kind) in [("exporter-classifiers", Kind::Exporter), ("interface-classifiers", Kind::Interface)]
    {
        if let Some(list) = core.take(name) {
            classifiers(list, kind, &format!("{path}.{name}"), output);
        }
    }
    rest(core, &path, output);
}

fn asn_source(name: &str) -> Option<&'static str> {
    Some(match name {
        "flow" => "flow",
        "flow-except-private" => "flow-except-private",
        "routing" | "bmp" => "routes",
        "routing-except-private" | "bmp-except-private" => "routes-except-private",
        "geo-ip" | "geoip" => "geoip",
        _ => return None,
    })
}

/// Rates of sampling: one for all, or by subnet.
fn sampling(core: &mut Map, path: &str, output: &mut Output) {
    let mut rates: Vec<(String, &'static str, i64)> = Vec::new();
    for (name, key) in [("default-sampling-rate", "default"), ("override-sampling-rate", "override")] {
        match core.take(name) {
            Some(Tree::Map(Map(pairs))) => {
                let pairs = pairs.into_iter().filter_map(|(subnet, rate)| Some((subnet, key, rate.int()?)));
                rates.extend(pairs);
            }
            Some(rate) => rates.extend(rate.int().map(|rate| (String::new(), key, rate))),
            None => {}
        }
    }
    rates.retain(|(_, _, rate)| *rate > 0);
    rates.sort_by(|one, other| one.0.cmp(&other.0));
    for of_subnet in rates.chunk_by(|one, other| one.0 == other.0) {
        let Some((subnet, ..)) = of_subnet.first() else { continue };
        let address = address(subnet);
        if address.is_none() && !is_everything(subnet) {
            let rates: Vec<_> = of_subnet.iter().map(|(_, key, rate)| format!("{key} {rate}")).collect();
            let reason =
                "a rate is set for each address, in `addresses` of `[[collect.exporter]]`: list them there";
            output.leave(&format!("{path}.sampling-rate.{subnet}"), &rates.join(", "), reason);
            continue;
        }
        // An entry without addresses is for those that have none of their own.
        output.item("collect.exporter").set_some("addresses", address.map(|address| vec![address]));
        let sampling = output.item("collect.exporter.sampling");
        of_subnet.iter().for_each(|(_, key, rate)| {
            sampling.set(key, *rate);
        });
    }
}
