//! The embedded ClickHouse by hand.

use super::Place;

/// Stops the engine of the place, also when its test fails.
struct Engine(Place);

impl Drop for Engine {
    fn drop(&mut self) {
        let _ = self.0.command(&["store", "stop", "--folder", "data"]).output();
    }
}

#[test]
fn the_engine_is_started_found_and_stopped() {
    let engine = Engine(Place::new());
    let run = |arguments: &[&str]| engine.0.run(&[&["store"], arguments, &["--folder", "data"]].concat());
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
fn a_missing_library_is_said_with_the_way_to_get_it() {
    let place = Place::new();
    let mut command = place.command(&["store", "start", "--folder", "data"]);
    let output = command.env("FLOWQL_LIBCHDB", "/no/such/library").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("`/no/such/library`") && text.contains("flowql store install"), "{text}");
    assert!(place.run(&["store", "start", "--idle", "soon"]).has_status(2).stderr.contains("never"));
}

#[test]
fn another_file_is_not_installed() {
    let place = Place::new().with("other.so", "not the library");
    let mut command = place.command(&["store", "install", "--from", "other.so"]);
    let output = command.env("FLOWQL_CACHE", place.path("cache")).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("the checksum of the library is"), "{text}");
    assert!(!place.path("cache/chdb-26.7.3-stable.1/libchdb.so").exists());
}
