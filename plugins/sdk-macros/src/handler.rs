//! The expansions of `#[handler]`, `#[message]` and `#[config]`. What a handler does is in
//! `cofferdam-handler`; here is only what an author would otherwise write out.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, Item, ItemImpl, LitStr, Result, spanned::Spanned};

use crate::manifest::{self, Kind, Manifest};

/// The longest summary, in characters, as the contract has it.
const MOST_SUMMARY: usize = 120;

pub fn handler(attribute: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let mut title = None;
    let knows =
        "`#[handler]` knows `title = \"…\"` and `manifest = \"file.toml\"`: name and description stand in that file";
    let file = manifest::file(attribute, knows, |meta| {
        let is_title = meta.path.is_ident("title");
        if is_title {
            title = Some(meta.value()?.parse::<LitStr>()?);
        }
        Ok(is_title)
    })?;
    let block: ItemImpl = syn::parse2(item)?;
    let expected = "`#[handler]` goes on `impl Protocol for …`, or on `impl Handler for …`";
    let Some((_, path, _)) = &block.trait_ else { return Err(Error::new(block.self_ty.span(), expected)) };
    let implemented = path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default();
    let handler = &block.self_ty;
    let named = match implemented.as_str() {
        "Handler" if title.is_some() => {
            return Err(Error::new(title.span(), "a `Handler` has its title in `TITLE`"));
        }
        "Handler" => TokenStream::new(),
        "Protocol" => {
            let manifest = Manifest::read(&file, Kind::Handler)?;
            let summary = summary(&manifest, &file)?;
            let (name, title) = (&manifest.name, title.map_or_else(|| manifest.name.clone(), |title| title.value()));
            quote!(::cofferdam_handler::protocol!(#handler, #name, #title, #summary);)
        }
        _ => return Err(Error::new(path.span(), expected)),
    };
    Ok(quote! {
        #block

        #named

        #[cfg(target_arch = "wasm32")]
        ::cofferdam_handler::guest::export!(#handler, manifest = #file);
    })
}

/// The manifest's description as the line that models read.
fn summary(manifest: &Manifest, file: &LitStr) -> Result<String> {
    let summary = &manifest.description;
    let told = match summary.chars().count() {
        0 => "`description` is missing: write what the protocol is, in one line",
        length if length > MOST_SUMMARY => {
            "a handler's `description` has at most 120 characters: models read it in a list"
        }
        _ if summary.contains('\n') => "a handler's `description` is one line",
        _ => return Ok(summary.clone()),
    };
    Err(Error::new(file.span(), format_args!("`{}`: {told}", file.value())))
}

/// A type of messages, or of a configuration: with what serde and schemars need, from
/// `cofferdam-handler`.
pub fn message(attribute: TokenStream, item: TokenStream, config: bool) -> Result<TokenStream> {
    let word = if config { "config" } else { "message" };
    if !attribute.is_empty() {
        return Err(Error::new(
            attribute.span(),
            format_args!("`#[{word}]` has no options; `#[serde(…)]` may stand below it"),
        ));
    }
    let item: Item = syn::parse2(item)?;
    if !matches!(item, Item::Struct(_) | Item::Enum(_)) {
        return Err(Error::new(item.span(), format_args!("`#[{word}]` goes on a struct or an enum")));
    }
    let default = config.then(|| quote!(default,));
    Ok(quote! {
        #[derive(
            ::cofferdam_handler::Serialize,
            ::cofferdam_handler::Deserialize,
            ::cofferdam_handler::JsonSchema,
        )]
        #[serde(crate = "::cofferdam_handler::serde", #default deny_unknown_fields)]
        #[schemars(crate = "::cofferdam_handler::schemars")]
        #item
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_a_handler_is_told() {
        let told = |attribute: TokenStream, item: TokenStream| handler(attribute, item).unwrap_err().to_string();
        let expected = "`#[handler]` goes on `impl Protocol for …`, or on `impl Handler for …`";
        assert_eq!(told(quote!(), quote!(impl Meter {})), expected);
        assert_eq!(told(quote!(), quote!(impl Clone for Meter {})), expected);
        assert!(told(quote!(name = "x"), quote!(impl Handler for Meter {})).starts_with("`#[handler]` knows `title"));
        let twice = told(quote!(title = "x"), quote!(impl Handler for Meter {}));
        assert_eq!(twice, "a `Handler` has its title in `TITLE`");
        // These macros' own folder has no manifest.
        let missing = told(quote!(), quote!(impl Protocol for Meter {}));
        assert!(missing.starts_with("there is no `plugin.toml` beside `Cargo.toml`: write one:"), "{missing}");
    }

    #[test]
    fn what_cannot_be_a_message_is_told() {
        let told = message(
            quote!(x),
            quote!(
                struct S;
            ),
            false,
        )
        .unwrap_err()
        .to_string();
        assert_eq!(told, "`#[message]` has no options; `#[serde(…)]` may stand below it");
        let told = message(
            quote!(),
            quote!(
                fn f() {}
            ),
            true,
        )
        .unwrap_err()
        .to_string();
        assert_eq!(told, "`#[config]` goes on a struct or an enum");
    }
}
