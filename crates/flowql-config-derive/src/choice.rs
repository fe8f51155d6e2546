//! `#[derive(Choice)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Error, Fields, Ident, Result};

pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let Data::Enum(data) = &input.data else {
        return Err(Error::new_spanned(input, "a choice is an enum"));
    };
    let mut variants = Vec::new();
    for variant in &data.variants {
        if !matches!(variant.fields, Fields::Unit) {
            return Err(Error::new_spanned(variant, "a variant of a choice is a word and has no fields"));
        }
        variants.push(&variant.ident);
    }
    let ident = &input.ident;
    let names: Vec<String> = variants.iter().map(|variant| kebab_case(variant)).collect();
    let count = variants.len();
    Ok(quote! {
        impl #ident {
            /// Every one.
            pub const ALL: [Self; #count] = [#(Self::#variants),*];

            /// The word that `flowql.toml` has for it.
            pub const fn name(self) -> &'static str {
                match self {
                    #(Self::#variants => #names,)*
                }
            }

            /// The one of that word.
            pub fn named(word: &str) -> ::core::option::Option<Self> {
                Self::ALL.into_iter().find(|choice| choice.name() == word)
            }
        }

        #[automatically_derived]
        impl ::flowql_config::Value for #ident {
            const KIND: ::flowql_config::Kind = ::flowql_config::Kind::Choice(&[#(#names),*]);

            fn read(
                value: &::flowql_config::derived::Spanned<::flowql_config::derived::DeValue<'_>>,
            ) -> ::core::result::Result<Self, ::core::ops::Range<usize>> {
                value.get_ref().as_str().and_then(Self::named).ok_or_else(|| value.span())
            }

            fn show(&self) -> ::core::option::Option<::flowql_config::derived::TomlValue> {
                ::flowql_config::Value::show(&::std::string::String::from(self.name()))
            }
        }
    })
}

/// `TwoWords` as `two-words`.
fn kebab_case(ident: &Ident) -> String {
    let mut name = String::new();
    for character in ident.to_string().chars() {
        if character.is_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.extend(character.to_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    #[test]
    fn variants_are_written_in_kebab_case() {
        for (variant, name) in [("None", "none"), ("TwoWords", "two-words")] {
            assert_eq!(kebab_case(&Ident::new(variant, proc_macro2::Span::call_site())), name);
        }
    }

    #[test]
    fn only_words_can_be_chosen() {
        let error = |input: DeriveInput| derive(&input).unwrap_err().to_string();
        assert_eq!(
            error(parse_quote!(
                struct A;
            )),
            "a choice is an enum"
        );
        let found = error(parse_quote!(
            enum A {
                B,
                C(u8),
            }
        ));
        assert_eq!(found, "a variant of a choice is a word and has no fields");
    }
}
