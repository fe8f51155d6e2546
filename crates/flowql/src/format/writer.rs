//! The text being laid out: blanks, line breaks and comments between the tokens.

use super::comments::{Comment, Place};
use crate::Span;

/// The longest line of a filter that is not broken, in characters.
const WIDTH: usize = 80;

/// Writes tokens and the comments between them.
///
/// In flat mode everything goes on one line; it fails when that does not fit, or when a comment ends the
/// line, and the part is then written again with its breaks.
pub(super) struct Writer {
    out: String,
    /// The characters on the current line.
    column: usize,
    comments: Vec<Comment>,
    next_comment: usize,
    /// No blank before the next token.
    glued: bool,
    flat: bool,
    failed: bool,
    /// The indentation of a line that a comment made inside a part.
    continuation: usize,
    /// Whether a token was written: comments before the first one are inside no part.
    begun: bool,
}

/// A place to come back to.
pub(super) struct Mark {
    length: usize,
    column: usize,
    next_comment: usize,
    glued: bool,
    begun: bool,
}

impl Writer {
    pub(super) fn new(comments: Vec<Comment>) -> Self {
        Self {
            out: String::new(),
            column: 0,
            comments,
            next_comment: 0,
            glued: true,
            flat: false,
            failed: false,
            continuation: 0,
            begun: false,
        }
    }

    pub(super) const fn is_flat(&self) -> bool {
        self.flat
    }

    /// Whether the flat attempt has failed, so that the rest of it need not be written.
    pub(super) const fn has_failed(&self) -> bool {
        self.failed
    }

    pub(super) const fn continue_at(&mut self, indent: usize) {
        self.continuation = indent;
    }

    pub(super) const fn begin_flat(&mut self) -> Mark {
        self.flat = true;
        self.failed = false;
        Mark {
            length: self.out.len(),
            column: self.column,
            next_comment: self.next_comment,
            glued: self.glued,
            begun: self.begun,
        }
    }

    /// Ends the flat attempt; when it failed, everything is as it was before it.
    pub(super) fn end_flat(&mut self, mark: Mark) -> bool {
        self.flat = false;
        if !self.failed {
            return true;
        }
        self.failed = false;
        self.out.truncate(mark.length);
        self.column = mark.column;
        self.next_comment = mark.next_comment;
        self.glued = mark.glued;
        self.begun = mark.begun;
        false
    }

    /// No blank before the next token.
    pub(super) const fn glue(&mut self) {
        self.glued = true;
    }

    /// Whether an item and the comma after it have room on the line.
    pub(super) fn fits(&self, rendered: &str) -> bool {
        self.flat || self.column + rendered.chars().count() + 2 <= WIDTH
    }

    /// Writes a token, after the comments that stand before it.
    pub(super) fn token(&mut self, text: &str, span: Span, rendered: &str) {
        if self.failed {
            return;
        }
        while let Some(comment) = self.comment_before(span.start) {
            self.inner_comment(text, comment);
        }
        self.begun = true;
        self.push(rendered);
    }

    /// Ends the line before a token, comments of the token before it left on its line.
    pub(super) fn break_before(&mut self, text: &str, span: Span, indent: usize) {
        if self.flat || self.failed {
            return;
        }
        while let Some(comment) = self.comment_before(span.start) {
            if comment.place != Place::After {
                self.next_comment -= 1;
                break;
            }
            if !self.at_line_start() {
                self.glued = false;
            }
            self.push_comment(text, comment);
            if comment.ends_line {
                self.end_line(indent);
            }
        }
        self.end_line(indent);
        while let Some(comment) = self.comment_before(span.start) {
            self.push_comment(text, comment);
            if comment.place == Place::Alone || comment.ends_line {
                self.end_line(indent);
            }
        }
    }

    /// A comment inside a part that has no break there.
    fn inner_comment(&mut self, text: &str, comment: Comment) {
        let alone = comment.place == Place::Alone;
        let indent = if self.begun { self.continuation } else { 0 };
        if self.flat && (comment.ends_line || alone && !self.at_line_start()) {
            self.failed = true;
        }
        if alone && !self.at_line_start() {
            self.end_line(indent);
        }
        if !self.at_line_start() {
            self.glued = false;
        }
        self.push_comment(text, comment);
        if comment.ends_line || alone {
            if self.flat {
                self.failed = true;
            }
            self.end_line(indent);
        }
    }

    /// Writes what comes after the last token, and gives the whole text.
    pub(super) fn finish(mut self, text: &str) -> String {
        while let Some(comment) = self.comment_before(u32::MAX) {
            if comment.place == Place::After && !self.at_line_start() {
                self.glued = false;
            } else {
                self.end_line(0);
            }
            self.push_comment(text, comment);
            if comment.ends_line {
                self.end_line(0);
            }
        }
        let end = self.out.trim_end_matches([' ', '\n']).len();
        self.out.truncate(end);
        self.out
    }

    fn comment_before(&mut self, offset: u32) -> Option<Comment> {
        let comment = *self.comments.get(self.next_comment)?;
        if comment.span.start >= offset {
            return None;
        }
        self.next_comment += 1;
        Some(comment)
    }

    fn push_comment(&mut self, text: &str, comment: Comment) {
        let written = comment.span.of(text);
        let is_line = written.starts_with("--");
        self.push(if is_line { written.trim_end_matches([' ', '\t', '\r']) } else { written });
    }

    fn push(&mut self, rendered: &str) {
        if !self.glued {
            self.out.push(' ');
            self.column += 1;
        }
        self.glued = false;
        self.out.push_str(rendered);
        self.column += rendered.chars().count();
        self.failed |= self.flat && self.column > WIDTH;
    }

    fn at_line_start(&self) -> bool {
        // Only the end is looked at, since a line may be as long as the text.
        let written = self.out.trim_end_matches(' ');
        written.is_empty() || written.ends_with('\n')
    }

    /// Starts a new line, unless nothing stands on the current one.
    fn end_line(&mut self, indent: usize) {
        let end = self.out.trim_end_matches(' ').len();
        self.out.truncate(end);
        if !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push('\n');
        }
        if !self.out.is_empty() {
            self.out.extend(std::iter::repeat_n(' ', indent));
        }
        self.column = indent;
        self.glued = true;
    }
}
