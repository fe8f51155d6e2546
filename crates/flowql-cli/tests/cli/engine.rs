//! The embedded ClickHouse by hand.

use super::Place;

/// Stops the engine of the place, also when its test fails.
pub(super) struct Engine(pub(super) Place);

impl Drop for Engine {
    fn drop(&mut self) {
        let _ = self.0.command(&["engine", "stop", "--folder", "data"]).output();
    }
}

#[test]
fn the_engine_is_started_found_and_stopped() {
    let engine = Engine(Place::new());
    let run = |arguments: &[&str]| engine.0.run(&[&["engine"], arguments, &["--folder", "data"]].concat());
    let url = run(&["start", "--idle", "60"]).has_status(0).stdout;
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    assert_eq!(run(&["start"]).has_status(0).stdout, url, "it is the same");
    let status = run(&["status", "--json"]).has_status(0).json();
    assert_eq!(status["url"], url.trim());
    assert_eq!(status["engine"]["idle"], 60);
    let text = run(&["status"]).has_status(0).stdout;
    assert!(text.contains(url.trim()) && text.contains("ends 60 s after its last use"), "{text}");
    assert_eq!(run(&["stop"]).has_status(0).stderr, "stopped\n");
    assert_eq!(run(&["stop"]).has_status(0).stderr, "it does not run\n");
    assert_eq!(run(&["status", "--json"]).has_status(0).json()["running"], false);
}

#[test]
fn the_configuration_says_which_tables_there_are_and_how_long_they_keep_flows() {
    let engine = Engine(Place::new());
    let set = |text: &str| std::fs::write(engine.0.path("flowql.toml"), text).unwrap();
    set("[tables]\nkeep_days = 3\n[[tables.aggregated]]\ninterval = 60\nkeep_days = 0\n");
    let run = |arguments: &[&str]| {
        engine.0.run(&[&["tables"], arguments, &["--folder", "data"]].concat()).has_status(0)
    };
    assert_eq!(run(&["show"]).stdout, "there are no flow tables; `flowql tables create` makes them\n");
    run(&["create"]);
    let lines = || {
        let text = run(&["show"]).stdout;
        text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>()
    };
    let shown = lines();
    assert!(shown[1].starts_with("flows every flow 3 days empty "), "{shown:?}");
    assert!(shown[2].starts_with("flows_1m0s 60 s ever empty "), "{shown:?}");
    assert!(!shown.iter().any(|line| line.starts_with("note:")), "{shown:?}");

    set(
        "[tables]\nkeep_days = 0\n[[tables.aggregated]]\ninterval = 60\nkeep_days = 9\n[[tables.aggregated]]\ninterval = 10\nkeep_days = 1\n",
    );
    let shown = lines();
    assert!(
        shown.ends_with(&[
            "note: flows is to be kept for ever; `flowql tables migrate --expire` changes it".to_owned(),
            "note: flows_10s is missing; `flowql tables migrate` makes it".to_owned(),
            "note: flows_1m0s is to be kept for 9 days; `flowql tables migrate --expire` changes it"
                .to_owned(),
        ]),
        "{shown:?}"
    );
    // Without being told so, a migration does not touch what is kept.
    run(&["migrate"]);
    let kept = || run(&["show", "--json"]).json()["kept"].clone();
    assert_eq!(kept(), serde_json::json!({"flows": 259_200, "flows_10s": 86_400, "flows_1m0s": null}));
    let plan = run(&["migrate", "--expire", "--dry-run"]).stdout;
    assert!(plan.contains("ALTER TABLE flowql.flows REMOVE TTL;"), "{plan}");
    run(&["migrate", "--expire"]);
    assert_eq!(kept(), serde_json::json!({"flows": null, "flows_10s": 86_400, "flows_1m0s": 777_600}));
    assert_eq!(run(&["migrate", "--expire"]).stderr, "all is there already\n");
    assert_eq!(run(&["show", "--json"]).json()["notes"], serde_json::json!([]));
}

#[test]
fn words_are_completed_in_the_order_of_their_traffic() {
    let engine = Engine(Place::new());
    engine.0.run(&["demo-data", "--rows", "5k", "--folder", "data"]).has_status(0);
    let start = std::time::Instant::now();
    loop {
        let answer = engine.0.run(&["complete", "OutIfBoundary = ", "--folder", "data"]).has_status(0);
        assert_eq!(answer.stderr, "");
        let words: Vec<&str> = answer.stdout.lines().take(3).collect();
        if words == ["internal", "external", "undefined"] {
            return;
        }
        // A busy machine is not waited for.
        assert_eq!(words, ["external", "internal", "undefined"]);
        assert!(start.elapsed() < std::time::Duration::from_secs(60), "no ranking came");
    }
}

#[test]
fn a_query_on_an_empty_store_says_what_makes_the_tables() {
    let engine = Engine(Place::new());
    let ran = engine.0.run(&["query", "--folder", "data"]).has_status(2);
    assert_eq!(ran.stderr, "error: there are no flow tables; `flowql tables create` makes them\n");
}

#[test]
fn a_missing_library_is_said_with_the_way_to_get_it() {
    let place = Place::new();
    let mut command = place.command(&["engine", "start", "--folder", "data"]);
    let output = command.env("FLOWQL_LIBCHDB", "/no/such/library").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("`/no/such/library`") && text.contains("flowql engine install"), "{text}");
    assert!(place.run(&["engine", "start", "--idle", "soon"]).has_status(2).stderr.contains("never"));
}

#[test]
fn another_file_is_not_installed() {
    let place = Place::new().with("other.so", "not the library");
    let mut command = place.command(&["engine", "install", "--from", "other.so"]);
    let output = command.env("FLOWQL_CACHE", place.path("cache")).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("the checksum of the library is"), "{text}");
    assert!(!place.path("cache/chdb-26.7.3-stable.1/libchdb.so").exists());
}
