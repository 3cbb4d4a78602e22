//! Claims: it can hold a CPU for ever when nobody waits for it. A task that spins
//! after its call has returned.
use std::rc::Rc;

use cofferdam_sdk::{Cx, Failure, NoArguments};
use guests::{Text, text};

#[derive(Default)]
struct Guest;

#[cofferdam_sdk::plugin(manifest = "guest.toml")]
impl Guest {
    /// Returns at once, and spins from then on.
    #[tool]
    async fn begin(self: Rc<Self>, _: Cx, _: NoArguments) -> Result<Text, Failure> {
        cofferdam_sdk::spawn(async {
            cofferdam_sdk::sleep(std::time::Duration::from_millis(50)).await;
            loop {
                std::hint::black_box(0);
            }
        });
        text("spinning soon")
    }

    /// Answers.
    #[tool]
    async fn echo(self: Rc<Self>, _: Cx, a: Text) -> Result<Text, Failure> {
        text(a.text)
    }
}
