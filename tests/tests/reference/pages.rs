//! The pages themselves: links, paths, lines, and what the README shows of a terminal.

use flowql::{Compiler, Position, Positions, SavedFilters, Schema};
use flowql_tests::reference::{Findings, Page, codes, root};

use crate::{OTHERS, WRITTEN, pages};

#[test]
fn links_lead_somewhere() {
    let mut findings = Findings::default();
    for page in pages() {
        let folder = root().join(&page.name).parent().unwrap().to_owned();
        for link in page.links().iter().filter(|link| !link.starts_with("http")) {
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() { root().join(&page.name) } else { folder.join(path) };
            findings.expect(target.exists(), &page.name, link);
            if !anchor.is_empty() && target.exists() {
                let text = std::fs::read_to_string(&target).unwrap();
                let anchors = Page { name: link.clone(), text }.anchors();
                findings.expect(anchors.iter().any(|found| found == anchor), &page.name, link);
            }
        }
    }
    findings.finish(150);
}

#[test]
fn paths_lead_somewhere() {
    let mut findings = Findings::default();
    let folders = ["grammar/", "crates/", "tests/"];
    for page in OTHERS.iter().map(|name| Page::read(name).unwrap()) {
        for path in page.prose().flat_map(|(_, line)| codes(line)) {
            let pattern = path.contains(['*', '{']);
            if folders.iter().any(|folder| path.starts_with(folder)) && !pattern {
                findings.expect(root().join(path).exists(), &page.name, path);
            }
        }
    }
    findings.finish(25);
}

#[test]
fn written_pages_fit_a_terminal() {
    let mut findings = Findings::default();
    for name in WRITTEN {
        for (number, line) in Page::read(name).unwrap().text.lines().enumerate() {
            findings.expect(line.chars().count() <= 100, name, format!("line {} is too long", number + 1));
        }
    }
    findings.finish(500);
}

/// The filter of a line `$ flowql COMMAND 'FILTER'`.
fn filter_of_command(line: &str) -> Option<&str> {
    line.strip_prefix("$ flowql ")?.split_once('\'')?.1.strip_suffix('\'')
}

#[test]
fn transcripts_of_the_readme_are_true() {
    let page = Page::read("README.md").unwrap();
    let schema = Schema::default();
    let saved = SavedFilters::default();
    let compiler = Compiler::new(&schema, &saved);
    let mut findings = Findings::default();
    for fence in page.fences().iter().filter(|fence| fence.info == "console") {
        let Some(filter) = fence.text.lines().find_map(filter_of_command) else { continue };
        let diagnostics = compiler.diagnostics(filter);
        let expected: Vec<String> = diagnostics
            .iter()
            .map(|found| format!("{}[{}]: {}", found.severity.name(), found.code.number(), found.message))
            .collect();
        let severities = ["error[", "warning[", "hint["];
        let shown: Vec<&str> = fence
            .text
            .lines()
            .filter(|line| severities.iter().any(|start| line.starts_with(start)))
            .collect();
        findings.expect(shown == expected, &fence.place, format!("{shown:#?}\n{expected:#?}"));
        let positions = Positions::new(filter);
        for found in &diagnostics {
            let Position { line, column } = positions.of(found.span.start);
            let place = format!(" --> <argument>:{line}:{column}\n");
            let fixes = found.fixes.iter().map(|fix| format!("\nfix: {}\n", fix.title));
            let help = found.help.iter().map(|help| format!("\nhelp: {help}\n"));
            for part in fixes.chain(help).chain([place]) {
                findings.expect(fence.text.contains(&part), &fence.place, part);
            }
        }
    }
    findings.finish(5);
}
