//! What a configuration gives, and what is wrong with one.

use super::*;
use crate::{Choice, Kind, Secret};

/// The sections of a program.
const SAMPLE: Registry = &[KnownSection::of::<PrinterSection>()];

/// A printer.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(name = "printer", example = "[printer]\npages = 3\n", check = PrinterSection::is_loaded)]
struct PrinterSection {
    /// The most pages.
    #[setting(default = 10, range = 2..=100, unit = "pages")]
    pages: u8,
    /// Whether both sides are used.
    duplex: bool,
    /// The side.
    side: Side,
    /// The addresses.
    #[setting(default = ["http://printer"], hide_login)]
    addresses: Vec<String>,
    /// Another address.
    #[setting(example = "http://printer", hide_login)]
    spare: Option<String>,
    /// The password.
    #[setting(example = "word")]
    password: Secret,
    /// The trays.
    #[section(default = [TraySection { size: "A4".to_owned(), sheets: 500 }])]
    tray: Vec<TraySection>,
    /// The limits.
    #[section]
    limits: PrinterLimits,
}

/// A tray.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(name = "printer.tray", list, example = "[[printer.tray]]\nsize = \"A4\"\n")]
struct TraySection {
    /// The size.
    #[setting(required, example = "A4")]
    size: String,
    /// The sheets.
    sheets: u16,
}

/// What a job may cost.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(name = "printer.limits", example = "[printer.limits]\njobs = 1\n")]
struct PrinterLimits {
    /// The jobs.
    #[setting(default = 4)]
    jobs: usize,
}

/// The side of the paper.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
enum Side {
    #[default]
    Front,
    BackOfIt,
}

impl PrinterSection {
    fn is_loaded(&self) -> Vec<flowql::ConfigError> {
        let empty = self.tray.iter().position(|tray| tray.sheets == 0);
        let error = |index| flowql::ConfigError {
            path: format!("printer.tray[{index}].sheets"),
            message: "the tray is empty".to_owned(),
            help: None,
        };
        empty.into_iter().map(error).collect()
    }
}

fn parse(text: &str) -> Result<Config, ConfigErrors> {
    Config::parse(text, "f", SAMPLE)
}

/// The errors of a text, each as `line:column message: help`.
fn errors(text: &str) -> Vec<String> {
    let errors = parse(text).unwrap_err();
    let lines = errors.errors().iter().map(|error| error.to_string().trim_start_matches("f:").to_owned());
    lines.collect()
}

const FULL: &str = r#"
[schema]
enable = ["SrcVlan", "NAT"]
materialize = ["SrcNetPrefix"]
every_table = ["SrcNetPrefix"]

[[schema.column]]
name = "DstAddrRole"
type = "string"
description = "role of the destination"
dictionary = "inventory"
attribute = "role"
key = "DstAddr"

[filters]
customers = 'DstNetRole = "customers"'
nested = "@customers AND SrcAS = 1"

[communities]
"65000:666" = "our-blackhole"

[limits]
length = 0x1000
nesting = 20
"#;

#[test]
fn a_configuration_shapes_schema_filters_and_limits() {
    let config = parse(FULL).unwrap();
    let compiler = config.compiler();
    let sql = |text| compiler.compile(text, flowql::Options::default()).sql;
    assert!(sql("SrcVlan = 10 AND DstAddrRole = 'x' AND DstCommunities = our-blackhole").is_some());
    assert_eq!(sql("@nested").as_deref(), Some("((DstNetRole = 'customers') AND SrcAS = 1)"));
    assert_eq!((config.limits.length, config.limits.nesting), (4096, 20));
    assert_eq!(config.limits.diagnostics, Limits::DEFAULT.diagnostics);
    assert!(config.bad_filters().is_empty());
}

#[test]
fn an_empty_file_is_the_default() {
    let config = parse("# nothing\n").unwrap();
    assert_eq!(config.to_toml(), Config::defaults(SAMPLE).to_toml());
    assert_eq!(config.limits, Limits::DEFAULT);
}

#[test]
fn the_printed_configuration_reads_as_the_same() {
    for text in ["", FULL] {
        let config = parse(text).unwrap();
        let printed = config.to_toml();
        let again = parse(&printed).unwrap();
        assert_eq!(again.schema_config(), config.schema_config(), "{printed}");
        assert_eq!(again.to_toml(), printed);
    }
}

#[test]
fn unknown_keys_have_their_line_and_the_closest_name() {
    assert_eq!(
        errors(
            "[schema]\nenable = []\nenabel = []\n[[schema.column]]\nname = \"X1\"\ntype = \"ip\"\nkeys = 'SrcAddr'\n[shcema]\n"
        ),
        [
            "3:1: unknown key `enabel` in [schema]: did you mean `enable`?",
            "7:1: unknown key `keys` in [schema.column]: did you mean `key`?",
            "8:2: unknown section [shcema]: did you mean `schema`?",
        ]
    );
    assert_eq!(
        errors("enable = []\nzzz = 1\n"),
        [
            "1:1: unknown key `enable` outside of any section: it belongs to [schema]",
            "2:1: unknown key `zzz` outside of any section"
        ]
    );
    assert_eq!(
        errors("schema.enabel = []"),
        ["1:8: unknown key `enabel` in [schema]: did you mean `enable`?"]
    );
}

#[test]
fn values_of_another_kind_are_errors() {
    assert_eq!(
        errors(
            "schema = 1\nfilters = { a = 1 }\n[limits]\nlength = \"x\"\nnesting = 151\ndiagnostics = -1\nfile_length = 0\n"
        ),
        [
            "1:10: `schema` must be a section, [schema]",
            "2:17: `a` must be a string",
            "4:10: `length` must be an integer from 1 to 67108864",
            "5:11: `nesting` must be an integer from 1 to 150",
            "6:15: `diagnostics` must be an integer from 1 to 10000",
            "7:15: `file_length` must be an integer from 1 to 1073741824",
        ]
    );
    assert_eq!(
        errors("[schema]\nenable = [\"NAT\", 1]\ndisable = \"NAT\"\ncolumn = 1\n"),
        [
            "2:18: `enable` must be a list of strings",
            "3:11: `disable` must be a list of strings",
            "4:10: `schema.column` must be a list of sections, each [[schema.column]]",
        ]
    );
    assert_eq!(
        errors(
            "[[schema.column]]\nname = \"A1x\"\ntype = \"text\"\nmain_only = 1\n[[schema.column]]\ndescription = \"x\"\n"
        ),
        [
            "3:8: `type` must be \"string\", \"uint\" or \"ip\"",
            "4:13: `main_only` must be true or false",
            "5:1: [[schema.column]] lacks the key `name`",
            "5:1: [[schema.column]] lacks the key `type`",
        ]
    );
}

#[test]
fn errors_of_the_schema_are_at_their_lines() {
    assert_eq!(
        errors(
            "[schema]\nenable = [\n  \"SrcVlan\",\n  \"DstVlam\",\n]\nevery_table = [\"DstNetPrefix\"]\n[[schema.column]]\nname = \"Role\"\ntype = \"string\"\n[[schema.column]]\nname = \"SrcAS\"\ntype = \"uint\"\n[communities]\n\"65000.1\" = \"x\"\n\"65000:1\" = \"1x\"\n[filters]\n\"1x\" = \"SrcAS = 1\"\n"
        ),
        [
            "4:3: `DstVlam` is no column or group: did you mean `DstVlan`?",
            "6:16: `DstNetPrefix` is computed; it must be in `materialize` too",
            "11:8: there is a column `SrcAS` already",
            "14:1: `65000.1` is no community",
            "15:1: `1x` is no name: a letter, then letters, digits, `-` and `_`",
            "17:1: `1x` cannot name a filter: a name is a letter or `_`, then letters, digits, `_` and `-`",
        ]
    );
}

#[test]
fn what_a_column_is_looked_up_by_must_be_whole_and_known() {
    let column = |keys: &str| format!("[[schema.column]]\nname = \"Role\"\ntype = \"string\"\n{keys}\n");
    let found = errors(&column("dictionary = \"inventory\"\nkey = \"DstAddr\""));
    assert_eq!(found, ["1:1: `dictionary`, `attribute` and `key` go together: give all three, or none"]);
    let found = errors(&column("dictionary = \"a\"\nattribute = \"r\"\nkey = \"DstAdr\""));
    assert_eq!(found, ["6:7: `DstAdr` is no column: did you mean `DstAddr`?"]);
    let found = errors(&column("dictionary = \"a'b\"\nattribute = \"r\"\nkey = \"DstAddr\""));
    assert_eq!(found, ["4:14: `a'b` is no name: a letter or `_`, then letters, digits and `_`"]);
}

#[test]
fn a_section_of_the_program_is_read_with_its_defaults() {
    let config = parse("[printer]\nduplex = true\nside = \"back-of-it\"\nlimits.jobs = 7\n[[printer.tray]]\nsize = \"A3\"\nsheets = 0x10\n").unwrap();
    let section = config.section::<PrinterSection>();
    let expected = PrinterSection {
        duplex: true,
        side: Side::BackOfIt,
        limits: PrinterLimits { jobs: 7 },
        tray: vec![TraySection { size: "A3".to_owned(), sheets: 16 }],
        ..PrinterSection::default()
    };
    assert_eq!(*section, expected);
    let default = PrinterSection::default();
    assert_eq!((default.pages, default.limits.jobs, default.tray.len()), (10, 4, 1));
    assert_eq!(default.addresses, ["http://printer"]);
    assert_eq!(*Config::defaults(SAMPLE).section::<PrinterSection>(), default);
    assert_eq!(*parse("").unwrap().section::<PrinterSection>(), default);
}

#[test]
fn a_section_is_replaced() {
    let mut config = parse("[printer]\npages = 3\n").unwrap();
    let section = PrinterSection { pages: 4, ..PrinterSection::clone(&config.section()) };
    config.set_section(section);
    assert_eq!(config.section::<PrinterSection>().pages, 4);
    assert_eq!(config.to_toml().matches("[printer]").count(), 1);
}

#[test]
fn a_program_without_the_section_refuses_it() {
    let errors = Config::parse("[printer]\n", "f", &[]).unwrap_err();
    assert_eq!(errors.to_string(), "f:1:2: unknown section [printer]");
}

#[test]
fn each_type_of_setting_refuses_other_values_at_their_lines() {
    assert_eq!(
        errors(
            "[printer]\npages = 1\nduplex = \"x\"\nside = \"back\"\naddresses = [\n  \"a\",\n  2,\n]\nspare = 1\npassword = true\ntray = [1]\nlimits = \"x\"\n"
        ),
        [
            "2:9: `pages` must be an integer from 2 to 100",
            "3:10: `duplex` must be true or false",
            "4:8: `side` must be \"front\" or \"back-of-it\"",
            "7:3: `addresses` must be a list of strings",
            "9:9: `spare` must be a string",
            "10:12: `password` must be a string",
            "11:9: `printer.tray` must be a list of sections, each [[printer.tray]]",
            "12:10: `printer.limits` must be a section, [printer.limits]",
        ]
    );
    assert_eq!(
        errors(
            "[printer]\npages = 300\n[printer.limits]\njobs = -1\njob = 2\n[[printer.tray]]\nsheets = 65536\n"
        ),
        [
            "2:9: `pages` must be an integer from 2 to 100".to_owned(),
            format!("4:8: `jobs` must be {}", Kind::Integer(0, usize::MAX as u64)),
            "5:1: unknown key `job` in [printer.limits]: did you mean `jobs`?".to_owned(),
            "6:1: [[printer.tray]] lacks the key `size`".to_owned(),
            "7:10: `sheets` must be an integer from 0 to 65535".to_owned(),
        ]
    );
}

#[test]
fn what_no_type_can_check_is_at_its_line() {
    let text = "[filters]\n\"1x\" = \"SrcAS = 1\"\n[[printer.tray]]\nsize = \"A4\"\nsheets = 0\n";
    assert_eq!(
        errors(text),
        [
            "2:1: `1x` cannot name a filter: a name is a letter or `_`, then letters, digits, `_` and `-`",
            "5:10: the tray is empty",
        ]
    );
}

#[test]
fn secrets_are_not_shown() {
    let text = "[printer]\naddresses = [\"https://me:word@h\"]\nspare = \"https://me:word@flows\"\npassword = \"word\"\n";
    let config = parse(text).unwrap();
    assert_eq!(config.section::<PrinterSection>().password.reveal(), "word");
    let printed = config.to_toml();
    assert!(printed.contains("password = \"(hidden)\"") && !printed.contains("word\""), "{printed}");
    assert!(!printed.contains("word@"), "{printed}");
    assert!(!format!("{:?}", config.section::<PrinterSection>().password).contains("word"));
}

#[test]
fn the_metadata_is_that_of_the_fields() {
    let info = PrinterSection::INFO;
    let rows: Vec<_> =
        info.settings().map(|setting| (setting.key, setting.value(), setting.default())).collect();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(rows[0], ("pages", "an integer from 2 to 100, in pages".to_owned(), text("10")));
    assert_eq!(rows[2], ("side", "\"front\" or \"back-of-it\"".to_owned(), text("\"front\"")));
    assert_eq!(rows[3], ("addresses", "a list of strings".to_owned(), text("[\"http://printer\"]")));
    assert_eq!(rows[4], ("spare", "a string".to_owned(), None));
    let names: Vec<_> = info.family().iter().map(|section| section.title()).collect();
    assert_eq!(names, ["[printer]", "[[printer.tray]]", "[printer.limits]"]);
    let spare = info.settings().find(|setting| setting.key == "spare").unwrap();
    assert_eq!((spare.doc, spare.example()), ("Another address.", text("\"http://printer\"")));
}

#[test]
fn bad_syntax_has_its_line() {
    let found = errors("[schema]\nenable = [\"a\"\n");
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("2:") || found[0].starts_with("3:"), "{found:?}");
    let found = errors("# é\n[filters]\na = 'x'\na = 'y'\n");
    assert_eq!(found, ["4:1: duplicate key"]);
}

#[test]
fn a_configured_column_keeps_a_name_that_the_default_schema_got_later() {
    let text = "[[schema.column]]\nname = \"InIfIndex\"\ntype = \"string\"\n";
    let config = parse(text).unwrap();
    let sql = config.compiler().compile("InIfIndex = \"x\"", flowql::Options::default()).sql;
    assert_eq!(sql.as_deref(), Some("InIfIndex = 'x'"));
    assert_eq!(config.schema.columns().iter().filter(|column| column.name == "InIfIndex").count(), 1);
    let [taken] = config.taken_names.as_slice() else { panic!("{:?}", config.taken_names) };
    assert_eq!((taken.line, taken.column), (2, 8));
    assert!(taken.message.starts_with("`InIfIndex` replaces"), "{taken}");
    assert!(parse("[schema]\nenable = [\"InIfIndex\"]").unwrap().taken_names.is_empty());
    // The columns that came after InIfIndex give way like it.
    let added =
        ["SrcPeerAS", "FlowStart", "NATEvent", "InVRF", "AppName", "OuterSrcAddr", "TunnelId", "DstRPKI"];
    for name in added {
        let config = parse(&format!("[[schema.column]]\nname = \"{name}\"\ntype = \"string\"\n")).unwrap();
        let sql = config.compiler().compile(&format!("{name} = \"x\""), flowql::Options::default()).sql;
        assert_eq!((sql, config.taken_names.len()), (Some(format!("{name} = 'x'")), 1));
    }
}

#[test]
fn bad_filters_are_found_but_do_not_make_the_configuration_bad() {
    let config = parse("[filters]\nb = 'SrcASN = 1'\na = '@a'\nok = 'SrcAS = 1'\n").unwrap();
    let found: Vec<_> =
        config.bad_filters().iter().map(|error| (error.line, error.message.clone())).collect();
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].0, 2);
    assert!(found[0].1.starts_with("the filter `b` has an error: "), "{found:?}");
    assert_eq!(found[1].0, 3);
}

#[test]
fn the_file_of_a_parent_is_found() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = std::env::temp_dir().join(format!("flowql-config-{}", std::process::id()));
    let deep = root.join("a/b");
    std::fs::create_dir_all(&deep).unwrap();
    std::fs::write(root.join(FILE_NAME), "").unwrap();
    assert_eq!(Config::find(&deep), Some(root.join(FILE_NAME)));
    assert!(Config::load(root.join(FILE_NAME), SAMPLE).is_ok());
    std::fs::write(root.join(FILE_NAME), b"# \xFF").unwrap();
    let message = Config::load(root.join(FILE_NAME), SAMPLE).unwrap_err().to_string();
    assert!(message.ends_with("it is not valid UTF-8 (at byte 2)"), "{message}");
    std::fs::remove_dir_all(&root).unwrap();
    let missing = Config::load(manifest.join("no-such.toml"), SAMPLE).unwrap_err();
    assert!(missing.errors().is_empty());
    assert!(missing.to_string().starts_with("cannot read "));
}

/// A cable of the printer.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(name = "cable", list, example = "[[cable]]\nlength = 2\n", check = CableSection::faults)]
struct CableSection {
    /// Its length.
    #[setting(required, example = 2)]
    length: u8,
    /// Its ends.
    #[section]
    end: Vec<EndSection>,
}

/// An end of a cable.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(name = "cable.end", list, example = "[[cable.end]]\nplug = \"round\"\n")]
struct EndSection {
    /// The plug.
    plug: String,
}

impl CableSection {
    fn faults(&self) -> Vec<flowql::ConfigError> {
        let fault = |path: &str| flowql::ConfigError {
            path: path.to_owned(),
            message: "too long".to_owned(),
            help: None,
        };
        let of_end = self.end.iter().enumerate().filter(|(_, end)| end.plug.is_empty());
        let mut faults: Vec<_> =
            of_end.map(|(index, _)| fault(&format!("cable.end[{index}].plug"))).collect();
        faults.extend((self.length > 9).then(|| fault("cable.length")));
        faults
    }
}

#[test]
fn lists_of_sections_may_be_at_the_top() {
    const CABLES: Registry = &[KnownSection::list_of::<CableSection>()];
    let read = |text: &str| Config::parse(text, "f", CABLES);
    let text = "[[cable]]\nlength = 2\n\n[[cable]]\nlength = 3\n\n[[cable.end]]\nplug = \"round\"\n";
    let config = read(text).unwrap();
    let lengths: Vec<_> = config.sections::<CableSection>().iter().map(|cable| cable.length).collect();
    assert_eq!(lengths, [2, 3]);
    assert_eq!(config.shown()["cable"][1]["end"][0]["plug"].as_str(), Some("round"));
    assert_eq!(read(&config.to_toml()).unwrap().sections::<CableSection>().len(), 2);
    assert_eq!(Config::defaults(CABLES).sections::<CableSection>(), []);
    let errors =
        read("[[cable]]\nlength = 1\n[[cable]]\nlength = 10\n[[cable.end]]\nplug = \"\"\n").unwrap_err();
    assert_eq!(errors.to_string(), "f:4:10: too long\nf:6:8: too long");
    let errors = read("[[cable]]\nlenght = 1\n").unwrap_err().to_string();
    assert!(
        errors.starts_with("f:1:1: [[cable]] lacks the key `length`\nf:2:1: unknown key `lenght`"),
        "{errors}"
    );
    let errors = read("[cable]\nlength = 1\n").unwrap_err();
    assert_eq!(errors.to_string(), "f:1:1: `cable` must be a list of sections, each [[cable]]");
}
