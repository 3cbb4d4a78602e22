//! Claims: nothing, but that it takes one call at a time: its manifest says `concurrency = 1`.
use std::cell::Cell;
use std::time::Duration;

use cofferdam_sdk::Failure;
use guests::{Count, Text, begins, text};

#[derive(Default)]
struct Guest {
    begun: Cell<u32>,
    ended: Cell<u32>,
}

#[cofferdam_sdk::plugin(manifest = "one_at_a_time.toml")]
impl Guest {
    /// Waits for so many milliseconds; tells as which call it began, and how many had ended by
    /// then.
    #[tool]
    async fn wait(&self, a: Count) -> Result<Text, Failure> {
        self.begun.set(self.begun.get() + 1);
        let (begun, ended) = (self.begun.get(), self.ended.get());
        begins(&format!("wait {begun}"));
        cofferdam_sdk::sleep(Duration::from_millis(a.count.into())).await;
        self.ended.set(self.ended.get() + 1);
        text(format!("call {begun} began after {ended} had ended"))
    }
}
