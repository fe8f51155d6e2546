//! The fields of a section: a setting each, or a section within it.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::meta::ParseNestedMeta;
use syn::{
    Attribute, Error, Expr, ExprLit, ExprRange, Field, GenericArgument, Ident, Lit, LitStr, PathArguments,
    RangeLimits, Result, Type,
};

use crate::docs::sentence;

/// What a section takes from one of its fields.
pub(crate) struct Parts {
    /// The name of the field; none in a tuple struct.
    pub(crate) ident: Option<Ident>,
    /// The entry of the section's metadata.
    pub(crate) entry: TokenStream,
    /// The value as it is read from `reader`.
    pub(crate) read: TokenStream,
    /// The statements that put the field into `table`, as it may be shown.
    pub(crate) show: TokenStream,
    /// The default; `None` where the setting is required.
    pub(crate) default: Option<TokenStream>,
}

/// What `#[setting(…)]` says.
#[derive(Default)]
struct Options {
    key: Option<String>,
    default: Option<Expr>,
    example: Option<Expr>,
    range: Option<ExprRange>,
    unit: Option<String>,
    required: bool,
    hide_login: bool,
}

impl Options {
    fn of(attributes: &[Attribute]) -> Result<Self> {
        let mut options = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("setting")) {
            attribute.parse_nested_meta(|meta| options.take(&meta))?;
        }
        if options.required && options.default.is_some() {
            let message = "a required setting has no default";
            return Err(Error::new_spanned(&options.default, message));
        }
        Ok(options)
    }

    fn take(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        let word = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
        match word.as_str() {
            "key" => self.key = Some(meta.value()?.parse::<LitStr>()?.value()),
            "default" => self.default = Some(meta.value()?.parse()?),
            "example" => self.example = Some(meta.value()?.parse()?),
            "unit" => self.unit = Some(meta.value()?.parse::<LitStr>()?.value()),
            "range" => self.range = Some(meta.value()?.parse()?),
            "required" => self.required = true,
            "hide_login" => self.hide_login = true,
            _ => return Err(meta.error("unknown option of a setting")),
        }
        Ok(())
    }

    /// What the value must be, for the reference and the messages.
    fn kind(&self, ty: &Type) -> Result<TokenStream> {
        let Some(range) = &self.range else { return Ok(quote!(<#ty as ::flowql_config::Value>::KIND)) };
        match (&range.start, range.limits, &range.end) {
            (Some(least), RangeLimits::Closed(_), Some(most)) => {
                Ok(quote!(::flowql_config::Kind::Integer((#least) as u64, (#most) as u64)))
            }
            _ => Err(Error::new_spanned(range, "write the range as `LEAST..=MOST`")),
        }
    }
}

/// The parts of a field that is a setting or, with `#[section]`, a section.
pub(crate) fn parts(field: &Field) -> Result<Parts> {
    match field.attrs.iter().find(|attribute| attribute.path().is_ident("section")) {
        Some(attribute) => nested(field, attribute),
        None => setting(field),
    }
}

fn setting(field: &Field) -> Result<Parts> {
    let ty = &field.ty;
    let options = Options::of(&field.attrs)?;
    let key = key(field, options.key.as_ref());
    let entry = setting_entry(field, &options, ty, &key)?;
    let default = default_of(options.default.as_ref(), ty);
    let read = if options.required {
        quote!(reader.required(#key))
    } else {
        quote!(reader.setting(#key, || #default))
    };
    let ident = &field.ident;
    let shown = if options.hide_login {
        quote!(::flowql_config::Value::show(&self.#ident).map(::flowql_config::derived::without_logins))
    } else {
        quote!(::flowql_config::Value::show(&self.#ident))
    };
    let show = quote! {
        if let ::core::option::Option::Some(value) = #shown {
            table.insert(::std::string::String::from(#key), value);
        }
    };
    let default = (!options.required).then_some(default);
    Ok(Parts { ident: field.ident.clone(), entry, read, show, default })
}

/// The only field of a section whose keys are the user's: a map from names to values.
pub(crate) fn names(field: &Field) -> Result<Parts> {
    let options = Options::of(&field.attrs)?;
    let missing = || Error::new_spanned(field, "say by `#[setting(key = \"…\")]` what represents the names");
    let key = options.key.clone().ok_or_else(missing)?;
    let value = arguments(&field.ty, "BTreeMap").and_then(|arguments| arguments.last().copied().cloned());
    let value = value.ok_or_else(|| Error::new_spanned(&field.ty, "names are a `BTreeMap<String, …>`"))?;
    Ok(Parts {
        ident: None,
        entry: setting_entry(field, &options, &value, &key)?,
        read: quote!(reader.names()),
        show: quote! {
            for (name, value) in &self.0 {
                if let ::core::option::Option::Some(value) = ::flowql_config::Value::show(value) {
                    table.insert(::std::string::String::from(name), value);
                }
            }
        },
        default: Some(quote!(::core::default::Default::default())),
    })
}

fn setting_entry(field: &Field, options: &Options, ty: &Type, key: &str) -> Result<TokenStream> {
    let doc = sentence(&field.attrs, field)?;
    let kind = options.kind(ty)?;
    let unit = options.unit.as_deref().unwrap_or_default();
    let required = options.required;
    let none = quote!(|| ::core::option::Option::None);
    let shown = |value: TokenStream| {
        quote! {
            || {
                let value: #ty = #value;
                ::flowql_config::Value::show(&value)
            }
        }
    };
    // The user's names have none.
    let has_default = !required && field.ident.is_some();
    let default = if has_default { shown(default_of(options.default.as_ref(), ty)) } else { none.clone() };
    let example = match &options.example {
        Some(example) => shown(value_of(example, ty)),
        None => none,
    };
    Ok(quote! {
        ::flowql_config::Entry::Setting(::flowql_config::Setting {
            key: #key,
            kind: #kind,
            unit: #unit,
            required: #required,
            doc: #doc,
            default_value: #default,
            example_value: #example,
        })
    })
}

fn nested(field: &Field, attribute: &Attribute) -> Result<Parts> {
    let mut default = None;
    if matches!(attribute.meta, syn::Meta::List(_)) {
        attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("default") {
                return Err(meta.error("unknown option of a section in a section"));
            }
            default = Some(meta.value()?.parse::<Expr>()?);
            Ok(())
        })?;
    }
    sentence(&field.attrs, field)?;
    let ty = &field.ty;
    let ident = &field.ident;
    let key = key(field, None);
    let default = default_of(default.as_ref(), ty);
    let item = arguments(ty, "Vec").and_then(|arguments| arguments.last().copied());
    let (section, shape, read, shown) = match item {
        Some(item) => (
            item,
            quote!(Tables),
            quote!(reader.sections(#key, || #default)),
            quote!(::flowql_config::derived::show_sections(&self.#ident)),
        ),
        None => (
            ty,
            quote!(Table),
            quote!(reader.section(#key)),
            quote!(::flowql_config::derived::TomlValue::Table(::flowql_config::Section::show(&self.#ident))),
        ),
    };
    Ok(Parts {
        ident: field.ident.clone(),
        entry: quote! {
            ::flowql_config::Entry::Section({
                let info = <#section as ::flowql_config::Section>::INFO;
                assert!(
                    ::core::matches!(info.shape, ::flowql_config::Shape::#shape),
                    "a list of sections is `#[section(…, list)]`, in a `Vec`"
                );
                info
            })
        },
        read,
        show: quote!(table.insert(::std::string::String::from(#key), #shown);),
        default: Some(default),
    })
}

/// The key: what is asked for, or the name of the field.
fn key(field: &Field, named: Option<&String>) -> String {
    let ident = field.ident.clone().unwrap_or_else(|| format_ident!("value"));
    named.cloned().unwrap_or_else(|| ident.to_string().trim_start_matches("r#").to_owned())
}

fn default_of(expression: Option<&Expr>, ty: &Type) -> TokenStream {
    match expression {
        Some(expression) => value_of(expression, ty),
        None => quote!(<#ty as ::core::default::Default>::default()),
    }
}

/// A value of the type, of an expression in which texts and lists are literals.
fn value_of(expression: &Expr, ty: &Type) -> TokenStream {
    let inner = |name| arguments(ty, name).and_then(|arguments| arguments.last().copied());
    if let Some(ty) = inner("Option") {
        let value = value_of(expression, ty);
        return quote!(::core::option::Option::Some(#value));
    }
    match expression {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
            quote!(<#ty as ::core::convert::From<&str>>::from(#text))
        }
        Expr::Array(array) => {
            let items = array.elems.iter().map(|item| match inner("Vec") {
                Some(ty) => value_of(item, ty),
                None => quote!(#item),
            });
            quote!(::std::vec![#(#items),*])
        }
        _ => quote!(#expression),
    }
}

/// The type arguments of a type with that name.
fn arguments<'a>(ty: &'a Type, name: &str) -> Option<Vec<&'a Type>> {
    let Type::Path(path) = ty else { return None };
    let segment = path.path.segments.last().filter(|segment| segment.ident == name)?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    Some(types.collect())
}
