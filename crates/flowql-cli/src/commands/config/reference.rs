//! The reference of all settings: as text, as JSON, and as the page of the documentation.

use flowql_config::{Config, SectionInfo, Setting};
use serde::Serialize;

use crate::sections::SECTIONS;

/// A setting as JSON has it.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    section: &'static str,
    key: &'static str,
    #[serde(rename = "type")]
    kind: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    unit: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    example: Option<String>,
    required: bool,
    doc: &'static str,
}

/// Every section, those within others after them.
fn sections() -> impl Iterator<Item = &'static SectionInfo> {
    Config::reference(SECTIONS).into_iter().flat_map(SectionInfo::family)
}

/// Every setting.
pub(super) fn rows() -> Vec<Row> {
    let of_section = |section: &'static SectionInfo| {
        section.settings().map(|setting| Row {
            section: section.name,
            key: setting.key,
            kind: setting.kind.to_string(),
            unit: setting.unit,
            default: setting.default(),
            example: setting.example(),
            required: setting.required,
            doc: setting.doc,
        })
    };
    sections().flat_map(of_section).collect()
}

/// Every section and setting, as a commented file would have them.
pub(super) fn text() -> String {
    let sections = sections().map(|section| {
        let mut text = format!("{}\n{}\n", section.title(), section.doc);
        for setting in section.settings() {
            let default = match (setting.required, setting.default()) {
                (true, _) => ", required".to_owned(),
                (false, None) => String::new(),
                (false, Some(default)) => format!(", default {default}"),
            };
            let example = setting.example().filter(|_| setting.has_own_example());
            let example = example.map(|example| format!(", for example {example}")).unwrap_or_default();
            let Setting { key, doc, .. } = setting;
            text.push_str(&format!("\n  {key}: {}{default}{example}\n      {doc}\n", setting.value()));
        }
        text
    });
    sections.collect::<Vec<_>>().join("\n")
}

/// The sections of the page, each with the table of its settings.
pub(super) fn markdown() -> String {
    let sections = sections().map(|section| {
        let mut text = format!("## `{}`\n\n{}\n\n", section.title(), section.doc);
        text.push_str("| Key | Value | Default | Example | What it does |\n|---|---|---|---|---|\n");
        for setting in section.settings() {
            let default = match (setting.required, setting.default()) {
                (true, _) => "required".to_owned(),
                (false, default) => code(default),
            };
            let example = code(setting.example().filter(|_| setting.has_own_example()));
            let cells =
                [&code(Some(setting.key.to_owned())), &setting.value(), &default, &example, setting.doc];
            let cells = cells.map(|cell| cell.replace('|', "\\|"));
            text.push_str(&format!("| {} |\n", cells.join(" | ")));
        }
        text.push_str(&format!("\n```toml\n{}\n```\n", section.example.trim()));
        text
    });
    sections.collect::<Vec<_>>().join("\n")
}

/// A piece of code, or what a cell holds that has nothing to say.
fn code(text: Option<String>) -> String {
    text.map_or_else(|| "–".to_owned(), |text| format!("`{text}`"))
}
