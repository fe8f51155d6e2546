//! Every section and every setting, in the words of the documentation.

use flowql::Limits;

use super::{Kind, Section, Setting, Shape};

/// Beyond this the nesting would reach what ClickHouse's own parser refuses.
const MOST_NESTING: u64 = Limits::DEFAULT.nesting as u64;

/// A hundred years: ClickHouse's times end in 2106.
const MOST_DAYS: u64 = 36_500;

/// Every section, in the order of the documentation.
pub(crate) static SECTIONS: &[Section] = &[
    Section {
        name: "schema",
        shape: Shape::Table,
        doc: "Shapes the columns of the flow schema. Columns are named in any case; a group (`L2`, `NAT`, `L3L4`) stands for all of its columns.",
        example: "[schema]\nenable = [\"SrcVlan\", \"DstVlan\"]\nmaterialize = [\"SrcNetPrefix\"]\n",
    },
    Section {
        name: "schema.column",
        shape: Shape::Tables,
        doc: "Adds a column: an attribute of a ClickHouse dictionary, attached to a column of the schema.",
        example: "[[schema.column]]\nname = \"DstAddrRole\"\ntype = \"string\"\ndescription = \"role of the destination, from our inventory\"\n",
    },
    Section {
        name: "filters",
        shape: Shape::Names,
        doc: "Saved filters: `@name` stands for the text in any filter.",
        example: "[filters]\ncustomers = 'DstNetRole = \"customers\"'\n",
    },
    Section {
        name: "communities",
        shape: Shape::Names,
        doc: "Names for BGP communities, shown by hover and hints and usable as values.",
        example: "[communities]\n\"65000:666\" = \"our-blackhole\"\n",
    },
    Section {
        name: "limits",
        shape: Shape::Table,
        doc: "What a filter may cost.",
        example: "[limits]\nlength = 131072\n",
    },
    Section {
        name: "server",
        shape: Shape::Table,
        doc: "The HTTP service, `flowql serve`. Behind a proxy that authenticates, name its address in `trusted_proxies`: only its headers say who the user is.",
        example: "[server]\nlisten = \"10.0.0.5:8080\"\ntrusted_proxies = [\"10.0.0.1\"]\n",
    },
    Section {
        name: "server.limits",
        shape: Shape::Table,
        doc: "What the callers of the HTTP service may cost. A client that sends more is answered with 429, and with 503 what the service as a whole cannot take.",
        example: "[server.limits]\nrate = 50\n",
    },
    Section {
        name: "backend",
        shape: Shape::Table,
        doc: "Where editors get the values that a network really has.",
        example: "[backend]\nkind = \"service\"\nurl = \"http://127.0.0.1:8080\"\n",
    },
    Section {
        name: "embedded",
        shape: Shape::Table,
        doc: "The ClickHouse that FlowQL brings along and starts itself. `flowql store install` fetches its library.",
        example: "[embedded]\nfolder = \"/var/lib/flowql\"\nidle = 3600\n",
    },
    Section {
        name: "clickhouse",
        shape: Shape::Table,
        doc: "ClickHouse servers, reached over HTTP or HTTPS.",
        example: "[clickhouse]\nservers = [\"https://clickhouse1.example:8443\", \"https://clickhouse2.example:8443\"]\nuser = \"flowql\"\npassword_file = \"/run/secrets/clickhouse\"\n",
    },
    Section {
        name: "tables",
        shape: Shape::Table,
        doc: "How long the tables that `flowql tables create` makes keep their rows. On tables that are there, `flowql tables migrate --expire` changes it.",
        example: "[tables]\nkeep_days = 30\n",
    },
    Section {
        name: "tables.aggregated",
        shape: Shape::Tables,
        doc: "The tables of sums over an interval, in the place of those of one minute (kept for 7 days), five minutes (90 days) and one hour (360 days). A table that is no longer named here stays and goes on being filled.",
        example: "[[tables.aggregated]]\ninterval = 60\nkeep_days = 14\n\n[[tables.aggregated]]\ninterval = 3600\nkeep_days = 720\n",
    },
];

/// Every setting, the sections in the order of the documentation.
pub(crate) static SETTINGS: &[Setting] = &[
    list("schema", "enable", "Columns or groups to enable."),
    list(
        "schema",
        "disable",
        "Columns or groups to disable. Columns that are always enabled cannot be disabled.",
    ),
    list("schema", "materialize", "Columns computed at query time that are stored in the table instead."),
    list(
        "schema",
        "every_table",
        "Columns of the raw table to keep in the aggregated tables too. A computed one must be in `materialize` as well.",
    ),
    list("schema", "main_only", "Columns to keep in the raw table only."),
    setting("schema.column", "name", Kind::Text, "", "The name: a letter, then letters and digits.")
        .required(),
    setting(
        "schema.column",
        "type",
        Kind::Choice(&["string", "uint", "ip"]),
        "",
        "The type, which says what a filter can ask.",
    )
    .required(),
    setting(
        "schema.column",
        "description",
        Kind::Text,
        "\"\"",
        "One sentence that says what the column holds.",
    ),
    setting(
        "schema.column",
        "clickhouse_type",
        Kind::Text,
        "",
        "The ClickHouse type; when left out, `LowCardinality(String)`, `UInt32` or `IPv6`, as the type asks.",
    ),
    setting(
        "schema.column",
        "main_only",
        Kind::Boolean,
        "false",
        "Whether the column is in the raw table only.",
    ),
    setting(
        "schema.column",
        "dictionary",
        Kind::Text,
        "",
        "The ClickHouse dictionary that holds the values.",
    ),
    setting("schema.column", "attribute", Kind::Text, "", "The attribute of the dictionary."),
    setting("schema.column", "key", Kind::Text, "", "The column whose value is the key of the dictionary."),
    setting(
        "filters",
        "NAME",
        Kind::Text,
        "",
        "The text of the filter. NAME is a letter or `_`, then letters, digits, `_` and `-`; capitals count.",
    ),
    setting(
        "communities",
        "COMMUNITY",
        Kind::Text,
        "",
        "The name of the community: a letter, then letters, digits, `-` and `_`. COMMUNITY is a community (`65000:666`), a large community or a wildcard, in quotes.",
    ),
    setting(
        "limits",
        "length",
        Kind::Integer(1, 64 << 20),
        "65536",
        "The most bytes of a filter, its saved filters expanded.",
    ),
    setting(
        "limits",
        "nesting",
        Kind::Integer(1, MOST_NESTING),
        "150",
        "The most levels of parentheses, NOT and saved filters together. The default is the most that ClickHouse's parser surely takes.",
    ),
    setting(
        "limits",
        "diagnostics",
        Kind::Integer(1, 10_000),
        "100",
        "The most diagnostics of one filter; one more says how many were left out.",
    ),
    setting(
        "limits",
        "file_length",
        Kind::Integer(1, 1 << 30),
        "8388608",
        "The most bytes of a file of several filters.",
    ),
    setting(
        "server",
        "listen",
        Kind::Text,
        "\"127.0.0.1:8080\"",
        "The address and port to listen on; port 0 is any free one.",
    ),
    setting(
        "server",
        "data",
        Kind::Text,
        "",
        "The folder of the saved filters; when left out, the one that systemd gives, else `flowql` in `$XDG_STATE_HOME` or `~/.local/state`.",
    ),
    setting(
        "server",
        "user_header",
        Kind::Text,
        "\"Remote-User\"",
        "The header in which a trusted proxy names the user.",
    ),
    list(
        "server",
        "trusted_proxies",
        "The addresses and subnets of the proxies whose headers count. A header from anyone else is ignored.",
    ),
    setting(
        "server",
        "default_user",
        Kind::Text,
        "\"default\"",
        "The user who calls where no trusted proxy names one. When left empty, nobody: they have no saved filters.",
    ),
    list(
        "server",
        "hosts",
        "Names under which browsers reach the service where there are no trusted proxies, beside `localhost` and addresses. Others are refused, so that no site can pass for this one.",
    ),
    list("server", "cors_origins", "Origins of other sites whose pages may call the service."),
    setting(
        "server",
        "log_level",
        Kind::Choice(&["error", "warn", "info", "debug", "trace"]),
        "\"info\"",
        "The least important lines of the log. The text of filters is in it from `debug` on.",
    ),
    setting(
        "server",
        "log_format",
        Kind::Choice(&["auto", "text", "json"]),
        "\"auto\"",
        "How the log is written; `auto` is text on a terminal and JSON otherwise.",
    ),
    setting(
        "server.limits",
        "body",
        Kind::Integer(1024, 64 << 20),
        "262144",
        "The most bytes of a request's body.",
    ),
    setting(
        "server.limits",
        "concurrency",
        Kind::Integer(1, 1_000_000),
        "1024",
        "The most requests that are worked on at once.",
    ),
    setting(
        "server.limits",
        "connections",
        Kind::Integer(1, 1_000_000),
        "4096",
        "The most connections that are open at once.",
    ),
    setting(
        "server.limits",
        "rate",
        Kind::Integer(0, 1_000_000),
        "200",
        "The requests per second that one client may send in the long run; 0 for any number.",
    ),
    setting(
        "server.limits",
        "burst",
        Kind::Integer(1, 1_000_000),
        "400",
        "The requests that one client may send at once.",
    ),
    setting(
        "server.limits",
        "request_ms",
        Kind::Integer(1, 3_600_000),
        "10000",
        "The most milliseconds that an answer may take.",
    ),
    setting(
        "server.limits",
        "header_ms",
        Kind::Integer(1, 3_600_000),
        "10000",
        "The most milliseconds for the headers of a request to arrive, waiting for the next request of the connection included.",
    ),
    setting(
        "server.limits",
        "body_ms",
        Kind::Integer(1, 3_600_000),
        "10000",
        "The most milliseconds for the body of a request to arrive, and for the client to take a piece of the answer.",
    ),
    setting(
        "server.limits",
        "stop_ms",
        Kind::Integer(0, 3_600_000),
        "10000",
        "The most milliseconds that a stop waits for the requests being answered.",
    ),
    setting(
        "server.limits",
        "saved_filters",
        Kind::Integer(0, 1_000_000),
        "1000",
        "The most saved filters of one user.",
    ),
    setting(
        "backend",
        "kind",
        Kind::Choice(&["none", "static", "service", "embedded", "clickhouse"]),
        "\"none\"",
        "Which one: none, a file of values, a running `flowql serve`, the ClickHouse of [embedded], or the servers of [clickhouse]. Where it is none, commands that need flows use the embedded one.",
    ),
    setting(
        "backend",
        "values",
        Kind::Text,
        "",
        "The file of values of the backend `static`, relative to the configuration; `flowql complete --help` shows its form.",
    ),
    setting("backend", "url", Kind::Text, "", "The address of the backend `service`."),
    setting("backend", "deadline", Kind::Integer(1, 86_400), "60", "How many seconds a call may take."),
    setting(
        "backend",
        "concurrency",
        Kind::Integer(1, 1000),
        "8",
        "How many calls run at once; others wait for their turn.",
    ),
    setting(
        "embedded",
        "folder",
        Kind::Text,
        "\"\"",
        "The data folder. When left out, `flowql/store` in the folder of your data (XDG_DATA_HOME).",
    ),
    setting(
        "embedded",
        "library",
        Kind::Text,
        "\"\"",
        "The library, `libchdb.so`. When left out, that of the variable FLOWQL_LIBCHDB, or the installed one.",
    ),
    setting(
        "embedded",
        "idle",
        Kind::Integer(0, 31_536_000),
        "300",
        "After how many seconds without use the engine ends; 0 for never.",
    ),
    setting("embedded", "database", Kind::Text, "\"flowql\"", "The database of the flow tables."),
    list(
        "clickhouse",
        "servers",
        "The addresses, as `https://HOST:8443`. Each is as good as the other: the next one is asked when one does not answer.",
    ),
    setting(
        "clickhouse",
        "user",
        Kind::Text,
        "\"\"",
        "The user. When left out, that of the variable FLOWQL_CLICKHOUSE_USER, or the server's default. A user who only \
         reads is best given `readonly = 2`: with 1 no limits of time go with its queries.",
    ),
    setting(
        "clickhouse",
        "password",
        Kind::Text,
        "\"\"",
        "The password. Better in a file, or in the variable FLOWQL_CLICKHOUSE_PASSWORD.",
    ),
    setting(
        "clickhouse",
        "password_file",
        Kind::Text,
        "\"\"",
        "A file whose first line is the password. It comes before `password`.",
    ),
    setting("clickhouse", "database", Kind::Text, "\"default\"", "The database of the flow tables."),
    setting(
        "clickhouse",
        "cluster",
        Kind::Text,
        "\"\"",
        "The cluster that the tables are on. `flowql tables create` and `migrate` refuse to make any there.",
    ),
    setting(
        "clickhouse",
        "ca_file",
        Kind::Text,
        "\"\"",
        "Certificates to trust beside those of the system, in a PEM file.",
    ),
    setting(
        "tables",
        "keep_days",
        Kind::Integer(0, MOST_DAYS),
        "15",
        "For how many days `flows`, the table of every flow, keeps its rows; 0 for ever.",
    ),
    setting(
        "tables.aggregated",
        "interval",
        Kind::Integer(1, 86_400),
        "",
        "The seconds that are summed up; 300 makes the table `flows_5m0s`.",
    )
    .required(),
    setting(
        "tables.aggregated",
        "keep_days",
        Kind::Integer(0, MOST_DAYS),
        "",
        "For how many days the table keeps its rows; 0 for ever.",
    )
    .required(),
];

const fn setting(
    section: &'static str,
    key: &'static str,
    kind: Kind,
    default: &'static str,
    doc: &'static str,
) -> Setting {
    Setting { section, key, kind, default, required: false, doc }
}

const fn list(section: &'static str, key: &'static str, doc: &'static str) -> Setting {
    setting(section, key, Kind::Texts, "[]", doc)
}

impl Setting {
    const fn required(mut self) -> Self {
        self.required = true;
        self
    }
}
