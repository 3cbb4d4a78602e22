//! Greets.
use std::rc::Rc;

use cofferdam_sdk::{Cx, Failure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, JsonSchema)]
struct Who {
    /// Whom to greet
    name: String,
}

#[derive(Serialize, JsonSchema)]
struct Greeting {
    text: String,
}

#[derive(Default)]
struct Greeter;

#[cofferdam_sdk::plugin(manifest = "greeter.toml")]
impl Greeter {
    /// Greet somebody by name.
    #[tool(title = "Greet")]
    async fn greet(self: Rc<Self>, _cx: Cx, who: Who) -> Result<Greeting, Failure> {
        Ok(Greeting { text: format!("Hello, {}!", who.name) })
    }
}
