//! What the backend knows: values for completion, names of AS numbers, the flows of a filter.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use flowql_backend::{
    Backend, Direction, FilterCompletion, FlowFilter, FlowQuery, Kind, QueryOptions, TimeRange, Unit,
    ValueQuery, ValueSource, Values,
};
use tower_lsp::Client;
use tower_lsp::ls_types::MessageType;

use crate::features::commands::{self, Shown, Target, called};
use crate::names::AsNames;
use crate::request::Request;

/// How long a completion, a hover or hints wait for the backend at most.
const DEADLINE: Duration = Duration::from_millis(300);

/// How long `flowql.run` waits for the backend at most.
const RUN_DEADLINE: Duration = Duration::from_secs(30);

/// How many names of AS numbers are asked for at once.
const MOST_NAMES: usize = 20;

/// How many rows `flowql.run` shows, of how much time.
const MOST_ROWS: u32 = 50;
const RUN_RANGE: Duration = Duration::from_secs(6 * 60 * 60);

/// The columns whose top values `flowql.run` shows where none are asked for.
const USUAL_COLUMNS: [&str; 3] = ["SrcAS", "DstAS", "Proto"];

/// What was learned from the backend, and the client that is warned when it does not answer.
#[derive(Debug)]
pub(crate) struct BackendValues {
    client: Client,
    /// The names of AS numbers.
    pub(crate) names: AsNames,
    /// Why the backend last did not answer, so that the warning is logged once.
    trouble: Mutex<Option<String>>,
}

impl BackendValues {
    /// Nothing learned yet.
    pub(crate) fn new(client: Client) -> Self {
        Self { client, names: AsNames::default(), trouble: Mutex::default() }
    }

    /// The values that the backend has for a completion; `None` where there is nothing to ask.
    pub(crate) async fn for_completion(
        &self,
        request: &Request,
        completion: &FilterCompletion,
    ) -> Option<Values> {
        let source = request.snapshot.config.source.as_ref()?;
        let query = ValueQuery { deadline: DEADLINE, ..completion.query.clone()? };
        let values = source.values(&query).await;
        // Whether there is an order tells nothing of the values that are missing.
        if !query.ranking {
            self.log_trouble(trouble(source, values.incomplete.as_deref())).await;
        }
        Some(values)
    }

    /// Asks for the names of AS numbers that were not asked for yet.
    pub(crate) async fn learn_names(&self, request: &Request, numbers: &[u32]) {
        let Some(source) = request.snapshot.config.source.as_ref() else { return };
        let mut unknown = self.names.unknown(numbers);
        unknown.truncate(MOST_NAMES);
        if unknown.is_empty() {
            return;
        }
        let found = source.as_names(&unknown, DEADLINE).await;
        let reason = found.as_ref().err().map(ToString::to_string);
        self.log_trouble(trouble(source, reason.as_deref())).await;
        let Ok(mut found) = found else { return };
        for number in unknown {
            self.names.set(number, found.remove(&number));
        }
    }

    /// Logs why the backend did not answer, unless that was its last reason too.
    async fn log_trouble(&self, trouble: Option<String>) {
        let news = {
            let mut last = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
            let news = trouble.clone().filter(|trouble| last.as_ref() != Some(trouble));
            *last = trouble;
            news
        };
        if let Some(trouble) = news {
            self.client.log_message(MessageType::WARNING, trouble).await;
        }
    }
}

/// What is logged where values are missing.
fn trouble(source: &ValueSource, reason: Option<&str>) -> Option<String> {
    let name = source.backend().name();
    reason.map(|reason| format!("values of the backend `{name}`: {reason}"))
}

/// The top values of the flows that a filter selects.
pub(crate) async fn run(request: &Request, target: &Target) -> Shown {
    let Some(filter) = target.filter(request) else {
        return commands::failure("FlowQL", "There is no filter at this place.");
    };
    let title = format!("Top values of {}", called(filter));
    let Some(backend) = request.snapshot.config.source.as_ref().map(|source| source.backend()) else {
        return commands::failure(
            &title,
            "No backend is configured: name one in the section [backend] of flowql.toml.",
        );
    };
    if !backend.capabilities().queries {
        return commands::failure(&title, &format!("The backend `{}` runs no queries.", backend.name()));
    }
    let direction = if target.reverse { Direction::Reverse } else { Direction::Forward };
    let Ok(compiled) = FlowFilter::compile(&request.compiler(), &filter.body.text, direction, None) else {
        return commands::errors(request, filter);
    };
    let columns: Vec<String> = if target.columns.is_empty() {
        USUAL_COLUMNS.map(str::to_owned).to_vec()
    } else {
        target.columns.clone()
    };
    let to = SystemTime::now();
    let from = to.checked_sub(RUN_RANGE).unwrap_or(SystemTime::UNIX_EPOCH);
    let question = FlowQuery {
        filter: compiled,
        range: TimeRange { from, to },
        kind: Kind::Top { columns, unit: Unit::default() },
        limit: MOST_ROWS,
        options: QueryOptions::default(),
        id: None,
    };
    match tokio::time::timeout(RUN_DEADLINE, table(backend.as_ref(), &question)).await {
        Ok(Ok(text)) => {
            let text = format!("# {title}\n\nOf the last {} hours.\n\n{text}", RUN_RANGE.as_secs() / 3600);
            Shown { title, language: "markdown", text, failed: false }
        }
        Ok(Err(error)) => commands::failure(&title, &error.to_string()),
        Err(_) => commands::failure(&title, &format!("no answer within {} s", RUN_DEADLINE.as_secs())),
    }
}

/// The answer to a question, as a table in Markdown.
async fn table(backend: &dyn Backend, question: &FlowQuery) -> Result<String, flowql_backend::Error> {
    let answer = backend.query(question).await?;
    let plan = answer.plan.clone();
    let table = answer.collect().await?;
    let text =
        if table.rows.is_empty() { "No flow of that time matches.\n".to_owned() } else { table.markdown() };
    Ok(format!("{text}\nFrom the table `{}`: {}.\n", plan.table, plan.reason))
}
