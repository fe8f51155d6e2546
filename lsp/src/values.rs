//! What the backend knows: values for completion, names of AS numbers, the flows of a filter.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use flowql::ide::Suggestion;
use flowql::tables::Operator;
use flowql_backend::{
    AnswerTable, Backend, Direction, FlowFilter, FlowQuery, Kind, TimeRange, Unit, ValueQuery, ValueSource,
    Values,
};
use tower_lsp::Client;
use tower_lsp::ls_types::MessageType;

use crate::features::commands::{self, Shown, Target, called};
use crate::features::completion::Offer;
use crate::names::AsNames;
use crate::request::Request;

/// How long a completion, a hover or hints wait for the backend at most.
const DEADLINE: Duration = Duration::from_millis(300);

/// How long `flowql.run` waits for the backend at most.
const RUN_DEADLINE: Duration = Duration::from_secs(30);

/// How many values are asked for.
const MOST_VALUES: usize = 50;

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

    /// The values that the backend has for an offer; `None` where there is nothing to ask.
    pub(crate) async fn for_offer(&self, request: &Request, offer: &Offer) -> Option<Vec<Suggestion>> {
        let source = request.snapshot.config.source.as_ref()?;
        let wanted = offer.completions.request.as_ref()?;
        let rest = FlowFilter::compile(&request.compiler(), &wanted.rest, Direction::Forward, None);
        let rest = rest.ok().filter(|_| !wanted.rest.is_empty());
        let question = ValueQuery { deadline: DEADLINE, ..ValueQuery::new(wanted, rest, MOST_VALUES) };
        Some(self.ask(source, &question).await.unwrap_or_default())
    }

    /// Asks for the names of AS numbers that were not asked for yet.
    pub(crate) async fn learn_names(&self, request: &Request, numbers: &[u32]) {
        let Some(source) = request.snapshot.config.source.as_ref() else { return };
        let asked = self.names.unknown(numbers).into_iter().take(MOST_NAMES).map(|number| async move {
            let wanted = ValueQuery::of("SrcAS", Some(Operator::Eq), &number.to_string(), MOST_VALUES);
            let wanted = ValueQuery { deadline: DEADLINE, ..wanted };
            (number, self.ask(source, &wanted).await)
        });
        for (number, found) in futures_util::future::join_all(asked).await {
            let Some(found) = found else { continue };
            let written = [number.to_string(), format!("AS{number}")];
            let name =
                found.into_iter().find(|found| written.contains(&found.value)).map(|found| found.detail);
            self.names.set(number, name.filter(|name| !name.is_empty()));
        }
    }

    /// Asks for values. A failure is logged once and costs these values only; `None` where the answer is not whole.
    async fn ask(&self, source: &ValueSource, query: &ValueQuery) -> Option<Vec<Suggestion>> {
        let Values { suggestions, incomplete } = source.values(query).await;
        if query.ranking {
            // Whether there is one tells nothing of the values that are missing.
            return Some(suggestions);
        }
        let is_whole = incomplete.is_none();
        let name = source.backend().name();
        let trouble = incomplete.map(|reason| format!("values of the backend `{name}`: {reason}"));
        self.log_trouble(trouble).await;
        (is_whole || !suggestions.is_empty()).then_some(suggestions)
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
    let table = AnswerTable::collect(answer).await?;
    let text =
        if table.rows.is_empty() { "No flow of that time matches.\n".to_owned() } else { table.markdown() };
    Ok(format!("{text}\nFrom the table `{}`: {}.\n", plan.table, plan.reason))
}
