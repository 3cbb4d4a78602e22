//! Claims: it can eat the host's memory. A call that allocates until it gets no more.
use std::rc::Rc;

use cofferdam_sdk::{Cx, Failure, NoArguments};
use guests::{Text, text};

#[derive(Default)]
struct Guest;

#[cofferdam_sdk::plugin(manifest = "guest.toml")]
impl Guest {
    /// Takes all there is.
    #[tool]
    async fn eat(self: Rc<Self>, _: Cx, _: NoArguments) -> Result<Text, Failure> {
        let mut eaten = Vec::new();
        loop {
            eaten.push(std::hint::black_box(vec![1_u8; 1 << 20]));
        }
    }

    /// Asks for more than there is, and goes on without it.
    #[tool]
    async fn try_eat(self: Rc<Self>, _: Cx, _: NoArguments) -> Result<Text, Failure> {
        let mut eaten = Vec::<u8>::new();
        let room = eaten.try_reserve_exact(1 << 30);
        std::hint::black_box(&mut eaten);
        text(if room.is_ok() { "granted" } else { "refused" })
    }

    /// Answers.
    #[tool]
    async fn echo(self: Rc<Self>, _: Cx, a: Text) -> Result<Text, Failure> {
        text(a.text)
    }
}
