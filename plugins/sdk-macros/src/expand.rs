//! The expansion of `#[plugin]`, and the errors for what it cannot expand. It does not look into
//! argument or answer types: whether they have a schema is the compiler's to say.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::{Error, ImplItem, ItemImpl, Result, spanned::Spanned};

use crate::lifecycle::Lifecycle;
use crate::manifest::{self, Kind, Manifest};
use crate::tool::{HINTS, Tool};

pub fn plugin(attribute: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let knows = "`#[plugin]` knows `manifest = \"file.toml\"` only: name and grants stand in that file";
    let file = manifest::file(attribute, knows, |_| Ok(false))?;
    let (block, tools, lifecycle) = tools(item)?;
    let manifest = Manifest::read(&file, Kind::Plugin)?;
    if let Some(settings) = lifecycle.settings().filter(|_| manifest.has_settings_schema) {
        let told = "this type is the schema of the settings: take `[settings_schema]` out of";
        return Err(Error::new(settings.span(), format_args!("{told} `{}`", file.value())));
    }
    if let Some(unknown) = manifest.needing.iter().find(|needing| !tools.iter().any(|tool| tool.name == **needing)) {
        let told = format!("`{}`: `needs` names `{unknown}`, which is no tool", file.value());
        return Err(Error::new(file.span(), told));
    }
    let (section, settings, lifecycle) = (manifest.section(), lifecycle.section(), lifecycle.methods());
    let state = &block.self_ty;
    let definitions = tools.iter().map(definition);
    let arms = tools.iter().map(arm);
    let use_shapes = quote! {
        #[allow(unused_imports, reason = "which of them is needed is the answers' to say")]
        use ::cofferdam_sdk::export::{AnswerShape as _, StructShape as _};
    };
    Ok(quote! {
        #block

        impl ::cofferdam_sdk::export::Plugin for #state {
            fn definitions() -> ::std::vec::Vec<::cofferdam_sdk::export::Definition> {
                #use_shapes
                ::std::vec![#(#definitions),*]
            }

            async fn call(
                state: ::std::rc::Rc<Self>,
                cx: ::cofferdam_sdk::Cx,
                name: ::std::string::String,
                arguments: ::std::string::String,
            ) -> ::core::result::Result<::cofferdam_sdk::export::Output, ::cofferdam_sdk::Failure> {
                #use_shapes
                let _ = cx;
                match name.as_str() {
                    #(#arms)*
                    other => ::core::result::Result::Err(::cofferdam_sdk::export::unknown_tool(other)),
                }
            }

            #lifecycle
        }

        #section

        #settings

        ::cofferdam_sdk::export_plugin!(#state);
    })
}

/// The block without what only `#[plugin]` knows, and what that was.
fn tools(item: TokenStream) -> Result<(ItemImpl, Vec<Tool>, Lifecycle)> {
    let mut block: ItemImpl = syn::parse2(item)?;
    if let Some((_, path, _)) = &block.trait_ {
        return Err(Error::new(path.span(), "`#[plugin]` goes on the type's own `impl` block, not on a trait's"));
    }
    let lifecycle = Lifecycle::take(&mut block)?;
    let mut tools = Vec::new();
    for item in &mut block.items {
        if let ImplItem::Fn(method) = item
            && let Some(index) = method.attrs.iter().position(|a| a.path().is_ident("tool"))
        {
            let attribute = method.attrs.remove(index);
            tools.push(Tool::read(&attribute, method)?);
        }
    }
    if tools.is_empty() {
        return Err(Error::new(block.self_ty.span(), "a plugin needs at least one `#[tool] async fn`"));
    }
    Ok((block, tools, lifecycle))
}

fn arguments(tool: &Tool) -> TokenStream {
    tool.arguments.as_ref().map_or_else(|| quote!(::cofferdam_sdk::NoArguments), |arguments| quote!(#arguments))
}

/// What the host lists.
fn definition(tool: &Tool) -> TokenStream {
    let (name, description, arguments, probe) = (&tool.name, &tool.description, arguments(tool), probe(tool));
    let option = |given: Option<TokenStream>| match given {
        Some(given) => quote!(::core::option::Option::Some(#given)),
        None => quote!(::core::option::Option::None),
    };
    let title = option(tool.title.as_ref().map(|title| quote!(#title)));
    let details = option(tool.details.as_ref().map(|details| quote!(#details)));
    let meta = option(tool.meta.as_ref().map(|meta| quote!(#meta)));
    let hints = HINTS.iter().map(|hint| {
        let (field, claimed) = (format_ident!("{hint}"), tool.hints.iter().any(|claimed| claimed == hint));
        quote!(#field: #claimed)
    });
    quote_spanned! {tool.returned.span()=>
        ::cofferdam_sdk::export::definition::<#arguments>(
            ::cofferdam_sdk::export::Described {
                name: #name,
                title: #title,
                description: #description,
                details: #details,
                hints: ::cofferdam_sdk::export::Hints { #(#hints),* },
                meta: #meta,
            },
            ::cofferdam_sdk::export::output_schema((&#probe).shape(), #probe),
        )
    }
}

/// What finds out how the tool's answer is told.
fn probe(tool: &Tool) -> TokenStream {
    let returned = &tool.returned;
    quote_spanned! {returned.span()=>
        ::cofferdam_sdk::export::Probe::<<#returned as ::cofferdam_sdk::export::Returned>::Answer>::NEW
    }
}

/// The way from its name to the method.
fn arm(tool: &Tool) -> TokenStream {
    let (ident, name, of, probe) = (&tool.ident, &tool.name, arguments(tool), probe(tool));
    let last_words = tool.last_words.then(|| quote!(::cofferdam_sdk::export::has_last_words(cx);));
    let context = tool.takes_context.then(|| quote!(cx,));
    let given = tool.arguments.as_ref().map(|_| quote!(arguments));
    let read = match given {
        Some(_) => quote!(let arguments = ::cofferdam_sdk::export::arguments::<#of>(&arguments)?;),
        None => quote!(::cofferdam_sdk::export::arguments::<#of>(&arguments)?;),
    };
    let result = quote!(state.#ident(#context #given).await);
    let output = quote_spanned! {tool.returned.span()=>
        ::cofferdam_sdk::export::output(
            (&#probe).shape(),
            ::cofferdam_sdk::export::Returned::result(#result)?,
        )
    };
    quote! {
        #name => {
            #last_words
            #read
            #output
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(method: TokenStream) -> String {
        plugin(quote!(), quote!(impl Greeter { #method })).unwrap_err().to_string()
    }

    /// What a whole plugin is refused for in a folder without a manifest, after all else was read.
    const LAST: &str = "there is no `plugin.toml` beside `Cargo.toml`: write one:";

    #[test]
    fn a_tool_takes_what_it_wants() {
        for takes in [
            quote!(&self),
            quote!(self: Rc<Self>),
            quote!(self: Rc<Self>, cx: Cx),
            quote!(&self, who: Who),
            quote!(self: Rc<Self>, cx: cofferdam_sdk::Cx, who: Who),
        ] {
            let method = quote!(#[doc = "Greets."] #[tool(title = "x", meta = "{\"a\":1}", last_words, read_only)] async fn greet(#takes) -> Result<A, Failure> {});
            assert!(told(method).starts_with(LAST), "{takes}");
        }
        for takes in [
            quote!(),
            quote!(cx: Cx),
            quote!(&self, who: Who, cx: Cx),
            quote!(&self, a: A, b: B),
            quote!(&self, a: Cx, b: Cx),
        ] {
            let method = quote!(#[doc = "Greets."] #[tool] async fn greet(#takes) -> Result<A, Failure> {});
            assert!(
                told(method).starts_with("a tool takes `self: Rc<Self>` or `&self`, then the call's context"),
                "{takes}"
            );
        }
        let exclusive = quote!(
            #[doc = "Greets."]
            #[tool]
            async fn greet(&mut self) -> Result<A, Failure> {}
        );
        assert!(told(exclusive).starts_with("a tool takes `&self`: calls run at the same time"));
    }

    #[test]
    fn what_cannot_be_a_tool_is_told() {
        for (method, expected) in [
            (
                quote!(
                    #[tool]
                    fn greet(&self) -> R {}
                ),
                "a tool is an `async fn`",
            ),
            (
                quote!(
                    #[doc = " "]
                    #[tool]
                    async fn greet(&self) -> R {}
                ),
                "a tool needs a doc comment: it is the description a model reads",
            ),
            (
                quote!(
                    #[doc = "x"]
                    #[tool]
                    async fn greet(&self) {}
                ),
                "a tool returns `Result<T, Failure>`",
            ),
            (
                quote!(
                    #[doc = "x"]
                    #[tool(titel = "x")]
                    async fn greet(&self) -> R {}
                ),
                "`#[tool]` knows `title = \"…\"`, `meta = \"{…}\"`, `last_words` and the hints `read_only`, `additive`, `idempotent`, `closed_world`, `pages`",
            ),
            (
                quote!(
                    #[doc = "x"]
                    #[tool(meta = "{")]
                    async fn greet(&self) -> R {}
                ),
                "`meta` is no JSON: EOF while parsing an object at line 1 column 1",
            ),
            (
                quote!(
                    #[doc = "x"]
                    #[tool(meta = "[1]")]
                    async fn greet(&self) -> R {}
                ),
                "`meta` is a JSON object, such as `{\"example.com/icon\": \"hammer\"}`",
            ),
            (
                quote!(
                    #[doc = "x"]
                    #[tool(meta = "{\"a\":1,\"modelcontextprotocol.io/x\":1}")]
                    async fn greet(&self) -> R {}
                ),
                "`modelcontextprotocol.io/x` cannot be in `meta`: MCP keeps `io.modelcontextprotocol/` and \
                 `modelcontextprotocol.io/` for itself",
            ),
            (
                quote!(
                    async fn greet(&self) -> R {}
                ),
                "a plugin needs at least one `#[tool] async fn`",
            ),
        ] {
            assert_eq!(told(method), expected);
        }
        let of_a_trait = plugin(quote!(), quote!(impl Clone for Greeter {})).unwrap_err().to_string();
        assert_eq!(of_a_trait, "`#[plugin]` goes on the type's own `impl` block, not on a trait's");
        let option = plugin(quote!(name = "x"), quote!(impl Greeter {})).unwrap_err().to_string();
        assert_eq!(option, "`#[plugin]` knows `manifest = \"file.toml\"` only: name and grants stand in that file");
    }

    #[test]
    fn a_tools_name_has_its_rule() {
        let named = |name: &str| {
            let name: syn::Ident = syn::parse_str(name).unwrap();
            told(quote!(#[doc = "x"] #[tool] async fn #name(&self) -> R {}))
        };
        for name in ["greet", "Greet_2", "r#type", &"a".repeat(40)] {
            assert!(named(name).starts_with(LAST), "{name}");
        }
        for name in ["grüße", &"a".repeat(41)] {
            let rule = "at most 40 of `a` to `z`, `A` to `Z`, `0` to `9` and `_`";
            assert_eq!(named(name), format!("`{name}` cannot be the name of a tool: {rule}"));
        }
    }
}
