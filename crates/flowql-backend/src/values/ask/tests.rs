use std::sync::Mutex;

use flowql_tables::{StoredColumn, StoredTable};

use super::*;

/// A database that takes its time: for each window of flows how long in milliseconds, and how many values it has.
struct Slow {
    windows: [(u64, usize); 4],
    /// Whether the dictionary fails.
    names_fail: bool,
    asked: Mutex<Vec<&'static str>>,
}

impl ValueRows for Slow {
    async fn rows(&self, statement: &Sql) -> Result<Vec<ValueRow>, Error> {
        let sql = statement.to_string();
        let database = |message: &str| Error::Database { code: 1, message: message.to_owned() };
        if sql.contains("FROM asns") {
            let name = ValueRow { value: "AS9".to_owned(), detail: "Nine".to_owned(), weight: 0.0 };
            return if self.names_fail { Err(database("no dictionary")) } else { Ok(vec![name]) };
        }
        let windows = [("- 600 ", "10 minutes"), ("- 10800 ", "3 hours"), ("- 86400 ", "a day"), ("", "all")];
        let place = windows.iter().position(|(mark, _)| sql.contains(mark)).unwrap();
        self.asked.lock().unwrap().push(windows[place].1);
        let (takes, values) = self.windows[place];
        tokio::time::sleep(Duration::from_millis(takes)).await;
        let row = |number| ValueRow { value: format!("AS{number}"), detail: String::new(), weight: 1.0 };
        Ok((10..10 + values).map(row).collect())
    }
}

/// What is answered, how many windows were asked, and how long it took.
async fn answer(
    windows: [(u64, usize); 4],
    names_fail: bool,
) -> (Result<Values, Error>, Vec<&'static str>, u128) {
    let column = |name: &str| StoredColumn { name: name.to_owned(), kind: "UInt32".to_owned() };
    let table =
        StoredTable { name: "flows".to_owned(), columns: vec![column("SrcAS")], ..StoredTable::default() };
    let dictionaries = vec!["asns".to_owned()];
    let stored = StoredSchema { tables: vec![table], dictionaries, ..StoredSchema::default() };
    let slow = Slow { windows, names_fail, asked: Mutex::default() };
    let start = Instant::now();
    let query = ValueQuery::of("SrcAS", None, "", 50);
    let answer = ask(&slow, &query, &Schema::default(), &stored).await;
    (answer, slow.asked.into_inner().unwrap(), start.elapsed().as_millis())
}

#[tokio::test(start_paused = true)]
async fn a_window_widens_while_little_is_found() {
    let (values, asked, _) = answer([(1, 2), (10, 5), (80, 30), (500, 40)], false).await;
    let values = values.unwrap();
    assert_eq!(values.suggestions.len(), 31);
    assert_eq!(values.suggestions.last().unwrap().detail, "Nine");
    assert_eq!(asked, ["10 minutes", "3 hours", "a day"]);
    // Enough at once; no more than before; nothing at all.
    assert_eq!(answer([(1, 10), (1, 30), (1, 30), (1, 30)], false).await.1, ["10 minutes"]);
    assert_eq!(answer([(1, 3), (1, 3), (1, 30), (1, 30)], false).await.1, ["10 minutes", "3 hours"]);
    assert_eq!(
        answer([(1, 0), (1, 0), (1, 0), (1, 3)], false).await.1,
        ["10 minutes", "3 hours", "a day", "all"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_window_that_would_take_too_long_is_not_begun() {
    let (values, asked, took) = answer([(200, 2), (3600, 5), (9000, 5), (9000, 5)], false).await;
    assert_eq!(values.unwrap().incomplete, None);
    assert_eq!((asked, took), (vec!["10 minutes"], 200));
    // For a few values more nobody waits long; for any at all, up to the deadline.
    assert_eq!(answer([(50, 2), (600, 5), (600, 5), (600, 5)], false).await.1, ["10 minutes"]);
    assert_eq!(answer([(50, 0), (600, 5), (600, 5), (600, 5)], false).await.1, ["10 minutes", "3 hours"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_known_by_the_deadline_is_the_answer() {
    let (values, asked, took) = answer([(20, 2), (9000, 5), (9000, 5), (9000, 5)], false).await;
    let values = values.unwrap();
    assert_eq!(values.suggestions.len(), 3);
    assert_eq!(values.incomplete.as_deref(), Some("no recent flows: no answer within 2000 ms"));
    assert_eq!((asked.len(), took), (2, 2000));
    // The names alone, or the flows alone, are better than nothing.
    let (values, _, _) = answer([(9000, 2); 4], false).await;
    assert_eq!(values.unwrap().suggestions.len(), 1);
    let (values, _, _) = answer([(1, 20); 4], true).await;
    let values = values.unwrap();
    assert_eq!(values.suggestions.len(), 20);
    assert_eq!(values.incomplete.as_deref(), Some("no names: the database reports error 1: no dictionary"));
    let (values, _, took) = answer([(9000, 2); 4], true).await;
    assert!(matches!(values, Err(Error::Deadline(_))), "{values:?}");
    assert_eq!(took, 2000);
}

/// A database whose flows are none that a rest selects.
struct Restless;

impl ValueRows for Restless {
    async fn rows(&self, statement: &Sql) -> Result<Vec<ValueRow>, Error> {
        if statement.to_string().contains("DstAS") {
            return Ok(Vec::new());
        }
        let row =
            |value: &str, detail: &str| ValueRow { value: value.into(), detail: detail.into(), weight: 1.0 };
        Ok(vec![row("AS1", "One"), row("AS2", "")])
    }
}

#[tokio::test]
async fn values_of_other_flows_are_marked() {
    let (schema, saved) = (Schema::default(), flowql::SavedFilters::default());
    let compiler = flowql::Compiler::new(&schema, &saved);
    let column = |name: &str| StoredColumn { name: name.to_owned(), kind: "UInt32".to_owned() };
    let columns = ["SrcAS", "DstAS", "TimeReceived"].map(column).to_vec();
    let table = StoredTable { name: "flows".to_owned(), columns, ..StoredTable::default() };
    let stored = StoredSchema { tables: vec![table], ..StoredSchema::default() };
    let rest = crate::FlowFilter::compile(&compiler, "DstAS = 7", crate::Direction::Forward, None).ok();
    let query = ValueQuery { rest, ..ValueQuery::of("SrcAS", None, "", 50) };
    let details =
        |values: Values| values.suggestions.into_iter().map(|found| found.detail).collect::<Vec<_>>();
    let found = ask(&Restless, &query, &schema, &stored).await.unwrap();
    let marked = "only without the rest of the filter";
    assert_eq!(details(found), [format!("One, {marked}"), marked.to_owned()]);
    // The names that a dictionary has beside the flows are those of other flows, too.
    let named = StoredSchema { dictionaries: vec!["asns".to_owned()], ..stored.clone() };
    let found = ask(&Restless, &query, &schema, &named).await.unwrap();
    assert_eq!(details(found), [format!("One, {marked}"), marked.to_owned()]);
    let any = ValueQuery { rest: None, ..query };
    for stored in [&stored, &named] {
        assert_eq!(details(ask(&Restless, &any, &schema, stored).await.unwrap()), ["One", ""]);
    }
}

#[tokio::test]
async fn what_is_forced_holds_where_the_rest_selects_nothing() {
    let (schema, saved) = (Schema::default(), flowql::SavedFilters::default());
    let compiler = flowql::Compiler::new(&schema, &saved);
    let column = |name: &str| StoredColumn { name: name.to_owned(), kind: "UInt32".to_owned() };
    let columns = ["SrcAS", "DstAS", "TimeReceived"].map(column).to_vec();
    let table = StoredTable { name: "flows".to_owned(), columns, ..StoredTable::default() };
    let stored = StoredSchema { tables: vec![table], ..StoredSchema::default() };
    // No flow has any value of the column that is forced: there is nothing to fall back to.
    let forced = compiler.check("DstAS = 7", flowql::Options::default()).filter.unwrap();
    let rest = crate::FlowFilter::compile(&compiler, "SrcAS = 1", crate::Direction::Forward, None).ok();
    let query = ValueQuery { rest, ..ValueQuery::of("SrcAS", None, "", 50) };
    let query = query.within(&compiler, &forced).unwrap();
    assert_eq!(ask(&Restless, &query, &schema, &stored).await.unwrap().suggestions, []);
}
