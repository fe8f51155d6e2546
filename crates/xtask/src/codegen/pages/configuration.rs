//! `configuration.md`: the reference of `flowql.toml`.

use std::fmt::Write;

use anyhow::Result;
use flowql_config::{Config, Section, Setting, Shape};

use super::{code, head, row};

pub(super) fn body() -> Result<String> {
    let mut body = String::from(
        "# The configuration\n\n\
         `flowql.toml` is looked for in the working directory and its parents, or given by `--config`. An unknown \
         key is an error. `flowql config` prints what is in force.\n",
    );
    for section in Config::section_reference() {
        write_section(&mut body, section)?;
    }
    Ok(body)
}

fn write_section(body: &mut String, section: &Section) -> Result<()> {
    let title = match section.shape {
        Shape::Tables => format!("[[{}]]", section.name),
        Shape::Table | Shape::Names => format!("[{}]", section.name),
    };
    write!(body, "\n## `{title}`\n\n{}\n\n", section.doc)?;
    body.push_str(&head(&["Key", "Value", "Default", "What it does"]));
    for setting in Config::reference().iter().filter(|setting| setting.section == section.name) {
        body.push_str(&row([
            code(setting.key).as_str(),
            &setting.kind.to_string(),
            &default(setting),
            setting.doc,
        ]));
    }
    write!(body, "\n```toml\n{}\n```\n", section.example.trim())?;
    Ok(())
}

fn default(setting: &Setting) -> String {
    if setting.required { "required".to_owned() } else { code(setting.default) }
}
