//! Claims: its panic takes others with it. A call that panics while another waits.
use std::rc::Rc;

use cofferdam_sdk::{Cx, Failure, NoArguments};
use guests::{Text, begins, text};

#[derive(Default)]
struct Guest;

#[cofferdam_sdk::plugin(manifest = "guest.toml")]
impl Guest {
    /// Panics.
    #[tool]
    async fn trap(self: Rc<Self>, _: Cx, _: NoArguments) -> Result<Text, Failure> {
        panic!("as it was told to");
    }

    /// Waits for a minute.
    #[tool]
    async fn sleep(self: Rc<Self>, _: Cx, _: NoArguments) -> Result<Text, Failure> {
        begins("sleep");
        cofferdam_sdk::sleep(std::time::Duration::from_secs(60)).await;
        text("awake")
    }

    /// Answers, with what the host says of the instance before.
    #[tool]
    async fn predecessor(self: Rc<Self>, _: Cx, _: NoArguments) -> Result<Text, Failure> {
        text(cofferdam_sdk::predecessor().unwrap_or_default())
    }
}
