//! `flowql collect`: from the routers to the tables.

use std::time::Duration;

use axum::Router;
use flowql_collect::receive::Inherited;
use flowql_collect::service::{self, Adjust, Error, Options};
use flowql_collect::{CollectSection, ListenSection};
use flowql_config::Config;
use flowql_server::{ServerSection, data_folder, start_log, stop_signal};

use super::database::Database;
use super::detect::Detecting;
use super::load;
use crate::args::{Collect, Collecting, Global};
use crate::failure::{Failure, Status};

/// How long a statement about the tables may take.
const DEADLINE: Duration = Duration::from_secs(60);

/// The threads that talk to the database and answer over HTTP; those that receive and write are others.
const THREADS: usize = 2;

pub(super) fn run(global: &Global, args: Collect) -> Result<Status, Failure> {
    let mut config = load(global, None)?;
    let server = ServerSection::clone(&config.section());
    start_log(&ServerSection { log_level: args.collecting.log_level.unwrap_or(server.log_level), ..server });
    let adjusted = args.clone();
    let adjust = Adjust::new(move |config| {
        config.set_section(section(CollectSection::clone(&config.section()), &adjusted));
    });
    adjust.apply(&mut config);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(THREADS).enable_all().build();
    let runtime = runtime.map_err(|error| failed(&Error::System(error)))?;
    let result = runtime.block_on(async {
        let stop = stop_signal().map_err(|error| failed(&Error::System(error)))?;
        let mut options = options(config, &args, adjust)?;
        let detecting = Detecting::join(&mut options)?;
        let result = service::run(options, stop).await.map_err(|error| failed(&error));
        drop(detecting);
        result
    });
    // A call that still runs must not hold up the end.
    runtime.shutdown_background();
    result.map(|()| Status::Good)
}

/// What the collector is made of.
pub(super) fn options(config: Config, args: &Collect, adjust: Adjust) -> Result<Options, Failure> {
    // Before an engine is started, which would keep them open.
    let inherited = Inherited::from_env();
    let database = Database::named(&config, &args.collecting.target)?;
    let section = config.section::<CollectSection>();
    let folder = data_folder(section.data.as_deref()).ok_or_else(|| {
        Failure::new("there is no folder for the journal: HOME is not set", "name a folder with --data")
    })?;
    Ok(Options {
        inherited,
        layout: database.layout.clone(),
        folder,
        client: database.client(DEADLINE)?,
        outside: database.outside(DEADLINE)?,
        adjust,
        config,
        tap: None,
        routes: Router::new(),
    })
}

/// The section as the command line has changed it.
pub(super) fn section(section: CollectSection, args: &Collect) -> CollectSection {
    let Collecting { listen: addresses, data, .. } = &args.collecting;
    let listen = addresses.iter().map(|address| ListenSection::at(&address.to_string()));
    CollectSection {
        listen: if addresses.is_empty() { section.listen } else { listen.collect() },
        http: args.http.map_or(section.http, |address| address.to_string()),
        data: data.clone().or(section.data),
        ..section
    }
}

pub(super) fn failed(error: &Error) -> Failure {
    let help = match error {
        Error::Receive(_) => "give other addresses with --listen, or stop the program that has them",
        Error::Journal(_) => "give another folder with --data",
        Error::Listen { .. } => {
            "give another address with --http, as 127.0.0.1:8081, or as `listen` in [bmp] of the configuration"
        }
        _ => "look at what the system allows this user",
    };
    Failure::new(error.to_string(), help)
}
