//! `#[plugin]`: turns an `impl` block of `async fn`s into a component's exports. What the exports do
//! at run time lives in `cofferdam-sdk`; here is only the translation, and the compile errors.

mod expand;

use proc_macro::TokenStream;

/// Makes the `impl` block of a plugin's state its tools.
///
/// Every method marked `#[tool]` becomes a tool: its name is the tool's name, its doc comment the description,
/// its argument struct the input schema, its answer the output schema. A model reads a doc comment up to a line
/// `# Details`; what stands below it is for people. The crate's `plugin.toml` (or the
/// file that `#[plugin(manifest = "…")]` names) becomes the component's manifest.
///
/// ```ignore
/// #[derive(Default)]
/// struct Greeter;
///
/// #[cofferdam_sdk::plugin]
/// impl Greeter {
///     /// Greets somebody by name.
///     #[tool(title = "Greet")]
///     async fn greet(self: Rc<Self>, cx: Cx, who: Who) -> Result<Greeting, Failure> { … }
/// }
/// ```
#[proc_macro_attribute]
pub fn plugin(attribute: TokenStream, item: TokenStream) -> TokenStream {
    expand::plugin(attribute.into(), item.into()).unwrap_or_else(|error| error.to_compile_error()).into()
}
