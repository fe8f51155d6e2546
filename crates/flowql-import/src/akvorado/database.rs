//! The database: its servers, tables and columns, and what the console keeps in its own.

use super::rest;
use super::units::seconds;
use crate::output::Output;
use crate::tree::{Map, Tree};

/// `clickhousedb`: where the database is.
pub(super) fn servers(mut section: Map, output: &mut Output) {
    let servers: Vec<_> = section.take("servers").map(Tree::texts).unwrap_or_default();
    if servers.is_empty() {
        return rest(section, "clickhousedb", output);
    }
    output.table("backend").set("kind", "clickhouse");
    let clickhouse = output.table("clickhouse");
    clickhouse.comment("Akvorado uses ClickHouse's own protocol, FlowQL HTTP: check the ports.");
    clickhouse.set("servers", servers.iter().map(|server| address(server)).collect::<Vec<_>>());
    clickhouse.set_some("user", section.take_text("username"));
    clickhouse.set_some("password", section.take_text("password"));
    clickhouse.set_some("database", section.take_text("database"));
    clickhouse.set_some("cluster", section.take_text("cluster"));
    rest(section, "clickhousedb", output);
}

/// The address over HTTP of a server that is named by its port for the native protocol.
fn address(server: &str) -> String {
    match server.rsplit_once(':') {
        Some((host, "9440")) => format!("https://{host}:8443"),
        Some((host, "9000")) => format!("http://{host}:8123"),
        Some(_) => format!("http://{server}"),
        None => format!("http://{server}:8123"),
    }
}

const DAY: i64 = 86_400;

/// `clickhouse.resolutions`: the tables, and how long they keep their rows.
pub(super) fn resolutions(clickhouse: &mut Map, output: &mut Output) {
    for resolution in clickhouse.take("resolutions").map(Tree::items).unwrap_or_default() {
        let mut resolution = resolution.map();
        let mut take = |name: &str| resolution.take_text(name).as_deref().and_then(seconds);
        let (interval, ttl) = (take("interval").unwrap_or(0), take("ttl").unwrap_or(0));
        let days = ttl / DAY + i64::from(ttl % DAY > 0);
        if interval == 0 {
            output.table("tables").set("keep_days", days);
        } else {
            output.item("tables.aggregated").set("interval", interval).set("keep_days", days);
        }
    }
}

/// `schema`: the columns.
pub(super) fn schema(mut schema: Map, output: &mut Output) {
    for (name, key) in [
        ("enabled", "enable"),
        ("disabled", "disable"),
        ("materialize", "materialize"),
        ("not-main-table-only", "every_table"),
        ("main-table-only", "main_only"),
    ] {
        if let Some(columns) = schema.take(name) {
            output.table("schema").set(key, columns.texts());
        }
    }
    for (name, dictionary) in schema.take_map("custom-dictionaries").0 {
        self::dictionary(&name, dictionary.map(), output);
    }
    rest(schema, "schema", output);
}

/// A dictionary gives a column for each of its attributes and dimensions: `SrcAddr` and `role` give `SrcAddrRole`.
fn dictionary(name: &str, mut dictionary: Map, output: &mut Output) {
    let dimensions = dictionary.take("dimensions").map(Tree::texts).unwrap_or_default();
    let attributes = dictionary.take("attributes").map(Tree::items).unwrap_or_default();
    for mut attribute in attributes.into_iter().map(Tree::map) {
        let attribute_name = attribute.take_text("name").unwrap_or_default();
        let kind = attribute.take_text("type").unwrap_or_default();
        let label = attribute.take_text("label").unwrap_or_default();
        for dimension in &dimensions {
            let column = output.item("schema.column");
            column.set("name", format!("{dimension}{}", camel(&attribute_name)));
            column.set("type", if kind.starts_with("UInt") { "uint" } else { "string" });
            column.set_some("description", (!label.is_empty()).then(|| label.clone()));
            column.set("dictionary", format!("custom_dict_{name}"));
            column.set("attribute", attribute_name.as_str()).set("key", dimension.as_str());
        }
    }
    let path = format!("schema.custom-dictionaries.{name}");
    if !dictionary.0.is_empty() {
        let reason = "the dictionary itself stays in the database as it is; here are its columns";
        output.leave(&path, &Tree::Map(dictionary).line(), reason);
    }
}

/// `ip_role` as a part of a column's name: `IpRole`.
fn camel(name: &str) -> String {
    let word = |word: &str| {
        let mut characters = word.chars();
        characters.next().map(|first| first.to_uppercase().chain(characters).collect::<String>())
    };
    name.split(['_', '-']).filter_map(word).collect()
}

/// `console`: the filters that everybody has.
pub(super) fn saved_filters(mut console: Map, output: &mut Output) {
    let mut database = console.take_map("database");
    let lists = [database.take("saved-filters"), console.take("saved-filters")];
    let mut names: Vec<String> = Vec::new();
    for filter in lists.into_iter().flatten().flat_map(Tree::items) {
        let mut filter = filter.map();
        let description = filter.take_text("description").unwrap_or_default();
        let content = filter.take_text("content").unwrap_or_default();
        let content = content.split_whitespace().collect::<Vec<_>>().join(" ");
        let name = free(&slug(&description), &names);
        output.table("filters").comment(&description).set(&name, content);
        names.push(name);
    }
    rest(database, "console.database", output);
    rest(console, "console", output);
}

/// A name for a filter of its description.
fn slug(description: &str) -> String {
    let mut name = String::new();
    for character in description.to_lowercase().chars() {
        if character.is_ascii_alphanumeric() {
            name.push(character);
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
    }
    let name = name.trim_end_matches('-');
    match name.chars().next() {
        Some(first) if first.is_ascii_alphabetic() => name.to_owned(),
        Some(_) => format!("filter-{name}"),
        None => "filter".to_owned(),
    }
}

/// The name, with a number where others have it.
fn free(name: &str, taken: &[String]) -> String {
    let is_free = |name: &String| !taken.contains(name);
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    std::iter::once(name.to_owned()).chain(numbered).find(is_free).unwrap_or_default()
}
