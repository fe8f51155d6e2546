//! Forced filters: no flow that a user may not see is counted, listed, completed or exported, by any route.
//!
//! The proof is a second database that has only the flows that the forced filter selects: on it a service without any
//! forced filter must answer the same to every question.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::service::{Answer, JSON, PATIENCE, Service};
use crate::store::Store;

/// All flows, up to now.
const ALL: &str = "forced_all";

/// How many users with a forced filter there are, and how many questions each asks.
const USERS: usize = 6;
const QUESTIONS: usize = 16;

/// A small generator of numbers: the same in each run, so that a failure can be seen again.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % most.max(1)
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    fn is_one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }
}

/// Columns with some of their values, as a filter writes them.
type Words = Vec<(&'static str, Vec<String>)>;

/// Columns that every table has.
const COARSE: [&str; 7] =
    ["SrcAS", "DstAS", "ExporterName", "InIfProvider", "SrcCountry", "InIfBoundary", "Proto"];

fn words(store: &Store, columns: &[&'static str]) -> Words {
    let values = |column: &'static str| {
        let sql =
            format!("SELECT {column} AS v FROM {ALL}.flows GROUP BY v ORDER BY count() DESC, v LIMIT 8");
        let found: Vec<String> =
            store.ask(&sql).lines().map(str::to_owned).filter(|v| !v.is_empty()).collect();
        let written = |value: String| match column {
            "SrcAS" | "DstAS" | "Proto" | "InIfBoundary" => value,
            _ => json!(value).to_string(),
        };
        (column, found.into_iter().filter(|value| value != "undefined").map(written).collect())
    };
    columns.iter().map(|column| values(column)).collect()
}

/// A random filter.
fn filter(random: &mut Random, words: &Words, depth: usize) -> String {
    if depth > 0 && !random.is_one_in(3) {
        let word = if random.is_one_in(2) { "AND" } else { "OR" };
        let (first, second) = (filter(random, words, depth - 1), filter(random, words, depth - 1));
        let not = if random.is_one_in(5) { "NOT " } else { "" };
        return format!("{not}({first} {word} {second})");
    }
    let (column, values) = random.of(words);
    let value = random.of(values);
    match random.below(5) {
        0 => format!("{column} != {value}"),
        1 => format!("{column} IN ({value}, {})", random.of(values)),
        2 => format!("NOT {column} = {value}"),
        _ => format!("{column} = {value}"),
    }
}

/// A database of that name with the flows of all that a filter selects, in all tables or in that of every flow alone.
fn reduce(store: &Store, name: &str, condition: &str, has_all_tables: bool) {
    store.run(&["tables", "create", "--database", name]);
    let tables = "engine LIKE '%MergeTree' AND name LIKE 'flows%'";
    let sql = format!("SELECT name FROM system.tables WHERE database = '{ALL}' AND {tables}");
    for table in store.ask(&sql).lines() {
        if table != "flows" && !has_all_tables && table != "flows_reach" {
            store.ask(&format!("DROP TABLE {name}.{table}"));
            continue;
        }
        store.ask(&format!("TRUNCATE TABLE {name}.{table}"));
        if table != "flows_reach" {
            // What a view would do besides is taken away by the next table.
            store.ask(&format!("INSERT INTO {name}.{table} SELECT * FROM {ALL}.{table} WHERE {condition}"));
        }
    }
    store.ask(&format!("DROP TABLE IF EXISTS {name}.exporters"));
}

/// A service where each user has a forced filter, and for each user one that has these flows alone.
struct Pair {
    service: Service,
    alone: Vec<Service>,
    words: Words,
    /// The end of the flows, in seconds since 1970.
    end: u64,
}

impl Pair {
    fn start(random: &mut Random) -> Self {
        let store = Store::filled();
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let rows = ["--rows", "40k", "--span", "3h", "--seed", "7", "--database", ALL];
        store.run(&[&["demo-data", "--end", &now.to_string()], &rows[..]].concat());
        let coarse = words(store, &COARSE);
        let mut config = "[server]\ntrusted_proxies = [\"127.0.0.1\"]\n[server.limits]\nrate = 0\n[filters]\nours = 'InIfBoundary = external'\n".to_owned();
        let mut forced = Vec::new();
        for user in 0..USERS {
            // Half of them ask for what only the table of every flow has.
            let raw = ["SrcAddr << 0.0.0.0/2", "DstPort < 1024", "SrcPort = 443"][user % 3];
            let coarse = filter(random, &coarse, 1);
            forced.push(match user {
                0 => "@ours".to_owned(),
                _ if user % 2 == 0 => coarse,
                _ => format!("{raw} AND ({coarse} OR SrcAS = 1)"),
            });
            let filter = json!(forced[user]).to_string();
            config.push_str(&format!(
                "[[console.user]]\nname = \"u{user}\"\nrole = \"edit\"\nfilter = {filter}\n"
            ));
        }
        config.push_str("[[console.user]]\nname = \"root\"\n");
        let service = store.serve(&config, &["--database", ALL]);
        let plain = "[server.limits]\nrate = 0\n[filters]\nours = 'InIfBoundary = external'\n";
        let alone = forced.iter().enumerate().map(|(user, forced)| {
            let asked = json!({"filter": forced, "database": ALL}).to_string();
            let compiled = as_user(&service, "root", "/api/v1/compile", &asked).has(200).json();
            let name = format!("forced_{user}");
            reduce(store, &name, compiled["sql"].as_str().unwrap(), user % 2 == 0);
            let count = |database: &str| -> u64 {
                store.ask(&format!("SELECT count() FROM {database}.flows")).parse().unwrap()
            };
            assert!(count(&name) < count(ALL), "{forced} selects everything");
            store.serve(plain, &["--database", &name])
        });
        let alone = alone.collect();
        Self { service, alone, words: coarse, end: now }
    }

    /// The answers of the service to a user, and of the one that has only the user's flows.
    fn both(&self, user: usize, path: &str, body: &Value) -> (Answer, Answer) {
        let body = body.to_string();
        (as_user(&self.service, &format!("u{user}"), path, &body), self.alone[user].post(path, &body))
    }
}

fn as_user(service: &Service, user: &str, path: &str, body: &str) -> Answer {
    let method = if body.is_empty() { "GET" } else { "POST" };
    service.send(method, path, &[JSON, ("Remote-User", user)], body.as_bytes())
}

/// Values that are the same but for how numbers are rounded.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            let (one, other) = (one.as_f64().unwrap(), other.as_f64().unwrap());
            (one - other).abs() <= 1e-9 * one.abs().max(other.abs())
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, value)| other.get(key).is_some_and(|other| is_same(value, other)))
        }
        _ => one == other,
    }
}

/// The rows of an answer of `/api/v1/query`; those of flows in an order of their own, as flows of a second have none.
fn rows(answer: &Answer, is_of_flows: bool) -> Value {
    let mut rows: Vec<Value> =
        answer.text().lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect();
    if is_of_flows {
        rows.sort_by_key(Value::to_string);
    }
    Value::Array(rows)
}

fn question(random: &mut Random, pair: &Pair) -> Value {
    let columns =
        [vec!["SrcAS"], vec!["ExporterName", "InIfProvider"], vec!["SrcCountry"], vec!["DstAS", "Proto"]];
    let from = pair.end - 3 * 3600 + random.below(5400) as u64;
    let mut question = json!({
        "filter": if random.is_one_in(4) { String::new() } else { filter(random, &pair.words, 2) },
        "direction": *random.of(&["forward", "reverse"]),
        "columns": random.of(&columns),
        "from": from,
        "to": from + 1800 + random.below(3000) as u64,
        "kind": *random.of(&["top", "series", "flows"]),
        "unit": *random.of(&["bits", "packets", "flows", "inspeed", "l2bits"]),
        "statistic": *random.of(&["average", "maximum", "p95", "last"]),
        "both": random.is_one_in(3),
        "limit": 10,
        "points": 20,
    });
    if question["kind"] == "flows" {
        question["to"] = json!(from + 900);
        question["limit"] = json!(10_000);
        question["columns"] =
            json!(["TimeReceived", "SrcAddr", "DstAddr", "SrcPort", "Bytes", "ExporterName"]);
        question["both"] = json!(false);
    }
    question
}

fn graph(random: &mut Random, pair: &Pair) -> Value {
    let time = |seconds: u64| jiff::Timestamp::from_second(seconds.cast_signed()).unwrap().to_string();
    let from = pair.end - 3 * 3600 + random.below(3600) as u64;
    json!({
        "start": time(from),
        "end": time(from + 3000),
        "dimensions": *random.of(&[["SrcAS", "InIfProvider"], ["ExporterName", "DstAS"]]),
        "limit": 5,
        "limitType": *random.of(&["avg", "max", "last"]),
        "filter": filter(random, &pair.words, 2),
        "units": *random.of(&["l3bps", "pps", "fps", "inl2%"]),
        "bidirectional": random.is_one_in(2),
    })
}

#[test]
fn what_a_user_sees_is_what_a_database_of_these_flows_alone_would_show() {
    let mut random = Random(20_261_130);
    let pair = Pair::start(&mut random);
    let mut found = 0;
    for user in 0..USERS {
        for _ in 0..QUESTIONS {
            let asked = question(&mut random, &pair);
            let (seen, expected) = pair.both(user, "/api/v1/query", &asked);
            let is_of_flows = asked["kind"] == "flows";
            let (seen, expected) = (rows(&seen.has(200), is_of_flows), rows(&expected.has(200), is_of_flows));
            assert!(is_same(&seen, &expected), "u{user}: {asked}\n{seen}\n{expected}");
            found += usize::from(seen.as_array().unwrap().len() > 1);
        }
        for _ in 0..QUESTIONS / 4 {
            let mut asked = graph(&mut random, &pair);
            let (seen, expected) = pair.both(user, "/api/v0/console/graph/sankey", &asked);
            let (seen, expected) = (seen.has(200).json(), expected.has(200).json());
            assert!(is_same(&seen, &expected), "u{user}: {asked}\n{seen}\n{expected}");
            asked["points"] = json!(30);
            asked["previous-period"] = json!(random.is_one_in(2));
            let (seen, expected) = pair.both(user, "/api/v0/console/graph/line", &asked);
            let (seen, expected) = (seen.has(200).json(), expected.has(200).json());
            assert!(is_same(&seen, &expected), "u{user}: {asked}\n{seen}\n{expected}");
        }
        completions(&mut random, &pair, user);
        widgets(&pair, user);
    }
    // Most of the questions are about something.
    assert!(found > USERS * QUESTIONS / 2, "{found}");
}

/// Values are of the user's flows alone. Windows of time differ with the number of rows, so that a value may be offered here
/// and not there: then some flow of the database that has no others must have it.
fn completions(random: &mut Random, pair: &Pair, user: usize) {
    let values = |answer: Answer| -> BTreeSet<String> {
        let answer = answer.has(200).json();
        let list = answer.get("candidates").or_else(|| answer.get("completions")).unwrap();
        let written = |found: &Value| match found.get("insert") {
            Some(insert) => insert.as_str().unwrap().to_owned(),
            None if found["quoted"] == true => found["label"].to_string(),
            None => found["label"].as_str().unwrap().to_owned(),
        };
        let is_value = |found: &&Value| found.get("kind").is_none_or(|kind| kind == "value");
        list.as_array().unwrap().iter().filter(is_value).map(written).collect()
    };
    let check = |column: &str, path: &str, asked: &Value| -> usize {
        let (seen, expected) = pair.both(user, path, asked);
        let (seen, expected) = (values(seen), values(expected));
        // What the language itself knows, such as the usual ports, is offered to everyone.
        let known = values(as_user(&pair.service, "stranger", path, &asked.to_string()));
        for value in seen.difference(&expected).filter(|&value| !known.contains(value)) {
            let question = json!({
                "filter": format!("{column} = {value}"), "kind": "flows", "columns": ["TimeReceived"],
                "from": 0, "to": pair.end + 3600, "limit": 1,
            });
            let answer = pair.alone[user].post("/api/v1/query", &question.to_string()).has(200);
            assert_eq!(answer.text().lines().count(), 3, "u{user}: {asked}: no flow has {value}");
        }
        seen.len()
    };
    let mut found = 0;
    for column in
        ["SrcAS", "DstAS", "ExporterName", "InIfName", "InIfProvider", "SrcAddr", "DstPort", "SrcNetName"]
    {
        let rest = filter(random, &pair.words, 1);
        for text in [format!("{column} = "), format!("{rest} AND {column} = \""), format!("{column} IN (")] {
            found += check(column, "/api/v1/complete", &json!({"filter": text, "limit": 1000}));
        }
        let asked = json!({"what": "value", "column": column, "prefix": "", "limit": 1000});
        found += check(column, "/api/v0/console/filter/complete", &asked);
    }
    assert!(found > 20, "u{user}: {found}");
}

/// What moves with the time is asked until two answers of a second agree.
fn widgets(pair: &Pair, user: usize) {
    let name = format!("u{user}");
    for widget in ["flow-rate", "graph", "top/src-as", "top/exporter", "top/protocol"] {
        let path = format!("/api/v0/console/widget/{widget}");
        let seen = || as_user(&pair.service, &name, &path, "").has(200).json();
        let deadline = std::time::Instant::now() + PATIENCE;
        loop {
            let (first, expected, second) = (seen(), pair.alone[user].get(&path).has(200).json(), seen());
            if is_same(&first, &second) {
                assert!(is_same(&first, &expected), "u{user}: {widget}\n{first}\n{expected}");
                break;
            }
            assert!(std::time::Instant::now() < deadline, "{widget} never stays as it is");
        }
    }
    let last = as_user(&pair.service, &name, "/api/v0/console/widget/flow-last", "").has(200).json();
    let expected = pair.alone[user].get("/api/v0/console/widget/flow-last").has(200).json();
    // Of one second, any may be the newest.
    assert_eq!(last["TimeReceived"], expected["TimeReceived"]);
}

const TENANTS: &str = "[server]\ntrusted_proxies = [\"127.0.0.1\"]\n[server.limits]\nrate = 0\n\
                       [[console.user]]\nname = \"tenant\"\nfilter = \"SrcAS = AS15169\"\n\
                       [[console.user]]\nname = \"looker\"\nrole = \"view\"\n\
                       [[console.user]]\nname = \"root\"\nrole = \"operate\"\n";

/// How each route treats those who see only a part, and those who see nothing. A route that is not here fails the test.
const ROUTES: &[(&str, &str)] = &[
    ("/api/v1/query", "flows"),
    ("/api/v1/plan", "flows"),
    ("/api/v0/console/graph/line", "flows"),
    ("/api/v0/console/graph/sankey", "flows"),
    ("/api/v0/console/graph/table-interval", "flows"),
    ("/api/v0/console/widget/flow-last", "flows"),
    ("/api/v0/console/widget/flow-rate", "flows"),
    ("/api/v0/console/widget/top/{name}", "flows"),
    ("/api/v0/console/widget/graph", "flows"),
    ("/api/v1/tail", "flows"),
    ("/api/v0/console/widget/exporters", "hidden"),
    ("/api/v1/exporters", "hidden"),
    ("/api/v1/attacks", "hidden"),
    ("/api/v1/attacks/status", "hidden"),
    ("/api/v1/attacks/switch", "hidden"),
    ("/api/v1/attacks/{number}", "hidden"),
    ("/api/v1/attacks/{number}/approve", "hidden"),
    ("/api/v1/attacks/{number}/withdraw", "hidden"),
    ("/api/v1/attacks/{number}/extend", "hidden"),
    ("/metrics", "hidden"),
    ("/api/v1/complete", "values"),
    ("/api/v0/console/filter/complete", "values"),
    ("/api/v1/filters", "own filters"),
    ("/api/v1/filters/{id}", "own filters"),
    ("/api/v0/console/filter/saved", "own filters"),
    ("/api/v0/console/filter/saved/{id}", "own filters"),
    ("/api/v1/boards", "own filters"),
    ("/api/v1/boards/{kind}/{name}", "own filters"),
    ("/api/v1/compile", "no flows"),
    ("/api/v1/validate", "no flows"),
    ("/api/v1/format", "no flows"),
    ("/api/v1/hover", "no flows"),
    ("/api/v1/schema", "no flows"),
    ("/api/v0/console/filter/validate", "no flows"),
    ("/api/v0/console/configuration", "no flows"),
    ("/api/v0/console/user/info", "no flows"),
    ("/healthz", "no flows"),
    ("/readyz", "no flows"),
    ("/version", "no flows"),
];

/// A question that a route answers.
fn body_of(path: &str, end: u64) -> String {
    let time = |seconds: u64| jiff::Timestamp::from_second(seconds.cast_signed()).unwrap().to_string();
    let graph =
        json!({"start": time(end - 7200), "end": time(end), "dimensions": ["SrcAS", "DstAS"], "points": 20});
    match path {
        "/api/v1/query" | "/api/v1/plan" => {
            json!({"filter": "", "kind": "top", "columns": ["SrcAS"], "from": end - 86_400, "to": end})
                .to_string()
        }
        path if path.contains("/graph/") && path.ends_with("interval") => {
            json!({"start": time(end - 7200), "end": time(end), "points": 20}).to_string()
        }
        path if path.contains("/graph/") => graph.to_string(),
        path if ["/switch", "/approve", "/withdraw", "/extend"].iter().any(|end| path.ends_with(end)) => {
            "{}".to_owned()
        }
        _ => String::new(),
    }
}

#[test]
fn every_route_holds_to_what_a_user_may_see() {
    let store = Store::filled();
    let service = store.serve(TENANTS, &[]);
    let described: Value = serde_json::from_str(
        service.send("GET", "/openapi.json", &[("Remote-User", "root")], b"").has(200).text(),
    )
    .unwrap();
    let described: BTreeSet<&str> =
        described["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    let known: BTreeSet<&str> = ROUTES.iter().map(|(path, _)| *path).collect();
    assert_eq!(described, known, "each route says how it treats those who see a part of the flows");
    for (path, kind) in ROUTES {
        let asked = path.replace("{name}", "src-as").replace("{number}", "1");
        let body = body_of(path, store.end);
        let code = |user: &str| {
            let answer = as_user(&service, user, &asked, &body);
            (answer.status, answer.text().contains("\"code\":\"").then(|| answer.json()["code"].clone()))
        };
        match *kind {
            "flows" if path.ends_with("tail") => {
                assert_eq!(code("stranger").0, 403, "{path}");
            }
            "flows" => {
                assert_eq!(code("stranger"), (403, Some(json!("sees_nothing"))), "{path}");
                assert_eq!(code("tenant").0, code("root").0, "{path}");
            }
            "hidden" => {
                assert_eq!(code("stranger"), (403, Some(json!("hidden"))), "{path}");
                assert_eq!(code("tenant"), (403, Some(json!("hidden"))), "{path}");
                assert_ne!(code("root").0, 403, "{path}");
            }
            _ => {}
        }
    }
    // Who scrapes is not a user.
    assert_eq!(service.get("/metrics").status, 200);
    // The language is there for everyone, values of the network are not.
    let values = |user: &str| {
        let asked = json!({"filter": "ExporterName = "}).to_string();
        let answer = as_user(&service, user, "/api/v1/complete", &asked).has(200).json();
        let found = answer["candidates"].as_array().unwrap().iter();
        found.filter(|found| found["kind"] == "value").count()
    };
    assert_eq!(values("stranger"), 0);
    assert!(values("tenant") > 0 && values("root") >= values("tenant"));
    let me = |user: &str| as_user(&service, user, "/api/v1/schema", "").has(200).json()["user"].clone();
    assert_eq!(me("tenant"), json!({"name": "tenant", "role": "edit", "sees": "part"}));
    assert_eq!(me("stranger"), json!({"name": "stranger", "role": "edit", "sees": "nothing"}));
    assert_eq!(me("root"), json!({"name": "root", "role": "operate", "sees": "all"}));
}

#[test]
fn roles_say_who_saves_and_forced_filters_who_sees_what_others_share() {
    let service = Service::start(TENANTS, &[]);
    let save = |user: &str, name: &str| {
        let body = json!({"name": name, "content": "SrcAS = 1", "shared": true}).to_string();
        as_user(&service, user, "/api/v1/filters", &body)
    };
    save("root", "ours").has(201);
    save("tenant", "mine").has(201);
    assert_eq!(save("looker", "none").has(403).json()["code"], "not_allowed");
    let old = json!({"description": "none", "content": "SrcAS = 1"}).to_string();
    as_user(&service, "looker", "/api/v0/console/filter/saved", &old).has(403);
    service.send("DELETE", "/api/v1/filters/1", &[("Remote-User", "looker")], b"").has(403);
    service.send("DELETE", "/api/v0/console/filter/saved/1", &[("Remote-User", "looker")], b"").has(403);
    // What is done to the network is for those who operate.
    let decided = as_user(&service, "looker", "/api/v1/attacks/1/approve", "{}").has(403).json();
    assert_eq!(decided["code"], "not_allowed");
    as_user(&service, "root", "/api/v1/attacks/1/approve", "{}").has(404);
    let names = |user: &str| -> Vec<String> {
        let listed = as_user(&service, user, "/api/v1/filters", "").has(200).json();
        listed["filters"].as_array().unwrap().iter().map(|filter| filter["name"].to_string()).collect()
    };
    assert_eq!(names("tenant"), ["\"mine\""]);
    assert_eq!(names("looker"), ["\"ours\"", "\"mine\""]);
    let compiled = |user: &str| {
        let body = json!({"filter": "@ours"}).to_string();
        as_user(&service, user, "/api/v1/compile", &body).has(200).json()["sql"].clone()
    };
    assert_eq!((compiled("tenant"), compiled("looker")), (Value::Null, json!("(SrcAS = 1)")));
}

#[test]
fn a_service_with_a_bad_forced_filter_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("flowql.toml"),
        "[[console.user]]\nname = \"a\"\nfilter = \"SrcASN = 1\"\n",
    )
    .unwrap();
    let output = std::process::Command::new(flowql_client::testing::program())
        .args(["serve", "--listen", "127.0.0.1:0", "--data", "data", "--backend", "none"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("the filter of [[console.user]] `a` is bad: at position 1"), "{said}");
}
