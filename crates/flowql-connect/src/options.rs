//! Which backend is used, and how: from the configuration and the command line.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use flowql::Schema;
use flowql_client::{ClickhouseSection, Client, ClientOptions, ServerOptions};
use flowql_config::Config;
use flowql_embedded::{EmbeddedOptions, EmbeddedSection, default_folder};

use flowql_backend::{Backend, ClickHouse, Error};

use crate::{BackendKind, BackendSection, FlowFile, Service, StaticValues};

/// The user of the ClickHouse servers, where neither the configuration nor the command line names one.
pub const USER_VARIABLE: &str = "FLOWQL_CLICKHOUSE_USER";
/// The password, likewise.
pub const PASSWORD_VARIABLE: &str = "FLOWQL_CLICKHOUSE_PASSWORD";

/// Which backend, and how it is reached.
///
/// A front end makes it with [`BackendOptions::new`] of the configuration and of the flags
/// ([`BackendArgs`](crate::BackendArgs), a group for clap), then calls [`BackendOptions::open`].
#[derive(Clone, Debug)]
pub struct BackendOptions {
    /// Which one.
    pub kind: BackendKind,
    /// What the columns mean.
    pub schema: Schema,
    /// Of `clickhouse` and `embedded`: the database and the bounds of the calls.
    pub client: ClientOptions,
    /// Of `clickhouse`: the servers.
    pub servers: ServerOptions,
    /// Of `embedded`: the engine.
    pub embedded: EmbeddedOptions,
    /// Of `static`: the file of values.
    pub values: Option<PathBuf>,
    /// Of `service`: its address.
    pub url: Option<String>,
    /// Of `file`: the file of flows.
    pub flows: Option<PathBuf>,
}

/// What the command line says of the backend, in the place of the configuration.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "clap", derive(clap::Args), command(next_help_heading = "Backend options"))]
pub struct BackendArgs {
    /// Where the flows are: `embedded`, `clickhouse` or `file`; `static` and `service` have values for completion only
    #[cfg_attr(feature = "clap", arg(long, value_name = "NAME", value_parser = kind))]
    pub backend: Option<BackendKind>,
    /// A ClickHouse server, as https://HOST:8443; several times for several, each as good as the other
    #[cfg_attr(feature = "clap", arg(long = "server", value_name = "URL"))]
    pub servers: Vec<String>,
    /// The user of the ClickHouse servers; FLOWQL_CLICKHOUSE_USER when left out
    #[cfg_attr(feature = "clap", arg(long, value_name = "NAME"))]
    pub user: Option<String>,
    /// A file that holds the password; FLOWQL_CLICKHOUSE_PASSWORD holds it itself
    #[cfg_attr(feature = "clap", arg(long, value_name = "FILE"))]
    pub password_file: Option<PathBuf>,
    /// The database of the flow tables
    #[cfg_attr(feature = "clap", arg(long, value_name = "NAME"))]
    pub database: Option<String>,
    /// Of `file`: the flows, a JSON object a line, as `flowql grep` reads them
    #[cfg_attr(feature = "clap", arg(long, value_name = "FILE"))]
    pub flows_from: Option<PathBuf>,
    /// The data folder of the embedded ClickHouse
    #[cfg_attr(feature = "clap", arg(long, value_name = "DIR"))]
    pub folder: Option<PathBuf>,
}

#[cfg(feature = "clap")]
fn kind(text: &str) -> Result<BackendKind, String> {
    BackendKind::named(text)
        .ok_or_else(|| format!("one of {}", BackendKind::ALL.map(BackendKind::name).join(", ")))
}

impl BackendArgs {
    /// Whether they say which backend is meant.
    pub fn is_given(&self) -> bool {
        self.backend.is_some() || self.by_flag().is_some() || self.folder.is_some() || self.database.is_some()
    }

    /// The backend that other flags than `--backend` name.
    fn by_flag(&self) -> Option<BackendKind> {
        let by_server = (!self.servers.is_empty()).then_some(BackendKind::Clickhouse);
        by_server.or_else(|| self.flows_from.as_ref().map(|_| BackendKind::File))
    }
}

impl BackendOptions {
    /// What the configuration says, and the command line in its place.
    ///
    /// # Errors
    ///
    /// That the file of the password cannot be read.
    pub fn new(config: &Config, args: &BackendArgs) -> Result<Self, Error> {
        let backend = config.section::<BackendSection>();
        let clickhouse = config.section::<ClickhouseSection>();
        let embedded = config.section::<EmbeddedSection>();
        let from_config = |text: &str| (!text.is_empty()).then(|| beside(config, text));
        let named = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let kind = match args.backend.or_else(|| args.by_flag()).unwrap_or(backend.kind) {
            // A caller that asks for a backend gets one.
            BackendKind::None => BackendKind::Embedded,
            kind => kind,
        };
        let database = match kind {
            BackendKind::Embedded => &embedded.database,
            _ => &clickhouse.database,
        };
        let client = ClientOptions {
            database: args.database.clone().unwrap_or_else(|| database.clone()),
            cluster: named(&clickhouse.cluster).filter(|_| kind == BackendKind::Clickhouse),
            deadline: Duration::from_secs(backend.deadline),
            concurrency: backend.concurrency,
            ..ClientOptions::default()
        };
        let password_file = args.password_file.clone().or_else(|| from_config(&clickhouse.password_file));
        let password = match password_file.filter(|_| kind == BackendKind::Clickhouse) {
            Some(file) => Some(password(&file)?),
            None => named(clickhouse.password.reveal()).or_else(|| variable(PASSWORD_VARIABLE)),
        };
        let user = args.user.clone().or_else(|| named(&clickhouse.user));
        let servers = ServerOptions {
            servers: match args.servers.as_slice() {
                [] => clickhouse.servers.clone(),
                servers => servers.to_vec(),
            },
            user: user.or_else(|| variable(USER_VARIABLE)),
            password,
            ca_file: from_config(&clickhouse.ca_file),
            connect: ServerOptions::CONNECT,
        };
        let embedded_options = EmbeddedOptions {
            folder: args.folder.clone().or_else(|| from_config(&embedded.folder)).or_else(default_folder),
            library: from_config(&embedded.library),
            // Zero is no limit: an engine that ends at once would serve nobody.
            idle: Some(Duration::from_secs(embedded.idle)).filter(|idle| !idle.is_zero()),
            ..EmbeddedOptions::temporary()
        };
        let values = backend.values.as_deref().and_then(from_config);
        let flows = args.flows_from.clone().or_else(|| backend.flows.as_deref().and_then(from_config));
        let url = backend.url.clone();
        Ok(Self {
            kind,
            schema: config.schema.clone(),
            client,
            servers,
            embedded: embedded_options,
            values,
            url,
            flows,
        })
    }

    /// The backend. Nothing is asked of it yet, and no engine is started.
    ///
    /// # Errors
    ///
    /// That an address or a file cannot be used.
    pub fn open(&self) -> Result<Arc<dyn Backend>, Error> {
        let missing = |key: &str| flowql_client::Error::Setup {
            message: format!("the backend `{}` lacks the key `{key}`", self.kind.name()),
            help: Some(match key {
                "values" => "set it in the section [backend], or give the file with --values".to_owned(),
                "flows" => "set it in the section [backend], or give the file with --flows-from".to_owned(),
                _ => "set it in the section [backend]".to_owned(),
            }),
        };
        Ok(match self.kind {
            BackendKind::Static => {
                let file = self.values.as_deref().ok_or_else(|| missing("values"))?;
                Arc::new(StaticValues::load(file, &self.schema)?)
            }
            BackendKind::Service => {
                Arc::new(Service::new(self.url.as_deref().ok_or_else(|| missing("url"))?)?)
            }
            BackendKind::File => {
                let file = self.flows.as_deref().ok_or_else(|| missing("flows"))?;
                Arc::new(FlowFile::open(file, &self.schema, &self.client)?)
            }
            BackendKind::Clickhouse | BackendKind::Embedded | BackendKind::None => {
                Arc::new(ClickHouse::new(self.client()?, self.schema.clone()))
            }
        })
    }

    /// The client of ClickHouse, for what goes beyond a [`Backend`]: creating tables, loading flows.
    ///
    /// # Errors
    ///
    /// That an address cannot be used, or that the backend is no ClickHouse.
    pub fn client(&self) -> Result<Client, Error> {
        match self.kind {
            BackendKind::Clickhouse => Ok(Client::remote(&self.servers, self.client.clone())?),
            BackendKind::Embedded | BackendKind::None => {
                Ok(Client::embedded(self.embedded.clone(), self.client.clone())?)
            }
            BackendKind::Static | BackendKind::Service | BackendKind::File => {
                Err(Error::unsupported(self.kind.name(), "is not a database"))
            }
        }
    }
}

/// A path of the configuration, which is relative to its file.
fn beside(config: &Config, text: &str) -> PathBuf {
    let folder = config.path.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
    folder.join(text)
}

/// The first line of a file.
fn password(file: &Path) -> Result<String, flowql_client::Error> {
    let text = fs::read_to_string(file).map_err(|error| flowql_client::Error::Setup {
        message: format!("cannot read the password from `{}`: {error}", file.display()),
        help: None,
    })?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use flowql_config::{KnownSection, Registry};

    use super::*;

    const SECTIONS: Registry = &[
        KnownSection::of::<BackendSection>(),
        KnownSection::of::<ClickhouseSection>(),
        KnownSection::of::<EmbeddedSection>(),
    ];

    fn options(text: &str, args: &BackendArgs) -> BackendOptions {
        BackendOptions::new(&Config::parse(text, "/etc/flowql/flowql.toml", SECTIONS).unwrap(), args).unwrap()
    }

    #[test]
    fn without_a_word_the_engine_is_embedded() {
        let options = options("", &BackendArgs::default());
        assert_eq!((options.kind, options.client.database.as_str()), (BackendKind::Embedded, "flowql"));
        assert_eq!(options.embedded.folder, default_folder());
        assert_eq!(options.open().unwrap().name(), "embedded");
    }

    #[test]
    fn the_command_line_comes_before_the_configuration() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        std::fs::write(&file, "secret\n").unwrap();
        let text = format!(
            "[backend]\nkind = \"clickhouse\"\ndeadline = 5\n[clickhouse]\nservers = [\"http://a\"]\nuser = \"u\"\npassword_file = {file:?}\nca_file = \"ca.pem\"\n[embedded]\nfolder = \"store\"\nidle = 0\n"
        );
        let configured = options(&text, &BackendArgs::default());
        assert_eq!(
            (configured.kind, configured.client.database.as_str()),
            (BackendKind::Clickhouse, "default")
        );
        assert_eq!(configured.client.deadline, Duration::from_secs(5));
        assert_eq!(configured.servers.servers, ["http://a"]);
        assert_eq!(configured.servers.password.as_deref(), Some("secret"));
        assert_eq!(configured.servers.ca_file.as_deref(), Some(Path::new("/etc/flowql/ca.pem")));
        assert_eq!(configured.embedded.folder.as_deref(), Some(Path::new("/etc/flowql/store")));
        assert_eq!(configured.embedded.idle, None);
        assert!(!format!("{configured:?}").contains("secret"));
        let args = BackendArgs {
            servers: vec!["http://b".into(), "http://c".into()],
            user: Some("v".into()),
            database: Some("d".into()),
            ..BackendArgs::default()
        };
        let given = options("", &args);
        assert_eq!((given.kind, given.client.database.as_str()), (BackendKind::Clickhouse, "d"));
        assert_eq!(given.servers.servers, ["http://b", "http://c"]);
        assert_eq!(given.open().unwrap().name(), "clickhouse");
        assert_eq!(options(&text, &args).servers.user.as_deref(), Some("v"));
    }

    #[test]
    fn what_is_missing_is_said() {
        let open = |text: &str| options(text, &BackendArgs::default()).open().unwrap_err().to_string();
        assert_eq!(open("backend.kind = \"static\""), "the backend `static` lacks the key `values`");
        assert_eq!(open("backend.kind = \"file\""), "the backend `file` lacks the key `flows`");
        assert_eq!(open("backend.kind = \"clickhouse\""), "no server is named");
    }
}
