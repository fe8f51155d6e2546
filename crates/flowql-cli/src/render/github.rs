//! Diagnostics as workflow commands of GitHub Actions, which shows them beside the changed lines.

use std::fmt::Write as _;

use flowql::{Positions, Report, Severity};

use crate::sources::Checked;

/// One line for each diagnostic: `::error file=F,line=1,col=2,endLine=1,endColumn=5,title=E101::message`.
pub(crate) fn render(sources: &[Checked]) -> String {
    let mut lines = String::new();
    for source in sources {
        let positions = Positions::new(&source.text);
        for found in &source.findings {
            let report = Report::new(&found.diagnostic, &positions);
            let command = match report.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Hint => "notice",
            };
            // Writing to a string cannot fail.
            let _ = write!(lines, "::{command} ");
            if let Some(path) = source.origin.path() {
                let _ = write!(lines, "file={},", property(&path));
            }
            let Report { line, column, end_line, end_column, code, message, .. } = report;
            let _ = write!(lines, "line={line},col={column},endLine={end_line},endColumn={end_column},");
            let mut text = message.to_owned();
            if let Some(help) = report.help {
                let _ = write!(text, "\n{help}");
            }
            let _ = writeln!(lines, "title={}::{}", property(code), data(&text));
        }
    }
    lines
}

/// A message: what would end the line is escaped.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property: what would end the property is escaped as well.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_meaning_is_escaped() {
        assert_eq!(data("50%\r\na,b:c"), "50%25%0D%0Aa,b:c");
        assert_eq!(property("50%\na,b:c"), "50%25%0Aa%2Cb%3Ac");
    }
}
