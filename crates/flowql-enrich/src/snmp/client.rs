//! Questions to an agent, asked again where no answer comes.

use std::time::Duration;

use snmp2::{AsyncSession, Error, Oid, Pdu, Value};

use super::access::Access;
use super::failure::SnmpFailure;

/// The number of an object.
pub(crate) type ObjectId = Vec<u64>;

/// The most reports of its engine that an agent may give to a question: for its number, and for its time.
const MOST_REPORTS: usize = 3;

/// What an agent says of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Datum {
    /// A number.
    Number(u64),
    /// A text.
    Text(Vec<u8>),
    /// Something else.
    Other,
    /// There is no such object, or none behind it.
    Nothing,
}

/// A question.
#[derive(Clone, Copy, Debug)]
enum Question<'q> {
    /// These objects.
    Get(&'q [ObjectId]),
    /// Those behind these, so many for each.
    Bulk(&'q [ObjectId], u32),
}

/// How long and how often an agent is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// How long the first answer is waited for.
    pub(crate) timeout: Duration,
    /// How often it is asked again.
    pub(crate) retries: u32,
    /// The most rows of a table in an answer.
    pub(crate) repetitions: u32,
}

/// Asks an agent.
pub(crate) struct Client {
    access: Access,
    patience: Patience,
    session: Option<AsyncSession>,
}

impl Client {
    pub(crate) const fn new(access: Access, patience: Patience) -> Self {
        Self { access, patience, session: None }
    }

    /// Objects by their numbers.
    pub(crate) async fn get(&mut self, objects: &[ObjectId]) -> Result<Vec<(ObjectId, Datum)>, SnmpFailure> {
        self.ask(Question::Get(objects)).await
    }

    /// The objects behind these, several for each in turn.
    pub(crate) async fn bulk(&mut self, objects: &[ObjectId]) -> Result<Vec<(ObjectId, Datum)>, SnmpFailure> {
        self.ask(Question::Bulk(objects, self.patience.repetitions)).await
    }

    async fn ask(&mut self, question: Question<'_>) -> Result<Vec<(ObjectId, Datum)>, SnmpFailure> {
        let mut failure = SnmpFailure::NoAnswer;
        for attempt in 0..=self.patience.retries {
            let patience = self.patience.timeout * (attempt + 1);
            match tokio::time::timeout(patience, self.attempt(question.after(attempt))).await {
                Ok(Ok(found)) => return Ok(found),
                Ok(Err(error)) => failure = error,
                Err(_) => failure = SnmpFailure::NoAnswer,
            }
            // A late answer would be taken for that of the next question: another socket does not hear it.
            self.session = None;
            if matches!(failure, SnmpFailure::Refused(_)) {
                break;
            }
        }
        Err(failure)
    }

    async fn attempt(&mut self, question: Question<'_>) -> Result<Vec<(ObjectId, Datum)>, SnmpFailure> {
        let session = match self.session.take() {
            Some(session) => self.session.insert(session),
            None => self.session.insert(self.access.open().await?),
        };
        let oids = question.objects().iter().map(|object| oid(object)).collect::<Result<Vec<_>, _>>()?;
        let oids: Vec<&Oid<'_>> = oids.iter().collect();
        for _ in 0..MOST_REPORTS {
            let answer = match question {
                Question::Get(_) => session.get_many(&oids).await,
                Question::Bulk(_, repetitions) => session.getbulk(&oids, 0, repetitions).await,
            };
            match answer {
                Ok(answer) => return found(&answer),
                // The agent has said what its clock is.
                Err(Error::AuthUpdated) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(SnmpFailure::Refused("its clock changes with every answer".to_owned()))
    }
}

impl<'q> Question<'q> {
    const fn objects(self) -> &'q [ObjectId] {
        match self {
            Self::Get(objects) | Self::Bulk(objects, _) => objects,
        }
    }

    /// The same after so many failures: a smaller answer may pass where a large one did not.
    fn after(self, failures: u32) -> Self {
        match self {
            Self::Bulk(objects, repetitions) => {
                Self::Bulk(objects, repetitions.checked_shr(2 * failures).unwrap_or_default().max(1))
            }
            get @ Self::Get(_) => get,
        }
    }
}

fn oid(object: &[u64]) -> Result<Oid<'static>, SnmpFailure> {
    Oid::from(object).map_err(|_| SnmpFailure::Internal)
}

fn found(answer: &Pdu<'_>) -> Result<Vec<(ObjectId, Datum)>, SnmpFailure> {
    if answer.error_status != 0 {
        return Err(SnmpFailure::Status(answer.error_status));
    }
    let mut found = Vec::new();
    for (name, value) in answer.varbinds.clone() {
        let name =
            name.iter().ok_or_else(|| SnmpFailure::Malformed("an object without a number".to_owned()))?;
        found.push((name.collect(), datum(&value)));
    }
    Ok(found)
}

fn datum(value: &Value<'_>) -> Datum {
    match *value {
        Value::Integer(number) => u64::try_from(number).map_or(Datum::Other, Datum::Number),
        Value::Counter32(number) | Value::Unsigned32(number) | Value::Timeticks(number) => {
            Datum::Number(number.into())
        }
        Value::Counter64(number) => Datum::Number(number),
        Value::OctetString(text) => Datum::Text(text.to_vec()),
        Value::EndOfMibView | Value::NoSuchObject | Value::NoSuchInstance => Datum::Nothing,
        _ => Datum::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_become_smaller_when_they_do_not_come() {
        let objects = [vec![1, 3]];
        let rows = |failures| match Question::Bulk(&objects, 20).after(failures) {
            Question::Bulk(_, rows) => rows,
            Question::Get(_) => 0,
        };
        assert_eq!([0, 1, 2, 3, 40].map(rows), [20, 5, 1, 1, 1]);
    }
}
