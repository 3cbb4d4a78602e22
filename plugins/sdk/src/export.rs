//! What the expansion of `#[plugin]` calls: the way from the component's exports to the plugin's methods and back.
//! Plugin authors need nothing from here.

use std::cell::OnceCell;
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use futures::future::{Either, select};
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};

use crate::bindings::cofferdam::plugin::host::{self, Cancellation};
pub use crate::bindings::exports::cofferdam::plugin::tools::{Definition, Hints, Output};
use crate::cx::{Forget, LAST_WORDS, ask, has_asked};
use crate::{Answer, Cx, Failure, bindings::exports::cofferdam::plugin::tools, schema};

/// A plugin's state and its tools. `#[plugin]` implements it.
pub trait Plugin: Default + 'static {
    /// The tools, in the order of the source.
    fn definitions() -> Vec<Definition>;
    /// Runs one.
    fn call(state: Rc<Self>, cx: Cx, name: String, arguments: String) -> impl Future<Output = Result<Output, Failure>>;
}

/// The answer's type in a tool's `Result`.
pub trait Returned {
    /// What the tool answers.
    type Answer;
}

impl<T: Serialize> Returned for Result<T, Failure> {
    type Answer = T;
}

impl<T: Serialize> Returned for Result<Answer<T>, Failure> {
    type Answer = T;
}

/// What a tool can take: a struct that is read from JSON and has a schema.
///
/// ```
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// struct Who {
///     name: String,
/// }
/// assert!(cofferdam_sdk::export::arguments::<Who>(r#"{"name":"you"}"#).is_ok());
/// assert!(cofferdam_sdk::export::arguments::<Who>(r#"{"name":1}"#).is_err());
/// ```
///
/// Without a schema it is a compile error that says what to derive:
///
/// ```compile_fail,E0277
/// #[derive(serde::Deserialize)]
/// struct Who {
///     name: String,
/// }
/// assert!(cofferdam_sdk::export::arguments::<Who>(r#"{"name":"you"}"#).is_ok());
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the arguments of a tool",
    label = "no arguments of a tool",
    note = "write `#[derive(serde::Deserialize, schemars::JsonSchema)]` above the struct, and `///` above each of its members"
)]
pub trait Arguments: DeserializeOwned + JsonSchema {}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + JsonSchema> Arguments for T {}

/// What a tool can answer: a struct that is written as JSON and has a schema.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the answer of a tool",
    label = "no answer of a tool",
    note = "write `#[derive(serde::Serialize, schemars::JsonSchema)]` above the struct"
)]
pub trait Structured: Serialize + JsonSchema {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + JsonSchema> Structured for T {}

/// A tool's success as the contract has it.
pub trait Success {
    /// Its text blocks, if it has its own, and its JSON.
    fn parts(self) -> serde_json::Result<(Vec<String>, String)>;
}

impl<T: Serialize> Success for T {
    fn parts(self) -> serde_json::Result<(Vec<String>, String)> {
        Ok((Vec::new(), serde_json::to_string(&self)?))
    }
}

impl<T: Serialize> Success for Answer<T> {
    fn parts(self) -> serde_json::Result<(Vec<String>, String)> {
        Ok((self.text, serde_json::to_string(&self.structured)?))
    }
}

/// Describes one tool. `details` are for people: no model reads them.
pub fn definition<A: Arguments, R: Structured>(
    name: &str,
    title: Option<&str>,
    description: &str,
    details: Option<&str>,
    hints: Hints,
) -> Definition {
    Definition {
        name: name.to_owned(),
        title: title.map(str::to_owned),
        description: description.to_owned(),
        input_schema: schema::with_details(schema::of_arguments::<A>(), details),
        output_schema: Some(schema::of_answer::<R>()),
        hints,
    }
}

/// Reads a tool's arguments. What the schema allows and the type does not is told by its path.
pub fn arguments<T: Arguments>(json: &str) -> Result<T, Failure> {
    let mut reader = serde_json::Deserializer::from_str(json);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let (path, told) = (error.path().to_string(), error.inner());
        // What is not in a member has a dot for a path.
        if path == "." {
            return Failure::new("invalid_argument", told);
        }
        Failure::new("invalid_argument", format_args!("`{path}`: {told}")).with("argument", path)
    })
}

/// Lets a call go on for its last words after its deadline, from its beginning.
pub fn has_last_words(cx: Cx) {
    ask(cx.call);
}

/// Writes a tool's answer.
pub fn answer(answer: impl Success) -> Result<Output, Failure> {
    let (content, structured) = answer.parts().map_err(|error| Failure::new("internal", error))?;
    Ok(Output { content, structured: Some(structured) })
}

/// The failure for a name that is not in `definitions`; the host never sends one.
pub fn unknown_tool(name: &str) -> Failure {
    Failure::new("unknown_tool", format_args!("there is no tool `{name}`"))
}

/// Runs a call until it ends, is cancelled, or its deadline comes; then the tool's future is dropped, but after a deadline that the
/// tool has asked for only once it had the time for its last words.
pub async fn run<P: Plugin>(
    state: &'static std::thread::LocalKey<OnceCell<Rc<P>>>,
    call: u64,
    name: String,
    arguments: String,
) -> Result<Output, tools::Failure> {
    let state = state.with(|cell| Rc::clone(cell.get_or_init(Rc::default)));
    let _forget = Forget(call);
    let mut tool = pin!(P::call(state, Cx { call }, name, arguments));
    let late = || Err(Failure::new("deadline", "the call took longer than its deadline"));
    // Most calls are done at once: they never ask the host about cancellation.
    let result = match futures::poll!(&mut tool) {
        Poll::Ready(result) => result,
        Poll::Pending => match select(tool, pin!(host::cancelled(call))).await {
            Either::Left((result, _)) => result,
            Either::Right((Cancellation::Cancelled, _)) => Err(Failure::new("cancelled", "the call was cancelled")),
            Either::Right((Cancellation::Deadline, tool)) if has_asked(call) => {
                crate::timeout(LAST_WORDS, tool).await.unwrap_or_else(late)
            }
            Either::Right((Cancellation::Deadline, _)) => late(),
        },
    };
    result.map_err(|failure| tools::Failure {
        code: failure.code.into_owned(),
        message: failure.message,
        details: (!failure.details.is_empty()).then(|| serde_json::Value::Object(failure.details).to_string()),
    })
}

/// Makes a type that implements [`Plugin`] the component's exports.
#[macro_export]
macro_rules! export_plugin {
    ($state:ty) => {
        const _: () = {
            ::std::thread_local! {
                static STATE: ::core::cell::OnceCell<::std::rc::Rc<$state>> = const { ::core::cell::OnceCell::new() };
            }

            struct Component;

            impl $crate::bindings::exports::cofferdam::plugin::tools::Guest for Component {
                fn list() -> ::std::vec::Vec<$crate::export::Definition> {
                    <$state as $crate::export::Plugin>::definitions()
                }

                async fn call(
                    call: u64,
                    name: ::std::string::String,
                    arguments: ::std::string::String,
                ) -> ::core::result::Result<
                    $crate::export::Output,
                    $crate::bindings::exports::cofferdam::plugin::tools::Failure,
                > {
                    $crate::export::run::<$state>(&STATE, call, name, arguments).await
                }
            }

    $crate::bindings::export!(Component with_types_in $crate::bindings);
        };
    };
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize, JsonSchema)]
    struct Asked {
        steps: Vec<Step>,
    }

    #[derive(Debug, PartialEq, serde::Deserialize, JsonSchema)]
    struct Step {
        port: u16,
    }

    #[test]
    fn an_argument_out_of_range_is_told_by_its_path() {
        assert_eq!(arguments(r#"{"steps":[{"port":1}]}"#), Ok(Asked { steps: vec![Step { port: 1 }] }));
        let failure = arguments::<Asked>(r#"{"steps":[{"port":1},{"port":70000}]}"#).unwrap_err();
        assert_eq!((failure.code(), &failure.details["argument"]), ("invalid_argument", &json!("steps[1].port")));
        assert!(failure.message.starts_with("`steps[1].port`: invalid value: integer `70000`, expected u16"));
        let failure = arguments::<Asked>("{}").unwrap_err();
        assert!(failure.details.is_empty() && failure.message.starts_with("missing field `steps`"));
    }
}
