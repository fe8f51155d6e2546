//! The traffic that interfaces carry, from the tables.

use std::collections::HashMap;
use std::time::Duration;

use flowql_client::{Statement, sql};
use flowql_connect::BackendArgs;

use super::super::database::Database;
use super::super::{load, runtime};
use crate::args::Global;
use crate::failure::Failure;

/// How long the database may take.
const DEADLINE: Duration = Duration::from_secs(30);

/// How many AS sent traffic into each interface in the last hour, by the names of exporter and interface.
pub(super) fn networks(
    global: &Global,
    target: &BackendArgs,
) -> Result<HashMap<(String, String), u64>, Failure> {
    let config = load(global, None)?;
    let client = Database::named(&config, target)?.client(DEADLINE)?;
    let sql = sql!(
        "SELECT ExporterName, InIfName, toString(uniq(SrcAS)) FROM flows \
         WHERE TimeReceived > now() - INTERVAL 1 HOUR AND SrcAS != 0 GROUP BY ExporterName, InIfName"
    );
    let rows = runtime()?.block_on(async { client.rows(&Statement::read(sql)).await?.collect().await })?;
    let one = |row: &Vec<serde_json::Value>| {
        let text = |place: usize| Some(row.get(place)?.as_str()?.to_owned());
        Some(((text(0)?, text(1)?), text(2)?.parse().ok()?))
    };
    Ok(rows.iter().filter_map(one).collect())
}
