//! Claims: who never asks about cancellation loses everybody's work when a call is cancelled. It
//! does not use the SDK's way of calling tools, which asks.
use std::time::Duration;

use cofferdam_sdk::bindings::cofferdam::host::calls::{Context, Ending};
use cofferdam_sdk::bindings::exports::cofferdam::plugin::{lifecycle, tools};
use cofferdam_sdk::{NoArguments, export};
use guests::{Count, Text, begins, read, tool};

struct Guest;

impl tools::Guest for Guest {
    fn list() -> Vec<tools::Definition> {
        vec![
            tool::<Count>("wait", "Waits for so many milliseconds, whoever has lost patience."),
            tool::<NoArguments>("quick", "Answers at once."),
        ]
    }

    async fn call(
        _context: Context,
        name: String,
        arguments: String,
        _: Vec<(String, tools::Reply)>,
    ) -> Result<tools::Outcome, Ending> {
        let said = if name == "wait" {
            begins("wait");
            let count: Count = read(&arguments);
            cofferdam_sdk::sleep(Duration::from_millis(count.count.into())).await;
            cofferdam_sdk::log(cofferdam_sdk::Level::Warn, "`wait` has waited");
            "waited"
        } else {
            "at once"
        };
        let structured = serde_json::to_string(&Text { text: said.to_owned() }).ok();
        Ok(tools::Outcome::Done(export::Output { content: Vec::new(), structured }))
    }
}

impl lifecycle::Guest for Guest {
    async fn init(_: String) -> Result<(), String> {
        Ok(())
    }

    async fn close() {}
}

guests::manifest!("guest.toml");
cofferdam_sdk::bindings::export!(Guest with_types_in cofferdam_sdk::bindings);
