//! From candidates to an announcer: the disk in between, ends, the kill switch, failures. What announces is a program that
//! writes down what it was given, or a service.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use flowql_bgp::{
    Action, AnnounceSection, Announcer, Budget, Candidate, Exec, ExecSettings, GuardSettings, Matcher,
    Mitigations, Mitigator, Refusal, RouteFamily, RouteSettings, Router, Webhook, WebhookSettings,
};
use flowql_config::{Config, KnownSection, Registry};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::runtime::Handle;

const NOW: u64 = 1_800_000_000;

fn routes() -> RouteSettings {
    RouteSettings::new(64_666, "192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap())
}

fn guards() -> GuardSettings {
    let budgets = vec![Budget { family: RouteFamily::Blackhole4, most: 3 }];
    GuardSettings {
        protected: vec!["203.0.113.0/24".parse().unwrap()],
        routers: vec![Router { name: "border".to_owned(), budgets }],
        new_per_minute: 3,
        ..GuardSettings::default()
    }
}

fn blackhole(host: u8, severity: u64, end: u64) -> Candidate {
    Candidate {
        incident: u32::from(host),
        traffic: Matcher::Blackhole(format!("203.0.113.{host}/32").parse().unwrap()),
        actions: vec![Action::Drop],
        severity,
        share: Some(1),
        end: Some(NOW + end),
    }
}

/// A program that keeps what it is given, unless there is a file `fail`.
fn program(folder: &Path) -> Arc<Exec> {
    let script = "cd \"$1\"; if [ -e fail ]; then echo broken >&2; exit 3; fi; cat > new && mv new given";
    Arc::new(Exec::new(ExecSettings {
        program: "sh".into(),
        arguments: ["-c", script, "sh"].map(Into::into).into_iter().chain([folder.into()]).collect(),
        routes: routes(),
        patience: Duration::from_secs(60),
    }))
}

/// The incidents of a part of what was given.
fn incidents(given: &Value, part: &str) -> Vec<u64> {
    let mut found: Vec<u64> = given[part]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| rule["incident"].as_u64().unwrap_or_default())
        .collect();
    found.sort_unstable();
    found
}

fn given(folder: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(folder.join("given")).unwrap()).unwrap()
}

#[tokio::test]
async fn rules_end_and_worse_ones_displace_others() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    let mitigations = Mitigations::open(guards(), path, NOW).unwrap();
    let mut mitigator = Mitigator::new(mitigations, program(path));
    mitigator
        .want(vec![blackhole(1, 10, 100), blackhole(2, 20, 200), blackhole(3, 30, 300)], NOW)
        .await
        .unwrap();
    let found = given(path);
    assert_eq!((incidents(&found, "announce"), incidents(&found, "all")), (vec![1, 2, 3], vec![1, 2, 3]));
    let first = &found["announce"][0];
    assert_eq!(first["text"], "everything to 203.0.113.3/32");
    assert_eq!(first["communities"], serde_json::json!(["65535:7", "65535:666", "65535:65281"]));
    assert_eq!((&first["action"], &first["end"]), (&"drop".into(), &(NOW + 300).into()));

    // A fourth is worse than one of the three, but a fourth that is new within the minute is too many.
    let four: Vec<_> =
        [blackhole(1, 10, 100), blackhole(2, 20, 200), blackhole(3, 30, 300), blackhole(4, 40, 400)].into();
    let admission = mitigator.want(four.clone(), NOW + 1).await.unwrap();
    assert_eq!(admission.refused[0].reasons, [Refusal::TooManyNew { most: 3 }]);
    let admission = mitigator.tick(NOW + 60).await.unwrap();
    assert_eq!(admission.refused[0].candidate.incident, 1);
    let found = given(path);
    assert_eq!((incidents(&found, "announce"), incidents(&found, "all")), (vec![4], vec![2, 3, 4]));
    assert_eq!(found["withdraw"][0]["text"], "everything to 203.0.113.1/32");

    // The end of one makes room, though not for one that is over as well.
    mitigator.tick(NOW + 200).await.unwrap();
    assert_eq!(incidents(&given(path), "all"), [3, 4]);
    mitigator.tick(NOW + 400).await.unwrap();
    assert_eq!(incidents(&given(path), "all"), Vec::<u64>::new());
}

#[tokio::test]
async fn the_state_is_on_disk_before_it_is_announced() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    std::fs::write(path.join("fail"), "").unwrap();
    let announcer = program(path);
    let mut mitigator = Mitigator::new(Mitigations::open(guards(), path, NOW).unwrap(), announcer.clone());
    let error = mitigator.want(vec![blackhole(1, 10, 100)], NOW).await.unwrap_err();
    assert_eq!(error.to_string(), "`sh` ended with exit status: 3: broken");
    assert!(!announcer.routers().await.unwrap()[0].is_up);
    drop(mitigator);

    // As after a crash: what was to be announced is.
    let again = Mitigations::open(guards(), path, NOW + 1).unwrap();
    assert!(again.is_restart());
    assert_eq!(again.rules().iter().map(flowql_bgp::Approved::incident).collect::<Vec<_>>(), [1]);
    let mut mitigator = Mitigator::new(again, announcer.clone());
    mitigator.tick(NOW + 1).await.unwrap_err();
    std::fs::remove_file(path.join("fail")).unwrap();
    mitigator.tick(NOW + 2).await.unwrap();
    assert_eq!(incidents(&given(path), "all"), [1]);
    assert!(announcer.routers().await.unwrap()[0].is_up);

    // Other settings count at the next start.
    let never = GuardSettings { never: vec!["203.0.113.0/30".parse().unwrap()], ..guards() };
    assert!(Mitigations::open(never, path, NOW + 3).unwrap().rules().is_empty());
    assert!(Mitigations::open(guards(), path, NOW + 100).unwrap().rules().is_empty());
    std::fs::write(path.join("mitigations.json"), "{\"version\":1,").unwrap();
    let error = Mitigations::open(guards(), path, NOW).unwrap_err().to_string();
    assert!(error.contains("mitigations.json` cannot be used"), "{error}");
}

#[tokio::test]
async fn nothing_is_announced_that_is_not_on_disk() {
    let folder = TempDir::new().unwrap();
    let (state, work) = (folder.path().join("state"), folder.path().to_owned());
    let mut mitigator = Mitigator::new(Mitigations::open(guards(), &state, NOW).unwrap(), program(&work));
    // A file is where the folder should be.
    std::fs::write(&state, "").unwrap();
    let error = mitigator.want(vec![blackhole(1, 10, 100)], NOW).await.unwrap_err().to_string();
    assert!(error.starts_with("cannot write"), "{error}");
    assert!(!work.join("given").exists());
    std::fs::remove_file(&state).unwrap();
    mitigator.want(vec![blackhole(2, 10, 100)], NOW).await.unwrap();
    assert_eq!(incidents(&given(&work), "all"), [2]);
}

#[tokio::test]
async fn the_kill_switch_withdraws_and_gives_back() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    let mut mitigator = Mitigator::new(Mitigations::open(guards(), path, NOW).unwrap(), program(path));
    mitigator.want(vec![blackhole(1, 10, 100)], NOW).await.unwrap();
    mitigator.kill(true, NOW + 1).await.unwrap();
    assert_eq!(incidents(&given(path), "all"), Vec::<u64>::new());
    assert!(mitigator.mitigations().is_killed());
    assert!(Mitigations::open(guards(), path, NOW + 2).unwrap().rules().is_empty());
    // What becomes wanted meanwhile waits.
    let admission =
        mitigator.want(vec![blackhole(1, 10, 100), blackhole(2, 10, 100)], NOW + 3).await.unwrap();
    assert!(admission.refused.iter().all(|refused| refused.reasons == [Refusal::Killed]));
    mitigator.kill(false, NOW + 4).await.unwrap();
    mitigator.kill(false, NOW + 5).await.unwrap();
    assert_eq!(incidents(&given(path), "all"), [1, 2]);
}

#[tokio::test]
async fn a_program_that_hangs_is_given_up() {
    let exec = Exec::new(ExecSettings {
        program: "sleep".into(),
        arguments: vec!["600".into()],
        routes: routes(),
        patience: Duration::from_millis(50),
    });
    let error = exec.announce(&[]).await.unwrap_err().to_string();
    assert!(error.starts_with("`sleep` ran for over"), "{error}");
    let missing = ExecSettings {
        program: "/nonexistent/program".into(),
        arguments: Vec::new(),
        routes: routes(),
        patience: Duration::from_secs(60),
    };
    let error = Exec::new(missing).announce(&[]).await.unwrap_err().to_string();
    assert!(error.starts_with("`/nonexistent/program` cannot be run"), "{error}");
}

/// Answers one request, and gives it.
async fn answer(listener: &TcpListener, status: &str) -> String {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut request = Vec::new();
    loop {
        let mut part = [0; 4096];
        let length = stream.read(&mut part).await.unwrap();
        request.extend(&part[..length]);
        let text = String::from_utf8_lossy(&request);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_ascii_lowercase();
            let wanted = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
            if body.len() == wanted.parse::<usize>().unwrap() {
                break;
            }
        }
    }
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 4\r\nconnection: close\r\n\r\nwhy?");
    stream.write_all(answer.as_bytes()).await.unwrap();
    String::from_utf8(request).unwrap()
}

#[tokio::test]
async fn a_webhook_is_given_what_changes() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let webhook = Webhook::new(WebhookSettings {
        url: format!("http://{}/rules?key=secret", listener.local_addr().unwrap()).parse().unwrap(),
        headers: vec![(http::header::AUTHORIZATION, "Bearer token".parse().unwrap())],
        routes: routes(),
        patience: Duration::from_secs(60),
    });
    let folder = TempDir::new().unwrap();
    let mitigations = Mitigations::open(guards(), folder.path(), NOW).unwrap();
    let mut mitigator = Mitigator::new(mitigations, Arc::new(webhook.unwrap()));
    let wanted = vec![blackhole(1, 10, 100)];
    let (request, result) = tokio::join!(answer(&listener, "503 Busy"), mitigator.want(wanted, NOW));
    let error = result.unwrap_err().to_string();
    assert_eq!(error, "the webhook at 127.0.0.1 answers 503 Service Unavailable: why?");
    assert!(request.starts_with("POST /rules?key=secret HTTP/1.1\r\n"), "{request}");
    // What it did not take is given again, whole.
    let (request, result) = tokio::join!(answer(&listener, "204 Done"), mitigator.tick(NOW + 1));
    result.unwrap();
    assert!(request.to_ascii_lowercase().contains("authorization: bearer token"), "{request}");
    let body: Value = serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!((incidents(&body, "announce"), incidents(&body, "all")), (vec![1], vec![1]));
    let reports = mitigator.announcer().routers().await.unwrap();
    assert_eq!((reports[0].is_up, reports[0].sent.len()), (true, 1));

    let settings = WebhookSettings {
        url: "ftp://192.0.2.1/".parse().unwrap(),
        headers: Vec::new(),
        routes: routes(),
        patience: Duration::from_secs(1),
    };
    assert!(Webhook::new(settings).is_err());
}

#[tokio::test]
async fn blackholes_carry_what_is_configured() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    let routes = RouteSettings {
        keep_blackholes: true,
        blackhole_communities: vec![64_500 << 16 | 666, 0xffff_029a],
        ..routes()
    };
    let settings = ExecSettings {
        program: "sh".into(),
        arguments: ["-c", "cat > \"$1/given\"", "sh"]
            .map(Into::into)
            .into_iter()
            .chain([path.into()])
            .collect(),
        routes,
        patience: Duration::from_secs(60),
    };
    let mitigations = Mitigations::open(guards(), path, NOW).unwrap();
    let mut mitigator = Mitigator::new(mitigations, Arc::new(Exec::new(settings)));
    mitigator.want(vec![blackhole(9, 1, 100)], NOW).await.unwrap();
    let found = given(path);
    let rule = &found["all"][0];
    // Without NO_LLGR, and each once.
    assert_eq!(rule["communities"], serde_json::json!(["64500:666", "65535:666", "65535:65281"]));
    assert_eq!(rule["large_communities"], serde_json::json!(["64666:1:9"]));
}

/// What a section says is what announces.
#[tokio::test]
async fn a_section_is_started() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    let section = |text: &str| {
        const SECTIONS: Registry = &[KnownSection::of::<AnnounceSection>()];
        AnnounceSection::clone(
            &Config::parse(text, "flowql.toml", SECTIONS).unwrap().section::<AnnounceSection>(),
        )
    };
    let exec = section(&format!(
        "[announce]\nway = \"exec\"\nasn = 65551\n[announce.exec]\nprogram = \"sh\"\n\
         arguments = [\"-c\", \"cat > {}/given\"]\n",
        path.display()
    ));
    let guards = exec.guards(vec!["203.0.113.0/24".parse().unwrap()], Vec::new());
    let mitigations = Mitigations::open(guards.clone(), path, NOW).unwrap();
    let announcer = exec.start(&mitigations, &Handle::current()).unwrap().unwrap();
    let mut mitigator = Mitigator::new(mitigations, announcer);
    mitigator.want(vec![blackhole(9, 1, 100)], NOW).await.unwrap();
    assert_eq!(given(path)["all"][0]["large_communities"], serde_json::json!(["65551:1:9"]));

    let files = path.join("bird");
    let bird =
        section(&format!("[announce]\nway = \"bird\"\n[announce.bird]\nfolder = \"{}\"\n", files.display()));
    let mitigations = Mitigations::open(guards.clone(), path, NOW).unwrap();
    assert!(bird.start(&mitigations, &Handle::current()).unwrap().is_some());
    let mut names: Vec<_> =
        std::fs::read_dir(files).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["flow4.conf", "flow6.conf", "rtbh4.conf", "rtbh6.conf"]);

    let nothing = section("[announce]\nway = \"none\"\n");
    assert!(nothing.start(&mitigations, &Handle::current()).unwrap().is_none());
}
