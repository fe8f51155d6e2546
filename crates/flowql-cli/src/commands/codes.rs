//! `flowql codes`: what the diagnostic codes mean.

use flowql::{Code, Fixes, Severity, tables};
use serde::Serialize;

use crate::args::Codes;
use crate::console::Output;
use crate::failure::{Failure, Status};

/// A code as JSON has it.
#[derive(Debug, Serialize)]
struct Entry {
    code: &'static str,
    name: &'static str,
    severity: Severity,
    /// What fixes its diagnostics can have.
    fixes: Fixes,
    doc: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    example: &'static str,
}

impl From<Code> for Entry {
    fn from(code: Code) -> Self {
        Self {
            code: code.number(),
            name: code.name(),
            severity: code.severity(),
            fixes: code.fixes(),
            doc: code.doc(),
            example: code.example(),
        }
    }
}

pub(super) fn run(args: &Codes) -> Result<Status, Failure> {
    let mut output = Output::new();
    match &args.code {
        Some(word) => {
            let entry = Entry::from(find(word)?);
            if args.json { output.json(&entry)? } else { output.text(&page(&entry))? }
        }
        None => {
            let entries: Vec<Entry> = Code::ALL.iter().copied().map(Entry::from).collect();
            if args.json {
                output.json(&entries)?;
            } else {
                let width = entries.iter().map(|entry| entry.name.len()).max().unwrap_or_default();
                for Entry { code, name, severity, doc, .. } in entries {
                    output.line(&format!("{code}  {:7}  {name:width$}  {doc}", severity.name()))?;
                }
            }
        }
    }
    output.finish()?;
    Ok(Status::Good)
}

fn page(entry: &Entry) -> String {
    let Entry { code, name, severity, fixes, doc, example } = entry;
    let mut page = format!("{code} {name} ({})\n\n{doc}\n", severity.name());
    page.push_str(match fixes {
        Fixes::None => "",
        Fixes::Guess => "\nIts fixes are choices for a person to make.\n",
        Fixes::Sure => "\nIt can have fixes that are sure, which `flowql check --fix` applies.\n",
    });
    if !example.is_empty() {
        page.push_str(&format!("\nExample:\n  {example}\n"));
    }
    page
}

/// The code of a number or a name, in any case.
fn find(word: &str) -> Result<Code, Failure> {
    let same =
        |code: &&Code| code.number().eq_ignore_ascii_case(word) || code.name().eq_ignore_ascii_case(word);
    Code::ALL.iter().copied().find(|code| same(&code)).ok_or_else(|| {
        let known = Code::ALL.iter().flat_map(|code| [code.number(), code.name()]);
        let help = match tables::closest(word, known).first() {
            Some(near) => format!("did you mean `{near}`? `flowql codes` lists them all"),
            None => "`flowql codes` lists them all".to_owned(),
        };
        Failure::new(format!("there is no code `{word}`"), help)
    })
}
