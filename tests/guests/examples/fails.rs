//! Claims: what it fails with is shown as it is: terminal escapes and hidden characters in
//! message, details and code.
use std::rc::Rc;

use cofferdam_sdk::{Cx, Failure, NoArguments};
use guests::{Text, text};

#[derive(Default)]
struct Guest;

#[cofferdam_sdk::plugin(manifest = "guest.toml")]
impl Guest {
    /// Fails with the text in message and details.
    #[tool]
    async fn fail(self: Rc<Self>, _: Cx, a: Text) -> Result<Text, Failure> {
        Err(Failure::new("failed", &a.text).with(&a.text, &a.text).with("error", "forged").with("isError", false))
    }

    /// Fails with the text as code: one that is none counts as `failed`.
    #[tool]
    async fn fail_with_code(self: Rc<Self>, _: Cx, a: Text) -> Result<Text, Failure> {
        let message = format!("failed with {}", a.text);
        Err(Failure::new(a.text, message))
    }

    /// Answers with the text, which its structured answer says too.
    #[tool]
    async fn succeed(self: Rc<Self>, _: Cx, a: Text) -> Result<Text, Failure> {
        text(a.text)
    }

    /// Fails, and says whether trying again can help: `yes`, `no`, or anything else.
    #[tool]
    async fn fail_again(&self, a: Text) -> Result<Text, Failure> {
        let failure = Failure::new("busy", "it is busy");
        Err(match a.text.as_str() {
            "yes" => failure.retry(true),
            "no" => failure.retry(false),
            _ => failure,
        })
    }

    /// Ends the instance as a program ends.
    #[tool]
    async fn exit(self: Rc<Self>, _: Cx, _: NoArguments) -> Result<Text, Failure> {
        std::process::exit(7);
    }
}
