//! The initialization options.

use std::path::{Path, PathBuf};

use flowql_config::{Config, Registry};
use serde::Deserialize;
use serde_json::Value;

/// What a client may say when it starts the server; everything may be left out.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(crate) struct InitOptions {
    /// The configuration file, instead of the `flowql.toml` of the workspace; relative to its first folder.
    pub(crate) config: Option<PathBuf>,
    /// The configuration itself, with the sections of `flowql.toml`; no file is read then.
    pub(crate) settings: Option<Value>,
}

impl InitOptions {
    /// The options of a client; a message where they are not what they should be.
    pub(crate) fn read(options: Option<Value>) -> (Self, Option<String>) {
        match options {
            None | Some(Value::Null) => (Self::default(), None),
            Some(value) => match serde_json::from_value(value) {
                Ok(options) => (options, None),
                Err(error) => {
                    (Self::default(), Some(format!("the initialization options are ignored: {error}")))
                }
            },
        }
    }

    /// The configuration that stands in the options.
    pub(crate) fn inline(&self, sections: Registry) -> Option<Result<Config, String>> {
        let settings = self.settings.as_ref()?;
        let text = toml::to_string(settings).map_err(|error| error.to_string());
        let parse = |text: String| {
            let mut config =
                Config::parse(&text, Path::new("settings"), sections).map_err(|errors| errors.to_string())?;
            // There is no file.
            config.path = None;
            Ok(config)
        };
        Some(text.and_then(parse))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn settings_are_a_configuration() {
        let (options, problem) = InitOptions::read(Some(json!({
            "settings": {"filters": {"a": "SrcAS = 1"}, "limits": {"nesting": 3}}
        })));
        assert_eq!(problem, None);
        let config = options.inline(&[]).unwrap().unwrap();
        assert_eq!(
            (config.limits.nesting, config.saved.text("a"), config.path),
            (3, Some("SrcAS = 1"), None)
        );
    }

    #[test]
    fn bad_options_are_told() {
        assert!(InitOptions::read(Some(json!({"confg": "x"}))).1.unwrap().contains("confg"));
        assert!(InitOptions::read(Some(json!(3))).1.is_some());
        assert_eq!(InitOptions::read(Some(json!(null))).1, None);
        for bad in [json!({"schema": {"enabel": []}}), json!({"limits": {"nesting": null}}), json!([1])] {
            let options = InitOptions { settings: Some(bad), ..InitOptions::default() };
            assert!(options.inline(&[]).unwrap().is_err());
        }
    }
}
