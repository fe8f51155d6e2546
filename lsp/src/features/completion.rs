//! Completion.

use flowql::Span;
use flowql::ide::{Candidate, CandidateKind};
use flowql::tables::Operator;
use flowql_backend::{FilterCompletion, begin};
use tower_lsp::ls_types::{
    CompletionItem, CompletionItemKind, CompletionTextEdit, Documentation, InsertReplaceEdit,
    InsertTextFormat, Position, TextEdit,
};

use super::hover::markup;
use crate::request::Request;

/// What may stand at a place of a document, with offsets in the document.
pub(crate) struct Offer {
    pub(crate) completion: FilterCompletion,
    offset: u32,
    shift: u32,
}

/// How many values are asked for.
const MOST_VALUES: usize = 50;

/// What may stand at a place; `None` outside of every filter.
pub(crate) fn offer(request: &Request, position: Position) -> Option<Offer> {
    let offset = request.lines().offset(position);
    let (filter, own) = request.own_text_at(offset)?;
    let limit = request.snapshot.config.source.as_ref().map(|_| MOST_VALUES);
    let mut completion = begin(&request.compiler(), &filter.body.text, own, limit);
    if let Some(own) = &filter.name {
        // A filter cannot refer to itself.
        let leads_here = |candidate: &Candidate| {
            let name =
                candidate.label.strip_prefix('@').filter(|_| candidate.kind == CandidateKind::SavedFilter);
            name.is_some_and(|name| request.environment.leads_to(name, own))
        };
        completion.completions.candidates.retain(|candidate| !leads_here(candidate));
    }
    Some(Offer { completion, offset, shift: filter.span.start })
}

/// The candidates as the client takes them, with the documentation of each. A client that asks for the documentation
/// when it shows it finds the number of its candidate in `data`, after that of the list.
pub(crate) fn items(request: &Request, offer: &Offer, list: u64) -> (Vec<CompletionItem>, Vec<String>) {
    let client = &request.snapshot.client;
    let lines = request.lines();
    let completions = &offer.completion.completions;
    let replace = completions.replace.shifted(offer.shift);
    let insert = Span { start: replace.start, end: offer.offset.clamp(replace.start, replace.end) };
    let (replace_range, insert_range) = (lines.range(replace), lines.range(insert));
    // The protocol has edits within one line only; without one the client takes the word before the cursor.
    let one_line = replace_range.start.line == replace_range.end.line;
    let typed = insert.of(&request.document.text);
    let in_list = matches!(
        completions.request.as_ref().map(|request| request.operator),
        Some(Operator::In | Operator::NotIn)
    );
    let room = has_room(request.document.text.get(replace.end as usize..).unwrap_or_default());
    let mut documentation = Vec::with_capacity(completions.candidates.len());
    let mut items = Vec::with_capacity(completions.candidates.len());
    for (index, candidate) in completions.candidates.iter().enumerate() {
        let snippet = if client.snippets && room { snippet(candidate) } else { None };
        let new_text = snippet.clone().unwrap_or_else(|| candidate.insert.clone());
        let edit = if client.insert_and_replace {
            CompletionTextEdit::InsertAndReplace(InsertReplaceEdit {
                new_text: new_text.clone(),
                insert: insert_range,
                replace: replace_range,
            })
        } else {
            CompletionTextEdit::Edit(TextEdit { range: replace_range, new_text: new_text.clone() })
        };
        let text = candidate.documentation.clone();
        let inline = (!text.is_empty() && !client.resolves_documentation)
            .then(|| Documentation::MarkupContent(markup(request, text.clone())));
        items.push(CompletionItem {
            label: candidate.label.clone(),
            kind: Some(kind(candidate.kind)),
            detail: (!candidate.detail.is_empty()).then(|| candidate.detail.clone()),
            documentation: inline,
            sort_text: Some(format!("{index:04}")),
            filter_text: filter_text(candidate, typed),
            insert_text: (!one_line).then(|| new_text.clone()),
            insert_text_format: snippet.map(|_| InsertTextFormat::SNIPPET),
            text_edit: one_line.then_some(edit),
            commit_characters: client
                .commit_characters
                .then(|| commit_characters(candidate, in_list))
                .filter(|characters| !characters.is_empty()),
            data: (client.resolves_documentation && !text.is_empty())
                .then(|| serde_json::json!([list, index])),
            ..CompletionItem::default()
        });
        documentation.push(text);
    }
    (items, documentation)
}

fn kind(kind: CandidateKind) -> CompletionItemKind {
    match kind {
        CandidateKind::Column => CompletionItemKind::FIELD,
        CandidateKind::Operator => CompletionItemKind::OPERATOR,
        CandidateKind::Keyword => CompletionItemKind::KEYWORD,
        CandidateKind::Value => CompletionItemKind::VALUE,
        CandidateKind::SavedFilter => CompletionItemKind::FUNCTION,
        CandidateKind::Punctuation => CompletionItemKind::TEXT,
    }
}

/// What a client compares with the text that was typed, where the label would not do: a candidate may be found by its
/// detail, replace an operator, or stand in quotes.
fn filter_text(candidate: &Candidate, typed: &str) -> Option<String> {
    let begins = |text: &str| text.get(..typed.len()).is_some_and(|start| start.eq_ignore_ascii_case(typed));
    let insert = candidate.insert.trim();
    if begins(&candidate.label) {
        None
    } else if begins(insert) {
        Some(insert.to_owned())
    } else {
        Some(format!("{typed} {}", candidate.label))
    }
}

/// What accepts a candidate when it is typed: what may follow it and is not inserted with it.
fn commit_characters(candidate: &Candidate, in_list: bool) -> Vec<String> {
    let characters: &[&str] = match candidate.kind {
        CandidateKind::Column => &[" ", "=", "!", "<", ">"],
        CandidateKind::Value if in_list => &[",", ")"],
        CandidateKind::SavedFilter => &[")"],
        CandidateKind::Operator
        | CandidateKind::Value
        | CandidateKind::Keyword
        | CandidateKind::Punctuation => &[],
    };
    let ends_blank = candidate.insert.ends_with(' ');
    let characters = characters.iter().filter(|&&character| !(ends_blank && character == " "));
    characters.map(|&character| character.to_owned()).collect()
}

/// Whether what a snippet adds after the cursor cannot run into what stands there.
fn has_room(after: &str) -> bool {
    let line = after.split('\n').next().unwrap_or_default().trim();
    line.is_empty()
}

/// The candidate as a snippet, where it has places to fill in.
fn snippet(candidate: &Candidate) -> Option<String> {
    let insert = escape(&candidate.insert);
    match (candidate.kind, candidate.label.as_str()) {
        (CandidateKind::Operator, _) if insert.ends_with('(') => Some(format!("{insert}$1)$0")),
        (CandidateKind::Operator, label) if label.ends_with("BETWEEN") => {
            Some(format!("{} ${{1:low}} AND ${{2:high}}", insert.trim_end()))
        }
        (CandidateKind::Operator, label)
            if ["LIKE", "ILIKE", "UNLIKE", "IUNLIKE", "REGEXP"].iter().any(|word| label.ends_with(word)) =>
        {
            Some(format!("{} \"$1\"$0", insert.trim_end()))
        }
        (CandidateKind::Punctuation, _) if insert.ends_with('(') => Some(format!("{insert}$1)$0")),
        _ => None,
    }
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('$', "\\$").replace('}', "\\}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(kind: CandidateKind, label: &str, insert: &str) -> Candidate {
        Candidate {
            label: label.to_owned(),
            kind,
            detail: String::new(),
            documentation: String::new(),
            insert: insert.to_owned(),
        }
    }

    #[test]
    fn snippets_have_places_to_fill_in() {
        let snippet = |kind, label, insert| snippet(&candidate(kind, label, insert));
        assert_eq!(snippet(CandidateKind::Operator, "IN", "IN (").as_deref(), Some("IN ($1)$0"));
        assert_eq!(
            snippet(CandidateKind::Operator, "NOT BETWEEN", " NOT BETWEEN ").as_deref(),
            Some(" NOT BETWEEN ${1:low} AND ${2:high}")
        );
        assert_eq!(snippet(CandidateKind::Operator, "LIKE", "LIKE ").as_deref(), Some("LIKE \"$1\"$0"));
        assert_eq!(snippet(CandidateKind::Punctuation, "(", " (").as_deref(), Some(" ($1)$0"));
        assert_eq!(snippet(CandidateKind::Value, "a$b", "\"a$b\""), None);
        assert_eq!(escape("a$b}\\"), "a\\$b\\}\\\\");
    }

    #[test]
    fn clients_find_what_the_core_found() {
        let filter =
            |label, insert, typed| filter_text(&candidate(CandidateKind::Value, label, insert), typed);
        assert_eq!(filter("SrcAS", "SrcAS ", "src"), None);
        assert_eq!(filter("tcp", "\"tcp\"", "\"t").as_deref(), Some("\"tcp\""));
        assert_eq!(filter("external", "= external", "=").as_deref(), Some("= external"));
        assert_eq!(filter("23", "23", "telnet").as_deref(), Some("telnet 23"));
        assert_eq!(filter("x", "x", "é").as_deref(), Some("é x"));
    }
}
