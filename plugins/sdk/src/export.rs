//! What the expansion of `#[plugin]` calls: the way from the component's exports to the plugin's
//! methods and back. Plugin authors need nothing from here.

mod arguments;
mod shape;

use std::cell::OnceCell;
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use futures::future::{Either, select};

use crate::bindings::cofferdam::host::calls::{self, Context, Ending, Retry};
use crate::bindings::cofferdam::host::cancellation::{self, Reason};
pub use crate::bindings::exports::cofferdam::plugin::tools::{Definition, Hints, Output};
use crate::bindings::exports::cofferdam::plugin::tools::{Outcome, Reply};
use crate::cx::{Call, LAST_WORDS};
use crate::{Cx, Failure, schema, settings};

pub use arguments::{Arguments, arguments};
pub use shape::{Alone, AnswerShape, Probe, Returned, Shape, StructShape, Structured, output, output_schema};

/// A plugin's state and its tools. `#[plugin]` implements it.
pub trait Plugin: Default + 'static {
    /// The tools, in the order of the source.
    fn definitions() -> Vec<Definition>;

    /// Runs one.
    fn call(state: Rc<Self>, cx: Cx, name: String, arguments: String) -> impl Future<Output = Result<Output, Failure>>;

    /// The instance begins. `state` makes the plugin's, or finds it.
    fn init(state: impl FnOnce() -> Rc<Self>) -> impl Future<Output = Result<(), String>> {
        drop(state);
        std::future::ready(Ok(()))
    }

    /// The instance ends in good order.
    fn close(state: Rc<Self>) -> impl Future<Output = ()> {
        drop(state);
        std::future::ready(())
    }
}

/// Where a plugin's state is kept.
pub type State<P> = std::thread::LocalKey<OnceCell<Rc<P>>>;

fn made<P: Plugin>(state: &'static State<P>) -> Rc<P> {
    state.with(|cell| Rc::clone(cell.get_or_init(Rc::default)))
}

/// What every tool has beside its types. `details` are for people: no model reads them.
#[derive(Clone, Copy)]
pub struct Described<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its name for people.
    pub title: Option<&'a str>,
    /// What it does.
    pub description: &'a str,
    /// What people read of it besides.
    pub details: Option<&'a str>,
    /// What it claims.
    pub hints: Hints,
    /// A JSON object.
    pub meta: Option<&'a str>,
}

/// Describes one tool.
pub fn definition<A: Arguments>(tool: Described<'_>, output_schema: Option<String>) -> Definition {
    Definition {
        name: tool.name.to_owned(),
        title: tool.title.map(str::to_owned),
        description: tool.description.to_owned(),
        input_schema: schema::with_details(schema::of_arguments::<A>(), tool.details),
        output_schema,
        hints: tool.hints,
        meta: tool.meta.map(str::to_owned),
    }
}

/// Lets a call go on for its last words after its deadline, from its beginning.
pub fn has_last_words(cx: Cx) {
    if let Some(call) = cx.running() {
        call.wants_last_words();
    }
}

/// The failure for a name that is not in `definitions`; the host never sends one.
pub fn unknown_tool(name: &str) -> Failure {
    Failure::new("unknown_tool", format_args!("there is no tool `{name}`"))
}

/// Runs a call until it ends, is cancelled, or its deadline comes; then the tool's future is
/// dropped, but after a deadline that the tool has asked for only once it had the time for its last
/// words.
pub async fn run<P: Plugin>(
    state: &'static State<P>,
    context: Context,
    name: String,
    arguments: String,
    replies: Vec<(String, Reply)>,
) -> Result<Outcome, Ending> {
    let call = Call::new(Some(context), replies);
    let (cx, _forget) = call.begin();
    // It is dropped before the context, which it borrows.
    let mut tool = pin!(P::call(made(state), cx, name, arguments));
    // Most calls are done at once: they never ask the host about cancellation.
    let result = match futures::poll!(&mut tool) {
        Poll::Ready(result) => result,
        Poll::Pending => match select(tool, pin!(should_end(&call))).await {
            Either::Left((result, _)) => result,
            // A call that is awaited here has not ended by itself.
            Either::Right((Reason::Cancelled | Reason::Ended, _)) => return Err(Ending::Cancelled),
            Either::Right((Reason::Deadline, tool)) if call.has_last_words() => {
                call.deadline_has_come();
                crate::timeout(LAST_WORDS, tool).await.ok_or(Ending::Deadline)?
            }
            Either::Right((Reason::Deadline, _)) => return Err(Ending::Deadline),
        },
    };
    end(&call, result)
}

async fn should_end(call: &Call) -> Reason {
    match &call.context {
        Some(context) => cancellation::wait(context).await,
        None => std::future::pending().await,
    }
}

/// What a call comes to, as the contract has it.
fn end(call: &Call, result: Result<Output, Failure>) -> Result<Outcome, Ending> {
    let failure = match result {
        Ok(output) => return Ok(Outcome::Done(output)),
        Err(failure) if failure.asks => return Ok(Outcome::InputRequired(call.asked.take())),
        Err(failure) => failure,
    };
    Err(Ending::Failed(calls::Failure {
        code: failure.code.into_owned(),
        message: failure.message,
        details: (!failure.details.is_empty()).then(|| serde_json::Value::Object(*failure.details).to_string()),
        retry: match failure.retry {
            None => Retry::Unknown,
            Some(true) => Retry::CanHelp,
            Some(false) => Retry::CannotHelp,
        },
    }))
}

/// The instance begins with these settings.
pub async fn init<P: Plugin>(state: &'static State<P>, given: String) -> Result<(), String> {
    settings::keep(given);
    P::init(|| made(state)).await
}

/// The settings that `#[init]` takes.
pub fn begins_with<T: settings::Settings>() -> Result<T, String> {
    settings::settings().map_err(|failure| failure.message)
}

/// What `#[init]` may return.
#[diagnostic::on_unimplemented(
    message = "`#[init]` cannot return `{Self}`",
    label = "no result of `#[init]`",
    note = "it returns `Result<(), String>`, `Result<(), Failure>`, or nothing"
)]
pub trait Begun {
    /// Why the instance cannot begin, if it cannot.
    fn begun(self) -> Result<(), String>;
}

impl Begun for () {
    fn begun(self) -> Result<(), String> {
        Ok(())
    }
}

impl Begun for Result<(), String> {
    fn begun(self) -> Result<(), String> {
        self
    }
}

impl Begun for Result<(), Failure> {
    fn begun(self) -> Result<(), String> {
        self.map_err(|failure| failure.message)
    }
}

/// The instance ends in good order.
pub async fn close<P: Plugin>(state: &'static State<P>) {
    if let Some(state) = state.with(|cell| cell.get().cloned()) {
        P::close(state).await;
    }
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
                    context: $crate::bindings::cofferdam::host::calls::Context,
                    name: ::std::string::String,
                    arguments: ::std::string::String,
                    replies: ::std::vec::Vec<(
                        ::std::string::String,
                        $crate::bindings::exports::cofferdam::plugin::tools::Reply,
                    )>,
                ) -> ::core::result::Result<
                    $crate::bindings::exports::cofferdam::plugin::tools::Outcome,
                    $crate::bindings::cofferdam::host::calls::Ending,
                > {
                    $crate::export::run::<$state>(&STATE, context, name, arguments, replies).await
                }
            }

            impl $crate::bindings::exports::cofferdam::plugin::lifecycle::Guest for Component {
                async fn init(settings: ::std::string::String) -> ::core::result::Result<(), ::std::string::String> {
                    $crate::export::init::<$state>(&STATE, settings).await
                }

                async fn close() {
                    $crate::export::close::<$state>(&STATE).await
                }
            }

    $crate::bindings::export!(Component with_types_in $crate::bindings);
        };
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::exports::cofferdam::plugin::tools::Question;

    fn ended(failure: Failure) -> Result<Outcome, Ending> {
        end(&Call::new(None, Vec::new()), Err(failure))
    }

    #[test]
    fn a_failure_says_whether_trying_again_can_help() {
        for (failure, told) in [
            (Failure::new("x", "y"), Retry::Unknown),
            (Failure::new("x", "y").retry(true), Retry::CanHelp),
            (Failure::new("x", "y").retry(false), Retry::CannotHelp),
        ] {
            let Err(Ending::Failed(failed)) = ended(failure.with("a", 1)) else { panic!("it failed") };
            assert_eq!((failed.retry, failed.details.as_deref()), (told, Some("{\"a\":1}")));
        }
    }

    #[test]
    fn what_was_asked_is_what_the_call_comes_to() {
        let call = Call::new(None, Vec::new());
        let question = |id: &str| Question { id: id.to_owned(), message: "?".to_owned(), schema: "{}".to_owned() };
        call.asked.replace(vec![question("a"), question("b")]);
        // A call that fails has asked nothing.
        assert!(matches!(end(&call, Err(Failure::new("x", "y"))), Err(Ending::Failed(_))));
        let mut failure = Failure::new("input_required", "");
        failure.asks = true;
        let Ok(Outcome::InputRequired(questions)) = end(&call, Err(failure)) else { panic!("it asks") };
        assert_eq!(questions.iter().map(|question| &*question.id).collect::<Vec<_>>(), ["a", "b"]);
    }
}
