//! Claims: whatever one call of it does, others' calls notice nothing. Every kind of harm in one
//! plugin, for the soak.
use std::net::TcpStream;
use std::rc::Rc;
use std::time::{Duration, Instant};

use cofferdam_sdk::{Cx, Failure, NoArguments};
use guests::{Count, Place, Text, text};

#[derive(Default)]
struct Guest;

#[cofferdam_sdk::plugin(manifest = "guest.toml")]
impl Guest {
    /// Answers.
    #[tool]
    async fn say(self: Rc<Self>, _: Cx, a: Text) -> Result<Text, Failure> {
        text(a.text)
    }

    /// Fails with a text.
    #[tool]
    async fn refuse(self: Rc<Self>, _: Cx, a: Text) -> Result<Text, Failure> {
        Err(Failure::new("refused", a.text))
    }

    /// Waits for so many milliseconds.
    #[tool]
    async fn nap(self: Rc<Self>, _: Cx, a: Count) -> Result<Text, Failure> {
        cofferdam_sdk::sleep(Duration::from_millis(a.count.into())).await;
        text(a.count.to_string())
    }

    /// Computes for so many milliseconds.
    #[tool]
    async fn burn(self: Rc<Self>, _: Cx, a: Count) -> Result<Text, Failure> {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_millis(a.count.into()) {
            std::hint::black_box(0);
        }
        text(a.count.to_string())
    }

    /// Takes all memory there is.
    #[tool]
    async fn devour(self: Rc<Self>, _: Cx, _: NoArguments) -> Result<Text, Failure> {
        let mut eaten = Vec::new();
        loop {
            eaten.push(std::hint::black_box(vec![1_u8; 1 << 20]));
        }
    }

    /// Panics.
    #[tool]
    async fn fall(self: Rc<Self>, _: Cx, _: NoArguments) -> Result<Text, Failure> {
        panic!("as it was told to");
    }

    /// Writes so many lines.
    #[tool]
    async fn babble(self: Rc<Self>, _: Cx, a: Count) -> Result<Text, Failure> {
        (0..a.count).for_each(|n| println!("line {n}\u{1b}[2J"));
        text(a.count.to_string())
    }

    /// Dials with std, and lets go at once.
    #[tool]
    async fn knock(self: Rc<Self>, _: Cx, a: Place) -> Result<Text, Failure> {
        let dialled = TcpStream::connect((a.host.as_str(), a.port)).map(drop).map_err(|error| error.kind());
        text(format!("{}:{} {dialled:?}", a.host, a.port))
    }
}
