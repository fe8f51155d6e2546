//! The settings of a page on their way from JavaScript.

use flowql::{ConfigError, CustomColumn, Limits, SavedFilters, Schema, SchemaConfig, Scope};
use wasm_bindgen::prelude::wasm_bindgen;

/// The longest filter that a page may allow, in bytes; what is asked of a text costs a multiple of it in memory.
const LONGEST: u32 = 1 << 20;

/// Settings being put together, one call for each.
#[wasm_bindgen]
#[derive(Debug, Default)]
pub struct Settings {
    schema: SchemaConfig,
    saved: SavedFilters,
    limits: Limits,
    errors: Vec<ConfigError>,
}

#[wasm_bindgen]
impl Settings {
    /// The default settings.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a name to `enable`, `disable`, `materialize`, `every_table` or `main_only`.
    pub fn name(&mut self, setting: &str, name: String) {
        let schema = &mut self.schema;
        let list = match setting {
            "enable" => &mut schema.enable,
            "disable" => &mut schema.disable,
            "materialize" => &mut schema.materialize,
            "every_table" => &mut schema.every_table,
            "main_only" => &mut schema.main_only,
            _ => return,
        };
        list.push(name);
    }

    /// Adds a custom column.
    pub fn column(
        &mut self,
        name: String,
        kind: String,
        description: String,
        clickhouse_type: Option<String>,
        main_only: bool,
    ) {
        let column =
            CustomColumn { name, kind, description, clickhouse_type, main_only, ..CustomColumn::default() };
        self.schema.column.push(column);
    }

    /// Names a community.
    pub fn community(&mut self, value: String, name: String) {
        self.schema.communities.push((value, name));
    }

    /// Adds a saved filter.
    pub fn filter(&mut self, name: String, text: String) {
        if !flowql::is_filter_name(&name) {
            let message =
                format!("`{name}` is no name: a letter or `_`, then letters, digits, `_` and single `-`");
            self.error(format!("filters.{name}"), message);
        }
        self.saved.insert(Scope::User, name, text);
    }

    /// Sets how long a filter may be, in bytes.
    pub fn length(&mut self, length: u32) {
        if length == 0 || length > LONGEST {
            self.error("limits.length".to_owned(), format!("expecting 1 to {LONGEST}"));
        }
        self.limits.length = length as usize;
    }
}

impl Settings {
    fn error(&mut self, path: String, message: String) {
        self.errors.push(ConfigError { path, message, help: None });
    }

    /// What the settings make, or everything that is wrong with them.
    pub(crate) fn apply(self, schema: Schema) -> Result<(Schema, SavedFilters, Limits), Vec<ConfigError>> {
        let mut errors = self.errors;
        match schema.configure(&self.schema) {
            Ok(schema) if errors.is_empty() => Ok((schema, self.saved, self.limits)),
            Ok(_) => Err(errors),
            Err(found) => {
                errors.extend(found);
                Err(errors)
            }
        }
    }
}
