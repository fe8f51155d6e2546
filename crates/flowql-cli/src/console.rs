//! The two streams that the tool writes to.

use std::io::{self, BufWriter, StdoutLock, Write};

use annotate_snippets::{Group, Level, Renderer};
use serde::Serialize;

use crate::failure::Failure;

/// Standard output, locked and buffered. What is left in the buffer is written by [`Output::finish`].
pub(crate) struct Output {
    inner: BufWriter<StdoutLock<'static>>,
}

impl Output {
    /// Takes standard output.
    pub(crate) fn new() -> Self {
        Self { inner: BufWriter::new(io::stdout().lock()) }
    }

    /// Writes a value as indented JSON, and ends the line.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        serde_json::to_writer_pretty(&mut self.inner, value)?;
        Ok(self.inner.write_all(b"\n")?)
    }

    /// Writes a value as JSON on one line.
    pub(crate) fn json_line(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        serde_json::to_writer(&mut self.inner, value)?;
        Ok(self.inner.write_all(b"\n")?)
    }

    /// Writes a text, and ends the line.
    pub(crate) fn line(&mut self, text: &str) -> Result<(), Failure> {
        Ok(writeln!(self.inner, "{text}")?)
    }

    /// Writes a text as it is.
    pub(crate) fn text(&mut self, text: &str) -> Result<(), Failure> {
        Ok(self.inner.write_all(text.as_bytes())?)
    }

    /// Hands everything on to the reader.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        Ok(self.inner.flush()?)
    }

    /// Hands everything on to the reader, at the end.
    pub(crate) fn finish(mut self) -> Result<(), Failure> {
        self.flush()
    }
}

/// Writes a text, styled or not, to standard error; nobody to read it is no error.
pub(crate) fn message(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// Reports an error of the tool itself.
pub(crate) fn error(message: &str, help: Option<&str>) {
    report(Level::ERROR, message, help);
}

/// Reports a warning of the tool itself.
pub(crate) fn warning(message: &str, help: Option<&str>) {
    report(Level::WARNING, message, help);
}

fn report(level: Level<'_>, text: &str, help: Option<&str>) {
    // As titles, both, since only titles have the control characters of foreign text taken out.
    let titles =
        std::iter::once(level.primary_title(text)).chain(help.map(|help| Level::HELP.primary_title(help)));
    for title in titles {
        message(&Renderer::styled().render(&[Group::with_title(title)]));
    }
}
