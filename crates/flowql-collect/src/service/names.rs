//! What is known of exporters and interfaces: of the configuration, and learned, which a restart has at once.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use flowql_config::Config;
use flowql_enrich::exporters::{Directory, ExporterSection, Limits};
use flowql_enrich::rules::{ClassifySection, ExporterRules, InterfaceRules, RuleFault};

/// What was learned, in the folder of the collector.
pub(crate) const FILE: &str = "exporters.json";

/// How often it is written, where it has changed.
const PERIOD: Duration = Duration::from_secs(60);

/// The directory of a configuration.
pub(crate) fn directory(exporters: usize, config: &Config) -> Arc<Directory> {
    let directory = Directory::new(Limits { exporters, ..Limits::default() });
    configure(&directory, config);
    Arc::new(directory)
}

/// Takes what a configuration says.
pub(crate) fn configure(directory: &Directory, config: &Config) {
    let classify = config.section::<ClassifySection>();
    // A configuration with faulty rules is refused before.
    let of_exporters = ExporterRules::compile_exporters(&classify.exporter).unwrap_or_default();
    let of_interfaces = InterfaceRules::compile_interfaces(&classify.interface).unwrap_or_default();
    of_exporters.warnings().iter().for_each(|fault| warn("classify.exporter", fault));
    of_interfaces.warnings().iter().for_each(|fault| warn("classify.interface", fault));
    directory.configure(&config.sections::<ExporterSection>(), of_exporters, of_interfaces);
}

/// Says what is doubtful about a rule.
fn warn(list: &str, fault: &RuleFault) {
    let (rule, setting) = (fault.rule + 1, fault.setting.as_str());
    tracing::warn!(list, rule, setting, "{}", fault.message);
}

/// Takes over what was learned before. A file that cannot be read is replaced by what is learned from now on.
pub(crate) fn load(directory: &Directory, file: &Path) {
    if let Err(error) = directory.load(file) {
        tracing::warn!(%error, "names of exporters are learned again");
    }
}

/// Writes what was learned from time to time, without an end.
pub(crate) async fn keep(directory: Arc<Directory>, file: PathBuf) {
    let mut kept = directory.generation();
    loop {
        tokio::time::sleep(PERIOD).await;
        let generation = directory.generation();
        if generation != kept {
            save(Arc::clone(&directory), file.clone()).await;
            kept = generation;
        }
    }
}

/// Writes what was learned.
pub(crate) async fn save(directory: Arc<Directory>, file: PathBuf) {
    let saved = tokio::task::spawn_blocking(move || directory.save(&file)).await;
    if let Ok(Err(error)) = saved {
        tracing::warn!(%error, "names of exporters are not kept");
    }
}

#[cfg(test)]
mod tests {

    use flowql_enrich::InterfaceFacts;
    use flowql_enrich::exporters::Source;

    use super::*;

    #[tokio::test]
    async fn what_was_learned_is_known_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        let exporter = "192.0.2.1".parse().unwrap();
        let start = || {
            let directory = directory(10, &Config::default());
            load(&directory, &file);
            directory
        };
        let first = start();
        let facts = InterfaceFacts { name: "Gi0/3".to_owned(), ..InterfaceFacts::default() };
        assert!(first.learn_interface(Source::Options, exporter, 3, facts));
        save(first, file.clone()).await;
        assert_eq!(start().interface(exporter, 3).facts.name, "Gi0/3");
        std::fs::write(&file, "{").unwrap();
        let again = start();
        assert_eq!(again.interface(exporter, 3).facts.name, "if3");
        save(again, file.clone()).await;
        assert_ne!(std::fs::read(&file).unwrap(), b"{");
    }
}
