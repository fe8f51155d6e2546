//! `flowql routes`: what a collector knows of routes, and which one a flow gets.

use std::net::IpAddr;

use flowql_collect::bmp::status::{
    AddressRoutes, PeerState, RouteState, RouterRoutes, RouterState, RoutesQuery, RoutesStatus,
    SessionCounters,
};
use flowql_connect::Service;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::exporters::{DEADLINE, collector, unasked};
use super::{load, runtime};
use crate::args::{Global, Routes};
use crate::colours::harmless;
use crate::console::{self, Output};
use crate::failure::{Failure, Status};
use crate::table;

pub(super) fn run(global: &Global, args: &Routes) -> Result<Status, Failure> {
    let url = match &args.url {
        Some(url) => url.clone(),
        None => collector(&load(global, None)?)?,
    };
    if args.address.is_none() {
        let Some(status) = ask::<RoutesStatus>(&url, &RoutesQuery::default())? else {
            return Ok(Status::Unusable);
        };
        print(&status, args.json, || status_lines(&status))?;
        if status.listening.is_none() {
            nowhere(&status);
        } else if status.routers.is_empty() && !args.json && !global.quiet {
            let help = "let routers send BMP to it; `flowql simulate --bmp` is one to try it with";
            console::warning("no router sent its routes yet", Some(help));
        }
        return Ok(Status::bad_if(status.listening.is_none()));
    }
    let query = RoutesQuery {
        address: args.address,
        exporter: args.exporter,
        router: args.router,
        vrf: args.vrf.clone(),
        next_hop: args.next_hop,
    };
    let Some(found) = ask::<AddressRoutes>(&url, &query)? else { return Ok(Status::Unusable) };
    print(&found, args.json, || found.routers.iter().flat_map(router_lines).collect())?;
    if found.routers.is_empty() && !args.json && !global.quiet {
        console::warning("no route is known to this address", Some("`flowql routes` shows the routers"));
    }
    Ok(Status::bad_if(found.routers.is_empty()))
}

fn ask<T: DeserializeOwned>(url: &str, query: &RoutesQuery) -> Result<Option<T>, Failure> {
    let service = Service::new(url).map_err(Failure::from)?;
    let path = format!("api/v1/routes?{}", query.text());
    match runtime()?.block_on(service.get::<T>(&path, DEADLINE)) {
        Ok(answer) => Ok(Some(answer)),
        Err(error) => {
            unasked(url, &error);
            Ok(None)
        }
    }
}

fn print(found: &impl Serialize, json: bool, lines: impl FnOnce() -> Vec<String>) -> Result<(), Failure> {
    let mut output = Output::new();
    if json {
        output.json(found)?;
    } else {
        lines().iter().try_for_each(|line| output.line(line))?;
    }
    output.finish()
}

/// Says that no router can connect.
fn nowhere(status: &RoutesStatus) {
    let message = match &status.trouble {
        Some(trouble) => format!("the collector takes no routes: {trouble}"),
        None => "the collector takes no routes: `listen` in [bmp] is empty".to_owned(),
    };
    console::error(&message, Some("set `listen` in [bmp], as \"[::]:10179\", and start the collector again"));
}

/// The routers, each with its peers below it, then the sessions.
fn status_lines(status: &RoutesStatus) -> Vec<String> {
    let mut lines = Vec::new();
    if !status.routers.is_empty() {
        let header = ["ROUTER", "NAME", "SESSIONS", "IPV4", "IPV6", "ROUTES"].map(str::to_owned);
        let rows: Vec<_> = std::iter::once(header).chain(status.routers.iter().map(router_row)).collect();
        let mut table = table::lines(&rows).into_iter();
        lines.extend(table.next());
        for (router, line) in status.routers.iter().zip(table) {
            lines.push(line);
            let peers: Vec<_> = router.peers.iter().map(peer_row).collect();
            lines.extend(table::lines(&peers).iter().map(|line| format!("  {line}")));
        }
    }
    for session in &status.sessions {
        let silent = session
            .silent_seconds
            .map_or("no message yet".to_owned(), |ago| format!("last message {ago} s ago"));
        lines.push(format!("Session of {}, {} s old, {silent}", session.from, session.seconds));
        lines.extend(oddities(&session.counters).map(|oddity| format!("  {oddity}")));
    }
    if let (Some(from), Some(reason)) = (status.ended.last_from, &status.ended.last_reason) {
        let sessions = status.ended.sessions;
        lines.push(format!("Sessions ended: {sessions}, the last one of {from}: {}", harmless(reason)));
        lines.extend(oddities(&status.ended.counters).map(|oddity| format!("  {oddity}")));
    }
    for (count, why) in [
        (status.not_allowed, "their addresses are not in `allow` of [bmp]"),
        (status.too_many, "there were as many as `max_routers` of [bmp] has"),
    ] {
        if count > 0 {
            lines.push(format!("Connections refused: {count}, because {why}"));
        }
    }
    lines.extend(status.vrps.map(|vrps| format!("VRPs: {vrps}")));
    lines
}

fn router_row(router: &RouterState) -> [String; 6] {
    let sum = |count: fn(&(usize, usize)) -> usize| {
        let counts = router.vrfs.iter().map(|vrf| (vrf.ipv4, vrf.ipv6));
        counts.map(|counts| count(&counts)).sum::<usize>().to_string()
    };
    [
        router.address.map_or_else(String::new, |address| address.to_string()),
        harmless(&router.name),
        router.sessions.to_string(),
        sum(|(ipv4, _)| *ipv4),
        sum(|(_, ipv6)| *ipv6),
        router.routes.to_string(),
    ]
}

fn peer_row(peer: &PeerState) -> [String; 4] {
    let vrf = peer.vrf.as_ref().map_or_else(String::new, |vrf| format!(" in {vrf}"));
    let lost = if peer.stale { ", session lost" } else { "" };
    [
        address(peer.address),
        format!("AS{}", peer.asn),
        format!("{}{vrf}", harmless(&peer.table)),
        format!("{} routes{lost}", peer.routes),
    ]
}

fn address(address: Option<IpAddr>) -> String {
    address.map_or_else(|| "own table".to_owned(), |address| address.to_string())
}

/// What was not taken as it came.
fn oddities(counters: &SessionCounters) -> impl Iterator<Item = String> {
    let refused =
        counters.refused.iter().map(|(reason, count)| format!("messages refused, {reason}: {count}"));
    let over =
        counters.over_limit.iter().map(|(limit, count)| format!("routes refused, limit of {limit}: {count}"));
    let cleaned = (counters.cleaned_updates > 0).then(|| {
        format!(
            "updates read in part: {}, without {} prefixes and {} attributes; {} prefixes had bits beyond their length",
            counters.cleaned_updates,
            counters.cleaned_prefixes,
            counters.cleaned_attributes,
            counters.cleaned_bits
        )
    });
    refused.chain(over).chain(cleaned).collect::<Vec<_>>().into_iter()
}

/// The routes of a router.
fn router_lines(found: &RouterRoutes) -> Vec<String> {
    let mut lines = vec![format!("{} of router {}", found.prefix, found.router)];
    for (place, route) in found.routes.iter().enumerate() {
        let mark = if place == 0 { "> " } else { "  " };
        lines.push(format!("{mark}{}", route_line(route)));
        if place == 0 {
            lines.push(format!("    chosen because {}", found.reason));
        }
        let details = [
            ("communities", route.communities.join(" ")),
            ("large communities", route.large_communities.join(" ")),
            ("RPKI", route.rpki.clone().unwrap_or_default()),
        ];
        let known = details.iter().filter(|(_, text)| !text.is_empty());
        lines.extend(known.map(|(name, text)| format!("    {name}: {}", harmless(text))));
    }
    lines
}

fn route_line(route: &RouteState) -> String {
    let path: Vec<String> = route.as_path.iter().map(u32::to_string).collect();
    let path = if path.is_empty() { "none".to_owned() } else { path.join(" ") };
    let mut line = format!(
        "next hop {}, AS path {path}, from {} (AS{}), {}",
        route.next_hop.map_or_else(|| "none".to_owned(), |hop| hop.to_string()),
        address(route.peer),
        route.peer_asn,
        harmless(&route.table),
    );
    let numbers = [
        ("path", (route.path != 0).then_some(route.path)),
        ("local preference", route.local_preference),
        ("MED", route.med),
    ];
    for (name, number) in numbers {
        if let Some(number) = number {
            line.push_str(&format!(", {name} {number}"));
        }
    }
    if route.stale {
        line.push_str(", session lost");
    }
    line
}
