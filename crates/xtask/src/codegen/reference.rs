//! `texts.txt`: what hover says of columns, by `schema.json`, and of types and operators, by
//! `reference.md` and `operators.json`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::Generated;

const SOURCE: &str = "reference.md";

/// A section below a third-level heading.
struct Section {
    /// What the heading names: a type, or operators.
    names: Vec<String>,
    /// Its prose and its good examples.
    text: String,
}

/// The texts of columns come first, in the order of the schema, then those of types and operators. A heading is a line
/// that begins with `= `.
pub(super) fn generate(root: &Path) -> Result<Generated> {
    let path = root.join("grammar").join(SOURCE);
    let page = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut texts = super::schema::texts(root)?;
    for (chapter, kind) in [("Types", "type"), ("Operators", "operator")] {
        let found = sections(&page, chapter);
        ensure!(!found.is_empty(), "grammar/{SOURCE} has no chapter `{chapter}`");
        let headed =
            found.into_iter().map(|Section { names, text }| (format!("{kind} {}", names.join(", ")), text));
        texts.extend(headed);
    }
    let asked: BTreeMap<String, String> = super::read(root, "operators.json")?;
    texts.extend(asked.into_iter().map(|(symbol, doc)| (format!("asks {symbol}"), doc)));
    let mut contents = super::preamble(SOURCE);
    for (heading, text) in texts {
        ensure!(!text.lines().any(|line| line.starts_with("= ")), "a line of `{heading}` reads as a heading");
        write!(contents, "= {heading}\n{text}\n")?;
    }
    Ok(Generated { path: "crates/flowql/src/tables/generated/texts.txt".into(), contents })
}

/// The sections of a chapter.
fn sections(page: &str, chapter: &str) -> Vec<Section> {
    let mut found: Vec<Section> = Vec::new();
    let mut inside = false;
    let mut hidden = false;
    for line in page.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            inside = heading == chapter;
        } else if let Some(heading) = line.strip_prefix("### ").filter(|_| inside) {
            let names = heading.split('`').skip(1).step_by(2).map(str::to_owned).collect();
            found.push(Section { names, text: String::new() });
        } else if let Some(section) = found.last_mut().filter(|_| inside) {
            // Examples of mistakes are for the page alone.
            hidden |= line == "```flowql-bad";
            if !hidden {
                section.text.push_str(&without_links(line));
                section.text.push('\n');
            }
            hidden &= line != "```";
        }
    }
    for section in &mut found {
        // Where an example was left out, one blank line is left of two.
        section.text = section.text.trim().replace("\n\n\n", "\n\n");
    }
    found
}

/// The line with the text of its links alone: they lead from the page.
fn without_links(line: &str) -> String {
    let mut rest = line;
    let mut kept = String::new();
    while let Some((before, (text, after))) = rest.split_once('[').and_then(|(before, link)| {
        let (text, target) = link.split_once("](")?;
        Some((before, (text, target.split_once(')')?.1)))
    }) {
        kept.push_str(before);
        kept.push_str(text);
        rest = after;
    }
    kept + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_have_prose_and_good_examples() {
        let page = "## Types\nall\n### `ip`\n\nAn [address](words.md#x), or [two](y).\n\n```flowql\nA = 1\n```\n\n```flowql-bad\nB\n```\n\nEnd.\n## Other\n### `x`\n";
        let found = sections(page, "Types");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].names, ["ip"]);
        assert_eq!(found[0].text, "An address, or two.\n\n```flowql\nA = 1\n```\n\nEnd.");
        let operators = sections("## Operators\n### `=` `!=`\nEqual.\n", "Operators");
        assert_eq!(operators[0].names, ["=", "!="]);
    }
}
