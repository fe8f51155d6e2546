//! Files of every format, and files that are none.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

use super::*;
use crate::networks::row::Fact;
use crate::networks::table::Table;

fn source(columns: &[&str], separator: &str, lists: &[&str]) -> NetworkSourceSection {
    let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
    NetworkSourceSection {
        file: "networks".to_owned(),
        format: NetworkFormat::Auto,
        separator: separator.to_owned(),
        columns: texts(columns),
        lists: texts(lists),
    }
}

/// The name and the AS that a file gives to an address.
fn looked_up(loaded: Loaded, address: &str) -> (String, u32) {
    let layer = loaded.prefixes.into_layer();
    let table = Table::of_layers([&layer].into_iter());
    let network = table.lookup(address.parse().unwrap());
    (network.get(Fact::Name).to_owned(), network.asn())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn csv_has_its_columns_in_the_first_line_or_in_the_settings() {
    let text = "\u{feff}Prefix;Owner;Name;ASN\n# a comment\n10.0.0.0/8;x;\"a; b\";64500\n";
    for bytes in [text.as_bytes().to_vec(), gzip(text.as_bytes())] {
        let loaded = parse(&source(&[], ";", &[]), &bytes).unwrap();
        assert_eq!((loaded.skipped, loaded.prefixes.len()), (0, 1));
        assert_eq!(looked_up(loaded, "10.1.2.3"), ("a; b".to_owned(), 64500));
    }
    // The form of CAIDA's prefix-to-AS files.
    let caida = source(&["address", "length", "asn"], "\t", &[]);
    let loaded = parse(&caida, b"1.0.0.0\t24\t13335\n1.0.4.0\t22\t38803_56203\n").unwrap();
    assert_eq!(looked_up(loaded, "1.0.5.1"), (String::new(), 38803));
    // That of iptoasn.
    let iptoasn = source(&["first", "last", "asn", "country", "name"], "\t", &[]);
    let loaded = parse(&iptoasn, b"1.0.0.0\t1.0.2.255\t13335\tUS\tEXAMPLE\n2.0.0.0\t2.0.0.1\t0\tNone\t-\n3.0.0.0\t3.0.0.1\t0\tFrance\t-\n").unwrap();
    assert_eq!((loaded.skipped, loaded.prefixes.len()), (1, 3));
    assert_eq!(loaded.first_fault.as_deref(), Some("line 3: `France` is not a country of two letters"));
    assert_eq!(looked_up(loaded, "1.0.2.255"), ("EXAMPLE".to_owned(), 13335));
}

#[test]
fn json_is_a_list_or_has_lists() {
    let loaded =
        parse(&source(&[], ",", &[]), br#"[{"prefix": "10.0.0.0/8", "name": "a", "asn": 7, "x": []}]"#);
    assert_eq!(looked_up(loaded.unwrap(), "10.0.0.1"), ("a".to_owned(), 7));
    let loaded = parse(&source(&[], ",", &[]), br#"{"10.0.0.0/8": "a", "2001:db8::/32": {"name": "b"}}"#);
    assert_eq!(looked_up(loaded.unwrap(), "2001:db8::1"), ("b".to_owned(), 0));
    let lists = source(&[], ",", &["result.ipv4", "result.ipv6"]);
    let loaded = parse(
        &lists,
        br#"{"result": {"ipv4": ["10.0.0.0/8"], "ipv6": [{"cidr": "2001:db8::/32", "name": "c"}]}}"#,
    );
    assert_eq!(looked_up(loaded.unwrap(), "2001:db8::1"), ("c".to_owned(), 0));
}

#[test]
fn what_is_wrong_with_a_file_is_said() {
    let error = |source: &NetworkSourceSection, bytes: &[u8]| parse(source, bytes).unwrap_err();
    let plain = source(&[], ",", &[]);
    assert!(
        error(&plain, b"net,name\n10.0.0.0/8,a\n").starts_with("its first line names no column `prefix`")
    );
    assert_eq!(error(&plain, b"prefix\nten\n"), "line 2: `ten` is not a prefix");
    assert!(error(&plain, b"[{").starts_with("it is not JSON: EOF"));
    assert_eq!(error(&plain, br#"[{"name": "a"}]"#), "[0]: it has no prefix");
    assert_eq!(error(&source(&[], ",", &["a.b"]), br#"{"a": {}}"#), "it has no `a.b`");
    assert!(error(&source(&[], ",", &["a"]), br#"{"a": 1}"#).starts_with("it is neither a list"));
    let mut cut = gzip(b"prefix\n10.0.0.0/8\n");
    cut.truncate(20);
    assert!(error(&plain, &cut).starts_with("cannot read it: "));
    assert!(load(&source(&[], ",", &[])).unwrap_err().starts_with("cannot open it: "));
    // Nothing wrong, and nothing there.
    assert_eq!(parse(&plain, b"").unwrap().prefixes.len(), 0);
}

proptest! {
    #[test]
    fn hostile_files_never_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        text in "(\\[|\\{)?([0-9:./,\"\\[\\]{}a-f\n]|prefix|name){0,60}",
    ) {
        for source in [source(&[], ",", &[]), source(&["first", "last", "asn"], ",", &[]), source(&[], ",", &["a"])] {
            for bytes in [bytes.as_slice(), text.as_bytes(), &gzip(text.as_bytes())] {
                if let Ok(loaded) = parse(&source, bytes) {
                    prop_assert!(loaded.skipped + loaded.prefixes.len() <= 128 * (bytes.len() + 400));
                }
            }
        }
    }
}
