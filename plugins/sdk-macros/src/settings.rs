//! `#[derive(Settings)]`: the schema of what serde reads, from the same attributes. What the schema
//! cannot say is refused.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::{Attribute, Data, DeriveInput, Error, Fields, Ident, LitStr, Result, spanned::Spanned};

use crate::tool;

/// What an item says to serde, as far as it matters to what is read.
#[derive(Default)]
struct Said {
    rename: Option<String>,
    rename_all: Option<Case>,
    default: bool,
    skip: bool,
    closed: bool,
}

/// Words of serde's that change nothing of what is read.
const IRRELEVANT: [&str; 6] =
    ["skip_serializing", "skip_serializing_if", "serialize_with", "expecting", "crate", "rename_all_fields"];

impl Said {
    fn read(attributes: &[Attribute]) -> Result<Self> {
        let mut said = Self::default();
        for attribute in attributes.iter().filter(|a| a.path().is_ident("serde")) {
            attribute.parse_nested_meta(|meta| {
                let word = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
                match word.as_str() {
                    "rename" if meta.input.peek(syn::Token![=]) => {
                        said.rename = Some(meta.value()?.parse::<LitStr>()?.value());
                    }
                    "rename_all" if meta.input.peek(syn::Token![=]) => {
                        said.rename_all = Some(Case::read(&meta.value()?.parse()?)?);
                    }
                    "default" => {
                        said.default = true;
                        if meta.input.peek(syn::Token![=]) {
                            meta.value()?.parse::<LitStr>()?;
                        }
                    }
                    "skip" | "skip_deserializing" => said.skip = true,
                    "deny_unknown_fields" => said.closed = true,
                    word if IRRELEVANT.contains(&word) => {
                        if meta.input.peek(syn::Token![=]) {
                            meta.value()?.parse::<syn::Lit>()?;
                        }
                    }
                    _ => {
                        return Err(meta.error(format_args!(
                            "`Settings` cannot say `serde({word})` in a schema: do without it, or write the schema into \
                             `[settings_schema]` of `plugin.toml` and take no settings in `#[init]`"
                        )));
                    }
                }
                Ok(())
            })?;
        }
        Ok(said)
    }
}

/// How names are spelt, by serde's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    Lower,
    Upper,
    Pascal,
    Camel,
    Snake,
    ScreamingSnake,
    Kebab,
    ScreamingKebab,
}

impl Case {
    fn read(written: &LitStr) -> Result<Self> {
        Ok(match written.value().as_str() {
            "lowercase" => Self::Lower,
            "UPPERCASE" => Self::Upper,
            "PascalCase" => Self::Pascal,
            "camelCase" => Self::Camel,
            "snake_case" => Self::Snake,
            "SCREAMING_SNAKE_CASE" => Self::ScreamingSnake,
            "kebab-case" => Self::Kebab,
            "SCREAMING-KEBAB-CASE" => Self::ScreamingKebab,
            _ => return Err(Error::new(written.span(), "serde knows no such spelling")),
        })
    }

    /// A member's name, which is written in snake case.
    fn of_member(self, name: &str) -> String {
        match self {
            Self::Lower | Self::Snake => name.to_owned(),
            Self::Upper | Self::ScreamingSnake => name.to_ascii_uppercase(),
            Self::Pascal => name
                .split('_')
                .map(|part| part.get(..1).unwrap_or_default().to_ascii_uppercase() + part.get(1..).unwrap_or_default())
                .collect(),
            Self::Camel => first_lower(&Self::Pascal.of_member(name)),
            Self::Kebab => name.replace('_', "-"),
            Self::ScreamingKebab => name.to_ascii_uppercase().replace('_', "-"),
        }
    }

    /// A variant's name, which is written in Pascal case.
    fn of_variant(self, name: &str) -> String {
        match self {
            Self::Pascal => name.to_owned(),
            Self::Lower => name.to_ascii_lowercase(),
            Self::Upper => name.to_ascii_uppercase(),
            Self::Camel => first_lower(name),
            Self::Snake => {
                let mut snake = String::new();
                for (at, letter) in name.char_indices() {
                    if at > 0 && letter.is_uppercase() {
                        snake.push('_');
                    }
                    snake.push(letter.to_ascii_lowercase());
                }
                snake
            }
            Self::ScreamingSnake => Self::Snake.of_variant(name).to_ascii_uppercase(),
            Self::Kebab => Self::Snake.of_variant(name).replace('_', "-"),
            Self::ScreamingKebab => Self::ScreamingSnake.of_variant(name).replace('_', "-"),
        }
    }
}

fn first_lower(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_lowercase().to_string() + letters.as_str())
}

pub fn derive(item: TokenStream) -> Result<TokenStream> {
    let item: DeriveInput = syn::parse2(item)?;
    if !item.generics.params.is_empty() {
        return Err(Error::new(item.generics.span(), "settings have no parameters: their schema is one constant"));
    }
    let said = Said::read(&item.attrs)?;
    let name = &item.ident;
    let node = match &item.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => {
                let object = object(&said, fields)?;
                return Ok(quote! {
                    impl ::cofferdam_sdk::settings_schema::Setting for #name {
                        const NODE: ::cofferdam_sdk::settings_schema::Node =
                            ::cofferdam_sdk::settings_schema::Node::Object(
                                &<Self as ::cofferdam_sdk::settings_schema::Settings>::OBJECT,
                            );
                    }

                    impl ::cofferdam_sdk::settings_schema::Settings for #name {
                        const OBJECT: ::cofferdam_sdk::settings_schema::Object = #object;
                    }
                });
            }
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
                let of = &fields.unnamed[0].ty;
                quote!(<#of as ::cofferdam_sdk::settings_schema::Setting>::NODE)
            }
            _ => return Err(Error::new(name.span(), "settings are a struct with named members")),
        },
        Data::Enum(data) => choice(&said, data)?,
        Data::Union(_) => return Err(Error::new(name.span(), "settings are a struct with named members")),
    };
    Ok(quote! {
        impl ::cofferdam_sdk::settings_schema::Setting for #name {
            const NODE: ::cofferdam_sdk::settings_schema::Node = #node;
        }
    })
}

fn object(said: &Said, fields: &syn::FieldsNamed) -> Result<TokenStream> {
    let mut members = Vec::new();
    for field in &fields.named {
        let own = Said::read(&field.attrs)?;
        if own.skip {
            continue;
        }
        let (of, described) = (&field.ty, tool::description(&field.attrs).0);
        let name = spelt(&own, field.ident.as_ref(), |name| said.rename_all.map(|case| case.of_member(name)));
        let required = if own.default || said.default {
            quote!(false)
        } else {
            quote!(!<#of as ::cofferdam_sdk::settings_schema::Setting>::MAY_BE_LEFT_OUT)
        };
        members.push(quote! {
            ::cofferdam_sdk::settings_schema::Member {
                name: #name,
                description: #described,
                required: #required,
                node: <#of as ::cofferdam_sdk::settings_schema::Setting>::NODE,
            }
        });
    }
    let closed = said.closed;
    Ok(quote!(::cofferdam_sdk::settings_schema::Object { members: &[#(#members),*], closed: #closed }))
}

fn choice(said: &Said, data: &syn::DataEnum) -> Result<TokenStream> {
    let mut values = Vec::new();
    for variant in &data.variants {
        let own = Said::read(&variant.attrs)?;
        if own.skip {
            continue;
        }
        if !matches!(variant.fields, Fields::Unit) {
            return Err(Error::new(variant.span(), "a setting is an enum without data, or a struct"));
        }
        values.push(spelt(&own, Some(&variant.ident), |name| said.rename_all.map(|case| case.of_variant(name))));
    }
    Ok(quote!(::cofferdam_sdk::settings_schema::Node::Choice(&[#(#values),*])))
}

/// The name by which serde reads it.
fn spelt(own: &Said, ident: Option<&Ident>, case: impl Fn(&str) -> Option<String>) -> String {
    let written = ident.map(|ident| ident.unraw().to_string()).unwrap_or_default();
    own.rename.clone().or_else(|| case(&written)).unwrap_or(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_spelt_as_serde_spells_them() {
        for (word, member, variant) in [
            ("lowercase", "very_low", "verylow"),
            ("UPPERCASE", "VERY_LOW", "VERYLOW"),
            ("PascalCase", "VeryLow", "VeryLow"),
            ("camelCase", "veryLow", "veryLow"),
            ("snake_case", "very_low", "very_low"),
            ("SCREAMING_SNAKE_CASE", "VERY_LOW", "VERY_LOW"),
            ("kebab-case", "very-low", "very-low"),
            ("SCREAMING-KEBAB-CASE", "VERY-LOW", "VERY-LOW"),
        ] {
            let case = Case::read(&syn::parse_str(&format!("{word:?}")).unwrap()).unwrap();
            assert_eq!(
                (case.of_member("very_low"), case.of_variant("VeryLow")),
                (member.to_owned(), variant.to_owned())
            );
        }
    }

    #[test]
    fn what_no_schema_can_say_is_told() {
        let told = |item: TokenStream| derive(item).unwrap_err().to_string();
        let cannot = |word: &str| {
            format!(
                "`Settings` cannot say `serde({word})` in a schema: do without it, or write the schema into \
                 `[settings_schema]` of `plugin.toml` and take no settings in `#[init]`"
            )
        };
        assert_eq!(
            told(quote!(
                struct S {
                    #[serde(flatten)]
                    a: A,
                }
            )),
            cannot("flatten")
        );
        assert_eq!(
            told(quote!(
                struct S {
                    #[serde(default, alias = "b")]
                    a: A,
                }
            )),
            cannot("alias")
        );
        assert_eq!(
            told(quote!(
                struct S {
                    #[serde(rename(deserialize = "b"))]
                    a: A,
                }
            )),
            cannot("rename")
        );
        assert_eq!(
            told(quote!(
                #[serde(untagged)]
                enum S {
                    A,
                    B,
                }
            )),
            cannot("untagged")
        );
        assert_eq!(
            told(quote!(
                struct S<T> {
                    a: T,
                }
            )),
            "settings have no parameters: their schema is one constant"
        );
        assert_eq!(
            told(quote!(
                struct S(A, B);
            )),
            "settings are a struct with named members"
        );
        assert_eq!(
            told(quote!(
                struct S;
            )),
            "settings are a struct with named members"
        );
        assert_eq!(
            told(quote!(
                enum S {
                    A(u8),
                }
            )),
            "a setting is an enum without data, or a struct"
        );
        assert_eq!(
            told(quote!(
                #[serde(rename_all = "odd")]
                enum S {
                    A,
                }
            )),
            "serde knows no such spelling"
        );
    }
}
