//! Claims: it can hold a CPU for ever. A call that never waits.
use std::rc::Rc;

use cofferdam_sdk::{Cx, Failure, NoArguments};
use guests::{Text, begins, text};

#[derive(Default)]
struct Guest;

#[cofferdam_sdk::plugin(manifest = "guest.toml")]
impl Guest {
    /// Never ends.
    #[tool]
    async fn spin(self: Rc<Self>, _: Cx, _: NoArguments) -> Result<Text, Failure> {
        begins("spin");
        loop {
            std::hint::black_box(0);
        }
    }

    /// Answers.
    #[tool]
    async fn echo(self: Rc<Self>, _: Cx, a: Text) -> Result<Text, Failure> {
        text(a.text)
    }
}
