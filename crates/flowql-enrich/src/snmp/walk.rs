//! What an agent is asked for: its name, when it was started, and the table of its interfaces (RFC 2863).

use std::collections::BTreeMap;
use std::time::Duration;

use super::client::{Client, Datum, ObjectId};
use super::failure::SnmpFailure;
use crate::facts::{ExporterFacts, InterfaceFacts};

const SYS_UP_TIME: [u64; 9] = [1, 3, 6, 1, 2, 1, 1, 3, 0];
const SYS_NAME: [u64; 9] = [1, 3, 6, 1, 2, 1, 1, 5, 0];
const IF_TABLE_LAST_CHANGE: [u64; 10] = [1, 3, 6, 1, 2, 1, 31, 1, 5, 0];

/// A column of the table of interfaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    /// ifDescr: the name where there is no other.
    Descr,
    /// ifSpeed, in bit/s, where there is no other.
    Speed,
    /// ifName.
    Name,
    /// ifHighSpeed, in Mbit/s.
    HighSpeed,
    /// ifAlias: what the operator wrote.
    Alias,
}

impl Column {
    const ALL: [Self; 5] = [Self::Descr, Self::Speed, Self::Name, Self::HighSpeed, Self::Alias];

    fn object(self) -> ObjectId {
        match self {
            Self::Descr => vec![1, 3, 6, 1, 2, 1, 2, 2, 1, 2],
            Self::Speed => vec![1, 3, 6, 1, 2, 1, 2, 2, 1, 5],
            Self::Name => vec![1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 1],
            Self::HighSpeed => vec![1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 15],
            Self::Alias => vec![1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 18],
        }
    }

    /// The index of the interface that an object of this column is of: the rest of its number.
    fn index(self, object: &[u64]) -> Option<u32> {
        match object.strip_prefix(self.object().as_slice())? {
            [index] => u32::try_from(*index).ok(),
            _ => None,
        }
    }
}

/// What says whether an agent was restarted or its interfaces have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Uptime {
    /// How long it has run.
    pub(crate) uptime: Duration,
    /// When the table of interfaces changed last, in hundredths of a second of its clock; not all agents say so.
    pub(crate) table_change: Option<u64>,
}

impl Uptime {
    /// Whether the agent is the same as so long before, by what it said then. Its clock may be a little wrong.
    pub(crate) fn continues(&self, before: &Self, elapsed: Duration) -> bool {
        let slack = Duration::from_secs(10) + elapsed / 100;
        self.table_change == before.table_change && self.uptime + slack >= before.uptime + elapsed
    }
}

/// All that an agent says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Walk {
    pub(crate) uptime: Uptime,
    pub(crate) exporter: ExporterFacts,
    pub(crate) interfaces: BTreeMap<u32, InterfaceFacts>,
}

/// Asks an agent since when it runs.
pub(crate) async fn uptime(client: &mut Client) -> Result<Uptime, SnmpFailure> {
    let found = client.get(&[SYS_UP_TIME.to_vec(), IF_TABLE_LAST_CHANGE.to_vec()]).await?;
    let number = |object: &[u64]| {
        found.iter().find_map(|(found, datum)| match datum {
            Datum::Number(number) if found == object => Some(*number),
            _ => None,
        })
    };
    // An agent that does not say so is taken as one that was never restarted.
    let hundredths = number(&SYS_UP_TIME).unwrap_or(u64::from(u32::MAX));
    let uptime = Duration::from_millis(hundredths.saturating_mul(10));
    Ok(Uptime { uptime, table_change: number(&IF_TABLE_LAST_CHANGE) })
}

/// Asks an agent for everything; of its interfaces for so many at most.
pub(crate) async fn walk(client: &mut Client, most: usize) -> Result<Walk, SnmpFailure> {
    let before = uptime(client).await?;
    let found = client.get(&[SYS_NAME.to_vec()]).await?;
    let name = found.iter().map(|(_, datum)| text(datum)).next().unwrap_or_default();
    let interfaces = interfaces(client, most).await?;
    let uptime = uptime(client).await?;
    // What was read before and after a restart does not belong together.
    if uptime.uptime < before.uptime || uptime.table_change != before.table_change {
        return Err(SnmpFailure::Changed);
    }
    Ok(Walk { uptime, exporter: ExporterFacts { name, ..ExporterFacts::default() }, interfaces })
}

/// What the columns say of an interface.
#[derive(Debug, Default)]
struct Row {
    descr: String,
    name: String,
    alias: String,
    speed: u64,
    high_speed: u64,
}

impl Row {
    fn take(&mut self, column: Column, datum: &Datum) {
        let number = || if let Datum::Number(number) = datum { *number } else { 0 };
        match column {
            Column::Descr => self.descr = text(datum),
            Column::Speed => self.speed = number(),
            Column::Name => self.name = text(datum),
            Column::HighSpeed => self.high_speed = number(),
            Column::Alias => self.alias = text(datum),
        }
    }

    fn facts(self) -> InterfaceFacts {
        let name = if self.name.is_empty() { self.descr } else { self.name };
        let speed = if self.high_speed == 0 { self.speed / 1_000_000 } else { self.high_speed };
        let speed = u32::try_from(speed).unwrap_or(u32::MAX);
        InterfaceFacts { name, description: self.alias, speed, ..InterfaceFacts::default() }
    }
}

/// The interfaces: the columns are read next to each other, each to its end.
async fn interfaces(client: &mut Client, most: usize) -> Result<BTreeMap<u32, InterfaceFacts>, SnmpFailure> {
    let mut rows: BTreeMap<u32, Row> = BTreeMap::new();
    let mut cursors: Vec<(Column, ObjectId)> =
        Column::ALL.into_iter().map(|column| (column, column.object())).collect();
    while !cursors.is_empty() {
        let asked: Vec<ObjectId> = cursors.iter().map(|(_, object)| object.clone()).collect();
        let answer = client.bulk(&asked).await?;
        if answer.is_empty() {
            return Err(SnmpFailure::Malformed("it has no objects".to_owned()));
        }
        let mut is_over = vec![false; cursors.len()];
        for (place, (object, datum)) in answer.into_iter().enumerate() {
            let place = place % asked.len();
            let (Some((column, cursor)), Some(is_over)) = (cursors.get_mut(place), is_over.get_mut(place))
            else {
                continue;
            };
            let index = column.index(&object);
            match index {
                _ if *is_over => {}
                // A faulty agent gives the same object again and again.
                Some(index) if datum != Datum::Nothing && object > *cursor => {
                    let has_room = rows.len() < most || rows.contains_key(&index);
                    if has_room {
                        rows.entry(index).or_default().take(*column, &datum);
                        *cursor = object;
                    }
                    *is_over = !has_room;
                }
                _ => *is_over = true,
            }
        }
        let mut is_over = is_over.into_iter();
        cursors.retain(|_| !is_over.next().unwrap_or(true));
    }
    Ok(rows.into_iter().map(|(index, row)| (index, row.facts())).collect())
}

/// A text without what some agents put behind it.
fn text(datum: &Datum) -> String {
    let Datum::Text(bytes) = datum else { return String::new() };
    let text = String::from_utf8_lossy(bytes);
    text.chars().filter(|character| !character.is_control()).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_of_a_column_is_of_an_interface() {
        let object = [1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 18, 7];
        assert_eq!(Column::Alias.index(&object), Some(7));
        assert_eq!(Column::Name.index(&object), None);
        assert_eq!(Column::Alias.index(&[object.as_slice(), &[1]].concat()), None);
        assert_eq!(Column::Alias.index(&object[..11]), None);
    }

    #[test]
    fn a_restart_and_a_change_are_seen() {
        let seconds = Duration::from_secs;
        let at = |uptime, table_change| Uptime { uptime: seconds(uptime), table_change };
        let before = at(1000, Some(5));
        assert!(at(1300, Some(5)).continues(&before, seconds(300)));
        assert!(at(1290, Some(5)).continues(&before, seconds(300)), "its clock is slow");
        assert!(!at(1300, Some(6)).continues(&before, seconds(300)));
        assert!(!at(20, Some(5)).continues(&before, seconds(300)));
        // Short after a start, and started again: it has run for longer than then.
        assert!(!at(250, None).continues(&at(10, None), seconds(300)));
    }

    #[test]
    fn the_best_name_and_speed_are_taken() {
        let mut row = Row::default();
        row.take(Column::Descr, &Datum::Text(b"GigabitEthernet0/1\0".to_vec()));
        row.take(Column::Speed, &Datum::Number(u64::from(u32::MAX)));
        row.take(Column::Alias, &Datum::Text(b" to b\r\n".to_vec()));
        let expected = InterfaceFacts {
            name: "GigabitEthernet0/1".to_owned(),
            description: "to b".to_owned(),
            speed: 4294,
            ..InterfaceFacts::default()
        };
        assert_eq!(row.facts(), expected);
        let mut row = Row { descr: "long".to_owned(), speed: 4_294_967_295, ..Row::default() };
        row.take(Column::Name, &Datum::Text(b"Gi0/1".to_vec()));
        row.take(Column::HighSpeed, &Datum::Number(100_000));
        let facts = row.facts();
        assert_eq!((facts.name.as_str(), facts.speed), ("Gi0/1", 100_000));
    }
}
