//! The expansion of `#[plugin]`, and the errors for what it cannot expand. It does not look into argument
//! or answer types: whether they have a schema is the compiler's to say.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{
    Attribute, Error, Expr, ExprLit, FnArg, ImplItem, ImplItemFn, ItemImpl, Lit, LitStr, Meta, Result, ReturnType,
    Type, spanned::Spanned,
};

/// What `#[tool]` may claim, by the names of the contract.
const HINTS: [&str; 5] = ["read_only", "additive", "idempotent", "closed_world", "pages"];

struct Tool {
    ident: syn::Ident,
    title: Option<LitStr>,
    hints: Vec<syn::Ident>,
    description: String,
    /// What stands under `# Details`, for people.
    details: Option<String>,
    arguments: Type,
    answer: TokenStream,
}

pub fn plugin(attribute: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let manifest = manifest(attribute)?;
    let mut block: ItemImpl = syn::parse2(item)?;
    if let Some((_, path, _)) = &block.trait_ {
        return Err(Error::new(path.span(), "`#[plugin]` goes on the type's own `impl` block, not on a trait's"));
    }
    let mut tools = Vec::new();
    for item in &mut block.items {
        if let ImplItem::Fn(method) = item
            && let Some(index) = method.attrs.iter().position(|a| a.path().is_ident("tool"))
        {
            let attribute = method.attrs.remove(index);
            tools.push(tool(&attribute, method)?);
        }
    }
    if tools.is_empty() {
        return Err(Error::new(block.self_ty.span(), "a plugin needs at least one `#[tool] async fn`"));
    }
    let state = &block.self_ty;
    let definitions = tools.iter().map(|t| {
        let (name, description, arguments, answer) = (t.ident.to_string(), &t.description, &t.arguments, &t.answer);
        let option = |given: Option<TokenStream>| match given {
            Some(given) => quote!(::core::option::Option::Some(#given)),
            None => quote!(::core::option::Option::None),
        };
        let title = option(t.title.as_ref().map(|title| quote!(#title)));
        let details = option(t.details.as_ref().map(|details| quote!(#details)));
        let hints = HINTS.iter().map(|hint| {
            let (field, claimed) = (quote::format_ident!("{hint}"), t.hints.iter().any(|claimed| claimed == hint));
            quote!(#field: #claimed)
        });
        let hints = quote!(::cofferdam_sdk::export::Hints { #(#hints),* });
        quote! {
            ::cofferdam_sdk::export::definition::<#arguments, #answer>(#name, #title, #description, #details, #hints)
        }
    });
    let arms = tools.iter().map(|t| {
        let (ident, name) = (&t.ident, t.ident.to_string());
        quote! {
            #name => {
                let arguments = ::cofferdam_sdk::export::arguments(&arguments)?;
                ::cofferdam_sdk::export::answer(state.#ident(cx, arguments).await?)
            }
        }
    });
    Ok(quote! {
        #block

        impl ::cofferdam_sdk::export::Plugin for #state {
            fn definitions() -> ::std::vec::Vec<::cofferdam_sdk::export::Definition> {
                ::std::vec![#(#definitions),*]
            }

            async fn call(
                state: ::std::rc::Rc<Self>,
                cx: ::cofferdam_sdk::Cx,
                name: ::std::string::String,
                arguments: ::std::string::String,
            ) -> ::core::result::Result<::cofferdam_sdk::export::Output, ::cofferdam_sdk::Failure> {
                match name.as_str() {
                    #(#arms)*
                    other => ::core::result::Result::Err(::cofferdam_sdk::export::unknown_tool(other)),
                }
            }
        }

        const _: () = {
            const LENGTH: usize = ::core::include_bytes!(::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), "/", #manifest)).len();

            // A custom section is the one place in a component that the host can read without running it.
            #[used]
            #[cfg_attr(target_family = "wasm", unsafe(link_section = "cofferdam-manifest"))]
            static SECTION: [u8; LENGTH] = *::core::include_bytes!(::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), "/", #manifest));
        };

        ::cofferdam_sdk::export_plugin!(#state);
    })
}

/// The manifest's file, beside `Cargo.toml`.
fn manifest(attribute: TokenStream) -> Result<LitStr> {
    let mut file = LitStr::new("plugin.toml", proc_macro2::Span::call_site());
    let parser = syn::meta::parser(|meta| {
        if meta.path.is_ident("manifest") {
            file = meta.value()?.parse()?;
            return Ok(());
        }
        Err(meta.error("`#[plugin]` knows `manifest = \"file.toml\"` only: name and grants stand in that file"))
    });
    syn::parse::Parser::parse2(parser, attribute)?;
    Ok(file)
}

fn tool(attribute: &Attribute, method: &ImplItemFn) -> Result<Tool> {
    let signature = &method.sig;
    if signature.asyncness.is_none() {
        return Err(Error::new(signature.span(), "a tool is an `async fn`"));
    }
    let expected = "a tool takes `self: Rc<Self>, cx: Cx, arguments: T`";
    let [FnArg::Receiver(_), FnArg::Typed(_), FnArg::Typed(arguments)] =
        &signature.inputs.iter().collect::<Vec<_>>()[..]
    else {
        return Err(Error::new(signature.inputs.span(), expected));
    };
    let ReturnType::Type(_, returned) = &signature.output else {
        return Err(Error::new(signature.span(), "a tool returns `Result<T, Failure>`"));
    };
    let (description, details) = description(&method.attrs);
    if description.is_empty() {
        return Err(Error::new(
            signature.ident.span(),
            "a tool needs a doc comment: it is the description a model reads",
        ));
    }
    let (mut title, mut hints) = (None, Vec::new());
    if !matches!(attribute.meta, Meta::Path(_)) {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("title") {
                title = Some(meta.value()?.parse()?);
                Ok(())
            } else if let Some(hint) = meta.path.get_ident().filter(|name| HINTS.iter().any(|hint| name == hint)) {
                hints.push(hint.clone());
                Ok(())
            } else {
                Err(meta.error(format_args!("`#[tool]` knows `title = \"…\"` and the hints `{}`", HINTS.join("`, `"))))
            }
        })?;
    }
    Ok(Tool {
        ident: signature.ident.clone(),
        title,
        hints,
        description,
        details,
        arguments: (*arguments.ty).clone(),
        answer: quote!(<#returned as ::cofferdam_sdk::export::Returned>::Answer),
    })
}

/// The doc comment as a description, and what stands in it under `# Details`: lines of a paragraph joined, paragraphs kept apart.
fn description(attributes: &[Attribute]) -> (String, Option<String>) {
    let mut paragraphs = vec![String::new()];
    let mut details = None;
    for attribute in attributes.iter().filter(|a| a.path().is_ident("doc")) {
        let Meta::NameValue(pair) = &attribute.meta else { continue };
        let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &pair.value else { continue };
        let text = text.value();
        let text = text.trim();
        if text == "# Details" && details.is_none() {
            details = Some(paragraphs.len());
            paragraphs.push(String::new());
        } else if text.is_empty() {
            paragraphs.push(String::new());
        } else if let Some(last) = paragraphs.last_mut() {
            if !last.is_empty() {
                last.push(' ');
            }
            last.push_str(text);
        }
    }
    let all = |paragraphs: Vec<String>| {
        let said: Vec<String> = paragraphs.into_iter().filter(|paragraph| !paragraph.is_empty()).collect();
        said.join("\n\n")
    };
    let people = details.map(|at| paragraphs.split_off(at)).map(all).filter(|details| !details.is_empty());
    (all(paragraphs), people)
}
