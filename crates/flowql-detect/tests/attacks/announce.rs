//! What the detector wants done reaches what announces, and is taken back.

use std::path::Path;
use std::sync::Arc;

use flowql_bgp::AnnounceSection;
use flowql_config::{Config, KnownSection, Registry};
use flowql_detect::incident::Collateral;
use flowql_detect::{Announcing, DetectSection, Detector};
use tokio::runtime::Handle;

use super::{Attack, RULE, now};

const SECTIONS: Registry = &[KnownSection::of::<DetectSection>(), KnownSection::of::<AnnounceSection>()];

/// A detector and what announces for it, with the state of a folder.
fn start(config: &Arc<Config>, folder: &Path) -> (Arc<Detector>, Announcing) {
    let detector = Arc::new(Detector::open(config, folder).unwrap());
    let announcing = Announcing::start(Arc::clone(&detector), Arc::clone(config), folder, &Handle::current());
    (detector, announcing.unwrap().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wanted_is_announced_until_it_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let said = folder.path().join("said");
    let text = format!(
        "{RULE}[announce]\nway = \"exec\"\n[announce.exec]\nprogram = \"sh\"\n\
         arguments = [\"-c\", 'cat > \"$0\"', \"{}\"]\n",
        said.display()
    );
    let config = Arc::new(Config::parse(&text, "f", SECTIONS).unwrap());
    let (detector, mut announcing) = start(&config, folder.path());
    let begin = now();
    let attack = |seconds: std::ops::Range<u32>| {
        for second in seconds {
            detector.take(&Attack { time: begin + second, packets: 107 });
            detector.pass().unwrap();
        }
    };
    attack(0..10);
    announcing.turn().await;
    assert_eq!(announcing.announced().get().rules, [], "what else it would hit is not known");
    let [incident] = detector.incidents().try_into().unwrap();
    let nothing_else = Collateral { share: 0.0, hours: 24 };
    detector.set_collateral(incident.number, &incident.signature.filter(), nothing_else);
    attack(10..12);
    announcing.turn().await;
    let announced = announcing.announced().get();
    let [rule] = announced.rules.as_slice() else { panic!("{announced:?}") };
    assert_eq!(
        (rule.incident, rule.action.as_str(), announced.error.as_deref()),
        (incident.number, "drop", None)
    );
    assert!(rule.traffic.contains("destination 203.0.113.9/32; protocol 17"), "{rule:?}");
    let text = std::fs::read_to_string(&said).unwrap();
    assert!(text.contains("203.0.113.9"), "{text}");

    // A process that takes its place announces the same.
    let after = start(&config, folder.path());
    let (detector, mut announcing) = (after.0, after.1);
    announcing.turn().await;
    assert_eq!(announcing.announced().get().rules, announced.rules);

    // What a person takes back is withdrawn.
    detector.withdraw(incident.number, "anna").unwrap();
    announcing.turn().await;
    assert_eq!(announcing.announced().get().rules, []);
    let said: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&said).unwrap()).unwrap();
    let count = |key: &str| said[key].as_array().map(Vec::len);
    assert_eq!((count("withdraw"), count("all")), (Some(1), Some(0)), "{said}");
}
