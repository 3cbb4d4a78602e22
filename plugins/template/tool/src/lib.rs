//! Greets, in the operator's words, and asks before it greets everybody.
use std::cell::RefCell;

use cofferdam_sdk::{Cx, Failure, Reply, Settings};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the operator may set in `[plugins.greeter.settings]`.
#[derive(Deserialize, Settings)]
#[serde(default, deny_unknown_fields)]
struct Words {
    /// What stands before a name
    greeting: String,
}

impl Default for Words {
    fn default() -> Self {
        Self { greeting: "Hello".to_owned() }
    }
}

#[derive(Deserialize, JsonSchema)]
struct Who {
    /// Whom to greet; everybody if nobody is named
    name: Option<String>,
}

#[derive(Debug, PartialEq, Serialize, JsonSchema)]
struct Greeting {
    text: String,
}

/// What the person behind the client is asked.
#[derive(Deserialize, JsonSchema)]
struct Sure {
    /// Greet everybody
    sure: bool,
}

#[derive(Default)]
struct Greeter {
    words: RefCell<Words>,
}

#[cofferdam_sdk::plugin]
impl Greeter {
    #[init]
    async fn begin(&self, words: Words) -> Result<(), String> {
        if words.greeting.is_empty() {
            return Err("`greeting` is empty".to_owned());
        }
        self.words.replace(words);
        Ok(())
    }

    /// Greet somebody by name, or everybody.
    #[tool(title = "Greet", read_only)]
    async fn greet(&self, cx: Cx, who: Who) -> Result<Greeting, Failure> {
        let name = match who.name {
            Some(name) if name.len() > 100 => return Err(Failure::argument("name", "has over 100 bytes")),
            Some(name) => name,
            None => match cx.ask::<Sure>("sure", "Everybody will be greeted.").await? {
                Reply::Accepted(Sure { sure: true }) => "everybody".to_owned(),
                _ => return Err(Failure::new("not_wanted", "nobody was greeted").retry(false)),
            },
        };
        Ok(Greeting { text: format!("{}, {name}!", self.words.borrow().greeting) })
    }
}

#[cfg(test)]
mod tests {
    use cofferdam_sdk::testing::Pretended;
    use serde_json::json;

    use super::*;

    fn everybody() -> Who {
        Who { name: None }
    }

    #[test]
    fn somebody_is_greeted_in_the_operators_words() {
        let (greeter, call) = (Greeter::default(), Pretended::new([]));
        call.run(greeter.begin(Words { greeting: "Moin".to_owned() })).unwrap();
        let greeting = call.run(greeter.greet(call.cx(), Who { name: Some("you".to_owned()) }));
        assert_eq!(greeting, Ok(Greeting { text: "Moin, you!".to_owned() }));
        assert!(call.run(greeter.begin(Words { greeting: String::new() })).is_err());
    }

    #[test]
    fn everybody_is_greeted_when_the_person_says_so() {
        let (greeter, first) = (Greeter::default(), Pretended::new([]));
        assert!(first.run(greeter.greet(first.cx(), everybody())).is_err());
        assert_eq!(first.asked()[0].message, "Everybody will be greeted.");
        for (sure, code) in [(true, None), (false, Some("not_wanted"))] {
            let again = Pretended::new([("sure", Reply::Accepted(json!({ "sure": sure })))]);
            let greeting = again.run(greeter.greet(again.cx(), everybody()));
            assert_eq!(greeting.err().map(|failure| failure.code().to_owned()).as_deref(), code);
        }
    }
}
