//! Applying fixes, for `check --fix`.

use flowql::{Fix, ide};
use flowql_config::Config;

use crate::input::Input;
use crate::sources::{self, Checked};

/// Mending one error can bring another to light; more rounds than this are not worth it.
const ROUNDS: usize = 10;

/// Applies the sure fixes of errors, in rounds until none is left. Gives the text that
/// results, checked, and how many fixes were applied.
pub(crate) fn mend(mut source: Checked, config: &Config) -> (Checked, usize) {
    let mut applied = 0;
    for _ in 0..ROUNDS {
        let (edits, count) = ide::sure_fixes(source.findings.iter().map(|found| &found.diagnostic));
        if count == 0 {
            break;
        }
        let text = Fix::of_edits("", edits).apply(&source.text);
        applied += count;
        source = sources::check(Input { origin: source.origin.clone(), text }, config);
    }
    (source, applied)
}
