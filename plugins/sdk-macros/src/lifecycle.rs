//! `#[init]` and `#[close]`: methods for the beginning and the end of an instance.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Attribute, Error, FnArg, Ident, ImplItem, ItemImpl, Meta, Result, ReturnType, Type, spanned::Spanned};

/// The methods of a plugin that are no tools and are called all the same.
#[derive(Default)]
pub struct Lifecycle {
    /// `#[init]`, the type of its settings, and where it says what it returns.
    init: Option<(Ident, Option<Type>, Span)>,
    /// `#[close]`.
    close: Option<Ident>,
}

impl Lifecycle {
    /// Takes them out of a plugin's block, which keeps the methods.
    pub fn take(block: &mut ItemImpl) -> Result<Self> {
        let mut found = Self::default();
        for item in &mut block.items {
            let ImplItem::Fn(method) = item else { continue };
            let named = |a: &Attribute| a.path().is_ident("init") || a.path().is_ident("close");
            let Some(index) = method.attrs.iter().position(named) else { continue };
            let attribute = method.attrs.remove(index);
            let is_init = attribute.path().is_ident("init");
            let word = if is_init { "init" } else { "close" };
            if !matches!(attribute.meta, Meta::Path(_)) {
                return Err(Error::new(attribute.span(), format_args!("`#[{word}]` has no options")));
            }
            let signature = &method.sig;
            if signature.asyncness.is_none() {
                return Err(Error::new(signature.span(), format_args!("`#[{word}]` goes on an `async fn`")));
            }
            let twice = if is_init { found.init.is_some() } else { found.close.is_some() };
            if twice {
                return Err(Error::new(signature.span(), format_args!("a plugin has one `#[{word}]`")));
            }
            let inputs: Vec<&FnArg> = signature.inputs.iter().collect();
            match &inputs[..] {
                [FnArg::Receiver(receiver), ..] if receiver.mutability.is_some() && receiver.reference.is_some() => {
                    let told = format_args!("`#[{word}]` takes `&self`: what changes is in a `Cell` or a `RefCell`");
                    return Err(Error::new(receiver.span(), told));
                }
                [FnArg::Receiver(_)] if is_init => {
                    found.init = Some((signature.ident.clone(), None, signature.output.span()))
                }
                [FnArg::Receiver(_), FnArg::Typed(settings)] if is_init => {
                    let of = Some((*settings.ty).clone());
                    found.init = Some((signature.ident.clone(), of, signature.output.span()));
                }
                [FnArg::Receiver(_)] => {
                    if let ReturnType::Type(_, returned) = &signature.output {
                        return Err(Error::new(
                            returned.span(),
                            "`#[close]` returns nothing: nobody is there to hear of it",
                        ));
                    }
                    found.close = Some(signature.ident.clone());
                }
                _ if is_init => {
                    let told = "`#[init]` takes `&self` or `self: Rc<Self>`, then the settings if the plugin has any";
                    return Err(Error::new(signature.span(), told));
                }
                _ => return Err(Error::new(signature.span(), "`#[close]` takes `&self` or `self: Rc<Self>`")),
            }
        }
        Ok(found)
    }

    /// The type of the plugin's settings, if `#[init]` takes any.
    pub fn settings(&self) -> Option<&Type> {
        self.init.as_ref().and_then(|(_, settings, _)| settings.as_ref())
    }

    /// The methods of `export::Plugin`.
    pub fn methods(&self) -> TokenStream {
        let init = self.init.as_ref().map(|(ident, settings, returned)| {
            let read = settings
                .as_ref()
                .map(|of| quote_spanned!(of.span()=> let settings = ::cofferdam_sdk::export::begins_with::<#of>()?;));
            let given = settings.as_ref().map(|_| quote!(settings));
            let begun = quote!(state().#ident(#given).await);
            let begun = quote_spanned!(*returned=> ::cofferdam_sdk::export::Begun::begun(#begun));
            quote! {
                async fn init(
                    state: impl ::core::ops::FnOnce() -> ::std::rc::Rc<Self>,
                ) -> ::core::result::Result<(), ::std::string::String> {
                    #read
                    #begun
                }
            }
        });
        let close = self.close.as_ref().map(|ident| {
            quote! {
                async fn close(state: ::std::rc::Rc<Self>) {
                    state.#ident().await;
                }
            }
        });
        quote!(#init #close)
    }

    /// The section with the schema of the settings.
    pub fn section(&self) -> TokenStream {
        let Some(of) = self.settings() else { return TokenStream::new() };
        let object = quote_spanned!(of.span()=> <#of as ::cofferdam_sdk::settings_schema::Settings>::OBJECT);
        quote! {
            #[allow(unsafe_code, reason = "the compiler has no other word for a custom section")]
            const _: () = {
                const OBJECT: ::cofferdam_sdk::settings_schema::Object = #object;
                const LENGTH: usize = ::cofferdam_sdk::settings_schema::length(&OBJECT);

                #[used]
                // The linker puts it where the host looks: nothing reads it here.
                #[cfg_attr(target_family = "wasm", unsafe(link_section = "cofferdam-settings-schema"))]
                static SECTION: [u8; LENGTH] = ::cofferdam_sdk::settings_schema::json(&OBJECT);
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(method: TokenStream) -> Result<Lifecycle> {
        Lifecycle::take(&mut syn::parse2(quote!(impl Greeter { #method })).unwrap())
    }

    #[test]
    fn a_plugin_begins_and_ends_with_what_it_has() {
        for method in [
            quote!(
                #[init]
                async fn begin(&self) {}
            ),
            quote!(
                #[init]
                async fn begin(self: Rc<Self>, settings: Settings) -> Result<(), String> {}
            ),
            quote!(
                #[close]
                async fn end(&self) {}
            ),
            quote!(
                #[init]
                async fn begin(&self) {}
                #[close]
                async fn end(self: Rc<Self>) {}
                fn other(&self) {}
            ),
        ] {
            assert!(taken(method.clone()).is_ok(), "{method}");
        }
        assert!(
            taken(quote!(
                #[init]
                async fn begin(&self, s: S) {}
            ))
            .unwrap()
            .settings()
            .is_some()
        );
        let none = taken(quote!(
            fn begin(&self) {}
        ))
        .unwrap();
        assert!(none.settings().is_none() && none.methods().is_empty() && none.section().is_empty());
    }

    #[test]
    fn what_cannot_be_called_is_told() {
        for (method, told) in [
            (
                quote!(
                    #[init]
                    fn begin(&self) {}
                ),
                "`#[init]` goes on an `async fn`",
            ),
            (
                quote!(
                    #[init(x)]
                    async fn begin(&self) {}
                ),
                "`#[init]` has no options",
            ),
            (
                quote!(
                    #[init]
                    async fn a(&self) {}
                    #[init]
                    async fn b(&self) {}
                ),
                "a plugin has one `#[init]`",
            ),
            (
                quote!(
                    #[init]
                    async fn begin(&mut self) {}
                ),
                "`#[init]` takes `&self`: what changes is in a `Cell` or a `RefCell`",
            ),
            (
                quote!(
                    #[init]
                    async fn begin(settings: S) {}
                ),
                "`#[init]` takes `&self` or `self: Rc<Self>`, then the settings if the plugin has any",
            ),
            (
                quote!(
                    #[init]
                    async fn begin(&self, a: A, b: B) {}
                ),
                "`#[init]` takes `&self` or `self: Rc<Self>`, then the settings if the plugin has any",
            ),
            (
                quote!(
                    #[close]
                    async fn end(&self, a: A) {}
                ),
                "`#[close]` takes `&self` or `self: Rc<Self>`",
            ),
            (
                quote!(
                    #[close]
                    async fn end(&self) -> Result<(), String> {}
                ),
                "`#[close]` returns nothing: nobody is there to hear of it",
            ),
        ] {
            assert_eq!(taken(method).err().unwrap().to_string(), told);
        }
    }
}
