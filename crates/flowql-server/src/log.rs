//! The log: on standard error, for people on a terminal and for programs elsewhere.

use std::io::IsTerminal as _;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt;

use crate::section::{LogFormat, LogLevel, ServerSection};

/// Starts the log of the process. A log that another part has started stays as it is.
pub fn start(section: &ServerSection) {
    let level = match section.log_level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let terminal = std::io::stderr().is_terminal();
    let json = match section.log_format {
        LogFormat::Json => true,
        LogFormat::Text => false,
        LogFormat::Auto => !terminal,
    };
    let builder = fmt().with_max_level(level).with_writer(std::io::stderr).with_target(false);
    let _ = if json {
        let builder = builder.json().flatten_event(true).with_current_span(true).with_span_list(false);
        tracing::subscriber::set_global_default(builder.finish())
    } else {
        tracing::subscriber::set_global_default(builder.with_ansi(terminal).finish())
    };
}
