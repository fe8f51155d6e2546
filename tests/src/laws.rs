//! The laws that hold for every text, valid or not.

use flowql::syntax::{self, TokenKind};
use flowql::{Code, Compiler, Diagnostic, Encoding, Options, Position, Positions};

/// Nothing, or what is broken.
pub type Outcome = Result<(), String>;

/// Whether the character may lie in no token: the blanks of the language, those that are reported, and the byte
/// order mark.
fn is_blank(found: char) -> bool {
    found.is_whitespace() || matches!(found, '\u{FEFF}' | '\u{200B}' | '\u{2060}' | '\u{180E}')
}

/// Every byte lies in a token or a blank; tokens are in order and do not overlap.
///
/// # Errors
///
/// The first token or gap that is wrong.
pub fn tokens_cover_the_text(compiler: &Compiler<'_>, text: &str) -> Outcome {
    let mut end = 0;
    for token in syntax::parse(text, &compiler.limits).tokens {
        let range = token.span.range();
        let gap =
            text.get(end..range.start).ok_or_else(|| format!("{token:?} overlaps what is before it"))?;
        if !gap.chars().all(is_blank) {
            return Err(format!("`{gap}` lies in no token"));
        }
        if text.get(range.clone()).is_none() || range.is_empty() != token.kind.is_missing() {
            return Err(format!("{token:?} is out of bounds, or empty"));
        }
        if !token.kind.is_missing() {
            end = range.end;
        }
    }
    let rest = text.get(end..).unwrap_or_default();
    if rest.chars().all(is_blank) { Ok(()) } else { Err(format!("`{rest}` lies in no token")) }
}

/// Diagnostics lie in the text and in its order, their fixes too, and there is SQL unless there is an error.
///
/// # Errors
///
/// The first diagnostic that is wrong.
pub fn diagnostics_are_in_order(compiler: &Compiler<'_>, text: &str, options: Options<'_>) -> Outcome {
    let found = compiler.compile(text, options);
    let mut last = 0;
    for diagnostic in &found.diagnostics {
        let edits = diagnostic.fixes.iter().flat_map(|fix| &fix.edits);
        let spans = std::iter::once(diagnostic.span).chain(edits.map(|edit| edit.span));
        if spans.into_iter().any(|span| text.get(span.range()).is_none()) || diagnostic.span.start < last {
            return Err(format!("{diagnostic:?} is out of bounds or order"));
        }
        if diagnostic.fixes.iter().any(|fix| !fix.edits.is_sorted_by(|a, b| a.span.end <= b.span.start)) {
            return Err(format!("{diagnostic:?} has edits that overlap"));
        }
        last = diagnostic.span.start;
    }
    let has_error = found.diagnostics.iter().any(Diagnostic::is_error);
    let blank = syntax::tokenize(text).iter().all(|token| token.kind == TokenKind::Comment);
    if found.sql.as_ref().is_some_and(|sql| sql.is_empty() != blank) {
        return Err(format!("blank: {blank}, SQL: {:?}", found.sql));
    }
    if found.diagnostics.iter().any(|found| found.code == Code::Internal) {
        return Err("an internal error".to_owned());
    }
    if found.sql.is_some() == has_error || found.diagnostics.len() > compiler.limits.diagnostics + 1 {
        return Err(format!("SQL {:?} with {} diagnostics", found.sql, found.diagnostics.len()));
    }
    Ok(())
}

/// Each fix makes its diagnostic go away: there is one less of its code and message.
///
/// Where there is another error, one may hide behind it until that is mended: of those fixes it is only asked
/// that they change the text.
///
/// # Errors
///
/// The first fix that changes nothing, or not enough.
pub fn fixes_mend(compiler: &Compiler<'_>, text: &str, options: Options<'_>) -> Outcome {
    let before = compiler.compile(text, options).diagnostics;
    let errors = before.iter().filter(|found| found.is_error()).count();
    for diagnostic in &before {
        let like_it =
            |other: &&Diagnostic| other.code == diagnostic.code && other.message == diagnostic.message;
        let alone = errors == usize::from(diagnostic.is_error());
        for fix in &diagnostic.fixes {
            let mended = fix.apply(text);
            let after = compiler.compile(&mended, options).diagnostics;
            let count = |all: &[Diagnostic]| all.iter().filter(like_it).count();
            if mended == text || alone && count(&after) >= count(&before) {
                return Err(format!(
                    "{} stays after `{}` of `{}`: {mended:?}\n  {after:?}",
                    diagnostic.code.number(),
                    fix.title,
                    diagnostic.span.of(text)
                ));
            }
        }
    }
    Ok(())
}

/// Formatting is refused for bad texts only; it keeps meaning, comments and tree, and done twice changes no more.
///
/// # Errors
///
/// What formatting breaks.
pub fn formatting_keeps(compiler: &Compiler<'_>, text: &str, options: Options<'_>) -> Outcome {
    let before = compiler.compile(text, options);
    let formatted = match (compiler.format(text), before.sql) {
        (Err(_), None) => return Ok(()),
        (Ok(formatted), Some(sql)) => {
            let after = compiler.compile(&formatted, options);
            if after.sql.as_ref() != Some(&sql) || after.columns != before.columns {
                return Err(format!("the meaning changed: {formatted:?}\n  {sql}\n  {:?}", after.sql));
            }
            formatted
        }
        (formatted, sql) => return Err(format!("formatted: {formatted:?}, SQL: {sql:?}")),
    };
    if comments(text) != comments(&formatted) {
        return Err(format!("the comments changed: {formatted:?}"));
    }
    match compiler.format(&formatted) {
        Ok(again) if again == formatted => Ok(()),
        again => Err(format!("not idempotent: {formatted:?}\n  {again:?}")),
    }
}

/// The comments of a text, without blanks at their ends.
pub fn comments(text: &str) -> Vec<String> {
    let tokens = syntax::tokenize(text).into_iter().filter(|token| token.kind == TokenKind::Comment);
    tokens.map(|token| token.span.of(text).trim_end_matches([' ', '\t', '\r', '\n']).to_owned()).collect()
}

/// Every character boundary keeps its place through lines and columns, and through UTF-16.
///
/// # Errors
///
/// The first offset that comes back as another.
pub fn positions_round_trip(text: &str) -> Outcome {
    let positions = Positions::new(text);
    let (mut line, mut column) = (1, 1);
    let mut before = None;
    for (offset, found) in text.char_indices().chain([(text.len(), '\0')]) {
        let offset = u32::try_from(offset).map_err(|error| error.to_string())?;
        if positions.of(offset) != (Position { line, column }) {
            return Err(format!("offset {offset} is not line {line}, column {column}"));
        }
        if positions.of_utf16(positions.utf16(offset)) != offset {
            return Err(format!("offset {offset} is lost in UTF-16"));
        }
        // Before the LF of a CR LF an editor has no position of its own.
        if before != Some('\r') {
            for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32] {
                let (line, column) = positions.line_column(offset, encoding);
                let back = positions.offset(line, column, encoding);
                if back != offset {
                    return Err(format!("offset {offset} comes back as {back} from {encoding:?}"));
                }
            }
        }
        before = Some(found);
        (line, column) = if found == '\n' { (line + 1, 1) } else { (line, column + 1) };
    }
    Ok(())
}
