//! The sentences of the reference: the first paragraph of a doc comment.

use syn::{Attribute, Error, Expr, ExprLit, Lit, Meta, Result};

/// The first paragraph on one line. Later paragraphs are for readers of the code.
pub(crate) fn sentence(attributes: &[Attribute], of: &dyn quote::ToTokens) -> Result<String> {
    let lines = attributes.iter().filter(|attribute| attribute.path().is_ident("doc")).filter_map(text);
    let paragraph = lines
        .map(|line| line.trim().to_owned())
        .skip_while(String::is_empty)
        .take_while(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    if paragraph.is_empty() {
        return Err(Error::new_spanned(of, "a doc comment is missing: it is the sentence of the reference"));
    }
    Ok(paragraph)
}

fn text(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(meta) = &attribute.meta else { return None };
    match &meta.value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
        _ => None,
    }
}
