//! Applying fixes, for `check --fix`.

use flowql::{Fix, ide};
use flowql_config::Config;

use crate::input::Input;
use crate::sources::{self, Checked};

/// Mending one error can bring another to light; more rounds than this are not worth it.
const ROUNDS: usize = 10;

/// Applies the sure fixes of errors, in rounds, as long as none leaves more errors than there were. Gives the text that
/// results, checked, and how many fixes were applied.
pub(crate) fn mend(mut source: Checked, config: &Config) -> (Checked, usize) {
    let mut applied = 0;
    for _ in 0..ROUNDS {
        let (edits, count) = ide::single_fixes(source.findings.iter().map(|found| &found.diagnostic));
        if count == 0 {
            break;
        }
        let text = Fix::of_edits("", edits).apply(&source.text);
        let mended = sources::check(Input { origin: source.origin.clone(), text }, config);
        if errors(&mended) > errors(&source) {
            break;
        }
        applied += count;
        source = mended;
    }
    (source, applied)
}

fn errors(source: &Checked) -> usize {
    source.findings.iter().filter(|found| found.diagnostic.is_error()).count()
}
