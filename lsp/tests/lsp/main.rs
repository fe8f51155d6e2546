//! The language server as its clients meet it: the built binary, over the real protocol.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod answers;
mod backends;
mod client;
mod completion;
mod files;
mod flows;
mod order;
mod robust;

use serde_json::Value;

/// Compares with a snapshot.
fn snapshot(name: &str, text: &str) {
    insta::with_settings!({
        snapshot_path => "../../../snapshots/lsp",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(name, text);
    });
}

/// The codes of diagnostics, with the lines where they begin.
fn codes(diagnostics: &Value) -> Vec<(u64, &str)> {
    let all = diagnostics.as_array().unwrap();
    all.iter()
        .map(|found| (found["range"]["start"]["line"].as_u64().unwrap(), found["code"].as_str().unwrap()))
        .collect()
}
