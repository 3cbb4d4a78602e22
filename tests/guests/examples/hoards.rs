//! Claims: what it opens is nobody's: files and directories that it does not close, and
//! entries of the host's tables.
use std::rc::Rc;
use std::time::Duration;

use cofferdam_sdk::sockets::byte_stream;
use cofferdam_sdk::{Cx, Failure};
use guests::{Count, Text, text};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Default)]
struct Guest;

/// What, how often, and for how long it is held.
#[derive(Deserialize, JsonSchema)]
struct Opens {
    path: String,
    count: u32,
    hold_ms: u64,
}

#[cofferdam_sdk::plugin(manifest = "reads.toml")]
impl Guest {
    /// Opens a file so often; tells how often it could, and why no more.
    #[tool]
    async fn open(self: Rc<Self>, _: Cx, a: Opens) -> Result<Text, Failure> {
        let mut files = Vec::new();
        let mut why = String::new();
        for _ in 0..a.count {
            match std::fs::File::open(&a.path) {
                Ok(file) => files.push(file),
                Err(error) => {
                    why = format!("{:?}", error.kind());
                    break;
                }
            }
        }
        cofferdam_sdk::sleep(Duration::from_millis(a.hold_ms)).await;
        text(format!("{} {why}", files.len()))
    }

    /// Lists a directory so often, and never to its end.
    #[tool]
    async fn list(self: Rc<Self>, _: Cx, a: Opens) -> Result<Text, Failure> {
        let mut lists = Vec::new();
        for _ in 0..a.count {
            match std::fs::read_dir(&a.path) {
                Ok(list) => lists.push(list),
                Err(error) => return text(format!("{} {:?}", lists.len(), error.kind())),
            }
        }
        text(lists.len().to_string())
    }

    /// Subscribes to so many clocks (WASI 0.2), and keeps each.
    #[tool]
    async fn pollables(self: Rc<Self>, _: Cx, a: Count) -> Result<Text, Failure> {
        for _ in 0..a.count {
            std::mem::forget(wasip2::clocks::monotonic_clock::subscribe_duration(u64::MAX));
        }
        text(a.count.to_string())
    }

    /// Makes so many streams (WASI 0.3), and keeps each.
    #[tool]
    async fn streams(self: Rc<Self>, _: Cx, a: Count) -> Result<Text, Failure> {
        for _ in 0..a.count {
            std::mem::forget(byte_stream());
        }
        text(a.count.to_string())
    }
}
