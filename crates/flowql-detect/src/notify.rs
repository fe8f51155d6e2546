//! Notifications: a webhook, and a command.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use flowql_config::Config;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Serialize;
use tokio::sync::mpsc;

use crate::amount::Amount;
use crate::incident::{Change, Incident, State};
use crate::section::{DetectSection, NotifySection};

/// The most notifications that wait; what comes then is left out, and counted in the log.
const MOST: usize = 256;

/// How long one may take.
const DEADLINE: Duration = Duration::from_secs(15);

/// How often one is tried, and the pause before it is tried again, which doubles.
const ATTEMPTS: u32 = 4;
const PAUSE: Duration = Duration::from_secs(1);

/// How often it is looked whether a command has ended.
const LOOK: Duration = Duration::from_millis(50);

/// The body of a webhook, and the input of a command.
#[derive(Clone, Debug, Serialize)]
pub struct Notification {
    /// What happened, in a sentence.
    pub text: String,
    /// The state before; `None` for a new incident.
    pub from: Option<State>,
    /// The incident.
    pub incident: Incident,
}

/// Tells people of incidents, without holding up who calls it.
#[derive(Debug)]
pub struct Notifier {
    section: NotifySection,
    waiting: Option<mpsc::Sender<Notification>>,
}

impl Notifier {
    /// As a configuration says.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self { section: config.section::<DetectSection>().notify.clone(), waiting: None }
    }

    /// Tells of a change, in its turn. It must be called on a runtime.
    pub fn notify(&mut self, change: &Change) {
        if self.section.webhook.is_none() && self.section.command.is_empty() {
            return;
        }
        let section = &self.section;
        let waiting = self.waiting.get_or_insert_with(|| {
            let (sender, receiver) = mpsc::channel(MOST);
            tokio::spawn(deliver(section.clone(), receiver));
            sender
        });
        let incident = change.incident.clone();
        let text = fill(&self.section.template, &incident);
        if waiting.try_send(Notification { text, from: change.from, incident }).is_err() {
            tracing::warn!(number = change.incident.number, "too many notifications wait: one is left out");
        }
    }
}

async fn deliver(section: NotifySection, mut waiting: mpsc::Receiver<Notification>) {
    while let Some(notification) = waiting.recv().await {
        let number = notification.incident.number;
        // Plain numbers and texts: nothing that JSON lacks.
        let body = Bytes::from(serde_json::to_vec(&notification).unwrap_or_default());
        if let Some(webhook) = &section.webhook {
            let mut pause = PAUSE;
            for attempt in 1..=ATTEMPTS {
                match post(webhook, body.clone()).await {
                    Ok(()) => break,
                    Err(error) => {
                        tracing::warn!(number, attempt, error, "the webhook did not take a notification");
                    }
                }
                if attempt < ATTEMPTS {
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
            }
        }
        if !section.command.is_empty() {
            let command = section.command.clone();
            let ran = tokio::task::spawn_blocking(move || run(&command, &body)).await;
            if let Ok(Err(error)) = ran {
                tracing::warn!(number, error, "the command did not take a notification");
            }
        }
    }
}

/// Sends a body to a URL, which must answer with a status of success.
async fn post(url: &str, body: Bytes) -> Result<(), String> {
    let said = |error: &dyn std::fmt::Display| error.to_string();
    let request = hyper::Request::post(url)
        .header(hyper::header::CONTENT_TYPE, "application/json")
        .header(hyper::header::USER_AGENT, concat!("flowql/", env!("CARGO_PKG_VERSION")))
        .body(Full::new(body))
        .map_err(|error| said(&error))?;
    let builder = Client::builder(TokioExecutor::new());
    let sent = async {
        let response = if url.starts_with("https:") {
            let connector =
                flowql_client::http::secure(HttpConnector::new(), None).map_err(|error| said(&error))?;
            builder.build(connector).request(request).await
        } else {
            builder.build(HttpConnector::new()).request(request).await
        };
        let response = response.map_err(|error| said(&error))?;
        let status = response.status();
        // The rest is of no interest, and is bounded by the deadline.
        drop(response.into_body().frame().await);
        if status.is_success() { Ok(()) } else { Err(format!("it answered {status}")) }
    };
    tokio::time::timeout(DEADLINE, sent).await.map_err(|_| "it took too long".to_owned())?
}

/// Runs a command with a body as its input, for as long as it may take.
fn run(command: &[String], body: &[u8]) -> Result<(), String> {
    let Some((program, arguments)) = command.split_first() else { return Ok(()) };
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()
        .map_err(|error| format!("`{program}`: {error}"))?;
    let body = body.to_vec();
    let input = child.stdin.take();
    // A command that does not read must not hold this up; the thread ends with the command.
    let writer = std::thread::spawn(move || {
        if let Some(mut input) = input {
            drop(input.write_all(&body));
        }
    });
    let begun = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if begun.elapsed() < DEADLINE => std::thread::sleep(LOOK),
            Ok(None) => {
                drop(child.kill());
                drop(child.wait());
                return Err(format!("`{program}` took too long"));
            }
            Err(error) => return Err(error.to_string()),
        }
    };
    drop(writer.join());
    if status.success() { Ok(()) } else { Err(format!("`{program}` ended with {status}")) }
}

/// Fills a template: each `{name}` is what the incident has of that name.
fn fill(template: &str, incident: &Incident) -> String {
    let amount = |value: f64| {
        // Two digits say enough.
        let digits = (value.max(1.0).log10().floor() as i32 - 1).max(0);
        let unit = 10_f64.powi(digits);
        Amount(((value / unit).round() * unit) as u64).to_string()
    };
    let values = [
        ("{number}", incident.number.to_string()),
        ("{rule}", incident.rule.clone()),
        ("{target}", incident.target.to_string()),
        ("{state}", incident.state.name().to_owned()),
        ("{bits}", amount(incident.peak.bits)),
        ("{packets}", amount(incident.peak.packets)),
        ("{sources}", incident.peak.sources.to_string()),
        ("{severity}", format!("{:.1}", incident.peak.severity)),
        ("{signature}", incident.signature.filter()),
        ("{last}", incident.log.last().map(|entry| entry.what.clone()).unwrap_or_default()),
    ];
    let mut text = String::with_capacity(template.len() + 64);
    let mut rest = template;
    // What is filled in is not looked at again.
    while let Some((before, from)) = rest.find('{').and_then(|place| rest.split_at_checked(place)) {
        text.push_str(before);
        match values.iter().find_map(|(name, value)| Some((from.strip_prefix(name)?, value))) {
            Some((after, value)) => {
                text.push_str(value);
                rest = after;
            }
            None => {
                text.push('{');
                rest = from.strip_prefix('{').unwrap_or_default();
            }
        }
    }
    text + rest
}
