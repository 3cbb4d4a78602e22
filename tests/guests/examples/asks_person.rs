//! Claims: it asks the person behind the client, one question after the other, and runs again from
//! its beginning each time.
use std::cell::Cell;

use cofferdam_sdk::{Cx, Failure, Reply};
use guests::{Text, text};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Debug, Deserialize, JsonSchema)]
struct Sure {
    /// Whether all of it may go
    sure: bool,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Why {
    /// What it is for
    reason: String,
    level: Option<Level>,
    #[serde(default)]
    times: Option<u8>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Level {
    Low,
    High,
}

#[derive(Default)]
struct Guest {
    runs: Cell<u32>,
}

#[cofferdam_sdk::plugin(manifest = "guest.toml")]
impl Guest {
    /// Asks whether it may, and then why; tells how often it has run.
    #[tool]
    async fn clear(&self, cx: Cx, a: Text) -> Result<Text, Failure> {
        let runs = self.run();
        let Reply::Accepted(Sure { sure: true }) = cx.ask::<Sure>("sure", format!("Clear {}?", a.text)).await? else {
            return text(format!("nothing was cleared in {runs} runs"));
        };
        let why = cx.ask::<Why>("why", "Why?").await?;
        text(format!("{} was cleared in {runs} runs: {}", a.text, told(&why)))
    }

    /// Asks two questions at once.
    #[tool]
    async fn both(&self, cx: Cx) -> Result<Text, Failure> {
        let runs = self.run();
        let sure = cx.ask::<Sure>("sure", "Sure?").await;
        let why = cx.ask::<Why>("why", "Why?").await;
        let (sure, why) = (sure?, why?);
        let sure = sure.accepted().map(|of| of.sure);
        text(format!("{sure:?} {} in {runs} runs", told(&why)))
    }

    /// Asks the same again and again, under another id each time.
    #[tool]
    async fn pester(&self, cx: Cx) -> Result<Text, Failure> {
        let runs = self.run();
        cx.ask::<Sure>(&format!("sure-{runs}"), "Sure?").await?;
        text("it had enough")
    }
}

fn told(why: &Reply<Why>) -> String {
    match why {
        Reply::Accepted(Why { reason, level, times }) => format!("{reason} {level:?} {times:?}"),
        Reply::Declined => "declined".to_owned(),
        Reply::Dismissed => "dismissed".to_owned(),
    }
}

impl Guest {
    fn run(&self) -> u32 {
        self.runs.set(self.runs.get() + 1);
        self.runs.get()
    }
}
