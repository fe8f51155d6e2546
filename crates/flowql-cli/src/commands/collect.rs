//! `flowql collect`: from the routers to the tables.

use std::time::Duration;

use flowql_collect::service::{self, Error, Options};
use flowql_collect::{CollectSection, ListenSection};
use flowql_enrich::rules::ClassifySection;
use flowql_enrich::snmp::SnmpSection;
use flowql_server::{ServerSection, data_folder, start_log, stop_signal};

use super::database::Database;
use super::load;
use crate::args::{Collect, Global};
use crate::failure::{Failure, Status};

/// How long a statement about the tables may take.
const DEADLINE: Duration = Duration::from_secs(60);

/// The threads that talk to the database and answer over HTTP; those that receive and write are others.
const THREADS: usize = 2;

pub(super) fn run(global: &Global, args: Collect) -> Result<Status, Failure> {
    let config = load(global, None)?;
    let server = ServerSection::clone(&config.section());
    start_log(&ServerSection { log_level: args.log_level.unwrap_or(server.log_level), ..server });
    let section = section(CollectSection::clone(&config.section()), &args);
    let database = Database::named(&config, &args.target)?;
    let folder = data_folder(section.data.as_deref()).ok_or_else(|| {
        Failure::new("there is no folder for the journal: HOME is not set", "name a folder with --data")
    })?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(THREADS).enable_all().build();
    let runtime = runtime.map_err(|error| failed(&Error::System(error)))?;
    let result = runtime.block_on(async {
        let options = Options {
            section,
            exporters: config.sections(),
            classify: ClassifySection::clone(&config.section()),
            snmp: SnmpSection::clone(&config.section()),
            folder,
            schema: config.schema.clone(),
            layout: database.layout.clone(),
            client: database.client(DEADLINE)?,
            outside: database.outside(DEADLINE)?,
        };
        let stop = stop_signal().map_err(|error| failed(&Error::System(error)))?;
        service::run(options, stop).await.map_err(|error| failed(&error))
    });
    // A call that still runs must not hold up the end.
    runtime.shutdown_background();
    result.map(|()| Status::Good)
}

/// The section as the command line has changed it.
fn section(section: CollectSection, args: &Collect) -> CollectSection {
    let listen = args.listen.iter().map(|address| ListenSection::at(&address.to_string()));
    CollectSection {
        listen: if args.listen.is_empty() { section.listen } else { listen.collect() },
        http: args.http.map_or(section.http, |address| address.to_string()),
        data: args.data.clone().or(section.data),
        ..section
    }
}

fn failed(error: &Error) -> Failure {
    let help = match error {
        Error::Receive(_) => "give other addresses with --listen, or stop the program that has them",
        Error::Journal(_) => "give another folder with --data",
        Error::Listen { .. } => "give another address with --http, as 127.0.0.1:8081",
        _ => "look at what the system allows this user",
    };
    Failure::new(error.to_string(), help)
}
