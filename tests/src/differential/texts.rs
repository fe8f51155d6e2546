//! Texts near a pattern: those that match it, and those that just do not.

use regex_syntax::hir::{Class, Hir, HirKind};

use crate::random::Random;

/// What texts are made of beside the pattern's own characters. Cases beyond Latin-1 are left out: what ILIKE makes of
/// them depends on the engine.
const PIECES: &[&str] = &["a", "B", "7", " ", "é", "\u{1F600}", "\n", "%", "_", "\\", "'", "\0", "-", "."];

/// The last character of Cyrillic.
const LAST_KNOWN: char = '\u{52F}';

/// A text that a LIKE pattern matches.
pub(super) fn like(pattern: &str, random: &mut Random) -> String {
    let mut text = String::new();
    let mut rest = pattern.chars().peekable();
    while let Some(found) = rest.next() {
        match found {
            '%' => (0..random.below(3)).for_each(|_| text.push_str(random.pick(PIECES))),
            '_' => text.push_str(random.pick(PIECES)),
            '\\' => text.push(rest.next_if(|next| matches!(next, '%' | '_' | '\\')).unwrap_or(found)),
            _ => text.push(found),
        }
    }
    text
}

/// A text that a regular expression matches, unless its assertions are against it.
pub(super) fn regexp(pattern: &str, random: &mut Random) -> String {
    let mut text = String::new();
    let hir = flowql_eval::regexp::translate(pattern).and_then(|translated| {
        regex_syntax::ParserBuilder::new()
            .utf8(false)
            .dot_matches_new_line(true)
            .build()
            .parse(&translated)
            .ok()
    });
    if random.one_in(3) {
        text.push_str(random.pick(PIECES));
    }
    if let Some(hir) = hir {
        sample(&hir, random, &mut text);
    }
    if random.one_in(3) {
        text.push_str(random.pick(PIECES));
    }
    text
}

fn sample(hir: &Hir, random: &mut Random, text: &mut String) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(&String::from_utf8_lossy(&literal.0)),
        HirKind::Class(Class::Unicode(class)) => {
            // Not beyond Cyrillic, where it can be avoided: what has its category since long has it in both engines.
            let known: Vec<_> = class.ranges().iter().filter(|range| range.start() <= LAST_KNOWN).collect();
            if known.is_empty() {
                text.extend(class.ranges().first().map(regex_syntax::hir::ClassUnicodeRange::start));
            } else {
                let range = known[random.below(known.len())];
                let (low, high) = (u32::from(range.start()), u32::from(range.end().min(LAST_KNOWN)));
                let place = low + random.below((high - low + 1) as usize) as u32;
                text.push(char::from_u32(place).unwrap_or(range.start()));
            }
        }
        HirKind::Class(Class::Bytes(_)) => text.push_str(random.pick(PIECES)),
        HirKind::Repetition(repetition) => {
            let most = repetition.max.unwrap_or(repetition.min + 3).min(repetition.min + 3);
            let count = repetition.min + random.below((most - repetition.min + 1) as usize) as u32;
            (0..count.min(20)).for_each(|_| sample(&repetition.sub, random, text));
        }
        HirKind::Capture(capture) => sample(&capture.sub, random, text),
        HirKind::Concat(parts) => parts.iter().for_each(|part| sample(part, random, text)),
        HirKind::Alternation(branches) => sample(&branches[random.below(branches.len())], random, text),
    }
}

/// A text that differs a little.
pub(super) fn near(text: &str, random: &mut Random) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let place = random.below(chars.len().max(1)).min(chars.len());
    let new = random.pick(PIECES).chars().next().unwrap_or('a');
    match random.below(7) {
        0 => chars.push(new),
        1 => chars.insert(0, new),
        2 => chars.insert(place, new),
        3 if !chars.is_empty() => drop(chars.remove(place)),
        4 if !chars.is_empty() => chars[place] = new,
        5 => chars.push('\0'),
        _ => chars.iter_mut().for_each(|found| *found = other_case(*found)),
    }
    chars.into_iter().collect()
}

/// The character in the other case, within Latin-1.
fn other_case(found: char) -> char {
    let swapped: Vec<char> =
        if found.is_lowercase() { found.to_uppercase().collect() } else { found.to_lowercase().collect() };
    match swapped[..] {
        [swapped] if found <= '\u{FE}' && swapped <= '\u{FE}' => swapped,
        _ => found,
    }
}
