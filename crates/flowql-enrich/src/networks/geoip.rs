//! Databases in the format of MaxMind: countries, states, cities and AS of addresses.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use ipnet::IpNet;
use maxminddb::{Reader, WithinOptions};
use serde_json::Value;

use super::file::MOST_PREFIXES;
use super::layer::{Layer, Prefixes};
use super::record;
use super::row::{Fact, Facts, RowId};

/// What a database gave.
#[derive(Debug, Default)]
pub(crate) struct Database {
    pub(crate) layer: Layer,
    /// How many networks it has.
    pub(crate) networks: usize,
    /// How many of them were left out because their records cannot be read.
    pub(crate) skipped: usize,
    /// When it was made; `None` where it does not say.
    pub(crate) built: Option<SystemTime>,
}

/// Reads the bytes of a database, each record of it once.
///
/// # Errors
///
/// That it is not a database, or has more networks than any real one.
pub(crate) fn parse(bytes: &[u8]) -> Result<Database, String> {
    let wrong =
        |error: maxminddb::MaxMindDbError| format!("it is not a database of MaxMind's format: {error}");
    let reader = Reader::from_source(bytes).map_err(wrong)?;
    let built = reader.metadata().build_epoch;
    let built = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(built)).filter(|_| built > 0);
    let mut database = Database { built, ..Database::default() };
    let mut prefixes = Prefixes::default();
    let mut rows: HashMap<usize, Option<RowId>> = HashMap::new();
    for found in reader.networks(WithinOptions::default()).map_err(wrong)? {
        let found = found.map_err(wrong)?;
        // A few bytes can be a tree without end: its branches may meet again.
        if prefixes.len() + database.skipped >= MOST_PREFIXES {
            return Err(format!("it has more than {MOST_PREFIXES} networks"));
        }
        let Some(offset) = found.offset() else { continue };
        let row = *rows.entry(offset).or_insert_with(|| {
            let record = found.decode::<Value>().ok().flatten()?;
            Some(prefixes.intern(&facts(&record)))
        });
        let net = found.network().ok().and_then(|net| IpNet::new(net.ip(), net.prefix()).ok());
        match row.zip(net) {
            Some((row, net)) => prefixes.push_row(net, row),
            None => database.skipped += 1,
        }
    }
    database.networks = prefixes.len();
    database.layer = prefixes.into_layer();
    Ok(database)
}

/// The facts of a record: as MaxMind and DB-IP nest them, and as the flat databases of `ip-location-db` and IPinfo have
/// them. What is there but wrong is left out.
fn facts(record: &Value) -> Facts {
    let mut facts = Facts::default();
    let at = |path: &str| record.pointer(path);
    let text = |paths: &[&str]| paths.iter().find_map(|path| at(path)?.as_str()).unwrap_or_default();
    let country = text(&["/country/iso_code", "/country_code", "/registered_country/iso_code", "/country"]);
    if let Ok(country) = record::country(country) {
        facts.set(Fact::Country, &country);
    }
    facts.set(Fact::City, text(&["/city/names/en", "/city"]));
    let states = ["/subdivisions/0/names/en", "/subdivisions/0/iso_code", "/state1", "/state", "/region"];
    facts.set(Fact::State, text(&states));
    let numbers = ["/autonomous_system_number", "/asn"];
    facts.geoip_asn = numbers.iter().find_map(|path| number(at(path)?)).unwrap_or_default();
    facts
}

fn number(value: &Value) -> Option<u32> {
    match value {
        Value::String(text) => record::asn(text).ok(),
        value => value.as_u64()?.try_into().ok(),
    }
}

#[cfg(test)]
pub(crate) mod tests;
