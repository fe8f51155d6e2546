//! Every fuzz target over its seeds and over what the fuzzer found with it.

use flowql_tests::{fuzz, fuzz_decode};

#[test]
fn every_target_holds_on_its_seeds() {
    for (name, target) in fuzz::TARGETS {
        let seeds = fuzz::seeds(name).unwrap();
        assert!(seeds.len() > 900, "{name}: only {} seeds", seeds.len());
        for seed in seeds {
            target(seed.as_bytes());
        }
    }
}

#[test]
fn every_target_of_bytes_holds_on_its_seeds() {
    for (name, target) in fuzz_decode::TARGETS {
        let seeds = fuzz_decode::seeds(name).unwrap();
        assert!(seeds.len() >= 100, "{name}: only {} seeds", seeds.len());
        for seed in seeds {
            target(&seed);
            // Cut and damaged ones too.
            target(&seed[..seed.len() * 2 / 3]);
            let damaged: Vec<u8> = seed.iter().map(|&byte| if byte == 2 { 0xFF } else { byte }).collect();
            target(&damaged);
        }
        target(&[]);
    }
}

#[test]
fn every_target_holds_on_broken_utf8_and_on_nothing() {
    for (_, target) in fuzz::TARGETS {
        for data in [&b""[..], b"\xff", b"SrcAS = \xc3", b"\xef\xbb", b"'\xf0\x9f\x98", b"\xed\xa0\x80 = 1"] {
            target(data);
        }
    }
}

#[test]
fn every_target_has_its_program() {
    let folder = flowql_tests::corpus::root().join("../fuzz");
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    let mut programs: Vec<String> = std::fs::read_dir(folder.join("targets"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    programs.sort();
    let named = |module, targets: &[fuzz::Target]| -> Vec<(&str, &str)> {
        targets.iter().map(|(name, _)| (*name, module)).collect()
    };
    let mut names = [named("fuzz", fuzz::TARGETS), named("fuzz_decode", fuzz_decode::TARGETS)].concat();
    names.sort_unstable();
    assert_eq!(programs, names.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    for (name, module) in names {
        assert!(
            manifest.contains(&format!("path = \"targets/{name}.rs\"")),
            "{name} is no program of the manifest"
        );
        let source = std::fs::read_to_string(folder.join(format!("targets/{name}.rs"))).unwrap();
        assert!(
            source.contains(&format!("flowql_tests::{module}::{name}(data)")),
            "{name} runs another target"
        );
    }
}
