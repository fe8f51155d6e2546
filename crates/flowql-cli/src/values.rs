//! Completion with the values of a backend, for commands that are not asynchronous themselves.

use flowql::Compiler;
use flowql_backend::{FilterCompletion, SourceOptions, ValueSource, complete};
use flowql_config::Config;
use tokio::runtime::{Builder, Runtime};

use crate::args::ValuesFrom;
use crate::backend::{self, Unnamed};
use crate::failure::Failure;

/// How many values a backend is asked for.
const LIMIT: usize = 50;

/// What completes filters: the language alone, or with the values of a backend.
pub(crate) struct Completion {
    source: Option<ValueSource>,
    runtime: Runtime,
}

impl Completion {
    /// The completion that the options ask for.
    pub(crate) fn new(options: &ValuesFrom, config: &Config) -> Result<Self, Failure> {
        let source = backend::open(options, config, Unnamed::StoreThatIsThere)?;
        let source = source.map(|backend| ValueSource::new(backend, SourceOptions::default()));
        // A thread of its own goes on with what is not waited for, while the prompt waits for keys.
        let runtime =
            Builder::new_multi_thread().worker_threads(1).enable_all().build().map_err(|error| {
                Failure::new(format!("cannot start: {error}"), "check the limits of the system")
            })?;
        Ok(Self { source, runtime })
    }

    /// What may stand at a place of a filter.
    pub(crate) fn complete(&self, compiler: &Compiler<'_>, text: &str, offset: u32) -> FilterCompletion {
        self.runtime.block_on(complete(compiler, self.source.as_ref(), text, offset, LIMIT))
    }
}
