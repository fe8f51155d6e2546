//! The page at `/`, as far as it needs no browser, and what it asks the service.

use serde_json::json;

use crate::service::{Answer, Service};

/// The number in the policy of an answer.
#[track_caller]
fn nonce(answer: &Answer) -> String {
    let policy = answer.header("content-security-policy").unwrap();
    let (_, rest) = policy.split_once("'nonce-").unwrap();
    rest.split_once('\'').unwrap().0.to_owned()
}

#[test]
fn the_page_lets_in_what_is_its_own_and_nothing_else() {
    let service = Service::start("", &[]);
    let page = service.get("/").has(200);
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert_eq!(page.header("x-frame-options"), Some("DENY"));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'self' 'wasm-unsafe-eval';"), "{policy}");
    assert_eq!(policy.replace("style-src-attr 'unsafe-inline'", "").find("unsafe-inline"), None, "{policy}");
    let first = nonce(&page);
    assert_eq!(first.len(), 32);
    assert_ne!(first, nonce(&service.get("/")), "it is new each time");
    // It depends on the build whether the page is there; a service without it says how to get it.
    let text = page.text();
    if let Some((_, rest)) = text.split_once("src=\"./assets/") {
        assert!(text.contains(&format!("<meta name=\"nonce\" content=\"{first}\">")), "{text}");
        let (name, _) = rest.split_once('"').unwrap();
        let script = service.get(&format!("/assets/{name}")).has(200);
        assert_eq!(script.header("content-type"), Some("text/javascript; charset=utf-8"));
        assert_eq!(script.header("cache-control"), Some("public, max-age=31536000, immutable"));
    } else {
        assert!(text.contains("make page"), "{text}");
    }
}

#[test]
fn the_page_has_no_other_files() {
    let service = Service::start("", &[]);
    for path in ["/assets/nope.js", "/assets/", "/assets/..%2Findex.html", "/index.html"] {
        assert_eq!(service.get(path).has(404).json()["code"], "not_found", "{path}");
    }
}

#[test]
fn the_schema_says_what_shapes_the_language() {
    let config = "[schema]\nenable = [\"SrcVlan\"]\n[communities]\n\"65000:666\" = \"blackhole\"\n[limits]\nlength = 1000\n\
                  [filters]\nsecret = \"SrcAS = 1\"\n[[schema.column]]\nname = \"Role\"\ntype = \"string\"\n\
                  description = \"role\"\n";
    let service = Service::start(config, &[]);
    let answer = service.get("/api/v1/schema").has(200).json();
    assert_eq!((&answer["backend"], &answer["queries"]), (&json!(null), &json!(false)));
    let configuration = &answer["configuration"];
    assert_eq!(configuration["schema"]["enable"], json!(["SrcVlan"]));
    assert_eq!(configuration["schema"]["column"][0]["name"], "Role");
    assert_eq!(configuration["schema"]["column"][0]["type"], "string");
    assert_eq!(configuration["communities"], json!({"65000:666": "blackhole"}));
    assert_eq!(configuration["limits"], json!({"length": 1000}));
    assert_eq!(configuration.get("filters"), None, "they belong to users");
}

#[test]
fn a_plan_is_refused_like_a_query() {
    let service = Service::start("", &[]);
    let mut question =
        json!({"filter": "SrcAS = 1", "kind": "top", "columns": ["DstAS"], "from": 0, "to": 60});
    for path in ["/api/v1/plan", "/api/v1/query"] {
        assert_eq!(service.post(path, &question.to_string()).has(404).json()["code"], "no_flows");
    }
    question["filter"] = json!("SrcAS == 1");
    for path in ["/api/v1/plan", "/api/v1/query"] {
        let problem = service.post(path, &question.to_string()).has(400).json();
        assert_eq!(
            (&problem["code"], &problem["diagnostics"][0]["code"]),
            (&json!("bad_filter"), &json!("E031"))
        );
    }
}
