//! Filters in Markdown: the fences whose language is `flowql`.

use crate::Span;

/// The texts between the fences ```` ```flowql ```` and ```` ``` ```` of a Markdown document, in its order; a fence
/// that is not closed goes on to the end. The word after the fence may be followed by others, as in
/// ```` ```flowql title="x" ````.
pub fn fences(markdown: &str) -> Vec<Span> {
    let mut found = Vec::new();
    // The fence that is open, and where its text begins, if that is ours.
    let mut open: Option<(Fence<'_>, Option<usize>)> = None;
    let mut offset = 0;
    for line in markdown.split_inclusive('\n') {
        let next = offset + line.len();
        let fence = Fence::of(line);
        match (open, fence) {
            (None, Some(fence)) => open = Some((fence, fence.is_ours().then_some(next))),
            (Some((opening, start)), Some(fence)) if fence.closes(opening) => {
                found.extend(start.map(|start| Span::new(start, offset)));
                open = None;
            }
            _ => {}
        }
        offset = next;
    }
    if let Some((_, Some(start))) = open {
        found.push(Span::new(start, markdown.len()));
    }
    found
}

/// A line that opens or closes a block of code.
#[derive(Clone, Copy)]
struct Fence<'a> {
    mark: char,
    length: usize,
    info: &'a str,
}

impl<'a> Fence<'a> {
    fn of(line: &'a str) -> Option<Self> {
        let line = line.trim();
        let mark = line.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
        let info = line.trim_start_matches(mark);
        let length = line.len() - info.len();
        let info = info.trim_start();
        // What holds a backtick is code within a line.
        (length >= 3 && !(mark == '`' && info.contains('`'))).then_some(Self { mark, length, info })
    }

    fn is_ours(self) -> bool {
        let word = self.info.split(|found: char| !found.is_ascii_alphanumeric()).next();
        word.is_some_and(|word| word.eq_ignore_ascii_case("flowql"))
    }

    fn closes(self, opening: Fence<'_>) -> bool {
        self.mark == opening.mark && self.length >= opening.length && self.info.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(markdown: &str) -> Vec<&str> {
        fences(markdown).into_iter().map(|span| span.of(markdown)).collect()
    }

    #[test]
    fn fences_of_our_language_are_found() {
        let text = "a\n```flowql\nSrcAS = 1\n```\n```sql\n```flowql\nx\n```\n  ~~~~ FlowQL,x\r\nb\r\n~~~\r\n~~~~\r\n";
        assert_eq!(texts(text), ["SrcAS = 1\n", "b\r\n~~~\r\n"]);
    }

    #[test]
    fn a_fence_may_be_empty_or_open() {
        assert_eq!(texts("```flowql\n```\n"), [""]);
        assert_eq!(texts("```flowql\nSrcAS"), ["SrcAS"]);
        assert_eq!(texts("```flowql"), [""]);
        for none in ["", "``flowql\nx\n``", "```flowqlx\na\n```", "```flowql``` is code\nx", "flowql"] {
            assert_eq!(texts(none), [""; 0], "{none}");
        }
    }
}
