//! One method marked `#[tool]`: what it takes, what it claims, what is said of it, and what cannot
//! be a tool.

use syn::ext::IdentExt;
use syn::{
    Attribute, Error, Expr, ExprLit, FnArg, ImplItemFn, Lit, LitStr, Meta, Result, ReturnType, Type, spanned::Spanned,
};

/// What `#[tool]` may claim, by the names of the contract.
pub const HINTS: [&str; 5] = ["read_only", "additive", "idempotent", "closed_world", "pages"];

/// The longest name of a tool, as the host has it.
const MOST_NAME: usize = 40;

/// A tool, read from a method.
pub struct Tool {
    pub ident: syn::Ident,
    pub name: String,
    pub title: Option<LitStr>,
    pub hints: Vec<syn::Ident>,
    /// Whether it goes on for a moment after its deadline.
    pub last_words: bool,
    pub description: String,
    /// What stands under `# Details`, for people.
    pub details: Option<String>,
    /// Whether it takes the call's context.
    pub takes_context: bool,
    /// Its arguments, if it takes any.
    pub arguments: Option<Type>,
    /// The type that it returns.
    pub returned: Type,
    /// Members of MCP's `_meta`: a JSON object.
    pub meta: Option<LitStr>,
}

impl Tool {
    /// Reads a method and its `#[tool]`.
    pub fn read(attribute: &Attribute, method: &ImplItemFn) -> Result<Self> {
        let signature = &method.sig;
        if signature.asyncness.is_none() {
            return Err(Error::new(signature.span(), "a tool is an `async fn`"));
        }
        let name = name(&signature.ident)?;
        let (takes_context, arguments) = takes(signature)?;
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
        let (mut title, mut hints, mut last_words, mut meta) = (None, Vec::new(), false, None);
        if !matches!(attribute.meta, Meta::Path(_)) {
            attribute.parse_nested_meta(|given| {
                if given.path.is_ident("title") {
                    title = Some(given.value()?.parse()?);
                } else if given.path.is_ident("meta") {
                    meta = Some(object(given.value()?.parse()?)?);
                } else if given.path.is_ident("last_words") {
                    last_words = true;
                } else if let Some(hint) = given.path.get_ident().filter(|name| HINTS.iter().any(|hint| name == hint)) {
                    hints.push(hint.clone());
                } else {
                    return Err(given.error(format_args!(
                        "`#[tool]` knows `title = \"…\"`, `meta = \"{{…}}\"`, `last_words` and the hints `{}`",
                        HINTS.join("`, `")
                    )));
                }
                Ok(())
            })?;
        }
        Ok(Self {
            ident: signature.ident.clone(),
            name,
            title,
            hints,
            last_words,
            description,
            details,
            takes_context,
            arguments,
            returned: (**returned).clone(),
            meta,
        })
    }
}

/// What is written for `meta`: a JSON object, without the names that MCP keeps for itself.
fn object(written: LitStr) -> Result<LitStr> {
    let told = |why: String| Err(Error::new(written.span(), why));
    let members = match serde_json::from_str(&written.value()) {
        Ok(serde_json::Value::Object(members)) => members,
        Ok(_) => return told("`meta` is a JSON object, such as `{\"example.com/icon\": \"hammer\"}`".to_owned()),
        Err(error) => return told(format!("`meta` is no JSON: {error}")),
    };
    let kept = ["io.modelcontextprotocol/", "modelcontextprotocol.io/"];
    match members.keys().find(|name| kept.iter().any(|prefix| name.starts_with(prefix))) {
        Some(name) => told(format!("`{name}` cannot be in `meta`: MCP keeps `{}` for itself", kept.join("` and `"))),
        None => Ok(written),
    }
}

/// The method's name as the tool's, which clients and models have to be able to write.
fn name(ident: &syn::Ident) -> Result<String> {
    let name = ident.unraw().to_string();
    let known = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.len() > MOST_NAME || !name.chars().all(known) {
        let told = format!(
            "`{name}` cannot be the name of a tool: at most {MOST_NAME} of `a` to `z`, `A` to `Z`, `0` to `9` and `_`"
        );
        return Err(Error::new(ident.span(), told));
    }
    Ok(name)
}

/// Whether a tool takes the call's context, and the type of its arguments.
fn takes(signature: &syn::Signature) -> Result<(bool, Option<Type>)> {
    let expected = "a tool takes `self: Rc<Self>` or `&self`, then the call's context if it wants it (`cx: Cx`), then its arguments if it has any";
    let inputs: Vec<&FnArg> = signature.inputs.iter().collect();
    let refused = || Err(Error::new(signature.span(), expected));
    let [FnArg::Receiver(receiver), rest @ ..] = &inputs[..] else { return refused() };
    if receiver.mutability.is_some() && receiver.reference.is_some() {
        let told = "a tool takes `&self`: calls run at the same time, so what changes is in a `Cell` or a `RefCell`";
        return Err(Error::new(receiver.span(), told));
    }
    let types: Vec<&Type> = rest
        .iter()
        .filter_map(|input| match input {
            FnArg::Typed(typed) => Some(&*typed.ty),
            FnArg::Receiver(_) => None,
        })
        .collect();
    match &types[..] {
        [] => Ok((false, None)),
        [one] if is_context(one) => Ok((true, None)),
        [one] => Ok((false, Some((*one).clone()))),
        [context, arguments] if is_context(context) && !is_context(arguments) => Ok((true, Some((*arguments).clone()))),
        _ => refused(),
    }
}

fn is_context(given: &Type) -> bool {
    matches!(given, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Cx"))
}

/// The doc comment as a description, and what stands in it under `# Details`: lines of a paragraph
/// joined, paragraphs kept apart.
pub fn description(attributes: &[Attribute]) -> (String, Option<String>) {
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
