//! The rows of an answer, as they come.

use std::fmt;
use std::time::Duration;

use bytes::{Buf as _, Bytes, BytesMut};
use clickhouse::query::BytesCursor;
use futures_util::{StreamExt as _, stream};
use serde_json::Value;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout_at};

use super::errors::Failure;
use crate::{AnswerColumn, Error, RowStream};

/// The answer to a statement that reads. Dropping it cancels the query.
pub struct Rows {
    /// The columns.
    pub columns: Vec<AnswerColumn>,
    /// The rows, each a value per column. Numbers of more than 64 bits are texts.
    pub rows: RowStream,
    /// The id of the query at the server.
    pub query_id: String,
}

impl Rows {
    /// Waits for all rows.
    ///
    /// # Errors
    ///
    /// The first one among the rows.
    pub async fn collect(mut self) -> Result<Vec<Vec<Value>>, Error> {
        let mut rows = Vec::new();
        while let Some(row) = self.rows.next().await {
            rows.push(row?);
        }
        Ok(rows)
    }
}

impl fmt::Debug for Rows {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Rows")
            .field("columns", &self.columns)
            .field("query_id", &self.query_id)
            .finish_non_exhaustive()
    }
}

/// The lines of an answer.
pub(super) struct Lines {
    cursor: BytesCursor,
    buffer: BytesMut,
    has_ended: bool,
    server: String,
    due: Instant,
    deadline: Duration,
    has_answered: bool,
    /// Held for as long as the query may run.
    turn: OwnedSemaphorePermit,
}

impl Lines {
    pub(super) fn new(
        cursor: BytesCursor,
        server: &str,
        due: Instant,
        deadline: Duration,
        turn: OwnedSemaphorePermit,
    ) -> Self {
        Self {
            cursor,
            buffer: BytesMut::new(),
            has_ended: false,
            server: server.to_owned(),
            due,
            deadline,
            has_answered: false,
            turn,
        }
    }

    /// The next line, without its end; `None` after the last one.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        loop {
            if let Some(length) = self.buffer.iter().position(|&byte| byte == b'\n') {
                let line = self.buffer.split_to(length).freeze();
                self.buffer.advance(1);
                return Ok(Some(line));
            }
            if self.has_ended {
                let rest = std::mem::take(&mut self.buffer).freeze();
                return Ok(Some(rest).filter(|rest| !rest.is_empty()));
            }
            match timeout_at(self.due, self.cursor.next()).await {
                Err(_) => return Err(Failure::deadline(self.deadline)),
                Ok(Ok(Some(chunk))) => {
                    self.has_answered = true;
                    self.buffer.extend_from_slice(&chunk);
                }
                Ok(Ok(None)) => self.has_ended = true,
                Ok(Err(error)) => {
                    return Err(Failure::new(error, &self.server, self.deadline, self.has_answered));
                }
            }
        }
    }

    /// A line as JSON. What is none is an exception in the middle of the answer, or the answer is cut.
    pub(super) fn parse<T: serde::de::DeserializeOwned>(&self, line: &[u8]) -> Result<T, Failure> {
        // ClickHouse does not care whether a String is UTF-8.
        let text = String::from_utf8_lossy(line);
        serde_json::from_str(&text).map_err(|error| {
            let failure = Failure::of_answer(&text, &self.server, self.deadline);
            match failure.error {
                Error::Unreachable { server, .. } => {
                    let reason = format!("a row is not as it should be: {error}");
                    Failure { error: Error::Interrupted { server, reason }, ..failure }
                }
                _ => failure,
            }
        })
    }

    /// Gives up the answer, and the turn back.
    pub(super) fn into_turn(self) -> OwnedSemaphorePermit {
        self.turn
    }

    /// The rest of the lines, as rows.
    pub(super) fn into_rows(self, columns: &[AnswerColumn]) -> RowStream {
        let wide = columns.iter().map(|column| is_wide(&column.kind)).collect::<Vec<_>>();
        let rows = stream::try_unfold((self, wide), |(mut lines, wide)| async move {
            let Some(line) = lines.next().await.map_err(|failure| failure.error)? else { return Ok(None) };
            let mut row: Vec<Value> = lines.parse(&line).map_err(|failure| failure.error)?;
            for (value, _) in row.iter_mut().zip(&wide).filter(|(_, is_wide)| **is_wide) {
                unquote(value);
            }
            Ok(Some((row, (lines, wide))))
        });
        rows.boxed()
    }
}

/// Numbers of 64 bits come in quotes, since those of more bits would lose digits without.
fn is_wide(kind: &str) -> bool {
    let kind =
        kind.trim_start_matches("LowCardinality(").trim_start_matches("Nullable(").trim_end_matches(')');
    matches!(kind, "UInt64" | "Int64")
}

fn unquote(value: &mut Value) {
    if let Value::String(text) = value {
        let number = text.parse::<u64>().map(Value::from).or_else(|_| text.parse::<i64>().map(Value::from));
        if let Ok(number) = number {
            *value = number;
        }
    }
}
