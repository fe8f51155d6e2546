//! `#[derive(Section)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Data, DeriveInput, Error, Fields, LitStr, Path, Result};

use crate::docs::sentence;
use crate::fields::{self, Parts};

/// What `#[section(…)]` says of the struct.
#[derive(Default)]
struct Options {
    name: Option<String>,
    example: Option<String>,
    check: Option<Path>,
    list: bool,
}

impl Options {
    fn of(attributes: &[Attribute]) -> Result<Self> {
        let mut options = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("section")) {
            attribute.parse_nested_meta(|meta| {
                let word = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
                match word.as_str() {
                    "name" => options.name = Some(meta.value()?.parse::<LitStr>()?.value()),
                    "example" => options.example = Some(meta.value()?.parse::<LitStr>()?.value()),
                    "check" => options.check = Some(meta.value()?.parse()?),
                    "list" => options.list = true,
                    _ => return Err(meta.error("unknown option of a section")),
                }
                Ok(())
            })?;
        }
        Ok(options)
    }
}

pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let options = Options::of(&input.attrs)?;
    let missing =
        |what: &str| Error::new_spanned(&input.ident, format!("say by `#[section({what} = \"…\")]`"));
    let name = options.name.as_ref().ok_or_else(|| missing("name"))?;
    let example = options.example.as_ref().ok_or_else(|| missing("example"))?;
    let doc = sentence(&input.attrs, &input.ident)?;
    let Data::Struct(data) = &input.data else {
        return Err(Error::new_spanned(&input.ident, "a section is a struct"));
    };
    let (shape, parts) = match &data.fields {
        Fields::Named(fields) => {
            let shape = if options.list { quote!(Tables) } else { quote!(Table) };
            (shape, fields.named.iter().map(fields::parts).collect::<Result<Vec<_>>>()?)
        }
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
            (quote!(Names), fields.unnamed.iter().map(fields::names).collect::<Result<Vec<_>>>()?)
        }
        _ => {
            let message = "a section has named fields, or one that maps names to values";
            return Err(Error::new_spanned(&input.ident, message));
        }
    };
    let ident = &input.ident;
    let entries = parts.iter().map(|part| &part.entry);
    let shows = parts.iter().map(|part| &part.show);
    let read = construct(&parts, |part| part.read.clone());
    let check = options.check.map(|check| {
        quote! {
            fn check(&self) -> ::std::vec::Vec<::flowql_config::derived::ConfigError> {
                #check(self)
            }
        }
    });
    let default = default(input, &parts);
    Ok(quote! {
        #[automatically_derived]
        impl ::flowql_config::Section for #ident {
            const INFO: &'static ::flowql_config::SectionInfo = &::flowql_config::SectionInfo {
                name: #name,
                shape: ::flowql_config::Shape::#shape,
                doc: #doc,
                example: #example,
                entries: &[#(#entries),*],
            };

            fn read(reader: &mut ::flowql_config::Reader<'_, '_>) -> Self {
                #read
            }

            fn show(&self) -> ::flowql_config::derived::TomlTable {
                let mut table = ::flowql_config::derived::TomlTable::new();
                #(#shows)*
                table
            }

            #check
        }

        #default
    })
}

/// `Default`, where nothing is required.
fn default(input: &DeriveInput, parts: &[Parts]) -> Option<TokenStream> {
    let ident = &input.ident;
    if parts.iter().any(|part| part.default.is_none()) {
        return None;
    }
    let value = construct(parts, |part| part.default.clone().unwrap_or_default());
    Some(quote! {
        #[automatically_derived]
        impl ::core::default::Default for #ident {
            fn default() -> Self {
                #value
            }
        }
    })
}

/// The struct with a value for each field.
fn construct(parts: &[Parts], value: impl Fn(&Parts) -> TokenStream) -> TokenStream {
    let fields = parts.iter().map(|part| {
        let value = value(part);
        match &part.ident {
            Some(ident) => quote!(#ident: #value),
            None => quote!(0: #value),
        }
    });
    quote!(Self { #(#fields),* })
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    fn error(input: DeriveInput) -> String {
        derive(&input).unwrap_err().to_string()
    }

    #[test]
    fn a_section_has_a_name_an_example_and_sentences() {
        assert_eq!(
            error(parse_quote!(
                #[section(example = "")]
                struct A {
                    b: u64,
                }
            )),
            "say by `#[section(name = \"…\")]`"
        );
        assert_eq!(
            error(parse_quote!(
                #[section(name = "a")]
                struct A {
                    b: u64,
                }
            )),
            "say by `#[section(example = \"…\")]`"
        );
        let missing = "a doc comment is missing: it is the sentence of the reference";
        assert_eq!(
            error(parse_quote!(
                #[section(name = "a", example = "")]
                struct A {
                    b: u64,
                }
            )),
            missing
        );
        let field = parse_quote! {
            /// Doc.
            #[section(name = "a", example = "")]
            struct A { b: u64 }
        };
        assert_eq!(error(field), missing);
    }

    #[test]
    fn what_a_section_cannot_be_is_refused() {
        let section = |body: TokenStream| -> DeriveInput {
            parse_quote! {
                /// Doc.
                #[section(name = "a", example = "")]
                #body
            }
        };
        assert_eq!(
            error(section(quote!(
                enum A {
                    B,
                }
            ))),
            "a section is a struct"
        );
        let fields = "a section has named fields, or one that maps names to values";
        assert_eq!(
            error(section(quote!(
                struct A(u64, u64);
            ))),
            fields
        );
        let field = |setting: TokenStream| {
            let attribute = quote!(#[setting(#setting)]);
            error(section(quote!(struct A {
                /// Doc.
                #attribute
                b: u64
            })))
        };
        assert_eq!(field(quote!(defualt = 1)), "unknown option of a setting");
        assert_eq!(field(quote!(required, default = 1)), "a required setting has no default");
        assert_eq!(field(quote!(range = 1..5)), "write the range as `LEAST..=MOST`");
        let names = error(section(quote!(
            struct A(
                /// Doc.
                BTreeMap<String, String>,
            );
        )));
        assert_eq!(names, "say by `#[setting(key = \"…\")]` what represents the names");
    }

    #[test]
    fn a_section_with_required_settings_has_no_default() {
        let with = |required: TokenStream| {
            let input = parse_quote! {
                /// Doc.
                #[section(name = "a", example = "")]
                struct A {
                    /// First paragraph
                    /// of two lines.
                    ///
                    /// For readers of the code.
                    #required
                    b: u64,
                }
            };
            derive(&input).unwrap().to_string()
        };
        assert!(!with(quote!(#[setting(required)])).contains("Default for A"));
        let optional = with(TokenStream::new());
        assert!(
            optional.contains("Default for A") && optional.contains("First paragraph of two lines."),
            "{optional}"
        );
        assert!(!optional.contains("For readers"));
    }
}
