//! The log: on standard error, for people on a terminal and for programs elsewhere.

use std::io::IsTerminal as _;

use flowql_config::ServerSection;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt;

/// Starts the log of the process. A log that another part has started stays as it is.
pub(crate) fn start(section: &ServerSection) {
    let level = match section.log_level.as_str() {
        "error" => LevelFilter::ERROR,
        "warn" => LevelFilter::WARN,
        "debug" => LevelFilter::DEBUG,
        "trace" => LevelFilter::TRACE,
        _ => LevelFilter::INFO,
    };
    let terminal = std::io::stderr().is_terminal();
    let json = match section.log_format.as_str() {
        "json" => true,
        "text" => false,
        _ => !terminal,
    };
    let builder = fmt().with_max_level(level).with_writer(std::io::stderr).with_target(false);
    let _ = if json {
        let builder = builder.json().flatten_event(true).with_current_span(true).with_span_list(false);
        tracing::subscriber::set_global_default(builder.finish())
    } else {
        tracing::subscriber::set_global_default(builder.with_ansi(terminal).finish())
    };
}
