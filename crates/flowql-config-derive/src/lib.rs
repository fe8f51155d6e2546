//! The derives of `flowql-config`, which re-exports and documents them.

mod choice;
mod docs;
mod fields;
mod section;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes a section of `flowql.toml` of a struct; see `flowql_config::Section`.
#[proc_macro_derive(Section, attributes(section, setting))]
pub fn section(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    section::derive(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Makes a setting that takes one of a few words of an enum; see `flowql_config::Value`.
#[proc_macro_derive(Choice)]
pub fn choice(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    choice::derive(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}
