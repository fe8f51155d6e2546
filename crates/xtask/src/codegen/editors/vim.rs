//! `flowql.vim`: the syntax file of Vim and Neovim.

use super::{PREAMBLE, Words, alternatives};

/// The groups, one for each class of tokens, and what they look like.
const LINKS: [(&str, &str); 13] = [
    ("Comment", "Comment"),
    ("Keyword", "Keyword"),
    ("Operator", "Operator"),
    ("Column", "Identifier"),
    ("String", "String"),
    ("Number", "Number"),
    ("AsNumber", "Number"),
    ("Address", "Constant"),
    ("Community", "Constant"),
    ("Constant", "Constant"),
    ("SavedFilter", "Function"),
    ("Punctuation", "Delimiter"),
    ("Invalid", "Error"),
];

/// A character of a word; it is not the first of a comment.
const CHARACTER: &str = r#"%(%(--|/\*)@![^ \t\r"'(),=<>!&|;])"#;
/// The place where a word ends.
const END: &str = r#"%($|[ \t\r"'(),=<>!&|;]|--|/\*)@="#;

/// An integer, or a number with a suffix.
const INTEGER: &str = r"%(0x\x+|\d+%(_\d+)*%(\.\d+)?%([kmgt]i?b?|b|ms|s|min|h|d)?)";
const AS_NUMBER: &str = r"as\d+%(\.\d+)?";
const IPV4: &str = r"\d{1,3}%(\.\d{1,3}){3}";
const IPV6: &str = r"[0-9a-f]*:[0-9a-f:.]*:[0-9a-f:.]*";
const MAC: &str = concat!(
    r"\x{2}%(-\x{2}){5}%(/\d+)?|\x{4}%(\.\x{4}){2}%(/\d+)?",
    r"|\x{2}%([:-]\x{2}){0,4}[:-]\*|\x{4}%(\.\x{4})?%(\.\x{2})?\*"
);
const COMMUNITY: &str = r"%(\d+%(-\d+)?|\*)%(:%(\d+%(-\d+)?|\*)){1,2}";
const TYPOGRAPHIC: &str = "“”„‟«»‘’‚‛";

pub(super) fn contents(words: &Words) -> String {
    let mut out = format!(
        "\" Vim syntax file\n\
         \" Language: FlowQL\n\
         \" {PREAMBLE}\n\n\
         if exists('b:current_syntax')\n  finish\nendif\n\n\
         syntax case ignore\n\
         syntax sync fromstart\n\n\
         \" Of the items that match at one place Vim takes the last. The first takes whole words, so that no other\n\
         \" begins in the middle of one.\n"
    );
    for (group, pattern) in matches(words) {
        // The pattern is very magic: what is no letter, digit or underscore has a meaning unless escaped.
        out.push_str(&format!("syntax match flowql{group} #\\v{pattern}#\n"));
    }
    out.push_str(concat!(
        "syntax region flowqlString oneline start=+\"+ skip=+\\\\[\\\\\"]+ end=+\"\\|$+\n",
        "syntax region flowqlString oneline start=+'+ skip=+\\\\[\\\\']+ end=+'\\|$+\n",
        "\" The line that names the next filter ends a comment that was left open.\n",
        "syntax region flowqlComment start=+/\\*+ end=+\\*/+ end=+\\n\\ze[ \\t]*-- name:+\n\n",
    ));
    for (group, look) in LINKS {
        out.push_str(&format!("highlight default link flowql{group} {look}\n"));
    }
    out.push_str("\nlet b:current_syntax = 'flowql'\n");
    out
}

fn matches(words: &Words) -> Vec<(&'static str, String)> {
    let word = |word: &str| format!("%({word}){END}");
    let operators = alternatives(&words.word_operators);
    vec![
        ("Word", format!("{CHARACTER}+")),
        ("Column", format!(r"{CHARACTER}+%([ \t]*%([=<>]|![=<>~]|%(not[ \t]+)?%({operators}){END}))@=")),
        ("Number", word(&format!("{INTEGER}%(-{INTEGER})?"))),
        ("AsNumber", word(&format!(r"{AS_NUMBER}%(-%({AS_NUMBER}|\d+))?|\d+-{AS_NUMBER}"))),
        ("Address", word(&format!(r"{MAC}|{IPV4}%(/\d+|-{IPV4})?|{IPV6}%(/\d+|-{IPV6})?"))),
        ("Community", word(COMMUNITY)),
        ("Constant", word(&alternatives(&words.constants))),
        ("Community", word(&alternatives(&words.communities))),
        ("Column", word(&alternatives(&words.column_names().collect::<Vec<_>>()))),
        ("Keyword", word(&alternatives(&words.keywords))),
        ("Operator", word(&operators)),
        ("SavedFilter", format!(r"\@{CHARACTER}*")),
        ("Punctuation", "[(),]".to_owned()),
        ("Invalid", r"\&\&|\|\||[!&|;]".to_owned()),
        ("Operator", alternatives(&words.symbols)),
        ("String", format!("[{TYPOGRAPHIC}][^{TYPOGRAPHIC}\"]*[{TYPOGRAPHIC}\"]?")),
        ("Comment", "--.*".to_owned()),
    ]
}
