//! The table `attacks`, and what the flows of the last day say of a signature.

use std::time::{Duration, Instant};

use flowql::Options;
use flowql_client::{Client, Error, Insert, Sql, Statement, sql};
use flowql_config::Config;
use flowql_tables::{ATTACKS_TABLE, FLOWS_TABLE, Layout};
use serde::{Deserialize, Serialize};

use crate::incident::{Approval, Collateral, Incident};

/// How long a statement may take.
const DEADLINE: Duration = Duration::from_secs(10);

/// How long the usual traffic is looked at.
const PATIENCE: Duration = Duration::from_secs(2);

/// How far back, in hours.
const HOURS: u32 = 24;

/// An attack is in the flows before it is noticed, in seconds.
const BEFORE: u32 = 60;

const HOUR: u32 = 3_600;

/// The incidents in the database.
#[derive(Clone, Debug)]
pub struct Store {
    client: Client,
    layout: Layout,
}

/// A row of the table.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row<'i> {
    number: u32,
    start: u32,
    end: u32,
    state: &'static str,
    rule: &'i str,
    target: String,
    bits: u64,
    packets: u64,
    sources: u64,
    samples: u64,
    severity_percent: u64,
    signature: String,
    evidence: String,
    actions: String,
    answers: String,
    approved_by: &'i str,
    incident: String,
    version: u64,
}

/// An incident as it is read.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Read {
    incident: String,
}

/// Sums of an hour.
#[derive(Debug, Deserialize)]
struct Sums {
    /// Of all flows of the database.
    any: u64,
    /// Of those to the target.
    all: f64,
    /// Of those that the signature would hit.
    hit: f64,
}

impl Store {
    /// The table of a database.
    #[must_use]
    pub const fn new(client: Client, layout: Layout) -> Self {
        Self { client, layout }
    }

    pub(crate) const fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) const fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Makes the table where it is missing.
    ///
    /// # Errors
    ///
    /// Why that is not done.
    pub async fn prepare(&self) -> Result<(), Error> {
        let statement = Statement::write(flowql_tables::attacks(&self.layout).sql).deadline(DEADLINE);
        self.client.execute(&statement).await
    }

    /// Stores incidents as they are now.
    ///
    /// # Errors
    ///
    /// Why that is not done. Another call with the same ones is harmless.
    pub async fn put(&self, incidents: &[Incident]) -> Result<(), Error> {
        let mut data = Vec::new();
        for incident in incidents {
            // Plain numbers and texts: nothing that JSON lacks.
            serde_json::to_writer(&mut data, &Row::of(incident)).unwrap_or_default();
            data.push(b'\n');
        }
        let Some(last) = incidents.last() else { return Ok(()) };
        let table = self.layout.table(ATTACKS_TABLE);
        let token = format!("flowql-attacks-{}-{}-{}", last.number, last.start, version(last));
        let sql = sql!("INSERT INTO {table} FORMAT JSONEachRow", table);
        self.client.insert(&Insert { sql, data: data.into(), token, deadline: Some(DEADLINE) }).await
    }

    /// The incidents that began last, the newest first.
    ///
    /// # Errors
    ///
    /// Why they cannot be read.
    pub async fn newest(&self, most: u64) -> Result<Vec<Incident>, Error> {
        let table = self.layout.table(ATTACKS_TABLE);
        let sql = sql!(
            "SELECT Incident FROM {table} FINAL ORDER BY Start DESC, Number DESC LIMIT {most}",
            table,
            most
        );
        let read: Vec<Read> = self.client.all(&Statement::read(sql).deadline(DEADLINE)).await?;
        Ok(read.iter().filter_map(Read::incident).collect())
    }

    /// The incident of a number, the newest where there are several.
    ///
    /// # Errors
    ///
    /// Why it cannot be read.
    pub async fn get(&self, number: u32) -> Result<Option<Incident>, Error> {
        let table = self.layout.table(ATTACKS_TABLE);
        let sql = sql!(
            "SELECT Incident FROM {table} FINAL WHERE Number = {number} ORDER BY Start DESC LIMIT 1",
            table,
            number = u64::from(number),
        );
        let read: Vec<Read> = self.client.all(&Statement::read(sql).deadline(DEADLINE)).await?;
        Ok(read.first().and_then(Read::incident))
    }

    /// What the filters of an incident would have hit of the traffic to its target: in the hours before it, the newest
    /// first, for at most 2 s. Nothing is known where no hour was looked at in time, or had any flow.
    ///
    /// A record of several packets counts where it may hold one that is hit: its flags are those of all its packets, and
    /// their lengths are not known.
    pub async fn collateral(&self, config: &Config, incident: &Incident) -> Collateral {
        let begun = Instant::now();
        let (mut all, mut hit, mut hours) = (0.0, 0.0, 0);
        for hour in 0..HOURS {
            let Some(left) = PATIENCE.checked_sub(begun.elapsed()).filter(|left| !left.is_zero()) else {
                break;
            };
            let until = incident.start.saturating_sub(BEFORE).saturating_sub(hour * HOUR);
            let statement = self.sums(config, incident, until.saturating_sub(HOUR), until);
            let asked = self.client.all::<Sums>(&statement.deadline(left)).await;
            match asked.as_deref() {
                Ok([sums]) if sums.any > 0 => {
                    all += sums.all;
                    hit += sums.hit;
                    hours += 1;
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::debug!(%error, "the usual traffic cannot be looked at any further");
                    break;
                }
            }
        }
        Collateral { share: if all > 0.0 { hit / all } else { 0.0 }, hours }
    }

    /// The sums of the flows that were received from a time on and before another one.
    fn sums(&self, config: &Config, incident: &Incident, from: u32, until: u32) -> Statement {
        let compiler = config.compiler();
        let compile = |text: &str| Sql::filter(&compiler.compile(text, Options::default()));
        let signature = &incident.signature;
        Statement::read(sql!(
            "SELECT count() AS any, sumIf(Bytes * SamplingRate, {destinations}) AS all, \
             sumIf(Bytes * SamplingRate, {destinations} AND if(Packets > 1, {relaxed}, {strict})) AS hit \
             FROM {table} WHERE TimeReceived >= toDateTime({from}) AND TimeReceived < toDateTime({until})",
            destinations = compile(&signature.destinations()),
            relaxed = compile(&signature.relaxed_filter()),
            strict = compile(&signature.filter()),
            table = self.layout.table(FLOWS_TABLE),
            from = u64::from(from),
            until = u64::from(until),
        ))
    }
}

impl<'i> Row<'i> {
    fn of(incident: &'i Incident) -> Self {
        let json = |value: serde_json::Result<String>| value.unwrap_or_default();
        let approved = incident.action.filter(|planned| planned.approval == Approval::Person);
        let by = incident.log.iter().rev().find(|entry| !entry.by.is_empty());
        Self {
            number: incident.number,
            start: incident.start,
            end: incident.end,
            state: incident.state.name(),
            rule: &incident.rule,
            target: incident.target.to_string(),
            bits: incident.peak.bits as u64,
            packets: incident.peak.packets as u64,
            sources: incident.peak.sources,
            samples: incident.peak.samples,
            severity_percent: (incident.peak.severity * 100.0) as u64,
            signature: incident.signature.filter(),
            evidence: json(serde_json::to_string(&incident.evidence)),
            actions: json(serde_json::to_string(&incident.log)),
            answers: String::new(),
            approved_by: approved.and(by).map_or("", |entry| &entry.by),
            incident: json(serde_json::to_string(incident)),
            version: version(incident),
        }
    }
}

impl Read {
    /// The incident; `None` for one that another version of the program has written differently.
    fn incident(&self) -> Option<Incident> {
        serde_json::from_str(&self.incident).ok()
    }
}

/// Rises with each change of an incident.
fn version(incident: &Incident) -> u64 {
    let last = incident.log.last().map_or(incident.start, |entry| entry.time);
    u64::from(last) << 20 | incident.log.len() as u64
}
