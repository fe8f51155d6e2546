use flowql_config::{Config, KnownSection, Registry};

use super::*;
use crate::guards::Budget;
use crate::rule::RouteFamily;

const SECTIONS: Registry = &[KnownSection::of::<AnnounceSection>()];

fn section(text: &str) -> AnnounceSection {
    AnnounceSection::clone(&Config::parse(text, "f", SECTIONS).unwrap().section::<AnnounceSection>())
}

#[test]
fn errors_are_at_their_lines() {
    let text = "[announce]\nway = \"speaker\"\nid = \"router\"\nnext_hop6 = \"192.0.2.1\"\nblackhole_communities = [\"70000:1\"]\n\
                redirects = [\"64500\"]\ninfrastructure = [\"all\"]\n[[announce.router]]\nname = \"a\"\naddress = \"border\"\n\
                asn = 1\n[announce.webhook]\nurl = \"ftp://192.0.2.1\"\n";
    let errors = Config::parse(text, "f", SECTIONS).unwrap_err().to_string();
    assert_eq!(
        errors.lines().collect::<Vec<_>>(),
        [
            "f:3:6: invalid value `router`: write an address of IPv4, as `192.0.2.1`",
            "f:4:13: invalid value `192.0.2.1`: write an address of IPv6, as `100::1`",
            "f:5:26: invalid value `70000:1`: write two numbers below 65536, as `64500:666`",
            "f:6:14: invalid value `64500`: write an AS below 65536 and a number, as `64500:666`",
            "f:7:19: invalid value `all`: write it as `192.0.2.1` or `192.0.2.0/24`",
            "f:10:11: invalid value `border`: write an address, as `198.51.100.1` or `2001:db8::1`",
            "f:13:7: invalid value `ftp://192.0.2.1`: write it as `https://api.example.net/rules`",
        ]
    );
}

#[test]
fn settings_are_those_of_the_section() {
    let section = section(
        "[announce]\nway = \"speaker\"\nasn = 65551\nmost_share_percent = 2\ninfrastructure = [\"192.0.2.0/24\"]\n\
         blackhole_communities = [\"64500:666\"]\nredirects = [\"64500:666\"]\n[[announce.router]]\nname = \"a\"\n\
         address = \"2001:db8::1\"\nasn = 64500\npassword = \"geheim\"\nflowspec6 = 0\nblackholes4 = 7\n",
    );
    let guards = section.guards(vec!["203.0.113.0/24".parse().unwrap()], Vec::new());
    assert_eq!(guards.most_share, 20_000);
    assert_eq!(
        guards.infrastructure,
        ["192.0.2.0/24".parse().unwrap(), "2001:db8::1/128".parse::<IpNet>().unwrap()]
    );
    assert_eq!(guards.redirects, [RouteTarget { asn: 64500, value: 666 }]);
    assert_eq!(
        guards.routers[0].budgets,
        [
            Budget { family: RouteFamily::Blackhole4, most: 7 },
            Budget { family: RouteFamily::Blackhole6, most: 100 },
            Budget { family: RouteFamily::Flowspec4, most: 100 },
        ]
    );
    let settings = section.speaker_settings(true).unwrap();
    assert_eq!((settings.routes.local_as, settings.stale_time, settings.is_restart), (65_551, 3600, true));
    assert_eq!(settings.routes.blackhole_communities, [64_500 << 16 | 666]);
    let peer = &settings.peers[0];
    assert_eq!((peer.address.to_string().as_str(), peer.asn), ("[2001:db8::1]:179", 64_500));
    assert_eq!((peer.password.as_deref(), peer.families.len()), (Some("geheim"), 3));
}

#[test]
fn nothing_is_announced_by_default() {
    let section = AnnounceSection::default();
    assert_eq!(section.way, AnnounceWay::None);
    assert!(section.guards(Vec::new(), Vec::new()).routers.is_empty());
}

#[test]
fn a_secret_may_be_in_a_file() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "geheim\n").unwrap();
    let text = format!(
        "[announce]\nway = \"speaker\"\n[[announce.router]]\nname = \"a\"\naddress = \"192.0.2.9\"\nasn = 1\npassword_file = {:?}\n",
        file.path()
    );
    let settings = section(&text).speaker_settings(false).unwrap();
    assert_eq!(settings.peers[0].password.as_deref(), Some("geheim"));
    let missing = section(&text.replace(&file.path().display().to_string(), "/nonexistent"));
    assert!(missing.speaker_settings(false).unwrap_err().to_string().contains("/nonexistent"));
}
