//! `flowql help`: the language and the commands.

use clap::CommandFactory as _;

use crate::args::{Cli, Help};
use crate::console::Output;
use crate::failure::{Failure, Status};

/// The pages about the language, by their topic.
const PAGES: [(&str, &str, &str); 6] = [
    ("language", "the reference of the language", include_str!("../../../../grammar/reference.md")),
    ("columns", "every column, with its type and an example", include_str!("../../../../grammar/columns.md")),
    ("configuration", "every setting of flowql.toml", include_str!("../../../../grammar/configuration.md")),
    (
        "diagnostics",
        "every diagnostic code, with an example",
        include_str!("../../../../grammar/diagnostics.md"),
    ),
    ("words", "keywords, operators, words, protocols", include_str!("../../../../grammar/words.md")),
    (
        "coming-from",
        "for people who know the Akvorado console, SQL, nfdump or Wireshark",
        include_str!("../../../../grammar/coming-from.md"),
    ),
];

pub(super) fn run(args: &Help) -> Result<Status, Failure> {
    let mut output = Output::new();
    match args.topic.as_deref() {
        None => {
            output.text(&Cli::command().render_long_help().to_string())?;
            output.text("\nTopics:\n")?;
            for (topic, about, _) in PAGES {
                output.line(&format!("  flowql help {topic:13} {about}"))?;
            }
        }
        Some(topic) => output.text(&page(topic)?)?,
    }
    output.finish()?;
    Ok(Status::Good)
}

/// The page of a topic, or the help of a command.
fn page(topic: &str) -> Result<String, Failure> {
    if let Some((_, _, page)) = PAGES.iter().find(|(name, _, _)| name.eq_ignore_ascii_case(topic)) {
        // The mark of a generated page is for those who edit it.
        let lines = page.lines().skip_while(|line| line.starts_with("<!--") || line.is_empty());
        return Ok(lines.map(|line| format!("{line}\n")).collect());
    }
    let mut cli = Cli::command();
    if let Some(command) = cli.find_subcommand_mut(topic) {
        return Ok(command.render_long_help().to_string());
    }
    let commands = cli.get_subcommands().map(clap::Command::get_name).collect::<Vec<_>>();
    let topics = PAGES.iter().map(|(name, _, _)| *name).chain(commands);
    let help = match flowql::tables::closest(topic, topics).first() {
        Some(near) => format!("did you mean `flowql help {near}`?"),
        None => "`flowql help` lists the topics".to_owned(),
    };
    Err(Failure::new(format!("there is no help on `{topic}`"), help))
}
