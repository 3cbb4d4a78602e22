//! `#[plugin]`: turns an `impl` block of `async fn`s into a component's exports. `#[handler]` does
//! it with a protocol. What the exports do at run time lives in `cofferdam-sdk` and
//! `cofferdam-handler`; here is only the translation, and the compile errors.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod expand;
mod handler;
mod lifecycle;
mod manifest;
mod settings;
mod tool;

use proc_macro::TokenStream;

/// Makes the `impl` block of a plugin's state its tools.
///
/// Every method marked `#[tool]` becomes a tool: its name is the tool's name, its doc comment the
/// description, its argument struct the input schema, its answer the output schema. A model reads a
/// doc comment up to a line `# Details`; what stands below it is for people. The crate's
/// `plugin.toml` (or the file that `#[plugin(manifest = "…")]` names) becomes the component's
/// manifest.
///
/// `#[tool(…)]` takes `title = "…"`, what the tool claims (`read_only`, `additive`, `idempotent`,
/// `closed_world`, `pages`), `last_words` for a tool that answers with what it has at its deadline,
/// and `meta = "{…}"`: a JSON object for MCP's `_meta`.
///
/// A method marked `#[init]` is called when an instance begins, before everything else, with the
/// operator's settings if it takes them. One marked `#[close]` is called when an instance ends in
/// good order.
///
/// `cofferdam-sdk` has an example on its first page.
#[proc_macro_attribute]
pub fn plugin(attribute: TokenStream, item: TokenStream) -> TokenStream {
    finish(expand::plugin(attribute.into(), item.into()))
}

/// Makes a struct the settings of a plugin, which `#[init]` may take, or a part of them: its
/// schema, made from the same attributes and comments as what serde reads, is in the component. See
/// `cofferdam_sdk::settings`.
#[proc_macro_derive(Settings, attributes(serde))]
pub fn settings(item: TokenStream) -> TokenStream {
    finish(settings::derive(item.into()))
}

/// Makes a protocol the component's export, under the name and with the description of the crate's
/// `plugin.toml` (or of the file that `#[handler(manifest = "…")]` names), which becomes the
/// component's manifest.
///
/// It goes on `impl Protocol for …`, where types are the schemas, or on `impl Handler for …`, where
/// everything is at hand. See `cofferdam_handler::Protocol`.
#[proc_macro_attribute]
pub fn handler(attribute: TokenStream, item: TokenStream) -> TokenStream {
    finish(handler::handler(attribute.into(), item.into()))
}

/// Makes a struct or an enum a handler's messages: it can be read and written as JSON, and has a
/// schema. A member that it does not have is refused.
#[proc_macro_attribute]
pub fn message(attribute: TokenStream, item: TokenStream) -> TokenStream {
    finish(handler::message(attribute.into(), item.into(), false))
}

/// Makes a struct a handler's configuration: like `#[message]`, and every member may be left out.
/// It has to be `Default`.
#[proc_macro_attribute]
pub fn config(attribute: TokenStream, item: TokenStream) -> TokenStream {
    finish(handler::message(attribute.into(), item.into(), true))
}

/// What `handler_guest::export!` calls: the manifest as a section, under the name that the handler
/// gives itself.
#[doc(hidden)]
#[proc_macro]
pub fn handler_manifest(input: TokenStream) -> TokenStream {
    finish(manifest::of_handler(input.into()))
}

fn finish(made: syn::Result<proc_macro2::TokenStream>) -> TokenStream {
    made.unwrap_or_else(|error| error.to_compile_error()).into()
}
