//! `flowql-words.el`: the words, for the faces of Emacs.

use std::fmt::Write;

use anyhow::Result;

use super::{PREAMBLE, Words};

pub(super) fn contents(words: &Words) -> Result<String> {
    // Emacs's checkdoc wants two blanks after a sentence.
    let preamble = PREAMBLE.replace(". ", ".  ");
    let mut out = format!(
        ";;; flowql-words.el --- The words of FlowQL -*- lexical-binding: t; -*-\n\n\
         ;; SPDX-License-Identifier: Apache-2.0\n\n\
         ;;; Commentary:\n\n\
         ;; {preamble}\n\
         ;; The words are written in any case.\n\n\
         ;;; Code:\n"
    );
    constant(&mut out, "keywords", "Keywords that join conditions.", &words.keywords)?;
    constant(&mut out, "operators", "Operators that are words.", &words.word_operators)?;
    constant(&mut out, "symbols", "Operators that are symbols.", &words.symbols)?;
    constant(&mut out, "constants", "Words of enumerated columns, and names of bits.", &words.constants)?;
    constant(&mut out, "communities", "Names of the well-known communities.", &words.communities)?;
    write!(out, "\n(defconst flowql-words-columns\n  '(")?;
    for (index, (kind, names)) in words.columns.iter().enumerate() {
        let indent = if index == 0 { "" } else { "\n    " };
        write!(out, "{indent}(\"{}\"{})", kind.name(), list(names, "     "))?;
    }
    out.push_str(")\n  \"Columns of the default schema, by type.\")\n");
    out.push_str("\n(provide 'flowql-words)\n;;; flowql-words.el ends here\n");
    Ok(out)
}

fn constant(out: &mut String, name: &str, doc: &str, words: &[&str]) -> Result<()> {
    let words = list(words, "    ");
    write!(out, "\n(defconst flowql-words-{name}\n  '({})\n  \"{doc}\")\n", words.trim_start())?;
    Ok(())
}

/// The words in quotes, each with a blank or a line break before it.
fn list(words: &[impl AsRef<str>], indent: &str) -> String {
    let mut out = String::new();
    let mut width = indent.len() + 12;
    for word in words {
        let word = word.as_ref();
        width += word.len() + 3;
        if width > 78 {
            out.push('\n');
            out.push_str(indent);
            width = indent.len() + word.len() + 3;
        } else {
            out.push(' ');
        }
        out.push('"');
        out.push_str(word);
        out.push('"');
    }
    out
}
