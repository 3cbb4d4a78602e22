//! Claims: it can ignore being cancelled. A call that blocks in the host without giving its task
//! up, and one that waits politely.
use std::rc::Rc;

use cofferdam_sdk::{Cx, Failure, NoArguments};
use guests::{Text, begins, text};

#[derive(Default)]
struct Guest;

#[cofferdam_sdk::plugin(manifest = "guest.toml")]
impl Guest {
    /// Sleeps for a minute in std, which blocks the instance.
    #[tool]
    async fn block(self: Rc<Self>, _: Cx, _: NoArguments) -> Result<Text, Failure> {
        // From here on it is told of a cancellation, and does not listen.
        cofferdam_sdk::yield_now().await;
        cofferdam_sdk::yield_now().await;
        begins("block");
        std::thread::sleep(std::time::Duration::from_secs(60));
        text("awake")
    }

    /// Sleeps for a minute, and can be cancelled.
    #[tool]
    async fn sleep(self: Rc<Self>, _: Cx, _: NoArguments) -> Result<Text, Failure> {
        begins("sleep");
        cofferdam_sdk::sleep(std::time::Duration::from_secs(60)).await;
        text("awake")
    }

    /// Answers.
    #[tool]
    async fn echo(self: Rc<Self>, _: Cx, a: Text) -> Result<Text, Failure> {
        text(a.text)
    }
}
