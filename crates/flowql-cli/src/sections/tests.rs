//! What holds for every section and every setting.

use flowql_config::{Config, Entry, Kind, SectionInfo, Setting, Shape};

use super::*;

/// Every section, and those within.
fn sections() -> Vec<&'static SectionInfo> {
    Config::reference(SECTIONS).into_iter().flat_map(SectionInfo::family).collect()
}

/// Every setting with its section.
fn settings() -> Vec<(&'static SectionInfo, &'static Setting)> {
    let settings =
        sections().into_iter().flat_map(|section| section.settings().map(move |setting| (section, setting)));
    let settings: Vec<_> = settings.collect();
    assert!(settings.len() > 50, "only {} settings", settings.len());
    settings
}

fn parse(text: &str) -> Config {
    Config::parse(text, "f", SECTIONS).unwrap_or_else(|errors| panic!("{errors}\n{text}"))
}

/// The lines of what a section requires, but for a key.
fn required(section: &SectionInfo, key: &str) -> String {
    let required = section.settings().filter(|other| other.required && other.key != key);
    required.map(|other| format!("{} = {}\n", other.key, other.example().unwrap())).collect()
}

/// What a section needs to be of use, for settings of its own or for those of the sections in it.
fn others(section: &SectionInfo, is_outer: bool) -> &'static [(&'static str, &'static str)] {
    match (section.name, is_outer) {
        ("exporter.interface", _) => &[("name", "\"a\""), ("description", "\"b\"")],
        ("collect.exporter.sampling", _) => &[("override", "10")],
        ("classify.exporter" | "classify.interface", false) => &[("set", "{ name = \"a\" }")],
        ("classify.exporter" | "classify.interface", true) => {
            const WHEN: &str = r#"'Name REGEXP "^(?P<name>.)(?P<site>.)(?P<provider>.)(?P<text>.)"'"#;
            &[("when", WHEN), ("stop", "true")]
        }
        _ => &[],
    }
}

/// Whether a section is in a list.
fn is_in(section: &SectionInfo, list: &SectionInfo) -> bool {
    let inner = section.name.strip_prefix(list.name);
    list.shape == Shape::Tables && inner.is_some_and(|rest| rest.starts_with('.'))
}

/// The header of a section, after entries of the lists that it is in.
fn header(section: &SectionInfo) -> String {
    let mut text = String::new();
    for list in sections().into_iter().filter(|list| is_in(section, list)) {
        text += &format!("{}\n{}", list.title(), required(list, ""));
        others(list, true).iter().for_each(|(key, value)| text += &format!("{key} = {value}\n"));
    }
    text + &format!("{}\n", section.title())
}

/// Whether there is one of a section: it is no list, and in none.
fn is_single(section: &SectionInfo) -> bool {
    section.shape == Shape::Table && !sections().iter().any(|list| is_in(section, list))
}

/// A file in which a setting has a value, and its section all that it requires; and the line of the setting.
fn file(section: &SectionInfo, setting: &Setting, value: &str) -> (String, usize) {
    let key = match section.shape {
        // A name of the user's.
        Shape::Names if section.name == "communities" => "\"65000:1\"",
        Shape::Names => "name",
        Shape::Table | Shape::Tables => setting.key,
    };
    let mut text = header(section) + &required(section, setting.key);
    let others = others(section, false).iter().filter(|(other, _)| *other != setting.key);
    others.for_each(|(other, value)| text += &format!("{other} = {value}\n"));
    let line = text.lines().count() + 1;
    (text + &format!("{key} = {value}\n"), line)
}

/// The value that a configuration shows of a setting.
fn shown(config: &Config, section: &SectionInfo, key: &str) -> Option<toml::Value> {
    let mut table = &config.shown();
    for part in section.name.split('.') {
        table = table.get(part)?.as_table()?;
    }
    table.get(key).cloned()
}

#[test]
fn every_section_and_setting_has_sentences() {
    for doc in
        sections().iter().map(|section| section.doc).chain(settings().iter().map(|(_, setting)| setting.doc))
    {
        assert!(doc.ends_with('.') && doc.starts_with(char::is_uppercase), "{doc}");
    }
}

#[test]
fn sections_and_settings_are_named_once_and_by_their_place() {
    let mut names: Vec<_> = sections().iter().map(|section| section.name).collect();
    let mut keys: Vec<_> = settings().iter().map(|(section, setting)| (section.name, setting.key)).collect();
    let counts = (names.len(), keys.len());
    names.sort_unstable();
    names.dedup();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!((names.len(), keys.len()), counts);
    for section in sections() {
        assert!(!section.entries.is_empty(), "{}", section.name);
        for inner in section.sections() {
            assert_eq!(inner.name, format!("{}.{}", section.name, inner.key()));
        }
    }
}

#[test]
fn every_section_has_an_example_that_uses_it() {
    for section in sections() {
        parse(section.example);
        assert!(section.example.contains(&section.title()), "{}", section.name);
    }
}

#[test]
fn every_setting_has_an_example_that_is_read() {
    for (section, setting) in settings() {
        let example = setting.example().unwrap_or_default();
        assert!(
            !["", "\"\"", "[]"].contains(&example.as_str()),
            "[{}] {} has no example",
            section.name,
            setting.key
        );
        let whole = ["dictionary", "attribute", "key"];
        let (mut text, _) = file(section, setting, &example);
        if section.name == "schema.column" && whole.contains(&setting.key) {
            // These three go together.
            for other in
                section.settings().filter(|other| whole.contains(&other.key) && other.key != setting.key)
            {
                text += &format!("{} = {}\n", other.key, other.example().unwrap());
            }
        }
        let config = parse(&text);
        if is_single(section) {
            let value = shown(&config, section, setting.key).unwrap().to_string();
            assert!(
                value == example || value == "\"(hidden)\"",
                "[{}] {}: {value}",
                section.name,
                setting.key
            );
        }
    }
}

#[test]
fn every_default_is_that_of_the_section() {
    let defaults = Config::defaults(SECTIONS);
    for (section, setting) in settings() {
        if is_single(section) {
            let value = shown(&defaults, section, setting.key).map(|value| value.to_string());
            assert_eq!(setting.default(), value, "[{}] {}", section.name, setting.key);
        }
        assert!(!(setting.required && setting.default().is_some()), "[{}] {}", section.name, setting.key);
        let Some(default) = setting.default() else { continue };
        let (written, line) = file(section, setting, &default);
        let left_out: String = written.lines().take(line - 1).map(|line| format!("{line}\n")).collect();
        assert_eq!(
            parse(&written).to_toml(),
            parse(&left_out).to_toml(),
            "[{}] {}",
            section.name,
            setting.key
        );
    }
}

#[test]
fn every_setting_refuses_a_value_of_another_type_at_its_line() {
    for (section, setting) in settings() {
        let mut bad = vec!["1979-05-27".to_owned(), "1.5".to_owned()];
        bad.push(match setting.kind {
            Kind::Text | Kind::Texts | Kind::Choice(_) | Kind::Other(_) => "7".to_owned(),
            Kind::Boolean => "\"true\"".to_owned(),
            Kind::Integer(_, most) => (most + 1).to_string(),
        });
        match setting.kind {
            Kind::Integer(0, _) => bad.push("-1".to_owned()),
            Kind::Integer(least, _) => bad.push((least - 1).to_string()),
            Kind::Texts => bad.push("[\"a\", 1]".to_owned()),
            Kind::Choice(_) => bad.push("\"another\"".to_owned()),
            Kind::Text | Kind::Boolean => {}
            Kind::Other(_) => bad.push("\"another\"".to_owned()),
        }
        for value in bad {
            let (text, line) = file(section, setting, &value);
            let errors = Config::parse(&text, "f", SECTIONS).unwrap_err();
            let [error] = errors.errors() else { panic!("{errors}\n{text}") };
            assert_eq!(error.line as usize, line, "{error}\n{text}");
            assert!(error.message.ends_with(&format!("must be {}", setting.kind)), "{error}");
        }
    }
}

#[test]
fn every_key_and_section_is_offered_for_a_mistyped_one() {
    let mistyped = |name: &str| format!("{name}x");
    for section in sections() {
        if section.shape == Shape::Names {
            continue;
        }
        for entry in section.entries {
            let key = match entry {
                Entry::Setting(setting) => setting.key,
                Entry::Section(inner) => inner.key(),
            };
            let text = format!("{}{} = 1\n", header(section), mistyped(key));
            let line = text.lines().count();
            let errors = Config::parse(&text, "f", SECTIONS).unwrap_err();
            let help = format!("did you mean `{key}`?");
            let found = errors.errors().iter().find(|error| error.line as usize == line).unwrap();
            assert_eq!(found.help.as_deref(), Some(help.as_str()), "{errors}");
        }
    }
    for section in Config::reference(SECTIONS) {
        let errors = Config::parse(&format!("[{}]\n", mistyped(section.name)), "f", SECTIONS).unwrap_err();
        let help = format!("did you mean `{}`?", section.name);
        assert_eq!(errors.errors()[0].help.as_deref(), Some(help.as_str()), "{errors}");
    }
}
