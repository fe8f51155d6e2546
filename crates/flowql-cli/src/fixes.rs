//! Applying fixes, for `check --fix`.

use flowql::{Edit, Fix};
use flowql_config::Config;

use crate::input::Input;
use crate::sources::{self, Checked};

/// Mending one error can bring another to light; more rounds than this are not worth it.
const ROUNDS: usize = 10;

/// Applies the fixes of errors that have exactly one, as long as each round leaves fewer errors. Gives the text that
/// results, checked, and how many fixes were applied.
pub(crate) fn mend(mut source: Checked, config: &Config) -> (Checked, usize) {
    let mut applied = 0;
    for _ in 0..ROUNDS {
        let (edits, count) = edits(&source);
        if count == 0 {
            break;
        }
        let text = Fix { title: String::new(), edits }.apply(&source.text);
        let mended = sources::check(Input { origin: source.origin.clone(), text }, config);
        if errors(&mended) >= errors(&source) {
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

/// The edits of the fixes to apply, in the order of the text, and the number of fixes. Of two that overlap, the first
/// is taken.
fn edits(source: &Checked) -> (Vec<Edit>, usize) {
    let mut edits: Vec<Edit> = Vec::new();
    let mut count = 0;
    let mut end = 0;
    for found in &source.findings {
        let [fix] = found.diagnostic.fixes.as_slice() else { continue };
        let first = fix.edits.first().map(|edit| edit.span.start);
        if !found.diagnostic.is_error() || first.is_none_or(|start| count > 0 && start < end) {
            continue;
        }
        end = fix.edits.last().map_or(end, |edit| edit.span.end);
        edits.extend(fix.edits.iter().cloned());
        count += 1;
    }
    (edits, count)
}
