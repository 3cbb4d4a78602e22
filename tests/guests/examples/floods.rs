//! Claims: it can drown the host in log lines, progress or output.
use std::rc::Rc;

use cofferdam_sdk::{Cx, Failure, Level};
use guests::{Count, Text, text};

#[derive(Default)]
struct Guest;

#[cofferdam_sdk::plugin(manifest = "guest.toml")]
impl Guest {
    /// Logs so many lines.
    #[tool]
    async fn log(self: Rc<Self>, _: Cx, a: Count) -> Result<Text, Failure> {
        (0..a.count).for_each(|n| cofferdam_sdk::log(Level::Warn, &format!("flood {n}")));
        text("logged")
    }

    /// Reports progress so many times.
    #[tool]
    async fn progress(self: Rc<Self>, cx: Cx, a: Count) -> Result<Text, Failure> {
        (0..a.count).for_each(|n| cx.progress(f64::from(n), None, Some("flood")));
        text("reported")
    }

    /// Prints so many bytes on one line that does not end.
    #[tool]
    async fn line(self: Rc<Self>, _: Cx, a: Count) -> Result<Text, Failure> {
        print!("{}", "x".repeat(a.count as usize));
        text("printed")
    }

    /// Fails with so many bytes.
    #[tool]
    async fn failure(self: Rc<Self>, _: Cx, a: Count) -> Result<Text, Failure> {
        Err(Failure::new("failed", "x").with("detail", "x".repeat(a.count as usize)))
    }

    /// Answers with so many bytes.
    #[tool]
    async fn output(self: Rc<Self>, _: Cx, a: Count) -> Result<Text, Failure> {
        text("x".repeat(a.count as usize))
    }
}
