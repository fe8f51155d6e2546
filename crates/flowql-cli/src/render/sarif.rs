//! Diagnostics as SARIF 2.1.0, which code scanning services read.

use flowql::{Code, Edit, Positions, Severity, Span};
use serde_json::{Value, json};

use crate::input::Origin;
use crate::sources::{Checked, Finding};

/// The log of one run.
pub(crate) fn log(sources: &[Checked]) -> Value {
    let results: Vec<Value> = sources
        .iter()
        .flat_map(|source| {
            let positions = Positions::new(&source.text);
            source.findings.iter().map(move |found| result(source, &positions, found)).collect::<Vec<_>>()
        })
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "flowql",
                "version": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": Code::ALL.iter().map(|&code| rule(code)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn rule(code: Code) -> Value {
    let example = match code.example() {
        "" => String::new(),
        example => format!(" Example: {example}"),
    };
    json!({
        "id": code.number(),
        "name": pascal(code.name()),
        "shortDescription": { "text": code.name().replace('-', " ") },
        "fullDescription": { "text": code.doc() },
        "help": { "text": format!("{}{example}", code.doc()) },
        "defaultConfiguration": { "level": level(code.severity()) },
    })
}

/// `unknown-column` as `UnknownColumn`, as the names of rules are written.
fn pascal(name: &str) -> String {
    let mut result = String::with_capacity(name.len());
    for word in name.split('-') {
        let mut letters = word.chars();
        result.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        result.push_str(letters.as_str());
    }
    result
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Hint => "note",
    }
}

fn result(source: &Checked, positions: &Positions<'_>, found: &Finding) -> Value {
    let diagnostic = &found.diagnostic;
    let artifact = json!({ "uri": uri(&source.origin) });
    let text = match &diagnostic.help {
        Some(help) => format!("{}\n{help}", diagnostic.message),
        None => diagnostic.message.clone(),
    };
    let mut location = json!({
        "physicalLocation": { "artifactLocation": artifact, "region": region(positions, diagnostic.span) },
    });
    let mut result = json!({
        "ruleId": diagnostic.code.number(),
        "level": level(diagnostic.severity),
        "message": { "text": text },
    });
    if let (Some(name), Some(location)) = (&found.filter, location.as_object_mut()) {
        location.insert("logicalLocations".to_owned(), json!([{ "name": name }]));
    }
    if let Some(result) = result.as_object_mut() {
        result.insert("locations".to_owned(), json!([location]));
        let index = Code::ALL.iter().position(|&code| code == diagnostic.code);
        result.extend(index.map(|index| ("ruleIndex".to_owned(), json!(index))));
        if !diagnostic.fixes.is_empty() {
            let fixes: Vec<Value> = diagnostic
                .fixes
                .iter()
                .map(|fix| {
                    let edits: Vec<Value> =
                        fix.edits.iter().map(|edit| replacement(positions, edit)).collect();
                    json!({
                        "description": { "text": fix.title },
                        "properties": { "sure": fix.sure },
                        "artifactChanges": [{ "artifactLocation": artifact, "replacements": edits }],
                    })
                })
                .collect();
            result.insert("fixes".to_owned(), json!(fixes));
        }
    }
    result
}

fn replacement(positions: &Positions<'_>, edit: &Edit) -> Value {
    json!({ "deletedRegion": region(positions, edit.span), "insertedContent": { "text": edit.new_text } })
}

fn region(positions: &Positions<'_>, span: Span) -> Value {
    let (start, end) = (positions.of(span.start), positions.of(span.end));
    json!({
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
    })
}

/// The URI reference of a source: relative to where the tool runs, unless the path is absolute.
fn uri(origin: &Origin) -> String {
    let path = match origin {
        Origin::Argument => return "argument".to_owned(),
        Origin::Stdin => return "stdin".to_owned(),
        Origin::File(path) => path.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/"),
    };
    let mut uri = String::with_capacity(path.len() + 8);
    if path.starts_with('/') {
        uri.push_str("file://");
    }
    for byte in path.trim_start_matches("./").bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_uris() {
        let uri = |path: &str| uri(&Origin::File(path.into()));
        assert_eq!(uri("./a b/é.flowql"), "a%20b/%C3%A9.flowql");
        assert_eq!(uri("/x/100%.flowql"), "file:///x/100%25.flowql");
    }

    #[test]
    fn rules_have_names_in_pascal_case() {
        assert_eq!(pascal("like-without-wildcard"), "LikeWithoutWildcard");
    }
}
