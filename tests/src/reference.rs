//! Reading the pages of the documentation: fences, tables and headings. Only what they use of Markdown is known.

use std::path::{Path, PathBuf};

use flowql::{Compiler, Diagnostic, Limits, Options, SavedFilters, Schema, Scope, files};

/// A page.
#[derive(Debug)]
pub struct Page {
    /// The file, from the root of the workspace.
    pub name: String,
    /// The text.
    pub text: String,
}

/// A block of code between fences.
#[derive(Debug)]
pub struct Fence {
    /// The page and the line of the first fence, for messages.
    pub place: String,
    /// The word after the first fence.
    pub info: String,
    /// What stands between them.
    pub text: String,
    /// The heading that it stands under.
    pub heading: String,
}

/// A table.
#[derive(Debug)]
pub struct Table {
    /// The page and the line of the head, for messages.
    pub place: String,
    /// The titles of the columns.
    pub head: Vec<String>,
    /// The cells of the rows.
    pub rows: Vec<Vec<String>>,
    /// The heading that it stands under.
    pub heading: String,
}

/// The root of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

impl Page {
    /// Reads a file of the workspace.
    ///
    /// # Errors
    ///
    /// A file that cannot be read.
    pub fn read(name: &str) -> Result<Self, String> {
        let text = std::fs::read_to_string(root().join(name)).map_err(|error| format!("{name}: {error}"))?;
        Ok(Self { name: name.to_owned(), text })
    }

    /// The blocks of code, in their order.
    pub fn fences(&self) -> Vec<Fence> {
        let mut fences = Vec::new();
        let mut open: Option<Fence> = None;
        let mut heading = "";
        for (number, line) in self.text.lines().enumerate() {
            match (line.strip_prefix("```"), &mut open) {
                (Some(info), None) => {
                    let place = format!("{}:{}", self.name, number + 1);
                    let (info, heading) = (info.to_owned(), heading.to_owned());
                    open = Some(Fence { place, info, text: String::new(), heading });
                }
                (Some(_), Some(_)) => fences.extend(open.take()),
                (None, Some(fence)) => {
                    fence.text.push_str(line);
                    fence.text.push('\n');
                }
                (None, None) if line.starts_with('#') => heading = title(line),
                (None, None) => {}
            }
        }
        fences
    }

    /// The lines outside blocks of code, with their numbers.
    pub fn prose(&self) -> impl Iterator<Item = (usize, &str)> {
        let mut in_fence = false;
        self.text.lines().enumerate().filter_map(move |(number, line)| {
            let fence = line.starts_with("```");
            in_fence ^= fence;
            (!in_fence && !fence).then_some((number + 1, line))
        })
    }

    /// The headings, without their marks.
    pub fn headings(&self) -> Vec<&str> {
        self.prose().filter(|(_, line)| line.starts_with('#')).map(|(_, line)| title(line)).collect()
    }

    /// The tables, in their order.
    pub fn tables(&self) -> Vec<Table> {
        let mut tables: Vec<Table> = Vec::new();
        let mut heading = "";
        let mut last = 0;
        for (number, line) in self.prose() {
            if line.starts_with('#') {
                heading = title(line);
            }
            let Some(cells) = cells(line) else { continue };
            match tables.last_mut() {
                Some(table) if last + 1 == number => table.rows.push(cells),
                _ => tables.push(Table {
                    place: format!("{}:{number}", self.name),
                    head: cells,
                    rows: Vec::new(),
                    heading: heading.to_owned(),
                }),
            }
            last = number;
        }
        for table in &mut tables {
            // The line under the head.
            if !table.rows.is_empty() {
                table.rows.remove(0);
            }
        }
        tables
    }

    /// The targets of the links.
    pub fn links(&self) -> Vec<String> {
        let prose: Vec<&str> = self.prose().map(|(_, line)| line).collect();
        let prose = prose.join("\n");
        let after = prose.split("](").skip(1);
        after.filter_map(|rest| rest.split_once(')').map(|(target, _)| target.to_owned())).collect()
    }

    /// The anchors of the headings, as GitHub makes them.
    pub fn anchors(&self) -> Vec<String> {
        let anchor = |title: &str| {
            let kept = title.to_lowercase();
            let kept = kept.chars().filter(|found| found.is_alphanumeric() || " -_".contains(*found));
            kept.map(|found| if found == ' ' { '-' } else { found }).collect()
        };
        self.headings().into_iter().map(anchor).collect()
    }
}

impl Table {
    /// The place of the column of that title.
    pub fn column(&self, title: &str) -> Option<usize> {
        self.head.iter().position(|cell| cell == title)
    }

    /// The cells of two columns, row by row; none where the table lacks one of them.
    pub fn pairs(&self, first: &str, second: &str) -> Vec<(&str, &str)> {
        let (Some(first), Some(second)) = (self.column(first), self.column(second)) else {
            return Vec::new();
        };
        self.rows
            .iter()
            .filter_map(|row| Some((row.get(first)?.as_str(), row.get(second)?.as_str())))
            .collect()
    }
}

fn title(line: &str) -> &str {
    line.trim_start_matches('#').trim()
}

/// The cells of a row; `None` for any other line.
fn cells(line: &str) -> Option<Vec<String>> {
    let inner = line.strip_prefix('|')?.strip_suffix('|')?;
    let mut cells = vec![String::new()];
    let mut rest = inner.chars().peekable();
    while let Some(found) = rest.next() {
        match found {
            '\\' if rest.peek() == Some(&'|') => cells.last_mut()?.extend(rest.next()),
            '|' => cells.push(String::new()),
            other => cells.last_mut()?.push(other),
        }
    }
    Some(cells.into_iter().map(|cell| cell.trim().to_owned()).collect())
}

/// The pieces of code of a text.
pub fn codes(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// What the examples of a page are compiled with: every column, and the filters that its files define.
#[derive(Debug)]
pub struct Bench {
    /// The columns.
    pub schema: Schema,
    saved: SavedFilters,
}

impl Bench {
    /// The bench of a page.
    pub fn of(page: &Page) -> Self {
        let mut saved = SavedFilters::default();
        for fence in page.fences().iter().filter(|fence| fence.info == "flowql") {
            files::split(&fence.text, &Limits::DEFAULT).save_into(&mut saved, Scope::File);
        }
        // Examples outside the reference refer to a filter that it defines.
        if saved.text("customers").is_none() {
            saved.insert(Scope::Configuration, "customers", "DstNetRole = \"customers\"");
        }
        Self { schema: Schema::all_columns(), saved }
    }

    /// The compiler of the examples.
    pub fn compiler(&self) -> Compiler<'_> {
        Compiler::new(&self.schema, &self.saved)
    }

    /// The SQL of a filter; `None` for a bad one.
    pub fn sql(&self, filter: &str) -> Option<String> {
        self.compiler().compile(filter, Options::default()).sql
    }

    /// The errors of a filter in one line.
    pub fn complaint(&self, filter: &str) -> String {
        let errors = self.compiler().diagnostics(filter).into_iter().filter(Diagnostic::is_error);
        errors
            .map(|found| format!("{}: {}", found.code.number(), found.message))
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// The failures of a test, shown together, and how much was looked at.
#[derive(Debug, Default)]
pub struct Findings {
    count: usize,
    failures: Vec<String>,
}

impl Findings {
    /// Looks at one thing.
    pub fn expect(&mut self, holds: bool, place: &str, message: impl std::fmt::Display) {
        self.count += 1;
        if !holds {
            self.failures.push(format!("{place}: {message}"));
        }
    }

    /// Fails where something did not hold, or where fewer things were looked at than there are.
    pub fn finish(self, least: usize) {
        assert!(self.failures.is_empty(), "{}", self.failures.join("\n"));
        assert!(self.count >= least, "only {} things were looked at", self.count);
    }
}
