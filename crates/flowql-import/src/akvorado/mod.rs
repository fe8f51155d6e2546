//! The configuration of Akvorado, after its public documentation.
//!
//! Each part takes out of the tree what it understands. What is left in the end is said to be left out.

mod collect;
mod database;
mod enrich;
mod metadata;
mod rules;
mod units;

use crate::ImportError;
use crate::output::{Imported, Output};
use crate::tree::{Include, Map, Tree};

/// A file of a configuration.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its name, which errors and includes are about.
    pub file: String,
    /// Its text.
    pub text: String,
}

/// Sections of the whole, as in `akvorado.yaml`.
const WHOLE: &[&str] = &[
    "inlet",
    "outlet",
    "console",
    "clickhouse",
    "clickhousedb",
    "kafka",
    "geoip",
    "schema",
    "orchestrator",
    "demo-exporter",
];

/// Sections of the services that receive flows and name them, as in `inlet.yaml` and `outlet.yaml`.
const SERVICE: &[&str] = &["flow", "core", "metadata", "routing", "snmp", "bmp"];

/// Sections of the console, as in `console.yaml`.
const CONSOLE: &[&str] = &["database", "default-visualize-options", "homepage-top-widgets", "auth"];

/// Makes a `flowql.toml` of the files of a configuration: `akvorado.yaml`, and those of its services where they are by
/// themselves. `include` gives the name and the text of a file that another names in `!include`.
///
/// # Errors
///
/// A file that is not YAML, that includes one that cannot be read, or that has no section of Akvorado.
pub fn akvorado(sources: &[Source], include: Include<'_>) -> Result<Imported, ImportError> {
    let mut whole = Map::default();
    for source in sources {
        whole.merge(read(source, include)?);
    }
    let mut output = Output::default();
    translate(whole, &mut output);
    Ok(output.finish())
}

/// The sections of a file, in their places in the whole.
fn read(source: &Source, include: Include<'_>) -> Result<Map, ImportError> {
    let map = Tree::read(&source.file, &source.text, include)?.map();
    let has = |names: &[&str]| names.iter().any(|name| map.has(name));
    let within = |name: &str| Map(vec![(name.to_owned(), Tree::Map(map.clone()))]);
    if has(WHOLE) && !(has(SERVICE) && !map.has("inlet") && !map.has("outlet")) {
        Ok(map)
    } else if has(SERVICE) {
        Ok(within("inlet"))
    } else if has(CONSOLE) {
        Ok(within("console"))
    } else {
        Err(ImportError::Unknown { file: source.file.clone() })
    }
}

fn translate(mut whole: Map, output: &mut Output) {
    database::servers(whole.take_map("clickhousedb"), output);
    let mut clickhouse = whole.take_map("clickhouse");
    database::resolutions(&mut clickhouse, output);
    database::schema(whole.take_map("schema"), output);
    // A service may be there several times, each with a configuration of its own.
    for name in ["inlet", "outlet"] {
        let services = whole.take(name).map(Tree::items).unwrap_or_default();
        let is_one = services.len() == 1;
        for (place, service) in services.into_iter().enumerate() {
            let path = if is_one { name.to_owned() } else { format!("{name}[{place}]") };
            pipeline(service.map(), &path, output);
        }
    }
    enrich::networks(&mut clickhouse, output);
    enrich::geoip(whole.take_map("geoip"), "geoip", output);
    database::saved_filters(whole.take_map("console"), output);
    rest(clickhouse, "clickhouse", output);
    rest(whole, "", output);
}

/// What the inlet and the outlet do: flows are received, decoded and named.
fn pipeline(mut service: Map, path: &str, output: &mut Output) {
    collect::flow(service.take_map("flow"), path, output);
    collect::core(service.take_map("core"), path, output);
    metadata::metadata(&mut service, path, output);
    enrich::routing(&mut service, path, output);
    enrich::geoip(service.take_map("geoip"), &format!("{path}.geoip"), output);
    rest(service, path, output);
}

/// Notes what nothing has taken.
fn rest(left: Map, path: &str, output: &mut Output) {
    for (name, value) in left.0 {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match value {
            Tree::Map(inner) if inner.0.is_empty() => {}
            Tree::Null => {}
            Tree::List(items) if items.is_empty() => {}
            value => output.leave(&path, &value.line(), reason(&path)),
        }
    }
}

/// Why a setting has no counterpart.
fn reason(path: &str) -> &'static str {
    let has = |part: &str| path.split(['.', '[']).any(|other| other.eq_ignore_ascii_case(part));
    if has("kafka") {
        "flows are kept in the collector's own journal: Kafka is not needed"
    } else if has("workers")
        || has("cache-duration")
        || has("cache-refresh")
        || has("classifier-cache-duration")
    {
        "nothing like it is needed here"
    } else if has("http") || has("reporting") {
        "see `[server]` and `[collect] http` for the addresses of the services"
    } else if has("asns") {
        "names of AS come from the dictionary `asns` of the database"
    } else if has("gnmi") {
        "interfaces are asked for by SNMP: see `[snmp]`"
    } else {
        "there is no such setting here"
    }
}
