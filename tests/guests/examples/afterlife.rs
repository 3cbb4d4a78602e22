//! Claims: it acts in the name of calls that are not its own, or that have ended: it reports their
//! progress, waits for their cancellation, and dials when nobody is calling.
use std::net::TcpStream;
use std::rc::Rc;
use std::time::Duration;

use cofferdam_sdk::bindings::cofferdam::plugin::host;
use cofferdam_sdk::{Cx, Failure, Level, NoArguments};
use guests::{Count, Place, Text, text};

#[derive(Default)]
struct Guest;

#[cofferdam_sdk::plugin(manifest = "other.toml")]
impl Guest {
    /// Reports progress to the first so many calls there could be.
    #[tool]
    async fn whisper(self: Rc<Self>, _: Cx, a: Count) -> Result<Text, Failure> {
        (0..u64::from(a.count)).for_each(|call| host::progress(call, 0.5, None, Some("forged")));
        text("whispered")
    }

    /// Returns at once, and reports progress to all calls from then on, its own among them.
    #[tool]
    async fn mumble(self: Rc<Self>, _: Cx, a: Count) -> Result<Text, Failure> {
        cofferdam_sdk::spawn(async move {
            cofferdam_sdk::sleep(Duration::from_millis(100)).await;
            (0..u64::from(a.count)).for_each(|call| host::progress(call, 0.5, None, Some("late")));
            cofferdam_sdk::log(Level::Warn, "mumbled");
        });
        text("mumbling soon")
    }

    /// Waits for the cancellation of a call that there is not, for a quarter of a second.
    #[tool]
    async fn eavesdrop(self: Rc<Self>, _: Cx, a: Count) -> Result<Text, Failure> {
        let heard = cofferdam_sdk::timeout(Duration::from_millis(250), host::cancelled(u64::from(a.count))).await;
        text(format!("{heard:?}"))
    }

    /// Returns at once, and dials half a second later.
    #[tool]
    async fn haunt(self: Rc<Self>, _: Cx, a: Place) -> Result<Text, Failure> {
        cofferdam_sdk::spawn(async move {
            cofferdam_sdk::sleep(Duration::from_millis(500)).await;
            let dialled = TcpStream::connect((a.host.as_str(), a.port)).map(drop).map_err(|error| error.kind());
            cofferdam_sdk::log(Level::Warn, &format!("haunted {dialled:?}"));
        });
        text("dialling soon")
    }

    /// Sleeps for so many milliseconds.
    #[tool]
    async fn doze(self: Rc<Self>, cx: Cx, a: Count) -> Result<Text, Failure> {
        cx.progress(0.1, None, Some("dozing"));
        cofferdam_sdk::sleep(Duration::from_millis(a.count.into())).await;
        text("awake")
    }

    /// Panics in a task that outlives its call.
    #[tool]
    async fn time_bomb(self: Rc<Self>, _: Cx, _: NoArguments) -> Result<Text, Failure> {
        cofferdam_sdk::spawn(async {
            cofferdam_sdk::sleep(Duration::from_millis(100)).await;
            panic!("as it was told to");
        });
        text("ticking")
    }
}
